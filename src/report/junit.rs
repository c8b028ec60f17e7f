//! JUnit XML, for CI systems that show tests: what was asked is a test case each.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::loadtest::assessment::{Assessment, Verdict};
use crate::loadtest::comparison;
use crate::loadtest::rate_limit::Standing;
use crate::report::wording::loadtest as wording;

/// One thing that was asked, and why it does not hold when it does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub name: String,
    pub failure: Option<String>,
}

/// One suite of cases.
pub fn write(out: &mut dyn Write, suite: &str, cases: &[Case]) -> io::Result<()> {
    let mut report = Report::new("backsmith");
    let mut suite = TestSuite::new(suite);
    for case in cases {
        let status = match &case.failure {
            None => TestCaseStatus::success(),
            Some(message) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(message.as_str());
                status
            }
        };
        suite.add_test_case(TestCase::new(case.name.as_str(), status));
    }
    report.add_test_suite(suite);
    let text = report
        .to_string()
        .map_err(|error| io::Error::other(error.to_string()))?;
    write!(out, "{text}")
}

/// A load test: each expectation, each check of a rate limit, each metric of a comparison.
pub fn write_loadtest(out: &mut dyn Write, assessment: &Assessment) -> io::Result<()> {
    let headline = wording::headline(assessment).text;
    let failing = |fails: bool, message: &str| fails.then(|| message.to_owned());
    let mut cases = vec![Case {
        name: "answers".to_owned(),
        failure: failing(assessment.verdict == Verdict::NoSuccess, &headline),
    }];
    if let Some(status) = assessment.status {
        let message = format!("{} with, {} without", status.with, status.without);
        cases.push(Case {
            name: format!("every answer is {}", status.wanted),
            failure: failing(!status.met(), &message),
        });
    }
    for checked in &assessment.checked {
        let measured = checked.measured.map_or("not measured".to_owned(), |value| {
            let unit = checked.expectation.quantity.unit();
            format!("measured {value:.3} {unit}")
        });
        cases.push(Case {
            name: checked.expectation.expression.clone(),
            failure: failing(
                !checked.met,
                format!("{measured}; {}", checked.reason).trim_end_matches("; "),
            ),
        });
    }
    for operation in assessment
        .survey
        .iter()
        .flat_map(|survey| &survey.operations)
    {
        let objections = operation.objections.join("\n");
        cases.push(Case {
            name: format!("description: {}", operation.name),
            failure: failing(!operation.objections.is_empty(), &objections),
        });
    }
    for check in assessment
        .rate_limit
        .iter()
        .flat_map(|observed| &observed.checks)
    {
        cases.push(Case {
            name: format!("rate limit: {}", check.name),
            failure: failing(check.standing == Standing::Fails, &check.detail),
        });
    }
    for measure in assessment
        .comparison
        .iter()
        .flat_map(|comparison| &comparison.measures)
    {
        let worse = measure.verdict == comparison::Verdict::Worse && measure.metric.decides();
        let message = format!("{:?} before, {:?} now", measure.a, measure.b);
        cases.push(Case {
            name: format!("comparison: {}", measure.metric.name()),
            failure: failing(worse, &message),
        });
    }
    write(out, "loadtest", &cases)
}
