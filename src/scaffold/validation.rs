//! middleware/schemas.ts and middleware/validators.ts.

use std::cell::RefCell;
use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::code::{Expression, call, property_key, string, text};
use super::declarations::parameter_key;
use super::models::{Direction, Form, Models};
use super::plan::{ContentKind, Plan, PlannedOperation};
use super::schemas::{Gap, Gathered, Schemas};
use super::shapes::imported;
use crate::api::{SchemaName, StatusKey};

/// A generated file below its header, and what it does not enforce.
pub(super) struct Validation {
    pub(super) text: String,
    pub(super) not_enforced: BTreeSet<Gap>,
    /// Whether a property is called `__proto__`.
    pub(super) prototype: bool,
    /// Schemas whose description middleware/xml.ts must have.
    pub(super) xml: BTreeSet<SchemaName>,
    /// Whether bodies or responses are XML.
    pub(super) has_xml: bool,
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
        xml: gathered.xml,
        has_xml: gathered.has_xml,
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
        if !gathered.shapes.is_empty() {
            let names = gathered.shapes.iter().map(|name| {
                let imported = imported(name, &aliased);
                if imported == *name {
                    imported
                } else {
                    format!("{name} as {imported}")
                }
            });
            let names = names.collect::<Vec<_>>().join(", ");
            out.push_str(&format!(
                "import {{ {names} }} from \"../runtime/parameters.js\";\n"
            ));
        }
        out.push_str("import type { Validator } from \"../runtime/validate.js\";\n");
        out.push_str(&import(&gathered.helpers, &aliased));
        if gathered.has_xml {
            out.push_str("import * as xmlValues from \"../runtime/xml-values.js\";\n");
        }
        if body.contains("models.") {
            out.push_str("import type * as models from \"../types/models.js\";\n");
        }
        if body.contains("schemas.") {
            out.push_str("import * as schemas from \"./schemas.js\";\n");
        }
        if !gathered.xml.is_empty() {
            out.push_str("import * as xml from \"./xml.js\";\n");
        }
    }
    Validation {
        text: out + &body,
        not_enforced: gathered.not_enforced,
        prototype: gathered.prototype,
        xml: gathered.xml,
        has_xml: gathered.has_xml,
    }
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

/// The writer of one operation's checks; those of its request are in another file.
pub(super) struct Validators<'m, 'a> {
    pub(super) models: &'m Models<'a>,
    pub(super) planned: &'m PlannedOperation<'a>,
    pub(super) aliased: &'m BTreeSet<String>,
    pub(super) gathered: &'m RefCell<Gathered>,
}

impl<'m, 'a> Validators<'m, 'a> {
    pub(super) fn schemas(&self, direction: Direction, files: bool) -> Schemas<'m, 'a> {
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
        entries.extend(self.xml().map(|xml| ("xml".to_owned(), xml)));
        entries.extend(self.produces().map(|types| ("produces".to_owned(), types)));
        Expression::Object {
            entries,
            expanded: true,
        }
    }

    /// The responses that clients may have as XML.
    fn xml(&self) -> Option<Expression> {
        let entries: Vec<(String, Expression)> = self
            .planned
            .responses
            .iter()
            .filter_map(|response| {
                let (name, schema) = response.xml.as_ref()?;
                let write = call("xmlValues.writer", vec![self.description(schema)]);
                let value = Expression::Object {
                    entries: vec![
                        ("type".to_owned(), text(string(name))),
                        ("write".to_owned(), write),
                    ],
                    expanded: false,
                };
                Some((status_key(response.status), value))
            })
            .collect();
        (!entries.is_empty()).then_some(Expression::Object {
            entries,
            expanded: false,
        })
    }

    /// Media types that only a handler can answer with.
    fn produces(&self) -> Option<Expression> {
        let names: BTreeSet<&String> = self
            .planned
            .responses
            .iter()
            .flat_map(|response| &response.others)
            .collect();
        (!names.is_empty())
            .then(|| Expression::Array(names.into_iter().map(|name| text(string(name))).collect()))
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

    fn responses(&self) -> Expression {
        let writer = self.schemas(Direction::Output, false);
        let entries = self
            .planned
            .responses
            .iter()
            .map(|response| {
                let schema = match &response.content {
                    None => writer.zod("undefined", vec![]),
                    Some((_, ContentKind::Json | ContentKind::Xml, Some(schema))) => {
                        writer.of(schema)
                    }
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

fn status_key(status: StatusKey) -> String {
    match status {
        StatusKey::Code(code) => code.to_string(),
        StatusKey::Range(range) => format!("\"{range}XX\""),
        StatusKey::Default => "default".to_owned(),
    }
}
