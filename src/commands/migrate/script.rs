//! A migration file, read and split: what `--migrate`, `--dry-run` and `--rollback` have in common.

use crate::failure::Failure;
use crate::files::{self, MigrationFile};
use crate::migrate::script::{self, Half, Script, Section};

/// A file that can be run.
#[derive(Debug)]
pub(super) struct Migration {
    pub(super) version: String,
    pub(super) script: Script,
    pub(super) sections: Vec<Section>,
}

/// Reads a file and tells every fault in it.
pub(super) fn read(file: &MigrationFile) -> Result<Migration, Failure> {
    read_half(file, Half::Up)
}

/// Reads the way back, from a file of its own or from the one that holds both ways.
pub(super) fn read_down(file: &MigrationFile) -> Result<Migration, Failure> {
    read_half(file, Half::Down)
}

fn read_half(file: &MigrationFile, half: Half) -> Result<Migration, Failure> {
    let source = files::read_text(&file.path)?;
    let (mut script, mut faults) = script::split(&source);
    if half == Half::Up || script.has_way_back() {
        script.keep(half);
    }
    let (sections, more) = script::sections(&script);
    faults.extend(more);
    if faults.is_empty() && sections.is_empty() {
        let half = match half {
            Half::Up => "",
            Half::Down => " for the way back",
        };
        let text = format!("`{}` holds no statement{half}", source.name);
        return Err(Failure::input(text).code("no-statement"));
    }
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
