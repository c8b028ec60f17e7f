//! Names of the document as names in TypeScript: identifiers, file names, and no two alike.

use std::collections::BTreeSet;

/// Words that cannot be the name of a constant in a module.
const RESERVED: &[&str] = &[
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "undefined",
    "var",
    "void",
    "while",
    "with",
    "yield",
    "globalThis",
    "NaN",
    "Infinity",
];

/// File names that Windows keeps for devices, `com1` to `com9` and `lpt1` to `lpt9` apart.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul"];

/// The longest name of a file without its ending, in bytes; most file systems take 255 with it.
const LONGEST_FILE: usize = 180;

/// Names that were given away, so that the next one differs.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    pub(super) fn with<'a>(reserved: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            taken: reserved.into_iter().map(str::to_owned).collect(),
        }
    }

    /// The name itself, or with the first number that makes it new.
    pub(super) fn claim(&mut self, name: &str) -> String {
        let mut candidate = name.to_owned();
        let mut number = 2;
        while !self.taken.insert(candidate.clone()) {
            candidate = format!("{name}{number}");
            number += 1;
        }
        candidate
    }
}

/// Whether a name can stand unquoted as a property or a variable (reserved words apart).
pub(super) fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(is_start) && characters.all(is_continue)
}

/// `list-users`, `List users` and `list_users` are `listUsers`.
pub(super) fn camel_case(name: &str) -> String {
    let words = words(name);
    let mut out = String::new();
    for (index, word) in words.iter().enumerate() {
        if index == 0 {
            if word.chars().all(|c| !c.is_lowercase()) {
                out.push_str(&word.to_lowercase());
            } else {
                push_with_first(&mut out, word, char::to_lowercase);
            }
        } else {
            push_with_first(&mut out, word, char::to_uppercase);
        }
    }
    finish(out, "value")
}

/// `user-page` is `UserPage`.
pub(super) fn pascal_case(name: &str) -> String {
    let mut out = String::new();
    for word in words(name) {
        push_with_first(&mut out, &word, char::to_uppercase);
    }
    finish(out, "Value")
}

/// `Payment methods` and `PaymentMethods` are `payment-methods`.
pub(super) fn kebab_case(name: &str) -> String {
    let mut out = String::new();
    for word in words(name) {
        let characters: Vec<char> = word.chars().collect();
        for (index, &character) in characters.iter().enumerate() {
            let starts = index == 0
                || (character.is_uppercase()
                    && (characters[index - 1].is_lowercase()
                        || characters[index - 1].is_ascii_digit()
                        || characters
                            .get(index + 1)
                            .is_some_and(|next| next.is_lowercase())));
            if starts && !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
            out.extend(character.to_lowercase().filter(|c| c.is_alphanumeric()));
        }
    }
    let out = out.trim_matches('-').to_owned();
    if out.is_empty() {
        "root".to_owned()
    } else {
        out
    }
}

/// `petKey` is `PET_KEY`, for names of settings: ASCII alone.
pub(super) fn constant_case(name: &str) -> String {
    let name: String = kebab_case(name)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let name = name.trim_matches('_').to_ascii_uppercase();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name
    } else {
        format!("SCHEME_{name}").trim_end_matches('_').to_owned()
    }
}

/// The file of a resource, without its ending. `index` is the wiring.
pub(super) fn resource_file(name: &str) -> String {
    let mut file: String = kebab_case(name).chars().take(80).collect();
    while file.len() > LONGEST_FILE {
        file.pop();
    }
    let is_port = |port: &str| {
        let number = file.strip_prefix(port);
        number.is_some_and(|number| number.len() == 1 && number.chars().all(|c| c.is_ascii_digit()))
    };
    if file == "index" || DEVICES.contains(&file.as_str()) || is_port("com") || is_port("lpt") {
        file.push_str("-resource");
    }
    file
}

/// The same text for names that some file system takes for one.
pub(super) fn folded(file: &str) -> String {
    file.to_uppercase().to_lowercase()
}

pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

fn words(name: &str) -> Vec<String> {
    name.split(|c: char| !is_continue(c) || c == '_' || c == '$')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn push_with_first<I: Iterator<Item = char>>(
    out: &mut String,
    word: &str,
    change: impl Fn(char) -> I,
) {
    let mut characters = word.chars();
    if let Some(first) = characters.next() {
        out.extend(change(first));
        out.push_str(characters.as_str());
    }
}

fn finish(name: String, empty: &str) -> String {
    if name.is_empty() {
        return empty.to_owned();
    }
    if !name.starts_with(is_start) {
        return format!("_{name}");
    }
    if is_reserved(&name) {
        return format!("{name}_");
    }
    name
}

fn is_start(character: char) -> bool {
    unicode_ident::is_xid_start(character) || character == '_' || character == '$'
}

fn is_continue(character: char) -> bool {
    unicode_ident::is_xid_continue(character) || character == '$'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_identifiers() {
        for (name, camel, pascal, kebab) in [
            ("listUsers", "listUsers", "ListUsers", "list-users"),
            (
                "Payment methods",
                "paymentMethods",
                "PaymentMethods",
                "payment-methods",
            ),
            ("user_id", "userId", "UserId", "user-id"),
            ("GET", "get", "GET", "get"),
            ("delete", "delete_", "Delete", "delete"),
            ("3d-model", "_3dModel", "_3dModel", "3d-model"),
            ("größe", "größe", "Größe", "größe"),
            ("HTTPServer", "hTTPServer", "HTTPServer", "http-server"),
            ("!?", "value", "Value", "root"),
        ] {
            assert_eq!(camel_case(name), camel);
            assert_eq!(pascal_case(name), pascal);
            assert_eq!(kebab_case(name), kebab);
        }
        assert_eq!(resource_file("Index"), "index-resource");
        assert_eq!(resource_file("COM1"), "com1-resource");
        assert_eq!(resource_file(&"\u{20000}".repeat(300)).len(), 180);
        assert_eq!(folded("straße"), folded("STRASSE"));
        for (name, constant) in [
            ("petKey", "PET_KEY"),
            ("X-API key", "X_API_KEY"),
            ("ключ", "SCHEME"),
        ] {
            assert_eq!(constant_case(name), constant);
        }
    }

    #[test]
    fn no_two_names_are_alike() {
        let mut names = Names::with(["z"]);
        let claimed: Vec<String> = ["a", "a", "z", "a2"].map(|name| names.claim(name)).into();
        assert_eq!(claimed, ["a", "a2", "z2", "a22"]);
    }
}
