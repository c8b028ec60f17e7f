//! .backsmith/manifest.json: which files a project got from us, whose they are, and what the
//! generated ones held when they were written. A project with several source roots has one
//! manifest for each, so that a run knows nothing of the files of another.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// The manifest of the first source root, relative to the project.
const MANIFEST: &str = ".backsmith/manifest.json";

const SCHEMA: &str = "backsmith.manifest/v1";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub schema: String,
    pub source: ManifestSource,
    pub options: ManifestOptions,
    /// Operation to handler file.
    #[serde(default)]
    pub handlers: BTreeMap<String, String>,
    /// Operation to method and path.
    #[serde(default)]
    pub routes: BTreeMap<String, String>,
    /// Sorted by path.
    pub files: Vec<ManifestFile>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestSource {
    pub path: String,
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestOptions {
    pub framework: String,
    pub output: String,
    pub project: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    pub path: String,
    /// `user` or `generated`.
    pub owner: String,
    /// Of generated files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Manifest {
    pub fn new(source: ManifestSource, options: ManifestOptions) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            source,
            options,
            handlers: BTreeMap::new(),
            routes: BTreeMap::new(),
            files: Vec::new(),
        }
    }

    fn read(path: &Path) -> Result<Option<Self>, Failure> {
        if !path.exists() {
            return Ok(None);
        }
        let source = super::read_text(path)?;
        let manifest: Self = serde_json::from_str(&source.text).map_err(|error| {
            Failure::input(format!("`{}` is no manifest", path.display()))
                .cause(error.to_string())
                .hint("restore it from version control; without it no generated file can be told from yours")
        })?;
        if manifest.schema != SCHEMA {
            return Err(Failure::input(format!(
                "`{}` has the schema `{}`, this version reads `{SCHEMA}`",
                path.display(),
                manifest.schema
            )));
        }
        Ok(Some(manifest))
    }

    pub fn file(&self, path: &str) -> Option<&ManifestFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        // Plain strings and maps of them always serialise.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// Where the manifest of one source root is, and what the last run left in it.
#[derive(Clone, Debug)]
pub struct ManifestPlace {
    /// Relative to the project.
    pub path: String,
    pub last: Option<Manifest>,
}

impl ManifestPlace {
    /// The manifest of the folder of routes `output`, which lies in `source_root`. The first one of
    /// a project has the short name; it belongs to the folder that it names.
    pub fn find(project: &Path, source_root: &str, output: &str) -> Result<Self, Failure> {
        match Manifest::read(&project.join(MANIFEST))? {
            Some(first) if first.options.output != output => {
                let path = format!(".backsmith/{source_root}/manifest.json");
                let last = Manifest::read(&project.join(&path))?;
                Ok(Self { path, last })
            }
            last => Ok(Self {
                path: MANIFEST.to_owned(),
                last,
            }),
        }
    }
}

/// SHA-256 in hex.
pub fn sha256(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>();
    digits.concat()
}
