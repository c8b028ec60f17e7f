//! Runs with several requests: who is asked how often, and what the report says of each.

use std::time::Duration;

use backsmith::loadtest::plan::{Engine, Extent, Plan, Request, Target};
use backsmith::loadtest::recording::Outcome;
use backsmith::loadtest::runner;
use backsmith::redact::SecretUrl;

use crate::web_server::WebServer;

fn request(url: &str, method: &str, weight: u32) -> Request {
    let body = if method == "POST" {
        b"{}".to_vec()
    } else {
        Vec::new()
    };
    let request = Request::new(&SecretUrl::new(url), method, Vec::new(), body);
    let mut request = request.expect("a request");
    request.weight = weight;
    request
}

fn run(requests: Vec<Request>, engine: Engine, count: u64) -> Outcome {
    let mut plan = Plan::new(Target::of(requests).expect("some"));
    plan.engine = engine;
    plan.connections = 4;
    plan.threads = 2;
    plan.extent = Extent::Requests(count);
    plan.timeout = Duration::from_secs(20);
    plan.seed = 1;
    runner::run(&plan, &|| false, &mut |_| {}).expect("reachable")
}

#[test]
fn a_mix_is_sent_by_weight_and_counted_by_request() {
    for engine in [Engine::Http1, Engine::Http2] {
        let start = if engine == Engine::Http1 {
            WebServer::start
        } else {
            WebServer::start_http2
        };
        let (here, there) = (start(), start());
        let requests = vec![
            request(&here.url("/bytes/3"), "GET", 7),
            request(&there.url("/"), "HEAD", 2),
            request(&here.url("/status/201"), "POST", 1),
        ];
        let outcome = run(requests, engine, 1_000);
        let whole = &outcome.recordings[0];
        assert_eq!(whole.requests.completed, 1_000, "{:?}", whole.errors);
        // One connection of each place of the load to each of the two.
        assert_eq!((here.connections(), there.connections()), (4, 4));
        let counts: Vec<u64> = whole
            .parts
            .iter()
            .map(|part| part.requests.completed)
            .collect();
        assert_eq!(counts.iter().sum::<u64>(), 1_000);
        for (count, wanted) in counts.iter().zip([700_u64, 200, 100]) {
            assert!(count.abs_diff(wanted) < 90, "{counts:?}");
        }
        let arrived = |server: &WebServer, method: &str| {
            let seen = server.seen();
            seen.iter().filter(|seen| seen.method == method).count() as u64
        };
        let seen = [
            arrived(&here, "GET"),
            arrived(&there, "HEAD"),
            arrived(&here, "POST"),
        ];
        assert_eq!(counts, seen);
        let latencies: u64 = whole.parts.iter().map(|part| part.latency.len()).sum();
        assert_eq!(latencies, whole.latency.len());
    }
}

#[test]
fn a_request_that_fails_is_counted_where_it_belongs() {
    let server = WebServer::start();
    let requests = vec![
        request(&server.url("/"), "GET", 1),
        request(&server.url("/garbage"), "GET", 1),
        request(&server.url("/status/404"), "GET", 1),
    ];
    let outcome = run(requests, Engine::Http1, 60);
    let parts = &outcome.recordings[0].parts;
    assert_eq!((parts[0].requests.failed, parts[2].requests.failed), (0, 0));
    assert!(parts[1].requests.failed > 0);
    assert_eq!(
        parts[1].errors.values().sum::<u64>(),
        parts[1].requests.failed
    );
    assert_eq!(parts[1].requests.completed, 0);
    assert_eq!(
        parts[2].statuses.keys().copied().collect::<Vec<u16>>(),
        [404]
    );
}
