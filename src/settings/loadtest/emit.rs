//! `--emit`: the load of the command line, checked as if it were to run here. What the other program
//! cannot do is refused by name.

use std::path::PathBuf;
use std::time::SystemTime;

use super::{Context, Emit, EmitTarget, Faults, plan, scale_out, targets};
use crate::cli;
use crate::failure::Failure;
use crate::loadtest::assessment::{Asked, Load};
use crate::loadtest::expectation::Quantity;
use crate::loadtest::plan::{Engine, General, Plan, Request, Reuse, Scheme, Trust};
use crate::redact::{SecretHeader, SecretUrl};
use crate::report::emit::{BodyForm, Recipe};
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
    let start_at = scale_out::start_at(arguments.start_at.as_ref(), &mut faults);
    if !faults.is_empty() {
        return Err(faults.into_failure());
    }
    let targets = targets::targets(arguments, &arguments.urls, &mut faults);
    super::expectations_have_targets(&asked, &targets.targets, &mut faults);
    let drawn = super::drawn(arguments, &targets, &mut faults);
    let (Some(mut load), Some(url), Some(target), true) = (load, url, target, faults.is_empty())
    else {
        return Err(faults.into_failure());
    };
    // Without a seed the shards take the one that all shards take.
    load.drawn = drawn.filter(|_| arguments.seed.is_some());
    let checked = plan::run(arguments, targets, load.clone(), &asked, &mut faults);
    let Some((plan, _)) = checked.filter(|_| faults.is_empty()) else {
        return Err(faults.into_failure());
    };
    let request = plan.targets[0].first();
    if target == EmitTarget::K6 {
        not_said_by_k6(&plan, &load, &asked, &mut faults);
    }
    if !faults.is_empty() {
        return Err(faults.into_failure());
    }
    super::guard(&plan, &load, arguments.yes)?;
    let general = match &plan.engine {
        Engine::General(general) => general.clone(),
        Engine::Http1 | Engine::Http2 => General::default(),
    };
    Ok(Emit {
        recipe: Recipe {
            url: SecretUrl::new(url),
            is_encrypted: request.address.scheme == Scheme::Https,
            method: request.method.clone(),
            headers: headers(arguments, request),
            body: body(request),
            threads: arguments.threads.is_some().then_some(load.threads),
            load,
            asked,
            http2: plan.engine == Engine::Http2,
            insecure: plan.trust == Trust::Insecure,
            no_keep_alive: plan.reuse == Reuse::Never,
            cookies: general.cookies,
            compressed: general.compression,
            redirects: general.redirects,
            resolve: plan.resolve,
            yes: arguments.yes,
            strict: arguments.strict,
            start_at,
            written_at: SystemTime::now(),
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
        (k6 && arguments.seed.is_some(), "--seed"),
        (k6 && arguments.threads.is_some(), "--threads"),
        (k6 && is_templated, "{{...}}"),
    ]
}

/// What k6 has no words for although the flags have.
fn not_said_by_k6(plan: &Plan, load: &Load, asked: &Asked, faults: &mut Faults) {
    if plan.engine == Engine::Http2 && plan.targets[0].first().address.scheme == Scheme::Http {
        faults.push(
            "`--emit k6` cannot carry `--http2` without TLS",
            Some("k6 negotiates HTTP/2 over https:// alone"),
        );
    }
    let mut judged = asked.expectations.iter();
    let of_rate = judged.find(|one| one.quantity == Quantity::RequestsPerSecond);
    if let (Some(expectation), false) = (of_rate, load.warmup.is_zero()) {
        faults.push(
            format!(
                "`--emit k6` cannot carry `--expect '{}'` together with `--warmup`",
                expectation.expression
            ),
            Some("k6 divides by the time of the whole run, the warm-up included"),
        );
    }
}

/// As they were given: templates are filled in where they are sent. JSON is called JSON also where
/// another program sends it.
fn headers(arguments: &cli::Loadtest, request: &Request) -> Vec<SecretHeader> {
    // Their faults are known already.
    let mut headers = targets::headers(arguments, &mut Faults::default());
    let named = headers
        .iter()
        .any(|header| header.name.eq_ignore_ascii_case("content-type"));
    if request.is_json && !named {
        headers.push(SecretHeader::new("Content-Type", "application/json"));
    }
    headers
}

fn body(request: &Request) -> Option<BodyForm> {
    let is_filled_in = request
        .filling
        .as_ref()
        .is_some_and(|filling| !filling.body.is_empty());
    let is_text = std::str::from_utf8(&request.body).is_ok();
    (is_filled_in || !request.body.is_empty()).then_some(if is_text {
        BodyForm::Text
    } else {
        BodyForm::Binary
    })
}

fn output(arguments: &cli::Loadtest) -> Option<PathBuf> {
    let output = arguments.output.as_ref();
    output.filter(|path| path.as_os_str() != "-").cloned()
}
