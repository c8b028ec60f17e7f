//! The plan of a run: its targets, how the requests travel, and this machine's part of them.

use std::time::Duration;

use super::targets::Asked as Targets;
use super::{Faults, credentials, quantity};
use crate::cli;
use crate::loadtest::assessment::{Asked, Load};
use crate::loadtest::plan::{
    Engine, Extent, General, LimitWatch, Pace, Plan, Resolve, Reuse, SecondDetail, Shard,
};
use crate::loadtest::schedule::Schedule;
use crate::redact::SecretUrl;
use crate::text::number::count;

/// More than the ports of a machine; memory for a million may not be there.
const MOST_CONNECTIONS: usize = 200_000;
/// More than the cores of any machine.
const MOST_THREADS: usize = 1_024;
/// Requests that are sent after a rate limit had its time.
const RECOVERY_REQUESTS: u32 = 20;

/// The plan of this machine's part, and the load as it will be reported.
pub(super) fn run(
    arguments: &cli::Loadtest,
    targets: Targets,
    mut load: Load,
    asked: &Asked,
    faults: &mut Faults,
) -> Option<(Plan, Load)> {
    let mut plan = Plan::new(targets.targets.first()?.clone());
    plan.targets = targets.targets;
    plan.data = targets.data;
    if let Some(drawn) = &load.drawn {
        plan.seed = drawn.seed;
    }
    plan.connections = load.connections;
    let schedule = match load.rate {
        Some(_) if !load.stages.is_empty() => Schedule::staged(load.warmup, &load.stages),
        Some(rate) => Schedule::even(rate),
        None => None,
    };
    plan.pace = schedule.map_or(Pace::Closed, Pace::Open);
    plan.stages.clone_from(&load.stages);
    if plan.targets.len() > 1 && !plan.stages.is_empty() {
        faults.push(
            "two endpoints take turns in blocks, so they cannot share `--stages`",
            Some("compare them at one `--rate`"),
        );
    }
    plan.extent = match (load.requests, load.duration) {
        (Some(requests), _) => Extent::Requests(requests),
        (None, duration) => Extent::Time(duration?),
    };
    plan.warmup = load.warmup;
    plan.timeout = load.timeout;
    plan.trust = credentials::trust(arguments, faults);
    plan.identity = credentials::identity(arguments, faults);
    transport(arguments, &mut plan, faults);
    if let Some(duration) = turns(&plan, &load, faults) {
        plan.block = Plan::block_for(duration);
    }
    if asked.rate_limit {
        plan.limit_watch = LimitWatch::On {
            recovery_requests: RECOVERY_REQUESTS,
        };
    }
    if let Some(shard) = load.shard {
        plan.detail = SecondDetail::Latencies;
        let Some(part) = part(plan, shard) else {
            faults.push(
                format!(
                    "`--shard {}/{}` leaves a part without a connection",
                    shard.number, shard.of
                ),
                Some("raise `--concurrency`, or use fewer shards"),
            );
            return None;
        };
        plan = part;
        load.threads = load.threads.min(plan.connections);
    }
    load.threads = load.threads.min(plan.connections.max(1));
    plan.threads = load.threads;
    bounded(&plan, faults);
    Some((plan, load))
}

/// The time that two endpoints share. Turns are stretches of time: of a number of requests alone
/// nobody knows how long they take.
fn turns(plan: &Plan, load: &Load, faults: &mut Faults) -> Option<Duration> {
    let (Some(requests), 2..) = (load.requests, plan.targets.len()) else {
        return load.duration;
    };
    let Some(rate) = load.rate else {
        faults.push(
            "two endpoints take turns in time, so a number of `--requests` needs a `--rate`",
            Some("`--duration 30` in place of `--requests`"),
        );
        return None;
    };
    let all = requests as f64 * plan.targets.len() as f64;
    Duration::try_from_secs_f64(all / rate).ok()
}

/// What no machine carries is refused before it is tried.
fn bounded(plan: &Plan, faults: &mut Faults) {
    for (flag, number, most) in [
        ("--concurrency", plan.connections, MOST_CONNECTIONS),
        ("--threads", plan.threads, MOST_THREADS),
    ] {
        if number > most {
            let (number, most) = (count(number as u64), count(most as u64));
            faults.push(
                format!("`{flag}` is {number}, and one machine takes at most {most}"),
                Some("`--shard 1/2` and `--shard 2/2` share a load between two machines"),
            );
        }
    }
}

/// How the requests travel: the engine, and where connections go.
fn transport(arguments: &cli::Loadtest, plan: &mut Plan, faults: &mut Faults) {
    let redirects = arguments.follow.as_ref().map(|text| quantity::whole(text));
    if let (Some(Err(reason)), Some(text)) = (&redirects, &arguments.follow) {
        faults.push(
            format!("`{text}` is no value of `--follow`: {reason}"),
            None,
        );
    }
    let redirects = redirects.and_then(Result::ok).unwrap_or(0) as usize;
    let proxy = arguments.proxy.clone().map(SecretUrl::new);
    if let Some(proxy) = proxy.as_ref().filter(|proxy| !is_proxy(proxy)) {
        faults.push(
            format!("`{proxy}` is no value of `--proxy`"),
            Some("`--proxy http://127.0.0.1:3128`; proxies of HTTP, by http:// or https://"),
        );
    }
    let general = General {
        redirects,
        proxy,
        cookies: arguments.cookies,
        compression: arguments.compressed,
    };
    plan.engine = if arguments.http2 {
        Engine::Http2
    } else if general == General::default() {
        Engine::Http1
    } else {
        Engine::General(general)
    };
    if arguments.no_keep_alive {
        plan.reuse = Reuse::Never;
    }
    for text in &arguments.resolve {
        match Resolve::parse(text) {
            Some(resolve) => plan.resolve.push(resolve),
            None => faults.push(
                format!("`{text}` is no value of `--resolve`"),
                Some("`--resolve api.example.com:443:127.0.0.1`"),
            ),
        }
    }
    plan.unix_socket.clone_from(&arguments.unix_socket);
}

fn is_proxy(proxy: &SecretUrl) -> bool {
    url::Url::parse(proxy.expose())
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some())
}

/// One shard's part. In open loop the rate is what is divided, and the connections are how many a
/// shard may use at most: a part of them would be too few for a server that answers slowly.
fn part(mut plan: Plan, shard: Shard) -> Option<Plan> {
    let connections = plan.connections;
    let is_open = matches!(plan.pace, Pace::Open(_));
    if is_open {
        plan.connections = connections.max(shard.of as usize);
    }
    let mut part = plan.share(shard)?;
    if is_open {
        part.connections = connections;
    }
    Some(part)
}
