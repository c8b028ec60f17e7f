//! Rows become objects; object ids become names; edges between object ids become dependencies.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::rows::{
    ColumnRow, ConstraintRow, DefaultPrivilegesRow, DerivedTypeRow, EdgeRow, ExtensionRow, Grants,
    IndexRow, NameRow, PolicyRow, RelationRow, RoutineRow, SchemaRow, SequenceRow, StatisticsRow,
    TextRow, TriggerRow, TypeRow,
};
use crate::catalog::{
    Body, Catalog, Column, Composite, Constraint, ConstraintKind, Domain, Grant, Id, Identity,
    Index, Kind, Object, Policy, Routine, Table, View,
};

/// Object ids of the catalogs themselves, which are the same on every server.
/// Source: src/include/catalog/*.h of PostgreSQL, `CATALOG(name, oid, …)`.
const CLASSES: &[(&str, u32)] = &[
    ("pg_default_acl", 826),
    ("pg_type", 1247),
    ("pg_proc", 1255),
    ("pg_class", 1259),
    ("pg_foreign_server", 1417),
    ("pg_user_mapping", 1418),
    ("pg_foreign_data_wrapper", 2328),
    ("pg_am", 2601),
    ("pg_amop", 2602),
    ("pg_amproc", 2603),
    ("pg_attrdef", 2604),
    ("pg_cast", 2605),
    ("pg_constraint", 2606),
    ("pg_conversion", 2607),
    ("pg_language", 2612),
    ("pg_namespace", 2615),
    ("pg_opclass", 2616),
    ("pg_operator", 2617),
    ("pg_rewrite", 2618),
    ("pg_trigger", 2620),
    ("pg_opfamily", 2753),
    ("pg_extension", 3079),
    ("pg_policy", 3256),
    ("pg_statistic_ext", 3381),
    ("pg_collation", 3456),
    ("pg_event_trigger", 3466),
    ("pg_transform", 3576),
    ("pg_ts_dict", 3600),
    ("pg_ts_parser", 3601),
    ("pg_ts_config", 3602),
    ("pg_ts_template", 3764),
    ("pg_publication", 6104),
    ("pg_publication_rel", 6106),
    ("pg_publication_namespace", 6237),
    ("pg_subscription", 6100),
];

/// What belongs to an extension: (class, object).
pub(super) type Members = HashSet<(u32, u32)>;

pub(super) fn members(edges: &[EdgeRow]) -> Members {
    edges
        .iter()
        .filter(|row| row.kind == "e")
        .map(|row| (row.edge.0, row.edge.1))
        .collect()
}

/// A catalog that is being read.
pub(super) struct Collection {
    catalog: Catalog,
    /// (class, object, column) to the object that stands for it.
    names: HashMap<(u32, u32, i32), Id>,
    /// Relations by object id: name and kind letter.
    relations: HashMap<u32, (String, String)>,
    /// Array type to element, row type to relation.
    derived: Vec<DerivedTypeRow>,
    /// Edges that no row of pg_depend states, or not in our terms.
    extra: Vec<(Id, Id)>,
}

fn class(name: &str) -> u32 {
    CLASSES
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(0, |(_, oid)| *oid)
}

fn grants(rows: Grants) -> BTreeSet<Grant> {
    rows.into_iter()
        .map(|(grantee, privilege, grantable)| Grant {
            grantee,
            privilege,
            grantable,
        })
        .collect()
}

impl Collection {
    pub(super) fn new(version_number: u32) -> Self {
        Self {
            catalog: Catalog {
                version_number,
                ..Catalog::default()
            },
            names: HashMap::new(),
            relations: HashMap::new(),
            derived: Vec::new(),
            extra: Vec::new(),
        }
    }

    fn add(&mut self, id: Id, body: Body, comment: Option<String>, grants: BTreeSet<Grant>) {
        let object = Object {
            id: id.clone(),
            body,
            comment,
            grants,
            depends_on: BTreeSet::new(),
        };
        self.catalog.objects.insert(id, object);
    }

    fn name(&mut self, class_name: &str, oid: u32, id: &Id) {
        self.names.insert((class(class_name), oid, 0), id.clone());
    }

    pub(super) fn schemas(&mut self, rows: Vec<SchemaRow>) {
        for row in rows {
            let id = Id::new(Kind::Schema, row.name);
            self.name("pg_namespace", row.oid, &id);
            self.add(id, Body::Schema, row.comment, grants(row.grants));
        }
    }

    pub(super) fn extensions(&mut self, rows: Vec<ExtensionRow>) {
        for row in rows {
            let id = Id::new(Kind::Extension, row.name);
            self.name("pg_extension", row.oid, &id);
            let body = Body::Extension {
                schema: row.schema,
                version: row.version,
            };
            self.add(id, body, row.comment, BTreeSet::new());
        }
    }

    pub(super) fn derived_types(&mut self, rows: Vec<DerivedTypeRow>) {
        self.derived = rows;
    }

    pub(super) fn types(&mut self, mut rows: Vec<TypeRow>) {
        // Multiranges refer to their ranges.
        rows.sort_by_key(|row| row.kind == "m");
        for row in rows {
            let (kind, body) = match (row.kind.as_str(), row.labels, row.attributes, row.range) {
                ("e", Some(labels), _, _) => (Kind::Enum, Body::Enum { labels }),
                ("c", _, attributes, _) => {
                    let attributes = attributes.unwrap_or_default();
                    (Kind::Composite, Body::Composite(Composite { attributes }))
                }
                ("d", ..) => {
                    let domain = Domain {
                        base: row.base.unwrap_or_default(),
                        default: row.default,
                        not_null: row.not_null,
                        collation: row.collation,
                    };
                    (Kind::Domain, Body::Domain(domain))
                }
                ("r", _, _, Some(range)) => {
                    let create = format!("CREATE TYPE {} AS RANGE ({range})", row.name);
                    let drop = format!("DROP TYPE {}", row.name);
                    (Kind::Range, Body::Text { create, drop })
                }
                ("m", ..) => {
                    // The multirange of a range type: the range stands for both.
                    if let Some(range) = row.range_type
                        && let Some(id) = self.names.get(&(class("pg_type"), range, 0)).cloned()
                    {
                        self.name("pg_type", row.oid, &id);
                    }
                    continue;
                }
                _ => {
                    let list = self.catalog.unmanaged.entry("base type".to_owned());
                    list.or_default().push(row.name);
                    continue;
                }
            };
            let id = Id::new(kind, row.name);
            self.name("pg_type", row.oid, &id);
            self.name("pg_type", row.array_type, &id);
            if row.relation != 0 {
                self.name("pg_class", row.relation, &id);
            }
            self.add(id, body, row.comment, grants(row.grants));
        }
    }

    pub(super) fn relations(
        &mut self,
        rows: Vec<RelationRow>,
        columns: Vec<ColumnRow>,
        sequences: Vec<SequenceRow>,
    ) {
        let mut columns_of: HashMap<u32, Vec<ColumnRow>> = HashMap::new();
        for column in columns {
            columns_of.entry(column.relation).or_default().push(column);
        }
        let mut identities = HashMap::new();
        let mut plain_sequences = HashMap::new();
        for row in sequences {
            match (row.owned.as_deref(), row.owner_relation, row.owner_position) {
                (Some("i"), Some(relation), Some(position)) => {
                    identities.insert((relation, position), row);
                }
                _ => {
                    plain_sequences.insert(row.oid, row);
                }
            }
        }
        for row in &rows {
            self.relations
                .insert(row.oid, (row.name.clone(), row.kind.clone()));
        }
        for mut row in rows {
            let mut columns = columns_of.remove(&row.oid).unwrap_or_default();
            columns.sort_by_key(|column| column.position);
            match row.kind.as_str() {
                "S" => {
                    if let Some(sequence) = plain_sequences.remove(&row.oid) {
                        self.sequence(row, &sequence);
                    }
                }
                "v" | "m" => self.view(row, columns),
                _ => {
                    let (oid, name) = (row.oid, std::mem::take(&mut row.name));
                    self.table(row, &name);
                    for column in columns {
                        let identity = identities.remove(&(oid, column.position));
                        self.column(&name, column, identity);
                    }
                }
            }
        }
    }

    fn sequence(&mut self, row: RelationRow, sequence: &SequenceRow) {
        let id = Id::new(Kind::Sequence, row.name);
        self.name("pg_class", row.oid, &id);
        let body = Body::Sequence(sequence.sequence.clone());
        self.add(id.clone(), body, row.comment, grants(row.grants));
        if sequence.owned.as_deref() == Some("a")
            && let (Some(relation), Some(position)) =
                (sequence.owner_relation, sequence.owner_position)
        {
            // The name of the column is filled in when all columns are known.
            let owner = Id::new(Kind::SequenceOwner, sequence.name.clone());
            let body = Body::SequenceOwner {
                table: relation.to_string(),
                column: position.to_string(),
            };
            self.add(owner.clone(), body, None, BTreeSet::new());
            self.extra.push((owner, id));
        }
    }

    fn view(&mut self, row: RelationRow, columns: Vec<ColumnRow>) {
        let kind = if row.kind == "m" {
            Kind::MaterializedView
        } else {
            Kind::View
        };
        let id = Id::new(kind, row.name);
        self.name("pg_class", row.oid, &id);
        self.name("pg_type", row.row_type, &id);
        let mut view = View {
            query: row.query.unwrap_or_default(),
            options: row.options,
            columns: Vec::new(),
            column_comments: BTreeMap::new(),
            column_grants: BTreeMap::new(),
            column_defaults: BTreeMap::new(),
            column_statistics: BTreeMap::new(),
        };
        for column in columns {
            let key = (class("pg_class"), row.oid, column.position);
            self.names.insert(key, id.clone());
            if let Some(comment) = column.comment {
                view.column_comments.insert(column.name.clone(), comment);
            }
            if !column.grants.is_empty() {
                view.column_grants
                    .insert(column.name.clone(), grants(column.grants));
            }
            if let Some(expression) = column.expression {
                view.column_defaults.insert(column.name.clone(), expression);
            }
            if let Some(target) = column.statistics {
                view.column_statistics.insert(column.name.clone(), target);
            }
            if let Some(oid) = column.default_oid {
                self.name("pg_attrdef", oid, &id);
            }
            view.columns.push((column.name, column.data_type));
        }
        self.add(
            id,
            Body::View(Box::new(view)),
            row.comment,
            grants(row.grants),
        );
    }

    fn table(&mut self, row: RelationRow, name: &str) {
        let id = Id::new(Kind::Table, name);
        self.name("pg_class", row.oid, &id);
        self.name("pg_type", row.row_type, &id);
        if let (true, Some(bound), Some(parent)) = (row.partition, &row.bound, row.parents.first())
        {
            let attachment = Id::new(Kind::Attachment, name);
            let body = Body::Attachment {
                parent: parent.clone(),
                bound: bound.clone(),
            };
            self.extra.push((attachment.clone(), id.clone()));
            self.extra
                .push((attachment.clone(), Id::new(Kind::Table, parent.as_str())));
            self.add(attachment, body, None, BTreeSet::new());
        }
        let foreign_options = row.foreign_options.unwrap_or_default();
        let table = Table {
            persistence: row.persistence,
            partition_key: row.partition_key,
            parents: if row.partition {
                Vec::new()
            } else {
                row.parents
            },
            options: row.options,
            row_security: row.row_security,
            force_row_security: row.force_row_security,
            replica_identity: row.replica_identity,
            access_method: row.access_method,
            of_type: row.of_type,
            foreign: row.server.map(|server| (server, foreign_options)),
        };
        for parent in &table.parents {
            self.extra
                .push((id.clone(), Id::new(Kind::Table, parent.as_str())));
        }
        self.add(
            id,
            Body::Table(Box::new(table)),
            row.comment,
            grants(row.grants),
        );
    }

    fn column(&mut self, table: &str, row: ColumnRow, identity: Option<SequenceRow>) {
        let id = Id::part(Kind::Column, table, row.name.as_str());
        let key = (class("pg_class"), row.relation, row.position);
        self.names.insert(key, id.clone());
        self.extra.push((id.clone(), Id::new(Kind::Table, table)));
        let generated = row.generated.is_some();
        if let Some(oid) = row.default_oid {
            let default = Id::part(Kind::Default, table, row.name.as_str());
            if generated {
                self.name("pg_attrdef", oid, &id);
            } else {
                self.name("pg_attrdef", oid, &default);
                self.extra.push((default.clone(), id.clone()));
                let expression = row.expression.clone().unwrap_or_default();
                self.add(default, Body::Default { expression }, None, BTreeSet::new());
            }
        }
        if let Some(identity) = &identity {
            self.name("pg_class", identity.oid, &id);
        }
        let stored = row.generated.as_deref() != Some("v");
        let column = Column {
            position: row.position,
            data_type: row.data_type,
            collation: row.collation,
            not_null: row.not_null,
            identity: row
                .identity
                .zip(identity)
                .map(|(letter, sequence)| Identity {
                    always: letter == "a",
                    name: sequence.name,
                    sequence: sequence.sequence,
                }),
            generated: row
                .expression
                .filter(|_| generated)
                .map(|expression| (expression, stored)),
            storage: row.storage.map(|letter| storage(&letter).to_owned()),
            type_storage: storage(&row.type_storage).to_owned(),
            compression: row
                .compression
                .map(|letter| compression(&letter).to_owned()),
            statistics: row.statistics,
            options: row.options,
            foreign_options: row.foreign_options.unwrap_or_default(),
            local: row.local,
            inherited: row.inherited,
        };
        self.add(
            id,
            Body::Column(Box::new(column)),
            row.comment,
            grants(row.grants),
        );
    }

    pub(super) fn constraints(&mut self, rows: Vec<ConstraintRow>) {
        for row in rows {
            let kind = match row.kind.as_str() {
                "c" => ConstraintKind::Check,
                "f" => ConstraintKind::ForeignKey,
                "p" => ConstraintKind::PrimaryKey,
                "u" => ConstraintKind::Unique,
                "x" => ConstraintKind::Exclusion,
                _ => ConstraintKind::Other,
            };
            let relation = self
                .relations
                .get(&row.relation)
                .map(|(name, _)| name.clone());
            let Some(owner) = (if row.on_domain { row.domain } else { relation }) else {
                continue;
            };
            let id_kind = if kind == ConstraintKind::ForeignKey {
                Kind::ForeignKey
            } else {
                Kind::Constraint
            };
            let id = Id::part(id_kind, owner.as_str(), row.name);
            self.name("pg_constraint", row.oid, &id);
            let owner_kind = if row.on_domain {
                Kind::Domain
            } else {
                Kind::Table
            };
            self.extra.push((id.clone(), Id::new(owner_kind, owner)));
            if matches!(row.kind.as_str(), "p" | "u" | "x") {
                self.name("pg_class", row.index, &id);
            }
            let body = Body::Constraint(Constraint {
                kind,
                definition: row.definition,
                validated: row.validated,
                local: row.local,
                inherited: row.inherited,
                of_parent: row.of_parent,
                no_inherit: row.no_inherit,
                on_domain: row.on_domain,
                references: row.references,
                clustered: row.clustered,
                replica_identity: row.replica_identity,
                index_comment: row.index_comment,
            });
            self.add(id, body, row.comment, BTreeSet::new());
        }
    }

    pub(super) fn indexes(&mut self, rows: Vec<IndexRow>) {
        for row in rows {
            let Some((table, kind)) = self.relations.get(&row.relation).cloned() else {
                continue;
            };
            let id = Id::new(Kind::Index, row.name);
            self.name("pg_class", row.oid, &id);
            let owner = if kind == "m" {
                Kind::MaterializedView
            } else {
                Kind::Table
            };
            self.extra
                .push((id.clone(), Id::new(owner, table.as_str())));
            let body = Body::Index(Box::new(Index {
                definition: row.definition,
                table,
                unique: row.unique,
                valid: row.valid,
                clustered: row.clustered,
                replica_identity: row.replica_identity,
                statistics: row.statistics.unwrap_or_default().into_iter().collect(),
                parent: row.parent,
                has_expressions: row.has_expressions,
                on_partitioned: row.on_partitioned,
            }));
            self.add(id, body, row.comment, BTreeSet::new());
        }
    }

    pub(super) fn routines(&mut self, rows: Vec<RoutineRow>) {
        for row in rows {
            let id = Id::new(Kind::Routine, row.name);
            self.name("pg_proc", row.oid, &id);
            let body = Body::Routine(Box::new(Routine {
                definition: row.definition,
                procedure: row.kind == "p",
                signature: row.signature,
                defaults: row.defaults,
            }));
            self.add(id, body, row.comment, grants(row.grants));
        }
    }

    /// The object that a relation's name stands for.
    fn relation_id(&self, oid: u32) -> Option<Id> {
        self.names.get(&(class("pg_class"), oid, 0)).cloned()
    }

    pub(super) fn triggers(&mut self, rows: Vec<TriggerRow>) {
        for row in rows {
            let Some(relation) = self.relation_id(row.relation) else {
                continue;
            };
            let id = Id::part(Kind::Trigger, relation.name.as_str(), row.name);
            self.name("pg_trigger", row.oid, &id);
            // A partition's copy of its parent's trigger comes and goes with that one.
            if row.of_parent {
                continue;
            }
            self.extra.push((id.clone(), relation));
            let body = Body::Trigger {
                definition: row.definition,
                enabled: row.enabled,
            };
            self.add(id, body, row.comment, BTreeSet::new());
        }
    }

    pub(super) fn rules(&mut self, rows: Vec<TriggerRow>) {
        for row in rows {
            let Some(relation) = self.relation_id(row.relation) else {
                continue;
            };
            if row.of_view {
                self.name("pg_rewrite", row.oid, &relation);
                continue;
            }
            let id = Id::part(Kind::Rule, relation.name.as_str(), row.name);
            self.name("pg_rewrite", row.oid, &id);
            self.extra.push((id.clone(), relation));
            let body = Body::Rule {
                definition: row.definition,
                enabled: row.enabled,
            };
            self.add(id, body, row.comment, BTreeSet::new());
        }
    }

    pub(super) fn policies(&mut self, rows: Vec<PolicyRow>) {
        for row in rows {
            let Some(relation) = self.relation_id(row.relation) else {
                continue;
            };
            let id = Id::part(Kind::Policy, relation.name.as_str(), row.name);
            self.name("pg_policy", row.oid, &id);
            self.extra.push((id.clone(), relation));
            let command = match row.command.as_str() {
                "r" => "SELECT",
                "a" => "INSERT",
                "w" => "UPDATE",
                "d" => "DELETE",
                _ => "ALL",
            };
            let body = Body::Policy(Policy {
                command: command.to_owned(),
                permissive: row.permissive,
                roles: row.roles,
                using: row.using,
                check: row.check,
            });
            self.add(id, body, row.comment, BTreeSet::new());
        }
    }

    pub(super) fn statistics(&mut self, rows: Vec<StatisticsRow>) {
        for row in rows {
            let id = Id::new(Kind::Statistics, row.name);
            self.name("pg_statistic_ext", row.oid, &id);
            if let Some(relation) = self.relation_id(row.relation) {
                self.extra.push((id.clone(), relation));
            }
            let body = Body::Statistics {
                definition: row.definition,
                target: row.target,
            };
            self.add(id, body, row.comment, BTreeSet::new());
        }
    }

    pub(super) fn default_privileges(&mut self, rows: Vec<DefaultPrivilegesRow>) {
        for row in rows {
            let objects = match row.objects.as_str() {
                "S" => "SEQUENCES",
                "f" => "FUNCTIONS",
                "T" => "TYPES",
                "n" => "SCHEMAS",
                "L" => "LARGE OBJECTS",
                _ => "TABLES",
            };
            let role = if row.own {
                String::new()
            } else {
                format!(" FOR ROLE {}", row.role)
            };
            let schema = row
                .schema
                .as_ref()
                .map_or(String::new(), |schema| format!(" IN SCHEMA {schema}"));
            let scope = format!("{role}{schema}");
            let id = Id::part(Kind::DefaultPrivileges, scope.trim(), objects);
            self.name("pg_default_acl", row.oid, &id);
            let body = Body::DefaultPrivileges {
                scope,
                objects: objects.to_owned(),
                schema: row.schema,
                own: row.own,
                initial: grants(row.initial),
            };
            self.add(id, body, None, grants(row.grants));
        }
    }

    pub(super) fn texts(
        &mut self,
        kind: Kind,
        class_name: &str,
        rows: Vec<TextRow>,
        members: &Members,
    ) {
        for row in rows {
            if members.contains(&(class(class_name), row.oid)) {
                continue;
            }
            let id = Id::part(kind, row.name, row.part);
            self.name(class_name, row.oid, &id);
            let body = match (row.options, row.parameters) {
                (Some(options), _) => Body::Foreign {
                    create: row.create,
                    options,
                },
                (None, Some(parameters)) => Body::Publication {
                    all_tables: row.all_tables,
                    objects: row.objects.unwrap_or_default(),
                    parameters,
                },
                (None, None) => Body::Text {
                    create: row.create,
                    drop: row.drop,
                },
            };
            self.add(id, body, row.comment, grants(row.grants));
        }
    }

    pub(super) fn unmanaged(
        &mut self,
        kind: &str,
        class_name: &str,
        rows: Vec<NameRow>,
        members: &Members,
    ) {
        let names: Vec<String> = rows
            .into_iter()
            .filter(|row| !members.contains(&(class(class_name), row.oid)))
            .map(|row| row.name)
            .collect();
        if !names.is_empty() {
            self.catalog.unmanaged.insert(kind.to_owned(), names);
        }
    }

    /// Turns the edges of pg_depend into dependencies between objects.
    pub(super) fn finish(mut self, edges: &[EdgeRow]) -> Catalog {
        self.name_derived_types();
        self.name_sequence_owners();
        let mut names = self.names;
        // Members of an extension stand for it.
        let extension = class("pg_extension");
        for row in edges.iter().filter(|row| row.kind == "e") {
            let (of_class, oid, _, ref_class, ref_oid, _) = row.edge;
            if ref_class == extension
                && let Some(id) = names.get(&(extension, ref_oid, 0)).cloned()
            {
                names.entry((of_class, oid, 0)).or_insert(id);
            }
        }
        // Rows that belong to another object, which stands for them.
        let rows_with_owners = rows_with_owners();
        for row in edges {
            let (of_class, oid, _, ref_class, ref_oid, _) = row.edge;
            if let Some((_, owners)) = rows_with_owners.iter().find(|(rows, _)| *rows == of_class) {
                if owners.contains(&ref_class)
                    && let Some(id) = names.get(&(ref_class, ref_oid, 0)).cloned()
                {
                    names.insert((of_class, oid, 0), id);
                }
            } else if of_class == class("pg_type")
                && ref_class == class("pg_type")
                && row.kind == "i"
                && !names.contains_key(&(of_class, oid, 0))
                && let Some(id) = names.get(&(ref_class, ref_oid, 0)).cloned()
            {
                names.insert((of_class, oid, 0), id);
            }
        }
        let find = |class: u32, oid: u32, part: i32| {
            names
                .get(&(class, oid, part))
                .or_else(|| names.get(&(class, oid, 0)))
                .cloned()
        };
        let mut found: Vec<(Id, Id)> = self.extra;
        for row in edges.iter().filter(|row| row.kind != "e") {
            let (of_class, oid, part, ref_class, ref_oid, ref_part) = row.edge;
            let (Some(from), Some(to)) = (
                find(of_class, oid, part),
                find(ref_class, ref_oid, ref_part),
            ) else {
                continue;
            };
            // Ownership of a sequence and membership of a partition are objects of their own.
            let separate = from.kind == Kind::Sequence && matches!(to.kind, Kind::Column | Kind::Table)
                || from.kind == Kind::Table
                    && to.kind == Kind::Table
                    && self.catalog.objects.contains_key(&Id::new(Kind::Attachment, from.name.as_str()))
                // A table's key is part of the table.
                || from.kind == Kind::Table && to.kind == Kind::Column && to.name == from.name;
            if !separate {
                found.push((from, to));
            }
        }
        for (from, to) in found {
            if from != to
                && self.catalog.objects.contains_key(&to)
                && let Some(object) = self.catalog.objects.get_mut(&from)
            {
                object.depends_on.insert(to);
            }
        }
        self.catalog
    }

    fn name_derived_types(&mut self) {
        let (types, relations) = (class("pg_type"), class("pg_class"));
        // Row types first: arrays of them follow.
        for of_array in [false, true] {
            for row in &self.derived {
                let source = if of_array {
                    (types, row.element, 0)
                } else {
                    (relations, row.relation, 0)
                };
                if let Some(id) = self.names.get(&source).cloned() {
                    self.names.entry((types, row.oid, 0)).or_insert(id);
                }
            }
        }
    }

    fn name_sequence_owners(&mut self) {
        let owners: Vec<Id> = self
            .catalog
            .of_kind(Kind::SequenceOwner)
            .map(|object| object.id.clone())
            .collect();
        for id in owners {
            let Some(Body::SequenceOwner { table, column }) = self
                .catalog
                .objects
                .get(&id)
                .map(|object| object.body.clone())
            else {
                continue;
            };
            let key = (
                class("pg_class"),
                table.parse().unwrap_or_default(),
                column.parse().unwrap_or_default(),
            );
            match self.names.get(&key).cloned() {
                Some(owner) => {
                    if let Some(object) = self.catalog.objects.get_mut(&id) {
                        object.body = Body::SequenceOwner {
                            table: owner.name.clone(),
                            column: owner.part.clone(),
                        };
                        object.depends_on.insert(owner);
                    }
                }
                None => {
                    self.catalog.objects.remove(&id);
                }
            }
        }
    }
}

/// Catalogs whose rows are parts of an object of another one.
fn rows_with_owners() -> [(u32, [u32; 2]); 4] {
    let publication = [class("pg_publication"); 2];
    let operators = [class("pg_opclass"), class("pg_opfamily")];
    [
        (class("pg_publication_rel"), publication),
        (class("pg_publication_namespace"), publication),
        (class("pg_amop"), operators),
        (class("pg_amproc"), operators),
    ]
}

fn storage(letter: &str) -> &'static str {
    match letter {
        "p" => "PLAIN",
        "e" => "EXTERNAL",
        "m" => "MAIN",
        _ => "EXTENDED",
    }
}

fn compression(letter: &str) -> &'static str {
    match letter {
        "l" => "lz4",
        _ => "pglz",
    }
}
