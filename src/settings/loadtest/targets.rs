//! The requests of a run: from the command line or a list, with the headers of all, their templates
//! compiled against the table and the environment.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Faults;
use super::list::{self, Line};
use crate::cli;
use crate::diagnostic::Diagnostic;
use crate::failure::{Failure, Message};
use crate::files;
use crate::loadtest::plan::{Data, Misfit, Place, Request, Target, TargetFault};
use crate::loadtest::table::{RowOrder, Table};
use crate::loadtest::template::Names;
use crate::redact::{SecretHeader, SecretUrl};
use crate::text::suggest;

/// Requests that a list may hold; each is counted for itself by each thread.
const MOST_REQUESTS: usize = 1_000;

/// What a run asks for, and the table of its templates.
pub(super) struct Asked {
    pub(super) targets: Vec<Target>,
    pub(super) data: Option<Arc<Data>>,
}

/// The endpoints, checked; faults that are the same for every URL are said once.
pub(super) fn targets(arguments: &cli::Loadtest, urls: &[String], faults: &mut Faults) -> Asked {
    let table = arguments
        .csv
        .as_deref()
        .and_then(|path| faults.keep(table(path)));
    let order = order(arguments, faults);
    let headers = headers(arguments, faults);
    let environment = |name: &str| std::env::var(name).ok();
    let names = Names {
        table: table.as_ref(),
        is_table_broken: arguments.csv.is_some() && table.is_none(),
        environment: &environment,
    };
    let targets = match &arguments.urls_file {
        Some(path) => listed(path, urls, &headers, &names, faults),
        None => plain(arguments, urls, &headers, &names, faults),
    };
    let data = table.map(|table| Arc::new(Data { table, order }));
    Asked { targets, data }
}

fn table(path: &Path) -> Result<Table, Failure> {
    let file = files::read_text(path)?;
    Table::parse(&file).map_err(Failure::diagnostics)
}

fn order(arguments: &cli::Loadtest, faults: &mut Faults) -> RowOrder {
    let Some(text) = &arguments.csv_order else {
        return RowOrder::default();
    };
    let found = RowOrder::ALL.into_iter().find(|order| order.name() == text);
    if found.is_none() {
        faults.push(
            format!("`{text}` is no value of `--csv-order`"),
            Some("`--csv-order in-order` or `--csv-order random`"),
        );
    }
    found.unwrap_or_default()
}

/// One request for each URL of the command line.
fn plain(
    arguments: &cli::Loadtest,
    urls: &[String],
    headers: &[SecretHeader],
    names: &Names<'_>,
    faults: &mut Faults,
) -> Vec<Target> {
    let body = match arguments.body.as_deref() {
        None => Vec::new(),
        Some("@-") => faults
            .keep(files::read_standard_input_bytes())
            .unwrap_or_default(),
        Some(text) => match text.strip_prefix('@') {
            Some(path) => faults
                .keep(files::read_bytes(Path::new(path)))
                .unwrap_or_default(),
            None => text.as_bytes().to_vec(),
        },
    };
    let default = if arguments.body.is_some() {
        "POST"
    } else {
        "GET"
    };
    let method = arguments.method.as_deref().unwrap_or(default);
    let method = method.to_ascii_uppercase();
    let mut seen: Vec<String> = Vec::new();
    let mut targets = Vec::new();
    for text in urls {
        let url = SecretUrl::new(text.clone());
        match Request::templated(&url, &method, headers, body.clone(), names) {
            Ok(request) => targets.extend(Target::of(vec![request])),
            Err(misfits) => {
                for misfit in misfits {
                    let message = on_command_line(&misfit, &url, arguments, &body);
                    if !seen.contains(&message.text) {
                        seen.push(message.text.clone());
                        faults.add(message);
                    }
                }
            }
        }
    }
    targets
}

/// A fault of a request whose parts are flags.
fn on_command_line(
    misfit: &Misfit,
    url: &SecretUrl,
    arguments: &cli::Loadtest,
    body: &[u8],
) -> Message {
    let counted = |text: &str| {
        let before = misfit
            .range
            .as_ref()
            .and_then(|range| text.get(..range.start));
        before.map_or(String::new(), |before| {
            format!(", character {}", before.chars().count() + 1)
        })
    };
    let place = match misfit.place {
        Place::Request => String::new(),
        Place::Url => format!("URL{}: ", counted(url.expose())),
        Place::Header(index) => format!("`--header` number {}: ", index + 1),
        Place::Body => {
            let text = std::str::from_utf8(body).unwrap_or_default();
            match arguments
                .body
                .as_deref()
                .and_then(|text| text.strip_prefix('@'))
            {
                None => format!("`--body`{}: ", counted(text)),
                Some(path) => {
                    let name = if path == "-" { "standard input" } else { path };
                    let file = crate::text::SourceFile::new(name, text);
                    let start = misfit.range.as_ref().map_or(0, |range| range.start);
                    let at = file.position(start);
                    format!("{name}:{}:{}: ", at.line, at.column)
                }
            }
        }
    };
    Message {
        text: format!("{place}{}", misfit.message),
        hint: misfit
            .help
            .clone()
            .or_else(|| scheme_hint(misfit.fault.as_ref()?, url)),
        ..Message::default()
    }
}

/// `localhost:3000/users` is a host and a port to people, and a scheme to the URL standard.
fn scheme_hint(fault: &TargetFault, url: &SecretUrl) -> Option<String> {
    let forgotten = match fault {
        TargetFault::Url(..) | TargetFault::Scheme(_) => !url.expose().contains(":/"),
        _ => false,
    };
    let whole = SecretUrl::new(format!("http://{}", url.expose()));
    let is_url = Target::new(&whole, "GET", Vec::new(), Vec::new()).is_ok();
    (forgotten && is_url).then(|| format!("did you mean `{whole}`?"))
}

/// A header without a colon is named by its number: its text may be a secret.
pub(super) fn headers(arguments: &cli::Loadtest, faults: &mut Faults) -> Vec<SecretHeader> {
    let mut headers = Vec::new();
    for (index, text) in arguments.header.iter().enumerate() {
        match text.split_once(':') {
            Some((name, value)) => headers.push(SecretHeader::new(name.trim(), value.trim())),
            None => faults.push(
                format!("`--header` number {} has no colon", index + 1),
                Some("`--header 'Name: value'`"),
            ),
        }
    }
    headers
}

/// The requests of a list: one target, or one for each URL that the list is below.
fn listed(
    path: &Path,
    bases: &[String],
    headers: &[SecretHeader],
    names: &Names<'_>,
    faults: &mut Faults,
) -> Vec<Target> {
    let Some(file) = faults.keep(files::read_text(path)) else {
        return Vec::new();
    };
    let (lines, mut found) = list::read(&file);
    if lines.len() > MOST_REQUESTS {
        let text = format!("`{}` lists {} requests", path.display(), lines.len());
        faults.push(
            text,
            Some("1,000 are the most; `{{csv.column}}` takes more URLs"),
        );
        return Vec::new();
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let whole = [None];
    let given: Vec<Option<&String>> = bases.iter().map(Some).collect();
    let bases = if given.is_empty() { &whole[..] } else { &given };
    let mut targets = Vec::new();
    for (index, base) in bases.iter().enumerate() {
        let mut requests: Vec<Request> = Vec::new();
        let first = index == 0;
        for line in &lines {
            let shape = Shape {
                line,
                base: base.map(String::as_str),
                has_bases: bases.len() > 1,
                folder,
                headers,
                names,
            };
            match shape.request(&requests) {
                Ok(request) => requests.push(request),
                // The faults of a list are the same below every URL.
                Err(diagnostics) if first => found.extend(diagnostics),
                Err(_) => {}
            }
        }
        targets.extend(Target::of(requests));
    }
    crate::diagnostic::sort(&mut found);
    faults.diagnostics(found);
    targets
}

/// A line of a list and what it is put together with.
struct Shape<'run> {
    line: &'run Line,
    base: Option<&'run str>,
    has_bases: bool,
    folder: &'run Path,
    headers: &'run [SecretHeader],
    names: &'run Names<'run>,
}

impl Shape<'_> {
    fn request(&self, before: &[Request]) -> Result<Request, Vec<Diagnostic>> {
        let line = self.line;
        let mut faults = Vec::new();
        let url = self.url().map_err(|fault| faults.push(*fault));
        let body = self.body().map_err(|fault| faults.push(*fault));
        let (Ok(url), Ok(body)) = (url, body) else {
            return Err(faults);
        };
        let default = if line.body.is_some() || line.body_file.is_some() {
            "POST"
        } else {
            "GET"
        };
        let method = line
            .method
            .as_deref()
            .unwrap_or(default)
            .to_ascii_uppercase();
        let own = |header: &&SecretHeader| {
            let mut named = line.headers.iter();
            !named.any(|(name, _, _)| name.eq_ignore_ascii_case(&header.name))
        };
        let mut headers: Vec<SecretHeader> = self.headers.iter().filter(own).cloned().collect();
        let shared = headers.len();
        let listed = line.headers.iter();
        headers.extend(
            listed.map(|(name, value, _)| SecretHeader::new(name.as_str(), value.as_str())),
        );
        let made = Request::templated(&url, &method, &headers, body, self.names);
        let mut request = made.map_err(|misfits| -> Vec<Diagnostic> {
            let placed = misfits
                .iter()
                .map(|misfit| self.placed(misfit, shared, &url));
            placed.collect()
        })?;
        request.weight = line.weight;
        request.accepted.clone_from(&line.accepted);
        if let Some((name, span)) = &line.name {
            if before.iter().any(|other| other.name == *name) {
                let fault = format!("two requests are called `{name}`");
                return Err(vec![
                    Diagnostic::error("wrong-list", fault).at(span.clone()),
                ]);
            }
            request.name.clone_from(name);
        } else {
            let plain = request.name.clone();
            let mut number = 2;
            while before.iter().any(|other| other.name == request.name) {
                request.name = format!("{plain} #{number}");
                number += 1;
            }
        }
        Ok(request)
    }

    fn url(&self) -> Result<SecretUrl, Box<Diagnostic>> {
        let text = self.line.url.as_str();
        let fault = |message: &str, help: &str| {
            let fault = Diagnostic::error("wrong-list", message);
            Err(Box::new(fault.at(self.line.url_span.clone()).help(help)))
        };
        if !text.starts_with('/') {
            if self.has_bases {
                return fault(
                    "two URLs are compared, and this one has a host of its own",
                    "write the path alone: it is put below both URLs",
                );
            }
            return Ok(SecretUrl::new(text));
        }
        match self.base {
            None => fault(
                "a path without a host",
                "`backsmith loadtest http://localhost:3000 --urls FILE` puts paths below that URL",
            ),
            Some(base) if base.contains(['?', '#']) => fault(
                "a path cannot stand below a URL that has a query",
                "leave the query out of the URL on the command line",
            ),
            Some(base) => Ok(SecretUrl::new(format!(
                "{}{text}",
                base.trim_end_matches('/')
            ))),
        }
    }

    fn body(&self) -> Result<Vec<u8>, Box<Diagnostic>> {
        if let Some((file, span)) = &self.line.body_file {
            let path: PathBuf = self.folder.join(file);
            return files::read_bytes(&path).map_err(|failure| {
                let fault = match failure.faults.into_iter().next() {
                    Some(crate::failure::Fault::Message(message)) => {
                        let text = [vec![message.text], message.causes].concat().join(": ");
                        let fault = Diagnostic::error("wrong-list", text);
                        match message.hint {
                            Some(hint) => fault.help(hint),
                            None => fault,
                        }
                    }
                    _ => Diagnostic::error("wrong-list", "the file cannot be read"),
                };
                Box::new(fault.at(span.clone()))
            });
        }
        let body = self.line.body.as_ref();
        Ok(body.map_or_else(Vec::new, |(text, _)| text.as_bytes().to_vec()))
    }

    fn placed(&self, misfit: &Misfit, shared: usize, url: &SecretUrl) -> Diagnostic {
        let line = self.line;
        let mut span = line.url_span.clone();
        let mut message = misfit.message.clone();
        match misfit.place {
            Place::Request => {}
            Place::Url => {
                // Where a path was put below a URL, places count from the path.
                let before = url.expose().len() - line.url.len();
                let range = misfit.range.as_ref().filter(|range| range.start >= before);
                if let Some(range) = range.filter(|_| span.range.len() == line.url.len()) {
                    let start = span.range.start;
                    span.range = start + range.start - before..start + range.end - before;
                }
            }
            Place::Header(index) if index < shared => {
                message = format!("a header of the command line: {message}");
            }
            Place::Header(index) => {
                if let Some((_, _, name_span)) = line.headers.get(index - shared) {
                    // The name alone: the value may be a secret.
                    span = name_span.clone();
                }
            }
            Place::Body => match (&line.body, &line.body_file) {
                (Some((_, body)), _) => span = body.clone(),
                (_, Some((file, place))) => {
                    span = place.clone();
                    message = format!("{file}: {message}");
                }
                _ => {}
            },
        }
        let fault = Diagnostic::error("wrong-list", message).at(span);
        match &misfit.help {
            Some(help) => fault.help(help.clone()),
            None => fault,
        }
    }
}

/// The target of an expectation, by its name; its fault when there is none.
pub(super) fn named<'plan>(targets: &'plan [Target], name: &str) -> Result<(), Option<&'plan str>> {
    let names = || {
        let requests = targets.iter().flat_map(Target::requests);
        requests.map(|request| request.name.as_str())
    };
    if names().any(|known| known == name) {
        Ok(())
    } else {
        Err(suggest::nearest(name, names()))
    }
}
