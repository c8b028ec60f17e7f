//! Regular expressions of documents as JavaScript's with the flag `u`, or nothing when they have
//! no equal there. What other engines merely tolerate, such as needless escapes, is mended.

/// The literal `/…/u`.
pub(super) fn literal(pattern: &str) -> Option<String> {
    let source = translate(pattern)?;
    let source = if source.is_empty() {
        "(?:)".to_owned()
    } else {
        source
    };
    Some(format!("/{source}/u"))
}

struct Reader {
    characters: Vec<char>,
    at: usize,
    out: String,
    groups: usize,
    back_references: Vec<usize>,
}

fn translate(pattern: &str) -> Option<String> {
    let mut reader = Reader {
        characters: pattern.chars().collect(),
        at: 0,
        out: String::new(),
        groups: 0,
        back_references: Vec::new(),
    };
    reader.alternatives(0)?;
    let complete = reader.at == reader.characters.len();
    let references = reader
        .back_references
        .iter()
        .all(|number| *number <= reader.groups);
    (complete && references).then_some(reader.out)
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn rest_starts_with(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(index, c)| self.characters.get(self.at + index) == Some(&c))
    }

    /// Up to the end or to the parenthesis that closes the group.
    fn alternatives(&mut self, depth: usize) -> Option<()> {
        if depth > 50 {
            return None;
        }
        // Whether a quantifier may follow.
        let mut quantifiable = false;
        while let Some(character) = self.peek() {
            match character {
                ')' if depth > 0 => return Some(()),
                ')' => return None,
                '(' => quantifiable = self.group(depth)?,
                '[' => {
                    self.class()?;
                    quantifiable = true;
                }
                '*' | '+' | '?' => {
                    if !quantifiable {
                        return None;
                    }
                    self.push_one();
                    self.lazy();
                    quantifiable = false;
                }
                '{' => {
                    if let Some(length) = self.quantifier() {
                        if !quantifiable {
                            return None;
                        }
                        for _ in 0..length {
                            self.push_one();
                        }
                        self.lazy();
                        quantifiable = false;
                    } else {
                        self.push_escaped();
                        quantifiable = true;
                    }
                }
                '}' | ']' | '/' => {
                    self.push_escaped();
                    quantifiable = true;
                }
                '\\' => quantifiable = self.escape(false)?,
                '|' | '^' | '$' => {
                    self.push_one();
                    quantifiable = false;
                }
                _ => {
                    self.push_literal(character);
                    self.at += 1;
                    quantifiable = true;
                }
            }
        }
        (depth == 0).then_some(())
    }

    /// Returns whether the group may be quantified: an assertion may not.
    fn group(&mut self, depth: usize) -> Option<bool> {
        let mut quantifiable = true;
        let opening = ["(?:", "(?=", "(?!", "(?<=", "(?<!"]
            .into_iter()
            .find(|opening| self.rest_starts_with(opening));
        if let Some(opening) = opening {
            quantifiable = opening == "(?:";
            self.out.push_str(opening);
            self.at += opening.len();
        } else if self.rest_starts_with("(?<") || self.rest_starts_with("(?P<") {
            let start = self.at + if self.rest_starts_with("(?P<") { 4 } else { 3 };
            let length = self.characters[start..].iter().position(|c| *c == '>')?;
            let name: String = self.characters[start..start + length].iter().collect();
            if !super::names::is_identifier(&name) || self.out.contains(&format!("(?<{name}>")) {
                return None;
            }
            self.out.push_str(&format!("(?<{name}>"));
            self.at = start + length + 1;
            self.groups += 1;
        } else if self.rest_starts_with("(?") {
            // Inline flags, atomic groups, conditions.
            return None;
        } else {
            self.push_one();
            self.groups += 1;
        }
        self.alternatives(depth + 1)?;
        if self.peek() != Some(')') {
            return None;
        }
        self.push_one();
        Some(quantifiable)
    }

    fn class(&mut self) -> Option<()> {
        self.push_one();
        if self.peek() == Some('^') {
            self.push_one();
        }
        // A range may not begin or end with a set.
        let mut previous: Option<char> = None;
        let mut first = true;
        loop {
            let character = self.peek()?;
            match character {
                ']' if !first || self.at > 0 => {
                    self.push_one();
                    return Some(());
                }
                // POSIX classes and set operations mean something else here.
                '[' if matches!(self.characters.get(self.at + 1), Some(':' | '.' | '=')) => {
                    return None;
                }
                '-' => {
                    let next = self.characters.get(self.at + 1).copied()?;
                    let starts_range = previous.is_some() && next != ']';
                    if starts_range && next == '\\' {
                        let escaped = self.characters.get(self.at + 2).copied()?;
                        if "dDwWsSpP".contains(escaped) {
                            self.out.push_str("\\-");
                            self.at += 1;
                            previous = None;
                            first = false;
                            continue;
                        }
                    }
                    if starts_range {
                        if next != '\\' && previous.is_some_and(|start| start > next) {
                            return None;
                        }
                        self.push_one();
                        if next == '\\' {
                            self.escape(true)?;
                        } else {
                            self.push_literal(next);
                            self.at += 1;
                        }
                        previous = None;
                    } else {
                        self.out.push_str("\\-");
                        self.at += 1;
                        previous = None;
                    }
                }
                '\\' => {
                    let escaped = self.characters.get(self.at + 1).copied()?;
                    self.escape(true)?;
                    previous = if "dDwWsSpP".contains(escaped) {
                        None
                    } else {
                        Some('\0')
                    };
                }
                '/' => {
                    self.push_escaped();
                    previous = Some('/');
                }
                _ => {
                    self.push_literal(character);
                    self.at += 1;
                    previous = Some(character);
                }
            }
            first = false;
        }
    }

    /// Returns whether the escape may be quantified.
    fn escape(&mut self, in_class: bool) -> Option<bool> {
        self.at += 1;
        let character = self.peek()?;
        match character {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' | 'n' | 'r' | 't' | 'v' | 'f' => {
                self.push_after_backslash(1);
            }
            'b' => {
                self.push_after_backslash(1);
                return Some(in_class);
            }
            'B' if !in_class => {
                self.push_after_backslash(1);
                return Some(false);
            }
            // Anchors of other engines.
            'A' if !in_class => {
                self.at += 1;
                self.out.push('^');
                return Some(false);
            }
            'z' | 'Z' if !in_class => {
                self.at += 1;
                self.out.push('$');
                return Some(false);
            }
            'h' => {
                self.at += 1;
                self.out.push_str(if in_class { " \\t" } else { "[ \\t]" });
            }
            '0' if !self
                .characters
                .get(self.at + 1)
                .is_some_and(char::is_ascii_digit) =>
            {
                self.push_after_backslash(1);
            }
            '1'..='9' if !in_class => {
                let digits: String = self.characters[self.at..]
                    .iter()
                    .take_while(|c| c.is_ascii_digit())
                    .collect();
                self.back_references.push(digits.parse().ok()?);
                self.push_after_backslash(digits.len());
            }
            'x' => {
                let digits: String = self.characters[self.at + 1..].iter().take(2).collect();
                if digits.len() != 2 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
                    return None;
                }
                self.push_after_backslash(3);
            }
            'u' => {
                let rest: String = self.characters[self.at + 1..].iter().take(8).collect();
                let length = if rest.starts_with('{') {
                    let end = rest.find('}')?;
                    u32::from_str_radix(&rest[1..end], 16)
                        .ok()
                        .filter(|code| *code <= 0x0010_ffff)?;
                    end + 2
                } else {
                    let digits: String = rest.chars().take(4).collect();
                    if digits.len() != 4 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
                        return None;
                    }
                    5
                };
                self.push_after_backslash(length);
            }
            'p' | 'P' => {
                let rest: String = self.characters[self.at + 1..].iter().collect();
                let name = rest.strip_prefix('{')?.split_once('}')?.0.to_owned();
                let name = PROPERTIES
                    .iter()
                    .find(|known| **known == name.trim_start_matches("Is"))?;
                self.out.push_str(&format!("\\{character}{{{name}}}"));
                self.at += 3 + rest[1..].find('}')?;
            }
            _ if "^$\\.*+?()[]{}|/".contains(character) => self.push_after_backslash(1),
            '-' if in_class => self.push_after_backslash(1),
            _ if character.is_ascii_alphanumeric() => return None,
            // A needless escape.
            _ => {
                self.push_literal(character);
                self.at += 1;
            }
        }
        Some(true)
    }

    /// The length of `{n}`, `{n,}` or `{n,m}` at this place.
    fn quantifier(&self) -> Option<usize> {
        let rest = &self.characters[self.at..];
        let end = rest.iter().position(|c| *c == '}')?;
        let inside: String = rest[1..end].iter().collect();
        let (least, most) = match inside.split_once(',') {
            Some((least, most)) => (least, most),
            None => (inside.as_str(), ""),
        };
        let number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        let valid = number(least) && (most.is_empty() || number(most));
        let ordered = most.is_empty() || least.parse::<u64>().ok()? <= most.parse::<u64>().ok()?;
        (valid && ordered).then_some(end + 1)
    }

    fn lazy(&mut self) {
        if self.peek() == Some('?') {
            self.push_one();
        }
    }

    fn push_one(&mut self) {
        if let Some(character) = self.peek() {
            self.out.push(character);
            self.at += 1;
        }
    }

    fn push_escaped(&mut self) {
        self.out.push('\\');
        self.push_one();
    }

    fn push_after_backslash(&mut self, length: usize) {
        self.out.push('\\');
        for _ in 0..length {
            self.push_one();
        }
    }

    fn push_literal(&mut self, character: char) {
        match character {
            '\n' => self.out.push_str("\\n"),
            '\r' => self.out.push_str("\\r"),
            '\u{2028}' => self.out.push_str("\\u2028"),
            '\u{2029}' => self.out.push_str("\\u2029"),
            '/' => self.out.push_str("\\/"),
            other => self.out.push(other),
        }
    }
}

/// Properties that every engine with the flag `u` knows.
const PROPERTIES: &[&str] = &[
    "L",
    "Lu",
    "Ll",
    "Lt",
    "Lm",
    "Lo",
    "M",
    "Mn",
    "Mc",
    "Me",
    "N",
    "Nd",
    "Nl",
    "No",
    "P",
    "Pc",
    "Pd",
    "Ps",
    "Pe",
    "Pi",
    "Pf",
    "Po",
    "S",
    "Sm",
    "Sc",
    "Sk",
    "So",
    "Z",
    "Zs",
    "Zl",
    "Zp",
    "C",
    "Cc",
    "Cf",
    "Cn",
    "Co",
    "Letter",
    "Number",
    "Punctuation",
    "Symbol",
    "Separator",
    "Uppercase_Letter",
    "Lowercase_Letter",
    "Decimal_Number",
    "Alphabetic",
    "White_Space",
    "Uppercase",
    "Lowercase",
    "ASCII",
    "Any",
    "Emoji",
    "Script=Latin",
    "Script=Greek",
    "Script=Cyrillic",
    "Script=Han",
    "Script=Hiragana",
    "Script=Katakana",
];

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn patterns_are_mended_or_refused() {
        for (pattern, wanted) in [
            ("^[0-9]{4}$", Some("/^[0-9]{4}$/u")),
            (r"^[\w\-\.]+\@[a-z_-]+$", Some(r"/^[\w\-\.]+@[a-z_\-]+$/u")),
            ("a/b", Some(r"/a\/b/u")),
            ("^{id}$", Some(r"/^\{id\}$/u")),
            ("", Some("/(?:)/u")),
            (r"^\p{L}+$", Some(r"/^\p{L}+$/u")),
            ("(?P<year>\\d+)", Some(r"/(?<year>\d+)/u")),
            ("(?i)abc", None),
            ("[[:alpha:]]", None),
            ("a**", None),
            ("(a", None),
            ("[z-a]", None),
            (r"\2(a)", None),
        ] {
            assert_eq!(literal(pattern).as_deref(), wanted, "{pattern}");
        }
    }
}
