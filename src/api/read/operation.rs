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
        let path = root.path.key("paths");
        let Some(value) = root.get("paths").filter(|value| !value.is_null()) else {
            return operations;
        };
        let mut shapes: IndexMap<String, String> = IndexMap::new();
        for (template, value) in self.object(Node::new(value, &path)).into_iter().flatten() {
            if template.starts_with("x-") {
                continue;
            }
            let path = path.key(template);
            if !template.starts_with('/') {
                let message = format!("the path `{template}` must start with `/`");
                self.warn(&path, "relative-path", message);
            }
            if let Some(other) = shapes.insert(shape(template), template.clone()) {
                let message = format!("`{template}` matches the same requests as `{other}`");
                self.warn(&path, "ambiguous-path", message);
            }
            self.path_item(
                Node::new(value, &path),
                template,
                Kind::Path,
                &mut operations,
            );
        }
        operations
    }

    /// Path items by name, not by path.
    pub(super) fn webhooks(&mut self, root: Node<'a, '_>) -> Vec<Operation> {
        let mut operations = Vec::new();
        let path = root.path.key("webhooks");
        if let Some(value) = root.get("webhooks").filter(|value| !value.is_null()) {
            for (name, value) in self.object(Node::new(value, &path)).into_iter().flatten() {
                let path = path.key(name);
                self.path_item(
                    Node::new(value, &path),
                    name,
                    Kind::Outgoing,
                    &mut operations,
                );
            }
        }
        operations
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
        self.followed(node, |reader, node| {
            let map = reader.object(node)?;
            reader.unknown_members(node, members::path_item(reader.dialect), "a path");
            reader.ignored_servers(node, "path");
            if node.get("additionalOperations").is_some() {
                let path = node.path.key("additionalOperations");
                let message = "`additionalOperations` is not honoured".to_owned();
                reader.unsupported(&path, message, None);
            }
            let shared = Shared {
                template,
                kind,
                inputs: reader.inputs(node),
            };
            for (key, value) in map {
                if let Some(method) = Method::from_key(key) {
                    let path = node.path.key(key);
                    let read = reader.operation(Node::new(value, &path), method, &shared);
                    operations.extend(read);
                }
            }
            Some(())
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
        let path = node.path.key("callbacks");
        let Some(value) = node.get("callbacks").filter(|value| !value.is_null()) else {
            return callbacks;
        };
        for (name, value) in self.object(Node::new(value, &path)).into_iter().flatten() {
            let path = path.key(name);
            self.followed(Node::new(value, &path), |reader, node| {
                for (expression, value) in reader.object(node)? {
                    if expression.starts_with("x-") {
                        continue;
                    }
                    let path = node.path.key(expression);
                    let mut operations = Vec::new();
                    let item = Node::new(value, &path);
                    reader.path_item(item, expression, Kind::Outgoing, &mut operations);
                    callbacks.extend(operations.into_iter().map(|operation| Callback {
                        name: name.clone(),
                        expression: expression.clone(),
                        operation,
                    }));
                }
                Some(())
            });
        }
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
