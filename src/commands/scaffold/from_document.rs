//! An API description becomes a server: read, generate, compare with what is there, write, report.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::mem::ManuallyDrop;
use std::sync::Arc;

use super::super::documents;
use super::write::{Target, write};
use crate::api::{Api, Dialect, Reading};
use crate::diagnostic::Diagnostic;
use crate::failure::{Failure, Verdict};
use crate::files::manifest;
use crate::report::human;
use crate::scaffold::{Artefacts, NotEnforced, Options, OutcomeSource, service};
use crate::settings::scaffold::{DocumentRequest, Request};
use crate::terminal::Terminal;
use crate::text::{self, SourceFile};

/// The code of what is listed as not enforced.
const UNSUPPORTED: &str = "unsupported-keyword";

pub(super) fn run(
    request: &Request,
    document: &DocumentRequest,
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    let Reading {
        api,
        findings,
        sources,
    } = documents::read(document, "nothing was written")?;
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
        placements: target.placements(),
        routes: target.routes(),
    };
    let mut output = service(&api, &options);
    let (unsupported, rest): (Vec<_>, Vec<_>) = findings
        .into_iter()
        .partition(|finding| finding.code == UNSUPPORTED);
    output
        .not_enforced
        .extend(unsupported.into_iter().map(not_enforced));
    output.not_enforced.sort_by(by_place);
    if request.strict && !output.not_enforced.is_empty() {
        return Err(human::scaffold::strict_failure(&output.not_enforced));
    }
    let outcome_source = described(&sources, source, &api);
    let verdict = write(request, &target, output, outcome_source, rest, terminal)?;
    if request.artefacts == Artefacts::Project {
        terminal.detail(&format!("project: {}", target.root.display()));
    }
    Ok(verdict)
}

/// A keyword that the reader of the document has no place for, beside those that the generator has
/// no code for.
fn not_enforced(finding: Diagnostic) -> NotEnforced {
    let pointer = finding.pointer.unwrap_or_default();
    let keyword = text::Path::at(&pointer)
        .last_key()
        .map_or_else(String::new, Cow::into_owned);
    let plain = finding.message == format!("`{keyword}` is not enforced");
    let reason = match (plain, finding.help) {
        (true, None) => None,
        (true, Some(help)) => Some(help),
        (false, None) => Some(finding.message),
        (false, Some(help)) => Some(format!("{}; {help}", finding.message)),
    };
    NotEnforced {
        keyword,
        place: pointer.clone(),
        reason,
        pointer: Some(pointer),
        span: finding.span,
    }
}

/// In the order of the documents and of their texts.
fn by_place(a: &NotEnforced, b: &NotEnforced) -> Ordering {
    let place = |item: &NotEnforced| {
        let span = item.span.as_ref();
        span.map(|span| (span.file.name.clone(), span.range.start))
    };
    place(a).cmp(&place(b))
}

fn described(sources: &[Arc<SourceFile>], source: &SourceFile, api: &Api) -> OutcomeSource {
    let version = ["openapi", "swagger"]
        .into_iter()
        .find_map(|key| api.origins.root()?.get(key));
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
