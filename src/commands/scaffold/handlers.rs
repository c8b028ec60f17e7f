//! Handler files that are there: which handlers they export, in which of them an operation is, and
//! what is appended for those that are in none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::failure::Failure;
use crate::files::manifest::Manifest;
use crate::files::{self, OwnedFile, Ownership};
use crate::routes::append::{Addition, Reference, append};
use crate::routes::exports;
use crate::scaffold::{IMPORTS, OutputFile};
use crate::text::{SourceFile, Span};

/// Folders and re-exports are followed no deeper.
const DEEPEST: usize = 8;

/// In which file of the routes' folder each handler is, its name without the ending: where the
/// manifest says if it is still there, else where it is exported, else where it was.
pub(super) fn placements(
    folder: &Path,
    prefix: &str,
    last: Option<&Manifest>,
) -> BTreeMap<String, String> {
    let mut exported: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, path) in handler_files(folder, "", 0) {
        for name in exported_names(&path, 0).unwrap_or_default() {
            exported.entry(name).or_default().insert(file.clone());
        }
    }
    let mut placements: BTreeMap<String, String> = exported
        .iter()
        .filter_map(|(name, files)| Some((name.clone(), files.first()?.clone())))
        .collect();
    for (id, path) in last.iter().flat_map(|manifest| &manifest.handlers) {
        let file = path
            .strip_prefix(prefix)
            .and_then(|path| path.strip_suffix(".ts"));
        let Some(file) = file else { continue };
        let moved = exported.get(id).is_some_and(|files| !files.contains(file));
        if !moved {
            placements.insert(id.clone(), file.to_owned());
        }
    }
    placements
}

/// The TypeScript files of the routes' folder, `users` or `users/list`; `index` is the wiring, and
/// a name with a dot in it (`users.test`) is something else.
fn handler_files(folder: &Path, prefix: &str, depth: usize) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return found;
    };
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if path.is_dir() {
            if depth < DEEPEST && name != "node_modules" && !name.starts_with('.') {
                found.extend(handler_files(&path, &format!("{prefix}{name}/"), depth + 1));
            }
        } else if let Some(name) = name.strip_suffix(".ts")
            && !name.contains('.')
            && !(prefix.is_empty() && name == "index")
        {
            found.push((format!("{prefix}{name}"), path));
        }
    }
    found.sort();
    found
}

/// What a module exports, the names of `export * from "./other.js"` among them. `None`: it cannot
/// be told.
fn exported_names(path: &Path, depth: usize) -> Option<BTreeSet<String>> {
    let text = String::from_utf8(std::fs::read(path).ok()?).ok()?;
    let outline = exports::read(text.trim_start_matches('\u{feff}')).ok()?;
    all_names(path, &outline, depth)
}

fn all_names(path: &Path, outline: &exports::Exports, depth: usize) -> Option<BTreeSet<String>> {
    let mut names: BTreeSet<String> = outline.exported.iter().cloned().collect();
    for module in &outline.everything_from {
        if depth >= DEEPEST || !module.starts_with('.') {
            return None;
        }
        let target = path.parent()?.join(module);
        let text = target.to_str()?;
        let stem = text.strip_suffix(".js").unwrap_or(text);
        let candidates = [
            format!("{stem}.ts"),
            text.to_owned(),
            format!("{stem}/index.ts"),
        ];
        let file = candidates
            .iter()
            .map(Path::new)
            .find(|path| path.is_file())?;
        let mut others = exported_names(file, depth + 1)?;
        others.remove("default");
        names.extend(others);
    }
    Some(names)
}

/// A handler file that is there gets the stubs that it lacks, at its end.
pub(super) fn owned(root: &Path, file: &OutputFile) -> Result<OwnedFile, Failure> {
    let owned = |ownership, contents| OwnedFile {
        path: file.path.clone(),
        ownership,
        contents,
    };
    let path = root.join(&file.path);
    if !path.exists() {
        return Ok(owned(Ownership::Needed, file.contents.clone()));
    }
    // Byte order marks and line ends are the user's: the text is taken as it is.
    let present = String::from_utf8(files::read_bytes(&path)?).map_err(|_| {
        Failure::input(format!("`{}` is not UTF-8 text", path.display()))
            .hint("new operations are appended to this file; nothing was written")
    })?;
    let mark = present.len() - present.trim_start_matches('\u{feff}').len();
    let outline = exports::read(&present[mark..]).map_err(|fault| {
        let source = SourceFile::new(file.path.clone(), present.clone());
        let start = mark + fault.offset;
        let fault = Diagnostic::error("handler-syntax", fault.message)
            .at(Span::new(&source, start..start + 1))
            .help("new operations are appended to this file, so it must be valid TypeScript");
        Failure::diagnostics([fault]).closing("nothing was written")
    })?;
    // Where names come from a package, tsc says what is missing.
    let Some(names) = all_names(&path, &outline, 0) else {
        return Ok(owned(Ownership::Needed, present));
    };
    let missing: Vec<Addition<'_>> = file
        .stubs
        .iter()
        .filter(|stub| !names.contains(&stub.id))
        .map(|stub| Addition {
            name: &stub.id,
            text: &stub.text,
        })
        .collect();
    if missing.is_empty() {
        return Ok(owned(Ownership::Needed, present));
    }
    let ids: Vec<&str> = missing.iter().map(|addition| addition.name).collect();
    let note = ids.join(", ");
    let depth = file.path.split("/routes/").nth(1).unwrap_or_default();
    let modules = IMPORTS.map(|(module, ..)| module_from(module, depth.matches('/').count()));
    let references: Vec<Reference<'_>> = IMPORTS
        .iter()
        .zip(&modules)
        .map(|((_, name, is_type), module)| Reference {
            module,
            name,
            is_type: *is_type,
        })
        .collect();
    let contents = append(&present, &outline, &missing, &references);
    Ok(owned(Ownership::Appended { note }, contents))
}

/// A module of a handler file's imports, from a file that lies `depth` folders deeper.
fn module_from(module: &str, depth: usize) -> String {
    match module.strip_prefix("./") {
        Some(rest) if depth > 0 => format!("{}{rest}", "../".repeat(depth)),
        _ => format!("{}{module}", "../".repeat(depth)),
    }
}
