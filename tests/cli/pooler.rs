//! A connection pooler in transaction mode, as small as one can be: every client's transactions go
//! through one session of the server. What a client sets is there for all others.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};

const PROTOCOL: i32 = 196_608;
const SSL_REQUEST: i32 = 80_877_103;

/// The session of the server, and what it said of itself at its start.
struct Upstream {
    stream: UnixStream,
    greeting: Vec<u8>,
}

/// Starts a pooler in front of a database on a Unix socket; returns its URL.
pub fn start(url: &str) -> String {
    let parsed = url::Url::parse(url).expect("a URL");
    let value = |name: &str| {
        let mut pairs = parsed.query_pairs();
        let (_, value) = pairs.find(|(key, _)| key == name).expect("a parameter");
        value.into_owned()
    };
    let port = parsed
        .query_pairs()
        .find(|(key, _)| key == "port")
        .map_or_else(
            || parsed.port().unwrap_or(5432).to_string(),
            |(_, port)| port.into_owned(),
        );
    let database = parsed.path().trim_start_matches('/').to_owned();
    let socket = format!("{}/.s.PGSQL.{port}", value("host"));
    let upstream = Upstream::open(&socket, &value("user"), &database).expect("a server");
    let upstream = Arc::new(Mutex::new(upstream));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let upstream = Arc::clone(&upstream);
            // A client that goes away ends its own thread only.
            std::thread::spawn(move || serve(client, &upstream));
        }
    });
    format!("postgres://postgres:s3cret@{address}/{database}")
}

impl Upstream {
    fn open(socket: &str, user: &str, database: &str) -> io::Result<Self> {
        let mut stream = UnixStream::connect(socket)?;
        let mut body = PROTOCOL.to_be_bytes().to_vec();
        for text in ["user", user, "database", database, ""] {
            body.extend(text.as_bytes());
            body.push(0);
        }
        stream.write_all(&(body.len() as i32 + 4).to_be_bytes())?;
        stream.write_all(&body)?;
        let mut greeting = Vec::new();
        loop {
            let (kind, message) = message(&mut stream)?;
            greeting.extend(&message);
            if kind == b'Z' {
                return Ok(Self { stream, greeting });
            }
        }
    }
}

/// One message with its head.
fn message(stream: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    let length = i32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let mut message = head.to_vec();
    message.resize(1 + length, 0);
    stream.read_exact(&mut message[5..])?;
    Ok((head[0], message))
}

fn serve(mut client: TcpStream, upstream: &Mutex<Upstream>) -> io::Result<()> {
    loop {
        let mut head = [0; 8];
        client.read_exact(&mut head)?;
        let length = i32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let mut rest = vec![0; length - 8];
        client.read_exact(&mut rest)?;
        if i32::from_be_bytes([head[4], head[5], head[6], head[7]]) != SSL_REQUEST {
            break;
        }
        client.write_all(b"N")?;
    }
    let greeting = upstream.lock().expect("a session").greeting.clone();
    client.write_all(&greeting)?;
    loop {
        let (mut kind, mut next) = message(&mut client)?;
        // From the first message of a transaction to its end the session is this client's.
        let mut session = upstream.lock().expect("a session");
        loop {
            if kind == b'X' {
                return Ok(());
            }
            session.stream.write_all(&next)?;
            if (kind == b'Q' || kind == b'S') && answer(&mut session.stream, &mut client)? {
                break;
            }
            (kind, next) = message(&mut client)?;
        }
    }
}

/// Hands on an answer; tells whether no transaction is open behind it.
fn answer(server: &mut UnixStream, client: &mut TcpStream) -> io::Result<bool> {
    loop {
        let (kind, message) = message(server)?;
        client.write_all(&message)?;
        if kind == b'Z' {
            return Ok(message[5] == b'I');
        }
    }
}
