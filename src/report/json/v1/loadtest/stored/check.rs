//! The check of a description, read back: what shards add up.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::super::targets::by_number;
use crate::api::Method;
use crate::diagnostic::pages::PAGES;
use crate::diagnostic::{Diagnostic, Severity};
use crate::traffic::{Ids, LeftOut, Standing, Survey, Surveyed, Tried};

#[derive(Deserialize)]
struct DescriptionFields {
    document: String,
    title: String,
    version: String,
    seed: u64,
    operations: Vec<OperationFields>,
    left_out: Vec<LeftOutFields>,
}

#[derive(Deserialize)]
struct OperationFields {
    name: String,
    method: String,
    path: String,
    pointer: String,
    status_codes: BTreeMap<String, u64>,
    undocumented_under_load: BTreeMap<String, u64>,
    failures: Vec<String>,
    objections: Vec<String>,
    ids: Option<IdsFields>,
    invalid: Vec<InvalidFields>,
    invalid_not_sent: usize,
}

#[derive(Deserialize)]
struct IdsFields {
    parameters: Vec<String>,
    number: usize,
    from: Vec<String>,
    created: bool,
}

#[derive(Deserialize)]
struct InvalidFields {
    breaks: String,
    pointer: String,
    lenient: bool,
    status: Option<u16>,
}

#[derive(Deserialize)]
struct LeftOutFields {
    name: String,
    method: String,
    path: String,
    pointer: String,
    reason: String,
}

#[derive(Deserialize)]
pub(super) struct FindingFields {
    code: String,
    severity: String,
    message: String,
    help: Option<String>,
    #[serde(default)]
    pointer: Option<String>,
}

/// `None` where an earlier version wrote less than a sum needs. Findings of the description are those
/// with a place in it.
pub(super) fn survey(description: &Value, findings: &[FindingFields]) -> Option<Survey> {
    let fields = DescriptionFields::deserialize(description).ok()?;
    let operations: Option<Vec<Surveyed>> = fields.operations.into_iter().map(surveyed).collect();
    let left_out: Option<Vec<LeftOut>> = fields.left_out.into_iter().map(left_out).collect();
    Some(Survey {
        document: fields.document,
        title: fields.title,
        version: fields.version,
        seed: fields.seed,
        operations: operations?,
        left_out: left_out?,
        findings: findings.iter().filter_map(finding).collect(),
    })
}

fn surveyed(fields: OperationFields) -> Option<Surveyed> {
    let invalid = fields.invalid.into_iter().map(|tried| Tried {
        breaks: tried.breaks,
        pointer: tried.pointer,
        lenient: tried.lenient,
        status: tried.status,
        standing: tried.status.map_or(Standing::Unknown, Standing::of_status),
    });
    Some(Surveyed {
        method: method(&fields.method)?,
        name: fields.name,
        path: fields.path,
        pointer: fields.pointer,
        valid: by_number(&fields.status_codes),
        undocumented: by_number(&fields.undocumented_under_load),
        failures: fields.failures,
        invalid: invalid.collect(),
        ids: fields.ids.map(|ids| Ids {
            parameters: ids.parameters,
            number: ids.number,
            from: ids.from,
            created: ids.created,
        }),
        not_tried: fields.invalid_not_sent,
        objections: fields.objections,
        queries: None,
    })
}

fn left_out(fields: LeftOutFields) -> Option<LeftOut> {
    Some(LeftOut {
        method: method(&fields.method)?,
        name: fields.name,
        path: fields.path,
        pointer: fields.pointer,
        reason: fields.reason,
    })
}

fn finding(fields: &FindingFields) -> Option<Diagnostic> {
    let pointer = fields.pointer.as_ref()?;
    let (code, _) = PAGES.iter().find(|(code, _)| *code == fields.code)?;
    let severities = [Severity::Info, Severity::Warning, Severity::Error];
    let severity = severities
        .into_iter()
        .find(|severity| severity.name() == fields.severity)?;
    Some(Diagnostic {
        severity,
        help: fields.help.clone(),
        ..Diagnostic::error(code, fields.message.as_str()).pointer(pointer.as_str())
    })
}

fn method(name: &str) -> Option<&'static str> {
    let methods = Method::ALL.iter().map(|method| method.key());
    methods
        .into_iter()
        .find(|key| key.eq_ignore_ascii_case(name))
}
