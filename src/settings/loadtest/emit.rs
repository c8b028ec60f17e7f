//! `--emit`: the load of the command line, checked as if it were to run here. What the other program
//! cannot do is refused by name.

use std::path::{Path, PathBuf};

use super::{Context, Emit, EmitTarget, Faults, plan, scale_out, targets};
use crate::cli;
use crate::failure::Failure;
use crate::files;
use crate::loadtest::plan::Resolve;
use crate::redact::{SecretHeader, SecretUrl};
use crate::report::emit::Recipe;
use crate::text::suggest;

const TARGETS: [(&str, EmitTarget); 2] = [
    ("kubernetes", EmitTarget::Kubernetes),
    ("k6", EmitTarget::K6),
];
/// Pods, when nobody says how many.
const SHARDS: u32 = 2;

pub(super) fn resolve(arguments: &cli::Loadtest, context: &Context) -> Result<Emit, Failure> {
    let mut faults = Faults::default();
    let asked = super::asked(arguments, &mut faults);
    let target = target(arguments, &mut faults);
    for (given, flag) in refused(arguments, target) {
        if given {
            faults.push(
                format!("`--emit` cannot carry `{flag}`"),
                Some("leave it out, or run it here"),
            );
        }
    }
    let url = arguments.urls.first().cloned();
    if arguments.urls.len() != 1 {
        faults.push("`--emit` takes one URL", None);
    }
    let load = super::load(arguments, context, &mut faults);
    let shards = scale_out::shards(arguments, &mut faults).unwrap_or(SHARDS);
    scale_out::start_at(arguments.start_at.as_ref(), &mut faults);
    if !faults.is_empty() {
        return Err(faults.into_failure());
    }
    let targets = targets::targets(arguments, &arguments.urls, &mut faults);
    super::expectations_have_targets(&asked, &targets.targets, &mut faults);
    let (Some(load), Some(url), Some(target), true) = (load, url, target, faults.is_empty()) else {
        return Err(faults.into_failure());
    };
    let checked = plan::run(arguments, targets, load.clone(), &asked, &mut faults);
    let (Some((plan, _)), true) = (checked, faults.is_empty()) else {
        return Err(faults.into_failure());
    };
    super::guard(&plan, &load, arguments.yes)?;
    let body = match arguments.body.as_deref() {
        None => None,
        Some(text) => Some(match text.strip_prefix('@') {
            Some(path) => files::read_bytes(Path::new(path))?,
            None => text.as_bytes().to_vec(),
        }),
    };
    let follow = arguments.follow.as_ref();
    Ok(Emit {
        recipe: Recipe {
            url: SecretUrl::new(url),
            method: method(arguments),
            headers: headers(arguments),
            body,
            load,
            asked,
            http2: arguments.http2,
            insecure: arguments.insecure,
            no_keep_alive: arguments.no_keep_alive,
            cookies: arguments.cookies,
            compressed: arguments.compressed,
            redirects: follow.and_then(|text| text.parse().ok()).unwrap_or(0),
            resolve: resolved(arguments),
            yes: arguments.yes,
            strict: arguments.strict,
            start_at: arguments.start_at.clone(),
            shards,
            image: arguments.image.clone().unwrap_or_else(|| {
                format!(
                    "registry.example.com/backsmith:{}",
                    env!("CARGO_PKG_VERSION")
                )
            }),
        },
        target,
        output: output(arguments),
    })
}

fn target(arguments: &cli::Loadtest, faults: &mut Faults) -> Option<EmitTarget> {
    let text = arguments.emit.as_deref().unwrap_or_default();
    let found = TARGETS.iter().find(|(name, _)| *name == text);
    if found.is_none() {
        let names = TARGETS.map(|(name, _)| name);
        let near = suggest::nearest(text, names);
        let hint = match near {
            Some(near) => format!("did you mean `{near}`? One of {}", names.join(", ")),
            None => format!("one of {}", names.join(", ")),
        };
        faults.push(format!("`{text}` is no value of `--emit`"), Some(&hint));
    }
    found.map(|(_, target)| *target)
}

/// (whether it was given, its name) of what does not travel.
fn refused(arguments: &cli::Loadtest, target: Option<EmitTarget>) -> Vec<(bool, &'static str)> {
    let templated = [arguments.urls.first(), arguments.body.as_ref()];
    let has_template = |text: &String| text.contains("{{");
    let is_templated = templated.into_iter().flatten().any(has_template)
        || arguments.header.iter().any(has_template);
    let mut texts = arguments.header.iter();
    let reads_environment = templated
        .into_iter()
        .flatten()
        .chain(&mut texts)
        .any(|text| text.contains("{{env."));
    let k6 = target == Some(EmitTarget::K6);
    vec![
        (arguments.compare.is_some(), "--compare"),
        (arguments.find_capacity, "--find-capacity"),
        (arguments.expect_rate_limit, "--expect-rate-limit"),
        (arguments.urls_file.is_some(), "--urls"),
        (arguments.csv.is_some(), "--csv"),
        (arguments.seed.is_some(), "--seed"),
        (arguments.body.as_deref() == Some("@-"), "--body @-"),
        (reads_environment, "{{env.NAME}}"),
        (arguments.unix_socket.is_some(), "--unix-socket"),
        (arguments.proxy.is_some(), "--proxy"),
        (!arguments.merge.is_empty(), "--merge"),
        (arguments.wait.is_some(), "--wait"),
        (arguments.shard.is_some(), "--shard"),
        (k6 && arguments.shards.is_some(), "--shards"),
        (k6 && arguments.start_at.is_some(), "--start-at"),
        (k6 && arguments.image.is_some(), "--image"),
        (k6 && arguments.strict, "--strict"),
        (k6 && is_templated, "{{...}}"),
    ]
}

fn method(arguments: &cli::Loadtest) -> String {
    let default = if arguments.body.is_some() {
        "POST"
    } else {
        "GET"
    };
    let method = arguments.method.as_deref().unwrap_or(default);
    method.to_ascii_uppercase()
}

/// As `plan::targets` has checked them; JSON is called JSON also where another program sends it.
fn headers(arguments: &cli::Loadtest) -> Vec<SecretHeader> {
    let pairs = arguments
        .header
        .iter()
        .filter_map(|text| text.split_once(':'));
    let mut headers: Vec<SecretHeader> = pairs
        .map(|(name, value)| SecretHeader::new(name.trim(), value.trim()))
        .collect();
    let named = headers
        .iter()
        .any(|header| header.name.eq_ignore_ascii_case("content-type"));
    let is_json = arguments.body.as_deref().is_some_and(|body| {
        let text = match body.strip_prefix('@') {
            Some(path) => files::read_bytes(Path::new(path)).unwrap_or_default(),
            None => body.as_bytes().to_vec(),
        };
        serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok()
    });
    if is_json && !named {
        headers.push(SecretHeader::new("Content-Type", "application/json"));
    }
    headers
}

fn resolved(arguments: &cli::Loadtest) -> Vec<(String, u16, std::net::IpAddr)> {
    let read = arguments
        .resolve
        .iter()
        .filter_map(|text| Resolve::parse(text));
    read.map(|resolve| (resolve.host, resolve.port, resolve.address))
        .collect()
}

fn output(arguments: &cli::Loadtest) -> Option<PathBuf> {
    let output = arguments.output.as_ref();
    output.filter(|path| path.as_os_str() != "-").cloned()
}
