//! What a statement asks of the rows, as queries that count and show those that stand in the way.

use crate::catalog::effect::Requirement;

/// Two queries: how many rows stand in the way, and which, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub requirement: Requirement,
    pub count: String,
    /// Shows the rows to a person.
    pub show: String,
    pub sample: Sample,
}

/// How to name some of the rows, without showing what else is in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sample {
    /// By their primary keys, which only the live database knows.
    Rows { relation: String, condition: String },
    /// A query whose first column names them.
    Query(String),
}

/// What the live database said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Rows {
        rows: i64,
        samples: Vec<String>,
    },
    /// Not found out, for this reason.
    Unknown(String),
}

pub(super) fn of(requirement: &Requirement) -> Question {
    let (relation, condition) = match requirement {
        Requirement::NoRows { relation, .. } => (relation, "true".to_owned()),
        Requirement::NotNull { relation, column } => (relation, format!("{column} IS NULL")),
        Requirement::Check {
            relation,
            expression,
            ..
        } => (relation, format!("NOT ({expression})")),
        Requirement::Fits {
            relation, misfit, ..
        } => (relation, misfit.clone()),
        Requirement::ForeignKey {
            relation,
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
            let condition = format!(
                "{} AND NOT EXISTS (SELECT FROM {referenced} r WHERE {})",
                filled.collect::<Vec<_>>().join(" AND "),
                equal.collect::<Vec<_>>().join(" AND ")
            );
            (relation, condition)
        }
        Requirement::Unique {
            relation,
            keys,
            predicate,
            nulls_distinct,
            ..
        } => {
            return duplicates(
                requirement,
                relation,
                keys,
                predicate.as_deref(),
                *nulls_distinct,
            );
        }
    };
    Question {
        requirement: requirement.clone(),
        count: format!("SELECT count(*) FROM {relation} t WHERE {condition}"),
        show: format!("SELECT * FROM {relation} t WHERE {condition}"),
        sample: Sample::Rows {
            relation: relation.clone(),
            condition,
        },
    }
}

/// Counts keys that occur more than once.
fn duplicates(
    requirement: &Requirement,
    relation: &str,
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
        "FROM {relation} t{filter} GROUP BY {} HAVING count(*) > 1",
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
    }
}
