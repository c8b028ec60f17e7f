//! One file, written whole or not at all.

use std::path::Path;

use super::Batch;
use crate::failure::Failure;

/// Writes through a temporary file in the same folder and a rename. Missing folders are made. A
/// file that holds these bytes already is left alone: returns whether anything was written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<bool, Failure> {
    let mut batch = Batch::default();
    batch.write(path, bytes)?;
    Ok(batch.commit()? > 0)
}
