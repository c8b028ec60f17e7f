//! HPACK, the compression of HTTP/2's header lists (RFC 7541).

mod decoder;
mod encoder;
mod huffman;
mod integer;
mod table;
#[cfg(test)]
mod tests;

pub use decoder::{Decoder, Field, Room};
pub use encoder::{NO_TABLE, encode, encode_name, encode_value};

/// Why a block cannot be read; the table is not the other side's any more, and the connection over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Malformed(&'static str),
    /// The list is longer than asked for.
    TooLong,
}
