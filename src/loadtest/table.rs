//! Rows of values for templates, read from comma-separated text (RFC 4180) with a line of names. Pure.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Related};
use crate::text::number::counted;
use crate::text::{SourceFile, Span};

/// In which order requests take the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowOrder {
    /// One after another, over all workers and shards, and again from the first.
    #[default]
    InOrder,
    Random,
}

impl RowOrder {
    pub const ALL: [Self; 2] = [Self::InOrder, Self::Random];

    pub const fn name(self) -> &'static str {
        match self {
            Self::InOrder => "in-order",
            Self::Random => "random",
        }
    }
}

/// A table of texts. All cells are one text, so that a million rows are two allocations.
#[derive(Clone, PartialEq, Eq)]
pub struct Table {
    name: String,
    columns: Vec<String>,
    text: String,
    /// Where each cell ends, row by row.
    ends: Vec<u32>,
}

/// Its cells may be secrets, so only the shape is shown.
impl std::fmt::Debug for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Table({}, {} rows)", self.name, self.rows())
    }
}

/// Faults that are shown; a file with another separator has one in each line.
const FAULTS: usize = 10;

impl Table {
    /// Reads a table; its faults with their places, but for all those after the tenth.
    pub fn parse(file: &Arc<SourceFile>) -> Result<Self, Vec<Diagnostic>> {
        if u32::try_from(file.text.len()).is_err() {
            let fault = Diagnostic::error("wrong-table", "the table is larger than 4 GiB");
            let fault = fault.at(Span::new(file, 0..0));
            return Err(vec![
                fault.help("fewer rows do: they are taken again from the first"),
            ]);
        }
        let mut reader = Reader::new(file);
        let mut columns = Vec::new();
        let names = reader.record(|name| columns.push(name.to_owned()));
        let mut faults = names_faults(file, &columns, names.as_ref());
        let mut table = Self {
            name: file.name.clone(),
            columns,
            text: String::with_capacity(file.text.len()),
            ends: Vec::new(),
        };
        while faults.len() + reader.faults.len() < FAULTS {
            let Some(record) = reader.record(|cell| {
                table.text.push_str(cell);
                table.ends.push(table.text.len() as u32);
            }) else {
                break;
            };
            if record.fields != table.columns.len() {
                let message = format!(
                    "{} where {} are named",
                    counted(record.fields, "value"),
                    counted(table.columns.len(), "column")
                );
                let span = Span::new(file, record.range);
                faults.push(Diagnostic::error("wrong-table", message).at(span));
            }
        }
        faults.extend(reader.faults);
        if faults.is_empty() && table.ends.is_empty() {
            let fault = Diagnostic::error("wrong-table", "the table has no row below its names");
            faults.push(fault.at(Span::new(file, 0..0)));
        }
        if faults.is_empty() {
            Ok(table)
        } else {
            faults.truncate(FAULTS);
            Err(faults)
        }
    }

    /// The name of its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// At least one.
    pub fn rows(&self) -> usize {
        self.ends.len() / self.columns.len()
    }

    pub fn cell(&self, row: usize, column: usize) -> &str {
        let index = row * self.columns.len() + column;
        let start = match index.checked_sub(1) {
            Some(before) => self.ends[before] as usize,
            None => 0,
        };
        &self.text[start..self.ends[index] as usize]
    }

    /// The first row (from 1) whose cell in a column holds a byte that does not fit.
    pub fn first_unfit(&self, column: usize, fits: impl Fn(u8) -> bool) -> Option<usize> {
        let unfit = |row: &usize| !self.cell(*row, column).bytes().all(&fits);
        (0..self.rows()).find(unfit).map(|row| row + 1)
    }
}

fn names_faults(
    file: &Arc<SourceFile>,
    columns: &[String],
    record: Option<&Record>,
) -> Vec<Diagnostic> {
    let span = || {
        let range = record.map_or(0..0, |record| record.range.clone());
        Span::new(file, range)
    };
    let mut faults = Vec::new();
    for (index, name) in columns.iter().enumerate() {
        let fault = if name.trim().is_empty() {
            format!("column {} has no name", index + 1)
        } else if columns[..index].contains(name) {
            format!("two columns are called `{name}`")
        } else {
            continue;
        };
        faults.push(Diagnostic::error("wrong-table", fault).at(span()));
    }
    if columns.is_empty() {
        let fault = Diagnostic::error("wrong-table", "the table is empty");
        faults.push(fault.at(span()).help("the first line names the columns"));
    }
    faults
}

/// A line of the table, which may take several lines of the file.
struct Record {
    fields: usize,
    range: std::ops::Range<usize>,
}

struct Reader<'file> {
    file: &'file Arc<SourceFile>,
    at: usize,
    cell: String,
    faults: Vec<Diagnostic>,
}

impl<'file> Reader<'file> {
    fn new(file: &'file Arc<SourceFile>) -> Self {
        Self {
            file,
            at: 0,
            cell: String::new(),
            faults: Vec::new(),
        }
    }

    /// The next line that is not empty; each cell is handed over.
    fn record(&mut self, mut take: impl FnMut(&str)) -> Option<Record> {
        let text = self.file.text.as_str();
        while text[self.at..].starts_with(['\n', '\r']) {
            self.at += 1;
        }
        if self.at >= text.len() {
            return None;
        }
        let start = self.at;
        let mut fields = 0;
        loop {
            self.cell.clear();
            if text[self.at..].starts_with('"') {
                self.quoted();
            } else {
                let rest = &text.as_bytes()[self.at..];
                let length = memchr::memchr3(b',', b'\n', b'\r', rest).unwrap_or(rest.len());
                self.cell.push_str(&text[self.at..self.at + length]);
                self.at += length;
            }
            take(&self.cell);
            fields += 1;
            if text[self.at..].starts_with(',') {
                self.at += 1;
                continue;
            }
            let line = text[start..self.at].split(['\n', '\r']).next();
            let range = start..start + line.map_or(0, str::len);
            return Some(Record { fields, range });
        }
    }

    fn quoted(&mut self) {
        let text = self.file.text.as_str();
        let open = self.at;
        self.at += 1;
        loop {
            let rest = &text[self.at..];
            let Some(quote) = rest.find('"') else {
                let fault = Diagnostic::error("wrong-table", "a quote is never closed");
                self.faults
                    .push(fault.at(Span::new(self.file, open..open + 1)));
                self.at = text.len();
                return;
            };
            self.cell.push_str(&rest[..quote]);
            self.at += quote + 1;
            if !text[self.at..].starts_with('"') {
                break;
            }
            self.cell.push('"');
            self.at += 1;
        }
        let rest = &text[self.at..];
        let after = rest.find([',', '\n', '\r']).unwrap_or(rest.len());
        if !rest[..after].trim().is_empty() {
            let place = Span::new(self.file, self.at..self.at + after);
            let fault = Diagnostic::error("wrong-table", "text follows a closing quote");
            let opened = Span::new(self.file, open..open + 1);
            let fault = fault.related(Related::new(opened, "opened here"));
            self.faults.push(
                fault
                    .at(place)
                    .help("a quote inside of quotes is written twice"),
            );
        }
        self.at += after;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Table, Vec<String>> {
        Table::parse(&SourceFile::new("t.csv", text)).map_err(|faults| {
            let line = |fault: &Diagnostic| {
                let place = fault.span.as_ref().expect("a place").start();
                format!("{}:{} {}", place.line, place.column, fault.message)
            };
            faults.iter().map(line).collect()
        })
    }

    #[test]
    fn quotes_hold_anything() {
        let table = read("a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n\r\n,\n").expect("a table");
        assert_eq!(table.rows(), 2);
        assert_eq!(table.columns(), ["a", "b"]);
        assert_eq!((table.cell(0, 0), table.cell(0, 1)), ("1", "x, \"y\"\nz"));
        assert_eq!((table.cell(1, 0), table.cell(1, 1)), ("", ""));
        assert_eq!(table.first_unfit(1, |byte| byte != b'\n'), Some(1));
        assert!(!format!("{table:?}").contains('x'));
    }

    #[test]
    fn faults_have_places() {
        for (text, wanted) in [
            ("", "1:1 the table is empty"),
            ("a,b\n", "1:1 the table has no row below its names"),
            ("a,a\n1,2\n", "1:1 two columns are called `a`"),
            ("a,\n1,2\n", "1:1 column 2 has no name"),
            ("a,b\n1,2\n3\n", "3:1 1 value where 2 columns are named"),
            ("a,b\n1,\"2\n", "2:3 a quote is never closed"),
            ("a,b\n1,\"2\"x\n", "2:6 text follows a closing quote"),
        ] {
            assert_eq!(read(text).expect_err(text), [wanted]);
        }
        let many = format!("a,b\n{}", "1\n".repeat(50));
        assert_eq!(read(&many).expect_err("faults").len(), FAULTS);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(cells in prop::collection::vec(any::<String>(), 2..20)) {
            let quoted = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
            let rows: Vec<String> = cells.iter().map(quoted).collect();
            let table = read(&format!("name\n{}\n", rows.join("\n"))).expect("a table");
            let back: Vec<&str> = (0..table.rows()).map(|row| table.cell(row, 0)).collect();
            prop_assert_eq!(back, cells);
        }

        #[test]
        fn any_text_is_a_table_or_refused(text in any::<String>()) {
            let _ = read(&text);
        }
    }
}
