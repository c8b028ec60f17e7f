//! middleware/schemas.ts and middleware/validators.ts.

use std::cell::RefCell;
use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::code::{Expression, call, property_key, string, text};
use super::declarations::parameter_key;
use super::models::{Direction, Form, Models};
use super::plan::{ContentKind, Plan, PlannedOperation};
use super::schemas::{Gap, Gathered, Schemas};
use super::shapes;
use crate::api::{Encoding, Parameter, ParameterFormat, ParameterPlace, Schema, StatusKey, Style};

/// A generated file below its header, and what it does not enforce.
pub(super) struct Validation {
    pub(super) text: String,
    pub(super) not_enforced: BTreeSet<Gap>,
    /// Whether a property is called `__proto__`.
    pub(super) prototype: bool,
}

/// middleware/schemas.ts: one schema for each form that a validator or a webhook reaches.
pub(super) fn schemas(models: &Models<'_>) -> Validation {
    let (order, recursive) = models.ordered();
    let gathered = RefCell::new(Gathered::default());
    let mut written: BTreeSet<&Form> = BTreeSet::new();
    let unaliased = BTreeSet::new();
    let mut body = String::new();
    for form in order {
        let (Some(schema), Some(identifier)) =
            (models.schema(&form.schema), models.forms.get(form))
        else {
            continue;
        };
        let type_name = format!("models.{identifier}");
        let writer = Schemas {
            models,
            prefix: "",
            direction: form.direction,
            written: Some(&written),
            files: false,
            place: form.schema.0.clone(),
            aliased: &unaliased,
            gathered: &gathered,
        };
        let expression = writer.declared(&form.schema, schema, &type_name);
        let annotation = if recursive.contains(form) {
            format!(": z.ZodType<{type_name}>")
        } else {
            String::new()
        };
        // What names its type already is not held to it twice.
        let typed = matches!(&expression, Expression::Call { callee, .. } if callee.ends_with(&format!("<{type_name}>")));
        let expression = if typed {
            expression
        } else {
            gathered.borrow_mut().helpers.insert("define");
            call(format!("define<{type_name}>"), vec![expression])
        };
        if !annotation.is_empty() {
            gathered.borrow_mut().zod = true;
        }
        let start = format!("export const {identifier}{annotation} = ");
        body.push_str(&format!(
            "\n{start}{};\n",
            expression.print(0, start.len(), 1)
        ));
        written.insert(form);
    }
    let gathered = gathered.into_inner();
    let mut out = String::from("\n");
    if gathered.zod {
        out.push_str("import { z } from \"zod\";\n");
    }
    if body.is_empty() {
        out.push_str("export {};\n");
    } else {
        out.push_str(&import(&gathered.helpers, &BTreeSet::new()));
        if body.contains("models.") {
            out.push_str("import type * as models from \"../types/models.js\";\n");
        }
    }
    Validation {
        text: out + &body,
        not_enforced: gathered.not_enforced,
        prototype: gathered.prototype,
    }
}

/// middleware/validators.ts: what each operation checks.
pub(super) fn validators(models: &Models<'_>, plan: &Plan<'_>) -> Validation {
    let gathered = RefCell::new(Gathered::default());
    let aliased: BTreeSet<String> = plan
        .operations
        .iter()
        .map(|operation| operation.id.clone())
        .collect();
    let mut body = String::new();
    for planned in &plan.operations {
        let validator = Validators {
            models,
            planned,
            aliased: &aliased,
            gathered: &gathered,
        };
        let start = format!(
            "export const {}: Validator<{}> = ",
            planned.id,
            string(&planned.id)
        );
        body.push_str(&format!(
            "\n{start}{};\n",
            validator.expression().print(0, start.len(), 1)
        ));
    }
    let gathered = gathered.into_inner();
    let mut out = String::from("\n");
    if gathered.zod {
        out.push_str("import { z } from \"zod\";\n");
    }
    if plan.operations.is_empty() {
        out.push_str("export {};\n");
    } else {
        out.push_str("import type { Validator } from \"../runtime/validate.js\";\n");
        out.push_str(&import(&gathered.helpers, &aliased));
        if body.contains("models.") {
            out.push_str("import type * as models from \"../types/models.js\";\n");
        }
        if body.contains("schemas.") {
            out.push_str("import * as schemas from \"./schemas.js\";\n");
        }
    }
    Validation {
        text: out + &body,
        not_enforced: gathered.not_enforced,
        prototype: gathered.prototype,
    }
}

/// The payloads of runtime/webhooks.ts, and the imports that they need.
pub(super) fn webhooks(models: &Models<'_>, plan: &Plan<'_>) -> (Validation, bool, Vec<String>) {
    let gathered = RefCell::new(Gathered::default());
    let unaliased = BTreeSet::new();
    let mut entries = String::new();
    for webhook in &plan.webhooks {
        let writer = Schemas {
            models,
            prefix: "schemas.",
            direction: Direction::Output,
            written: None,
            files: false,
            place: webhook.name.clone(),
            aliased: &unaliased,
            gathered: &gathered,
        };
        let value = match webhook.schema {
            None => writer.zod("undefined", vec![]),
            Some(schema) => writer.of(schema),
        };
        let value = if let Expression::Text(_) = &value {
            value
        } else {
            gathered.borrow_mut().helpers.insert("define");
            call(
                format!("define<Webhooks[{}]>", string(&webhook.name)),
                vec![value],
            )
        };
        let key = property_key(&webhook.name);
        entries.push_str(&format!("  {key}: {},\n", value.print(2, 4 + key.len(), 1)));
    }
    let gathered = gathered.into_inner();
    let helpers = gathered
        .helpers
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    let validation = Validation {
        text: entries,
        not_enforced: gathered.not_enforced,
        prototype: gathered.prototype,
    };
    (validation, gathered.zod, helpers)
}

/// The import of runtime functions; one with the name of an operation comes under another name.
fn import(helpers: &BTreeSet<&'static str>, aliased: &BTreeSet<String>) -> String {
    if helpers.is_empty() {
        return String::new();
    }
    let names: Vec<String> = helpers
        .iter()
        .map(|name| {
            if aliased.contains(*name) {
                format!("{name} as {name}Schema")
            } else {
                (*name).to_owned()
            }
        })
        .collect();
    let flat = format!(
        "import {{ {} }} from \"../runtime/schema.js\";\n",
        names.join(", ")
    );
    if flat.len() <= super::code::WIDTH + 1 {
        return flat;
    }
    format!(
        "import {{\n  {},\n}} from \"../runtime/schema.js\";\n",
        names.join(",\n  ")
    )
}

struct Validators<'m, 'a> {
    models: &'m Models<'a>,
    planned: &'m PlannedOperation<'a>,
    aliased: &'m BTreeSet<String>,
    gathered: &'m RefCell<Gathered>,
}

impl<'m, 'a> Validators<'m, 'a> {
    fn schemas(&self, direction: Direction, files: bool) -> Schemas<'m, 'a> {
        let operation = self.planned.operation;
        Schemas {
            models: self.models,
            prefix: "schemas.",
            direction,
            written: None,
            files,
            place: format!(
                "{} {}",
                operation.method.key().to_uppercase(),
                operation.path
            ),
            aliased: self.aliased,
            gathered: self.gathered,
        }
    }

    fn expression(&self) -> Expression {
        let mut entries = vec![("security".to_owned(), self.security())];
        let lists = [
            ("path", &self.planned.path_parameters),
            ("query", &self.planned.query),
            ("headers", &self.planned.headers),
            ("cookies", &self.planned.cookies),
        ];
        for (name, parameters) in lists {
            if !parameters.is_empty() {
                let parameters = parameters
                    .iter()
                    .map(|parameter| {
                        (
                            property_key(&parameter_key(parameter)),
                            self.parameter(parameter),
                        )
                    })
                    .collect();
                let value = Expression::Object {
                    entries: parameters,
                    expanded: true,
                };
                entries.push((name.to_owned(), value));
            }
        }
        entries.extend(self.body().map(|body| ("body".to_owned(), body)));
        entries.push(("responses".to_owned(), self.responses()));
        entries.extend(
            self.media_types()
                .map(|types| ("mediaTypes".to_owned(), types)),
        );
        Expression::Object {
            entries,
            expanded: true,
        }
    }

    fn security(&self) -> Expression {
        let mut alternatives: Vec<_> = self.planned.operation.security.iter().collect();
        // Anonymous access is the last resort, so that a credential that was sent counts.
        alternatives.sort_by_key(|alternative| alternative.is_empty());
        let object = |alternative: &IndexMap<String, Vec<String>>| {
            let entries = alternative
                .iter()
                .map(|(name, scopes)| {
                    let scopes = scopes.iter().map(|scope| text(string(scope))).collect();
                    (property_key(name), Expression::Array(scopes))
                })
                .collect();
            Expression::Object {
                entries,
                expanded: false,
            }
        };
        Expression::Array(alternatives.into_iter().map(object).collect())
    }

    fn parameter(&self, parameter: &Parameter) -> Expression {
        let mut entries: Vec<(String, Expression)> = Vec::new();
        let schema = parameter.schema();
        let shape = match &parameter.format {
            ParameterFormat::Styled {
                style,
                explode,
                inner,
                ..
            } => {
                let simple = matches!(
                    parameter.place,
                    ParameterPlace::Path | ParameterPlace::Header
                );
                let usual = if simple { Style::Simple } else { Style::Form };
                entries.extend(written(*style, *explode, inner, usual));
                shapes::of(self.models, schema, false)
            }
            ParameterFormat::Content { media_type, .. } => {
                let json = media_type.contains("json");
                if parameter.place == ParameterPlace::QueryString {
                    shapes::of(self.models, schema, false)
                } else {
                    text(if json { "\"json\"" } else { "\"string\"" })
                }
            }
        };
        entries.push(("shape".to_owned(), shape));
        if parameter.place == ParameterPlace::Path
            && let Some(capture) = self
                .planned
                .path
                .captures
                .iter()
                .find(|capture| capture.name == parameter.name)
        {
            if capture.segment != parameter.name || capture.pattern.is_some() {
                entries.push(("segment".to_owned(), text(string(&capture.segment))));
            }
            entries.extend(
                capture
                    .pattern
                    .iter()
                    .map(|pattern| ("pattern".to_owned(), text(pattern.clone()))),
            );
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
        Expression::Object {
            entries,
            expanded: false,
        }
    }

    fn body(&self) -> Option<Expression> {
        let body = self.planned.body.as_ref()?;
        let content = body
            .content
            .iter()
            .map(|(name, content)| {
                let form = matches!(
                    content.kind,
                    ContentKind::Multipart | ContentKind::UrlEncoded
                );
                let writer = self.schemas(Direction::Input, form);
                let mut entries = Vec::new();
                if form {
                    let shape = content.schema.map_or_else(
                        || Expression::Object {
                            entries: vec![],
                            expanded: false,
                        },
                        |schema| shapes::of(self.models, schema, true),
                    );
                    entries.push(("shape".to_owned(), shape));
                    entries.extend(
                        fields(content.encoding).map(|fields| ("fields".to_owned(), fields)),
                    );
                }
                let schema = match (content.kind, content.schema) {
                    (ContentKind::Binary, _) => call(writer.helper("file"), vec![]),
                    (ContentKind::Text, None | Some(Schema::Anything)) => {
                        writer.zod("string", vec![])
                    }
                    (_, None) => writer.zod("unknown", vec![]),
                    (_, Some(schema)) if form => writer.form(schema, content.encoding),
                    (_, Some(schema)) => writer.of(schema),
                };
                entries.push(("schema".to_owned(), schema));
                (
                    property_key(name),
                    Expression::Object {
                        entries,
                        expanded: false,
                    },
                )
            })
            .collect();
        Some(Expression::Object {
            entries: vec![
                ("required".to_owned(), text(body.required.to_string())),
                (
                    "content".to_owned(),
                    Expression::Object {
                        entries: content,
                        expanded: false,
                    },
                ),
            ],
            expanded: false,
        })
    }

    fn responses(&self) -> Expression {
        let writer = self.schemas(Direction::Output, false);
        let entries = self
            .planned
            .responses
            .iter()
            .map(|response| {
                let schema = match &response.content {
                    None => writer.zod("undefined", vec![]),
                    Some((_, ContentKind::Json, Some(schema))) => writer.of(schema),
                    Some(_) => writer.zod("unknown", vec![]),
                };
                (status_key(response.status), schema)
            })
            .collect();
        Expression::Object {
            entries,
            expanded: false,
        }
    }

    /// The media types of responses that are not JSON.
    fn media_types(&self) -> Option<Expression> {
        let entries: Vec<(String, Expression)> = self
            .planned
            .responses
            .iter()
            .filter_map(|response| match &response.content {
                Some((name, kind, _))
                    if *kind != ContentKind::Json
                        || (name != "application/json" && !name.contains('*')) =>
                {
                    let name = if name.contains('*') {
                        "application/octet-stream"
                    } else {
                        name
                    };
                    Some((status_key(response.status), text(string(name))))
                }
                _ => None,
            })
            .collect();
        (!entries.is_empty()).then_some(Expression::Object {
            entries,
            expanded: false,
        })
    }
}

/// How a value is written, where that is not the usual way.
fn written(
    style: Style,
    explode: bool,
    inner: &[Style],
    usual: Style,
) -> Vec<(String, Expression)> {
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

/// The fields of a form that hold a list in one text.
fn fields(encodings: &IndexMap<String, Encoding>) -> Option<Expression> {
    let entries: Vec<(String, Expression)> = encodings
        .iter()
        .filter_map(|(name, encoding)| {
            let style = encoding.style.unwrap_or(Style::Form);
            let explode = encoding.explode.unwrap_or(style == Style::Form);
            let entries = written(style, explode, &encoding.inner, Style::Form);
            (!entries.is_empty()).then(|| {
                let value = Expression::Object {
                    entries,
                    expanded: false,
                };
                (property_key(name), value)
            })
        })
        .collect();
    (!entries.is_empty()).then_some(Expression::Object {
        entries,
        expanded: false,
    })
}

fn status_key(status: StatusKey) -> String {
    match status {
        StatusKey::Code(code) => code.to_string(),
        StatusKey::Range(range) => format!("\"{range}XX\""),
        StatusKey::Default => "default".to_owned(),
    }
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
