//! Routes become their OpenAPI description: read the project, follow it, write the document.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::api::{self, Api, Notation};
use crate::diagnostic::{Diagnostic, Severity};
use crate::failure::{Failure, Message, Verdict};
use crate::files::{self, Action, Plan, PlannedFile};
use crate::report::human::scaffold_spec as human;
use crate::report::json::v1::scaffold_spec as json;
use crate::report::json::write_document;
use crate::report::scaffold_spec::{Conflict, Outcome};
use crate::routes::{self, Reading};
use crate::settings::Format;
use crate::settings::scaffold::{Mode, Request};
use crate::terminal::Terminal;

pub(super) fn run(
    request: &Request,
    path: &Path,
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    let (mut reading, root) = read(path)?;
    describe_project(&root, &mut reading.api)?;
    let source = path.display().to_string();
    if request.strict && !reading.unresolved.is_empty() {
        return Err(unresolved(&reading));
    }
    let frameworks: Vec<&str> = reading
        .frameworks
        .iter()
        .map(|framework| framework.name())
        .collect();
    let entry = reading
        .entry
        .as_ref()
        .map(|entry| format!("; entry {entry}"));
    terminal.note(&format!(
        "  read    {} {}, {}{}",
        reading.files,
        if reading.files == 1 { "file" } else { "files" },
        frameworks.join(" and "),
        entry.unwrap_or_default()
    ));
    for fault in &reading.faults {
        crate::report::human::error::write_diagnostic(terminal.error_stream(), fault)?;
    }
    let notation = notation(&request.output);
    let (document, left_out) = api::write_version(&reading.api, request.openapi);
    if request.strict && !left_out.is_empty() {
        let faults = left_out.into_iter().map(|warning| Diagnostic {
            severity: Severity::Error,
            ..warning
        });
        return Err(Failure::diagnostics(faults)
            .closing("nothing was written")
            .hint_after("`--openapi 3.1` holds it; without `--strict` it is listed and left out"));
    }
    let document = text(document, notation, &source);
    if request.output == Path::new("-") {
        return print(request, &reading, left_out, source, &document, terminal);
    }
    let plan = Plan::new(
        Path::new(""),
        vec![PlannedFile {
            path: request.output.clone(),
            contents: document,
        }],
    )?;
    let action = plan.entries.first().map(|entry| entry.action);
    let conflict = match action {
        Some(Action::Update) if !request.force => conflict(&request.output, notation)?,
        _ => None,
    };
    let outcome = Outcome {
        reading: &reading,
        left_out,
        source,
        output: request.output.display().to_string(),
        mode: request.mode,
        action,
        conflict,
        diff: plan.diff(),
    };
    if request.mode == Mode::Write && conflict.is_none() {
        plan.apply()?;
    }
    report(request, &outcome, terminal)
}

/// The sources of the project, followed. Fails when there is no route in them.
fn read(path: &Path) -> Result<(Reading, PathBuf), Failure> {
    if !path.exists() {
        return Err(Failure::input(format!("cannot read `{}`", path.display()))
            .cause("there is no such file or folder")
            .hint("name the folder of the routes, `src/routes/` for example"));
    }
    let root = files::project_root(path);
    let sources = files::read_sources(&root, path)?;
    let is_inside = |name: &str| Path::new(name).starts_with(clean(path));
    let reading = routes::read(&sources, |file| is_inside(&file.name));
    if reading.described.is_empty() && reading.unresolved.is_empty() {
        let failure = if reading.faults.is_empty() {
            Failure::input(format!("`{}` holds no routes", path.display()))
                .detail("looked for Express, Fastify and Koa applications, routers and plugins")
        } else {
            Failure::diagnostics(reading.faults)
        };
        return Err(failure);
    }
    Ok((reading, root))
}

fn clean(path: &Path) -> PathBuf {
    path.components()
        .filter(|part| *part != std::path::Component::CurDir)
        .collect()
}

/// Name, version and description of package.json are those of the API.
fn describe_project(root: &Path, api: &mut Api) -> Result<(), Failure> {
    let path = root.join("package.json");
    if !path.is_file() {
        return Ok(());
    }
    let file = files::read_text(&path)?;
    let package: serde_json::Value = serde_json::from_str(&file.text).map_err(|error| {
        Failure::input(format!("`{}` is not valid JSON", path.display())).cause(error.to_string())
    })?;
    let text = |key: &str| {
        let value = package.get(key).and_then(serde_json::Value::as_str);
        value.filter(|value| !value.is_empty()).map(str::to_owned)
    };
    if let Some(name) = text("name") {
        api.title = title(&name);
    }
    if let Some(version) = text("version") {
        api.version = version;
    }
    api.description = text("description");
    Ok(())
}

/// `@acme/user-service` becomes `User service`.
fn title(name: &str) -> String {
    let name = name
        .rsplit('/')
        .next()
        .unwrap_or(name)
        .replace(['-', '_'], " ");
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => name,
    }
}

fn notation(output: &Path) -> Notation {
    match output.extension().and_then(|ending| ending.to_str()) {
        Some(ending) if ending.eq_ignore_ascii_case("json") => Notation::Json,
        _ => Notation::Yaml,
    }
}

/// The document with a mark that tells an edited file from a written one.
fn text(mut document: serde_json::Value, notation: Notation, source: &str) -> String {
    let body = api::render(&document, notation);
    let mark = fingerprint(&body);
    match notation {
        Notation::Yaml => format!(
            "# Generated by backsmith from the routes in {source}; sha256 {mark}. Edit it, and\n\
             # the next run asks before it overwrites it.\n{body}"
        ),
        Notation::Json => {
            document[MARK] = format!("backsmith, sha256 {mark}").into();
            api::render(&document, notation)
        }
    }
}

const MARK: &str = "x-generated-by";

fn fingerprint(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let mut hexadecimal = String::new();
    for byte in digest.iter().take(8) {
        hexadecimal.push_str(&format!("{byte:02x}"));
    }
    hexadecimal
}

/// Whether the file that is there was written by somebody else, or changed since it was written.
fn conflict(path: &Path, notation: Notation) -> Result<Option<Conflict>, Failure> {
    let present = files::read_text(path)?;
    let (mark, body) = match notation {
        Notation::Yaml => {
            let mut lines = present.text.splitn(3, '\n');
            let first = lines.next().unwrap_or_default();
            lines.next();
            let mark = first
                .strip_prefix("# Generated by backsmith")
                .and_then(|rest| rest.split("sha256 ").nth(1))
                .map(|mark| mark.split('.').next().unwrap_or_default().to_owned());
            (mark, lines.next().unwrap_or_default().to_owned())
        }
        Notation::Json => {
            let document: Option<serde_json::Value> = serde_json::from_str(&present.text).ok();
            let mut document = document.unwrap_or_default();
            let mark = document
                .as_object_mut()
                .and_then(|map| map.shift_remove(MARK))
                .and_then(|mark| {
                    Some(
                        mark.as_str()?
                            .strip_prefix("backsmith, sha256 ")?
                            .to_owned(),
                    )
                });
            (mark, api::render(&document, notation))
        }
    };
    Ok(match mark {
        None => Some(Conflict::Foreign),
        Some(mark) if mark != fingerprint(&body) => Some(Conflict::Edited),
        Some(_) => None,
    })
}

/// The document on standard output, its report on standard error.
fn print(
    request: &Request,
    reading: &Reading,
    left_out: Vec<Diagnostic>,
    source: String,
    document: &str,
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    write!(terminal.output(), "{document}")?;
    terminal.flush()?;
    let outcome = Outcome {
        reading,
        left_out,
        source,
        output: "-".to_owned(),
        mode: request.mode,
        action: None,
        conflict: None,
        diff: String::new(),
    };
    let mut summary = Vec::new();
    human::write(&mut summary, &outcome, terminal.symbols())?;
    terminal.note(String::from_utf8_lossy(&summary).trim_end());
    Ok(Verdict::Holds)
}

fn report(
    request: &Request,
    outcome: &Outcome<'_>,
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    if request.mode == Mode::Write && outcome.conflict.is_none() {
        match outcome.action {
            Some(Action::Create) => terminal.note(&format!("  create  {}", outcome.output)),
            Some(Action::Update) => terminal.note(&format!("  update  {}", outcome.output)),
            _ => {}
        }
    }
    let symbols = terminal.symbols();
    match request.report.format {
        Format::Json => write_document(terminal.output(), &json::Document::from(outcome))?,
        // The diff has standard output to itself, for `git apply`.
        _ if request.mode == Mode::DryRun && outcome.conflict.is_none() => {
            write!(terminal.output(), "{}", outcome.diff)?;
            terminal.flush()?;
            let mut verdict = Vec::new();
            human::write_verdict(&mut verdict, outcome, symbols)?;
            terminal.note(String::from_utf8_lossy(&verdict).trim_end());
        }
        _ => human::write(terminal.output(), outcome, symbols)?,
    }
    if let Some((path, format)) = &request.report.report {
        let mut bytes = Vec::new();
        match format {
            Format::Json => write_document(&mut bytes, &json::Document::from(outcome))?,
            _ => human::write(&mut bytes, outcome, symbols)?,
        }
        files::write_atomically(path, &anstream::adapter::strip_bytes(&bytes).into_vec())?;
    }
    terminal.flush()?;
    if let Some(conflict) = outcome.conflict {
        let what = match conflict {
            Conflict::Foreign => "was not written by backsmith",
            Conflict::Edited => "was edited by hand",
        };
        terminal.hint(&format!(
            "{} {what}: write to another file, or give it up with `--force`",
            outcome.output
        ));
        return Ok(Verdict::Negative);
    }
    if !outcome.reading.unresolved.is_empty() {
        terminal.hint("an `@openapi` comment above an unresolved route describes it by hand");
    }
    if !outcome.left_out.is_empty() {
        terminal.hint("`--openapi 3.1` writes what OpenAPI 3.0 cannot hold");
    }
    let is_stale = outcome
        .action
        .is_some_and(|action| action != Action::Unchanged);
    if request.mode == Mode::Check && is_stale {
        terminal.hint("run the same command without `--check` and commit the result; `--dry-run` shows the lines");
        return Ok(Verdict::Negative);
    }
    Ok(Verdict::Holds)
}

fn unresolved(reading: &Reading) -> Failure {
    let messages = reading.unresolved.iter().map(|unresolved| {
        let start = unresolved.place.start();
        Message {
            text: format!(
                "{}:{}:{}: the route `{}` could not be resolved",
                unresolved.place.file.name, start.line, start.column, unresolved.excerpt
            ),
            details: vec![unresolved.reason.clone()],
            code: Some("unresolved-route"),
            ..Message::default()
        }
    });
    Failure::inputs(messages)
        .closing("nothing was written")
        .hint_after("without `--strict` they are listed and left out")
}
