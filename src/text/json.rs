//! JSON: read by serde_json for speed; a second scan finds places, and runs only when one is needed.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::places::Places;

/// A key that its object has already.
#[derive(Debug)]
pub(super) struct Duplicate {
    pub(super) name: String,
    pub(super) first: Range<usize>,
    pub(super) second: Range<usize>,
}

/// Whether the keys of an object are known to be different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    Unique,
    Repeated,
}

/// The value, and whether an object has a key twice (the first one counts).
pub(super) fn parse(text: &str) -> Result<(Value, bool), serde_json::Error> {
    let duplicates = Cell::new(false);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Seed(&duplicates).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((value, duplicates.get()))
}

/// The places of a text that `parse` has read, and all duplicate keys.
pub(super) fn scan(text: &str, keys: Keys) -> (Places, Vec<Duplicate>) {
    let mut scanner = Scanner {
        text,
        keys,
        at: 0,
        places: Places::default(),
        open: Vec::new(),
        duplicates: Vec::new(),
    };
    scanner.run();
    (scanner.places, scanner.duplicates)
}

struct Seed<'a>(&'a Cell<bool>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    /// Integers beyond 64 bits arrive here as well.
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(Seed(self.0))? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Seed(self.0))?;
            match map.entry(key) {
                serde_json::map::Entry::Vacant(entry) => {
                    entry.insert(value);
                }
                serde_json::map::Entry::Occupied(_) => self.0.set(true),
            }
        }
        Ok(Value::Object(map))
    }
}

struct Open<'a> {
    node: usize,
    is_object: bool,
    /// The key that waits for its value.
    key: Option<Range<usize>>,
    seen: HashMap<Cow<'a, str>, Range<usize>>,
}

struct Scanner<'a> {
    text: &'a str,
    keys: Keys,
    at: usize,
    places: Places,
    open: Vec<Open<'a>>,
    duplicates: Vec<Duplicate>,
}

impl Scanner<'_> {
    fn run(&mut self) {
        while let Some(byte) = self.text.as_bytes().get(self.at).copied() {
            match byte {
                b'{' | b'[' => self.open(byte == b'{'),
                b'}' | b']' => self.close(),
                b'"' => self.string(),
                b' ' | b'\n' | b'\r' | b'\t' | b',' | b':' => self.at += 1,
                _ => self.word(),
            }
        }
        while !self.open.is_empty() {
            self.close();
        }
    }

    fn take_key(&mut self) -> (Option<Range<usize>>, bool) {
        let Some(open) = self.open.last_mut() else {
            return (None, false);
        };
        let Some(key) = open.key.take() else {
            return (None, false);
        };
        if self.keys == Keys::Unique {
            return (Some(key), false);
        }
        let name = decode(self.text.get(key.clone()).unwrap_or_default());
        if let Some(first) = open.seen.get(&name) {
            self.duplicates.push(Duplicate {
                name: name.into_owned(),
                first: first.clone(),
                second: key.clone(),
            });
            (Some(key), true)
        } else {
            open.seen.insert(name, key.clone());
            (Some(key), false)
        }
    }

    fn open(&mut self, is_object: bool) {
        let (key, hidden) = self.take_key();
        let node = self.places.open(key, self.at);
        if hidden {
            self.places.hide(node);
        }
        self.open.push(Open {
            node,
            is_object,
            key: None,
            seen: HashMap::new(),
        });
        self.at += 1;
    }

    fn close(&mut self) {
        self.at += 1;
        if let Some(open) = self.open.pop() {
            self.places.close(open.node, self.at.min(self.text.len()));
        }
    }

    fn string(&mut self) {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        loop {
            match memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
                Some(found) if bytes[at + found] == b'\\' => at += found + 2,
                Some(found) => {
                    at += found + 1;
                    break;
                }
                None => {
                    at = bytes.len();
                    break;
                }
            }
        }
        self.at = at;
        match self.open.last_mut() {
            Some(open) if open.is_object && open.key.is_none() => open.key = Some(start..at),
            _ => self.leaf(start..at),
        }
    }

    fn word(&mut self) {
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        let end = rest
            .iter()
            .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'))
            .unwrap_or(rest.len());
        self.at = start + end.max(1);
        self.leaf(start..self.at);
    }

    fn leaf(&mut self, value: Range<usize>) {
        let (key, hidden) = self.take_key();
        let node = self.places.leaf(key, value);
        if hidden {
            self.places.hide(node);
        }
    }
}

fn decode(raw: &str) -> Cow<'_, str> {
    let plain = raw.trim_matches('"');
    if plain.contains('\\') {
        serde_json::from_str(raw).map_or(Cow::Borrowed(plain), Cow::Owned)
    } else {
        Cow::Borrowed(plain)
    }
}
