//! A profile: the backend shape that a team can copy, the constraints under which it fits, and what
//! it promises. Reads the JSON that people write and reports every fault in it with its place.

use std::sync::Arc;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::conformity;
use super::constraint::{Constraint, Test, Weight, quantity};
use super::input::{Answers, Expected, Input, Kind, Value, parse_duration};
use crate::diagnostic::Diagnostic;
use crate::text::tree::{self, Node};
use crate::text::{SourceFile, Span};

/// A profile as a file holds it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "backsmith profile, version 1")]
pub struct Document {
    /// The JSON Schema, for editors.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Unique; a profile of your own replaces a shipped one of the same name.
    pub profile_name: String,
    pub description: String,
    /// When the profile fits. The points of all constraints together are what it can reach.
    #[schemars(length(min = 1))]
    pub constraints: Vec<ConstraintDocument>,
    /// What to build with, by topic.
    pub stack: IndexMap<String, String>,
    /// What to keep away from.
    pub anti_recommendations: Vec<String>,
    pub success_thresholds: ThresholdsDocument,
    /// Who has to approve, in order.
    #[schemars(length(min = 1))]
    pub named_approver_chain: Vec<ApproverDocument>,
    /// Where the advice comes from, by chapter.
    pub canon_references: Vec<ReferenceDocument>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConstraintDocument {
    /// The input that is looked at, `team_size` for example.
    pub input: String,
    pub operator: Operator,
    /// A value of the input; a list of values for `in` and `not_in`.
    pub value: Json,
    pub kind: ConstraintKind,
    /// What passing is worth.
    pub points: u32,
    /// What the profile offers where this is met, as the object of "you get".
    #[serde(default)]
    pub offers: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    Min,
    Max,
    In,
    NotIn,
    Equals,
}

/// A profile that misses a `hard` constraint is ruled out; a `weighted` one only costs its points.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConstraintKind {
    Hard,
    Weighted,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdsDocument {
    pub latency_ms: LatencyDocument,
    /// In per cent, above 0 and below 100.
    pub uptime_percent: f64,
    /// Data that may be lost: `5m`.
    pub rpo: String,
    /// Time until it runs again: `30m`.
    pub rto: String,
}

/// Targets in milliseconds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LatencyDocument {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproverDocument {
    pub role: String,
    /// The person, where one is known.
    #[serde(default)]
    pub name: Option<String>,
    /// Only asked when this holds; always without it.
    #[serde(default)]
    pub when: Option<ConditionDocument>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConditionDocument {
    pub input: String,
    pub operator: Operator,
    pub value: Json,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferenceDocument {
    /// Author, title and year.
    pub source: String,
    /// Chapters or sections.
    pub chapters: Vec<String>,
}

/// A profile that was checked.
#[derive(Clone, Debug)]
pub struct Profile {
    pub name: String,
    pub description: String,
    pub constraints: Vec<Constraint>,
    pub stack: IndexMap<String, String>,
    pub anti_recommendations: Vec<String>,
    pub floor: Floor,
    pub approvers: Vec<Approver>,
    pub references: Vec<String>,
    pub provenance: Provenance,
}

/// The targets that a profile promises at least.
#[derive(Clone, Debug, PartialEq)]
pub struct Floor {
    /// Milliseconds.
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub uptime_percent: f64,
    /// Seconds.
    pub rpo: u64,
    pub rto: u64,
}

#[derive(Clone, Debug)]
pub struct Approver {
    pub role: String,
    pub name: Option<String>,
    when: Option<(Input, Test)>,
}

/// Which bytes a profile was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// `built in`, or the file.
    pub origin: String,
    pub sha256: String,
}

impl Profile {
    /// The most points that it can reach.
    pub fn attainable(&self) -> u32 {
        self.constraints
            .iter()
            .map(|constraint| constraint.points)
            .sum()
    }
}

impl Floor {
    /// Failure that the uptime allows in 30 days, in seconds.
    pub fn error_budget_seconds(&self) -> u64 {
        const MONTH: f64 = 30.0 * 86_400.0;
        ((100.0 - self.uptime_percent) / 100.0 * MONTH).round() as u64
    }
}

impl Approver {
    /// Whether this approval is needed, and what of the answers asks for it.
    pub fn required(&self, answers: &Answers) -> bool {
        match &self.when {
            None => true,
            Some((input, test)) => answers.get(*input).is_some_and(|value| test.holds(value)),
        }
    }

    /// Whether this input decides if it is needed.
    pub fn looks_at(&self, input: Input) -> bool {
        self.when.as_ref().is_some_and(|(other, _)| *other == input)
    }

    /// The value that asks for it, where it is not always asked.
    pub fn because<'a>(&self, answers: &'a Answers) -> Option<&'a Value> {
        self.when
            .as_ref()
            .and_then(|(input, _)| answers.get(*input))
    }
}

/// The JSON Schema of a profile, from the structs above.
pub fn json_schema() -> Json {
    schemars::schema_for!(Document).to_value()
}

/// Reads a profile, or every fault in it. `origin` is how provenance calls the file.
pub fn read(file: &Arc<SourceFile>, origin: &str) -> Result<Profile, Vec<Diagnostic>> {
    if file.text.trim().is_empty() {
        return Err(vec![
            Diagnostic::error(
                "invalid-profile",
                format!("`{}` is empty, and a profile was expected", file.name),
            )
            .help("`backsmith decide --show-profile NAME` prints one to start from"),
        ]);
    }
    let root = tree::parse(file)?;
    if let Some(entry) = root.entries().iter().find(|entry| entry.key == "extends") {
        return Err(vec![
            Diagnostic::error("invalid-profile", "`extends` is not read by this version")
                .at(entry.key_span.clone())
                .help(
                    "copy the profile that it extends (`--show-profile NAME`) and change the copy",
                ),
        ]);
    }
    let mut faults = conformity::check(&root, &json_schema());
    if !faults.is_empty() {
        return Err(faults);
    }
    let document: Document = serde_json::from_value(root.to_value()).map_err(|error| {
        vec![Diagnostic::error("invalid-profile", error.to_string()).at(root.span.clone())]
    })?;
    let mut sha256 = String::new();
    for byte in Sha256::digest(file.text.as_bytes()) {
        sha256.push_str(&format!("{byte:02x}"));
    }
    let profile = checked(document, &root, &mut faults);
    match profile {
        Some(mut profile) if faults.is_empty() => {
            profile.provenance = Provenance {
                origin: origin.to_owned(),
                sha256,
            };
            Ok(profile)
        }
        _ => {
            crate::diagnostic::sort(&mut faults);
            Err(faults)
        }
    }
}

/// Everything that a schema cannot say.
fn checked(document: Document, root: &Node, faults: &mut Vec<Diagnostic>) -> Option<Profile> {
    let place = |key: &str| {
        root.get(key)
            .map_or_else(|| root.span.clone(), |node| node.span.clone())
    };
    if document.profile_name.trim().is_empty() {
        faults.push(fault("a profile needs a name", place("profile_name")));
    }
    let mut constraints = Vec::new();
    let nodes = root.get("constraints").map(Node::items).unwrap_or_default();
    for (constraint, node) in document.constraints.iter().zip(nodes) {
        if let Some((input, test)) = condition(
            (&constraint.input, constraint.operator),
            &constraint.value,
            node,
            faults,
        ) {
            constraints.push(Constraint {
                input,
                test,
                weight: match constraint.kind {
                    ConstraintKind::Hard => Weight::Hard,
                    ConstraintKind::Weighted => Weight::Weighted,
                },
                points: constraint.points,
                offers: constraint.offers.clone(),
            });
        }
    }
    if document
        .constraints
        .iter()
        .all(|constraint| constraint.points == 0)
    {
        faults.push(fault(
            "the constraints are worth no points",
            place("constraints"),
        ));
    }
    contradictions(&document, nodes, faults);
    let floor = floor(&document.success_thresholds, root, faults);
    let mut approvers = Vec::new();
    let nodes = root
        .get("named_approver_chain")
        .map(Node::items)
        .unwrap_or_default();
    for (approver, node) in document.named_approver_chain.into_iter().zip(nodes) {
        let when = match (&approver.when, node.get("when")) {
            (Some(when), Some(node)) => {
                condition((&when.input, when.operator), &when.value, node, faults)
            }
            _ => None,
        };
        approvers.push(Approver {
            role: approver.role,
            name: approver.name,
            when,
        });
    }
    let references = document.canon_references.iter().map(|reference| {
        if reference.chapters.is_empty() {
            reference.source.clone()
        } else {
            format!("{}, {}", reference.source, reference.chapters.join(" and "))
        }
    });
    Some(Profile {
        name: document.profile_name,
        description: document.description,
        constraints,
        stack: document.stack,
        anti_recommendations: document.anti_recommendations,
        floor: floor?,
        approvers,
        references: references.collect(),
        provenance: Provenance {
            origin: String::new(),
            sha256: String::new(),
        },
    })
}

/// An input and the test of it, each checked against the other.
fn condition(
    (key, operator): (&str, Operator),
    value: &Json,
    node: &Node,
    faults: &mut Vec<Diagnostic>,
) -> Option<(Input, Test)> {
    let place = |key: &str| {
        node.get(key)
            .map_or_else(|| node.span.clone(), |node| node.span.clone())
    };
    let Some(input) = Input::named(key) else {
        let near = crate::text::suggest::nearest(key, Input::keys());
        let help = near.map_or_else(
            || format!("one of {}", Input::keys().collect::<Vec<_>>().join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        faults.push(fault(format!("`{key}` is no input"), place("input")).help(help));
        return None;
    };
    let ordered = matches!(
        input.kind(),
        Kind::Whole | Kind::Decimal | Kind::Percent | Kind::Duration
    );
    if input.kind() == Kind::Text {
        faults.push(fault(
            format!("`{key}` is free text, which no constraint can test"),
            place("input"),
        ));
        return None;
    }
    if matches!(operator, Operator::Min | Operator::Max) && !ordered {
        let fault = fault(
            format!("`{key}` has no order, so no minimum and no maximum"),
            place("operator"),
        );
        faults.push(fault.help("`in`, `not_in` or `equals`"));
        return None;
    }
    let values_place = node.get("value");
    let list = matches!(operator, Operator::In | Operator::NotIn);
    let given: Vec<(&Json, Span)> = match (list, value) {
        (true, Json::Array(values)) if !values.is_empty() => {
            let nodes = values_place.map(Node::items).unwrap_or_default();
            values
                .iter()
                .zip(nodes.iter().map(|node| node.span.clone()))
                .collect()
        }
        (true, _) => {
            faults.push(fault("a list of values was expected", place("value")));
            return None;
        }
        (false, value) => vec![(value, place("value"))],
    };
    let mut values = Vec::new();
    let before = faults.len();
    for (value, span) in given {
        let text = match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        match input.parse(&text) {
            Ok(value) => values.push(value),
            Err(expected) => faults.push(unexpected(&text, key, expected, span)),
        }
    }
    if faults.len() > before {
        return None;
    }
    let test = match operator {
        Operator::In => Test::In(values),
        Operator::NotIn => Test::NotIn(values),
        Operator::Min => Test::Min(values.pop()?),
        Operator::Max => Test::Max(values.pop()?),
        Operator::Equals => Test::Equals(values.pop()?),
    };
    Some((input, test))
}

/// A value that its input does not have.
pub fn unexpected(text: &str, key: &str, expected: Expected, span: Span) -> Diagnostic {
    match expected {
        Expected::Shape(what) => fault(format!("`{text}` is no value of `{key}`: {what}"), span),
        Expected::OneOf { choices, near } => {
            let help = near.map_or_else(
                || format!("one of {}", choices.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            fault(format!("`{text}` is no value of `{key}`"), span).help(help)
        }
    }
}

/// A minimum above the maximum of the same input can never be met.
fn contradictions(document: &Document, nodes: &[Node], faults: &mut Vec<Diagnostic>) {
    let limits = |wanted: fn(Operator) -> bool| {
        let rows = document.constraints.iter().zip(nodes);
        rows.filter(move |(constraint, _)| wanted(constraint.operator))
            .filter_map(|(constraint, node)| {
                let input = Input::named(&constraint.input)?;
                let text = match &constraint.value {
                    Json::String(text) => text.clone(),
                    other => other.to_string(),
                };
                Some((input, quantity(&input.parse(&text).ok()?)?, node))
            })
            .collect::<Vec<_>>()
    };
    let maxima = limits(|operator| matches!(operator, Operator::Max));
    for (input, minimum, node) in limits(|operator| matches!(operator, Operator::Min)) {
        for (_, maximum, _) in maxima.iter().filter(|(other, ..)| *other == input) {
            if minimum > *maximum {
                let message = format!(
                    "`{}` has a minimum of {minimum} above its maximum of {maximum}",
                    input.key()
                );
                let place = node.get("value").unwrap_or(node).span.clone();
                faults.push(fault(message, place));
            }
        }
    }
}

fn floor(
    thresholds: &ThresholdsDocument,
    root: &Node,
    faults: &mut Vec<Diagnostic>,
) -> Option<Floor> {
    let node = root.get("success_thresholds")?;
    let place = |key: &str| node.get(key).unwrap_or(node).span.clone();
    let before = faults.len();
    let ThresholdsDocument {
        latency_ms,
        uptime_percent,
        rpo,
        rto,
    } = thresholds;
    let LatencyDocument { p50, p95, p99 } = *latency_ms;
    if !(0.0 < p50 && p50 <= p95 && p95 <= p99) {
        faults.push(fault(
            "latencies must be above 0 and rise from p50 to p99",
            place("latency_ms"),
        ));
    }
    if !(*uptime_percent > 0.0 && *uptime_percent < 100.0) {
        faults.push(fault(
            "an uptime above 0 and below 100 per cent was expected",
            place("uptime_percent"),
        ));
    }
    let mut duration = |text: &str, key: &str| {
        let seconds = parse_duration(text);
        if seconds.is_none() {
            faults.push(fault(
                format!("`{text}` is no time such as `30s`, `5m` or `1h`"),
                place(key),
            ));
        }
        seconds.unwrap_or_default()
    };
    let (rpo, rto) = (duration(rpo, "rpo"), duration(rto, "rto"));
    (faults.len() == before).then_some(Floor {
        p50,
        p95,
        p99,
        uptime_percent: *uptime_percent,
        rpo,
        rto,
    })
}

fn fault(message: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::error("invalid-profile", message).at(span)
}
