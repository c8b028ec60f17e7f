//! The flags that limit how long a migration waits and how often it tries.

use std::time::Duration;

use crate::cli;
use crate::failure::{Failure, Fault, Message};
use crate::migrate::execution::Limits;

/// How long a second run waits for the first.
const WAIT: Duration = Duration::from_secs(30);

const LIVE_LOCK_TIMEOUT: Duration = Duration::from_secs(1);
const LIVE_STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);

/// All limits; every wrong one is told.
pub(super) fn limits(arguments: &cli::Migrate) -> Result<Limits, Failure> {
    let default = Limits::default();
    let mut faults = Vec::new();
    let mut read = |flag: &str, text: &Option<String>| match text.as_deref().map(time) {
        Some(Some(time)) => Some(time),
        Some(None) => {
            let text = text.clone().unwrap_or_default();
            faults.push(wrong(flag, &text));
            None
        }
        None => None,
    };
    let lock_timeout = read("--lock-timeout", &arguments.lock_timeout);
    let statement_timeout = read("--statement-timeout", &arguments.statement_timeout);
    let backoff = read("--backoff", &arguments.backoff);
    if lock_timeout == Some(Duration::ZERO) {
        // Zero would wait for ever, with everybody else queueing behind.
        faults.push(wrong("--lock-timeout", "0"));
    }
    if !faults.is_empty() {
        return Err(Failure {
            faults: faults.into_iter().map(Fault::Message).collect(),
            ..Failure::inputs([])
        });
    }
    Ok(Limits {
        lock_timeout: lock_timeout.unwrap_or(default.lock_timeout),
        overrules_file: lock_timeout.is_some(),
        statement_timeout,
        retries: arguments.retries.unwrap_or(default.retries),
        backoff: backoff.unwrap_or(default.backoff),
    })
}

/// Limits of a rehearsal on the live database, where each lock is held to the end.
pub(super) fn on_live(arguments: &cli::Migrate) -> Result<Limits, Failure> {
    let limits = limits(arguments)?;
    let lock_timeout = if limits.overrules_file {
        limits.lock_timeout
    } else {
        LIVE_LOCK_TIMEOUT
    };
    Ok(Limits {
        lock_timeout,
        statement_timeout: limits.statement_timeout.or(Some(LIVE_STATEMENT_TIMEOUT)),
        ..limits
    })
}

/// Flags of a run that a rehearsal does not heed.
pub(super) fn without_a_run(arguments: &cli::Migrate) -> Vec<Message> {
    if !arguments.dry_run || arguments.migrate.is_none() {
        return Vec::new();
    }
    let on_scratch = !arguments.on_live;
    let unheeded = [
        (
            "--lock-timeout",
            arguments.lock_timeout.is_some() && on_scratch,
        ),
        (
            "--statement-timeout",
            arguments.statement_timeout.is_some() && on_scratch,
        ),
        ("--retries", arguments.retries.is_some()),
        ("--backoff", arguments.backoff.is_some()),
        ("--wait", arguments.wait.is_some()),
        ("--in-doubt", arguments.in_doubt.is_some()),
    ];
    let unheeded = unheeded.iter().filter(|(_, given)| *given);
    unheeded
        .map(|(flag, _)| Message {
            text: format!("`{flag}` means nothing with `--dry-run`"),
            hint: Some(if flag.ends_with("-timeout") {
                "with `--on-live` it does: on a copy nobody waits".to_owned()
            } else {
                "it goes with a migration that runs".to_owned()
            }),
            code: Some("usage"),
            ..Message::default()
        })
        .collect()
}

/// How long to wait for another run.
pub(super) fn wait(arguments: &cli::Migrate) -> Result<Duration, Failure> {
    match &arguments.wait {
        None => Ok(WAIT),
        Some(text) => time(text).ok_or_else(|| Failure::inputs([wrong("--wait", text)])),
    }
}

fn wrong(flag: &str, text: &str) -> Message {
    Message {
        text: format!("`{text}` is no value of `{flag}`"),
        hint: Some(format!("`{flag} 500ms`, or 2s, 5m, 1h")),
        code: Some("usage"),
        ..Message::default()
    }
}

/// `500ms`, `2s`, `5m`, `1h`; a bare number means seconds.
pub(super) fn time(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let milliseconds = digits.parse::<u64>().ok()?.checked_mul(factor)?;
    // What Postgres can hold.
    let fits = i32::try_from(milliseconds).is_ok();
    fits.then(|| Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        let milliseconds = |text| time(text).map(|time| time.as_millis());
        assert_eq!(milliseconds("500ms"), Some(500));
        assert_eq!(milliseconds("2"), Some(2_000));
        assert_eq!(milliseconds("5m"), Some(300_000));
        for wrong in ["", "s", "-1s", "1.5s", "2 s", "2d", "99999999999s"] {
            assert_eq!(milliseconds(wrong), None, "{wrong}");
        }
    }
}
