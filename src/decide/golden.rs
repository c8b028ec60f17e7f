//! Golden decisions: answers and what must come out of them, kept beside the profiles.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::conformity;
use super::evaluate;
use super::input::{Answers, Input, Value};
use super::profile::{Profile, unexpected};
use crate::diagnostic::Diagnostic;
use crate::text::tree::{self, Node};
use crate::text::{SourceFile, printable, suggest};

/// A file of golden decisions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "backsmith golden decisions, version 1")]
struct Document {
    /// The JSON Schema, for editors.
    #[expect(dead_code, reason = "for editors")]
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    #[schemars(length(min = 1))]
    decisions: Vec<DecisionDocument>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DecisionDocument {
    name: String,
    /// Answers by their keys, `team_size` for example.
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
    status: Status,
    /// The profile that is recommended.
    #[serde(default)]
    profile: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    Recommended,
    NoFit,
    Refused,
}

/// What became of the decisions of a file.
#[derive(Debug, Default)]
pub struct Run {
    pub decisions: usize,
    /// What is wrong in the file.
    pub faults: Vec<Diagnostic>,
    /// Decisions that come out otherwise.
    pub findings: Vec<Diagnostic>,
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::Recommended => "recommended",
            Self::NoFit => "no_fit",
            Self::Refused => "refused",
        }
    }
}

/// The JSON Schema of a file of golden decisions.
pub fn json_schema() -> Json {
    schemars::schema_for!(Document).to_value()
}

/// Runs the golden decisions of a file.
pub fn run(file: &Arc<SourceFile>, profiles: &[Profile]) -> Run {
    let mut run = Run::default();
    let (root, faults) = tree::read(file);
    run.faults = faults;
    let Some(root) = root else {
        return run;
    };
    run.faults.extend(conformity::check(&root, &json_schema()));
    let nodes = root.get("decisions").map(Node::items).unwrap_or_default();
    let inputs: Vec<Option<Answers>> = nodes
        .iter()
        .map(|node| answers(node, &mut run.faults))
        .collect();
    for fault in &mut run.faults {
        if fault.code == "invalid-profile" {
            fault.code = "invalid-golden-decision";
        }
    }
    let Ok(document) = serde_json::from_value::<Document>(root.to_value()) else {
        return run;
    };
    for ((decision, node), answers) in document.decisions.iter().zip(nodes).zip(inputs) {
        let Some(answers) = answers else { continue };
        run.decisions += 1;
        let expect = node.get("expect").unwrap_or(node);
        let wanted = (
            decision.expect.status.word(),
            decision.expect.profile.as_deref(),
        );
        if let (_, Some(name)) = wanted
            && !profiles.iter().any(|profile| profile.name == name)
        {
            let place = expect.get("profile").unwrap_or(expect).span.clone();
            let names: Vec<&str> = profiles
                .iter()
                .map(|profile| profile.name.as_str())
                .collect();
            let help = suggest::nearest(name, names.iter().copied()).map_or_else(
                || format!("one of {}", names.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("no profile is called `{}`", printable(name));
            run.faults.push(
                Diagnostic::error("unknown-profile", message)
                    .at(place)
                    .help(help),
            );
            continue;
        }
        let pick = evaluate::pick(&answers, profiles);
        if (pick.status(), pick.profile()) != wanted {
            let said =
                |(status, profile): (&str, Option<&str>)| profile.unwrap_or(status).to_owned();
            let message = format!(
                "`{}`: {} was expected, {} is what comes out",
                printable(&decision.name),
                said(wanted),
                said((pick.status(), pick.profile()))
            );
            let finding = Diagnostic::error("golden-decision", message);
            run.findings.push(finding.at(expect.span.clone()));
        }
    }
    run
}

/// The answers of one decision, where all of them can be read.
fn answers(decision: &Node, faults: &mut Vec<Diagnostic>) -> Option<Answers> {
    let entries = decision
        .get("inputs")
        .map(Node::entries)
        .unwrap_or_default();
    let before = faults.len();
    let mut known: Vec<(Input, Value)> = Vec::new();
    for entry in entries {
        let Some(input) = Input::named(&entry.key) else {
            let message = format!("`{}` is no input", printable(&entry.key));
            let fault = Diagnostic::error("unknown-key", message).at(entry.key_span.clone());
            faults.push(match suggest::nearest(&entry.key, Input::keys()) {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault.help(format!(
                    "one of {}",
                    Input::keys().collect::<Vec<_>>().join(", ")
                )),
            });
            continue;
        };
        let text = match entry.value.to_value() {
            Json::String(text) => text,
            other => other.to_string(),
        };
        match input.parse(&text) {
            Ok(value) => known.push((input, value)),
            Err(expected) => {
                let place = entry.value.span.clone();
                faults.push(unexpected(&text, input.key(), expected, place));
            }
        }
    }
    (faults.len() == before).then(|| known.into_iter().collect())
}
