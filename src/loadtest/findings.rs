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
    findings.extend(toothless(result));
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
                "{} {} were refused and not one was limited: {} an hour from one client",
                count(refused),
                if result.is_sign_in() {
                    "sign-in attempts"
                } else {
                    "requests without a valid sign-in"
                },
                count((per_second * 3_600.0).round() as u64)
            ),
        )
        .help("backsmith loadtest … --expect-rate-limit")
    })
}

/// A limit that the answers declare (`RateLimit-Policy: 100;w=60`) and that more requests than it
/// allows did not meet. Twice as many, because a window may end and begin while the run lasts.
fn toothless(result: &Measured) -> Option<Diagnostic> {
    let recording = &result.recording;
    if recording.statuses.contains_key(&429) {
        return None;
    }
    let (quota, window) = recording
        .samples
        .iter()
        .flat_map(|sample| &sample.headers)
        .filter(|(name, _)| name == "ratelimit-policy")
        .find_map(|(_, value)| policy(value))?;
    let windows = (result.seconds / window).ceil() + 1.0;
    let completed = recording.requests.completed;
    (completed as f64 > 2.0 * quota * windows).then(|| {
        Diagnostic::warning(
            "rate-limit-never-bites",
            format!(
                "the answers declare {quota} requests in {window} s, {} were sent in {:.1} s, and not \
                 one was limited",
                count(completed),
                result.seconds
            ),
        )
        .help("backsmith loadtest ... --expect-rate-limit")
    })
}

/// Quota and window in seconds of `100;w=60` and of `"default";q=100;w=60`.
fn policy(value: &str) -> Option<(f64, f64)> {
    let first = value.split(',').next()?;
    let parts: Vec<&str> = first.split(';').map(str::trim).collect();
    let number = |key: &str| {
        let found = parts.iter().find_map(|part| part.strip_prefix(key));
        found.and_then(|text| text.parse::<f64>().ok())
    };
    let quota = number("q=").or_else(|| parts.first()?.parse().ok())?;
    let window = number("w=")?;
    (quota > 0.0 && window > 0.0).then_some((quota, window))
}

/// Whether the body of an error shows the inside of a server.
pub fn shows_inside(status: u16, body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(body);
    status >= 500 && MARKS.iter().any(|mark| body.contains(mark))
}

/// What only the inside of a server says.
const MARKS: [&str; 7] = [
    "\n    at ",
    "\\n    at ",
    "Traceback (most recent call last)",
    "goroutine ",
    "SQLSTATE",
    "syntax error at or near",
    "relation \\\"",
];

/// Stack traces and SQL in the body of an error are a map for whoever attacks.
fn leaks(result: &Measured) -> Option<Diagnostic> {
    let leaking = |sample: &&Sample| shows_inside(sample.status, &sample.body);
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

#[cfg(test)]
mod tests {
    use super::policy;

    #[test]
    fn policies_are_read_in_both_notations() {
        assert_eq!(policy("100;w=60"), Some((100.0, 60.0)));
        assert_eq!(
            policy("\"default\";q=10;w=1, \"day\";q=1;w=2"),
            Some((10.0, 1.0))
        );
        assert_eq!(policy("100"), None);
    }
}
