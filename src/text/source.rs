//! A named text with an index of its lines, and byte ranges in it.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A text and the name under which errors show it.
#[derive(Debug)]
pub struct SourceFile {
    pub name: String,
    pub text: String,
    /// Byte offset of the start of every `STEP`th line, found when the first place is asked for.
    marks: OnceLock<Vec<usize>>,
}

/// Lines between two marks.
const STEP: usize = 32;

impl PartialEq for SourceFile {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text
    }
}

impl Eq for SourceFile {}

/// A place as people count: line and column from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// A byte range in a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub file: Arc<SourceFile>,
    pub range: Range<usize>,
}

impl SourceFile {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            text: text.into(),
            marks: OnceLock::new(),
        })
    }

    fn marks(&self) -> &[usize] {
        self.marks.get_or_init(|| {
            let line_ends = memchr::memchr_iter(b'\n', self.text.as_bytes());
            let starts = std::iter::once(0).chain(line_ends.map(|at| at + 1));
            starts.step_by(STEP).collect()
        })
    }

    /// Where a line starts, counted from 1; nothing behind the last one.
    fn line_start(&self, line: usize) -> Option<usize> {
        let index = line.saturating_sub(1);
        let mark = *self.marks().get(index / STEP)?;
        match index % STEP {
            0 => Some(mark),
            beyond => memchr::memchr_iter(b'\n', &self.text.as_bytes()[mark..])
                .nth(beyond - 1)
                .map(|at| mark + at + 1),
        }
    }

    /// Line and column of a byte offset; offsets past the end mean the end.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let marks = self.marks();
        let mark = marks.partition_point(|start| *start <= offset) - 1;
        let between = &self.text.as_bytes()[marks[mark]..offset];
        let mut start = marks[mark];
        let mut line = mark * STEP + 1;
        for at in memchr::memchr_iter(b'\n', between) {
            start = marks[mark] + at + 1;
            line += 1;
        }
        let column = self
            .text
            .get(start..offset)
            .map_or(offset - start, |text| text.chars().count());
        Position {
            line,
            column: column + 1,
        }
    }

    /// Byte offset of a line and column, both from 1.
    pub fn offset(&self, position: Position) -> usize {
        let Some(start) = self.line_start(position.line) else {
            return self.text.len();
        };
        let line = self.text[start..].split('\n').next().unwrap_or_default();
        let within = line.char_indices().nth(position.column.saturating_sub(1));
        start + within.map_or(line.len(), |(at, _)| at)
    }
}

impl SourceFile {
    /// Byte offset of a line and of a column in bytes, both from 1, as many parsers count.
    pub fn byte_offset(&self, line: usize, column: usize) -> usize {
        let start = self.line_start(line);
        let offset = start.map_or(self.text.len(), |start| start + column.saturating_sub(1));
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

impl Span {
    pub fn new(file: &Arc<SourceFile>, range: Range<usize>) -> Self {
        Self {
            file: Arc::clone(file),
            range,
        }
    }

    pub fn start(&self) -> Position {
        self.file.position(self.range.start)
    }

    pub fn end(&self) -> Position {
        self.file.position(self.range.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_offsets_are_inverse() {
        let file = SourceFile::new("a.yaml", "ab\ncäd\n\nx");
        for offset in [0, 1, 2, 3, 4, 6, 7, 8, 9] {
            assert_eq!(
                file.offset(file.position(offset)),
                offset,
                "offset {offset}"
            );
        }
        assert_eq!(file.position(6), Position { line: 2, column: 3 });
        let file = SourceFile::new("long.yaml", "ab\n".repeat(100));
        for offset in 0..=300 {
            let position = file.position(offset);
            assert_eq!(
                (position.line, position.column),
                (offset / 3 + 1, offset % 3 + 1)
            );
            assert_eq!(file.offset(position), offset);
        }
        assert_eq!(file.byte_offset(70, 2), 208);
        assert_eq!(file.byte_offset(102, 1), 300);
    }
}
