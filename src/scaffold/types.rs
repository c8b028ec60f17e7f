//! Schemas as TypeScript types, and their layout.

use serde_json::Value;

use super::code::{WIDTH, comment, property_key, string};
use super::kinds::{self, Kinds};
use super::models::{Direction, Models, Treatment};
use crate::api::{Constraints, JsonType, Schema, SchemaName};

/// A TypeScript type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Type {
    Text(String),
    Array(Box<Type>),
    /// Elements, how many of them must be there, and the rest.
    Tuple(Vec<Type>, usize, Option<Box<Type>>),
    Object(Vec<Member>, Option<Box<Type>>),
    Union(Vec<Type>),
    Intersection(Vec<Type>),
}

/// A property of an object type.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) optional: bool,
    pub(super) value: Type,
    pub(super) comment: Option<String>,
}

/// Writes schemas as types, with a prefix before the names of models.
#[derive(Clone, Copy, Debug)]
pub(super) struct Types<'m, 'a> {
    pub(super) models: &'m Models<'a>,
    /// `models.` outside of the file of the models.
    pub(super) prefix: &'static str,
    pub(super) direction: Direction,
    /// The strings of forms may be uploaded files.
    pub(super) files: bool,
}

impl Types<'_, '_> {
    pub(super) fn of(&self, schema: &Schema) -> Type {
        self.convert(schema, Kinds::ALL, None)
    }

    /// The type of a named schema, as it stands in its own declaration.
    pub(super) fn declared(&self, name: &SchemaName, schema: &Schema) -> Type {
        self.convert(schema, Kinds::ALL, Some(name))
    }

    /// The type of a schema for values of these kinds. `inside` is the named schema whose
    /// composition this is a part of.
    pub(super) fn convert(
        &self,
        schema: &Schema,
        allowed: Kinds,
        inside: Option<&SchemaName>,
    ) -> Type {
        match schema {
            Schema::Anything => self.of_kinds(&Constraints::default(), allowed),
            Schema::Nothing => simple("never"),
            Schema::Reference(name) => self.reference(name, allowed, inside),
            Schema::Constraints(constraints) => self.constraints(constraints, allowed, inside),
        }
    }

    fn reference(&self, name: &SchemaName, allowed: Kinds, inside: Option<&SchemaName>) -> Type {
        match self.models.treatment(inside, name) {
            Treatment::Keep
                if self.files
                    && self
                        .models
                        .schema(name)
                        .is_some_and(|schema| super::schemas::holds_files(self.models, schema)) =>
            {
                self.models.schema(name).map_or_else(
                    || simple("unknown"),
                    |schema| self.convert(schema, allowed, None),
                )
            }
            Treatment::Keep => self.models.form(name, self.direction).map_or_else(
                || simple("unknown"),
                |(_, name)| Type::Text(format!("{}{name}", self.prefix)),
            ),
            Treatment::Dropped => simple("never"),
            Treatment::Stripped => match self.models.schema(name).map(stripped) {
                Some(schema) => self.convert(&schema, allowed, inside),
                None => simple("unknown"),
            },
        }
    }

    fn constraints(
        &self,
        constraints: &Constraints,
        allowed: Kinds,
        inside: Option<&SchemaName>,
    ) -> Type {
        let kinds = kinds::of_constraints(self.models.api, constraints).and(allowed);
        if let Some(values) = kinds::values(constraints) {
            let values: Vec<Type> = values
                .into_iter()
                .filter(|value| kinds.contains(kinds::kind_of_value(value)))
                .map(literal)
                .collect();
            return union(values);
        }
        let mut together: Vec<Type> = Vec::new();
        if let Some(name) = &constraints.reference {
            together.push(self.reference(name, kinds, inside));
        }
        let has_type = !constraints.types.is_empty();
        let composed = constraints.reference.is_some()
            || !constraints.all_of.is_empty()
            || !constraints.any_of.is_empty()
            || !constraints.one_of.is_empty();
        // Beside a composition, a bare `type` says nothing that the parts do not.
        if (has_type && !composed) || is_structured(constraints) {
            together.push(self.of_kinds(constraints, kinds));
        }
        for schema in &constraints.all_of {
            together.push(self.convert(schema, kinds, inside));
        }
        for alternatives in [&constraints.any_of, &constraints.one_of] {
            if !alternatives.is_empty() {
                together.push(union(
                    alternatives
                        .iter()
                        .map(|schema| self.convert(schema, kinds, inside))
                        .collect(),
                ));
            }
        }
        intersection(together, kinds)
    }

    fn of_kinds(&self, constraints: &Constraints, kinds: Kinds) -> Type {
        if kinds == Kinds::ALL && !is_structured(constraints) {
            return simple("unknown");
        }
        union(
            kinds
                .list()
                .into_iter()
                .map(|kind| match kind {
                    JsonType::Null => simple("null"),
                    JsonType::Boolean => simple("boolean"),
                    JsonType::Integer | JsonType::Number
                        if super::schemas::is_wide(constraints) =>
                    {
                        Type::Union(vec![simple("number"), simple("bigint")])
                    }
                    JsonType::Integer | JsonType::Number => simple("number"),
                    JsonType::String if self.files && super::schemas::is_file(constraints) => {
                        simple("File")
                    }
                    JsonType::String => simple("string"),
                    JsonType::Array => self.array(constraints),
                    JsonType::Object => self.object(constraints),
                })
                .collect(),
        )
    }

    fn array(&self, constraints: &Constraints) -> Type {
        let item = constraints
            .items
            .as_ref()
            .map_or_else(|| simple("unknown"), |items| self.of(items));
        if constraints.prefix_items.is_empty() {
            return Type::Array(Box::new(item));
        }
        let prefix = constraints
            .prefix_items
            .iter()
            .map(|schema| self.of(schema))
            .collect();
        let least = constraints.min_items.unwrap_or(0) as usize;
        let rest = (constraints.items != Some(Schema::Nothing)).then(|| Box::new(item));
        Type::Tuple(prefix, least, rest)
    }

    fn object(&self, constraints: &Constraints) -> Type {
        let mut members = Vec::new();
        for (name, schema) in &constraints.properties {
            if self.models.is_left_out(schema, self.direction) {
                continue;
            }
            let required = constraints.required.contains(name);
            members.push(Member {
                name: name.clone(),
                optional: !required && default_of(self.models, schema).is_none(),
                value: self.of(schema),
                comment: description(schema),
            });
        }
        let unlisted = |name: &&String| !constraints.properties.contains_key(*name);
        for name in constraints.required.iter().filter(unlisted) {
            let value = match &constraints.additional_properties {
                Some(schema) if constraints.pattern_properties.is_empty() => self.of(schema),
                _ => simple("unknown"),
            };
            members.push(Member {
                name: name.clone(),
                optional: false,
                value,
                comment: None,
            });
        }
        let plain = constraints.pattern_properties.is_empty();
        let index = match &constraints.additional_properties {
            // What is left out here may be there, as nothing.
            Some(Schema::Nothing) if plain && members.is_empty() => {
                let known = !constraints.properties.is_empty();
                Some(simple(if known { "undefined" } else { "never" }))
            }
            Some(Schema::Nothing) if plain => None,
            // Named properties need not have the type of the others.
            Some(schema) if plain && members.is_empty() => Some(self.of(schema)),
            Some(schema) if plain && *schema != Schema::Anything => Some(simple("unknown")),
            None | Some(Schema::Anything) if plain && !members.is_empty() => None,
            _ => Some(simple("unknown")),
        };
        Type::Object(members, index.map(Box::new))
    }
}

/// The default that fills in for a value that is not there, when it is one that the schema allows.
/// A property with one is always there for whoever reads the type: it is filled in on the way in,
/// and a handler gives it on the way out, though a response without it is no fault.
pub(super) fn default_of<'s>(models: &'s Models<'_>, schema: &'s Schema) -> Option<&'s Value> {
    let Schema::Constraints(constraints) = models.resolve(schema) else {
        return None;
    };
    constraints
        .default
        .as_ref()
        .filter(|value| super::defaults::fits(models, value, schema, 0))
}

/// Whether a schema object says how arrays or objects are built.
fn is_structured(constraints: &Constraints) -> bool {
    !constraints.properties.is_empty()
        || !constraints.required.is_empty()
        || !constraints.pattern_properties.is_empty()
        || constraints.additional_properties.is_some()
        || constraints.items.is_some()
        || !constraints.prefix_items.is_empty()
}

/// A schema without its alternatives.
pub(super) fn stripped(schema: &Schema) -> Schema {
    match schema {
        Schema::Constraints(constraints) => {
            let mut constraints = constraints.clone();
            constraints.one_of = Vec::new();
            constraints.any_of = Vec::new();
            constraints.discriminator = None;
            // What is left may still be made of itself.
            constraints.reference = None;
            constraints
                .all_of
                .retain(|part| !matches!(part, Schema::Reference(_)));
            Schema::Constraints(constraints)
        }
        _ => Schema::Anything,
    }
}

pub(super) fn description(schema: &Schema) -> Option<String> {
    match schema {
        Schema::Constraints(constraints) => constraints.description.clone(),
        _ => None,
    }
}

pub(super) fn simple(text: &str) -> Type {
    Type::Text(text.to_owned())
}

/// A value as a type.
fn literal(value: &Value) -> Type {
    match value {
        Value::String(value) => Type::Text(string(value)),
        // A type cannot be `1e400` or `-0.0`; numbers print as they are read.
        Value::Array(items) => {
            let count = items.len();
            Type::Tuple(items.iter().map(literal).collect(), count, None)
        }
        Value::Object(members) => Type::Object(
            members
                .iter()
                .map(|(name, value)| Member {
                    name: name.clone(),
                    optional: false,
                    value: literal(value),
                    comment: None,
                })
                .collect(),
            members.is_empty().then(|| Box::new(simple("never"))),
        ),
        other => Type::Text(other.to_string()),
    }
}

/// The union without repetitions.
pub(super) fn union(types: Vec<Type>) -> Type {
    let mut flat: Vec<Type> = Vec::new();
    for member in types {
        let members = match member {
            Type::Union(members) => members,
            other => vec![other],
        };
        for member in members {
            if !flat.contains(&member) {
                flat.push(member);
            }
        }
    }
    if flat.contains(&simple("unknown")) {
        return simple("unknown");
    }
    flat.retain(|member| *member != simple("never"));
    // `null` reads best at the end.
    if let Some(at) = flat.iter().position(|member| *member == simple("null")) {
        let null = flat.remove(at);
        flat.push(null);
    }
    match flat.len() {
        0 => simple("never"),
        1 => flat.remove(0),
        _ => Type::Union(flat),
    }
}

/// Any object, or that beside any values of other kinds: the parts around it say as much.
fn says_kinds_alone(member: &Type) -> bool {
    let plain = |member: &Type| {
        let names = ["string", "number", "boolean", "null", "bigint"];
        is_any_object(member) || names.iter().any(|name| *member == simple(name))
    };
    match member {
        Type::Union(members) => members.iter().any(is_any_object) && members.iter().all(plain),
        member => is_any_object(member),
    }
}

fn is_any_object(member: &Type) -> bool {
    matches!(member, Type::Object(members, Some(index))
        if members.is_empty() && **index == simple("unknown"))
}

fn intersection(types: Vec<Type>, kinds: Kinds) -> Type {
    let mut flat: Vec<Type> = Vec::new();
    for member in types {
        if member != simple("unknown") && !flat.contains(&member) {
            flat.push(member);
        }
    }
    if flat.contains(&simple("never")) {
        return simple("never");
    }
    // Beside an object, any object adds nothing; and an interface has no index signature.
    if flat.len() > 1 {
        flat.retain(|member| !says_kinds_alone(member));
    }
    match flat.len() {
        0 if kinds == Kinds::NONE => simple("never"),
        0 => simple("unknown"),
        1 => flat.remove(0),
        _ => Type::Intersection(flat),
    }
}

impl Type {
    /// On one line.
    pub(super) fn flat(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Array(item) => match &**item {
                Self::Union(_) | Self::Intersection(_) => format!("({})[]", item.flat()),
                item => format!("{}[]", item.flat()),
            },
            Self::Tuple(items, least, rest) => {
                let mut parts: Vec<String> = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        let text = match item {
                            Self::Union(_) | Self::Intersection(_) if index >= *least => {
                                format!("({})", item.flat())
                            }
                            item => item.flat(),
                        };
                        if index < *least {
                            text
                        } else {
                            format!("{text}?")
                        }
                    })
                    .collect();
                if let Some(rest) = rest {
                    parts.push(format!("...{}", Self::Array(rest.clone()).flat()));
                }
                format!("[{}]", parts.join(", "))
            }
            Self::Object(members, index) => {
                let mut parts: Vec<String> = members
                    .iter()
                    .map(|member| format!("{}: {}", member.head(), member.value.flat()))
                    .collect();
                parts.extend(
                    index
                        .iter()
                        .map(|index| format!("[key: string]: {}", index.flat())),
                );
                if parts.is_empty() {
                    "object".to_owned()
                } else {
                    format!("{{ {} }}", parts.join("; "))
                }
            }
            Self::Union(members) => {
                let members: Vec<String> = members
                    .iter()
                    .map(|member| match member {
                        Self::Intersection(_) => format!("({})", member.flat()),
                        member => member.flat(),
                    })
                    .collect();
                members.join(" | ")
            }
            Self::Intersection(members) => {
                let members: Vec<String> = members
                    .iter()
                    .map(|member| match member {
                        Self::Union(_) => format!("({})", member.flat()),
                        member => member.flat(),
                    })
                    .collect();
                members.join(" & ")
            }
        }
    }

    /// With one property per line; `column` columns of the first line are taken, `after` follow.
    pub(super) fn print(&self, indent: usize, column: usize, after: usize) -> String {
        let flat = self.flat();
        if !self.has_object() && column + width(&flat) + after <= WIDTH {
            return flat;
        }
        match self {
            Self::Text(_) | Self::Tuple(..) => flat,
            Self::Array(item) => match &**item {
                Self::Union(_) | Self::Intersection(_) => {
                    format!("({})[]", item.print(indent, column + 1, after + 3))
                }
                item => format!("{}[]", item.print(indent, column, after + 2)),
            },
            Self::Object(members, index) => {
                if members.is_empty() {
                    return match index {
                        None => "object".to_owned(),
                        Some(index) if !index.has_object() => flat,
                        Some(index) => {
                            let pad = " ".repeat(indent + 2);
                            let value = index.print(indent + 2, indent + 17, 1);
                            format!("{{\n{pad}[key: string]: {value};\n{}}}", " ".repeat(indent))
                        }
                    };
                }
                let mut out = String::from("{\n");
                for member in members {
                    out.push_str(&member.print(indent + 2));
                }
                if let Some(index) = index {
                    let pad = " ".repeat(indent + 2);
                    let value = index.print(indent + 2, indent + 17, 1);
                    out.push_str(&format!("{pad}[key: string]: {value};\n"));
                }
                out + &" ".repeat(indent) + "}"
            }
            Self::Union(members) => {
                let objects = members
                    .iter()
                    .filter(|member| matches!(member, Self::Object(..)))
                    .count();
                if objects == 1 && members.len() == 2 && members[1] == simple("null") {
                    return format!("{} | null", members[0].print(indent, column, after + 7));
                }
                let pad = " ".repeat(indent + 2);
                let lines: Vec<String> = members
                    .iter()
                    .map(|member| {
                        let text = member.print(indent + 4, indent + 4, after);
                        let text = if matches!(member, Self::Intersection(_)) {
                            format!("({text})")
                        } else {
                            text
                        };
                        format!("\n{pad}| {text}")
                    })
                    .collect();
                lines.concat()
            }
            Self::Intersection(members) => {
                let members: Vec<String> = members
                    .iter()
                    .map(|member| match member {
                        Self::Union(_) => format!("({})", member.print(indent, column + 1, after)),
                        member => member.print(indent, column, after),
                    })
                    .collect();
                members.join(" & ")
            }
        }
    }

    /// On one line where that fits and no property has a comment.
    pub(super) fn print_short(&self, indent: usize, column: usize, after: usize) -> String {
        let flat = self.flat();
        if !self.has_comment() && column + width(&flat) + after <= WIDTH {
            flat
        } else {
            self.print(indent, column, after)
        }
    }

    fn has_object(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Array(item) => item.has_object(),
            Self::Tuple(items, _, rest) => {
                items.iter().any(Self::has_object)
                    || rest.as_ref().is_some_and(|rest| rest.has_object())
            }
            Self::Object(members, index) => {
                !members.is_empty() || index.as_ref().is_some_and(|index| index.has_object())
            }
            Self::Union(members) | Self::Intersection(members) => {
                members.iter().any(Self::has_object)
            }
        }
    }

    fn has_comment(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Array(item) => item.has_comment(),
            Self::Tuple(items, _, rest) => {
                items.iter().any(Self::has_comment)
                    || rest.as_ref().is_some_and(|rest| rest.has_comment())
            }
            Self::Object(members, index) => {
                members
                    .iter()
                    .any(|member| member.comment.is_some() || member.value.has_comment())
                    || index.as_ref().is_some_and(|index| index.has_comment())
            }
            Self::Union(members) | Self::Intersection(members) => {
                members.iter().any(Self::has_comment)
            }
        }
    }
}

impl Member {
    fn head(&self) -> String {
        format!(
            "{}{}",
            property_key(&self.name),
            if self.optional { "?" } else { "" }
        )
    }

    /// The property with its comment, on lines of its own.
    pub(super) fn print(&self, indent: usize) -> String {
        let head = self.head();
        let value = self.value.print(indent, indent + width(&head) + 2, 1);
        let space = if value.starts_with('\n') { "" } else { " " };
        format!(
            "{}{}{head}:{space}{value};\n",
            comment(self.comment.as_deref(), indent),
            " ".repeat(indent)
        )
    }
}

fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}
