//! Rows become objects; object ids become names; edges between object ids become dependencies.

mod dependencies;
mod keys;
mod relations;
mod routines;
mod types;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::rows::{
    Address, DefaultPrivilegesRow, EdgeRow, ExtensionRow, Grants, NameRow, PolicyRow, Rows,
    SchemaRow, StatisticsRow, TextRow,
};
use crate::catalog::{Body, Catalog, Grant, Id, Kind, Object, Objects, Policy};

/// Object ids of the catalogs themselves, which are the same on every server.
/// Source: src/include/catalog/*.h of PostgreSQL, `CATALOG(name, oid, …)`.
mod class {
    pub(super) const TYPE: u32 = 1247;
    pub(super) const ROUTINE: u32 = 1255;
    pub(super) const RELATION: u32 = 1259;
    pub(super) const DEFAULT: u32 = 2604;
    pub(super) const CONSTRAINT: u32 = 2606;
    pub(super) const SCHEMA: u32 = 2615;
    pub(super) const RULE: u32 = 2618;
    pub(super) const TRIGGER: u32 = 2620;
    pub(super) const EXTENSION: u32 = 3079;
    pub(super) const POLICY: u32 = 3256;
    pub(super) const STATISTICS: u32 = 3381;
    pub(super) const DEFAULT_PRIVILEGES: u32 = 826;
    pub(super) const PUBLICATION: u32 = 6104;
    pub(super) const PUBLICATION_RELATION: u32 = 6106;
    pub(super) const PUBLICATION_SCHEMA: u32 = 6237;
    pub(super) const OPERATOR_CLASS: u32 = 2616;
    pub(super) const OPERATOR_FAMILY: u32 = 2753;
    pub(super) const CLASS_OPERATOR: u32 = 2602;
    pub(super) const CLASS_FUNCTION: u32 = 2603;

    /// The catalogs of the kinds that one statement defines, and of those that are only listed.
    pub(super) fn of(name: &str) -> u32 {
        match name {
            "pg_proc" => ROUTINE,
            "pg_constraint" => CONSTRAINT,
            "pg_foreign_server" => 1417,
            "pg_user_mapping" => 1418,
            "pg_foreign_data_wrapper" => 2328,
            "pg_am" => 2601,
            "pg_cast" => 2605,
            "pg_conversion" => 2607,
            "pg_language" => 2612,
            "pg_opclass" => OPERATOR_CLASS,
            "pg_operator" => 2617,
            "pg_opfamily" => OPERATOR_FAMILY,
            "pg_collation" => 3456,
            "pg_event_trigger" => 3466,
            "pg_transform" => 3576,
            "pg_ts_dict" => 3600,
            "pg_ts_parser" => 3601,
            "pg_ts_config" => 3602,
            "pg_ts_template" => 3764,
            "pg_publication" => PUBLICATION,
            "pg_subscription" => 6100,
            _ => 0,
        }
    }
}

/// A catalog that is being read.
pub(super) struct Collection {
    version_number: u32,
    unmanaged: BTreeMap<String, Vec<String>>,
    objects: Vec<Object>,
    /// What stands for an object, or for a column of one, by its place in `objects`.
    names: HashMap<Address, usize>,
    /// What belongs to an extension: (class, object).
    members: HashSet<(u32, u32)>,
    /// Every schema: name as SQL writes it, and whether it is the user's.
    schemas: HashMap<u32, (String, bool)>,
    comments: HashMap<Address, String>,
    grants: HashMap<Address, BTreeSet<Grant>>,
    edges: Vec<EdgeRow>,
    /// Edges that no row of pg_depend states, or not in our terms: from the object to the address.
    extra: Vec<(usize, Address)>,
    /// Array type or row type, its element, its relation.
    derived: Vec<(u32, u32, u32)>,
}

fn set_of(rows: Grants) -> BTreeSet<Grant> {
    rows.into_iter()
        .map(|(grantee, privilege, grantable)| Grant {
            grantee,
            privilege,
            grantable,
        })
        .collect()
}

impl Collection {
    /// Takes everything but what one statement defines and what is only listed.
    pub(super) fn new(version_number: u32, mut rows: Rows) -> Self {
        let edges = std::mem::take(&mut rows.edges);
        let mut grants: HashMap<Address, BTreeSet<Grant>> = HashMap::new();
        for (address, (grantee, privilege, grantable)) in std::mem::take(&mut rows.grants) {
            grants.entry(address).or_default().insert(Grant {
                grantee,
                privilege,
                grantable,
            });
        }
        let mut collection = Self {
            version_number,
            unmanaged: BTreeMap::new(),
            objects: Vec::new(),
            names: HashMap::new(),
            members: edges
                .iter()
                .filter(|edge| edge.kind == 'e')
                .map(|edge| (edge.from.0, edge.from.1))
                .collect(),
            schemas: HashMap::new(),
            comments: std::mem::take(&mut rows.comments).into_iter().collect(),
            grants,
            edges,
            extra: Vec::new(),
            derived: Vec::new(),
        };
        collection.schemas(std::mem::take(&mut rows.schemas));
        collection.extensions(std::mem::take(&mut rows.extensions));
        collection.everything_else(rows);
        collection
    }

    fn everything_else(&mut self, mut rows: Rows) {
        let attributes = self.types(&mut rows);
        let mut relations = self.relations(&mut rows, attributes);
        self.constraints(&mut rows, &relations);
        self.indexes(rows.indexes, rows.index_definitions, &mut relations);
        self.routines(rows.routines);
        self.triggers(rows.triggers);
        self.rules(rows.rules);
        self.policies(rows.policies);
        self.statistics(rows.statistics);
        self.default_privileges(rows.default_privileges);
    }

    /// Adds an object under its address, with its comment and its rights.
    fn add(&mut self, address: Address, id: Id, body: Body) -> usize {
        let comment = self.comments.remove(&address);
        let grants = self.grants.remove(&address).unwrap_or_default();
        let place = self.add_bare(id, body, comment, grants);
        self.names.insert(address, place);
        place
    }

    fn add_bare(
        &mut self,
        id: Id,
        body: Body,
        comment: Option<String>,
        grants: BTreeSet<Grant>,
    ) -> usize {
        self.objects.push(Object {
            id: Arc::new(id),
            body,
            comment,
            grants,
            depends_on: Vec::new(),
        });
        self.objects.len() - 1
    }

    /// What PUBLIC has of a routine or a type whose rights were never set.
    /// Source: `acldefault` in src/backend/utils/adt/acl.c of PostgreSQL.
    fn give_public(&mut self, place: usize, privilege: &str) {
        self.objects[place].grants.insert(Grant {
            grantee: "PUBLIC".to_owned(),
            privilege: privilege.to_owned(),
            grantable: false,
        });
    }

    fn is_member(&self, class: u32, oid: u32) -> bool {
        self.members.contains(&(class, oid))
    }

    /// `schema.name` of something in one of the user's schemas that no extension made.
    fn own_name(&self, class: u32, oid: u32, schema: u32, name: &str) -> Option<String> {
        let (schema, is_users) = self.schemas.get(&schema)?;
        (*is_users && !self.is_member(class, oid)).then(|| format!("{schema}.{name}"))
    }

    /// The object that a relation's name stands for.
    fn relation(&self, oid: u32) -> Option<usize> {
        self.names.get(&(class::RELATION, oid, 0)).copied()
    }

    fn schemas(&mut self, rows: Vec<SchemaRow>) {
        for row in rows {
            if row.is_users && !self.is_member(class::SCHEMA, row.oid) {
                let id = Id::new(Kind::Schema, row.name.as_str());
                self.add((class::SCHEMA, row.oid, 0), id, Body::Schema);
            }
            self.schemas.insert(row.oid, (row.name, row.is_users));
        }
    }

    fn extensions(&mut self, rows: Vec<ExtensionRow>) {
        for row in rows {
            let id = Id::new(Kind::Extension, row.name);
            let body = Body::Extension {
                schema: row.schema,
                version: row.version,
            };
            self.add((class::EXTENSION, row.oid, 0), id, body);
        }
    }

    fn policies(&mut self, rows: Vec<PolicyRow>) {
        for row in rows {
            let Some(relation) = self.relation(row.relation) else {
                continue;
            };
            let id = Id::part(
                Kind::Policy,
                self.objects[relation].id.name.as_str(),
                row.name,
            );
            let command = match row.command {
                'r' => "SELECT",
                'a' => "INSERT",
                'w' => "UPDATE",
                'd' => "DELETE",
                _ => "ALL",
            };
            let body = Body::Policy(Policy {
                command: command.to_owned(),
                permissive: row.permissive,
                roles: row.roles,
                using: row.using,
                check: row.check,
            });
            let place = self.add((class::POLICY, row.oid, 0), id, body);
            self.extra.push((place, (class::RELATION, row.relation, 0)));
        }
    }

    fn statistics(&mut self, rows: Vec<StatisticsRow>) {
        for row in rows {
            let own = self.own_name(class::STATISTICS, row.oid, row.schema, &row.name);
            let Some(name) = own else {
                continue;
            };
            let body = Body::Statistics {
                definition: row.definition,
                target: row.target,
            };
            let id = Id::new(Kind::Statistics, name);
            let place = self.add((class::STATISTICS, row.oid, 0), id, body);
            self.extra.push((place, (class::RELATION, row.relation, 0)));
        }
    }

    fn default_privileges(&mut self, rows: Vec<DefaultPrivilegesRow>) {
        for row in rows {
            let objects = match row.objects {
                'S' => "SEQUENCES",
                'f' => "FUNCTIONS",
                'T' => "TYPES",
                'n' => "SCHEMAS",
                'L' => "LARGE OBJECTS",
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
            let body = Body::DefaultPrivileges {
                scope,
                objects: objects.to_owned(),
                schema: row.schema,
                own: row.own,
                initial: set_of(row.initial),
            };
            let place = self.add((class::DEFAULT_PRIVILEGES, row.oid, 0), id, body);
            self.objects[place].grants = set_of(row.grants);
        }
    }

    pub(super) fn texts(&mut self, kind: Kind, class_name: &str, rows: Vec<TextRow>) {
        let class = class::of(class_name);
        for row in rows {
            if self.is_member(class, row.oid) {
                continue;
            }
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
            let id = Id::part(kind, row.name, row.part);
            let place = self.add_bare(id, body, row.comment, set_of(row.grants));
            self.names.insert((class, row.oid, 0), place);
        }
    }

    pub(super) fn unmanaged(&mut self, kind: &str, class_name: &str, rows: Vec<NameRow>) {
        let class = class::of(class_name);
        let names: Vec<String> = rows
            .into_iter()
            .filter(|row| !self.is_member(class, row.oid))
            .map(|row| row.name)
            .collect();
        if !names.is_empty() {
            self.unmanaged.insert(kind.to_owned(), names);
        }
    }

    pub(super) fn finish(mut self) -> Catalog {
        self.connect();
        let mut objects: Objects = self
            .objects
            .into_iter()
            .map(|object| (object.id.clone(), object))
            .collect();
        objects.sort_unstable_keys();
        Catalog {
            version_number: self.version_number,
            objects,
            unmanaged: self.unmanaged,
        }
    }
}
