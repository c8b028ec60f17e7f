//! Renames: what a user states, or what a comment in a schema file states, as statements; and what
//! looks like one, as a proposal. Nothing is renamed that nobody has confirmed.

mod annotation;
mod propose;

use crate::catalog::statistics::quoted;
use crate::catalog::{Body, Catalog, Id, Kind, Object, unquoted};
use crate::migrate::emit::literal;

pub use annotation::{Annotation, annotations};
pub use propose::{Proposal, propose};

/// An object of before with the name that it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    pub old: Target,
    pub new: Target,
}

/// An object, or a label of an enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub id: Id,
    pub label: Option<String>,
}

/// Why a rename cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing of that name in the schema before; the nearest name.
    NoOld(Option<String>),
    /// Nothing of that name and kind in the schema after.
    NoNew(Option<String>),
}

/// Kinds that can get another name, the parts of tables last.
const KINDS: &[Kind] = &[
    Kind::Table,
    Kind::View,
    Kind::MaterializedView,
    Kind::Sequence,
    Kind::Index,
    Kind::Enum,
    Kind::Composite,
    Kind::Domain,
    Kind::Range,
    Kind::Routine,
    Kind::Column,
    Kind::Constraint,
    Kind::ForeignKey,
    Kind::Trigger,
    Kind::Policy,
];

impl Target {
    fn of(id: &Id) -> Self {
        Self {
            id: id.clone(),
            label: None,
        }
    }

    /// As `--rename` takes it.
    pub fn name(&self) -> String {
        match &self.label {
            Some(label) => format!("{}.{label}", self.id),
            None => self.id.to_string(),
        }
    }
}

impl Rename {
    /// The object that two names mean: the old one before, the new one after.
    pub fn resolve(
        old: &str,
        new: &str,
        before: &Catalog,
        after: &Catalog,
    ) -> Result<Self, Refusal> {
        let olds = find(&parts(old), before, None);
        if olds.is_empty() {
            return Err(Refusal::NoOld(nearest(old, before)));
        }
        Self::first(olds, new, after).ok_or_else(|| Refusal::NoNew(nearest(new, after)))
    }

    /// The first of the old ones that the new name fits.
    fn first(olds: Vec<Target>, new: &str, after: &Catalog) -> Option<Self> {
        let name = parts(new);
        for old in olds {
            let kinds = kinds_like(old.id.kind);
            let mut found = find(&name, after, Some(kinds));
            // The plain new name stands where the old one stood.
            if found.is_empty() {
                let mut place = if old.id.part.is_empty() && old.label.is_none() {
                    vec![old.id.schema().unwrap_or_default()]
                } else {
                    parts(&old.id.name)
                };
                place.extend(name.iter().cloned());
                found = find(&place, after, Some(kinds));
            }
            let same_sort = |new: &Target| new.label.is_some() == old.label.is_some();
            if let Some(new) = found.into_iter().find(same_sort) {
                return Some(Self { old, new });
            }
        }
        None
    }

    /// Forwards and back.
    pub fn statements(&self) -> (Vec<String>, Vec<String>) {
        let (old, new) = (&self.old.id, &self.new.id);
        let table = &old.name;
        let pair = |make: &dyn Fn(&str, &str) -> String, from: &str, to: &str| {
            (vec![make(from, to)], vec![make(to, from)])
        };
        if let (Some(from), Some(to)) = (&self.old.label, &self.new.label) {
            let make = |from: &str, to: &str| {
                format!(
                    "ALTER TYPE {table} RENAME VALUE {} TO {}",
                    literal(from),
                    literal(to)
                )
            };
            return pair(&make, from, to);
        }
        match old.kind {
            Kind::Column => pair(
                &|from, to| format!("ALTER TABLE {table} RENAME COLUMN {from} TO {to}"),
                &old.part,
                &new.part,
            ),
            Kind::Constraint | Kind::ForeignKey => pair(
                &|from, to| format!("ALTER TABLE {table} RENAME CONSTRAINT {from} TO {to}"),
                &old.part,
                &new.part,
            ),
            Kind::Trigger | Kind::Policy => {
                let word = old.kind.name().to_uppercase();
                pair(
                    &|from, to| format!("ALTER {word} {from} ON {table} RENAME TO {to}"),
                    &old.part,
                    &new.part,
                )
            }
            _ => self.of_container(),
        }
    }

    /// What has a schema of its own; it may move to another one.
    fn of_container(&self) -> (Vec<String>, Vec<String>) {
        let (old, new) = (&self.old.id, &self.new.id);
        let word = match old.kind {
            Kind::View => "VIEW",
            Kind::MaterializedView => "MATERIALIZED VIEW",
            Kind::Sequence => "SEQUENCE",
            Kind::Index => "INDEX",
            Kind::Enum | Kind::Composite | Kind::Range => "TYPE",
            Kind::Domain => "DOMAIN",
            Kind::Routine => "ROUTINE",
            _ => "TABLE",
        };
        let (old_schema, old_local) = split(old);
        let (new_schema, new_local) = split(new);
        // The arguments of a function are no part of the new name.
        let bare = |local: &str| match (old.kind, local.find('(')) {
            (Kind::Routine, Some(at)) => (local[..at].to_owned(), local[at..].to_owned()),
            _ => (local.to_owned(), String::new()),
        };
        let ((old_name, arguments), (new_name, _)) = (bare(old_local), bare(new_local));
        let (mut forth, mut back) = (Vec::new(), Vec::new());
        if old_name != new_name {
            forth.push(format!(
                "ALTER {word} {old_schema}.{old_name}{arguments} RENAME TO {new_name}"
            ));
            back.insert(
                0,
                format!("ALTER {word} {old_schema}.{new_name}{arguments} RENAME TO {old_name}"),
            );
        }
        if old_schema != new_schema {
            forth.push(format!(
                "ALTER {word} {old_schema}.{new_name}{arguments} SET SCHEMA {new_schema}"
            ));
            back.insert(
                0,
                format!("ALTER {word} {new_schema}.{new_name}{arguments} SET SCHEMA {old_schema}"),
            );
        }
        (forth, back)
    }
}

/// Functions come first, since the types of their arguments are part of their names; parts come before
/// what they are parts of. So everything is named as it was.
pub fn sort(renames: &mut Vec<Rename>) {
    let mut seen: Vec<Target> = Vec::new();
    renames.retain(|rename| {
        let first = !seen.contains(&rename.old);
        seen.push(rename.old.clone());
        first && rename.old != rename.new
    });
    renames.sort_by_key(|rename| {
        let container = rename.old.id.part.is_empty() && rename.old.label.is_none();
        (rename.old.id.kind != Kind::Routine, container)
    });
}

/// As `Rename::resolve`; what has another name by the renames that are known may be called by it.
pub fn resolve_with(
    old: &str,
    new: &str,
    (before, after): (&Catalog, &Catalog),
    known: &[Rename],
) -> Result<Rename, Refusal> {
    let direct = Rename::resolve(old, new, before, after);
    if direct.is_ok() {
        return direct;
    }
    let name = parts(old);
    as_before(&name, known)
        .into_iter()
        .find_map(|name| Rename::first(find(&name, before, None), new, after))
        .map_or(direct, Ok)
}

/// Resolves pairs of an old and a new name in any order: what is named by the new name of something
/// else is clear when that one is. Returns the pairs that stay unclear.
pub fn resolve_all<'a>(
    mut open: Vec<(&'a str, &'a str)>,
    catalogs: (&Catalog, &Catalog),
    renames: &mut Vec<Rename>,
) -> Vec<(&'a str, &'a str)> {
    loop {
        let count = open.len();
        open.retain(|(old, new)| {
            let rename = resolve_with(old, new, catalogs, renames);
            let unclear = rename.is_err();
            renames.extend(rename);
            unclear
        });
        if open.len() == count {
            return open;
        }
    }
}

/// What the name may have been before the renames that are known: of the object that it begins with,
/// and of the types of its arguments.
fn as_before(name: &[String], known: &[Rename]) -> Vec<Vec<String>> {
    let mut typed = name.to_vec();
    let whole = |rename: &&Rename| rename.old.id.part.is_empty() && rename.old.label.is_none();
    for rename in known.iter().filter(whole) {
        let (old, new) = (&rename.old.id.name, &rename.new.id.name);
        if let Some(last) = typed.last_mut()
            && let Some(at) = last.find('(')
        {
            let arguments = with_words(&last[at..], &parts(new).join("."), &parts(old).join("."));
            last.replace_range(at.., &arguments);
        }
    }
    let mut names = Vec::new();
    for rename in known.iter().filter(whole) {
        let (old, new) = (parts(&rename.old.id.name), parts(&rename.new.id.name));
        // `public` may be left out, and so may any schema as long as nothing else fits.
        for new in [&new[..], &new[new.len() - 1..]] {
            if let Some(rest) = typed.strip_prefix(new)
                && !rest.is_empty()
            {
                names.push([&old, rest].concat());
            }
        }
    }
    if typed != name {
        names.push(typed);
    }
    names
}

/// The text with another word for each of these; what a dot joins is one word.
fn with_words(text: &str, word: &str, other: &str) -> String {
    let within = |letter: char| letter.is_alphanumeric() || "_.$".contains(letter);
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let end = at + word.len();
        let before = rest[..at].chars().next_back();
        let before = before.or_else(|| replaced.chars().next_back());
        let joined = before.is_some_and(within) || rest[end..].starts_with(within);
        replaced.push_str(&rest[..at]);
        replaced.push_str(if joined { word } else { other });
        rest = &rest[end..];
    }
    replaced + rest
}

/// What Postgres names after a table follows it: `old_pkey` becomes `new_pkey` where after has it.
pub fn implied(renames: &[Rename], before: &Catalog, after: &Catalog) -> Vec<Rename> {
    let mut implied = Vec::new();
    let tables = renames
        .iter()
        .filter(|rename| rename.old.id.kind == Kind::Table);
    for table in tables {
        let (old, new) = (&table.old.id, &table.new.id);
        let (old_name, new_name) = (unquoted(old.local_name()), unquoted(new.local_name()));
        let following = |name: &str| -> Option<String> {
            let name = unquoted(name);
            let rest = name.strip_prefix(old_name.as_str())?;
            rest.starts_with('_')
                .then(|| quoted(&format!("{new_name}{rest}")))
        };
        for object in before.objects.values() {
            let id = &object.id;
            let named_after = match &object.body {
                Body::Constraint(_) if id.name == old.name => {
                    following(&id.part).map(|part| Id::part(id.kind, new.name.as_str(), part))
                }
                Body::Index(index) if index.table == old.name => following(id.local_name())
                    .map(|name| Id::new(id.kind, format!("{}.{name}", split(new).0))),
                Body::Sequence(_) => {
                    let owner = before.get(&Id::new(Kind::SequenceOwner, id.name.as_str()));
                    match owner.map(|owner| &owner.body) {
                        Some(Body::SequenceOwner { table, .. }) if *table == old.name => {
                            following(id.local_name())
                                .map(|name| Id::new(id.kind, format!("{}.{name}", split(new).0)))
                        }
                        _ => None,
                    }
                }
                _ => None,
            };
            // A move to another schema takes all of them along by itself.
            if let Some(name) = named_after
                && split(old).0 == split(new).0
                && after.contains(&name)
                && !before.contains(&name)
            {
                implied.push(Rename {
                    old: Target::of(id),
                    new: Target::of(&name),
                });
            }
        }
    }
    implied
}

/// Schema and local name, both as SQL writes them.
fn split(id: &Id) -> (&str, &str) {
    let local = id.local_name();
    let schema = &id.name[..id.name.len() - local.len()];
    (schema.trim_end_matches('.'), local)
}

/// A type may have become another kind of type, a key a foreign key.
const fn kinds_like(kind: Kind) -> &'static [Kind] {
    match kind {
        Kind::Constraint | Kind::ForeignKey => &[Kind::Constraint, Kind::ForeignKey],
        Kind::Table => &[Kind::Table],
        Kind::View => &[Kind::View],
        Kind::MaterializedView => &[Kind::MaterializedView],
        Kind::Sequence => &[Kind::Sequence],
        Kind::Index => &[Kind::Index],
        Kind::Enum => &[Kind::Enum],
        Kind::Composite => &[Kind::Composite],
        Kind::Domain => &[Kind::Domain],
        Kind::Range => &[Kind::Range],
        Kind::Routine => &[Kind::Routine],
        Kind::Column => &[Kind::Column],
        Kind::Trigger => &[Kind::Trigger],
        _ => &[Kind::Policy],
    }
}

/// Everything that the name may mean; `public` may be left out, a function's arguments as well.
fn find(wanted: &[String], catalog: &Catalog, kinds: Option<&[Kind]>) -> Vec<Target> {
    let means = |full: &str| {
        let full = parts(full);
        full == wanted
            || full.first().is_some_and(|schema| schema == "public") && full[1..] == wanted[..]
    };
    let mut found = Vec::new();
    for kind in KINDS {
        if kinds.is_some_and(|kinds| !kinds.contains(kind)) {
            continue;
        }
        for object in catalog.of_kind(*kind) {
            let full = object.id.to_string();
            let without_arguments = match (kind, full.find('(')) {
                (Kind::Routine, Some(at)) => Some(&full[..at]),
                _ => None,
            };
            if means(&full) || without_arguments.is_some_and(means) {
                found.push(Target::of(&object.id));
            }
            found.extend(
                labels(object)
                    .into_iter()
                    .filter(|target| means(&target.name())),
            );
        }
    }
    found
}

fn labels(object: &Object) -> Vec<Target> {
    let Body::Enum { labels } = &object.body else {
        return Vec::new();
    };
    labels
        .iter()
        .map(|label| Target {
            id: Id::clone(&object.id),
            label: Some(label.clone()),
        })
        .collect()
}

/// The names between the dots, without their quotes.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut depth = 0_usize;
    for letter in name.chars() {
        let last = parts.len() - 1;
        match letter {
            '"' => quoted = !quoted,
            '.' if !quoted && depth == 0 => parts.push(String::new()),
            _ => {
                match letter {
                    '(' if !quoted => depth += 1,
                    ')' if !quoted => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if quoted {
                    parts[last].push(letter);
                } else {
                    parts[last].extend(letter.to_lowercase());
                }
            }
        }
    }
    parts
}

fn nearest(name: &str, catalog: &Catalog) -> Option<String> {
    let names: Vec<String> = KINDS
        .iter()
        .flat_map(|kind| catalog.of_kind(*kind))
        .map(|object| object.id.to_string())
        .collect();
    let full = format!("public.{name}");
    crate::text::suggest::nearest(name, names.iter().map(String::as_str))
        .or_else(|| crate::text::suggest::nearest(&full, names.iter().map(String::as_str)))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_their_quotes() {
        assert_eq!(parts("Public.\"A.b\".c"), ["public", "A.b", "c"]);
        assert_eq!(parts("app.norm(a.b, text)"), ["app", "norm(a.b, text)"]);
    }

    fn target(kind: Kind, name: &str) -> Target {
        Target::of(&Id::new(kind, name))
    }

    #[test]
    fn only_whole_names_are_what_they_were_before() {
        let known = [Rename {
            old: target(Kind::Table, "public.\"user\""),
            new: target(Kind::Table, "app.account"),
        }];
        let before = |name: &str| -> Vec<String> {
            let names = as_before(&parts(name), &known).into_iter();
            names.map(|name| name.join(".")).collect()
        };
        assert_eq!(before("account.account_no"), ["public.user.account_no"]);
        assert_eq!(before("app.account.account"), ["public.user.account"]);
        assert_eq!(
            before("app.f(app.account, app.account_role, app.account[])"),
            ["app.f(public.user, app.account_role, public.user[])"]
        );
        for other in [
            "account_roles.id",
            "app.accounts.id",
            "my.account",
            "account",
        ] {
            assert!(before(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn a_move_to_another_schema_comes_back() {
        let rename = Rename {
            old: target(Kind::Routine, "a.f(integer)"),
            new: target(Kind::Routine, "b.g(integer)"),
        };
        let (forth, back) = rename.statements();
        assert_eq!(
            forth,
            [
                "ALTER ROUTINE a.f(integer) RENAME TO g",
                "ALTER ROUTINE a.g(integer) SET SCHEMA b"
            ]
        );
        assert_eq!(
            back,
            [
                "ALTER ROUTINE b.g(integer) SET SCHEMA a",
                "ALTER ROUTINE a.g(integer) RENAME TO f"
            ]
        );
    }
}
