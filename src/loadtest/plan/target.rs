//! Whom a run asks and for what: one request, or several that are chosen by weight, each taken apart
//! and checked before anything is sent.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::{Aside, Filling};
use crate::redact::{SecretHeader, SecretUrl};
use crate::text::percent::percent_decoded;

/// What one side of a run asks for. With one request nothing is chosen; with several each turn takes
/// one of them by its weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// At least one.
    requests: Vec<Request>,
    aside: Option<Aside>,
}

/// One request, and how often it is sent beside the others of its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What reports and expectations call it.
    pub name: String,
    /// Its part of all requests, over the sum of the weights. From 1.
    pub weight: u32,
    /// Statuses that are no errors; empty where the run decides.
    pub accepted: Vec<RangeInclusive<u16>>,
    /// The URL as it was given, for reports; what is sent is made of address, path and headers.
    pub url: SecretUrl,
    pub address: Address,
    /// Path and query, as sent.
    pub path: String,
    pub method: String,
    /// In the order given, after those that the URL implies (user and password).
    pub headers: Vec<SecretHeader>,
    pub body: Arc<[u8]>,
    /// Whether the body is JSON.
    pub is_json: bool,
    /// What is filled in for each request; `None` when all are the same.
    pub filling: Option<Arc<Filling>>,
    /// Other requests that are sent in turn with this one and counted as it; they have none of
    /// their own.
    pub variants: Vec<Self>,
}

impl TargetFault {
    /// The same of another URL, as it was given.
    pub(super) fn with_url(self, url: &SecretUrl) -> Self {
        match self {
            Self::Url(_, reason) => Self::Url(url.to_string(), reason),
            Self::Scheme(_) => Self::Scheme(url.to_string()),
            Self::Host(_) => Self::Host(url.to_string()),
            other => other,
        }
    }
}

impl Target {
    /// Checks and takes apart one endpoint with one request. All faults, not the first.
    pub fn new(
        url: &SecretUrl,
        method: &str,
        headers: Vec<SecretHeader>,
        body: Vec<u8>,
    ) -> Result<Self, Vec<TargetFault>> {
        Ok(Self {
            requests: vec![Request::new(url, method, headers, body)?],
            aside: None,
        })
    }

    /// A target of these requests, unless there is none.
    pub fn of(requests: Vec<Request>) -> Option<Self> {
        (!requests.is_empty()).then_some(Self {
            requests,
            aside: None,
        })
    }

    /// The same with requests that go along and are counted apart, where there are some.
    pub fn with_aside(self, aside: Option<Aside>) -> Self {
        Self { aside, ..self }
    }

    pub const fn aside(&self) -> Option<&Aside> {
        self.aside.as_ref()
    }

    /// Every request that may be sent, in the order in which they are prepared: each with its
    /// variants, then what is counted apart.
    pub fn all(&self) -> impl Iterator<Item = &Request> {
        let counted = self.requests.iter();
        let aside = self.aside.iter().flat_map(Aside::requests);
        counted
            .flat_map(|request| std::iter::once(request).chain(&request.variants))
            .chain(aside)
    }

    /// At least one.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// The first request, which is the only one where nothing is chosen.
    pub fn first(&self) -> &Request {
        &self.requests[0]
    }

    /// Whether requests are chosen by weight or judged by their own statuses, and so counted one
    /// by one.
    pub fn is_mix(&self) -> bool {
        let first = &self.requests[0];
        self.requests.len() > 1
            || self.aside.is_some()
            || !first.variants.is_empty()
            || !first.accepted.is_empty()
    }
}

/// Where a URL points.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub scheme: Scheme,
    /// Without brackets.
    pub host: String,
    pub port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    /// As in a URL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Address {
    /// The value of the `Host` header.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        if self.port == self.scheme.default_port() {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }

    /// Whether the host is this machine or in a private network, as far as its text tells.
    pub fn is_near(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => {
                address.is_loopback() || address.is_private() || address.is_link_local()
            }
            Ok(IpAddr::V6(address)) => {
                address.is_loopback()
                    || address.is_unique_local()
                    || address.is_unicast_link_local()
            }
            Err(_) => self.host == "localhost" || self.host.ends_with(".localhost"),
        }
    }
}

/// Why text is no target. The URL in the text is already masked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetFault {
    #[error("`{0}` is not a URL: {1}")]
    Url(String, String),
    #[error("`{0}`: the scheme is not http or https")]
    Scheme(String),
    #[error("`{0}` names no host")]
    Host(String),
    #[error("`{0}` is not an HTTP method")]
    Method(String),
    #[error("the header name `{0}` holds a character that is not allowed")]
    HeaderName(String),
    #[error("the value of the header `{0}` holds a line break or another control character")]
    HeaderValue(String),
    #[error("the header `{0}` does not fit the body: leave it out, it is set for you")]
    Framing(String),
}

impl Request {
    /// The URL that is asked for: what is filled in is there, user and password are in a header.
    pub fn sent_url(&self) -> SecretUrl {
        let scheme = self.address.scheme.name();
        SecretUrl::new(format!(
            "{scheme}://{}{}",
            self.address.authority(),
            self.path
        ))
    }

    /// Checks and takes apart one request. Its name is its method and path, its weight 1. All
    /// faults, not the first.
    pub fn new(
        url: &SecretUrl,
        method: &str,
        headers: Vec<SecretHeader>,
        body: Vec<u8>,
    ) -> Result<Self, Vec<TargetFault>> {
        let mut faults = Vec::new();
        if !is_token(method) {
            faults.push(TargetFault::Method(method.to_owned()));
        }
        for header in &headers {
            if !is_token(&header.name) {
                faults.push(TargetFault::HeaderName(header.name.clone()));
            }
            if !is_field_value(header.expose()) {
                faults.push(TargetFault::HeaderValue(header.name.clone()));
            }
            if misframes(header, body.len()) {
                faults.push(TargetFault::Framing(header.name.clone()));
            }
        }
        let place = match Parsed::parse(url) {
            Ok(place) => Some(place),
            Err(fault) => {
                faults.push(fault);
                None
            }
        };
        match place {
            Some(place) if faults.is_empty() => Ok(Self {
                name: format!("{method} {}", name_of_path(url)),
                weight: 1,
                accepted: Vec::new(),
                url: url.clone(),
                address: place.address,
                path: place.path,
                method: method.to_owned(),
                headers: place.authorization.into_iter().chain(headers).collect(),
                is_json: is_json(&body),
                body: body.into(),
                filling: None,
                variants: Vec::new(),
            }),
            _ => Err(faults),
        }
    }
}

/// The path and query of a URL as it was given, its secrets masked.
pub(super) fn name_of_path(url: &SecretUrl) -> String {
    let shown = url.to_string();
    let rest = shown.split_once("://").map_or("", |(_, rest)| rest);
    let path = rest.find(['/', '?']).map_or("/", |at| &rest[at..]);
    path.split('#').next().unwrap_or(path).to_owned()
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

/// What a URL holds.
struct Parsed {
    address: Address,
    path: String,
    authorization: Option<SecretHeader>,
}

impl Parsed {
    fn parse(secret: &SecretUrl) -> Result<Self, TargetFault> {
        use base64::Engine as _;
        let shown = secret.to_string();
        let url = url::Url::parse(secret.expose()).map_err(|error| {
            let reason = match error {
                url::ParseError::RelativeUrlWithoutBase => {
                    "it begins with neither http:// nor https://".to_owned()
                }
                other => other.to_string(),
            };
            TargetFault::Url(shown.clone(), reason)
        })?;
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(TargetFault::Scheme(shown)),
        };
        let host = match url.host() {
            Some(url::Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(url::Host::Ipv4(address)) => address.to_string(),
            Some(url::Host::Ipv6(address)) => address.to_string(),
            _ => return Err(TargetFault::Host(shown)),
        };
        let authorization = (!url.username().is_empty() || url.password().is_some()).then(|| {
            let mut pair = percent_decoded(url.username());
            pair.push(b':');
            pair.extend(percent_decoded(url.password().unwrap_or_default()));
            let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
            SecretHeader::new("Authorization", format!("Basic {encoded}"))
        });
        let query = url.query().map(|query| format!("?{query}"));
        Ok(Self {
            address: Address {
                scheme,
                host,
                port: url.port().unwrap_or(scheme.default_port()),
            },
            path: url.path().to_owned() + &query.unwrap_or_default(),
            authorization,
        })
    }
}

/// Whether a header says something else about the body than what is sent.
fn misframes(header: &SecretHeader, length: usize) -> bool {
    header.name.eq_ignore_ascii_case("transfer-encoding")
        || (header.name.eq_ignore_ascii_case("content-length")
            && header.expose().trim() != length.to_string())
}

/// RFC 9110, 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// RFC 9110, 5.5: no control characters but tab.
fn is_field_value(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Request, Vec<TargetFault>> {
        Request::new(&SecretUrl::new(url), "GET", Vec::new(), Vec::new())
    }

    #[test]
    fn a_url_is_taken_apart() {
        for (url, authority, path) in [
            ("http://h", "h", "/"),
            ("http://h:80/a?b=c#d", "h", "/a?b=c"),
            ("https://h:8443/a%20b", "h:8443", "/a%20b"),
            ("https://[::1]/", "[::1]", "/"),
            ("http://[::1]:3000?x", "[::1]:3000", "/?x"),
        ] {
            let target = target(url).expect(url);
            assert_eq!(
                (target.address.authority().as_str(), target.path.as_str()),
                (authority, path)
            );
        }
    }

    #[test]
    fn user_and_password_become_a_header() {
        let target = target("http://user:p%40ss@h/").expect("a target");
        assert_eq!(target.headers[0].expose(), "Basic dXNlcjpwQHNz");
        assert!(!format!("{target:?}").contains("p%40ss"));
    }

    #[test]
    fn every_fault_is_named_without_secrets() {
        let headers = vec![
            SecretHeader::new("a b", "c"),
            SecretHeader::new("x", "s3cret\r\nInjected: 1"),
        ];
        let faults = Request::new(
            &SecretUrl::new("ftp://u:s3cret@h/"),
            "GE T",
            headers,
            Vec::new(),
        )
        .expect_err("faults");
        let text: Vec<String> = faults.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(text.join("\n"), @"
        `GE T` is not an HTTP method
        the header name `a b` holds a character that is not allowed
        the value of the header `x` holds a line break or another control character
        `ftp://u:***@h/`: the scheme is not http or https
        ");
        for url in ["::nonsense::", "http://", "h:80"] {
            assert!(target(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_request_is_called_by_method_and_path() {
        for (url, name) in [
            ("http://h", "GET /"),
            (
                "http://me:s3cret@h/a?token=s3cret&b=1#c",
                "GET /a?token=***&b=1",
            ),
            ("http://h?b=1", "GET ?b=1"),
        ] {
            assert_eq!(target(url).expect(url).name, name);
        }
    }
}
