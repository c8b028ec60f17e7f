//! The next step after a run: one command that helps, where there is one.

use super::unreachable::against;
use crate::diagnostic::{Diagnostic, Severity};
use crate::loadtest::advice;
use crate::loadtest::assessment::{Assessment, Doubt, Measured, Verdict as Word};
use crate::loadtest::comparison;
use crate::loadtest::recording::{ErrorKind, Obstacle};
use crate::terminal::Terminal;

/// One command that helps, where there is one.
pub(super) fn hint(assessed: &Assessment, terminal: &mut Terminal) {
    if assessed.interrupted {
        return;
    }
    match assessed.verdict {
        Word::NoSuccess => {
            if let Some(text) = silence(assessed) {
                terminal.hint(&text);
            }
        }
        Word::NotValid => {
            if let [Doubt::Schedule { .. }] = assessed.doubts.as_slice() {
                terminal.hint("run it again when this machine has less to do, or from another one");
                return;
            }
            let reached = assessed
                .first()
                .map_or(0.0, |first| first.requests_per_second);
            let cores = assessed.machine.cores;
            let threads = if assessed.load.threads < cores {
                format!("`--threads {cores}` (this machine has {cores} cores), ")
            } else {
                String::new()
            };
            terminal.hint(&format!(
                "{threads}a rate below {}, or two machines with `--shard`",
                crate::text::number::per_second(reached * 0.9)
            ));
        }
        Word::Compared(comparison::Verdict::CannotTell) => {
            if let Some(seconds) = longer(assessed) {
                terminal.hint(&format!(
                    "`--duration {seconds}` would narrow the interval, by the square root of the time"
                ));
            }
        }
        Word::Ok
            if assessed.comparison.is_none()
                && let Some(busy) = advice::busy(assessed) =>
        {
            terminal.hint(&format!(
                "`--concurrency {}` has a free connection for each request, if the server is as \
                 quick then",
                busy.needed
            ));
        }
        _ => {
            let worth = |finding: &&Diagnostic| finding.severity >= Severity::Warning;
            if let Some(finding) = assessed.findings.iter().find(worth) {
                terminal.hint(&format!("`backsmith explain {}`", finding.code));
            }
        }
    }
}

/// What helps where an endpoint gave no good answer.
fn silence(assessed: &Assessment) -> Option<String> {
    let silent = |result: &&Measured| result.successes() == 0;
    let result = assessed.results.iter().find(silent)?;
    let statuses = &result.recording.statuses;
    if let Some(status) = statuses.keys().next() {
        if *status == 429 && statuses.len() == 1 {
            return Some(
                "a rate limit stands before the endpoint: raise it for this test, or measure it \
                 with `--expect-rate-limit`"
                    .to_owned(),
            );
        }
        // A status can be expected of all endpoints alone.
        let everywhere = assessed.results.iter().all(|other| {
            other.recording.statuses.len() == 1 && other.recording.statuses.contains_key(status)
        });
        return everywhere
            .then(|| format!("`--expect-status {status}` if that is what you want to measure"));
    }
    let errors = result.recording.errors.iter();
    let (kind, tally) = errors.max_by_key(|(_, tally)| tally.count)?;
    if let Some(obstacle) = Obstacle::of(&tally.first) {
        return Some(against(obstacle).to_owned());
    }
    let url = &result.endpoint.url;
    Some(match kind {
        ErrorKind::Redirects => format!("`curl -sIL {url}` shows where they lead"),
        ErrorKind::Timeout => "`--timeout 2m` waits longer".to_owned(),
        ErrorKind::Closed | ErrorKind::Reset | ErrorKind::Protocol
            if url.starts_with("http://") =>
        {
            format!("does the port speak TLS (`https://`) or HTTP/2 (`--http2`)? `curl -v {url}`")
        }
        _ => format!("`curl -v {url}` shows one exchange"),
    })
}

/// The time in which the deciding interval would be as narrow as the margin, as far as the square
/// root of time carries.
fn longer(assessed: &Assessment) -> Option<u64> {
    let comparison = assessed.comparison.as_ref()?;
    let duration = assessed.load.duration?.as_secs_f64();
    let interval = comparison.measure(comparison.deciding?)?.interval;
    let factor = interval.map_or(4.0, |interval| {
        (interval.width() / (2.0 * comparison.margin.percent)).powi(2)
    });
    let seconds = (duration * factor.clamp(2.0, 20.0) / 10.0).ceil() * 10.0;
    Some(seconds as u64)
}
