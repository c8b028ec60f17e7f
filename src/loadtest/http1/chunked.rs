//! Bodies in chunks (RFC 9112, 7.1), byte by byte in the lines and in one step through the data.

use super::Fault;

/// Bytes of chunk extensions, and of trailers, that one answer may have.
const EXTRA_LIMIT: u32 = 16 * 1024;

/// Where in a chunked body the next byte lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunked {
    place: Place,
    /// While the size is read, its value so far; then the bytes of data that are left.
    size: u64,
    extra: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    SizeStart,
    Size,
    SizeBlank,
    Extension,
    SizeLineFeed,
    Data,
    DataReturn,
    DataLineFeed,
    LineStart,
    TrailerName,
    TrailerValue,
    TrailerLineFeed,
    LastLineFeed,
}

impl Chunked {
    pub(super) const fn new() -> Self {
        Self {
            place: Place::SizeStart,
            size: 0,
            extra: 0,
        }
    }

    /// Takes bytes until the body ends or they run out. Returns the rest after the end, or `None`
    /// when more is needed. `data` sees the bytes of the body itself.
    pub(super) fn take<'bytes>(
        &mut self,
        mut bytes: &'bytes [u8],
        mut data: impl FnMut(&[u8]),
    ) -> Result<Option<&'bytes [u8]>, Fault> {
        while let Some((byte, rest)) = bytes.split_first() {
            if self.place == Place::Data {
                let length =
                    usize::try_from(self.size).map_or(bytes.len(), |size| size.min(bytes.len()));
                let (part, rest) = bytes.split_at(length);
                data(part);
                self.size -= length as u64;
                if self.size == 0 {
                    self.place = Place::DataReturn;
                }
                bytes = rest;
                continue;
            }
            bytes = rest;
            if self.step(*byte)? {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// One byte outside of the data; `true` when it was the last of the body.
    fn step(&mut self, byte: u8) -> Result<bool, Fault> {
        self.place = match (self.place, byte) {
            (Place::SizeStart | Place::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                self.add_digit(byte)?;
                Place::Size
            }
            (Place::Size | Place::SizeBlank, b' ' | b'\t') => Place::SizeBlank,
            (Place::Size | Place::SizeBlank, b';') => Place::Extension,
            (Place::Size | Place::SizeBlank | Place::Extension, b'\r') => Place::SizeLineFeed,
            (Place::SizeStart | Place::Size | Place::SizeBlank, _) => {
                return Err(Fault::Chunk("its size is not a hexadecimal number"));
            }
            (Place::Extension, b'\n') => {
                return Err(Fault::Chunk("a line feed without a carriage return"));
            }
            (Place::Extension, _) => {
                self.count_extra("its extensions are longer than 16 KiB")?;
                Place::Extension
            }
            (Place::SizeLineFeed, b'\n') if self.size == 0 => {
                self.extra = 0;
                Place::LineStart
            }
            (Place::SizeLineFeed, b'\n') | (Place::Data, _) => Place::Data,
            (Place::DataReturn, b'\r') => Place::DataLineFeed,
            (Place::DataLineFeed, b'\n') => Place::SizeStart,
            (Place::DataReturn | Place::DataLineFeed, _) => {
                return Err(Fault::Chunk("its data is longer than its size"));
            }
            (Place::LineStart, b'\r') => Place::LastLineFeed,
            (Place::LineStart | Place::TrailerName, _) if is_name(byte) => {
                self.count_extra("its trailers are longer than 16 KiB")?;
                Place::TrailerName
            }
            (Place::TrailerName, b':') => Place::TrailerValue,
            (Place::LineStart | Place::TrailerName, _) => {
                return Err(Fault::Chunk("a trailer is no header line"));
            }
            (Place::TrailerValue, b'\r') => Place::TrailerLineFeed,
            (Place::TrailerValue, b'\t' | b' '..=b'~' | 0x80..) => {
                self.count_extra("its trailers are longer than 16 KiB")?;
                Place::TrailerValue
            }
            (Place::TrailerValue, _) => {
                return Err(Fault::Chunk("a trailer holds a control character"));
            }
            (Place::TrailerLineFeed, b'\n') => Place::LineStart,
            (Place::LastLineFeed, b'\n') => return Ok(true),
            (Place::SizeLineFeed | Place::TrailerLineFeed | Place::LastLineFeed, _) => {
                return Err(Fault::Chunk("a carriage return without a line feed"));
            }
        };
        Ok(false)
    }

    fn add_digit(&mut self, byte: u8) -> Result<(), Fault> {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            _ => (byte | 0x20) - b'a' + 10,
        };
        if self.size >> 60 != 0 {
            return Err(Fault::Chunk("its size is beyond 64 bits"));
        }
        self.size = self.size << 4 | u64::from(digit);
        Ok(())
    }

    fn count_extra(&mut self, fault: &'static str) -> Result<(), Fault> {
        self.extra += 1;
        if self.extra > EXTRA_LIMIT {
            return Err(Fault::Chunk(fault));
        }
        Ok(())
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
