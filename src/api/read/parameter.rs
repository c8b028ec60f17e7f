//! Parameters: their place, and how their value is written.

use super::Reader;
use super::members;
use super::node::Node;
use super::swagger::Payload;
use crate::api::{Dialect, Parameter, ParameterFormat, ParameterPlace, Schema, Style};
use crate::diagnostic::Diagnostic;
use crate::text::{Path, suggest};

/// Headers that the specification leaves to other members.
pub(super) const RESERVED_HEADERS: &[&str] = &["accept", "content-type", "authorization"];

/// What a path item or an operation takes.
#[derive(Clone, Debug, Default)]
pub(super) struct Inputs {
    pub(super) parameters: Vec<Parameter>,
    /// The bodies and form fields that Swagger 2 has among the parameters.
    pub(super) payloads: Vec<Payload>,
}

impl Inputs {
    /// These, those of `own` replacing and following them.
    pub(super) fn overridden(&self, own: Self) -> Self {
        let mut all = self.clone();
        for parameter in own.parameters {
            let same = |other: &&mut Parameter| {
                other.name == parameter.name && other.place == parameter.place
            };
            match all.parameters.iter_mut().find(same) {
                Some(present) => *present = parameter,
                None => all.parameters.push(parameter),
            }
        }
        for payload in own.payloads {
            match all
                .payloads
                .iter_mut()
                .find(|other| other.is_same(&payload))
            {
                Some(present) => *present = payload,
                None => all.payloads.push(payload),
            }
        }
        all
    }
}

impl<'a> Reader<'a> {
    /// The parameters of a path item or an operation, each once.
    pub(super) fn inputs(&mut self, owner: Node<'a, '_>) -> Inputs {
        if self.dialect == Dialect::Swagger20 {
            return self.swagger_inputs(owner);
        }
        let mut inputs = Inputs::default();
        self.items_of(owner, "parameters", |reader, node| {
            if let Some(parameter) = reader.followed(node, Self::parameter) {
                reader.add_parameter(node.path, parameter, &mut inputs);
            }
        });
        inputs
    }

    pub(super) fn add_parameter(
        &mut self,
        path: &Path<'_>,
        parameter: Parameter,
        inputs: &mut Inputs,
    ) {
        let same =
            |other: &Parameter| other.name == parameter.name && other.place == parameter.place;
        if inputs.parameters.iter().any(same) {
            let message = format!("the parameter `{}` is there twice", parameter.name);
            self.warn(path, "duplicate-parameter", message);
        } else {
            inputs.parameters.push(parameter);
        }
    }

    pub(super) fn parameter(&mut self, node: Node<'a, '_>) -> Option<Parameter> {
        self.object(node)?;
        self.unknown_members(node, members::PARAMETER, "a parameter");
        let Some(name) = self.text_of(node, "name") else {
            let message = "a parameter needs a `name`".to_owned();
            self.error(node.path, "missing-member", message);
            return None;
        };
        let Some(place) = self.place(node) else {
            // The faults of its schema are worth knowing all the same.
            self.schema_of(node, "schema");
            return None;
        };
        if place == ParameterPlace::Header
            && RESERVED_HEADERS.contains(&name.to_ascii_lowercase().as_str())
        {
            self.ignored_header(node.path, &name);
            return None;
        }
        let required = self.flag(node, "required");
        if place == ParameterPlace::Path && !required {
            self.optional_path_parameter(node.path, &name);
        }
        Some(Parameter {
            place,
            required: required || place == ParameterPlace::Path,
            deprecated: self.flag(node, "deprecated"),
            description: self.text_of(node, "description"),
            allow_reserved: self.flag(node, "allowReserved"),
            allow_empty_value: self.flag(node, "allowEmptyValue"),
            format: self.format(node, place, &name),
            example: self.example(node),
            span: Some(self.document.key_span(node.path)),
            origin: self.origin(node.path),
            name,
        })
    }

    pub(super) fn ignored_header(&mut self, path: &Path<'_>, name: &str) {
        let message = format!("the header `{name}` is described by other members");
        let fault = Diagnostic::info("ignored-parameter", message);
        let span = self.document.key_span(path);
        self.faults.push(fault.at(span).pointer(path.to_string()));
    }

    pub(super) fn optional_path_parameter(&mut self, path: &Path<'_>, name: &str) {
        let message = format!("the path parameter `{name}` is always required");
        self.warn(path, "optional-path-parameter", message);
    }

    fn place(&mut self, node: Node<'a, '_>) -> Option<ParameterPlace> {
        const NAMES: [&str; 5] = ["path", "query", "header", "cookie", "querystring"];
        let path = node.path.key("in");
        let Some(value) = node.get("in") else {
            let message = "a parameter needs an `in`".to_owned();
            self.error(node.path, "missing-member", message);
            return None;
        };
        let name = self.string(Node::new(value, &path))?;
        Some(match name {
            "path" => ParameterPlace::Path,
            "query" => ParameterPlace::Query,
            "header" => ParameterPlace::Header,
            "cookie" => ParameterPlace::Cookie,
            "querystring" => ParameterPlace::QueryString,
            _ => {
                let help = match suggest::nearest(name, NAMES) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("one of {}", NAMES.join(", ")),
                };
                let message = format!("`{name}` is no place of a parameter");
                self.error_with(&path, "wrong-type", message, Some(help));
                return None;
            }
        })
    }

    fn format(&mut self, node: Node<'a, '_>, place: ParameterPlace, name: &str) -> ParameterFormat {
        let path = node.path.key("content");
        if let Some(value) = node.get("content") {
            let content = self.content(Node::new(value, &path));
            if let Some((media_type, described)) = content.into_iter().next() {
                let schema = described.schema.unwrap_or(Schema::Anything);
                return ParameterFormat::Content { media_type, schema };
            }
        }
        if node.get("schema").is_none() && node.get("content").is_none() {
            let message = format!("the parameter `{name}` has no `schema`: any value is accepted");
            self.warn(node.path, "missing-schema", message);
        }
        let schema = self.schema_of(node, "schema").unwrap_or(Schema::Anything);
        let style = self.style(node, place);
        let explode = self.optional_flag(node, "explode");
        ParameterFormat::Styled {
            style,
            explode: explode.unwrap_or(style == Style::Form),
            inner: Vec::new(),
            schema,
        }
    }

    fn style(&mut self, node: Node<'a, '_>, place: ParameterPlace) -> Style {
        let (default, allowed): (Style, &[&str]) = match place {
            ParameterPlace::Path => (Style::Simple, &["simple", "label", "matrix"]),
            ParameterPlace::Header => (Style::Simple, &["simple"]),
            ParameterPlace::Cookie => (Style::Form, &["form", "cookie"]),
            ParameterPlace::Query | ParameterPlace::QueryString => (
                Style::Form,
                &["form", "spaceDelimited", "pipeDelimited", "deepObject"],
            ),
        };
        let Some(text) = self.text_of(node, "style") else {
            return default;
        };
        match style_named(&text) {
            Some(style) if allowed.contains(&text.as_str()) => style,
            _ => {
                let path = node.path.key("style");
                let help = match suggest::nearest(&text, allowed.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("one of {}", allowed.join(", ")),
                };
                let message = format!("`{text}` is no style for this place");
                self.error_with(&path, "wrong-type", message, Some(help));
                default
            }
        }
    }
}

pub fn style_named(name: &str) -> Option<Style> {
    Some(match name {
        "simple" => Style::Simple,
        "label" => Style::Label,
        "matrix" => Style::Matrix,
        // OpenAPI 3.2 calls the form of cookies by its own name.
        "form" | "cookie" => Style::Form,
        "spaceDelimited" => Style::SpaceDelimited,
        "pipeDelimited" => Style::PipeDelimited,
        "deepObject" => Style::DeepObject,
        // Ours, for what generated code says of Swagger 2.
        "tabDelimited" => Style::TabDelimited,
        _ => return None,
    })
}
