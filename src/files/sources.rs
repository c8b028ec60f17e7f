//! The source files of a project, found without following what was installed or built.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::read::read_text;
use crate::failure::Failure;
use crate::text::SourceFile;

/// Folders that hold no sources of the project.
const SKIPPED_FOLDERS: &[&str] = &[
    "node_modules",
    "dist",
    "build",
    "out",
    "coverage",
    "test",
    "tests",
    "__tests__",
    "__mocks__",
];

const ENDINGS: &[&str] = &["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"];

/// Larger files are bundles.
const LARGEST: u64 = 2 << 20;
/// More files than this are no project that one document describes.
const MOST: usize = 5_000;

/// The nearest folder upwards with a package.json; without one, the folder around `path`.
pub fn project_root(path: &Path) -> PathBuf {
    let start = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or_else(|| Path::new(""))
    };
    let mut next = Some(start);
    while let Some(folder) = next {
        if folder.join("package.json").is_file() {
            return folder.to_owned();
        }
        next = folder.parent();
    }
    if start.is_relative()
        && let Ok(here) = std::env::current_dir()
        && let Some(found) = here
            .ancestors()
            .skip(1)
            .find(|folder| folder.join("package.json").is_file())
    {
        return found.to_owned();
    }
    if start.file_name().is_some_and(|name| name == "routes") {
        return start.parent().map(Path::to_owned).unwrap_or_default();
    }
    start.to_owned()
}

/// All sources below `root`, and below `wanted` whatever it is called, sorted by path. Tests and
/// type declarations are left out.
pub fn read_sources(root: &Path, wanted: &Path) -> Result<Vec<Arc<SourceFile>>, Failure> {
    let mut paths = Vec::new();
    walk(root, &mut paths)?;
    if wanted.is_dir() {
        walk(wanted, &mut paths)?;
    } else {
        paths.push(wanted.to_owned());
    }
    let mut names: Vec<PathBuf> = paths.iter().map(|path| clean(path)).collect();
    names.sort();
    names.dedup();
    if names.len() > MOST {
        return Err(Failure::input(format!(
            "`{}` holds more than {MOST} source files",
            root.display()
        ))
        .hint("name the folder of one service"));
    }
    names.iter().map(|path| read_text(path)).collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let failure = |error: std::io::Error| {
        Failure::input(format!("cannot read `{}`", folder.display())).cause(error.to_string())
    };
    for entry in std::fs::read_dir(folder).map_err(failure)? {
        let entry = entry.map_err(failure)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        // Links are not followed: they lead out of the project, or in circles.
        let kind = entry.file_type().map_err(failure)?;
        if kind.is_dir() {
            if !name.starts_with('.') && !SKIPPED_FOLDERS.contains(&name.as_str()) {
                walk(&path, paths)?;
            }
        } else if kind.is_file()
            && is_source(&name)
            && entry.metadata().is_ok_and(|data| data.len() <= LARGEST)
        {
            paths.push(path);
        }
        if paths.len() > 2 * MOST {
            break;
        }
    }
    Ok(())
}

fn is_source(name: &str) -> bool {
    let Some((stem, ending)) = name.rsplit_once('.') else {
        return false;
    };
    ENDINGS.contains(&ending)
        && ![".d", ".test", ".spec", ".config"]
            .iter()
            .any(|kind| stem.ends_with(kind))
}

/// Without `./` at the start or in between.
fn clean(path: &Path) -> PathBuf {
    path.components()
        .filter(|part| *part != std::path::Component::CurDir)
        .collect()
}
