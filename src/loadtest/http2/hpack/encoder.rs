//! Fields to header blocks (RFC 7541, 6), without a table of ours: a block says the same on every
//! stream, so that it is built once and sent many times.

use super::table::STATIC;
use super::{huffman, integer};

/// The first octet of each kind of field, and the bits that are free in it.
const INDEXED: (u8, u32) = (0x80, 7);
const WITHOUT_INDEXING: (u8, u32) = (0x00, 4);
const NEVER_INDEXED: (u8, u32) = (0x10, 4);
const HUFFMAN: u8 = 0x80;

/// Tells the other side that our table is empty, whatever it allows (RFC 7541, 6.3). It opens a block.
pub const NO_TABLE: u8 = 0x20;

/// Names whose values no table on the way may keep (RFC 7541, 7.1.3).
const SECRETS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// A field whose name is in lower case.
pub fn encode(name: &str, value: &[u8], out: &mut Vec<u8>) {
    let known = |(known, content): &(&str, &str)| *known == name && content.as_bytes() == value;
    if let Some(place) = STATIC.iter().position(known) {
        let (first, bits) = INDEXED;
        integer::encode(place + 1, bits, first, out);
        return;
    }
    encode_name(name, out);
    encode_value(value, out);
}

/// The first part of a field whose value comes later.
pub fn encode_name(name: &str, out: &mut Vec<u8>) {
    let (first, bits) = if SECRETS.contains(&name) {
        NEVER_INDEXED
    } else {
        WITHOUT_INDEXING
    };
    if let Some(place) = STATIC.iter().position(|(known, _)| *known == name) {
        integer::encode(place + 1, bits, first, out);
    } else {
        out.push(first);
        encode_value(name.as_bytes(), out);
    }
}

/// A string, in the Huffman code where that is shorter.
pub fn encode_value(text: &[u8], out: &mut Vec<u8>) {
    let length = huffman::encoded_length(text);
    if length < text.len() {
        integer::encode(length, 7, HUFFMAN, out);
        huffman::encode(text, out);
    } else {
        integer::encode(text.len(), 7, 0, out);
        out.extend_from_slice(text);
    }
}
