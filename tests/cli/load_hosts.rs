//! Lists with several hosts, of which one stops answering.

#![cfg(target_os = "linux")]

use std::time::Duration;

use backsmith::loadtest::plan::{Extent, Mix, Pace, Plan, Target};
use backsmith::loadtest::runner;
use backsmith::loadtest::schedule::Schedule;

use crate::load_targets::request;
use crate::web_server::WebServer;

/// Serves each of `count` connections one answer and closes it. No connection after them is ever
/// made: the queue of those that wait is full.
fn host_that_dies(count: usize) -> std::net::SocketAddr {
    use std::io::{Read as _, Write as _};
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
    let socket = socket.expect("a socket");
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(&any.into()).expect("a port");
    socket.listen(count as i32).expect("a queue");
    let listener = std::net::TcpListener::from(socket);
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let served: Vec<std::net::TcpStream> = (0..count)
            .map(|_| listener.accept().expect("a connection").0)
            .collect();
        let patience = Duration::from_millis(200);
        let mut waiting = Vec::new();
        while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, patience) {
            waiting.push(stream);
        }
        let serving = served.into_iter().map(|mut stream| {
            std::thread::spawn(move || {
                let mut buffer = [0; 4_096];
                if stream.read(&mut buffer).is_ok_and(|length| length > 0) {
                    let _ = stream.write_all(
                        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                    );
                }
            })
        });
        for thread in serving.collect::<Vec<_>>() {
            let _ = thread.join();
        }
        // The queue stays full as long as the process lives.
        std::mem::forget((listener, waiting));
    });
    address
}

#[test]
fn a_host_that_dies_holds_up_its_own_requests_alone() {
    let server = WebServer::start();
    let dead = format!("http://{}/", host_that_dies(2));
    let target = || {
        let requests = vec![
            request(&server.url("/bytes/1"), "GET", 20),
            request(&dead, "GET", 1),
        ];
        Target::of(requests).expect("some")
    };
    // One request for each of the two connections to it, early on and one connection after the other.
    let wanted = |seed: &u64| {
        let mix = Mix::new(&target(), *seed);
        let asked: Vec<u64> = (0..60)
            .filter(|number| mix.choose(*number).row == 1)
            .collect();
        asked.len() == 2 && asked[1] < 12 && (asked[0] + asked[1]) % 2 == 1
    };
    let mut plan = Plan::new(target());
    plan.seed = (0..100_000).find(wanted).expect("a seed");
    plan.connections = 2;
    plan.pace = Pace::Open(Schedule::even(20.0).expect("a rate"));
    plan.extent = Extent::Time(Duration::from_secs(3));
    plan.timeout = Duration::from_secs(20);
    let outcome = runner::run(&plan, &|| false, &mut |_| {}).expect("reachable");
    let whole = &outcome.recordings[0];
    assert_eq!(whole.requests.due, Some(60));
    // At the worst one of the two connections waits for it; the other one does the rest, as far as
    // this machine lets it. If both waited, no more than the first twelve would be done.
    let done = whole.parts[0].requests.completed;
    assert!(done >= 24, "{done} of 58, {:?}", whole.requests);
}
