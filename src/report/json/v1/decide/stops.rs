//! What stops a decision, as programs get it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use super::value;
use crate::decide::Decision;
use crate::decide::ways_on::Way;
use crate::diagnostic::pages;

#[derive(Debug, Serialize, JsonSchema)]
pub struct KillCriterion {
    pub code: &'static str,
    /// The reference page of the code.
    pub page: Option<String>,
    /// The section of a guide that the page leads to, as `backsmith explain` takes it.
    pub guide: Option<String>,
    pub title: String,
    pub because: &'static str,
    pub source: &'static str,
    pub inputs: Vec<&'static str>,
    /// Few changes that lead to a recommendation.
    pub ways_on: Vec<WayOn>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct WayOn {
    pub changes: IndexMap<&'static str, Json>,
    pub profile: String,
    pub score: u32,
    pub of: u32,
}

pub fn kill_criteria(decision: &Decision<'_>) -> Vec<KillCriterion> {
    let ways_on = || {
        let changes = |way: &Way| {
            let changes = way.changes.iter();
            changes
                .map(|(input, change)| (input.key(), value(Some(change))))
                .collect()
        };
        decision
            .ways_on
            .iter()
            .map(|way| WayOn {
                changes: changes(way),
                profile: way.profile.clone(),
                score: way.score,
                of: way.of,
            })
            .collect()
    };
    decision
        .stops()
        .iter()
        .map(|criterion| KillCriterion {
            code: criterion.code(),
            page: pages::path(criterion.code()),
            guide: pages::guide(criterion.code()),
            title: criterion.title(&decision.answers),
            because: criterion.because(),
            source: criterion.source(),
            inputs: criterion.inputs().iter().map(|input| input.key()).collect(),
            ways_on: ways_on(),
        })
        .collect()
}
