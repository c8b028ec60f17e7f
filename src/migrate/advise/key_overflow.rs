//! `key-overflow`: a key whose values run out. The limit is that of the column's type; a bigint sequence
//! over an integer column hides it.

use super::{Fact, Finding, Mend, Subject, since};
use crate::diagnostic::Severity;
use crate::text::number::count;

/// Share of the values from which a key is reported.
const REPORTED: f64 = 0.75;
/// Days left, or share used, from which it is an error.
const URGENT_DAYS: f64 = 90.0;
const URGENT_SHARE: f64 = 0.98;

pub(super) fn advise(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let statistics = subject.statistics;
    for key in &statistics.sequences {
        let (Some(table), Some(last)) = (statistics.table(key.table), key.last_value) else {
            continue;
        };
        let Some(limit) = largest(&key.column_type) else {
            continue;
        };
        let limit = limit.min(key.sequence_maximum);
        let share = last as f64 / limit as f64;
        // A sequence that starts over never runs out.
        if share < REPORTED || key.cycles {
            continue;
        }
        let left = limit - last;
        // Younger counters say nothing of a usual day.
        let per_day = if statistics.server.days >= 1.0 {
            Some((table.inserted as f64 / statistics.server.days).round())
        } else {
            None
        };
        let days_left = per_day
            .filter(|rate| *rate > 0.0)
            .map(|rate| left as f64 / rate);
        let ends = days_left.and_then(|days| day_after(&statistics.server.today, days));
        let severity = if share >= URGENT_SHARE || days_left.is_some_and(|days| days < URGENT_DAYS)
        {
            Severity::Error
        } else {
            Severity::Warning
        };
        let used = format!("{:.1}% used", share * 100.0);
        let name = format!("{}.{}", table.label(), key.column);
        let under = if key.sequence_type == key.column_type {
            String::new()
        } else {
            format!(" under a {} sequence", key.sequence_type)
        };
        let message = match &ends {
            Some(day) => format!("{name} ({}{under}) runs out on {day}", key.column_type),
            None => format!("{name}: {}{under}, {used}", key.column_type),
        };
        let rate = match (per_day, days_left) {
            (Some(rate), Some(days)) => format!(
                "; {} a day {}: {} days",
                count(rate as i64),
                since(statistics),
                count(days as i64)
            ),
            (Some(_), None) => format!("; no inserts {}", since(statistics)),
            (None, _) => "; the counters are less than a day old, so no date".to_owned(),
        };
        findings.push(Finding {
            columns: vec![key.column.clone()],
            message,
            because: format!("{used}, {} values left{rate}", count(left)),
            evidence: vec![
                ("sequence", Fact::Text(key.sequence.clone())),
                ("column_type", Fact::Text(key.column_type.clone())),
                ("sequence_type", Fact::Text(key.sequence_type.clone())),
                ("last_value", Fact::Number(last)),
                ("limit", Fact::Number(limit)),
                ("used_percent", Fact::Decimal((share * 1000.0).round() / 10.0)),
                ("per_day", per_day.map_or(Fact::Unknown, |rate| Fact::Number(rate as i64))),
                ("days_left", days_left.map_or(Fact::Unknown, |days| Fact::Number(days as i64))),
                ("runs_out_on", ends.map_or(Fact::Unknown, Fact::Text)),
            ],
            mend: Mend::Decision(format!(
                "change {} to bigint, and every column that references it: a rewrite under a lock, or online with a second column",
                key.column
            )),
            weight: share,
            ..Finding::new("key-overflow", severity, table)
        });
    }
}

fn largest(column_type: &str) -> Option<i64> {
    match column_type {
        "smallint" => Some(i64::from(i16::MAX)),
        "integer" => Some(i64::from(i32::MAX)),
        "bigint" => Some(i64::MAX),
        _ => None,
    }
}

/// A day by the server's calendar; nothing when it is further off than a plan can be.
fn day_after(today: &str, days: f64) -> Option<String> {
    const HUNDRED_YEARS: f64 = 36_525.0;
    if days > HUNDRED_YEARS {
        return None;
    }
    let today: jiff::civil::Date = today.parse().ok()?;
    let day = today
        .checked_add(jiff::Span::new().days(days as i64))
        .ok()?;
    Some(day.to_string())
}
