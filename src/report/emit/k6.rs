//! A script for k6: one scenario for the load and one for its warm-up, expectations as thresholds.
//! k6 counts latency from the sending also in open loop, which the script says.

use std::io::{self, Write};

use super::{BodyForm, Recipe, quoted, time};
use crate::loadtest::expectation::{Expectation, Quantity};
use crate::loadtest::schedule::Stage;
use crate::redact::SecretHeader;

pub fn write(out: &mut dyn Write, recipe: &Recipe) -> io::Result<()> {
    head(out, recipe)?;
    options(out, recipe)?;
    request(out, recipe)
}

/// Variables of the environment that the script reads.
fn variables(recipe: &Recipe) -> Vec<String> {
    let mut names = Vec::new();
    if recipe.has_secret_url() {
        names.push("TARGET_URL".to_owned());
    }
    names.extend(recipe.headers().into_iter().filter_map(|(_, name)| name));
    names.extend(recipe.body.map(|form| body_variable(form).to_owned()));
    names
}

fn head(out: &mut dyn Write, recipe: &Recipe) -> io::Result<()> {
    write!(out, "// k6 run")?;
    for name in variables(recipe) {
        write!(out, " -e {name}=...")?;
    }
    writeln!(out, " FILE")?;
    writeln!(out, "//")?;
    if recipe.load.rate.is_some() {
        writeln!(
            out,
            "// k6 measures from the sending of each request, so a server that stalls looks better here than"
        )?;
        writeln!(
            out,
            "// in `backsmith loadtest`, which measures from the moment it was due; look at dropped_iterations."
        )?;
    } else {
        writeln!(
            out,
            "// A closed loop: percentiles are service times at saturation."
        )?;
    }
    if recipe.is_encrypted {
        let words = if recipe.http2 {
            "k6 takes HTTP/2 when the server offers it, and HTTP/1.1 when it does not."
        } else {
            "k6 takes HTTP/2 when the server offers it; GODEBUG=http2client=0 keeps it to HTTP/1.1."
        };
        writeln!(out, "// {words}")?;
    }
    writeln!(out, "import http from 'k6/http';")?;
    writeln!(out, "import {{ check }} from 'k6';")?;
    if !variables(recipe).is_empty() {
        writeln!(out)?;
        writeln!(out, "function secret(name) {{")?;
        writeln!(out, "  const value = __ENV[name];")?;
        writeln!(
            out,
            "  if (value === undefined) throw new Error(`${{name}} is not set: k6 run -e ${{name}}=...`);"
        )?;
        writeln!(out, "  return value;")?;
        writeln!(out, "}}")?;
    }
    Ok(())
}

fn options(out: &mut dyn Write, recipe: &Recipe) -> io::Result<()> {
    let load = &recipe.load;
    writeln!(out)?;
    writeln!(out, "export const options = {{")?;
    // What is discarded is not unpacked.
    if !recipe.compressed {
        writeln!(out, "  discardResponseBodies: true,")?;
    }
    writeln!(
        out,
        "  summaryTrendStats: ['min', 'avg', 'med', 'p(90)', 'p(95)', 'p(99)', 'p(99.9)', 'max'],"
    )?;
    if recipe.insecure {
        writeln!(out, "  insecureSkipTLSVerify: true,")?;
    }
    if recipe.no_keep_alive {
        writeln!(out, "  noConnectionReuse: true,")?;
    }
    if recipe.cookies {
        writeln!(out, "  noCookiesReset: true,")?;
    }
    if !recipe.resolve.is_empty() {
        writeln!(out, "  hosts: {{")?;
        for resolve in &recipe.resolve {
            let there = std::net::SocketAddr::new(resolve.address, resolve.port);
            writeln!(
                out,
                "    {}: {},",
                quoted(&format!("{}:{}", resolve.host, resolve.port)),
                quoted(&there.to_string())
            )?;
        }
        writeln!(out, "  }},")?;
    }
    writeln!(out, "  scenarios: {{")?;
    if !load.warmup.is_zero() {
        let rate = load.stages.first().map(|stage| stage.from).or(load.rate);
        writeln!(out, "    warmup: {{")?;
        if let Some(rate) = rate {
            constant(out, rate, &time(load.warmup), load.connections)?;
        } else {
            writeln!(out, "      executor: 'constant-vus',")?;
            writeln!(out, "      vus: {},", load.connections)?;
            writeln!(out, "      duration: '{}',", time(load.warmup))?;
        }
        writeln!(out, "      gracefulStop: '0s',")?;
        writeln!(out, "    }},")?;
    }
    writeln!(out, "    load: {{")?;
    scenario(out, recipe)?;
    if !load.warmup.is_zero() {
        writeln!(out, "      startTime: '{}',", time(load.warmup))?;
    }
    writeln!(out, "      gracefulStop: '2s',")?;
    writeln!(out, "    }},")?;
    writeln!(out, "  }},")?;
    thresholds(out, recipe)?;
    writeln!(out, "}};")
}

fn scenario(out: &mut dyn Write, recipe: &Recipe) -> io::Result<()> {
    let load = &recipe.load;
    let duration = load.duration.map(time).unwrap_or_default();
    match (load.rate, load.stages.as_slice(), load.requests) {
        (Some(rate), [], None) => constant(out, rate, &duration, load.connections),
        (Some(rate), [], Some(requests)) => {
            constant(out, rate, &time_of(requests, rate), load.connections)
        }
        (Some(_), stages, _) => ramping(out, stages, load.connections),
        (None, _, Some(requests)) => {
            writeln!(out, "      executor: 'shared-iterations',")?;
            writeln!(
                out,
                "      vus: {},",
                load.connections.min(requests as usize)
            )?;
            writeln!(out, "      iterations: {requests},")?;
            writeln!(out, "      maxDuration: '24h',")
        }
        (None, _, None) => {
            writeln!(out, "      executor: 'constant-vus',")?;
            writeln!(out, "      vus: {},", load.connections)?;
            writeln!(out, "      duration: '{duration}',")
        }
    }
}

/// k6 takes whole numbers: the shortest unit of time in which each of these rates is one, in seconds
/// and as text. Without one, the longest, in which rounding changes least.
fn unit(rates: &[f64]) -> (u64, &'static str) {
    let units = [(1, "1s"), (10, "10s"), (100, "100s"), (1_000, "1000s")];
    let whole = |factor: u64| {
        rates.iter().all(|rate| {
            let scaled = rate * factor as f64;
            (scaled - scaled.round()).abs() < 1e-6
        })
    };
    let fitting = units.into_iter().find(|(factor, _)| whole(*factor));
    fitting.unwrap_or((1_000, "1000s"))
}

/// k6 begins at once and goes on while there is time, so the time ends in the middle between the last
/// request that is wanted and the first that is not: at the very instant of one, chance decides.
fn time_of(requests: u64, rate: f64) -> String {
    let seconds = (requests as f64 - 0.5) / rounded(rate);
    format!("{}us", (seconds * 1e6).round())
}

/// The rate that k6 is told, in requests a second.
fn rounded(rate: f64) -> f64 {
    let (factor, _) = unit(&[rate]);
    (rate * factor as f64).round().max(1.0) / factor as f64
}

fn constant(out: &mut dyn Write, rate: f64, duration: &str, users: usize) -> io::Result<()> {
    let (factor, unit) = unit(&[rate]);
    writeln!(out, "      executor: 'constant-arrival-rate',")?;
    writeln!(
        out,
        "      rate: {},",
        (rounded(rate) * factor as f64).round()
    )?;
    writeln!(out, "      timeUnit: '{unit}',")?;
    writeln!(out, "      duration: '{duration}',")?;
    writeln!(out, "      preAllocatedVUs: {users},")?;
    writeln!(out, "      maxVUs: {users},")
}

/// k6 goes to a target in a straight line; in no time it is a step.
fn ramping(out: &mut dyn Write, stages: &[Stage], users: usize) -> io::Result<()> {
    let rates: Vec<f64> = stages
        .iter()
        .flat_map(|stage| [stage.from, stage.to])
        .collect();
    let (factor, unit) = unit(&rates);
    let scaled = |rate: f64| (rate * factor as f64).round();
    let mut present = rates.first().copied().unwrap_or(0.0);
    writeln!(out, "      executor: 'ramping-arrival-rate',")?;
    writeln!(out, "      startRate: {},", scaled(present))?;
    writeln!(out, "      timeUnit: '{unit}',")?;
    writeln!(out, "      stages: [")?;
    for stage in stages {
        if stage.from.to_bits() != present.to_bits() {
            writeln!(
                out,
                "        {{ target: {}, duration: '0s' }},",
                scaled(stage.from)
            )?;
        }
        writeln!(
            out,
            "        {{ target: {}, duration: '{}' }},",
            scaled(stage.to),
            time(stage.duration)
        )?;
        present = stage.to;
    }
    writeln!(out, "      ],")?;
    writeln!(out, "      preAllocatedVUs: {users},")?;
    writeln!(out, "      maxVUs: {users},")
}

fn thresholds(out: &mut dyn Write, recipe: &Recipe) -> io::Result<()> {
    let mut named: Vec<(&str, Vec<String>)> = Vec::new();
    let mut add = |metric: &'static str, condition: String| match named
        .iter_mut()
        .find(|(name, _)| *name == metric)
    {
        Some((_, conditions)) => conditions.push(condition),
        None => named.push((metric, vec![condition])),
    };
    for expectation in &recipe.asked.expectations {
        let (metric, condition) = threshold(expectation);
        add(metric, condition);
    }
    if recipe.asked.status.is_some() {
        add("checks", "rate==1".to_owned());
    }
    if named.is_empty() {
        return Ok(());
    }
    // The warm-up is in no figure.
    let scope = "{scenario:load}";
    writeln!(out, "  thresholds: {{")?;
    for (metric, conditions) in named {
        let quoted: Vec<String> = conditions.iter().map(|text| format!("'{text}'")).collect();
        writeln!(out, "    '{metric}{scope}': [{}],", quoted.join(", "))?;
    }
    writeln!(out, "  }},")
}

/// (metric, condition) of k6.
fn threshold(expectation: &Expectation) -> (&'static str, String) {
    let sign = expectation.operator.sign();
    let value = expectation.threshold;
    let figure = match expectation.quantity {
        Quantity::RequestsPerSecond => return ("http_reqs", format!("rate{sign}{value}")),
        Quantity::ErrorRate => {
            // Per cent to a share, without the noise of binary fractions.
            let share = (value * 1e7).round() / 1e9;
            return ("http_req_failed", format!("rate{sign}{share}"));
        }
        Quantity::Percentile(percentile) => {
            format!("p({})", percentile.name().trim_start_matches('p'))
        }
        Quantity::Max => "max".to_owned(),
        Quantity::Mean => "avg".to_owned(),
    };
    ("http_req_duration", format!("{figure}{sign}{value}"))
}

fn request(out: &mut dyn Write, recipe: &Recipe) -> io::Result<()> {
    writeln!(out)?;
    if let Some(status) = recipe.asked.status {
        writeln!(
            out,
            "http.setResponseCallback(http.expectedStatuses({status}));"
        )?;
        writeln!(out)?;
    }
    let url = if recipe.has_secret_url() {
        "secret('TARGET_URL')".to_owned()
    } else {
        quoted(recipe.url.expose())
    };
    writeln!(out, "const url = {url};")?;
    let body = match recipe.body {
        None => "null".to_owned(),
        Some(BodyForm::Text) => format!("secret('{}')", body_variable(BodyForm::Text)),
        Some(BodyForm::Binary) => {
            format!("open(secret('{}'), 'b')", body_variable(BodyForm::Binary))
        }
    };
    writeln!(out, "const body = {body};")?;
    writeln!(out, "const params = {{")?;
    writeln!(out, "  headers: {{")?;
    for (header, variable) in recipe.headers() {
        let value = match variable {
            Some(name) => format!("secret('{name}')"),
            None => quoted(header.expose()),
        };
        writeln!(out, "    {}: {value},", quoted(&header.name))?;
    }
    let asks_for_encoding =
        |header: &SecretHeader| header.name.eq_ignore_ascii_case("accept-encoding");
    if recipe.compressed && !recipe.headers.iter().any(asks_for_encoding) {
        writeln!(out, "    \"Accept-Encoding\": \"gzip\",")?;
    }
    writeln!(out, "  }},")?;
    writeln!(out, "  redirects: {},", recipe.redirects)?;
    writeln!(out, "  timeout: '{}',", time(recipe.load.timeout))?;
    writeln!(out, "}};")?;
    writeln!(out)?;
    writeln!(out, "export default function () {{")?;
    writeln!(
        out,
        "  const response = http.request({}, url, body, params);",
        quoted(&recipe.method)
    )?;
    match recipe.asked.status {
        Some(status) => writeln!(
            out,
            "  check(response, {{ 'status is {status}': (answer) => answer.status === {status} }});"
        )?,
        None => writeln!(
            out,
            "  check(response, {{ 'status is 2xx or 3xx': (answer) => answer.status >= 200 && answer.status < 400 }});"
        )?,
    }
    writeln!(out, "}}")
}

/// The variable that holds the body, or, since a variable holds text alone, the name of its file.
const fn body_variable(form: BodyForm) -> &'static str {
    match form {
        BodyForm::Text => "BODY",
        BodyForm::Binary => "BODY_FILE",
    }
}
