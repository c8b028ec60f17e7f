//! What a statement did to a schema, as it was measured: locks, rewrites, scans, objects that are
//! gone, and what it asks of the data. Names are qualified and quoted where SQL needs it.

use std::collections::BTreeMap;
use std::ops::Range;

/// Table-level lock modes, weakest first.
/// Source: https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    AccessShare,
    RowShare,
    RowExclusive,
    ShareUpdateExclusive,
    Share,
    ShareRowExclusive,
    Exclusive,
    AccessExclusive,
}

/// What other sessions want to do while a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    Reads,
    Writes,
    /// Other schema changes, VACUUM and ANALYZE.
    Ddl,
}

/// The strongest lock on one relation that existed before the migration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lock {
    pub relation: String,
    pub mode: LockMode,
}

/// A relation that was read as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scan {
    pub relation: String,
    pub times: i64,
}

/// An object that is gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lost {
    pub kind: LostKind,
    pub name: String,
    /// The relation it belonged to, or itself.
    pub relation: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LostKind {
    Table,
    MaterializedView,
    View,
    Column,
    ForeignKey,
    Sequence,
}

/// What a statement asks of the rows that are there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// No row at all, or a default: a new column that may not be NULL has neither.
    NoRows {
        relation: String,
        column: String,
    },
    NotNull {
        relation: String,
        column: String,
    },
    Unique {
        relation: String,
        index: String,
        /// Columns and expressions of the key, as SQL.
        keys: Vec<String>,
        predicate: Option<String>,
        nulls_distinct: bool,
    },
    ForeignKey {
        relation: String,
        constraint: String,
        columns: Vec<String>,
        referenced: String,
        referenced_columns: Vec<String>,
    },
    Check {
        relation: String,
        constraint: String,
        expression: String,
    },
    /// Every value of a column can be turned into another type.
    Converts {
        relation: String,
        column: String,
        type_name: String,
        /// What becomes of the value: the column, or what the statement says with USING.
        expression: String,
        /// True for each value that the type then refuses without an error of its own.
        misfit: Option<String>,
    },
    /// Every value of a column fits a narrower type.
    Fits {
        relation: String,
        column: String,
        type_name: String,
        /// True for each value that does not fit.
        misfit: String,
    },
}

/// The rows of a live relation under the names and types that a statement of the file finds: what is
/// new is there as it would be, so that a question can be asked before the file has run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// An item of a FROM list, without an alias.
    pub rows: String,
    /// Columns that have another name or type, quoted where SQL needs it, and those that the file adds.
    pub changed: Vec<String>,
    pub added: Vec<String>,
    /// Those of them whose values only the run itself makes, with the reason.
    pub unknown: BTreeMap<String, String>,
}

/// Everything that one statement did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    pub locks: Vec<Lock>,
    /// Relations that got a new file.
    pub rewrites: Vec<String>,
    pub scans: Vec<Scan>,
    pub lost: Vec<Lost>,
    pub requirements: Vec<Requirement>,
    /// Relations of the requirements that the file has changed, before the statement and after it.
    pub sources_before: BTreeMap<String, Source>,
    pub sources: BTreeMap<String, Source>,
}

impl Requirement {
    /// The live relation whose rows matter.
    pub fn relation(&self) -> &str {
        match self {
            Self::NoRows { relation, .. }
            | Self::NotNull { relation, .. }
            | Self::Unique { relation, .. }
            | Self::ForeignKey { relation, .. }
            | Self::Check { relation, .. }
            | Self::Converts { relation, .. }
            | Self::Fits { relation, .. } => relation,
        }
    }
}

/// What Postgres said against a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlFault {
    /// SQLSTATE.
    pub code: String,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// Bytes of the file that it points at.
    pub range: Range<usize>,
}

/// How the rehearsal of a statement ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Measured(Effect),
    /// It could not be run there, for this reason.
    NotMeasured(String),
    Failed(SqlFault),
}

impl LockMode {
    pub const ALL: [Self; 8] = [
        Self::AccessShare,
        Self::RowShare,
        Self::RowExclusive,
        Self::ShareUpdateExclusive,
        Self::Share,
        Self::ShareRowExclusive,
        Self::Exclusive,
        Self::AccessExclusive,
    ];

    /// As in `pg_locks`, without the ending `Lock`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessShare => "AccessShare",
            Self::RowShare => "RowShare",
            Self::RowExclusive => "RowExclusive",
            Self::ShareUpdateExclusive => "ShareUpdateExclusive",
            Self::Share => "Share",
            Self::ShareRowExclusive => "ShareRowExclusive",
            Self::Exclusive => "Exclusive",
            Self::AccessExclusive => "AccessExclusive",
        }
    }

    /// Reads the name of a mode as `pg_locks` writes it.
    pub fn from_postgres(name: &str) -> Option<Self> {
        let name = name.strip_suffix("Lock").unwrap_or(name);
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// What has to wait while the lock is held.
    pub const fn blocks(self) -> &'static [Use] {
        match self {
            Self::AccessShare | Self::RowShare | Self::RowExclusive => &[],
            Self::ShareUpdateExclusive => &[Use::Ddl],
            Self::Share | Self::ShareRowExclusive | Self::Exclusive => &[Use::Writes],
            Self::AccessExclusive => &[Use::Reads, Use::Writes],
        }
    }
}

impl Use {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Ddl => "ddl",
        }
    }
}

impl LostKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::MaterializedView => "materialized view",
            Self::View => "view",
            Self::Column => "column",
            Self::ForeignKey => "foreign key",
            Self::Sequence => "sequence",
        }
    }
}

impl Effect {
    /// The strongest lock of all.
    pub fn strongest_lock(&self) -> Option<&Lock> {
        self.locks.iter().max_by_key(|lock| lock.mode)
    }

    pub fn lock_on(&self, relation: &str) -> Option<LockMode> {
        self.locks
            .iter()
            .find(|lock| lock.relation == relation)
            .map(|lock| lock.mode)
    }
}

#[cfg(test)]
mod tests {
    use super::LockMode;

    #[test]
    fn modes_are_read_as_postgres_writes_them() {
        for mode in LockMode::ALL {
            assert_eq!(
                LockMode::from_postgres(&format!("{}Lock", mode.name())),
                Some(mode)
            );
        }
        assert_eq!(LockMode::from_postgres("SIReadLock"), None);
    }
}
