//! From shapes to candidates: equality columns first, then one range or the run of ORDER BY; partial
//! where a constant of the text is rare. What an index that exists already does is no candidate.

use std::collections::{BTreeMap, BTreeSet};

use super::Query;
use crate::catalog::plans::{Question, Questions};
use crate::catalog::statistics::{Index, Statement, Statistics, Table, quoted};
use crate::migrate::advise;
use crate::migrate::workload::{self, Condition, Key, Kind, Shape, Test, Unread, Value};

/// Statements that are asked about, those that took longest first.
const MOST_QUERIES: usize = 80;
const MOST_KEYS: usize = 4;
/// Share of the rows up to which a constant is rare enough for a partial index.
const RARE: f64 = 0.10;
/// Share up to which each of several values is rare.
const RARE_EACH: f64 = 0.02;
/// A column with more distinct values is no list of states.
const MOST_STATES: f64 = 20.0;

/// An index that may help.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    pub table: i64,
    /// As in a definition: `status`, `created_at DESC`.
    pub keys: Vec<String>,
    /// The same without directions, for names.
    pub plain_keys: Vec<String>,
    pub predicate: Option<String>,
    /// Columns of the predicate, for names.
    pub predicate_columns: Vec<String>,
    /// Only its size is asked for: no bound parameter can use it.
    pub size_only: bool,
    /// What a foreign key needs.
    pub of_foreign_key: bool,
}

/// The statements that count, the candidates, and what to ask the planner.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub queries: Vec<Query>,
    pub(super) shapes: Vec<Shape>,
    /// In the order of `questions.indexes`.
    pub candidates: Vec<Candidate>,
    pub questions: Questions,
    /// Rows that the workload writes, by table.
    pub(super) writes: BTreeMap<i64, i64>,
    pub not_understood: usize,
}

/// Looks at every statement of the workload.
pub fn plan(statistics: &Statistics, statements: &[Statement]) -> Plan {
    let mut plan = Plan::default();
    let mut found: Vec<(Statement, Shape, bool)> = Vec::new();
    for statement in statements {
        let shape = match workload::shape(&statement.query, statistics) {
            Ok(shape) => shape,
            Err(Unread::NotUnderstood) => {
                plan.not_understood += 1;
                continue;
            }
            Err(Unread::Elsewhere) => continue,
        };
        if shape.kind != Kind::Select
            && let Some(table) = shape.tables.first()
        {
            *plan.writes.entry(*table).or_default() += statement.rows;
        }
        if shape.kind != Kind::Insert {
            found.push((statement.clone(), shape, false));
        }
    }
    found.sort_by(|a, b| b.0.total_ms.total_cmp(&a.0.total_ms));
    found.truncate(MOST_QUERIES);
    found.extend(foreign_key_queries(statistics));
    for (statement, shape, of_foreign_key) in found {
        let mut wanted = candidates(statistics, &shape);
        for candidate in &mut wanted {
            candidate.of_foreign_key = of_foreign_key;
        }
        if wanted.iter().all(|candidate| candidate.size_only) {
            continue;
        }
        let mut places = Vec::new();
        for candidate in wanted {
            let size_only = candidate.size_only;
            let place = plan.place(statistics, candidate);
            if !size_only {
                places.push(place);
            }
        }
        plan.questions.questions.push(Question {
            query: statement.query.clone(),
            constants: constants(statistics, &statement, &shape).unwrap_or_default(),
            candidates: places,
        });
        plan.queries.push(Query {
            statement,
            of_foreign_key,
        });
        plan.shapes.push(shape);
    }
    plan
}

impl Plan {
    /// The candidate's place; equal ones share it.
    fn place(&mut self, statistics: &Statistics, candidate: Candidate) -> usize {
        let same = |known: &Candidate| {
            known.table == candidate.table
                && known.keys == candidate.keys
                && known.predicate == candidate.predicate
        };
        if let Some(place) = self.candidates.iter().position(same) {
            let known = &mut self.candidates[place];
            known.size_only &= candidate.size_only;
            known.of_foreign_key |= candidate.of_foreign_key;
            return place;
        }
        let table = statistics
            .table(candidate.table)
            .map(Table::quoted)
            .unwrap_or_default();
        let filter = candidate
            .predicate
            .as_ref()
            .map_or(String::new(), |predicate| format!(" WHERE {predicate}"));
        self.questions.indexes.push(format!(
            "CREATE INDEX ON {table} ({}){filter}",
            candidate.keys.join(", ")
        ));
        self.candidates.push(candidate);
        self.candidates.len() - 1
    }
}

/// The look-ups of foreign keys without an index: what a DELETE of a parent row runs.
fn foreign_key_queries(statistics: &Statistics) -> Vec<(Statement, Shape, bool)> {
    let queries = advise::foreign_keys_without_index(statistics)
        .into_iter()
        .filter_map(|key| {
            let child = statistics.table(key.table)?;
            let parent = statistics.table(key.referenced)?;
            // A key that all parts share is looked at once, on the partitioned table.
            if child.is_partition {
                return None;
            }
            let conditions: Vec<String> = key
                .columns
                .iter()
                .enumerate()
                .map(|(at, column)| format!("{} = ${}", quoted(column), at + 1))
                .collect();
            let query = format!(
                "SELECT 1 FROM {} WHERE {}",
                child.quoted(),
                conditions.join(" AND ")
            );
            let shape = workload::shape(&query, statistics).ok()?;
            let statement = Statement {
                query,
                calls: parent.deleted.max(1),
                ..Statement::default()
            };
            Some((statement, shape, true))
        });
    queries.collect()
}

fn candidates(statistics: &Statistics, shape: &Shape) -> Vec<Candidate> {
    let mut found = BTreeSet::new();
    for table in shape.tables.iter().collect::<BTreeSet<_>>() {
        let Some(table) = statistics.table(*table) else {
            continue;
        };
        if advise::is_small(table) || table.kind == "m" {
            continue;
        }
        on_table(statistics, shape, table, &mut found);
    }
    found.into_iter().collect()
}

fn on_table(
    statistics: &Statistics,
    shape: &Shape,
    table: &Table,
    found: &mut BTreeSet<Candidate>,
) {
    let mut equal: Vec<&Condition> = Vec::new();
    let mut listed: Vec<&Key> = Vec::new();
    let mut ranged: Vec<&Key> = Vec::new();
    let mut joined: Vec<&Key> = Vec::new();
    for condition in shape.conditions_on(table.id) {
        match &condition.test {
            Test::Equal(_) | Test::IsNull => equal.push(condition),
            Test::OneOf(_) => listed.push(&condition.key),
            Test::Range => ranged.push(&condition.key),
            Test::Join { .. } => joined.push(&condition.key),
            Test::Other => {}
        }
    }
    let equal_columns: Vec<String> = equal
        .iter()
        .map(|condition| condition.key.text.clone())
        .collect();
    let is_one_row = statistics.indexes_of(table.id).any(|index| {
        index.is_unique
            && index.is_valid
            && index.predicate.is_none()
            && index.keys.iter().all(|key| equal_columns.contains(key))
    });
    if is_one_row {
        return;
    }
    // The most selective first, so that the prefix serves other statements best.
    equal.sort_by(|a, b| {
        let distinct = |condition: &Condition| selectivity(statistics, table, &condition.key);
        distinct(a)
            .total_cmp(&distinct(b))
            .then_with(|| a.key.text.cmp(&b.key.text))
    });
    let mut prefix: Vec<(String, String)> = Vec::new();
    for condition in &equal {
        push(&mut prefix, &condition.key);
    }
    let order = order_run(shape, table.id);
    let mut add =
        |keys: Vec<(String, String)>, partial: Option<(String, Vec<String>)>, size_only: bool| {
            let keys: Vec<(String, String)> = keys.into_iter().take(MOST_KEYS).collect();
            if keys.is_empty() || (partial.is_none() && exists(statistics, table.id, &keys)) {
                return;
            }
            let (keys, plain_keys) = keys.into_iter().unzip();
            let (predicate, predicate_columns) = match partial {
                Some((predicate, columns)) => (Some(predicate), columns),
                None => (None, Vec::new()),
            };
            found.insert(Candidate {
                table: table.id,
                keys,
                plain_keys,
                predicate,
                predicate_columns,
                size_only,
                of_foreign_key: false,
            });
        };
    let extended = |keys: &[&Key]| {
        let mut all = prefix.clone();
        for key in keys {
            push(&mut all, key);
        }
        all
    };
    add(prefix.clone(), None, false);
    if let Some(order) = &order {
        let mut all = prefix.clone();
        all.extend(
            order
                .iter()
                .filter(|key| !prefix.iter().any(|known| known.1 == key.1))
                .cloned(),
        );
        add(all, None, false);
        if shape.limit.is_some() {
            add(order.clone(), None, false);
        }
    }
    for ranged in &ranged {
        add(extended(&[ranged]), None, false);
    }
    for listed in &listed {
        add(extended(&[listed]), None, false);
    }
    for joined in &joined {
        add(extended(&[joined]), None, false);
        let mut alone = Vec::new();
        push(&mut alone, joined);
        add(alone, None, false);
    }
    for condition in &equal {
        let others: Vec<(String, String)> = prefix
            .iter()
            .filter(|key| key.1 != condition.key.text)
            .cloned()
            .collect();
        let mut keys = others;
        keys.extend(order.iter().flatten().cloned());
        if keys.is_empty() {
            keys.extend(
                ranged
                    .iter()
                    .map(|key| (key.text.clone(), key.text.clone())),
            );
        }
        let columns = vec![condition.key.column.clone()];
        if let Some(predicate) = rare_constant(statistics, table, condition) {
            if keys.is_empty() {
                push(&mut keys, &condition.key);
            }
            add(keys, Some((predicate, columns)), false);
        } else if let Some(predicate) = rare_states(statistics, table, condition)
            && !keys.is_empty()
        {
            add(keys, Some((predicate, columns)), true);
        }
    }
}

fn push(keys: &mut Vec<(String, String)>, key: &Key) {
    if !keys.iter().any(|known| known.1 == key.text) {
        keys.push((key.text.clone(), key.text.clone()));
    }
}

/// The keys of ORDER BY with their directions, when all of them are of this table and the rows are not
/// grouped.
fn order_run(shape: &Shape, table: i64) -> Option<Vec<(String, String)>> {
    if shape.order.is_empty() || shape.projection.is_aggregate {
        return None;
    }
    let key = |order: &workload::OrderKey| {
        let mut text = order.key.text.clone();
        if order.descending {
            text.push_str(" DESC");
        }
        if let Some(nulls) = order.nulls {
            text.push(' ');
            text.push_str(nulls);
        }
        (order.table == table).then(|| (text, order.key.text.clone()))
    };
    shape.order.iter().map(key).collect()
}

/// `status = 'open'`, when the text has the constant and few rows have the value.
fn rare_constant(statistics: &Statistics, table: &Table, condition: &Condition) -> Option<String> {
    let key = &condition.key;
    if key.is_expression {
        return None;
    }
    constant_share(statistics, table, condition).filter(|share| *share <= RARE)?;
    match &condition.test {
        Test::Equal(Value::Literal(literal)) => Some(format!("{} = {literal}", key.text)),
        Test::IsNull => Some(format!("{} IS NULL", key.text)),
        _ => None,
    }
}

/// Share of the rows that have the constant of a condition, as ANALYZE counted it.
pub(super) fn constant_share(
    statistics: &Statistics,
    table: &Table,
    condition: &Condition,
) -> Option<f64> {
    let column = statistics.column(table.id, &condition.key.column)?;
    match &condition.test {
        Test::Equal(Value::Literal(literal)) => {
            let plain = literal.trim_matches('\'').replace("''", "'");
            let place = column
                .common_values
                .iter()
                .position(|value| *value == plain)?;
            column.common_shares.get(place).copied()
        }
        Test::IsNull => column.null_fraction.filter(|share| *share > 0.0),
        _ => None,
    }
}

/// `status IN ('held', 'open')`, for a bound parameter on a column of few states of which some are rare.
fn rare_states(statistics: &Statistics, table: &Table, condition: &Condition) -> Option<String> {
    let Test::Equal(Value::Parameter(_)) = condition.test else {
        return None;
    };
    let column = statistics.column(table.id, &condition.key.column)?;
    if condition.key.is_expression || !column.distinct.is_some_and(|n| n > 0.0 && n <= MOST_STATES)
    {
        return None;
    }
    let rare: Vec<(&String, f64)> = column
        .common_values
        .iter()
        .zip(column.common_shares.iter().copied())
        .filter(|(_, share)| *share <= RARE_EACH)
        .collect();
    let together: f64 = rare.iter().map(|(_, share)| share).sum();
    if rare.is_empty() || together > RARE {
        return None;
    }
    let mut values: Vec<String> = rare.iter().map(|(value, _)| literal(value)).collect();
    values.sort();
    Some(format!("{} IN ({})", condition.key.text, values.join(", ")))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Whether a valid index leads with these keys already: equality in any order, so by their set.
fn exists(statistics: &Statistics, table: i64, keys: &[(String, String)]) -> bool {
    let wanted: Vec<String> = keys.iter().map(|(_, plain)| comparable(plain)).collect();
    statistics.indexes_of(table).any(|index| {
        let leading: Vec<String> = index
            .keys
            .iter()
            .take(wanted.len())
            .map(|key| comparable(key))
            .collect();
        usable(index) && leading.len() == wanted.len() && leading == wanted
    })
}

fn usable(index: &Index) -> bool {
    index.is_valid && index.method == "btree" && index.predicate.is_none()
}

/// An expression without the casts and parentheses that Postgres adds.
fn comparable(text: &str) -> String {
    text.replace("::text", "").replace([' ', '(', ')'], "")
}

/// Share of the rows that an equality on this key leaves.
pub(super) fn selectivity(statistics: &Statistics, table: &Table, key: &Key) -> f64 {
    let rows = table.rows.max(1) as f64;
    let distinct = statistics
        .column(table.id, &key.column)
        .and_then(|column| column.distinct);
    match distinct {
        Some(number) if number > 0.0 => 1.0 / number,
        Some(share) if share < 0.0 => 1.0 / (-share * rows).max(1.0),
        // The planner's own guess is two hundred distinct values.
        _ => 1.0 / 200.0,
    }
}

/// A value for each parameter that occurs in the data, when all of them are known: the rarest common
/// value for a column of states, the rows of a call for LIMIT.
fn constants(statistics: &Statistics, statement: &Statement, shape: &Shape) -> Option<Vec<String>> {
    let mut values: BTreeMap<usize, String> = BTreeMap::new();
    for condition in &shape.conditions {
        let parameters: Vec<usize> = match &condition.test {
            Test::Equal(Value::Parameter(number)) => vec![*number],
            Test::OneOf(list) => list
                .iter()
                .filter_map(|value| match value {
                    Value::Parameter(number) => Some(*number),
                    _ => None,
                })
                .collect(),
            _ => continue,
        };
        let column = statistics.column(condition.table, &condition.key.column)?;
        if condition.key.is_expression {
            return None;
        }
        let rarest = column.common_values.last()?;
        for number in parameters {
            values.insert(number, literal(rarest));
        }
    }
    let page = (statement.rows as f64 / statement.calls.max(1) as f64)
        .ceil()
        .max(1.0) as i64;
    if let Some(Value::Parameter(number)) = shape.limit {
        values.insert(number, page.to_string());
    }
    if let Some(Value::Parameter(number)) = shape.offset {
        values.insert(number, "0".to_owned());
    }
    let highest = parameters(&statement.query);
    let all: Option<Vec<String>> = (1..=highest)
        .map(|number| values.get(&number).cloned())
        .collect();
    all.filter(|all| !all.is_empty())
}

/// The highest `$n` of a text.
fn parameters(text: &str) -> usize {
    text.split('$')
        .skip(1)
        .filter_map(|rest| {
            let end = rest
                .find(|letter: char| !letter.is_ascii_digit())
                .unwrap_or(rest.len());
            rest[..end].parse::<usize>().ok()
        })
        .max()
        .unwrap_or(0)
}
