//! Tables and views as resources: what can be read, written, filtered, sorted and nested.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::column_type::{self, Mapped, Transport};
use super::definition::{self, qualified};
use crate::catalog::{Body, Catalog, Column, Constraint, ConstraintKind, Id, Kind, unquoted};
use crate::text::words;

/// Everything that a database offers, in the order of the resources' names.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    pub resources: Vec<Resource>,
    /// What is worth a look: without an index, without a key, of a type that has no JSON form.
    pub notes: Vec<String>,
}

/// A table or a view.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Unique among the resources; the path and the tag.
    pub name: String,
    /// `customer` of `customers`.
    pub singular: String,
    /// Quoted, with its schema, for SQL.
    pub sql_name: String,
    pub is_view: bool,
    pub comment: Option<String>,
    pub columns: Vec<Field>,
    /// The columns that identify a row; empty when nothing does.
    pub key: Vec<String>,
    /// Columns that a list can be filtered by, each with an index behind it.
    pub filters: Vec<String>,
    /// Columns that a list can be sorted by.
    pub sorts: Vec<String>,
    /// The columns behind each constraint that a write can break, by its name.
    pub constraints: BTreeMap<String, Breakable>,
    /// Tables that refer to this one.
    pub nested: Vec<Nested>,
    pub writable: bool,
}

/// A constraint that answers a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breakable {
    pub columns: Vec<String>,
    pub kind: ConstraintKind,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub data_type: String,
    pub nullable: bool,
    /// Postgres fills it in: identity, generated, serial.
    pub filled: bool,
    pub has_default: bool,
    /// Without null.
    pub schema: Map<String, Value>,
    pub transport: Transport,
    pub orders: bool,
    pub comment: Option<String>,
}

impl Field {
    /// Whether a client may send it.
    pub fn is_writable(&self) -> bool {
        !self.filled && self.transport != Transport::Text
    }
}

/// A list of another resource's rows that belong to one row of this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nested {
    /// The name of the resource.
    pub resource: String,
    /// The last segment of the path, unique among those of the parent.
    pub segment: String,
    /// (column of the other, column of this), in the order of the foreign key.
    pub columns: Vec<(String, String)>,
}

impl Resource {
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.columns.iter().find(|field| field.name == name)
    }

    /// Fields that a new row takes.
    pub fn creatable(&self) -> impl Iterator<Item = &Field> {
        self.columns.iter().filter(|field| field.is_writable())
    }

    /// Fields of a row that can be changed: the key stays.
    pub fn changeable(&self) -> impl Iterator<Item = &Field> {
        self.creatable()
            .filter(|field| !self.key.contains(&field.name))
    }

    pub fn can_create(&self) -> bool {
        let blocked = |field: &Field| {
            !field.nullable
                && !field.has_default
                && !field.filled
                && field.transport == Transport::Text
        };
        self.writable && !self.columns.iter().any(blocked)
    }

    pub fn can_update(&self) -> bool {
        self.writable && self.changeable().next().is_some()
    }
}

/// Reads the tables and views of a catalog; partitions are reached through their parent.
pub fn collect(catalog: &Catalog) -> Resources {
    let mut found = Resources::default();
    let mut taken = BTreeSet::new();
    let mut relations: Vec<&Id> = catalog
        .objects
        .keys()
        .map(AsRef::as_ref)
        .filter(|id: &&Id| matches!(id.kind, Kind::Table | Kind::View | Kind::MaterializedView))
        .filter(|id| !catalog.contains(&Id::new(Kind::Attachment, id.name.as_str())))
        .collect();
    // Of two tables with one name the one in `public` keeps it.
    relations.sort_by_key(|id| id.schema().as_deref() != Some("public"));
    let mut by_relation: BTreeMap<&str, usize> = BTreeMap::new();
    for id in &relations {
        let (schema, table) = qualified(&id.name);
        let name = if taken.insert(table.clone()) {
            table
        } else {
            let qualified = format!("{schema}_{table}");
            taken.insert(qualified.clone());
            qualified
        };
        if let Some(resource) = resource(catalog, id, name, &mut found.notes) {
            by_relation.insert(&id.name, found.resources.len());
            found.resources.push(resource);
        }
    }
    nest(catalog, &by_relation, &mut found);
    found
        .resources
        .sort_by(|a, b| (a.is_view, &a.name).cmp(&(b.is_view, &b.name)));
    found.notes.sort();
    found
}

fn resource(catalog: &Catalog, id: &Id, name: String, notes: &mut Vec<String>) -> Option<Resource> {
    let object = catalog.get(id)?;
    let mut columns = match &object.body {
        Body::View(view) => view
            .columns
            .iter()
            .map(|(column, data_type)| {
                let mapped = mapped(catalog, data_type);
                let comment = view.column_comments.get(column).cloned();
                field(unquoted(column), data_type, mapped, comment)
            })
            .collect(),
        _ => catalog
            .columns(&id.name)
            .into_iter()
            .map(|(object, column)| table_field(catalog, object, column))
            .collect::<Vec<_>>(),
    };
    if columns.is_empty() {
        notes.push(format!("{name} has no columns: it is left out"));
        return None;
    }
    let is_view = id.kind != Kind::Table;
    let constraints = constraints(catalog, id);
    narrow(catalog, id, &mut columns);
    let key = key(&constraints, &columns);
    let indexed = indexed(catalog, id, &constraints);
    let usable = |column: &String| {
        columns.iter().any(|field| {
            &field.name == column && field.transport == Transport::Plain && field.orders
        })
    };
    let leading = |only_ordered: bool| -> Vec<String> {
        let ordered = columns.iter().map(|field| &field.name).filter(|column| {
            indexed
                .iter()
                .any(|(first, ordered)| first == *column && (*ordered || !only_ordered))
        });
        ordered.filter(|column| usable(column)).cloned().collect()
    };
    let single_key = key.first().filter(|_| key.len() == 1).cloned();
    let filters: Vec<String> = leading(false)
        .into_iter()
        .filter(|column| Some(column) != single_key.as_ref())
        .collect();
    for reserved in filters
        .iter()
        .filter(|column| RESERVED.contains(&column.as_str()))
    {
        notes.push(format!(
            "{name}.{reserved} is no filter: the list's own parameter has that name"
        ));
    }
    let filters = filters
        .into_iter()
        .filter(|column| !RESERVED.contains(&column.as_str()))
        .collect();
    if !is_view && key.is_empty() {
        notes.push(format!("{name} has no primary key: it is read-only"));
    }
    for field in columns
        .iter()
        .filter(|field| field.transport == Transport::Text)
    {
        notes.push(format!(
            "{name}.{} ({}) is read as text and not written",
            field.name, field.data_type
        ));
    }
    let sorts = if key.is_empty() {
        Vec::new()
    } else {
        leading(true)
    };
    let (schema, table) = qualified(&id.name);
    Some(Resource {
        singular: words::singular(&name),
        sql_name: format!(
            "{}.{}",
            definition::quoted(&schema),
            definition::quoted(&table)
        ),
        is_view,
        comment: object.comment.clone(),
        writable: !is_view && !key.is_empty(),
        key,
        filters,
        sorts,
        constraints,
        nested: Vec::new(),
        columns,
        name,
    })
}

/// Names that a list's own parameters have.
const RESERVED: [&str; 3] = ["limit", "cursor", "sort"];

fn mapped(catalog: &Catalog, data_type: &str) -> Mapped {
    // A domain is its base type with checks of its own.
    if let Some(Body::Domain(domain)) = catalog
        .get(&Id::new(Kind::Domain, data_type))
        .map(|object| &object.body)
    {
        let mut base = mapped(catalog, &domain.base);
        for object in catalog.parts(Kind::Constraint, data_type) {
            if let Body::Constraint(constraint) = &object.body {
                for check in definition::check(&constraint.definition).unwrap_or_default() {
                    if check.column.eq_ignore_ascii_case("value") {
                        tighten(&mut base.schema, check.keywords);
                    }
                }
            }
        }
        return base;
    }
    column_type::map(data_type, |name| {
        match catalog
            .get(&Id::new(Kind::Enum, name))
            .map(|object| &object.body)
        {
            Some(Body::Enum { labels }) => Some(labels.clone()),
            _ => None,
        }
    })
}

fn field(name: String, data_type: &str, mapped: Mapped, comment: Option<String>) -> Field {
    Field {
        name,
        data_type: data_type.to_owned(),
        nullable: true,
        filled: false,
        has_default: false,
        schema: mapped.schema,
        transport: mapped.transport,
        orders: mapped.orders,
        comment,
    }
}

fn table_field(catalog: &Catalog, object: &crate::catalog::Object, column: &Column) -> Field {
    let Id {
        name: table, part, ..
    } = object.id.as_ref();
    let default = match catalog
        .get(&Id::part(Kind::Default, table.as_str(), part.as_str()))
        .map(|object| &object.body)
    {
        Some(Body::Default { expression }) => Some(expression.as_str()),
        _ => None,
    };
    let domain_is_not_null = match catalog
        .get(&Id::new(Kind::Domain, column.data_type.as_str()))
        .map(|object| &object.body)
    {
        Some(Body::Domain(domain)) => domain.not_null,
        _ => false,
    };
    let serial = default.is_some_and(|expression| expression.starts_with("nextval("));
    Field {
        nullable: !column.not_null && !domain_is_not_null,
        filled: column.identity.is_some() || column.generated.is_some() || serial,
        has_default: default.is_some(),
        ..field(
            unquoted(part),
            &column.data_type,
            mapped(catalog, &column.data_type),
            object.comment.clone(),
        )
    }
}

fn constraints(catalog: &Catalog, id: &Id) -> BTreeMap<String, Breakable> {
    let kinds = [Kind::Constraint, Kind::ForeignKey];
    let parts = kinds
        .into_iter()
        .flat_map(|kind| catalog.parts(kind, &id.name));
    let mut found: BTreeMap<String, Breakable> = parts
        .filter_map(|object| {
            let Body::Constraint(constraint) = &object.body else {
                return None;
            };
            Some((unquoted(&object.id.part), breakable(constraint)?))
        })
        .collect();
    for (object, index) in indexes(catalog, id) {
        if index.unique
            && let Some(used) = definition::index_use(&index.definition)
        {
            let kind = ConstraintKind::Unique;
            found.insert(
                qualified(&object.name).1,
                Breakable {
                    columns: used.columns,
                    kind,
                },
            );
        }
    }
    found
}

fn breakable(constraint: &Constraint) -> Option<Breakable> {
    let columns = match constraint.kind {
        ConstraintKind::PrimaryKey | ConstraintKind::Unique | ConstraintKind::ForeignKey => {
            definition::constraint_columns(&constraint.definition)?.own
        }
        ConstraintKind::Check => {
            let checks = definition::check(&constraint.definition).unwrap_or_default();
            let mut columns: Vec<String> = checks.into_iter().map(|check| check.column).collect();
            columns.dedup();
            columns
        }
        ConstraintKind::Exclusion => Vec::new(),
        ConstraintKind::Other => return None,
    };
    Some(Breakable {
        columns,
        kind: constraint.kind,
    })
}

fn indexes<'a>(
    catalog: &'a Catalog,
    id: &'a Id,
) -> impl Iterator<Item = (&'a Id, &'a crate::catalog::Index)> {
    catalog
        .of_kind(Kind::Index)
        .filter_map(move |object| match &object.body {
            Body::Index(index) if index.table == id.name => {
                Some((object.id.as_ref(), index.as_ref()))
            }
            _ => None,
        })
}

/// The leading columns of all indexes that answer every query, and whether they give an order.
fn indexed(
    catalog: &Catalog,
    id: &Id,
    constraints: &BTreeMap<String, Breakable>,
) -> Vec<(String, bool)> {
    let keys = constraints
        .iter()
        .filter(|(name, breakable)| {
            let is_constraint = catalog.contains(&Id::part(
                Kind::Constraint,
                id.name.as_str(),
                definition::as_written(name),
            ));
            is_constraint
                && matches!(
                    breakable.kind,
                    ConstraintKind::PrimaryKey | ConstraintKind::Unique
                )
        })
        .filter_map(|(_, breakable)| Some((breakable.columns.first()?.clone(), true)));
    let used = indexes(catalog, id)
        .filter(|(_, index)| index.valid)
        .filter_map(|(_, index)| definition::index_use(&index.definition))
        .filter(|used| !used.partial)
        .filter_map(|used| {
            let ordered = used.method == "btree";
            let answers = ordered || used.method == "hash";
            Some((
                used.columns.into_iter().next().filter(|_| answers)?,
                ordered,
            ))
        });
    keys.chain(used).collect()
}

/// The primary key, else the first unique constraint over columns that are never null.
fn key(constraints: &BTreeMap<String, Breakable>, columns: &[Field]) -> Vec<String> {
    let usable = |breakable: &&Breakable| {
        !breakable.columns.is_empty()
            && breakable.columns.iter().all(|column| {
                let field = columns.iter().find(|field| &field.name == column);
                field.is_some_and(|field| !field.nullable && field.transport == Transport::Plain)
            })
    };
    let of_kind = |kind| {
        constraints
            .values()
            .filter(move |breakable| breakable.kind == kind)
    };
    let primary = of_kind(ConstraintKind::PrimaryKey).find(usable);
    // A unique index may hold expressions after its columns, so only constraints of a table count.
    let chosen = primary.or_else(|| of_kind(ConstraintKind::Unique).find(usable));
    chosen
        .map(|breakable| breakable.columns.clone())
        .unwrap_or_default()
}

/// Puts what checks say into the schemas of the columns.
fn narrow(catalog: &Catalog, id: &Id, columns: &mut [Field]) {
    for object in catalog.parts(Kind::Constraint, &id.name) {
        let Body::Constraint(constraint) = &object.body else {
            continue;
        };
        if constraint.kind != ConstraintKind::Check {
            continue;
        }
        for check in definition::check(&constraint.definition).unwrap_or_default() {
            if let Some(field) = columns.iter_mut().find(|field| field.name == check.column) {
                tighten(&mut field.schema, check.keywords);
            }
        }
    }
}

/// Adds keywords that suit the type of a schema; the tighter of two bounds stays.
fn tighten(schema: &mut Map<String, Value>, keywords: Map<String, Value>) {
    let kind = schema
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    for (keyword, value) in keywords {
        let suits = match keyword.as_str() {
            "minLength" | "maxLength" | "enum" => {
                kind == "string" && !schema.contains_key("pattern")
            }
            _ => kind == "integer" || kind == "number",
        };
        if !suits {
            continue;
        }
        let present = schema.get(&keyword).and_then(Value::as_f64);
        let tighter = match (present, value.as_f64()) {
            (Some(present), Some(new)) if keyword.to_lowercase().contains("min") => new > present,
            (Some(present), Some(new)) => new < present,
            _ => true,
        };
        if tighter {
            schema.insert(keyword, value);
        }
    }
}

/// Foreign keys become nested lists of the table that they refer to.
fn nest(catalog: &Catalog, by_relation: &BTreeMap<&str, usize>, found: &mut Resources) {
    let mut nested: Vec<(usize, Nested)> = Vec::new();
    for object in catalog.of_kind(Kind::ForeignKey) {
        let Body::Constraint(constraint) = &object.body else {
            continue;
        };
        if constraint.of_parent {
            continue;
        }
        let Some(references) = &constraint.references else {
            continue;
        };
        let (Some(&child), Some(&parent)) = (
            by_relation.get(object.id.name.as_str()),
            by_relation.get(references.as_str()),
        ) else {
            continue;
        };
        let Some(columns) = definition::constraint_columns(&constraint.definition) else {
            continue;
        };
        let (child_resource, parent_resource) = (&found.resources[child], &found.resources[parent]);
        let mut key = parent_resource.key.clone();
        let mut referenced = if columns.referenced.is_empty() {
            key.clone()
        } else {
            columns.referenced.clone()
        };
        let pairs: Vec<(String, String)> = columns
            .own
            .iter()
            .cloned()
            .zip(referenced.iter().cloned())
            .collect();
        key.sort();
        referenced.sort();
        if key != referenced {
            continue;
        }
        let leading = columns.own.first().map(String::as_str).unwrap_or_default();
        let indexed = child_resource
            .filters
            .iter()
            .chain(child_resource.key.first())
            .any(|column| column == leading);
        if !indexed {
            found.notes.push(format!(
                "{}.{leading} refers to {} without an index: there is no nested list",
                child_resource.name, parent_resource.name
            ));
            continue;
        }
        nested.push((
            parent,
            Nested {
                resource: child_resource.name.clone(),
                segment: child_resource.name.clone(),
                columns: pairs,
            },
        ));
    }
    for (parent, mut nested) in nested {
        let siblings = &mut found.resources[parent].nested;
        if siblings.iter().any(|other| other.segment == nested.segment) {
            let columns: Vec<&str> = nested
                .columns
                .iter()
                .map(|(column, _)| column.as_str())
                .collect();
            nested.segment = format!("{}_by_{}", nested.segment, columns.join("_"));
        }
        siblings.push(nested);
    }
}
