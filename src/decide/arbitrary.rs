//! Random profiles and answers for the tests of the engine: odd thresholds, ties, values at, beside and
//! between all thresholds. One seed gives one case, on every machine.

use fastrand::Rng;
use serde_json::{Value as Json, json};

use super::constraint::quantity;
use super::criteria::Criterion;
use super::input::{Answers, Input, Kind, Value, duration_text};
use super::profile::Profile;
use super::{Shelf, domain};
use crate::text::SourceFile;

const DECIMALS: [f64; 11] = [
    0.0,
    0.1,
    0.300_000_000_000_000_04,
    1.0,
    1.000_000_1,
    2.5,
    299.999,
    1_000.0,
    5_000.0,
    5_000.000_001,
    1e12,
];
const PERCENTAGES: [f64; 6] = [0.001, 50.0, 99.9, 99.95, 99.999, 99.999_999];
const DURATIONS: [&str; 6] = ["0s", "1s", "90s", "5m", "36h", "36500d"];
const WHOLES: [u32; 10] = [1, 2, 3, 4, 5, 14, 20, 30, 31, 1_000_000];

/// The shipped profiles, and none to five valid ones of a team.
pub(crate) fn shelf(random: &mut Rng) -> Shelf {
    let files = (0..random.usize(0..=5)).map(|number| {
        let text = profile(random, number).to_string();
        SourceFile::new(format!("custom-{number}.json"), text)
    });
    let files = files.collect();
    Shelf::fill(&[files]).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn profile(random: &mut Rng, number: usize) -> Json {
    let mut inputs: Vec<Input> = Input::ALL
        .into_iter()
        .filter(|input| input.kind() != Kind::Text)
        .collect();
    random.shuffle(&mut inputs);
    inputs.truncate(random.usize(1..=6));
    let mut constraints: Vec<Json> = Vec::new();
    for input in inputs {
        let (operator, value) = test(random, input);
        // Few different points, so that ties come about.
        let points = [0, 1, 10, 10, 25, 50][random.usize(0..6)];
        constraints.push(json!({
            "input": input.key(),
            "operator": operator,
            "value": value,
            "kind": if random.u8(0..3) == 0 { "hard" } else { "weighted" },
            "points": points,
        }));
    }
    constraints[0]["points"] = 10.into();
    json!({
        "profile_name": format!("custom-{number}"),
        "description": "Made by a test.",
        "constraints": constraints,
        "stack": {"framework": "none"},
        "anti_recommendations": ["guessing"],
        "success_thresholds": {
            "latency_ms": {"p50": 10, "p95": 20.5, "p99": 30.25},
            "uptime_percent": 99.9,
            "rpo": "5m",
            "rto": "30m",
        },
        "named_approver_chain": [{"role": "tester"}],
        "canon_references": [{"source": "Nobody (2020)", "chapters": []}],
    })
}

fn test(random: &mut Rng, input: Input) -> (&'static str, Json) {
    let ordered = !matches!(input.kind(), Kind::Choice(_) | Kind::Switch);
    let operators: &[&str] = if ordered {
        &["min", "max", "min", "max", "equals", "in", "not_in"]
    } else {
        &["in", "not_in", "equals"]
    };
    let operator = operators[random.usize(0..operators.len())];
    let first = written(random, input);
    if !matches!(operator, "in" | "not_in") {
        return (operator, first);
    }
    let mut values = vec![first];
    for _ in 0..random.usize(0..3) {
        let value = written(random, input);
        if !values.contains(&value) {
            values.push(value);
        }
    }
    (operator, Json::Array(values))
}

/// A value as a profile's file holds it.
fn written(random: &mut Rng, input: Input) -> Json {
    match input.kind() {
        Kind::Whole => WHOLES[random.usize(0..WHOLES.len())].into(),
        Kind::Decimal => DECIMALS[random.usize(0..DECIMALS.len())].into(),
        Kind::Percent => PERCENTAGES[random.usize(0..PERCENTAGES.len())].into(),
        Kind::Choice(choices) => choices[random.usize(0..choices.len())].into(),
        Kind::Switch => random.bool().into(),
        Kind::Duration => DURATIONS[random.usize(0..DURATIONS.len())].into(),
        Kind::Text => "a name".into(),
    }
}

/// Answers, most of them known, often at a threshold.
pub(crate) fn answers(random: &mut Rng, profiles: &[Profile]) -> Answers {
    let mut known = Vec::new();
    for input in Input::ALL {
        let likely = if input.describe().required { 40 } else { 2 };
        if random.u8(0..likely) == 0 {
            continue;
        }
        let mut values = values(input, profiles);
        if !values.is_empty() {
            known.push((input, values.swap_remove(random.usize(0..values.len()))));
        }
    }
    known.into_iter().collect()
}

/// Values of an input at every threshold, one step beside it, and between two.
pub(crate) fn values(input: Input, profiles: &[Profile]) -> Vec<Value> {
    let kind = input.kind();
    let candidates: Vec<Value> = match kind {
        Kind::Choice(choices) => choices.iter().map(|choice| Value::Choice(choice)).collect(),
        Kind::Switch => vec![Value::Switch(true), Value::Switch(false)],
        Kind::Text => vec![Value::Text("checkout".to_owned())],
        Kind::Whole | Kind::Duration => around(&thresholds(input, profiles), |at| {
            vec![at - 1.0, at, at + 1.0]
        })
        .into_iter()
        .map(|number| domain::number(kind, number.round()))
        .collect(),
        Kind::Decimal | Kind::Percent => around(&thresholds(input, profiles), |at| {
            vec![at.next_down(), at, at.next_up()]
        })
        .into_iter()
        .map(Value::Number)
        .collect(),
    };
    candidates
        .into_iter()
        .filter(|value| input.parse(&as_given(value)).as_ref() == Ok(value))
        .collect()
}

fn around(thresholds: &[f64], beside: impl Fn(f64) -> Vec<f64>) -> Vec<f64> {
    let mut all = vec![0.0, 0.5, 1.0, 7.0, 1e6];
    all.extend(thresholds.iter().flat_map(|at| beside(*at)));
    all.extend(
        thresholds
            .windows(2)
            .map(|pair| f64::midpoint(pair[0], pair[1])),
    );
    all.retain(|number| *number >= 0.0);
    all.sort_by(f64::total_cmp);
    all.dedup();
    all
}

fn thresholds(input: Input, profiles: &[Profile]) -> Vec<f64> {
    let constraints = profiles.iter().flat_map(|profile| &profile.constraints);
    let of_profiles = constraints.map(|constraint| (constraint.input, &constraint.test));
    let of_criteria = Criterion::ALL.into_iter().flat_map(Criterion::tests);
    let tests = of_profiles.chain(of_criteria.map(|(input, test)| (*input, test)));
    let mut thresholds: Vec<f64> = tests
        .filter(|(other, _)| *other == input)
        .flat_map(|(_, test)| {
            test.values()
                .iter()
                .filter_map(quantity)
                .collect::<Vec<_>>()
        })
        .collect();
    thresholds.sort_by(f64::total_cmp);
    thresholds.dedup();
    thresholds
}

/// A value as it is typed.
pub(crate) fn as_given(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Duration(seconds) => duration_text(*seconds),
        other => other.to_string(),
    }
}
