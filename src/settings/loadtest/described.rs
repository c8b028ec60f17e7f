//! `--spec`: the document, what every request carries, and which operations may be sent where.

use std::time::Duration;

use super::{Faults, targets};
use crate::cli;
use crate::files::Input;
use crate::loadtest::plan::Plan;
use crate::redact::{SecretHeader, SecretUrl};
use crate::settings::scaffold::DocumentRequest;
use crate::traffic::{Given, Options};

/// For each document that is fetched.
const PATIENCE: Duration = Duration::from_secs(30);

/// Traffic from an API's description.
#[derive(Clone, Debug)]
pub struct Described {
    pub document: DocumentRequest,
    /// Stands for the server of the document.
    pub base: SecretUrl,
    /// The user's, for every request.
    pub headers: Vec<SecretHeader>,
    pub options: Options,
    /// By the name of the operation.
    pub weights: Vec<(String, u32)>,
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
        .filter(|key| !key.is_empty());
    Some(Described {
        document: DocumentRequest {
            input: Input::parse(document),
            timeout: PATIENCE,
        },
        base: SecretUrl::new(base.clone()),
        // Their faults are known already.
        headers: targets::headers(arguments, &mut Faults::default()),
        options: Options {
            seed: plan.seed,
            invalid: arguments.invalid,
            changes: arguments.yes || first.address.is_near(),
            given: Given {
                headers: names.collect(),
                cookies: cookies.collect(),
                query: keys.map(str::to_owned).collect(),
            },
        },
        weights,
    })
}
