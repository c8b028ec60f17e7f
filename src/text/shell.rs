//! Words as a POSIX shell takes them, for commands that people copy.

/// In quotes where the shell would take it apart.
pub fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn what_is_not_plain_is_quoted() {
        for (text, wanted) in [
            ("a/b-1.md", "a/b-1.md"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
        ] {
            assert_eq!(word(text), wanted);
        }
    }
}
