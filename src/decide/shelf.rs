//! The profiles of a run: those that ship in the binary, and those of the team, which replace shipped
//! ones of the same name. Sorted by name, so that nothing depends on where a file lay.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::input;
use super::profile::{self, Ancestor, Draft, Profile, Provenance};
use crate::diagnostic::{Diagnostic, Related};
use crate::text::{SourceFile, Span, printable, suggest};

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

/// What one folder holds, by the profiles' names.
type Layer = BTreeMap<String, Draft>;

/// A profile extends one that extends another, but not more often than this.
const LONGEST_CHAIN: usize = 16;

impl Shelf {
    /// The shipped profiles and those of the folders, weakest first: a later one replaces an earlier one
    /// of the same name. Two files of one folder with the same name are a fault, and so is everything
    /// that is wrong in any file.
    pub fn fill(folders: &[Vec<Arc<SourceFile>>]) -> Result<Self, Vec<Diagnostic>> {
        match Self::fill_with_what_reads(folders) {
            (shelf, faults) if faults.is_empty() => Ok(shelf),
            (_, faults) => Err(faults),
        }
    }

    /// The same without the files that cannot be read as profiles, and what is wrong in those.
    pub fn fill_with_what_reads(folders: &[Vec<Arc<SourceFile>>]) -> (Self, Vec<Diagnostic>) {
        let mut faults = Vec::new();
        let shipped: Vec<_> = SHIPPED
            .iter()
            .map(|(name, text)| SourceFile::new(format!("{name}.json"), *text))
            .collect();
        let layers: Vec<Layer> = std::iter::once(shipped.as_slice())
            .chain(folders.iter().map(Vec::as_slice))
            .map(|files| layer(files, &mut faults))
            .collect();
        for layer in layers.iter().skip(1) {
            faults.extend(layer.values().filter_map(|draft| silent(draft, &layers[0])));
        }
        let mut shelved: BTreeMap<String, Shelved> = BTreeMap::new();
        for (depth, layer) in layers.iter().enumerate() {
            for (name, draft) in layer {
                match resolve(draft, depth, &layers) {
                    Ok(mut profile) => {
                        let weaker = shelved.get(name);
                        let weaker = weaker.map(|weaker| &weaker.profile.provenance.origin);
                        profile.provenance.replaces = weaker.cloned();
                        let source = Arc::clone(&draft.source);
                        shelved.insert(name.clone(), Shelved { profile, source });
                    }
                    Err(found) => faults.extend(found),
                }
            }
        }
        crate::diagnostic::sort(&mut faults);
        // What is wrong in a parent is wrong in each that extends it.
        let mut distinct: Vec<Diagnostic> = Vec::new();
        for fault in faults {
            let same =
                |other: &Diagnostic| (&other.message, &other.span) == (&fault.message, &fault.span);
            if !distinct.iter().any(same) {
                distinct.push(fault);
            }
        }
        let profiles = shelved.values().map(|shelved| shelved.profile.clone());
        let profiles = profiles.collect();
        (Self { shelved, profiles }, distinct)
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

/// The files of one folder, by the names of their profiles.
fn layer(files: &[Arc<SourceFile>], faults: &mut Vec<Diagnostic>) -> Layer {
    let mut layer = Layer::new();
    for file in files {
        let (draft, found) = profile::draft(file);
        faults.extend(found);
        let Some(draft) = draft else { continue };
        if let Some(other) = layer.get(&draft.name) {
            let message = format!(
                "`{}` is the name of the profile in {} too",
                printable(&draft.name),
                printable(&other.source.name)
            );
            let first = Related::new(other.name_span.clone(), "it stands here already");
            let fault = Diagnostic::error("duplicate-profile", message);
            faults.push(fault.at(draft.name_span).related(first));
        } else {
            layer.insert(draft.name.clone(), draft);
        }
    }
    layer
}

/// A profile that takes a shipped one's place without saying so: a name that was forgotten in a copy,
/// more often than a wish. An unchanged copy harms nobody.
fn silent(draft: &Draft, shipped: &Layer) -> Option<Diagnostic> {
    let meaning = |draft: &Draft| {
        let mut value = draft.root.to_value();
        if let Some(keys) = value.as_object_mut() {
            keys.remove("$schema");
        }
        value
    };
    let original = shipped.get(&draft.name);
    let Some(original) = original else {
        return draft.replaces.then(|| {
            let names = shipped.keys().cloned().collect::<Vec<_>>().join(", ");
            let message = format!(
                "`{}` replaces nothing: no profile of this name ships",
                printable(&draft.name)
            );
            let place = draft.root.get("replaces").unwrap_or(&draft.root);
            Diagnostic::error("invalid-profile", message)
                .at(place.span.clone())
                .help(format!("these do: {names}"))
        });
    };
    if draft.replaces || meaning(draft) == meaning(original) {
        return None;
    }
    let message = format!("`{}` is the name of a shipped profile", draft.name);
    let help = "give it a name of its own, or say `\"replaces\": true` if it is to take its place";
    let fault = Diagnostic::error("shipped-profile-name", message);
    Some(fault.at(draft.name_span.clone()).help(help))
}

/// The profile with what it takes from those that it extends.
fn resolve(draft: &Draft, depth: usize, layers: &[Layer]) -> Result<Profile, Vec<Diagnostic>> {
    let chain = chain(draft, depth, layers)?;
    let mut faults = Vec::new();
    let mut parents = chain.iter().rev().map(|(draft, _)| *draft);
    let mut root = parents.next().unwrap_or(draft).root.clone();
    for child in parents {
        let (merged, found) = profile::merge(&root, &child.root);
        root = merged;
        // What does not apply to a parent's parent is reported where it stands.
        if std::ptr::eq(child, draft) {
            faults.extend(found);
        }
    }
    let ancestors = chain.iter().skip(1).map(|(parent, depth)| Ancestor {
        name: parent.name.clone(),
        origin: origin(parent, *depth),
        sha256: sha256(&parent.source),
    });
    let provenance = Provenance {
        origin: origin(draft, depth),
        sha256: sha256(&draft.source),
        replaces: None,
        extends: ancestors.collect(),
    };
    match profile::finish(&root, &draft.name_span, provenance) {
        Ok(profile) if faults.is_empty() => Ok(profile),
        Ok(_) => Err(faults),
        Err(found) => {
            faults.extend(found);
            Err(faults)
        }
    }
}

/// The profile, its parent, the parent's parent and so on. No faults where another file's faults say it
/// already.
fn chain<'a>(
    draft: &'a Draft,
    depth: usize,
    layers: &'a [Layer],
) -> Result<Vec<(&'a Draft, usize)>, Vec<Diagnostic>> {
    let mut chain = vec![(draft, depth)];
    loop {
        let (child, depth) = chain[chain.len() - 1];
        let Some((wanted, place)) = &child.extends else {
            return Ok(chain);
        };
        // A profile that extends its own name means the one that it replaces.
        let reach = if *wanted == child.name {
            depth
        } else {
            layers.len()
        };
        let found = (0..reach).rev().find_map(|depth| {
            let parent = layers[depth].get(wanted)?;
            Some((parent, depth))
        });
        let Some(parent) = found else {
            return Err(if !std::ptr::eq(child, draft) {
                Vec::new()
            } else if *wanted == child.name {
                vec![cycle(&[child])]
            } else {
                vec![unknown_parent(child, wanted, place, layers)]
            });
        };
        if let Some(start) = chain
            .iter()
            .position(|(other, _)| std::ptr::eq(*other, parent.0))
        {
            let members: Vec<_> = chain[start..].iter().map(|(draft, _)| *draft).collect();
            // One fault for the circle, from its first member by name.
            let first = members.iter().map(|draft| &draft.name).min();
            return Err(if start == 0 && first == Some(&draft.name) {
                vec![cycle(&members)]
            } else {
                Vec::new()
            });
        }
        chain.push(parent);
        if chain.len() > LONGEST_CHAIN {
            let message = format!("more than {LONGEST_CHAIN} profiles extend each other in a row");
            let fault = Diagnostic::error("invalid-profile", message);
            let place = draft
                .extends
                .as_ref()
                .map_or(&draft.name_span, |(_, place)| place);
            return Err(vec![fault.at(place.clone())]);
        }
    }
}

fn unknown_parent(child: &Draft, wanted: &str, place: &Span, layers: &[Layer]) -> Diagnostic {
    let names: BTreeSet<&str> = layers
        .iter()
        .flat_map(BTreeMap::keys)
        .map(String::as_str)
        .filter(|name| *name != child.name)
        .collect();
    let message = format!("no profile is called `{}`", printable(wanted));
    let help = suggest::nearest(wanted, names.iter().copied()).map_or_else(
        || {
            format!(
                "one of {}",
                names.iter().copied().collect::<Vec<_>>().join(", ")
            )
        },
        |near| format!("did you mean `{near}`?"),
    );
    let fault = Diagnostic::error("unknown-profile", message);
    fault.at(place.clone()).help(help)
}

/// `members` in the order in which each extends the next, and the last the first.
fn cycle(members: &[&Draft]) -> Diagnostic {
    let mut names: Vec<_> = members.iter().map(|draft| draft.name.as_str()).collect();
    names.extend(names.first().copied());
    let message = format!(
        "profiles extend each other in a circle: {}",
        names.join(", ")
    );
    let mut places = members.iter().filter_map(|draft| draft.extends.as_ref());
    let mut fault = Diagnostic::error("profile-cycle", message);
    if let Some((_, place)) = places.next() {
        fault = fault.at(place.clone());
    }
    for (name, place) in places {
        fault = fault.related(Related::new(place.clone(), format!("extends `{name}`")));
    }
    fault.help("take one `extends` away")
}

/// How reports call the file: the same on every machine, wherever the folder lies.
fn origin(draft: &Draft, depth: usize) -> String {
    if depth == 0 {
        "built in".to_owned()
    } else {
        input::file_origin(&draft.source.name)
    }
}

fn sha256(source: &SourceFile) -> String {
    let mut hexadecimal = String::with_capacity(64);
    for byte in Sha256::digest(source.text.as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(hexadecimal, "{byte:02x}");
    }
    hexadecimal
}
