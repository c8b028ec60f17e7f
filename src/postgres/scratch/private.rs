//! A private server: a short folder, a Unix socket, no TCP, nothing that costs time for safety.
//!
//! The server is the child of a small shell that waits for the end of its input. The input is a
//! pipe from this process, so that the server stops and its folder goes even when this process is
//! killed; the shell is in a process group of its own, so that Ctrl-C does not reach the server. It
//! asks more than once: a server that is just starting does not listen yet.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::account::{self, Account};
use super::binaries::Binaries;
use super::{Options, database, leftovers, place, template};
use crate::failure::Failure;
use crate::postgres::Connection;
use crate::redact::SecretUrl;
use crate::terminal::interrupt;

/// Longer than a start on a machine that is busy with a build.
const PATIENCE: Duration = Duration::from_mins(1);

const KEEPER: &str = r#"
folder=$1; shift
"$@" </dev/null >"$folder/log" 2>&1 &
server=$!
read -r nothing
kill -QUIT "$server" 2>/dev/null
(
    for pause in 0.2 1 3; do sleep $pause; kill -QUIT "$server"; done
    sleep 5; kill -KILL "$server"
) >/dev/null 2>&1 &
insist=$!
wait "$server" 2>/dev/null
kill "$insist" 2>/dev/null
cd / && rm -rf "$folder"
"#;

const SETTINGS: &[(&str, &str)] = &[
    ("listen_addresses", ""),
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("synchronous_commit", "off"),
    ("autovacuum", "off"),
    ("jit", "off"),
    ("shared_buffers", "64MB"),
    ("max_connections", "60"),
    ("max_locks_per_transaction", "4096"),
    ("max_parallel_workers_per_gather", "0"),
    ("max_wal_size", "1GB"),
    ("checkpoint_timeout", "1h"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("lc_messages", "C"),
    ("wal_level", "logical"),
];

/// What a server in memory has instead.
const IN_MEMORY: &[(&str, &str)] = &[("max_wal_size", "128MB")];

/// What is enough for files of a mebibyte: room for locks is laid out at the start.
const FEW: u64 = 1 << 20;
const FOR_FEW: &[(&str, &str)] = &[
    ("shared_buffers", "32MB"),
    ("max_locks_per_transaction", "1024"),
];

#[derive(Debug)]
pub(super) struct Private {
    folder: PathBuf,
    /// A part of the name of the socket, also when nothing listens there.
    port: String,
    in_memory: bool,
    /// Whether there is room for fewer locks than there could be.
    is_for_few: bool,
    keeper: Option<Child>,
    /// Tells other runs that this one lives.
    _mark: std::fs::File,
    _guard: interrupt::CleanupGuard,
}

impl Private {
    /// Starts it and gives back the first connection: in memory where what is loaded fits there, and
    /// on disk when that does not work, whatever stands in its way.
    pub(super) async fn start(
        binaries: &Binaries,
        options: &Options,
    ) -> Result<(Self, Connection), Failure> {
        if let Some(memory) = place::in_memory(options.bytes)
            && let Ok(started) = Self::start_in(&memory, true, binaries, options).await
        {
            return Ok(started);
        }
        Self::start_in(&place::on_disk(), false, binaries, options).await
    }

    async fn start_in(
        base: &Path,
        in_memory: bool,
        binaries: &Binaries,
        options: &Options,
    ) -> Result<(Self, Connection), Failure> {
        let account = account::for_server()?;
        let (folder, mark) = make_folder(base, account)?;
        let guard = {
            let folder = folder.clone();
            interrupt::on_early_exit(move || {
                stop_by_file(&folder);
                let _ = std::fs::remove_dir_all(&folder);
            })
        };
        // From here on the drop of this value removes the folder.
        let mut private = Self {
            folder: folder.clone(),
            port: options
                .settings
                .iter()
                .find(|(name, _)| name == "port")
                .map_or("5432", |(_, port)| port)
                .to_owned(),
            in_memory,
            is_for_few: is_for_few(options),
            keeper: None,
            _mark: mark,
            _guard: guard,
        };
        template::lay_out(binaries, &folder.join("data"), account)?;
        private.keeper = Some(spawn(binaries, &folder, account, options, in_memory)?);
        let connection = private.wait_until_ready().await?;
        Ok((private, connection))
    }

    pub(super) const fn is_in_memory(&self) -> bool {
        self.in_memory
    }

    /// Whether something did not fit into memory, or there were more locks than there was room for. The
    /// server says so even where the session is lost.
    pub(super) fn is_full(&self) -> bool {
        let words = ["No space left on device", "Check free disk space"];
        let log = self.log();
        self.in_memory && words.iter().any(|words| log.contains(words))
            || self.is_for_few && log.contains("out of shared memory")
    }

    pub(super) fn url(&self, database: &str) -> SecretUrl {
        let host = self.folder.to_string_lossy().replace('%', "%25");
        let port = match self.port.as_str() {
            "5432" => String::new(),
            port => format!("&port={port}"),
        };
        SecretUrl::new(format!(
            "postgres:///{database}?host={host}{port}&user=postgres"
        ))
    }

    async fn wait_until_ready(&mut self) -> Result<Connection, Failure> {
        let started = Instant::now();
        let socket = self.folder.join(format!(".s.PGSQL.{}", self.port));
        loop {
            if socket.exists()
                && let Ok(connection) = database::connect(&self.url("postgres")).await
            {
                return Ok(connection);
            }
            // The keeper outlives a server that fails to start; its log tells.
            let gone = self
                .keeper
                .as_mut()
                .is_none_or(|keeper| !matches!(keeper.try_wait(), Ok(None)));
            if gone || started.elapsed() > PATIENCE || self.log().contains("FATAL:  could not") {
                return Err(self.failure());
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn failure(&self) -> Failure {
        let mut failure = Failure::environment("a private Postgres did not start");
        for line in self.log().lines().take(5) {
            failure = failure.detail(line.to_owned());
        }
        failure
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            // The end of its input is the signal.
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn make_folder(base: &Path, account: Option<Account>) -> Result<(PathBuf, std::fs::File), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let failed = |error: std::io::Error| {
        Failure::environment(format!("cannot make a folder in `{}`", base.display()))
            .cause(error.to_string())
    };
    // Kept past the handle: the server's shell removes it as well.
    let folder = tempfile::Builder::new()
        .prefix(&format!(
            "{}{}-",
            leftovers::FOLDER_PREFIX,
            std::process::id()
        ))
        .rand_bytes(5)
        .tempdir_in(base)
        .map_err(failed)?
        .keep();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).map_err(failed)?;
    let mark = leftovers::mark(&folder).map_err(failed)?;
    account::give(&folder, account).map_err(failed)?;
    Ok((folder, mark))
}

fn spawn(
    binaries: &Binaries,
    folder: &Path,
    account: Option<Account>,
    options: &Options,
    in_memory: bool,
) -> Result<Child, Failure> {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", KEEPER, "backsmith-postgres"])
        .arg(folder)
        .arg(binaries.folder.join("postgres"))
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder);
    let mut settings = SETTINGS.to_vec();
    if in_memory {
        settings.extend(IN_MEMORY);
    }
    if is_for_few(options) {
        settings.extend(FOR_FEW);
    }
    for (name, value) in settings {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    let preload: Vec<&str> = options
        .preload
        .iter()
        .map(String::as_str)
        .filter(|name| has_library(binaries, name))
        .collect();
    if !preload.is_empty() {
        command
            .arg("-c")
            .arg(format!("shared_preload_libraries={}", preload.join(",")));
    }
    for (name, value) in &options.settings {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            command.env_remove(name);
        }
    }
    account::apply(&mut command, account);
    command
        .current_dir("/")
        .env("LC_ALL", "C")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| {
            Failure::environment("cannot start a private Postgres").cause(error.to_string())
        })
}

/// Whether so little is loaded that it needs little room.
fn is_for_few(options: &Options) -> bool {
    options.bytes.is_some_and(|bytes| bytes <= FEW)
}

/// Libraries stand beside the binaries: `../lib`, or `../lib/postgresql`.
fn has_library(binaries: &Binaries, name: &str) -> bool {
    let Some(root) = binaries.folder.parent() else {
        return false;
    };
    ["lib", "lib/postgresql", "lib64"].iter().any(|place| {
        ["so", "dylib"]
            .iter()
            .any(|ending| root.join(place).join(format!("{name}.{ending}")).is_file())
    })
}

/// Stops a server by the process id that it wrote, when it is a server of that folder.
pub(super) fn stop_by_file(folder: &Path) {
    let data = folder.join("data");
    let Ok(text) = std::fs::read_to_string(data.join("postmaster.pid")) else {
        return;
    };
    let mut lines = text.lines();
    let id = lines
        .next()
        .and_then(|line| line.trim().parse::<i32>().ok());
    let same = lines
        .next()
        .is_some_and(|line| Path::new(line.trim()) == data);
    if let Some(id) = id.filter(|id| *id > 1)
        && same
    {
        let id = nix::unistd::Pid::from_raw(id);
        let _ = nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGQUIT);
        for _ in 0..100 {
            if nix::sys::signal::kill(id, None).is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
