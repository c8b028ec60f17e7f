//! JUnit XML, for CI systems that show tests: what was asked is a test case each.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::diagnostic::Severity;
use crate::loadtest::assessment::{Assessment, StageFigures, Verdict};
use crate::loadtest::capacity::{Capacity, Step};
use crate::loadtest::comparison;
use crate::loadtest::rate_limit::Standing;
use crate::loadtest::statistics::Summary;
use crate::report::wording::capacity as searching;
use crate::report::wording::figures::times;
use crate::report::wording::loadtest as wording;
use crate::text::number::{count, per_second};
use crate::text::printable::visible;
use crate::traffic::Survey;

/// One thing that was asked, and how it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    name: String,
    outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    /// Why it does not hold.
    Failed(String),
    /// Why it was not asked.
    Skipped(String),
}

impl Case {
    pub fn passed(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            outcome: Outcome::Passed,
        }
    }

    pub fn failed(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            outcome: Outcome::Failed(why.into()),
        }
    }

    fn skipped(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            outcome: Outcome::Skipped(why.into()),
        }
    }

    fn judged(name: impl Into<String>, fails: bool, why: &str) -> Self {
        if fails {
            Self::failed(name, why)
        } else {
            Self::passed(name)
        }
    }
}

/// One suite of cases.
pub fn write(out: &mut dyn Write, suite: &str, cases: &[Case]) -> io::Result<()> {
    write_suite(out, suite, cases, "")
}

/// One suite of cases, and figures that nobody judges as its output.
fn write_suite(out: &mut dyn Write, suite: &str, cases: &[Case], output: &str) -> io::Result<()> {
    let mut report = Report::new("backsmith");
    let mut suite = TestSuite::new(suite);
    for case in cases {
        let status = match &case.outcome {
            Outcome::Passed => TestCaseStatus::success(),
            Outcome::Failed(message) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(shown(message));
                status
            }
            Outcome::Skipped(message) => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(shown(message));
                status
            }
        };
        suite.add_test_case(TestCase::new(visible(&case.name), status));
    }
    if !output.is_empty() {
        suite.set_system_out(shown(output));
    }
    report.add_test_suite(suite);
    let text = report
        .to_string()
        .map_err(|error| io::Error::other(error.to_string()))?;
    write!(out, "{text}")
}

/// Lines of text, in which nothing is hidden from the reader.
fn shown(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

/// A load test: each expectation, each operation of a description, each check of a rate limit, the
/// search for capacity, each metric of a comparison. Steps and stages are figures, and not judged.
pub fn write_loadtest(out: &mut dyn Write, assessment: &Assessment) -> io::Result<()> {
    let headline = wording::headline(assessment).text;
    let silent = assessment.verdict == Verdict::NoSuccess;
    let mut cases = vec![Case::judged("answers", silent, &headline)];
    if let Some(status) = assessment.status {
        let message = format!("{} with, {} without", status.with, status.without);
        let name = format!("every answer is {}", status.wanted);
        cases.push(Case::judged(name, !status.met(), &message));
    }
    for checked in &assessment.checked {
        let measured = checked.measured.map_or("not measured".to_owned(), |value| {
            let unit = checked.expectation.quantity.unit();
            format!("measured {value:.3} {unit}")
        });
        let message = format!("{measured}; {}", checked.reason);
        let name = checked.expectation.expression.as_str();
        cases.push(Case::judged(
            name,
            !checked.met,
            message.trim_end_matches("; "),
        ));
    }
    if let Some(survey) = &assessment.survey {
        described(&mut cases, survey);
    }
    if let Some(capacity) = &assessment.capacity {
        cases.push(Case::judged("capacity", capacity.held.is_none(), &headline));
    }
    for check in assessment
        .rate_limit
        .iter()
        .flat_map(|observed| &observed.checks)
    {
        let name = format!("rate limit: {}", check.name);
        let fails = check.standing == Standing::Fails;
        cases.push(Case::judged(name, fails, &check.detail));
    }
    for measure in assessment
        .comparison
        .iter()
        .flat_map(|comparison| &comparison.measures)
    {
        let worse = measure.verdict == comparison::Verdict::Worse && measure.metric.decides();
        let message = format!("{:?} before, {:?} now", measure.a, measure.b);
        let name = format!("comparison: {}", measure.metric.name());
        cases.push(Case::judged(name, worse, &message));
    }
    let mut output = assessment.capacity.as_ref().map(steps).unwrap_or_default();
    output += &stages(assessment);
    write_suite(out, "loadtest", &cases, &output)
}

/// The operations that were asked one by one, those that were left out, and what the load said.
fn described(cases: &mut Vec<Case>, survey: &Survey) {
    for operation in &survey.operations {
        let objections = operation.objections.join("\n");
        cases.push(Case::judged(
            format!("description: {}", operation.name),
            !operation.objections.is_empty(),
            &objections,
        ));
    }
    for left in &survey.left_out {
        let name = format!("description: {}", left.name);
        cases.push(Case::skipped(name, &left.reason));
    }
    let objections = || survey.operations.iter().flat_map(|one| &one.objections);
    let under_load: Vec<&str> = survey
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| finding.message.as_str())
        .filter(|message| !objections().any(|objection| objection == message))
        .collect();
    cases.push(Case::judged(
        "description: under load",
        !under_load.is_empty(),
        &under_load.join("\n"),
    ));
}

/// A line for each rate that was tried.
fn steps(capacity: &Capacity) -> String {
    let line = |(index, step): (usize, &Step)| {
        let remark = searching::remark(capacity, index);
        format!(
            "step {}: asked {}/s, reached {}/s, {} ms{}\n",
            index + 1,
            per_second(step.asked),
            per_second(step.reached),
            latency(&step.latency),
            if remark.is_empty() {
                String::new()
            } else {
                format!(", {remark}")
            }
        )
    };
    capacity.steps.iter().enumerate().map(line).collect()
}

/// A line for each stage of the load.
fn stages(assessment: &Assessment) -> String {
    let Some(first) = assessment.first() else {
        return String::new();
    };
    let figures = assessment.stages(first);
    let line = |(index, figures): (usize, &StageFigures<'_>)| {
        format!(
            "stage {}: asked {}/s, reached {}/s, {} unsent, {} ms\n",
            index + 1,
            wording::stage_rate(&figures.stage),
            per_second(figures.reached),
            count(figures.record.unsent()),
            latency(&figures.latency)
        )
    };
    figures.iter().enumerate().map(line).collect()
}

/// `p50 1.20, p90 2.10, p99 3.40, max 5.60`.
fn latency(latency: &Summary) -> String {
    let [p50, p90, p99, max] = times(latency);
    format!("p50 {p50}, p90 {p90}, p99 {p99}, max {max}")
}
