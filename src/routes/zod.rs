//! Zod schemas as schemas of the model. A check that a schema cannot express (a refinement, a
//! transformation) leaves what is around it as it is.

mod shapes;

use std::rc::Rc;

use indexmap::IndexSet;

use super::calls::Site;
use super::interpreter::Interpreter;
use super::modules::FileId;
use super::value::{Closure, FunctionNode, Origin, ScopeId, Value, json_number};
use crate::api::{Constraints, JsonType, Schema};

pub(super) use shapes::{Bound, bound, object_of, references, schema_of};
use shapes::{add, enumeration, format, make_nullable};

/// A schema, and what its place in an object says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Zod {
    pub(super) schema: SchemaOrAnything,
    /// The property may be missing.
    pub(super) optional: bool,
    /// Generated: only the service sets this property.
    pub(super) read_only: bool,
    /// Generated: the media types of an uploaded file.
    pub(super) media_types: Vec<String>,
}

/// A schema with a default.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SchemaOrAnything(pub(super) Schema);

impl Default for SchemaOrAnything {
    fn default() -> Self {
        Self(Schema::Anything)
    }
}

impl Zod {
    pub(super) fn of(schema: Schema) -> Self {
        Self {
            schema: SchemaOrAnything(schema),
            ..Self::default()
        }
    }

    fn typed(kind: JsonType) -> Self {
        Self::of(typed(kind))
    }

    fn formatted(kind: JsonType, format: &str) -> Self {
        let mut zod = Self::typed(kind);
        zod.edit(|constraints| constraints.format = Some(format.to_owned()));
        zod
    }

    pub(super) fn schema(&self) -> &Schema {
        &self.schema.0
    }

    fn constraints(&self) -> Constraints {
        match self.schema() {
            Schema::Constraints(constraints) => (**constraints).clone(),
            Schema::Reference(name) => Constraints {
                reference: Some(name.clone()),
                ..Constraints::default()
            },
            Schema::Anything => Constraints::default(),
            Schema::Nothing => Constraints {
                not: Some(Schema::Anything),
                ..Constraints::default()
            },
        }
    }

    pub(super) fn edit(&mut self, change: impl FnOnce(&mut Constraints)) {
        let mut constraints = self.constraints();
        change(&mut constraints);
        self.schema = SchemaOrAnything(Schema::from_constraints(constraints));
    }

    fn is_of(&self, kind: JsonType) -> bool {
        matches!(self.schema(), Schema::Constraints(constraints) if constraints.types.contains(&kind))
    }
}

pub(super) fn typed(kind: JsonType) -> Schema {
    Schema::from_constraints(Constraints {
        types: IndexSet::from([kind]),
        ..Constraints::default()
    })
}

fn value<'a>(zod: Zod) -> Value<'a> {
    Value::Schema(Rc::new(zod))
}

impl<'a> Interpreter<'a> {
    /// A top-level constant that holds a schema is a component of its name.
    pub(super) fn remember_schema(
        &mut self,
        given: Value<'a>,
        name: &str,
        file: FileId,
        scope: ScopeId,
    ) -> Value<'a> {
        let Value::Schema(zod) = &given else {
            return given;
        };
        let is_top_level = self
            .loaded
            .get(&file)
            .is_some_and(|loaded| loaded.scope == Some(scope));
        if !is_top_level || matches!(zod.schema(), Schema::Reference(_)) || zod.read_only {
            return given;
        }
        let name = self.schema_name(file, name);
        self.schemas.insert(name.clone(), zod.schema().clone());
        value(Zod {
            schema: SchemaOrAnything(Schema::Reference(name)),
            ..(**zod).clone()
        })
    }

    /// The object that a schema is, references followed.
    fn resolved(&self, schema: &Schema) -> Constraints {
        match schema {
            Schema::Reference(name) => match self.schemas.get(name) {
                Some(Schema::Constraints(constraints)) => (**constraints).clone(),
                _ => Constraints::default(),
            },
            Schema::Constraints(constraints) => (**constraints).clone(),
            _ => Constraints::default(),
        }
    }

    /// The schema itself in place of its name.
    pub(super) fn dereferenced(&self, schema: &Schema) -> Schema {
        Schema::from_constraints(self.resolved(schema))
    }

    /// `z.name(…)`.
    pub(super) fn zod_call(
        &mut self,
        name: &str,
        arguments: &[Value<'a>],
        site: Site<'a>,
    ) -> Value<'a> {
        let first = arguments.first();
        let name = name.strip_prefix("coerce.").unwrap_or(name);
        let zod = match name {
            "string" => Zod::typed(JsonType::String),
            "number" => Zod::typed(JsonType::Number),
            "boolean" | "stringbool" => Zod::typed(JsonType::Boolean),
            "int" | "uint32" | "uint64" | "bigint" => Zod::typed(JsonType::Integer),
            "int32" => Zod::formatted(JsonType::Integer, "int32"),
            "int64" => Zod::formatted(JsonType::Integer, "int64"),
            "float32" => Zod::formatted(JsonType::Number, "float"),
            "float64" => Zod::formatted(JsonType::Number, "double"),
            "email" => Zod::formatted(JsonType::String, "email"),
            "uuid" | "guid" | "uuidv4" | "uuidv6" | "uuidv7" => {
                Zod::formatted(JsonType::String, "uuid")
            }
            "url" | "httpUrl" => Zod::formatted(JsonType::String, "uri"),
            "ipv4" | "ipv6" | "hostname" => Zod::formatted(JsonType::String, name),
            "date" | "iso.datetime" => Zod::formatted(JsonType::String, "date-time"),
            "iso.date" => Zod::formatted(JsonType::String, "date"),
            "iso.time" => Zod::formatted(JsonType::String, "time"),
            "iso.duration" => Zod::formatted(JsonType::String, "duration"),
            "base64" | "base64url" | "cuid" | "cuid2" | "ulid" | "nanoid" | "jwt" | "emoji"
            | "cidrv4" | "cidrv6" | "e164" | "hex" | "templateLiteral" => {
                Zod::typed(JsonType::String)
            }
            "file" => Zod::formatted(JsonType::String, "binary"),
            "null" => Zod::typed(JsonType::Null),
            "undefined" | "void" => Zod {
                optional: true,
                ..Zod::of(Schema::Nothing)
            },
            "never" => Zod::of(Schema::Nothing),
            "any" | "unknown" | "custom" | "json" => Zod::of(Schema::Anything),
            "literal" | "enum" | "nativeEnum" => Zod::of(enumeration(first)),
            "array" | "set" => {
                let items = first.map(schema_of);
                let mut zod = Zod::typed(JsonType::Array);
                zod.edit(|constraints| {
                    constraints.items = items.filter(|items| *items != Schema::Anything);
                    constraints.unique_items = name == "set";
                });
                zod
            }
            "tuple" => {
                let prefix = first.and_then(Value::as_list).unwrap_or_default();
                let prefix: Vec<Schema> = prefix.iter().map(schema_of).collect();
                let rest = arguments.get(1).map_or(Schema::Nothing, schema_of);
                let mut zod = Zod::typed(JsonType::Array);
                zod.edit(|constraints| {
                    constraints.min_items = Some(prefix.len() as u64);
                    constraints.prefix_items = prefix;
                    constraints.items = Some(rest);
                });
                zod
            }
            "object" | "strictObject" | "looseObject" => {
                let mut constraints = object_of(first);
                if name == "strictObject" {
                    constraints.additional_properties = Some(Schema::Nothing);
                }
                Zod::of(Schema::from_constraints(constraints))
            }
            "record" | "partialRecord" | "map" => {
                let mut zod = Zod::typed(JsonType::Object);
                let key = first.filter(|_| arguments.len() > 1).map(schema_of);
                let values = arguments.last().map(schema_of);
                zod.edit(|constraints| {
                    constraints.property_names = key.filter(|key| *key != typed(JsonType::String));
                    constraints.additional_properties = values;
                });
                zod
            }
            "union" | "xor" | "discriminatedUnion" => {
                let list = arguments
                    .iter()
                    .rev()
                    .find_map(Value::as_list)
                    .unwrap_or_default();
                let options: Vec<Schema> = list.iter().map(schema_of).collect();
                let mut constraints = Constraints::default();
                if name == "union" {
                    constraints.any_of = options;
                } else {
                    constraints.one_of = options;
                }
                Zod {
                    optional: list
                        .iter()
                        .any(|option| matches!(option, Value::Schema(zod) if zod.optional)),
                    ..Zod::of(Schema::from_constraints(constraints))
                }
            }
            "intersection" => Zod::of(Schema::from_constraints(Constraints {
                all_of: arguments.iter().map(schema_of).collect(),
                ..Constraints::default()
            })),
            "optional" | "nullable" | "nullish" => match first {
                Some(Value::Schema(zod)) => {
                    let zod = Rc::clone(zod);
                    return self.zod_method(&zod, name, &[], site.file);
                }
                _ => return Value::unknown(Origin::Expression),
            },
            "lazy" => match first {
                Some(Value::Function(closure)) => return self.lazy(*closure),
                _ => return Value::unknown(Origin::Expression),
            },
            "preprocess" => match arguments.get(1) {
                Some(Value::Schema(zod)) => (**zod).clone(),
                _ => Zod::default(),
            },
            // Types, errors and bare checks such as `z.gte(0)`.
            _ => return super::generated::zod_check(name, arguments),
        };
        value(zod)
    }

    /// `z.lazy(() => Name)` is a reference, so that schemas may refer to themselves.
    fn lazy(&mut self, closure: Closure<'a>) -> Value<'a> {
        if let FunctionNode::Arrow(arrow) = closure.node
            && let Some(oxc_ast::ast::Expression::Identifier(id)) = arrow.body.as_expression()
            && let Some((binding, scope)) = self.binding(closure.scope, &id.name)
        {
            let (file, name) = match binding {
                super::interpreter::Binding::Import(file, name) => (file, name),
                super::interpreter::Binding::Value(_) => (closure.file, id.name.to_string()),
            };
            if self
                .loaded
                .values()
                .any(|loaded| loaded.scope == Some(scope))
            {
                let name = self.schema_name(file, &name);
                return value(Zod::of(Schema::Reference(name)));
            }
        }
        // A constant that is being declared has no binding yet.
        if let FunctionNode::Arrow(arrow) = closure.node
            && let Some(oxc_ast::ast::Expression::Identifier(id)) = arrow.body.as_expression()
        {
            let name = self.schema_name(closure.file, &id.name);
            return value(Zod::of(Schema::Reference(name)));
        }
        self.call(closure, &[])
    }

    /// `schema.name(…)`.
    pub(super) fn zod_method(
        &mut self,
        zod: &Rc<Zod>,
        name: &str,
        arguments: &[Value<'a>],
        _file: FileId,
    ) -> Value<'a> {
        let mut zod = (**zod).clone();
        let first = arguments.first();
        let number = first.and_then(|argument| match argument {
            Value::Number(number) => json_number(*number),
            _ => None,
        });
        let count = number.as_ref().and_then(serde_json::Number::as_u64);
        match name {
            "optional" | "exactOptional" => zod.optional = true,
            "nullable" => make_nullable(&mut zod),
            "nullish" => {
                make_nullable(&mut zod);
                zod.optional = true;
            }
            "default" | "prefault" => {
                zod.optional = true;
                if let Some(default) = first.and_then(Value::json) {
                    zod.edit(|constraints| constraints.default = Some(default));
                }
            }
            "describe" => {
                let text = first.and_then(Value::as_text).map(str::to_owned);
                zod.edit(|constraints| constraints.description = text);
            }
            "min" | "gte" | "minLength" | "minSize" => bound(&mut zod, count, number, Bound::Least),
            "max" | "lte" | "maxLength" | "maxSize" => bound(&mut zod, count, number, Bound::Most),
            "length" => {
                bound(&mut zod, count, number.clone(), Bound::Least);
                bound(&mut zod, count, number, Bound::Most);
            }
            "nonempty" => bound(&mut zod, Some(1), Some(1.into()), Bound::Least),
            "gt" => zod.edit(|constraints| constraints.exclusive_minimum = number),
            "lt" => zod.edit(|constraints| constraints.exclusive_maximum = number),
            "positive" => zod.edit(|constraints| constraints.exclusive_minimum = Some(0.into())),
            "negative" => zod.edit(|constraints| constraints.exclusive_maximum = Some(0.into())),
            "nonnegative" => zod.edit(|constraints| constraints.minimum = Some(0.into())),
            "nonpositive" => zod.edit(|constraints| constraints.maximum = Some(0.into())),
            "int" | "safe" if name == "int" => zod.edit(|constraints| {
                constraints.types = constraints
                    .types
                    .iter()
                    .map(|kind| match kind {
                        JsonType::Number => JsonType::Integer,
                        other => *other,
                    })
                    .collect();
            }),
            "multipleOf" | "step" => zod.edit(|constraints| constraints.multiple_of = number),
            "regex" => {
                if let Some(Value::Pattern(pattern)) = first {
                    let pattern = pattern.to_string();
                    zod.edit(|constraints| constraints.pattern = Some(pattern));
                }
            }
            "email" => format(&mut zod, "email"),
            "uuid" | "guid" => format(&mut zod, "uuid"),
            "url" => format(&mut zod, "uri"),
            "datetime" => format(&mut zod, "date-time"),
            "date" | "time" | "duration" => format(&mut zod, name),
            "strict" => {
                zod = self.edited(&zod, |c| c.additional_properties = Some(Schema::Nothing));
            }
            "passthrough" | "loose" | "strip" => {
                zod = self.edited(&zod, |c| c.additional_properties = None);
            }
            "catchall" => {
                let rest = first.map(schema_of);
                zod = self.edited(&zod, |c| c.additional_properties = rest);
            }
            "extend" | "safeExtend" => {
                let more = object_of(first);
                zod = self.edited(&zod, |c| add(c, more));
            }
            "merge" => {
                let more = first.map(|other| self.resolved(&schema_of(other)));
                zod = self.edited(&zod, |c| add(c, more.unwrap_or_default()));
            }
            "pick" | "omit" => {
                let keys: Vec<String> = match first {
                    Some(Value::Record(keys)) => keys.keys().cloned().collect(),
                    _ => return Value::unknown(Origin::Expression),
                };
                let keep = |key: &String| keys.contains(key) == (name == "pick");
                zod = self.edited(&zod, |c| {
                    c.properties.retain(|key, _| keep(key));
                    c.required.retain(keep);
                });
            }
            "partial" => zod = self.edited(&zod, |c| c.required.clear()),
            "required" => {
                zod = self.edited(&zod, |c| {
                    c.required = c.properties.keys().cloned().collect();
                });
            }
            "array" => {
                let items = zod.schema().clone();
                zod = Zod::typed(JsonType::Array);
                zod.edit(|constraints| constraints.items = Some(items));
            }
            "or" => {
                let other = first.map_or(Schema::Anything, schema_of);
                let options = vec![zod.schema().clone(), other];
                zod = Zod::of(Schema::from_constraints(Constraints {
                    any_of: options,
                    ..Constraints::default()
                }));
            }
            "and" => {
                let other = first.map_or(Schema::Anything, schema_of);
                let parts = vec![zod.schema().clone(), other];
                zod = Zod::of(Schema::from_constraints(Constraints {
                    all_of: parts,
                    ..Constraints::default()
                }));
            }
            "check" => {
                for check in arguments {
                    super::generated::apply_check(&mut zod, check);
                }
            }
            "refine" => self.generated_refinement(&mut zod, first),
            "unwrap" | "removeDefault" => zod.optional = false,
            "parse" | "safeParse" | "parseAsync" | "safeParseAsync" => {
                return Value::unknown(Origin::Expression);
            }
            _ => {}
        }
        value(zod)
    }

    /// A new object schema made from another; what it is made from keeps its name.
    fn edited(&self, zod: &Zod, change: impl FnOnce(&mut Constraints)) -> Zod {
        let mut constraints = self.resolved(zod.schema());
        change(&mut constraints);
        Zod {
            schema: SchemaOrAnything(Schema::from_constraints(constraints)),
            ..zod.clone()
        }
    }
}
