//! `loadtest --find-capacity` against servers whose capacity is known.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::loadtest::{json as report, valid};
use crate::markup::is_one_safe_page;
use crate::sandbox::Sandbox;
use crate::web_server::WebServer;

/// Serves as many requests at a time as it has workers, each in the same time; the others wait.
struct Workers {
    address: SocketAddr,
}

impl Workers {
    fn start(workers: usize, service: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let free = Arc::new((Mutex::new(workers), Condvar::new()));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let free = Arc::clone(&free);
                std::thread::spawn(move || serve(stream, &free, service));
            }
        });
        Self { address }
    }
}

fn serve(mut stream: TcpStream, free: &(Mutex<usize>, Condvar), service: Duration) {
    let _ = stream.set_nodelay(true);
    let mut buffer = [0; 4096];
    // The requests of these tests have no body and come one at a time.
    while let Ok(1..) = stream.read(&mut buffer) {
        let mut workers = free.0.lock().expect("a lock");
        while *workers == 0 {
            workers = free.1.wait(workers).expect("a lock");
        }
        *workers -= 1;
        drop(workers);
        std::thread::sleep(service);
        *free.0.lock().expect("a lock") += 1;
        free.1.notify_one();
        if stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .is_err()
        {
            return;
        }
    }
}

#[test]
fn the_capacity_of_a_server_of_four_workers_is_found() {
    let sandbox = Sandbox::new();
    // So slow that what a busy machine adds to each request is a small part of it.
    let server = Workers::start(4, Duration::from_millis(100));
    let url = format!("http://{}/", server.address);
    let run = sandbox.run([
        "loadtest",
        &url,
        "--find-capacity",
        "-d",
        "1",
        "-c",
        "64",
        "--expect",
        "p99<2s",
        "--json",
        "--report",
        "report.md",
    ]);
    let run = run.expect(0);
    assert!(
        run.stderr.contains("step 1 of at most 16"),
        "{}",
        run.stderr
    );
    let found = run.json();
    valid(&found);
    let capacity = &found["capacity"];
    // 4 / 100 ms: what a busy machine takes away makes it less. What is under way at the end of a step
    // of a second is no shortfall, so a little more holds as well.
    let highest = capacity["highest_rate"].as_f64().expect("a rate");
    assert!((10.0..=50.0).contains(&highest), "{capacity:#}");
    assert!(
        capacity["breaks_at"].as_f64() > Some(highest),
        "{capacity:#}"
    );
    assert_eq!(capacity["limit"], "server", "{capacity:#}");
    let workers = capacity["scaling"]["parallelism"]
        .as_f64()
        .expect("a number");
    assert!((2.5..=6.5).contains(&workers), "{capacity:#}");
    let steps = capacity["steps"].as_array().expect("steps");
    assert!((2..=16).contains(&steps.len()), "{capacity:#}");
    let rates: Vec<f64> = steps
        .iter()
        .filter_map(|step| step["asked_rate"].as_f64())
        .collect();
    assert_eq!(rates.len(), steps.len());
    assert!(rates.is_sorted(), "{rates:?}");
    // The rest of the document is the highest step that held.
    assert_eq!(found["load"]["rate"], highest);
    assert_eq!(found["expectations"][0]["met"], true);
    let markdown = sandbox.read("report.md");
    for text in [
        "## holds ",
        "| asked | reached |",
        "**scaling**",
        "Plan for",
    ] {
        assert!(markdown.contains(text), "{text}: {markdown}");
    }
    // Where latency is as high from the first step on, none is before its rise.
    let has_knee = capacity["knee_rate"].is_number();
    assert_eq!(markdown.contains("**knee**"), has_knee, "{markdown}");
}

#[test]
fn busy_connections_are_no_limit_of_the_server() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/delay/200");
    let flags = ["loadtest", &url, "--find-capacity", "-d", "1", "-c", "2"];
    let paged = flags.into_iter().chain(["--report", "page.html"]);
    let run = sandbox.run(paged).expect(0);
    let page = sandbox.read("page.html");
    is_one_safe_page(&page);
    assert!(page.contains("id=\"capacity\"") && page.contains("Limit: all 2 connections"));
    assert!(
        run.stdout.contains("all 2 connections were busy"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("`--concurrency` shows what"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("p99 < 1,000 ms"), "{}", run.stdout);
    // A floor of the rate is asked of the result.
    let more = flags.into_iter().chain(["--expect", "rps>=1000", "--json"]);
    let found = sandbox.run(more).expect(1).json();
    assert_eq!(found["verdict"], "failed");
    assert_eq!(
        found["capacity"]["limit"], "connections",
        "{:#}",
        found["capacity"]
    );
    assert!(found["capacity"]["highest_rate"].is_number());
}

#[test]
fn a_server_that_never_holds_fails() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/delay/300");
    let flags = [&url, "--find-capacity", "-d", "1", "--expect", "max<1ms"];
    let command: Vec<&str> = ["loadtest", "-c", "1", "--json"]
        .into_iter()
        .chain(flags.map(|flag| flag as &str))
        .collect();
    let found = sandbox.run(command).expect(1).json();
    valid(&found);
    assert_eq!(found["verdict"], "failed");
    assert!(found["capacity"]["highest_rate"].is_null());
    assert_eq!(found["capacity"]["broke"], "max<1ms");
}

#[test]
fn a_search_is_checked_before_anything_is_sent() {
    let sandbox = Sandbox::new();
    let here = "http://127.0.0.1:9/";
    for (flags, code, text) in [
        (vec![here, "--rate", "5"], 2, "cannot be used"),
        (vec![here, "-d", "500ms"], 2, "at least 1s"),
        (vec!["http://198.51.100.7/", "-c", "2000"], 3, "--yes"),
        (vec![here, "-d", "1"], 4, "nothing answers"),
    ] {
        let common = ["loadtest", "--find-capacity"];
        let run = sandbox.run(common.iter().chain(&flags)).expect(code);
        assert!(run.stderr.contains(text), "{flags:?}: {}", run.stderr);
    }
    // Nothing of a search is left in other reports.
    let server = WebServer::start();
    let plain = report(&sandbox, &[&server.url("/"), "--requests", "5"], 0);
    assert!(plain["capacity"].is_null());
}
