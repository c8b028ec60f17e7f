//! The values of one request, written where the template asks for them, without an allocation.

use super::{Escape, Source};
use crate::loadtest::plan::scrambled;
use crate::loadtest::table::Table;

/// What a request takes from the counters of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    pub sequence: bool,
    pub row: bool,
    pub chance: bool,
}

impl Needs {
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            sequence: self.sequence || other.sequence,
            row: self.row || other.row,
            chance: self.chance || other.chance,
        }
    }
}

/// What was drawn for one request.
#[derive(Clone, Debug)]
pub struct Values<'run> {
    table: Option<&'run Table>,
    sequence: u64,
    row: usize,
    /// Seed of this request.
    chance: u64,
    /// Values by chance that were written.
    drawn: u64,
}

impl<'run> Values<'run> {
    /// `row` is an index of the table; `chance` a number that is another one for each request.
    pub const fn new(table: Option<&'run Table>, sequence: u64, row: usize, chance: u64) -> Self {
        Self {
            table,
            sequence,
            row,
            chance,
            drawn: 0,
        }
    }

    pub(super) fn write(&mut self, source: &Source, escape: Escape, out: &mut Vec<u8>) {
        match source {
            Source::Uuid => self.uuid(out),
            Source::Sequence => {
                let mut digits = itoa::Buffer::new();
                out.extend_from_slice(digits.format(self.sequence).as_bytes());
            }
            Source::Integer { low, high } => {
                let count = u128::from(high.abs_diff(*low)) + 1;
                let drawn = (u128::from(self.draw()) * count) >> 64;
                let mut digits = itoa::Buffer::new();
                let value = (i128::from(*low) + drawn as i128) as i64;
                out.extend_from_slice(digits.format(value).as_bytes());
            }
            Source::Column(column) => {
                let cell = self.table.map_or("", |table| table.cell(self.row, *column));
                escape.write(cell.as_bytes(), out);
            }
            Source::Fixed(value) => escape.write(value.as_bytes(), out),
        }
    }

    fn draw(&mut self) -> u64 {
        self.drawn += 1;
        scrambled(self.chance, self.drawn)
    }

    /// RFC 9562, 5.4: 122 bits by chance.
    fn uuid(&mut self, out: &mut Vec<u8>) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let all = (u128::from(self.draw()) << 64) | u128::from(self.draw());
        let all = (all & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
        for place in 0..32 {
            if matches!(place, 8 | 12 | 16 | 20) {
                out.push(b'-');
            }
            let digit = (all >> (124 - 4 * place)) & 0xf;
            out.push(DIGITS[digit as usize]);
        }
    }
}
