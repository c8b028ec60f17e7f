//! The machine: the program itself, Postgres binaries, limits, Node.

use std::process::{Command, Stdio};

use crate::postgres::scratch;
use crate::report::doctor::{Check, Status};
use crate::settings::config::Config;
use crate::text::number::count;

/// Descriptors that the program itself needs beside its connections.
const OWN_FILES: u64 = 34;
/// As many connections as a large load test asks for.
const MANY_FILES: u64 = 4_096;

pub(super) fn program() -> Check {
    let version = env!("CARGO_PKG_VERSION");
    let system = match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "macOS",
        "windows" => "Windows",
        other => other,
    };
    Check::new(
        "backsmith",
        "backsmith",
        Status::Ok,
        format!("{version}, {system} {}", std::env::consts::ARCH),
    )
    .version(version)
}

/// `pg_bin` of the configuration, relative to its file.
pub(super) fn configured_binaries(config: &Config) -> Option<std::path::PathBuf> {
    let folder = config.migrate.pg_bin.as_ref()?;
    Some(match config.folder() {
        Some(base) => base.join(folder),
        None => folder.clone(),
    })
}

/// Server binaries for schemas that are tried out without a server.
pub(super) fn binaries(config: &Config) -> Check {
    let named = configured_binaries(config);
    match (scratch::installed(named.as_deref()), named) {
        (Some((folder, version)), _) => Check::new(
            "postgres",
            "postgres",
            Status::Ok,
            format!("binaries {version} in {}", folder.display()),
        )
        .version(version),
        (None, Some(folder)) => Check::new(
            "postgres",
            "postgres",
            Status::Broken,
            format!(
                "`{}` does not hold `postgres` and `initdb`",
                folder.display()
            ),
        )
        .line("`pg_bin` of [migrate] in backsmith.toml"),
        (None, None) => Check::new(
            "postgres",
            "postgres",
            Status::Missing,
            "no server binaries: schema files need a server, or `--postgres download`",
        )
        .line("`apt install postgresql` or `brew install postgresql`"),
    }
}

pub(super) fn limits() -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(files) = open_files() {
        let connections = files.saturating_sub(OWN_FILES);
        let check = if files < MANY_FILES {
            Check::new(
                "open_files",
                "limits",
                Status::Limited,
                format!(
                    "{} open files: at most {} connections in a load test (ulimit -n 65536)",
                    count(files),
                    count(connections)
                ),
            )
        } else {
            let text = if files > u64::from(u32::MAX) {
                "open files without a limit".to_owned()
            } else {
                format!("{} open files", count(files))
            };
            Check::new("open_files", "limits", Status::Ok, text)
        };
        checks.push(check);
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let ports = local_ports().map_or(String::new(), |ports| {
        format!("{} local ports, ", count(ports))
    });
    let cores_word = if cores == 1 { "core" } else { "cores" };
    checks.push(Check::new(
        "ports_and_cores",
        "limits",
        Status::Ok,
        format!("{ports}{cores} {cores_word}"),
    ));
    checks
}

pub(super) fn node() -> Check {
    let (node, npm) = (version_of("node"), version_of("npm"));
    let Some(node) = node else {
        return Check::new(
            "node",
            "node",
            Status::Missing,
            "node is not on the PATH: scaffolded projects need 20 or newer to run",
        );
    };
    let detail = match &npm {
        Some(npm) => format!("{node}, npm {npm}"),
        None => format!("{node}, npm is not on the PATH"),
    };
    let status = if npm.is_some() {
        Status::Ok
    } else {
        Status::Limited
    };
    Check::new("node", "node", status, detail).version(node)
}

pub(super) fn version_of(program: &str) -> Option<String> {
    // On Windows npm is a script, which only a shell finds.
    let mut command = if cfg!(windows) {
        let mut shell = Command::new("cmd");
        shell.args(["/C", program]);
        shell
    } else {
        Command::new(program)
    };
    let output = command
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout);
    Some(text.trim().trim_start_matches('v').to_owned())
}

#[cfg(unix)]
fn open_files() -> Option<u64> {
    use nix::sys::resource::{Resource, getrlimit};
    getrlimit(Resource::RLIMIT_NOFILE)
        .ok()
        .map(|(soft, _)| soft)
}

#[cfg(not(unix))]
const fn open_files() -> Option<u64> {
    None
}

/// Ports that outgoing connections may use; known where Linux tells.
fn local_ports() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut numbers = text
        .split_whitespace()
        .filter_map(|number| number.parse::<u64>().ok());
    let (first, last) = (numbers.next()?, numbers.next()?);
    Some(last.saturating_sub(first) + 1)
}
