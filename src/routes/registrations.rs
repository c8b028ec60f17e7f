//! Routers and what is registered with them, in the terms of Express, Fastify and Koa.

use std::rc::Rc;

use super::calls::Site;
use super::interpreter::Interpreter;
use super::value::{Place, RouterId, Unknown, Value};
use crate::api::Method;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Framework {
    Express,
    Fastify,
    Koa,
}

impl Framework {
    /// In lower case, as options and wire formats spell it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Express => "express",
            Self::Fastify => "fastify",
            Self::Koa => "koa",
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Express => "Express",
            Self::Fastify => "Fastify",
            Self::Koa => "Koa",
        }
    }
}

pub(super) struct Router<'a> {
    pub(super) framework: Framework,
    /// Koa routers have a prefix of their own.
    pub(super) prefix: Option<Value<'a>>,
    pub(super) entries: Vec<Entry<'a>>,
    pub(super) is_mounted: bool,
    /// Where it is made: an application starts here.
    pub(super) place: Place,
    pub(super) is_application: bool,
}

pub(super) enum Entry<'a> {
    Route(Route<'a>),
    Mount {
        prefix: Value<'a>,
        router: RouterId,
        place: Place,
    },
}

#[derive(Clone)]
pub(super) struct Route<'a> {
    pub(super) methods: Methods,
    pub(super) path: Value<'a>,
    /// Functions, and calls of middleware factories that gave something else.
    pub(super) handlers: Vec<Value<'a>>,
    /// The options object of a Fastify route.
    pub(super) options: Option<Value<'a>>,
    /// The path in the source.
    pub(super) place: Place,
    /// The whole call.
    pub(super) call: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Methods {
    These(Vec<Method>),
    /// `app.all`.
    All,
}

impl<'a> Interpreter<'a> {
    pub(super) fn new_router(
        &mut self,
        framework: Framework,
        place: Place,
        is_application: bool,
        prefix: Option<Value<'a>>,
    ) -> Value<'a> {
        let id = self.router(Router {
            framework,
            prefix,
            entries: Vec::new(),
            is_mounted: false,
            place,
            is_application,
        });
        Value::Router(id)
    }

    /// `router.name(…)`. What a router gives back is the router, so that calls chain.
    pub(super) fn router_method(&mut self, id: RouterId, name: &str, site: Site<'a>) -> Value<'a> {
        let framework = self.routers[id.0].framework;
        let arguments = self.arguments(&site.call.arguments, site.file, site.scope);
        match (name, framework) {
            ("use", _) => {
                self.mount(id, arguments, site);
                Value::Router(id)
            }
            ("register", Framework::Fastify) => {
                self.register(id, &arguments, site);
                Value::Router(id)
            }
            ("route", Framework::Fastify) => {
                self.fastify_route(id, arguments, site);
                Value::Router(id)
            }
            ("route", Framework::Express) => {
                let path = arguments.into_iter().next().unwrap_or(Value::Undefined);
                Value::Route(id, Rc::new(path), Self::first_argument(site))
            }
            ("after" | "ready", Framework::Fastify) => {
                if let Some(Value::Function(closure)) = arguments.first() {
                    self.call(*closure, &[]);
                }
                Value::Router(id)
            }
            ("prefix", Framework::Koa) => {
                self.routers[id.0].prefix = arguments.into_iter().next();
                Value::Router(id)
            }
            ("routes" | "middleware", Framework::Koa) => Value::Router(id),
            _ => match methods_named(name) {
                Some(methods) => {
                    self.verb(id, &methods, arguments, site);
                    Value::Router(id)
                }
                None if name == "register" => {
                    self.koa_register(id, &arguments, site);
                    Value::Router(id)
                }
                None => Value::Router(id),
            },
        }
    }

    /// `app.route("/path").get(…)`.
    pub(super) fn route_method(
        &mut self,
        id: RouterId,
        path: &Rc<Value<'a>>,
        place: Place,
        name: &str,
        site: Site<'a>,
    ) -> Value<'a> {
        let handlers = self.arguments(&site.call.arguments, site.file, site.scope);
        if let Some(methods) = methods_named(name) {
            self.add(
                id,
                Route {
                    methods,
                    path: (**path).clone(),
                    handlers: flattened(handlers),
                    options: None,
                    place,
                    call: Self::call_place(site),
                },
            );
        }
        Value::Route(id, Rc::clone(path), place)
    }

    fn verb(&mut self, id: RouterId, methods: &Methods, arguments: Vec<Value<'a>>, site: Site<'a>) {
        // `app.get("setting")` reads a setting.
        if arguments.len() < 2 {
            return;
        }
        let framework = self.routers[id.0].framework;
        let mut arguments = arguments.into_iter();
        let mut path = arguments.next().unwrap_or(Value::Undefined);
        let mut handlers: Vec<Value<'a>> = arguments.collect();
        // Koa routes may have a name before their path.
        if framework == Framework::Koa && handlers.len() > 1 && handlers[0].as_text().is_some() {
            path = handlers.remove(0);
        }
        let options = match framework {
            Framework::Fastify => handlers
                .iter()
                .position(|handler| matches!(handler, Value::Record(_)))
                .map(|index| handlers.remove(index)),
            _ => None,
        };
        if let Some(options) = &options {
            handlers.extend(option_handlers(options));
        }
        let paths = match path {
            Value::List(items) => items.to_vec(),
            other => vec![other],
        };
        for path in paths {
            self.add(
                id,
                Route {
                    methods: methods.clone(),
                    path,
                    handlers: flattened(handlers.clone()),
                    options: options.clone(),
                    place: Self::first_argument(site),
                    call: Self::call_place(site),
                },
            );
        }
    }

    /// `fastify.route({ method, url, handler })`.
    fn fastify_route(&mut self, id: RouterId, arguments: Vec<Value<'a>>, site: Site<'a>) {
        let Some(options) = arguments.into_iter().next() else {
            return;
        };
        let path = options
            .member("url")
            .or_else(|| options.member("path"))
            .cloned();
        let names = match options.member("method") {
            Some(Value::List(items)) => items.to_vec(),
            Some(other) => vec![other.clone()],
            None => Vec::new(),
        };
        let names: Vec<&str> = names.iter().filter_map(Value::as_text).collect();
        let methods: Vec<Method> = names
            .iter()
            .filter_map(|name| Method::from_key(&name.to_ascii_lowercase()))
            .collect();
        let call = Self::call_place(site);
        if methods.is_empty() {
            let reason = match options.member("method") {
                Some(Value::Unknown(unknown)) => unknown.reason(),
                _ => "its method is only known at run time".to_owned(),
            };
            self.unresolved(call, reason);
            return;
        }
        let handlers = option_handlers(&options);
        self.add(
            id,
            Route {
                methods: Methods::These(methods),
                path: path.unwrap_or(Value::Undefined),
                handlers,
                options: Some(options),
                place: call,
                call,
            },
        );
    }

    /// `router.register(path, methods, middleware)` of Koa.
    fn koa_register(&mut self, id: RouterId, arguments: &[Value<'a>], site: Site<'a>) {
        let [path, methods, handlers @ ..] = arguments else {
            return;
        };
        let names = methods.as_list().unwrap_or_default().iter();
        let methods = names
            .filter_map(Value::as_text)
            .filter_map(|name| Method::from_key(&name.to_ascii_lowercase()));
        self.add(
            id,
            Route {
                methods: Methods::These(methods.collect()),
                path: path.clone(),
                handlers: flattened(handlers.to_vec()),
                options: None,
                place: Self::first_argument(site),
                call: Self::call_place(site),
            },
        );
    }

    /// `use(prefix?, …routers and middleware)`.
    fn mount(&mut self, id: RouterId, arguments: Vec<Value<'a>>, site: Site<'a>) {
        let place = Self::call_place(site);
        let mut arguments = flattened(arguments);
        let is_handler = |value: &Value<'a>| {
            matches!(
                value,
                Value::Router(_) | Value::Function(_) | Value::Mounted(..) | Value::Library(_)
            )
        };
        let prefixes = match arguments.first() {
            Some(Value::Text(_) | Value::Pattern(_)) => vec![arguments.remove(0)],
            Some(Value::Unknown(_)) if arguments.len() > 1 && arguments.iter().any(is_handler) => {
                vec![arguments.remove(0)]
            }
            _ => vec![Value::text("")],
        };
        for argument in arguments {
            match argument {
                Value::Router(router) if router != id => {
                    self.routers[router.0].is_mounted = true;
                    for prefix in &prefixes {
                        self.routers[id.0].entries.push(Entry::Mount {
                            prefix: prefix.clone(),
                            router,
                            place,
                        });
                    }
                }
                Value::Mounted(prefix, router) if router != id => {
                    self.routers[router.0].is_mounted = true;
                    self.routers[id.0].entries.push(Entry::Mount {
                        prefix: (*prefix).clone(),
                        router,
                        place,
                    });
                }
                Value::Unknown(unknown) => self.unknown_mount(&unknown, place),
                _ => {}
            }
        }
    }

    fn unknown_mount(&mut self, unknown: &Unknown, place: Place) {
        // Middleware of packages is no fault; a file that is only known at run time is.
        if matches!(unknown.origin, super::value::Origin::Module(_)) {
            self.unresolved(place, unknown.reason());
        }
    }

    /// `fastify.register(plugin, { prefix })`.
    fn register(&mut self, id: RouterId, arguments: &[Value<'a>], site: Site<'a>) {
        let place = Self::call_place(site);
        let options = arguments.get(1).cloned().unwrap_or(Value::Undefined);
        let plugin = match arguments.first() {
            Some(Value::Module(file)) => self.export(*file, "default"),
            Some(other) => other.clone(),
            None => return,
        };
        match plugin {
            Value::Function(closure) => {
                let prefix = options.member("prefix").cloned();
                let child = self.router(Router {
                    framework: Framework::Fastify,
                    prefix: None,
                    entries: Vec::new(),
                    is_mounted: true,
                    place,
                    is_application: false,
                });
                self.routers[id.0].entries.push(Entry::Mount {
                    prefix: prefix.unwrap_or_else(|| Value::text("")),
                    router: child,
                    place,
                });
                self.call(closure, &[Value::Router(child), options]);
            }
            // `fastify-plugin` gives the parent's own scope: a prefix does not apply.
            Value::Plugin(closure) => {
                self.call(closure, &[Value::Router(id), options]);
            }
            Value::Unknown(unknown) => self.unknown_mount(&unknown, place),
            _ => {}
        }
    }

    fn add(&mut self, id: RouterId, route: Route<'a>) {
        // Generated code ends every path with an answer to all other methods.
        if matches!(route.handlers.as_slice(), [Value::Undefined]) {
            return;
        }
        self.routers[id.0].entries.push(Entry::Route(route));
    }

    fn first_argument(site: Site<'a>) -> Place {
        use oxc_span::GetSpan;
        let span = site
            .call
            .arguments
            .first()
            .map_or(site.call.span, GetSpan::span);
        Place::of(site.file, span)
    }
}

fn methods_named(name: &str) -> Option<Methods> {
    match name {
        "all" => Some(Methods::All),
        "del" => Some(Methods::These(vec![Method::Delete])),
        _ => Method::from_key(name).map(|method| Methods::These(vec![method])),
    }
}

/// The functions of a Fastify route's options.
fn option_handlers<'a>(options: &Value<'a>) -> Vec<Value<'a>> {
    let names = [
        super::generated::OPERATION,
        "preHandler",
        "preValidation",
        "handler",
    ];
    let found = names
        .iter()
        .filter_map(|name| options.member(name).cloned());
    flattened(found.collect())
}

/// Lists of middleware, unfolded.
fn flattened(values: Vec<Value<'_>>) -> Vec<Value<'_>> {
    let mut flat = Vec::new();
    for value in values {
        match value {
            Value::List(items) => flat.extend(flattened(items.to_vec())),
            other => flat.push(other),
        }
    }
    flat
}
