//! The rows of the queries as values, and the room they are gathered in.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::queries::Query;
use super::wire::Fields;
use crate::catalog::Sequence;
use crate::postgres::Error;

/// (class, object, column): what pg_depend, pg_description and the rights are told by.
pub(super) type Address = (u32, u32, i32);

/// Options of foreign data: names, quoted where needed, and values.
pub(super) type Options = BTreeMap<String, String>;

pub(super) type Grants = Vec<(String, String, bool)>;

/// Everything that was read.
#[derive(Default)]
pub(super) struct Rows {
    pub schemas: Vec<SchemaRow>,
    pub extensions: Vec<ExtensionRow>,
    pub edges: Vec<EdgeRow>,
    pub comments: Vec<(Address, String)>,
    pub grants: Vec<(Address, (String, String, bool))>,
    pub types: Vec<TypeRow>,
    /// Enum and label, in the order of the labels.
    pub labels: Vec<(u32, String)>,
    pub relations: Vec<RelationRow>,
    /// Child and parent.
    pub inheritance: Vec<(u32, u32)>,
    /// Relation, server and options.
    pub foreign_tables: Vec<(u32, String, Options)>,
    pub columns: Vec<ColumnRow>,
    pub sequences: Vec<(u32, Sequence)>,
    pub constraints: Vec<ConstraintRow>,
    pub indexes: Vec<IndexRow>,
    pub classes: Vec<ClassRow>,
    pub policies: Vec<PolicyRow>,
    pub statistics: Vec<StatisticsRow>,
    pub default_privileges: Vec<DefaultPrivilegesRow>,
    pub views: Vec<(u32, String)>,
    pub defaults: Vec<DefaultRow>,
    pub constraint_definitions: Vec<(u32, String)>,
    pub index_definitions: Vec<(u32, String)>,
    pub routines: Vec<RoutineRow>,
    pub triggers: Vec<TriggerRow>,
    pub rules: Vec<TriggerRow>,
}

impl Rows {
    /// Takes over what the server printed.
    pub(super) fn take_printed(&mut self, other: Self) {
        self.views = other.views;
        self.defaults = other.defaults;
        self.constraint_definitions = other.constraint_definitions;
        self.index_definitions = other.index_definitions;
        self.routines = other.routines;
        self.triggers = other.triggers;
        self.rules = other.rules;
    }

    /// Takes one row of a query.
    pub(super) fn accept(&mut self, query: Query, row: &mut Fields<'_>) -> Result<(), Error> {
        match query {
            Query::Schemas => self.schemas.push(SchemaRow::read(row)?),
            Query::Extensions => self.extensions.push(ExtensionRow::read(row)?),
            Query::Edges => self.edges.push(EdgeRow::read(row)?),
            Query::Comments => self.comments.push((address(row)?, row.text()?)),
            Query::Grants => {
                let right = (address(row)?, (row.text()?, row.text()?, row.flag()?));
                self.grants.push(right);
            }
            Query::Types => self.types.push(TypeRow::read(row)?),
            Query::EnumLabels => self.labels.push((row.number()?, row.text()?)),
            Query::Relations => self.relations.push(RelationRow::read(row)?),
            Query::Inheritance => self.inheritance.push((row.number()?, row.number()?)),
            Query::ForeignTables => {
                let table = (row.number()?, row.text()?, options(row)?);
                self.foreign_tables.push(table);
            }
            Query::Columns => self.columns.push(ColumnRow::read(row)?),
            Query::Sequences => self.sequences.push((row.number()?, sequence(row)?)),
            Query::Constraints => self.constraints.push(ConstraintRow::read(row)?),
            Query::Indexes => self.indexes.push(IndexRow::read(row)?),
            Query::OperatorClasses => self.classes.push(ClassRow::read(row)?),
            Query::Policies => self.policies.push(PolicyRow::read(row)?),
            Query::Statistics => self.statistics.push(StatisticsRow::read(row)?),
            Query::DefaultPrivileges => {
                self.default_privileges
                    .push(DefaultPrivilegesRow::read(row)?);
            }
            Query::Views => self.views.push((row.number()?, row.text()?)),
            Query::Defaults => self.defaults.push(DefaultRow::read(row)?),
            Query::ConstraintDefinitions => {
                self.constraint_definitions
                    .push((row.number()?, row.text()?));
            }
            Query::IndexDefinitions => self.index_definitions.push((row.number()?, row.text()?)),
            Query::Routines => self.routines.push(RoutineRow::read(row)?),
            Query::Triggers => self.triggers.push(TriggerRow::read(row)?),
            Query::Rules => self.rules.push(TriggerRow::read(row)?),
        }
        Ok(())
    }
}

fn address(row: &mut Fields<'_>) -> Result<Address, Error> {
    Ok((row.number()?, row.number()?, row.number()?))
}

/// A JSON object; NULL has none.
fn options(row: &mut Fields<'_>) -> Result<Options, Error> {
    match row.optional()? {
        Some(text) => json(&text),
        None => Ok(Options::new()),
    }
}

/// The persistence is known from the relation.
fn sequence(row: &mut Fields<'_>) -> Result<Sequence, Error> {
    Ok(Sequence {
        data_type: row.text()?,
        start: row.number()?,
        increment: row.number()?,
        minimum: row.number()?,
        maximum: row.number()?,
        cache: row.number()?,
        cycle: row.flag()?,
        persistence: String::new(),
    })
}

pub(super) struct SchemaRow {
    pub oid: u32,
    pub name: String,
    pub is_users: bool,
}

impl SchemaRow {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            oid: row.number()?,
            name: row.text()?,
            is_users: row.flag()?,
        })
    }
}

pub(super) struct ExtensionRow {
    pub oid: u32,
    pub name: String,
    pub schema: String,
    pub version: String,
}

impl ExtensionRow {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            oid: row.number()?,
            name: row.text()?,
            schema: row.text()?,
            version: row.text()?,
        })
    }
}

/// A row of pg_depend.
#[derive(Clone, Copy)]
pub(super) struct EdgeRow {
    pub from: Address,
    pub to: Address,
    pub kind: char,
}

impl EdgeRow {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            from: address(row)?,
            to: address(row)?,
            kind: row.letter()?,
        })
    }
}

pub(super) struct TypeRow {
    pub oid: u32,
    pub schema: u32,
    pub name: String,
    pub kind: char,
    pub relation: u32,
    pub array_type: u32,
    pub element: u32,
    pub base: Option<String>,
    pub default: Option<String>,
    pub not_null: bool,
    pub collation: Option<String>,
    pub range: Option<String>,
    /// The range type of a multirange.
    pub range_type: Option<u32>,
    pub has_default_rights: bool,
}

impl TypeRow {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            oid: row.number()?,
            schema: row.number()?,
            name: row.text()?,
            kind: row.letter()?,
            relation: row.number()?,
            array_type: row.number()?,
            element: row.number()?,
            base: row.optional()?,
            default: row.optional()?,
            not_null: row.flag()?,
            collation: row.optional()?,
            range: row.optional()?,
            range_type: row.optional_number()?,
            has_default_rights: row.flag()?,
        })
    }
}

pub(super) struct RelationRow {
    pub oid: u32,
    pub schema: u32,
    pub name: String,
    pub kind: char,
    pub persistence: String,
    pub row_type: u32,
    pub row_security: bool,
    pub force_row_security: bool,
    pub replica_identity: String,
    pub partition: bool,
    pub access_method: Option<String>,
    pub partition_key: Option<String>,
    pub bound: Option<String>,
    pub of_type: Option<String>,
    pub options: Vec<String>,
    pub toast_options: Vec<String>,
}

impl RelationRow {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            oid: row.number()?,
            schema: row.number()?,
            name: row.text()?,
            kind: row.letter()?,
            persistence: row.text()?,
            row_type: row.number()?,
            row_security: row.flag()?,
            force_row_security: row.flag()?,
            replica_identity: row.text()?,
            partition: row.flag()?,
            access_method: row.optional()?,
            partition_key: row.optional()?,
            bound: row.optional()?,
            of_type: row.optional()?,
            options: row.texts()?,
            toast_options: row.texts()?,
        })
    }
}

pub(super) struct ColumnRow {
    pub relation: u32,
    pub position: i32,
    pub name: String,
    pub data_type: String,
    pub collation: Option<String>,
    pub not_null: bool,
    pub identity: char,
    pub generated: char,
    pub storage: char,
    pub type_storage: char,
    pub compression: char,
    pub statistics: Option<i32>,
    pub options: Vec<String>,
    pub foreign_options: Options,
    pub local: bool,
    pub inherited: i32,
    pub type_oid: u32,
    pub collation_oid: u32,
    /// Of an index there are only columns with a statistics target or with parameters.
    pub of_index: bool,
}

impl ColumnRow {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            relation: row.number()?,
            position: row.number()?,
            name: row.text()?,
            data_type: row.text()?,
            collation: row.optional()?,
            not_null: row.flag()?,
            identity: row.letter()?,
            generated: row.letter()?,
            storage: row.letter()?,
            type_storage: row.letter()?,
            compression: row.letter()?,
            statistics: row.optional_number()?,
            options: row.texts()?,
            foreign_options: options(row)?,
            local: row.flag()?,
            inherited: row.number()?,
            type_oid: row.number()?,
            collation_oid: row.number()?,
            of_index: row.flag()?,
        })
    }
}

/// The default or the generating expression of a column.
pub(super) struct DefaultRow {
    pub relation: u32,
    pub position: i32,
    pub oid: u32,
    pub expression: String,
}

impl DefaultRow {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            relation: row.number()?,
            position: row.number()?,
            oid: row.number()?,
            expression: row.text()?,
        })
    }
}

pub(super) struct ConstraintRow {
    pub oid: u32,
    pub name: String,
    pub kind: char,
    pub relation: u32,
    pub domain: u32,
    pub index: u32,
    pub references: u32,
    pub columns: Vec<i32>,
    pub referenced_columns: Vec<i32>,
    pub validated: bool,
    pub deferrable: bool,
    pub deferred: bool,
    pub local: bool,
    pub inherited: i32,
    /// The constraint that this one is a part of, or 0.
    pub parent: u32,
    pub no_inherit: bool,
    pub on_update: char,
    pub on_delete: char,
    pub match_kind: char,
    /// The columns that ON DELETE SET NULL or DEFAULT is limited to.
    pub set_columns: Vec<i32>,
}

impl ConstraintRow {
    /// Whether an index stands behind it, which it tells.
    pub(super) const fn is_key(&self) -> bool {
        matches!(self.kind, 'p' | 'u' | 'x')
    }

    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            oid: row.number()?,
            name: row.text()?,
            kind: row.letter()?,
            relation: row.number()?,
            domain: row.number()?,
            index: row.number()?,
            references: row.number()?,
            columns: row.numbers()?,
            referenced_columns: row.numbers()?,
            validated: row.flag()?,
            deferrable: row.flag()?,
            deferred: row.flag()?,
            local: row.flag()?,
            inherited: row.number()?,
            parent: row.number()?,
            no_inherit: row.flag()?,
            on_update: row.letter()?,
            on_delete: row.letter()?,
            match_kind: row.letter()?,
            set_columns: row.numbers()?,
        })
    }
}

pub(super) struct IndexRow {
    pub oid: u32,
    pub schema: u32,
    pub name: String,
    pub relation: u32,
    pub method: String,
    pub unique: bool,
    pub nulls_not_distinct: bool,
    pub valid: bool,
    pub clustered: bool,
    pub replica_identity: bool,
    pub has_expressions: bool,
    pub on_partitioned: bool,
    /// How many of the columns are the key; the others are only stored.
    pub key_length: usize,
    pub columns: Vec<i32>,
    pub classes: Vec<u32>,
    pub collations: Vec<u32>,
    /// Bit 0: descending; bit 1: nulls first.
    pub directions: Vec<u16>,
    pub has_options: bool,
}

impl IndexRow {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            oid: row.number()?,
            schema: row.number()?,
            name: row.text()?,
            relation: row.number()?,
            method: row.text()?,
            unique: row.flag()?,
            nulls_not_distinct: row.flag()?,
            valid: row.flag()?,
            clustered: row.flag()?,
            replica_identity: row.flag()?,
            has_expressions: row.flag()?,
            on_partitioned: row.flag()?,
            key_length: row.number()?,
            columns: row.numbers()?,
            classes: row.numbers()?,
            collations: row.numbers()?,
            directions: row.numbers()?,
            has_options: row.flag()?,
        })
    }
}

/// An operator class: what an index does with a type.
pub(super) struct ClassRow {
    pub oid: u32,
    pub method: u32,
    pub input: u32,
    pub is_default: bool,
    pub name: String,
}

impl ClassRow {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            oid: row.number()?,
            method: row.number()?,
            input: row.number()?,
            is_default: row.flag()?,
            name: row.text()?,
        })
    }
}

/// A trigger or a rule.
pub(super) struct TriggerRow {
    pub oid: u32,
    pub relation: u32,
    pub name: String,
    pub definition: String,
    pub enabled: String,
    /// A trigger that follows from the parent's, or the rule that is a view's query.
    pub is_derived: bool,
}

impl TriggerRow {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            oid: row.number()?,
            relation: row.number()?,
            name: row.text()?,
            definition: row.text()?,
            enabled: row.text()?,
            is_derived: row.flag()?,
        })
    }
}

pub(super) struct PolicyRow {
    pub oid: u32,
    pub relation: u32,
    pub name: String,
    pub command: char,
    pub permissive: bool,
    pub roles: Vec<String>,
    pub using: Option<String>,
    pub check: Option<String>,
}

impl PolicyRow {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            oid: row.number()?,
            relation: row.number()?,
            name: row.text()?,
            command: row.letter()?,
            permissive: row.flag()?,
            roles: row.texts()?,
            using: row.optional()?,
            check: row.optional()?,
        })
    }
}

pub(super) struct RoutineRow {
    pub oid: u32,
    pub schema: u32,
    pub name: String,
    pub kind: char,
    pub definition: String,
    pub signature: String,
    pub defaults: i32,
    pub has_default_rights: bool,
}

impl RoutineRow {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            oid: row.number()?,
            schema: row.number()?,
            name: row.text()?,
            kind: row.letter()?,
            definition: row.text()?,
            signature: row.text()?,
            defaults: row.number()?,
            has_default_rights: row.flag()?,
        })
    }
}

pub(super) struct StatisticsRow {
    pub oid: u32,
    pub schema: u32,
    pub name: String,
    pub definition: String,
    pub target: Option<i32>,
    pub relation: u32,
}

impl StatisticsRow {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            oid: row.number()?,
            schema: row.number()?,
            name: row.text()?,
            definition: row.text()?,
            target: row.optional_number()?,
            relation: row.number()?,
        })
    }
}

pub(super) struct DefaultPrivilegesRow {
    pub oid: u32,
    pub role: String,
    pub schema: Option<String>,
    pub objects: char,
    pub own: bool,
    pub grants: Grants,
    pub initial: Grants,
}

impl DefaultPrivilegesRow {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            oid: row.number()?,
            role: row.text()?,
            schema: row.optional()?,
            objects: row.letter()?,
            own: row.flag()?,
            grants: json(&row.text()?)?,
            initial: json(&row.text()?)?,
        })
    }
}

/// A kind whose query prints the statement; these come as JSON.
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
    pub options: Option<Options>,
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

pub(super) fn json<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::Protocol(format!("{error} in a row of the catalog: {text}")))
}

/// Postgres writes an `oid` as a JSON text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Oid {
    Number(u32),
    Text(String),
}

fn oid<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match Oid::deserialize(deserializer)? {
        Oid::Number(number) => Ok(number),
        Oid::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}
