//! Our reading of HTTP/2 against hyper's, over well-formed and broken connections, and against
//! itself: where the bytes split must not matter.

use std::time::Duration;

use backsmith::loadtest::http1::Expects;
use backsmith::loadtest::http2::hpack::Room;
use backsmith::loadtest::http2::{Code, Connection, Fault, Sending, Step};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::http2_corpus::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, Hyper, PING, RST_STREAM, WINDOW_UPDATE,
    corpus, ok,
};
use crate::http2_frames::{field, frame, head, settings};
use crate::load_http1::mutated;

/// What a connection amounts to for the request on it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reading {
    /// Status and body.
    Answer(u16, Vec<u8>),
    Refused,
}

/// Status and body, or the fault.
type Outcome = Result<(u16, Vec<u8>), Fault>;

/// Our reading with the fault, and all that we said.
fn read(pieces: &[&[u8]], expects: Expects) -> (Outcome, Vec<u8>) {
    let mut connection = Connection::new();
    let mut said = Vec::new();
    let request = Sending {
        block: &[0x82, 0x86, 0x84, 0x41, 1, b'h'],
        body: b"",
    };
    connection.begin(expects);
    connection.produce(request, 1 << 16, &mut said);
    let mut outcome = None;
    for piece in pieces {
        match connection.feed(piece, &mut Room::default(), |_| true) {
            Ok(Step::More) => {}
            Ok(Step::Complete(answer)) => outcome = Some(Ok(answer.status)),
            Err(fault) => {
                outcome.get_or_insert(Err(fault));
            }
        }
        connection.produce(request, 1 << 16, &mut said);
    }
    let result = outcome.unwrap_or_else(|| Err(connection.end()));
    let body = connection.take_capture().map(|capture| capture.body);
    (
        result.map(|status| (status, body.unwrap_or_default())),
        said,
    )
}

fn ours(pieces: &[&[u8]], expects: Expects) -> Reading {
    match read(pieces, expects).0 {
        Ok((status, body)) => Reading::Answer(status, body),
        Err(_) => Reading::Refused,
    }
}

async fn hypers(bytes: &[u8], method: &str) -> Reading {
    let (near, far) = tokio::io::duplex(1 << 16);
    let (mut from, mut to) = tokio::io::split(far);
    let near = TokioIo::new(near);
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), near).await;
    let (mut sender, connection) = handshake.expect("a connection");
    let driver = tokio::spawn(async move {
        let _ = connection.await;
    });
    let request = hyper::Request::builder()
        .method(method)
        .uri("http://h/")
        .body(Empty::<Bytes>::new())
        .expect("a request");
    let serve = async {
        // The answer comes when the stream is open.
        let mut said = Vec::new();
        while !said.windows(5).any(|kind| kind == [HEADERS, 5, 0, 0, 0]) {
            let mut piece = [0; 1024];
            let length = from.read(&mut piece).await.expect("a request");
            assert!(length > 0, "no request");
            said.extend_from_slice(&piece[..length]);
        }
        let _ = to.write_all(bytes).await;
        let _ = to.shutdown().await;
        let _ = from.read_to_end(&mut said).await;
    };
    let ask = async {
        let answer = sender.send_request(request).await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.ok()?;
        Some(Reading::Answer(status, body.to_bytes().to_vec()))
    };
    let either = async {
        tokio::pin!(ask);
        tokio::select! {
            reading = &mut ask => reading,
            () = serve => ask.await,
        }
    };
    let reading = tokio::time::timeout(Duration::from_secs(20), either).await;
    driver.abort();
    reading.expect("an end").unwrap_or(Reading::Refused)
}

#[test]
fn hyper_reads_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut differences = Vec::new();
    runtime.block_on(async {
        for (name, hyper, bytes) in corpus() {
            let whole = ours(&[&bytes], Expects::Body);
            let theirs = hypers(&bytes, "GET").await;
            if (whole == theirs) != (hyper == Hyper::Agrees) {
                differences.push(format!("{name}: {whole:?}, and hyper {theirs:?}"));
            }
            if hyper == Hyper::IsMilder && whole != Reading::Refused {
                differences.push(format!("{name}: {whole:?}"));
            }
        }
        // What an answer to HEAD says of a body that does not come.
        for fields in [&[][..], &[("content-length", "1000")]] {
            let end = frame(HEADERS, END_HEADERS | END_STREAM, 1, &head(200, fields));
            let bytes = [settings(&[]), end].concat();
            let whole = ours(&[&bytes], Expects::NoBody);
            assert_eq!(whole, hypers(&bytes, "HEAD").await);
            assert_eq!(whole, Reading::Answer(200, Vec::new()));
        }
    });
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_split_gives_the_same() {
    for (name, _, bytes) in corpus() {
        let whole = read(&[&bytes], Expects::Body);
        let places = (0..bytes.len()).filter(|place| bytes.len() < 1000 || place % 997 == 0);
        for place in places {
            let (left, right) = bytes.split_at(place);
            assert_eq!(
                read(&[left, right], Expects::Body),
                whole,
                "{name} at {place}"
            );
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&single, Expects::Body), whole, "{name} by bytes");
    }
}

#[test]
fn a_refusal_says_why() {
    let faults: Vec<(&str, Fault)> = corpus()
        .iter()
        .filter_map(|(name, _, bytes)| Some((*name, read(&[bytes], Expects::Body).0.err()?)))
        .collect();
    let fault = |wanted: &str| {
        let mut found = faults.iter().filter(|(name, _)| *name == wanted);
        found.next().expect("it is refused").1.to_string()
    };
    for (name, words) in [
        ("HTTP/1.1", "the server does not speak HTTP/2 on this port"),
        (
            "no settings",
            "the server does not speak HTTP/2 on this port",
        ),
        (
            "nothing",
            "the server closed the connection without an answer",
        ),
        (
            "half a frame",
            "the server closed the connection in the middle of an answer",
        ),
        ("refused", "the server reset the stream: REFUSED_STREAM"),
        (
            "goaway for a reason",
            "the server ended the connection: ENHANCE_YOUR_CALM",
        ),
        ("no status", "the answer is malformed: it has no status"),
        (
            "too short",
            "the answer is malformed: its body is shorter than its content-length",
        ),
        (
            "an index that points nowhere",
            "the server broke a rule of HTTP/2: an index points at no field",
        ),
        (
            "a large frame",
            "the server broke a rule of HTTP/2: a frame is longer than 16 KiB",
        ),
    ] {
        assert_eq!(fault(name), words);
    }
    assert_eq!(Code(0x1f).to_string(), "error 0x1f");
}

/// Frames that went out, as (kind, flags, stream, payload).
fn frames(mut said: &[u8]) -> Vec<(u8, u8, u32, Vec<u8>)> {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    said = said.strip_prefix(preface).unwrap_or(said);
    let mut frames = Vec::new();
    while let Some((start, rest)) = said.split_first_chunk::<9>() {
        let length = u32::from_be_bytes([0, start[0], start[1], start[2]]) as usize;
        let stream = u32::from_be_bytes([start[5], start[6], start[7], start[8]]);
        frames.push((start[3], start[4], stream, rest[..length].to_vec()));
        said = &rest[length..];
    }
    assert!(said.is_empty(), "half a frame went out");
    frames
}

#[test]
fn a_large_request_keeps_to_the_windows() {
    let block = vec![0x82; 40_000];
    let body = vec![b'x'; 200_000];
    let request = Sending {
        block: &block,
        body: &body,
    };
    let mut connection = Connection::new();
    connection.begin(Expects::Body);
    let mut said = Vec::new();
    connection.produce(request, 1 << 20, &mut said);
    let sent = frames(&said);
    let kinds: Vec<(u8, u8, usize)> = sent
        .iter()
        .map(|(kind, flags, _, payload)| (*kind, *flags, payload.len()))
        .collect();
    assert_eq!(
        kinds[2..],
        [
            (HEADERS, 0, 16_384),
            (CONTINUATION, 0, 16_384),
            (CONTINUATION, END_HEADERS, 7_232),
            (DATA, 0, 16_384),
            (DATA, 0, 16_384),
            (DATA, 0, 16_384),
            (DATA, 0, 16_383),
        ]
    );
    let mut step = |bytes: &[u8]| {
        let fed = connection.feed(bytes, &mut Room::default(), |_| false);
        let mut said = Vec::new();
        connection.produce(request, 1 << 20, &mut said);
        let data = frames(&said).into_iter().filter(|(kind, ..)| *kind == DATA);
        let lengths: Vec<usize> = data.map(|(_, _, _, payload)| payload.len()).collect();
        (fed, lengths)
    };
    // The window of new streams shrinks below what was sent; frames may be larger.
    let small = settings(&[(4, 1_000), (5, 100_000)]);
    assert_eq!(step(&small), (Ok(Step::More), vec![]));
    let update = |stream: u32, by: u32| frame(WINDOW_UPDATE, 0, stream, &by.to_be_bytes());
    assert_eq!(step(&update(0, 1_000_000)), (Ok(Step::More), vec![]));
    assert_eq!(step(&update(1, 64_535)), (Ok(Step::More), vec![]));
    assert_eq!(step(&update(1, 10)), (Ok(Step::More), vec![10]));
    assert_eq!(
        step(&update(1, 134_454)),
        (Ok(Step::More), vec![100_000, 34_454])
    );
    let (fed, rest) = step(&update(1, 9_999));
    assert_eq!((fed, rest), (Ok(Step::More), vec![1]));
    let answer = frame(HEADERS, END_HEADERS | END_STREAM, 1, &head(201, &[]));
    let (fed, _) = step(&answer);
    assert!(matches!(fed, Ok(Step::Complete(answer)) if answer.status == 201 && !answer.closes));
}

/// A request without a body, in the smallest block.
const GET: Sending<'static> = Sending {
    block: &[0x82],
    body: b"",
};

/// With a request on its way.
fn asking(mut connection: Connection) -> Connection {
    connection.begin(Expects::Body);
    connection.produce(GET, 1 << 16, &mut Vec::new());
    connection
}

#[test]
fn windows_are_given_back_and_kept() {
    let mut connection = asking(Connection::with_window(100_000));
    let mut room = Room::default();
    let start = [settings(&[]), ok(&[])].concat();
    assert_eq!(
        connection.feed(&start, &mut room, |_| false),
        Ok(Step::More)
    );
    let piece = frame(DATA, 0, 1, &[b'x'; 10_000]);
    for _ in 0..50 {
        assert_eq!(
            connection.feed(&piece, &mut room, |_| false),
            Ok(Step::More)
        );
    }
    let mut said = Vec::new();
    connection.produce_due(&mut said);
    let given = |stream: u32| -> u32 {
        let sent = frames(&said);
        let updates = sent
            .iter()
            .filter(|(kind, _, id, _)| (*kind, *id) == (WINDOW_UPDATE, stream));
        updates
            .map(|(_, _, _, by)| u32::from_be_bytes(by.as_slice().try_into().expect("four")))
            .sum()
    };
    assert_eq!((given(0), given(1)), (480_000, 480_000));
    // A server that sends more than it may is stopped.
    let mut strict = asking(Connection::with_window(20_000));
    strict.feed(&start, &mut room, |_| false).expect("a head");
    let much = frame(DATA, 0, 1, &[b'x'; 16_384]);
    let half = &much[..5_000];
    strict.feed(half, &mut room, |_| false).expect("a part");
    strict
        .feed(&much[5_000..], &mut room, |_| false)
        .expect("the rest");
    // It was told of the room that the first frame gave back; two more are too much.
    strict
        .feed(&much, &mut room, |_| false)
        .expect("room was given back");
    let flood = [much.clone(), much].concat();
    let mut without_room = asking(Connection::with_window(20_000));
    let too_long = frame(DATA, END_STREAM, 1, &[b'x'; 9_000]);
    without_room
        .feed(&start, &mut room, |_| false)
        .expect("a head");
    let three = [too_long.clone(), flood].concat();
    let fault = without_room.feed(&three, &mut room, |_| false);
    assert!(
        matches!(fault, Ok(Step::Complete(answer)) if answer.closes),
        "{fault:?}"
    );
}

#[test]
fn a_new_size_of_windows_leaves_a_stream_that_is_over_alone() {
    let mut connection = asking(Connection::new());
    let mut room = Room::default();
    // The stream has the largest window that there is when its answer ends it.
    let largest = 0x7fff_ffff_u32 - 65_535;
    let start = [
        settings(&[]),
        frame(WINDOW_UPDATE, 0, 1, &largest.to_be_bytes()),
        ok(&[]),
        frame(DATA, END_STREAM, 1, b""),
    ];
    let answer = connection.feed(&start.concat(), &mut room, |_| false);
    assert!(matches!(answer, Ok(Step::Complete(_))), "{answer:?}");
    let larger = settings(&[(4, 1 << 20)]);
    assert_eq!(
        connection.feed(&larger, &mut room, |_| false),
        Ok(Step::More)
    );
    assert!(connection.is_usable());
}

#[test]
fn a_stream_waits_for_the_server_and_ends_with_the_numbers() {
    let request = GET;
    let mut connection = Connection::new();
    let mut room = Room::default();
    connection
        .feed(&settings(&[(3, 0), (1, 0)]), &mut room, |_| false)
        .expect("settings");
    connection.begin(Expects::Body);
    let mut said = Vec::new();
    connection.produce(request, 1 << 16, &mut said);
    assert!(frames(&said).iter().all(|(kind, ..)| *kind != HEADERS));
    connection
        .feed(&settings(&[(3, 1)]), &mut room, |_| false)
        .expect("settings");
    said.clear();
    connection.produce(request, 1 << 16, &mut said);
    // The server has no table, so it is told that ours is empty, once.
    let opened = frames(&said)
        .into_iter()
        .find(|(kind, ..)| *kind == HEADERS);
    assert_eq!(
        opened,
        Some((HEADERS, END_HEADERS | END_STREAM, 1, vec![0x20, 0x82]))
    );
    connection.cancel();
    connection.begin(Expects::Body);
    said.clear();
    connection.produce(request, 1 << 16, &mut said);
    assert_eq!(
        frames(&said),
        [
            (RST_STREAM, 0, 1, vec![0, 0, 0, 8]),
            (HEADERS, END_HEADERS | END_STREAM, 3, vec![0x82]),
        ]
    );
    // What comes late for the stream that we ended is nobody's; its table entry counts.
    let late = frame(
        HEADERS,
        END_HEADERS,
        1,
        &[&[0x88, 0x40][..], &field("x-a", "b")[1..]].concat(),
    );
    let answer = frame(HEADERS, END_HEADERS | END_STREAM, 3, &[0x88, 0xbe]);
    let bytes = [late, frame(DATA, END_STREAM, 1, b"late"), answer].concat();
    let fed = connection.feed(&bytes, &mut room, |_| true);
    assert!(matches!(fed, Ok(Step::Complete(answer)) if answer.status == 200));
    let capture = connection.take_capture().expect("asked for");
    assert_eq!(capture.headers, [("x-a".to_owned(), "b".to_owned())]);
}

#[test]
fn an_early_answer_ends_the_request() {
    let body = vec![b'x'; 100_000];
    let request = Sending {
        block: &[0x83],
        body: &body,
    };
    let mut connection = Connection::new();
    connection.begin(Expects::Body);
    let mut said = Vec::new();
    connection.produce(request, 1 << 20, &mut said);
    let answer = frame(HEADERS, END_HEADERS | END_STREAM, 1, &head(413, &[]));
    let no_error = frame(RST_STREAM, 0, 1, &[0; 4]);
    let bytes = [settings(&[]), answer, no_error].concat();
    let fed = connection.feed(&bytes, &mut Room::default(), |_| false);
    assert!(matches!(fed, Ok(Step::Complete(answer)) if answer.status == 413 && !answer.closes));
    said.clear();
    connection.begin(Expects::Body);
    connection.produce(request, 1 << 20, &mut said);
    let sent = frames(&said);
    assert!(
        sent.contains(&(RST_STREAM, 0, 1, vec![0; 4])),
        "{:?}",
        sent.len()
    );
    assert!(
        sent.iter()
            .any(|(kind, _, stream, _)| (*kind, *stream) == (HEADERS, 3))
    );
}

#[test]
fn floods_are_stopped() {
    for (name, piece) in [
        ("settings", settings(&[])),
        ("pings", frame(PING, 0, 0, b"12345678")),
        ("empty data", frame(DATA, 0, 1, b"")),
        ("unknown frames", frame(0x42, 0, 0, b"")),
        (
            "interim answers",
            frame(HEADERS, END_HEADERS, 1, &head(102, &[])),
        ),
    ] {
        let begun = if name == "empty data" {
            ok(&[])
        } else {
            Vec::new()
        };
        let bytes = [settings(&[]), begun, piece.repeat(1_100)].concat();
        let (result, said) = read(&[&bytes], Expects::Body);
        assert!(
            matches!(result, Err(Fault::Violation(Code::ENHANCE_YOUR_CALM, _))),
            "{name}: {result:?}"
        );
        assert!(said.len() < 40_000, "{name}: {}", said.len());
    }
    let continued = [
        frame(HEADERS, 0, 1, &head(200, &[])),
        frame(CONTINUATION, 0, 1, &field("x-a", "b")).repeat(20_000),
    ];
    let bytes = [settings(&[]), continued.concat()].concat();
    assert_eq!(read(&[&bytes], Expects::Body).0, Err(Fault::HeadTooLong));
    // A small block may stand for a long list.
    let entry = [&[0x40][..], &field("x-long", &"v".repeat(100))[1..]].concat();
    let bomb = [vec![0x88], entry, vec![0xbe; 1_000]].concat();
    let bytes = [settings(&[]), frame(HEADERS, END_HEADERS, 1, &bomb)].concat();
    assert_eq!(read(&[&bytes], Expects::Body).0, Err(Fault::HeadTooLong));
}

#[test]
fn a_body_is_not_kept() {
    let mut connection = asking(Connection::new());
    let mut room = Room::default();
    let start = [settings(&[]), ok(&[])].concat();
    connection
        .feed(&start, &mut room, |_| true)
        .expect("a head");
    let piece = frame(DATA, 0, 1, &[b'x'; 16_384]).repeat(64);
    let mut due = 0;
    for _ in 0..3_000 {
        connection.feed(&piece, &mut room, |_| true).expect("data");
        let mut said = Vec::new();
        connection.produce_due(&mut said);
        due += said.len();
    }
    // 3 GB: a few updates of the two windows.
    assert!((13..200).contains(&due), "{due}");
    let capture = connection.take_capture().expect("asked for");
    assert_eq!(capture.body.len(), 512);
}

/// A connection of the corpus with some of its bytes changed.
fn mutated_connection() -> impl Strategy<Value = Vec<u8>> {
    mutated(corpus().into_iter().map(|(_, _, bytes)| bytes).collect())
}

proptest! {
    #[test]
    fn where_the_bytes_split_does_not_matter(
        bytes in mutated_connection(),
        size in 1_usize..40,
    ) {
        let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        prop_assert_eq!(read(&[&bytes], Expects::Body), read(&pieces, Expects::Body));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        kind in 0..10_u8,
        flags in any::<u8>(),
        stream in 0..4_u32,
    ) {
        let start = [settings(&[]), frame(kind, flags, stream, &bytes), bytes].concat();
        let whole = read(&[&start], Expects::Body);
        let pieces: Vec<&[u8]> = start.chunks(7).collect();
        prop_assert_eq!(whole, read(&pieces, Expects::Body));
    }
}
