//! The head of an answer: status, and what it says about body and connection (RFC 9112, 6.3).

use std::mem::MaybeUninit;

use super::reader::Capture;
use super::{Expects, Fault, HEAD_LIMIT};

/// More header lines than this are refused.
const HEADER_LIMIT: usize = 128;

/// What a complete head says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framing {
    pub(super) status: u16,
    /// Minor version of HTTP/1.
    pub(super) version: u8,
    pub(super) body: Body,
    pub(super) closes: bool,
    /// Bytes of the head.
    pub(super) length: usize,
}

/// A complete head.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) framing: Framing,
    pub(super) capture: Option<Box<Capture>>,
}

/// How the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Length(u64),
    Chunked,
    UntilClose,
}

/// Reads a head at the start of `bytes`, and captures it if `wants` says so for its status; `None`
/// when it is not complete yet.
pub(super) fn parse(
    bytes: &[u8],
    expects: Expects,
    wants: impl FnOnce(u16) -> bool,
) -> Result<Option<Head>, Fault> {
    let mut lines = [const { MaybeUninit::uninit() }; HEADER_LIMIT];
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
        &mut response,
        bytes,
        &mut lines,
    );
    let length = match parsed {
        Ok(httparse::Status::Complete(length)) if length <= HEAD_LIMIT => length,
        Ok(httparse::Status::Partial) if bytes.len() <= HEAD_LIMIT => return Ok(None),
        Ok(_) => return Err(Fault::HeadTooLong),
        Err(error) => return Err(Fault::NotHttp(words(error))),
    };
    let status = response.code.unwrap_or_default();
    let version = response.version.unwrap_or_default();
    let fields = Fields::read(response.headers);
    let framing = Framing {
        status,
        version,
        body: fields.body(status, version, expects)?,
        closes: fields.closes(version),
        length,
    };
    Ok(Some(Head {
        framing,
        capture: wants(status).then(|| Box::new(Capture::of(response.headers))),
    }))
}

/// The header fields that frame an answer.
#[derive(Default)]
struct Fields {
    length: Option<u64>,
    bad_length: bool,
    encoded: bool,
    /// Whether `chunked` is the last encoding.
    chunked: bool,
    close: bool,
    keep_alive: bool,
}

impl Fields {
    fn read(headers: &[httparse::Header<'_>]) -> Self {
        let mut fields = Self::default();
        for header in headers {
            // The length tells most headers apart before any of their bytes are compared.
            match header.name.len() {
                14 if header.name.eq_ignore_ascii_case("content-length") => {
                    let is_bad = fields.add_length(header.value).is_none();
                    fields.bad_length |= is_bad;
                }
                17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                    fields.encoded = true;
                    let last = list(header.value).last().unwrap_or_default();
                    fields.chunked = last.eq_ignore_ascii_case(b"chunked");
                }
                10 if header.name.eq_ignore_ascii_case("connection") => {
                    for option in list(header.value) {
                        fields.close |= option.eq_ignore_ascii_case(b"close");
                        fields.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                    }
                }
                _ => {}
            }
        }
        fields
    }

    /// Several lengths are fine as long as they are equal (RFC 9110, 8.6).
    fn add_length(&mut self, value: &[u8]) -> Option<()> {
        for item in value.split(|byte| *byte == b',') {
            let length = number(item.trim_ascii())?;
            if *self.length.get_or_insert(length) != length {
                return None;
            }
        }
        Some(())
    }

    fn body(&self, status: u16, version: u8, expects: Expects) -> Result<Body, Fault> {
        if expects == Expects::NoBody || matches!(status, 100..=199 | 204 | 304) {
            return Ok(Body::Length(0));
        }
        if self.encoded {
            return match (version, self.chunked) {
                (0, _) => Err(Fault::Encoding),
                (_, true) => Ok(Body::Chunked),
                (_, false) => Ok(Body::UntilClose),
            };
        }
        // Where an encoding overrules the length, or no body comes, a wrong one does no harm.
        if self.bad_length {
            return Err(Fault::Length);
        }
        Ok(self.length.map_or(Body::UntilClose, Body::Length))
    }

    fn closes(&self, version: u8) -> bool {
        self.close || (version == 0 && !self.keep_alive)
    }
}

/// The items of a comma-separated list.
fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// Digits and nothing else.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

const fn words(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => "a malformed header name",
        httparse::Error::HeaderValue => "a malformed header value",
        httparse::Error::NewLine => "a line break in the wrong place",
        httparse::Error::Status => "a malformed status line",
        httparse::Error::Token => "an invalid character",
        httparse::Error::TooManyHeaders => "more than 128 header lines",
        httparse::Error::Version => "no HTTP/1.0 or HTTP/1.1 at its start",
    }
}
