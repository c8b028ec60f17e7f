//! One answer at a time, fed in pieces of any size; the result does not depend on where they split.

use super::chunked::Chunked;
use super::head::{self, Body};
use super::{Fault, HEAD_LIMIT, Recent};

/// Bytes of a body that a capture keeps.
const EXCERPT: usize = 512;

/// Whether the answer may have a body; the answer to HEAD has none, whatever its head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expects {
    Body,
    NoBody,
}

impl Expects {
    pub fn of_method(method: &str) -> Self {
        if method == "HEAD" {
            Self::NoBody
        } else {
            Self::Body
        }
    }
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
    /// Minor version of HTTP/1.
    pub version: u8,
    /// Whether the connection ends with it.
    pub closes: bool,
}

/// The headers and the start of the body of one answer, kept because someone asked for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// Names in lower case, in the order of arrival. `Set-Cookie` is left out: its value is a secret.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Capture {
    pub(super) fn of(headers: &[httparse::Header<'_>]) -> Self {
        Self::of_pairs(headers.iter().map(|header| (header.name, header.value)))
    }

    /// Headers that another engine read.
    pub fn of_pairs<'head>(headers: impl Iterator<Item = (&'head str, &'head [u8])>) -> Self {
        let mut capture = Self::default();
        for (name, value) in headers {
            capture.add_header(name.as_bytes(), value);
        }
        capture
    }

    /// Keeps a header that came.
    pub fn add_header(&mut self, name: &[u8], value: &[u8]) {
        if !name.eq_ignore_ascii_case(b"set-cookie") {
            let text = |octets| String::from_utf8_lossy(octets);
            let value = text(value).into_owned();
            self.headers.push((text(name).to_ascii_lowercase(), value));
        }
    }

    /// Keeps what still fits of a piece of the body.
    pub fn add(&mut self, data: &[u8]) {
        let room = EXCERPT.saturating_sub(self.body.len());
        self.body.extend_from_slice(&data[..room.min(data.len())]);
    }
}

/// Reads the answers of one connection.
#[derive(Debug)]
pub struct Reader {
    expects: Expects,
    state: State,
    answer: Answer,
    /// A head that is not complete yet.
    pending: Vec<u8>,
    /// Whether a byte came since `begin`.
    touched: bool,
    capture: Option<Box<Capture>>,
}

#[derive(Clone, Debug)]
enum State {
    Head,
    Length(u64),
    Chunked(Chunked),
    UntilClose,
    Complete,
}

impl Reader {
    pub const fn new(expects: Expects) -> Self {
        Self {
            expects,
            state: State::Complete,
            answer: Answer {
                status: 0,
                version: 1,
                closes: false,
            },
            pending: Vec::new(),
            touched: false,
            capture: None,
        }
    }

    /// What the next answer may have, when requests of several methods share the connection.
    pub const fn expect(&mut self, expects: Expects) {
        self.expects = expects;
    }

    /// A request was sent: the next bytes are its answer.
    pub fn begin(&mut self) {
        self.state = State::Head;
        self.touched = false;
        self.pending.clear();
        // A long head is an exception; its memory is not kept for a thousand connections.
        self.pending.shrink_to(4096);
        self.capture = None;
    }

    /// Whether any byte of the answer came.
    pub const fn is_touched(&self) -> bool {
        self.touched
    }

    /// What was kept of the last answer, if `wants` asked for it.
    pub fn take_capture(&mut self) -> Option<Box<Capture>> {
        self.capture.take()
    }

    /// Takes the next bytes of the connection, all of them. `wants` says for a status whether the
    /// answer shall be captured. `recent` may have come from any connection.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        recent: &mut Recent,
        mut wants: impl FnMut(u16) -> bool,
    ) -> Result<Step, Fault> {
        if bytes.is_empty() {
            return Ok(Step::More);
        }
        self.touched = true;
        if self.pending.is_empty() {
            return self.advance(bytes, recent, &mut wants);
        }
        self.pending.extend_from_slice(bytes);
        // Without a line feed no head is complete, so a head that comes in drops costs no parse each.
        if !bytes.contains(&b'\n') {
            return self.wait();
        }
        let pending = std::mem::take(&mut self.pending);
        self.advance(&pending, recent, &mut wants)
    }

    /// The connection ended.
    pub fn end(&mut self) -> Result<Answer, Fault> {
        match self.state {
            State::UntilClose => {
                self.state = State::Complete;
                Ok(self.answer)
            }
            State::Head if !self.touched => Err(Fault::Unanswered),
            State::Head => {
                head::parse(&self.pending, self.expects, |_| false)?;
                Err(Fault::Truncated)
            }
            _ => Err(Fault::Truncated),
        }
    }

    fn advance(
        &mut self,
        mut bytes: &[u8],
        recent: &mut Recent,
        wants: &mut impl FnMut(u16) -> bool,
    ) -> Result<Step, Fault> {
        loop {
            match &mut self.state {
                State::Head => {
                    let recalled = recent.recall(bytes, self.expects);
                    let head = if let Some(head) = recalled.filter(|head| !wants(head.status)) {
                        head
                    } else {
                        // An interim answer is none, so it is not captured.
                        let wants = |status| !is_interim(status) && wants(status);
                        let read = if bytes.contains(&b'\n') {
                            head::parse(bytes, self.expects, wants)?
                        } else {
                            None
                        };
                        let Some(head) = read else {
                            self.pending.extend_from_slice(bytes);
                            return self.wait();
                        };
                        let framing = head.framing;
                        recent.keep(&bytes[..framing.length], self.expects, framing);
                        self.capture = head.capture;
                        framing
                    };
                    bytes = &bytes[head.length..];
                    if is_interim(head.status) {
                        if bytes.is_empty() {
                            return Ok(Step::More);
                        }
                        continue;
                    }
                    self.answer = Answer {
                        status: head.status,
                        version: head.version,
                        closes: head.closes || head.body == Body::UntilClose,
                    };
                    if head.status == 101 {
                        // The bytes that follow belong to another protocol.
                        self.answer.closes = true;
                        return self.complete(&[]);
                    }
                    self.state = match head.body {
                        Body::Length(length) => State::Length(length),
                        Body::Chunked => State::Chunked(Chunked::new()),
                        Body::UntilClose => State::UntilClose,
                    };
                }
                State::Length(left) => {
                    let length =
                        usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                    let (data, rest) = bytes.split_at(length);
                    *left -= length as u64;
                    let is_complete = *left == 0;
                    if let Some(capture) = &mut self.capture {
                        capture.add(data);
                    }
                    return if is_complete {
                        self.complete(rest)
                    } else {
                        Ok(Step::More)
                    };
                }
                State::Chunked(chunked) => {
                    let capture = &mut self.capture;
                    let rest = chunked.take(bytes, |data| {
                        if let Some(capture) = capture {
                            capture.add(data);
                        }
                    })?;
                    return match rest {
                        Some(rest) => self.complete(rest),
                        None => Ok(Step::More),
                    };
                }
                State::UntilClose => {
                    if let Some(capture) = &mut self.capture {
                        capture.add(bytes);
                    }
                    return Ok(Step::More);
                }
                State::Complete => return Err(Fault::LeftOver),
            }
        }
    }

    fn wait(&self) -> Result<Step, Fault> {
        if self.pending.len() > HEAD_LIMIT {
            return Err(Fault::HeadTooLong);
        }
        Ok(Step::More)
    }

    fn complete(&mut self, rest: &[u8]) -> Result<Step, Fault> {
        self.state = State::Complete;
        if rest.is_empty() {
            Ok(Step::Complete(self.answer))
        } else {
            Err(Fault::LeftOver)
        }
    }
}

/// An answer before the answer. 101 is final: the connection changes its protocol.
const fn is_interim(status: u16) -> bool {
    matches!(status, 100 | 102..=199)
}
