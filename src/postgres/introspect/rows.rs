//! The rows of the queries, as serde reads them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::catalog::{Attribute, Sequence};

pub(super) type Grants = Vec<(String, String, bool)>;

#[derive(Deserialize)]
pub(super) struct SchemaRow {
    #[serde(deserialize_with = "oid")]
    pub oid: u32,
    pub name: String,
    pub grants: Grants,
    pub comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ExtensionRow {
    #[serde(deserialize_with = "oid")]
    pub oid: u32,
    pub name: String,
    pub schema: String,
    pub version: String,
    pub comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RelationRow {
    #[serde(deserialize_with = "oid")]
    pub oid: u32,
    pub name: String,
    pub kind: String,
    pub persistence: String,
    #[serde(deserialize_with = "oid")]
    pub row_type: u32,
    pub row_security: bool,
    pub force_row_security: bool,
    pub replica_identity: String,
    pub partition: bool,
    pub access_method: Option<String>,
    pub partition_key: Option<String>,
    pub bound: Option<String>,
    pub of_type: Option<String>,
    pub parents: Vec<String>,
    pub options: Vec<String>,
    pub query: Option<String>,
    pub server: Option<String>,
    pub foreign_options: Option<BTreeMap<String, String>>,
    pub grants: Grants,
    pub comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ColumnRow {
    #[serde(deserialize_with = "oid")]
    pub relation: u32,
    pub position: i32,
    pub name: String,
    pub data_type: String,
    pub collation: Option<String>,
    pub not_null: bool,
    pub identity: Option<String>,
    pub generated: Option<String>,
    #[serde(default, deserialize_with = "optional_oid")]
    pub default_oid: Option<u32>,
    pub expression: Option<String>,
    pub storage: Option<String>,
    pub type_storage: String,
    pub compression: Option<String>,
    pub statistics: Option<i32>,
    pub options: Vec<String>,
    pub foreign_options: Option<BTreeMap<String, String>>,
    pub local: bool,
    pub inherited: i32,
    pub grants: Grants,
    pub comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SequenceRow {
    #[serde(deserialize_with = "oid")]
    pub oid: u32,
    pub name: String,
    #[serde(flatten)]
    pub sequence: Sequence,
    /// `a` for OWNED BY, `i` for an identity column.
    pub owned: Option<String>,
    #[serde(default, deserialize_with = "optional_oid")]
    pub owner_relation: Option<u32>,
    pub owner_position: Option<i32>,
}

#[derive(Deserialize)]
pub(super) struct ConstraintRow {
    #[serde(deserialize_with = "oid")]
    pub oid: u32,
    pub name: String,
    pub kind: String,
    #[serde(deserialize_with = "oid")]
    pub relation: u32,
    pub domain: Option<String>,
    pub on_domain: bool,
    pub definition: String,
    pub validated: bool,
    pub local: bool,
    pub inherited: i32,
    pub of_parent: bool,
    pub no_inherit: bool,
    pub references: Option<String>,
    #[serde(deserialize_with = "oid")]
    pub index: u32,
    pub clustered: bool,
    pub replica_identity: bool,
    pub comment: Option<String>,
    pub index_comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct IndexRow {
    #[serde(deserialize_with = "oid")]
    pub oid: u32,
    pub name: String,
    #[serde(deserialize_with = "oid")]
    pub relation: u32,
    pub definition: String,
    pub unique: bool,
    pub valid: bool,
    pub clustered: bool,
    pub replica_identity: bool,
    pub has_expressions: bool,
    pub on_partitioned: bool,
    pub parent: Option<String>,
    pub statistics: Option<Vec<(i32, i32)>>,
    pub comment: Option<String>,
}

/// A trigger or a rule.
#[derive(Deserialize)]
pub(super) struct TriggerRow {
    #[serde(deserialize_with = "oid")]
    pub oid: u32,
    #[serde(deserialize_with = "oid")]
    pub relation: u32,
    pub name: String,
    pub definition: String,
    pub enabled: String,
    #[serde(default)]
    pub of_parent: bool,
    #[serde(default)]
    pub of_view: bool,
    pub comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct PolicyRow {
    #[serde(deserialize_with = "oid")]
    pub oid: u32,
    #[serde(deserialize_with = "oid")]
    pub relation: u32,
    pub name: String,
    pub command: String,
    pub permissive: bool,
    pub roles: Vec<String>,
    pub using: Option<String>,
    pub check: Option<String>,
    pub comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RoutineRow {
    #[serde(deserialize_with = "oid")]
    pub oid: u32,
    pub name: String,
    pub kind: String,
    pub definition: String,
    pub signature: String,
    pub defaults: i32,
    pub grants: Grants,
    pub comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct TypeRow {
    #[serde(deserialize_with = "oid")]
    pub oid: u32,
    pub name: String,
    pub kind: String,
    #[serde(deserialize_with = "oid")]
    pub relation: u32,
    #[serde(deserialize_with = "oid")]
    pub array_type: u32,
    pub labels: Option<Vec<String>>,
    pub base: Option<String>,
    pub default: Option<String>,
    pub not_null: bool,
    pub collation: Option<String>,
    pub attributes: Option<Vec<Attribute>>,
    pub range: Option<String>,
    #[serde(default, deserialize_with = "optional_oid")]
    pub range_type: Option<u32>,
    pub grants: Grants,
    pub comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct DerivedTypeRow {
    #[serde(deserialize_with = "oid")]
    pub oid: u32,
    #[serde(deserialize_with = "oid")]
    pub element: u32,
    #[serde(deserialize_with = "oid")]
    pub relation: u32,
}

#[derive(Deserialize)]
pub(super) struct StatisticsRow {
    #[serde(deserialize_with = "oid")]
    pub oid: u32,
    pub name: String,
    pub definition: String,
    pub target: Option<i32>,
    #[serde(deserialize_with = "oid")]
    pub relation: u32,
    pub comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct DefaultPrivilegesRow {
    #[serde(deserialize_with = "oid")]
    pub oid: u32,
    pub role: String,
    pub schema: Option<String>,
    pub objects: String,
    pub own: bool,
    pub grants: Grants,
    pub initial: Grants,
}

#[derive(Deserialize)]
pub(super) struct TextRow {
    #[serde(deserialize_with = "oid")]
    pub oid: u32,
    pub name: String,
    /// The second half of a name that has two: the role of a user mapping.
    #[serde(default)]
    pub part: String,
    pub create: String,
    /// Empty where the kind itself says how.
    #[serde(default)]
    pub drop: String,
    pub comment: Option<String>,
    #[serde(default)]
    pub grants: Grants,
    /// Of foreign data.
    pub options: Option<BTreeMap<String, String>>,
    /// Of a publication.
    pub objects: Option<String>,
    pub parameters: Option<String>,
    #[serde(default)]
    pub all_tables: bool,
}

#[derive(Deserialize)]
pub(super) struct NameRow {
    #[serde(deserialize_with = "oid")]
    pub oid: u32,
    pub name: String,
}

#[derive(Deserialize)]
pub(super) struct EdgeRow {
    pub edge: (u32, u32, i32, u32, u32, i32),
    pub kind: String,
}

/// Postgres writes an `oid` as a JSON text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Oid {
    Number(u32),
    Text(String),
}

impl Oid {
    fn value<E: serde::de::Error>(self) -> Result<u32, E> {
        match self {
            Self::Number(number) => Ok(number),
            Self::Text(text) => text.parse().map_err(E::custom),
        }
    }
}

fn oid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Oid::deserialize(deserializer)?.value()
}

fn optional_oid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Option::<Oid>::deserialize(deserializer)?
        .map(Oid::value)
        .transpose()
}
