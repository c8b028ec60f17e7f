//! What a statement asks of the rows, as queries that count and show those that stand in the way.

use std::collections::BTreeMap;

use crate::catalog::effect::{Effect, Requirement, Source};

/// Two queries: how many rows stand in the way, and which, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub requirement: Requirement,
    pub count: String,
    /// Shows the rows to a person.
    pub show: String,
    pub sample: Sample,
    /// Why nobody can answer before the file has run.
    pub obstacle: Option<String>,
    /// Columns that the file adds are part of it.
    pub asks_for_added: bool,
}

/// How to name some of the rows, without showing what else is in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sample {
    /// By their primary keys, which only the live database knows.
    Rows {
        relation: String,
        /// Rows that have `backsmith_table` and `backsmith_row`, when the relation itself is not
        /// asked.
        mapped: Option<String>,
        condition: String,
    },
    /// A query whose first column names them.
    Query(String),
    /// Rows for which an expression is an error, among these.
    Errors {
        relation: String,
        mapped: String,
        expression: String,
    },
}

/// What the live database said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Rows {
        rows: i64,
        samples: Vec<String>,
    },
    /// Some rows are an error, in Postgres's words.
    Errors {
        message: String,
        samples: Vec<String>,
    },
    /// Not found out, for this reason.
    Unknown(String),
}

/// The questions of one statement. Conversions are asked of what was there before it, everything
/// else of what it finds.
pub(super) fn of(requirement: &Requirement, effect: &Effect) -> Question {
    let sources = match requirement {
        Requirement::Converts { .. } | Requirement::Fits { .. } => &effect.sources_before,
        _ => &effect.sources,
    };
    let relation = requirement.relation();
    // A question that speaks of nothing new is asked of the table itself.
    let mentions = |column: &str| {
        mentioned(requirement)
            .iter()
            .any(|text| names(text, column))
    };
    let source = sources
        .get(relation)
        .filter(|source| source.changed.iter().any(|column| mentions(column)));
    let rows = source.map_or(relation, |source| source.rows.as_str());
    let mut question = ask(requirement, relation, rows, sources);
    if let Some(source) = source {
        question.asks_for_added = source.added.iter().any(|column| mentions(column));
        question.obstacle = source
            .unknown
            .iter()
            .find(|(column, _)| mentions(column))
            .map(|(_, reason)| reason.clone());
    }
    question
}

/// The parts of a requirement that may name columns.
fn mentioned(requirement: &Requirement) -> Vec<&str> {
    match requirement {
        // It is about rows, whatever is in them.
        Requirement::NoRows { .. } => Vec::new(),
        Requirement::NotNull { column, .. } => vec![column],
        Requirement::Unique {
            keys, predicate, ..
        } => keys
            .iter()
            .map(String::as_str)
            .chain(predicate.as_deref())
            .collect(),
        Requirement::ForeignKey { columns, .. } => columns.iter().map(String::as_str).collect(),
        Requirement::Check { expression, .. } | Requirement::Converts { expression, .. } => {
            vec![expression]
        }
        Requirement::Fits { misfit, .. } => vec![misfit],
    }
}

/// Whether a text has a name as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

fn ask(
    requirement: &Requirement,
    relation: &str,
    rows: &str,
    sources: &BTreeMap<String, Source>,
) -> Question {
    let condition = match requirement {
        Requirement::NoRows { .. } => "true".to_owned(),
        Requirement::NotNull { column, .. } => format!("{column} IS NULL"),
        Requirement::Check { expression, .. } => format!("NOT ({expression})"),
        Requirement::Fits { misfit, .. } => misfit.clone(),
        Requirement::ForeignKey {
            columns,
            referenced,
            referenced_columns,
            ..
        } => {
            let filled = columns
                .iter()
                .map(|column| format!("t.{column} IS NOT NULL"));
            let equal = columns
                .iter()
                .zip(referenced_columns)
                .map(|(column, other)| format!("r.{other} = t.{column}"));
            let others = sources
                .get(referenced)
                .filter(|source| {
                    referenced_columns
                        .iter()
                        .any(|column| source.changed.contains(column))
                })
                .map_or(referenced.as_str(), |source| source.rows.as_str());
            format!(
                "{} AND NOT EXISTS (SELECT FROM {others} r WHERE {})",
                filled.collect::<Vec<_>>().join(" AND "),
                equal.collect::<Vec<_>>().join(" AND ")
            )
        }
        Requirement::Converts { .. } => return converts(requirement, relation, rows),
        Requirement::Unique {
            keys,
            predicate,
            nulls_distinct,
            ..
        } => {
            return duplicates(
                requirement,
                rows,
                keys,
                predicate.as_deref(),
                *nulls_distinct,
            );
        }
    };
    Question {
        requirement: requirement.clone(),
        count: format!("SELECT count(*) FROM {rows} t WHERE {condition}"),
        show: format!("SELECT * FROM {rows} t WHERE {condition}"),
        sample: Sample::Rows {
            relation: relation.to_owned(),
            mapped: (rows != relation).then(|| rows.to_owned()),
            condition,
        },
        obstacle: None,
        asks_for_added: false,
    }
}

/// Converts every value, so that Postgres itself says which it refuses.
fn converts(requirement: &Requirement, relation: &str, rows: &str) -> Question {
    let (expression, column, type_name, misfit) = match requirement {
        Requirement::Converts {
            expression,
            column,
            type_name,
            misfit,
            ..
        } => (expression, column, type_name, misfit.as_deref()),
        _ => (&String::new(), &String::new(), &String::new(), None),
    };
    let located = if rows == relation {
        format!(
            "(SELECT x.*, x.tableoid AS backsmith_table, x.ctid AS backsmith_row FROM {relation} x)"
        )
    } else {
        rows.to_owned()
    };
    let converted = format!("({expression})::{type_name}");
    let (count, show) = match misfit {
        // An assignment refuses what a cast cuts off.
        Some(misfit) => {
            let values = format!("(SELECT ({expression}) AS {column} FROM {rows} t) t");
            (
                format!("SELECT count(*) FROM {values} WHERE {misfit}"),
                format!("SELECT * FROM {values} WHERE {misfit}"),
            )
        }
        None => (
            format!("SELECT 0::int8 * count({converted}) FROM {rows} t"),
            format!("SELECT {converted} FROM {rows} t"),
        ),
    };
    Question {
        requirement: requirement.clone(),
        count,
        show,
        sample: Sample::Errors {
            relation: relation.to_owned(),
            mapped: located,
            expression: converted,
        },
        obstacle: None,
        asks_for_added: false,
    }
}

/// Counts keys that occur more than once.
fn duplicates(
    requirement: &Requirement,
    rows: &str,
    keys: &[String],
    predicate: Option<&str>,
    nulls_distinct: bool,
) -> Question {
    let mut conditions: Vec<String> = predicate
        .map(|text| format!("({text})"))
        .into_iter()
        .collect();
    if nulls_distinct {
        conditions.extend(keys.iter().map(|key| format!("({key}) IS NOT NULL")));
    }
    let filter = if conditions.is_empty() {
        String::new()
    } else {
        format!(" WHERE {}", conditions.join(" AND "))
    };
    // Parentheses keep a constant or an expression from being read as a position.
    let group: Vec<String> = keys.iter().map(|key| format!("({key})")).collect();
    let groups = format!(
        "FROM {rows} t{filter} GROUP BY {} HAVING count(*) > 1",
        group.join(", ")
    );
    let shown: Vec<String> = keys.iter().map(|key| format!("({key})::text")).collect();
    Question {
        requirement: requirement.clone(),
        count: format!("SELECT count(*) FROM (SELECT 1 {groups}) d"),
        sample: Sample::Query(format!(
            "SELECT left(concat_ws(', ', {}), 80) {groups}",
            shown.join(", ")
        )),
        show: format!("SELECT {}, count(*) {groups}", keys.join(", ")),
        obstacle: None,
        asks_for_added: false,
    }
}
