//! One file, written whole or not at all.

use std::io::Write;
use std::path::Path;

use crate::failure::Failure;

/// Writes through a temporary file in the same folder and a rename. Missing folders are made. A
/// file that holds these bytes already is left alone: returns whether anything was written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<bool, Failure> {
    if std::fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(false);
    }
    write(path, bytes).map(|()| true).map_err(|error| {
        Failure::environment(format!("cannot write `{}`", path.display())).cause(error.to_string())
    })
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".backsmith-");
    #[cfg(unix)]
    {
        // A replaced file keeps its mode; a new one gets what the umask leaves of 0666.
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_or(0o666, |metadata| metadata.permissions().mode());
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    // Nothing is lost with a new file when the machine dies; an old one must not become an empty one.
    if path.exists() {
        file.as_file().sync_data()?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
