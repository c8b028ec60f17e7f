//! The checks of a request in middleware/validators.ts: its parameters and its body.

use indexmap::IndexMap;

use super::code::{Expression, call, property_key, string, text};
use super::models::Direction;
use super::paths::{self, Piece, Segment};
use super::plan::{ContentKind, PlannedContent};
use super::shapes::{self, Facts, Functions, Shape};
use super::validation::Validators;
use super::xml::Descriptions;
use crate::api::{Encoding, Parameter, ParameterFormat, ParameterPlace, Schema, Style};

impl Validators<'_, '_> {
    pub(super) fn parameter(&self, parameter: &Parameter) -> Expression {
        let mut entries: Vec<(String, Expression)> = Vec::new();
        let schema = parameter.schema();
        let mut shape = match &parameter.format {
            ParameterFormat::Styled {
                style,
                explode,
                inner,
                ..
            } => {
                entries.extend(written(parameter.place, *style, *explode, inner));
                shapes::of(self.models, schema, false)
            }
            ParameterFormat::Content { media_type, .. } => {
                let json = media_type.contains("json");
                if parameter.place == ParameterPlace::QueryString {
                    entries.push(("style".to_owned(), text("\"whole\"")));
                }
                if json {
                    Shape::Scalar("json")
                } else {
                    shapes::of(self.models, schema, false)
                }
            }
        };
        if parameter.allow_empty_value && shape != Shape::Scalar("string") {
            shape = Shape::Either(vec![shape, Shape::Scalar("string")]);
        }
        entries.push(("shape".to_owned(), self.shape(&shape)));
        if parameter.place == ParameterPlace::Path {
            entries.extend(self.path_entries(parameter, &shape));
        }
        let writer = self.schemas(Direction::Input, false);
        let expression = if parameter.allow_empty_value {
            let empty = writer.zod("literal", vec![text("\"\"")]);
            let value = writer.of(schema);
            let either = writer.zod("union", vec![Expression::Array(vec![value, empty])]);
            if parameter.required {
                either
            } else {
                either.then("optional", vec![])
            }
        } else {
            writer.optional(schema, parameter.required)
        };
        entries.push(("schema".to_owned(), expression));
        object(entries)
    }

    /// How a router gives a path parameter.
    fn path_entries(&self, parameter: &Parameter, shape: &Shape) -> Vec<(String, Expression)> {
        let mut entries = Vec::new();
        let captures = &self.planned.path.captures;
        let Some(capture) = captures.iter().find(|one| one.name == parameter.name) else {
            return entries;
        };
        if capture.segment != parameter.name || capture.pattern.is_some() {
            entries.push(("segment".to_owned(), text(string(&capture.segment))));
        }
        entries.extend(
            capture
                .pattern
                .iter()
                .map(|pattern| ("pattern".to_owned(), text(pattern.clone()))),
        );
        // Where a value has parts, its own delimiters are told from theirs in the encoded path.
        let styled = matches!(parameter.format, ParameterFormat::Styled { style, .. } if style != Style::Simple);
        let segments = paths::segments(&self.planned.operation.path);
        let holds = |segment: &Segment| match segment {
            Segment::Fixed(_) => false,
            Segment::Mixed(pieces) => pieces.contains(&Piece::Parameter(parameter.name.clone())),
        };
        let after = segments.iter().rev().position(holds).unwrap_or(0);
        if after > 0 && (styled || !shape.is_scalar()) {
            entries.push(("after".to_owned(), text(after.to_string())));
        }
        entries
    }

    fn shape(&self, shape: &Shape) -> Expression {
        let mut functions = Functions {
            aliased: self.aliased,
            needed: &mut self.gathered.borrow_mut().shapes,
        };
        shape.expression(&mut functions)
    }

    pub(super) fn body(&self) -> Option<Expression> {
        let body = self.planned.body.as_ref()?;
        let content = body
            .content
            .iter()
            .map(|(name, content)| (property_key(name), self.content(content)))
            .collect();
        Some(object(vec![
            ("required".to_owned(), text(body.required.to_string())),
            ("content".to_owned(), object(content)),
        ]))
    }

    fn content(&self, content: &PlannedContent<'_>) -> Expression {
        let form = matches!(
            content.kind,
            ContentKind::Multipart | ContentKind::UrlEncoded
        );
        let writer = self.schemas(Direction::Input, form);
        let mut entries = match (content.kind, content.schema) {
            (ContentKind::Multipart | ContentKind::UrlEncoded, schema) => {
                self.form_entries(schema, content.encoding)
            }
            (ContentKind::Xml, Some(schema)) => vec![("read".to_owned(), self.reader(schema))],
            (ContentKind::Text, Some(schema)) => {
                let shape = shapes::of(self.models, schema, false);
                if shape == Shape::Scalar("string") {
                    vec![]
                } else {
                    vec![("shape".to_owned(), self.shape(&shape))]
                }
            }
            _ => vec![],
        };
        let schema = match (content.kind, content.schema) {
            (ContentKind::Binary, _) => call(writer.helper("file"), vec![]),
            (ContentKind::Text, None | Some(Schema::Anything)) => writer.zod("string", vec![]),
            (_, None) => writer.zod("unknown", vec![]),
            (_, Some(schema)) if form => writer.form(schema, content.encoding),
            (_, Some(schema)) => writer.of(schema),
        };
        entries.push(("schema".to_owned(), schema));
        object(entries)
    }

    /// What the fields of a form stand for, and how they are written.
    fn form_entries(
        &self,
        schema: Option<&Schema>,
        encoding: &IndexMap<String, Encoding>,
    ) -> Vec<(String, Expression)> {
        let Some(schema) = schema else {
            return vec![("shape".to_owned(), object(vec![]))];
        };
        let shape = shapes::of(self.models, schema, true);
        let mut entries = vec![("shape".to_owned(), self.shape(&shape))];
        let facts = Facts::of(self.models, &[schema], true);
        let fields: Vec<(String, Expression)> = encoding
            .iter()
            .filter(|(_, encoding)| encoding.style.is_some() || encoding.explode.is_some())
            .map(|(name, encoding)| {
                let style = encoding.style.unwrap_or(Style::Form);
                let explode = encoding.explode.unwrap_or(style == Style::Form);
                let mut entries = written(ParameterPlace::Query, style, explode, &encoding.inner);
                // The usual style of a parameter is not that of a field, which may be JSON.
                if entries.is_empty() {
                    entries.push(("style".to_owned(), text("\"form\"")));
                }
                (property_key(name), object(entries))
            })
            .collect();
        if !fields.is_empty() {
            entries.push(("fields".to_owned(), object(fields)));
        }
        let lists: Vec<Expression> = facts
            .properties()
            .into_iter()
            .filter(|(name, _)| facts.requires(name))
            .filter(|(_, schemas)| self.may_be_empty(schemas))
            .map(|(name, _)| text(string(name)))
            .collect();
        if !lists.is_empty() {
            entries.push(("lists".to_owned(), Expression::Array(lists)));
        }
        entries
    }

    fn may_be_empty(&self, schemas: &[&Schema]) -> bool {
        let facts = Facts::of(self.models, schemas, true);
        let needs_one = facts.flat.iter().any(|one| one.min_items > Some(0));
        facts.array && facts.scalar.is_none() && !facts.object && !needs_one
    }

    /// The reader of an XML body.
    fn reader(&self, schema: &Schema) -> Expression {
        call("xmlValues.reader", vec![self.description(schema)])
    }

    pub(super) fn description(&self, schema: &Schema) -> Expression {
        let mut descriptions = Descriptions {
            models: self.models,
            prefix: "xml.",
            named: std::collections::BTreeSet::new(),
        };
        let described = descriptions.root(schema);
        let mut gathered = self.gathered.borrow_mut();
        gathered.has_xml = true;
        gathered.xml.extend(descriptions.named);
        described
    }
}

fn object(entries: Vec<(String, Expression)>) -> Expression {
    Expression::Object {
        entries,
        expanded: false,
    }
}

/// How a value is written, where that is not the usual way of the place.
fn written(
    place: ParameterPlace,
    style: Style,
    explode: bool,
    inner: &[Style],
) -> Vec<(String, Expression)> {
    let simple = matches!(place, ParameterPlace::Path | ParameterPlace::Header);
    let usual = if simple { Style::Simple } else { Style::Form };
    let mut entries = Vec::new();
    if style != usual {
        entries.push(("style".to_owned(), text(string(style_name(style)))));
    }
    if explode != (style == Style::Form) && style != Style::DeepObject {
        entries.push(("explode".to_owned(), text(explode.to_string())));
    }
    if !inner.is_empty() {
        let styles = inner.iter().map(|style| text(string(style_name(*style))));
        entries.push(("inner".to_owned(), Expression::Array(styles.collect())));
    }
    entries
}

const fn style_name(style: Style) -> &'static str {
    match style {
        Style::Simple => "simple",
        Style::Label => "label",
        Style::Matrix => "matrix",
        Style::Form => "form",
        Style::SpaceDelimited => "spaceDelimited",
        Style::PipeDelimited => "pipeDelimited",
        Style::TabDelimited => "tabDelimited",
        Style::DeepObject => "deepObject",
    }
}
