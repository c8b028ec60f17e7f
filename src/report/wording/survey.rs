//! Words for the operations of a description, the same in every format.

use std::collections::BTreeMap;

use crate::loadtest::assessment::MeasuredAside;
use crate::text::number::{count, counted, decimal, milliseconds};
use crate::traffic::{Ids, Standing, Survey, Surveyed};

/// `200: 3   12 of 13 invalid refused, 1 accepted   4.0 queries a request`.
pub fn operation(operation: &Surveyed) -> String {
    let mut parts: Vec<String> = Vec::new();
    if !operation.valid.is_empty() {
        parts.push(answers(&operation.valid));
    }
    if !operation.failures.is_empty() {
        parts.push("no answer".to_owned());
    }
    if !operation.invalid.is_empty() {
        parts.push(invalid(operation));
    }
    if let Some(queries) = &operation.queries {
        parts.push(format!(
            "{} queries a request",
            decimal(queries.per_request(), 1)
        ));
    }
    parts.join("   ")
}

/// `userId from `/id` of the body of createUser`: where the ids in a path came from.
pub fn ids(ids: &Ids) -> String {
    format!(
        "{} from {}",
        ids.parameters.join(", "),
        ids.from.join(" and ")
    )
}

/// `one in 20 requests broke a rule, in no other figure: 52 sent, 50 refused, 2 accepted; p50 0.41 ms`.
pub fn aside(aside: &MeasuredAside) -> String {
    let mut text = format!(
        "one in {} requests broke a rule, in no other figure: {} answered, {} refused",
        count(aside.one_in),
        count(aside.record.requests.completed),
        count(aside.with(Standing::Refused))
    );
    for (standing, word) in [
        (Standing::Accepted, "accepted"),
        (Standing::Broke, "answered 5xx"),
        (Standing::Unknown, "not settled"),
    ] {
        let number = aside.with(standing);
        if number > 0 {
            text += &format!(", {} {word}", count(number));
        }
    }
    let latency = &aside.latency;
    for (name, value) in [("p50", latency.p50), ("p99", latency.p99)] {
        if let Some(value) = value {
            text += &format!("; {name} {}", milliseconds(value));
        }
    }
    text
}

/// `201: 4   400: 1`.
pub fn answers(statuses: &BTreeMap<u16, u64>) -> String {
    by_status(statuses).join("   ")
}

/// `201: 4` and `400: 1`.
pub fn by_status(statuses: &BTreeMap<u16, u64>) -> Vec<String> {
    let statuses = statuses.iter();
    statuses
        .map(|(status, times)| format!("{status}: {}", count(*times)))
        .collect()
}

/// Why no load came after the survey, as a headline goes on.
pub fn unloaded(survey: &Survey, reason: &str) -> String {
    let asked = counted(survey.operations.len(), "operation");
    let objections = survey.operations.iter();
    let wrong = objections.filter(|one| !one.objections.is_empty()).count();
    let found = match wrong {
        0 => "none with an objection".to_owned(),
        several => format!("{} with an objection", count(several as u64)),
    };
    format!("{asked} checked, {found}, and no load: {reason}")
}

/// `132 of 132 invalid requests refused`, when there were any.
pub fn refused(survey: &Survey) -> Option<String> {
    let operations = || survey.operations.iter();
    let all: usize = operations().map(|operation| operation.invalid.len()).sum();
    let refused: usize = operations()
        .map(|operation| operation.with(Standing::Refused))
        .sum();
    (all > 0).then(|| {
        let all = counted(all, "invalid request");
        format!("{} of {all} refused", count(refused as u64))
    })
}

/// What became of the requests that break a rule.
pub fn invalid(operation: &Surveyed) -> String {
    let mut text = format!(
        "{} of {} invalid refused",
        count(operation.with(Standing::Refused) as u64),
        count(operation.invalid.len() as u64)
    );
    for standing in [Standing::Accepted, Standing::Broke, Standing::Unknown] {
        let number = operation.with(standing);
        if number > 0 {
            let word = match standing {
                Standing::Broke => "answered 5xx",
                Standing::Unknown => "not settled",
                other => other.name(),
            };
            text += &format!(", {} {word}", count(number as u64));
        }
    }
    if operation.not_tried > 0 {
        text += &format!(", {} not sent", count(operation.not_tried as u64));
    }
    text
}
