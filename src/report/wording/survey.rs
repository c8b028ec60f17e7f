//! Words for the operations of a description, the same in every format.

use crate::text::number::{count, counted, decimal};
use crate::traffic::{Standing, Survey, Surveyed};

/// `200: 3   12 of 13 invalid refused, 1 accepted   4.0 queries a request`.
pub fn operation(operation: &Surveyed) -> String {
    let mut parts: Vec<String> = Vec::new();
    let statuses = operation.valid.iter();
    let statuses: Vec<String> = statuses
        .map(|(status, number)| format!("{status}: {}", count(*number)))
        .collect();
    if !statuses.is_empty() {
        parts.push(statuses.join("   "));
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
