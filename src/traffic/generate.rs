//! Values that a schema accepts: its examples and defaults first, then values made for its rules. What
//! is made is tested against the schema, so that a rule that is not followed here costs a value and
//! never the truth.

use fastrand::Rng;
use serde_json::{Map, Number, Value, json};

use super::rules::{Direction, Rules};
use super::text;
use crate::api::{Constraints, JsonType, Schema};

/// How much of what may be left out is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fullness {
    /// Everything, with the examples of the document.
    Shown,
    /// What is required.
    Least,
    /// Some of it, made up or one of several examples.
    Random,
}

impl Fullness {
    pub(super) const ALL: [Self; 3] = [Self::Shown, Self::Least, Self::Random];
}

/// Values of one run.
pub(super) struct Generator<'r, 'a> {
    rules: &'r Rules<'a>,
    random: Rng,
    /// Values in the one that is being made, those that were thrown away among them.
    made: usize,
}

/// How often a value is made before the schema counts as one that cannot be served.
const ATTEMPTS: usize = 40;
/// Schemas in schemas; what may be left out is, below.
const DEEP: usize = 6;
const DEEPEST: usize = 24;
/// Values in one: from here on what may be left out is, and from there on none is made.
const MANY: usize = 5_000;
const MOST: usize = 200_000;

impl<'r, 'a> Generator<'r, 'a> {
    pub(super) fn new(rules: &'r Rules<'a>, seed: u64) -> Self {
        Self {
            rules,
            random: Rng::with_seed(seed),
            made: 0,
        }
    }

    /// A value that the schema accepts and that can be sent, or what the schema says to the last one
    /// that was made.
    pub(super) fn valid(
        &mut self,
        schema: &Schema,
        example: Option<&Value>,
        fullness: Fullness,
        is_sendable: &dyn Fn(&Value) -> bool,
    ) -> Result<Value, String> {
        let accepts = |value: &Value| {
            self.rules.accepts(schema, Direction::Request, value) && is_sendable(value)
        };
        let shows = match fullness {
            Fullness::Shown => true,
            Fullness::Least => false,
            Fullness::Random => example.is_some() && self.random.bool(),
        };
        if let Some(example) = example.filter(|example| shows && accepts(example)) {
            return Ok(example.clone());
        }
        let mut last = None;
        for attempt in 0..ATTEMPTS {
            // An example in the document may be wrong; then nothing is taken from examples.
            let fullness = match fullness {
                Fullness::Shown if attempt > ATTEMPTS / 2 => Fullness::Random,
                other => other,
            };
            self.made = 0;
            let Some(value) = self.value(schema, fullness, 0, attempt) else {
                if self.made >= MOST {
                    last = Some("a value of its schema grows without end".to_owned());
                    break;
                }
                continue;
            };
            let breaches = self.rules.breaches(schema, Direction::Request, &value, 1);
            match breaches.and_then(|mut breaches| breaches.pop()) {
                None if is_sendable(&value) => return Ok(value),
                None => last = Some("its style has no form for such a value".to_owned()),
                Some(breach) => last = Some(breach.message),
            }
        }
        Err(last.unwrap_or_else(|| "no value satisfies its schema".to_owned()))
    }

    /// Whether what may be left out is there this time.
    pub(super) fn adds(&mut self, fullness: Fullness) -> bool {
        match fullness {
            Fullness::Shown => true,
            Fullness::Least => false,
            Fullness::Random => self.random.bool(),
        }
    }

    fn value(
        &mut self,
        schema: &Schema,
        fullness: Fullness,
        depth: usize,
        attempt: usize,
    ) -> Option<Value> {
        if depth > DEEPEST || self.made >= MOST {
            return None;
        }
        self.made += 1;
        let rules = self.rules;
        let random = &mut self.random;
        // The first alternative first, the others when it does not do.
        let mut choice = |number: usize| match (fullness, attempt) {
            (Fullness::Random, _) => random.usize(..number),
            (_, attempt) => (attempt / 2) % number,
        };
        let flat = rules.flat(schema, &mut choice)?;
        if let Some(constant) = &flat.constant {
            return Some(constant.clone());
        }
        // What a document shows is closer to what a server has than anything that is made up.
        if fullness == Fullness::Random && !flat.examples.is_empty() && self.random.bool() {
            let index = self.random.usize(..flat.examples.len());
            if rules.accepts(schema, Direction::Request, &flat.examples[index]) {
                return Some(flat.examples[index].clone());
            }
        }
        if fullness != Fullness::Random && attempt < ATTEMPTS / 2 {
            let shown = flat.examples.first().or(flat.default.as_ref());
            if let Some(shown) = shown
                && (fullness == Fullness::Shown || !shown.is_object())
                && rules.accepts(schema, Direction::Request, shown)
            {
                return Some(shown.clone());
            }
        }
        if let Some(values) = &flat.enumeration {
            let index = if fullness == Fullness::Random || attempt > 0 {
                self.random.usize(..values.len().max(1))
            } else {
                0
            };
            return values.get(index).cloned();
        }
        match Self::kind(&flat, depth)? {
            JsonType::Null => Some(Value::Null),
            JsonType::Boolean => Some((fullness != Fullness::Random || self.random.bool()).into()),
            JsonType::Integer => self.integer(&flat),
            JsonType::Number => self.number(&flat),
            JsonType::String => text::string(&flat, &mut self.random).map(Value::String),
            JsonType::Array => self.array(&flat, fullness, depth, attempt),
            JsonType::Object => self.object(&flat, fullness, depth, attempt),
        }
    }

    /// Whether what may be left out is made.
    const fn has_room(&self, depth: usize) -> bool {
        depth <= DEEP && self.made < MANY
    }

    /// The type to make: the first that is not null, null where it is deep.
    fn kind(flat: &Constraints, depth: usize) -> Option<JsonType> {
        if flat.types.is_empty() {
            return Some(implied(flat));
        }
        let is_null = |kind: &&JsonType| **kind == JsonType::Null;
        if depth > DEEP && flat.types.iter().any(|kind| is_null(&kind)) {
            return Some(JsonType::Null);
        }
        let first = flat.types.iter().find(|kind| !is_null(kind));
        first.or_else(|| flat.types.first()).copied()
    }

    fn integer(&mut self, flat: &Constraints) -> Option<Value> {
        let (low, high) = bounds(flat);
        let (low, high) = (low.ceil(), high.floor());
        if low > high {
            return None;
        }
        let step = flat.multiple_of.as_ref().and_then(Number::as_f64);
        let value = match step {
            Some(step) if step.fract() == 0.0 && step >= 1.0 => self.multiple(low, high, step)?,
            _ => self.random.i64(low as i64..=high as i64) as f64,
        };
        Some(json!(value as i64))
    }

    fn number(&mut self, flat: &Constraints) -> Option<Value> {
        let (low, high) = bounds(flat);
        if low > high {
            return None;
        }
        let value = match flat.multiple_of.as_ref().and_then(Number::as_f64) {
            Some(step) if step > 0.0 => {
                let value = self.multiple(low, high, step)?;
                // 3 times 0.1 is 0.30000000000000004 to a computer.
                let digits = format!("{step}")
                    .split_once('.')
                    .map_or(0, |(_, tail)| tail.len());
                format!("{value:.digits$}").parse().ok()?
            }
            _ => {
                let value = low + self.random.f64() * (high - low);
                let rounded = (value * 100.0).round() / 100.0;
                if (low..=high).contains(&rounded) {
                    rounded
                } else {
                    value
                }
            }
        };
        Number::from_f64(value).map(Value::Number)
    }

    fn multiple(&mut self, low: f64, high: f64, step: f64) -> Option<f64> {
        let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
        (first <= last).then(|| self.random.i64(first..=last) as f64 * step)
    }

    fn array(
        &mut self,
        flat: &Constraints,
        fullness: Fullness,
        depth: usize,
        attempt: usize,
    ) -> Option<Value> {
        /// Longer lists are only made when the schema demands them.
        const LONG: u64 = 10_000;
        let least = flat.min_items.unwrap_or(0);
        let wanted = match fullness {
            Fullness::Shown if self.has_room(depth) => least.max(1),
            Fullness::Random if self.has_room(depth) => least + self.random.u64(0..3),
            _ => least,
        };
        let needed = match &flat.contains {
            Some(_) => flat.min_contains.unwrap_or(1),
            None => 0,
        };
        let length = wanted
            .max(needed)
            .max((flat.prefix_items.len() as u64).min(flat.max_items.unwrap_or(u64::MAX)))
            .min(flat.max_items.unwrap_or(u64::MAX));
        if length > LONG {
            return None;
        }
        let mut items: Vec<Value> = Vec::new();
        for index in 0..length {
            let schema = match (flat.prefix_items.get(index as usize), &flat.contains) {
                (Some(schema), _) => schema,
                (None, Some(schema)) if index < needed => schema,
                _ => flat.items.as_ref().unwrap_or(&Schema::Anything),
            };
            let mut made = None;
            for again in 0..ATTEMPTS {
                // The same example twice is not unique.
                let fullness = if again > 0 {
                    Fullness::Random
                } else {
                    fullness
                };
                // What cannot be made at all is not tried again: in lists of lists each level would
                // multiply the attempts. The next attempt of the whole value makes another choice.
                let Some(value) = self.value(schema, fullness, depth + 1, attempt + again) else {
                    break;
                };
                if !flat.unique_items || !items.contains(&value) {
                    made = Some(value);
                    break;
                }
            }
            match made {
                Some(value) => items.push(value),
                None if index >= least => break,
                None => return None,
            }
        }
        Some(items.into())
    }

    fn object(
        &mut self,
        flat: &Constraints,
        fullness: Fullness,
        depth: usize,
        attempt: usize,
    ) -> Option<Value> {
        let most = flat.max_properties.unwrap_or(u64::MAX) as usize;
        let mut object = Map::new();
        let add = |this: &mut Self, object: &mut Map<String, Value>, name: &str| -> Option<()> {
            let schema = flat
                .properties
                .get(name)
                .or(flat.additional_properties.as_ref())
                .unwrap_or(&Schema::Anything);
            let value = this.value(schema, fullness, depth + 1, attempt)?;
            object.insert(name.to_owned(), value);
            Some(())
        };
        for (name, schema) in &flat.properties {
            if self.rules.is_left_out(schema, Direction::Request) {
                continue;
            }
            if flat.required.contains(name) {
                add(self, &mut object, name)?;
                continue;
            }
            let wanted = self.adds(fullness);
            let still_needed = flat.required.len().saturating_sub(object.len());
            if wanted && self.has_room(depth) && object.len() + still_needed < most {
                // What cannot be made may be left out.
                add(self, &mut object, name);
            }
        }
        let unnamed: Vec<String> = flat
            .required
            .iter()
            .filter(|name| !flat.properties.contains_key(*name))
            .cloned()
            .collect();
        for name in unnamed {
            add(self, &mut object, &name)?;
        }
        let dependents: Vec<String> = flat
            .dependent_required
            .iter()
            .filter(|(name, _)| object.contains_key(*name))
            .flat_map(|(_, others)| others.clone())
            .collect();
        for name in dependents {
            if !object.contains_key(&name) {
                add(self, &mut object, &name)?;
            }
        }
        let least = flat.min_properties.unwrap_or(0) as usize;
        for name in flat.properties.keys() {
            let left_out = self
                .rules
                .is_left_out(&flat.properties[name], Direction::Request);
            if object.len() < least && !object.contains_key(name) && !left_out {
                add(self, &mut object, name);
            }
        }
        for number in 0..least.saturating_sub(object.len()).min(1_000) {
            let name = match flat.pattern_properties.keys().next() {
                Some(pattern) => super::pattern::matching(pattern, &mut self.random)?,
                None => format!("key{}", number + 1),
            };
            add(self, &mut object, &name)?;
        }
        Some(object.into())
    }
}

/// What a schema without types speaks of.
fn implied(flat: &Constraints) -> JsonType {
    let is_object = !flat.properties.is_empty()
        || !flat.required.is_empty()
        || flat.additional_properties.is_some()
        || flat.min_properties.is_some();
    let is_number = flat.minimum.is_some()
        || flat.maximum.is_some()
        || flat.exclusive_minimum.is_some()
        || flat.exclusive_maximum.is_some()
        || flat.multiple_of.is_some();
    if is_object {
        JsonType::Object
    } else if flat.items.is_some() || !flat.prefix_items.is_empty() || flat.min_items.is_some() {
        JsonType::Array
    } else if is_number {
        JsonType::Number
    } else {
        JsonType::String
    }
}

/// The range to take a number from: of the schema, else from 1 to 100 beside the limit that is there.
fn bounds(flat: &Constraints) -> (f64, f64) {
    let float = |number: &Option<Number>| number.as_ref().and_then(Number::as_f64);
    let is_integer = flat.types.contains(&JsonType::Integer);
    let step = if is_integer { 1.0 } else { 0.01 };
    let above = |limit: f64| {
        if is_integer && limit.fract() != 0.0 {
            limit.ceil()
        } else {
            limit + step
        }
    };
    let below = |limit: f64| {
        if is_integer && limit.fract() != 0.0 {
            limit.floor()
        } else {
            limit - step
        }
    };
    let low = match (
        float(&flat.minimum),
        float(&flat.exclusive_minimum).map(above),
    ) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    };
    let high = match (
        float(&flat.maximum),
        float(&flat.exclusive_maximum).map(below),
    ) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let room = float(&flat.multiple_of).unwrap_or(1.0).abs().max(1.0) * 100.0;
    match (low, high) {
        (Some(low), Some(high)) => (low, high.min(low + 1e15)),
        (Some(low), None) => (low, low + room),
        (None, Some(high)) => (
            if high >= 1.0 {
                1.0_f64.min(high)
            } else {
                high - room
            },
            high,
        ),
        (None, None) => (1.0, room),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceFile;

    /// What became of the body of the one operation, and how many values the last attempt made.
    fn body(schema: &str) -> (Result<Value, String>, usize) {
        let text = format!(
            r##"{{"openapi": "3.1.0", "info": {{"title": "T", "version": "1"}},
            "components": {{"schemas": {{"Body": {schema}}}}},
            "paths": {{"/": {{"post": {{"responses": {{"200": {{"description": "Yes"}}}},
            "requestBody": {{"required": true, "content": {{"application/json":
            {{"schema": {{"$ref": "#/components/schemas/Body"}}}}}}}}}}}}}}}}"##
        );
        let (api, findings) = crate::api::read(&SourceFile::new("api.json", text));
        let api = api.unwrap_or_else(|| panic!("{findings:?}"));
        let rules = Rules::new(&api);
        let body = api.operations[0].body.as_ref().expect("a body");
        let media = body.content.values().next().expect("JSON");
        let schema = media.schema.as_ref().expect("a schema");
        let mut generator = Generator::new(&rules, 1);
        let made = generator.valid(schema, None, Fullness::Shown, &|_| true);
        (made, generator.made)
    }

    #[test]
    fn lists_of_lists_of_what_cannot_be_ends_soon() {
        let mut schema = r#"{"type": "array", "minItems": 3, "uniqueItems": true, "items": {"type": "boolean"}}"#.to_owned();
        for _ in 0..12 {
            schema = format!(
                r#"{{"type": "array", "minItems": 2, "uniqueItems": true, "items": {schema}}}"#
            );
        }
        let (made, count) = body(&schema);
        assert!(made.is_err(), "{made:?}");
        // One value a level, and the attempts of the innermost.
        assert!(count < 200, "{count} values");
    }

    #[test]
    fn what_grows_without_end_is_left_out_or_refused() {
        let members: Vec<String> = (0..12)
            .map(|number| format!(r##""m{number}": {{"$ref": "#/components/schemas/Body"}}"##))
            .collect();
        let optional = format!(
            r#"{{"type": "object", "properties": {{"n": {{"type": "integer"}}, {}}}}}"#,
            members.join(", ")
        );
        let (made, count) = body(&optional);
        assert!(made.expect("a value").is_object());
        assert!(count < MOST, "{count} values");
        let required = r##"{"type": "array", "minItems": 3, "items":
            {"oneOf": [{"$ref": "#/components/schemas/Body"}, {"type": "integer"}]}}"##;
        let (_, count) = body(required);
        assert!(count <= MOST, "{count} values");
    }
}
