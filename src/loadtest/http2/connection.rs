//! One connection with one stream at a time (RFC 9113, 5 to 8): windows, settings, the life of the
//! stream, and what the server is told in return.

mod incoming;

use super::frame::{self, Header, Reader, flag, kind};
use super::hpack::{self, Decoder, Room};
use super::{Code, Fault, HEAD_LIMIT};
use crate::loadtest::http1::{Capture, Expects};

/// What a server may send before we say more, on a stream and in all. A body is counted and thrown
/// away as it comes, so there is nothing to slow it down for, and updates are seldom.
const WINDOW: u32 = 1 << 30;

/// Windows at the start of a connection, and the largest (RFC 9113, 6.9.1 and 6.9.2).
const DEFAULT_WINDOW: u32 = 65_535;
const LARGEST_WINDOW: i64 = (1 << 31) - 1;

/// The last number of a stream (RFC 9113, 5.1.1).
const LAST_STREAM: u32 = (1 << 31) - 1;

/// The largest frame that a server may allow (RFC 9113, 6.5.2).
const LARGEST_FRAME: u32 = (1 << 24) - 1;

/// The table for header fields that we offer: the value at the start (RFC 9113, 6.5.2), as browsers
/// do, so that a server works as much for a header as it does for them.
const TABLE: usize = 4_096;

/// Frames without any use to the exchange that one exchange takes: beyond, the server floods us
/// (RFC 9113, 10.5).
const FLOOD: u32 = 1_000;

/// Memory for frames that go out which an idle connection may keep.
const KEPT: usize = 64;

/// Settings by their number (RFC 9113, 6.5.2).
mod setting {
    pub(super) const HEADER_TABLE_SIZE: u16 = 0x1;
    pub(super) const ENABLE_PUSH: u16 = 0x2;
    pub(super) const MAX_CONCURRENT_STREAMS: u16 = 0x3;
    pub(super) const INITIAL_WINDOW_SIZE: u16 = 0x4;
    pub(super) const MAX_FRAME_SIZE: u16 = 0x5;
    pub(super) const MAX_HEADER_LIST_SIZE: u16 = 0x6;
}

/// What a piece of bytes led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    More,
    Complete(Answer),
}

/// A complete answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Whether no other request can go over the connection.
    pub closes: bool,
}

/// The request of the present stream.
#[derive(Clone, Copy, Debug)]
pub struct Sending<'request> {
    pub block: &'request [u8],
    pub body: &'request [u8],
}

/// Our end of a connection.
#[derive(Debug)]
pub struct Connection {
    frames: Reader,
    state: State,
}

#[derive(Debug)]
struct State {
    /// Frames that are due to the server beside those of the request.
    due: Vec<u8>,
    decoder: Decoder,
    /// A header block that is not complete, and the frame that began it.
    block: Vec<u8>,
    continued: Option<Header>,
    peer: Peer,
    /// What we may send and what the server may send, on the connection.
    window: i64,
    credit: i64,
    stream: Stream,
    next_stream: u32,
    /// Frames of streams up to this one may still come, because we ended it.
    last_cancelled: u32,
    /// The server takes no other stream, and why.
    leaving: Option<Code>,
    is_broken: bool,
    useless: u32,
    /// Offered to the server for each stream.
    offered: u32,
}

/// What the server's settings say.
#[derive(Clone, Copy, Debug)]
struct Peer {
    streams: u32,
    window: u32,
    frame: u32,
    /// Its table is smaller than at the start, and was not told yet that ours is empty.
    wants_no_table: bool,
}

#[derive(Debug)]
struct Stream {
    phase: Phase,
    id: u32,
    expects: Expects,
    window: i64,
    credit: i64,
    /// Octets of the body that were written, and whether the request is out.
    written: usize,
    is_written: bool,
    is_touched: bool,
    status: Option<u16>,
    length: Option<u64>,
    received: u64,
    capture: Option<Box<Capture>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The request waits for its stream.
    Waiting,
    Open,
    Over,
}

impl Connection {
    /// What the server is to hear first is due at once.
    pub fn new() -> Self {
        Self::with_window(WINDOW)
    }

    /// With another window than the usual one.
    pub fn with_window(offered: u32) -> Self {
        let mut due = frame::PREFACE.to_vec();
        let settings = [
            (setting::ENABLE_PUSH, 0),
            (setting::INITIAL_WINDOW_SIZE, offered),
            (setting::MAX_HEADER_LIST_SIZE, HEAD_LIMIT as u32),
        ];
        let octets: Vec<u8> = settings
            .iter()
            .flat_map(|(name, value): &(u16, u32)| {
                let (name, value) = (name.to_be_bytes(), value.to_be_bytes());
                name.into_iter().chain(value)
            })
            .collect();
        frame::write(kind::SETTINGS, 0, 0, &octets, &mut due);
        let more = offered.saturating_sub(DEFAULT_WINDOW);
        if more > 0 {
            frame::write(kind::WINDOW_UPDATE, 0, 0, &more.to_be_bytes(), &mut due);
        }
        Self {
            frames: Reader::new(),
            state: State {
                due,
                decoder: Decoder::new(TABLE),
                block: Vec::new(),
                continued: None,
                peer: Peer {
                    streams: u32::MAX,
                    window: DEFAULT_WINDOW,
                    frame: frame::DEFAULT_SIZE,
                    wants_no_table: false,
                },
                window: i64::from(DEFAULT_WINDOW),
                credit: i64::from(offered.max(DEFAULT_WINDOW)),
                stream: Stream::new(Phase::Over, Expects::Body),
                next_stream: 1,
                last_cancelled: 0,
                leaving: None,
                is_broken: false,
                useless: 0,
                offered,
            },
        }
    }

    /// The next request waits for its stream; the one before is over or cancelled.
    pub fn begin(&mut self, expects: Expects) {
        self.state.stream = Stream::new(Phase::Waiting, expects);
        self.state.useless = 0;
    }

    /// Whether any frame of the present stream came.
    pub const fn is_touched(&self) -> bool {
        self.state.stream.is_touched
    }

    /// Whether another request can go over the connection.
    pub const fn is_usable(&self) -> bool {
        self.state.is_usable()
    }

    /// What was kept of the last answer, if `wants` asked for it.
    pub fn take_capture(&mut self) -> Option<Box<Capture>> {
        self.state.stream.capture.take()
    }

    /// Appends what is due to the server, and nothing more when there is no exchange.
    pub fn produce_due(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.state.due);
        self.state.due.clear();
        self.state.due.shrink_to(KEPT);
    }

    /// Appends what is due and what the server's windows allow of the request, until `out` has
    /// `most` bytes or a frame more.
    pub fn produce(&mut self, sending: Sending<'_>, most: usize, out: &mut Vec<u8>) {
        self.produce_due(out);
        self.state.open(sending, out);
        self.state.send_body(sending.body, most, out);
    }

    /// Takes the next bytes of the connection, all of them. `wants` says for a status whether the
    /// answer shall be captured.
    pub fn feed(
        &mut self,
        mut bytes: &[u8],
        room: &mut Room,
        mut wants: impl FnMut(u16) -> bool,
    ) -> Result<Step, Fault> {
        let mut outcome = None;
        while !self.state.is_broken {
            let taken = match self.frames.next(&mut bytes) {
                Ok(None) => break,
                Ok(Some(piece)) => self.state.take(&piece, room, &mut wants),
                Err(fault) => Err(fault),
            };
            match taken {
                Ok(None) => {}
                // What comes after an answer does not undo it.
                Ok(Some(status)) => outcome = Some(Ok(status)),
                Err(fault) => {
                    self.state.fail(fault);
                    outcome.get_or_insert(Err(fault));
                }
            }
        }
        match outcome {
            None => Ok(Step::More),
            Some(result) => result.map(|status| {
                Step::Complete(Answer {
                    status,
                    closes: !self.is_usable(),
                })
            }),
        }
    }

    /// The connection ended; why there is no answer.
    pub const fn end(&mut self) -> Fault {
        self.state.is_broken = true;
        match self.state.leaving {
            Some(code) if code.0 != Code::NO_ERROR.0 => Fault::Ended(code),
            _ if self.state.stream.is_touched || self.frames.is_inside() => Fault::Truncated,
            _ => Fault::Unanswered,
        }
    }

    /// The answer is not waited for any more; the connection goes on.
    pub fn cancel(&mut self) {
        self.state.end_stream(Some(Code::CANCEL));
    }
}

impl Default for Connection {
    fn default() -> Self {
        Self::new()
    }
}

impl Stream {
    const fn new(phase: Phase, expects: Expects) -> Self {
        Self {
            phase,
            id: 0,
            expects,
            window: 0,
            credit: 0,
            written: 0,
            is_written: false,
            is_touched: false,
            status: None,
            length: None,
            received: 0,
            capture: None,
        }
    }

    /// Whether the answer has no body, whatever its head says (RFC 9110, 6.4.1).
    const fn has_no_body(&self) -> bool {
        matches!(self.expects, Expects::NoBody) || matches!(self.status, Some(204 | 304))
    }
}

/// What goes out.
impl State {
    const fn is_usable(&self) -> bool {
        self.leaving.is_none() && !self.is_broken && self.next_stream <= LAST_STREAM
    }

    /// Opens the stream of a request that waits for it, when the server takes one.
    fn open(&mut self, sending: Sending<'_>, out: &mut Vec<u8>) {
        if self.stream.phase != Phase::Waiting || self.peer.streams == 0 || !self.is_usable() {
            return;
        }
        let stream = &mut self.stream;
        stream.phase = Phase::Open;
        stream.id = self.next_stream;
        stream.window = i64::from(self.peer.window);
        stream.credit = i64::from(self.offered);
        stream.is_written = sending.body.is_empty();
        self.next_stream += 2;
        let opening = [hpack::NO_TABLE];
        let opening = &opening[..usize::from(self.peer.wants_no_table)];
        self.peer.wants_no_table = false;
        let ends = if stream.is_written {
            flag::END_STREAM
        } else {
            0
        };
        let most = self.peer.frame as usize - opening.len();
        let (first, mut rest) = sending.block.split_at(sending.block.len().min(most));
        let last = |rest: &[u8]| {
            if rest.is_empty() {
                flag::END_HEADERS
            } else {
                0
            }
        };
        let header = Header {
            length: (opening.len() + first.len()) as u32,
            kind: kind::HEADERS,
            flags: ends | last(rest),
            stream: stream.id,
        };
        frame::write_header(header, out);
        out.extend_from_slice(opening);
        out.extend_from_slice(first);
        while !rest.is_empty() {
            let part;
            (part, rest) = rest.split_at(rest.len().min(self.peer.frame as usize));
            frame::write(kind::CONTINUATION, last(rest), stream.id, part, out);
        }
    }

    fn send_body(&mut self, body: &[u8], most: usize, out: &mut Vec<u8>) {
        let stream = &mut self.stream;
        while stream.phase == Phase::Open && !stream.is_written && out.len() < most {
            let allowed = self.window.min(stream.window).max(0) as usize;
            let rest = &body[stream.written..];
            let length = rest
                .len()
                .min(allowed)
                .min(self.peer.frame as usize)
                .min(most);
            if length == 0 {
                return;
            }
            self.window -= length as i64;
            stream.window -= length as i64;
            stream.written += length;
            stream.is_written = stream.written == body.len();
            let ends = if stream.is_written {
                flag::END_STREAM
            } else {
                0
            };
            frame::write(kind::DATA, ends, stream.id, &rest[..length], out);
            // A server that takes the request in is no flood.
            self.useless = 0;
        }
    }

    /// The stream is over; with a code the server is told.
    fn end_stream(&mut self, code: Option<Code>) {
        if let (Phase::Open, Some(code)) = (self.stream.phase, code) {
            let id = self.stream.id;
            frame::write(
                kind::RST_STREAM,
                0,
                id,
                &code.0.to_be_bytes(),
                &mut self.due,
            );
            self.last_cancelled = id;
        }
        self.stream.phase = Phase::Over;
    }

    /// Says what is at fault, and ends what cannot go on.
    fn fail(&mut self, fault: Fault) {
        if let Some(code) = fault.code() {
            // The server opened no stream, so none of its streams was looked at.
            let mut payload = [0; 8];
            payload[4..].copy_from_slice(&code.0.to_be_bytes());
            frame::write(kind::GOAWAY, 0, 0, &payload, &mut self.due);
            self.is_broken = true;
        }
        let code = matches!(fault, Fault::Malformed(_)).then_some(Code::PROTOCOL_ERROR);
        self.end_stream(code);
    }

    /// Gives back what was taken of a window once half of it is used.
    fn give_back(credit: &mut i64, offered: u32, stream: u32, due: &mut Vec<u8>) {
        let used = i64::from(offered) - *credit;
        if used > i64::from(offered / 2) {
            let increment = used as u32;
            frame::write(
                kind::WINDOW_UPDATE,
                0,
                stream,
                &increment.to_be_bytes(),
                due,
            );
            *credit += used;
        }
    }
}
