//! Golden decisions of a profile, and what is odd about a set of profiles: that one can never be the
//! pick, or that a language is served by none.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::conformity;
use super::evaluate::{self, Pick};
use super::input::{Answers, Input, Kind, Value};
use super::profile::{Profile, unexpected};
use crate::decide::constraint::Test;
use crate::diagnostic::Diagnostic;
use crate::text::{SourceFile, tree};

/// A file of golden decisions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Document {
    decisions: Vec<DecisionDocument>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DecisionDocument {
    name: String,
    /// By their keys; read with their places by `run`.
    #[expect(
        dead_code,
        reason = "the schema and the reader look at it, the struct does not"
    )]
    inputs: BTreeMap<String, Json>,
    expect: Expectation,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Expectation {
    /// recommended, no_fit or refused.
    status: String,
    #[serde(default)]
    profile: Option<String>,
}

/// Runs the golden decisions of a file; returns how many ran and what does not hold.
pub fn run(file: &Arc<SourceFile>, profiles: &[Profile]) -> (usize, Vec<Diagnostic>) {
    let root = match tree::parse(file) {
        Ok(root) => root,
        Err(faults) => return (0, faults),
    };
    let schema = schemars::schema_for!(Document).to_value();
    let mut faults = conformity::check(&root, &schema);
    if !faults.is_empty() {
        return (0, faults);
    }
    let Ok(document) = serde_json::from_value::<Document>(root.to_value()) else {
        return (0, faults);
    };
    let nodes = root
        .get("decisions")
        .map(tree::Node::items)
        .unwrap_or_default();
    for (decision, node) in document.decisions.iter().zip(nodes) {
        let mut known: Vec<(Input, Value)> = Vec::new();
        let entries = node
            .get("inputs")
            .map(tree::Node::entries)
            .unwrap_or_default();
        let before = faults.len();
        for entry in entries {
            let Some(input) = Input::named(&entry.key) else {
                let message = format!("`{}` is no input", entry.key);
                faults.push(Diagnostic::error("unknown-key", message).at(entry.key_span.clone()));
                continue;
            };
            let text = match entry.value.to_value() {
                Json::String(text) => text,
                other => other.to_string(),
            };
            match input.parse(&text) {
                Ok(value) => known.push((input, value)),
                Err(expected) => {
                    faults.push(unexpected(
                        &text,
                        input.key(),
                        expected,
                        entry.value.span.clone(),
                    ));
                }
            }
        }
        if faults.len() > before {
            continue;
        }
        let answers: Answers = known.into_iter().collect();
        let pick = evaluate::pick(&answers, profiles);
        let wanted = (
            decision.expect.status.as_str(),
            decision.expect.profile.as_deref(),
        );
        if (pick.status(), pick.profile()) != wanted {
            let said =
                |(status, profile): (&str, Option<&str>)| profile.unwrap_or(status).to_owned();
            let message = format!(
                "`{}`: {} was expected, {} is what comes out",
                decision.name,
                said(wanted),
                said((pick.status(), pick.profile()))
            );
            let place = node.get("expect").unwrap_or(node).span.clone();
            faults.push(Diagnostic::error("golden-decision", message).at(place));
        }
    }
    (document.decisions.len(), faults)
}

/// Profiles that are not the pick even when everything they ask for holds, and languages that no
/// profile serves.
pub fn lint(profiles: &[Profile]) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for profile in profiles {
        let pick = evaluate::pick(&best_case(profile), profiles);
        if pick.profile() != Some(&profile.name) {
            let instead = match &pick {
                Pick::Recommended(other) => format!("`{other}` is picked"),
                Pick::Stopped(criteria) => criteria
                    .iter()
                    .map(|criterion| format!("`{}` stops it", criterion.code()))
                    .collect::<Vec<_>>()
                    .join(", "),
                _ => "nothing is picked".to_owned(),
            };
            let message = format!(
                "`{}` is never reached: where everything it asks for holds, {instead}",
                profile.name
            );
            findings.push(Diagnostic::warning("profile-never-reached", message));
        }
    }
    if let Kind::Choice(languages) = Input::LanguagePreference.kind() {
        let served = |language: &'static str| {
            let constraints = profiles.iter().flat_map(|profile| &profile.constraints);
            let mut tests = constraints
                .filter(|constraint| constraint.input == Input::LanguagePreference)
                .map(|constraint| &constraint.test);
            tests.any(|test| test.holds(&Value::Choice(language)))
        };
        let gaps: Vec<&str> = languages
            .iter()
            .copied()
            .filter(|language| !served(language))
            .collect();
        if !gaps.is_empty() {
            let message = format!("no profile serves {}", gaps.join(", "));
            let mut gap = Diagnostic::warning("profile-coverage-gap", message);
            gap.severity = crate::diagnostic::Severity::Info;
            findings.push(gap);
        }
    }
    findings
}

/// Answers under which every constraint of a profile holds, and none of the criteria where possible.
fn best_case(profile: &Profile) -> Answers {
    let defaults = [
        (Input::TeamSize, Value::Number(4.0)),
        (Input::QpsP99, Value::Number(10.0)),
        (Input::ReadWriteRatio, Value::Number(1.0)),
        (Input::Tenancy, Value::Choice("single-tenant")),
        (Input::DataSensitivity, Value::Choice("internal")),
        (Input::Pattern, Value::Choice("modular-monolith")),
        (Input::HotPath, Value::Text("named".to_owned())),
    ];
    let mut answers: Answers = defaults.into_iter().collect();
    for constraint in &profile.constraints {
        let value = match &constraint.test {
            Test::NotIn(values) => match constraint.input.kind() {
                Kind::Choice(choices) => choices
                    .iter()
                    .map(|choice| Value::Choice(choice))
                    .find(|choice| !values.contains(choice)),
                _ => None,
            },
            test => test.values().first().cloned(),
        };
        let met = answers
            .get(constraint.input)
            .is_some_and(|value| constraint.test.holds(value));
        if !met && value.is_some() {
            answers = answers.with(constraint.input, value);
        }
    }
    answers
}
