//! What a running database knows about itself: sizes, use, statistics of values, the recorded
//! workload. Plain values, as one read-only transaction saw them; how they are judged is not known here.

use serde::Deserialize;

/// Everything that the analysis looks at.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    pub server: Server,
    pub tables: Vec<Table>,
    pub indexes: Vec<Index>,
    pub foreign_keys: Vec<ForeignKey>,
    pub sequences: Vec<KeySequence>,
    pub unvalidated: Vec<Unvalidated>,
    pub columns: Vec<Column>,
    pub workload: Workload,
}

/// The server and the age of its counters.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Server {
    pub database: String,
    pub version: String,
    pub version_number: u32,
    /// Since when the counters of the database count, `2026-08-24T00:00:00Z`; unknown when they were
    /// never reset and the server does not say when it started.
    pub since: Option<String>,
    /// Age of the counters in days.
    pub days: f64,
    /// The day of the run, by the server's clock: `2026-11-22`.
    pub today: String,
    pub is_replica: bool,
    pub has_replicas: bool,
    pub hypopg: Option<String>,
    /// Transactions until a freeze is forced, and the age that was reached.
    pub transaction_age: i64,
    pub freeze_max_age: i64,
    /// Schemas in which unqualified names are looked up, in order.
    pub search_path: Vec<String>,
}

/// A table, a partitioned table, or a materialised view.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Table {
    pub id: i64,
    pub schema: String,
    pub name: String,
    /// `r`, `p` or `m`, as in pg_class.relkind.
    pub kind: String,
    pub is_partition: bool,
    /// The partitioned table that this one is a direct part of.
    pub partition_of: Option<i64>,
    /// Estimated rows: the density of the last ANALYZE times the present size, else the counter.
    pub rows: i64,
    /// Present pages to those of the last ANALYZE or VACUUM.
    pub growth: f64,
    /// Without indexes.
    pub bytes: i64,
    pub never_analyzed: bool,
    pub modified_since_analyze: i64,
    pub sequential_scans: i64,
    pub sequential_rows: i64,
    pub index_scans: i64,
    pub inserted: i64,
    pub updated: i64,
    pub deleted: i64,
    pub dead_rows: i64,
    pub last_analyzed: Option<String>,
    pub last_vacuumed: Option<String>,
    pub has_primary_key: bool,
    /// `d`, `n`, `f` or `i`, as in pg_class.relreplident.
    pub replica_identity: String,
    pub row_security: bool,
    pub policies: i64,
    pub freeze_age: i64,
}

/// A column and what ANALYZE saw of its values.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Column {
    pub table: i64,
    pub name: String,
    /// As `format_type` writes it: `character varying(30)`.
    pub type_name: String,
    pub not_null: bool,
    /// Whether the default draws from a sequence that the column owns, and it is no identity.
    pub is_serial: bool,
    /// Distinct values: a number, or minus a share of the rows, as in pg_stats.
    pub distinct: Option<f64>,
    pub null_fraction: Option<f64>,
    /// The most common values as text, and their shares.
    #[serde(default)]
    pub common_values: Vec<String>,
    #[serde(default)]
    pub common_shares: Vec<f64>,
    pub average_width: Option<i64>,
}

/// An index, each key column by its own text.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Index {
    pub id: i64,
    pub table: i64,
    pub schema: String,
    pub name: String,
    pub method: String,
    /// Key columns and expressions without direction: `created_at`, `lower(email)`.
    pub keys: Vec<String>,
    /// Per key column its operator class, collation and options; equal signatures sort alike.
    pub signatures: Vec<String>,
    /// Columns behind INCLUDE.
    pub included: Vec<String>,
    pub predicate: Option<String>,
    pub definition: String,
    pub is_unique: bool,
    pub is_primary: bool,
    pub is_exclusion: bool,
    pub is_valid: bool,
    /// A build that runs right now looks invalid as well.
    pub is_building: bool,
    pub is_replica_identity: bool,
    pub backs_constraint: bool,
    /// Part of a partitioned index: it comes and goes with it.
    pub is_partition: bool,
    pub scans: i64,
    pub bytes: i64,
}

/// A foreign key; keys of partitions that were inherited are left out.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ForeignKey {
    pub name: String,
    pub table: i64,
    pub columns: Vec<String>,
    pub types: Vec<String>,
    pub referenced: i64,
    pub referenced_columns: Vec<String>,
    pub referenced_types: Vec<String>,
}

/// A column that draws its values from a sequence.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct KeySequence {
    pub table: i64,
    pub column: String,
    /// The column's type, which is the limit that counts.
    pub column_type: String,
    pub sequence: String,
    pub sequence_type: String,
    pub sequence_maximum: i64,
    pub cycles: bool,
    pub last_value: Option<i64>,
}

/// A constraint that was added NOT VALID and never validated.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Unvalidated {
    pub table: i64,
    pub name: String,
    pub definition: String,
    pub columns: Vec<String>,
}

/// Which statements were recorded, if the server records them.
#[derive(Clone, Debug, Default)]
pub enum Workload {
    /// pg_stat_statements answers.
    Recorded(Vec<Statement>),
    /// It does not, and why.
    Missing(String),
    /// There is no running database behind the schema.
    #[default]
    NotApplicable,
}

/// One entry of pg_stat_statements.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Statement {
    pub query: String,
    pub user: i64,
    pub calls: i64,
    pub rows: i64,
    pub total_ms: f64,
}

impl Statistics {
    pub fn table(&self, id: i64) -> Option<&Table> {
        self.tables
            .binary_search_by_key(&id, |table| table.id)
            .ok()
            .map(|at| &self.tables[at])
    }

    /// Resolves a name as the server would: with its schema, or along the search path.
    pub fn resolve(&self, schema: Option<&str>, name: &str) -> Option<&Table> {
        let find = |schema: &str| {
            self.tables
                .iter()
                .find(|table| table.schema == schema && table.name == name)
        };
        match schema {
            Some(schema) => find(schema),
            None => self
                .server
                .search_path
                .iter()
                .find_map(|schema| find(schema)),
        }
    }

    pub fn columns_of(&self, table: i64) -> impl Iterator<Item = &Column> {
        let start = self.columns.partition_point(|column| column.table < table);
        self.columns[start..]
            .iter()
            .take_while(move |column| column.table == table)
    }

    pub fn column(&self, table: i64, name: &str) -> Option<&Column> {
        self.columns_of(table).find(|column| column.name == name)
    }

    pub fn indexes_of(&self, table: i64) -> impl Iterator<Item = &Index> {
        self.indexes
            .iter()
            .filter(move |index| index.table == table)
    }

    pub fn statements(&self) -> &[Statement] {
        match &self.workload {
            Workload::Recorded(statements) => statements,
            Workload::Missing(_) | Workload::NotApplicable => &[],
        }
    }
}

impl Table {
    /// `public.items`, as findings name it.
    pub fn qualified(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// `items`, or with its schema when that is not the usual one.
    pub fn label(&self) -> String {
        if self.schema == "public" {
            self.name.clone()
        } else {
            self.qualified()
        }
    }

    /// For statements to copy.
    pub fn quoted(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }
}

impl Index {
    /// Whether it may go without changing what the database accepts or replicates.
    pub const fn is_dispensable(&self) -> bool {
        !(self.is_unique
            || self.is_primary
            || self.is_exclusion
            || self.backs_constraint
            || self.is_replica_identity
            || self.is_partition)
    }

    pub fn quoted(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }
}

/// An identifier as statements to copy show it: quoted only where Postgres asks for it.
pub fn quoted(name: &str) -> String {
    let mut letters = name.chars();
    let plain = letters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase() || first == '_')
        && letters
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
        && !RESERVED.contains(&name);
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// Words that are no identifiers without quotes: reserved, or reserved but for functions and types.
/// Source: https://www.postgresql.org/docs/current/sql-keywords-appendix.html
const RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
];
