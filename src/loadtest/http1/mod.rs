//! Answers in HTTP/1.x, read as they arrive: where the head ends, how the body is framed, and when
//! the answer is complete. Pure: bytes in, steps out; bodies are counted and never kept.

mod chunked;
mod head;
mod reader;
mod recent;

pub use reader::{Answer, Capture, Expects, Reader, Step};
pub use recent::Recent;

/// Longest head that is taken, in bytes.
pub const HEAD_LIMIT: usize = 64 * 1024;

/// Why bytes are no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the answer is not HTTP/1.x: {0}")]
    NotHttp(&'static str),
    #[error("the head of the answer is longer than 64 KiB")]
    HeadTooLong,
    #[error("the answer's content-length is not one number")]
    Length,
    #[error("the answer has a transfer-encoding, which HTTP/1.0 does not have")]
    Encoding,
    #[error("a chunk of the answer is malformed: {0}")]
    Chunk(&'static str),
    #[error("bytes follow the end of the answer")]
    LeftOver,
    /// The connection ended before the first byte of an answer.
    #[error("the server closed the connection without an answer")]
    Unanswered,
    /// The connection ended inside an answer.
    #[error("the server closed the connection in the middle of an answer")]
    Truncated,
}
