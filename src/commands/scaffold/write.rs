//! Generated files meet a project: where they go, what of it is the user's, what is appended, and
//! the report of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write;
use std::path::{Component, Path, PathBuf};

use super::handlers;
use crate::diagnostic::Diagnostic;
use crate::failure::{Failure, Verdict};
use crate::files::manifest::{Manifest, ManifestOptions, ManifestPlace, ManifestSource};
use crate::files::{self, OwnedFile, OwnedPlan, Ownership};
use crate::report::{human, json};
use crate::scaffold::{
    Artefacts, Framework, Orphan, Outcome, OutcomeFile, OutcomeMode, OutcomeOperation,
    OutcomeSource, Output, OutputFile, Owner,
};
use crate::settings::Format;
use crate::settings::scaffold::{Mode, Request};
use crate::terminal::{Terminal, interrupt};

/// Where a run writes.
pub(super) struct Target {
    /// The project's folder.
    pub root: PathBuf,
    /// The folder of the sources in it.
    pub source_root: String,
    pub framework: Framework,
    manifest: ManifestPlace,
}

impl Target {
    /// The source root is the parent of a folder called `routes`, else the folder itself; the
    /// project is the parent of the source root.
    pub(super) fn of(request: &Request) -> Result<Self, Failure> {
        let output = absolute(&request.output)?;
        let source = if output.file_name().is_some_and(|name| name == "routes") {
            output.parent().map(Path::to_owned)
        } else {
            Some(output)
        };
        let parts = source.as_deref().and_then(|source| {
            let name = source.file_name()?.to_str()?.to_owned();
            Some((source.parent()?.to_owned(), name))
        });
        let Some((root, source_root)) = parts else {
            return Err(Failure::input(format!(
                "`--output {}` leaves no folder for the project around it",
                request.output.display()
            ))
            .hint("`--output src/routes/` makes routes/, middleware/ and types/ below src/"));
        };
        let routes = format!("{source_root}/routes");
        // A file in the way is found before anything is generated.
        let routes_folder = root.join(&source_root).join("routes");
        if let Some(file) = routes_folder
            .ancestors()
            .find(|part| part.exists() && !part.is_dir())
        {
            let text = format!(
                "`--output {}` needs folders where the file `{}` is",
                request.output.display(),
                from_here(file)
            );
            return Err(Failure::input(text)
                .closing("nothing was written")
                .hint("`--output src/routes/` makes routes/, middleware/ and types/ below src/"));
        }
        let manifest = ManifestPlace::find(&root, &source_root, &routes)?;
        let last = manifest.last.as_ref().and_then(|manifest| {
            Framework::ALL
                .into_iter()
                .find(|framework| framework.key() == manifest.options.framework)
        });
        let framework = request.framework.or(last).unwrap_or(Framework::Express);
        if let Some(last) = last.filter(|last| *last != framework) {
            return Err(Failure::input(format!(
                "`{}` was generated for {}, its middleware does not fit {}",
                root.join(&source_root).display(),
                last.name(),
                framework.name()
            ))
            .hint(format!(
                "`--framework {}`, or another folder with `--output`",
                last.key()
            )));
        }
        Ok(Self {
            root,
            source_root,
            framework,
            manifest,
        })
    }

    /// The file of each handler that exists.
    pub(super) fn placements(&self) -> BTreeMap<String, String> {
        handlers::placements(
            &self.root.join(&self.source_root).join("routes"),
            &format!("{}/routes/", self.source_root),
            self.manifest.last.as_ref(),
        )
    }

    /// The operations of the last run with their method and path, so that names stay with them.
    pub(super) fn routes(&self) -> BTreeMap<String, String> {
        let last = self.manifest.last.as_ref();
        last.map(|last| last.routes.clone()).unwrap_or_default()
    }
}

/// Compares, writes unless something speaks against it, and reports.
pub(super) fn write(
    request: &Request,
    target: &Target,
    output: Output,
    source: OutcomeSource,
    diagnostics: Vec<Diagnostic>,
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    let last = target.manifest.last.as_ref();
    let project =
        request.artefacts == Artefacts::Project || last.is_some_and(|last| last.options.project);
    let routes = format!("{}/routes", target.source_root);
    let mut next = Manifest::new(
        ManifestSource {
            path: source.path.clone(),
            sha256: source.sha256.clone(),
        },
        ManifestOptions {
            framework: target.framework.key().to_owned(),
            output: routes.clone(),
            project,
        },
    );
    if request.artefacts == Artefacts::Types {
        if let Some(last) = last {
            next.handlers.clone_from(&last.handlers);
            next.routes.clone_from(&last.routes);
        }
    } else {
        for operation in &output.operations {
            next.handlers
                .insert(operation.id.clone(), operation.handler.clone());
            next.routes
                .insert(operation.id.clone(), operation.route.clone());
        }
    }
    let mut owned = Vec::new();
    for file in &output.files {
        owned.push(owned_file(&target.root, file)?);
    }
    let complete = request.artefacts != Artefacts::Types;
    let plan = OwnedPlan::new(
        &target.root,
        owned,
        &target.manifest,
        next,
        complete,
        request.force,
    )?;
    let mode = match request.mode {
        Mode::Write => OutcomeMode::Write,
        Mode::DryRun => OutcomeMode::DryRun,
        Mode::Check => OutcomeMode::Check,
    };
    if mode == OutcomeMode::Write {
        let batch = plan.prepare()?;
        if let Some(signal) = interrupt::listen().requested() {
            return Err(Failure::interrupted(
                signal,
                "interrupted; nothing was written",
            ));
        }
        batch.commit()?;
    }
    let mut lines = ExportLines::new(&target.root, &plan);
    let handlers_wanted = request.artefacts != Artefacts::Types;
    let orphans = if handlers_wanted {
        orphans(target, &output, &mut lines)
    } else {
        Vec::new()
    };
    let operations = output
        .operations
        .iter()
        .filter(|_| handlers_wanted)
        .map(|operation| OutcomeOperation {
            id: operation.id.clone(),
            route: operation.route.clone(),
            handler: operation.handler.clone(),
            line: lines.of(&operation.handler, &operation.id),
            is_new: !last.is_some_and(|last| last.handlers.contains_key(&operation.id)),
            was: last
                .and_then(|last| last.routes.get(&operation.id))
                .filter(|route| **route != operation.route)
                .cloned(),
        })
        .collect();
    let outcome = Outcome {
        source,
        framework: target.framework,
        folder: from_here(&target.root),
        output: routes,
        project,
        mode,
        rerun: last.is_some(),
        files: plan
            .entries
            .iter()
            .map(|entry| {
                let (added, removed) = if entry.action.writes() {
                    entry.counts()
                } else {
                    (0, 0)
                };
                OutcomeFile {
                    path: entry.file.path.clone(),
                    owner: if entry.file.ownership == Ownership::Generated {
                        Owner::Generated.name()
                    } else {
                        Owner::User.name()
                    },
                    action: entry.action.name(),
                    added,
                    removed,
                    note: match &entry.file.ownership {
                        Ownership::Appended { note } => Some(note.clone()),
                        _ => None,
                    },
                    edit: (entry.action == files::OwnedAction::Conflict).then(|| entry.edit()),
                }
            })
            .collect(),
        operations,
        orphans,
        types: output.types,
        schemes: output.schemes,
        not_enforced: output.not_enforced,
        diagnostics,
        diff: if mode == OutcomeMode::DryRun {
            plan.diff()
        } else {
            String::new()
        },
    };
    report(request, &outcome, terminal)?;
    let negative = outcome.verdict() != "ok";
    Ok(if negative {
        Verdict::Negative
    } else {
        Verdict::Holds
    })
}

fn owned_file(root: &Path, file: &OutputFile) -> Result<OwnedFile, Failure> {
    if file.owner == Owner::User && !file.stubs.is_empty() {
        return handlers::owned(root, file);
    }
    Ok(OwnedFile {
        path: file.path.clone(),
        ownership: match file.owner {
            Owner::Generated => Ownership::Generated,
            Owner::User => Ownership::User,
        },
        contents: file.contents.clone(),
    })
}

/// Operations of the last run that the document has no more.
fn orphans(target: &Target, output: &Output, lines: &mut ExportLines<'_>) -> Vec<Orphan> {
    let Some(last) = &target.manifest.last else {
        return Vec::new();
    };
    let known: BTreeSet<&str> = output
        .operations
        .iter()
        .map(|operation| operation.id.as_str())
        .collect();
    last.handlers
        .iter()
        .filter(|(id, _)| !known.contains(id.as_str()))
        .map(|(id, handler)| {
            let route = last.routes.get(id).cloned();
            let renamed_to = output
                .operations
                .iter()
                .find(|operation| {
                    !last.handlers.contains_key(&operation.id)
                        && Some(&operation.route) == route.as_ref()
                })
                .map(|operation| operation.id.clone());
            Orphan {
                id: id.clone(),
                route,
                handler: handler.clone(),
                line: lines.of(handler, id),
                renamed_to,
            }
        })
        .collect()
}

/// The lines on which handlers are exported, as a plain search finds them. Each file is read once.
struct ExportLines<'a> {
    root: &'a Path,
    /// What a run that writes nothing would have written, by path.
    planned: BTreeMap<&'a str, &'a str>,
    /// By path, the first line that exports a word.
    known: BTreeMap<String, HashMap<String, usize>>,
}

impl<'a> ExportLines<'a> {
    fn new(root: &'a Path, plan: &'a OwnedPlan) -> Self {
        let contents =
            |entry: &'a files::OwnedEntry| (entry.file.path.as_str(), entry.file.contents.as_str());
        Self {
            root,
            planned: plan.entries.iter().map(contents).collect(),
            known: BTreeMap::new(),
        }
    }

    /// From 1.
    fn of(&mut self, path: &str, id: &str) -> Option<usize> {
        if !self.known.contains_key(path) {
            let text = std::fs::read_to_string(self.root.join(path)).ok();
            let text = text.as_deref().or_else(|| self.planned.get(path).copied());
            let lines = text.map(exporting_lines).unwrap_or_default();
            self.known.insert(path.to_owned(), lines);
        }
        self.known.get(path)?.get(id).copied()
    }
}

fn exporting_lines(text: &str) -> HashMap<String, usize> {
    let mut lines = HashMap::new();
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("export ") {
            for word in line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$') {
                lines.entry(word.to_owned()).or_insert(index + 1);
            }
        }
    }
    lines
}

fn report(request: &Request, outcome: &Outcome, terminal: &mut Terminal) -> Result<(), Failure> {
    let render = |format: Format, out: &mut dyn Write, symbols| match format {
        Format::Json => json::v1::scaffold::write(out, outcome),
        _ => human::scaffold::write(out, outcome, symbols),
    };
    let symbols = terminal.symbols();
    let to_people = request.report.format == Format::Human;
    for line in human::scaffold::progress(outcome, terminal.verbosity()) {
        terminal.note(&line);
    }
    if to_people && outcome.mode == OutcomeMode::DryRun && outcome.verdict() == "ok" {
        human::scaffold::write_diff(terminal.output(), &outcome.diff)?;
        terminal.flush()?;
        terminal.note(&human::scaffold::dry_run_verdict(outcome, symbols));
    } else {
        render(request.report.format, terminal.output(), symbols)?;
        terminal.flush()?;
    }
    if let Some((path, format)) = &request.report.report {
        let mut bytes = Vec::new();
        render(*format, &mut bytes, symbols)?;
        let text = anstream::adapter::strip_bytes(&bytes).into_vec();
        files::write_atomically(path, &text)?;
    }
    if to_people {
        for (label, text) in human::scaffold::advice(outcome) {
            terminal.note("");
            terminal.labelled(label, &text);
        }
    }
    Ok(())
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    let path = std::path::absolute(path).map_err(|error| {
        Failure::input(format!("`{}` is no path", path.display())).cause(error.to_string())
    })?;
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    Ok(out)
}

/// A folder as one would `cd` to it.
fn from_here(folder: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let shown = folder.strip_prefix(&here).unwrap_or(&folder);
    shown.display().to_string()
}
