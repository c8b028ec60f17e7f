//! `--spec`: read the document, make requests of it, ask every operation once, and hand the load on.

mod check;

use crate::api::Api;
use crate::commands::documents;
use crate::failure::{Failure, Message};
use crate::loadtest::assessment::Asked;
use crate::loadtest::plan::{Extent, Pace, Plan, Request, Target};
use crate::redact::{SecretHeader, SecretUrl};
use crate::settings::loadtest::Described;
use crate::terminal::Terminal;
use crate::text::number::counted;
use crate::text::suggest;
use crate::traffic::{self, Exercise, Rules, Traffic};

pub(super) use check::Checked;

/// The description of a server.
pub(super) struct Description {
    api: Api,
    document: String,
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
    /// The file or URL, as it was given.
    pub(super) fn name(&self) -> &str {
        &self.document
    }

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
}

/// The request as the engine takes it, with what the user gives along.
fn planned(
    described: &Described,
    exercise: &Exercise,
    request: &traffic::Request,
) -> Result<Request, Failure> {
    let headers = headers(&described.headers, &request.headers);
    let below = |base: &SecretUrl, path: &str| SecretUrl::new(joined(base.expose(), path));
    let method = request.method.to_ascii_uppercase();
    let url = below(&described.base, &request.target);
    let mut planned =
        Request::new(&url, &method, headers, request.body.clone()).map_err(|faults| {
            let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Failure::input(format!("`{}` cannot be sent", exercise.name)).cause(words.join("; "))
        })?;
    planned.name.clone_from(&exercise.name);
    // Reports name an operation by its path: what is filled in differs from run to run.
    planned.url = below(&described.shown, &exercise.path);
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

/// The plan of the load, with the requests of the check. Rate and number are those of the valid ones.
pub(super) fn plan(plan: &Plan, target: &Target) -> Plan {
    let mut plan = Plan {
        targets: vec![target.clone()],
        ..plan.clone()
    };
    if let (Some(aside), Pace::Open(schedule)) = (target.aside(), &plan.pace) {
        if let Extent::Requests(number) = plan.extent {
            plan.extent = Extent::Requests(aside.around(number));
        }
        plan.pace = Pace::Open(schedule.clone().times(aside.haste()));
    }
    plan
}
