//! Where a load begins and ends, and what is too much of it: figures that are whole at both ends, and
//! numbers that no machine carries.

use std::time::Duration;

use backsmith::loadtest::plan::{Engine, General, Reuse, Trust};
use serde_json::Value;

use crate::load_engine::{plan, recording, run, target};
use crate::loadtest::json;
use crate::sandbox::Sandbox;
use crate::web_server::WebServer;

#[test]
fn after_a_warm_up_as_many_requests_count_as_were_asked_for() {
    let server = WebServer::start_tls();
    for _ in 0..3 {
        // Most connections are in their handshake when the warm-up ends.
        let mut plan = plan(&server, "/", 12);
        plan.trust = Trust::Insecure;
        plan.reuse = Reuse::Never;
        plan.warmup = Duration::from_millis(100);
        let recording = recording(&plan);
        assert!(recording.warmup.completed > 0);
        assert_eq!(recording.requests.sent, 12);
    }
}

#[test]
fn a_run_without_an_answer_took_its_time_all_the_same() {
    let server = WebServer::start();
    let mut plan = plan(&server, "/hang", 4);
    plan.timeout = Duration::from_millis(150);
    let outcome = run(&plan).expect("reachable");
    assert_eq!(outcome.recordings[0].requests.failed, 4);
    assert!(outcome.elapsed >= plan.timeout, "{:?}", outcome.elapsed);
}

#[test]
fn a_thread_without_an_answer_does_not_name_the_protocol() {
    let (plain, tls) = (WebServer::start_http2(), WebServer::start_http2_tls());
    // The general engine is one of HTTP/1.1 until an answer shows another protocol.
    for (server, engine) in [
        (&plain, Engine::Http2),
        (&tls, Engine::General(General::default())),
    ] {
        for _ in 0..4 {
            let mut plan = plan(server, "/", 1);
            plan.engine = engine.clone();
            plan.trust = Trust::Insecure;
            plan.threads = 4;
            assert_eq!(recording(&plan).protocol, "HTTP/2", "{engine:?}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_address_that_does_not_answer_leaves_time_for_the_next() {
    use std::net::{SocketAddr, TcpStream};

    use backsmith::loadtest::plan::Resolve;
    use socket2::{Domain, Socket, Type};

    let server = WebServer::start();
    let url = server.url("/").replace("127.0.0.1", "two.example");
    let port = server.address.port();
    // A queue for one connection that nobody takes: the system answers no further one.
    let silent: SocketAddr = ([127, 0, 0, 2], port).into();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&silent.into()).expect("a place");
    socket.listen(0).expect("a queue");
    let brief = Duration::from_millis(100);
    let waiting: Vec<TcpStream> =
        std::iter::repeat_with(|| TcpStream::connect_timeout(&silent, brief))
            .map_while(Result::ok)
            .collect();
    assert!(waiting.len() < 10, "the queue takes {}", waiting.len());
    let mut plan = plan(&server, "/", 8);
    plan.targets[0] = target(&url, "GET", "");
    plan.timeout = Duration::from_millis(800);
    plan.resolve = ["127.0.0.2", "127.0.0.1"]
        .map(|address| Resolve {
            host: "two.example".to_owned(),
            port,
            address: address.parse().expect("an address"),
        })
        .into();
    assert_eq!(recording(&plan).requests.completed, 8);
}

#[test]
fn two_endpoints_have_their_turns_of_a_number_of_requests_too() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let (a, b) = (server.url("/"), server.url("/users"));
    let flags = [&a, &b, "--compare", "--requests", "40"];
    let run = sandbox.run([&["loadtest"], &flags[..]].concat()).expect(2);
    assert!(run.stderr.contains("needs a `--rate`"), "{}", run.stderr);
    // Half a second of both, so that each has its turns in it.
    let flags = [&flags[..], &["--rate", "160", "--margin", "900"]].concat();
    let report = json(&sandbox, &flags, 0);
    for result in report["results"].as_array().expect("two") {
        assert_eq!(result["requests"]["due"], 40);
        assert!(result["requests"]["completed"].as_u64() > Some(0));
    }
}

#[test]
fn what_no_machine_carries_is_refused_before_it_is_tried() {
    let sandbox = Sandbox::new();
    for (flags, text) in [
        (
            vec!["-c", "1000000000000"],
            "`--concurrency` is 1,000,000,000,000",
        ),
        (vec!["-c", "4294967296", "--rate", "1"], "at most 200,000"),
        (
            vec!["-c", "100000", "--threads", "5000"],
            "`--threads` is 5,000, and one machine takes at most 1,024",
        ),
    ] {
        let common = ["loadtest", "http://127.0.0.1:9/"];
        let run = sandbox.run(common.iter().chain(&flags)).expect(2);
        assert!(run.stderr.contains(text), "{}", run.stderr);
    }
    // Of a load that ten machines share each has its part.
    let flags = [
        "-c",
        "300000",
        "--shard",
        "1/10",
        "--requests",
        "1",
        "--stages",
        "x",
    ];
    let common = ["loadtest", "http://127.0.0.1:9/"];
    let run = sandbox.run(common.iter().chain(&flags)).expect(2);
    assert!(!run.stderr.contains("200,000"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn the_limit_of_open_files_is_raised_as_far_as_it_goes() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let line = format!(
        "ulimit -S -n 64; exec {} loadtest {} -c 100 --requests 300 --json -q",
        env!("CARGO_BIN_EXE_backsmith"),
        server.url("/")
    );
    let report = crate::sandbox::Run::of(&mut sandbox.shell(&line))
        .expect(0)
        .json();
    assert_eq!(report["results"][0]["connections"]["failed"], 0);
    assert_eq!(report["results"][0]["requests"]["completed"], 300);
}

#[test]
fn whole_runs_add_up_with_all_that_was_asked_of_them() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/");
    let mut warmed = 0;
    for file in ["part1.json", "part2.json"] {
        let report = json(&sandbox, &[&url, "--requests", "30", "--warmup", "50ms"], 0);
        warmed += report["results"][0]["warmup"]["completed"]
            .as_u64()
            .unwrap_or(0);
        sandbox.write(file, report.to_string());
    }
    let merged = crate::loadtest::merged(&sandbox, &[]);
    assert_eq!(merged["load"]["requests"], 60);
    assert_eq!(merged["load"]["concurrency"], 4);
    assert_eq!(
        merged["results"][0]["warmup"]["completed"].as_u64(),
        Some(warmed)
    );
    let merge = ["loadtest", "--merge", "part1.json", "part2.json"];
    let said = |flags: &[&str]| sandbox.run(merge.iter().chain(flags)).expect(2).stderr;
    let said_of_limits = said(&["--expect-rate-limit"]);
    assert!(
        said_of_limits.contains("which reports do not hold"),
        "{said_of_limits}"
    );
    let said_of_files = said(&["no-part.json", "--compare", "no-baseline.json"]);
    for file in ["no-part.json", "no-baseline.json"] {
        assert!(said_of_files.contains(file), "{said_of_files}");
    }
    // A sum is warned of another machine as a run is.
    let mut other: Value = serde_json::from_str(&sandbox.read("part1.json")).expect("JSON");
    other["machine"]["cores"] = 999.into();
    sandbox.write("before.json", other.to_string());
    let run = sandbox.run(
        merge
            .iter()
            .chain(&["--compare", "before.json", "--margin", "900"]),
    );
    assert!(
        run.transcript()
            .contains("comes from another machine (999 cores"),
        "{}",
        run.transcript()
    );
}

#[test]
fn the_pace_of_one_shard_of_many_is_no_stall() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/");
    // One request each 400 ms is its part.
    let flags = [url.as_str(), "--rate", "50", "--shard", "3/20", "-d", "2"];
    let report = json(&sandbox, &flags, 0);
    assert_eq!(report["results"][0]["requests"]["due"], 5);
    assert_eq!(report["results"][0]["stalls"], Value::Array(Vec::new()));
}
