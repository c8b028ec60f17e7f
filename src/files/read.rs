//! Reading, with the path in every error.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) use super::encoding::document;
use super::encoding::text;
use crate::failure::Failure;
use crate::redact::SecretUrl;
use crate::text::{SourceFile, suggest};

/// Larger than any API description that was seen, by far.
pub(super) const LARGEST: u64 = 256 << 20;
/// The code of what is not there.
pub const MISSING: &str = "missing-document";

/// Where an input comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Standard,
    File(PathBuf),
    /// http or https.
    Url(SecretUrl),
}

impl Input {
    /// `-` is standard input; what starts with `http://` or `https://` is a URL.
    pub fn parse(text: &str) -> Self {
        let is_url = |scheme: &str| {
            let start = text.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        if text == "-" {
            Self::Standard
        } else if is_url("http://") || is_url("https://") {
            Self::Url(SecretUrl::new(text))
        } else {
            Self::File(PathBuf::from(text))
        }
    }
}

/// A whole UTF-8 file. A byte order mark is left out.
pub fn read_text(path: &Path) -> Result<Arc<SourceFile>, Failure> {
    let name = path.display().to_string();
    text(&name, read_bytes(path)?)
}

/// A whole file.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    read_named(path, &path.display().to_string())
}

/// A whole file under the name that errors show. Devices that never end are read to the limit.
pub(super) fn read_named(path: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    let read = || {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path)?;
        let length = file.metadata()?.len();
        if length <= LARGEST {
            bytes.reserve_exact(length as usize);
        }
        file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error: std::io::Error| {
        let text = format!("cannot read `{name}`");
        let failure = match error.kind() {
            ErrorKind::PermissionDenied => Failure::environment(text),
            ErrorKind::NotFound | ErrorKind::NotADirectory => Failure::input(text).code(MISSING),
            _ => Failure::input(text),
        };
        let failure = failure.cause(error.to_string());
        if path.is_dir() {
            failure.hint("a file was expected, this is a folder")
        } else if let Some(near) = namesake(path) {
            failure.hint(format!("did you mean `{}`?", beside(name, &near)))
        } else {
            failure
        }
    })?;
    within_limit(name, bytes)
}

/// The file in the same folder whose name is nearest.
fn namesake(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let folder = match path.parent()? {
        folder if folder.as_os_str().is_empty() => Path::new("."),
        folder => folder,
    };
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let is_folder = entry.file_type().ok()?.is_dir();
            entry.file_name().into_string().ok().filter(|_| !is_folder)
        })
        .collect();
    names.sort();
    suggest::nearest(wanted, names.iter().map(String::as_str))
        .filter(|near| *near != wanted)
        .map(str::to_owned)
}

/// The name of a file with another last part.
fn beside(name: &str, last: &str) -> String {
    match name.rfind(['/', '\\']) {
        Some(at) => format!("{}{last}", &name[..=at]),
        None => last.to_owned(),
    }
}

/// All of standard input.
pub fn read_standard_input() -> Result<Arc<SourceFile>, Failure> {
    document("standard input", read_standard_input_bytes()?)
}

/// All of standard input, whatever it is.
pub fn read_standard_input_bytes() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::input("cannot read standard input").cause(error.to_string()))?;
    within_limit("standard input", bytes)
}

fn within_limit(name: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if bytes.len() as u64 > LARGEST {
        let limit = LARGEST >> 20;
        return Err(Failure::input(format!(
            "`{name}` is larger than {limit} MiB"
        )));
    }
    Ok(bytes)
}
