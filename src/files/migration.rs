//! Where a migration file is, from what the user typed.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::text::suggest;

const SQL: &str = ".sql";
const UP: &str = ".up.sql";
const DOWN: &str = ".down.sql";

/// A migration file and its version, which is its name without the ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationFile {
    pub path: PathBuf,
    pub version: String,
}

impl MigrationFile {
    /// The file itself, or the one `*_<name>.up.sql` beside it.
    pub fn find(given: &Path) -> Result<Self, Failure> {
        if given.is_file() {
            return Ok(Self::at(given.to_owned()));
        }
        if given.is_dir() {
            return Err(folder_instead(given));
        }
        let folder = match given.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let name = file_name(given);
        let stem = name
            .strip_suffix(UP)
            .or_else(|| name.strip_suffix(SQL))
            .unwrap_or(&name);
        let names = sql_files(folder);
        // Ours, sqlx's and golang-migrate's; then those of dbmate and Flyway.
        let endings = [format!("_{stem}{UP}"), format!("_{stem}{SQL}")];
        let exact = format!("{stem}{UP}");
        let found: Vec<&String> = names
            .iter()
            .filter(|name| **name == exact || endings.iter().any(|ending| name.ends_with(ending)))
            .collect();
        match found[..] {
            [one] => Ok(Self::at(folder.join(one))),
            [] => Err(missing(given, folder, stem, &names)),
            _ => {
                let list: Vec<&str> = found.iter().map(|name| name.as_str()).collect();
                Err(
                    Failure::input(format!("`{}` is not one file", given.display()))
                        .detail(format!("{} fit: {}", list.len(), list.join(", ")))
                        .hint("name one of them"),
                )
            }
        }
    }

    /// The file that takes a version back: in `folder`, else beside the file that was applied.
    pub fn down(version: &str, folder: &Path, applied: &Path) -> Result<Self, Failure> {
        let name = match undo_name(version) {
            Some(name) => name,
            None => format!("{version}{DOWN}"),
        };
        if holds_its_way_back(applied) {
            return Ok(Self {
                path: applied.to_owned(),
                version: version.to_owned(),
            });
        }
        let beside = applied.with_file_name(&name);
        let found = [folder.join(&name), beside.clone()]
            .into_iter()
            .find(|path| path.is_file());
        let path = found.ok_or_else(|| {
            let first = folder.join(&name);
            let places = if first == beside {
                format!("looked for `{}`", first.display())
            } else {
                format!(
                    "looked for `{}` and `{}`",
                    first.display(),
                    beside.display()
                )
            };
            Failure::input(format!("no file takes `{version}` back"))
                .detail(places)
                .hint("`--output DIR` names the folder of the migration files")
        })?;
        Ok(Self {
            path,
            version: version.to_owned(),
        })
    }

    fn at(path: PathBuf) -> Self {
        let name = file_name(&path);
        let version = name
            .strip_suffix(UP)
            .or_else(|| name.strip_suffix(SQL))
            .unwrap_or(&name);
        Self {
            version: version.to_owned(),
            path,
        }
    }
}

/// Flyway's `V1__name` is taken back by `U1__name`.
fn undo_name(version: &str) -> Option<String> {
    let rest = version.strip_prefix('V')?;
    let numbered = rest.starts_with(|letter: char| letter.is_ascii_digit());
    (numbered && rest.contains("__")).then(|| format!("U{rest}{SQL}"))
}

/// dbmate keeps both ways in one file.
fn holds_its_way_back(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| {
        text.lines()
            .any(|line| line.trim_start().starts_with("-- migrate:down"))
    })
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn sql_files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(SQL) && !name.ends_with(DOWN))
        .collect();
    names.sort();
    names
}

/// The newest file is the likeliest.
fn folder_instead(given: &Path) -> Failure {
    let names = sql_files(given);
    let failure = Failure::input(format!("`{}` is a folder", given.display()));
    match names.last() {
        Some(newest) => failure
            .detail(format!(
                "it holds {}",
                crate::text::number::counted(names.len(), "migration")
            ))
            .hint(format!(
                "one migration at a time, `--migrate {}` for example",
                given.join(newest).display()
            )),
        None => failure.detail("it holds no migration"),
    }
}

fn missing(given: &Path, folder: &Path, stem: &str, names: &[String]) -> Failure {
    let failure =
        Failure::input(format!("there is no migration `{}`", given.display())).detail(format!(
            "neither that file nor one `*_{stem}{UP}` is in `{}`",
            folder.display()
        ));
    let bare = |name: &str| {
        let name = name
            .strip_suffix(UP)
            .or_else(|| name.strip_suffix(SQL))
            .unwrap_or(name);
        name.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '_')
            .to_owned()
    };
    let bare_names: Vec<String> = names.iter().map(|name| bare(name)).collect();
    match suggest::nearest(&bare(stem), bare_names.iter().map(String::as_str)) {
        Some(nearest) => {
            let at = bare_names
                .iter()
                .position(|name| name == nearest)
                .unwrap_or_default();
            failure.hint(format!(
                "did you mean `{}`?",
                folder.join(&names[at]).display()
            ))
        }
        None => failure,
    }
}
