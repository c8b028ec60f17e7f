//! What is wrong with a schema, its indexes and its queries. One adviser per file, each a pure function
//! of the statistics; here is what they share: the finding, the scope, the ranking.

mod column_types;
pub mod cures;
mod duplicate_index;
mod fk_without_index;
mod invalid_index;
mod key_overflow;
mod missing_primary_key;
mod n_plus_one;
mod rls_without_policy;
mod seq_scan_heavy;
mod stale_statistics;
mod unused_index;
mod unvalidated_constraint;
mod wraparound;

use std::collections::BTreeSet;

use crate::catalog::statistics::{Statistics, Table, Workload, quoted};
use crate::diagnostic::Severity;

pub use fk_without_index::without_index as foreign_keys_without_index;

/// Fewer rows than this are read in one go whatever the indexes are.
const SMALL_ROWS: i64 = 1_000;
/// So few bytes, too: 64 pages.
const SMALL_BYTES: i64 = 512 * 1024;

/// Every code, in the order of their weight among findings of equal severity.
pub const CODES: &[&str] = &[
    "n-plus-one",
    "fk-without-index",
    "wraparound",
    "key-overflow",
    "missing-index",
    "invalid-index",
    "missing-primary-key",
    "rls-without-policy",
    "unvalidated-constraint",
    "seq-scan-heavy",
    "stale-statistics",
    "duplicate-index",
    "redundant-index",
    "unused-index",
    "fk-type-mismatch",
    "float-money",
    "timestamp-without-time-zone",
    "json-column",
    "char-column",
    "serial-column",
    "n-plus-one-risk",
];

/// One thing to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub code: &'static str,
    pub severity: Severity,
    /// `public.items`.
    pub table: String,
    pub columns: Vec<String>,
    pub index: Option<String>,
    /// One line that can be read alone.
    pub message: String,
    /// The same facts as `evidence`, in a sentence.
    pub because: String,
    pub evidence: Vec<(&'static str, Fact)>,
    pub mend: Mend,
    /// Orders findings of one code and severity, heaviest first.
    pub weight: f64,
}

/// A value of the evidence.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    Text(String),
    Number(i64),
    Decimal(f64),
    Flag(bool),
    List(Vec<String>),
    Unknown,
}

/// What cures a finding.
#[derive(Clone, Debug, PartialEq)]
pub enum Mend {
    /// A statement that needs no decision, and the one that takes it back if there is one.
    Statement {
        up: String,
        down: Option<String>,
        /// Whether it must stand outside of a transaction.
        alone: bool,
    },
    /// A person has to decide; what there is to consider.
    Decision(String),
    /// One query in place of many.
    Batch {
        statement: String,
        batched: Option<String>,
        confidence: Confidence,
    },
}

/// How well the figures fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    Low,
    Medium,
    High,
}

/// All findings, heaviest first, and what was looked at.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    pub findings: Vec<Finding>,
    /// Tables whose size makes some findings pointless, by label.
    pub small_tables: Vec<String>,
    /// Statements of the workload whose text was not understood.
    pub statements_not_understood: usize,
    /// Findings that the configuration leaves out.
    pub ignored: usize,
}

/// What an adviser looks at.
pub struct Subject<'a> {
    pub statistics: &'a Statistics,
    /// No table has rows to speak of: a schema file or a fresh database. Then sizes say nothing, and
    /// everything is judged by its structure.
    pub structural: bool,
}

impl Confidence {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl Finding {
    fn new(code: &'static str, severity: Severity, table: &Table) -> Self {
        Self {
            code,
            severity,
            table: table.qualified(),
            columns: Vec::new(),
            index: None,
            message: String::new(),
            because: String::new(),
            evidence: Vec::new(),
            mend: Mend::Decision(String::new()),
            weight: table.rows as f64,
        }
    }

    /// Whether an entry of the configuration means this finding: its code, and, when it names an
    /// object, the table, a column of it, or the index, with or without the schema.
    pub fn is_named(&self, code: &str, object: Option<&str>) -> bool {
        if self.code != code {
            return false;
        }
        let Some(object) = object else { return true };
        let short = self.table.split_once('.').map_or("", |(_, name)| name);
        let is_table = object == self.table || object == short;
        let is_column = object.rsplit_once('.').is_some_and(|(table, column)| {
            (table == self.table || table == short) && self.columns.iter().any(|own| own == column)
        });
        let is_index = self
            .index
            .as_deref()
            .is_some_and(|index| object == index || object.rsplit('.').next() == Some(index));
        is_table || is_column || is_index
    }
}

impl Subject<'_> {
    pub fn of(statistics: &Statistics) -> Subject<'_> {
        let structural = matches!(statistics.workload, Workload::NotApplicable)
            || statistics.tables.iter().all(is_small);
        Subject {
            statistics,
            structural,
        }
    }

    /// Whether the table's size makes a finding about speed pointless.
    fn is_negligible(&self, table: &Table) -> bool {
        !self.structural && is_small(table)
    }

    /// Tables that are looked at on their own: parts of a partitioned table are not.
    fn tables(&self) -> impl Iterator<Item = &Table> {
        self.statistics
            .tables
            .iter()
            .filter(|table| !table.is_partition && table.kind != "m")
    }
}

pub fn is_small(table: &Table) -> bool {
    table.rows < SMALL_ROWS && table.bytes < SMALL_BYTES
}

/// Runs every adviser.
pub fn analyze(statistics: &Statistics) -> Analysis {
    let subject = Subject::of(statistics);
    let mut findings = Vec::new();
    let statements_not_understood = n_plus_one::advise(&subject, &mut findings);
    fk_without_index::advise(&subject, &mut findings);
    key_overflow::advise(&subject, &mut findings);
    wraparound::advise(&subject, &mut findings);
    invalid_index::advise(&subject, &mut findings);
    missing_primary_key::advise(&subject, &mut findings);
    rls_without_policy::advise(&subject, &mut findings);
    unvalidated_constraint::advise(&subject, &mut findings);
    seq_scan_heavy::advise(&subject, &mut findings);
    stale_statistics::advise(&subject, &mut findings);
    duplicate_index::advise(&subject, &mut findings);
    // Whatever another adviser wants dropped is not reported as unused once more, and the twin that
    // stays takes over the scans of the one that goes.
    let twin = |finding: &Finding| {
        finding.evidence.iter().find_map(|(name, fact)| match fact {
            Fact::Text(index) if *name == "same_as" => Some(index.clone()),
            _ => None,
        })
    };
    let named: BTreeSet<String> = findings
        .iter()
        .flat_map(|finding| [finding.index.clone(), twin(finding)])
        .flatten()
        .collect();
    unused_index::advise(&subject, &named, &mut findings);
    column_types::advise(&subject, &mut findings);
    rank(&mut findings);
    let small_tables = if subject.structural {
        Vec::new()
    } else {
        subject
            .tables()
            .filter(|table| is_small(table))
            .map(Table::label)
            .collect()
    };
    Analysis {
        findings,
        small_tables,
        statements_not_understood,
        ignored: 0,
    }
}

/// Severity, then the order of the codes, then the weight, then names.
pub fn rank(findings: &mut [Finding]) {
    let place = |finding: &Finding| {
        CODES
            .iter()
            .position(|code| *code == finding.code)
            .unwrap_or(CODES.len())
    };
    findings.sort_by(|a, b| {
        b.severity
            .cmp(&a.severity)
            .then_with(|| place(a).cmp(&place(b)))
            .then_with(|| b.weight.total_cmp(&a.weight))
            .then_with(|| (&a.table, &a.columns, &a.index).cmp(&(&b.table, &b.columns, &b.index)))
    });
}

/// `since 2026-08-24`, or with the time when that was today.
fn since(statistics: &Statistics) -> String {
    let server = &statistics.server;
    match &server.since {
        None => "since the counters began".to_owned(),
        Some(since) => match since.split_once('T') {
            Some((day, _)) if server.days >= 1.0 => format!("since {day}"),
            Some((day, time)) => format!("since {day} {time}"),
            None => format!("since {since}"),
        },
    }
}

/// `in 90 days`: how long the counters have counted.
fn within(statistics: &Statistics) -> String {
    let days = statistics.server.days;
    if days < 1.0 {
        "in less than a day".to_owned()
    } else {
        format!("in {}", crate::text::number::counted(days as u64, "day"))
    }
}

/// Name of an index on these keys: `items_order_id_idx`, at most 63 bytes and not taken.
pub fn index_name(statistics: &Statistics, table: &Table, keys: &[String]) -> String {
    let mut stem = table.name.clone();
    for key in keys {
        let words: String = key
            .chars()
            .map(|letter| {
                if letter.is_alphanumeric() {
                    letter
                } else {
                    '_'
                }
            })
            .collect();
        let words: Vec<&str> = words.split('_').filter(|word| !word.is_empty()).collect();
        stem.push('_');
        stem.push_str(&words.join("_"));
    }
    // Postgres cuts names at 63 bytes; `_idx` and a number must still fit.
    while stem.len() > 56 {
        stem.pop();
    }
    let taken = |name: &str| {
        let own = |schema: &str, other: &str| schema == table.schema && other == name;
        statistics
            .indexes
            .iter()
            .any(|index| own(&index.schema, &index.name))
            || statistics
                .tables
                .iter()
                .any(|other| own(&other.schema, &other.name))
    };
    let mut name = format!("{stem}_idx");
    let mut number = 1;
    while taken(&name) {
        name = format!("{stem}_idx{number}");
        number += 1;
    }
    name
}

/// `CREATE INDEX CONCURRENTLY …`, and the statement that takes it back.
pub fn create_index(table: &Table, name: &str, keys: &[String], predicate: Option<&str>) -> Mend {
    let filter = predicate.map_or(String::new(), |predicate| format!(" WHERE {predicate}"));
    let keys = keys.join(", ");
    // On a partitioned table Postgres refuses CONCURRENTLY.
    let concurrently = if table.kind == "p" {
        ""
    } else {
        " CONCURRENTLY"
    };
    Mend::Statement {
        up: format!(
            "CREATE INDEX{concurrently} {} ON {} ({keys}){filter}",
            quoted(name),
            table.quoted()
        ),
        down: Some(format!(
            "DROP INDEX{concurrently} {}.{}",
            quoted(&table.schema),
            quoted(name)
        )),
        alone: table.kind != "p",
    }
}

/// `DROP INDEX CONCURRENTLY …`, and the statement that makes it again when that is of use.
fn drop_index(index: &crate::catalog::statistics::Index, restore: bool) -> Mend {
    let again = index
        .definition
        .replacen("CREATE INDEX ", "CREATE INDEX CONCURRENTLY ", 1)
        .replacen(
            "CREATE UNIQUE INDEX ",
            "CREATE UNIQUE INDEX CONCURRENTLY ",
            1,
        );
    Mend::Statement {
        up: format!("DROP INDEX CONCURRENTLY {}", index.quoted()),
        down: restore.then_some(again),
        alone: true,
    }
}
