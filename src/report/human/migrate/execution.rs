//! A migration that was run, for people: what is applied and stays, what left no trace, what did
//! not run.

use std::io::{self, Write};
use std::time::Duration;

use crate::migrate::execution::{Arrival, Direction, End, Event, Execution, Limits, State, Step};
use crate::migrate::script::{Place, Script};
use crate::terminal::{BOLD, DIM, GREEN, RED, Symbols, YELLOW};
use crate::text::number;

/// What the report says beside the run itself.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    pub direction: Direction,
    pub version: &'a str,
    pub database: &'a str,
    pub symbols: Symbols,
    pub arrival: Option<&'a Arrival>,
}

pub fn write(
    out: &mut dyn Write,
    execution: &Execution,
    script: &Script,
    around: Surroundings<'_>,
) -> io::Result<()> {
    let (style, symbol) = match &execution.end {
        End::Done => (GREEN, around.symbols.holds),
        End::Interrupted { .. } => (YELLOW, around.symbols.look),
        _ => (RED, around.symbols.fails),
    };
    let text = verdict_text(execution, around);
    writeln!(out, "{style}{symbol}{style:#} {BOLD}{text}{BOLD:#}")?;
    if execution.end == End::Done {
        let mut lines = Vec::new();
        if execution.longest_wait > 0.0 {
            let wait = seconds(execution.longest_wait);
            lines.push(format!("Longest wait for a lock {wait}."));
        }
        if execution.count(State::NotNeeded) > 0 {
            lines.push(
                "The other statements take back what was never applied: they were left out."
                    .to_owned(),
            );
        }
        lines.extend(limits(execution));
        lines.extend(
            around
                .arrival
                .map(|arrival| arrived(arrival, around.direction)),
        );
        if !lines.is_empty() {
            writeln!(out)?;
        }
        for line in lines {
            writeln!(out, "  {line}")?;
        }
        return Ok(());
    }
    let applied = match around.direction {
        Direction::Apply => "applied",
        Direction::RollBack => "taken back",
    };
    writeln!(out)?;
    for group in runs(&execution.steps) {
        let first = &execution.steps[group.start];
        let last = &execution.steps[group.end - 1];
        let (word, style) = match first.state {
            State::Applied | State::AppliedBefore => (applied, GREEN),
            State::Failed => ("failed", RED),
            State::RolledBack | State::Cancelled => ("undone", YELLOW),
            State::InDoubt => ("in doubt", YELLOW),
            State::NotNeeded => ("not needed", DIM),
            State::NotRun => ("open", BOLD),
        };
        let numbers = range(first.number, last.number);
        let text = &script.source.text;
        let summaries: Vec<String> = execution.steps[group.clone()]
            .iter()
            .take(2)
            .map(|step| cut(&step.statement.summary(text), 34, around.symbols.ellipsis))
            .collect();
        let more = if group.len() > 2 {
            format!(", and {} more", group.len() - 2)
        } else {
            String::new()
        };
        let before = if first.state == State::AppliedBefore {
            "by an earlier run: "
        } else {
            ""
        };
        writeln!(
            out,
            "  {style}{word:<11}{style:#}  {numbers:<6} {before}{}{more}",
            summaries.join(", ")
        )?;
    }
    if let Some(line) = limits(execution) {
        writeln!(out, "\n  {line}")?;
    }
    Ok(())
}

/// The limits of the run, when they mattered or were asked for.
fn limits(execution: &Execution) -> Option<String> {
    let limits = execution.limits;
    let tried = execution.retries > 0 || matches!(execution.end, End::NoLock { .. });
    if limits == Limits::default() && !tried {
        return None;
    }
    let retries = match limits.retries {
        0 => "no retry".to_owned(),
        count => format!(
            "{} after {} and more",
            number::counted(count, "retry"),
            seconds(limits.backoff.as_secs_f64())
        ),
    };
    let statement = match limits.statement_timeout {
        Some(limit) => format!(", {} for a statement", seconds(limit.as_secs_f64())),
        None => String::new(),
    };
    let lock = seconds(limits.lock_timeout.as_secs_f64());
    Some(format!("Limits: {lock} for a lock, {retries}{statement}."))
}

/// Whether the end is the one that was proven.
pub fn arrived(arrival: &Arrival, direction: Direction) -> String {
    let Arrival { promised, found } = arrival;
    if arrival.is_exact() {
        return format!(
            "The catalog now equals the one that the file was proven to lead to (fingerprint {found})."
        );
    }
    let what = match direction {
        Direction::Apply => "The catalog",
        Direction::RollBack => "The restored catalog",
    };
    format!(
        "{what} is not the one that the file was proven to lead to: fingerprint {found}, not {promised}."
    )
}

/// The first line, which can be read alone.
pub fn verdict_text(execution: &Execution, around: Surroundings<'_>) -> String {
    let total = execution.steps.len();
    let (applied, stay, preposition) = match around.direction {
        Direction::Apply => ("applied", "applied and stay", "to"),
        Direction::RollBack => ("rolled back", "taken back", "on"),
    };
    let done = match execution.applied() {
        0 => format!("nothing is {applied}"),
        1 => format!("1 is {}", stay.replace("stay", "stays")),
        count => format!("{count} are {stay}"),
    };
    match &execution.end {
        End::Done => {
            let retries = match execution.retries {
                0 => String::new(),
                count => format!(", {}", number::counted(count, "retry")),
            };
            let statements = match execution.count(State::NotNeeded) {
                0 => number::counted(total, "statement"),
                needless => format!(
                    "{} of {}",
                    total - needless,
                    number::counted(total, "statement")
                ),
            };
            format!(
                "{applied} {} {preposition} {}: {statements} in {}{retries}",
                around.version,
                around.database,
                seconds(execution.seconds),
            )
        }
        End::Failed { number, .. } => format!(
            "stopped at statement {number} of {total}: {done}, {number} left no trace{}",
            not_run(execution)
        ),
        End::NoLock { number, .. } => format!(
            "stopped at statement {number} of {total}: no lock in {}; {done}",
            number::counted(execution.retries + 1, "try")
        ),
        End::Interrupted { number, .. } => {
            let state = execution
                .steps
                .iter()
                .find(|step| step.number == *number)
                .map(|step| step.state);
            let what = match state {
                Some(State::Cancelled) => format!(", {number} was rolled back"),
                _ => String::new(),
            };
            let number = (*number).min(total);
            format!("interrupted at statement {number} of {total}: {done}{what}")
        }
        End::ConnectionLost {
            number,
            known: false,
            ..
        } => format!(
            "stopped at statement {number} of {total}: the connection was lost, what became of it is not known"
        ),
        End::ConnectionLost { number, .. } => {
            let lost = execution
                .steps
                .iter()
                .any(|step| step.number == *number && step.state == State::Failed);
            let trace = if lost {
                format!(", {number} left no trace")
            } else {
                String::new()
            };
            format!(
                "stopped at statement {number} of {total}: the connection was lost; {done}{trace}{}",
                not_run(execution)
            )
        }
        End::InDoubt { number } => format!(
            "stopped at statement {number} of {total}: {done}; an earlier run did not see the end of {number}"
        ),
    }
}

/// One line of progress, or a remark.
pub fn progress(event: &Event, script: &Script, steps: &[Step], symbols: Symbols) -> String {
    let text = &script.source.text;
    let summary = |number: usize| {
        steps.get(number - 1).map_or(String::new(), |step| {
            cut(&step.statement.summary(text), 60, symbols.ellipsis)
        })
    };
    match event {
        Event::Done {
            first,
            last,
            place,
            transactions,
            seconds: time,
        } => {
            let what = match place {
                Place::Transaction(number) => format!("transaction {number} of {transactions}"),
                Place::Alone => summary(*first),
            };
            format!(
                "  {:>5}  {what:<62} {:>8}",
                range(*first, *last),
                seconds(*time)
            )
        }
        Event::Failed { number } => {
            format!("  {number:>5}  {:<62} {:>8}", summary(*number), "failed")
        }
        Event::Retry {
            number,
            attempt,
            of,
            pause,
            waited,
            holder,
        } => {
            let look = symbols.look;
            let mut line = format!(
                "         {YELLOW}{look}{YELLOW:#} statement {number}: no lock in {waited:.1} s; rolled back, retry {attempt} of {of} in {pause:.0} s"
            );
            if let Some(holder) = holder {
                line.push_str(&format!("\n           held back by {holder}"));
            }
            line
        }
        Event::CleanedUp { index } => {
            format!("         dropped the invalid index {index} of a failed try")
        }
        Event::Settled { number, done: true } => {
            format!("  {number:>5}  {:<62} {:>8}", summary(*number), "was done")
        }
        Event::Settled { number, .. } => {
            format!("         statement {number} of an earlier run left no trace and runs again")
        }
        Event::ConnectionLost => {
            let look = symbols.look;
            format!(
                "         {YELLOW}{look}{YELLOW:#} the connection is lost; asking the server what is done"
            )
        }
        Event::Interrupted => {
            "^C       interrupted: the statement is cancelled, waiting for the server".to_owned()
        }
    }
}

/// Index ranges of neighbours in the same state.
fn runs(steps: &[Step]) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if steps[run.start].state == step.state => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

fn not_run(execution: &Execution) -> String {
    let open: Vec<usize> = execution
        .steps
        .iter()
        .filter(|step| step.state == State::NotRun)
        .map(|step| step.number)
        .collect();
    match (open.first(), open.last()) {
        (Some(first), Some(last)) => format!(", {} did not run", range(*first, *last)),
        _ => String::new(),
    }
}

fn range(first: usize, last: usize) -> String {
    if first == last {
        first.to_string()
    } else {
        format!("{first}-{last}")
    }
}

fn seconds(seconds: f64) -> String {
    number::seconds(Duration::from_secs_f64(seconds.max(0.0)))
}

fn cut(text: &str, width: usize, ellipsis: &str) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(ellipsis.chars().count());
    text.chars().take(kept).collect::<String>() + ellipsis
}
