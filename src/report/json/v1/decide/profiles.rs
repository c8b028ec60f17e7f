//! The profiles of a decision, and the document of `--list-profiles` and `--check-profiles`.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Tool;
use super::super::error::ErrorEntry;
use super::{Latency, words};
use crate::decide::Shelf;
use crate::decide::input::duration_text;
use crate::decide::lint::Gap;
use crate::decide::profile::Profile;
use crate::report::human::decide::Check;
use crate::report::json::write_document;

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "backsmith.decide-profiles/v1")]
pub struct ProfilesDocument {
    pub schema: &'static str,
    pub tool: Tool,
    pub profiles: Vec<ProfileSummary>,
    /// Present with `--check-profiles`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ProfileSummary {
    #[serde(flatten)]
    pub entry: ProfileEntry,
    pub description: String,
    pub latency_ms: Latency,
    pub uptime_percent: f64,
    pub rpo: String,
    pub rto: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckEntry {
    /// Golden decisions that ran.
    pub decisions: usize,
    pub findings: Vec<ErrorEntry>,
    /// Answers for which no profile fits, whatever the others are.
    pub coverage_gaps: Vec<GapEntry>,
}

/// All of these together.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GapEntry {
    pub conditions: Vec<GapCondition>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct GapCondition {
    pub input: &'static str,
    /// In words, each of them.
    pub values: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ProfileEntry {
    pub name: String,
    pub origin: String,
    pub sha256: String,
    /// Where the profile of the same name came from that this one replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The profiles that it extends, nearest first.
    pub extends: Vec<AncestorEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct AncestorEntry {
    pub name: String,
    pub origin: String,
    pub sha256: String,
}

pub fn write_profiles(
    out: &mut dyn Write,
    shelf: &Shelf,
    check: Option<&Check<'_>>,
) -> io::Result<()> {
    let summary = |profile: &Profile| ProfileSummary {
        entry: ProfileEntry::from(profile),
        description: profile.description.clone(),
        latency_ms: Latency {
            p50: profile.floor.p50,
            p95: profile.floor.p95,
            p99: profile.floor.p99,
        },
        uptime_percent: profile.floor.uptime_percent,
        rpo: duration_text(profile.floor.rpo),
        rto: duration_text(profile.floor.rto),
    };
    let document = ProfilesDocument {
        schema: "backsmith.decide-profiles/v1",
        tool: Tool::CURRENT,
        profiles: shelf.profiles().iter().map(summary).collect(),
        check: check.map(|check| CheckEntry {
            decisions: check.decisions,
            findings: check.findings.iter().map(ErrorEntry::from).collect(),
            coverage_gaps: check.gaps.iter().map(GapEntry::from).collect(),
        }),
    };
    write_document(out, &document)
}

impl From<&Profile> for ProfileEntry {
    fn from(profile: &Profile) -> Self {
        let provenance = &profile.provenance;
        let ancestors = provenance.extends.iter().map(|ancestor| AncestorEntry {
            name: ancestor.name.clone(),
            origin: ancestor.origin.clone(),
            sha256: ancestor.sha256.clone(),
        });
        Self {
            name: profile.name.clone(),
            origin: provenance.origin.clone(),
            sha256: provenance.sha256.clone(),
            replaces: provenance.replaces.clone(),
            extends: ancestors.collect(),
        }
    }
}

impl From<&Gap> for GapEntry {
    fn from(gap: &Gap) -> Self {
        let conditions = gap.conditions.iter().map(|(input, values)| GapCondition {
            input: input.key(),
            values: values.iter().flat_map(words).collect(),
        });
        Self {
            conditions: conditions.collect(),
        }
    }
}
