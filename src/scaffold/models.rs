//! The named schemas: their identifiers, whether requests and responses see them differently, in
//! which order they are written, and where they are made of themselves.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::names::{self, Names};
use crate::api::{Api, Constraints, Schema, SchemaName};

/// Whether a value comes in or goes out. A read-only property does not come in, a write-only one
/// does not go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Direction {
    Output,
    Input,
}

/// One form of one schema, which gets a type and perhaps a zod schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Form {
    pub(super) schema: SchemaName,
    pub(super) direction: Direction,
}

/// What generators know of the named schemas.
#[derive(Debug)]
pub(super) struct Models<'a> {
    pub(super) api: &'a Api,
    /// Every form with its identifier, in document order, the output form first.
    pub(super) forms: IndexMap<Form, String>,
    /// The forms that a request, a response or a webhook reaches.
    pub(super) reached: BTreeSet<Form>,
    /// The schemas that fill in defaults, at whatever depth.
    filling: BTreeSet<SchemaName>,
    /// Edges of compositions that lead back to their start.
    cycles: BTreeMap<(SchemaName, SchemaName), Treatment>,
}

/// How a composition that leads back to its own schema is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    Keep,
    /// The schema without its alternatives: a base whose alternatives extend it.
    Stripped,
    /// Left out of the alternatives: it adds nothing.
    Dropped,
}

/// How one schema is used by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It must hold too.
    Conjunction,
    /// It is an alternative.
    Alternative,
    /// It describes a part of the value, or a condition.
    Part,
}

impl<'a> Models<'a> {
    /// `inputs` and `outputs` are the schemas of all requests and responses.
    pub(super) fn new(api: &'a Api, inputs: &[&'a Schema], outputs: &[&'a Schema]) -> Self {
        let differing = differing(api);
        let input = reachable(api, inputs, Direction::Input);
        let output = reachable(api, outputs, Direction::Output);
        let mut names = Names::with(["File", "Object"]);
        let mut forms: IndexMap<Form, String> = IndexMap::new();
        let mut reached = BTreeSet::new();
        let plain: Vec<(&SchemaName, String)> = api
            .schemas
            .keys()
            .map(|name| (name, names.claim(&names::pascal_case(&name.0))))
            .collect();
        for (name, identifier) in plain {
            let (goes_in, goes_out) = (input.contains(name), output.contains(name));
            let form = |direction| Form {
                schema: name.clone(),
                direction,
            };
            let first = if goes_in && !goes_out {
                Direction::Input
            } else {
                Direction::Output
            };
            if goes_in || goes_out {
                reached.insert(form(first));
            }
            let twice = goes_in && goes_out && differing.contains(name);
            forms.insert(form(first), identifier.clone());
            if twice {
                reached.insert(form(Direction::Input));
                forms.insert(
                    form(Direction::Input),
                    names.claim(&format!("{identifier}Input")),
                );
            }
        }
        Self {
            api,
            forms,
            reached,
            filling: marked(api, &|property| match super::plan::resolve(api, property) {
                Schema::Constraints(constraints) => constraints.default.is_some(),
                _ => false,
            }),
            cycles: cycles(api),
        }
    }

    /// The form of a schema that a value of this direction has.
    pub(super) fn form(&self, schema: &SchemaName, direction: Direction) -> Option<(&Form, &str)> {
        let other = match direction {
            Direction::Input => Direction::Output,
            Direction::Output => Direction::Input,
        };
        [direction, other].into_iter().find_map(|direction| {
            let form = Form {
                schema: schema.clone(),
                direction,
            };
            self.forms
                .get_key_value(&form)
                .map(|(form, identifier)| (form, identifier.as_str()))
        })
    }

    pub(super) fn schema(&self, name: &SchemaName) -> Option<&'a Schema> {
        self.api.schemas.get(name)
    }

    /// How `to` is written inside of a composition of `from`.
    pub(super) fn treatment(&self, from: Option<&SchemaName>, to: &SchemaName) -> Treatment {
        from.and_then(|from| self.cycles.get(&(from.clone(), to.clone())))
            .copied()
            .unwrap_or(Treatment::Keep)
    }

    /// Whether values of a schema object get defaults filled in, at whatever depth.
    pub(super) fn fills_in(&self, constraints: &Constraints) -> bool {
        fn within(models: &Models<'_>, schema: &Schema) -> bool {
            match schema {
                Schema::Anything | Schema::Nothing => false,
                Schema::Reference(name) => models.filling.contains(name),
                Schema::Constraints(constraints) => {
                    constraints.default.is_some() || models.fills_in(constraints)
                }
            }
        }
        constraints
            .reference
            .as_ref()
            .is_some_and(|name| self.filling.contains(name))
            || parts(constraints)
                .into_iter()
                .any(|(_, part)| within(self, part))
    }

    /// The schema behind references without siblings.
    pub(super) fn resolve<'s>(&'s self, schema: &'s Schema) -> &'s Schema {
        super::plan::resolve(self.api, schema)
    }

    /// Whether a property is left out in this direction, because the other side owns it.
    pub(super) fn is_left_out(&self, property: &Schema, direction: Direction) -> bool {
        match self.resolve(property) {
            Schema::Constraints(constraints) => match direction {
                Direction::Input => constraints.read_only,
                Direction::Output => constraints.write_only,
            },
            _ => false,
        }
    }

    /// The reached forms such that each comes after those it is made of, where that is possible;
    /// and those that refer to themselves, directly or through others.
    pub(super) fn ordered(&self) -> (Vec<&Form>, BTreeSet<&Form>) {
        let mut order = Order {
            models: self,
            index: BTreeMap::new(),
            low: BTreeMap::new(),
            stack: Vec::new(),
            written: Vec::new(),
            recursive: BTreeSet::new(),
        };
        for form in self
            .forms
            .keys()
            .filter(|form| self.reached.contains(*form))
        {
            if !order.index.contains_key(form) {
                order.visit(form);
            }
        }
        (order.written, order.recursive)
    }

    fn references(&self, form: &Form) -> Vec<&Form> {
        let mut found = Vec::new();
        let Some(schema) = self.api.schemas.get(&form.schema) else {
            return found;
        };
        let mut add = |name: &SchemaName| {
            if let Some((form, _)) = self.form(name, form.direction)
                && !found.contains(&form)
            {
                found.push(form);
            }
        };
        walk_references(self.api, schema, form.direction, &mut add);
        found
    }
}

/// Tarjan's strongly connected components; a component is complete after all it refers to.
struct Order<'m, 'a> {
    models: &'m Models<'a>,
    index: BTreeMap<&'m Form, usize>,
    low: BTreeMap<&'m Form, usize>,
    stack: Vec<&'m Form>,
    written: Vec<&'m Form>,
    recursive: BTreeSet<&'m Form>,
}

impl<'m> Order<'m, '_> {
    fn visit(&mut self, form: &'m Form) {
        let number = self.index.len();
        self.index.insert(form, number);
        self.low.insert(form, number);
        self.stack.push(form);
        for next in self.models.references(form) {
            if next == form {
                self.recursive.insert(form);
            } else if !self.index.contains_key(next) {
                self.visit(next);
                let low = self.low[next].min(self.low[form]);
                self.low.insert(form, low);
            } else if self.stack.contains(&next) {
                let low = self.index[next].min(self.low[form]);
                self.low.insert(form, low);
            }
        }
        // Depth first: what a form refers to is written before it, back references apart.
        self.written.push(form);
        if self.low[form] == self.index[form] {
            let start = self
                .stack
                .iter()
                .position(|member| *member == form)
                .unwrap_or(0);
            let component = self.stack.split_off(start);
            if component.len() > 1 {
                self.recursive.extend(component);
            }
        }
    }
}

/// Every subschema with its use.
pub(super) fn parts(constraints: &Constraints) -> Vec<(Use, &Schema)> {
    let Constraints {
        items,
        contains,
        unevaluated_items,
        additional_properties,
        property_names,
        unevaluated_properties,
        not,
        if_schema,
        then_schema,
        else_schema,
        ..
    } = constraints;
    let mut found: Vec<(Use, &Schema)> = Vec::new();
    found.extend(
        constraints
            .all_of
            .iter()
            .map(|schema| (Use::Conjunction, schema)),
    );
    found.extend(
        constraints
            .any_of
            .iter()
            .map(|schema| (Use::Alternative, schema)),
    );
    found.extend(
        constraints
            .one_of
            .iter()
            .map(|schema| (Use::Alternative, schema)),
    );
    let part = |schema| (Use::Part, schema);
    found.extend(constraints.properties.values().map(part));
    found.extend(constraints.pattern_properties.values().map(part));
    found.extend(constraints.dependent_schemas.values().map(part));
    found.extend(constraints.prefix_items.iter().map(part));
    let single = [
        items,
        contains,
        unevaluated_items,
        additional_properties,
        property_names,
        unevaluated_properties,
        not,
        if_schema,
        then_schema,
        else_schema,
    ];
    found.extend(single.into_iter().flatten().map(part));
    found
}

/// Every schema that is named below `schema`, parts apart that do not exist in this direction.
fn walk_references(
    api: &Api,
    schema: &Schema,
    direction: Direction,
    found: &mut impl FnMut(&SchemaName),
) {
    match schema {
        Schema::Anything | Schema::Nothing => {}
        Schema::Reference(name) => found(name),
        Schema::Constraints(constraints) => {
            if let Some(name) = &constraints.reference {
                found(name);
            }
            for property in constraints.properties.values() {
                if !flag(api, property, direction) {
                    walk_references(api, property, direction, found);
                }
            }
            let others = parts(constraints).into_iter().filter(|(_, part)| {
                !constraints
                    .properties
                    .values()
                    .any(|property| std::ptr::eq(property, *part))
            });
            for (_, part) in others {
                walk_references(api, part, direction, found);
            }
            if let Some(discriminator) = &constraints.discriminator {
                discriminator.mapping.values().for_each(found);
            }
        }
    }
}

fn flag(api: &Api, property: &Schema, direction: Direction) -> bool {
    match super::plan::resolve(api, property) {
        Schema::Constraints(constraints) => match direction {
            Direction::Input => constraints.read_only,
            Direction::Output => constraints.write_only,
        },
        _ => false,
    }
}

fn reachable(api: &Api, roots: &[&Schema], direction: Direction) -> BTreeSet<SchemaName> {
    let mut found = BTreeSet::new();
    let mut open: Vec<SchemaName> = Vec::new();
    for root in roots {
        walk_references(api, root, direction, &mut |name| open.push(name.clone()));
    }
    while let Some(name) = open.pop() {
        if let Some(schema) = api.schemas.get(&name)
            && found.insert(name)
        {
            walk_references(api, schema, direction, &mut |name| open.push(name.clone()));
        }
    }
    found
}

/// The schemas that hold a read-only or write-only property, at whatever depth.
fn differing(api: &Api) -> BTreeSet<SchemaName> {
    marked(api, &|property| {
        flag(api, property, Direction::Input) || flag(api, property, Direction::Output)
    })
}

/// The schemas that hold a property with a mark, at whatever depth, references followed.
fn marked(api: &Api, mark: &dyn Fn(&Schema) -> bool) -> BTreeSet<SchemaName> {
    fn holds(schema: &Schema, mark: &dyn Fn(&Schema) -> bool) -> bool {
        let Schema::Constraints(constraints) = schema else {
            return false;
        };
        constraints.properties.values().any(mark)
            || parts(constraints)
                .into_iter()
                .any(|(_, part)| holds(part, mark))
    }
    let mut users: BTreeMap<SchemaName, Vec<&SchemaName>> = BTreeMap::new();
    let mut open = Vec::new();
    let mut found = BTreeSet::new();
    for (name, schema) in &api.schemas {
        for direction in [Direction::Input, Direction::Output] {
            walk_references(api, schema, direction, &mut |used| {
                users.entry(used.clone()).or_default().push(name);
            });
        }
        if holds(schema, mark) {
            open.push(name);
        }
    }
    while let Some(name) = open.pop() {
        if found.insert(name.clone()) {
            open.extend(users.get(name).into_iter().flatten());
        }
    }
    found
}

/// Compositions that lead back to their start: `Pet` is one of `Cat`, which is all of `Pet` and more.
fn cycles(api: &Api) -> BTreeMap<(SchemaName, SchemaName), Treatment> {
    fn edges<'a>(schema: &'a Schema, usage: Use, found: &mut Vec<(Use, &'a SchemaName)>) {
        match schema {
            Schema::Reference(name) => found.push((usage, name)),
            Schema::Constraints(constraints) => {
                if let Some(name) = &constraints.reference {
                    found.push((Use::Conjunction, name));
                }
                for (usage, part) in parts(constraints) {
                    if usage != Use::Part {
                        edges(part, usage, found);
                    }
                }
            }
            _ => {}
        }
    }
    let graph: BTreeMap<&SchemaName, Vec<(Use, &SchemaName)>> = api
        .schemas
        .iter()
        .map(|(name, schema)| {
            let mut found = Vec::new();
            edges(schema, Use::Conjunction, &mut found);
            (name, found)
        })
        .collect();
    let leads_to = |start: &SchemaName, goal: &SchemaName, alternatives_only: bool| {
        let mut seen: BTreeSet<&SchemaName> = BTreeSet::new();
        let mut open = vec![start];
        while let Some(name) = open.pop() {
            if name == goal {
                return true;
            }
            let Some((name, edges)) = graph.get_key_value(name) else {
                continue;
            };
            if seen.insert(name) {
                let next = edges
                    .iter()
                    .filter(|(usage, _)| !alternatives_only || *usage == Use::Alternative)
                    .map(|(_, name)| *name);
                open.extend(next);
            }
        }
        false
    };
    let mut found = BTreeMap::new();
    for (from, edges) in &graph {
        for (usage, to) in edges {
            let treatment = match usage {
                Use::Alternative if leads_to(to, from, true) => Treatment::Dropped,
                Use::Conjunction if leads_to(to, from, false) => Treatment::Stripped,
                _ => continue,
            };
            found.insert(((*from).clone(), (*to).clone()), treatment);
        }
    }
    found
}
