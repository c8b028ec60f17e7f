//! `backsmith.doctor/v1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::Tool;
use crate::report::doctor::{self, Check as Source};

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "backsmith.doctor/v1")]
pub struct Document {
    pub schema: &'static str,
    pub tool: Tool,
    /// `ok`, `limited`, or `broken` when something that was asked for does not work.
    pub verdict: &'static str,
    pub checks: Vec<Check>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Check {
    pub name: &'static str,
    /// `ok`, `limited`, `missing` or `broken`.
    pub status: &'static str,
    pub detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it gives, or what helps.
    pub notes: Vec<String>,
}

impl From<&[Source]> for Document {
    fn from(checks: &[Source]) -> Self {
        let check = |source: &Source| Check {
            name: source.name,
            status: source.status.name(),
            detail: source.detail.clone(),
            version: source.version.clone(),
            notes: source.lines.clone(),
        };
        Self {
            schema: "backsmith.doctor/v1",
            tool: Tool::CURRENT,
            verdict: doctor::verdict(checks),
            checks: checks.iter().map(check).collect(),
        }
    }
}
