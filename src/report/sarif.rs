//! SARIF 2.1.0, for code scanning.
//! Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::annotation::{Annotation, Place};
use super::json::write_document;
use crate::diagnostic::{Severity, pages};

pub fn write(out: &mut dyn Write, annotations: &[Annotation]) -> io::Result<()> {
    let codes: BTreeSet<&str> = annotations
        .iter()
        .map(|annotation| annotation.code.as_str())
        .collect();
    let rules: Vec<Value> = codes.iter().map(|code| rule(code)).collect();
    let results: Vec<Value> = annotations.iter().map(result).collect();
    write_document(
        out,
        &json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {
                    "driver": {
                        "name": "backsmith",
                        "version": env!("CARGO_PKG_VERSION"),
                        "rules": rules,
                    }
                },
                "results": results,
            }],
        }),
    )
}

/// With its reference page, for those who cannot ask `backsmith explain`.
fn rule(code: &str) -> Value {
    let mut rule = json!({ "id": code });
    if let (Some(title), Some(page)) = (pages::title(code), pages::page(code)) {
        rule["shortDescription"] = json!({ "text": title });
        rule["help"] = json!({
            "text": format!("`backsmith explain {code}` shows what happens, why, and how to do it safely."),
            "markdown": page,
        });
    }
    rule
}

fn result(annotation: &Annotation) -> Value {
    let level = match annotation.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let text = match &annotation.help {
        Some(help) => format!("{}\n{help}", annotation.message),
        None => annotation.message.clone(),
    };
    let mut result = json!({
        "ruleId": annotation.code,
        "level": level,
        "message": { "text": text },
    });
    let location = match &annotation.place {
        Place::File { name, line, column } => json!({
            "physicalLocation": {
                "artifactLocation": { "uri": uri(name) },
                "region": { "startLine": line, "startColumn": column },
            }
        }),
        Place::Object(object) => json!({
            "logicalLocations": [{ "fullyQualifiedName": object, "kind": "resource" }]
        }),
        Place::Nowhere => return result,
    };
    result["locations"] = json!([location]);
    result
}

/// A path as a relative reference of RFC 3986: what may not stand in one is encoded.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
