//! The plan of a run: its targets, how the requests travel, and this machine's part of them.

use super::targets::Asked as Targets;
use super::{Faults, credentials, quantity};
use crate::cli;
use crate::loadtest::assessment::{Asked, Load};
use crate::loadtest::plan::{
    Engine, Extent, General, LimitWatch, Pace, Plan, Resolve, Reuse, SecondDetail, Shard,
};
use crate::loadtest::schedule::Schedule;
use crate::redact::SecretUrl;

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
    if let Some(duration) = load.duration {
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
    Some((plan, load))
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
