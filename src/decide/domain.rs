//! The values of an input, cut where the outcome of any test can change. Inside of a cut every value
//! gives the same outcome, so one representative stands for all of them: this makes sensitivity exact.

use std::fmt;

use super::constraint::{Test, quantity};
use super::criteria::Criterion;
use super::input::{Input, Kind, Value, spoken_duration, spoken_number};
use super::profile::Profile;

/// Neighbouring values that no test tells apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    pub values: Values,
    pub representative: Option<Value>,
}

/// A set of values of one input.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    Range(Range),
    /// Words, in the order of the input's description.
    Choices(Vec<String>),
    /// Free text that is there, or not.
    Named(bool),
    Any,
}

/// A range of numbers; `None` is no bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub kind: Kind,
    pub low: Option<f64>,
    pub low_included: bool,
    pub high: Option<f64>,
    pub high_included: bool,
}

/// All tests that any profile or criterion makes of an input.
fn tests(input: Input, profiles: &[Profile]) -> Vec<Test> {
    let constraints = profiles.iter().flat_map(|profile| &profile.constraints);
    let of_profiles = constraints
        .filter(|constraint| constraint.input == input)
        .map(|constraint| constraint.test.clone());
    let criteria = Criterion::ALL.into_iter().flat_map(Criterion::tests);
    let of_criteria = criteria
        .filter(|(other, _)| *other == input)
        .map(|(_, test)| test);
    of_profiles.chain(of_criteria).collect()
}

/// The segments of an input, those that no test tells apart taken together.
pub fn classes(input: Input, profiles: &[Profile]) -> Vec<(Vec<Values>, Option<Value>)> {
    let tests = tests(input, profiles);
    let mut classes: Vec<(Vec<bool>, Vec<Values>, Option<Value>)> = Vec::new();
    for segment in segments(input, profiles) {
        let value = segment.representative.as_ref();
        let signature: Vec<bool> = tests
            .iter()
            .map(|test| value.is_some_and(|value| test.holds(value)))
            .collect();
        let known = classes.iter_mut().find(|(other, ..)| *other == signature);
        match known {
            Some((_, values, _)) => match values.last().and_then(|last| last.join(&segment.values))
            {
                Some(joined) => *values.last_mut().expect("a class has values") = joined,
                None => values.push(segment.values),
            },
            None => classes.push((signature, vec![segment.values], segment.representative)),
        }
    }
    classes
        .into_iter()
        .map(|(_, values, representative)| (values, representative))
        .collect()
}

/// The segments of an input, in order. An input that nothing tests has one, `Any`.
pub fn segments(input: Input, profiles: &[Profile]) -> Vec<Segment> {
    let tests = tests(input, profiles);
    if input == Input::HotPath {
        let named = Value::Text("named".to_owned());
        return [(false, None), (true, Some(named))]
            .into_iter()
            .map(|(is_named, representative)| Segment {
                values: Values::Named(is_named),
                representative,
            })
            .collect();
    }
    if tests.is_empty() || input.kind() == Kind::Text {
        return vec![Segment {
            values: Values::Any,
            representative: any(input),
        }];
    }
    match input.kind() {
        Kind::Choice(choices) => choices
            .iter()
            .map(|choice| single(Value::Choice(choice)))
            .collect(),
        Kind::Switch => [true, false]
            .into_iter()
            .map(|switch| single(Value::Switch(switch)))
            .collect(),
        Kind::Whole | Kind::Duration => whole(input.kind(), &tests),
        Kind::Decimal | Kind::Percent => decimal(input.kind(), &tests),
        Kind::Text => Vec::new(),
    }
}

fn any(input: Input) -> Option<Value> {
    Some(match input.kind() {
        Kind::Choice(choices) => Value::Choice(choices.first()?),
        Kind::Switch => Value::Switch(true),
        Kind::Duration => Value::Duration(60),
        Kind::Whole | Kind::Decimal | Kind::Percent => Value::Number(1.0),
        Kind::Text => Value::Text("anybody".to_owned()),
    })
}

fn single(value: Value) -> Segment {
    Segment {
        values: Values::Choices(vec![value.to_string()]),
        representative: Some(value),
    }
}

/// Whole numbers are cut before the first value of each side.
fn whole(kind: Kind, tests: &[Test]) -> Vec<Segment> {
    let lowest = if kind == Kind::Duration { 0.0 } else { 1.0 };
    let mut starts = vec![lowest];
    for test in tests {
        for value in test.values().iter().filter_map(quantity) {
            match test {
                Test::Min(_) => starts.push(value.ceil()),
                Test::Max(_) => starts.push(value.floor() + 1.0),
                _ => starts.extend([value.ceil(), value.floor() + 1.0]),
            }
        }
    }
    starts.retain(|start| *start >= lowest);
    starts.sort_by(f64::total_cmp);
    starts.dedup();
    let ends = starts
        .iter()
        .skip(1)
        .map(|next| Some(next - 1.0))
        .chain([None]);
    let segment = |(start, end): (&f64, Option<f64>)| Segment {
        values: Values::Range(Range {
            kind,
            low: Some(*start),
            low_included: true,
            high: end,
            high_included: true,
        }),
        representative: Some(number(kind, *start)),
    };
    starts.iter().zip(ends).map(segment).collect()
}

/// Real numbers are cut at each threshold, which is a segment of its own.
fn decimal(kind: Kind, tests: &[Test]) -> Vec<Segment> {
    let mut cuts: Vec<f64> = tests
        .iter()
        .flat_map(Test::values)
        .filter_map(quantity)
        .filter(|cut| *cut >= 0.0)
        .collect();
    cuts.sort_by(f64::total_cmp);
    cuts.dedup();
    let range = |low, low_included, high, high_included| Range {
        kind,
        low,
        low_included,
        high,
        high_included,
    };
    let top = (kind == Kind::Percent).then_some(100.0);
    let mut segments = Vec::new();
    let mut below = (0.0, kind != Kind::Percent);
    for cut in cuts.iter().copied().chain(top).map(Some).chain([None]) {
        let open = range(Some(below.0), below.1, cut, false);
        if cut.is_none_or(|cut| below.0 < cut) {
            segments.push((open, inside(below.0, cut)));
        }
        match cut {
            Some(cut) if top.is_none_or(|top| cut < top) => {
                segments.push((range(Some(cut), true, Some(cut), true), cut));
                below = (cut, false);
            }
            _ => break,
        }
    }
    segments
        .into_iter()
        .map(|(range, representative)| Segment {
            values: Values::Range(range),
            representative: Some(number(kind, representative)),
        })
        .collect()
}

/// A value strictly between: the first whole number where there is one.
fn inside(low: f64, high: Option<f64>) -> f64 {
    let next = low.floor() + 1.0;
    match high {
        Some(high) if next >= high => f64::midpoint(low, high),
        _ => next,
    }
}

const fn number(kind: Kind, number: f64) -> Value {
    match kind {
        Kind::Duration => Value::Duration(number as u64),
        _ => Value::Number(number),
    }
}

impl Values {
    /// Both sets as one, when they are neighbours or both words.
    pub fn join(&self, next: &Self) -> Option<Self> {
        match (self, next) {
            (Self::Range(left), Self::Range(right)) => Some(Self::Range(Range {
                high: right.high,
                high_included: right.high_included,
                ..*left
            })),
            (Self::Choices(left), Self::Choices(right)) => {
                Some(Self::Choices(left.iter().chain(right).cloned().collect()))
            }
            (Self::Named(left), Self::Named(right)) if left != right => Some(Self::Any),
            _ => None,
        }
    }

    pub fn contains(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Any => true,
            Self::Named(named) => value.is_some() == *named,
            Self::Choices(choices) => {
                value.is_some_and(|value| choices.contains(&value.to_string()))
            }
            Self::Range(range) => value
                .and_then(quantity)
                .is_some_and(|number| range.contains(number)),
        }
    }
}

impl Range {
    fn contains(&self, number: f64) -> bool {
        let above = self
            .low
            .is_none_or(|low| number > low || (self.low_included && number >= low));
        let below = self
            .high
            .is_none_or(|high| number < high || (self.high_included && number <= high));
        above && below
    }

    /// The bound of the whole domain, which is not worth naming.
    fn is_lowest(&self) -> bool {
        match self.kind {
            Kind::Whole => self.low == Some(1.0),
            _ => self.low == Some(0.0),
        }
    }
}

/// As in a table: `1 to 14`, `15 or more`, `below 1`, `above 5,000`.
impl fmt::Display for Values {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("any"),
            Self::Named(true) => formatter.write_str("named"),
            Self::Named(false) => formatter.write_str("not named"),
            Self::Choices(choices) => formatter.write_str(&choices.join(", ")),
            Self::Range(range) => range.fmt(formatter),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spoken = |number: f64| match self.kind {
            Kind::Duration => spoken_duration(number as u64),
            _ => spoken_number(number),
        };
        let discrete = matches!(self.kind, Kind::Whole | Kind::Duration);
        match (self.low, self.high) {
            (Some(low), Some(high)) if low.total_cmp(&high).is_eq() => {
                formatter.write_str(&spoken(low))
            }
            (Some(_), None) if self.is_lowest() && (discrete || self.low_included) => {
                formatter.write_str("any")
            }
            (Some(low), None) if self.low_included => write!(formatter, "{} or more", spoken(low)),
            (Some(low), None) => write!(formatter, "above {}", spoken(low)),
            (_, Some(high)) if self.is_lowest() && !discrete => {
                let word = if self.high_included { "up to" } else { "below" };
                write!(formatter, "{word} {}", spoken(high))
            }
            (Some(low), Some(high)) => match (self.low_included, self.high_included) {
                (true, true) => write!(formatter, "{} to {}", spoken(low), spoken(high)),
                (true, false) => write!(formatter, "{} to below {}", spoken(low), spoken(high)),
                (false, true) => write!(formatter, "above {} to {}", spoken(low), spoken(high)),
                (false, false) => write!(formatter, "between {} and {}", spoken(low), spoken(high)),
            },
            (None, _) => formatter.write_str("any"),
        }
    }
}
