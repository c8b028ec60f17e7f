//! The profiles of a run: those that ship in the binary, and those of the team, which replace shipped
//! ones of the same name. Sorted by name, so that nothing depends on where a file lay.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::profile::{self, Profile};
use crate::diagnostic::Diagnostic;
use crate::text::{SourceFile, Span};

/// (name, text) of the profiles that ship in the binary.
const SHIPPED: &[(&str, &str)] = &[
    (
        "django-monolith",
        include_str!("../../profiles/django-monolith.json"),
    ),
    (
        "fastapi-python",
        include_str!("../../profiles/fastapi-python.json"),
    ),
    (
        "go-or-rust-microservice",
        include_str!("../../profiles/go-or-rust-microservice.json"),
    ),
    (
        "node-express",
        include_str!("../../profiles/node-express.json"),
    ),
];

/// (name, text) of their golden decisions.
const SHIPPED_DECISIONS: &[(&str, &str)] = &[
    (
        "django-monolith",
        include_str!("../../profiles/golden/django-monolith.json"),
    ),
    (
        "fastapi-python",
        include_str!("../../profiles/golden/fastapi-python.json"),
    ),
    (
        "go-or-rust-microservice",
        include_str!("../../profiles/golden/go-or-rust-microservice.json"),
    ),
    (
        "node-express",
        include_str!("../../profiles/golden/node-express.json"),
    ),
];

/// A profile and the text it was read from, for `--show-profile`.
#[derive(Clone, Debug)]
pub struct Shelved {
    pub profile: Profile,
    pub source: Arc<SourceFile>,
}

/// All profiles of a run, by name.
#[derive(Clone, Debug)]
pub struct Shelf {
    shelved: BTreeMap<String, Shelved>,
    profiles: Vec<Profile>,
}

impl Shelf {
    /// The shipped profiles and `custom` ones, later ones replacing earlier ones. Two files of one
    /// folder with the same name are a fault, and so is everything that is wrong in any file.
    pub fn fill(custom: &[Vec<Arc<SourceFile>>]) -> Result<Self, Vec<Diagnostic>> {
        match Self::fill_with_what_reads(custom) {
            (shelf, faults) if faults.is_empty() => Ok(shelf),
            (_, faults) => Err(faults),
        }
    }

    /// The same without the files that cannot be read as profiles, and what is wrong in those.
    pub fn fill_with_what_reads(custom: &[Vec<Arc<SourceFile>>]) -> (Self, Vec<Diagnostic>) {
        let mut shelved = BTreeMap::new();
        let mut faults = Vec::new();
        for (name, text) in SHIPPED {
            let source = SourceFile::new(format!("{name}.json"), *text);
            match profile::read(&source, "built in") {
                Ok(profile) => {
                    shelved.insert(profile.name.clone(), Shelved { profile, source });
                }
                Err(found) => faults.extend(found),
            }
        }
        for folder in custom {
            let mut here: BTreeMap<String, String> = BTreeMap::new();
            for source in folder {
                match profile::read(source, &source.name) {
                    Ok(profile) => {
                        if let Some(other) = here.insert(profile.name.clone(), source.name.clone())
                        {
                            let message = format!(
                                "`{}` is the name of the profile in {other} too",
                                profile.name
                            );
                            let at = source.text.find(&profile.name).unwrap_or_default();
                            let place = Span::new(source, at..at + profile.name.len());
                            faults.push(Diagnostic::error("duplicate-profile", message).at(place));
                        }
                        let source = Arc::clone(source);
                        shelved.insert(profile.name.clone(), Shelved { profile, source });
                    }
                    Err(found) => faults.extend(found),
                }
            }
        }
        let profiles = shelved
            .values()
            .map(|shelved| shelved.profile.clone())
            .collect();
        (Self { shelved, profiles }, faults)
    }

    /// In the order of their names.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    pub fn get(&self, name: &str) -> Option<&Shelved> {
        self.shelved.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.shelved.keys().map(String::as_str)
    }
}

/// The golden decisions of the shipped profiles.
pub fn shipped_decisions() -> Vec<Arc<SourceFile>> {
    SHIPPED_DECISIONS
        .iter()
        .map(|(name, text)| SourceFile::new(format!("golden/{name}.json"), *text))
        .collect()
}
