//! Paths as frameworks write them, and as templates.

/// A path that was put together, and its parameters with the patterns that it gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    pub(super) path: String,
    /// Name, and a regular expression of the whole value.
    pub(super) parameters: Vec<(String, Option<String>)>,
}

/// Segments put together with one slash between them.
pub(super) fn joined(parts: &[String]) -> String {
    let mut path = String::new();
    for part in parts {
        for segment in part.split('/').filter(|segment| !segment.is_empty()) {
            path.push('/');
            path.push_str(segment);
        }
    }
    if path.is_empty() {
        "/".to_owned()
    } else {
        path
    }
}

/// `/users/:id(\d+)` as a template; several when a part is optional. An error says what a template
/// cannot express.
pub(super) fn templates(path: &str) -> Result<Vec<Template>, String> {
    let mut variants = vec![String::new()];
    let mut rest = path;
    // Optional parts: `{/:id}` of Express 5, `/:id?` of the others.
    while let Some(at) = rest.find(['{', '?']) {
        let (before, after) = rest.split_at(at);
        if let Some(inner) = after.strip_prefix('{') {
            let Some((inside, tail)) = inner.split_once('}') else {
                return Err("its braces are not closed".to_owned());
            };
            let with: Vec<String> = variants
                .iter()
                .map(|v| format!("{v}{before}{inside}"))
                .collect();
            let without = variants.iter().map(|v| format!("{v}{before}"));
            variants = without.chain(with).collect();
            rest = tail;
        } else {
            let start = before.rfind('/').unwrap_or(0);
            let (head, segment) = before.split_at(start);
            if !segment.starts_with("/:") {
                return Err(
                    "`?` makes a letter optional, which a path template cannot say".to_owned(),
                );
            }
            let with: Vec<String> = variants.iter().map(|v| format!("{v}{before}")).collect();
            let without = variants.iter().map(|v| format!("{v}{head}"));
            variants = without.chain(with).collect();
            rest = &after[1..];
        }
    }
    variants
        .iter()
        .map(|variant| template(&format!("{variant}{rest}")))
        .collect()
}

fn template(path: &str) -> Result<Template, String> {
    let mut parameters = Vec::new();
    let mut text = String::new();
    let mut letters = path.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.extend(letters.next()),
            // Fastify escapes a colon by doubling it.
            ':' if letters.peek() == Some(&':') => {
                letters.next();
                text.push(':');
            }
            ':' => {
                let mut name = String::new();
                while let Some(next) = letters
                    .peek()
                    .filter(|c| c.is_alphanumeric() || "_$".contains(**c))
                {
                    name.push(*next);
                    letters.next();
                }
                let mut pattern = None;
                if letters.peek() == Some(&'(') {
                    letters.next();
                    let mut depth = 1;
                    let mut inside = String::new();
                    for letter in letters.by_ref() {
                        match letter {
                            '(' => depth += 1,
                            ')' => depth -= 1,
                            _ => {}
                        }
                        if depth == 0 {
                            break;
                        }
                        inside.push(letter);
                    }
                    let inside = inside.trim_start_matches('^').trim_end_matches('$');
                    pattern = Some(format!("^(?:{inside})$"));
                }
                if matches!(letters.peek(), Some('*' | '+')) {
                    return Err(many_segments());
                }
                if name.is_empty() {
                    return Err("it has a parameter without a name".to_owned());
                }
                text.push('{');
                text.push_str(&name);
                text.push('}');
                parameters.push((name, pattern));
            }
            '*' => return Err(many_segments()),
            '(' | ')' | '+' => {
                return Err(format!(
                    "`{letter}` is a pattern, which a path template cannot say"
                ));
            }
            _ => text.push(letter),
        }
    }
    Ok(Template {
        path: joined(&[text]),
        parameters,
    })
}

fn many_segments() -> String {
    "`*` matches any number of segments, which a path template cannot say".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(path: &str) -> Vec<String> {
        let templates = templates(path).expect("a template");
        templates
            .into_iter()
            .map(|template| template.path)
            .collect()
    }

    #[test]
    fn paths_become_templates() {
        assert_eq!(paths("/users/:id"), ["/users/{id}"]);
        assert_eq!(paths("/users/:id.:ext/"), ["/users/{id}.{ext}"]);
        assert_eq!(paths("//a//b/"), ["/a/b"]);
        assert_eq!(paths("/"), ["/"]);
        assert_eq!(paths("/users/:id?"), ["/users", "/users/{id}"]);
        assert_eq!(paths("/users{/:id}/x"), ["/users/x", "/users/{id}/x"]);
        assert_eq!(paths("/a\\:b"), ["/a:b"]);
        assert_eq!(paths("/a::b"), ["/a:b"]);
        let template = &templates("/n/:id(\\d+)").expect("a template")[0];
        // The escape is one of the path text, where a backslash stands for itself in a group.
        assert_eq!(
            template.parameters,
            [("id".to_owned(), Some("^(?:\\d+)$".to_owned()))]
        );
        assert!(templates("/files/*").is_err());
        assert!(templates("/files/:path*").is_err());
        assert!(templates("/ab?cd").is_err());
    }
}
