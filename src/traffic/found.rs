//! Ids of things that the server has, taken from its answers: what a collection lists or creates is
//! what the paths below it name. Links of the document say so outright and are followed first.

mod fields;
mod link;
mod named;

use std::collections::BTreeMap;

use serde_json::Value;

use self::link::Asked;
use super::answer::Answer;
use super::request::{Exercise, Request, at_its_place};
use super::rules::{Direction, Rules};
use crate::api::{Operation, Parameter, ParameterFormat, ParameterPlace, Style};
use crate::text::percent::percent_decoded;

/// Rows of one kind that are kept.
const ROWS: usize = 16;

/// Where the ids in the path, the query and the body of an operation come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// The parameters and members that they stand for, as the document has them.
    pub parameters: Vec<String>,
    /// How many there are; more than one parameter is one id.
    pub number: usize,
    /// "`/id` of the body of createUser".
    pub from: Vec<String>,
    /// Whether they name things that this run created.
    pub created: bool,
}

impl Ids {
    /// Adds ids of other parameters, or of another check.
    pub(super) fn add(&mut self, other: Self) {
        for (mine, theirs) in [
            (&mut self.parameters, other.parameters),
            (&mut self.from, other.from),
        ] {
            for one in theirs {
                if !mine.contains(&one) {
                    mine.push(one);
                }
            }
        }
        self.from.sort();
        // Some of them may be the same.
        self.number = self.number.max(other.number);
        self.created &= other.created;
    }
}

/// What answers showed so far.
pub struct Found<'r, 'a> {
    rules: &'r Rules<'a>,
    /// Paths that end in a parameter, without the names of their parameters.
    wanted: Vec<Wanted>,
    rows: BTreeMap<String, Vec<Row>>,
}

/// A parameter at the end of a path.
struct Wanted {
    /// `/users/{}`
    key: String,
    /// `/users`
    parent: String,
    /// `users`
    collection: String,
    parameter: String,
}

/// A thing that the server has.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    /// The parameters of its path, as plain text.
    values: Vec<String>,
    from: String,
    /// This run created it.
    created: bool,
    linked: bool,
}

impl<'r, 'a> Found<'r, 'a> {
    pub fn new(rules: &'r Rules<'a>) -> Self {
        let mut wanted: Vec<Wanted> = Vec::new();
        for operation in &rules.api.operations {
            let segments = segments(&operation.path);
            for (index, segment) in segments.iter().enumerate() {
                let Segment::Parameter(name) = segment else {
                    continue;
                };
                let key = key(&segments[..=index]);
                if !wanted.iter().any(|known| known.key == key) {
                    wanted.push(Wanted {
                        key,
                        parent: self::key(&segments[..index]),
                        collection: match index.checked_sub(1).map(|before| &segments[before]) {
                            Some(Segment::Text(text)) => (*text).to_owned(),
                            _ => String::new(),
                        },
                        parameter: (*name).to_owned(),
                    });
                }
            }
        }
        Self {
            rules,
            wanted,
            rows: BTreeMap::new(),
        }
    }

    /// Takes the ids out of an answer.
    pub fn learn(&mut self, exercise: &Exercise, request: &Request, answer: &Answer) {
        if !(200..300).contains(&answer.status) {
            return;
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        // What the server says that it made is this run's; all else may be older.
        let created = answer.status == 201 && matches!(exercise.method, "post" | "put");
        let asked = Asked {
            rules: self.rules,
            exercise,
            request,
            answer,
            body: &body,
        };
        let operation = &self.rules.api.operations[exercise.operation];
        let own = key(&segments(&operation.path));
        let outer = own_values(operation, request);
        let shown = |wanted: &Wanted| {
            let location = answer.header("location").filter(|_| created);
            fields::ids(&body, &wanted.parameter, &wanted.collection).or_else(|| {
                let id = last_segment(location?, &wanted.collection)?;
                Some((vec![id], "`Location`".to_owned()))
            })
        };
        let mut learnt = Vec::new();
        for wanted in self.wanted.iter().filter(|wanted| wanted.parent == own) {
            let Some((outer, (ids, place))) = outer.as_ref().zip(shown(wanted)) else {
                continue;
            };
            let is_one = ids.len() == 1;
            learnt.extend(ids.into_iter().map(|id| {
                let mut values = outer.clone();
                values.push(id);
                let row = Row {
                    values,
                    from: format!("{place} of {}", exercise.name),
                    created: created && is_one,
                    linked: false,
                };
                (wanted.key.clone(), row)
            }));
        }
        for (key, values, name) in asked.linked() {
            // A link may lead to something older, such as the owner of what was made.
            let is_made = learnt
                .iter()
                .any(|(known, row)| *known == key && row.values == values && row.created);
            let row = Row {
                values,
                from: format!("the link `{name}` of {}", exercise.name),
                created: is_made,
                linked: true,
            };
            self.keep(key, row);
        }
        for (key, row) in learnt {
            self.keep(key, row);
        }
    }

    /// All rows are kept, so that what is not this run's can be told.
    fn keep(&mut self, key: String, row: Row) {
        let rows = self.rows.entry(key).or_default();
        if let Some(known) = rows.iter_mut().find(|known| known.values == row.values) {
            if row.linked && !known.linked {
                // Who made it is known already.
                known.linked = true;
                known.from = row.from;
            }
            return;
        }
        if rows
            .iter()
            .filter(|known| known.linked == row.linked)
            .count()
            < ROWS
        {
            rows.push(row);
        }
    }

    /// The exercise with ids that the server has, where some are known.
    pub fn fill(&self, exercise: &mut Exercise) {
        self.fill_path(exercise);
        self.fill_named(exercise);
    }

    fn fill_path(&self, exercise: &mut Exercise) {
        let operation = &self.rules.api.operations[exercise.operation];
        let template = exercise.path.clone();
        let Some((names, rows)) = self.rows_for(operation, exercise.method) else {
            return;
        };
        let written = |row: &Row| -> Option<Vec<(String, String)>> {
            let pairs = names.iter().zip(&row.values);
            pairs
                .map(|(name, value)| {
                    let text = self.text(operation, name, value)?;
                    Some(((*name).to_owned(), text))
                })
                .collect()
        };
        let usable: Vec<(&Row, Vec<(String, String)>)> = rows
            .iter()
            .filter_map(|row| Some((*row, written(row)?)))
            .collect();
        if usable.is_empty() {
            return;
        }
        let mut valid: Vec<Request> = Vec::new();
        for (request, (_, values)) in exercise.valid.iter().zip(usable.iter().cycle()) {
            let request = request.with_path(&template, values);
            if !valid.contains(&request) {
                valid.push(request);
            }
        }
        let used = &usable[..usable.len().min(exercise.valid.len())];
        let mut from: Vec<String> = used.iter().map(|(row, _)| row.from.clone()).collect();
        from.sort();
        from.dedup();
        exercise.valid = valid;
        for (attempt, (_, values)) in exercise.invalid.iter_mut().zip(usable.iter().cycle()) {
            attempt.request = attempt.request.with_path(&template, values);
        }
        exercise.ids = Some(Ids {
            parameters: names.iter().map(|name| (*name).to_owned()).collect(),
            number: used.len(),
            from,
            created: used.iter().all(|(row, _)| row.created),
        });
    }

    /// The rows that an operation may ask for, and the parameters that they fill.
    fn rows_for<'p>(
        &self,
        operation: &'p Operation,
        method: &str,
    ) -> Option<(Vec<&'p str>, Vec<&Row>)> {
        let segments = segments(&operation.path);
        let ends = (0..segments.len()).rev();
        let (end, chosen) = ends
            .filter(|index| matches!(segments[*index], Segment::Parameter(_)))
            .find_map(|index| {
                let rows = self.usable(&key(&segments[..=index]), method)?;
                Some((index, rows))
            })?;
        let names = parameters(&segments[..=end]).collect();
        (!chosen.is_empty()).then_some((names, chosen))
    }

    /// The rows of one kind for a method; `None` where nothing is known of the kind. What deletes gets
    /// only what this run created, and what nothing else asks for; what changes something gets what
    /// the run created, as long as there is some.
    fn usable(&self, key: &str, method: &str) -> Option<Vec<&Row>> {
        let rows = self.rows.get(key).filter(|rows| !rows.is_empty())?;
        // What the document says is better than what names suggest.
        let linked = rows.iter().any(|row| row.linked);
        let rows: Vec<&Row> = rows.iter().filter(|row| row.linked == linked).collect();
        let created: Vec<&Row> = rows.iter().copied().filter(|row| row.created).collect();
        let (left, doomed) = created.split_at(created.len() - self.doomed(key, created.len()));
        Some(match method {
            "delete" => doomed.to_vec(),
            "post" | "put" | "patch" if !left.is_empty() => left.to_vec(),
            _ => rows
                .into_iter()
                .filter(|row| !doomed.contains(row))
                .collect(),
        })
    }

    /// How many of the created rows are there to be deleted.
    fn doomed(&self, key: &str, created: usize) -> usize {
        let mut operations = self.rules.api.operations.iter();
        let deletes = operations.any(|operation| {
            let path = self::key(&segments(&operation.path));
            operation.method.key() == "delete" && path.starts_with(key)
        });
        match created {
            0 | 1 => 0,
            _ if !deletes => 0,
            several => (several / 4).max(1),
        }
    }

    /// The value as the operation writes it. `None` where its schema has another idea of it.
    fn text(&self, operation: &Operation, name: &str, value: &str) -> Option<String> {
        let parameter = path_parameter(operation, name)?;
        let mut readings = readings(value).into_iter();
        let accepted = readings.find(|reading| {
            self.rules
                .accepts(parameter.schema(), Direction::Request, reading)
        })?;
        at_its_place(parameter, &accepted)
    }

    /// Leaves out what would delete a thing that an answer showed and this run did not create.
    pub fn spare(&self, exercise: &mut Exercise) {
        if exercise.method != "delete" || exercise.ids.is_some() {
            return;
        }
        let operation = &self.rules.api.operations[exercise.operation];
        let own = key(&segments(&operation.path));
        let Some(rows) = self.rows.get(&own) else {
            return;
        };
        let is_known = |request: &Request| {
            own_values(operation, request)
                .is_some_and(|values| rows.iter().any(|row| row.values == values))
        };
        exercise.valid.retain(|request| !is_known(request));
        // A server that overlooks what is wrong with these would delete it all the same.
        exercise
            .invalid
            .retain(|attempt| !is_known(&attempt.request));
    }
}

/// What the text of an id may be: a text, or a number.
fn readings(text: &str) -> Vec<Value> {
    let read = serde_json::from_str::<Value>(text).ok();
    let text = Value::String(text.to_owned());
    [text].into_iter().chain(read).collect()
}

impl Row {
    /// What its own id may be; the ids before it are those of the things around it.
    fn readings(&self) -> Vec<Value> {
        self.values.last().map_or_else(Vec::new, |id| readings(id))
    }
}

/// The values of an operation's own path parameters. `None` where one is not written plainly.
fn own_values(operation: &Operation, request: &Request) -> Option<Vec<String>> {
    parameters(&segments(&operation.path))
        .map(|name| {
            path_parameter(operation, name)?;
            let parameters = &request.path.parameters;
            let (_, text) = parameters.iter().find(|(known, _)| known == name)?;
            String::from_utf8(percent_decoded(text)).ok()
        })
        .collect()
}

/// A parameter whose text is its value.
fn path_parameter<'o>(operation: &'o Operation, name: &str) -> Option<&'o Parameter> {
    let is_plain = |parameter: &&Parameter| {
        let simple = matches!(
            parameter.format,
            ParameterFormat::Styled {
                style: Style::Simple,
                ..
            }
        );
        parameter.place == ParameterPlace::Path && parameter.name == name && simple
    };
    operation.parameters.iter().find(is_plain)
}

/// A piece of a path between two slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Segment<'p> {
    Text(&'p str),
    Parameter(&'p str),
}

fn segments(path: &str) -> Vec<Segment<'_>> {
    let pieces = path.split('/').filter(|piece| !piece.is_empty());
    pieces
        .map(|piece| {
            let inside = piece
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            match inside.filter(|name| !name.contains(['{', '}'])) {
                Some(name) => Segment::Parameter(name),
                None => Segment::Text(piece),
            }
        })
        .collect()
}

/// The names of the parameters, in their order.
fn parameters<'p>(segments: &[Segment<'p>]) -> impl Iterator<Item = &'p str> {
    segments.iter().filter_map(|segment| match segment {
        Segment::Parameter(name) => Some(*name),
        Segment::Text(_) => None,
    })
}

/// A path without the names of its parameters: `/users/{}`.
fn key(segments: &[Segment<'_>]) -> String {
    segments
        .iter()
        .flat_map(|segment| match segment {
            Segment::Text(text) => ["/", *text],
            Segment::Parameter(_) => ["/", "{}"],
        })
        .collect()
}

/// The id at the end of a `Location`, where it stands behind its collection.
fn last_segment(location: &str, collection: &str) -> Option<String> {
    let path = location.split(['?', '#']).next()?;
    let mut pieces = path.rsplit('/').filter(|piece| !piece.is_empty());
    let (id, before) = (pieces.next()?, pieces.next()?);
    let id = String::from_utf8(percent_decoded(id)).ok()?;
    (collection.is_empty() || before == collection).then_some(id)
}

#[cfg(test)]
mod tests;
