//! What a statement of the workload asks of each table: which columns it compares with what, and how it
//! sorts. Only statements that are understood whole are judged; the others are counted.

mod read;

use crate::catalog::statistics::Statistics;

/// A statement that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub kind: Kind,
    /// Tables in the order of FROM, by their ids.
    pub tables: Vec<i64>,
    pub conditions: Vec<Condition>,
    pub order: Vec<OrderKey>,
    pub limit: Option<Value>,
    pub offset: Option<Value>,
    pub projection: Projection,
    /// Whether every part of WHERE is in `conditions`.
    pub is_whole: bool,
    /// The text with the only equality turned into `= ANY (…)`, when there is exactly one.
    pub batched: Option<String>,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Select,
    Insert,
    Update,
    Delete,
}

/// One term of the conjunction in WHERE or ON.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub table: i64,
    pub key: Key,
    pub test: Test,
}

/// A column, or an expression over one column that an index can hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// As an index definition has it: `order_id`, `lower(email)`.
    pub text: String,
    pub column: String,
    pub is_expression: bool,
}

/// What is asked of a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Equal(Value),
    OneOf(Vec<Value>),
    Range,
    IsNull,
    /// Equality with a column of another table.
    Join {
        table: i64,
        column: String,
    },
    /// Something that no index serves.
    Other,
}

/// The other side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `$1` is 1.
    Parameter(usize),
    /// As SQL: `'open'`, `20`.
    Literal(String),
    Unknown,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OrderKey {
    pub table: i64,
    pub key: Key,
    pub descending: bool,
    /// Only when it differs from the default of the direction.
    pub nulls: Option<&'static str>,
}

/// What a SELECT gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    pub all: bool,
    /// (table, column).
    pub columns: Vec<(i64, String)>,
    /// Grouped or aggregated: its rows are not rows of a table.
    pub is_aggregate: bool,
}

/// Why a statement has no shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is about tables that are not looked at: catalogs, temporary tables, other schemas.
    Elsewhere,
    /// Its text is more than is understood here.
    NotUnderstood,
}

/// Reads one statement.
pub fn shape(text: &str, statistics: &Statistics) -> Result<Shape, Unread> {
    read::statement(text, statistics)
}

impl Shape {
    /// Conditions on one table.
    pub fn conditions_on(&self, table: i64) -> impl Iterator<Item = &Condition> {
        self.conditions
            .iter()
            .filter(move |condition| condition.table == table)
    }
}
