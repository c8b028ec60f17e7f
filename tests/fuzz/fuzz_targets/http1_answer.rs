//! Any bytes as an answer: no panic, no memory that grows with the body, and the same result
//! wherever they split. The first byte says how they split and whether a body is expected.

#![no_main]

use backsmith::loadtest::http1::{Answer, Expects, Fault, Reader, Recent, Step};
use libfuzzer_sys::fuzz_target;

fn read<'bytes>(
    pieces: impl Iterator<Item = &'bytes [u8]>,
    expects: Expects,
    recent: &mut Recent,
) -> Result<Answer, Fault> {
    let mut reader = Reader::new(expects);
    reader.begin();
    let mut complete = None;
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        if complete.is_some_and(|answer: Answer| answer.status == 101) {
            break;
        }
        if complete.is_some() {
            return Err(Fault::LeftOver);
        }
        if let Step::Complete(answer) = reader.feed(piece, recent, |status| status % 2 == 0)? {
            complete = Some(answer);
        }
    }
    if let Some(capture) = reader.take_capture() {
        assert!(capture.body.len() <= 512);
    }
    complete.map_or_else(|| reader.end(), Ok)
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
    let mut recent = Recent::default();
    let whole = read(std::iter::once(bytes), expects, &mut recent);
    assert_eq!(whole, read(bytes.chunks(size), expects, &mut recent));
    assert_eq!(whole, read(bytes.chunks(1), expects, &mut recent));
});
