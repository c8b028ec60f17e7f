//! A migration file, read and split: what `--migrate`, `--dry-run` and `--rollback` have in common.

use crate::failure::Failure;
use crate::files::{self, MigrationFile};
use crate::migrate::script::{self, Script, Section};

/// A file that can be run.
#[derive(Debug)]
pub(super) struct Migration {
    pub(super) version: String,
    pub(super) script: Script,
    pub(super) sections: Vec<Section>,
}

/// Reads a file and tells every fault in it.
pub(super) fn read(file: &MigrationFile) -> Result<Migration, Failure> {
    let source = files::read_text(&file.path)?;
    let (script, mut faults) = script::split(&source);
    let (sections, more) = script::sections(&script);
    faults.extend(more);
    if !faults.is_empty() {
        crate::diagnostic::sort(&mut faults);
        return Err(Failure::diagnostics(faults).closing("nothing was run"));
    }
    Ok(Migration {
        version: file.version.clone(),
        script,
        sections,
    })
}
