//! backsmith.toml: found upwards from the working folder, every key known, every fault with its
//! place. Values are only read here; what they mean is decided by each subcommand's settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::failure::Failure;
use crate::files;
use crate::redact::{self, SecretUrl};
use crate::text::{SourceFile, Span, suggest};

pub const FILE_NAME: &str = "backsmith.toml";

/// Every section and its keys, in the order of the documentation.
const SECTIONS: &[(&str, &[&str])] = &[
    ("scaffold", &["framework", "output", "project", "strict"]),
    (
        "migrate",
        &[
            "connection",
            "output",
            "schemas",
            "ignore",
            "postgres",
            "postgres_version",
            "pg_bin",
            "layout",
        ],
    ),
    (
        "loadtest",
        &["concurrency", "duration", "threads", "timeout", "warmup"],
    ),
    ("decide", &["profiles"]),
];

/// The values of one file, and the file itself when there is one.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub path: Option<PathBuf>,
    pub source: Option<Arc<SourceFile>>,
    pub scaffold: ScaffoldConfig,
    pub migrate: MigrateConfig,
    pub loadtest: LoadtestConfig,
    pub decide: DecideConfig,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ScaffoldConfig {
    pub framework: Option<String>,
    pub output: Option<PathBuf>,
    pub project: Option<bool>,
    pub strict: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct MigrateConfig {
    #[serde(deserialize_with = "secret_url")]
    pub connection: Option<SecretUrl>,
    pub output: Option<PathBuf>,
    /// Only these schemas are looked at.
    pub schemas: Option<Vec<String>>,
    /// Findings that are left out: `code` or `code:object`.
    pub ignore: Vec<String>,
    /// `local` or `download`.
    pub postgres: Option<String>,
    /// 16, the major version of a private server.
    pub postgres_version: Option<u32>,
    pub pg_bin: Option<PathBuf>,
    pub layout: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LoadtestConfig {
    pub concurrency: Option<usize>,
    pub duration: Option<String>,
    pub threads: Option<usize>,
    pub timeout: Option<String>,
    pub warmup: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct DecideConfig {
    /// A folder with profiles of your own.
    pub profiles: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Document {
    scaffold: ScaffoldConfig,
    migrate: MigrateConfig,
    loadtest: LoadtestConfig,
    decide: DecideConfig,
}

fn secret_url<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SecretUrl>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretUrl::new))
}

impl Config {
    /// Reads `explicit`, or the nearest backsmith.toml upwards, or nothing.
    pub(crate) fn load(explicit: Option<&Path>, none: bool) -> Result<Self, Failure> {
        if none {
            return Ok(Self::default());
        }
        let path = match explicit {
            Some(path) => Some(path.to_owned()),
            None => find_upwards(),
        };
        path.map_or_else(|| Ok(Self::default()), |path| Self::read(&path))
    }

    /// Paths in the file are relative to the file.
    pub fn folder(&self) -> Option<&Path> {
        self.path.as_deref().and_then(Path::parent)
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let source = files::read_text(path)?;
        let faults = faults(&source);
        if !faults.is_empty() {
            return Err(
                Failure::diagnostics(faults).hint_after("`--no-config` runs without the file")
            );
        }
        let document: Document = toml::from_str(&source.text).map_err(|error| {
            let range = error.span().unwrap_or_default();
            let fault = Diagnostic::error("invalid-config", redacted(error.message()))
                .at(Span::new(&source, range));
            Failure::diagnostics([fault]).hint_after("`--no-config` runs without the file")
        })?;
        let Document {
            scaffold,
            migrate,
            loadtest,
            decide,
        } = document;
        Ok(Self {
            path: Some(path.to_owned()),
            source: Some(source),
            scaffold,
            migrate,
            loadtest,
            decide,
        })
    }
}

/// A value of the file, as it is shown to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// `migrate.output`.
    pub key: String,
    /// Without secrets.
    pub text: String,
    /// From 1.
    pub line: usize,
}

impl Config {
    /// Every value of the file in its order, secrets masked.
    pub fn values(&self) -> Vec<Shown> {
        let Some(source) = &self.source else {
            return Vec::new();
        };
        let (table, _) = DeTable::parse_recoverable(&source.text);
        let mut shown = Vec::new();
        for (section, value) in table.get_ref() {
            let DeValue::Table(keys) = value.get_ref() else {
                continue;
            };
            for (key, value) in keys {
                let name = key.get_ref().as_ref();
                let text = source.text.get(value.span()).unwrap_or_default();
                // A connection is the only value that may hold a secret, in whatever form it has.
                let text = if name == "connection" {
                    redact::url(text.trim_matches(['"', '\'']))
                } else {
                    text.trim_matches('"').to_owned()
                };
                shown.push(Shown {
                    key: format!("{}.{name}", section.get_ref()),
                    text: text.split_whitespace().collect::<Vec<_>>().join(" "),
                    line: source.position(key.span().start).line,
                });
            }
        }
        shown.sort_by_key(|value| value.line);
        shown
    }
}

fn redacted(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}

fn find_upwards() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let found = here
        .ancestors()
        .map(|folder| folder.join(FILE_NAME))
        .find(|path| path.is_file())?;
    // The plain name reads better in errors when the file is right here.
    Some(
        found
            .strip_prefix(&here)
            .map(Path::to_owned)
            .unwrap_or(found),
    )
}

/// Every syntax fault, unknown section and unknown key.
fn faults(source: &Arc<SourceFile>) -> Vec<Diagnostic> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    if !errors.is_empty() {
        let fault = |error: &toml::de::Error| {
            let span = Span::new(source, error.span().unwrap_or_default());
            Diagnostic::error("invalid-config", redacted(error.message())).at(span)
        };
        return errors.iter().map(fault).collect();
    }
    let mut faults = Vec::new();
    for (section, value) in table.get_ref() {
        let name = section.get_ref().as_ref();
        let Some((_, keys)) = SECTIONS.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).collect();
            faults.push(unknown(
                source,
                section.span(),
                format!("`{name}` is no section of {FILE_NAME}"),
                name,
                &names,
            ));
            continue;
        };
        let DeValue::Table(table) = value.get_ref() else {
            let fault = Diagnostic::error(
                "invalid-config",
                format!("`{name}` must be a section, `[{name}]`"),
            );
            faults.push(fault.at(Span::new(source, section.span())));
            continue;
        };
        for key in table.keys() {
            let key_name = key.get_ref().as_ref();
            if !keys.contains(&key_name) {
                faults.push(unknown(
                    source,
                    key.span(),
                    format!("`{key_name}` is no key of `[{name}]`"),
                    key_name,
                    keys,
                ));
            }
        }
    }
    crate::diagnostic::sort(&mut faults);
    faults
}

fn unknown(
    source: &Arc<SourceFile>,
    range: std::ops::Range<usize>,
    message: String,
    name: &str,
    known: &[&str],
) -> Diagnostic {
    let help = match suggest::nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of {}", known.join(", ")),
    };
    Diagnostic::error("unknown-key", message)
        .at(Span::new(source, range))
        .help(help)
}
