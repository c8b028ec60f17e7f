//! A profile as a file holds it, and the JSON Schema of such files: a whole one, or one that extends
//! another and says only what differs.

#![expect(
    dead_code,
    reason = "the schema is made from these structs; the reader walks the tree, for the places"
)]

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde_json::{Value as Json, json};

/// A profile as a file holds it.
#[derive(Clone, Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Profile")]
pub(super) struct Document {
    /// The JSON Schema, for editors.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Unique among all profiles; at most 64 characters.
    #[schemars(length(min = 1, max = 64))]
    pub profile_name: String,
    /// Says that the profile of the same name that ships is replaced on purpose.
    #[serde(default)]
    pub replaces: bool,
    #[schemars(length(min = 1))]
    pub description: String,
    /// When the profile fits. The points of all constraints together are what it can reach.
    #[schemars(length(min = 1))]
    pub constraints: Vec<ConstraintDocument>,
    /// What to build with, by topic.
    #[schemars(extend("minProperties" = 1))]
    pub stack: IndexMap<String, String>,
    /// What to keep away from.
    #[schemars(length(min = 1))]
    pub anti_recommendations: Vec<String>,
    pub success_thresholds: ThresholdsDocument,
    /// Who has to approve, in order; at least one of them always, without `when`.
    #[schemars(length(min = 1))]
    pub named_approver_chain: Vec<ApproverDocument>,
    /// Where the advice comes from, by chapter.
    #[schemars(length(min = 1))]
    pub canon_references: Vec<ReferenceDocument>,
}

#[derive(Clone, Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConstraintDocument {
    /// The input that is looked at, `team_size` for example.
    pub input: String,
    pub operator: Operator,
    /// A value of the input; a list of values for `in` and `not_in`.
    pub value: Json,
    pub kind: ConstraintKind,
    /// What passing is worth, at most 1,000.
    #[schemars(range(max = 1_000))]
    pub points: u32,
    /// What the profile offers where this is met, as the object of "you get".
    #[serde(default)]
    pub offers: Option<String>,
}

#[derive(Clone, Copy, Debug, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Operator {
    Min,
    Max,
    In,
    NotIn,
    Equals,
}

/// A profile that misses a `hard` constraint is ruled out; a `weighted` one only costs its points.
#[derive(Clone, Copy, Debug, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ConstraintKind {
    Hard,
    Weighted,
}

#[derive(Clone, Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ThresholdsDocument {
    pub latency_ms: LatencyDocument,
    /// In per cent, above 0 and below 100.
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 100))]
    pub uptime_percent: f64,
    /// Data that may be lost: `5m`.
    pub rpo: String,
    /// Time until it runs again: `30m`.
    pub rto: String,
}

/// Targets in milliseconds, above 0 and rising from p50 to p99.
#[derive(Clone, Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LatencyDocument {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

#[derive(Clone, Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApproverDocument {
    #[schemars(length(min = 1))]
    pub role: String,
    /// The person, where one is known.
    #[serde(default)]
    pub name: Option<String>,
    /// Only asked when this holds; always without it.
    #[serde(default)]
    pub when: Option<ConditionDocument>,
}

#[derive(Clone, Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConditionDocument {
    pub input: String,
    pub operator: Operator,
    pub value: Json,
}

#[derive(Clone, Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReferenceDocument {
    /// Author, title and year.
    #[schemars(length(min = 1))]
    pub source: String,
    /// Chapters or sections.
    pub chapters: Vec<String>,
}

/// The key that names the profile whose values stand where a file says nothing.
pub(super) const EXTENDS: &str = "extends";

/// The JSON Schema of a profile's file.
pub fn json_schema() -> Json {
    let mut generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
    generator.subschema_for::<Document>();
    let mut definitions = generator.take_definitions(true);
    if let Some(whole) = definitions.get("Profile").cloned() {
        let thresholds = definitions.get("ThresholdsDocument").cloned();
        definitions.insert("Extension".to_owned(), extension(whole));
        let changed = [
            ("ChangedThresholds", thresholds),
            (
                "ChangedLatency",
                definitions.get("LatencyDocument").cloned(),
            ),
        ];
        for (name, definition) in changed {
            if let Some(definition) = definition {
                definitions.insert(name.to_owned(), changes(definition));
            }
        }
        definitions.insert("Removal".to_owned(), removal());
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "backsmith profile, version 1",
        "description": "A backend shape, the constraints under which it fits, and what it promises.",
        "type": "object",
        "if": {"required": [EXTENDS]},
        "then": {"$ref": "#/$defs/Extension"},
        "else": {"$ref": "#/$defs/Profile"},
        "$defs": definitions,
    })
}

/// The same keys, of which only the name has to be there.
fn extension(mut whole: Json) -> Json {
    let parent = json!({
        "type": "string",
        "minLength": 1,
        "description": "The name of a profile, a shipped one or one of your own, whose values stand where \
                        this file says nothing.",
    });
    whole["description"] = "What differs from the profile that is extended. `constraints` are merged by \
                            their input: all entries for an input replace those of the parent, `remove` \
                            takes them away. `stack` and `success_thresholds` are merged by key, null takes \
                            a topic away. Every other key replaces the parent's."
        .into();
    whole["required"] = json!(["profile_name", EXTENDS]);
    let properties = &mut whole["properties"];
    properties[EXTENDS] = parent;
    properties["constraints"]["items"] =
        json!({"anyOf": [{"$ref": "#/$defs/ConstraintDocument"}, {"$ref": "#/$defs/Removal"}]});
    properties["stack"]["additionalProperties"] = json!({"type": ["string", "null"]});
    properties["success_thresholds"] = json!({"$ref": "#/$defs/ChangedThresholds"});
    whole
}

/// Thresholds of which each may be left out.
fn changes(mut thresholds: Json) -> Json {
    if let Some(keys) = thresholds.as_object_mut() {
        keys.remove("required");
        if let Some(latency) = keys
            .get_mut("properties")
            .and_then(|properties| properties.get_mut("latency_ms"))
        {
            *latency = json!({"$ref": "#/$defs/ChangedLatency"});
        }
    }
    thresholds
}

fn removal() -> Json {
    json!({
        "type": "object",
        "description": "Takes all constraints of the parent for this input away.",
        "additionalProperties": false,
        "properties": {
            "input": {"type": "string"},
            "remove": {"type": "boolean", "const": true},
        },
        "required": ["input", "remove"],
    })
}
