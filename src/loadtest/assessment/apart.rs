//! What became of the requests that broke a rule within the load.

use std::time::Duration;

use super::Faulty;
use crate::diagnostic::Diagnostic;
use crate::loadtest::plan::Fault;
use crate::loadtest::recording::{AsideRecord, Tally};
use crate::loadtest::statistics::{Summary, rate};
use crate::text::number::counted;
use crate::traffic::{KINDS, Standing, Survey, unrefused};

/// The figures of all of them, and of each.
#[derive(Clone, Debug)]
pub struct MeasuredAside {
    /// One of this many requests.
    pub one_in: u64,
    pub record: AsideRecord,
    pub latency: Summary,
    pub requests_per_second: f64,
    /// In the order of the plan.
    pub faults: Vec<(Fault, Tally)>,
}

impl MeasuredAside {
    pub(super) fn new(faulty: &Faulty, record: &AsideRecord, loaded: Duration) -> Self {
        let pairs = faulty.faults.iter().cloned();
        Self {
            one_in: faulty.one_in,
            latency: Summary::of(&record.latency),
            requests_per_second: rate(record.requests.completed, loaded),
            faults: pairs.zip(record.answers.iter().cloned()).collect(),
            record: record.clone(),
        }
    }

    /// Answers by what they say to the fault; exchanges without an answer are unknown.
    pub fn with(&self, standing: Standing) -> u64 {
        let answers = self.faults.iter().map(|(_, tally)| of(tally, standing));
        let silent = match standing {
            Standing::Unknown => self.record.requests.failed,
            _ => 0,
        };
        answers.sum::<u64>() + silent
    }

    /// The faults that were not refused each time, most often first.
    pub fn not_refused(&self) -> Vec<(&Fault, &Tally)> {
        let wrong = |tally: &Tally| of(tally, Standing::Accepted) + of(tally, Standing::Broke);
        let faults = self.faults.iter().map(|(fault, tally)| (fault, tally));
        let mut found: Vec<_> = faults.filter(|(_, tally)| wrong(tally) > 0).collect();
        found.sort_by_key(|(_, tally)| std::cmp::Reverse(wrong(tally)));
        found
    }

    /// Whether something is wrong beyond doubt.
    pub fn fails(&self) -> bool {
        self.faults.iter().any(|(fault, tally)| {
            of(tally, Standing::Broke) > 0 || (!fault.lenient && of(tally, Standing::Accepted) > 0)
        })
    }

    /// What is wrong with the answers, where the survey before the load has not said so already.
    pub fn findings(&self, survey: Option<&Survey>) -> Vec<Diagnostic> {
        let mut operations: Vec<&str> = Vec::new();
        for (fault, _) in &self.faults {
            if !operations.contains(&fault.request.as_str()) {
                operations.push(&fault.request);
            }
        }
        let mut findings = Vec::new();
        for operation in operations {
            for (standing, lenient) in KINDS {
                let wrong: Vec<(&Fault, &Tally)> = self
                    .faults
                    .iter()
                    .map(|(fault, tally)| (fault, tally))
                    .filter(|(fault, tally)| {
                        fault.request == operation
                            && lenient.is_none_or(|lenient| fault.lenient == lenient)
                            && of(tally, standing) > 0
                            && !survey.is_some_and(|survey| said(survey, fault, standing))
                    })
                    .collect();
                findings.extend(finding(operation, standing, lenient == Some(true), &wrong));
            }
        }
        findings
    }
}

fn of(tally: &Tally, standing: Standing) -> u64 {
    let statuses = tally.statuses.iter();
    let with = statuses.filter(|(status, _)| Standing::of_status(**status) == standing);
    with.map(|(_, count)| count).sum()
}

/// Whether the same fault met the same answer before the load.
fn said(survey: &Survey, fault: &Fault, standing: Standing) -> bool {
    let mut operations = survey.operations.iter();
    operations.any(|operation| {
        operation.name == fault.request
            && operation.invalid.iter().any(|tried| {
                tried.breaks == fault.breaks
                    && tried.pointer == fault.pointer
                    && tried.standing == standing
            })
    })
}

fn finding(
    operation: &str,
    standing: Standing,
    lenient: bool,
    wrong: &[(&Fault, &Tally)],
) -> Option<Diagnostic> {
    let (first, _) = wrong.first()?;
    let times: u64 = wrong.iter().map(|(_, tally)| of(tally, standing)).sum();
    let told = wrong.iter().map(|(fault, tally)| {
        let statuses = tally.statuses.keys();
        let statuses: Vec<String> = statuses
            .filter(|status| Standing::of_status(**status) == standing)
            .map(ToString::to_string)
            .collect();
        format!("{} ({})", fault.breaks, statuses.join(", "))
    });
    let told: Vec<String> = told.collect();
    let requests = counted(times, "request");
    let did = if standing == Standing::Broke {
        format!("answered 5xx under load to {requests}")
    } else {
        format!("accepted {requests} under load")
    };
    let finding = unrefused(operation, &did, standing, lenient, &told);
    Some(finding.pointer(first.pointer.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(breaks: &str, lenient: bool) -> Fault {
        Fault {
            request: "make".to_owned(),
            breaks: breaks.to_owned(),
            pointer: "/paths/~1a/post".to_owned(),
            lenient,
        }
    }

    #[test]
    fn only_a_4xx_is_right() {
        let faulty = Faulty {
            one_in: 20,
            faults: vec![fault("a", false), fault("b", false), fault("c", true)],
        };
        let mut record = AsideRecord::new(3);
        let answers: [&[(u16, u64)]; 3] =
            [&[(400, 9), (401, 1)], &[(400, 2), (500, 3)], &[(201, 4)]];
        for (tally, statuses) in record.answers.iter_mut().zip(answers) {
            tally.statuses = statuses.iter().copied().collect();
        }
        record.requests.failed = 2;
        let measured = MeasuredAside::new(&faulty, &record, Duration::from_secs(1));
        let numbers = [
            Standing::Refused,
            Standing::Accepted,
            Standing::Broke,
            Standing::Unknown,
        ]
        .map(|standing| measured.with(standing));
        assert_eq!(numbers, [11, 4, 3, 3]);
        assert!(measured.fails());
        let findings: Vec<String> = measured
            .findings(None)
            .into_iter()
            .map(|finding| {
                format!(
                    "{} {}: {}",
                    finding.severity.name(),
                    finding.code,
                    finding.message
                )
            })
            .collect();
        insta::assert_snapshot!(findings.join("\n"), @"
        error validation-answers-500: `make` answered 5xx under load to 3 requests that its document refuses: b (500)
        warning accepts-invalid-format: `make` accepted 4 requests under load that its document refuses: c (201)
        ");
        let wrong = measured.not_refused();
        assert_eq!(wrong[0].0.breaks, "c");
    }
}
