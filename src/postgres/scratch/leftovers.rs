//! What killed runs left behind. A run that lives holds a lock on each folder it made; a lock goes
//! with its process, also when that runs in another container with numbers of its own.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// The beginning of every private server's folder; the process id follows.
pub(super) const FOLDER_PREFIX: &str = "backsmith-";

/// The file that a living run has locked.
const MARK: &str = "alive";
/// The beginnings of what is not finished yet in the cache.
const UNFINISHED: &[&str] = &[".fetch-", ".template-"];
/// Longer than any download.
const OLD: Duration = Duration::from_hours(24);
/// Longer than it takes to begin the data folder.
#[cfg(unix)]
const BEGUN: Duration = Duration::from_mins(1);

/// Marks a folder as that of a run that lives, as long as the file is open.
#[cfg(unix)]
pub(super) fn mark(folder: &Path) -> std::io::Result<File> {
    let file = File::create(folder.join(MARK))?;
    file.lock()?;
    Ok(file)
}

/// Whether the folder of a private server belongs to nobody any more.
#[cfg(unix)]
fn is_left(folder: &Path, process: i32) -> bool {
    match File::open(folder.join(MARK)) {
        Ok(file) => file.try_lock().is_ok(),
        Err(_) => !process_is_alive(process),
    }
}

/// The process in a name: `prefix`, its id, `_` or `-` and the rest.
pub(super) fn process_of(name: &str, prefix: &str) -> Option<i32> {
    let (id, _) = name.strip_prefix(prefix)?.split_once(['_', '-'])?;
    id.parse().ok().filter(|id| *id > 0)
}

/// Removes what killed runs began to put into the cache.
pub(super) fn remove_unfinished(cache: &Path) {
    let Ok(entries) = std::fs::read_dir(cache) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_old(&entry, OLD) && UNFINISHED.iter().any(|start| name.starts_with(start)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether this machine has such a process.
#[cfg(unix)]
pub(super) fn process_is_alive(id: i32) -> bool {
    use nix::errno::Errno;
    !matches!(
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), None),
        Err(Errno::ESRCH)
    )
}

#[cfg(not(unix))]
pub(super) fn process_is_alive(_id: i32) -> bool {
    // Better a leftover than another run's database.
    true
}

/// Stops the servers of dead runs and removes their folders. Faults are left to the next run.
#[cfg(unix)]
pub(super) fn remove_folders() {
    for base in super::place::all() {
        remove_folders_in(&base);
    }
}

#[cfg(unix)]
fn remove_folders_in(base: &Path) {
    let Ok(entries) = std::fs::read_dir(base) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(process) = process_of(&name.to_string_lossy(), FOLDER_PREFIX) else {
            continue;
        };
        let folder = entry.path();
        if folder.join("data").is_dir() {
            if is_left(&folder, process) {
                super::private::stop_by_file(&folder);
                let _ = std::fs::remove_dir_all(folder);
            }
        } else if !process_is_alive(process) && is_old(&entry, BEGUN) {
            // A run that was killed before it laid anything out; a folder with more in it is not ours.
            let _ = std::fs::remove_file(folder.join(MARK));
            let _ = std::fs::remove_dir(folder);
        }
    }
}

/// Whether nothing was made or removed in it for that long.
fn is_old(entry: &std::fs::DirEntry, age: Duration) -> bool {
    let modified = entry.metadata().and_then(|about| about.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|passed| passed > age))
}

#[cfg(not(unix))]
pub(super) fn remove_folders() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_process() {
        assert_eq!(process_of("p_17_0a", "p_"), Some(17));
        assert_eq!(process_of("p_x_0a", "p_"), None);
        assert_eq!(process_of("q_1_0a", "p_"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_is_left_when_nobody_holds_its_mark() {
        let folder = tempfile::tempdir().expect("a folder");
        let me = std::process::id().cast_signed();
        assert!(!is_left(folder.path(), me));
        assert!(is_left(folder.path(), 2_147_483_000));
        let held = mark(folder.path()).expect("a mark");
        assert!(!is_left(folder.path(), 2_147_483_000));
        drop(held);
        assert!(is_left(folder.path(), me));
    }

    #[test]
    fn what_was_begun_long_ago_is_removed() {
        let cache = tempfile::tempdir().expect("a folder");
        for name in [".fetch-old", ".template-new", "template-kept"] {
            std::fs::create_dir(cache.path().join(name)).expect("a folder");
        }
        let before = std::time::SystemTime::now() - OLD * 2;
        for name in [".fetch-old", "template-kept"] {
            let folder = File::open(cache.path().join(name)).expect("a folder");
            folder.set_modified(before).expect("a time");
        }
        remove_unfinished(cache.path());
        assert!(!cache.path().join(".fetch-old").exists());
        assert!(cache.path().join(".template-new").exists());
        assert!(cache.path().join("template-kept").exists());
    }
}
