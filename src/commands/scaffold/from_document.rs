//! An API description becomes a server: read, generate, compare with what is there, write, report.

use std::mem::ManuallyDrop;
use std::sync::Arc;

use super::documents;
use super::write::{Target, write};
use crate::api::{Api, Dialect, Reading};
use crate::failure::{Failure, Verdict};
use crate::files::manifest;
use crate::report::human;
use crate::scaffold::{Artefacts, Options, OutcomeSource, service};
use crate::settings::scaffold::{DocumentRequest, Request};
use crate::terminal::Terminal;
use crate::text::SourceFile;

pub(super) fn run(
    request: &Request,
    document: &DocumentRequest,
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    let Reading {
        api,
        findings,
        sources,
    } = documents::read(document)?;
    let (Some(api), Some(source)) = (api, sources.first()) else {
        return Err(Failure::input("the document holds no API description"));
    };
    // Taking a large model apart again costs a fifth of the run, and the process ends after it.
    let api = ManuallyDrop::new(api);
    let target = Target::of(request)?;
    let document = document_name(&source.name);
    let options = Options {
        framework: target.framework,
        artefacts: request.artefacts,
        source_root: target.source_root.clone(),
        command: format!(
            "backsmith scaffold {} --framework {} --output {}/routes/",
            document,
            target.framework.key(),
            target.source_root
        ),
        document,
        placements: target.placements(&api)?,
    };
    let output = service(&api, &options);
    if request.strict && !output.not_enforced.is_empty() {
        return Err(human::scaffold::strict_failure(&output.not_enforced));
    }
    let outcome_source = described(&sources, source, &api);
    let rest = findings;
    let verdict = write(request, &target, output, outcome_source, rest, terminal)?;
    if request.artefacts == Artefacts::Project {
        terminal.detail(&format!("project: {}", target.root.display()));
    }
    Ok(verdict)
}

fn described(sources: &[Arc<SourceFile>], source: &SourceFile, api: &Api) -> OutcomeSource {
    let version = ["openapi", "swagger"]
        .into_iter()
        .find_map(|key| api.document.get(key));
    OutcomeSource {
        kind: "openapi",
        path: source.name.clone(),
        version: match version {
            Some(serde_json::Value::String(version)) => version.clone(),
            Some(other) => other.to_string(),
            None => match api.dialect {
                Dialect::Swagger20 => "2.0",
                Dialect::OpenApi30 => "3.0",
                Dialect::OpenApi31 => "3.1",
                Dialect::OpenApi32 => "3.2",
            }
            .to_owned(),
        },
        title: api.title.clone(),
        document_version: api.version.clone(),
        sha256: manifest::sha256(&sources.iter().fold(Vec::new(), |mut all, source| {
            all.extend_from_slice(source.text.as_bytes());
            all
        })),
        database: None,
    }
}

/// The name in headers and in the README: the same wherever the command runs.
fn document_name(name: &str) -> String {
    let name = name.split(['?', '#']).next().unwrap_or(name);
    let last = name
        .rsplit(['/', '\\'])
        .find(|part| !part.is_empty())
        .unwrap_or(name);
    last.replace(char::is_control, " ")
}
