//! Calls: functions of the project are followed, those of known packages are understood, and all
//! others give something that only runs at run time.

use std::rc::Rc;

use indexmap::IndexMap;
use oxc_ast::ast::{CallExpression, ClassElement, Expression, MethodDefinitionKind};

use super::interpreter::Interpreter;
use super::modules::FileId;
use super::registrations::Framework;
use super::value::{Closure, FunctionNode, Origin, Place, ScopeId, Value};

/// Where a call stands.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) call: &'a CallExpression<'a>,
    pub(super) file: FileId,
    pub(super) scope: ScopeId,
}

impl<'a> Interpreter<'a> {
    /// The call; in a chain of calls only its own part.
    pub(super) fn call_place(site: Site<'a>) -> Place {
        let mut place = Place::of(site.file, site.call.span);
        if let Expression::StaticMemberExpression(member) = &site.call.callee
            && matches!(member.object, Expression::CallExpression(_))
        {
            place.start = member.property.span.start as usize;
        }
        place
    }

    /// `object.name(…)`.
    pub(super) fn method(&mut self, object: &Value<'a>, name: &str, site: Site<'a>) -> Value<'a> {
        match object {
            Value::Router(id) => return self.router_method(*id, name, site),
            Value::Route(id, path, place) => {
                return self.route_method(*id, path, *place, name, site);
            }
            _ => {}
        }
        let arguments = self.arguments(&site.call.arguments, site.file, site.scope);
        match object {
            Value::Schema(schema) => self.zod_method(schema, name, &arguments, site.file),
            Value::List(items) => self.list_method(items, name, &arguments),
            Value::Text(text) => text_method(text, name, &arguments),
            Value::Function(closure) if name == "bind" => Value::Function(*closure),
            Value::Library(library) => {
                let full = format!("{library}.{name}");
                self.library_call(&full, &arguments, site)
            }
            Value::Unknown(_) => Value::unknown(self.called_as(site)),
            _ => {
                let function = self.member(object, name);
                self.apply_to(function, &arguments, site)
            }
        }
    }

    /// `function(…)`.
    pub(super) fn apply(&mut self, function: Value<'a>, _name: &str, site: Site<'a>) -> Value<'a> {
        let arguments = self.arguments(&site.call.arguments, site.file, site.scope);
        self.apply_to(function, &arguments, site)
    }

    fn apply_to(
        &mut self,
        function: Value<'a>,
        arguments: &[Value<'a>],
        site: Site<'a>,
    ) -> Value<'a> {
        match function {
            Value::Function(closure) | Value::Plugin(closure) => {
                if let Some(value) = self.generated_call(closure, arguments, site) {
                    return value;
                }
                match self.call(closure, arguments) {
                    Value::Unknown(_) => Value::unknown(self.called_as(site)),
                    value => value,
                }
            }
            Value::Library(library) => self.library_call(&library, arguments, site),
            _ => Value::unknown(self.called_as(site)),
        }
    }

    fn called_as(&self, site: Site<'a>) -> Origin {
        Origin::Call(self.source_of(&site.call.callee, site.file))
    }

    fn library_call(&mut self, name: &str, arguments: &[Value<'a>], site: Site<'a>) -> Value<'a> {
        let place = Place::of(site.file, site.call.span);
        let first = arguments.first();
        if let Some(router) = self.framework_call(name, arguments, place) {
            return router;
        }
        match name {
            "global.require" => match first {
                Some(Value::Text(specifier)) => match self.resolve(site.file, specifier) {
                    Some(other) => self.whole_module(other),
                    None if specifier.starts_with('.') => {
                        Value::unknown(Origin::Module(format!("`{specifier}`").into()))
                    }
                    None => super::statements::library_member(specifier, "*"),
                },
                _ => Value::unknown(Origin::Module(
                    "a name that is only known at run time".into(),
                )),
            },
            "global.Object.entries" | "global.Object.keys" | "global.Object.values" => {
                let Some(Value::Record(entries)) = first else {
                    return Value::unknown(self.called_as(site));
                };
                let items = entries.iter().map(|(key, value)| {
                    let key = Value::text(key.as_str());
                    match name.rsplit('.').next() {
                        Some("keys") => key,
                        Some("values") => value.clone(),
                        _ => Value::List(Rc::new(vec![key, value.clone()])),
                    }
                });
                Value::List(Rc::new(items.collect()))
            }
            "global.Object.freeze" | "global.String" => match first {
                Some(value) => value.clone(),
                None => Value::Undefined,
            },
            "path.join" | "path.posix.join" | "node:path.join" | "node:path.posix.join" => {
                let parts: Option<Vec<String>> = arguments.iter().map(Value::display).collect();
                match parts {
                    Some(parts) => Value::text(super::path::joined(&parts)),
                    None => Value::unknown(self.called_as(site)),
                }
            }
            _ if is_plugin_package(name) => match first {
                Some(Value::Function(closure)) => Value::Plugin(*closure),
                _ => Value::unknown(self.called_as(site)),
            },
            "koa-mount" => match arguments {
                [prefix, Value::Router(router)] => Value::Mounted(Rc::new(prefix.clone()), *router),
                [Value::Router(router)] => Value::Router(*router),
                _ => Value::unknown(self.called_as(site)),
            },
            _ => match zod_function(name) {
                Some(function) => self.zod_call(function, arguments, site),
                // A wrapper such as `asyncHandler(fn)` keeps what it wraps.
                None => match arguments {
                    [Value::Function(closure)] => Value::Function(*closure),
                    _ => self.validator_call(arguments, site),
                },
            },
        }
    }

    /// Middleware of a package that was given schemas keeps them.
    fn validator_call(&mut self, arguments: &[Value<'a>], site: Site<'a>) -> Value<'a> {
        for argument in arguments {
            if let Value::Record(parts) = argument {
                let known = ["body", "query", "params", "headers"];
                let has_schema = parts.iter().any(|(key, value)| {
                    known.contains(&key.as_str()) && matches!(value, Value::Schema(_))
                });
                if has_schema {
                    return Value::Record(Rc::clone(parts));
                }
            }
        }
        Value::unknown(self.called_as(site))
    }

    /// Applications and routers of the three frameworks, called or constructed.
    fn framework_call(
        &mut self,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        let (framework, is_application) = match name {
            "express" | "express.default" => (Framework::Express, true),
            "express.Router" | "express.default.Router" => (Framework::Express, false),
            "fastify" | "fastify.fastify" | "fastify.default" | "Fastify" => {
                (Framework::Fastify, true)
            }
            "koa" | "koa.default" => (Framework::Koa, true),
            "@koa/router"
            | "koa-router"
            | "@koa/router.default"
            | "koa-router.default"
            | "@koa/router.Router"
            | "koa-router.Router" => (Framework::Koa, false),
            _ => return None,
        };
        let prefix = match framework {
            Framework::Koa => arguments
                .first()
                .and_then(|options| options.member("prefix").cloned()),
            _ => None,
        };
        Some(self.new_router(framework, place, is_application, prefix))
    }

    /// `new callee(…)`.
    pub(super) fn construct(
        &mut self,
        callee: Value<'a>,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Value<'a> {
        match callee {
            Value::Library(name) => self
                .framework_call(&name, arguments, place)
                .unwrap_or_else(|| Value::unknown(Origin::Call(format!("new {name}").into()))),
            // Methods of an instance are looked up by name; its fields are not followed.
            Value::Class(class, file, scope) => {
                let mut members = IndexMap::new();
                for element in &class.body.body {
                    match element {
                        ClassElement::MethodDefinition(method)
                            if method.kind == MethodDefinitionKind::Method =>
                        {
                            if let Some(name) = method.key.static_name() {
                                let closure = Closure {
                                    node: FunctionNode::Function(&method.value),
                                    file,
                                    scope,
                                };
                                members.insert(name.to_string(), Value::Function(closure));
                            }
                        }
                        ClassElement::PropertyDefinition(property) => {
                            if let (Some(name), Some(value)) =
                                (property.key.static_name(), &property.value)
                            {
                                let value = self.expression(value, file, scope);
                                members.insert(name.to_string(), value);
                            }
                        }
                        _ => {}
                    }
                }
                Value::record(members)
            }
            _ => Value::unknown(Origin::Expression),
        }
    }

    fn list_method(
        &mut self,
        items: &Rc<Vec<Value<'a>>>,
        name: &str,
        arguments: &[Value<'a>],
    ) -> Value<'a> {
        match (name, arguments) {
            ("forEach" | "map" | "flatMap", [Value::Function(closure), ..]) => {
                let mut results = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    if !self.step() {
                        break;
                    }
                    let index = Value::Number(index as f64);
                    results.push(self.call(*closure, &[item.clone(), index]));
                }
                if name == "forEach" {
                    Value::Undefined
                } else {
                    Value::List(Rc::new(results))
                }
            }
            ("concat", [Value::List(more)]) => {
                Value::List(Rc::new(items.iter().chain(more.iter()).cloned().collect()))
            }
            ("join", _) => {
                let parts: Option<Vec<String>> = items.iter().map(Value::display).collect();
                let separator = arguments.first().and_then(Value::display);
                match parts {
                    Some(parts) => Value::text(parts.join(separator.as_deref().unwrap_or(","))),
                    None => Value::unknown(Origin::Expression),
                }
            }
            ("entries", _) => {
                let pairs = items.iter().enumerate().map(|(index, item)| {
                    Value::List(Rc::new(vec![Value::Number(index as f64), item.clone()]))
                });
                Value::List(Rc::new(pairs.collect()))
            }
            _ => Value::unknown(Origin::Expression),
        }
    }
}

fn text_method<'a>(text: &str, name: &str, arguments: &[Value<'a>]) -> Value<'a> {
    match name {
        "toLowerCase" => Value::text(text.to_lowercase()),
        "toUpperCase" => Value::text(text.to_uppercase()),
        "trim" => Value::text(text.trim()),
        "toString" => Value::text(text),
        "concat" => match arguments
            .iter()
            .map(Value::display)
            .collect::<Option<String>>()
        {
            Some(rest) => Value::text(format!("{text}{rest}")),
            None => Value::unknown(Origin::Expression),
        },
        _ => Value::unknown(Origin::Expression),
    }
}

fn is_plugin_package(name: &str) -> bool {
    [
        "fastify-plugin",
        "fastify-plugin.default",
        "fastify-plugin.fastifyPlugin",
    ]
    .contains(&name)
}

/// `zod.z.object` and `zod.object` are `object`.
fn zod_function(name: &str) -> Option<&str> {
    ["zod/v4", "zod/v3", "zod/mini", "zod"]
        .iter()
        .find_map(|package| {
            let rest = name.strip_prefix(package)?.strip_prefix('.')?;
            Some(
                rest.strip_prefix("z.")
                    .or_else(|| rest.strip_prefix("default."))
                    .unwrap_or(rest),
            )
        })
}
