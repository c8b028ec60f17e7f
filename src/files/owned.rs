//! A set of files of which some are the user's: what each run may write is known, and every
//! conflict found, before the first byte is written.

use std::path::{Path, PathBuf};

use similar::{ChangeTag, TextDiff};

use super::Batch;
use super::manifest::{Manifest, ManifestFile, ManifestPlace, sha256};
use crate::failure::Failure;

/// Whose a file is, and so when it may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Rewritten as long as nobody edited it.
    Generated,
    /// Written when it was never there.
    User,
    /// Written when it is not there; the wiring needs it.
    Needed,
    /// A user's file that gets something appended: these are its bytes with the addition.
    Appended { note: String },
}

/// A file that a run wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedFile {
    /// Relative to the project, with forward slashes.
    pub path: String,
    pub ownership: Ownership,
    pub contents: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnedAction {
    Create,
    Update,
    Append,
    /// A generated file that is not needed any more.
    Remove,
    Unchanged,
    /// A user's file stays as it is, present or deleted.
    Keep,
    /// A generated file that was edited by hand, or that somebody else wrote.
    Conflict,
}

impl OwnedAction {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Append => "append",
            Self::Remove => "remove",
            Self::Unchanged => "unchanged",
            Self::Keep => "keep",
            Self::Conflict => "conflict",
        }
    }

    pub const fn writes(self) -> bool {
        matches!(
            self,
            Self::Create | Self::Update | Self::Append | Self::Remove
        )
    }
}

/// A file beside what is there now.
#[derive(Clone, Debug)]
pub struct OwnedEntry {
    pub file: OwnedFile,
    pub action: OwnedAction,
    present: Option<String>,
}

/// All files of a run, sorted by path.
#[derive(Clone, Debug)]
pub struct OwnedPlan {
    root: PathBuf,
    pub entries: Vec<OwnedEntry>,
    manifest_path: PathBuf,
    manifest: String,
}

impl OwnedPlan {
    /// Compares the files with what is under `root` and what the last run left there. `next` is the
    /// manifest of this run without its files. `complete`: generated files that are not in `files`
    /// are not needed any more.
    pub fn new(
        root: &Path,
        mut files: Vec<OwnedFile>,
        place: &ManifestPlace,
        mut next: Manifest,
        complete: bool,
        force: bool,
    ) -> Result<Self, Failure> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let last = place.last.as_ref();
        let mut entries = Vec::new();
        for file in files {
            let known = last.and_then(|manifest| manifest.file(&file.path));
            let present = present(&root.join(&file.path))?;
            let action = action(&file, present.as_deref(), known, force);
            entries.push(OwnedEntry {
                file,
                action,
                present,
            });
        }
        for known in last.iter().flat_map(|manifest| &manifest.files) {
            if entries.iter().any(|entry| entry.file.path == known.path) {
                continue;
            }
            if known.owner != "generated" || !complete {
                next.files.push(known.clone());
                continue;
            }
            let Some(text) = present(&root.join(&known.path))? else {
                continue;
            };
            let edited = known.sha256.as_deref() != Some(&sha256(text.as_bytes()));
            entries.push(OwnedEntry {
                file: OwnedFile {
                    path: known.path.clone(),
                    ownership: Ownership::Generated,
                    contents: String::new(),
                },
                action: if edited && !force {
                    OwnedAction::Conflict
                } else {
                    OwnedAction::Remove
                },
                present: Some(text),
            });
        }
        entries.sort_by(|a, b| a.file.path.cmp(&b.file.path));
        for entry in entries
            .iter()
            .filter(|entry| entry.action != OwnedAction::Remove)
        {
            let generated = entry.file.ownership == Ownership::Generated;
            next.files.push(ManifestFile {
                path: entry.file.path.clone(),
                owner: if generated { "generated" } else { "user" }.to_owned(),
                sha256: generated.then(|| sha256(entry.file.contents.as_bytes())),
            });
        }
        next.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self {
            root: root.to_owned(),
            entries,
            manifest_path: root.join(&place.path),
            manifest: next.text(),
        })
    }

    /// Everything that is new, ready to be put in its place; nothing when there is a conflict.
    pub fn prepare(&self) -> Result<Batch, Failure> {
        let mut batch = Batch::default();
        if self.conflicts().next().is_some() {
            return Ok(batch);
        }
        for entry in self.entries.iter().filter(|entry| entry.action.writes()) {
            let path = self.root.join(&entry.file.path);
            if entry.action == OwnedAction::Remove {
                batch.remove(&path);
            } else {
                batch.write(&path, entry.file.contents.as_bytes())?;
            }
        }
        batch.write(&self.manifest_path, self.manifest.as_bytes())?;
        Ok(batch)
    }

    pub fn conflicts(&self) -> impl Iterator<Item = &OwnedEntry> {
        self.entries
            .iter()
            .filter(|entry| entry.action == OwnedAction::Conflict)
    }

    pub fn changes(&self) -> impl Iterator<Item = &OwnedEntry> {
        self.entries.iter().filter(|entry| entry.action.writes())
    }

    /// One unified diff of everything that would change, as `git apply` takes it.
    pub fn diff(&self) -> String {
        self.changes().map(OwnedEntry::diff).collect()
    }
}

impl OwnedEntry {
    /// From what is there to what this run would write.
    pub fn diff(&self) -> String {
        let path = &self.file.path;
        let before = if self.present.is_none() {
            "/dev/null".to_owned()
        } else {
            format!("a/{path}")
        };
        let after = if self.action == OwnedAction::Remove {
            "/dev/null".to_owned()
        } else {
            format!("b/{path}")
        };
        TextDiff::from_lines(
            self.present.as_deref().unwrap_or_default(),
            &self.file.contents,
        )
        .unified_diff()
        .context_radius(3)
        .header(&before, &after)
        .to_string()
    }

    /// From what this run would write to what is there: the edit of the user.
    pub fn edit(&self) -> String {
        TextDiff::from_lines(
            &self.file.contents,
            self.present.as_deref().unwrap_or_default(),
        )
        .unified_diff()
        .context_radius(2)
        .header("what this run would write", &self.file.path)
        .to_string()
    }

    /// Lines added and removed.
    pub fn counts(&self) -> (usize, usize) {
        let diff = TextDiff::from_lines(
            self.present.as_deref().unwrap_or_default(),
            &self.file.contents,
        );
        let mut counts = (0, 0);
        for change in diff.iter_all_changes() {
            match change.tag() {
                ChangeTag::Insert => counts.0 += 1,
                ChangeTag::Delete => counts.1 += 1,
                ChangeTag::Equal => {}
            }
        }
        counts
    }
}

fn action(
    file: &OwnedFile,
    present: Option<&str>,
    known: Option<&ManifestFile>,
    force: bool,
) -> OwnedAction {
    match (&file.ownership, present) {
        (_, Some(text)) if text == file.contents => match file.ownership {
            Ownership::Generated => OwnedAction::Unchanged,
            _ => OwnedAction::Keep,
        },
        (Ownership::Generated, Some(text)) => {
            let ours = known
                .is_some_and(|known| known.sha256.as_deref() == Some(&sha256(text.as_bytes())));
            if ours || force {
                OwnedAction::Update
            } else {
                OwnedAction::Conflict
            }
        }
        (Ownership::Appended { .. }, Some(_)) => OwnedAction::Append,
        (Ownership::User | Ownership::Needed, Some(_)) => OwnedAction::Keep,
        // A user's file that was deleted stays deleted.
        (Ownership::User, None) if known.is_some() => OwnedAction::Keep,
        (_, None) => OwnedAction::Create,
    }
}

fn present(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read(path) {
        // What is no text is nothing that we wrote: it counts as edited.
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(
            Failure::environment(format!("cannot read `{}`", path.display()))
                .cause(error.to_string()),
        ),
    }
}
