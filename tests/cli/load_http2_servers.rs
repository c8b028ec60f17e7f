//! The HTTP/2 path of `loadtest` against real servers: hyper's, and some that do what hyper would not.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use backsmith::loadtest::plan::{Engine, Extent, LimitWatch, Pace, Plan, Reuse, Target, Trust};
use backsmith::loadtest::recording::{ErrorKind, Recording};
use backsmith::loadtest::runner;
use backsmith::loadtest::schedule::Schedule;
use backsmith::redact::{SecretHeader, SecretUrl};

use crate::http2_frames::{frame, head, settings};
use crate::web_server::WebServer;

fn plan(url: &str, method: &str, body: Vec<u8>, requests: u64) -> Plan {
    let headers = vec![
        SecretHeader::new("X-Test", "ä ~\"{}"),
        SecretHeader::new("Connection", "keep-alive"),
        SecretHeader::new("TE", "trailers"),
    ];
    let target = Target::new(&SecretUrl::new(url), method, headers, body);
    let mut plan = Plan::new(target.expect("a target"));
    plan.engine = Engine::Http2;
    plan.trust = Trust::Insecure;
    plan.connections = 2;
    plan.extent = Extent::Requests(requests);
    plan.timeout = Duration::from_secs(20);
    plan
}

fn run(plan: &Plan) -> Recording {
    let outcome = runner::run(plan, &|| false, &mut |_| {}).expect("reachable");
    outcome.recordings.into_iter().next().expect("one")
}

#[track_caller]
fn clean(recording: &Recording, status: u16, requests: u64) {
    assert!(recording.errors.is_empty(), "{:?}", recording.errors);
    assert_eq!(recording.statuses.get(&status), Some(&requests));
    assert_eq!(recording.requests.completed, requests);
}

#[test]
fn large_bodies_go_both_ways() {
    for server in [WebServer::start_http2(), WebServer::start_http2_tls()] {
        let large = plan(&server.url("/bytes/10485760"), "GET", Vec::new(), 4);
        let recording = run(&large);
        clean(&recording, 200, 4);
        assert!(recording.bytes.received > 4 * 10_485_760);
        // Five times the window of hyper's server.
        let upload = plan(&server.url("/"), "POST", vec![b'x'; 5 << 20], 4);
        let recording = run(&upload);
        clean(&recording, 200, 4);
        assert!(recording.bytes.sent > 4 * (5 << 20));
        assert_eq!(recording.connections.opened, 2);
        let seen = server.seen();
        let posts: Vec<_> = seen.iter().filter(|seen| seen.method == "POST").collect();
        assert_eq!(posts.len(), 4);
        assert!(posts.iter().all(|seen| seen.body.len() == 5 << 20));
    }
}

#[test]
fn every_kind_of_answer_is_read() {
    let server = WebServer::start_http2();
    for (path, method, status) in [
        ("/bytes/9", "HEAD", 200),
        ("/status/204", "GET", 204),
        ("/status/304", "GET", 304),
        ("/status/500", "POST", 500),
        ("/trailers", "GET", 200),
        ("/slow", "GET", 200),
    ] {
        let recording = run(&plan(&server.url(path), method, Vec::new(), 6));
        clean(&recording, status, 6);
        assert_eq!(recording.connections.opened, 2, "{path}");
    }
}

#[test]
fn the_header_list_is_that_of_the_request() {
    let server = WebServer::start_http2();
    let port = server.address.port();
    let path = format!("http://user:pass@127.0.0.1:{port}/a/b?c=d%20e");
    clean(&run(&plan(&path, "PUT", b"{\"a\": 1}".to_vec(), 1)), 200, 1);
    let seen = server.seen();
    assert_eq!(
        (seen[0].method.as_str(), seen[0].path.as_str()),
        ("PUT", "/a/b?c=d%20e")
    );
    assert_eq!(seen[0].body, "{\"a\": 1}");
    let names: Vec<&str> = seen[0]
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "user-agent",
            "accept",
            "content-type",
            "content-length",
            "authorization",
            "x-test",
            "te",
        ]
    );
    assert_eq!(seen[0].header("x-test"), "ä ~\"{}");
    assert_eq!(seen[0].header("content-length"), "8");
}

#[test]
fn without_keep_alive_each_request_has_its_connection() {
    let server = WebServer::start_http2();
    let mut plan = plan(&server.url("/"), "GET", Vec::new(), 6);
    plan.reuse = Reuse::Never;
    let recording = run(&plan);
    clean(&recording, 200, 6);
    assert_eq!(server.connections(), 6);
    assert_eq!(recording.connections.closed_by_server, 0);
}

/// What a server of ours says to a request, and whether it closes the connection then.
type Script = dyn Fn(Asked) -> (Vec<u8>, bool) + Send + Sync;

#[derive(Clone, Copy)]
struct Asked {
    stream: u32,
    /// From 1, of the connection.
    number: u32,
    /// Acknowledged pings and the start of a request are told as well.
    event: Event,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    /// The head of a request that goes on.
    Head,
    Request,
    Pong,
}

/// Serves until the test ends.
fn start(script: impl Fn(Asked) -> (Vec<u8>, bool) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let script: Arc<Script> = Arc::new(script);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let script = Arc::clone(&script);
            std::thread::spawn(move || serve(stream, &*script));
        }
    });
    address
}

fn serve(mut stream: TcpStream, script: &Script) -> Option<()> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).ok()?;
    stream.write_all(&settings(&[])).ok()?;
    let mut number = 0;
    loop {
        let mut start = [0; 9];
        stream.read_exact(&mut start).ok()?;
        let length = u32::from_be_bytes([0, start[0], start[1], start[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).ok()?;
        let ends = start[4] & 1 != 0;
        number += u32::from(start[3] == 1);
        let event = match (start[3], ends) {
            (0 | 1, true) => Event::Request,
            (1, false) => Event::Head,
            (6, true) => Event::Pong,
            _ => continue,
        };
        let asked = Asked {
            stream: u32::from_be_bytes([start[5], start[6], start[7], start[8]]),
            number,
            event,
        };
        let (bytes, closes) = script(asked);
        stream.write_all(&bytes).ok()?;
        if closes {
            let _ = stream.shutdown(std::net::Shutdown::Write);
            // Until the client is gone, so that nothing is lost by a reset.
            let _ = stream.read_to_end(&mut Vec::new());
            return None;
        }
    }
}

fn answer(stream: u32, status: u16) -> Vec<u8> {
    frame(1, 5, stream, &head(status, &[("content-length", "0")]))
}

fn goaway(last: u32, code: u32) -> Vec<u8> {
    frame(7, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat())
}

#[test]
fn a_goaway_ends_a_connection_behind_its_answer() {
    let address = start(|asked| {
        let last = asked.number == 3;
        let farewell = if last {
            goaway(asked.stream, 0)
        } else {
            Vec::new()
        };
        ([farewell, answer(asked.stream, 200)].concat(), last)
    });
    let recording = run(&plan(&format!("http://{address}/"), "GET", Vec::new(), 30));
    clean(&recording, 200, 30);
    assert_eq!(recording.requests.retried, 0);
    assert!(recording.connections.closed_by_server >= 9);
}

#[test]
fn a_request_that_the_server_did_not_look_at_is_sent_again() {
    for farewell in [&goaway(3, 0)[..], b""] {
        let farewell = farewell.to_vec();
        let address = start(move |asked| match asked.number {
            3 => (farewell.clone(), true),
            _ => (answer(asked.stream, 200), false),
        });
        let recording = run(&plan(&format!("http://{address}/"), "GET", Vec::new(), 20));
        clean(&recording, 200, 20);
        assert!(recording.requests.retried >= 8, "{:?}", recording.requests);
    }
}

#[test]
fn a_reset_stream_is_an_error_and_the_connection_goes_on() {
    for (code, words) in [
        (7, "REFUSED_STREAM"),
        (2, "INTERNAL_ERROR"),
        (0x77, "error 0x77"),
    ] {
        let address = start(move |asked| (frame(3, 0, asked.stream, &[0, 0, 0, code]), false));
        let recording = run(&plan(&format!("http://{address}/"), "GET", Vec::new(), 10));
        let tally = &recording.errors[&ErrorKind::Reset];
        assert_eq!(tally.count, 10);
        assert_eq!(tally.first, format!("the server reset the stream: {words}"));
        assert_eq!(recording.connections.opened, 2);
        assert_eq!(recording.requests.retried, 0);
    }
}

#[test]
fn a_fault_of_the_server_is_named() {
    type Answer = fn(u32) -> Vec<u8>;
    let cases: [(Answer, ErrorKind, &str); 4] = [
        (
            |stream| frame(1, 5, stream, &[0xff, 0xff]),
            ErrorKind::Protocol,
            "the server broke a rule of HTTP/2: the block ends inside of a field",
        ),
        (
            |stream| frame(1, 5, stream, &head(200, &[("Upper", "1")])),
            ErrorKind::Protocol,
            "the answer is malformed: a header name holds a character that is not allowed",
        ),
        (
            |_| goaway(0, 0xb),
            ErrorKind::Protocol,
            "the server ended the connection: ENHANCE_YOUR_CALM",
        ),
        (
            |stream| frame(1, 4, stream, &head(200, &[])),
            ErrorKind::Closed,
            "the server closed the connection in the middle of an answer",
        ),
    ];
    for (say, kind, words) in cases {
        let address = start(move |asked| (say(asked.stream), true));
        let recording = run(&plan(&format!("http://{address}/"), "GET", Vec::new(), 6));
        assert_eq!(recording.requests.failed, 6, "{words}");
        let tally = recording.errors.get(&kind);
        assert_eq!(tally.map(|tally| tally.first.as_str()), Some(words));
    }
    let server = WebServer::start();
    let recording = run(&plan(&server.url("/"), "GET", Vec::new(), 4));
    let tally = &recording.errors[&ErrorKind::Protocol];
    assert_eq!(tally.first, "the server does not speak HTTP/2 on this port");
}

#[test]
fn an_answer_that_comes_before_the_request_is_out_counts() {
    // The body is never taken in: no window grows.
    let address = start(|asked| match asked.event {
        Event::Head => {
            let end = frame(3, 0, asked.stream, &[0; 4]);
            ([answer(asked.stream, 413), end].concat(), false)
        }
        _ => (Vec::new(), false),
    });
    // The window of the connection has room for one beginning of a body each time it is new.
    let body = vec![b'x'; 1 << 20];
    let mut plan = plan(&format!("http://{address}/"), "POST", body, 2);
    plan.connections = 2;
    let recording = run(&plan);
    clean(&recording, 413, 2);
    assert!(recording.bytes.sent < 1 << 20);
}

#[test]
fn a_stream_that_times_out_leaves_the_connection() {
    let address = start(|asked| {
        if asked.number == 1 {
            return (Vec::new(), false);
        }
        // The first stream is answered when nobody waits for it any more.
        let late = if asked.number == 2 {
            answer(1, 500)
        } else {
            Vec::new()
        };
        ([late, answer(asked.stream, 200)].concat(), false)
    });
    let mut plan = plan(&format!("http://{address}/"), "GET", Vec::new(), 10);
    plan.timeout = Duration::from_millis(300);
    let recording = run(&plan);
    assert_eq!(recording.errors[&ErrorKind::Timeout].count, 2);
    assert_eq!(recording.statuses.get(&200), Some(&8));
    assert_eq!(recording.connections.opened, 2);
}

#[test]
fn a_connection_that_waits_is_looked_after() {
    // After the answer a ping; who answers it without another request is sent away.
    let address = start(|asked| match asked.event {
        Event::Request => {
            let ping = frame(6, 0, 0, b"12345678");
            ([answer(asked.stream, 200), ping].concat(), false)
        }
        _ => (goaway(1, 0), true),
    });
    let mut plan = plan(&format!("http://{address}/"), "GET", Vec::new(), 1);
    plan.connections = 1;
    plan.pace = Pace::Open(Schedule::even(0.5).expect("a rate"));
    plan.extent = Extent::Time(Duration::from_secs(2));
    let recording = run(&plan);
    clean(&recording, 200, 1);
    assert_eq!(recording.requests.retried, 0);
    assert_eq!(recording.connections.closed_by_server, 1);
}

#[test]
fn a_rate_limit_is_asked_again_in_the_same_language() {
    let requests = AtomicU64::new(0);
    let address = start(move |asked| {
        if asked.event != Event::Request {
            return (Vec::new(), false);
        }
        let limited = requests.fetch_add(1, Ordering::Relaxed) < 4;
        (answer(asked.stream, if limited { 429 } else { 200 }), false)
    });
    let url = format!("http://{address}/");
    let mut plan = plan(&url, "POST", b"{}".to_vec(), 4);
    plan.limit_watch = LimitWatch::On {
        recovery_requests: 3,
    };
    let recording = run(&plan);
    clean(&recording, 429, 4);
    let recovery = recording.rate_limit.expect("watched").recovery;
    let recovery = recovery.expect("asked again");
    assert_eq!((recovery.sent, recovery.allowed), (3, 3));
}
