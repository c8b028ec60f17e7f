//! Paths, operations, callbacks and webhooks.

use indexmap::IndexMap;

use super::Reader;
use super::members;
use super::node::Node;
use super::parameter::Inputs;
use crate::api::{
    Callback, Dialect, Method, Operation, OriginId, Parameter, ParameterFormat, ParameterPlace,
    Schema, Style,
};
use crate::diagnostic::{Diagnostic, Related};
use crate::text::Path;

/// What the operations of one path item have in common.
struct Shared<'s> {
    template: &'s str,
    kind: Kind,
    inputs: Inputs,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Served: its template has parameters.
    Path,
    /// Sent: a webhook or a callback.
    Outgoing,
}

impl<'a> Reader<'a> {
    pub(super) fn paths(&mut self, root: Node<'a, '_>) -> Vec<Operation> {
        let mut operations = Vec::new();
        let mut shapes: IndexMap<String, String> = IndexMap::new();
        self.entries_of(root, "paths", |reader, template, node| {
            if template.starts_with("x-") {
                return;
            }
            if !template.starts_with('/') {
                let message = format!("the path `{template}` must start with `/`");
                reader.warn(node.path, "relative-path", message);
            }
            if let Some(other) = shapes.insert(shape(template), template.to_owned()) {
                let message = format!("`{template}` matches the same requests as `{other}`");
                reader.warn(node.path, "ambiguous-path", message);
            }
            reader.path_item(node, template, Kind::Path, &mut operations);
        });
        operations
    }

    /// Path items by name, not by path.
    pub(super) fn webhooks(&mut self, root: Node<'a, '_>) -> Vec<Operation> {
        let mut operations = Vec::new();
        self.entries_of(root, "webhooks", |reader, name, node| {
            reader.path_item(node, name, Kind::Outgoing, &mut operations);
        });
        operations
    }

    /// Path items and callbacks that nothing refers to have faults too.
    pub(super) fn unused_operations(&mut self, components: Node<'a, '_>) {
        self.entries_of(components, "pathItems", |reader, name, node| {
            reader.path_item(node, name, Kind::Outgoing, &mut Vec::new());
        });
        self.callbacks(components);
    }

    fn path_item(
        &mut self,
        node: Node<'a, '_>,
        template: &str,
        kind: Kind,
        operations: &mut Vec<Operation>,
    ) {
        if node.value.is_null() {
            return;
        }
        // A path may be described here and where its reference leads; what stands here counts.
        let beside = node.get("$ref").map(|_| node);
        self.follow(node, |reader, target| {
            reader.object(target)?;
            let mut inputs = reader.inputs(target);
            if let Some(beside) = beside {
                inputs = inputs.overridden(reader.inputs(beside));
            }
            let shared = Shared {
                template,
                kind,
                inputs,
            };
            for item in [beside, Some(target)].into_iter().flatten() {
                reader.unknown_members(item, members::path_item(reader.dialect), "a path");
                reader.ignored_servers(item, "path");
            }
            let of_target = target.value.as_object().into_iter().flatten();
            let own = beside.and_then(|node| node.value.as_object());
            let methods = own
                .into_iter()
                .flatten()
                .map(|(key, value)| (beside.map_or(target, |node| node), key, value))
                .chain(
                    of_target
                        .filter(|(key, _)| own.is_none_or(|own| !own.contains_key(*key)))
                        .map(|(key, value)| (target, key, value)),
                );
            for (item, key, value) in methods {
                let path = item.path.key(key);
                let node = Node::new(value, &path);
                if let Some(method) = Method::from_key(key) {
                    let read = reader
                        .followed(node, |reader, node| reader.operation(node, method, &shared));
                    operations.extend(read);
                } else if key == "additionalOperations" {
                    reader.additional_operations(node, &shared);
                }
            }
            Some(())
        });
    }

    /// Methods that no router knows: their operations are checked, listed and left out.
    fn additional_operations(&mut self, node: Node<'a, '_>, shared: &Shared<'_>) {
        self.entries(node, |reader, name, node| {
            let known = Method::from_key(&name.to_ascii_lowercase());
            let message = match known {
                Some(method) => format!(
                    "`{name}` is left out: it is written as `{}` in the path itself",
                    method.key()
                ),
                None => format!(
                    "`{name} {}` is left out: no router knows the method",
                    shared.template
                ),
            };
            reader.unsupported(node.path, message, None);
            let method = known.unwrap_or(Method::Query);
            reader.followed(node, |reader, node| reader.operation(node, method, shared));
        });
    }

    fn operation(
        &mut self,
        node: Node<'a, '_>,
        method: Method,
        shared: &Shared<'_>,
    ) -> Option<Operation> {
        let map = self.object(node)?;
        self.unknown_members(node, members::operation(self.dialect), "an operation");
        self.ignored_servers(node, "operation");
        let own = self.inputs(node);
        let Inputs {
            mut parameters,
            payloads,
        } = shared.inputs.overridden(own);
        if shared.kind == Kind::Path {
            self.match_template(node.path, shared.template, &mut parameters);
        }
        let id = self
            .text_of(node, "operationId")
            .filter(|id| !id.is_empty());
        if let Some(id) = &id {
            self.unique_id(node.path, id, method, shared);
        }
        let body = if self.dialect == Dialect::Swagger20 {
            self.swagger_payload(node, payloads)
        } else {
            let path = node.path.key("requestBody");
            let value = node.get("requestBody").filter(|value| !value.is_null());
            value.and_then(|value| self.followed(Node::new(value, &path), Self::body))
        };
        let extensions = map.iter().filter(|(key, _)| key.starts_with("x-"));
        Some(Operation {
            method,
            path: shared.template.to_owned(),
            id,
            summary: self.text_of(node, "summary"),
            description: self.text_of(node, "description"),
            tags: self.tags(node),
            deprecated: self.flag(node, "deprecated"),
            parameters,
            body,
            responses: self.responses(node),
            security: self
                .security(node)
                .unwrap_or_else(|| self.default_security()),
            callbacks: self.callbacks(node),
            extensions: extensions
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            span: Some(self.document.key_span(node.path)),
            origin: self.origin(node.path),
        })
    }

    /// Where a service is reached is no matter of its code; that it differs is worth a word.
    fn ignored_servers(&mut self, node: Node<'a, '_>, of: &str) {
        if node.get("servers").is_some() {
            let path = node.path.key("servers");
            let message = format!("the `servers` of this {of} are served like all others");
            let fault = Diagnostic::info("ignored-servers", message);
            let span = self.document.key_span(&path);
            self.faults.push(fault.at(span).pointer(path.to_string()));
        }
    }

    fn tags(&mut self, node: Node<'a, '_>) -> Vec<String> {
        let path = node.path.key("tags");
        match node.get("tags").filter(|value| !value.is_null()) {
            Some(value) => self.strings(Node::new(value, &path)),
            None => Vec::new(),
        }
    }

    fn callbacks(&mut self, node: Node<'a, '_>) -> Vec<Callback> {
        let mut callbacks = Vec::new();
        if self.is_in_callback {
            // They could lead back to where they came from.
            let message = "callbacks of a callback are left out";
            self.without_effect(node, "callbacks", message);
            return callbacks;
        }
        self.is_in_callback = true;
        self.entries_of(node, "callbacks", |reader, name, node| {
            reader.followed(node, |reader, node| {
                reader.entries(node, |reader, expression, item| {
                    if expression.starts_with("x-") {
                        return;
                    }
                    let mut operations = Vec::new();
                    reader.path_item(item, expression, Kind::Outgoing, &mut operations);
                    callbacks.extend(operations.into_iter().map(|operation| Callback {
                        name: name.to_owned(),
                        expression: expression.to_owned(),
                        operation,
                    }));
                });
                Some(())
            });
        });
        self.is_in_callback = false;
        callbacks
    }

    fn unique_id(&mut self, path: &Path<'_>, id: &str, method: Method, shared: &Shared<'_>) {
        let path = path.key("operationId");
        let span = self.document.span(&path);
        let here = format!("{} {}", method.key().to_uppercase(), shared.template);
        if let Some((there, first)) = self.operation_ids.get(id) {
            // One path item that two places refer to is read twice.
            if *first == span {
                return;
            }
            let message =
                format!("`{id}` is the operationId of two operations: the second gets a number");
            let fault = Diagnostic::warning("duplicate-operation-id", message)
                .at(span)
                .label(format!("used again by {here}"))
                .related(Related::new(
                    first.clone(),
                    format!("first used by {there}"),
                ))
                .pointer(path.to_string());
            self.faults.push(fault);
            return;
        }
        self.operation_ids.insert(id.to_owned(), (here, span));
    }

    /// Template and parameters must name the same. Real documents often do not, so a missing
    /// parameter is any text, and one without a place in the template is left out.
    fn match_template(&mut self, path: &Path<'_>, template: &str, parameters: &mut Vec<Parameter>) {
        let names = template_names(template);
        parameters.retain(|parameter| {
            let stray = parameter.place == ParameterPlace::Path
                && !names.contains(&parameter.name.as_str());
            if stray {
                let message = format!(
                    "the path parameter `{}` is not in the path `{template}`",
                    parameter.name
                );
                let mut fault = Diagnostic::warning("unused-path-parameter", message);
                fault.span.clone_from(&parameter.span);
                if let Some(near) =
                    crate::text::suggest::nearest(&parameter.name, names.iter().copied())
                {
                    fault = fault.help(format!("did you mean `{near}`?"));
                }
                self.faults.push(fault);
            }
            !stray
        });
        for name in names {
            let described = parameters
                .iter()
                .any(|parameter| parameter.place == ParameterPlace::Path && parameter.name == name);
            if described {
                continue;
            }
            let message =
                format!("the path `{template}` has the parameter `{name}`, which is not described");
            self.warn(path, "missing-path-parameter", message);
            parameters.push(Parameter {
                name: name.to_owned(),
                place: ParameterPlace::Path,
                required: true,
                deprecated: false,
                description: None,
                allow_reserved: false,
                allow_empty_value: false,
                format: ParameterFormat::Styled {
                    style: Style::Simple,
                    explode: false,
                    inner: Vec::new(),
                    schema: Schema::from_constraints(crate::api::Constraints {
                        types: [crate::api::JsonType::String].into_iter().collect(),
                        ..Default::default()
                    }),
                },
                example: None,
                span: None,
                origin: OriginId::default(),
            });
        }
    }
}

/// `/users/{id}` has the name `id`. Operators of RFC 6570, which some documents use, are left out.
fn template_names(template: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = template;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        let name = name.trim_start_matches(['.', ';', '?', '&', '+', '#', '/']);
        let name = name.trim_end_matches('*');
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
        rest = after;
    }
    names
}

/// The template with nameless parameters: two that are equal match the same requests.
fn shape(template: &str) -> String {
    let mut shape = String::with_capacity(template.len());
    let mut inside = false;
    for letter in template.chars() {
        match letter {
            '{' => {
                inside = true;
                shape.push_str("{}");
            }
            '}' => inside = false,
            _ if !inside => shape.push(letter),
            _ => {}
        }
    }
    shape
}
