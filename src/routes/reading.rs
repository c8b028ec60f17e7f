//! One reading of a project: parse every file, follow the code, describe the routes that were found.

use std::sync::Arc;

use oxc_allocator::Allocator;
use oxc_span::SourceType;

use super::interpreter::Interpreter;
use super::modules::FileId;
use super::registrations::Framework;
use super::value::{Closure, FunctionNode, Place, Value};
use super::{describe, source};
use crate::api::{Api, Method};
use crate::diagnostic::Diagnostic;
use crate::text::{SourceFile, Span};

/// What the routes of a project say.
#[derive(Debug)]
pub struct Reading {
    pub api: Api,
    /// In the order of their names.
    pub frameworks: Vec<Framework>,
    /// Files that the routes and what they need stand in.
    pub files: usize,
    /// The file in which the application is made, when there is one.
    pub entry: Option<String>,
    pub described: Vec<Described>,
    pub unresolved: Vec<Unresolved>,
    /// Files that are no valid JavaScript or TypeScript.
    pub faults: Vec<Diagnostic>,
}

impl Reading {
    /// How many different paths there are.
    pub fn paths(&self) -> usize {
        let paths = self.described.iter().map(|described| &described.path);
        paths.collect::<std::collections::BTreeSet<_>>().len()
    }
}

/// One operation of the document, and where its route stands.
#[derive(Clone, Debug)]
pub struct Described {
    pub method: Method,
    pub path: String,
    pub place: Span,
    pub basis: Basis,
}

/// What the description of an operation rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// Validators that backsmith generated.
    Generated,
    Zod,
    /// The `schema` of a Fastify route.
    RouteSchema,
    /// An `@openapi` comment.
    Comment,
    /// Names of the query, of headers or of the body, without their types.
    Names,
    PathAlone,
}

/// A route that the text alone does not tell.
#[derive(Clone, Debug)]
pub struct Unresolved {
    pub place: Span,
    /// The call as it stands there, shortened.
    pub excerpt: String,
    /// A sentence without a final stop.
    pub reason: String,
}

/// Reads routes. `files` are all sources of the project, with the names that places are shown
/// under; `is_described` says whose routes are wanted: the others serve for mounts and schemas.
pub fn read(files: &[Arc<SourceFile>], is_described: impl Fn(&SourceFile) -> bool) -> Reading {
    let allocators: Vec<Allocator> = files.iter().map(|_| Allocator::default()).collect();
    let mut faults = Vec::new();
    let mut programs = Vec::with_capacity(files.len());
    for (file, allocator) in files.iter().zip(&allocators) {
        match source::parse(allocator, &file.text, source_type(&file.name)) {
            Ok(program) => programs.push(Some(program)),
            Err(fault) => {
                let range = fault.offset..fault.offset;
                let fault = Diagnostic::error("invalid-source", fault.message);
                faults.push(fault.at(Span::new(file, range)));
                programs.push(None);
            }
        }
    }
    let mut interpreter = Interpreter::new(files, &programs);
    for index in 0..files.len() {
        interpreter.load(FileId(index));
    }
    interpreter.call_exports(&is_described);
    describe::describe(interpreter, &is_described, faults)
}

impl<'a> Interpreter<'a> {
    /// Functions that nothing in the project calls but that register routes: plugins that are
    /// loaded by their folder, factories for other projects.
    fn call_exports(&mut self, is_described: &impl Fn(&SourceFile) -> bool) {
        for index in 0..self.files.len() {
            let file = FileId(index);
            if !is_described(&self.files[index]) {
                continue;
            }
            for name in self.export_names(file) {
                let Some(Value::Function(closure) | Value::Plugin(closure)) =
                    self.find_export(file, &name, 0)
                else {
                    continue;
                };
                if closure.file == file && self.is_uncalled_registration(closure) {
                    let arguments = self.guessed_arguments(closure);
                    self.call(closure, &arguments);
                }
            }
        }
    }

    fn is_uncalled_registration(&self, closure: Closure<'a>) -> bool {
        if self.called.contains(&(closure.file, closure.node.start())) {
            return false;
        }
        let end = match closure.node {
            FunctionNode::Arrow(arrow) => arrow.span.end,
            FunctionNode::Function(function) => function.span.end,
        };
        let start = closure.node.start() as usize;
        let text = self.files[closure.file.0].text.get(start..end as usize);
        let registers = [
            ".get(",
            ".post(",
            ".put(",
            ".patch(",
            ".delete(",
            ".all(",
            ".route(",
            ".register(",
            "Router(",
            "express(",
        ];
        text.is_some_and(|text| registers.iter().any(|call| text.contains(call)))
    }

    /// A router of its own for a parameter that is one by its type or by its name.
    fn guessed_arguments(&mut self, closure: Closure<'a>) -> Vec<Value<'a>> {
        let Some(first) = closure.node.parameters().items.first() else {
            return Vec::new();
        };
        let span = first.pattern.get_binding_identifier().map(|id| id.span);
        let Some(span) = span else {
            return Vec::new();
        };
        let place = Place::of(closure.file, span);
        let text = &self.files[closure.file.0].text;
        let name = self.excerpt(place);
        let annotation = first
            .type_annotation
            .as_ref()
            .map(|annotation| Place::of(closure.file, annotation.span))
            .map(|place| self.excerpt(place))
            .unwrap_or_default();
        let framework = if annotation.contains("Fastify")
            || name == "fastify"
            || text.contains("FastifyPlugin")
        {
            Framework::Fastify
        } else if ["app", "router", "server"].contains(&name)
            || annotation.contains("Router")
            || annotation.contains("Express")
            || annotation.contains("Application")
        {
            self.routers.first().map_or_else(
                || {
                    if text.contains("koa") {
                        Framework::Koa
                    } else {
                        Framework::Express
                    }
                },
                |router| router.framework,
            )
        } else {
            return Vec::new();
        };
        vec![self.new_router(framework, place, false, None)]
    }
}

fn source_type(name: &str) -> SourceType {
    let of_path = SourceType::from_path(name).unwrap_or_else(|_| SourceType::ts());
    if of_path.is_javascript() {
        // Both module systems, and JSX where it is JavaScript.
        SourceType::unambiguous().with_jsx(true)
    } else {
        of_path
    }
}
