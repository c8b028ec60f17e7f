//! The packages that generated projects need, installed once, and their servers.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// How long a server may take to its first answer on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// The folder `node_modules` of tests/e2e, installed in the build folder by the first test that asks.
pub fn modules() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e");
    let lock = std::fs::read(source.join("package-lock.json")).expect("the lock of tests/e2e");
    let hash = Sha256::digest(&lock);
    let digits = hash.iter().take(6).map(|byte| format!("{byte:02x}"));
    let name = digits.collect::<Vec<_>>().concat();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("e2e-{name}"));
    std::fs::create_dir_all(&folder).expect("a folder");
    // Other tests, also of other processes, wait for the installation.
    let guard = std::fs::File::create(folder.join("lock")).expect("a lock file");
    guard.lock().expect("the lock");
    let ready = folder.join("ready");
    if !ready.exists() {
        for file in ["package.json", "package-lock.json"] {
            std::fs::copy(source.join(file), folder.join(file)).expect("a copy");
        }
        let output = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .output()
            .expect("npm runs: Node 20 or later is needed");
        assert!(
            output.status.success(),
            "npm ci: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        std::fs::write(&ready, "").expect("a mark");
    }
    folder.join("node_modules")
}

/// Gives a generated project its packages.
pub fn link_modules(project: &Path) {
    let link = project.join("node_modules");
    #[cfg(unix)]
    std::os::unix::fs::symlink(modules(), link).expect("a link");
    #[cfg(windows)]
    std::os::windows::fs::symlink_dir(modules(), link).expect("a link");
}

/// Which compiler checks a project.
#[derive(Clone, Copy, Debug)]
pub enum TypeScript {
    Five,
    Seven,
}

/// Runs tsc in a project and fails with what it found.
#[track_caller]
pub fn compile(project: &Path, version: TypeScript, arguments: &[&str]) {
    let package = match version {
        TypeScript::Five => "typescript",
        TypeScript::Seven => "typescript-7",
    };
    let output = Command::new("node")
        .arg(project.join("node_modules").join(package).join("bin/tsc"))
        .args(arguments)
        .current_dir(project)
        .output()
        .expect("node runs");
    assert!(
        output.status.success(),
        "tsc ({version:?}) in {}:\n{}",
        project.display(),
        String::from_utf8_lossy(&output.stdout)
    );
}

/// A generated server on a free port; gone with the value.
pub struct Server {
    child: Child,
    port: u16,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Server {
    /// Starts dist/server.js of a built project.
    #[track_caller]
    pub fn start(project: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let mut child = Command::new("node")
            .arg("dist/server.js")
            .current_dir(project)
            .env("PORT", port.to_string())
            .env("HOST", "127.0.0.1")
            .env("LOG_LEVEL", "warn")
            .env("RATE_LIMIT_MAX", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("node runs");
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Ok(Some(status)) = child.try_wait() {
                let mut error = String::new();
                if let Some(mut stream) = child.stderr.take() {
                    stream.read_to_string(&mut error).ok();
                }
                panic!("the server ended with {status}: {error}");
            }
            assert!(start.elapsed() < PATIENCE, "the server does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { child, port }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// One request, with `Content-Type` when there is a body.
    #[track_caller]
    pub fn ask(&self, method: &str, target: &str, body: Option<(&str, &str)>) -> Answer {
        let mut request =
            format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
        if let Some((media_type, body)) = body {
            request += &format!(
                "Content-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        } else {
            request += "\r\n";
        }
        self.send(request.as_bytes())
    }

    /// A request as it goes over the wire; it must ask for the connection to be closed.
    #[track_caller]
    pub fn send(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.write_all(request).expect("a request");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("an answer");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|code| code.parse().ok());
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        Answer {
            status: status.expect("a status"),
            headers,
            body: body.to_owned(),
        }
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The envelope's code.
    #[track_caller]
    pub fn code(&self) -> String {
        let envelope = self.json();
        assert!(envelope["meta"]["requestId"].is_string(), "{}", self.body);
        envelope["error"]["code"]
            .as_str()
            .expect("a code")
            .to_owned()
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The fields that the envelope names.
    pub fn fields(&self) -> Vec<String> {
        let envelope = self.json();
        let details = envelope["error"]["details"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        details
            .iter()
            .filter_map(|detail| detail["field"].as_str().map(str::to_owned))
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
