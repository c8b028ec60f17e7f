//! The engine of `loadtest` against a real server: what it measures is what the server did.

use std::time::Duration;

use backsmith::loadtest::plan::{
    Engine, Extent, General, LimitWatch, Pace, Plan, Resolve, Reuse, Target, Trust,
};
use backsmith::loadtest::recording::{ErrorKind, Outcome, Recording};
use backsmith::loadtest::runner::{self, Event, Unreachable};
use backsmith::loadtest::schedule::Schedule;
use backsmith::redact::{SecretHeader, SecretUrl};

use crate::web_server::WebServer;

pub(crate) fn target(url: &str, method: &str, body: &str) -> Target {
    let headers = vec![SecretHeader::new("X-Test", "1")];
    Target::new(&SecretUrl::new(url), method, headers, body.into()).expect("a target")
}

/// Four connections, a number of requests, so that no test depends on time.
pub(crate) fn plan(server: &WebServer, path: &str, requests: u64) -> Plan {
    let mut plan = Plan::new(target(&server.url(path), "GET", ""));
    plan.connections = 4;
    plan.extent = Extent::Requests(requests);
    plan.timeout = Duration::from_secs(20);
    plan
}

pub(crate) fn run(plan: &Plan) -> Result<Outcome, Unreachable> {
    runner::run(plan, &|| false, &mut |_| {})
}

#[track_caller]
pub(crate) fn recording(plan: &Plan) -> Recording {
    let outcome = run(plan).expect("reachable");
    assert!(!outcome.interrupted);
    assert_eq!(outcome.recordings.len(), 1);
    outcome.recordings.into_iter().next().expect("one")
}

/// `requests` answers of status 200 and nothing else.
#[track_caller]
pub(crate) fn clean(recording: &Recording, requests: u64) {
    assert!(recording.errors.is_empty(), "{:?}", recording.errors);
    assert_eq!(recording.statuses.get(&200), Some(&requests));
    assert_eq!(recording.requests.completed, requests);
    assert_eq!(recording.requests.sent, requests);
    assert_eq!(recording.latency.len(), requests);
    let series: u64 = recording.series.iter().map(|point| point.completed).sum();
    assert_eq!(series, requests);
}

#[test]
fn every_kind_of_framing_is_read() {
    for (path, connections) in [
        ("/", 4),
        ("/chunked", 4),
        ("/bytes/0", 4),
        ("/bytes/300000", 4),
        ("/delay/1", 4),
    ] {
        let server = WebServer::start();
        let recording = recording(&plan(&server, path, 40));
        clean(&recording, 40);
        assert_eq!(server.requests(), 40, "{path}");
        assert_eq!(server.connections(), connections, "{path}");
        assert_eq!(recording.connections.opened, connections);
        assert_eq!(recording.connections.connect.len(), connections);
    }
}

#[test]
fn a_connection_that_ends_with_its_answer_is_made_again() {
    for (path, protocol) in [("/close", "HTTP/1.1"), ("/http10", "HTTP/1.0")] {
        let server = WebServer::start();
        let recording = recording(&plan(&server, path, 40));
        clean(&recording, 40);
        assert_eq!(server.requests(), 40);
        assert_eq!(recording.connections.closed_by_server, 40);
        assert_eq!(recording.protocol, protocol);
    }
}

#[test]
fn keep_alive_can_be_switched_off() {
    let server = WebServer::start();
    // The second server keeps connections open, whatever it is asked.
    for path in ["/close", "/"] {
        let before = server.connections();
        let mut plan = plan(&server, path, 12);
        plan.reuse = Reuse::Never;
        let recording = recording(&plan);
        clean(&recording, 12);
        assert_eq!(recording.requests.retried, 0);
        assert!(server.connections() - before >= 12);
    }
}

#[test]
fn a_stale_connection_costs_a_retry_and_no_error() {
    let server = WebServer::start();
    let recording = recording(&plan(&server, "/stale", 40));
    clean(&recording, 40);
    assert!(recording.requests.retried > 0);
    assert_eq!(server.requests(), 40);
}

#[test]
fn methods_bodies_and_statuses_go_through() {
    let server = WebServer::start();
    let mut head = plan(&server, "/", 8);
    head.targets[0] = target(&server.url("/"), "HEAD", "");
    clean(&recording(&head), 8);
    let mut post = plan(&server, "/status/201", 8);
    post.targets[0] = target(&server.url("/status/201"), "POST", &"x".repeat(200_000));
    let recording = recording(&post);
    assert_eq!(recording.statuses.get(&201), Some(&8));
    assert!(recording.bytes.sent > 8 * 200_000);
}

#[test]
fn bad_servers_are_counted_by_kind_and_the_run_goes_on() {
    for (path, kind, words) in [
        (
            "/garbage",
            ErrorKind::Protocol,
            "the answer is not HTTP/1.x",
        ),
        ("/reset", ErrorKind::Reset, "reset"),
        (
            "/truncated",
            ErrorKind::Closed,
            "in the middle of an answer",
        ),
        ("/left-over", ErrorKind::Protocol, "bytes follow the end"),
        ("/endless-head", ErrorKind::Protocol, "not HTTP/1.x"),
    ] {
        let server = WebServer::start();
        let recording = recording(&plan(&server, path, 12));
        assert_eq!(recording.requests.completed, 0, "{path}");
        assert_eq!(recording.requests.failed, 12, "{path}");
        let tally = recording.errors.get(&kind);
        let tally = tally.unwrap_or_else(|| panic!("{path}: {:?}", recording.errors));
        assert_eq!(tally.count, 12, "{path}");
        assert!(tally.first.contains(words), "{path}: {}", tally.first);
    }
}

#[test]
fn a_timeout_stays_in_the_percentiles_with_the_time_that_was_allowed() {
    let server = WebServer::start();
    let mut plan = plan(&server, "/hang", 4);
    plan.timeout = Duration::from_millis(80);
    let recording = recording(&plan);
    assert_eq!(recording.errors[&ErrorKind::Timeout].count, 4);
    assert_eq!(recording.latency.len(), 4);
    let max = recording.latency.max();
    assert!((80_000_000..81_000_000).contains(&max), "{max}");
}

#[test]
fn nothing_reachable_is_an_error_and_says_which_target() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let server = WebServer::start();
    let mut plan = plan(&server, "/", 10);
    let dead = target(&format!("http://127.0.0.1:{port}/"), "GET", "");
    plan.targets.push(dead);
    let unreachable = run(&plan).expect_err("a closed port");
    assert_eq!(
        (unreachable.target, unreachable.kind),
        (1, ErrorKind::Refused)
    );
    assert_eq!(unreachable.connections, 4);
    assert!(
        unreachable.words.contains("refused"),
        "{}",
        unreachable.words
    );

    plan.targets = vec![target("http://no-such-host.invalid/", "GET", "")];
    let unreachable = run(&plan).expect_err("an unknown host");
    assert_eq!(unreachable.kind, ErrorKind::Dns);
    assert!(unreachable.words.contains("no-such-host.invalid"));
}

#[test]
fn several_threads_share_the_work() {
    let server = WebServer::start();
    let mut plan = plan(&server, "/mixed", 500);
    plan.threads = 3;
    plan.connections = 10;
    let outcome = run(&plan).expect("reachable");
    let recording = &outcome.recordings[0];
    assert_eq!(recording.statuses[&200] + recording.statuses[&500], 500);
    assert_eq!(recording.statuses[&500], 50);
    assert_eq!(outcome.client.threads, 3);
    assert_eq!(recording.connections.opened, 10);
    assert_eq!(server.requests(), 500);
}

#[test]
fn an_open_loop_sends_what_is_due_and_counts_from_there() {
    let server = WebServer::start();
    let mut plan = plan(&server, "/stall/400", 0);
    plan.connections = 3;
    plan.pace = Pace::Open(Schedule::even(200.0).expect("a rate"));
    plan.extent = Extent::Time(Duration::from_millis(1200));
    let recording = recording(&plan);
    let requests = recording.requests;
    assert_eq!(requests.due, Some(240));
    assert_eq!(requests.completed + requests.unsent, 240);
    // Half of the time the server is silent, so about half of the arrivals wait; only three
    // requests at a time are under way, which is all that service time sees of it.
    let service = recording.service.as_ref().expect("open loop");
    assert!(recording.latency.value_at_quantile(0.75) > 40_000_000);
    assert!(service.value_at_quantile(0.75) < recording.latency.value_at_quantile(0.75));
}

#[test]
fn two_targets_take_turns_in_blocks() {
    let server = WebServer::start();
    let mut plan = plan(&server, "/delay/1", 0);
    plan.targets
        .push(target(&server.url("/delay/40"), "GET", ""));
    plan.extent = Extent::Time(Duration::from_millis(800));
    plan.block = Duration::from_millis(100);
    let outcome = run(&plan).expect("reachable");
    let numbers = |index: usize| -> Vec<usize> {
        let blocks = outcome.recordings[index].blocks.iter();
        blocks.map(|block| block.number).collect()
    };
    assert_eq!(numbers(0), [0, 3, 4, 7]);
    assert_eq!(numbers(1), [1, 2, 5, 6]);
    for recording in &outcome.recordings {
        let in_blocks: u64 = recording
            .blocks
            .iter()
            .map(|block| block.interval.tally.completed)
            .sum();
        assert_eq!(in_blocks, recording.requests.completed);
        assert!(in_blocks > 0);
    }
    let median = |index: usize| outcome.recordings[index].latency.value_at_quantile(0.5);
    assert!(median(0) < median(1));
}

#[test]
fn a_stopped_run_returns_what_it_has() {
    let server = WebServer::start();
    let mut plan = plan(&server, "/delay/1", 0);
    plan.extent = Extent::Time(Duration::from_mins(10));
    let seconds = std::cell::Cell::new(0);
    let stop = || seconds.get() > 0;
    let outcome = runner::run(&plan, &stop, &mut |event| {
        if let Event::Tick { .. } = event {
            seconds.set(seconds.get() + 1);
        }
    });
    let outcome = outcome.expect("reachable");
    assert!(outcome.interrupted);
    assert!(outcome.recordings[0].requests.completed > 0);
    assert!(outcome.elapsed < Duration::from_mins(1));
}

#[test]
fn a_rate_limit_is_watched_and_its_recovery_too() {
    let server = WebServer::start();
    let mut plan = plan(&server, "/limit/5/50", 50);
    plan.limit_watch = LimitWatch::On {
        recovery_requests: 3,
    };
    let recording = recording(&plan);
    let limit = recording.rate_limit.as_ref().expect("watched");
    assert_eq!(limit.allowed_before, 5);
    assert_eq!(recording.statuses[&429], 45);
    assert_eq!(limit.retry_after.valid, 45);
    assert_eq!(limit.retry_after.longest_seconds, Some(1));
    assert!(limit.first_limited.is_some());
    let headers = &limit.samples[0].headers;
    assert!(headers.contains(&("ratelimit".to_owned(), "limit=5".to_owned())));
    let recovery = limit.recovery.expect("asked again");
    assert_eq!((recovery.sent, recovery.allowed), (3, 3));
    assert_eq!(recording.latency_by_status[&429].len(), 45);
}

#[test]
fn one_answer_of_each_status_is_kept_without_cookies() {
    let server = WebServer::start();
    let recording = recording(&plan(&server, "/", 20));
    assert_eq!(recording.samples.len(), 1);
    let sample = &recording.samples[0];
    assert_eq!(sample.body, b"Hello, World!");
    let names: Vec<&str> = sample
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["content-length", "x-frame-options"]);
}

#[test]
fn the_warm_up_is_counted_apart() {
    let server = WebServer::start();
    let mut plan = plan(&server, "/delay/1", 20);
    plan.warmup = Duration::from_millis(500);
    let recording = recording(&plan);
    assert_eq!(recording.requests.completed, 20);
    assert!(recording.warmup.completed > 0);
    assert_eq!(server.requests(), 20 + recording.warmup.completed);
}

#[test]
fn tls_is_verified_unless_told_otherwise() {
    let server = WebServer::start_tls();
    let mut plan = plan(&server, "/", 20);
    let unreachable = run(&plan).expect_err("nobody signed the certificate");
    assert_eq!(unreachable.kind, ErrorKind::Tls, "{}", unreachable.words);
    plan.trust = Trust::Insecure;
    let recording = recording(&plan);
    clean(&recording, 20);
    assert_eq!(recording.tls.as_deref(), Some("TLS 1.3"));
    assert_eq!(recording.connections.tls.len(), 4);
    assert_eq!(recording.engine, "http1");
    plan.targets[0] = target(&server.url("/http10"), "GET", "");
    clean(&self::recording(&plan), 20);
}

#[test]
fn http2_runs_with_and_without_tls() {
    for server in [WebServer::start_http2(), WebServer::start_http2_tls()] {
        for path in ["/", "/bytes/0", "/bytes/300000"] {
            let mut plan = plan(&server, path, 20);
            plan.engine = Engine::Http2;
            plan.trust = Trust::Insecure;
            plan.targets[0] = target(&server.url(path), "POST", "{}");
            let recording = recording(&plan);
            clean(&recording, 20);
            assert_eq!(recording.protocol, "HTTP/2");
            assert_eq!(recording.engine, "http2");
            assert_eq!(recording.connections.opened, 4);
            assert!(recording.bytes.received > 0 && recording.bytes.sent > 0);
        }
        assert_eq!(server.requests(), 60);
    }
}

#[test]
fn http2_times_out_and_refuses_what_is_not_http2() {
    let server = WebServer::start_http2();
    let mut hanging = plan(&server, "/hang", 4);
    hanging.engine = Engine::Http2;
    hanging.timeout = Duration::from_millis(80);
    let recording = recording(&hanging);
    assert_eq!(recording.errors[&ErrorKind::Timeout].count, 4);
    let server = WebServer::start_tls();
    let mut plan = plan(&server, "/", 4);
    plan.engine = Engine::Http2;
    plan.trust = Trust::Insecure;
    let unreachable = run(&plan).expect_err("it speaks HTTP/1.1 only");
    assert_eq!(unreachable.kind, ErrorKind::Tls);
}

#[test]
fn redirects_are_followed_only_by_the_general_engine() {
    let server = WebServer::start();
    let fast = recording(&plan(&server, "/redirect", 8));
    assert_eq!(fast.statuses.get(&302), Some(&8));
    let mut plan = plan(&server, "/redirect", 8);
    plan.engine = Engine::General(General {
        redirects: 3,
        ..General::default()
    });
    let followed = recording(&plan);
    clean(&followed, 8);
    assert_eq!(followed.engine, "general");
    assert_eq!(followed.samples[0].body, b"Hello, World!");
}

#[test]
fn a_proxy_looks_the_name_up() {
    let server = WebServer::start();
    let mut plan = plan(&server, "/", 8);
    plan.targets[0] = target("http://behind-the-proxy.invalid/", "GET", "");
    plan.engine = Engine::General(General {
        proxy: Some(SecretUrl::new(server.url(""))),
        ..General::default()
    });
    clean(&recording(&plan), 8);
    assert_eq!(server.requests(), 8);
}

#[test]
fn the_general_engine_counts_failures_as_the_others_do() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let server = WebServer::start();
    let mut plan = plan(&server, "/reset", 8);
    plan.engine = Engine::General(General::default());
    assert_eq!(recording(&plan).requests.failed, 8);
    plan.targets[0] = target(&format!("http://127.0.0.1:{port}/"), "GET", "");
    let unreachable = run(&plan).expect_err("a closed port");
    assert_eq!(unreachable.kind, ErrorKind::Refused);
}

#[test]
fn a_name_can_be_given_an_address() {
    let server = WebServer::start();
    let port = server.address.port();
    let mut plan = plan(&server, "/", 8);
    plan.targets[0] = target(&format!("http://api.example.com:{port}/"), "GET", "");
    plan.resolve = vec![Resolve::parse(&format!("api.example.com:{port}:127.0.0.1")).expect("it")];
    clean(&recording(&plan), 8);
}

#[cfg(unix)]
#[test]
fn a_unix_socket_stands_for_any_host() {
    use std::io::{Read, Write};
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("server.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).is_ok_and(|length| length > 0) {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                }
            });
        }
    });
    let mut plan = Plan::new(target("http://any.example.com/", "GET", ""));
    plan.connections = 3;
    plan.extent = Extent::Requests(30);
    plan.unix_socket = Some(path);
    clean(&recording(&plan), 30);
}

#[test]
fn a_body_that_is_empty_in_some_requests_has_a_length_in_all() {
    for flags in [&[][..], &["--http2"], &["--cookies"]] {
        let sandbox = crate::sandbox::Sandbox::new();
        let server = if flags == ["--http2"] {
            WebServer::start_http2()
        } else {
            WebServer::start()
        };
        sandbox.write("rows.csv", "id,body\n1,\n2,GET / HTTP/1.1\n");
        for method in ["DELETE", "GET", "POST"] {
            let url = server.url("/bytes/1?id={{csv.id}}");
            let common = [
                "loadtest",
                &url,
                "-m",
                method,
                "-b",
                "{{csv.body}}",
                "--csv",
                "rows.csv",
                "--requests",
                "20",
                "-c",
                "1",
                "-q",
            ];
            sandbox.run(common.iter().chain(flags)).expect(0);
        }
        let seen = server.seen();
        assert_eq!(seen.len(), 60, "{flags:?}");
        for seen in seen {
            let wanted = ["", "GET / HTTP/1.1"][usize::from(seen.path.ends_with('2'))];
            assert_eq!(seen.body, wanted, "{flags:?} {seen:?}");
            if flags.is_empty() {
                assert_eq!(seen.header("content-length"), wanted.len().to_string());
            }
        }
    }
}
