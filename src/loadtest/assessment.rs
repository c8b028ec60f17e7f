//! What a run means: the figures, what was asked of them, and the verdict. Pure; a merged report and
//! a fresh run are judged by the same rules.

mod apart;
mod asked;
mod measured;
mod stages;

use std::time::Duration;

use super::capacity::{Capacity, Limit};
use super::comparison::{self, Baseline, Comparison};
use super::expectation::{self, Checked, Expectation, Figures};
use super::findings;
use super::rate_limit::{self, Observed};
use super::recording::{Client, Outcome, histogram};
use super::statistics::share;
use crate::diagnostic::Diagnostic;
use crate::traffic::{DatabaseUse, Survey};

pub use apart::MeasuredAside;
pub use asked::{Asked, Drawn, Endpoint, Faulty, Load, Machine, Named, TableUse};
pub use measured::{Measured, MeasuredPart};
pub use stages::StageFigures;

/// `--expect-status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusCheck {
    pub wanted: u16,
    pub with: u64,
    /// Answers of another status, and exchanges that failed.
    pub without: u64,
}

impl StatusCheck {
    pub const fn met(&self) -> bool {
        self.with > 0 && self.without == 0
    }
}

/// Why the figures may say more about the client than about the server.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// Some worker used its whole core in this many of so many seconds.
    Processor { seconds: u64, of: f64 },
    /// Requests left late although a connection was free; milliseconds.
    Schedule { mean: f64, max: f64 },
    /// Requests that were due and never left.
    Unsent { count: u64, of: u64 },
    /// The report was stopped early.
    Interrupted,
}

impl Doubt {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Processor { .. } => "client-saturated",
            Self::Schedule { .. } => "schedule-late",
            Self::Unsent { .. } => "requests-unsent",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The one word over a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Ok,
    /// An expectation of any kind does not hold.
    Failed,
    /// No 2xx or 3xx, and nobody asked for that.
    NoSuccess,
    /// The client was the limit.
    NotValid,
    Compared(comparison::Verdict),
}

impl Verdict {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::NoSuccess => "no-success",
            Self::NotValid => "not-valid",
            Self::Compared(verdict) => verdict.name(),
        }
    }

    /// Whether the exit code says no.
    pub const fn objects(self) -> bool {
        matches!(
            self,
            Self::Failed | Self::NoSuccess | Self::Compared(comparison::Verdict::Worse)
        )
    }
}

/// A run and what follows from it.
#[derive(Clone, Debug)]
pub struct Assessment {
    pub load: Load,
    pub machine: Machine,
    pub started_at_ms: i64,
    pub elapsed: Duration,
    pub interrupted: bool,
    pub client: Client,
    pub results: Vec<Measured>,
    pub asked: Asked,
    pub checked: Vec<Checked>,
    pub status: Option<StatusCheck>,
    pub rate_limit: Option<Observed>,
    pub comparison: Option<Comparison>,
    /// What a search for capacity found; the run is then its highest step that held.
    pub capacity: Option<Capacity>,
    /// The file that the run was compared with.
    pub baseline: Option<String>,
    /// What that file holds.
    pub before: Option<Baseline>,
    pub doubts: Vec<Doubt>,
    pub findings: Vec<Diagnostic>,
    /// Remarks of whoever put the inputs together: another machine, shards that differ.
    pub remarks: Vec<String>,
    /// The operations of an API's description, asked one by one before the load.
    pub survey: Option<Survey>,
    /// What the load asked of the database.
    pub database: Option<DatabaseUse>,
    /// Why there was no load after the survey.
    pub unloaded: Option<String>,
    pub verdict: Verdict,
}

/// Everything that a run is judged by.
#[derive(Clone, Debug)]
pub struct Subject {
    pub load: Load,
    pub machine: Machine,
    pub endpoints: Vec<Endpoint>,
    pub outcome: Outcome,
    pub asked: Asked,
}

/// Judges a run; a comparison is added by `Assessment::compared`.
pub fn assess(subject: Subject) -> Assessment {
    let Subject {
        load,
        machine,
        endpoints,
        outcome,
        asked,
    } = subject;
    let accepts = asked.acceptance();
    let pairs = endpoints.into_iter().zip(outcome.recordings);
    let results: Vec<Measured> = pairs
        .map(|(endpoint, recording)| Measured::new(endpoint, recording, outcome.elapsed, accepts))
        .collect();
    let mut assessment = Assessment {
        doubts: doubts(
            &load,
            &outcome.client,
            &results,
            outcome.elapsed,
            outcome.interrupted,
        ),
        findings: results
            .first()
            .map(|first| findings::of(first, &asked))
            .unwrap_or_default(),
        checked: check(&asked, &results),
        status: asked.status.map(|wanted| status(wanted, &results)),
        rate_limit: asked
            .rate_limit
            .then(|| {
                results
                    .first()
                    .map(|first| rate_limit::judge(&first.recording, outcome.elapsed))
            })
            .flatten(),
        comparison: None,
        capacity: None,
        baseline: None,
        before: None,
        remarks: Vec::new(),
        survey: None,
        database: None,
        unloaded: None,
        verdict: Verdict::Ok,
        load,
        machine,
        started_at_ms: outcome.started_at_ms,
        elapsed: outcome.elapsed,
        interrupted: outcome.interrupted,
        client: outcome.client,
        results,
        asked,
    };
    assessment.verdict = assessment.judge();
    assessment
}

impl Assessment {
    /// The same run with its comparison, and the file when it was a baseline.
    pub fn compared(mut self, comparison: Comparison, baseline: Option<String>) -> Self {
        self.comparison = Some(comparison);
        self.baseline = baseline;
        self.verdict = self.judge();
        self
    }

    /// The same run with its comparison with an earlier one.
    pub fn compared_with(
        self,
        before: Baseline,
        comparison: Comparison,
        file: Option<String>,
    ) -> Self {
        Self {
            before: Some(before),
            ..self.compared(comparison, file)
        }
    }

    /// The highest step of a search for capacity, with all of them.
    pub fn searched(mut self, capacity: Capacity) -> Self {
        self.verdict = if capacity.held.is_none() {
            Verdict::Failed
        } else if capacity.limit == Limit::Client {
            match self.judge() {
                Verdict::Ok => Verdict::NotValid,
                other => other,
            }
        } else {
            self.judge()
        };
        self.capacity = Some(capacity);
        self
    }

    /// The same run with what its description says to the server, before the load and within it.
    pub fn described(mut self, mut survey: Survey) -> Self {
        let apart = self.aside().map(|aside| aside.findings(Some(&survey)));
        survey.findings.extend(apart.into_iter().flatten());
        self.findings.extend(survey.findings.iter().cloned());
        self.survey = Some(survey);
        self.verdict = self.judge();
        self
    }

    /// A survey that no load came after.
    pub fn unloaded(mut self, reason: &str) -> Self {
        self.unloaded = Some(reason.to_owned());
        self.verdict = self.judge();
        self
    }

    /// The same run with what it asked of the database. Operations that were asked one by one say
    /// more than all of them together.
    pub fn queried(mut self, database: DatabaseUse) -> Self {
        if let (None, Some(first)) = (&self.survey, self.results.first()) {
            let name = format!("{} {}", first.endpoint.method, first.endpoint.url);
            self.findings.extend(database.load.findings(&name));
        }
        self.database = Some(database);
        self
    }

    pub fn first(&self) -> Option<&Measured> {
        self.results.first()
    }

    /// The requests that broke a rule within the load. They come of a description, which is of one
    /// server.
    pub fn aside(&self) -> Option<&MeasuredAside> {
        self.first()?.aside.as_ref()
    }

    /// Whether the figures are the server's.
    pub fn is_valid(&self) -> bool {
        self.load.rate.is_none()
            || !self
                .doubts
                .iter()
                .any(|doubt| matches!(doubt, Doubt::Processor { .. } | Doubt::Schedule { .. }))
    }

    /// Whether not one exchange completed.
    pub fn is_silent(&self) -> bool {
        self.results
            .iter()
            .all(|result| result.recording.requests.completed == 0)
    }

    fn judge(&self) -> Verdict {
        let rate_limit_fails = self
            .rate_limit
            .as_ref()
            .is_some_and(|observed| !observed.holds());
        let fails = self.checked.iter().any(|checked| !checked.met)
            || self.status.is_some_and(|status| !status.met())
            || self.survey.as_ref().is_some_and(Survey::fails)
            || self.aside().is_some_and(MeasuredAside::fails)
            || rate_limit_fails;
        if fails {
            return Verdict::Failed;
        }
        if self.unloaded.is_some() {
            return Verdict::NoSuccess;
        }
        let unsuccessful = |result: &Measured| {
            let as_asked = !result.parts.is_empty() && result.finished > 0 && result.errors == 0;
            result.successes() == 0 && !as_asked
        };
        if self.asked.status.is_none() && self.results.iter().any(unsuccessful) {
            // A limit that refuses everything was asked for, if it was asked for at all.
            let refused_all = self.rate_limit.as_ref().is_some_and(Observed::holds);
            if !refused_all {
                return Verdict::NoSuccess;
            }
        }
        match &self.comparison {
            Some(comparison) => Verdict::Compared(comparison.verdict),
            None if self.is_valid() => Verdict::Ok,
            None => Verdict::NotValid,
        }
    }
}

fn check(asked: &Asked, results: &[Measured]) -> Vec<Checked> {
    // With two endpoints the expectations are about the new one.
    let Some(result) = results.last() else {
        return Vec::new();
    };
    let figures = Figures {
        requests_per_second: result.requests_per_second,
        errors: result.errors,
        finished: result.finished,
        latency: result.latency.clone(),
    };
    let expectations = asked.expectations.iter();
    let check = |expectation: &Expectation| {
        let Some(name) = &expectation.target else {
            return expectation::check(expectation, &figures, &result.recording.latency);
        };
        let mut parts = result.parts.iter();
        match parts.find(|part| part.named.name == *name) {
            Some(part) => expectation::check(expectation, &part.figures(), &part.part.latency),
            // A single request is the whole run.
            None if result.parts.is_empty() => {
                expectation::check(expectation, &figures, &result.recording.latency)
            }
            // An operation of a description that gave no answer to load with.
            None => Checked {
                met: false,
                ..expectation::check(expectation, &Figures::default(), &histogram())
            },
        }
    };
    expectations.map(check).collect()
}

fn status(wanted: u16, results: &[Measured]) -> StatusCheck {
    let with = results
        .iter()
        .map(|result| result.recording.statuses.get(&wanted).copied().unwrap_or(0))
        .sum();
    let finished: u64 = results.iter().map(|result| result.finished).sum();
    StatusCheck {
        wanted,
        with,
        without: finished - with,
    }
}

/// A worker that is busy in half of the seconds is a limit; so is a schedule that runs late by more
/// than the latencies that it is to measure, and by more than a millisecond.
fn doubts(
    load: &Load,
    client: &Client,
    results: &[Measured],
    elapsed: Duration,
    interrupted: bool,
) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let seconds = elapsed.as_secs_f64();
    if client.saturated_seconds >= 1 && client.saturated_seconds as f64 >= 0.5 * seconds.floor() {
        doubts.push(Doubt::Processor {
            seconds: client.saturated_seconds,
            of: seconds,
        });
    }
    if load.rate.is_some() && !client.schedule_lag.is_empty() {
        let mean = client.schedule_lag.mean() / 1e6;
        let median = results
            .first()
            .and_then(|result| result.service.as_ref()?.p50);
        if mean > 1.0 && median.is_some_and(|median| mean > median) {
            doubts.push(Doubt::Schedule {
                mean,
                max: client.schedule_lag.max() as f64 / 1e6,
            });
        }
    }
    let due: u64 = results
        .iter()
        .filter_map(|result| result.recording.requests.due)
        .sum();
    let unsent: u64 = results
        .iter()
        .map(|result| result.recording.requests.unsent)
        .sum();
    if unsent > 0 && share(unsent, due) > 0.001 {
        doubts.push(Doubt::Unsent {
            count: unsent,
            of: due,
        });
    }
    if interrupted {
        doubts.push(Doubt::Interrupted);
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::recording::ErrorKind;
    use crate::loadtest::recording::Recording;

    fn load(rate: Option<f64>) -> Load {
        Load {
            rate,
            stages: Vec::new(),
            connections: 50,
            duration: Some(Duration::from_secs(10)),
            requests: None,
            warmup: Duration::ZERO,
            timeout: Duration::from_secs(30),
            threads: 1,
            shard: None,
            drawn: None,
        }
    }

    fn subject(statuses: &[(u16, u64)], failed: u64, asked: Asked) -> Subject {
        let mut recording = Recording {
            statuses: statuses.iter().copied().collect(),
            ..Recording::default()
        };
        recording.requests.completed = statuses.iter().map(|(_, count)| count).sum();
        recording.requests.failed = failed;
        recording.count_errors(ErrorKind::Timeout, failed, "timed out");
        for _ in 0..recording.requests.completed + failed {
            recording.latency.record(5_000_000).expect("it grows");
        }
        Subject {
            load: load(None),
            machine: Machine::default(),
            endpoints: vec![Endpoint {
                url: "http://localhost/".to_owned(),
                method: "GET".to_owned(),
                requests: Vec::new(),
                aside: None,
            }],
            outcome: Outcome {
                recordings: vec![recording],
                elapsed: Duration::from_secs(10),
                ..Outcome::default()
            },
            asked,
        }
    }

    #[test]
    fn a_run_is_judged_by_what_was_asked() {
        let status = |wanted| Asked {
            status: Some(wanted),
            ..Asked::default()
        };
        let expecting = |text: &str| Asked {
            expectations: vec![Expectation::parse(text).expect(text)],
            ..Asked::default()
        };
        for (statuses, failed, asked, wanted) in [
            (vec![(200, 100)], 0, Asked::default(), Verdict::Ok),
            (vec![(302, 100)], 0, Asked::default(), Verdict::Ok),
            (vec![(200, 1), (500, 99)], 0, Asked::default(), Verdict::Ok),
            (vec![(500, 100)], 0, Asked::default(), Verdict::NoSuccess),
            (vec![(500, 100)], 0, status(500), Verdict::Ok),
            (vec![(200, 100)], 0, status(400), Verdict::Failed),
            (vec![(400, 99), (200, 1)], 0, status(400), Verdict::Failed),
            (vec![(400, 99)], 1, status(400), Verdict::Failed),
            (vec![], 100, status(400), Verdict::Failed),
            (vec![(200, 100)], 0, expecting("p90<6ms"), Verdict::Ok),
            (vec![(200, 100)], 0, expecting("p90<4ms"), Verdict::Failed),
            (vec![(200, 98)], 2, expecting("error_rate<=2%"), Verdict::Ok),
            (
                vec![(200, 97)],
                3,
                expecting("error_rate<=2%"),
                Verdict::Failed,
            ),
        ] {
            let assessment = assess(subject(&statuses, failed, asked));
            assert_eq!(assessment.verdict, wanted, "{statuses:?} {failed}");
        }
    }

    #[test]
    fn littles_law() {
        let assessment = assess(subject(&[(200, 20_000)], 0, Asked::default()));
        let first = assessment.first().expect("a result");
        // 2,000 a second, each taking 5 ms.
        assert!((first.in_flight() - 10.0).abs() < 0.01);
    }

    #[test]
    fn a_saturated_client_makes_an_open_loop_invalid() {
        let mut subject = subject(&[(200, 100)], 0, Asked::default());
        subject.outcome.client.saturated_seconds = 9;
        assert_eq!(assess(subject.clone()).verdict, Verdict::Ok);
        subject.load = load(Some(1_000.0));
        let assessment = assess(subject);
        assert_eq!(assessment.verdict, Verdict::NotValid);
        assert_eq!(
            assessment.doubts,
            [Doubt::Processor {
                seconds: 9,
                of: 10.0
            }]
        );
    }
}
