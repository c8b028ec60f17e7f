//! Adds declarations to a file that somebody else wrote. Every byte that is there stays: new imports
//! go below the last one, new code to the end, and names that are taken are avoided.

use std::collections::BTreeSet;

use super::exports::Exports;

/// An exported constant to add. Its text starts with a comment or with `export const <name>`.
#[derive(Clone, Copy, Debug)]
pub struct Addition<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

/// What additions may refer to by name.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    pub module: &'a str,
    pub name: &'a str,
    pub is_type: bool,
}

/// The text with the additions. `outline` is that of the text without its byte order mark.
pub fn append(
    text: &str,
    outline: &Exports,
    additions: &[Addition<'_>],
    references: &[Reference<'_>],
) -> String {
    let mut taken: BTreeSet<String> = outline.declared.iter().cloned().collect();
    let mut imports = String::new();
    let mut added: Vec<String> = additions
        .iter()
        .map(|addition| addition.text.to_owned())
        .collect();
    for reference in references {
        if !added.iter().any(|text| mentions(text, reference.name)) {
            continue;
        }
        let usable = outline.usable_name(reference.module, reference.name, reference.is_type);
        let local = usable.map_or_else(
            || {
                let local = free_name(reference.name, &taken);
                taken.insert(local.clone());
                imports.push_str(&import(*reference, &local));
                local
            },
            str::to_owned,
        );
        if local != reference.name {
            for text in &mut added {
                *text = renamed(text, reference.name, &local);
            }
        }
    }
    let mut end = String::new();
    // Imports behind the last byte end the text with a line.
    let behind = !imports.is_empty() && outline.import_offset == outline.append_offset;
    if !text.is_empty() && !text.ends_with('\n') && !behind {
        end.push('\n');
    }
    for (addition, text) in additions.iter().zip(&added) {
        end.push('\n');
        if taken.contains(addition.name) {
            // A private name of the file: the new constant is exported under another one.
            let local = free_name(addition.name, &taken);
            let declared = format!("export const {}", addition.name);
            end.push_str(&text.replacen(&declared, &format!("const {local}"), 1));
            end.push_str(&format!("export {{ {local} as {} }};\n", addition.name));
            taken.insert(local);
        } else {
            end.push_str(text);
            taken.insert(addition.name.to_owned());
        }
    }
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let lines = |text: &str| text.replace('\n', line_end);
    let mark = text.len() - text.trim_start_matches('\u{feff}').len();
    if imports.is_empty() {
        return format!("{text}{}", lines(&end));
    }
    let (before, after) = text.split_at(mark + outline.import_offset);
    let starts_line = before[mark..].is_empty() || before.ends_with('\n');
    if !starts_line {
        // Behind the last import in its own line.
        imports.insert(0, '\n');
        if !after.is_empty() {
            imports.pop();
        }
    }
    format!("{before}{}{after}{}", lines(&imports), lines(&end))
}

/// One import statement.
fn import(reference: Reference<'_>, local: &str) -> String {
    let keyword = if reference.is_type {
        "import type"
    } else {
        "import"
    };
    let name = reference.name;
    let named = if name == local {
        name.to_owned()
    } else {
        format!("{name} as {local}")
    };
    format!("{keyword} {{ {named} }} from \"{}\";\n", reference.module)
}

fn free_name(name: &str, taken: &BTreeSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while taken.contains(&candidate) {
        candidate = format!("{name}{number}");
        number += 1;
    }
    candidate
}

/// Where `name` is called or has type arguments: `name(` or `name<`.
fn uses<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = usize> + 't {
    text.match_indices(name)
        .map(|(at, _)| at)
        .filter(move |at| {
            let before = text[..*at].chars().next_back();
            let after = text[*at + name.len()..].chars().next();
            before.is_none_or(|c| !c.is_alphanumeric() && !['_', '$', '"', '.'].contains(&c))
                && after.is_some_and(|c| c == '(' || c == '<')
        })
}

fn mentions(text: &str, name: &str) -> bool {
    uses(text, name).next().is_some()
}

fn renamed(text: &str, name: &str, local: &str) -> String {
    let mut out = String::new();
    let mut last = 0;
    for at in uses(text, name) {
        out.push_str(&text[last..at]);
        out.push_str(local);
        last = at + name.len();
    }
    out.push_str(&text[last..]);
    out
}

#[cfg(test)]
mod tests {
    use super::super::exports;
    use super::*;

    const REFERENCES: [Reference<'_>; 2] = [
        Reference {
            module: "../runtime/errors.js",
            name: "notImplemented",
            is_type: false,
        },
        Reference {
            module: "./index.js",
            name: "Handler",
            is_type: true,
        },
    ];

    fn appended(text: &str) -> String {
        let outline = exports::read(text.trim_start_matches('\u{feff}')).expect("valid TypeScript");
        let addition = Addition {
            name: "two",
            text: "/** GET /two */\nexport const two: Handler<\"two\"> = async () => {\n  throw notImplemented(\"two\");\n};\n",
        };
        let after = append(text, &outline, &[addition], &REFERENCES);
        exports::read(after.trim_start_matches('\u{feff}')).expect("still valid");
        after
    }

    const STUB: &str = "\n/** GET /two */\nexport const two: Handler<\"two\"> = async () => {\n  throw notImplemented(\"two\");\n};\n";
    const IMPORTS: &str = "import { notImplemented } from \"../runtime/errors.js\";\nimport type { Handler } from \"./index.js\";\n";

    #[test]
    fn what_is_missing_is_added_and_nothing_else() {
        let known = "import { notImplemented, notFound } from '../runtime/errors'\nimport { type Handler } from \"./index.ts\";\nconst a = 1";
        assert_eq!(appended(known), format!("{known}\n{STUB}"));
        assert_eq!(appended(""), format!("{IMPORTS}{STUB}"));
        assert_eq!(
            appended("\u{feff}import a from \"a\"\r\nconst b = a\r\n"),
            format!("\u{feff}import a from \"a\"\n{IMPORTS}const b = a\n{STUB}")
                .replace('\n', "\r\n")
        );
        // Neither a comment nor a literal that starts in the import's line is torn.
        for rest in [
            " /* one\n two */\nconst b = 1;\n",
            " const t = `one\ntwo`;\n",
        ] {
            let text = format!("import a from \"a\";{rest}");
            let added = format!("\n{}", IMPORTS.trim_end());
            assert_eq!(
                appended(&text),
                format!("import a from \"a\";{added}{rest}{STUB}")
            );
        }
        // Comments for the whole file stay first, a comment on the first statement stays with it.
        assert_eq!(
            appended("// @ts-nocheck\n\nconst b = 1;\n"),
            format!("// @ts-nocheck\n{IMPORTS}\nconst b = 1;\n{STUB}")
        );
        assert_eq!(
            appended("/** Mine. */\nconst b = 1;\n"),
            format!("{IMPORTS}/** Mine. */\nconst b = 1;\n{STUB}")
        );
    }

    #[test]
    fn names_that_are_taken_are_avoided() {
        let text = "import { notImplemented as missing } from \"../runtime/errors.js\";\ntype Handler = 1;\nconst two = 2;\n";
        let stub = "\n/** GET /two */\nconst two2: Handler2<\"two\"> = async () => {\n  throw missing(\"two\");\n};\nexport { two2 as two };\n";
        let import = "import type { Handler as Handler2 } from \"./index.js\";\n";
        let (first, rest) = text.split_once('\n').expect("lines");
        assert_eq!(appended(text), format!("{first}\n{import}{rest}{stub}"));
        let typed = "import type { notImplemented } from \"../runtime/errors.js\";\n";
        assert!(appended(typed).contains("import { notImplemented as notImplemented2 }"));
    }
}
