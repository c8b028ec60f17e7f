//! New objects. Tables and columns are in `table`, comments and rights in `attached`.

use super::attached::{comment, grants_between};
use super::{foreign_options, literal, options, table};
use crate::catalog::{Body, Constraint, Index, Kind, Object, View};

/// The statements that make the object, without comment and rights.
pub fn create(object: &Object) -> Vec<String> {
    let (name, part) = (&object.id.name, &object.id.part);
    match &object.body {
        Body::Schema => vec![format!("CREATE SCHEMA {name}")],
        Body::Extension { schema, .. } => {
            vec![format!(
                "CREATE EXTENSION IF NOT EXISTS {name} WITH SCHEMA {schema}"
            )]
        }
        Body::Enum { labels } => {
            let labels: Vec<String> = labels.iter().map(|label| literal(label)).collect();
            vec![format!(
                "CREATE TYPE {name} AS ENUM ({})",
                labels.join(", ")
            )]
        }
        Body::Composite(composite) => {
            let attributes: Vec<String> = composite
                .attributes
                .iter()
                .map(|attribute| {
                    let collation = attribute
                        .collation
                        .as_ref()
                        .map_or(String::new(), |collation| format!(" COLLATE {collation}"));
                    format!("    {} {}{collation}", attribute.name, attribute.data_type)
                })
                .collect();
            vec![format!(
                "CREATE TYPE {name} AS (\n{}\n)",
                attributes.join(",\n")
            )]
        }
        Body::Domain(domain) => {
            let mut statement = format!("CREATE DOMAIN {name} AS {}", domain.base);
            if let Some(collation) = &domain.collation {
                statement.push_str(&format!(" COLLATE {collation}"));
            }
            if let Some(default) = &domain.default {
                statement.push_str(&format!(" DEFAULT {default}"));
            }
            if domain.not_null {
                statement.push_str(" NOT NULL");
            }
            vec![statement]
        }
        Body::Sequence(sequence) => {
            let unlogged = if sequence.persistence == "u" {
                "UNLOGGED "
            } else {
                ""
            };
            vec![format!(
                "CREATE {unlogged}SEQUENCE {name}{}",
                table::sequence_options(sequence, true)
            )]
        }
        Body::Default { expression } => vec![format!(
            "ALTER TABLE ONLY {name} ALTER COLUMN {part} SET DEFAULT {expression}"
        )],
        Body::SequenceOwner { table, column } => {
            vec![format!("ALTER SEQUENCE {name} OWNED BY {table}.{column}")]
        }
        Body::Constraint(constraint) => add_constraint(object, constraint),
        Body::Index(index) => create_index(object, index),
        Body::Attachment { parent, bound } => {
            vec![format!(
                "ALTER TABLE {parent} ATTACH PARTITION {name} {bound}"
            )]
        }
        Body::View(view) => create_view(object, view, "CREATE"),
        Body::Routine(routine) => vec![routine.definition.trim_end().to_owned()],
        Body::Trigger {
            definition,
            enabled,
        } => {
            let mut statements = vec![definition.clone()];
            statements.extend(firing("TRIGGER", name, part, enabled));
            statements
        }
        Body::Rule {
            definition,
            enabled,
        } => {
            let mut statements = vec![definition.trim_end_matches(';').to_owned()];
            statements.extend(firing("RULE", name, part, enabled));
            statements
        }
        Body::Policy(policy) => {
            let kind = if policy.permissive {
                ""
            } else {
                " AS RESTRICTIVE"
            };
            let mut statement = format!(
                "CREATE POLICY {part} ON {name}{kind} FOR {} TO {}",
                policy.command,
                policy.roles.join(", ")
            );
            if let Some(using) = &policy.using {
                statement.push_str(&format!(" USING ({using})"));
            }
            if let Some(check) = &policy.check {
                statement.push_str(&format!(" WITH CHECK ({check})"));
            }
            vec![statement]
        }
        Body::Statistics { definition, target } => {
            let mut statements = vec![definition.clone()];
            if let Some(target) = target {
                statements.push(format!("ALTER STATISTICS {name} SET STATISTICS {target}"));
            }
            statements
        }
        Body::Foreign { create, options } => {
            vec![format!("{create}{}", foreign_options(options))]
        }
        Body::Publication {
            all_tables,
            objects,
            parameters,
        } => {
            let what = match (all_tables, objects.as_str()) {
                (true, _) => " FOR ALL TABLES".to_owned(),
                (false, "") => String::new(),
                (false, objects) => format!(" FOR {objects}"),
            };
            vec![format!(
                "CREATE PUBLICATION {name}{what} WITH ({parameters})"
            )]
        }
        Body::Text { create, .. } => create.split(";\n").map(str::to_owned).collect(),
        // Tables and columns need their catalog; default privileges what was there before.
        Body::Table(_) | Body::Column(_) | Body::DefaultPrivileges { .. } => Vec::new(),
    }
}

fn add_constraint(object: &Object, constraint: &Constraint) -> Vec<String> {
    let (name, part) = (&object.id.name, &object.id.part);
    let what = if constraint.on_domain {
        "DOMAIN"
    } else {
        "TABLE"
    };
    let mut statements = vec![format!(
        "ALTER {what} {name} ADD CONSTRAINT {part} {}",
        constraint.definition
    )];
    statements.extend(constraint_marks(object, constraint));
    statements
}

/// What is said of a key's index after it exists.
pub(super) fn constraint_marks(object: &Object, constraint: &Constraint) -> Vec<String> {
    let (name, part) = (&object.id.name, &object.id.part);
    let mut statements = Vec::new();
    if constraint.clustered {
        statements.push(format!("ALTER TABLE {name} CLUSTER ON {part}"));
    }
    if constraint.replica_identity {
        statements.push(format!(
            "ALTER TABLE {name} REPLICA IDENTITY USING INDEX {part}"
        ));
    }
    if let Some(text) = &constraint.index_comment {
        let index = index_of_key(name, part);
        statements.push(comment(&format!("INDEX {index}"), Some(text)));
    }
    statements
}

/// The index of a key lives in the schema of its table.
pub(super) fn index_of_key(table: &str, constraint: &str) -> String {
    let id = crate::catalog::Id::new(Kind::Table, table);
    let local = id.local_name().len();
    format!("{}{constraint}", &table[..table.len() - local])
}

/// An index becomes a part of the index of the partitioned table.
pub fn attach_index(parent: &str, part: &str) -> String {
    format!("ALTER INDEX {parent} ATTACH PARTITION {part}")
}

fn create_index(object: &Object, index: &Index) -> Vec<String> {
    let mut statements = vec![index.definition.clone()];
    statements.extend(index_marks(object, index));
    statements
}

pub(super) fn index_marks(object: &Object, index: &Index) -> Vec<String> {
    let (name, table) = (&object.id.name, &index.table);
    let local = object.id.local_name();
    let mut statements: Vec<String> = index
        .statistics
        .iter()
        .map(|(column, target)| {
            format!("ALTER INDEX {name} ALTER COLUMN {column} SET STATISTICS {target}")
        })
        .collect();
    if index.clustered {
        statements.push(format!("ALTER TABLE {table} CLUSTER ON {local}"));
    }
    if index.replica_identity {
        statements.push(format!(
            "ALTER TABLE {table} REPLICA IDENTITY USING INDEX {local}"
        ));
    }
    statements
}

/// `verb` is CREATE or CREATE OR REPLACE.
pub(super) fn create_view(object: &Object, view: &View, verb: &str) -> Vec<String> {
    let name = &object.id.name;
    let materialized = object.id.kind == Kind::MaterializedView;
    let kind = if materialized {
        "MATERIALIZED VIEW"
    } else {
        "VIEW"
    };
    let with = if view.options.is_empty() {
        String::new()
    } else {
        format!(" WITH ({})", options(&view.options))
    };
    let query = view.query.trim_end().trim_end_matches(';');
    let end = if materialized { "\nWITH NO DATA" } else { "" };
    let mut statements = vec![format!("{verb} {kind} {name}{with} AS\n{query}{end}")];
    if materialized {
        // Filled at once, so that it can be read; a plain REFRESH needs no unique index.
        statements[0] = format!("{verb} {kind} {name}{with} AS\n{query}");
    }
    for (column, expression) in &view.column_defaults {
        statements.push(format!(
            "ALTER VIEW {name} ALTER COLUMN {column} SET DEFAULT {expression}"
        ));
    }
    for (column, target) in &view.column_statistics {
        statements.push(format!(
            "ALTER MATERIALIZED VIEW {name} ALTER COLUMN {column} SET STATISTICS {target}"
        ));
    }
    for (column, text) in &view.column_comments {
        statements.push(comment(&format!("COLUMN {name}.{column}"), Some(text)));
    }
    for (column, grants) in &view.column_grants {
        statements.extend(grants_between(
            &format!("TABLE {name}"),
            Some(column),
            &std::collections::BTreeSet::new(),
            grants,
        ));
    }
    statements
}

/// How a trigger or a rule fires, when it is not the ordinary way.
pub(super) fn firing(kind: &str, table: &str, name: &str, enabled: &str) -> Option<String> {
    let how = match enabled {
        "D" => "DISABLE",
        "R" => "ENABLE REPLICA",
        "A" => "ENABLE ALWAYS",
        _ => return None,
    };
    Some(format!("ALTER TABLE {table} {how} {kind} {name}"))
}

/// From one state of a default to another; no object means that there is no setting.
pub fn default_privileges(before: Option<&Object>, after: Option<&Object>) -> Vec<String> {
    let Some(Body::DefaultPrivileges {
        scope,
        objects,
        initial,
        ..
    }) = after.or(before).map(|object| &object.body)
    else {
        return Vec::new();
    };
    let old = before.map_or(initial, |object| &object.grants);
    let new = after.map_or(initial, |object| &object.grants);
    grants_between(objects, None, old, new)
        .into_iter()
        .map(|statement| format!("ALTER DEFAULT PRIVILEGES{scope} {statement}"))
        .collect()
}
