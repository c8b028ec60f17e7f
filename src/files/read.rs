//! Reading, with the path in every error.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::network;
use crate::failure::Failure;
use crate::redact::SecretUrl;
use crate::text::SourceFile;

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

    pub fn read(&self) -> Result<Arc<SourceFile>, Failure> {
        match self {
            Self::Standard => read_standard_input(),
            Self::File(path) => read_text(path),
            Self::Url(url) => network::read(url),
        }
    }
}

/// A whole UTF-8 file. A byte order mark is left out.
pub fn read_text(path: &Path) -> Result<Arc<SourceFile>, Failure> {
    let name = path.display().to_string();
    decode(&name, read_bytes(path)?)
}

/// A whole file.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        let failure =
            Failure::input(format!("cannot read `{}`", path.display())).cause(error.to_string());
        if path.is_dir() {
            failure.hint("a file was expected, this is a folder")
        } else {
            failure
        }
    })
}

/// All of standard input.
pub fn read_standard_input() -> Result<Arc<SourceFile>, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::input("cannot read standard input").cause(error.to_string()))?;
    decode("standard input", bytes)
}

pub(super) fn decode(name: &str, bytes: Vec<u8>) -> Result<Arc<SourceFile>, Failure> {
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text = text
                .strip_prefix('\u{feff}')
                .map(str::to_owned)
                .unwrap_or(text);
            Ok(SourceFile::new(name, text))
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..at]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1;
            Err(Failure::input(format!("`{name}` is not UTF-8 text"))
                .detail(format!("byte {at}, line {line}"))
                .hint("is it a binary file, or text in another encoding?"))
        }
    }
}
