//! One load from several machines: which part is ours, and when all of them begin.

use std::time::{Duration, SystemTime};

use super::{Faults, quantity};
use crate::cli;
use crate::loadtest::plan::Shard;

/// Kubernetes sets it in the pods of an Indexed Job, from 0.
const INDEX: &str = "JOB_COMPLETION_INDEX";
/// A start farther away is a slip of the date.
const FARTHEST: Duration = Duration::from_hours(24);
const TIMES: &str = "`2027-07-15T12:00:00Z`, `12:00:00Z` or seconds since 1970";

/// `--shard I/N`, or `--shards N` with the index of the environment.
pub(super) fn shard(arguments: &cli::Loadtest, faults: &mut Faults) -> Option<Shard> {
    if let Some(text) = &arguments.shard {
        let shard = Shard::parse(text);
        if shard.is_none() {
            faults.push(
                format!("`{text}` is no value of `--shard`"),
                Some("`--shard 1/4` to `--shard 4/4`"),
            );
        }
        return shard;
    }
    let of = shards(arguments, faults)?;
    if arguments.emit.is_some() {
        return None;
    }
    let Ok(index) = std::env::var(INDEX) else {
        faults.push(
            format!(
                "`--shards {of}` takes the number of this shard from `{INDEX}`, which is not set"
            ),
            Some(&format!("`--shard 1/{of}` to `--shard {of}/{of}`")),
        );
        return None;
    };
    match index.trim().parse::<u32>() {
        Ok(index) if index < of => Some(Shard {
            number: index + 1,
            of,
        }),
        _ => {
            faults.push(
                format!(
                    "`{INDEX}` is `{index}`, and `--shards {of}` has 0 to {}",
                    of - 1
                ),
                Some("`completions` of the Job and `--shards` are the same number"),
            );
            None
        }
    }
}

/// `--shards N`.
pub(super) fn shards(arguments: &cli::Loadtest, faults: &mut Faults) -> Option<u32> {
    let text = arguments.shards.as_ref()?;
    match quantity::whole(text)
        .ok()
        .and_then(|of| u32::try_from(of).ok())
    {
        Some(of) if of <= 10_000 => Some(of),
        _ => {
            faults.push(
                format!("`{text}` is no value of `--shards`: a whole number from 1 to 10,000"),
                None,
            );
            None
        }
    }
}

/// `--start-at`: an instant that is ahead, and not too far.
pub(super) fn start_at(text: Option<&String>, faults: &mut Faults) -> Option<SystemTime> {
    let text = text?;
    match instant(text, SystemTime::now()) {
        Ok(instant) => Some(instant),
        Err(reason) => {
            faults.push(
                format!("`{text}` is no value of `--start-at`: {reason}"),
                None,
            );
            None
        }
    }
}

fn instant(text: &str, now: SystemTime) -> Result<SystemTime, String> {
    let text = text.trim();
    let at = seconds(text)
        .or_else(|| text.parse::<jiff::Timestamp>().ok().map(SystemTime::from))
        .or_else(|| time_of_day(text, now))
        .ok_or_else(|| format!("times are {TIMES}"))?;
    match at.duration_since(now) {
        // How long ago matters where a clock or a script was slow.
        Err(past) if past.duration() < FARTHEST => Err(format!(
            "it is {} in the past",
            crate::text::number::seconds(past.duration())
        )),
        Err(_) => Err("it is in the past".to_owned()),
        Ok(ahead) if ahead > FARTHEST => Err("it is more than 24 hours ahead".to_owned()),
        Ok(_) => Ok(at),
    }
}

fn seconds(text: &str) -> Option<SystemTime> {
    let digits = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = text.parse().ok().filter(|_| digits)?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

/// `12:00:00Z`: the occurrence nearest to now, so that one that just passed is in the past and one
/// after midnight is ahead.
fn time_of_day(text: &str, now: SystemTime) -> Option<SystemTime> {
    const DAY: i64 = 24 * 3_600;
    let time: jiff::civil::Time = text.strip_suffix(['Z', 'z'])?.parse().ok()?;
    let now = jiff::Timestamp::try_from(now).ok()?;
    let in_day =
        i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    let midnight = now.as_second().div_euclid(DAY) * DAY;
    let nearest = [-DAY, 0, DAY]
        .map(|days| midnight + days + in_day)
        .into_iter()
        .min_by_key(|at| (at - now.as_second()).abs())?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(nearest).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-07-15T23:59:30Z.
    const NOW: u64 = 1_815_695_970;

    fn ahead(text: &str) -> Result<u64, String> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        let at = instant(text, now)?;
        Ok(at.duration_since(now).map_or(0, |ahead| ahead.as_secs()))
    }

    #[test]
    fn reads_instants() {
        for (text, wanted) in [
            ("2027-07-15T23:59:40Z", 10),
            ("2027-07-16T02:00:00+02:00", 30),
            ("23:59:59Z", 29),
            ("00:00:30Z", 60),
            ("1815695975", 5),
            ("1815695975.5", 5),
        ] {
            assert_eq!(ahead(text), Ok(wanted), "{text}");
        }
        for (text, reason) in [
            ("23:59:00Z", "it is 30.0 s in the past"),
            ("2027-07-15T23:59:00Z", "it is 30.0 s in the past"),
            ("1", "in the past"),
            ("2027-07-17T00:00:00Z", "more than 24 hours ahead"),
            ("99999999999999", "more than 24 hours ahead"),
            ("soon", "times are"),
            ("12:00", "times are"),
            ("2027-07-15T23:59:40", "times are"),
        ] {
            let fault = ahead(text).expect_err(text);
            assert!(fault.contains(reason), "{text}: {fault}");
        }
    }
}
