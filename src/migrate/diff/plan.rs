//! The ordered statements between two catalogs, and what they change in the words of a report.

use std::collections::BTreeSet;

use super::compare;
use super::graph::{Graph, Node};
use super::{Action, Actions, Hazard, closure, hazard};
use crate::catalog::{Body, Catalog, ConstraintKind, Id, Kind, Object};
use crate::migrate::emit;

/// How statements are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The plain form in one transaction, for a database that nobody uses.
    pub offline: bool,
}

/// Where a statement stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Alone, before everything else: values of enums, which only a later transaction may use.
    First,
    /// The one transaction of all that is quick.
    Main,
    /// Alone, without blocking writers: CREATE INDEX CONCURRENTLY.
    Concurrent,
    /// A second transaction: what was added unchecked is checked.
    Validate,
    /// Alone, at the end: DROP INDEX CONCURRENTLY.
    Last,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub sql: String,
    pub section: Section,
    /// What cannot come back.
    pub data_loss: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    Create,
    Alter,
    Drop,
    /// Dropped and made again because something below it changes.
    Replace,
}

/// One object that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub kind: ChangeKind,
    pub id: Id,
    /// The table of an index, which has a name of its own.
    pub table: Option<String>,
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub statements: Vec<Statement>,
    pub changes: Vec<Change>,
    pub hazards: Vec<Hazard>,
}

/// The way from one catalog to the other.
pub fn catalogs(before: &Catalog, after: &Catalog, options: Options) -> Plan {
    let actions = closure::actions(before, after);
    let graph = Graph::new(before, after, &actions);
    let mut writer = Writer {
        graph: &graph,
        options,
        statements: Vec::new(),
    };
    for node in graph.order() {
        writer.write(&node);
    }
    writer.write_default_privileges();
    let mut statements = writer.statements;
    // Stable: inside of a section the order of the graph holds.
    statements.sort_by_key(|statement| statement.section);
    Plan {
        statements,
        changes: changes(before, after, &actions),
        hazards: hazard::all(before, after, &actions),
    }
}

struct Writer<'a> {
    graph: &'a Graph<'a>,
    options: Options,
    statements: Vec<Statement>,
}

impl Writer<'_> {
    fn push(&mut self, section: Section, statements: impl IntoIterator<Item = String>) {
        self.statements
            .extend(statements.into_iter().map(|sql| Statement {
                sql,
                section,
                data_loss: None,
            }));
    }

    fn actions(&self) -> &Actions {
        self.graph.actions
    }

    fn write(&mut self, node: &Node) {
        match node {
            Node::Aside(id) => self.push(Section::Main, emit::aside(id)),
            Node::Drop(id) => self.write_drop(id),
            Node::Change(id) => self.write_change(id),
            Node::Create(id) => self.write_create(id),
        }
    }

    fn write_drop(&mut self, id: &Id) {
        let Some(object) = self.graph.before.get(id) else {
            return;
        };
        if id.kind == Kind::DefaultPrivileges {
            return;
        }
        if self.graph.asides.contains(id) {
            let statements = emit::drop_aside(id, self.graph.before);
            return self.push(Section::Main, statements);
        }
        if let Body::Constraint(constraint) = &object.body {
            // A part's copy of its parent's constraint cannot be dropped by itself.
            let derived = constraint.of_parent || constraint.inherited > 0 && !constraint.local;
            if derived {
                return;
            }
        }
        let mut section = Section::Main;
        let mut statements = emit::drop(object);
        if let Body::Index(index) = &object.body {
            if index.parent.is_some() && !self.graph.leaves(&index.table) {
                return;
            }
            let taken = self.actions().creates(id);
            if !self.options.offline && !taken && !index.on_partitioned && !self.is_needed(id) {
                section = Section::Last;
                statements = vec![format!("DROP INDEX CONCURRENTLY {}", id.name)];
            }
        }
        let data_loss = match &object.body {
            Body::Table(table) if table.foreign.is_none() => {
                Some(format!("the rows of {}", id.name))
            }
            Body::Column(column) if column.generated.is_none() => {
                Some(format!("{} ({})", id, column.data_type))
            }
            _ => None,
        };
        for sql in statements {
            self.statements.push(Statement {
                sql,
                section,
                data_loss: data_loss.clone(),
            });
        }
    }

    /// Whether something of before that goes or changes stands on the index.
    fn is_needed(&self, id: &Id) -> bool {
        self.graph.dependants_before.contains_key(id)
            || self.graph.before.get(id).is_some_and(|object| {
                // A column that changes below it, or a name that something new takes.
                object.depends_on.iter().any(|needed| {
                    self.actions()
                        .get(needed)
                        .is_some_and(|action| action != Action::Create)
                })
            })
            || self.graph.after.of_kind(Kind::Constraint).any(|object| {
                id.local_name() == object.id.part && self.actions().creates(&object.id)
            })
    }

    fn write_change(&mut self, id: &Id) {
        let (Some(before), Some(after)) = (self.graph.before.get(id), self.graph.after.get(id))
        else {
            return;
        };
        let mut statements = Vec::new();
        match (&before.body, self.actions().get(id)) {
            (Body::Enum { .. }, _) => {
                let section = if self.options.offline {
                    Section::Main
                } else {
                    Section::First
                };
                self.push(section, emit::enum_values(before, after));
            }
            (Body::Index(old), _) => {
                // A new index of the parent, and a table that joins, take their parts themselves.
                if let Body::Index(new) = &after.body
                    && let Some(parent) = &new.parent
                    && old.parent != new.parent
                    && !self
                        .actions()
                        .creates(&Id::new(Kind::Index, parent.as_str()))
                    && !self.graph.joins(&new.table)
                {
                    statements.push(emit::attach_index(parent, &id.name));
                }
            }
            (Body::Column(_), Some(Action::Retype)) => {
                statements.extend(emit::retype(self.graph.before, self.graph.after, id));
            }
            _ => {}
        }
        let altered = emit::alter(before, after);
        if let (Body::Column(old), Body::Column(new)) = (&before.body, &after.body)
            && !old.not_null
            && new.not_null
            && !self.options.offline
            && self.may_wait(id)
        {
            let set = format!(
                "ALTER TABLE {} ALTER COLUMN {} SET NOT NULL",
                id.name, id.part
            );
            for sql in altered {
                if sql == set {
                    self.push_not_null(id, &set);
                } else {
                    statements.push(sql);
                }
            }
        } else {
            statements.extend(altered);
        }
        self.push(Section::Main, statements);
    }

    /// NOT NULL through a check that is validated without blocking writers.
    fn push_not_null(&mut self, id: &Id, set: &str) {
        let bare = id.part.trim_matches('"').replace('"', "");
        let mut end = bare.len().min(40);
        while !bare.is_char_boundary(end) {
            end -= 1;
        }
        let name = format!("\"{}_not_null_check\"", &bare[..end]);
        let table = &id.name;
        self.push(
            Section::Main,
            [format!(
                "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({} IS NOT NULL) NOT VALID",
                id.part
            )],
        );
        self.push(
            Section::Validate,
            [
                format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}"),
                set.to_owned(),
                format!("ALTER TABLE {table} DROP CONSTRAINT {name}"),
            ],
        );
    }

    /// Whether nothing in the main transaction needs the column to be NOT NULL, and the table is
    /// one whose checks stand alone.
    fn may_wait(&self, id: &Id) -> bool {
        let after = self.graph.after;
        let key = after
            .parts(Kind::Constraint, &id.name)
            .any(|object| self.actions().creates(&object.id) && object.depends_on.contains(id));
        let identity = matches!(
            after.get(id).map(|object| &object.body),
            Some(Body::Column(column)) if column.identity.is_some() || column.inherited > 0
        );
        !key && !identity && !self.is_family(&id.name)
    }

    /// Partitioned tables, partitions, inheritance.
    fn is_family(&self, table: &str) -> bool {
        let after = self.graph.after;
        let of_table = match after
            .get(&Id::new(Kind::Table, table))
            .map(|object| &object.body)
        {
            Some(Body::Table(body)) => {
                body.partition_key.is_some() || !body.parents.is_empty() || body.foreign.is_some()
            }
            _ => true,
        };
        of_table
            || after.contains(&Id::new(Kind::Attachment, table))
            || after.of_kind(Kind::Table).any(
                |object| matches!(&object.body, Body::Table(body) if body.parents.iter().any(|parent| parent == table)),
            )
    }

    fn write_create(&mut self, id: &Id) {
        let Some(object) = self.graph.after.get(id) else {
            return;
        };
        let initial = emit::default_grants(id, self.graph.before);
        let attached = |object: &Object| emit::comments_and_grants(None, object, &initial);
        match &object.body {
            Body::DefaultPrivileges { .. } => {}
            Body::Table(_) => self.write_table(object),
            Body::Column(column) => {
                let default = Id::part(Kind::Default, id.name.as_str(), id.part.as_str());
                let inline = self.graph.implicit_create(&default).as_ref() == Some(id);
                let expression = match self.graph.after.get(&default).map(|object| &object.body) {
                    Some(Body::Default { expression }) if inline => Some(expression.as_str()),
                    _ => None,
                };
                let statements = emit::add_column(&id.name, &id.part, column, expression);
                self.push(Section::Main, statements);
                self.push(Section::Main, attached(object));
            }
            Body::Constraint(constraint) => {
                let wait = !self.options.offline
                    && matches!(
                        constraint.kind,
                        ConstraintKind::Check | ConstraintKind::ForeignKey
                    )
                    && constraint.validated
                    && !constraint.on_domain
                    && !self
                        .actions()
                        .creates(&Id::new(Kind::Table, id.name.as_str()))
                    && !self.is_family(&id.name)
                    && !constraint.definition.contains("NO INHERIT");
                let mut statements = emit::create(object);
                if wait {
                    statements[0].push_str(" NOT VALID");
                    let validate =
                        format!("ALTER TABLE {} VALIDATE CONSTRAINT {}", id.name, id.part);
                    self.push(Section::Validate, [validate]);
                }
                self.push(Section::Main, statements);
                self.push(Section::Main, attached(object));
            }
            Body::Index(index) => {
                let statements = emit::create(object);
                let section = if self.may_build_concurrently(object, index) {
                    Section::Concurrent
                } else {
                    Section::Main
                };
                for (at, sql) in statements.into_iter().chain(attached(object)).enumerate() {
                    let sql = if at == 0 && section == Section::Concurrent {
                        sql.replacen("INDEX ", "INDEX CONCURRENTLY ", 1)
                    } else {
                        sql
                    };
                    // What is said of the index follows it.
                    let section = if at > 0 && section == Section::Concurrent {
                        Section::Validate
                    } else {
                        section
                    };
                    self.push(section, [sql]);
                }
                for part in self.graph.parts_of_index(id) {
                    self.push(Section::Main, [emit::attach_index(&id.name, &part.name)]);
                }
            }
            _ => {
                self.push(Section::Main, emit::create(object));
                self.push(Section::Main, attached(object));
            }
        }
    }

    fn may_build_concurrently(&self, object: &Object, index: &crate::catalog::Index) -> bool {
        let table = Id::new(Kind::Table, index.table.as_str());
        let needed = self.graph.dependants_after.contains_key(&object.id);
        !self.options.offline
            && !index.on_partitioned
            && index.parent.is_none()
            && self.graph.after.contains(&table)
            && !self.actions().creates(&table)
            && !needed
            && !index.replica_identity
            && !index.clustered
    }

    fn write_table(&mut self, object: &Object) {
        let graph = self.graph;
        let name = object.id.name.as_str();
        let stated = |kind: Kind| -> Vec<Id> {
            graph
                .after
                .parts(kind, name)
                .filter(|part| graph.implicit_create(&part.id).as_ref() == Some(&object.id))
                .map(|part| part.id.clone())
                .collect()
        };
        let constraints: Vec<Id> = stated(Kind::Constraint)
            .into_iter()
            .filter(|id| match graph.after.get(id).map(|object| &object.body) {
                Some(Body::Constraint(constraint)) => {
                    constraint.local
                        || constraint.inherited == 0
                        || graph.after.contains(&Id::new(Kind::Attachment, name))
                }
                _ => false,
            })
            .collect();
        let parts = emit::Parts {
            defaults: stated(Kind::Default),
            constraints,
        };
        self.push(
            Section::Main,
            emit::create_table(graph.after, object, &parts),
        );
        let initial = emit::default_grants(&object.id, graph.before);
        self.push(
            Section::Main,
            emit::comments_and_grants(None, object, &initial),
        );
        let none = BTreeSet::new();
        for (column, _) in graph.after.columns(name) {
            self.push(
                Section::Main,
                emit::comments_and_grants(None, column, &none),
            );
        }
        for id in &parts.constraints {
            if let Some(constraint) = graph.after.get(id) {
                self.push(Section::Main, emit::create(constraint).into_iter().skip(1));
                self.push(
                    Section::Main,
                    emit::comments_and_grants(None, constraint, &none),
                );
            }
        }
    }

    /// At the end, so that the settings of before hold for everything that is made.
    fn write_default_privileges(&mut self) {
        let (before, after) = (self.graph.before, self.graph.after);
        let ids: BTreeSet<&Id> = before
            .of_kind(Kind::DefaultPrivileges)
            .chain(after.of_kind(Kind::DefaultPrivileges))
            .map(|object| &object.id)
            .collect();
        for id in ids {
            if self.actions().drops(id) && self.graph.implicit_drop(id).is_some() {
                continue;
            }
            let (old, new) = (before.get(id), after.get(id));
            if old.map(|object| &object.grants) != new.map(|object| &object.grants) {
                self.push(Section::Main, emit::default_privileges(old, new));
            }
        }
    }
}

/// What a report lists: not the parts of tables that come or go as a whole.
fn changes(before: &Catalog, after: &Catalog, actions: &Actions) -> Vec<Change> {
    let mut changes = Vec::new();
    for (id, action) in &actions.0 {
        let (old, new) = (before.get(id), after.get(id));
        let table = Id::new(Kind::Table, id.name.as_str());
        let whole =
            !id.part.is_empty() || id.kind == Kind::Attachment || id.kind == Kind::SequenceOwner;
        let of_index = new.or(old).and_then(|object| match &object.body {
            Body::Index(index) => Some(Id::new(Kind::Table, index.table.as_str())),
            _ => None,
        });
        let moved = |table: &Id| actions.drops(table) || actions.creates(table);
        if whole && moved(&table) || of_index.is_some_and(|table| moved(&table)) {
            continue;
        }
        let kind = match action {
            Action::Create => ChangeKind::Create,
            Action::Drop => ChangeKind::Drop,
            Action::Alter | Action::Retype => ChangeKind::Alter,
            Action::Rebuild => match (old, new) {
                // Rebuilt for the sake of something else.
                (Some(old), Some(new)) if compare::objects(old, new).is_none() => {
                    ChangeKind::Replace
                }
                _ => ChangeKind::Alter,
            },
        };
        changes.push(Change {
            kind,
            id: id.clone(),
            table: new.or(old).and_then(|object| match &object.body {
                Body::Index(index) => Some(index.table.clone()),
                _ => None,
            }),
            before: old.map(|object| describe(before, object)),
            after: new.map(|object| describe(after, object)),
        });
    }
    changes
}

/// One line about an object.
pub(super) fn describe(catalog: &Catalog, object: &Object) -> String {
    match &object.body {
        Body::Table(table) => {
            let columns = catalog.parts(Kind::Column, &object.id.name).count();
            let mut text = format!("{columns} columns");
            if table.persistence == "u" {
                text.push_str(", unlogged");
            }
            if let Some(key) = &table.partition_key {
                text.push_str(&format!(", partitioned by {key}"));
            }
            text
        }
        Body::Column(column) => {
            let mut text = column.data_type.clone();
            if column.not_null {
                text.push_str(" not null");
            }
            if column.identity.is_some() {
                text.push_str(" identity");
            }
            if let Some((expression, _)) = &column.generated {
                text.push_str(&format!(" generated ({expression})"));
            }
            text
        }
        Body::Default { expression } => expression.clone(),
        Body::Constraint(constraint) => constraint.definition.clone(),
        Body::Index(index) => {
            let text = &index.definition;
            text.split_once(" USING ")
                .map_or_else(|| text.clone(), |(_, rest)| rest.to_owned())
        }
        Body::Enum { labels } => labels.join(", "),
        Body::Extension { version, .. } => version.clone(),
        Body::Attachment { parent, bound } => format!("{parent} {bound}"),
        Body::SequenceOwner { table, column } => format!("{table}.{column}"),
        Body::Domain(domain) => domain.base.clone(),
        _ => String::new(),
    }
}
