//! Requests whose URL, headers or body have templates: compiled and checked when the plan is made,
//! filled in for each request.

use std::ops::Range;
use std::sync::Arc;

use super::{Request, TargetFault, scrambled};
use crate::loadtest::table::{RowOrder, Table};
use crate::loadtest::template::{
    Escape, Fault, Names, Needs, Part, Source, Template, Values, parse,
};
use crate::redact::{SecretHeader, SecretUrl};

/// The table of a run and how requests go through it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    pub table: Table,
    pub order: RowOrder,
}

/// What is filled in for each request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filling {
    pub path: Template,
    /// One for each header of the request.
    pub headers: Vec<Template>,
    pub body: Template,
}

impl Data {
    /// The row of request `number` of those that take one.
    pub fn row(&self, number: u64, seed: u64) -> usize {
        let rows = self.table.rows() as u64;
        match self.order {
            RowOrder::InOrder => (number % rows) as usize,
            RowOrder::Random => {
                let drawn = u128::from(scrambled(seed.rotate_left(32), number));
                ((drawn * u128::from(rows)) >> 64) as usize
            }
        }
    }
}

impl Filling {
    pub fn needs(&self) -> Needs {
        let headers = self.headers.iter().map(Template::needs);
        let whole = self.path.needs().and(self.body.needs());
        headers.fold(whole, Needs::and)
    }
}

/// Where in a request a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Somewhere, or in all of it.
    Request,
    Url,
    /// The value of a header, by its index.
    Header(usize),
    Body,
}

/// A fault of a request that may have templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    pub place: Place,
    /// Bytes of the text that stands there.
    pub range: Option<Range<usize>>,
    pub message: String,
    pub help: Option<String>,
    /// What a request without templates would have said.
    pub fault: Option<TargetFault>,
}

impl Misfit {
    fn of(place: Place, fault: Fault) -> Self {
        Self {
            place,
            range: Some(fault.range),
            message: fault.message,
            help: fault.help,
            fault: None,
        }
    }

    fn plain(fault: TargetFault) -> Self {
        Self {
            place: Place::Request,
            range: None,
            message: fault.to_string(),
            help: None,
            fault: Some(fault),
        }
    }
}

impl Request {
    /// Checks, takes apart and compiles one request. All faults, not the first.
    pub fn templated(
        url: &SecretUrl,
        method: &str,
        headers: &[SecretHeader],
        body: Vec<u8>,
        names: &Names<'_>,
    ) -> Result<Self, Vec<Misfit>> {
        let mut misfits = Vec::new();
        let mut parsed = |place, text: &str| match parse(text, names) {
            Ok(parts) => parts,
            Err(faults) => {
                misfits.extend(faults.into_iter().map(|fault| Misfit::of(place, fault)));
                Vec::new()
            }
        };
        let url_parts = parsed(Place::Url, url.expose());
        let header_parts: Vec<Vec<Part>> = headers
            .iter()
            .enumerate()
            .map(|(index, header)| parsed(Place::Header(index), header.expose()))
            .collect();
        // What is no text is sent as it is.
        let body_parts = std::str::from_utf8(&body)
            .ok()
            .map(|text| parsed(Place::Body, text));
        if !misfits.is_empty() {
            return Err(misfits);
        }
        let marker = marker(url.expose());
        let marked_url = SecretUrl::new(marked(&url_parts, |index| {
            format!("{marker}{index}{MARKER_END}")
        }));
        misfits.extend(in_authority(&marked_url, &marker, &url_parts));
        let checked_headers = headers.iter().zip(&header_parts).map(|(header, parts)| {
            let value = marked(parts, |_| String::new());
            SecretHeader::new(header.name.as_str(), value)
        });
        let sample = body_parts
            .as_ref()
            .map(|parts| marked(parts, |_| "0".to_owned()));
        let sample = sample.map_or(body, String::into_bytes);
        let made = Self::new(&marked_url, method, checked_headers.collect(), sample);
        let mut request = match made {
            Ok(request) if misfits.is_empty() => request,
            Ok(_) => return Err(misfits),
            // A host that is a template makes no URL; that was said.
            Err(_) if !misfits.is_empty() => return Err(misfits),
            Err(faults) => {
                return Err(faults
                    .into_iter()
                    .map(|fault| Misfit::plain(fault.with_url(url)))
                    .collect());
            }
        };
        request.name = format!("{method} {}", super::target::name_of_path(url));
        request.url = url.clone();
        let escape = body_escape(&request);
        let mut filled: Vec<Template> = header_parts
            .iter()
            .map(|parts| Template::of(parts, Escape::None))
            .collect();
        if request.headers.len() > filled.len() {
            // User and password of the URL.
            filled.insert(0, Template::text(request.headers[0].expose()));
        }
        let filling = Filling {
            path: path(&request.path, &marker, &url_parts),
            headers: filled,
            body: match &body_parts {
                Some(parts) => Template::of(parts, escape),
                None => Template::text(request.body.to_vec()),
            },
        };
        misfits.extend(unfit(&url_parts, &header_parts, names));
        if !filling.body.is_fixed() {
            let mut lengths = headers.iter().enumerate();
            let length = |(_, header): &(usize, &SecretHeader)| {
                header.name.eq_ignore_ascii_case("content-length")
            };
            if let Some((index, header)) = lengths.find(length) {
                let mut misfit = Misfit::plain(TargetFault::Framing(header.name.clone()));
                misfit.place = Place::Header(index);
                misfits.push(misfit);
            }
        }
        if !misfits.is_empty() {
            return Err(misfits);
        }
        request.fill_with(filling);
        Ok(request)
    }

    /// Takes what is the same for each request as it is, and keeps the rest to be filled in.
    fn fill_with(&mut self, filling: Filling) {
        let needs = filling.needs();
        let once = self.filled(&filling, &mut Values::new(None, 0, 0, 0));
        self.path = once.path;
        self.headers = once.headers;
        self.body = once.body;
        if needs != Needs::default() {
            self.filling = Some(Arc::new(filling));
        }
    }

    /// The request with the values of one exchange, for engines that take their requests in parts.
    pub fn filled(&self, filling: &Filling, values: &mut Values<'_>) -> Self {
        let mut text = |template: &Template| {
            let mut bytes = Vec::new();
            template.render(values, &mut bytes);
            bytes
        };
        let path = text(&filling.path);
        let headers = self.headers.iter().zip(&filling.headers);
        let headers = headers.map(|(header, template)| {
            let value = text(template);
            SecretHeader::new(header.name.as_str(), String::from_utf8_lossy(&value))
        });
        let headers = headers.collect();
        Self {
            path: String::from_utf8_lossy(&path).into_owned(),
            headers,
            body: text(&filling.body).into(),
            filling: None,
            ..self.clone()
        }
    }
}

/// The text of the parts, with something in place of each value.
fn marked(parts: &[Part], mark: impl Fn(usize) -> String) -> String {
    let mut values = 0;
    let texts = parts.iter().map(|part| match part {
        Part::Text(text) => text.clone(),
        Part::Value { .. } => {
            values += 1;
            mark(values - 1)
        }
    });
    texts.collect()
}

/// Ends the number of a marker, which digits of the text may follow.
const MARKER_END: char = '.';

/// Letters that the text does not hold, so that values are found again in a URL that was taken apart.
fn marker(text: &str) -> String {
    let mut marker = "value".to_owned();
    while text.to_ascii_lowercase().contains(&marker) {
        marker.push('z');
    }
    marker
}

/// A connection goes to one host, so that a host cannot be filled in.
fn in_authority(marked: &SecretUrl, marker: &str, parts: &[Part]) -> Option<Misfit> {
    let text = marked.expose();
    let start = text.find("://").map_or(0, |at| at + 3);
    let end = text[start..]
        .find(['/', '?', '#'])
        .map_or(text.len(), |at| start + at);
    if !text[..end].contains(marker) {
        return None;
    }
    let range = parts.iter().find_map(|part| match part {
        Part::Value { range, .. } => Some(range.clone()),
        Part::Text(_) => None,
    });
    Some(Misfit {
        place: Place::Url,
        range,
        message: "a value cannot stand in the host of a URL".to_owned(),
        help: Some("`--urls FILE` takes several hosts, each on a line of its own".to_owned()),
        fault: None,
    })
}

/// The path with its values again where the markers stand. A fragment is not sent, and nor are its
/// values.
fn path(marked: &str, marker: &str, parts: &[Part]) -> Template {
    let values: Vec<&Part> = parts
        .iter()
        .filter(|part| matches!(part, Part::Value { .. }))
        .collect();
    let mut template = Template::default();
    let mut rest = marked;
    while let Some(at) = rest.find(marker) {
        template.push_text(&rest.as_bytes()[..at]);
        let after = &rest[at + marker.len()..];
        let (index, behind) = after.split_once(MARKER_END).unwrap_or((after, ""));
        let value = index
            .parse()
            .ok()
            .and_then(|index: usize| values.get(index));
        if let Some(part) = value {
            template.push(part, Escape::Percent);
        }
        rest = behind;
    }
    template.push_text(rest.as_bytes());
    template
}

/// How values stay values in the body: by its type where a header names it, else by what it is.
fn body_escape(request: &Request) -> Escape {
    let named = request
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-type"));
    match named.map(|header| header.expose().to_ascii_lowercase()) {
        Some(name) if name.contains("json") => Escape::Json,
        Some(name) if name.contains("x-www-form-urlencoded") => Escape::Percent,
        None if request.is_json => Escape::Json,
        _ => Escape::None,
    }
}

/// Values that would break a request line or a header.
fn unfit(url: &[Part], headers: &[Vec<Part>], names: &Names<'_>) -> Vec<Misfit> {
    let mut misfits = Vec::new();
    let mut check = |place, parts: &[Part], only_raw: bool, fits: fn(u8) -> bool, what: &str| {
        for part in parts {
            let Part::Value { source, raw, range } = part else {
                continue;
            };
            if only_raw && !raw {
                continue;
            }
            let message = match (source, names.table) {
                (Source::Column(column), Some(table)) => {
                    table.first_unfit(*column, fits).map(|row| {
                        let column = &table.columns()[*column];
                        format!("row {row} of column `{column}` holds {what}")
                    })
                }
                (Source::Fixed(value), _) if !value.bytes().all(fits) => {
                    Some(format!("the value holds {what}"))
                }
                _ => None,
            };
            misfits.extend(message.map(|message| Misfit {
                place,
                range: Some(range.clone()),
                message,
                help: only_raw.then(|| "without `raw` it is percent-encoded".to_owned()),
                fault: None,
            }));
        }
    };
    let in_url = "a blank or another character that a URL cannot hold";
    check(
        Place::Url,
        url,
        true,
        |byte| (0x21..0x7f).contains(&byte),
        in_url,
    );
    let in_header = "a line break or another control character";
    for (index, parts) in headers.iter().enumerate() {
        let fits = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
        check(Place::Header(index), parts, false, fits, in_header);
    }
    misfits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_many_values_of_a_url_stays_at_its_place() {
        let values: Vec<String> = (0..10_010)
            .map(|number| format!("{{{{int {number} {number}}}}}7"))
            .collect();
        let url = SecretUrl::new(format!("http://h/?n={}", values.join(",")));
        let names = Names {
            table: None,
            is_table_broken: false,
            environment: &|_| None,
        };
        let request = Request::templated(&url, "GET", &[], Vec::new(), &names).expect("a request");
        let filling = request.filling.clone().expect("values");
        let filled = request.filled(&filling, &mut Values::new(None, 1, 0, 1));
        let wanted: Vec<String> = (0..10_010).map(|number| format!("{number}7")).collect();
        assert_eq!(filled.path, format!("/?n={}", wanted.join(",")));
    }
}
