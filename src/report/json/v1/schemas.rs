//! The JSON Schemas of all documents, by file name.

use schemars::{Schema, schema_for};

/// (file name in references/schema/, schema), in alphabetical order.
pub fn published_schemas() -> Vec<(&'static str, Schema)> {
    vec![
        (
            "decide-profiles.v1.json",
            schema_for!(super::decide::ProfilesDocument),
        ),
        (
            "decide-question.v1.json",
            schema_for!(super::decide_question::Document),
        ),
        ("decide.v1.json", schema_for!(super::decide::Document)),
        ("doctor.v1.json", schema_for!(super::doctor::Document)),
        ("error.v1.json", schema_for!(super::error::Document)),
        ("explain.v1.json", schema_for!(super::explain::Document)),
        ("loadtest.v1.json", schema_for!(super::loadtest::Document)),
        ("migrate.v1.json", schema_for!(super::migrate::Document)),
        (
            "scaffold-spec.v1.json",
            schema_for!(super::scaffold_spec::Document),
        ),
        ("scaffold.v1.json", schema_for!(super::scaffold::Document)),
    ]
}
