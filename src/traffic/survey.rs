//! What became of the requests: for each operation what was answered, and what that says of the server
//! and of its description.

mod sum;

use std::collections::BTreeMap;

use super::answer::{Answer, Standing};
use super::found::Ids;
use super::request::{Attempt, Exercise, LeftOut};
use super::rules::Rules;
use super::unrefused::{KINDS, unrefused};
use crate::diagnostic::{Diagnostic, Severity};
use crate::text::number::{count, counted, decimal};
use crate::text::printable::{STATEMENT, one_line};

/// All operations, asked one by one.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The file or URL of the description.
    pub document: String,
    pub title: String,
    pub version: String,
    pub seed: u64,
    pub operations: Vec<Surveyed>,
    pub left_out: Vec<LeftOut>,
    pub findings: Vec<Diagnostic>,
}

/// One operation.
#[derive(Clone, Debug)]
pub struct Surveyed {
    pub name: String,
    pub method: &'static str,
    pub path: String,
    pub pointer: String,
    /// Answers to requests that keep the rules, by status.
    pub valid: BTreeMap<u16, u64>,
    /// Exchanges without an answer, in words.
    pub failures: Vec<String>,
    pub invalid: Vec<Tried>,
    /// Where the ids in its path came from, when answers showed them.
    pub ids: Option<Ids>,
    /// Requests that break a rule beyond those that were sent.
    pub not_tried: usize,
    /// What is wrong beyond doubt, in words.
    pub objections: Vec<String>,
    /// What the operation asked of the database.
    pub queries: Option<OperationQueries>,
    /// Answers of the load that the description does not know, by status.
    pub undocumented: BTreeMap<u16, u64>,
}

/// A request that broke a rule, and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    pub breaks: String,
    pub pointer: String,
    pub lenient: bool,
    /// `None`: there was no answer.
    pub status: Option<u16>,
    pub standing: Standing,
}

/// The database behind the server, and what the whole load asked of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DatabaseUse {
    /// Masked.
    pub url: String,
    pub version: String,
    pub load: OperationQueries,
}

/// What one operation, or a whole load, asked of the database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OperationQueries {
    pub requests: u64,
    /// Most calls first.
    pub statements: Vec<StatementCalls>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StatementCalls {
    pub query: String,
    pub calls: u64,
    pub rows: u64,
    pub total_ms: f64,
}

/// A statement that runs this often for one request is one that runs for each row of another.
const REPEATED: f64 = 3.0;

impl OperationQueries {
    pub fn per_request(&self) -> f64 {
        let calls: u64 = self
            .statements
            .iter()
            .map(|statement| statement.calls)
            .sum();
        calls as f64 / self.requests.max(1) as f64
    }

    /// The calls of a statement for one request.
    pub fn calls_per_request(&self, statement: &StatementCalls) -> f64 {
        statement.calls as f64 / self.requests.max(1) as f64
    }

    /// N+1: one statement many times for one request.
    pub fn findings(&self, name: &str) -> Vec<Diagnostic> {
        let finding = |statement: &StatementCalls| {
            Diagnostic::warning(
                "n-plus-one",
                format!(
                    "`{name}` runs one statement {} times a request ({} measured): `{}`",
                    decimal(self.calls_per_request(statement), 1),
                    counted(self.requests, "request"),
                    one_line(&statement.query, STATEMENT)
                ),
            )
            .help("ask for all rows in one statement: a join, or `= ANY ($1)`")
        };
        self.repeated().map(finding).collect()
    }

    pub fn repeated(&self) -> impl Iterator<Item = &StatementCalls> {
        self.statements
            .iter()
            .filter(|statement| self.calls_per_request(statement) >= REPEATED)
    }
}

impl Surveyed {
    pub fn new(exercise: &Exercise) -> Self {
        Self {
            name: exercise.name.clone(),
            method: exercise.method,
            path: exercise.path.clone(),
            pointer: exercise.pointer.clone(),
            valid: BTreeMap::new(),
            failures: Vec::new(),
            invalid: Vec::new(),
            ids: exercise.ids.clone(),
            not_tried: exercise.not_tried,
            objections: Vec::new(),
            queries: None,
            undocumented: BTreeMap::new(),
        }
    }

    pub fn with(&self, standing: Standing) -> usize {
        let tried = self.invalid.iter();
        tried.filter(|tried| tried.standing == standing).count()
    }
}

impl Survey {
    /// Takes down the answer to a request that keeps the rules; the same finding once.
    pub fn answered(
        &mut self,
        rules: &Rules<'_>,
        exercise: &Exercise,
        surveyed: &mut Surveyed,
        answer: Result<&Answer, &str>,
    ) {
        match answer {
            Ok(answer) => {
                *surveyed.valid.entry(answer.status).or_default() += 1;
                for finding in rules.judge_valid(exercise, answer) {
                    let same = |known: &Diagnostic| {
                        known.code == finding.code && known.message == finding.message
                    };
                    if !self.findings.iter().any(same) {
                        self.keep(surveyed, finding);
                    }
                }
            }
            Err(words) => surveyed.failures.push(words.to_owned()),
        }
    }

    /// The body of an error shows the inside of the server; told once for an operation.
    pub fn leaks(&mut self, surveyed: &Surveyed, status: u16) {
        let finding = Diagnostic::warning(
            "error-body-leaks",
            format!(
                "the body of a {status} of `{}` shows the inside of the server",
                surveyed.name
            ),
        )
        .pointer(surveyed.pointer.clone())
        .help("log the cause, answer with a code and a request id");
        let same =
            |known: &Diagnostic| known.code == finding.code && known.pointer == finding.pointer;
        if !self.findings.iter().any(same) {
            self.findings.push(finding);
        }
    }

    /// Takes down the answer to a request that breaks a rule.
    pub fn tried(surveyed: &mut Surveyed, attempt: &Attempt, status: Option<u16>) {
        surveyed.invalid.push(Tried {
            breaks: attempt.breaks.clone(),
            pointer: attempt.pointer.clone(),
            lenient: attempt.lenient,
            status,
            standing: status.map_or(Standing::Unknown, Standing::of_status),
        });
    }

    /// The operation is done: what its answers add up to.
    pub fn finish(&mut self, mut surveyed: Surveyed) {
        let mut found: Vec<Diagnostic> = Vec::new();
        found.extend(failures(&surveyed));
        for (standing, lenient) in KINDS {
            found.extend(not_refused(&surveyed, standing, lenient));
        }
        if let Some(queries) = &surveyed.queries {
            let repeated = queries.findings(&surveyed.name);
            found.extend(
                repeated
                    .into_iter()
                    .map(|finding| finding.pointer(surveyed.pointer.clone())),
            );
        }
        for finding in found {
            self.keep(&mut surveyed, finding);
        }
        self.operations.push(surveyed);
    }

    fn keep(&mut self, surveyed: &mut Surveyed, finding: Diagnostic) {
        if finding.severity == Severity::Error {
            surveyed.objections.push(finding.message.clone());
        }
        self.findings.push(finding);
    }

    /// Whether something is wrong beyond doubt.
    pub fn fails(&self) -> bool {
        let mut severities = self.findings.iter().map(|finding| finding.severity);
        severities.any(|severity| severity == Severity::Error)
    }

    /// Statuses that were answered to requests of the load and that the description does not know.
    pub fn loaded(
        &mut self,
        rules: &Rules<'_>,
        exercise: &Exercise,
        statuses: &BTreeMap<u16, u64>,
    ) {
        let mut operations = self.operations.iter_mut();
        let Some(surveyed) = operations.find(|operation| operation.name == exercise.name) else {
            return;
        };
        for (status, number) in statuses {
            let known = surveyed.valid.contains_key(status);
            // 429 and 503 are what a load is there to find; the report has their numbers.
            if known || matches!(status, 429 | 501 | 503) || rules.documents(exercise, *status) {
                continue;
            }
            surveyed.undocumented.insert(*status, *number);
        }
        self.findings.extend(undocumented(surveyed));
    }
}

/// Statuses under load that the description does not know.
fn undocumented(surveyed: &Surveyed) -> Vec<Diagnostic> {
    let finding = |(status, number): (&u16, &u64)| {
        Diagnostic::error(
            "undocumented-status",
            format!(
                "`{}` answered {status} under load ({}), and the document does not know it",
                surveyed.name,
                counted(*number, "time")
            ),
        )
        .pointer(format!("{}/responses", surveyed.pointer))
    };
    surveyed.undocumented.iter().map(finding).collect()
}

fn failures(surveyed: &Surveyed) -> Option<Diagnostic> {
    let first = surveyed.failures.first()?;
    Some(
        Diagnostic::error(
            "no-answer",
            format!("`{}` gave no answer: {first}", surveyed.name),
        )
        .pointer(surveyed.pointer.clone()),
    )
}

/// What was not refused, in one finding of each kind. 5xx are counted among all requests that break a
/// rule, accepted ones among those of their kind.
fn not_refused(
    surveyed: &Surveyed,
    standing: Standing,
    lenient: Option<bool>,
) -> Option<Diagnostic> {
    let tried = surveyed.invalid.iter();
    let all: Vec<&Tried> = tried
        .filter(|tried| lenient.is_none_or(|lenient| tried.lenient == lenient))
        .collect();
    let of_standing = all.iter().filter(|tried| tried.standing == standing);
    let wrong: Vec<&Tried> = of_standing.copied().collect();
    let first = wrong.first()?;
    let verb = if standing == Standing::Broke {
        "answers 5xx to"
    } else {
        "accepts"
    };
    let did = format!(
        "{verb} {} of {} requests",
        count(wrong.len() as u64),
        count(all.len() as u64)
    );
    let told = wrong.iter().map(|tried| match tried.status {
        Some(status) => format!("{} ({status})", tried.breaks),
        None => tried.breaks.clone(),
    });
    let told: Vec<String> = told.collect();
    let finding = unrefused(&surveyed.name, &did, standing, lenient == Some(true), &told);
    Some(finding.pointer(first.pointer.clone()))
}
