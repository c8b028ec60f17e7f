//! A load as what another program runs: an Indexed Job of Kubernetes, a script of k6. Text only;
//! nothing is sent, and what may be a secret is named and never written.

pub mod k6;
pub mod kubernetes;

use std::net::IpAddr;
use std::time::Duration;

use crate::loadtest::assessment::{Asked, Load};
use crate::redact::{SecretHeader, SecretUrl};

/// Everything that travels.
#[derive(Clone, Debug)]
pub struct Recipe {
    pub url: SecretUrl,
    pub method: String,
    pub headers: Vec<SecretHeader>,
    pub body: Option<Vec<u8>>,
    pub load: Load,
    pub asked: Asked,
    pub http2: bool,
    pub insecure: bool,
    pub no_keep_alive: bool,
    pub cookies: bool,
    pub compressed: bool,
    pub redirects: usize,
    /// (host, port, address).
    pub resolve: Vec<(String, u16, IpAddr)>,
    pub yes: bool,
    pub strict: bool,
    /// As it was given.
    pub start_at: Option<String>,
    /// Pods.
    pub shards: u32,
    pub image: String,
}

/// Headers whose values say nothing of who asks.
const PLAIN_HEADERS: [&str; 6] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-type",
    "user-agent",
];

/// Words of a body that holds a secret.
const SECRET_WORDS: [&str; 8] = [
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "credential",
    "private",
];

impl Recipe {
    /// Whether the URL holds a password or another secret.
    fn has_secret_url(&self) -> bool {
        self.url.to_string() != self.url.expose()
    }

    fn has_secret_body(&self) -> bool {
        let body = self.body.as_deref().unwrap_or_default();
        let text = String::from_utf8_lossy(body).to_ascii_lowercase();
        SECRET_WORDS.iter().any(|word| text.contains(word))
    }

    /// Each header with the name of the variable that holds its value, unless it is plain.
    fn headers(&self) -> Vec<(&SecretHeader, Option<String>)> {
        let mut taken: Vec<String> = Vec::new();
        let mut headers = Vec::new();
        for header in &self.headers {
            if PLAIN_HEADERS
                .iter()
                .any(|plain| header.name.eq_ignore_ascii_case(plain))
            {
                headers.push((header, None));
                continue;
            }
            let upper = |c: char| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_uppercase()
                } else {
                    '_'
                }
            };
            let base: String = "HEADER_"
                .chars()
                .chain(header.name.chars().map(upper))
                .collect();
            let mut name = base.clone();
            let mut number = 2;
            while taken.contains(&name) {
                name = format!("{base}_{number}");
                number += 1;
            }
            taken.push(name.clone());
            headers.push((header, Some(name)));
        }
        headers
    }
}

/// A quoted string, in the form that YAML and JavaScript share with JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `30s`, `1500ms`: as this program and k6 read times.
fn time(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    if milliseconds.is_multiple_of(1_000) {
        format!("{}s", milliseconds / 1_000)
    } else {
        format!("{milliseconds}ms")
    }
}
