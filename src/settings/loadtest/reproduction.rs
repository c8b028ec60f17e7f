//! What a report says of the request, and the command that measures the same again. Values that may be
//! secrets are masked here, before anything else sees them.

use std::ffi::OsString;

use clap::parser::ValueSource;

use crate::loadtest::plan::{Engine, Plan, Reuse, Trust};
use crate::redact::{self, MASK};
use crate::text::number::{bytes, counted};
use crate::text::shell;

/// Options of the report and not of the measurement.
const OF_THE_REPORT: [&str; 8] = [
    "format", "json", "report", "output", "quiet", "verbose", "color", "yes",
];
/// A line of the command is not longer than this.
const WIDTH: usize = 92;

/// The request by name: headers without their values, the body by its size, how it travels.
pub(super) fn request(plan: &Plan) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let Some(target) = plan.targets.first() else {
        return facts;
    };
    if target.is_mix() {
        let all = target.requests().len() as u64;
        facts.push((
            "requests",
            format!("{}, chosen by weight", counted(all, "request")),
        ));
    } else {
        let request = target.first();
        facts.push(("method", request.method.clone()));
        for header in &request.headers {
            facts.push(("header", format!("{}: {MASK}", header.name)));
        }
        facts.push((
            "body",
            match request.body.len() {
                0 => "none".to_owned(),
                length => bytes(length as f64),
            },
        ));
    }
    facts.push((
        "keep-alive",
        match plan.reuse {
            Reuse::KeepAlive => "yes".to_owned(),
            Reuse::Never => "no, a new connection for each request".to_owned(),
        },
    ));
    if plan.trust == Trust::Insecure {
        facts.push(("certificate", "not checked".to_owned()));
    }
    for resolve in &plan.resolve {
        let host = format!("{}:{}", resolve.host, resolve.port);
        facts.push(("resolved", format!("{host} to {}", resolve.address)));
    }
    if let Some(socket) = &plan.unix_socket {
        facts.push(("unix socket", socket.display().to_string()));
    }
    if let Engine::General(general) = &plan.engine {
        facts.push((
            "redirects",
            match general.redirects {
                0 => "not followed".to_owned(),
                most => format!("at most {} followed", counted(most as u64, "redirect")),
            },
        ));
        facts.extend(
            general
                .proxy
                .as_ref()
                .map(|proxy| ("proxy", proxy.to_string())),
        );
    }
    facts
}

/// The command line as it was parsed, argument by argument.
pub(super) fn command(arguments: impl IntoIterator<Item = OsString>) -> String {
    let description = super::super::command_line();
    let Ok(matches) = description.clone().try_get_matches_from(arguments) else {
        return String::new();
    };
    let (Some(("loadtest", matches)), Some(own)) = (
        matches.subcommand(),
        description.find_subcommand("loadtest"),
    ) else {
        return String::new();
    };
    let mut words = vec!["backsmith loadtest".to_owned()];
    for argument in own.get_arguments() {
        let id = argument.get_id().as_str();
        let given = matches!(matches.try_contains_id(id), Ok(true))
            && matches.value_source(id) == Some(ValueSource::CommandLine);
        if !given || OF_THE_REPORT.contains(&id) {
            continue;
        }
        let flag = argument.get_long().map(|long| format!("--{long}"));
        if !argument.get_action().takes_values() {
            words.extend(flag);
            continue;
        }
        let occurrences = matches.get_raw_occurrences(id).into_iter().flatten();
        for values in occurrences {
            let mut word: Vec<String> = flag.iter().cloned().collect();
            word.extend(values.map(|value| shell::word(&masked(id, &value.to_string_lossy()))));
            let joint = if argument.is_require_equals_set() {
                "="
            } else {
                " "
            };
            words.push(word.join(joint));
        }
    }
    folded(&words)
}

fn masked(id: &str, value: &str) -> String {
    match (id, value.split_once(':')) {
        ("header", Some((name, _))) => format!("{name}: {MASK}"),
        ("header", None) => MASK.to_owned(),
        // A file is named, what is sent is not: a sign-in holds a password.
        ("body", _) if !value.starts_with('@') => MASK.to_owned(),
        _ => redact::url(value),
    }
}

/// Lines that end in a backslash where one line would be long.
fn folded(words: &[String]) -> String {
    let mut text = String::new();
    let mut length = 0;
    for word in words {
        let own = word.chars().count();
        if length > 0 && length + 1 + own > WIDTH {
            text.push_str(" \\\n  ");
            length = 2;
        } else if length > 0 {
            text.push(' ');
            length += 1;
        }
        text.push_str(word);
        length += own;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(arguments: &[&str]) -> String {
        let all = ["backsmith", "loadtest"].iter().chain(arguments);
        command(all.map(OsString::from))
    }

    #[test]
    fn a_command_is_shown_without_its_secrets() {
        let text = shown(&[
            "http://me:s3cret@localhost:3000/a?b=c&token=s3cret",
            "-H",
            "Authorization: Bearer s3cret",
            "--header",
            "X-It's: s3cret",
            "-b",
            "{\"password\": \"s3cret\"}",
            "-c",
            "50",
            "--expect",
            "p99<200ms",
            "--report",
            "x.html",
            "--http2",
        ]);
        assert!(!text.contains("s3cret"), "{text}");
        for part in [
            "--header 'Authorization: ***'",
            "--header 'X-It'\\''s: ***'",
            "--body '***'",
            "--concurrency 50",
            "--expect 'p99<200ms'",
            "--http2",
            "'http://me:***@localhost:3000/a?b=c&token=***'",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(!text.contains("report"), "{text}");
        assert!(text.lines().all(|line| line.len() < 110), "{text}");
    }

    #[test]
    fn a_body_from_a_file_keeps_its_name() {
        assert_eq!(
            shown(&["http://localhost/", "--body", "@order.json"]),
            "backsmith loadtest http://localhost/ --body @order.json"
        );
    }
}
