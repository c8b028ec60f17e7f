//! `--expect 'p99<200ms'`: a condition on one figure of a run, read and checked.

use std::fmt;

use hdrhistogram::Histogram;

use super::statistics::{Percentile, Summary};

/// A figure that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    RequestsPerSecond,
    ErrorRate,
    Percentile(Percentile),
    Max,
    Mean,
}

/// (name on the command line, quantity), in the order of the documentation.
pub const QUANTITIES: [(&str, Quantity); 9] = [
    ("rps", Quantity::RequestsPerSecond),
    ("error_rate", Quantity::ErrorRate),
    ("p50", Quantity::Percentile(Percentile::P50)),
    ("p90", Quantity::Percentile(Percentile::P90)),
    ("p95", Quantity::Percentile(Percentile::P95)),
    ("p99", Quantity::Percentile(Percentile::P99)),
    ("p99.9", Quantity::Percentile(Percentile::P999)),
    ("max", Quantity::Max),
    ("mean", Quantity::Mean),
];

impl Quantity {
    pub fn name(self) -> &'static str {
        let named = QUANTITIES.iter().find(|(_, quantity)| *quantity == self);
        named.map_or("", |(name, _)| name)
    }

    /// The unit of its figures: per cent, milliseconds, or requests a second.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::RequestsPerSecond => "1/s",
            Self::ErrorRate => "%",
            _ => "ms",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Operator {
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }

    fn holds(self, measured: f64, threshold: f64) -> bool {
        match self {
            Self::Less => measured < threshold,
            Self::AtMost => measured <= threshold,
            Self::More => measured > threshold,
            Self::AtLeast => measured >= threshold,
        }
    }

    const fn is_upper_bound(self) -> bool {
        matches!(self, Self::Less | Self::AtMost)
    }
}

/// One condition. The threshold is in the quantity's unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    pub expression: String,
    /// The request of a mix that it is about; `None` for all together.
    pub target: Option<String>,
    pub quantity: Quantity,
    pub operator: Operator,
    pub threshold: f64,
    /// Where it comes from when not from the command line.
    pub origin: Option<String>,
}

/// Why text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("`{0}` has no operator: one of <, <=, >, >=")]
    Operator(String),
    #[error("`{0}` is no figure of a load test")]
    Quantity(String),
    #[error("`{0}` is no number with a unit that fits `{1}`")]
    Threshold(String, &'static str),
}

impl Expectation {
    /// The figure in words, and whose it is.
    pub fn subject(&self) -> String {
        match &self.target {
            Some(target) => format!("{target}: {}", self.quantity.name()),
            None => self.quantity.name().to_owned(),
        }
    }

    /// Reads `METRIC OPERATOR VALUE`, with `NAME:` before it for one request of a mix. Latencies without a unit are milliseconds, error rates per cent
    /// only with `%`, else shares.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let at = text
            .find(['<', '>'])
            .ok_or_else(|| Fault::Operator(text.to_owned()))?;
        let (name, rest) = text.split_at(at);
        let (operator, value) = match rest.as_bytes() {
            [b'<', b'=', ..] => (Operator::AtMost, &rest[2..]),
            [b'<', ..] => (Operator::Less, &rest[1..]),
            [b'>', b'=', ..] => (Operator::AtLeast, &rest[2..]),
            _ => (Operator::More, &rest[1..]),
        };
        let (target, name) = match name.rsplit_once(':') {
            Some((target, name)) => (Some(target.trim().to_owned()), name.trim()),
            None => (None, name.trim()),
        };
        let quantity = QUANTITIES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, quantity)| *quantity)
            .ok_or_else(|| Fault::Quantity(name.to_owned()))?;
        let threshold = threshold(quantity, value.trim())
            .ok_or_else(|| Fault::Threshold(value.trim().to_owned(), quantity.name()))?;
        Ok(Self {
            expression: text.trim().to_owned(),
            target,
            quantity,
            operator,
            threshold,
            origin: None,
        })
    }
}

fn threshold(quantity: Quantity, text: &str) -> Option<f64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().ok()?;
    let scale = match (quantity, unit.trim()) {
        (Quantity::RequestsPerSecond, "" | "/s" | "rps" | "req/s") | (Quantity::ErrorRate, "%") => {
            1.0
        }
        (Quantity::ErrorRate, "") => 100.0,
        (Quantity::RequestsPerSecond | Quantity::ErrorRate, _) => return None,
        (_, "us" | "µs") => 0.001,
        (_, "" | "ms") => 1.0,
        (_, "s") => 1_000.0,
        (_, _) => return None,
    };
    Some(number * scale)
}

/// The figures of one recording that conditions ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    pub requests_per_second: f64,
    pub errors: u64,
    /// Completed and failed exchanges.
    pub finished: u64,
    pub latency: Summary,
}

/// A condition and how it came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    pub expectation: Expectation,
    /// In the quantity's unit; `None` when nothing or too little was measured.
    pub measured: Option<f64>,
    pub met: bool,
    /// What stands behind the figure, in words.
    pub reason: String,
}

/// Checks a condition. A percentile that the sample cannot carry still meets an upper bound that even
/// the slowest answer met.
pub fn check(expectation: &Expectation, figures: &Figures, times: &Histogram<u64>) -> Checked {
    let latency = &figures.latency;
    let measured = match expectation.quantity {
        Quantity::RequestsPerSecond => Some(figures.requests_per_second),
        Quantity::ErrorRate => (figures.finished > 0)
            .then(|| super::statistics::share(figures.errors, figures.finished) * 100.0),
        Quantity::Percentile(percentile) => latency.percentile(percentile),
        Quantity::Max => latency.max,
        Quantity::Mean => latency.mean,
    };
    let holds = |value| expectation.operator.holds(value, expectation.threshold);
    let met = match measured {
        Some(value) => holds(value),
        None => expectation.operator.is_upper_bound() && latency.max.is_some_and(holds),
    };
    Checked {
        expectation: expectation.clone(),
        measured,
        met,
        reason: reason(expectation, figures, times, measured, met),
    }
}

fn reason(
    expectation: &Expectation,
    figures: &Figures,
    times: &Histogram<u64>,
    measured: Option<f64>,
    met: bool,
) -> String {
    use crate::text::number::{count, milliseconds};
    match (expectation.quantity, measured) {
        (Quantity::ErrorRate, Some(_)) => {
            format!("{} of {}", count(figures.errors), count(figures.finished))
        }
        (Quantity::Percentile(percentile), None) => {
            let few = format!(
                "{} needs {} answers, {} came",
                percentile.name(),
                count(percentile.needs()),
                count(figures.latency.samples)
            );
            match figures.latency.max {
                Some(max) if met => format!("{few}, the slowest in {}", milliseconds(max)),
                Some(_) if expectation.operator.is_upper_bound() => {
                    let slower = slower_than(times, expectation.threshold);
                    let limit = Threshold(expectation);
                    format!("{few}, {} of them slower than {limit}", count(slower))
                }
                _ => few,
            }
        }
        (Quantity::Percentile(_) | Quantity::Max | Quantity::Mean, Some(value))
            if !met && expectation.operator.is_upper_bound() =>
        {
            let slower = slower_than(times, expectation.threshold);
            format!(
                "over by {}; {} requests were slower than {}",
                milliseconds(value - expectation.threshold),
                count(slower),
                Threshold(expectation)
            )
        }
        (_, None) => "nothing was measured".to_owned(),
        _ => String::new(),
    }
}

fn slower_than(times: &Histogram<u64>, milliseconds: f64) -> u64 {
    let limit = (milliseconds * 1e6) as u64;
    let within = times.count_between(0, limit.max(1));
    times.len() - within
}

/// The threshold as people read it: `200 ms`, `1%`, `1,000`.
pub struct Threshold<'a>(pub &'a Expectation);

impl fmt::Display for Threshold<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |value: f64| {
            if value.fract() == 0.0 && value < 1e15 {
                crate::text::number::count(value as u64)
            } else {
                format!("{value}")
            }
        };
        let Expectation {
            quantity,
            threshold,
            ..
        } = self.0;
        match quantity.unit() {
            "ms" => write!(formatter, "{} ms", plain(*threshold)),
            "%" => write!(formatter, "{}%", plain(*threshold)),
            _ => formatter.write_str(&plain(*threshold)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::recording::Recording;

    #[test]
    fn reads_conditions() {
        for (text, quantity, sign, threshold) in [
            ("p99<200ms", "p99", "<", 200.0),
            ("p99.9 <= 1.5s", "p99.9", "<=", 1_500.0),
            ("mean<800us", "mean", "<", 0.8),
            ("max<20", "max", "<", 20.0),
            ("error_rate<1%", "error_rate", "<", 1.0),
            ("error_rate < 0.01", "error_rate", "<", 1.0),
            ("rps>=1000", "rps", ">=", 1_000.0),
            ("RPS>10/s", "rps", ">", 10.0),
        ] {
            let read = Expectation::parse(text).expect(text);
            assert_eq!(
                (read.quantity.name(), read.operator.sign(), read.threshold),
                (quantity, sign, threshold),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_condition() {
        let faults = [
            "p99=200",
            "p98<200ms",
            "p99<fast",
            "rps>1ms",
            "error_rate<1s",
            "p99<",
        ];
        let texts = faults.map(|text| Expectation::parse(text).expect_err(text).to_string());
        insta::assert_snapshot!(texts.join("\n"), @"
        `p99=200` has no operator: one of <, <=, >, >=
        `p98` is no figure of a load test
        `fast` is no number with a unit that fits `p99`
        `1ms` is no number with a unit that fits `rps`
        `1s` is no number with a unit that fits `error_rate`
        `` is no number with a unit that fits `p99`
        ");
    }

    #[test]
    fn a_small_sample_meets_a_bound_only_when_its_slowest_does() {
        let mut recording = Recording::default();
        for _ in 0..50 {
            recording.latency.record(5_000_000).expect("it grows");
        }
        let figures = Figures {
            requests_per_second: 50.0,
            errors: 0,
            finished: 50,
            latency: Summary::of(&recording.latency),
        };
        let met = |text: &str| {
            let expectation = Expectation::parse(text).expect(text);
            check(&expectation, &figures, &recording.latency).met
        };
        assert!(met("p99<6ms"));
        assert!(!met("p99<4ms"));
        assert!(!met("p99>1ms"));
    }
}
