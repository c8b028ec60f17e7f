//! The answers as a markdown document that people read and edit: `- key: value` is an answer, all other
//! lines are theirs. An edit replaces one value and leaves every other byte where it is.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::question::{ForcingQuestion, choices};
use super::session::State;
use crate::decide::input::{Answers, Expected, Given, Input, Kind, Origin, Value};
use crate::decide::profile::unexpected;
use crate::diagnostic::{Diagnostic, Related};
use crate::redact;
use crate::text::{SourceFile, Span, suggest};

/// The line that makes a file one of answers.
pub const MARKER: &str = "<!-- backsmith answers v1 -->";
const MARKER_START: &str = "<!-- backsmith answers ";
/// Asked, and nobody knows.
const UNKNOWN: &str = "unknown";

/// What a sheet says of an input.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// Not asked yet.
    Open,
    Unknown,
    Known(Value),
}

impl Recorded {
    /// As people write it; `unknown` and `?` say that nobody knows.
    pub fn parse(input: Input, text: &str) -> Result<Self, Expected> {
        if is_reserved(text.trim()) {
            return Ok(Self::Unknown);
        }
        input.parse(text).map(Self::Known)
    }
}

/// A sheet and where its answers stand.
#[derive(Clone, Debug)]
pub struct AnswerSheet {
    file: Arc<SourceFile>,
    entries: BTreeMap<Input, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    recorded: Recorded,
    /// From 1.
    line: usize,
    /// All that follows the colon, up to the end of the line.
    rest: Range<usize>,
}

impl AnswerSheet {
    /// Every question, no answer.
    pub fn blank(name: &str) -> Self {
        let file = SourceFile::new(name, blank_text());
        Self::read(&file).expect("a test holds that the blank sheet reads")
    }

    /// Whether a text may be replaced by a sheet: it is one, or there is nothing in it.
    pub fn is_ours(text: &str) -> bool {
        text.trim().is_empty() || text.lines().any(|line| line.starts_with(MARKER_START))
    }

    /// Reads a sheet, or says everything that is wrong with it. An empty file is a blank sheet.
    pub fn read(file: &Arc<SourceFile>) -> Result<Self, Vec<Diagnostic>> {
        let (sheet, mut faults) = Self::parse(file)?;
        faults.extend(sheet.falling_latencies());
        if faults.is_empty() {
            Ok(sheet)
        } else {
            Err(faults)
        }
    }

    /// What could be read, and each fault of a line.
    fn parse(file: &Arc<SourceFile>) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        if file.text.trim().is_empty() {
            return Ok((Self::blank(&file.name), Vec::new()));
        }
        let mut reader = Reader {
            file,
            entries: BTreeMap::new(),
            faults: Vec::new(),
            is_marked: false,
        };
        reader.read();
        let Reader {
            entries,
            faults,
            is_marked,
            ..
        } = reader;
        if !is_marked {
            let first = file.text.find('\n').unwrap_or(file.text.len());
            let fault = Diagnostic::error("no-answers-file", "this is no file of answers");
            return Err(vec![
                fault
                    .at(Span::new(file, 0..first))
                    .help(format!("such a file has the line `{MARKER}`")),
            ]);
        }
        let sheet = Self {
            file: Arc::clone(file),
            entries,
        };
        Ok((sheet, faults))
    }

    pub fn text(&self) -> &str {
        &self.file.text
    }

    /// The line of an input, from 1, where it has one.
    pub fn line(&self, input: Input) -> Option<usize> {
        self.entries.get(&input).map(|entry| entry.line)
    }

    /// What is known, each answer with the line that it stands in.
    pub fn state(&self) -> State {
        let mut state = State::default();
        for (input, entry) in &self.entries {
            match &entry.recorded {
                Recorded::Open => {}
                Recorded::Unknown => {
                    state.unknown.insert(*input);
                }
                Recorded::Known(value) => {
                    let origin = Origin::File {
                        name: self.file.name.clone(),
                        line: entry.line,
                    };
                    let value = value.clone();
                    state.inputs.insert(*input, Given { value, origin });
                }
            }
        }
        state
    }

    /// The same sheet with some answers changed; only all of them together must make sense.
    pub fn with(&self, changes: &[(Input, Recorded)]) -> Result<Self, Vec<Diagnostic>> {
        let mut sheet = self.clone();
        for (input, recorded) in changes {
            let text = sheet.edited(*input, recorded);
            let file = SourceFile::new(self.file.name.clone(), text);
            (sheet, _) = Self::parse(&file)?;
        }
        Self::read(&sheet.file)
    }

    /// The text with one value replaced, or with a line for it where there was none.
    fn edited(&self, input: Input, recorded: &Recorded) -> String {
        let mut text = self.file.text.clone();
        let value = written(recorded);
        if let Some(entry) = self.entries.get(&input) {
            text.replace_range(entry.rest.clone(), &value);
            return text;
        }
        let line = format!("- {}:{value}\n", input.key());
        let question = ForcingQuestion::of(input);
        let neighbours = self
            .entries
            .iter()
            .filter(|(other, _)| ForcingQuestion::of(**other) == question);
        let last = neighbours.map(|(_, entry)| entry.rest.end).max();
        let at = last.map_or(text.len(), |end| {
            text[end..].find('\n').map_or(text.len(), |at| end + at + 1)
        });
        let starts_a_line = at == 0 || text[..at].ends_with('\n');
        text.insert_str(
            at,
            &if starts_a_line {
                line
            } else {
                format!("\n{line}")
            },
        );
        text
    }

    fn falling_latencies(&self) -> Vec<Diagnostic> {
        let answers = Answers::from(&self.state().inputs);
        let span = |input: Input| {
            let range = self.entries.get(&input).map(|entry| entry.rest.clone());
            Span::new(&self.file, trimmed(&self.file.text, range.unwrap_or(0..0)))
        };
        answers
            .falling_latencies()
            .into_iter()
            .map(|[(lower, low), (higher, high)]| {
                let message = format!("`{}` {high} is below `{}` {low}", higher.key(), lower.key());
                Diagnostic::error("invalid-input", message)
                    .at(span(higher))
                    .related(Related::new(span(lower), "must not be above it"))
            })
            .collect()
    }
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    entries: BTreeMap<Input, Entry>,
    faults: Vec<Diagnostic>,
    is_marked: bool,
}

impl Reader<'_> {
    fn read(&mut self) {
        let file = Arc::clone(self.file);
        let mut block = Block::Prose;
        let mut start = 0;
        for (at, line) in file.text.split_inclusive('\n').enumerate() {
            let content = line.trim_end_matches(['\n', '\r']);
            let range = start..start + content.len();
            start += line.len();
            match &block {
                Block::Prose => {
                    if let Some(opened) = Block::opened_by(content, &range) {
                        block = opened;
                    } else if content.starts_with(MARKER_START) {
                        self.marker(content, range);
                    } else {
                        self.line(at + 1, range);
                    }
                }
                open => {
                    if open.is_closed_by(content) {
                        block = Block::Prose;
                    }
                }
            }
        }
        let (what, end, opening) = match block {
            Block::Prose => return,
            Block::Code { opening, .. } => ("code block", "its fence", opening),
            Block::Comment { opening } => ("comment", "`-->`", opening),
        };
        let message = format!("this {what} does not end, so what follows is not read");
        let fault = Diagnostic::error("invalid-input", message);
        let fault = fault.at(Span::new(&file, opening));
        self.faults.push(fault.help(format!("close it with {end}")));
    }

    fn marker(&mut self, content: &str, range: Range<usize>) {
        self.is_marked = true;
        if content.trim_end() != MARKER {
            let message = "this version of backsmith reads answers of version 1";
            let fault = Diagnostic::error("invalid-input", message);
            self.faults.push(fault.at(Span::new(self.file, range)));
        }
    }

    /// `- key: value`, or prose.
    fn line(&mut self, number: usize, line: Range<usize>) {
        let file = self.file;
        let content = &file.text[line.clone()];
        let Some(key) = key_of(content) else {
            return;
        };
        let name = &content[key.clone()];
        let key_span = Span::new(file, line.start + key.start..line.start + key.end);
        let Some(input) = Input::named(name) else {
            let help = suggest::nearest(name, Input::keys()).map_or_else(
                || "a remark goes into a line without `name:`, or after `>`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let fault = Diagnostic::error("unknown-key", format!("`{name}` is no input"));
            self.faults.push(fault.at(key_span).help(help));
            return;
        };
        if let Some(first) = self.entries.get(&input) {
            let place = trimmed(&file.text, first.rest.clone());
            let fault = Diagnostic::error("invalid-input", format!("`{name}` stands here twice"));
            let first = Related::new(Span::new(file, place), "first answered");
            self.faults.push(fault.at(key_span).related(first));
            return;
        }
        let colon = line.start + key.end + content[key.end..].find(':').unwrap_or_default();
        let rest = colon + 1..line.end;
        let value = trimmed(&file.text, rest.clone());
        match recorded(input, &file.text[value.clone()]) {
            Ok(recorded) => {
                let entry = Entry {
                    recorded,
                    line: number,
                    rest,
                };
                self.entries.insert(input, entry);
            }
            Err(fault) => self.faults.push(fault(Span::new(file, value))),
        }
    }
}

/// What a line may be inside of.
enum Block {
    Prose,
    Code {
        fence: String,
        opening: Range<usize>,
    },
    Comment {
        opening: Range<usize>,
    },
}

impl Block {
    fn opened_by(line: &str, range: &Range<usize>) -> Option<Self> {
        let opening = range.clone();
        let line = line.trim_start();
        let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'));
        if let Some(mark) = mark {
            let fence: String = line.chars().take_while(|letter| *letter == mark).collect();
            // "``` like this ```" is code within a line.
            let inline = mark == '`' && line[fence.len()..].contains('`');
            return (fence.len() >= 3 && !inline).then_some(Self::Code { fence, opening });
        }
        let is_open = line.starts_with("<!--") && !line.contains("-->");
        is_open.then_some(Self::Comment { opening })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        match self {
            Self::Prose => false,
            Self::Code { fence, .. } => {
                let line = line.trim();
                let mark = &fence[..1];
                line.len() >= fence.len() && line.trim_start_matches(mark).is_empty()
            }
            Self::Comment { .. } => line.contains("-->"),
        }
    }
}

/// Where the key stands in a line of the form `- key: value`.
fn key_of(line: &str) -> Option<Range<usize>> {
    let bullet = line.trim_start();
    let after = bullet
        .strip_prefix(['-', '*', '+'])
        .filter(|after| after.starts_with([' ', '\t']))?
        .trim_start();
    let start = line.len() - after.len();
    let end =
        after.find(|letter: char| !letter.is_ascii_alphanumeric() && !"_-".contains(letter))?;
    let rest = after[end..].trim_start();
    let is_address = rest.starts_with("://");
    (end > 0 && rest.starts_with(':') && !is_address).then_some(start..start + end)
}

/// A range without the blanks around its text.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    let end = (start + part.trim().len()).max(start);
    start..end
}

type Fault = Box<dyn FnOnce(Span) -> Diagnostic>;

fn recorded(input: Input, text: &str) -> Result<Recorded, Fault> {
    if text.is_empty() {
        return Ok(Recorded::Open);
    }
    if is_reserved(text) {
        return Ok(Recorded::Unknown);
    }
    let text = if text.starts_with('"') {
        match serde_json::from_str::<String>(text) {
            Ok(text) => text,
            Err(_) => {
                return Err(Box::new(|span| {
                    let message = "a text in quotes ends with a quote; a quote in it is `\\\"`";
                    Diagnostic::error("invalid-input", message).at(span)
                }));
            }
        }
    } else {
        text.to_owned()
    };
    match input.parse(&text) {
        Ok(value) => Ok(Recorded::Known(value)),
        Err(expected) => Err(Box::new(move |span| {
            let shown = redact::in_place(&text);
            let mut fault = unexpected(&shown, input.key(), expected, span);
            fault.code = "invalid-input";
            fault
        })),
    }
}

/// Words that say that nobody knows.
fn is_reserved(text: &str) -> bool {
    text == "?" || text.eq_ignore_ascii_case(UNKNOWN)
}

/// What follows the colon.
fn written(recorded: &Recorded) -> String {
    match recorded {
        Recorded::Open => String::new(),
        Recorded::Unknown => format!(" {UNKNOWN}"),
        Recorded::Known(Value::Text(text)) if needs_quotes(text) => {
            format!(" {}", serde_json::Value::from(text.as_str()))
        }
        Recorded::Known(value) => format!(" {}", value.written()),
    }
}

fn needs_quotes(text: &str) -> bool {
    is_reserved(text)
        || text.starts_with('"')
        || text.trim() != text
        || text.chars().any(char::is_control)
}

fn blank_text() -> String {
    let mut text = format!(
        "# Backend grill\n\n{MARKER}\n\n\
         Seven questions that decide a backend's shape. An answer stands after the colon of its line;\n\
         `{UNKNOWN}` says that nobody knows, and nothing that it is still to be asked. All other lines are\n\
         yours. `backsmith decide --interactive --answers FILE` goes on, `backsmith decide --answers FILE`\n\
         decides.\n"
    );
    for question in ForcingQuestion::ALL {
        text.push_str(&format!(
            "\n## {} {}\n\n{}\n\n",
            question.number(),
            question.title(),
            question.ask()
        ));
        for input in question.inputs() {
            text.push_str(&format!("- {}:\n  - {}\n", input.key(), hint(*input)));
        }
    }
    text
}

/// What an answer looks like, in one line that is no answer itself.
fn hint(input: Input) -> String {
    let words: Vec<&str> = choices(input).into_iter().map(|(word, _)| word).collect();
    let help = input.describe().help;
    match input.kind() {
        Kind::Choice(_) => format!("{} ({})", input.describe().question, words.join(", ")),
        Kind::Switch => format!("{} ({})", input.describe().question, words.join(" or ")),
        _ => help.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<AnswerSheet, Vec<String>> {
        AnswerSheet::read(&SourceFile::new("answers.md", text)).map_err(|faults| {
            let place = |fault: &Diagnostic| {
                let start = fault.span.as_ref().expect("a place").start();
                format!("{}:{} {}", start.line, start.column, fault.message)
            };
            faults.iter().map(place).collect()
        })
    }

    fn sheet(lines: &str) -> String {
        format!("{MARKER}\n{lines}")
    }

    #[test]
    fn the_blank_sheet_has_every_input_and_no_answer() {
        let blank = AnswerSheet::blank("answers.md");
        assert_eq!(blank.state(), State::default());
        assert_eq!(blank.entries.len(), Input::ALL.len());
        assert!(AnswerSheet::is_ours(blank.text()));
    }

    #[test]
    fn faults_have_places() {
        let text = sheet(
            "- tenency: single-tenant\n  * pattern:  monolit\n- note: call Anna\n- qps_p99: 5 \r\n- qps_p99: 6\n\
             - hot_path: \"a\n- p50_ms: 9\n- p95_ms: 5\n",
        );
        assert_eq!(
            read(&text).expect_err("faults"),
            [
                "2:3 `tenency` is no input",
                "3:15 `monolit` is no value of `pattern`",
                "4:3 `note` is no input",
                "6:3 `qps_p99` stands here twice",
                "7:13 a text in quotes ends with a quote; a quote in it is `\\\"`",
                "9:11 `p95_ms` 5 is below `p50_ms` 9",
            ]
        );
        assert_eq!(
            read("- tenancy: single-tenant\n").expect_err("a fault"),
            ["1:1 this is no file of answers"]
        );
        assert_eq!(
            read(&sheet("```\n- tenancy: single-tenant\n")).expect_err("a fault"),
            ["2:1 this code block does not end, so what follows is not read"]
        );
    }

    #[test]
    fn remarks_code_and_comments_are_no_answers() {
        let text = sheet(
            "> - pattern: x\n```\n- tenancy: x\n```\n<!--\n- tenancy: x\n-->\n- see https://x.example\n\
             - https://x.example\n1. a: b\n- tenancy : single-tenant\r\n",
        );
        let state = read(&text).expect("a sheet").state();
        assert_eq!(state.inputs.len(), 1);
        assert_eq!(
            state.inputs[&Input::Tenancy].origin.to_string(),
            "answers.md:12"
        );
    }

    #[test]
    fn an_edit_leaves_everything_else_alone() {
        let text = sheet("my remark\r\n- tenancy: single-tenant  \r\n  why: one customer\r\n");
        let sheet = read(&text).expect("a sheet");
        let value = Input::Tenancy
            .parse("shared-multi-tenant")
            .expect("a value");
        let edited = sheet
            .with(&[
                (Input::Tenancy, Recorded::Known(value)),
                (Input::QpsP99, Recorded::Unknown),
            ])
            .expect("a sheet");
        assert_eq!(
            edited.text(),
            text.replace("single-tenant  ", "shared-multi-tenant") + "- qps_p99: unknown\n"
        );
    }

    fn recordings() -> impl Strategy<Value = (Input, Recorded)> {
        let inputs = proptest::sample::select(Input::ALL.to_vec());
        (
            inputs,
            any::<(u32, bool)>(),
            "\\PC{0,12}|[ \"?\\\\\n\t]{1,5}|(?i)unknown",
        )
            .prop_map(|(input, (number, unknown), text)| {
                let words: Vec<&str> = choices(input).into_iter().map(|(word, _)| word).collect();
                let typed = match input.kind() {
                    Kind::Choice(_) | Kind::Switch => {
                        words[number as usize % words.len()].to_owned()
                    }
                    Kind::Whole => (number % 1_000 + 1).to_string(),
                    Kind::Decimal => format!("{}", f64::from(number) / 7.0),
                    Kind::Percent => format!("{}", 99.0 + f64::from(number % 100) / 101.0),
                    Kind::Duration => format!("{number}m"),
                    Kind::Text => text,
                };
                match input.parse(&typed) {
                    Ok(value) if !unknown => (input, Recorded::Known(value)),
                    _ => (input, Recorded::Unknown),
                }
            })
    }

    proptest! {
        #[test]
        fn what_was_written_reads_back(edits in proptest::collection::vec(recordings(), 0..20)) {
            let mut sheet = AnswerSheet::blank("answers.md");
            let mut wanted = BTreeMap::new();
            for (input, recorded) in edits {
                // A latency that falls is refused; the sheet stays as it was.
                if let Ok(edited) = sheet.with(&[(input, recorded.clone())]) {
                    sheet = edited;
                    wanted.insert(input, recorded);
                }
            }
            let again = AnswerSheet::read(&SourceFile::new("answers.md", sheet.text())).expect("it reads");
            for (input, recorded) in wanted {
                prop_assert_eq!(&again.entries[&input].recorded, &recorded);
            }
            let cleared = Input::ALL.map(|input| (input, Recorded::Open));
            let sheet = sheet.with(&cleared).expect("it is cleared");
            let blank = AnswerSheet::blank("answers.md");
            prop_assert_eq!(sheet.text(), blank.text());
        }

        #[test]
        fn no_text_is_too_much(text in "(<!-- backsmith answers v1 -->\n)?([-*`~<>! \r\n\t\":]|--|- [a-z_]+:|qps_p99|tenancy|\\PC){0,60}") {
            if let Ok(sheet) = AnswerSheet::read(&SourceFile::new("answers.md", text)) {
                for input in Input::ALL {
                    let edited = sheet.with(&[(input, Recorded::Unknown)]).expect("it takes an answer");
                    prop_assert!(edited.state().unknown.contains(&input));
                }
            }
        }
    }
}
