//! A load as what another program runs: an Indexed Job of Kubernetes, a script of k6. Text only;
//! nothing is sent, and what may be a secret is named and never written.

pub mod k6;
pub mod kubernetes;

use std::time::{Duration, SystemTime};

use crate::loadtest::assessment::{Asked, Load};
use crate::loadtest::plan::Resolve;
use crate::redact::{SecretHeader, SecretUrl};

/// Everything that travels.
#[derive(Clone, Debug)]
pub struct Recipe {
    pub url: SecretUrl,
    /// Whether the URL is https.
    pub is_encrypted: bool,
    pub method: String,
    pub headers: Vec<SecretHeader>,
    /// Its text is never written: nobody can tell what is a secret in it.
    pub body: Option<BodyForm>,
    /// When the user says how many.
    pub threads: Option<usize>,
    pub load: Load,
    pub asked: Asked,
    pub http2: bool,
    pub insecure: bool,
    pub no_keep_alive: bool,
    pub cookies: bool,
    pub compressed: bool,
    pub redirects: usize,
    pub resolve: Vec<Resolve>,
    pub yes: bool,
    pub strict: bool,
    pub start_at: Option<SystemTime>,
    /// When this is written down: those who wait for the start wait from then on.
    pub written_at: SystemTime,
    /// Pods.
    pub shards: u32,
    pub image: String,
}

/// What a body is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyForm {
    Text,
    Binary,
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

impl Recipe {
    /// Whether the URL holds a password or another secret.
    fn has_secret_url(&self) -> bool {
        self.url.to_string() != self.url.expose()
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
