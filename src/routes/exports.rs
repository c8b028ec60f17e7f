//! What a file declares, exports and imports at its top level, and where code can be added without
//! changing a byte that is there.

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    BindingPattern, Declaration, ExportDefaultDeclarationKind, ExportSpecifier, ImportDeclaration,
    ImportDeclarationSpecifier, Program, Statement,
};
use oxc_span::{GetSpan, SourceType};

use super::source;

/// The outline of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exports {
    /// Names that other files can import, `default` among them, in the order of the text.
    pub exported: Vec<String>,
    /// Names that are taken at the top level: declarations and imports.
    pub declared: Vec<String>,
    /// Modules of `export * from "…"`: their names are exported as well.
    pub everything_from: Vec<String>,
    pub imports: Vec<Import>,
    /// Byte offset for a new import: the start of the line after the last one (or its end, when more
    /// than a comment follows it there), else of the first line behind `#!`, directives and comments
    /// that belong to the whole file.
    pub import_offset: usize,
    /// Byte offset for a new declaration: the end of the text.
    pub append_offset: usize,
}

/// One `import … from "source"`, or a `require` of the form `const … = require("source")`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub source: String,
    /// `import type`.
    pub type_only: bool,
    pub names: Vec<ImportedName>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedName {
    /// In the module: `default` for a default import, `*` for a namespace.
    pub imported: String,
    /// In this file.
    pub local: String,
    pub type_only: bool,
}

/// The first place that is not valid TypeScript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxFault {
    /// Byte offset.
    pub offset: usize,
    pub message: String,
}

impl Exports {
    pub fn exports(&self, name: &str) -> bool {
        self.exported.iter().any(|exported| exported == name)
    }

    /// The name under which something is imported already, from the module in any spelling: with or
    /// without an ending. What is imported as a type is of no use as a value.
    pub fn usable_name(&self, source: &str, imported: &str, as_type: bool) -> Option<&str> {
        self.imports
            .iter()
            .filter(|import| without_ending(&import.source) == without_ending(source))
            .flat_map(|import| &import.names)
            .find(|name| name.imported == imported && (as_type || !name.type_only))
            .map(|name| name.local.as_str())
    }

    /// The local name of what is imported from a module, when it is.
    pub fn local_name(&self, source: &str, imported: &str) -> Option<&str> {
        self.imports
            .iter()
            .filter(|import| import.source == source)
            .flat_map(|import| &import.names)
            .find(|name| name.imported == imported)
            .map(|name| name.local.as_str())
    }
}

/// Reads the outline of a TypeScript (or JavaScript) module.
pub fn read(text: &str) -> Result<Exports, SyntaxFault> {
    let allocator = Allocator::default();
    let program = source::parse(&allocator, text, SourceType::ts())?;
    let mut exports = Exports {
        append_offset: text.len(),
        ..Exports::default()
    };
    let mut last = 0;
    if let Some(hashbang) = &program.hashbang {
        last = hashbang.span.end as usize;
    }
    for directive in &program.directives {
        last = directive.span.end as usize;
    }
    for statement in &program.body {
        if let Statement::ImportDeclaration(import) = statement {
            last = statement.span().end as usize;
            exports.import(import);
        } else {
            exports.statement(statement);
        }
    }
    exports.import_offset = import_offset(text, &program, last);
    Ok(exports)
}

/// `last` is the end of what must stay in front.
fn import_offset(text: &str, program: &Program<'_>, last: usize) -> usize {
    let comments = program.comments.iter().map(|comment| comment.span);
    let statements = program.body.iter().map(GetSpan::span);
    if last == 0 {
        let first = statements.map(|span| span.start).min();
        let heading = comments
            .filter(|comment| first.is_none_or(|first| comment.end <= first))
            .map(|comment| comment.end as usize)
            .filter(|end| {
                let rest = text[*end..].strip_prefix('\r').unwrap_or(&text[*end..]);
                let rest = rest.strip_prefix('\n').unwrap_or_default();
                rest.starts_with('\n') || rest.starts_with("\r\n")
            });
        return next_line(text, heading.max().unwrap_or(0));
    }
    let line = next_line(text, last);
    let torn = statements.chain(comments).any(|span| {
        (span.start as usize) < line && line <= (span.end as usize) && span.end as usize > last
    });
    if torn { last } else { line }
}

fn without_ending(source: &str) -> &str {
    [".js", ".ts", ".mjs", ".mts"]
        .into_iter()
        .find_map(|ending| source.strip_suffix(ending))
        .unwrap_or(source)
}

impl Exports {
    fn import(&mut self, import: &ImportDeclaration<'_>) {
        let type_only = import.import_kind.is_type();
        let specifiers = import.specifiers.iter().flatten();
        let names: Vec<ImportedName> = specifiers
            .map(|specifier| match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(name) => ImportedName {
                    imported: name.imported.name().to_string(),
                    local: name.local.name.to_string(),
                    type_only: type_only || name.import_kind.is_type(),
                },
                ImportDeclarationSpecifier::ImportDefaultSpecifier(name) => ImportedName {
                    imported: "default".to_owned(),
                    local: name.local.name.to_string(),
                    type_only,
                },
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(name) => ImportedName {
                    imported: "*".to_owned(),
                    local: name.local.name.to_string(),
                    type_only,
                },
            })
            .collect();
        self.declared
            .extend(names.iter().map(|name| name.local.clone()));
        self.imports.push(Import {
            source: import.source.value.to_string(),
            type_only,
            names,
        });
    }

    fn specifiers(&mut self, specifiers: &[ExportSpecifier<'_>]) {
        let names = specifiers.iter().map(|specifier| specifier.exported.name());
        self.exported.extend(names.map(|name| name.to_string()));
    }

    fn statement(&mut self, statement: &Statement<'_>) {
        match statement {
            Statement::ExportDeclaration(export) => {
                let names = declared_names(&export.declaration);
                self.exported.extend(names.iter().cloned());
                self.declared.extend(names);
            }
            Statement::ExportNamedDeclaration(export) => self.specifiers(&export.specifiers),
            Statement::ExportFromDeclaration(export) => self.specifiers(&export.specifiers),
            Statement::ExportDefaultDeclaration(export) => {
                self.exported.push("default".to_owned());
                let name = match &export.declaration {
                    ExportDefaultDeclarationKind::FunctionDeclaration(function) => &function.id,
                    ExportDefaultDeclarationKind::ClassDeclaration(class) => &class.id,
                    _ => &None,
                };
                self.declared
                    .extend(name.iter().map(|id| id.name.to_string()));
            }
            Statement::ExportAllDeclaration(export) => match &export.exported {
                Some(name) => self.exported.push(name.name().to_string()),
                None => self.everything_from.push(export.source.value.to_string()),
            },
            _ => {
                if let Some(declaration) = statement.as_declaration() {
                    self.declared.extend(declared_names(declaration));
                }
            }
        }
    }
}

pub(super) fn declared_names(declaration: &Declaration<'_>) -> Vec<String> {
    match declaration {
        Declaration::VariableDeclaration(variables) => {
            let mut names = Vec::new();
            for declarator in &variables.declarations {
                bound_names(&declarator.id, &mut names);
            }
            names
        }
        other => other
            .id()
            .map(|id| id.name.to_string())
            .into_iter()
            .collect(),
    }
}

/// All names of a destructuring pattern.
pub(super) fn bound_names(pattern: &BindingPattern<'_>, names: &mut Vec<String>) {
    match pattern {
        BindingPattern::BindingIdentifier(id) => names.push(id.name.to_string()),
        BindingPattern::ObjectPattern(object) => {
            for property in &object.properties {
                bound_names(&property.value, names);
            }
            if let Some(rest) = &object.rest {
                bound_names(&rest.argument, names);
            }
        }
        BindingPattern::ArrayPattern(array) => {
            for element in array.elements.iter().flatten() {
                bound_names(element, names);
            }
            if let Some(rest) = &array.rest {
                bound_names(&rest.argument, names);
            }
        }
        BindingPattern::AssignmentPattern(assignment) => bound_names(&assignment.left, names),
    }
}

/// The start of the line after `offset`; 0 stays 0.
fn next_line(text: &str, offset: usize) -> usize {
    if offset == 0 {
        return 0;
    }
    text[offset..]
        .find('\n')
        .map_or(text.len(), |found| offset + found + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_outline_of_a_handler_file() {
        let text = "// Mine.\nimport { notImplemented as missing } from \"../runtime/errors.js\";\n\
                    import type { Handler } from \"./index.js\"; // kept\nimport fs, * as all from 'fs';\n\n\
                    const { a, b: [c], ...rest } = fs;\nexport const one: Handler<\"one\"> = async () => {};\n\
                    export function two() {}\nclass Three {}\nexport { Three as three, type X } from './x.js';\n\
                    export * from './y.js';\nexport default Three;\nexport type T = string;\n";
        let exports = read(text).expect("valid TypeScript");
        assert_eq!(
            exports.exported,
            ["one", "two", "three", "X", "default", "T"]
        );
        assert_eq!(
            exports.declared,
            [
                "missing", "Handler", "fs", "all", "a", "c", "rest", "one", "two", "Three", "T"
            ]
        );
        assert_eq!(exports.everything_from, ["./y.js"]);
        assert_eq!(
            exports.local_name("../runtime/errors.js", "notImplemented"),
            Some("missing")
        );
        assert!(exports.imports[1].type_only);
        assert!(text[exports.import_offset..].starts_with("\nconst { a"));
        assert_eq!(exports.append_offset, text.len());
    }

    #[test]
    fn new_imports_go_behind_what_must_stay_first() {
        for (text, rest) in [
            ("const a = 1;\n", "const a = 1;\n"),
            (
                "#!/usr/bin/env node\n\"use strict\";\nconst a = 1;",
                "const a = 1;",
            ),
            ("import 'a';", ""),
            ("", ""),
        ] {
            let exports = read(text).expect("valid");
            assert_eq!(&text[exports.import_offset..], rest, "{text:?}");
        }
    }

    #[test]
    fn a_syntax_fault_has_its_place() {
        let fault = read("const a = 1;\nexport const = 2;\n").expect_err("a fault");
        assert_eq!(fault.offset, 26);
        assert!(read(&"(".repeat(100_000)).is_err());
    }
}
