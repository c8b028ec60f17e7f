//! What the answers of a run say about the safety of an API. Only what was seen is reported, and only
//! where it means something: a header of transport security only over TLS.

use super::assessment::{Asked, Measured};
use super::recording::Sample;
use crate::diagnostic::Diagnostic;
use crate::text::number::count;

/// A sign-in that was tried this often a second without a refusal has no limit worth the name.
const ATTEMPTS_PER_SECOND: f64 = 20.0;

/// All findings of one endpoint.
pub fn of(result: &Measured, asked: &Asked) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    findings.extend(validation(result, asked));
    findings.extend(unlimited(result));
    findings.extend(leaks(result));
    findings.extend(headers(result));
    findings
}

/// A body that should be refused with 4xx must not break the server.
fn validation(result: &Measured, asked: &Asked) -> Option<Diagnostic> {
    let wanted = asked.status.filter(|status| (400..500).contains(status))?;
    let broken: u64 = result
        .recording
        .statuses
        .range(500..)
        .map(|(_, count)| count)
        .sum();
    (broken > 0).then(|| {
        Diagnostic::error(
            "validation-answers-500",
            format!(
                "{} of {} answers were 5xx where {wanted} was expected: the input reaches code that \
                 does not expect it",
                count(broken),
                count(result.recording.requests.completed)
            ),
        )
        .help("validate before the handler, and answer 400 with the fields that are wrong")
    })
}

/// Refused sign-ins without end.
fn unlimited(result: &Measured) -> Option<Diagnostic> {
    let statuses = &result.recording.statuses;
    let refused = statuses.get(&401).copied().unwrap_or(0);
    let limited = statuses.get(&429).copied().unwrap_or(0);
    let per_second = refused as f64 / result.seconds.max(0.001);
    (limited == 0 && refused > 100 && per_second > ATTEMPTS_PER_SECOND).then(|| {
        Diagnostic::warning(
            "rate-limit-missing",
            format!(
                "{} sign-in attempts were refused and not one was limited: {} an hour from one client",
                count(refused),
                count((per_second * 3_600.0).round() as u64)
            ),
        )
        .help("backsmith loadtest … --expect-rate-limit")
    })
}

/// Stack traces and SQL in the body of an error are a map for whoever attacks.
fn leaks(result: &Measured) -> Option<Diagnostic> {
    const MARKS: [&str; 7] = [
        "\n    at ",
        "\\n    at ",
        "Traceback (most recent call last)",
        "goroutine ",
        "SQLSTATE",
        "syntax error at or near",
        "relation \\\"",
    ];
    let leaking = |sample: &&Sample| {
        let body = String::from_utf8_lossy(&sample.body);
        sample.status >= 500 && MARKS.iter().any(|mark| body.contains(mark))
    };
    let sample = result.recording.samples.iter().find(leaking)?;
    Some(
        Diagnostic::warning(
            "error-body-leaks",
            format!(
                "the body of a {} shows the inside of the server",
                sample.status
            ),
        )
        .help("log the cause, answer with a code and a request id"),
    )
}

/// Headers that any answer can carry. `info`, because an API behind a gateway may get them there.
fn headers(result: &Measured) -> Vec<Diagnostic> {
    let samples = &result.recording.samples;
    if samples.is_empty() {
        return Vec::new();
    }
    let has = |name: &str| {
        samples
            .iter()
            .any(|sample| sample.headers.iter().any(|(known, _)| known == name))
    };
    let mut wanted = vec![("x-content-type-options", "X-Content-Type-Options")];
    if result.endpoint.url.starts_with("https://") {
        wanted.push(("strict-transport-security", "Strict-Transport-Security"));
    }
    let missing = wanted.into_iter().filter(|(name, _)| !has(name));
    let mut findings: Vec<Diagnostic> = missing
        .map(|(_, shown)| {
            Diagnostic::info(
                "missing-security-header",
                format!("no `{shown}` header in any answer"),
            )
        })
        .collect();
    if has("x-powered-by") {
        findings.push(Diagnostic::info(
            "server-names-itself",
            "`X-Powered-By` tells every client what the server runs",
        ));
    }
    findings
}
