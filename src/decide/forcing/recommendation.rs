//! What is recommended for each input, from earlier answers and from the profiles. A decision has an
//! answer that may be taken; a fact has none, and the recommendation says how to find it.

use super::session::said;
use crate::decide::constraint::Outcome;
use crate::decide::criteria::{
    Criterion, MICROSERVICES_ENGINEERS, OVERBUILT_QPS, OVERBUILT_TEAM, UNNAMED_HOT_PATH_QPS,
};
use crate::decide::evaluate::{self, Standing};
use crate::decide::input::{Answers, Input, Value, spoken_number};
use crate::decide::profile::Profile;

/// A recommended answer with its reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    /// The answer that may be taken; nothing for facts, which are never invented.
    pub value: Option<Value>,
    /// After the value: why. Without one: how to find the answer.
    pub because: String,
    /// When another answer is right.
    pub otherwise: Option<String>,
    pub source: &'static str,
}

/// Writes per second at which whoever asks for an answer should not wait for them: the load at which
/// observability becomes a concern of its own.
const BUSY_QPS: f64 = 1_000.0;

const DDIA_LOAD: &str = "Kleppmann, DDIA (2017) ch. 1; Google SRE Workbook (2018) ch. 12";
const DDIA_HOT: &str = "Kleppmann, DDIA (2017) ch. 1 and 6";
const TENANTS: &str = "OWASP Multi-Tenant Security Cheat Sheet; Kleppmann, DDIA (2017) ch. 6";
const CALLS: &str =
    "Newman, Building Microservices, 2nd edition (2021) ch. 4; Kleppmann, DDIA (2017) ch. 11";
const DATA: &str = "OWASP ASVS 5.0 V14; OWASP Top 10 (2021) A02";
const TEAM: &str = "Newman, Building Microservices, 2nd edition (2021) ch. 1 and 15";
const RECOVERY: &str = "Google SRE Book (2016) ch. 26; Kleppmann, DDIA (2017) ch. 5";
const PROMISE: &str = "Google SRE Workbook (2018) ch. 2";
const BUDGET: &str = "Google SRE Workbook (2018) ch. 2 and appendix B";

/// Deterministic: the same answers and profiles give the same words.
pub fn recommend(input: Input, answers: &Answers, profiles: &[Profile]) -> Recommendation {
    match input {
        Input::ReadWriteRatio => find(
            "count a week of requests: GET and HEAD against all others in the access log, or SELECT \
             against INSERT, UPDATE and DELETE in pg_stat_statements. For a new product, walk through \
             the five commonest journeys and count both.",
            DDIA_LOAD,
        ),
        Input::QpsP99 => find(
            "count requests in each second of a busy week, take the 99th percentile, and multiply it by \
             the growth that the plan promises. For a new product: users a day, times requests per \
             user, divided by 86,400, times 10 for the peak.",
            DDIA_LOAD,
        ),
        Input::HotPath => find(
            "sort the access log by path, or pg_stat_statements by calls; the first line is the answer \
             when it has more than a third of the load.",
            DDIA_HOT,
        ),
        Input::Tenancy => tenancy(answers),
        Input::SyncModel => sync_model(answers),
        Input::SyncExceptions => sync_exceptions(answers),
        Input::DataSensitivity => data_sensitivity(answers),
        Input::TeamSize => find(
            "count the people whom the plan for the next year pays to change this system; hopes and \
             shared people do not count.",
            TEAM,
        ),
        Input::LanguagePreference => find(
            "name the language that most of the team has run in production, with its on-call nights.",
            TEAM,
        ),
        Input::Workload => find(
            "name what most requests will do, not what the product is sold as.",
            TEAM,
        ),
        Input::NeedsAdminPanel => find(
            "ask who corrects a wrong record in the first month; when that is a person without a shell, \
             the answer is yes.",
            TEAM,
        ),
        Input::PlatformTeam => find(
            "it counts when people are paid for the platform alone, with a backlog and an on-call rota \
             of their own; a chore that is shared is no.",
            TEAM,
        ),
        Input::Pattern => pattern(answers, profiles),
        Input::Rpo | Input::Rto => recovery(input, answers, profiles),
        Input::SloUptime | Input::P50Ms | Input::P95Ms | Input::P99Ms => {
            promise(input, answers, profiles)
        }
        Input::ErrorBudgetConsumer => find(
            "name the team whose releases stop when the budget is spent, and who agreed to that; \
             `engineering` is nobody.",
            BUDGET,
        ),
    }
}

fn find(how: &str, source: &'static str) -> Recommendation {
    Recommendation {
        value: None,
        because: how.to_owned(),
        otherwise: None,
        source,
    }
}

fn choose(
    word: &'static str,
    because: String,
    otherwise: impl Into<String>,
    source: &'static str,
) -> Recommendation {
    Recommendation {
        value: Some(Value::Choice(word)),
        because,
        otherwise: Some(otherwise.into()),
        source,
    }
}

/// `because of your answer to 1 (50 QPS p99, 20 reads per write)`, of the inputs that are known.
fn because_of(number: u8, answers: &Answers, inputs: &[Input]) -> Option<String> {
    let words: Vec<String> = inputs
        .iter()
        .filter_map(|input| said(answers, *input))
        .collect();
    (!words.is_empty())
        .then(|| format!("because of your answer to {number} ({})", words.join(", ")))
}

fn tenancy(answers: &Answers) -> Recommendation {
    let load = because_of(1, answers, &[Input::QpsP99, Input::ReadWriteRatio]);
    let busy = answers
        .number(Input::QpsP99)
        .is_some_and(|qps| qps > UNNAMED_HOT_PATH_QPS);
    let strict = matches!(
        answers.choice(Input::DataSensitivity),
        Some("phi" | "pci" | "regulated")
    );
    const SHARED: &str = "Choose shared-multi-tenant when customers are many and small.";
    if strict {
        let data = because_of(4, answers, &[Input::DataSensitivity]).unwrap_or_default();
        return choose(
            "isolated-multi-tenant",
            format!(
                "{data}: separate storage keeps a leak inside one customer, and is easy to prove."
            ),
            SHARED,
            TENANTS,
        );
    }
    match load {
        Some(load) if busy => choose(
            "isolated-multi-tenant",
            format!(
                "{load}: at this load customers move to machines of their own, and one of them must not slow the others."
            ),
            SHARED,
            TENANTS,
        ),
        load => {
            let reason = "one database serves all tenants, and row level security is testable.";
            choose(
                "shared-multi-tenant",
                load.map_or_else(
                    || format!("because {reason}"),
                    |load| format!("{load}: {reason}"),
                ),
                "Choose isolated-multi-tenant when a contract or a regulator asks for separate storage, \
                 single-tenant when there is one customer.",
                TENANTS,
            )
        }
    }
}

fn sync_model(answers: &Answers) -> Recommendation {
    let load = because_of(1, answers, &[Input::QpsP99, Input::ReadWriteRatio]);
    let writes_dominate = answers
        .number(Input::ReadWriteRatio)
        .is_some_and(|ratio| ratio < 1.0);
    let busy = answers
        .number(Input::QpsP99)
        .is_some_and(|qps| qps >= BUSY_QPS);
    match load {
        Some(load) if writes_dominate && busy => choose(
            "event-driven",
            format!(
                "{load}: most requests write, more than readers should wait for; an ordered log takes them, and consumers follow."
            ),
            "Choose async when each piece of work has one consumer.",
            CALLS,
        ),
        Some(load) if writes_dominate => choose(
            "async",
            format!(
                "{load}: most requests write; a queue takes them, and a slow consumer does not stop a caller."
            ),
            "Choose sync when the caller cannot go on without the answer.",
            CALLS,
        ),
        load => {
            let reason = "whoever reads waits for the answer, and a call that returns is the easiest to test and to trace.";
            choose(
                "sync",
                load.map_or_else(
                    || format!("because {reason}"),
                    |load| format!("{load}: {reason}"),
                ),
                "Choose async when most requests start work that takes longer than a person waits, \
                 event-driven when several parts react to the same facts.",
                CALLS,
            )
        }
    }
}

fn sync_exceptions(answers: &Answers) -> Recommendation {
    let (text, reason) = match answers.choice(Input::SyncModel) {
        Some("event-driven") => (
            "reads and log-in: sync",
            "somebody waits for both, and an event answers nobody.",
        ),
        Some("async") => (
            "reads: sync",
            "a page that polls for what it shows is slower than one that asks once.",
        ),
        _ => (
            "mail, exports and webhooks: async, by a job queue",
            "they depend on others and are tried again; no request should wait for that.",
        ),
    };
    let default = because_of(3, answers, &[Input::SyncModel])
        .map_or_else(|| "because".to_owned(), |because| format!("{because}:"));
    Recommendation {
        value: Some(Value::Text(text.to_owned())),
        because: format!("{default} {reason}"),
        otherwise: Some("Name your own calls where they differ; `none` is an answer.".to_owned()),
        source: CALLS,
    }
}

fn data_sensitivity(answers: &Answers) -> Recommendation {
    const STRICTER: &str = "Choose the strictest class that any column holds: phi for health, pci for card numbers, \
                            regulated where another law names the data.";
    match answers.choice(Input::Tenancy) {
        Some("shared-multi-tenant" | "isolated-multi-tenant") => choose(
            "pii",
            format!(
                "{}: several customers means accounts, and accounts hold names and addresses.",
                because_of(2, answers, &[Input::Tenancy]).unwrap_or_default()
            ),
            STRICTER,
            DATA,
        ),
        _ => find(
            "take the strictest class that any column holds, in a year: phi for health, pci for card \
             numbers, regulated where another law names the data, pii for names and addresses, internal \
             when a leak would only embarrass, public when it is published anyway.",
            DATA,
        ),
    }
}

/// From the simplest to run.
const PATTERNS: [&str; 5] = [
    "modular-monolith",
    "monolith",
    "domain-bounded-services",
    "microservices",
    "serverless",
];

/// The pattern under which a profile does best; the simplest one where no profile fits.
fn pattern(answers: &Answers, profiles: &[Profile]) -> Recommendation {
    let with = |pattern| answers.with(Input::Pattern, Some(Value::Choice(pattern)));
    let stops = |pattern| {
        let answers = with(pattern);
        // What stops every shape says nothing about one of them.
        Criterion::ALL.into_iter().any(|criterion| {
            criterion.inputs().contains(&Input::Pattern)
                && criterion.outcome(&answers) == Outcome::Fail
        })
    };
    let mut best: Option<(&'static str, String, u32, u32)> = None;
    for pattern in PATTERNS.into_iter().filter(|pattern| !stops(*pattern)) {
        let answers = with(pattern);
        let Some(leader) = leader(&answers, profiles) else {
            continue;
        };
        let ahead = best.as_ref().is_none_or(|(_, _, score, of)| {
            u64::from(leader.score) * u64::from(*of) > u64::from(*score) * u64::from(leader.of)
        });
        if ahead {
            let name = leader.profile.name.clone();
            best = Some((pattern, name, leader.score, leader.of));
        }
    }
    let team = because_of(5, answers, &[Input::TeamSize])
        .unwrap_or_else(|| "because nobody knows the team's size".to_owned());
    let size = answers.number(Input::TeamSize);
    let large = size.is_some_and(|size| size >= MICROSERVICES_ENGINEERS);
    let platform = match answers.get(Input::PlatformTeam) {
        Some(Value::Switch(true)) => " and a platform team",
        Some(_) => " without a platform team",
        None => "",
    };
    let (word, leads) = match best {
        Some((word, name, score, of)) => {
            (word, format!(" {name} leads, with {score} of {of} points."))
        }
        None => (
            "modular-monolith",
            " No profile fits these answers so far.".to_owned(),
        ),
    };
    let reason = match word {
        "domain-bounded-services" | "microservices" => {
            format!("{team}{platform}: enough people to own each service day and night.")
        }
        _ if large => {
            format!("{team}{platform}: one deployable is the simplest that the answers allow.")
        }
        _ => format!("{team}: one deployable that they can own; modules keep it divisible."),
    };
    let limit = spoken_number(MICROSERVICES_ENGINEERS);
    let overbuilt = size.is_some_and(|size| size > OVERBUILT_TEAM)
        && answers
            .number(Input::QpsP99)
            .is_some_and(|qps| qps < OVERBUILT_QPS);
    choose(
        word,
        format!("{reason}{leads}"),
        if overbuilt {
            "No shape lifts what stops it: the load does not ask for this many people.".to_owned()
        } else {
            format!(
                "Microservices stop below {limit} engineers and without a platform team; cut out a \
                 service when one module is deployed ten times as often as the rest."
            )
        },
        TEAM,
    )
}

/// The profile that is ahead, unless all are ruled out.
fn leader<'a>(answers: &Answers, profiles: &'a [Profile]) -> Option<Standing<'a>> {
    evaluate::rank(answers, profiles)
        .into_iter()
        .next()
        .filter(|standing| !standing.is_eliminated())
}

fn recovery(input: Input, answers: &Answers, profiles: &[Profile]) -> Recommendation {
    let otherwise = match input {
        Input::Rpo => {
            "Below a minute it takes a synchronous replica; a day is a nightly dump. Take what the \
             business would pay to win the minutes back."
        }
        _ => {
            "Below five minutes it takes a standby that fails over by itself; a time that was never \
             rehearsed is a hope."
        }
    };
    let Some(leader) = leader(answers, profiles) else {
        return find(otherwise, RECOVERY);
    };
    let floor = &leader.profile.floor;
    let seconds = if input == Input::Rpo {
        floor.rpo
    } else {
        floor.rto
    };
    Recommendation {
        value: Some(Value::Duration(seconds)),
        because: floor_of(&leader),
        otherwise: Some(otherwise.to_owned()),
        source: RECOVERY,
    }
}

fn promise(input: Input, answers: &Answers, profiles: &[Profile]) -> Recommendation {
    let otherwise = match input {
        Input::SloUptime => {
            "Each nine costs about ten times the one before; promise what users notice, and no more."
        }
        _ => "`backsmith loadtest` measures what the system does; promise what users notice.",
    };
    let Some(leader) = leader(answers, profiles) else {
        return find(otherwise, PROMISE);
    };
    let floor = &leader.profile.floor;
    let value = Value::Number(match input {
        Input::SloUptime => floor.uptime_percent,
        Input::P50Ms => floor.p50,
        Input::P95Ms => floor.p95,
        _ => floor.p99,
    });
    let falls = !answers
        .with(input, Some(value.clone()))
        .falling_latencies()
        .is_empty();
    if falls {
        let because = format!(
            "at least your answers to the percentiles below it; {} promises {value} ms.",
            leader.profile.name
        );
        return find(&because, PROMISE);
    }
    Recommendation {
        value: Some(value),
        because: floor_of(&leader),
        otherwise: Some(otherwise.to_owned()),
        source: PROMISE,
    }
}

fn floor_of(leader: &Standing<'_>) -> String {
    format!(
        "the floor of {}, which leads with {} of {} points.",
        leader.profile.name, leader.score, leader.of
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::Shelf;
    use crate::decide::domain;
    use proptest::prelude::*;

    fn recommended(input: Input, pairs: &[(&str, &str)]) -> Option<String> {
        let shelf = Shelf::fill(&[]).expect("profiles");
        let answers = pairs
            .iter()
            .map(|(key, text)| {
                let input = Input::named(key).expect("an input");
                (input, input.parse(text).expect("a value"))
            })
            .collect();
        let value = recommend(input, &answers, shelf.profiles()).value;
        value.map(|value| value.written())
    }

    #[test]
    fn recommendations_follow_from_earlier_answers() {
        for (input, pairs, wanted) in [
            (Input::QpsP99, vec![], None),
            (
                Input::Tenancy,
                vec![("qps_p99", "5000")],
                Some("shared-multi-tenant"),
            ),
            (
                Input::Tenancy,
                vec![("qps_p99", "5001")],
                Some("isolated-multi-tenant"),
            ),
            (
                Input::Tenancy,
                vec![("data_sensitivity", "phi")],
                Some("isolated-multi-tenant"),
            ),
            (
                Input::SyncModel,
                vec![("read_write_ratio", "1")],
                Some("sync"),
            ),
            (
                Input::SyncModel,
                vec![("read_write_ratio", "0.5")],
                Some("async"),
            ),
            (
                Input::SyncModel,
                vec![("read_write_ratio", "0.5"), ("qps_p99", "1000")],
                Some("event-driven"),
            ),
            (
                Input::DataSensitivity,
                vec![("tenancy", "single-tenant")],
                None,
            ),
            (
                Input::DataSensitivity,
                vec![("tenancy", "shared-multi-tenant")],
                Some("pii"),
            ),
            (
                Input::Pattern,
                vec![("team_size", "8"), ("language_preference", "typescript")],
                Some("modular-monolith"),
            ),
            (
                Input::Pattern,
                vec![
                    ("team_size", "40"),
                    ("platform_team", "true"),
                    ("language_preference", "go"),
                    ("qps_p99", "3000"),
                ],
                Some("domain-bounded-services"),
            ),
            (
                Input::Rpo,
                vec![("language_preference", "typescript"), ("team_size", "8")],
                Some("5m"),
            ),
            (
                Input::P95Ms,
                vec![("language_preference", "typescript"), ("p50_ms", "400")],
                None,
            ),
        ] {
            assert_eq!(
                recommended(input, &pairs).as_deref(),
                wanted,
                "{input:?} {pairs:?}"
            );
        }
    }

    proptest! {
        /// Whatever may be taken is a value of its input, and never trips a criterion that another
        /// pattern would not.
        #[test]
        fn what_may_be_taken_is_a_value(picks in proptest::collection::vec(0usize..9, 20)) {
            let shelf = Shelf::fill(&[]).expect("profiles");
            let answers: Answers = Input::ALL
                .into_iter()
                .zip(picks)
                .filter_map(|(input, pick)| {
                    let classes = domain::classes(input, shelf.profiles());
                    Some((input, classes.get(pick)?.1.clone()?))
                })
                .collect();
            for input in Input::ALL {
                let advice = recommend(input, &answers, shelf.profiles());
                prop_assert!(!advice.because.is_empty());
                if let Some(value) = advice.value {
                    prop_assert_eq!(input.parse(&value.written()), Ok(value));
                }
            }
        }
    }
}
