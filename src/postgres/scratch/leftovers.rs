//! What killed runs left behind: folders and databases whose names hold the id of a process that is
//! no more.

use std::path::PathBuf;

/// The beginning of every private server's folder; the process id follows.
pub(super) const FOLDER_PREFIX: &str = "backsmith-";

/// Short, because the path of a Unix socket has at most 107 bytes.
pub(super) fn base_folder() -> PathBuf {
    let folder = std::env::temp_dir();
    #[cfg(unix)]
    if super::account::is_root() || folder.as_os_str().len() > 60 {
        // Another account must be able to reach it, or the path is too long for a socket.
        return PathBuf::from("/tmp");
    }
    folder
}

/// Whether `name` is `prefix`, a process id, `_` or `-` and the rest, and that process has ended.
pub(super) fn is_ours_and_dead(name: &str, prefix: &str) -> bool {
    let Some(rest) = name.strip_prefix(prefix) else {
        return false;
    };
    let Some((id, _)) = rest.split_once(['_', '-']) else {
        return false;
    };
    id.parse::<i32>()
        .is_ok_and(|id| id > 0 && !process_is_alive(id))
}

#[cfg(unix)]
fn process_is_alive(id: i32) -> bool {
    use nix::errno::Errno;
    !matches!(
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), None),
        Err(Errno::ESRCH)
    )
}

#[cfg(not(unix))]
fn process_is_alive(_id: i32) -> bool {
    // Better a leftover than another run's database.
    true
}

/// Stops the servers of dead runs and removes their folders. Faults are left to the next run.
#[cfg(unix)]
pub(super) fn remove_folders() {
    let Ok(entries) = std::fs::read_dir(base_folder()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if !is_ours_and_dead(&name.to_string_lossy(), FOLDER_PREFIX) {
            continue;
        }
        // Only a folder that is a server's, made by this account or by root for another one.
        if !entry.path().join("data").is_dir() {
            continue;
        }
        super::private::stop_by_file(&entry.path());
        let _ = std::fs::remove_dir_all(entry.path());
    }
}

#[cfg(not(unix))]
pub(super) fn remove_folders() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn living_processes_and_foreign_names_are_kept() {
        let me = std::process::id();
        assert!(!is_ours_and_dead(&format!("p_{me}_0a"), "p_"));
        assert!(!is_ours_and_dead("p_x_0a", "p_"));
        assert!(!is_ours_and_dead("q_1_0a", "p_"));
        #[cfg(unix)]
        assert!(is_ours_and_dead("p_2147483000_0a", "p_"));
    }
}
