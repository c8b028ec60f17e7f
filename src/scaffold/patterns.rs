//! Regular expressions of documents as JavaScript's with the flag `u`, or nothing when they have
//! no equal there. What other engines merely tolerate, such as needless escapes, is mended; what
//! they have other words for, such as possessive quantifiers, is translated.

use std::fmt::Write as _;

use super::unicode;

/// The literal `/…/u`.
pub(super) fn literal(pattern: &str) -> Option<String> {
    let (flags, pattern) = leading_flags(pattern)?;
    let source = translate(&pattern, flags.contains('m'))?;
    let source = if source.is_empty() {
        "(?:)".to_owned()
    } else {
        source
    };
    Some(format!("/{source}/{flags}u"))
}

/// Takes `(?i)` off the beginning, where it holds for the whole expression.
fn leading_flags(pattern: &str) -> Option<(String, String)> {
    let (anchor, rest) = match pattern.strip_prefix('^') {
        Some(rest) => ("^", rest),
        None => ("", pattern),
    };
    let flags = rest
        .strip_prefix("(?")
        .and_then(|rest| rest.split_once(')'))
        .filter(|(flags, _)| {
            !flags.is_empty() && flags.chars().all(|flag| flag.is_ascii_lowercase())
        });
    let Some((flags, rest)) = flags else {
        return Some((String::new(), pattern.to_owned()));
    };
    // Multi-line mode would change an anchor that stands before it.
    let known = flags
        .chars()
        .all(|flag| "imsu".contains(flag) && (flag != 'm' || anchor.is_empty()));
    let kept = "ims".chars().filter(|flag| flags.contains(*flag)).collect();
    known.then(|| (kept, format!("{anchor}{rest}")))
}

struct Reader {
    characters: Vec<char>,
    at: usize,
    out: String,
    groups: usize,
    back_references: Vec<usize>,
    /// Groups of our own, which stand for possessive quantifiers and atomic groups.
    atomic: usize,
    /// Whether `^` and `$` are about lines.
    multi_line: bool,
}

fn translate(pattern: &str, multi_line: bool) -> Option<String> {
    let mut reader = Reader {
        characters: pattern.chars().collect(),
        at: 0,
        out: String::new(),
        groups: 0,
        back_references: Vec::new(),
        atomic: 0,
        multi_line,
    };
    reader.alternatives(0)?;
    let complete = reader.at == reader.characters.len();
    let references = reader
        .back_references
        .iter()
        .all(|number| *number <= reader.groups);
    // Our own groups would shift the numbers.
    let references = references && (reader.atomic == 0 || reader.back_references.is_empty());
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
        // Where the last thing that can be repeated begins in the output.
        let mut atom = self.out.len();
        while let Some(character) = self.peek() {
            if !"*+?{".contains(character) {
                atom = self.out.len();
            }
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
                    self.greed(atom)?;
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
                        self.greed(atom)?;
                        quantifiable = false;
                    } else {
                        atom = self.out.len();
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
        let start = self.out.len();
        if self.rest_starts_with("(?#") {
            let length = self.characters[self.at..].iter().position(|c| *c == ')')?;
            self.at += length + 1;
            return Some(false);
        }
        if self.rest_starts_with("(?P=") {
            self.at += 4;
            self.named_reference(')')?;
            return Some(true);
        }
        let is_atomic = self.rest_starts_with("(?>");
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
        } else if is_atomic {
            self.at += 3;
        } else if self.rest_starts_with("(?") {
            // Inline flags and conditions.
            return None;
        } else {
            self.push_one();
            self.groups += 1;
        }
        self.alternatives(depth + 1)?;
        if self.peek() != Some(')') {
            return None;
        }
        if is_atomic {
            self.at += 1;
            self.make_atomic(start)?;
        } else {
            self.push_one();
        }
        Some(quantifiable)
    }

    /// `[:alpha:]` inside of a class.
    fn posix_class(&mut self) -> Option<()> {
        let rest: String = self.characters[self.at + 2..].iter().take(10).collect();
        let name = rest.split_once(":]")?.0.to_owned();
        let letters = match name.as_str() {
            "alpha" => "a-zA-Z",
            "digit" => "0-9",
            "alnum" => "a-zA-Z0-9",
            "upper" => "A-Z",
            "lower" => "a-z",
            "word" => "\\w",
            "space" => "\\s",
            "blank" => " \\t",
            "xdigit" => "0-9A-Fa-f",
            "punct" => "!-\\/:-@\\[-`\\{-~",
            "cntrl" => "\\x00-\\x1f\\x7f",
            "graph" => "!-~",
            "print" => " -~",
            "ascii" => "\\x00-\\x7f",
            _ => return None,
        };
        self.out.push_str(letters);
        self.at += name.len() + 4;
        Some(())
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
                '[' if self.characters.get(self.at + 1) == Some(&':') => {
                    self.posix_class()?;
                    previous = None;
                }
                '[' if matches!(self.characters.get(self.at + 1), Some('.' | '=')) => {
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
                let start = if self.multi_line {
                    "(?<![\\s\\S])"
                } else {
                    "^"
                };
                self.out.push_str(start);
                return Some(false);
            }
            'z' if !in_class => {
                self.at += 1;
                let end = if self.multi_line { "(?![\\s\\S])" } else { "$" };
                self.out.push_str(end);
                return Some(false);
            }
            'Z' if !in_class => {
                self.at += 1;
                self.out.push_str("(?=\\n?(?![\\s\\S]))");
                return Some(false);
            }
            'h' => {
                self.at += 1;
                self.out.push_str(if in_class {
                    "\\t\\p{Zs}"
                } else {
                    "[\\t\\p{Zs}]"
                });
            }
            'e' => {
                self.at += 1;
                self.out.push_str("\\x1b");
            }
            'c' if self
                .characters
                .get(self.at + 1)
                .is_some_and(char::is_ascii_alphabetic) =>
            {
                self.push_after_backslash(2);
            }
            'k' if !in_class && self.characters.get(self.at + 1) == Some(&'<') => {
                self.at += 2;
                self.named_reference('>')?;
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
            'x' if self.characters.get(self.at + 1) == Some(&'{') => {
                let rest: String = self.characters[self.at + 2..].iter().take(8).collect();
                let digits = rest.split_once('}')?.0.to_owned();
                let code = u32::from_str_radix(&digits, 16).ok();
                code.filter(|code| *code <= 0x0010_ffff)?;
                let _ = write!(self.out, "\\u{{{digits}}}");
                self.at += digits.len() + 3;
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
                let rest: String = self.characters[self.at + 1..].iter().take(60).collect();
                let (name, length) = match rest.strip_prefix('{') {
                    Some(rest) => {
                        let name = rest.split_once('}')?.0;
                        (name, name.chars().count() + 2)
                    }
                    // One letter needs no braces elsewhere.
                    None => (rest.get(..1)?, 1),
                };
                let negated = (character == 'P') != name.starts_with('^');
                let property = unicode::property(name.trim_start_matches('^'))?;
                let letter = if negated { 'P' } else { 'p' };
                let _ = write!(self.out, "\\{letter}{{{property}}}");
                self.at += length + 1;
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

    /// What may follow a quantifier of what begins at `atom`: `?` for lazy, `+` for possessive.
    fn greed(&mut self, atom: usize) -> Option<()> {
        match self.peek() {
            Some('?') => self.push_one(),
            Some('+') => {
                self.at += 1;
                self.make_atomic(atom)?;
            }
            _ => {}
        }
        Some(())
    }

    /// What was written since `start` gives nothing back: JavaScript has no words for that, but an
    /// assertion gives nothing back either, and a reference then takes what it saw.
    fn make_atomic(&mut self, start: usize) -> Option<()> {
        if self
            .characters
            .windows(7)
            .any(|text| text.iter().collect::<String>() == "<atomic")
        {
            return None;
        }
        self.atomic += 1;
        let number = self.atomic;
        self.out
            .insert_str(start, &format!("(?=(?<atomic{number}>"));
        let _ = write!(self.out, "))\\k<atomic{number}>");
        Some(())
    }

    /// `\k<name>`, from the name on.
    fn named_reference(&mut self, end: char) -> Option<()> {
        let length = self.characters[self.at..].iter().position(|c| *c == end)?;
        let name: String = self.characters[self.at..self.at + length].iter().collect();
        if !self.out.contains(&format!("(?<{name}>")) {
            return None;
        }
        let _ = write!(self.out, "\\k<{name}>");
        self.at += length + 1;
        Some(())
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
            ("(?i)abc", Some("/abc/iu")),
            ("^(?i)abc", Some("/^abc/iu")),
            ("a(?i)bc", None),
            ("(?x) a", None),
            ("[[:alpha:]_]", Some("/[a-zA-Z_]/u")),
            ("[[:nothing:]]", None),
            (r"\pL\P{^Greek}", Some(r"/\p{L}\p{Script=Greek}/u")),
            (
                r"\p{IsCyrillic}\p{digit}",
                Some(r"/\p{Script=Cyrillic}\p{digit}/u"),
            ),
            (r"\p{Nothing}", None),
            (r"\x{1F600}\cC\h", Some(r"/\u{1F600}\cC[\t\p{Zs}]/u")),
            ("a++b", Some(r"/(?=(?<atomic1>a+))\k<atomic1>b/u")),
            ("(?>a|ab)c", Some(r"/(?=(?<atomic1>a|ab))\k<atomic1>c/u")),
            (r"(a)\1b*+", None),
            (r"\Aa\Z", Some(r"/^a(?=\n?(?![\s\S]))/u")),
            (r"(?m)\A^a$\z", Some(r"/(?<![\s\S])^a$(?![\s\S])/mu")),
            (r"(?P<q>['])x(?P=q)", Some(r"/(?<q>['])x\k<q>/u")),
            ("a(?#b)c", Some("/ac/u")),
            ("a**", None),
            ("(a", None),
            ("[z-a]", None),
            (r"\2(a)", None),
        ] {
            assert_eq!(literal(pattern).as_deref(), wanted, "{pattern}");
        }
    }
}
