//! Path templates: their segments, the order in which routers must see them, and their spelling in
//! each router's syntax.

use super::framework::Framework;
use super::names::{self, Names};

/// One segment of a path, between slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Fixed(String),
    /// Text and parameters in turn; parameters by their names in the document.
    Mixed(Vec<Piece>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Parameter(String),
}

/// How a parameter is taken out of what the router found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Capture {
    /// The parameter's name in the document.
    pub(super) name: String,
    /// The router's name for the segment.
    pub(super) segment: String,
    /// A regular expression whose only group is the value, when the segment holds more.
    pub(super) pattern: Option<String>,
}

/// A path in the syntax of routers.
#[derive(Clone, Debug)]
pub(super) struct RouterPath {
    pub(super) express: String,
    pub(super) fastify: String,
    pub(super) captures: Vec<Capture>,
}

impl RouterPath {
    pub(super) fn of(&self, framework: Framework) -> &str {
        match framework {
            Framework::Fastify => &self.fastify,
            Framework::Express | Framework::Koa => &self.express,
        }
    }
}

/// Splits a template. A query or fragment in it is not part of a path and is left out.
pub(super) fn segments(template: &str) -> Vec<Segment> {
    let path = template.split(['?', '#']).next().unwrap_or_default();
    let path = if path.contains('{') {
        cut_after_braces(template)
    } else {
        path.to_owned()
    };
    path.trim_start_matches('/')
        .split('/')
        .map(segment)
        .collect()
}

/// A question mark inside of braces is an operator, not the start of a query.
fn cut_after_braces(template: &str) -> String {
    let mut depth = 0;
    let mut out = String::new();
    for character in template.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            '?' | '#' if depth <= 0 => break,
            _ => {}
        }
        out.push(character);
    }
    out
}

fn segment(text: &str) -> Segment {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let Some(length) = rest[start..].find('}') else {
            break;
        };
        if start > 0 {
            pieces.push(Piece::Text(rest[..start].to_owned()));
        }
        // RFC 6570 operators are said by the parameter's style.
        let name =
            rest[start + 1..start + length].trim_start_matches(['.', ';', '?', '&', '/', '#', '+']);
        pieces.push(Piece::Parameter(name.trim_end_matches('*').to_owned()));
        rest = &rest[start + length + 1..];
    }
    if pieces.is_empty() {
        return Segment::Fixed(text.to_owned());
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Segment::Mixed(pieces)
}

/// The same for paths that differ only in the names of their parameters.
pub(super) fn shape(segments: &[Segment]) -> String {
    let mut out = String::new();
    for segment in segments {
        out.push('/');
        match segment {
            Segment::Fixed(text) => out.push_str(text),
            Segment::Mixed(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => out.push_str(text),
                        Piece::Parameter(_) => out.push_str("{}"),
                    }
                }
            }
        }
    }
    out
}

/// The order of routes: at each position fixed segments, then those that are partly fixed, then
/// parameters; otherwise the order given. Takes and returns indices.
pub(super) fn route_order(paths: &[Vec<Segment>]) -> Vec<usize> {
    fn visit(paths: &[Vec<Segment>], members: &[usize], depth: usize, out: &mut Vec<usize>) {
        out.extend(members.iter().filter(|&&index| paths[index].len() == depth));
        let mut children: Vec<(u8, String, Vec<usize>)> = Vec::new();
        for &index in members.iter().filter(|&&index| paths[index].len() > depth) {
            let segment = &paths[index][depth];
            let rank = match segment {
                Segment::Fixed(_) => 0,
                Segment::Mixed(pieces) if pieces.len() > 1 => 1,
                Segment::Mixed(_) => 2,
            };
            let key = shape(std::slice::from_ref(segment));
            match children.iter_mut().find(|(_, known, _)| *known == key) {
                Some((_, _, members)) => members.push(index),
                None => children.push((rank, key, vec![index])),
            }
        }
        children.sort_by_key(|(rank, _, _)| *rank);
        for (_, _, members) in children {
            visit(paths, &members, depth + 1, out);
        }
    }
    let all: Vec<usize> = (0..paths.len()).collect();
    let mut out = Vec::new();
    visit(paths, &all, 0, &mut out);
    out
}

/// The path for routers, and where its parameters are found.
pub(super) fn router_path(segments: &[Segment]) -> RouterPath {
    let mut names = Names::default();
    let (mut express, mut fastify, mut captures) = (String::new(), String::new(), Vec::new());
    for segment in segments {
        express.push('/');
        fastify.push('/');
        match segment {
            Segment::Fixed(text) => {
                express.push_str(&escape_express(text));
                fastify.push_str(&escape_fastify(text));
            }
            Segment::Mixed(pieces) if is_native(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => {
                            express.push_str(&escape_express(text));
                            fastify.push_str(&escape_fastify(text));
                        }
                        Piece::Parameter(name) => {
                            let identifier = names.claim(&identifier(name));
                            express.push_str(&format!(":{identifier}"));
                            fastify.push_str(&format!(":{identifier}"));
                            captures.push(Capture {
                                name: name.clone(),
                                segment: identifier,
                                pattern: None,
                            });
                        }
                    }
                }
            }
            Segment::Mixed(pieces) => {
                let identifier = names.claim("segment");
                express.push_str(&format!(":{identifier}"));
                fastify.push_str(&format!(":{identifier}"));
                for (at, piece) in pieces.iter().enumerate() {
                    if let Piece::Parameter(name) = piece {
                        captures.push(Capture {
                            name: name.clone(),
                            segment: identifier.clone(),
                            pattern: Some(capture_pattern(pieces, at)),
                        });
                    }
                }
            }
        }
    }
    RouterPath {
        express,
        fastify,
        captures,
    }
}

/// Whether both kinds of router take the segment as it is: a parameter ends at `-` or `.` only.
fn is_native(pieces: &[Piece]) -> bool {
    pieces.windows(2).all(|pair| match pair {
        [Piece::Parameter(_), Piece::Text(text)] => text.starts_with(['-', '.']),
        [Piece::Parameter(_), Piece::Parameter(_)] => false,
        _ => true,
    })
}

fn capture_pattern(pieces: &[Piece], wanted: usize) -> String {
    let mut out = String::from("/^");
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(text) => {
                for character in text.chars() {
                    if "^$\\.*+?()[]{}|/".contains(character) {
                        out.push('\\');
                    }
                    out.push(character);
                }
            }
            Piece::Parameter(_) if at == wanted => out.push_str("(.+?)"),
            Piece::Parameter(_) => out.push_str(".+?"),
        }
    }
    out + "$/su"
}

/// Routers know ASCII names only.
fn identifier(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let name = if plain && names::is_identifier(name) {
        name.to_owned()
    } else {
        let ascii: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' })
            .collect();
        names::camel_case(&ascii)
    };
    name.trim_end_matches('_').to_owned() + if name.ends_with('_') { "Value" } else { "" }
}

/// path-to-regexp matches the path as it was sent, so the text is percent-encoded.
fn escape_express(text: &str) -> String {
    let mut out = String::new();
    for character in percent_encoded(text).chars() {
        if "{}()[]+?!:*\\".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// find-my-way matches the decoded path.
fn escape_fastify(text: &str) -> String {
    text.replace(':', "::")
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if character.is_ascii_graphic() && !"\"<>\\^`{|}".contains(character) {
            out.push(character);
        } else {
            let mut buffer = [0; 4];
            for byte in character.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_segments_come_before_parameters() {
        let paths = [
            "/users",
            "/users/{id}",
            "/users/{id}/a",
            "/users/me",
            "/{x}",
            "/b",
        ];
        let split: Vec<Vec<Segment>> = paths.iter().map(|path| segments(path)).collect();
        let order: Vec<&str> = route_order(&split)
            .into_iter()
            .map(|at| paths[at])
            .collect();
        assert_eq!(
            order,
            [
                "/users",
                "/users/me",
                "/users/{id}",
                "/users/{id}/a",
                "/b",
                "/{x}"
            ]
        );
    }

    #[test]
    fn templates_are_safe_for_routers() {
        for (template, express, fastify) in [
            ("/users/{user-id}", "/users/:userId", "/users/:userId"),
            ("/a:b/{x}.{y}", "/a\\:b/:x.:y", "/a::b/:x.:y"),
            ("/{a}:{b}", "/:segment", "/:segment"),
            ("/größe", "/gr%C3%B6%C3%9Fe", "/größe"),
            ("/{;id*}", "/:id", "/:id"),
            ("/a?x=1", "/a", "/a"),
            ("/", "/", "/"),
        ] {
            let path = router_path(&segments(template));
            assert_eq!(
                (path.express.as_str(), path.fastify.as_str()),
                (express, fastify),
                "{template}"
            );
        }
        let captures = router_path(&segments("/{a}:{b}")).captures;
        assert_eq!(captures[1].pattern.as_deref(), Some("/^.+?:(.+?)$/su"));
    }
}
