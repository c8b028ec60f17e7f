//! What a run is compared with, and which differences matter.

use std::path::PathBuf;

use super::{Against, Faults};
use crate::cli;
use crate::loadtest::comparison::Margin;

/// The URLs in the order A, B, and what is compared.
pub(super) fn compared(arguments: &cli::Loadtest, faults: &mut Faults) -> (Vec<String>, Against) {
    let mut urls = arguments.urls.clone();
    let is_url = |text: &str| text.starts_with("http://") || text.starts_with("https://");
    let mut against = match &arguments.compare {
        None => Against::Nothing,
        Some(None) => Against::Endpoint,
        // `--compare URL1 URL2` and `URL1 --compare URL2` cannot be told apart.
        Some(Some(text)) if is_url(text) => {
            faults.push(
                "`--compare` takes a report, and a URL stands after it",
                Some("put both URLs before it: `backsmith loadtest URL1 URL2 --compare`"),
            );
            urls.push(text.clone());
            Against::Endpoint
        }
        Some(Some(file)) => Against::Baseline(PathBuf::from(file)),
    };
    match (&against, urls.len()) {
        (Against::Nothing | Against::Baseline(_), 0) if arguments.urls_file.is_some() => {}
        (Against::Endpoint, 0) if arguments.urls_file.is_some() => faults.push(
            "`--compare` needs two URLs that the list of `--urls` is put below, or a report of an earlier run",
            Some("`backsmith loadtest URL1 URL2 --compare --urls FILE`, with paths alone in the list"),
        ),
        (_, 0) => faults.push("a URL is missing", Some("`backsmith loadtest http://localhost:3000/users`")),
        (Against::Endpoint, 1) => faults.push(
            "`--compare` needs a second URL, or a report of an earlier run",
            Some("`backsmith loadtest URL1 URL2 --compare`, or `backsmith loadtest URL --compare baseline.json`"),
        ),
        (Against::Endpoint, 2) | (Against::Nothing | Against::Baseline(_), 1) => {}
        (Against::Nothing, 2) => {
            faults.push("two URLs, and nothing says what for", Some("`--compare` loads them in turn and compares them"));
            against = Against::Endpoint;
        }
        (Against::Baseline(_), _) => {
            faults.push("a run with a baseline has one URL", Some("leave the file out to compare two URLs"));
        }
        (_, more) => faults.push(format!("{more} URLs, and at most two can be compared"), None),
    }
    (urls, against)
}

/// Differences below it do not matter.
pub(super) fn margin(arguments: &cli::Loadtest, faults: &mut Faults) -> Margin {
    let Some(text) = &arguments.margin else {
        return Margin::default();
    };
    if arguments.compare.is_none() {
        faults.push(
            "`--margin` is for a comparison",
            Some("`--compare` with two URLs, or with an earlier report"),
        );
    }
    match text.trim_end_matches('%').trim().parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent < 1_000.0 => Margin {
            percent,
            error_points: percent / 10.0,
        },
        _ => {
            faults.push(
                format!("`{text}` is no value of `--margin`: per cent above 0"),
                None,
            );
            Margin::default()
        }
    }
}
