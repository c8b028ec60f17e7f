//! What servers may say on a connection of HTTP/2, well-formed and broken.

use crate::http2_frames::{field, frame, head, settings};

/// Whether hyper reads the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hyper {
    Agrees,
    /// The specification calls it an error, and hyper lets it pass.
    IsMilder,
}

use Hyper::{Agrees, IsMilder};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PUSH_PROMISE: u8 = 5;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const PADDED: u8 = 8;
pub(crate) const HAS_PRIORITY: u8 = 0x20;

pub(crate) fn ok(fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, 1, &head(200, fields))
}

fn data(text: &str) -> Vec<u8> {
    frame(DATA, END_STREAM, 1, text.as_bytes())
}

fn parameter(name: u16, value: u32) -> Vec<u8> {
    let payload = [&name.to_be_bytes()[..], &value.to_be_bytes()].concat();
    frame(SETTINGS, 0, 0, &payload)
}

/// What servers send behind their first settings, before they close the connection.
pub(crate) fn corpus() -> Vec<(&'static str, Hyper, Vec<u8>)> {
    let whole = || [ok(&[]), data("hello")].concat();
    let alone = |block: &[u8]| frame(HEADERS, END_HEADERS | END_STREAM, 1, block);
    let before = |first: Vec<u8>| [first, whole()].concat();
    let goaway = |last: u32, code: u32| {
        let payload = [last.to_be_bytes(), code.to_be_bytes()].concat();
        frame(GOAWAY, 0, 0, &payload)
    };
    let reset = |code: u32| frame(RST_STREAM, 0, 1, &code.to_be_bytes());
    let block = head(200, &[("x-one", "1"), ("x-two", "2")]);
    let (left, right) = block.split_at(block.len() / 2);
    let mut cases = vec![
        // Answers.
        ("plain", Agrees, whole()),
        ("without a body", Agrees, alone(&head(200, &[]))),
        ("an empty body", Agrees, [ok(&[]), data("")].concat()),
        (
            "pieces",
            Agrees,
            [
                ok(&[]),
                frame(DATA, 0, 1, b"hel"),
                frame(DATA, 0, 1, b""),
                data("lo"),
            ]
            .concat(),
        ),
        ("204", Agrees, alone(&head(204, &[]))),
        (
            "304 with a length",
            Agrees,
            alone(&head(304, &[("content-length", "99")])),
        ),
        (
            "a length",
            Agrees,
            [ok(&[("content-length", "5")]), data("hello")].concat(),
        ),
        (
            "padding",
            Agrees,
            [
                frame(
                    HEADERS,
                    END_HEADERS | PADDED,
                    1,
                    &[&[2][..], &head(200, &[]), &[0, 0]].concat(),
                ),
                frame(DATA, PADDED, 1, &[3, b'h', b'i', 0, 0, 0]),
                frame(DATA, PADDED | END_STREAM, 1, &[0]),
            ]
            .concat(),
        ),
        (
            "priority in a head",
            Agrees,
            frame(
                HEADERS,
                END_HEADERS | END_STREAM | HAS_PRIORITY,
                1,
                &[&[0, 0, 0, 0, 9][..], &head(200, &[])].concat(),
            ),
        ),
        (
            "continued",
            Agrees,
            [
                frame(HEADERS, END_STREAM, 1, left),
                frame(CONTINUATION, 0, 1, b""),
                frame(CONTINUATION, END_HEADERS, 1, right),
            ]
            .concat(),
        ),
        (
            "interim",
            Agrees,
            before(frame(
                HEADERS,
                END_HEADERS,
                1,
                &head(103, &[("link", "</a>")]),
            )),
        ),
        (
            "trailers",
            Agrees,
            [
                ok(&[]),
                frame(DATA, 0, 1, b"hello"),
                alone(&field("x-trailer", "1")),
            ]
            .concat(),
        ),
        (
            "unknown frames",
            Agrees,
            before(frame(0x42, 0xff, 7, b"whatever")),
        ),
        (
            "priority",
            Agrees,
            before(frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 1])),
        ),
        ("ping", Agrees, before(frame(PING, 0, 0, b"12345678"))),
        ("more settings", Agrees, before(parameter(0x3, 10))),
        ("unknown settings", Agrees, before(parameter(0x99, 10))),
        ("no table", Agrees, before(parameter(0x1, 0))),
        (
            "windows",
            Agrees,
            before(frame(WINDOW_UPDATE, 0, 0, &1000_u32.to_be_bytes())),
        ),
        (
            "a reserved bit",
            Agrees,
            before(frame(WINDOW_UPDATE, 0, 0, &[0x80, 0, 0, 1])),
        ),
        ("goaway, and the answer", Agrees, before(goaway(1, 0))),
        (
            "a table",
            Agrees,
            [
                frame(
                    HEADERS,
                    END_HEADERS,
                    1,
                    &[&[0x88, 0x40][..], &field("x-a", "b")[1..], &[0xbe]].concat(),
                ),
                data("hello"),
            ]
            .concat(),
        ),
        // No answers.
        ("nothing", Agrees, Vec::new()),
        ("half a frame", Agrees, whole()[..12].to_vec()),
        (
            "no end",
            Agrees,
            [ok(&[]), frame(DATA, 0, 1, b"hel")].concat(),
        ),
        (
            "interim alone",
            Agrees,
            frame(HEADERS, END_HEADERS, 1, &head(100, &[])),
        ),
        ("reset", Agrees, reset(2)),
        ("reset in the middle", Agrees, [ok(&[]), reset(2)].concat()),
        ("refused", Agrees, reset(7)),
        ("goaway", Agrees, goaway(0, 0)),
        ("goaway for a reason", Agrees, goaway(0, 0xb)),
        // Malformed answers.
        ("no status", Agrees, alone(&field("x-a", "b"))),
        (
            "a status of two digits",
            Agrees,
            alone(&field(":status", "20")),
        ),
        ("two statuses", Agrees, alone(&[0x88, 0x88])),
        (
            "a late status",
            Agrees,
            alone(&[field("x-a", "b"), vec![0x88]].concat()),
        ),
        (
            "a path",
            IsMilder,
            alone(&[&[0x88][..], &field(":path", "/")].concat()),
        ),
        (
            "an unknown pseudo-header",
            Agrees,
            alone(&[&[0x88][..], &field(":odd", "/")].concat()),
        ),
        ("upper case", Agrees, alone(&head(200, &[("X-A", "b")]))),
        (
            "a name with a blank",
            Agrees,
            alone(&head(200, &[("x a", "b")])),
        ),
        ("no name", Agrees, alone(&head(200, &[("", "b")]))),
        (
            "a value with a line break",
            Agrees,
            alone(&head(200, &[("x-a", "b\r\nc")])),
        ),
        (
            "a value with blanks around",
            IsMilder,
            alone(&head(200, &[("x-a", " b")])),
        ),
        (
            "a header of a connection",
            Agrees,
            alone(&head(200, &[("connection", "close")])),
        ),
        (
            "an encoding of transfer",
            Agrees,
            alone(&head(200, &[("transfer-encoding", "chunked")])),
        ),
        (
            "101",
            Agrees,
            frame(HEADERS, END_HEADERS, 1, &head(101, &[])),
        ),
        ("an interim end", Agrees, alone(&head(103, &[]))),
        (
            "too short",
            Agrees,
            [ok(&[("content-length", "6")]), data("hello")].concat(),
        ),
        (
            "too long",
            Agrees,
            [ok(&[("content-length", "4")]), data("hello")].concat(),
        ),
        (
            "no body for a length",
            Agrees,
            alone(&head(200, &[("content-length", "4")])),
        ),
        (
            "a length of letters",
            Agrees,
            [ok(&[("content-length", "x")]), data("hello")].concat(),
        ),
        ("a body first", Agrees, data("hello")),
        (
            "trailers that do not end it",
            Agrees,
            [ok(&[]), ok(&[]), data("hello")].concat(),
        ),
        (
            "a status in the trailers",
            IsMilder,
            [ok(&[]), frame(DATA, 0, 1, b"hello"), alone(&head(200, &[]))].concat(),
        ),
        // Broken connections.
        (
            "data without a stream",
            Agrees,
            before(frame(DATA, 0, 0, b"x")),
        ),
        (
            "a stream of the server",
            Agrees,
            before(frame(HEADERS, END_HEADERS, 2, &head(200, &[]))),
        ),
        (
            "a stream that is not open",
            Agrees,
            before(frame(HEADERS, END_HEADERS, 3, &head(200, &[]))),
        ),
        (
            "data that is not asked for",
            Agrees,
            before(frame(DATA, 0, 3, b"x")),
        ),
        (
            "a large frame",
            Agrees,
            before(frame(0x42, 0, 0, &vec![0; 16_385])),
        ),
        (
            "settings on a stream",
            Agrees,
            before(frame(SETTINGS, 0, 1, b"")),
        ),
        (
            "settings cut off",
            Agrees,
            before(frame(SETTINGS, 0, 0, b"12345")),
        ),
        (
            "an acknowledgement with settings",
            Agrees,
            before(frame(SETTINGS, 1, 0, b"123456")),
        ),
        (
            "a short ping",
            Agrees,
            before(frame(PING, 0, 0, b"1234567")),
        ),
        (
            "a ping on a stream",
            Agrees,
            before(frame(PING, 0, 1, b"12345678")),
        ),
        (
            "a short reset",
            Agrees,
            before(frame(RST_STREAM, 0, 1, b"123")),
        ),
        (
            "a reset of what is not open",
            Agrees,
            before(frame(RST_STREAM, 0, 5, &[0; 4])),
        ),
        (
            "a short goaway",
            Agrees,
            before(frame(GOAWAY, 0, 0, b"1234567")),
        ),
        (
            "a window that grows by nothing",
            Agrees,
            before(frame(WINDOW_UPDATE, 0, 0, &[0; 4])),
        ),
        (
            "a window too large",
            Agrees,
            before(frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff])),
        ),
        (
            "a push",
            Agrees,
            before(frame(
                PUSH_PROMISE,
                END_HEADERS,
                1,
                &[&[0, 0, 0, 2][..], &[0x82]].concat(),
            )),
        ),
        ("pushes on", IsMilder, before(parameter(0x2, 1))),
        ("windows too large", Agrees, before(parameter(0x4, 1 << 31))),
        ("frames too small", Agrees, before(parameter(0x5, 100))),
        ("frames too large", Agrees, before(parameter(0x5, 1 << 24))),
        (
            "continued without a start",
            Agrees,
            before(frame(CONTINUATION, END_HEADERS, 1, &head(200, &[]))),
        ),
        (
            "a head in a head",
            Agrees,
            [frame(HEADERS, 0, 1, &head(200, &[])), data("hello")].concat(),
        ),
        (
            "padding longer than data",
            Agrees,
            [ok(&[]), frame(DATA, PADDED | END_STREAM, 1, &[9, 0])].concat(),
        ),
        ("an index that points nowhere", Agrees, alone(&[0x88, 0xfe])),
        ("a block cut off", Agrees, alone(&[0x88, 0x00, 0x05, b'a'])),
        (
            "a Huffman string with zeros",
            Agrees,
            alone(&[0x88, 0x00, 0x81, 0x00, 0x00]),
        ),
        (
            "a table too large",
            Agrees,
            alone(&[0x3f, 0xe2, 0x1f, 0x88]),
        ),
    ];
    for (_, _, bytes) in &mut cases {
        bytes.splice(0..0, settings(&[]));
    }
    cases.push(("no settings", IsMilder, whole()));
    cases.push((
        "HTTP/1.1",
        Agrees,
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
    ));
    cases
}
