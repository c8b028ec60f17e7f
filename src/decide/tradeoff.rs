//! What choosing the runner-up instead would cost and bring, in one or two sentences.

use super::constraint::{Constraint, Outcome};
use super::evaluate::Standing;
use super::input::{Answers, Input};

/// From the constraints that only one of both meets, and from their floors.
pub(super) fn describe(best: &Standing<'_>, other: &Standing<'_>, answers: &Answers) -> String {
    let gives_up = only_of(best, other);
    let gains = only_of(other, best);
    let name = |(constraint, _): &(&Constraint, u32)| {
        let input = constraint.input;
        let value = answers
            .get(input)
            .map(ToString::to_string)
            .unwrap_or_default();
        match &constraint.offers {
            Some(offers) => offers.clone(),
            None => format!("{} {value}", input.label()),
        }
    };
    let cost = |entry: &(&Constraint, u32)| {
        let (constraint, points) = entry;
        let value = answers
            .get(constraint.input)
            .map(ToString::to_string)
            .unwrap_or_default();
        let unit = if *points == 1 { "point" } else { "points" };
        format!(
            "{} (your `{}: {value}`, {points} {unit})",
            name(entry),
            constraint.input.key()
        )
    };
    let mut gained: Vec<String> = gains.iter().map(name).collect();
    gained.extend(floor_difference(best, other, true));
    let mut lost: Vec<String> = gives_up.iter().map(cost).collect();
    lost.extend(floor_difference(best, other, false));
    let stack = best
        .profile
        .stack
        .get("framework")
        .zip(other.profile.stack.get("framework"));
    match (lost.is_empty(), gained.is_empty(), stack) {
        (false, false, _) => format!("You give up {} and get {}.", list(&lost), list(&gained)),
        (false, true, _) => format!(
            "You give up {} and get nothing that was asked for.",
            list(&lost)
        ),
        (true, false, _) => format!(
            "You give up nothing that was asked for and get {}.",
            list(&gained)
        ),
        (true, true, Some((from, to))) => {
            format!("Both meet the same constraints; {to} stands in for {from}.")
        }
        (true, true, None) => "Both meet the same constraints.".to_owned(),
    }
}

/// Inputs by which only `one` of both gets points, with how many more it gets.
fn only_of<'a>(one: &Standing<'a>, other: &Standing<'a>) -> Vec<(&'a Constraint, u32)> {
    let passes = |standing: &Standing<'_>, input: Input| {
        standing
            .with_outcome(Outcome::Pass)
            .any(|constraint| constraint.input == input)
    };
    one.with_outcome(Outcome::Pass)
        .filter(|constraint| !passes(other, constraint.input) && constraint.points > 0)
        .map(|constraint| (constraint, constraint.points))
        .collect()
}

fn floor_difference(best: &Standing<'_>, other: &Standing<'_>, lower: bool) -> Option<String> {
    let (from, to) = (best.profile.floor.p99, other.profile.floor.p99);
    let (word, difference) = if lower {
        ("lower", from - to)
    } else {
        ("higher", to - from)
    };
    (difference > 0.0).then(|| {
        let article = if lower {
            "a floor"
        } else {
            "the floor, which is"
        };
        format!("{article} {difference} ms {word} (p99 {to} against {from} ms)")
    })
}

fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
