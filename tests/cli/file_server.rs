//! A web server on a random port whose answers a test writes down, the bad ones too.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What is sent for a path.
pub(crate) enum Answer {
    /// Content type and body.
    Text(&'static str, String),
    /// A status line such as `404 Not Found`.
    Status(&'static str),
    Redirect(String),
    /// Nothing at all.
    Silence,
    /// A body that never ends, a byte at a time.
    Drip,
    /// A body that never ends, as fast as it is taken.
    Flood,
}

/// Answers until the test process ends.
pub(crate) struct FileServer {
    port: u16,
}

impl FileServer {
    pub(crate) fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answer = Arc::clone(&answer);
                std::thread::spawn(move || respond(stream, &*answer));
            }
        });
        Self { port }
    }

    /// Serves the files of a folder.
    pub(crate) fn of_folder(folder: PathBuf) -> Self {
        Self::start(
            move |path| match std::fs::read_to_string(folder.join(&path[1..])) {
                Ok(text) => Answer::Text("text/plain", text),
                Err(_) => Answer::Status("404 Not Found"),
            },
        )
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The output of a run without the port.
    pub(crate) fn masked(&self, text: &str) -> String {
        text.replace(&format!("127.0.0.1:{}", self.port), "server")
    }
}

fn respond(mut stream: TcpStream, answer: &dyn Fn(&str) -> Answer) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => request.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    let path = text.split(' ').nth(1).unwrap_or("/");
    let path = path.split('?').next().unwrap_or(path);
    let head = |status: &str, fields: &str| {
        format!("HTTP/1.1 {status}\r\nconnection: close\r\n{fields}\r\n")
    };
    // Whoever goes away early is what some tests are about.
    let _ = match answer(path) {
        Answer::Text(kind, body) => {
            let fields = format!("content-type: {kind}\r\ncontent-length: {}\r\n", body.len());
            stream.write_all(format!("{}{body}", head("200 OK", &fields)).as_bytes())
        }
        Answer::Status(status) => {
            stream.write_all(head(status, "content-length: 0\r\n").as_bytes())
        }
        Answer::Redirect(to) => {
            let fields = format!("location: {to}\r\ncontent-length: 0\r\n");
            stream.write_all(head("302 Found", &fields).as_bytes())
        }
        Answer::Silence => stream.read(&mut buffer).map(|_| ()),
        Answer::Drip => endless(stream, b"#", Duration::from_millis(20)),
        Answer::Flood => endless(stream, &vec![b'#'; 1 << 16], Duration::ZERO),
    };
}

fn endless(mut stream: TcpStream, bytes: &[u8], pause: Duration) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")?;
    loop {
        stream.write_all(bytes)?;
        std::thread::sleep(pause);
    }
}
