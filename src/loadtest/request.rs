//! The bytes of a request, built once for the whole run. Pure: a request in, bytes out.

use super::http1::Expects;
use super::plan::Filling;
use super::plan::{Request, Reuse};
use super::template::{Needs, Template, Values};

/// What is sent when the user names no other.
pub const USER_AGENT: &str = concat!("backsmith/", env!("CARGO_PKG_VERSION"));

/// A request in HTTP/1.1, head and body in one piece.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    pub bytes: Box<[u8]>,
    /// Whether its answer may have a body.
    pub expects: Expects,
    /// Fills in what is another for each request; the bytes are empty then.
    pub program: Option<Program>,
}

/// A request that is put together for each exchange.
#[derive(Clone, PartialEq, Eq)]
pub struct Program {
    pub needs: Needs,
    before_length: Template,
    has_length: bool,
    after_length: Template,
    body: Template,
}

/// Its headers hold secrets, so only the length is shown.
impl std::fmt::Debug for Prepared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Prepared({} bytes)", self.bytes.len())
    }
}

impl Prepared {
    pub fn new(request: &Request, reuse: Reuse) -> Self {
        if let Some(filling) = &request.filling {
            return Self {
                bytes: Box::default(),
                expects: Expects::of_method(&request.method),
                program: Some(Program::new(request, filling, reuse)),
            };
        }
        let mut bytes = Vec::with_capacity(512 + request.body.len());
        bytes.extend_from_slice(request.method.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(request.path.as_bytes());
        bytes.extend_from_slice(b" HTTP/1.1\r\n");
        let mut line = |name: &str, value: &str| {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        };
        for (name, value) in defaults(request) {
            line(name, &value);
        }
        if reuse == Reuse::Never && !names(request, "connection") {
            line("Connection", "close");
        }
        for header in &request.headers {
            line(&header.name, header.expose());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&request.body);
        Self {
            bytes: bytes.into_boxed_slice(),
            expects: Expects::of_method(&request.method),
            program: None,
        }
    }
}

impl Program {
    fn new(request: &Request, filling: &Filling, reuse: Reuse) -> Self {
        let mut head = Template::text(format!("{} ", request.method));
        head.append(&filling.path);
        head.push_text(b" HTTP/1.1\r\n");
        let mut has_length = false;
        for (name, value) in defaults(request) {
            if name == "Content-Length" {
                has_length = true;
            } else {
                head.push_text(format!("{name}: {value}\r\n").as_bytes());
            }
        }
        if reuse == Reuse::Never && !names(request, "connection") {
            head.push_text(b"Connection: close\r\n");
        }
        for (header, value) in request.headers.iter().zip(&filling.headers) {
            head.push_text(format!("{}: ", header.name).as_bytes());
            head.append(value);
            head.push_text(b"\r\n");
        }
        let mut after_length = Template::default();
        if has_length {
            head.push_text(b"Content-Length: ");
            after_length.push_text(b"\r\n");
        }
        after_length.push_text(b"\r\n");
        Self {
            needs: filling.needs(),
            before_length: head,
            has_length,
            after_length,
            body: filling.body.clone(),
        }
    }

    /// Writes one request over what `out` held; `body` is room for the body. Neither is given back,
    /// so that nothing is allocated once both are as long as the longest request.
    pub fn render(&self, values: &mut Values<'_>, body: &mut Vec<u8>, out: &mut Vec<u8>) {
        out.clear();
        body.clear();
        self.before_length.render(values, out);
        self.body.render(values, body);
        if self.has_length {
            let mut digits = itoa::Buffer::new();
            out.extend_from_slice(digits.format(body.len()).as_bytes());
        }
        self.after_length.render(values, out);
        out.extend_from_slice(body);
    }
}

/// The headers that a request gets beside its own, for every engine.
pub fn defaults(request: &Request) -> Vec<(&'static str, String)> {
    let length = request.body.len();
    // What is filled in may be empty in one request and not in the next.
    let filling = request.filling.as_deref();
    let has_body = length > 0 || filling.is_some_and(|filling| !filling.body.is_empty());
    let wants_length = has_body || ["POST", "PUT", "PATCH"].contains(&request.method.as_str());
    let candidates = [
        ("Host", Some(request.address.authority())),
        ("User-Agent", Some(USER_AGENT.to_owned())),
        ("Accept", Some("*/*".to_owned())),
        (
            "Content-Type",
            request.is_json.then(|| "application/json".to_owned()),
        ),
        ("Content-Length", wants_length.then(|| length.to_string())),
    ];
    candidates
        .into_iter()
        .filter(|(name, _)| !names(request, name))
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn names(request: &Request, name: &str) -> bool {
    request
        .headers
        .iter()
        .any(|header| header.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::{SecretHeader, SecretUrl};

    fn prepared(
        url: &str,
        method: &str,
        headers: &[(&str, &str)],
        body: &str,
        reuse: Reuse,
    ) -> String {
        let headers = headers
            .iter()
            .map(|(name, value)| SecretHeader::new(*name, *value))
            .collect();
        let request =
            Request::new(&SecretUrl::new(url), method, headers, body.into()).expect("a request");
        let prepared = Prepared::new(&request, reuse);
        assert!(!format!("{prepared:?}").contains("HTTP"));
        String::from_utf8(prepared.bytes.into_vec()).expect("text")
    }

    #[test]
    fn a_plain_request() {
        let text = prepared("http://h:3000/a?b", "GET", &[], "", Reuse::KeepAlive);
        assert_eq!(
            text,
            format!(
                "GET /a?b HTTP/1.1\r\nHost: h:3000\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\n\r\n"
            )
        );
    }

    #[test]
    fn a_json_body_is_labelled_unless_a_header_says_otherwise() {
        let text = prepared("http://h/", "POST", &[], "{\"a\": 1}", Reuse::Never);
        assert!(text.contains("\r\nContent-Type: application/json\r\nContent-Length: 8\r\n"));
        assert!(text.contains("\r\nConnection: close\r\n"));
        assert!(text.ends_with("\r\n\r\n{\"a\": 1}"));
        let own = [("content-type", "text/plain"), ("HOST", "other")];
        let text = prepared("http://h/", "POST", &own, "{}", Reuse::KeepAlive);
        assert!(!text.contains("application/json") && !text.contains("Host:"));
        assert!(!prepared("http://h/", "POST", &[], "a=b", Reuse::KeepAlive).contains("Type"));
    }

    #[test]
    fn an_empty_post_says_so() {
        assert!(
            prepared("http://h/", "POST", &[], "", Reuse::KeepAlive).contains("Content-Length: 0")
        );
        assert!(
            !prepared("http://h/", "DELETE", &[], "", Reuse::KeepAlive).contains("Content-Length")
        );
    }
}
