//! The result of `initdb`, kept in the cache and copied for every run: initdb takes a second, a copy
//! a tenth of it. Parallel runs make their own and rename; whoever is first wins.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::account::{self, Account};
use super::binaries::Binaries;
use super::download;
use crate::failure::Failure;

/// Bytes compare the same everywhere; a column that wants another collation says so.
const LOCALE: &str = "C";

/// Makes `data`, a fresh data folder that belongs to the account.
pub(super) fn lay_out(
    binaries: &Binaries,
    data: &Path,
    account: Option<Account>,
) -> Result<(), Failure> {
    let cached = download::cache_folder()
        .ok()
        .map(|folder| folder.join(name(binaries)));
    let failed = |error: std::io::Error| {
        Failure::environment(format!("cannot write `{}`", data.display())).cause(error.to_string())
    };
    if let Some(cached) = &cached
        && cached.is_dir()
        && copy(cached, data, account).is_ok()
    {
        return Ok(());
    }
    // A copy that stopped half-way must not be in the way of initdb.
    if data.exists() {
        std::fs::remove_dir_all(data).map_err(failed)?;
    }
    initialize(binaries, data, account)?;
    if let Some(cached) = cached {
        // Without a cache the next run is slower, no more.
        let _ = keep(data, &cached);
    }
    Ok(())
}

fn name(binaries: &Binaries) -> String {
    // Builds of one version may differ; the folder tells them apart.
    let folder = binaries.folder.to_string_lossy();
    let mark = folder
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("template-{}-{LOCALE}-{:08x}", binaries.version, mark as u32)
}

fn initialize(binaries: &Binaries, data: &Path, account: Option<Account>) -> Result<(), Failure> {
    let mut command = Command::new(binaries.folder.join("initdb"));
    command
        .arg("--pgdata")
        .arg(data)
        .args(["--username", "postgres", "--encoding", "UTF8"])
        .args(["--locale", LOCALE, "--auth", "trust", "--no-sync"])
        .args(["--wal-segsize", "4"])
        .current_dir("/")
        .stdin(Stdio::null())
        .env("LC_ALL", "C");
    account::apply(&mut command, account);
    let output = command
        .output()
        .map_err(|error| Failure::environment("cannot run `initdb`").cause(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let mut failure = Failure::environment(format!("`initdb` ended with {}", output.status));
    for line in String::from_utf8_lossy(&output.stderr).lines().take(5) {
        failure = failure.detail(line.to_owned());
    }
    Err(failure)
}

fn keep(data: &Path, cached: &Path) -> std::io::Result<()> {
    let parent = cached.parent().unwrap_or(cached);
    std::fs::create_dir_all(parent)?;
    super::leftovers::remove_unfinished(parent);
    let work = tempfile::Builder::new()
        .prefix(".template-")
        .tempdir_in(parent)?;
    let inside = work.path().join("data");
    copy(data, &inside, None)?;
    std::fs::rename(inside, cached)
}

/// A whole folder, for the account; modes are kept by `fs::copy` for files and set here for folders.
fn copy(from: &Path, to: &Path, account: Option<Account>) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir(to)?;
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o700))?;
    account::give_one(to, account)?;
    let mut folders: Vec<(PathBuf, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            folders.push((entry.path(), target));
        } else {
            std::fs::copy(entry.path(), &target)?;
            account::give_one(&target, account)?;
        }
    }
    // The databases are nearly all of it, and of one size.
    std::thread::scope(|scope| {
        let mut copies = Vec::new();
        for (from, to) in &folders {
            let work = || copy(from, to, account);
            match std::thread::Builder::new().spawn_scoped(scope, work) {
                Ok(thread) => copies.push(thread),
                // Without another thread it takes longer, no more.
                Err(_) => copy(from, to, account)?,
            }
        }
        copies.into_iter().try_for_each(|copy| {
            copy.join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })
}
