//! `--spec`: read the document, make requests of it, ask every operation once, and hand the load on.

use super::database::QueryCounter;
use crate::api::Api;
use crate::commands::documents;
use crate::failure::{Failure, Message};
use crate::loadtest::assessment::{Asked, Assessment};
use crate::loadtest::findings;
use crate::loadtest::plan::{Plan, Request, Target};
use crate::loadtest::runner::{Probe, Silence};
use crate::redact::{SecretHeader, SecretUrl};
use crate::settings::loadtest::Described;
use crate::terminal::Terminal;
use crate::terminal::interrupt::Interrupt;
use crate::text::number::counted;
use crate::text::suggest;
use crate::traffic::{self, Exercise, Rules, Survey, Surveyed, Traffic};

/// The description of a server.
pub(super) struct Description {
    api: Api,
    document: String,
}

/// What the check left: the findings, and which exercises are the load.
pub(super) struct Checked {
    pub(super) survey: Survey,
    pub(super) target: Target,
    /// In the order of the target's requests.
    loaded: Vec<Exercise>,
}

pub(super) fn read(described: &Described) -> Result<Description, Failure> {
    let reading = documents::read(&described.document, "nothing was sent")?;
    let (Some(api), Some(source)) = (reading.api, reading.sources.first()) else {
        return Err(Failure::input("the document holds no API description"));
    };
    Ok(Description {
        api,
        document: source.name.clone(),
    })
}

impl Description {
    pub(super) fn rules(&self) -> Rules<'_> {
        Rules::new(&self.api)
    }

    /// The requests, unless there is none to send.
    pub(super) fn traffic(
        &self,
        rules: &Rules<'_>,
        described: &Described,
        asked: &Asked,
    ) -> Result<Traffic, Failure> {
        let traffic = Traffic::of(rules, &described.options);
        let names: Vec<&str> = traffic
            .exercises
            .iter()
            .map(|exercise| exercise.name.as_str())
            .chain(traffic.left_out.iter().map(|left| left.name.as_str()))
            .collect();
        let mut faults = Vec::new();
        let unknown = |flag: &str, name: &str| Message {
            text: format!("`{flag}`: `{}` has no operation `{name}`", self.document),
            hint: suggest::nearest(name, names.iter().copied())
                .map(|near| format!("did you mean `{near}`?")),
            ..Message::default()
        };
        for (name, _) in &described.weights {
            if !names.contains(&name.as_str()) {
                faults.push(unknown("--weight", name));
            }
        }
        let judged = asked.expectations.iter();
        for name in judged.filter_map(|expectation| expectation.target.as_deref()) {
            let left_out = traffic.left_out.iter().find(|left| left.name == name);
            if !names.contains(&name) {
                faults.push(unknown("--expect", name));
            } else if let Some(left) = left_out {
                faults.push(Message {
                    text: format!("`--expect`: `{name}` is not served: {}", left.reason),
                    ..Message::default()
                });
            } else if described.weight(name) == 0 {
                faults.push(Message {
                    text: format!("`--expect`: `{name}` has no part of the load"),
                    hint: Some(format!("leave `--weight {name}=0` out")),
                    ..Message::default()
                });
            }
        }
        if !faults.is_empty() {
            return Err(Failure::inputs(faults));
        }
        if traffic.exercises.is_empty() {
            let mut failure =
                Failure::input(format!("no operation of `{}` can be served", self.document));
            for left in traffic.left_out.iter().take(20) {
                failure = failure.detail(format!("`{}` {}", left.name, left.reason));
            }
            return Err(failure.closing("nothing was sent"));
        }
        Ok(traffic)
    }

    /// Asks every operation, one request after another.
    pub(super) fn check(
        &self,
        rules: &Rules<'_>,
        traffic: Traffic,
        described: &Described,
        probe: &Probe<'_>,
        mut counter: Option<&mut QueryCounter>,
        interrupt: &Interrupt,
    ) -> Result<Checked, Failure> {
        let mut survey = Survey {
            document: self.document.clone(),
            title: self.api.title.clone(),
            version: self.api.version.clone(),
            seed: described.options.seed,
            left_out: traffic.left_out,
            ..Survey::default()
        };
        let stopped = || match interrupt.requested() {
            Some(signal) => {
                Failure::interrupted(signal, "stopped while the operations were checked")
            }
            None => Failure::environment("stopped"),
        };
        let mut requests = Vec::new();
        let mut loaded = Vec::new();
        let mut seen = false;
        for exercise in traffic.exercises {
            let mut surveyed = Surveyed::new(&exercise);
            let before = match &mut counter {
                Some(counter) => Some(counter.look()?),
                None => None,
            };
            // What is loaded: the first request that succeeds, else the first.
            let mut best: Option<(bool, Request)> = None;
            let mut answered = 0;
            for request in &exercise.valid {
                let planned = planned(described, &exercise, request)?;
                match probe.ask(&planned) {
                    Ok(answer) => {
                        answered += 1;
                        if findings::shows_inside(answer.status, &answer.body) {
                            survey.leaks(&surveyed, answer.status);
                        }
                        survey.answered(rules, &exercise, &mut surveyed, Ok(&answer));
                        let succeeds = (200..400).contains(&answer.status);
                        if best.as_ref().is_none_or(|(good, _)| succeeds && !good) {
                            let mut planned = planned;
                            // Also where it is the only one, each operation is counted by its name.
                            planned.accepted = vec![200..=399];
                            if answer.status < 500 && rules.documents(&exercise, answer.status) {
                                planned.accepted.push(answer.status..=answer.status);
                            }
                            best = Some((succeeds, planned));
                        }
                    }
                    Err(Silence::Stopped) => return Err(stopped()),
                    Err(Silence::Failed(words)) => {
                        survey.answered(rules, &exercise, &mut surveyed, Err(&words));
                        break;
                    }
                }
            }
            if let (Some(counter), Some(before)) = (&mut counter, before) {
                let queries = counter.since(before, answered)?;
                seen |= !queries.statements.is_empty();
                surveyed.queries = Some(queries);
            }
            // A server that does not answer what is right is not asked what is wrong.
            let attempts = if surveyed.failures.is_empty() {
                exercise.invalid.as_slice()
            } else {
                &[]
            };
            for attempt in attempts {
                let planned = planned(described, &exercise, &attempt.request)?;
                match probe.ask(&planned) {
                    Ok(answer) => {
                        if findings::shows_inside(answer.status, &answer.body) {
                            survey.leaks(&surveyed, answer.status);
                        }
                        Survey::tried(&mut surveyed, attempt, Some(answer.status));
                    }
                    Err(Silence::Stopped) => return Err(stopped()),
                    Err(Silence::Failed(_)) => Survey::tried(&mut surveyed, attempt, None),
                }
            }
            survey.finish(surveyed);
            let weight = described.weight(&exercise.name);
            if let Some((_, mut planned)) = best.filter(|_| weight > 0) {
                planned.weight = weight;
                requests.push(planned);
                loaded.push(exercise);
            }
        }
        if let Some(counter) = counter {
            counter.refuse_blindness(seen)?;
        }
        let Some(target) = Target::of(requests) else {
            return Err(Failure::environment(format!(
                "no operation of `{}` gave an answer to load with",
                self.document
            ))
            .code("unreachable"));
        };
        Ok(Checked {
            survey,
            target,
            loaded,
        })
    }
}

impl Checked {
    /// Adds what the load saw, and hands everything to the report.
    pub(super) fn judge(mut self, rules: &Rules<'_>, assessed: Assessment) -> Assessment {
        let measured = assessed.first().map(|first| &first.recording);
        if let Some(recording) = measured {
            if let [only] = self.loaded.as_slice() {
                self.survey.loaded(rules, only, &recording.statuses);
            } else {
                for (exercise, part) in self.loaded.iter().zip(&recording.parts) {
                    self.survey.loaded(rules, exercise, &part.statuses);
                }
            }
        }
        assessed.described(self.survey)
    }
}

/// The request as the engine takes it, with what the user gives along.
fn planned(
    described: &Described,
    exercise: &Exercise,
    request: &traffic::Request,
) -> Result<Request, Failure> {
    let headers = headers(&described.headers, &request.headers);
    let below = |base: &SecretUrl| SecretUrl::new(joined(base.expose(), &request.target));
    let method = request.method.to_ascii_uppercase();
    let url = below(&described.base);
    let mut planned =
        Request::new(&url, &method, headers, request.body.clone()).map_err(|faults| {
            let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Failure::input(format!("`{}` cannot be sent", exercise.name)).cause(words.join("; "))
        })?;
    planned.name.clone_from(&exercise.name);
    planned.url = below(&described.shown);
    Ok(planned)
}

/// What the user gives stands in place of what was made up, with two exceptions: the body is made,
/// so that its type is too, and cookies of both go along.
fn headers(given: &[SecretHeader], made: &[(String, String)]) -> Vec<SecretHeader> {
    let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
    let is_made = |wanted: &str| made.iter().any(|(name, _)| is(name, wanted));
    let is_given = |wanted: &str| given.iter().any(|header| is(&header.name, wanted));
    let mut headers = Vec::new();
    for (name, value) in made {
        if is(name, "cookie") {
            let theirs = given.iter().filter(|header| is(&header.name, "cookie"));
            let all: Vec<&str> = std::iter::once(value.as_str())
                .chain(theirs.map(SecretHeader::expose))
                .collect();
            headers.push(SecretHeader::new(name.as_str(), all.join("; ")));
        } else if is(name, "content-type") || !is_given(name) {
            headers.push(SecretHeader::new(name.as_str(), value.as_str()));
        }
    }
    let both = ["cookie", "content-type"];
    let stays = |header: &&SecretHeader| {
        let of_both = both.iter().any(|name| is(&header.name, name));
        !of_both || !is_made(&header.name)
    };
    headers.extend(given.iter().filter(stays).cloned());
    headers
}

/// Path and query below the base; the base's own query goes along.
fn joined(base: &str, target: &str) -> String {
    let base = base.split('#').next().unwrap_or_default();
    let (base, given) = base.split_once('?').unwrap_or((base, ""));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let queries: Vec<&str> = [query, given]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mut url = format!("{}{slash}{path}", base.trim_end_matches('/'));
    if !queries.is_empty() {
        url.push('?');
        url.push_str(&queries.join("&"));
    }
    url
}

/// How much is checked, for those who wait.
pub(super) fn announce(traffic: &Traffic, document: &Description, terminal: &mut Terminal) {
    let valid: usize = traffic
        .exercises
        .iter()
        .map(|exercise| exercise.valid.len())
        .sum();
    let invalid: usize = traffic
        .exercises
        .iter()
        .map(|exercise| exercise.invalid.len())
        .sum();
    terminal.note(&format!(
        "checking {} of {} ({}{}), then the load",
        counted(traffic.exercises.len(), "operation"),
        document.document,
        counted(valid, "valid request"),
        if invalid > 0 {
            format!(", {}", counted(invalid, "invalid one"))
        } else {
            String::new()
        }
    ));
}

/// The plan of the load, with the requests of the check.
pub(super) fn plan(plan: &Plan, target: &Target) -> Plan {
    Plan {
        targets: vec![target.clone()],
        ..plan.clone()
    }
}
