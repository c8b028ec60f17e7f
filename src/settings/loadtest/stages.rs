//! `--stages 10s:100,30s:1000`: stretches of time and their rates. Every fault with its place.

use std::time::Duration;

use super::{Faults, quantity};
use crate::loadtest::schedule::Stage;

/// A report with more of them cannot be read.
const MOST: usize = 100;
const HINT: &str = "`--stages 10s:100,30s:1000`; `30s:100..1000` goes up in a straight line";

/// The stages, or their faults among the others.
pub(super) fn stages(text: Option<&String>, faults: &mut Faults) -> Vec<Stage> {
    let Some(text) = text else {
        return Vec::new();
    };
    let mut stages = Vec::new();
    let mut sound = true;
    let mut column = 1;
    for (index, part) in text.split(',').enumerate() {
        match stage(part) {
            Ok(stage) => stages.push(stage),
            Err((offset, reason)) => {
                sound = false;
                let place = column + part.chars().take(offset).count();
                faults.push(
                    format!(
                        "`--stages`, stage {} at character {place}: `{}`: {reason}",
                        index + 1,
                        part.trim()
                    ),
                    Some(HINT),
                );
            }
        }
        column += part.chars().count() + 1;
    }
    let total: Duration = stages.iter().map(|stage| stage.duration).sum();
    let reason = if !sound {
        return Vec::new();
    } else if stages.len() > MOST {
        format!(
            "{} stages, and at most {MOST} can be reported",
            stages.len()
        )
    } else if total > Duration::from_hours(7 * 24) {
        "the stages take more than a week".to_owned()
    } else if stages.iter().all(|stage| stage.arrivals() <= 0.0) {
        "nothing is due in any stage".to_owned()
    } else {
        return stages;
    };
    faults.push(format!("`--stages`: {reason}"), Some(HINT));
    Vec::new()
}

/// One stage; a fault with the bytes before its place.
fn stage(part: &str) -> Result<Stage, (usize, &'static str)> {
    let lead = part.len() - part.trim_start().len();
    let Some(colon) = part.find(':') else {
        return Err((lead, "a stage is a time, a colon and a rate"));
    };
    let duration = quantity::duration(&part[..colon]).map_err(|reason| (lead, reason))?;
    if duration.is_zero() {
        return Err((lead, "a stage is longer than 0"));
    }
    let rates = &part[colon + 1..];
    let after = colon + 1 + rates.len() - rates.trim_start().len();
    let (from, to) = match rates.find("..") {
        None => {
            let rate = rate(rates).map_err(|reason| (after, reason))?;
            (rate, rate)
        }
        Some(dots) => (
            rate(&rates[..dots]).map_err(|reason| (after, reason))?,
            rate(&rates[dots + 2..]).map_err(|reason| (colon + 1 + dots + 2, reason))?,
        ),
    };
    Ok(Stage { duration, from, to })
}

/// As any rate, and 0 for a pause.
fn rate(text: &str) -> Result<f64, &'static str> {
    match text.trim().trim_end_matches("/s").trim_end() {
        "0" => Ok(0.0),
        _ => quantity::rate(text).map_err(|_| "requests a second, 0 for a pause"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_stages() {
        let mut faults = Faults::default();
        let text = "10s:100, 500ms:0,2m:50..1000/s".to_owned();
        let read = stages(Some(&text), &mut faults);
        assert!(faults.is_empty());
        let seen: Vec<(u128, f64, f64)> = read
            .iter()
            .map(|stage| (stage.duration.as_millis(), stage.from, stage.to))
            .collect();
        assert_eq!(
            seen,
            [
                (10_000, 100.0, 100.0),
                (500, 0.0, 0.0),
                (120_000, 50.0, 1_000.0)
            ]
        );
    }

    #[test]
    fn every_fault_has_its_place() {
        for (text, place) in [
            ("10s", 1),
            ("10s:100,x:5", 9),
            ("10s:100, 5s:-1", 13),
            ("10s:100,5s:1..b", 15),
            ("10s:100,", 9),
            ("0s:5", 1),
        ] {
            assert!(
                stage_fault(text).contains(&format!("character {place}:")),
                "{text}"
            );
        }
        for text in ["5s:0", "6d:1", "160h:1,9h:2"] {
            assert!(!stage_fault(text).is_empty(), "{text}");
        }
    }

    fn stage_fault(text: &str) -> String {
        let mut faults = Faults::default();
        assert!(stages(Some(&text.to_owned()), &mut faults).is_empty());
        match &faults.0[0] {
            crate::failure::Fault::Message(message) => message.text.clone(),
            crate::failure::Fault::Diagnostic(diagnostic) => diagnostic.message.clone(),
        }
    }
}
