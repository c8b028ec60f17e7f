//! The values of an input, cut where the outcome of any test can change. Inside of a cut every value
//! gives the same outcome, so one representative stands for all of them: this makes sensitivity exact.

use std::fmt;

use super::constraint::{Test, quantity};
use super::criteria::Criterion;
use super::input::{
    Input, Kind, LARGEST_DECIMAL, LARGEST_WHOLE, LONGEST_DURATION, Value, spoken_duration,
    spoken_number,
};
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
    /// No answer.
    Absent,
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
        .map(|(_, test)| test.clone());
    of_profiles.chain(of_criteria).collect()
}

/// Whether any profile or criterion looks at an input.
pub fn is_tested(input: Input, profiles: &[Profile]) -> bool {
    input == Input::HotPath || !tests(input, profiles).is_empty()
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
    let (lowest, highest) = match kind {
        Kind::Duration => (0.0, LONGEST_DURATION as f64),
        _ => (1.0, LARGEST_WHOLE),
    };
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
    starts.retain(|start| (lowest..=highest).contains(start));
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
    // Percentages end before their bounds, other numbers with them.
    let (highest, ends_with) = match kind {
        Kind::Percent => (100.0, false),
        _ => (LARGEST_DECIMAL, true),
    };
    let mut segments = Vec::new();
    let mut low = (0.0, ends_with);
    for cut in cuts {
        if let Some(inside) = inside(low, cut) {
            segments.push((range(Some(low.0), low.1, Some(cut), false), inside));
        }
        segments.push((range(Some(cut), true, Some(cut), true), cut));
        low = (cut, false);
    }
    let last = inside(low, highest).or((ends_with && low.0 < highest).then_some(highest));
    if let Some(inside) = last {
        segments.push((range(Some(low.0), low.1, None, false), inside));
    }
    segments
        .into_iter()
        .map(|(range, representative)| Segment {
            values: Values::Range(range),
            representative: Some(number(kind, representative)),
        })
        .collect()
}

/// A value above `low` and below `high`: the first whole number where there is one, `low` itself where
/// it belongs to them and nothing else does. Neighbouring thresholds may have none between them.
fn inside((low, low_included): (f64, bool), high: f64) -> Option<f64> {
    let whole = low.floor() + 1.0;
    let between = if whole < high {
        whole
    } else {
        f64::midpoint(low, high)
    };
    if low < between && between < high {
        Some(between)
    } else {
        (low_included && low < high).then_some(low)
    }
}

pub(super) const fn number(kind: Kind, number: f64) -> Value {
    match kind {
        Kind::Duration => Value::Duration(number as u64),
        _ => Value::Number(number),
    }
}

impl Values {
    /// Both sets as one, when they are neighbours or both words.
    pub fn join(&self, next: &Self) -> Option<Self> {
        match (self, next) {
            (Self::Range(left), Self::Range(right)) => {
                left.touches(right).then_some(Self::Range(Range {
                    high: right.high,
                    high_included: right.high_included,
                    ..*left
                }))
            }
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
            Self::Absent => value.is_none(),
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

    /// Whether no value lies between this one and a higher one.
    fn touches(&self, higher: &Self) -> bool {
        let (Some(high), Some(low)) = (self.high, higher.low) else {
            return false;
        };
        if matches!(self.kind, Kind::Whole | Kind::Duration) {
            low.total_cmp(&(high + 1.0)).is_eq()
        } else {
            low.total_cmp(&high).is_eq() && (self.high_included || higher.low_included)
        }
    }

    /// A bound as a value of the input.
    pub const fn value(&self, bound: f64) -> Value {
        number(self.kind, bound)
    }

    /// As a condition: `>= 15`, `< 1`, `15 to 24`.
    pub fn condition(&self) -> String {
        match (self.low, self.high) {
            (Some(low), None) if !self.is_lowest() => {
                let sign = if self.low_included { ">=" } else { ">" };
                format!("{sign} {}", self.spoken(low))
            }
            (Some(low), Some(high)) if self.is_lowest() && low < high => {
                let sign = if self.high_included { "<=" } else { "<" };
                format!("{sign} {}", self.spoken(high))
            }
            _ => self.to_string(),
        }
    }

    fn spoken(&self, number: f64) -> String {
        match self.kind {
            Kind::Duration => spoken_duration(number as u64),
            _ => spoken_number(number),
        }
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
            Self::Absent => formatter.write_str("not given"),
            Self::Choices(choices) => formatter.write_str(&choices.join(", ")),
            Self::Range(range) => range.fmt(formatter),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spoken = |number: f64| self.spoken(number);
        let discrete = matches!(self.kind, Kind::Whole | Kind::Duration);
        match (self.low, self.high) {
            (Some(low), Some(high)) if low.total_cmp(&high).is_eq() => {
                formatter.write_str(&spoken(low))
            }
            (Some(_), None) if self.is_lowest() && (discrete || self.low_included) => {
                formatter.write_str("any")
            }
            (Some(_), None) if self.is_lowest() && self.kind == Kind::Percent => {
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
