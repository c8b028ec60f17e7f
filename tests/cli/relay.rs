//! A relay in front of a server that leaves one connection without an answer: the first that is
//! opened after a statement with a given word has gone through.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the statement was seen, and whether the connection after it is waiting.
#[derive(Default)]
pub struct State {
    seen: AtomicBool,
    holding: AtomicBool,
}

impl State {
    pub fn is_holding(&self) -> bool {
        self.holding.load(Ordering::SeqCst)
    }
}

/// Starts it in front of a database on a Unix socket; returns the URL that leads through it.
pub fn start(url: &str, word: &'static str) -> (String, Arc<State>) {
    let parsed = url::Url::parse(url).expect("a URL");
    let value = |name: &str| {
        let mut pairs = parsed.query_pairs();
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    let port = value("port")
        .or_else(|| parsed.port().map(|port| port.to_string()))
        .unwrap_or_else(|| "5432".to_owned());
    let socket = format!("{}/.s.PGSQL.{port}", value("host").expect("a folder"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let state = Arc::new(State::default());
    let shared = Arc::clone(&state);
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for client in listener.incoming().flatten() {
            if shared.seen.load(Ordering::SeqCst) && !shared.holding.swap(true, Ordering::SeqCst) {
                held.push(client);
                continue;
            }
            let server = UnixStream::connect(&socket).expect("a server");
            // A side that goes away ends its own threads only.
            let _ = relay(client, server, word, Arc::clone(&shared));
        }
    });
    let database = parsed.path().trim_start_matches('/');
    let url = format!("postgres://postgres@{address}/{database}?sslmode=disable&connect_timeout=0");
    (url, state)
}

fn relay(
    mut client: TcpStream,
    mut server: UnixStream,
    word: &'static str,
    state: Arc<State>,
) -> io::Result<()> {
    let (mut answers, mut back) = (server.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || {
        let _ = io::copy(&mut answers, &mut back);
        let _ = back.shutdown(std::net::Shutdown::Both);
    });
    std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length) = client.read(&mut buffer) {
            let sent = &buffer[..length];
            if sent.windows(word.len()).any(|part| part == word.as_bytes()) {
                state.seen.store(true, Ordering::SeqCst);
            }
            if length == 0 || server.write_all(sent).is_err() {
                break;
            }
        }
        let _ = server.shutdown(std::net::Shutdown::Both);
    });
    Ok(())
}
