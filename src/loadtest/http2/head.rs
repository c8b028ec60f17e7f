//! What the fields of a header list say about an answer, and whether they may stand there
//! (RFC 9113, 8.2 and 8.3).

use super::hpack::Field;
use crate::loadtest::http1::Capture;

/// Fields that belong to a connection of HTTP/1 (RFC 9113, 8.2.2).
const OF_A_CONNECTION: [&[u8]; 5] = [
    b"connection",
    b"keep-alive",
    b"proxy-connection",
    b"transfer-encoding",
    b"upgrade",
];

/// A list that is read field by field.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) status: Option<u16>,
    pub(super) length: Option<u64>,
    /// The first thing that is wrong; the list is read to its end all the same, for the table.
    pub(super) malformed: Option<&'static str>,
    pub(super) capture: Option<Box<Capture>>,
    is_trailer: bool,
    /// Whether a field that is no pseudo-header came.
    is_past_pseudo: bool,
}

impl Head {
    pub(super) fn new(is_trailer: bool) -> Self {
        Self {
            is_trailer,
            ..Self::default()
        }
    }

    /// `wants` says for a status whether the answer shall be captured.
    pub(super) fn take(&mut self, field: Field<'_>, wants: &mut impl FnMut(u16) -> bool) {
        if let Err(words) = self.read(field, wants) {
            self.malformed.get_or_insert(words);
        }
    }

    fn read(
        &mut self,
        field: Field<'_>,
        wants: &mut impl FnMut(u16) -> bool,
    ) -> Result<(), &'static str> {
        if field.name.first() == Some(&b':') {
            return self.read_pseudo(field, wants);
        }
        self.is_past_pseudo = true;
        if !field.is_known && !is_name(field.name) {
            return Err("a header name holds a character that is not allowed");
        }
        if !is_value(field.value) {
            return Err("a header value holds a character that is not allowed");
        }
        if OF_A_CONNECTION.contains(&field.name) {
            return Err("it has a header that HTTP/2 does not have");
        }
        if field.name == b"content-length" && !self.is_trailer {
            self.add_length(field.value)
                .ok_or("its content-length is not one number")?;
        }
        if let Some(capture) = &mut self.capture {
            capture.add_header(field.name, field.value);
        }
        Ok(())
    }

    fn read_pseudo(
        &mut self,
        field: Field<'_>,
        wants: &mut impl FnMut(u16) -> bool,
    ) -> Result<(), &'static str> {
        if field.name != b":status" || self.is_trailer {
            return Err("it has a pseudo-header that an answer does not have");
        }
        if self.is_past_pseudo {
            return Err("its status stands behind other headers");
        }
        if self.status.is_some() {
            return Err("it has two statuses");
        }
        let status = match field.value {
            &[first @ b'1'..=b'9', second, third]
                if second.is_ascii_digit() && third.is_ascii_digit() =>
            {
                [first, second, third]
                    .iter()
                    .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'))
            }
            _ => return Err("its status is not a number of three digits"),
        };
        self.status = Some(status);
        if status >= 200 && wants(status) {
            self.capture = Some(Box::default());
        }
        Ok(())
    }

    /// Several lengths are fine as long as they are equal (RFC 9110, 8.6).
    fn add_length(&mut self, value: &[u8]) -> Option<()> {
        for item in value.split(|octet| *octet == b',') {
            let digits = std::str::from_utf8(item.trim_ascii()).ok()?;
            let length = digits
                .bytes()
                .all(|digit| digit.is_ascii_digit())
                .then(|| digits.parse().ok())??;
            if *self.length.get_or_insert(length) != length {
                return None;
            }
        }
        Some(())
    }
}

/// RFC 9113, 8.2.1, with the token of RFC 9110, 5.6.2.
fn is_name(name: &[u8]) -> bool {
    let fits = |octet: &u8| {
        octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(octet)
    };
    !name.is_empty() && name.iter().all(fits)
}

/// RFC 9113, 8.2.1, with the field value of RFC 9110, 5.5.
fn is_value(value: &[u8]) -> bool {
    let is_blank = |octet: Option<&u8>| matches!(octet, Some(b' ' | b'\t'));
    let fits = |octet: &u8| (*octet >= b' ' && *octet != 0x7f) || *octet == b'\t';
    !is_blank(value.first()) && !is_blank(value.last()) && value.iter().all(fits)
}
