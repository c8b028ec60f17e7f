//! The rows of the queries as values, and the room they are gathered in.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::queries::Query;
use super::wire::{Field, Fields};
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
    /// Of partial indexes without expressions.
    pub index_predicates: Vec<(u32, String)>,
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
        self.index_predicates = other.index_predicates;
        self.routines = other.routines;
        self.triggers = other.triggers;
        self.rules = other.rules;
    }

    /// Takes one row of a query.
    pub(super) fn accept(&mut self, query: Query, row: &mut Fields<'_>) -> Result<(), Error> {
        match query {
            Query::Schemas => self.schemas.push(row.read()?),
            Query::Extensions => self.extensions.push(row.read()?),
            Query::Edges => self.edges.push(row.read()?),
            Query::Comments => self.comments.push((row.read()?, row.text()?)),
            Query::Grants => {
                let right = (row.read()?, (row.text()?, row.text()?, row.flag()?));
                self.grants.push(right);
            }
            Query::Types => self.types.push(row.read()?),
            Query::EnumLabels => self.labels.push((row.number()?, row.text()?)),
            Query::Relations => self.relations.push(row.read()?),
            Query::Inheritance => self.inheritance.push((row.number()?, row.number()?)),
            Query::ForeignTables => {
                let table = (row.number()?, row.text()?, row.read()?);
                self.foreign_tables.push(table);
            }
            Query::Columns => self.columns.push(row.read()?),
            Query::Sequences => self.sequences.push((row.number()?, sequence(row)?)),
            Query::Constraints => self.constraints.push(row.read()?),
            Query::Indexes => self.indexes.push(row.read()?),
            Query::OperatorClasses => self.classes.push(row.read()?),
            Query::Policies => self.policies.push(row.read()?),
            Query::Statistics => self.statistics.push(row.read()?),
            Query::DefaultPrivileges => {
                self.default_privileges.push(row.read()?);
            }
            Query::Views => self.views.push((row.number()?, row.text()?)),
            Query::Defaults => self.defaults.push(row.read()?),
            Query::ConstraintDefinitions => {
                self.constraint_definitions
                    .push((row.number()?, row.text()?));
            }
            Query::IndexDefinitions => self.index_definitions.push((row.number()?, row.text()?)),
            Query::IndexPredicates => self.index_predicates.push((row.number()?, row.text()?)),
            Query::Routines => self.routines.push(row.read()?),
            Query::Triggers => self.triggers.push(row.read()?),
            Query::Rules => self.rules.push(row.read()?),
        }
        Ok(())
    }
}

impl Field for Address {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        Ok((row.number()?, row.number()?, row.number()?))
    }
}

/// A JSON object; NULL has none.
impl Field for Options {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        row.optional()?
            .map_or_else(|| Ok(Self::new()), |text| json(&text))
    }
}

impl Field for Grants {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
        json(&row.text()?)
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

/// Rows whose fields come in the order in which they stand here.
macro_rules! rows {
    ($($(#[$about:meta])* struct $row:ident {
        $($(#[$about_field:meta])* $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$about])*
        pub(super) struct $row {
            $($(#[$about_field])* pub $field: $type,)*
        }

        impl Field for $row {
            fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
                Ok(Self { $($field: row.read()?,)* })
            }
        }
    )*};
}

rows! {
    struct SchemaRow {
        oid: u32,
        name: String,
        is_users: bool,
    }

    struct ExtensionRow {
        oid: u32,
        name: String,
        schema: String,
        version: String,
    }

    /// A row of pg_depend.
    #[derive(Clone, Copy)]
    struct EdgeRow {
        from: Address,
        to: Address,
        kind: char,
    }

    struct TypeRow {
        oid: u32,
        schema: u32,
        name: String,
        kind: char,
        relation: u32,
        array_type: u32,
        element: u32,
        base: Option<String>,
        default: Option<String>,
        not_null: bool,
        collation: Option<String>,
        range: Option<String>,
        /// The range type of a multirange.
        range_type: Option<u32>,
        has_default_rights: bool,
    }

    struct RelationRow {
        oid: u32,
        schema: u32,
        name: String,
        kind: char,
        persistence: String,
        row_type: u32,
        row_security: bool,
        force_row_security: bool,
        replica_identity: String,
        partition: bool,
        access_method: Option<String>,
        partition_key: Option<String>,
        bound: Option<String>,
        of_type: Option<String>,
        options: Vec<String>,
        toast_options: Vec<String>,
    }

    struct ColumnRow {
        relation: u32,
        position: i32,
        name: String,
        data_type: String,
        collation: Option<String>,
        not_null: bool,
        identity: char,
        generated: char,
        storage: char,
        type_storage: char,
        compression: char,
        statistics: Option<i32>,
        options: Vec<String>,
        foreign_options: Options,
        local: bool,
        inherited: i32,
        type_oid: u32,
        collation_oid: u32,
        /// Of an index there are only columns with a statistics target or with parameters.
        of_index: bool,
    }

    /// The default or the generating expression of a column.
    struct DefaultRow {
        relation: u32,
        position: i32,
        oid: u32,
        expression: String,
    }

    struct ConstraintRow {
        oid: u32,
        name: String,
        kind: char,
        relation: u32,
        domain: u32,
        index: u32,
        references: u32,
        columns: Vec<i32>,
        referenced_columns: Vec<i32>,
        validated: bool,
        deferrable: bool,
        deferred: bool,
        local: bool,
        inherited: i32,
        /// The constraint that this one is a part of, or 0.
        parent: u32,
        no_inherit: bool,
        on_update: char,
        on_delete: char,
        match_kind: char,
        /// The columns that ON DELETE SET NULL or DEFAULT is limited to.
        set_columns: Vec<i32>,
    }

    struct IndexRow {
        oid: u32,
        schema: u32,
        name: String,
        relation: u32,
        method: String,
        unique: bool,
        nulls_not_distinct: bool,
        valid: bool,
        clustered: bool,
        replica_identity: bool,
        has_expressions: bool,
        is_partial: bool,
        on_partitioned: bool,
        /// How many of the columns are the key; the others are only stored.
        key_length: usize,
        columns: Vec<i32>,
        classes: Vec<u32>,
        collations: Vec<u32>,
        /// Bit 0: descending; bit 1: nulls first.
        directions: Vec<u16>,
        has_options: bool,
    }

    /// An operator class: what an index does with a type.
    struct ClassRow {
        oid: u32,
        method: u32,
        input: u32,
        is_default: bool,
        name: String,
    }

    /// A trigger or a rule.
    struct TriggerRow {
        oid: u32,
        relation: u32,
        name: String,
        definition: String,
        enabled: String,
        /// A trigger that follows from the parent's, or the rule that is a view's query.
        is_derived: bool,
    }

    struct PolicyRow {
        oid: u32,
        relation: u32,
        name: String,
        command: char,
        permissive: bool,
        roles: Vec<String>,
        using: Option<String>,
        check: Option<String>,
    }

    struct RoutineRow {
        oid: u32,
        schema: u32,
        name: String,
        kind: char,
        definition: String,
        signature: String,
        defaults: i32,
        has_default_rights: bool,
    }

    struct StatisticsRow {
        oid: u32,
        schema: u32,
        name: String,
        definition: String,
        target: Option<i32>,
        relation: u32,
    }

    struct DefaultPrivilegesRow {
        oid: u32,
        role: String,
        schema: Option<String>,
        objects: char,
        own: bool,
        grants: Grants,
        initial: Grants,
    }
}

impl ConstraintRow {
    /// Whether an index stands behind it, which it tells.
    pub(super) const fn is_key(&self) -> bool {
        matches!(self.kind, 'p' | 'u' | 'x')
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
