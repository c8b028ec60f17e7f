//! What an object is called.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};

use rustc_hash::FxBuildHasher;

/// The kinds of objects, in an order in which most of them can be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Schema,
    Extension,
    AccessMethod,
    Language,
    Collation,
    Enum,
    Composite,
    Domain,
    Range,
    TextSearchParser,
    TextSearchTemplate,
    TextSearchDictionary,
    TextSearchConfiguration,
    ForeignDataWrapper,
    ForeignServer,
    UserMapping,
    Sequence,
    Routine,
    Aggregate,
    Operator,
    OperatorFamily,
    OperatorClass,
    Cast,
    Transform,
    Conversion,
    Table,
    Column,
    Default,
    SequenceOwner,
    Constraint,
    View,
    MaterializedView,
    Index,
    Attachment,
    ForeignKey,
    Statistics,
    Rule,
    Trigger,
    Policy,
    Publication,
    EventTrigger,
    DefaultPrivileges,
}

impl Kind {
    /// In the singular, as reports say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Extension => "extension",
            Self::AccessMethod => "access method",
            Self::Language => "language",
            Self::Collation => "collation",
            Self::Enum => "enum",
            Self::Composite => "composite type",
            Self::Domain => "domain",
            Self::Range => "range type",
            Self::TextSearchParser => "text search parser",
            Self::TextSearchTemplate => "text search template",
            Self::TextSearchDictionary => "text search dictionary",
            Self::TextSearchConfiguration => "text search configuration",
            Self::ForeignDataWrapper => "foreign-data wrapper",
            Self::ForeignServer => "foreign server",
            Self::UserMapping => "user mapping",
            Self::Sequence => "sequence",
            Self::Routine => "function",
            Self::Aggregate => "aggregate",
            Self::Operator => "operator",
            Self::OperatorFamily => "operator family",
            Self::OperatorClass => "operator class",
            Self::Cast => "cast",
            Self::Transform => "transform",
            Self::Conversion => "conversion",
            Self::Table => "table",
            Self::Column => "column",
            Self::Default => "default",
            Self::SequenceOwner => "sequence owner",
            Self::Constraint | Self::ForeignKey => "constraint",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Index => "index",
            Self::Attachment => "partition",
            Self::Statistics => "statistics",
            Self::Rule => "rule",
            Self::Trigger => "trigger",
            Self::Policy => "policy",
            Self::Publication => "publication",
            Self::EventTrigger => "event trigger",
            Self::DefaultPrivileges => "default privileges",
        }
    }
}

/// A name as SQL writes it: quoted where needed, with its schema. `part` is the name of what belongs
/// to the object: a column, a constraint, a trigger.
#[derive(Clone, Debug, Eq, PartialOrd, Ord)]
pub struct Id {
    pub kind: Kind,
    pub name: String,
    pub part: String,
    /// Of the three: an object is looked up many times in its life.
    hash: u64,
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
            || self.hash == other.hash
                && self.kind == other.kind
                && self.name == other.name
                && self.part == other.part
    }
}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Id {
    pub fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self::part(kind, name, "")
    }

    pub fn part(kind: Kind, of: impl Into<String>, part: impl Into<String>) -> Self {
        let (name, part) = (of.into(), part.into());
        let hash = FxBuildHasher.hash_one((kind, name.as_str(), part.as_str()));
        Self {
            kind,
            name,
            part,
            hash,
        }
    }

    /// The schema, unquoted where it was quoted; none for what lives outside of schemas.
    pub fn schema(&self) -> Option<String> {
        match self.kind {
            Kind::Extension
            | Kind::AccessMethod
            | Kind::Language
            | Kind::Cast
            | Kind::Transform
            | Kind::Publication
            | Kind::EventTrigger
            | Kind::ForeignDataWrapper
            | Kind::ForeignServer
            | Kind::UserMapping
            | Kind::DefaultPrivileges => None,
            _ => {
                let (schema, _) = split(&self.name);
                Some(unquoted(schema))
            }
        }
    }

    /// The name without its schema, as SQL writes it.
    pub fn local_name(&self) -> &str {
        split(&self.name).1
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.part.is_empty() {
            formatter.write_str(&self.name)
        } else {
            write!(formatter, "{}.{}", self.name, self.part)
        }
    }
}

/// Schema and rest of a qualified name; a name without a schema is its own schema.
fn split(name: &str) -> (&str, &str) {
    let mut quoted = false;
    for (at, letter) in name.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '.' if !quoted => return (&name[..at], &name[at + 1..]),
            '(' if !quoted => break,
            _ => {}
        }
    }
    (name, name)
}

/// A name of one part without its quotes; quotes that are doubled inside of it are single.
pub fn unquoted(name: &str) -> String {
    name.strip_prefix('"')
        .and_then(|inner| inner.strip_suffix('"'))
        .map_or_else(|| name.to_owned(), |inner| inner.replace("\"\"", "\""))
}

/// A name of one part as the server reads it: what is not quoted is in lower case.
pub fn folded(name: &str) -> String {
    if name.starts_with('"') {
        unquoted(name)
    } else {
        name.to_lowercase()
    }
}

/// The last part of a name that may be qualified, as SQL writes it.
pub fn last_part(name: &str) -> &str {
    split(name).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_inside_of_a_name_stay() {
        assert_eq!(unquoted(r#""""a"" b""#), r#""a" b"#);
        assert_eq!(unquoted("Plain"), "Plain");
        assert_eq!(folded("Plain"), "plain");
        assert_eq!(folded(r#""Plain""#), "Plain");
        assert_eq!(last_part(r#"a."b.c""#), r#""b.c""#);
    }

    #[test]
    fn names_are_split_at_the_dot_outside_of_quotes() {
        let id = Id::new(Kind::Table, "\"a.b\".\"c\"");
        assert_eq!(id.schema().as_deref(), Some("a.b"));
        assert_eq!(id.local_name(), "\"c\"");
        let id = Id::new(Kind::Routine, "app.norm(text)");
        assert_eq!(id.local_name(), "norm(text)");
    }
}
