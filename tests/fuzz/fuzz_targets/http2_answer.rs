//! Any bytes from a server: no panic, no memory that grows with the body, nothing but whole frames
//! in return, and the same result wherever they split. The first byte says how they split and
//! whether a body is expected; the settings that a server begins with come from here.

#![no_main]

use backsmith::loadtest::http1::Expects;
use backsmith::loadtest::http2::hpack::Room;
use backsmith::loadtest::http2::{Connection, Fault, Sending, Step};
use libfuzzer_sys::fuzz_target;

const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

const REQUEST: Sending<'static> = Sending {
    block: &[0x83, 0x86, 0x84],
    body: &[b'x'; 100_000],
};

fn read<'bytes>(
    pieces: impl Iterator<Item = &'bytes [u8]>,
    expects: Expects,
) -> (Option<Result<u16, Fault>>, Vec<u8>) {
    let mut connection = Connection::new();
    let mut room = Room::default();
    let mut outcome = None;
    let mut said = Vec::new();
    connection.begin(expects);
    connection.produce(REQUEST, usize::MAX, &mut said);
    for piece in std::iter::once(&SETTINGS[..]).chain(pieces) {
        match connection.feed(piece, &mut room, |_| true) {
            Ok(Step::More) => {}
            Ok(Step::Complete(answer)) => outcome = Some(Ok(answer.status)),
            Err(fault) => {
                outcome.get_or_insert(Err(fault));
            }
        }
    }
    if let Some(capture) = connection.take_capture() {
        assert!(capture.body.len() <= 512);
    }
    connection.produce_due(&mut said);
    let mut frames = &said[24..];
    while let Some((start, rest)) = frames.split_first_chunk::<9>() {
        let length = u32::from_be_bytes([0, start[0], start[1], start[2]]) as usize;
        frames = &rest[length..];
    }
    assert!(frames.is_empty());
    (outcome, said)
}

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else {
        return;
    };
    let expects = if choice & 1 == 0 {
        Expects::Body
    } else {
        Expects::NoBody
    };
    let size = usize::from(choice >> 1) + 1;
    let whole = read(std::iter::once(bytes), expects);
    assert_eq!(whole, read(bytes.chunks(size), expects));
    assert_eq!(whole, read(bytes.chunks(1), expects));
});
