//! The documents of one run: the one that was asked for and those that it refers to, from files,
//! from URLs and from standard input.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::network::{Network, Stop};
use super::read::{self, Input, MISSING};
use crate::failure::Failure;
use crate::redact::SecretUrl;
use crate::text::SourceFile;

/// A document and where it was found.
#[derive(Clone, Debug)]
pub struct FoundDocument {
    pub source: Arc<SourceFile>,
    /// After redirects; the current folder for standard input.
    pub address: Url,
    /// The same for every way to name the file.
    pub identity: String,
}

/// Reads the documents of one run.
pub struct Documents {
    network: Network,
    here: PathBuf,
    /// Whether files are shown as they are seen from here.
    shown_from_here: bool,
}

impl Documents {
    /// `limit`: for each URL.
    pub fn new(input: &Input, limit: Duration, stop: Option<Stop>) -> Self {
        Self {
            network: Network::new(limit, stop),
            here: std::env::current_dir().unwrap_or_default(),
            shown_from_here: match input {
                Input::File(path) => !path.is_absolute(),
                Input::Standard | Input::Url(_) => true,
            },
        }
    }

    /// The document that was asked for.
    pub fn first(&self, input: &Input) -> Result<FoundDocument, Failure> {
        match input {
            Input::Standard => {
                let source = read::read_standard_input()?;
                // References are relative to the folder that the command runs in.
                let address = Url::from_directory_path(&self.here)
                    .map_err(|()| Failure::environment("the current folder has no name"))?;
                let identity = "standard input".to_owned();
                Ok(FoundDocument {
                    source,
                    address,
                    identity,
                })
            }
            Input::File(path) => self.file(path, &path.display().to_string()),
            Input::Url(url) => self.url(url),
        }
    }

    /// The document at an address that a reference names.
    pub fn at(&self, address: &Url) -> Result<FoundDocument, Failure> {
        match address.scheme() {
            "http" | "https" => self.url(&SecretUrl::new(address.as_str())),
            "file" => {
                let path = address.to_file_path().map_err(|()| {
                    Failure::input(format!("`{address}` is no file of this machine")).code(MISSING)
                })?;
                let name = self.shown(&path);
                self.file(&path, &name)
            }
            scheme => Err(Failure::input(format!(
                "`{address}` cannot be read: `{scheme}:` is no address of a document"
            ))
            .hint("files, http: and https: are read")),
        }
    }

    fn file(&self, path: &Path, name: &str) -> Result<FoundDocument, Failure> {
        let source = read::document(name, read::read_named(path, name)?)?;
        let absolute = self.here.join(path);
        let address = Url::from_file_path(&absolute)
            .ok()
            // Parsing takes `..` out of the path.
            .and_then(|address| Url::parse(address.as_str()).ok())
            .ok_or_else(|| Failure::input(format!("`{name}` has no address")))?;
        let identity = std::fs::canonicalize(&absolute).unwrap_or(absolute);
        Ok(FoundDocument {
            source,
            address,
            identity: identity.display().to_string(),
        })
    }

    fn url(&self, url: &SecretUrl) -> Result<FoundDocument, Failure> {
        let (mut address, bytes) = self.network.read(url)?;
        address.set_fragment(None);
        Ok(FoundDocument {
            source: read::document(&url.to_string(), bytes)?,
            identity: address.to_string(),
            address,
        })
    }

    /// A path as people who work in the current folder write it.
    fn shown(&self, path: &Path) -> String {
        let shown = self
            .shown_from_here
            .then(|| relative(&self.here, path))
            .flatten();
        shown
            .unwrap_or_else(|| path.to_owned())
            .display()
            .to_string()
    }
}

impl Input {
    /// The text alone, of what refers to nothing else.
    pub fn read(&self) -> Result<Arc<SourceFile>, Failure> {
        let documents = Documents::new(self, Duration::from_secs(30), None);
        Ok(documents.first(self)?.source)
    }
}

/// From a folder to a file; nothing when all that they share is the root.
fn relative(from: &Path, to: &Path) -> Option<PathBuf> {
    let shared = from
        .components()
        .zip(to.components())
        .take_while(|(a, b)| a == b)
        .count();
    let named = |part: &Component<'_>| matches!(part, Component::Normal(_));
    if !to.components().take(shared).any(|part| named(&part)) {
        return None;
    }
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(to.components().skip(shared)).collect();
    Some(if path.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        path
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_from_here() {
        let shown = |to: &str| {
            let path = relative(Path::new("/home/me/api"), Path::new(to))?;
            Some(path.display().to_string())
        };
        assert_eq!(shown("/home/me/api/a/b.yaml").as_deref(), Some("a/b.yaml"));
        assert_eq!(
            shown("/home/me/shared/b.yaml").as_deref(),
            Some("../shared/b.yaml")
        );
        assert_eq!(shown("/srv/b.yaml"), None);
    }
}
