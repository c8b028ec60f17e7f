//! A set of files to write: what each would do is known before the first byte is written.

use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::Batch;
use crate::failure::Failure;

/// A file that a run wants to exist with these bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFile {
    /// Relative to the plan's root.
    pub path: PathBuf,
    pub contents: String,
}

/// What writing a file would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Create,
    Update,
    Unchanged,
}

/// A planned file beside what is there now.
#[derive(Clone, Debug)]
pub struct Entry {
    pub file: PlannedFile,
    pub action: Action,
    present: String,
}

/// All files of a run, sorted by path.
#[derive(Clone, Debug)]
pub struct Plan {
    root: PathBuf,
    pub entries: Vec<Entry>,
}

impl Plan {
    /// Compares the files with what is under `root`.
    pub fn new(root: &Path, mut files: Vec<PlannedFile>) -> Result<Self, Failure> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let entries = files
            .into_iter()
            .map(|file| entry(root, file))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            root: root.to_owned(),
            entries,
        })
    }

    /// Writes what is not there yet, all or nothing; returns how many files were written.
    pub fn apply(&self) -> Result<usize, Failure> {
        let mut batch = Batch::default();
        let changed = |entry: &&Entry| entry.action != Action::Unchanged;
        for entry in self.entries.iter().filter(changed) {
            let path = self.root.join(&entry.file.path);
            batch.write(&path, entry.file.contents.as_bytes())?;
        }
        batch.commit()
    }

    pub fn changes(&self) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.action != Action::Unchanged)
    }

    /// One unified diff of everything that would change, as `git apply` takes it.
    pub fn diff(&self) -> String {
        self.entries
            .iter()
            .filter(|entry| entry.action != Action::Unchanged)
            .map(Entry::diff)
            .collect()
    }
}

impl Entry {
    /// Unified diff of this file, empty when nothing would change.
    pub fn diff(&self) -> String {
        if self.action == Action::Unchanged {
            return String::new();
        }
        let path = self.file.path.display();
        let before = if self.action == Action::Create {
            "/dev/null".to_owned()
        } else {
            format!("a/{path}")
        };
        let diff = TextDiff::from_lines(&self.present, &self.file.contents);
        diff.unified_diff()
            .context_radius(3)
            .header(&before, &format!("b/{path}"))
            .to_string()
    }
}

fn entry(root: &Path, file: PlannedFile) -> Result<Entry, Failure> {
    let path = root.join(&file.path);
    let (action, present) = match std::fs::read_to_string(&path) {
        Ok(present) if present == file.contents => (Action::Unchanged, present),
        Ok(present) => (Action::Update, present),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            (Action::Create, String::new())
        }
        // A file that is there but no UTF-8 text is replaced as a whole.
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            (Action::Update, String::new())
        }
        Err(error) => {
            return Err(
                Failure::environment(format!("cannot read `{}`", path.display()))
                    .cause(error.to_string()),
            );
        }
    };
    Ok(Entry {
        file,
        action,
        present,
    })
}
