//! The operations of a description, and what was asked of the database.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::rounded;
use super::targets::by_text;
use crate::traffic::{DatabaseUse, Ids, LeftOut, OperationQueries, Survey, Surveyed, Tried};

#[derive(Debug, Serialize, JsonSchema)]
pub struct DescriptionEntry {
    pub document: String,
    pub title: String,
    pub version: String,
    /// The same seed makes the same requests.
    pub seed: u64,
    /// Whether server and document agree.
    pub agrees: bool,
    /// In the order in which they were asked.
    pub operations: Vec<OperationEntry>,
    pub left_out: Vec<LeftOutEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct OperationEntry {
    /// The operationId, or method and path.
    pub name: String,
    pub method: String,
    pub path: String,
    /// JSON pointer in the document.
    pub pointer: String,
    /// Answers to requests that keep the document's rules, by status.
    pub status_codes: IndexMap<String, u64>,
    /// Answers of the load of statuses that the document does not know.
    pub undocumented_under_load: IndexMap<String, u64>,
    /// Exchanges without an answer.
    pub failures: Vec<String>,
    pub objections: Vec<String>,
    /// Where the ids in path, query and body came from, when answers of other operations showed them.
    pub ids: Option<IdsEntry>,
    /// Requests that break one rule each.
    pub invalid: Vec<InvalidEntry>,
    /// More of them that were not sent.
    pub invalid_not_sent: usize,
    pub queries: Option<QueriesEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct IdsEntry {
    /// The parameters, and the members of the body, that they stand for.
    pub parameters: Vec<String>,
    /// How many different ones were asked for.
    pub number: usize,
    /// In words: the operation, and the place in its answer.
    pub from: Vec<String>,
    /// Whether this run created all that they name.
    pub created: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct InvalidEntry {
    pub breaks: String,
    /// JSON pointer of the rule in the document.
    pub pointer: String,
    /// The rule is one that many servers take for a remark: accepting it is a warning.
    pub lenient: bool,
    /// Null when there was no answer.
    pub status: Option<u16>,
    /// `refused`, `accepted`, `broke`, or `unknown` when nothing was validated.
    pub outcome: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct LeftOutEntry {
    pub name: String,
    pub method: String,
    pub path: String,
    pub pointer: String,
    pub reason: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct DatabaseEntry {
    pub url: String,
    pub version: String,
    /// Of the whole load.
    pub load: QueriesEntry,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct QueriesEntry {
    pub requests: u64,
    pub per_request: f64,
    /// Most calls first.
    pub statements: Vec<StatementEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct StatementEntry {
    pub query: String,
    pub calls: u64,
    pub calls_per_request: f64,
    pub rows: u64,
    pub total_ms: f64,
}

impl From<&Survey> for DescriptionEntry {
    fn from(survey: &Survey) -> Self {
        Self {
            document: survey.document.clone(),
            title: survey.title.clone(),
            version: survey.version.clone(),
            seed: survey.seed,
            agrees: !survey.fails(),
            operations: survey.operations.iter().map(OperationEntry::from).collect(),
            left_out: survey.left_out.iter().map(LeftOutEntry::from).collect(),
        }
    }
}

impl From<&Surveyed> for OperationEntry {
    fn from(operation: &Surveyed) -> Self {
        Self {
            name: operation.name.clone(),
            method: operation.method.to_ascii_uppercase(),
            path: operation.path.clone(),
            pointer: operation.pointer.clone(),
            status_codes: by_text(&operation.valid),
            undocumented_under_load: by_text(&operation.undocumented),
            failures: operation.failures.clone(),
            objections: operation.objections.clone(),
            ids: operation.ids.as_ref().map(IdsEntry::from),
            invalid: operation.invalid.iter().map(InvalidEntry::from).collect(),
            invalid_not_sent: operation.not_tried,
            queries: operation.queries.as_ref().map(QueriesEntry::from),
        }
    }
}

impl From<&Ids> for IdsEntry {
    fn from(ids: &Ids) -> Self {
        Self {
            parameters: ids.parameters.clone(),
            number: ids.number,
            from: ids.from.clone(),
            created: ids.created,
        }
    }
}

impl From<&Tried> for InvalidEntry {
    fn from(tried: &Tried) -> Self {
        Self {
            breaks: tried.breaks.clone(),
            pointer: tried.pointer.clone(),
            lenient: tried.lenient,
            status: tried.status,
            outcome: tried.standing.name(),
        }
    }
}

impl From<&LeftOut> for LeftOutEntry {
    fn from(left: &LeftOut) -> Self {
        Self {
            name: left.name.clone(),
            method: left.method.to_ascii_uppercase(),
            path: left.path.clone(),
            pointer: left.pointer.clone(),
            reason: left.reason.clone(),
        }
    }
}

impl From<&DatabaseUse> for DatabaseEntry {
    fn from(database: &DatabaseUse) -> Self {
        Self {
            url: database.url.clone(),
            version: database.version.clone(),
            load: QueriesEntry::from(&database.load),
        }
    }
}

impl From<&OperationQueries> for QueriesEntry {
    fn from(queries: &OperationQueries) -> Self {
        let statements = queries.statements.iter().map(|statement| StatementEntry {
            query: statement.query.clone(),
            calls: statement.calls,
            calls_per_request: rounded(queries.calls_per_request(statement)),
            rows: statement.rows,
            total_ms: rounded(statement.total_ms),
        });
        Self {
            requests: queries.requests,
            per_request: rounded(queries.per_request()),
            statements: statements.collect(),
        }
    }
}
