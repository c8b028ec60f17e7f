//! Kill criteria: constellations in which no recommendation is given, whatever the points say.

use std::sync::LazyLock;

use super::constraint::{Outcome, Test};
use super::input::{Answers, Input, Value};

/// A constellation that stops a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Criterion {
    /// Microservices with fewer than 30 engineers or without a platform team.
    MicroservicesTooSmall,
    /// Health or card data with fewer than 4 people.
    RegulatedDataTooSmall,
    /// More than 5,000 QPS on a modular monolith whose hot path nobody named.
    HotPathUnnamed,
    /// Fewer than 1 QPS for a team of more than 5.
    Overbuilt,
}

/// Engineers below which microservices stop.
pub const MICROSERVICES_ENGINEERS: f64 = 30.0;
/// People below which PHI and PCI stop.
pub const REGULATED_PEOPLE: f64 = 4.0;
/// QPS up to which a modular monolith needs no named hot path.
pub const UNNAMED_HOT_PATH_QPS: f64 = 5_000.0;
/// QPS below which a team of more than `OVERBUILT_TEAM` stops.
pub const OVERBUILT_QPS: f64 = 1.0;
/// The largest team for which any load is fine.
pub const OVERBUILT_TEAM: f64 = 5.0;

impl Criterion {
    pub const ALL: [Self; 4] = [
        Self::MicroservicesTooSmall,
        Self::RegulatedDataTooSmall,
        Self::HotPathUnnamed,
        Self::Overbuilt,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::MicroservicesTooSmall => "microservices-too-small",
            Self::RegulatedDataTooSmall => "regulated-data-too-small",
            Self::HotPathUnnamed => "hot-path-unnamed",
            Self::Overbuilt => "overbuilt",
        }
    }

    /// A few words, after "stops:".
    pub const fn short(self) -> &'static str {
        match self {
            Self::MicroservicesTooSmall => "too small for services",
            Self::RegulatedDataTooSmall => "4 people needed",
            Self::HotPathUnnamed => "name the hot path",
            Self::Overbuilt => "overbuilt for its load",
        }
    }

    pub const fn because(self) -> &'static str {
        match self {
            Self::MicroservicesTooSmall => {
                "Each service needs an owner, a pipeline, an on-call rota and a paved road. Below this \
                 size the platform is built by the people who should build the product."
            }
            Self::RegulatedDataTooSmall => {
                "Health and card data ask for two pairs of eyes on every change, somebody on call and \
                 somebody who reads the audit trail. Fewer than 4 people cannot keep these duties apart."
            }
            Self::HotPathUnnamed => {
                "Above 5,000 QPS one path usually carries most of the load. Which one decides what is \
                 cached, partitioned or cut out; without its name nothing can be recommended."
            }
            Self::Overbuilt => {
                "More than 5 people for less than one request per second: the load does not ask for a \
                 backend of its own. A spreadsheet, a form or a product that exists may do."
            }
        }
    }

    pub const fn source(self) -> &'static str {
        match self {
            Self::MicroservicesTooSmall => {
                "Newman, Building Microservices, 2nd edition (2021), ch. 1 and 15"
            }
            Self::RegulatedDataTooSmall => "HIPAA 45 CFR 164.308(a)(3); PCI DSS 4.0, 6.5.4 and 7",
            Self::HotPathUnnamed => {
                "Kleppmann, Designing Data-Intensive Applications (2017), ch. 1"
            }
            Self::Overbuilt => "Newman, Monolith to Microservices (2019), ch. 1",
        }
    }

    /// The inputs that it looks at, in the order in which a report names them.
    pub const fn inputs(self) -> &'static [Input] {
        match self {
            Self::MicroservicesTooSmall => &[Input::TeamSize, Input::Pattern, Input::PlatformTeam],
            Self::RegulatedDataTooSmall => &[Input::TeamSize, Input::DataSensitivity],
            Self::HotPathUnnamed => &[Input::QpsP99, Input::Pattern, Input::HotPath],
            Self::Overbuilt => &[Input::TeamSize, Input::QpsP99],
        }
    }

    /// The tests that it makes, for the values at which its outcome can change.
    pub fn tests(self) -> &'static [(Input, Test)] {
        static TESTS: LazyLock<[Vec<(Input, Test)>; 4]> =
            LazyLock::new(|| Criterion::ALL.map(Criterion::made_tests));
        &TESTS[self as usize]
    }

    fn made_tests(self) -> Vec<(Input, Test)> {
        let at_least = |limit| Test::Min(Value::Number(limit));
        let at_most = |limit| Test::Max(Value::Number(limit));
        match self {
            Self::MicroservicesTooSmall => vec![
                (Input::TeamSize, at_least(MICROSERVICES_ENGINEERS)),
                (Input::Pattern, Test::Equals(Value::Choice("microservices"))),
                (Input::PlatformTeam, Test::Equals(Value::Switch(true))),
            ],
            Self::RegulatedDataTooSmall => vec![
                (Input::TeamSize, at_least(REGULATED_PEOPLE)),
                (
                    Input::DataSensitivity,
                    Test::In(vec![Value::Choice("phi"), Value::Choice("pci")]),
                ),
            ],
            Self::HotPathUnnamed => vec![
                (Input::QpsP99, at_most(UNNAMED_HOT_PATH_QPS)),
                (
                    Input::Pattern,
                    Test::Equals(Value::Choice("modular-monolith")),
                ),
            ],
            Self::Overbuilt => vec![
                (Input::QpsP99, at_least(OVERBUILT_QPS)),
                (Input::TeamSize, at_most(OVERBUILT_TEAM)),
            ],
        }
    }

    /// Whether it stops (fail), lets pass, or hangs on an input that is not known.
    pub fn outcome(self, answers: &Answers) -> Outcome {
        let holds = |input: Input, test: &Test| answers.get(input).map(|value| test.holds(value));
        let tests = self.tests();
        let test = |at: usize| holds(tests[at].0, &tests[at].1);
        let stops = match self {
            Self::MicroservicesTooSmall => {
                let small = either(
                    test(0).map(|enough| !enough),
                    test(2).map(|there_is| !there_is),
                );
                both(test(1), small)
            }
            Self::RegulatedDataTooSmall => both(test(1), test(0).map(|enough| !enough)),
            Self::HotPathUnnamed => {
                let unnamed = answers.get(Input::HotPath).is_none();
                both(both(test(1), test(0).map(|within| !within)), Some(unnamed))
            }
            Self::Overbuilt => both(test(0).map(|enough| !enough), test(1).map(|small| !small)),
        };
        match stops {
            Some(true) => Outcome::Fail,
            Some(false) => Outcome::Pass,
            None => Outcome::Unknown,
        }
    }

    /// What it says of these answers, for the verdict.
    pub fn title(self, answers: &Answers) -> String {
        let text = |input: Input| {
            answers
                .get(input)
                .map(ToString::to_string)
                .unwrap_or_default()
        };
        match self {
            Self::MicroservicesTooSmall => {
                let team = text(Input::TeamSize);
                let few = answers
                    .number(Input::TeamSize)
                    .is_some_and(|team| team < MICROSERVICES_ENGINEERS);
                let no_platform = answers.get(Input::PlatformTeam) == Some(&Value::Switch(false));
                match (few, no_platform) {
                    (true, true) => format!(
                        "microservices with {team} engineers (at least 30) and no platform team"
                    ),
                    (true, false) => format!("microservices with {team} engineers (at least 30)"),
                    (false, _) => "microservices without a platform team".to_owned(),
                }
            }
            Self::RegulatedDataTooSmall => format!(
                "{} with {} (at least 4)",
                text(Input::DataSensitivity),
                people(&text(Input::TeamSize))
            ),
            Self::HotPathUnnamed => format!(
                "{} QPS on a modular monolith without a named hot path (up to 5,000)",
                text(Input::QpsP99)
            ),
            Self::Overbuilt => format!(
                "{} QPS for a team of {} (at least 1 QPS above 5 people)",
                text(Input::QpsP99),
                text(Input::TeamSize)
            ),
        }
    }

    /// The single answers that lift it, each enough on its own or together where `true`.
    pub fn cure(self) -> Vec<(Input, Value)> {
        match self {
            Self::MicroservicesTooSmall => vec![
                (Input::TeamSize, Value::Number(MICROSERVICES_ENGINEERS)),
                (Input::PlatformTeam, Value::Switch(true)),
            ],
            Self::RegulatedDataTooSmall => vec![(Input::TeamSize, Value::Number(REGULATED_PEOPLE))],
            Self::HotPathUnnamed => vec![(Input::HotPath, Value::Text("named".to_owned()))],
            Self::Overbuilt => vec![(Input::QpsP99, Value::Number(OVERBUILT_QPS))],
        }
    }
}

fn people(count: &str) -> String {
    if count == "1" {
        "1 person".to_owned()
    } else {
        format!("{count} people")
    }
}

/// Kleene's "and": false wins over unknown.
fn both(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Kleene's "or": true wins over unknown.
fn either(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    both(left.map(|left| !left), right.map(|right| !right)).map(|neither| !neither)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(pairs: &[(&str, &str)]) -> Answers {
        let value = |(key, text): &(&str, &str)| {
            let input = Input::named(key).expect("an input");
            (input, input.parse(text).expect("a value"))
        };
        pairs.iter().map(value).collect()
    }

    #[test]
    fn boundaries_are_exact() {
        use Criterion::{HotPathUnnamed, MicroservicesTooSmall, Overbuilt, RegulatedDataTooSmall};
        let micro = ("pattern", "microservices");
        let modular = ("pattern", "modular-monolith");
        let platform = ("platform_team", "true");
        for (criterion, given, outcome) in [
            (
                MicroservicesTooSmall,
                vec![micro, platform, ("team_size", "29")],
                Outcome::Fail,
            ),
            (
                MicroservicesTooSmall,
                vec![micro, platform, ("team_size", "30")],
                Outcome::Pass,
            ),
            (
                MicroservicesTooSmall,
                vec![micro, ("platform_team", "false"), ("team_size", "40")],
                Outcome::Fail,
            ),
            (
                MicroservicesTooSmall,
                vec![micro, ("team_size", "40")],
                Outcome::Unknown,
            ),
            (
                MicroservicesTooSmall,
                vec![micro, ("team_size", "29")],
                Outcome::Fail,
            ),
            (
                MicroservicesTooSmall,
                vec![modular, ("team_size", "2")],
                Outcome::Pass,
            ),
            (
                RegulatedDataTooSmall,
                vec![("data_sensitivity", "phi"), ("team_size", "3")],
                Outcome::Fail,
            ),
            (
                RegulatedDataTooSmall,
                vec![("data_sensitivity", "phi"), ("team_size", "4")],
                Outcome::Pass,
            ),
            (
                RegulatedDataTooSmall,
                vec![("data_sensitivity", "pci"), ("team_size", "3")],
                Outcome::Fail,
            ),
            (
                RegulatedDataTooSmall,
                vec![("data_sensitivity", "regulated"), ("team_size", "3")],
                Outcome::Pass,
            ),
            (
                RegulatedDataTooSmall,
                vec![("team_size", "3")],
                Outcome::Unknown,
            ),
            (
                HotPathUnnamed,
                vec![modular, ("qps_p99", "5000")],
                Outcome::Pass,
            ),
            (
                HotPathUnnamed,
                vec![modular, ("qps_p99", "5000.5")],
                Outcome::Fail,
            ),
            (
                HotPathUnnamed,
                vec![modular, ("qps_p99", "5001"), ("hot_path", "checkout")],
                Outcome::Pass,
            ),
            (
                HotPathUnnamed,
                vec![("pattern", "monolith"), ("qps_p99", "9000")],
                Outcome::Pass,
            ),
            (
                Overbuilt,
                vec![("team_size", "6"), ("qps_p99", "0.99")],
                Outcome::Fail,
            ),
            (
                Overbuilt,
                vec![("team_size", "6"), ("qps_p99", "1")],
                Outcome::Pass,
            ),
            (
                Overbuilt,
                vec![("team_size", "5"), ("qps_p99", "0")],
                Outcome::Pass,
            ),
        ] {
            assert_eq!(
                criterion.outcome(&answers(&given)),
                outcome,
                "{criterion:?} {given:?}"
            );
        }
    }
}
