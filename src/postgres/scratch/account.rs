//! The account that a private server runs under. Postgres refuses to run as root, and containers
//! often have no other account in use.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::failure::Failure;

/// User and group of the server, when they are not our own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    user: u32,
    group: u32,
}

pub(super) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// `None` unless we are root; then `postgres`, else `nobody`.
pub(super) fn for_server() -> Result<Option<Account>, Failure> {
    if !is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Ok(Some(user)) = nix::unistd::User::from_name(name) {
            return Ok(Some(Account {
                user: user.uid.as_raw(),
                group: user.gid.as_raw(),
            }));
        }
    }
    Err(Failure::environment(
        "Postgres does not run as root, and there is no account `postgres` or `nobody`",
    )
    .hint("run as another user, or name a server with `--connection URL`"))
}

/// Makes the command run under the account.
pub(super) fn apply(command: &mut Command, account: Option<Account>) {
    if let Some(account) = account {
        command.uid(account.user).gid(account.group);
    }
}

/// Gives a folder and everything in it to the account.
pub(super) fn give(path: &Path, account: Option<Account>) -> std::io::Result<()> {
    give_one(path, account)?;
    if account.is_some() && path.symlink_metadata()?.is_dir() {
        for entry in std::fs::read_dir(path)? {
            give(&entry?.path(), account)?;
        }
    }
    Ok(())
}

/// Gives one file or folder to the account.
pub(super) fn give_one(path: &Path, account: Option<Account>) -> std::io::Result<()> {
    match account {
        Some(account) => std::os::unix::fs::lchown(path, Some(account.user), Some(account.group)),
        None => Ok(()),
    }
}
