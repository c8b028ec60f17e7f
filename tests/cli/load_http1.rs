//! Our reader of HTTP/1.x answers against hyper's, over well-formed and broken ones, and against
//! itself: where the bytes split must not matter.

use std::time::Duration;

use backsmith::loadtest::http1::{Answer, Expects, Fault, Reader, Recent, Step};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What an answer amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reading {
    /// Status and body.
    Answer(u16, Vec<u8>),
    Refused,
}

/// Answers as a server sends them before it closes the connection.
const ANSWERS: &[&str] = &[
    // Framing by length.
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 599 Odd\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
    // Framing by chunks.
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b;c=\"d\"\r\n0\r\n\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00000A\r\n0123456789\r\n000\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 \t\r\nab\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-T: 1\r\nY-T: 2\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n1\r\na\r\n0\r\n\r\n",
    // Framing by the end of the connection.
    "HTTP/1.1 200 OK\r\n\r\nuntil the end",
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.0 200 OK\r\n\r\nold",
    "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nencoded",
    // No body, whatever the head says.
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
    // Interim answers.
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 201 C\r\nContent-Length: 1\r\n\r\nx",
    // Broken heads.
    "",
    "\r\n",
    "SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/2 200 OK\r\n\r\n",
    "HTTP/1.2 200 OK\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 abc OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
    "HTTP/1.1 200 OK\r\nBad name: 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\n: empty\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: b\u{1}c\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
    "HTTP/1.1 200 O",
    "HTTP/1.1 100 Continue\r\n\r\n",
    // Broken framing.
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
    "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nab\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nhello\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a\nb\r\nab\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nno trailer\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
];

fn split_at<'bytes>(bytes: &'bytes [u8], places: &[usize]) -> Vec<&'bytes [u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    let mut from = 0;
    for place in places {
        let (piece, tail) = rest.split_at((place - from).min(rest.len()));
        pieces.push(piece);
        rest = tail;
        from = *place;
    }
    pieces.push(rest);
    pieces
}

/// Our reading, with the fault.
fn read(pieces: &[&[u8]], expects: Expects) -> Result<(u16, Vec<u8>), Fault> {
    let mut reader = Reader::new(expects);
    reader.begin();
    let mut complete = None;
    for piece in pieces {
        if complete.is_some() && !piece.is_empty() {
            return Err(Fault::LeftOver);
        }
        if let Step::Complete(answer) = reader.feed(piece, &mut Recent::default(), |_| true)? {
            complete = Some(answer);
        }
    }
    let answer = match complete {
        Some(answer) => answer,
        None => reader.end()?,
    };
    let body = reader.take_capture().map(|capture| capture.body);
    Ok((answer.status, body.unwrap_or_default()))
}

fn ours(pieces: &[&[u8]], expects: Expects) -> Reading {
    match read(pieces, expects) {
        Ok((status, body)) => Reading::Answer(status, body),
        Err(_) => Reading::Refused,
    }
}

async fn hypers(pieces: &[&[u8]], method: &str) -> Reading {
    let (near, mut far) = tokio::io::duplex(1 << 16);
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(near)).await;
    let (mut sender, connection) = handshake.expect("a connection");
    let driver = tokio::spawn(async move {
        let _ = connection.await;
    });
    let request = hyper::Request::builder()
        .method(method)
        .uri("/")
        .header("host", "h")
        .body(Empty::<Bytes>::new())
        .expect("a request");
    let serve = async {
        let mut request = [0; 1024];
        let _ = far.read(&mut request).await;
        for piece in pieces {
            let _ = far.write_all(piece).await;
            tokio::task::yield_now().await;
        }
        drop(far);
    };
    let ask = async {
        let answer = sender.send_request(request).await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.ok()?;
        Some(Reading::Answer(status, body.to_bytes().to_vec()))
    };
    let both = async { tokio::join!(serve, ask).1 };
    let reading = tokio::time::timeout(Duration::from_secs(20), both).await;
    driver.abort();
    reading.expect("an end").unwrap_or(Reading::Refused)
}

#[test]
fn hyper_reads_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        for answer in ANSWERS {
            for (method, expects) in [("GET", Expects::Body), ("HEAD", Expects::NoBody)] {
                let bytes = answer.as_bytes();
                let whole = ours(&[bytes], expects);
                // hyper drops what follows the answer to HEAD; to us it is a fault.
                if read(&[bytes], expects) != Err(Fault::LeftOver) {
                    assert_eq!(whole, hypers(&[bytes], method).await, "{method} {answer:?}");
                }
                for place in 0..bytes.len() {
                    let pieces = split_at(bytes, &[place]);
                    assert_eq!(whole, ours(&pieces, expects), "{place} {answer:?}");
                    if method == "GET" && place % 3 == 0 {
                        let theirs = hypers(&pieces, method).await;
                        assert_eq!(whole, theirs, "{place} {answer:?}");
                    }
                }
                let single: Vec<&[u8]> = bytes.chunks(1).collect();
                assert_eq!(whole, ours(&single, expects), "by bytes: {answer:?}");
            }
        }
    });
}

#[test]
fn a_refusal_says_why() {
    for (answer, fault) in [
        ("", Fault::Unanswered),
        ("HTTP/1.1 200 O", Fault::Truncated),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
            Fault::Truncated,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1",
            Fault::LeftOver,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            Fault::Length,
        ),
        (
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            Fault::Encoding,
        ),
    ] {
        let bytes = answer.as_bytes();
        assert_eq!(read(&[bytes], Expects::Body), Err(fault), "{answer:?}");
    }
    let garbage = read(&[b"220 smtp.example.com ESMTP\r\n"], Expects::Body);
    assert!(matches!(garbage, Err(Fault::NotHttp(_))), "{garbage:?}");
}

#[test]
fn limits_hold_however_the_bytes_come() {
    let line = format!("X-Long: {}\r\n", "a".repeat(1000));
    let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", line.repeat(66));
    for size in [1000, 4096, head.len()] {
        let pieces: Vec<&[u8]> = head.as_bytes().chunks(size).collect();
        assert_eq!(
            read(&pieces, Expects::Body),
            Err(Fault::HeadTooLong),
            "{size}"
        );
    }
    // Without a line feed as well.
    let endless = vec![b'H'; 100_000];
    let pieces: Vec<&[u8]> = endless.chunks(1500).collect();
    assert_eq!(read(&pieces, Expects::Body), Err(Fault::HeadTooLong));
    let extension = "a".repeat(17 * 1024);
    let chunk = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;{extension}");
    let refused = read(&[chunk.as_bytes()], Expects::Body);
    assert!(matches!(refused, Err(Fault::Chunk(_))), "{refused:?}");
}

#[test]
fn a_body_is_not_kept() {
    let mut reader = Reader::new(Expects::Body);
    reader.begin();
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n";
    assert_eq!(
        reader.feed(head, &mut Recent::default(), |_| true),
        Ok(Step::More)
    );
    let piece = vec![b'x'; 1 << 20];
    for number in 1..=1024 {
        let step = reader
            .feed(&piece, &mut Recent::default(), |_| true)
            .expect("a body");
        assert_eq!(matches!(step, Step::Complete(_)), number == 1024);
    }
    assert_eq!(
        reader.take_capture().map(|capture| capture.body.len()),
        Some(512)
    );
}

#[test]
fn the_connection_ends_when_the_answer_says_so() {
    for (head, closes) in [
        ("HTTP/1.1 200 OK\r\n", false),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n", true),
        ("HTTP/1.1 200 OK\r\nConnection: upgrade, Close\r\n", true),
        ("HTTP/1.0 200 OK\r\n", true),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", false),
        ("HTTP/1.1 101 Switching\r\n", true),
    ] {
        let mut reader = Reader::new(Expects::Body);
        reader.begin();
        let answer = format!("{head}Content-Length: 0\r\n\r\n");
        let Ok(Step::Complete(answer)) =
            reader.feed(answer.as_bytes(), &mut Recent::default(), |_| false)
        else {
            panic!("{head:?} is complete")
        };
        assert_eq!(answer.closes, closes, "{head:?}");
    }
}

/// What one connection said, with what was read on others before.
fn after(recent: &mut Recent, bytes: &[u8], expects: Expects) -> Result<Option<Answer>, Fault> {
    let mut reader = Reader::new(expects);
    reader.begin();
    match reader.feed(bytes, recent, |_| false)? {
        Step::Complete(answer) => Ok(Some(answer)),
        Step::More => Ok(None),
    }
}

#[test]
fn a_head_that_was_read_before_says_the_same() {
    let mut recent = Recent::default();
    for first in ANSWERS {
        for second in ANSWERS {
            for expects in [Expects::Body, Expects::NoBody] {
                let _ = after(&mut recent, first.as_bytes(), Expects::Body);
                assert_eq!(
                    after(&mut recent, second.as_bytes(), expects),
                    after(&mut Recent::default(), second.as_bytes(), expects),
                    "{second:?} after {first:?}"
                );
            }
        }
    }
}

/// One of these with some of its bytes changed, put in or taken out.
pub fn mutated(known: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..3);
    let changes = prop::collection::vec(change, 0..4);
    (prop::sample::select(known), changes).prop_map(|(mut bytes, changes)| {
        for (place, byte, kind) in changes {
            let at = place.index(bytes.len() + 1);
            match kind {
                0 if at < bytes.len() => bytes[at] = byte,
                1 if at < bytes.len() => {
                    bytes.remove(at);
                }
                _ => bytes.insert(at, byte),
            }
        }
        bytes
    })
}

fn mutated_answer() -> impl Strategy<Value = Vec<u8>> {
    mutated(
        ANSWERS
            .iter()
            .map(|answer| answer.as_bytes().to_vec())
            .collect(),
    )
}

proptest! {
    #[test]
    fn where_the_bytes_split_does_not_matter(
        bytes in mutated_answer(),
        places in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut places: Vec<usize> = places
            .iter()
            .map(|place| place.index(bytes.len() + 1))
            .collect();
        places.sort_unstable();
        let whole = read(&[&bytes], Expects::Body);
        let split = read(&split_at(&bytes, &places), Expects::Body);
        prop_assert_eq!(whole, split);
    }

    #[test]
    fn what_was_read_before_does_not_matter(
        bytes in mutated_answer(),
        before in prop::collection::vec(mutated_answer(), 0..3),
    ) {
        let mut recent = Recent::default();
        for earlier in ANSWERS.iter().map(|answer| answer.as_bytes()).chain(before.iter().map(Vec::as_slice)) {
            let _ = after(&mut recent, earlier, Expects::Body);
            prop_assert_eq!(
                after(&mut recent, &bytes, Expects::Body),
                after(&mut Recent::default(), &bytes, Expects::Body)
            );
        }
    }
}
