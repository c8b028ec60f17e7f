//! From the tree of a file to a checked profile. What is missing or of the wrong type is found by the
//! schema; here is what a schema cannot say. One pass finds every fault.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::document::{self, EXTENDS};
use super::{Approver, Floor, Profile, Provenance};
use crate::decide::conformity;
use crate::decide::constraint::{Constraint, Test, Weight, quantity};
use crate::decide::input::{Expected, Input, Kind, Value, parse_duration};
use crate::diagnostic::{Diagnostic, Related};
use crate::text::tree::{self, Node, NodeKind};
use crate::text::{SourceFile, Span, first_unprintable, printable, suggest};

/// A file as it was written, with what is wrong in it alone.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) root: Node,
    pub(crate) source: Arc<SourceFile>,
    pub(crate) name: String,
    pub(crate) name_span: Span,
    /// The parent's name and where it stands.
    pub(crate) extends: Option<(String, Span)>,
    /// Whether it says that it replaces a shipped profile.
    pub(crate) replaces: bool,
}

/// Reads a file. Without a name there is no draft, only faults.
pub(crate) fn draft(file: &Arc<SourceFile>) -> (Option<Draft>, Vec<Diagnostic>) {
    if file.text.trim().is_empty() {
        let message = format!("`{}` is empty, and a profile was expected", file.name);
        let fault = Diagnostic::error("invalid-profile", message)
            .help("`backsmith decide --show-profile NAME` prints one to start from");
        return (None, vec![fault]);
    }
    let (root, mut faults) = tree::read(file);
    let Some(root) = root else {
        return (None, faults);
    };
    unprintable(&root, &mut faults);
    faults.extend(conformity::check(&root, &document::json_schema()));
    let name = text(&root, "profile_name").map(str::to_owned);
    let name_span = place(&root, "profile_name");
    match name.as_deref() {
        Some(name) if name.trim() != name || name.trim().is_empty() => {
            faults.push(fault(
                "a name without blanks around it was expected",
                name_span.clone(),
            ));
        }
        _ => {}
    }
    let extends = root.entries().iter().find(|entry| entry.key == EXTENDS);
    let extends = extends.and_then(|entry| {
        let NodeKind::Scalar(Json::String(parent)) = &entry.value.kind else {
            return None;
        };
        Some((parent.clone(), entry.value.span.clone()))
    });
    // The same comes again with what it takes from others; now it comes whatever becomes of those.
    read(&root, &mut faults);
    let replaces = root
        .get("replaces")
        .is_some_and(|node| node.to_value() == Json::Bool(true));
    let draft = name.map(|name| Draft {
        source: Arc::clone(file),
        name,
        name_span,
        extends,
        replaces,
        root,
    });
    (draft, faults)
}

/// A profile from the values that stand, or every fault in them.
pub(crate) fn finish(
    root: &Node,
    name_span: &Span,
    provenance: Provenance,
) -> Result<Profile, Vec<Diagnostic>> {
    let mut faults = conformity::check(root, &document::json_schema());
    let parts = read(root, &mut faults);
    match parts {
        Some(parts) if faults.is_empty() => Ok(Profile {
            provenance,
            name_span: name_span.clone(),
            name: parts.name,
            description: parts.description,
            constraints: parts.constraints,
            stack: parts.stack,
            anti_recommendations: parts.anti_recommendations,
            floor: parts.floor,
            approvers: parts.approvers,
            references: parts.references,
        }),
        _ => Err(faults),
    }
}

struct Parts {
    name: String,
    description: String,
    constraints: Vec<Constraint>,
    stack: IndexMap<String, String>,
    anti_recommendations: Vec<String>,
    floor: Floor,
    approvers: Vec<Approver>,
    references: Vec<String>,
}

fn read(root: &Node, faults: &mut Vec<Diagnostic>) -> Option<Parts> {
    let constraints = constraints(root, faults);
    let floor = root
        .get("success_thresholds")
        .and_then(|node| floor(node, faults));
    let approvers = approvers(root, faults);
    let references = items(root, "canon_references").iter().map(|node| {
        let chapters = texts(items(node, "chapters"));
        let source = text(node, "source").unwrap_or_default();
        if chapters.is_empty() {
            source.to_owned()
        } else {
            format!("{source}, {}", chapters.join(" and "))
        }
    });
    let stack = root.get("stack").map(Node::entries).unwrap_or_default();
    let stack = stack.iter().filter_map(|entry| match &entry.value.kind {
        NodeKind::Scalar(Json::String(pick)) => Some((entry.key.clone(), pick.clone())),
        _ => None,
    });
    Some(Parts {
        name: text(root, "profile_name")?.to_owned(),
        description: text(root, "description")?.to_owned(),
        constraints,
        stack: stack.collect(),
        anti_recommendations: texts(items(root, "anti_recommendations")),
        floor: floor?,
        approvers,
        references: references.collect(),
    })
}

fn constraints(root: &Node, faults: &mut Vec<Diagnostic>) -> Vec<Constraint> {
    let nodes = items(root, "constraints");
    let mut conditions: Vec<(Input, Test, &Node)> = Vec::new();
    let mut read: Vec<Constraint> = Vec::new();
    for node in nodes {
        let Some((input, test)) = condition(node, faults) else {
            continue;
        };
        let same = conditions
            .iter()
            .find(|(other, known, _)| (*other, known) == (input, &test));
        if let Some((.., other)) = same {
            let message = format!("the same constraint of `{}` stands twice", input.key());
            let first = Related::new(other.span.clone(), "it stands here already");
            faults.push(fault(message, node.span.clone()).related(first));
        }
        conditions.push((input, test.clone(), node));
        let weight = match text(node, "kind") {
            Some("hard") => Weight::Hard,
            Some("weighted") => Weight::Weighted,
            _ => continue,
        };
        let points = node.get("points").and_then(|node| node.to_value().as_u64());
        let Some(points) = points.and_then(|points| u32::try_from(points).ok()) else {
            continue;
        };
        read.push(Constraint {
            input,
            test,
            weight,
            points,
            offers: text(node, "offers").map(str::to_owned),
        });
    }
    let all_read = read.len() == nodes.len() && !nodes.is_empty();
    if all_read && read.iter().all(|constraint| constraint.points == 0) {
        faults.push(fault(
            "the constraints are worth no points",
            place(root, "constraints"),
        ));
    }
    contradictions(&conditions, &root.span, faults);
    read
}

/// A minimum above the maximum of the same input can never be met.
fn contradictions(conditions: &[(Input, Test, &Node)], whole: &Span, faults: &mut Vec<Diagnostic>) {
    for (input, minimum, at) in conditions {
        let Test::Min(least) = minimum else {
            continue;
        };
        for (limited, maximum, other) in conditions {
            let Test::Max(most) = maximum else {
                continue;
            };
            if limited != input || quantity(least) <= quantity(most) {
                continue;
            }
            let message = format!(
                "`{}` has a minimum of {least} above its maximum of {most}",
                input.key()
            );
            let places = [place(at, "value"), place(other, "value")];
            // With a parent, the file that says it last is the one to change.
            let [here, there] = if places[0].file == whole.file {
                places
            } else {
                let [first, second] = places;
                [second, first]
            };
            faults.push(fault(message, here).related(Related::new(there, "against this")));
        }
    }
}

fn approvers(root: &Node, faults: &mut Vec<Diagnostic>) -> Vec<Approver> {
    let nodes = items(root, "named_approver_chain");
    let mut read = Vec::new();
    for node in nodes {
        if text(node, "role").is_some_and(|role| role.trim().is_empty()) {
            faults.push(fault("an approver needs a role", place(node, "role")));
        }
        let when = node.get("when").filter(|node| !is_null(node));
        read.push(Approver {
            role: text(node, "role").unwrap_or_default().to_owned(),
            name: text(node, "name").map(str::to_owned),
            when: when.and_then(|node| condition(node, faults)),
        });
    }
    let conditional = |node: &Node| node.get("when").is_some_and(|node| !is_null(node));
    if !nodes.is_empty() && nodes.iter().all(conditional) {
        let message = "every approver has a `when`, so that for other answers nobody approves";
        let fault = fault(message, place(root, "named_approver_chain"));
        faults.push(fault.help("name one role without `when`"));
    }
    read
}

/// An input and the test of it, each checked against the other.
fn condition(node: &Node, faults: &mut Vec<Diagnostic>) -> Option<(Input, Test)> {
    let key = text(node, "input")?;
    let Some(input) = Input::named(key) else {
        let near = suggest::nearest(key, Input::keys());
        let help = near.map_or_else(
            || format!("one of {}", Input::keys().collect::<Vec<_>>().join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("`{}` is no input", printable(key));
        faults.push(fault(message, place(node, "input")).help(help));
        return None;
    };
    let ordered = matches!(
        input.kind(),
        Kind::Whole | Kind::Decimal | Kind::Percent | Kind::Duration
    );
    if input.kind() == Kind::Text {
        faults.push(fault(
            format!("`{key}` is free text, which no constraint can test"),
            place(node, "input"),
        ));
        return None;
    }
    let operator = text(node, "operator")?;
    if matches!(operator, "min" | "max") && !ordered {
        let fault = fault(
            format!("`{key}` has no order, so no minimum and no maximum"),
            place(node, "operator"),
        );
        faults.push(fault.help("`in`, `not_in` or `equals`"));
        return None;
    }
    let mut values = values(input, operator, node.get("value")?, faults)?;
    let test = match operator {
        "in" => Test::In(values),
        "not_in" => Test::NotIn(values),
        "min" => Test::Min(values.pop()?),
        "max" => Test::Max(values.pop()?),
        "equals" => Test::Equals(values.pop()?),
        _ => return None,
    };
    Some((input, test))
}

fn values(
    input: Input,
    operator: &str,
    node: &Node,
    faults: &mut Vec<Diagnostic>,
) -> Option<Vec<Value>> {
    let before = faults.len();
    let given = match (&node.kind, operator) {
        (NodeKind::Sequence(nodes), "in" | "not_in") => {
            if nodes.is_empty() {
                faults.push(fault("at least one value was expected", node.span.clone()));
            }
            nodes.as_slice()
        }
        (_, "in" | "not_in") => {
            let message = format!("a list of values was expected for `{operator}`");
            faults.push(fault(message, node.span.clone()));
            &[]
        }
        (NodeKind::Scalar(_), _) => std::slice::from_ref(node),
        _ => {
            let message = format!("one value was expected for `{operator}`");
            faults.push(fault(message, node.span.clone()));
            &[]
        }
    };
    let mut values: Vec<Value> = Vec::new();
    for node in given {
        match value(input, node) {
            Ok(value) if values.contains(&value) => {
                faults.push(fault(format!("`{value}` stands twice"), node.span.clone()));
            }
            Ok(value) => values.push(value),
            Err(expected) => {
                let text = node.text().trim_matches('"');
                faults.push(unexpected(text, input.key(), expected, node.span.clone()));
            }
        }
    }
    (faults.len() == before).then_some(values)
}

/// A value of the right type: a number that is written as a text is none.
fn value(input: Input, node: &Node) -> Result<Value, Expected> {
    match (input.kind(), &node.kind) {
        (Kind::Whole | Kind::Decimal | Kind::Percent, NodeKind::Scalar(Json::Number(_)))
        | (Kind::Switch, NodeKind::Scalar(Json::Bool(_))) => input.parse(node.text()),
        (Kind::Choice(_) | Kind::Duration, NodeKind::Scalar(Json::String(text))) => {
            input.parse(text)
        }
        (Kind::Whole, _) => Err(Expected::Shape("a whole number from 1 was expected")),
        (Kind::Decimal, _) => Err(Expected::Shape("a number from 0 was expected")),
        (Kind::Percent, _) => Err(Expected::Shape(
            "a percentage above 0 and below 100 was expected",
        )),
        (Kind::Switch, _) => Err(Expected::Shape("`true` or `false` was expected")),
        (Kind::Duration, _) => Err(Expected::Shape(
            "a time such as `30s`, `5m`, `1h` or `1d` was expected",
        )),
        // One of the words, or none is near.
        (Kind::Choice(_) | Kind::Text, _) => input.parse(node.text()),
    }
}

/// A value that its input does not have.
pub fn unexpected(text: &str, key: &str, expected: Expected, span: Span) -> Diagnostic {
    let text = printable(text);
    match expected {
        Expected::Shape(what) => fault(format!("`{text}` is no value of `{key}`: {what}"), span),
        Expected::OneOf { choices, near } => {
            let help = near.map_or_else(
                || format!("one of {}", choices.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            fault(format!("`{text}` is no value of `{key}`"), span).help(help)
        }
    }
}

fn floor(node: &Node, faults: &mut Vec<Diagnostic>) -> Option<Floor> {
    let before = faults.len();
    let number = |node: &Node, key: &str| node.get(key)?.to_value().as_f64();
    let latency = node.get("latency_ms");
    let targets = ["p50", "p95", "p99"].map(|key| {
        let target = latency.and_then(|latency| number(latency, key));
        (key, target)
    });
    if let Some(latency) = latency {
        for (key, target) in targets {
            if let Some(target) = target
                && target <= 0.0
            {
                let message = format!("`{key}` of {target} ms: a time above 0 was expected");
                faults.push(fault(message, place(latency, key)));
            }
        }
        let given: Vec<_> = targets
            .iter()
            .filter_map(|(key, target)| Some((key, (*target)?)))
            .collect();
        for pair in given.windows(2) {
            let [(low, least), (high, most)] = [pair[0], pair[1]];
            if least > most {
                let message = format!("`{low}` of {least} ms is above `{high}` of {most} ms");
                faults.push(fault(message, place(latency, low)));
            }
        }
    }
    let uptime = number(node, "uptime_percent");
    if uptime.is_some_and(|uptime| !(uptime > 0.0 && uptime < 100.0)) {
        faults.push(fault(
            "an uptime above 0 and below 100 per cent was expected",
            place(node, "uptime_percent"),
        ));
    }
    let mut duration = |key: &str| {
        let given = text(node, key)?;
        let seconds = parse_duration(given);
        if seconds.is_none() {
            faults.push(fault(
                format!(
                    "`{}` is no time such as `30s`, `5m` or `1h`",
                    printable(given)
                ),
                place(node, key),
            ));
        }
        seconds
    };
    let (rpo, rto) = (duration("rpo"), duration("rto"));
    let [p50, p95, p99] = targets.map(|(_, target)| target);
    (faults.len() == before).then_some(Floor {
        p50: p50?,
        p95: p95?,
        p99: p99?,
        uptime_percent: uptime?,
        rpo: rpo?,
        rto: rto?,
    })
}

/// Profiles are shown in terminals, tables and pages: nothing in them may break out of its place.
fn unprintable(node: &Node, faults: &mut Vec<Diagnostic>) {
    let mut look = |text: &str, span: &Span| {
        if let Some(character) = first_unprintable(text) {
            let message = format!(
                "`{}` is a character that cannot be shown",
                printable(character.encode_utf8(&mut [0; 4]))
            );
            faults.push(fault(message, span.clone()));
        }
    };
    match &node.kind {
        NodeKind::Scalar(Json::String(text)) => look(text, &node.span),
        NodeKind::Scalar(_) => {}
        NodeKind::Sequence(items) => items.iter().for_each(|item| unprintable(item, faults)),
        NodeKind::Mapping(entries) => {
            for entry in entries {
                look(&entry.key, &entry.key_span);
            }
            for entry in entries {
                unprintable(&entry.value, faults);
            }
        }
    }
}

fn text<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    match &node.get(key)?.kind {
        NodeKind::Scalar(Json::String(text)) => Some(text),
        _ => None,
    }
}

fn items<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).map(Node::items).unwrap_or_default()
}

fn texts(nodes: &[Node]) -> Vec<String> {
    let texts = nodes.iter().filter_map(|node| match &node.kind {
        NodeKind::Scalar(Json::String(text)) => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}

const fn is_null(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Scalar(Json::Null))
}

fn place(node: &Node, key: &str) -> Span {
    node.get(key).unwrap_or(node).span.clone()
}

fn fault(message: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::error("invalid-profile", message).at(span)
}
