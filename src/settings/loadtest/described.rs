//! `--spec`: the document, what every request carries, and which operations may be sent where.

use std::time::Duration;

use super::Faults;
use crate::cli;
use crate::files::Input;
use crate::loadtest::plan::{Plan, Request};
use crate::redact::{SecretHeader, SecretUrl};
use crate::settings::scaffold::DocumentRequest;
use crate::text::percent::percent_decoded;
use crate::traffic::{Given, Options};

/// For each document that is fetched.
const PATIENCE: Duration = Duration::from_secs(30);

/// Traffic from an API's description.
#[derive(Clone, Debug)]
pub struct Described {
    pub document: DocumentRequest,
    /// Stands for the server of the document.
    pub base: SecretUrl,
    /// As it was given, for reports: what is filled in may be a secret.
    pub shown: SecretUrl,
    /// The user's, for every request; user and password of the URL are among them.
    pub headers: Vec<SecretHeader>,
    pub options: Options,
    /// By the name of the operation.
    pub weights: Vec<(String, u32)>,
    /// One of this many requests of the load breaks a rule; none without it.
    pub invalid_one_in: Option<u64>,
}

impl Described {
    /// An operation's part of the load; the last one that was given counts.
    pub fn weight(&self, operation: &str) -> u32 {
        let mut given = self.weights.iter().rev();
        let found = given.find(|(name, _)| name == operation);
        found.map_or(1, |(_, weight)| *weight)
    }
}

pub(super) fn resolve(
    arguments: &cli::Loadtest,
    plan: &Plan,
    urls: &[String],
    faults: &mut Faults,
) -> Option<Described> {
    let document = arguments.spec.as_ref()?;
    let [base] = urls else {
        faults.push(
            "`--spec` asks one server",
            Some("`backsmith loadtest URL --spec openapi.yaml`; `--compare baseline.json` compares with an earlier report"),
        );
        return None;
    };
    let mut weights = Vec::new();
    for text in &arguments.weight {
        let pair = text
            .rsplit_once('=')
            .and_then(|(name, weight)| Some((name.trim().to_owned(), weight.trim().parse().ok()?)));
        match pair {
            Some((name, weight)) if weight <= 1_000_000 => weights.push((name, weight)),
            _ => faults.push(
                format!("`{text}` is no value of `--weight`"),
                Some("`--weight listUsers=10`, from 0 to 1,000,000"),
            ),
        }
    }
    let first = plan.targets.first()?.first();
    refuse_templates(first, faults);
    let names = first
        .headers
        .iter()
        .map(|header| header.name.to_ascii_lowercase());
    let cookies = first
        .headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case("cookie"))
        .flat_map(|header| header.expose().split(';'))
        .filter_map(|pair| Some(pair.split_once('=')?.0.trim().to_owned()));
    let query = first.path.split_once('?').map_or("", |(_, query)| query);
    let keys = query
        .split('&')
        .filter_map(|pair| pair.split('=').next())
        .filter(|key| !key.is_empty())
        .map(|key| {
            let key = percent_decoded(&key.replace('+', " "));
            String::from_utf8_lossy(&key).into_owned()
        });
    Some(Described {
        document: DocumentRequest {
            input: Input::parse(document),
            timeout: PATIENCE,
        },
        base: first.sent_url(),
        shown: SecretUrl::new(base.clone()),
        headers: first.headers.clone(),
        options: Options {
            seed: plan.seed,
            invalid: arguments.invalid.is_some(),
            changes: arguments.yes || first.address.is_near(),
            given: Given {
                headers: names.collect(),
                cookies: cookies.collect(),
                query: keys.collect(),
            },
        },
        weights,
        invalid_one_in: share(arguments, faults),
    })
}

/// How rare the invalid requests of the load are; 0 sends them before the load alone.
fn share(arguments: &cli::Loadtest, faults: &mut Faults) -> Option<u64> {
    let text = arguments.invalid.as_ref()?;
    let share: Option<f64> = text.trim().trim_end_matches('%').trim_end().parse().ok();
    match share {
        Some(0.0) => None,
        Some(share) if (0.1..=50.0).contains(&share) => Some((100.0 / share).round() as u64),
        _ => {
            faults.push(
                format!("`{text}` is no value of `--invalid`"),
                Some("per cent of the load from 0.1 to 50, `--invalid=10%`; `--invalid=0` sends them before the load alone"),
            );
            None
        }
    }
}

/// The document says what is another for each request. What is known when the run begins is filled in
/// by now.
fn refuse_templates(given: &Request, faults: &mut Faults) {
    let Some(filling) = &given.filling else {
        return;
    };
    let hint = "`{{env.NAME}}` stands for one value of the whole run";
    if !filling.path.is_fixed() {
        faults.push("`--spec` makes its own requests, and the URL has a template that is filled in for each", Some(hint));
    }
    for (header, value) in given.headers.iter().zip(&filling.headers) {
        if !value.is_fixed() {
            faults.push(format!("`--spec` makes its own requests, and the header `{}` has a template that is filled in for each", header.name), Some(hint));
        }
    }
}
