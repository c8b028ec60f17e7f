//! Frames (RFC 9113, 4 and 6): told apart in bytes that come in pieces of any size, and written. Data
//! goes through as it comes; of another frame only what is incomplete is kept.

use super::{Code, Fault};

/// What a client says first (RFC 9113, 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Longest payload that we take, and that a server takes unless it says more (RFC 9113, 4.2).
pub(super) const DEFAULT_SIZE: u32 = 16_384;

/// Octets of a frame before its payload.
pub(super) const HEADER: usize = 9;

/// Memory for incomplete frames that an idle connection may keep.
const KEPT: usize = 512;

/// Types of frames (RFC 9113, 6). Others are ignored.
pub(super) mod kind {
    pub(crate) const DATA: u8 = 0x0;
    pub(crate) const HEADERS: u8 = 0x1;
    pub(crate) const PRIORITY: u8 = 0x2;
    pub(crate) const RST_STREAM: u8 = 0x3;
    pub(crate) const SETTINGS: u8 = 0x4;
    pub(crate) const PUSH_PROMISE: u8 = 0x5;
    pub(crate) const PING: u8 = 0x6;
    pub(crate) const GOAWAY: u8 = 0x7;
    pub(crate) const WINDOW_UPDATE: u8 = 0x8;
    pub(crate) const CONTINUATION: u8 = 0x9;
}

/// Flags of frames (RFC 9113, 6).
pub(super) mod flag {
    pub(crate) const END_STREAM: u8 = 0x1;
    pub(crate) const ACK: u8 = 0x1;
    pub(crate) const END_HEADERS: u8 = 0x4;
    pub(crate) const PADDED: u8 = 0x8;
    pub(crate) const PRIORITY: u8 = 0x20;
}

/// What stands before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) length: u32,
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

impl Header {
    pub(super) const fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn parse(octets: [u8; HEADER]) -> Self {
        let [high, middle, low, kind, flags, first, second, third, fourth] = octets;
        Self {
            length: u32::from_be_bytes([0, high, middle, low]),
            kind,
            flags,
            // The highest bit is reserved.
            stream: u32::from_be_bytes([first & 0x7f, second, third, fourth]),
        }
    }

    /// What can be said without the payload.
    fn check(self) -> Result<Self, Fault> {
        let size = |fits: bool, words| {
            if fits {
                Ok(self)
            } else {
                Err(Fault::Violation(Code::FRAME_SIZE_ERROR, words))
            }
        };
        size(self.length <= DEFAULT_SIZE, "a frame is longer than 16 KiB")?;
        let of_a_stream = match self.kind {
            kind::DATA | kind::HEADERS | kind::CONTINUATION => Some(true),
            kind::PRIORITY => {
                size(self.length == 5, "a PRIORITY frame has no five octets")?;
                Some(true)
            }
            kind::RST_STREAM => {
                size(self.length == 4, "a RST_STREAM frame has no four octets")?;
                Some(true)
            }
            kind::SETTINGS => {
                size(
                    self.length.is_multiple_of(6) && (self.length == 0 || !self.has(flag::ACK)),
                    "a SETTINGS frame has a wrong length",
                )?;
                Some(false)
            }
            kind::PUSH_PROMISE => {
                return Err(Fault::Violation(
                    Code::PROTOCOL_ERROR,
                    "a PUSH_PROMISE came although pushes are off",
                ));
            }
            kind::PING => {
                size(self.length == 8, "a PING frame has no eight octets")?;
                Some(false)
            }
            kind::GOAWAY => {
                size(
                    self.length >= 8,
                    "a GOAWAY frame is shorter than eight octets",
                )?;
                Some(false)
            }
            kind::WINDOW_UPDATE => {
                size(self.length == 4, "a WINDOW_UPDATE frame has no four octets")?;
                None
            }
            _ => None,
        };
        match of_a_stream {
            Some(wanted) if wanted != (self.stream != 0) => Err(Fault::Violation(
                Code::PROTOCOL_ERROR,
                if wanted {
                    "a frame of a stream came without one"
                } else {
                    "a frame of the connection came on a stream"
                },
            )),
            _ => Ok(self),
        }
    }
}

/// A frame, or a part of one that carries data.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'bytes> {
    Whole(Header, &'bytes [u8]),
    Data {
        header: Header,
        data: &'bytes [u8],
        /// Whether the frame begins, and ends, with this piece.
        is_first: bool,
        is_last: bool,
    },
}

/// Takes the bytes of one connection apart.
#[derive(Debug)]
pub(super) struct Reader {
    /// Whether nothing was read: a server begins with its settings (RFC 9113, 3.4).
    is_new: bool,
    start: [u8; HEADER],
    have: u8,
    current: Option<Header>,
    /// Of a frame with data: what is still to come, padding apart, and whether some came.
    data: u32,
    padding: u32,
    is_begun: bool,
    /// The incomplete payload of another frame.
    payload: Vec<u8>,
}

impl Reader {
    pub(super) const fn new() -> Self {
        Self {
            is_new: true,
            start: [0; HEADER],
            have: 0,
            current: None,
            data: 0,
            padding: 0,
            is_begun: false,
            payload: Vec::new(),
        }
    }

    /// The next piece of `bytes`, or `None` when more are needed.
    pub(super) fn next<'piece, 'bytes: 'piece>(
        &'piece mut self,
        bytes: &mut &'bytes [u8],
    ) -> Result<Option<Piece<'piece>>, Fault> {
        let header = match self.current {
            Some(header) => header,
            None => match self.header(bytes)? {
                Some(header) => header,
                None => return Ok(None),
            },
        };
        if header.kind == kind::DATA {
            return self.data(header, bytes);
        }
        let length = header.length as usize;
        let missing = length - self.payload.len();
        let (part, rest) = bytes.split_at(missing.min(bytes.len()));
        *bytes = rest;
        if part.len() == length {
            self.current = None;
            return Ok(Some(Piece::Whole(header, part)));
        }
        self.payload.extend_from_slice(part);
        if self.payload.len() < length {
            return Ok(None);
        }
        self.current = None;
        Ok(Some(Piece::Whole(header, &self.payload)))
    }

    /// Whether a frame is incomplete.
    pub(super) const fn is_inside(&self) -> bool {
        self.have > 0 || self.current.is_some()
    }

    fn header(&mut self, bytes: &mut &[u8]) -> Result<Option<Header>, Fault> {
        // The last incomplete payload was handed out.
        if !self.payload.is_empty() {
            self.payload.clear();
            self.payload.shrink_to(KEPT);
        }
        let have = usize::from(self.have);
        let (part, rest) = bytes.split_at((HEADER - have).min(bytes.len()));
        self.start[have..have + part.len()].copy_from_slice(part);
        *bytes = rest;
        self.have += part.len() as u8;
        if usize::from(self.have) < HEADER {
            return Ok(None);
        }
        self.have = 0;
        let header = Header::parse(self.start);
        if self.is_new && (header.kind != kind::SETTINGS || header.has(flag::ACK)) {
            return Err(Fault::NotHttp2);
        }
        self.is_new = false;
        let header = header.check()?;
        self.current = Some(header);
        self.is_begun = false;
        Ok(Some(header))
    }

    fn data<'bytes>(
        &mut self,
        header: Header,
        bytes: &mut &'bytes [u8],
    ) -> Result<Option<Piece<'bytes>>, Fault> {
        let is_first = !self.is_begun;
        if is_first {
            (self.data, self.padding) = (header.length, 0);
            if header.has(flag::PADDED) {
                if header.length > 0 && bytes.is_empty() {
                    return Ok(None);
                }
                let (padding, rest) = padding(bytes, header.length)?;
                *bytes = rest;
                self.padding = padding;
                self.data -= padding + 1;
            }
            self.is_begun = true;
        }
        let (data, rest) = bytes.split_at((self.data as usize).min(bytes.len()));
        let (padding, rest) = rest.split_at((self.padding as usize).min(rest.len()));
        *bytes = rest;
        self.data -= data.len() as u32;
        self.padding -= padding.len() as u32;
        let is_last = self.data == 0 && self.padding == 0;
        if is_last {
            self.current = None;
        } else if !is_first && data.is_empty() {
            return Ok(None);
        }
        Ok(Some(Piece::Data {
            header,
            data,
            is_first,
            is_last,
        }))
    }
}

/// The length of the padding, and what follows the octet that tells it.
fn padding(payload: &[u8], length: u32) -> Result<(u32, &[u8]), Fault> {
    match payload.split_first() {
        Some((padding, rest)) if u32::from(*padding) < length => Ok((u32::from(*padding), rest)),
        _ => Err(Fault::Violation(
            Code::PROTOCOL_ERROR,
            "the padding of a frame is longer than the frame",
        )),
    }
}

/// The fragment of a header block in a HEADERS frame, without padding and priority.
pub(super) fn fragment(header: Header, payload: &[u8]) -> Result<&[u8], Fault> {
    let mut fragment = payload;
    let mut behind = 0;
    if header.has(flag::PADDED) {
        let (length, rest) = padding(payload, header.length)?;
        (fragment, behind) = (rest, length as usize);
    }
    let before = if header.has(flag::PRIORITY) { 5 } else { 0 };
    if before + behind > fragment.len() {
        return Err(Fault::Violation(
            Code::PROTOCOL_ERROR,
            "the padding of a frame is longer than the frame",
        ));
    }
    Ok(&fragment[before..fragment.len() - behind])
}

/// Four octets at a place of a payload whose length was checked, without a reserved bit.
pub(super) fn number(payload: &[u8]) -> u32 {
    let octets = payload.first_chunk().copied().unwrap_or_default();
    u32::from_be_bytes(octets)
}

pub(super) fn write_header(header: Header, out: &mut Vec<u8>) {
    let [_, high, middle, low] = header.length.to_be_bytes();
    out.extend_from_slice(&[high, middle, low, header.kind, header.flags]);
    out.extend_from_slice(&header.stream.to_be_bytes());
}

/// A frame with a payload of a few octets.
pub(super) fn write(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    let header = Header {
        length: payload.len() as u32,
        kind,
        flags,
        stream,
    };
    write_header(header, out);
    out.extend_from_slice(payload);
}
