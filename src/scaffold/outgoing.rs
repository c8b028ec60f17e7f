//! Requests that the service sends: webhooks and callbacks, their payloads' types and schemas, and
//! runtime/webhooks.ts.

use std::cell::RefCell;
use std::collections::BTreeSet;

use askama::Template;

use super::code::{Expression, call, property_key, string, text};
use super::models::{Direction, Models};
use super::names::Names;
use super::plan::{ContentKind, Plan, PlannedOperation, content_kind, essence};
use super::schemas::{Gap, Gathered, Schemas};
use super::types::{Member, Types, simple};
use crate::api::{Api, Operation, Schema};

/// A request that the service sends.
#[derive(Debug)]
pub(super) struct Outgoing<'a> {
    /// Of a callback with the operation that it belongs to: `createOrder.shipped`.
    pub(super) name: String,
    pub(super) operation: &'a Operation,
    /// The media type of the payload; `None`: there is no payload.
    pub(super) media_type: Option<String>,
    pub(super) schema: Option<&'a Schema>,
    /// Of a callback: its address, with runtime expressions, and the method of its operation.
    pub(super) address: Option<(&'a str, String)>,
}

pub(super) fn webhooks<'a>(api: &'a Api, not_enforced: &mut BTreeSet<Gap>) -> Vec<Outgoing<'a>> {
    let mut taken = Names::default();
    api.webhooks
        .iter()
        .filter_map(|operation| {
            let name = operation.id.as_deref().unwrap_or(&operation.path);
            let subject = format!("webhooks {name}");
            planned(
                operation,
                name,
                "webhooks",
                &subject,
                &mut taken,
                not_enforced,
            )
        })
        .collect()
}

pub(super) fn callbacks<'a>(
    operations: &[PlannedOperation<'a>],
    not_enforced: &mut BTreeSet<Gap>,
) -> Vec<Outgoing<'a>> {
    let mut taken = Names::default();
    let mut found = Vec::new();
    for caller in operations {
        let method = caller.operation.method.key().to_uppercase();
        let subject = format!("{method} {}", caller.operation.path);
        for callback in &caller.operation.callbacks {
            let name = format!("{}.{}", caller.id, callback.name);
            let outgoing = planned(
                &callback.operation,
                &name,
                "callbacks",
                &subject,
                &mut taken,
                not_enforced,
            );
            found.extend(outgoing.map(|outgoing| Outgoing {
                address: Some((&callback.expression, method.clone())),
                ..outgoing
            }));
        }
    }
    found
}

/// A payload is sent as JSON or as text; one that can only be something else is left out.
fn planned<'a>(
    operation: &'a Operation,
    name: &str,
    keyword: &'static str,
    subject: &str,
    taken: &mut Names,
    not_enforced: &mut BTreeSet<Gap>,
) -> Option<Outgoing<'a>> {
    let mut outgoing = Outgoing {
        name: String::new(),
        operation,
        media_type: None,
        schema: None,
        address: None,
    };
    if let Some(body) = &operation.body
        && !body.content.is_empty()
    {
        let of = |kind| {
            let mut content = body.content.iter();
            content.find(|(name, _)| content_kind(&essence(name)) == kind)
        };
        let Some((media_type, media)) = of(ContentKind::Json).or_else(|| of(ContentKind::Text))
        else {
            let types: Vec<&str> = body.content.keys().map(String::as_str).collect();
            not_enforced.insert(Gap {
                keyword,
                subject: subject.to_owned(),
                origin: operation.origin.number(),
                below: String::new(),
                reason: Some(format!(
                    "no sender is generated for `{name}`: a payload of type `{}` is not written",
                    types.join("`, `")
                )),
            });
            return None;
        };
        let media_type = essence(media_type);
        outgoing.schema = media.schema.as_ref();
        outgoing.media_type = Some(if media_type.contains('*') {
            "application/json".to_owned()
        } else {
            media_type
        });
    }
    outgoing.name = taken.claim(name);
    Some(outgoing)
}

/// The interfaces `Webhooks` and `Callbacks` of types/operations.ts.
pub(super) fn interfaces(models: &Models<'_>, plan: &Plan<'_>) -> String {
    let types = Types {
        models,
        prefix: "models.",
        direction: Direction::Output,
        files: false,
    };
    let mut out = String::new();
    for (name, comment, list) in [
        (
            "Webhooks",
            "Requests this service sends to its subscribers.",
            &plan.webhooks,
        ),
        (
            "Callbacks",
            "Requests this service sends to an address that an operation received: operation and callback.",
            &plan.callbacks,
        ),
    ] {
        if list.is_empty() {
            continue;
        }
        out.push_str(&format!("\n/** {comment} */\nexport interface {name} {{\n"));
        for outgoing in list {
            let summary = outgoing.operation.summary.as_deref().map(str::trim);
            let summary = summary.filter(|summary| !summary.is_empty());
            let comment = match (&outgoing.address, summary) {
                (Some((address, _)), None) => Some(format!("{} {address}", method(outgoing))),
                (Some((address, _)), Some(summary)) => {
                    Some(format!("{} {address}: {summary}", method(outgoing)))
                }
                (None, summary) => summary.map(str::to_owned),
            };
            let member = Member {
                name: outgoing.name.clone(),
                optional: false,
                value: match (&outgoing.media_type, outgoing.schema) {
                    (None, _) => simple("undefined"),
                    (Some(_), Some(schema)) => types.of(schema),
                    (Some(_), None) => simple("unknown"),
                },
                comment,
            };
            out.push_str(&member.print(2));
        }
        out.push_str("}\n");
    }
    out
}

#[derive(Template)]
#[template(path = "common/runtime/webhooks.ts", escape = "none")]
struct Runtime {
    webhooks: String,
    callbacks: String,
    uses_schemas: bool,
    uses_models: bool,
    zod: bool,
    helpers: String,
}

/// runtime/webhooks.ts, and what its payloads do not enforce.
pub(super) fn runtime(models: &Models<'_>, plan: &Plan<'_>) -> (String, BTreeSet<Gap>) {
    let gathered = RefCell::new(Gathered::default());
    let webhooks = table(models, &gathered, "Webhooks", &plan.webhooks);
    let callbacks = table(models, &gathered, "Callbacks", &plan.callbacks);
    let gathered = gathered.into_inner();
    let helpers: Vec<&str> = gathered.helpers.into_iter().collect();
    let uses = |prefix: &str| webhooks.contains(prefix) || callbacks.contains(prefix);
    let runtime = Runtime {
        uses_schemas: uses("schemas."),
        uses_models: uses("models."),
        zod: gathered.zod,
        helpers: helpers.join(", "),
        webhooks,
        callbacks,
    };
    // Text that was made here always renders.
    let text = runtime.render().unwrap_or_default();
    (text.trim_end().to_owned() + "\n", gathered.not_enforced)
}

/// The entries of an object literal, one line or more each.
fn table(
    models: &Models<'_>,
    gathered: &RefCell<Gathered>,
    interface: &str,
    list: &[Outgoing<'_>],
) -> String {
    let unaliased = BTreeSet::new();
    let mut out = String::new();
    for outgoing in list {
        let writer = Schemas {
            models,
            prefix: "schemas.",
            direction: Direction::Output,
            written: None,
            files: false,
            place: outgoing.name.clone(),
            aliased: &unaliased,
            gathered,
        };
        let schema = match (&outgoing.media_type, outgoing.schema) {
            (None, _) => writer.zod("undefined", vec![]),
            (Some(_), Some(schema)) => writer.of(schema),
            (Some(_), None) => writer.zod("unknown", vec![]),
        };
        let schema = if let Expression::Text(_) = &schema {
            schema
        } else {
            gathered.borrow_mut().helpers.insert("define");
            let callee = format!("define<{interface}[{}]>", string(&outgoing.name));
            call(callee, vec![schema])
        };
        let mut entries = vec![("method".to_owned(), text(string(&method(outgoing))))];
        if let Some(media_type) = &outgoing.media_type {
            entries.push(("mediaType".to_owned(), text(string(media_type))));
        }
        if let Some((address, caller)) = &outgoing.address {
            entries.push(("address".to_owned(), text(string(address))));
            entries.push(("caller".to_owned(), text(string(caller))));
        }
        entries.push(("payload".to_owned(), schema));
        let entry = Expression::Object {
            entries,
            expanded: false,
        };
        let key = property_key(&outgoing.name);
        out.push_str(&format!("  {key}: {},\n", entry.print(2, 4 + key.len(), 1)));
    }
    out
}

fn method(outgoing: &Outgoing<'_>) -> String {
    outgoing.operation.method.key().to_uppercase()
}
