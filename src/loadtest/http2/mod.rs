//! The client's side of HTTP/2 (RFC 9113), one stream at a time: what the server sends is read as it
//! arrives, and what is due to it is written where the caller asks. Pure: bytes in, steps and bytes
//! out; bodies are counted and never kept.

mod connection;
mod frame;
mod head;
pub mod hpack;
mod request;

pub use connection::{Answer, Connection, Sending, Step};
pub use frame::PREFACE;
pub use request::{Prepared, Program, Rendered};

use std::fmt;

use crate::loadtest::recording::Obstacle;

/// Longest header list, and longest header block, that is taken, in bytes: as in HTTP/1.
const HEAD_LIMIT: usize = super::http1::HEAD_LIMIT;

/// Why a stream or a connection ends (RFC 9113, 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(pub u32);

impl Code {
    pub const NO_ERROR: Self = Self(0x0);
    pub const PROTOCOL_ERROR: Self = Self(0x1);
    pub const FLOW_CONTROL_ERROR: Self = Self(0x3);
    pub const STREAM_CLOSED: Self = Self(0x5);
    pub const FRAME_SIZE_ERROR: Self = Self(0x6);
    pub const CANCEL: Self = Self(0x8);
    pub const COMPRESSION_ERROR: Self = Self(0x9);
    pub const ENHANCE_YOUR_CALM: Self = Self(0xb);
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 14] = [
            "NO_ERROR",
            "PROTOCOL_ERROR",
            "INTERNAL_ERROR",
            "FLOW_CONTROL_ERROR",
            "SETTINGS_TIMEOUT",
            "STREAM_CLOSED",
            "FRAME_SIZE_ERROR",
            "REFUSED_STREAM",
            "CANCEL",
            "COMPRESSION_ERROR",
            "CONNECT_ERROR",
            "ENHANCE_YOUR_CALM",
            "INADEQUATE_SECURITY",
            "HTTP_1_1_REQUIRED",
        ];
        match NAMES.get(self.0 as usize) {
            Some(name) => formatter.write_str(name),
            None => write!(formatter, "error {:#x}", self.0),
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{}", Obstacle::NotHttp2.words())]
    NotHttp2,
    /// The connection cannot be used any more (RFC 9113, 5.4.1).
    #[error("the server broke a rule of HTTP/2: {1}")]
    Violation(Code, &'static str),
    #[error("the head of the answer is longer than 64 KiB")]
    HeadTooLong,
    /// The stream is over, the connection is not (RFC 9113, 8.1.1).
    #[error("the answer is malformed: {0}")]
    Malformed(&'static str),
    #[error("the server reset the stream: {0}")]
    Reset(Code),
    /// The server ended the connection before it looked at the request.
    #[error("the server ended the connection: {0}")]
    Ended(Code),
    /// The connection ended before the first byte of an answer.
    #[error("the server closed the connection without an answer")]
    Unanswered,
    /// The connection ended inside of an answer.
    #[error("the server closed the connection in the middle of an answer")]
    Truncated,
}

impl Fault {
    /// What the server is told about its connection, where it is at fault.
    const fn code(self) -> Option<Code> {
        match self {
            Self::NotHttp2 => Some(Code::PROTOCOL_ERROR),
            Self::Violation(code, _) => Some(code),
            Self::HeadTooLong => Some(Code::ENHANCE_YOUR_CALM),
            _ => None,
        }
    }
}
