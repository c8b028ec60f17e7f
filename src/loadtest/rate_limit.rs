//! `--expect-rate-limit`: did a limit bite, what is it, does it say so correctly, does it hold, and
//! does it let people in again. All read off the answers; nothing is known of the server.

use std::time::Duration;

use super::recording::{RateLimit, Recording, Sample, Slot};

/// The length of a slot.
const SLOT_SECONDS: f64 = 0.1;
/// Declared and inferred rates that differ by less than this agree.
const TOLERANCE: f64 = 0.25;

/// What kind of counter the answers fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// So many a second, after a burst at once.
    TokenBucket { per_second: f64, burst: u64 },
    /// So many in each window.
    Window { quota: u64, seconds: f64 },
    /// Nothing was let through after the first 429: the window is longer than the run.
    LongWindow { quota: u64, longer_than: f64 },
}

impl Shape {
    /// Requests a second in the long run.
    pub fn per_second(self) -> Option<f64> {
        match self {
            Self::TokenBucket { per_second, .. } => Some(per_second),
            Self::Window { quota, seconds } => Some(quota as f64 / seconds),
            Self::LongWindow { .. } => None,
        }
    }
}

/// `RateLimit-Policy` or its older forms, as the server declared it.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    pub text: String,
    pub quota: Option<f64>,
    pub window_seconds: Option<f64>,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Holds,
    /// Worth a look, and no reason to fail.
    Look,
    Fails,
}

/// One thing that a rate limit must do.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// A kebab-case name for machine readers.
    pub name: &'static str,
    pub label: &'static str,
    pub standing: Standing,
    pub detail: String,
}

/// The verdict on a rate limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    pub limited: u64,
    pub allowed: u64,
    pub inferred: Option<Shape>,
    pub declared: Option<Declared>,
    /// Whether declared and inferred rates are about the same; `None` when one of them is unknown.
    pub agrees: Option<bool>,
    pub checks: Vec<Check>,
}

impl Observed {
    pub fn holds(&self) -> bool {
        self.limited > 0
            && self
                .checks
                .iter()
                .all(|check| check.standing != Standing::Fails)
    }
}

/// Judges what a run saw of a limit.
pub fn judge(recording: &Recording, elapsed: Duration) -> Observed {
    let limited = recording.statuses.get(&429).copied().unwrap_or(0);
    let allowed = recording.requests.completed - limited;
    let nothing = RateLimit::default();
    let seen = recording.rate_limit.as_ref().unwrap_or(&nothing);
    if limited == 0 {
        let missing = Check {
            name: "limited",
            label: "429 came",
            standing: Standing::Fails,
            detail: format!("not one in {} answers", count(recording.requests.completed)),
        };
        return Observed {
            limited,
            allowed,
            inferred: None,
            declared: None,
            agrees: None,
            checks: vec![missing],
        };
    }
    let inferred = infer(seen, allowed, elapsed);
    let declared = declared(&seen.samples);
    let agrees = inferred
        .filter(|_| is_watched(seen))
        .and_then(Shape::per_second)
        .zip(rate_of(declared.as_ref()))
        .map(|(inferred, declared)| (inferred / declared - 1.0).abs() <= TOLERANCE);
    let mut checks = vec![came(seen, limited), held(seen, inferred), retry_after(seen)];
    checks.push(headers(&seen.samples, declared.as_ref(), agrees));
    checks.extend(recovered(seen));
    Observed {
        limited,
        allowed,
        inferred,
        declared,
        agrees,
        checks,
    }
}

use crate::text::number::{count, decimal, seconds};

/// Fits a token bucket or a fixed window to the answers that were let through.
fn infer(seen: &RateLimit, allowed: u64, elapsed: Duration) -> Option<Shape> {
    let first = seen.first_limited?;
    let from = (first.as_secs_f64() / SLOT_SECONDS).floor() as usize + 1;
    let after = seen.slots.get(from..).unwrap_or_default();
    let late: u64 = after.iter().map(|slot| slot.allowed).sum();
    if late == 0 {
        return Some(Shape::LongWindow {
            quota: allowed,
            longer_than: (elapsed.saturating_sub(first)).as_secs_f64(),
        });
    }
    if let Some(window) = window(seen, from) {
        return Some(window);
    }
    let time = after.len() as f64 * SLOT_SECONDS;
    let per_second = late as f64 / time;
    let before: u64 = seen.slots.iter().take(from).map(|slot| slot.allowed).sum();
    let refilled = per_second * from as f64 * SLOT_SECONDS;
    Some(Shape::TokenBucket {
        per_second,
        burst: (before as f64 - refilled).round().max(0.0) as u64,
    })
}

/// A fixed window lets a bunch through at each start and nothing until the next one.
fn window(seen: &RateLimit, from: usize) -> Option<Shape> {
    let mut bunches: Vec<(usize, u64)> = Vec::new();
    let mut quiet = usize::MAX;
    for (index, slot) in seen.slots.iter().enumerate().skip(from) {
        if slot.allowed == 0 {
            quiet = quiet.saturating_add(1);
            continue;
        }
        match bunches.last_mut() {
            // A bunch may fall on both sides of a slot's end.
            Some((_, size)) if quiet == 0 => *size += slot.allowed,
            _ => bunches.push((index, slot.allowed)),
        }
        quiet = 0;
    }
    // One at a time is a bucket that drips.
    let large = bunches.iter().all(|(_, size)| *size > 1);
    let distances: Vec<f64> = bunches
        .windows(2)
        .map(|pair| (pair[1].0 - pair[0].0) as f64 * SLOT_SECONDS)
        .collect();
    let mean = distances.iter().sum::<f64>() / distances.len() as f64;
    let regular = distances
        .iter()
        .all(|distance| (distance - mean).abs() <= 0.25 * mean);
    if distances.is_empty() || !large || !regular || mean < 3.0 * SLOT_SECONDS {
        return None;
    }
    let sizes: Vec<u64> = bunches.iter().map(|(_, size)| *size).collect();
    Some(Shape::Window {
        quota: sizes.iter().copied().max().unwrap_or(0),
        seconds: (mean * 10.0).round() / 10.0,
    })
}

/// The first head that declares a policy: the standard's draft, then the older fields.
fn declared(samples: &[Sample]) -> Option<Declared> {
    samples.iter().find_map(|sample| {
        if let Some(policy) = header(sample, "ratelimit-policy") {
            return Some(Declared {
                text: format!("RateLimit-Policy: {policy}"),
                quota: parameter(policy, "q").or_else(|| leading_number(policy)),
                window_seconds: parameter(policy, "w"),
            });
        }
        ["ratelimit-limit", "x-ratelimit-limit"]
            .iter()
            .find_map(|name| {
                let value = header(sample, name)?;
                Some(Declared {
                    text: format!("{name}: {value}"),
                    quota: leading_number(value),
                    window_seconds: parameter(value, "w"),
                })
            })
    })
}

fn rate_of(declared: Option<&Declared>) -> Option<f64> {
    let declared = declared?;
    Some(declared.quota? / declared.window_seconds.filter(|window| *window > 0.0)?)
}

fn header<'a>(sample: &'a Sample, name: &str) -> Option<&'a str> {
    let found = sample.headers.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// `;name=number` of a structured field.
fn parameter(text: &str, name: &str) -> Option<f64> {
    text.split([';', ',']).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        (key.trim() == name).then(|| value.trim().parse().ok())?
    })
}

fn leading_number(text: &str) -> Option<f64> {
    text.split([';', ',']).next()?.trim().parse().ok()
}

fn came(seen: &RateLimit, limited: u64) -> Check {
    let first = seen.first_limited.map_or_else(String::new, |at| {
        format!(
            ", the first after {} answers and {}",
            count(seen.allowed_before),
            seconds(at)
        )
    });
    Check {
        name: "limited",
        label: "429 came",
        standing: Standing::Holds,
        detail: format!("{}{first}", count(limited)),
    }
}

/// Once it bites it must go on biting: no second may let through much more than the limit.
fn held(seen: &RateLimit, inferred: Option<Shape>) -> Check {
    let from = seen.first_limited.map_or(0, |first| {
        (first.as_secs_f64() / SLOT_SECONDS).floor() as usize + 1
    });
    let after = seen.slots.get(from..).unwrap_or_default();
    let most = most_in_a_second(after);
    let (standing, allowance) = match inferred {
        Some(Shape::TokenBucket { per_second, .. }) => {
            (most as f64 <= per_second * 1.5 + 2.0, per_second)
        }
        Some(Shape::Window { quota, seconds }) => {
            let windows = (1.0 / seconds).ceil() + 1.0;
            (most as f64 <= quota as f64 * windows, quota as f64)
        }
        _ => (true, 0.0),
    };
    let detail = if after.len() < 10 {
        format!(
            "{} let through in the {} after the first 429",
            count(most),
            seconds(Duration::from_secs_f64(after.len() as f64 * SLOT_SECONDS))
        )
    } else if standing {
        format!("at most {} in any second after the first 429", count(most))
    } else {
        format!(
            "{} in one second, {} on average",
            count(most),
            decimal(allowance, 1)
        )
    };
    Check {
        name: "held",
        label: "the limit held",
        standing: if standing {
            Standing::Holds
        } else {
            Standing::Fails
        },
        detail,
    }
}

/// Whether the limit was seen at work for a second: less of it is a rate of a few answers.
fn is_watched(seen: &RateLimit) -> bool {
    let first = seen.first_limited.map_or(0.0, |first| first.as_secs_f64());
    seen.slots.len() as f64 * SLOT_SECONDS - first >= 1.0
}

fn most_in_a_second(slots: &[Slot]) -> u64 {
    let sum = |window: &[Slot]| window.iter().map(|slot| slot.allowed).sum();
    if slots.len() < 10 {
        return sum(slots);
    }
    slots.windows(10).map(sum).max().unwrap_or(0)
}

fn retry_after(seen: &RateLimit) -> Check {
    let tally = seen.retry_after;
    let all = tally.valid + tally.invalid + tally.absent;
    let range = match (tally.shortest_seconds, tally.longest_seconds) {
        (Some(shortest), Some(longest)) if shortest == longest => format!(", {shortest} s each"),
        (Some(shortest), Some(longest)) => format!(", {shortest} to {longest} s"),
        _ => String::new(),
    };
    let (standing, detail) = if tally.valid == all && all > 0 {
        (Standing::Holds, format!("on every 429{range}"))
    } else if tally.valid + tally.invalid == 0 {
        (
            Standing::Fails,
            "on none of the 429s: clients cannot know when to come back".to_owned(),
        )
    } else if tally.invalid > 0 {
        (
            Standing::Fails,
            format!(
                "neither seconds nor a date on {} of {} 429s",
                count(tally.invalid),
                count(all)
            ),
        )
    } else {
        (
            Standing::Fails,
            format!("missing on {} of {} 429s", count(tally.absent), count(all)),
        )
    };
    Check {
        name: "retry-after",
        label: "Retry-After",
        standing,
        detail,
    }
}

/// The RateLimit fields are a draft: without them a limit is not wrong, with wrong ones it is.
fn headers(samples: &[Sample], declared: Option<&Declared>, agrees: Option<bool>) -> Check {
    let left = |sample: &Sample| {
        let standard = header(sample, "ratelimit").and_then(|value| parameter(value, "r"));
        let older = ["ratelimit-remaining", "x-ratelimit-remaining"]
            .iter()
            .find_map(|name| leading_number(header(sample, name)?));
        standard.or(older)
    };
    let generous = samples
        .iter()
        .filter(|sample| left(sample).is_some_and(|left| left >= 1.0))
        .count();
    let (standing, detail) = match (declared, agrees) {
        _ if generous > 0 => (
            Standing::Fails,
            format!(
                "{generous} of {} sampled 429s say that requests are left",
                samples.len()
            ),
        ),
        (None, _) => (
            Standing::Look,
            "none: clients cannot slow down before they are refused".to_owned(),
        ),
        (Some(declared), Some(false)) => (
            Standing::Fails,
            format!("`{}` is not what the answers show", declared.text),
        ),
        (Some(_), Some(true)) => (
            Standing::Holds,
            "agree with what the answers show".to_owned(),
        ),
        (Some(_), None) => (
            Standing::Holds,
            "present; no rate to compare them with".to_owned(),
        ),
    };
    Check {
        name: "ratelimit-headers",
        label: "RateLimit fields",
        standing,
        detail,
    }
}

fn recovered(seen: &RateLimit) -> Option<Check> {
    let recovery = seen.recovery?;
    let standing = if recovery.allowed > 0 {
        Standing::Holds
    } else {
        Standing::Fails
    };
    Some(Check {
        name: "recovers",
        label: "it recovers",
        standing,
        detail: format!(
            "{} of {} let through {} after the last 429",
            count(recovery.allowed),
            count(recovery.sent),
            seconds(recovery.waited)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::recording::{Recovery, RetryAfter};

    fn recording(slots: Vec<Slot>, headers: &[(&str, &str)]) -> (Recording, Duration) {
        let allowed: u64 = slots.iter().map(|slot| slot.allowed).sum();
        let limited: u64 = slots.iter().map(|slot| slot.limited).sum();
        let elapsed = Duration::from_secs_f64(slots.len() as f64 * SLOT_SECONDS);
        let mut recording = Recording::default();
        recording.requests.completed = allowed + limited;
        recording.statuses = [(200, allowed), (429, limited)].into();
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        recording.rate_limit = Some(RateLimit {
            first_limited: Some(Duration::from_millis(20)),
            allowed_before: 50,
            retry_after: RetryAfter {
                valid: limited,
                shortest_seconds: Some(1),
                longest_seconds: Some(1),
                ..RetryAfter::default()
            },
            samples: vec![Sample {
                status: 429,
                at: Duration::from_millis(20),
                headers: headers.collect(),
                body: Vec::new(),
            }],
            recovery: Some(Recovery {
                waited: Duration::from_secs(1),
                sent: 20,
                allowed: 20,
            }),
            slots,
        });
        (recording, elapsed)
    }

    fn slot(allowed: u64) -> Slot {
        Slot {
            allowed,
            limited: 300,
        }
    }

    #[test]
    fn a_token_bucket_is_recognised() {
        let mut slots = vec![slot(2); 100];
        slots[0].allowed = 52;
        let policy = [
            ("ratelimit-policy", "\"login\";q=20;w=1"),
            ("ratelimit", "\"login\";r=0;t=1"),
        ];
        let (recording, elapsed) = recording(slots, &policy);
        let observed = judge(&recording, elapsed);
        assert_eq!(
            observed.inferred,
            Some(Shape::TokenBucket {
                per_second: 20.0,
                burst: 50
            })
        );
        assert_eq!(observed.agrees, Some(true));
        assert!(observed.holds(), "{:#?}", observed.checks);
    }

    #[test]
    fn a_fixed_window_is_recognised() {
        let slots = (0..100)
            .map(|index| slot(if index % 20 == 0 { 100 } else { 0 }))
            .collect();
        let (recording, elapsed) = recording(slots, &[]);
        let observed = judge(&recording, elapsed);
        assert_eq!(
            observed.inferred,
            Some(Shape::Window {
                quota: 100,
                seconds: 2.0
            })
        );
        assert!(observed.holds());
    }

    #[test]
    fn wrong_or_missing_headers_fail_and_absent_fields_do_not() {
        let (mut recorded, elapsed) = recording(vec![slot(2); 50], &[("ratelimit-remaining", "7")]);
        assert!(!judge(&recorded, elapsed).holds());
        recorded = recording(vec![slot(2); 50], &[]).0;
        assert!(judge(&recorded, elapsed).holds());
        if let Some(rate_limit) = &mut recorded.rate_limit {
            rate_limit.retry_after = RetryAfter {
                absent: 10,
                ..RetryAfter::default()
            };
        }
        assert!(!judge(&recorded, elapsed).holds());
        let none = Recording::default();
        assert!(!judge(&none, elapsed).holds());
    }

    #[test]
    fn a_declaration_is_not_judged_by_a_moment() {
        let declared = [("ratelimit-policy", "\"d\";q=50;w=1")];
        for (length, agrees) in [(6, None), (30, Some(false))] {
            // Twenty a second where fifty are declared.
            let slots = (0..length).map(|_| slot(2)).collect();
            let (recording, elapsed) = recording(slots, &declared);
            let observed = judge(&recording, elapsed);
            assert_eq!(observed.agrees, agrees, "{length}");
            assert_eq!(observed.holds(), agrees.is_none(), "{length}");
        }
    }
}
