//! How each kind of object is defined. Expressions, queries and definitions are Postgres's own
//! texts, printed with an empty search path, so that every name in them is complete.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One right of one role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// Quoted where needed, or `PUBLIC`.
    pub grantee: String,
    pub privilege: String,
    pub grantable: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Schema,
    Extension {
        schema: String,
        version: String,
    },
    Enum {
        labels: Vec<String>,
    },
    Composite(Composite),
    Domain(Domain),
    Sequence(Sequence),
    Table(Box<Table>),
    Column(Box<Column>),
    Default {
        expression: String,
    },
    /// The column that owns a sequence, `table.column`.
    SequenceOwner {
        table: String,
        column: String,
    },
    Constraint(Constraint),
    Index(Box<Index>),
    /// A table that is a partition of another one.
    Attachment {
        parent: String,
        bound: String,
    },
    View(Box<View>),
    Routine(Box<Routine>),
    Trigger {
        definition: String,
        /// `pg_trigger.tgenabled`: O, D, R or A.
        enabled: String,
    },
    Rule {
        definition: String,
        enabled: String,
    },
    Policy(Policy),
    Statistics {
        definition: String,
        target: Option<i32>,
    },
    /// For one role, schema and kind of object.
    DefaultPrivileges {
        /// `FOR ROLE … [IN SCHEMA …]`
        scope: String,
        /// `TABLES`, `FUNCTIONS`, …
        objects: String,
        /// None means every schema.
        schema: Option<String>,
        /// Whether the role is the one that reads the catalog, so that it applies to what it makes.
        own: bool,
        /// What there is without the setting.
        initial: std::collections::BTreeSet<Grant>,
    },
    /// What can be given and be rid of its options in place: a wrapper, a server, a user mapping.
    Foreign {
        /// The statement that makes it, without OPTIONS.
        create: String,
        /// Names, quoted where needed, and values.
        options: BTreeMap<String, String>,
    },
    Publication {
        all_tables: bool,
        /// `TABLE …, TABLES IN SCHEMA …`; empty when nothing is published.
        objects: String,
        /// `publish = 'insert'`, …
        parameters: String,
    },
    /// A kind whose whole definition is one statement that replaces nothing.
    Text {
        create: String,
        drop: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composite {
    pub attributes: Vec<Attribute>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Attribute {
    pub name: String,
    pub data_type: String,
    pub collation: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    pub base: String,
    pub default: Option<String>,
    pub not_null: bool,
    pub collation: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Sequence {
    pub data_type: String,
    pub start: i64,
    pub increment: i64,
    pub minimum: i64,
    pub maximum: i64,
    pub cache: i64,
    pub cycle: bool,
    /// `p` or `u` (unlogged).
    pub persistence: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// `p` or `u` (unlogged).
    pub persistence: String,
    /// `RANGE (at)` for a partitioned table.
    pub partition_key: Option<String>,
    /// Inheritance that is no partitioning.
    pub parents: Vec<String>,
    /// `fillfactor=70`, `toast.autovacuum_enabled=false`; sorted.
    pub options: Vec<String>,
    pub row_security: bool,
    pub force_row_security: bool,
    /// d, n or f; an index that is the identity carries the mark itself.
    pub replica_identity: String,
    pub access_method: Option<String>,
    pub of_type: Option<String>,
    /// Server and options of a foreign table.
    pub foreign: Option<(String, BTreeMap<String, String>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub position: i32,
    pub data_type: String,
    /// Only when it is not the type's own.
    pub collation: Option<String>,
    pub not_null: bool,
    pub identity: Option<Identity>,
    /// The expression of a generated column, and whether it is stored.
    pub generated: Option<(String, bool)>,
    /// Only when it is not the type's own: PLAIN, EXTERNAL, MAIN, EXTENDED.
    pub storage: Option<String>,
    /// What the type has by itself.
    pub type_storage: String,
    pub compression: Option<String>,
    pub statistics: Option<i32>,
    pub options: Vec<String>,
    pub foreign_options: BTreeMap<String, String>,
    pub local: bool,
    /// From how many parents it is inherited.
    pub inherited: i32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// GENERATED ALWAYS, else BY DEFAULT.
    pub always: bool,
    /// The name of its sequence.
    pub name: String,
    pub sequence: Sequence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    Check,
    ForeignKey,
    PrimaryKey,
    Unique,
    Exclusion,
    /// Constraint triggers are triggers; others of later versions.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    pub kind: ConstraintKind,
    /// `pg_get_constraintdef`
    pub definition: String,
    pub validated: bool,
    pub local: bool,
    pub inherited: i32,
    /// A partition's part of its parent's constraint.
    pub of_parent: bool,
    /// A key that Postgres made for a partition has it not; one that was made there and joined has.
    pub no_inherit: bool,
    pub on_domain: bool,
    /// The table that a foreign key refers to.
    pub references: Option<String>,
    /// The partitions of that table, each with the name of the part of the key that Postgres made
    /// for it, in the order of the names.
    pub referenced_parts: Vec<(String, String)>,
    pub clustered: bool,
    pub replica_identity: bool,
    /// The comment of the index behind a key, which is another object.
    pub index_comment: Option<String>,
}

impl Constraint {
    /// Whether it is there because a parent of the table has it.
    pub const fn is_derived(&self) -> bool {
        self.of_parent || self.inherited > 0 && !self.local
    }
}

impl ConstraintKind {
    /// Whether an index of the same name stands behind it.
    pub const fn is_key(self) -> bool {
        matches!(self, Self::PrimaryKey | Self::Unique | Self::Exclusion)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// `pg_get_indexdef`
    pub definition: String,
    pub table: String,
    pub unique: bool,
    pub valid: bool,
    pub clustered: bool,
    pub replica_identity: bool,
    /// Statistics targets of expression columns.
    pub statistics: BTreeMap<i32, i32>,
    /// The index of the partitioned parent that it is a part of.
    pub parent: Option<String>,
    /// Expressions or a condition: a change of a column's type rebuilds it by hand.
    pub has_expressions: bool,
    pub on_partitioned: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub query: String,
    pub options: Vec<String>,
    /// (name, type), in order.
    pub columns: Vec<(String, String)>,
    pub column_comments: BTreeMap<String, String>,
    pub column_grants: BTreeMap<String, std::collections::BTreeSet<Grant>>,
    pub column_defaults: BTreeMap<String, String>,
    pub column_statistics: BTreeMap<String, i32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routine {
    /// `pg_get_functiondef`
    pub definition: String,
    pub procedure: bool,
    /// Result type and names of arguments: CREATE OR REPLACE must not change them.
    pub signature: String,
    pub defaults: i32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// ALL, SELECT, INSERT, UPDATE or DELETE.
    pub command: String,
    pub permissive: bool,
    /// Quoted where needed, sorted.
    pub roles: Vec<String>,
    pub using: Option<String>,
    pub check: Option<String>,
}
