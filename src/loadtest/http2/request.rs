//! The header block and the body of a request, built once for the whole run: only the number of the
//! stream is another one each time. Pure: a request in, bytes out.

use std::borrow::Cow;
use std::sync::Arc;

use super::hpack;
use crate::loadtest::http1::Expects;
use crate::loadtest::plan::{Filling, Request};
use crate::loadtest::request;
use crate::loadtest::template::{Needs, Template, Values};

/// Headers of HTTP/1 that HTTP/2 does not have (RFC 9113, 8.2.2). What `Host` says is the authority.
const OF_A_CONNECTION: [&str; 6] = [
    "connection",
    "host",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// A request in HTTP/2.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    pub block: Box<[u8]>,
    pub body: Arc<[u8]>,
    /// Whether its answer may have a body.
    pub expects: Expects,
    /// Fills in what is another for each request; block and body are not used then.
    pub program: Option<Program>,
}

/// A request that is put together for each exchange.
#[derive(Clone, PartialEq, Eq)]
pub struct Program {
    pub needs: Needs,
    parts: Vec<Part>,
    body: Template,
    has_length: bool,
}

#[derive(Clone, PartialEq, Eq)]
enum Part {
    /// Whole fields, encoded.
    Fields(Vec<u8>),
    /// The encoded name of a field, and its value.
    Filled(Vec<u8>, Template),
}

/// What a program wrote.
#[derive(Debug, Default)]
pub struct Rendered {
    pub block: Vec<u8>,
    pub body: Vec<u8>,
}

/// Its headers hold secrets, so only the lengths are shown.
impl std::fmt::Debug for Prepared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (block, body) = (self.block.len(), self.body.len());
        write!(formatter, "Prepared({block} and {body} bytes)")
    }
}

impl Prepared {
    pub fn new(request: &Request) -> Self {
        let program = Program::new(request);
        let expects = Expects::of_method(&request.method);
        if request.filling.is_some() {
            return Self {
                block: Box::default(),
                body: Arc::default(),
                expects,
                program: Some(program),
            };
        }
        let block = program.parts.into_iter().flat_map(|part| match part {
            Part::Fields(fields) => fields,
            Part::Filled(name, _) => name,
        });
        Self {
            block: block.collect(),
            body: Arc::clone(&request.body),
            expects,
            program: None,
        }
    }
}

/// A value of a header list.
enum Value<'request> {
    Fixed(Cow<'request, str>),
    Filled(&'request Template),
}

impl Program {
    fn new(request: &Request) -> Self {
        let filling = request.filling.as_deref();
        let mut program = Self {
            needs: filling.map_or_else(Needs::default, Filling::needs),
            parts: Vec::new(),
            body: filling.map_or_else(Template::default, |filling| filling.body.clone()),
            has_length: false,
        };
        for (name, value) in fields(request) {
            match value {
                // Its digits are counted when the body is there.
                Value::Fixed(_) if filling.is_some() && name == "content-length" => {
                    program.has_length = true;
                }
                Value::Fixed(value) => program.push(&name, value.as_bytes()),
                Value::Filled(template) => {
                    let mut encoded = Vec::new();
                    hpack::encode_name(&name, &mut encoded);
                    program.parts.push(Part::Filled(encoded, template.clone()));
                }
            }
        }
        program
    }

    fn push(&mut self, name: &str, value: &[u8]) {
        if let Some(Part::Fields(fields)) = self.parts.last_mut() {
            hpack::encode(name, value, fields);
            return;
        }
        let mut fields = Vec::new();
        hpack::encode(name, value, &mut fields);
        self.parts.push(Part::Fields(fields));
    }

    /// Writes one request over what `out` held; `room` is lent to one value after the other.
    /// Neither is given back, so that nothing is allocated once both are long enough.
    pub fn render(&self, values: &mut Values<'_>, room: &mut Vec<u8>, out: &mut Rendered) {
        out.block.clear();
        out.body.clear();
        for part in &self.parts {
            match part {
                Part::Fields(fields) => out.block.extend_from_slice(fields),
                Part::Filled(name, template) => {
                    room.clear();
                    template.render(values, room);
                    out.block.extend_from_slice(name);
                    hpack::encode_value(room, &mut out.block);
                }
            }
        }
        self.body.render(values, &mut out.body);
        if self.has_length {
            let mut digits = itoa::Buffer::new();
            let digits = digits.format(out.body.len());
            hpack::encode("content-length", digits.as_bytes(), &mut out.block);
        }
    }
}

/// The header list: pseudo-headers, what every request gets, and its own.
fn fields(request: &Request) -> Vec<(String, Value<'_>)> {
    let own: Vec<(String, Value<'_>)> = request
        .headers
        .iter()
        .enumerate()
        .map(|(index, header)| {
            let value = match &request.filling {
                Some(filling) if !filling.headers[index].is_fixed() => {
                    Value::Filled(&filling.headers[index])
                }
                _ => Value::Fixed(header.expose().into()),
            };
            (header.name.to_ascii_lowercase(), value)
        })
        .collect();
    let (hosts, own): (Vec<_>, Vec<_>) = own.into_iter().partition(|(name, _)| name == "host");
    let host = hosts.into_iter().next().map(|(_, value)| value);
    let authority = host.unwrap_or_else(|| Value::Fixed(request.address.authority().into()));
    let path = match &request.filling {
        Some(filling) if !filling.path.is_fixed() => Value::Filled(&filling.path),
        _ => Value::Fixed(request.path.as_str().into()),
    };
    let method = Value::Fixed(request.method.as_str().into());
    let scheme = Value::Fixed(request.address.scheme.name().into());
    let mut list = vec![(":method", method)];
    // A tunnel has neither scheme nor path (RFC 9113, 8.5).
    if request.method == "CONNECT" {
        list.push((":authority", authority));
    } else {
        list.extend([
            (":scheme", scheme),
            (":authority", authority),
            (":path", path),
        ]);
    }
    let implied = request::defaults(request)
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), Value::Fixed(value.into())));
    let fits = |(name, value): &(String, Value<'_>)| {
        let is_trailers = matches!(value, Value::Fixed(value) if value == "trailers");
        !OF_A_CONNECTION.contains(&name.as_str()) && (name != "te" || is_trailers)
    };
    let rest = implied.chain(own).filter(fits);
    let pseudo = list
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    pseudo.chain(rest).collect()
}
