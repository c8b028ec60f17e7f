//! Where a private server's folder lies. Most of the time of a short run goes into making files: a
//! file system in memory makes them several times as fast, as long as all of them fit.

use std::path::PathBuf;

/// The most that is loaded into a server in memory; what is larger may have rows without end.
#[cfg(target_os = "linux")]
const MOST: u64 = 16 << 20;
/// What must be free there, and of the machine's memory: several times what such a server takes.
#[cfg(target_os = "linux")]
const ROOM: u64 = 1 << 30;

/// On disk. Short, because the path of a Unix socket has at most 107 bytes.
pub(super) fn on_disk() -> PathBuf {
    let folder = std::env::temp_dir();
    #[cfg(unix)]
    if super::account::is_root() || folder.as_os_str().len() > 60 {
        // Another account must be able to reach it, or the path is too long for a socket.
        return PathBuf::from("/tmp");
    }
    folder
}

/// Every folder that a run may have left something in.
pub(super) fn all() -> Vec<PathBuf> {
    let mut folders = vec![on_disk()];
    folders.extend(memory());
    folders
}

/// In memory, when what is loaded is small and there is room for it.
#[cfg(target_os = "linux")]
pub(super) fn in_memory(bytes: Option<u64>) -> Option<PathBuf> {
    let folder = memory().filter(|_| bytes.is_some_and(|bytes| bytes <= MOST))?;
    let about = nix::sys::statvfs::statvfs(&folder).ok()?;
    let free = about
        .blocks_available()
        .saturating_mul(about.fragment_size());
    let available = available(&std::fs::read_to_string("/proc/meminfo").ok()?)?;
    (free >= ROOM && available >= ROOM && is_ours_to_fill()).then_some(folder)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn in_memory(_bytes: Option<u64>) -> Option<PathBuf> {
    None
}

#[cfg(target_os = "linux")]
fn memory() -> Option<PathBuf> {
    use nix::sys::statfs::{TMPFS_MAGIC, statfs};
    let folder = PathBuf::from("/dev/shm");
    let is_memory = statfs(&folder).is_ok_and(|about| about.filesystem_type() == TMPFS_MAGIC);
    is_memory.then_some(folder)
}

#[cfg(not(target_os = "linux"))]
fn memory() -> Option<PathBuf> {
    None
}

/// A container's files in memory count against its own limit, which the machine does not show.
#[cfg(target_os = "linux")]
fn is_ours_to_fill() -> bool {
    let number = |name: &str| -> Option<u64> {
        let path = std::path::Path::new("/sys/fs/cgroup").join(name);
        std::fs::read_to_string(path).ok()?.trim().parse().ok()
    };
    let limits = [
        ("memory.max", "memory.current"),
        (
            "memory/memory.limit_in_bytes",
            "memory/memory.usage_in_bytes",
        ),
    ];
    limits.iter().all(|(limit, used)| {
        // No limit is the word `max`, or no file at all.
        let Some(limit) = number(limit) else {
            return true;
        };
        limit.saturating_sub(number(used).unwrap_or_default()) >= ROOM
    })
}

/// What the machine could still give, of the lines of `/proc/meminfo`.
#[cfg(target_os = "linux")]
fn available(lines: &str) -> Option<u64> {
    let line = lines
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes.saturating_mul(1024))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_small_lies_in_memory() {
        assert_eq!(in_memory(None), None);
        assert_eq!(in_memory(Some(MOST + 1)), None);
    }

    #[test]
    fn memory_is_counted_in_bytes() {
        let lines = "MemTotal:       24684096 kB\nMemAvailable:   1024 kB\n";
        assert_eq!(available(lines), Some(1 << 20));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
    }
}
