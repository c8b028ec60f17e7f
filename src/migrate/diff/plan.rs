//! The ordered statements between two catalogs, and what they change in the words of a report.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::describe::changes;
use super::graph::{Graph, Node};
use super::online::{Build, KeyIndex, Online};
use super::{Action, Actions, Hazard, State, closure, hazard, kept};
use crate::catalog::{Body, Catalog, Constraint, ConstraintKind, Id, Index, Kind, Object};
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
    /// A transaction before everything else, when not only the main one names what is renamed.
    Rename,
    /// Alone, before the main transaction: values of enums, which only a later transaction may use.
    First,
    /// The one transaction of all that is quick.
    Main,
    /// Alone, each for itself: what was added unchecked is checked without blocking writers.
    Check,
    /// Alone, without blocking writers: CREATE INDEX CONCURRENTLY.
    Concurrent,
    /// A second transaction, quick again: what was checked and built takes its place.
    Finish,
    /// Alone, at the end: DROP INDEX CONCURRENTLY.
    Last,
    /// A transaction behind everything else.
    RenameBack,
}

impl Section {
    pub const ALL: [Self; 8] = [
        Self::Rename,
        Self::First,
        Self::Main,
        Self::Check,
        Self::Concurrent,
        Self::Finish,
        Self::Last,
        Self::RenameBack,
    ];

    /// Whether its statements share a transaction.
    pub const fn is_transaction(self) -> bool {
        matches!(
            self,
            Self::Rename | Self::Main | Self::Finish | Self::RenameBack
        )
    }
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
    let (before, after) = (State::new(before), State::new(after));
    written(&before, &after, options, &closure::actions(&before, &after))
}

/// The way from one catalog to the other, and the way back. On a schema of thousands of tables each of
/// them takes a while, so they are made side by side.
pub fn both_ways(before: &Catalog, after: &Catalog, options: Options) -> (Plan, Plan) {
    let (before, after) = (State::new(before), State::new(after));
    let way = |before: &State<'_>, after: &State<'_>| {
        written(before, after, options, &closure::actions(before, after))
    };
    std::thread::scope(|scope| {
        let beside = std::thread::Builder::new().spawn_scoped(scope, || way(&after, &before));
        let up = way(&before, &after);
        let down = match beside {
            Ok(down) => down
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // Without another thread one comes after the other.
            Err(_) => way(&after, &before),
        };
        (up, down)
    })
}

/// The plain form, of which every statement can share one transaction: an enum with new labels is made
/// anew, since a label cannot be used in the transaction that adds it.
pub fn in_one_transaction(before: &Catalog, after: &Catalog) -> Plan {
    let (before, after) = (State::new(before), State::new(after));
    let actions = closure::actions_in_one_transaction(&before, &after);
    written(&before, &after, Options { offline: true }, &actions)
}

fn written(before: &State<'_>, after: &State<'_>, options: Options, actions: &Actions) -> Plan {
    if actions.0.is_empty() {
        return Plan::default();
    }
    let graph = Graph::new(before, after, actions);
    let mut writer = Writer {
        graph: &graph,
        online: Online::new(&graph, options),
        options,
        statements: Vec::new(),
    };
    for node in graph.order() {
        writer.write(&node);
    }
    writer.write_heritage();
    writer.write_default_privileges();
    let mut statements = writer.statements;
    // Stable: inside of a section the order of the graph holds.
    statements.sort_by_key(|statement| statement.section);
    for statement in &mut statements {
        statement.sql = emit::read_as_printed(std::mem::take(&mut statement.sql));
    }
    Plan {
        statements,
        changes: changes(before.catalog, after.catalog, actions),
        hazards: hazard::all(before.catalog, after.catalog, actions),
    }
}

struct Writer<'a> {
    graph: &'a Graph<'a>,
    online: Online<'a>,
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
            Node::Aside(id) if id.kind == Kind::Table => {
                if let (Some(before), Some(after)) =
                    (self.graph.before.get(id), self.graph.after.get(id))
                {
                    self.push(Section::Main, emit::leave_parents(before, after));
                }
            }
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
            // It goes when its successor is there.
            let replaced = || {
                let new = self.graph.after.get(id)?;
                match &new.body {
                    Body::Constraint(key) => self.online.index_of_key(new, key),
                    _ => None,
                }
            };
            if constraint.is_derived()
                && !self.graph.leaves(&id.name)
                && !self.graph.is_left_by_parent(id)
                || self.actions().creates(id) && replaced().is_some()
            {
                return;
            }
            if self.online.drops_key_late(object, constraint) {
                return self.push(Section::Finish, emit::drop(object));
            }
        }
        let mut section = Section::Main;
        let mut statements = emit::drop(object);
        if matches!(object.body, Body::Column(_) | Body::Constraint(_))
            && self.graph.stays_below(id)
        {
            for sql in &mut statements {
                *sql = sql.replacen("ALTER TABLE ", "ALTER TABLE ONLY ", 1);
            }
        }
        if let Body::Index(index) = &object.body {
            if index.parent.is_some() && !self.graph.leaves(&index.table) {
                return;
            }
            if self.online.is_replaced(object) || self.online.is_adopted(object, index) {
                return;
            }
            if self.online.drops_late(object, index) {
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

    fn write_change(&mut self, id: &Id) {
        let (Some(before), Some(after)) = (self.graph.before.get(id), self.graph.after.get(id))
        else {
            return;
        };
        let mut statements = Vec::new();
        match (&before.body, self.actions().get(id)) {
            (Body::Enum { .. }, _) => {
                self.push(Section::First, emit::enum_values(before, after));
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
        let (mut set, mut drop) = (None, None);
        if let (Body::Column(old), Body::Column(new)) = (&before.body, &after.body) {
            let alter = format!("ALTER TABLE {} ALTER COLUMN {}", id.name, id.part);
            set = (!old.not_null && new.not_null).then(|| format!("{alter} SET NOT NULL"));
            drop = (old.not_null && !new.not_null).then(|| format!("{alter} DROP NOT NULL"));
        }
        let validate = format!("ALTER TABLE {} VALIDATE CONSTRAINT {}", id.name, id.part);
        for sql in emit::alter(before, after) {
            let sets = set.as_ref() == Some(&sql);
            let drops = drop.as_ref() == Some(&sql);
            let with_parent = self.graph.is_changed_with_parent(id);
            if sets && self.online.is_not_null_later(id) {
                self.push_not_null(id, &sql);
            } else if sets && (self.online.follows_not_null(id) || with_parent)
                || drops && with_parent
            {
                // The parent's statement reaches it.
            } else if drops {
                statements.push(sql);
                statements.extend(kept::not_null_of_heirs(self.graph, id));
            } else if sql == validate && !self.options.offline {
                self.push(Section::Check, [sql]);
            } else {
                statements.push(sql);
            }
        }
        statements.extend(kept::sequences_of_table(self.graph, before, after));
        statements.extend(kept::rights_on_columns(self.graph, before, after));
        self.push(Section::Main, statements);
    }

    /// NOT NULL through a check that is validated without blocking writers.
    fn push_not_null(&mut self, id: &Id, set: &str) {
        let name = emit::beside(&id.part, "not_null");
        let table = &id.name;
        self.push(
            Section::Main,
            [format!(
                "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({} IS NOT NULL) NOT VALID",
                id.part
            )],
        );
        self.push(
            Section::Check,
            [format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}")],
        );
        self.push(
            Section::Finish,
            [
                set.to_owned(),
                format!("ALTER TABLE {table} DROP CONSTRAINT {name}"),
            ],
        );
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
                if let Some(index) = self.online.index_of_key(object, constraint) {
                    self.push_key(object, constraint, &index);
                    return self.push(Section::Finish, attached(object));
                }
                let mut statements = emit::create(object);
                if self.online.is_checked_later(id, constraint) {
                    statements[0].push_str(" NOT VALID");
                    let validate =
                        format!("ALTER TABLE {} VALIDATE CONSTRAINT {}", id.name, id.part);
                    self.push(Section::Check, [validate]);
                }
                self.push(Section::Main, statements);
                self.push(Section::Main, attached(object));
            }
            Body::Index(index) => self.write_index(object, index, attached(object)),
            _ => {
                self.push(Section::Main, emit::create(object));
                self.push(Section::Main, attached(object));
            }
        }
    }

    fn write_index(&mut self, object: &Object, index: &Index, attached: Vec<String>) {
        let name = object.id.local_name();
        let mut statements = emit::create(object);
        let create = statements.remove(0);
        statements.extend(attached);
        let build = self.online.build(object, index);
        // What is said of the index follows it.
        let followed = match build {
            Build::Plain => {
                self.push(Section::Main, [create]);
                Section::Main
            }
            Build::Concurrent => {
                let create = create.replacen("INDEX ", "INDEX CONCURRENTLY ", 1);
                self.push(Section::Concurrent, [create]);
                Section::Finish
            }
            Build::Empty => {
                self.push(Section::Main, [create]);
                Section::Finish
            }
            Build::Replacement => {
                let prefix = &object.id.name[..object.id.name.len() - name.len()];
                let (new, old) = (emit::beside(name, "new"), emit::beside(name, "old"));
                let create = create.replacen(
                    &format!("INDEX {name} ON "),
                    &format!("INDEX CONCURRENTLY {new} ON "),
                    1,
                );
                self.push(Section::Concurrent, [create]);
                self.push(
                    Section::Finish,
                    [
                        format!("ALTER INDEX {prefix}{name} RENAME TO {old}"),
                        format!("ALTER INDEX {prefix}{new} RENAME TO {name}"),
                    ],
                );
                let drop = format!("DROP INDEX CONCURRENTLY {prefix}{old}");
                self.push(Section::Last, [drop]);
                Section::Finish
            }
        };
        for part in self.graph.parts_of_index(&object.id) {
            self.push(followed, [emit::attach_index(&object.id.name, &part.name)]);
        }
        self.push(followed, statements);
    }

    /// A key over an index that was built while others wrote.
    fn push_key(&mut self, object: &Object, key: &Constraint, index: &KeyIndex) {
        let (table, name) = (&object.id.name, &object.id.part);
        let alter = format!("ALTER TABLE {table}");
        let built = match &index.adopts {
            Some(id) => id.local_name().to_owned(),
            None if index.replaces => emit::beside(name, "new"),
            None => name.clone(),
        };
        if index.adopts.is_none() {
            self.push(
                Section::Concurrent,
                [format!(
                    "CREATE UNIQUE INDEX CONCURRENTLY {built} {}",
                    index.on
                )],
            );
        }
        if index.replaces {
            self.push(Section::Finish, [format!("{alter} DROP CONSTRAINT {name}")]);
        }
        let what = match key.kind {
            ConstraintKind::PrimaryKey => "PRIMARY KEY",
            _ => "UNIQUE",
        };
        let add = format!(
            "{alter} ADD CONSTRAINT {name} {what} USING INDEX {built}{}",
            index.timing
        );
        self.push(Section::Finish, [add]);
        let marks = emit::create(object).into_iter().skip(1);
        self.push(Section::Finish, marks);
    }

    fn write_table(&mut self, object: &Object) {
        let graph = self.graph;
        let name = object.id.name.as_str();
        let stated = |kind: Kind| -> Vec<Arc<Id>> {
            graph
                .after
                .parts(kind, name)
                .filter(|part| graph.implicit_create(&part.id).as_ref() == Some(object.id.as_ref()))
                .map(|part| Arc::clone(&part.id))
                .collect()
        };
        let constraints: Vec<Arc<Id>> = stated(Kind::Constraint)
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

    /// When the columns and checks of heirs and parents are alike.
    fn write_heritage(&mut self) {
        let (before, after) = (self.graph.before, self.graph.after);
        for new in after.of_kind(Kind::Table) {
            if self.actions().changes(&new.id)
                && let Some(old) = before.get(&new.id)
            {
                self.push(Section::Main, emit::join_parents(old, new));
            }
        }
    }

    /// At the end, so that the settings of before hold for everything that is made.
    fn write_default_privileges(&mut self) {
        let (before, after) = (self.graph.before, self.graph.after);
        let ids: BTreeSet<&Id> = before
            .of_kind(Kind::DefaultPrivileges)
            .chain(after.of_kind(Kind::DefaultPrivileges))
            .map(|object| object.id.as_ref())
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
