//! Whether reports are the shards of one load, each of them once. What is not cannot be added up.

use std::collections::BTreeMap;
use std::path::Path;

use crate::failure::Message;
use crate::loadtest::assessment::Load;
use crate::report::json::v1::loadtest::Stored;
use crate::text::number::counted;

/// Everything that speaks against the sum. With `all_read`, a shard that is missing is one, too.
pub(super) fn faults(parts: &[(&Path, Stored)], all_read: bool) -> Vec<Message> {
    let Some((first, others)) = parts.split_first() else {
        return Vec::new();
    };
    let mut faults: Vec<Message> = parts.iter().filter_map(no_part).collect();
    for other in others {
        let differences = differences(&first.1, &other.1);
        if !differences.is_empty() {
            faults.push(Message {
                text: format!(
                    "`{}` and `{}` do not belong together: {}",
                    first.0.display(),
                    other.0.display(),
                    differences.join(", ")
                ),
                ..Message::default()
            });
        }
    }
    let same_load = faults.is_empty();
    faults.extend(repeated(parts));
    if same_load && all_read {
        faults.extend(missing(parts));
    }
    faults
}

/// Reports of more than one load.
fn no_part((path, part): &(&Path, Stored)) -> Option<Message> {
    let what = if part.is_search {
        "a search for capacity is many loads"
    } else if part.endpoints.len() > 1 {
        "a comparison of two endpoints rests on the order of its blocks"
    } else {
        return None;
    };
    Some(Message {
        text: format!("`{}` cannot be added up: {what}", path.display()),
        ..Message::default()
    })
}

/// What makes two reports parts of different loads.
fn differences(first: &Stored, other: &Stored) -> Vec<String> {
    let (a, b) = (&first.load, &other.load);
    let mut found = Vec::new();
    let mut differs = |differs: bool, what: &str| {
        if differs {
            found.push(what.to_owned());
        }
    };
    differs(first.endpoints != other.endpoints, "another endpoint");
    differs(first.engines != other.engines, "another engine");
    let described = |part: &Stored| {
        let survey = part.survey.as_ref();
        survey.map(|survey| (survey.title.clone(), survey.version.clone()))
    };
    let both = described(first).zip(described(other));
    differs(
        both.is_some_and(|(mine, theirs)| mine != theirs),
        "another description",
    );
    differs(
        a.rate.is_some() != b.rate.is_some(),
        "another loop: open and closed do not add up",
    );
    differs(
        a.shard.is_some() != b.shard.is_some(),
        "one is a shard and the other a whole run",
    );
    // Whole runs beside each other may ask for different rates; the parts of one may not.
    let divided = a.shard.is_some() && b.shard.is_some();
    differs(
        divided && a.rate.is_some() && b.rate.is_some() && a.rate != b.rate,
        "another rate",
    );
    differs(
        a.stages != b.stages || (!divided && !a.stages.is_empty()),
        "other stages",
    );
    differs(
        divided && a.connections != b.connections,
        "another concurrency",
    );
    differs(a.duration != b.duration, "another duration");
    differs(
        a.requests != b.requests && (divided || a.requests.is_none() != b.requests.is_none()),
        "another number of requests",
    );
    let seed = |load: &Load| load.drawn.as_ref().map(|drawn| drawn.seed);
    differs(
        divided && seed(a) != seed(b),
        "another seed, so that choices and values overlap",
    );
    differs(a.warmup != b.warmup, "another warm-up");
    differs(a.timeout != b.timeout, "another time-out");
    if let (Some(mine), Some(theirs)) = (a.shard, b.shard)
        && mine.of != theirs.of
    {
        found.push(format!(
            "one is a part of {} and the other of {}",
            mine.of, theirs.of
        ));
    }
    if first.version != other.version {
        found.push(format!(
            "written by backsmith {} and {}",
            first.version, other.version
        ));
    }
    found
}

/// The same shard in two files.
fn repeated(parts: &[(&Path, Stored)]) -> Vec<Message> {
    let mut seen: BTreeMap<(u32, u32), &Path> = BTreeMap::new();
    let mut faults = Vec::new();
    for (path, part) in parts {
        let Some(shard) = part.load.shard else {
            continue;
        };
        if let Some(before) = seen.insert((shard.of, shard.number), path) {
            faults.push(Message {
                text: format!(
                    "`{}` and `{}` are the same shard, {}/{}",
                    before.display(),
                    path.display(),
                    shard.number,
                    shard.of
                ),
                ..Message::default()
            });
        }
    }
    faults
}

/// A part of a load says little of the whole.
fn missing(parts: &[(&Path, Stored)]) -> Option<Message> {
    let of = parts.first()?.1.load.shard?.of;
    let present = |number: u32| {
        let mut shards = parts.iter().filter_map(|(_, part)| part.load.shard);
        shards.any(|shard| shard.number == number)
    };
    let missing: Vec<String> = (1..=of)
        .filter(|number| !present(*number))
        .map(|number| format!("{number}/{of}"))
        .collect();
    (!missing.is_empty()).then(|| {
        let named = missing.iter().take(10).cloned().collect::<Vec<_>>();
        let more = match missing.len().saturating_sub(10) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let word = if missing.len() == 1 { "is" } else { "are" };
        Message {
            text: format!(
                "{} of {} {word} missing: {}{more}",
                missing.len(),
                counted(of, "shard"),
                named.join(", ")
            ),
            hint: Some("give `--merge` the reports of all shards".to_owned()),
            ..Message::default()
        }
    })
}
