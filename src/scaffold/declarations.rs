//! types/models.ts and types/operations.ts.

use super::code::{WIDTH, comment, property_key, string};
use super::models::{Direction, Form, Models};
use super::plan::{ContentKind, Plan, PlannedOperation, PlannedResponse};
use super::types::{Member, Type, Types, default_of, simple, union};
use crate::api::{Parameter, ParameterPlace, Schema, StatusKey};

/// types/models.ts below its header, and the number of types in it.
pub(super) fn models(models: &Models<'_>) -> (String, usize) {
    let mut out = String::new();
    for (form, identifier) in &models.forms {
        let Some(schema) = models.schema(&form.schema) else {
            continue;
        };
        let types = Types {
            models,
            prefix: "",
            direction: form.direction,
            files: false,
        };
        out.push('\n');
        out.push_str(&comment(documentation(models, form, schema).as_deref(), 0));
        let declared = types.declared(&form.schema, schema);
        if let Type::Object(members, index) = &declared
            && !(members.is_empty() && index.is_none())
        {
            out.push_str(&format!(
                "export interface {identifier} {}\n",
                declared.print(0, 0, 0)
            ));
            continue;
        }
        // An alias of itself has no type.
        let declared = if declared == simple(identifier) {
            simple("unknown")
        } else {
            declared
        };
        let start = format!("export type {identifier} =");
        let text = declared.print(0, start.len() + 1, 1);
        let space = if text.starts_with('\n') { "" } else { " " };
        out.push_str(&format!("{start}{space}{text};\n"));
    }
    if models.forms.is_empty() {
        out.push_str("\nexport {};\n");
    }
    (out, models.forms.len())
}

/// The description, and where the other direction's form is.
fn documentation(models: &Models<'_>, form: &Form, schema: &Schema) -> Option<String> {
    let other = Form {
        schema: form.schema.clone(),
        direction: match form.direction {
            Direction::Input => Direction::Output,
            Direction::Output => Direction::Input,
        },
    };
    let description = super::types::description(schema);
    let Some(other) = models.forms.get(&other) else {
        return description;
    };
    let hint = match form.direction {
        Direction::Output => {
            format!("What the service sends. What it receives is {{@link {other}}}.")
        }
        Direction::Input => {
            format!("What the service receives. What it sends is {{@link {other}}}.")
        }
    };
    Some(match description {
        Some(description) => format!("{}\n\n{hint}", description.trim()),
        None => hint,
    })
}

/// types/operations.ts below its header. `auth` is the file that implements the security schemes.
pub(super) fn operations(models: &Models<'_>, plan: &Plan<'_>, auth: &str) -> String {
    let mut out = String::new();
    out.push_str("/** Every operation: the validated input its handler receives, and the responses it may return. */\n");
    if plan.operations.is_empty() {
        out.push_str("export interface Operations {}\n");
    } else {
        out.push_str("export interface Operations {\n");
        for (index, operation) in plan.operations.iter().enumerate() {
            if index > 0 {
                out.push('\n');
            }
            out.push_str(&operation_type(models, operation));
        }
        out.push_str("}\n");
    }
    let schemes: Vec<String> = plan
        .api
        .security_schemes
        .keys()
        .map(|name| string(name))
        .collect();
    out.push_str(&format!(
        "\n/** The security schemes of the document; {auth} implements each of them. */\n"
    ));
    let start = "export type SecuritySchemeName =";
    if schemes.is_empty() {
        out.push_str(&format!("{start} never;\n"));
    } else {
        let names = schemes.join(" | ");
        if start.len() + 2 + names.len() <= WIDTH {
            out.push_str(&format!("{start} {names};\n"));
        } else if 3 + names.len() <= WIDTH {
            out.push_str(&format!("{start}\n  {names};\n"));
        } else {
            out.push_str(&format!("{start}\n  | {};\n", schemes.join("\n  | ")));
        }
    }
    out.push_str(&super::outgoing::interfaces(models, plan));
    if out.contains("models.") {
        format!("\nimport type * as models from \"./models.js\";\n\n{out}")
    } else {
        format!("\n{out}")
    }
}

fn operation_type(models: &Models<'_>, planned: &PlannedOperation<'_>) -> String {
    let mut out = comment(Some(&title(planned)), 2);
    out.push_str(&format!("  {}: {{\n", property_key(&planned.id)));
    let members = input(models, planned);
    if members.is_empty() {
        out.push_str("    input: {};\n");
    } else {
        out.push_str("    input: {\n");
        for member in &members {
            let head = format!(
                "{}{}: ",
                member.name,
                if member.optional { "?" } else { "" }
            );
            let value = member.value.print_short(6, 6 + head.len(), 1);
            let head = if value.starts_with('\n') {
                head.trim_end()
            } else {
                &head
            };
            out.push_str(&format!("      {head}{value};\n"));
        }
        out.push_str("    };\n");
    }
    let responses = union(
        planned
            .responses
            .iter()
            .map(|response| response_type(models, response))
            .collect(),
    );
    let text = match &responses {
        Type::Union(members) if 4 + 10 + responses.flat().len() + 1 > WIDTH => {
            let lines = members
                .iter()
                .map(|member| format!("\n      | {}", member.print_short(8, 8, 1)));
            lines.collect::<Vec<_>>().concat()
        }
        // Nothing is documented that a handler could return: it throws, or answers by itself.
        Type::Text(text) if text == "never" => "{ status: number; body?: unknown }".to_owned(),
        responses => responses.print_short(4, 14, 1),
    };
    let space = if text.starts_with('\n') { "" } else { " " };
    out.push_str(&format!("    response:{space}{text};\n  }};\n"));
    out
}

/// `GET /users: List users`.
pub(super) fn title(planned: &PlannedOperation<'_>) -> String {
    let place = format!(
        "{} {}",
        planned.operation.method.key().to_uppercase(),
        planned.operation.path
    );
    match planned
        .operation
        .summary
        .as_deref()
        .map(str::trim)
        .filter(|summary| !summary.is_empty())
    {
        Some(summary) => format!(
            "{place}: {}",
            summary.split_whitespace().collect::<Vec<_>>().join(" ")
        ),
        None => place,
    }
}

/// The names of the parts of an operation's input.
pub(super) fn input_parts(planned: &PlannedOperation<'_>) -> Vec<&'static str> {
    let mut parts = Vec::new();
    let lists = [
        ("path", &planned.path_parameters),
        ("query", &planned.query),
        ("headers", &planned.headers),
        ("cookies", &planned.cookies),
    ];
    parts.extend(
        lists
            .into_iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(name, _)| name),
    );
    if let Some(body) = &planned.body {
        parts.push("body");
        if body.content.len() > 1 {
            parts.push("contentType");
        }
    }
    parts
}

fn input(models: &Models<'_>, planned: &PlannedOperation<'_>) -> Vec<Member> {
    let types = Types {
        models,
        prefix: "models.",
        direction: Direction::Input,
        files: false,
    };
    let part = |name: &str, parameters: &[&Parameter]| Member {
        name: name.to_owned(),
        optional: false,
        value: Type::Object(
            parameters
                .iter()
                .map(|parameter| parameter_member(&types, parameter))
                .collect(),
            None,
        ),
        comment: None,
    };
    let mut members = Vec::new();
    let lists = [
        ("path", &planned.path_parameters),
        ("query", &planned.query),
        ("headers", &planned.headers),
        ("cookies", &planned.cookies),
    ];
    members.extend(
        lists
            .into_iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(name, list)| part(name, list)),
    );
    if let Some(body) = &planned.body {
        let values = body
            .content
            .values()
            .map(|content| content_type(models, content.kind, content.schema))
            .collect();
        members.push(Member {
            name: "body".to_owned(),
            optional: !body.required,
            value: union(values),
            comment: None,
        });
        if body.content.len() > 1 {
            let names = body.content.keys().map(|name| {
                if name.contains('*') {
                    simple("string")
                } else {
                    Type::Text(string(name))
                }
            });
            members.push(Member {
                name: "contentType".to_owned(),
                optional: !body.required,
                value: union(names.collect()),
                comment: None,
            });
        }
    }
    members
}

/// The type of a body that was read.
fn content_type(models: &Models<'_>, kind: ContentKind, schema: Option<&Schema>) -> Type {
    let types = Types {
        models,
        prefix: "models.",
        direction: Direction::Input,
        files: matches!(kind, ContentKind::Multipart | ContentKind::UrlEncoded),
    };
    match (kind, schema) {
        (ContentKind::Binary, _) => simple("File"),
        (ContentKind::Text, None | Some(Schema::Anything)) => simple("string"),
        (_, None) => simple("unknown"),
        (_, Some(schema)) => types.of(schema),
    }
}

fn parameter_member(types: &Types<'_, '_>, parameter: &Parameter) -> Member {
    let schema = parameter.schema();
    let value = types.of(schema);
    let value = if parameter.allow_empty_value {
        union(vec![value, simple("\"\"")])
    } else {
        value
    };
    Member {
        name: parameter_key(parameter),
        optional: !parameter.required && default_of(types.models, schema).is_none(),
        value,
        comment: parameter
            .description
            .clone()
            .or_else(|| super::types::description(schema)),
    }
}

/// The key of a parameter in the input: headers in lower case.
pub(super) fn parameter_key(parameter: &Parameter) -> String {
    if parameter.place == ParameterPlace::Header {
        parameter.name.to_lowercase()
    } else {
        parameter.name.clone()
    }
}

fn response_type(models: &Models<'_>, response: &PlannedResponse<'_>) -> Type {
    let types = outgoing(models);
    let status = match response.status {
        StatusKey::Code(code) => Type::Text(code.to_string()),
        StatusKey::Range(_) | StatusKey::Default => simple("number"),
    };
    let member = |name: &str, optional: bool, value: Type| Member {
        name: name.to_owned(),
        optional,
        value,
        comment: None,
    };
    let mut members = vec![member("status", false, status)];
    if !response.headers.is_empty() {
        let headers: Vec<Member> = response
            .headers
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"))
            .map(|(name, header)| {
                member(name, !header.required, header_type(&types, &header.schema))
            })
            .collect();
        let optional = headers.iter().all(|header| header.optional);
        if !headers.is_empty() {
            members.push(member("headers", optional, Type::Object(headers, None)));
        }
    }
    if let Some((_, kind, schema)) = &response.content {
        let body = match (kind, schema) {
            (ContentKind::Json | ContentKind::Xml, Some(schema)) => types.of(schema),
            (ContentKind::Json, None) => simple("unknown"),
            (ContentKind::Text, _) => simple("string"),
            _ => union(vec![simple("string"), simple("Uint8Array")]),
        };
        members.push(member("body", false, body));
    }
    Type::Object(members, None)
}

/// A header is text or a number; anything else the handler writes as text.
fn header_type(types: &Types<'_, '_>, schema: &Schema) -> Type {
    let value = match types.of(schema) {
        // Servers write numbers and texts.
        Type::Union(mut members) => {
            members.retain(|member| *member != simple("bigint"));
            union(members)
        }
        value => value,
    };
    let simple_enough = match &value {
        Type::Text(text) => text == "string" || text == "number" || text.starts_with('"'),
        Type::Union(members) => members
            .iter()
            .all(|member| matches!(member, Type::Text(text) if text == "string" || text == "number" || text.starts_with('"'))),
        _ => false,
    };
    if simple_enough {
        value
    } else {
        simple("string")
    }
}

fn outgoing<'m, 'a>(models: &'m Models<'a>) -> Types<'m, 'a> {
    Types {
        models,
        prefix: "models.",
        direction: Direction::Output,
        files: false,
    }
}
