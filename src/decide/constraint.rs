//! One condition of a profile, and its three-valued outcome. The set of operators is closed, so that
//! the values at which an outcome can change are known exactly.

use super::input::{Answers, Input, Value};

/// What a constraint asks of its input.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// At least this much.
    Min(Value),
    /// At most this much.
    Max(Value),
    In(Vec<Value>),
    NotIn(Vec<Value>),
    Equals(Value),
}

/// Whether missing the constraint rules the profile out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Hard,
    Weighted,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    pub input: Input,
    pub test: Test,
    pub weight: Weight,
    /// What passing is worth.
    pub points: u32,
    /// What the profile offers where this is met, as the object of "you get".
    pub offers: Option<String>,
}

/// Three-valued: an input that is not known neither passes nor fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Pass,
    Fail,
    Unknown,
}

impl Test {
    pub const fn operator(&self) -> &'static str {
        match self {
            Self::Min(_) => "min",
            Self::Max(_) => "max",
            Self::In(_) => "in",
            Self::NotIn(_) => "not_in",
            Self::Equals(_) => "equals",
        }
    }

    pub fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Min(limit) => quantity(value) >= quantity(limit),
            Self::Max(limit) => quantity(value) <= quantity(limit),
            Self::In(values) => values.contains(value),
            Self::NotIn(values) => !values.contains(value),
            Self::Equals(wanted) => wanted == value,
        }
    }

    /// Every value that the test names.
    pub fn values(&self) -> &[Value] {
        match self {
            Self::Min(value) | Self::Max(value) | Self::Equals(value) => {
                std::slice::from_ref(value)
            }
            Self::In(values) | Self::NotIn(values) => values,
        }
    }

    /// `max 24`, `monolith, modular-monolith`, `true`.
    pub fn spoken(&self) -> String {
        let list = self
            .values()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        match self {
            Self::Min(_) => format!("min {list}"),
            Self::Max(_) => format!("max {list}"),
            Self::NotIn(_) => format!("not {list}"),
            Self::In(_) | Self::Equals(_) => list,
        }
    }
}

impl Constraint {
    pub fn outcome(&self, answers: &Answers) -> Outcome {
        match answers.get(self.input) {
            None => Outcome::Unknown,
            Some(value) if self.test.holds(value) => Outcome::Pass,
            Some(_) => Outcome::Fail,
        }
    }
}

/// The size of a value; nothing else has one, and nothing compares with it.
pub(super) const fn quantity(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Duration(seconds) => Some(*seconds as f64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_at_their_boundaries() {
        let number = Value::Number;
        let choice = Value::Choice;
        for (test, value, holds) in [
            (Test::Max(number(14.0)), number(14.0), true),
            (Test::Max(number(14.0)), number(15.0), false),
            (Test::Min(number(30.0)), number(30.0), true),
            (Test::Min(number(30.0)), number(29.0), false),
            (Test::Max(Value::Duration(60)), Value::Duration(60), true),
            (
                Test::In(vec![choice("go"), choice("rust")]),
                choice("rust"),
                true,
            ),
            (Test::In(vec![choice("go")]), choice("rust"), false),
            (Test::NotIn(vec![choice("go")]), choice("rust"), true),
            (Test::NotIn(vec![choice("go")]), choice("go"), false),
            (Test::Equals(Value::Switch(true)), Value::Switch(true), true),
            (
                Test::Equals(Value::Switch(true)),
                Value::Switch(false),
                false,
            ),
        ] {
            assert_eq!(test.holds(&value), holds, "{test:?} {value:?}");
        }
    }
}
