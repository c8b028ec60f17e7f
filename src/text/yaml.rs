//! YAML 1.2 with its core scalars, anchors, aliases and merge keys, from the events of the parser.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Number, Value};

use super::document::{DEEPEST, duplicate_key, too_deep};
use super::indentation;
use super::places::Places;
use super::{SourceFile, Span};
use crate::diagnostic::Diagnostic;

/// What aliases may add to a document, in bytes of values: real documents stay far below it.
const ALIAS_LIMIT: usize = 64 << 20;

/// The value and its places; nothing when the text has no structure. An empty text is null.
pub(super) fn parse(file: &Arc<SourceFile>) -> (Option<(Value, Places)>, Vec<Diagnostic>) {
    // Each repair starts over; who needs more of them gets the fault.
    const MOST_REPAIRS: usize = 50;
    let mut text = Cow::Borrowed(file.text.as_str());
    let mut repairs = Vec::new();
    loop {
        let (parsed, mut faults, stop) = build(file, &text);
        let repaired = stop
            .filter(|_| repairs.len() < MOST_REPAIRS)
            .and_then(|at| Some((at, indentation::joined(&text, at)?)));
        let Some((at, repaired)) = repaired else {
            faults.append(&mut repairs);
            return (parsed, faults);
        };
        text = Cow::Owned(repaired);
        let message = "the lines of a quoted text must be indented deeper than its key: \
                       they are read as one line";
        let fault = Diagnostic::warning("wrong-indentation", message);
        repairs.push(fault.at(Span::new(file, at..at + 1)));
    }
}

type Built = (Option<(Value, Places)>, Vec<Diagnostic>, Option<usize>);

/// Reads a text of the file's length, and says where a text in quotes stopped it.
fn build(file: &Arc<SourceFile>, text: &str) -> Built {
    let mut builder = Builder {
        file,
        text,
        stop: None,
        offsets: Offsets::new(text),
        places: Places::default(),
        frames: Vec::new(),
        root: None,
        anchors: HashMap::new(),
        alias_weight: 0,
        faults: Vec::new(),
    };
    let read = builder.run();
    let Builder {
        root,
        places,
        faults,
        stop,
        ..
    } = builder;
    let parsed = read.map(|()| (root.unwrap_or(Value::Null), places));
    (parsed, faults, stop)
}

struct Builder<'a> {
    file: &'a Arc<SourceFile>,
    /// The file's, or the same repaired.
    text: &'a str,
    /// Where a text in quotes has lines that are not indented enough.
    stop: Option<usize>,
    offsets: Offsets<'a>,
    places: Places,
    frames: Vec<Frame>,
    root: Option<Value>,
    anchors: HashMap<usize, Anchor>,
    alias_weight: usize,
    faults: Vec<Diagnostic>,
}

struct Anchor {
    value: Value,
    node: usize,
}

struct Frame {
    node: usize,
    anchor: usize,
    contents: Contents,
}

enum Contents {
    Sequence(Vec<Value>),
    Mapping {
        map: Map<String, Value>,
        key: Option<Key>,
        merges: Vec<(Value, usize)>,
    },
    /// A mapping or sequence where a key should be.
    Key,
}

struct Key {
    name: String,
    range: Range<usize>,
    /// An unquoted `<<`.
    merges: bool,
}

impl Builder<'_> {
    /// `None`: stopped at a fault that leaves no structure.
    fn run(&mut self) -> Option<()> {
        let mut parser = Parser::new_from_str(self.text);
        let mut documents = 0;
        while let Some(event) = parser.next_event() {
            let (event, span) = match event {
                Ok(event) => event,
                Err(error) => {
                    let start = self.offsets.byte(error.marker().index());
                    if error.info() == indentation::FAULT {
                        self.stop = Some(start);
                    }
                    self.fault("invalid-yaml", error.info().to_owned(), start..start);
                    return None;
                }
            };
            let start = self.offsets.byte(span.start.index());
            let range = start..self.offsets.byte(span.end.index()).max(start);
            match event {
                Event::Nothing | Event::StreamStart | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        self.fault(
                            "several-documents",
                            "a second document starts here; one is read".to_owned(),
                            range,
                        );
                        break;
                    }
                }
                Event::Alias(anchor) => self.alias(anchor, range)?,
                Event::Scalar(text, style, anchor, tag) => {
                    self.scalar(&text, style, anchor, tag.as_deref(), range);
                }
                Event::SequenceStart(anchor, _) => {
                    self.open(anchor, range, Contents::Sequence(Vec::new()))?;
                }
                Event::MappingStart(anchor, _) => {
                    let contents = Contents::Mapping {
                        map: Map::new(),
                        key: None,
                        merges: Vec::new(),
                    };
                    self.open(anchor, range, contents)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(range.end)?,
            }
        }
        Some(())
    }

    fn open(&mut self, anchor: usize, range: Range<usize>, contents: Contents) -> Option<()> {
        if self.frames.len() >= DEEPEST {
            self.faults.push(too_deep(Span::new(self.file, range)));
            return None;
        }
        let contents = if self.waits_for_key() {
            self.fault(
                "invalid-key",
                "a key must be text, not a list or a mapping".to_owned(),
                range.clone(),
            );
            // Its contents are read and dropped, so that later faults are found.
            self.set_key(Key {
                name: String::new(),
                range: range.clone(),
                merges: false,
            });
            Contents::Key
        } else if matches!(
            self.frames.last(),
            Some(Frame {
                contents: Contents::Key,
                ..
            })
        ) {
            Contents::Key
        } else {
            contents
        };
        let key = if matches!(contents, Contents::Key) {
            None
        } else {
            self.key_range()
        };
        let node = self.places.open(key, range.start);
        self.frames.push(Frame {
            node,
            anchor,
            contents,
        });
        Some(())
    }

    fn close(&mut self, end: usize) -> Option<()> {
        let Frame {
            node,
            anchor,
            contents,
        } = self.frames.pop()?;
        let value = match contents {
            Contents::Sequence(items) => Value::Array(items),
            Contents::Mapping {
                mut map, merges, ..
            } => {
                for (value, source) in merges {
                    self.merge(&mut map, &value, source);
                }
                Value::Object(map)
            }
            Contents::Key => {
                self.places.close(node, end);
                self.places.hide(node);
                return Some(());
            }
        };
        self.places.close(node, end);
        self.finish(value, node, anchor)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        range: Range<usize>,
    ) {
        if matches!(
            self.frames.last(),
            Some(Frame {
                contents: Contents::Key,
                ..
            })
        ) {
            return;
        }
        let plain = style == ScalarStyle::Plain;
        if self.waits_for_key() {
            if anchor > 0 {
                let node = self.places.leaf(None, range.clone());
                self.places.hide(node);
                self.remember(anchor, &Value::String(text.to_owned()), node);
            }
            self.set_key(Key {
                name: text.to_owned(),
                range,
                merges: plain && text == "<<",
            });
            return;
        }
        let value = match tag {
            Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
                "int" | "float" | "bool" | "null" => core_scalar(text),
                _ => Value::String(text.to_owned()),
            },
            None if plain => core_scalar(text),
            _ => Value::String(text.to_owned()),
        };
        let key = self.key_range();
        let node = self.places.leaf(key, range);
        // Only aliases can go beyond the limit here.
        let _ = self.finish(value, node, anchor);
    }

    fn alias(&mut self, anchor: usize, range: Range<usize>) -> Option<()> {
        if matches!(
            self.frames.last(),
            Some(Frame {
                contents: Contents::Key,
                ..
            })
        ) {
            return Some(());
        }
        let Some(Anchor { value, node }) = self.anchors.get(&anchor) else {
            self.fault(
                "cyclic-alias",
                "this alias stands inside of what it refers to".to_owned(),
                range,
            );
            return None;
        };
        let (value, node) = (value.clone(), *node);
        if self.waits_for_key() {
            let name = match value {
                Value::String(name) => name,
                other => other.to_string(),
            };
            self.set_key(Key {
                name,
                range,
                merges: false,
            });
            return Some(());
        }
        self.alias_weight += weight(&value);
        if self.alias_weight > ALIAS_LIMIT {
            self.fault(
                "alias-limit",
                "the aliases of this document unfold to more than 64 MiB".to_owned(),
                range,
            );
            return None;
        }
        if self.frames.len() + height(&value) > DEEPEST {
            self.fault(
                "too-deep",
                format!("this alias nests more than {DEEPEST} levels deep"),
                range,
            );
            return None;
        }
        let key = self.key_range();
        let node = self.places.repeat(node, key);
        self.finish(value, node, 0)
    }

    /// Puts a value that is complete into its parent.
    fn finish(&mut self, value: Value, node: usize, anchor: usize) -> Option<()> {
        if anchor > 0 {
            self.remember(anchor, &value, node)?;
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(value);
            return Some(());
        };
        match &mut frame.contents {
            Contents::Sequence(items) => items.push(value),
            Contents::Mapping { map, key, merges } => {
                let Some(key) = key.take() else {
                    return Some(());
                };
                if key.merges && is_mergeable(&value) {
                    self.places.hide(node);
                    merges.push((value, node));
                    return Some(());
                }
                if map.contains_key(&key.name) {
                    let index = map.keys().position(|present| *present == key.name);
                    let parent = frame.node;
                    // The parent is still open: its length is set here for the walk below.
                    self.places.hide(node);
                    self.places.close(parent, 0);
                    let first = index.and_then(|index| self.places.children(parent).nth(index));
                    let first = first.and_then(|node| self.places.found(node).key);
                    self.faults.push(duplicate_key(
                        &key.name,
                        Span::new(self.file, first.unwrap_or_default()),
                        Span::new(self.file, key.range),
                    ));
                } else {
                    map.insert(key.name, value);
                }
            }
            Contents::Key => {}
        }
        Some(())
    }

    fn remember(&mut self, anchor: usize, value: &Value, node: usize) -> Option<()> {
        // Anchors inside of anchors repeat their contents as well.
        self.alias_weight += weight(value);
        if self.alias_weight > ALIAS_LIMIT {
            let range = self.places.found(node).value;
            self.fault(
                "alias-limit",
                "the anchors of this document hold more than 64 MiB".to_owned(),
                range,
            );
            return None;
        }
        let value = value.clone();
        self.anchors.insert(anchor, Anchor { value, node });
        Some(())
    }

    /// Adds what `map` lacks; the first of several sources wins.
    fn merge(&mut self, map: &mut Map<String, Value>, source: &Value, node: usize) {
        match source {
            Value::Array(items) => {
                let nodes: Vec<usize> = self.places.children(node).collect();
                for (item, node) in items.iter().zip(nodes) {
                    self.merge(map, item, node);
                }
            }
            Value::Object(entries) => {
                let nodes: Vec<usize> = self.places.children(node).collect();
                for ((key, value), node) in entries.iter().zip(nodes) {
                    if !map.contains_key(key) {
                        let key_range = self.places.found(node).key;
                        self.places.repeat(node, key_range);
                        map.insert(key.clone(), value.clone());
                    }
                }
            }
            _ => {}
        }
    }

    fn waits_for_key(&self) -> bool {
        matches!(
            self.frames.last(),
            Some(Frame {
                contents: Contents::Mapping { key: None, .. },
                ..
            })
        )
    }

    fn set_key(&mut self, new: Key) {
        if let Some(Frame {
            contents: Contents::Mapping { key, .. },
            ..
        }) = self.frames.last_mut()
        {
            *key = Some(new);
        }
    }

    fn key_range(&self) -> Option<Range<usize>> {
        match &self.frames.last()?.contents {
            Contents::Mapping { key, .. } => key.as_ref().map(|key| key.range.clone()),
            _ => None,
        }
    }

    fn fault(&mut self, code: &'static str, message: String, range: Range<usize>) {
        let span = Span::new(self.file, range);
        self.faults.push(Diagnostic::error(code, message).at(span));
    }
}

fn is_mergeable(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().all(Value::is_object),
        _ => false,
    }
}

/// Roughly the bytes that a value takes.
fn weight(value: &Value) -> usize {
    let contents = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| 32 + key.len() + weight(value))
            .sum(),
        _ => 0,
    };
    32 + contents
}

fn height(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(height).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(height).max().unwrap_or(0),
        _ => 0,
    }
}

/// A plain scalar by the core schema. Two deviations, both for the people who write such
/// documents: digits that start with 0 (`007`, an account number) stay text, and what JSON has no
/// number for (`.inf`, `.nan`) stays text.
fn core_scalar(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

fn number(text: &str) -> Option<Number> {
    if let Some(digits) = text.strip_prefix("0x") {
        let digits_only = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        return digits_only.then(|| u64::from_str_radix(digits, 16).ok().map(Number::from))?;
    }
    if let Some(digits) = text.strip_prefix("0o") {
        let digits_only = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        return digits_only.then(|| u64::from_str_radix(digits, 8).ok().map(Number::from))?;
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let bytes = unsigned.as_bytes();
    let starts_well = match bytes {
        [b'.', second, ..] => second.is_ascii_digit(),
        [first, ..] => first.is_ascii_digit(),
        [] => false,
    };
    if !starts_well || (bytes[0] == b'0' && bytes.get(1).is_some_and(u8::is_ascii_digit)) {
        return None;
    }
    if bytes.iter().all(u8::is_ascii_digit) {
        let text = text.strip_prefix('+').unwrap_or(text);
        return text
            .parse::<u64>()
            .map(Number::from)
            .or_else(|_| text.parse::<i64>().map(Number::from))
            .ok()
            .or_else(|| Number::from_f64(text.parse().ok()?));
    }
    is_float(unsigned).then(|| Number::from_f64(text.parse().ok()?))?
}

/// `[0-9]*(\.[0-9]*)?([eE][-+]?[0-9]+)?`, the start having been looked at.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent)
        })
}

/// Byte offsets of characters: the parser counts characters.
struct Offsets<'a> {
    text: &'a str,
    /// The byte offset of every 64th character; empty when every character is a byte.
    marks: Vec<usize>,
}

impl<'a> Offsets<'a> {
    const STEP: usize = 64;

    fn new(text: &'a str) -> Self {
        let marks = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices()
                .step_by(Self::STEP)
                .map(|(at, _)| at)
                .collect()
        };
        Self { text, marks }
    }

    fn byte(&self, character: usize) -> usize {
        if self.marks.is_empty() {
            return character.min(self.text.len());
        }
        let Some(&mark) = self.marks.get(character / Self::STEP) else {
            return self.text.len();
        };
        let within = self.text[mark..].char_indices().nth(character % Self::STEP);
        within.map_or(self.text.len(), |(at, _)| mark + at)
    }
}
