//! Several files, written all or none: first every byte goes into temporary files, then they are
//! renamed. Whatever stops the first half (no rights, no room, a signal) leaves the folders as they were.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::Failure;

/// Files that wait to be put in their places. Dropped before `commit`, nothing is left of it.
#[derive(Debug, Default)]
pub struct Batch {
    staged: Vec<Staged>,
    removed: Vec<PathBuf>,
    /// Outermost first.
    new_folders: Vec<PathBuf>,
}

#[derive(Debug)]
struct Staged {
    path: PathBuf,
    file: NamedTempFile,
}

/// What was done to one file, and how to undo it.
struct Done {
    path: PathBuf,
    previous: Option<Vec<u8>>,
}

impl Batch {
    /// Writes a file to its temporary place. Missing folders are made. One that holds these bytes
    /// already is left alone: returns whether there is anything to write.
    pub fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<bool, Failure> {
        if std::fs::read(path).is_ok_and(|present| present == bytes) {
            return Ok(false);
        }
        let file = self
            .stage(path, bytes)
            .map_err(|error| cannot("write", path, &error))?;
        let path = path.to_owned();
        self.staged.push(Staged { path, file });
        Ok(true)
    }

    /// Removes a file with the others.
    pub fn remove(&mut self, path: &Path) {
        self.removed.push(path.to_owned());
    }

    /// Puts everything in its place; returns how many files were touched.
    pub fn commit(mut self) -> Result<usize, Failure> {
        let mut done = Vec::new();
        let result = self.replace(&mut done);
        if result.is_err() {
            for Done { path, previous } in done.into_iter().rev() {
                // What cannot be undone is told by the fault that comes first.
                let _ = match previous {
                    Some(bytes) => std::fs::write(&path, bytes),
                    None => std::fs::remove_file(&path),
                };
            }
            return result;
        }
        self.new_folders.clear();
        result
    }

    fn replace(&mut self, done: &mut Vec<Done>) -> Result<usize, Failure> {
        for path in std::mem::take(&mut self.removed) {
            let previous = std::fs::read(&path).ok();
            std::fs::remove_file(&path).map_err(|error| cannot("remove", &path, &error))?;
            done.push(Done { path, previous });
        }
        for Staged { path, file } in std::mem::take(&mut self.staged) {
            let previous = std::fs::read(&path).ok();
            file.persist(&path)
                .map_err(|error| cannot("write", &path, &error.error))?;
            done.push(Done { path, previous });
        }
        Ok(done.len())
    }

    fn stage(&mut self, path: &Path, bytes: &[u8]) -> std::io::Result<NamedTempFile> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        self.make_folders(folder)?;
        if path.is_dir() {
            return Err(std::io::Error::new(
                ErrorKind::IsADirectory,
                "there is a folder of that name",
            ));
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".backsmith-");
        #[cfg(unix)]
        {
            // A replaced file keeps its mode; a new one gets what the umask leaves of 0666.
            use std::os::unix::fs::PermissionsExt;
            let mode =
                std::fs::metadata(path).map_or(0o666, |metadata| metadata.permissions().mode());
            builder.permissions(std::fs::Permissions::from_mode(mode));
        }
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(bytes)?;
        // Nothing is lost with a new file when the machine dies; an old one must not become an
        // empty one.
        if path.exists() {
            file.as_file().sync_data()?;
        }
        Ok(file)
    }

    fn make_folders(&mut self, folder: &Path) -> std::io::Result<()> {
        let missing: Vec<&Path> = folder
            .ancestors()
            .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
            .collect();
        for folder in missing.into_iter().rev() {
            match std::fs::create_dir(folder) {
                Ok(()) => self.new_folders.push(folder.to_owned()),
                // Somebody else was faster.
                Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.staged.clear();
        for folder in self.new_folders.iter().rev() {
            // Only empty folders go; one that somebody used meanwhile stays.
            let _ = std::fs::remove_dir(folder);
        }
    }
}

fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::environment(format!("cannot {verb} `{}`", path.display()))
        .cause(error.to_string())
        .closing("nothing was written");
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            failure.hint("make room on the disk, then run the command again")
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            failure.hint("write to a folder that is yours with `--output`")
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            failure.hint("a part of the path is a file where a folder must be")
        }
        _ => failure,
    }
}
