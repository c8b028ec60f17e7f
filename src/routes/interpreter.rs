//! The state of one reading: files, scopes, modules, and the routers that were found.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use oxc_ast::ast::Program;

use super::modules::{FileId, Modules};
use super::registrations::Router;
use super::value::{Origin, Place, RouterId, ScopeId, Unknown, Value};
use crate::api::SchemaName;
use crate::text::SourceFile;

/// Calls inside of calls; deeper ones are not followed.
const DEEPEST_CALL: usize = 24;
/// Statements and calls of one reading: a bound on loops in loops, far above real projects.
const MOST_STEPS: usize = 500_000;

pub(super) struct Interpreter<'a> {
    pub(super) files: &'a [Arc<SourceFile>],
    pub(super) programs: &'a [Option<Program<'a>>],
    pub(super) modules: Modules,
    pub(super) scopes: Vec<Scope<'a>>,
    pub(super) loaded: HashMap<FileId, Loaded<'a>>,
    pub(super) routers: Vec<Router<'a>>,
    pub(super) depth: usize,
    pub(super) steps: usize,
    /// Functions that were called, by file and offset: the rest may be called from outside.
    pub(super) called: std::collections::HashSet<(FileId, u32)>,
    /// Schemas with a name of their own, in the order in which they were met.
    pub(super) schemas: IndexMap<SchemaName, crate::api::Schema>,
    pub(super) schema_names: HashMap<(FileId, String), SchemaName>,
    /// Registrations whose router or method is not known.
    pub(super) unresolved: Vec<(Place, String)>,
}

#[derive(Default)]
pub(super) struct Scope<'a> {
    pub(super) parent: Option<ScopeId>,
    pub(super) names: HashMap<String, Binding<'a>>,
}

#[derive(Clone)]
pub(super) enum Binding<'a> {
    Value(Value<'a>),
    /// A name of another file, looked up when it is used, so that cycles work.
    Import(FileId, String),
}

/// A file whose top level has been, or is being, followed.
#[derive(Default)]
pub(super) struct Loaded<'a> {
    pub(super) scope: Option<ScopeId>,
    pub(super) exports: IndexMap<String, Binding<'a>>,
    /// Names that are exported under another or the same name.
    pub(super) local_exports: IndexMap<String, String>,
    pub(super) everything_from: Vec<FileId>,
}

impl<'a> Interpreter<'a> {
    pub(super) fn new(files: &'a [Arc<SourceFile>], programs: &'a [Option<Program<'a>>]) -> Self {
        Self {
            files,
            programs,
            modules: Modules::new(files),
            scopes: Vec::new(),
            loaded: HashMap::new(),
            routers: Vec::new(),
            depth: 0,
            steps: 0,
            called: std::collections::HashSet::new(),
            schemas: IndexMap::new(),
            schema_names: HashMap::new(),
            unresolved: Vec::new(),
        }
    }

    /// Follows the top level of a file, once.
    pub(super) fn load(&mut self, file: FileId) {
        if self.loaded.contains_key(&file) {
            return;
        }
        let scope = self.scope(None);
        self.loaded.insert(
            file,
            Loaded {
                scope: Some(scope),
                ..Loaded::default()
            },
        );
        let Some(program) = self.programs.get(file.0).and_then(Option::as_ref) else {
            return;
        };
        self.statements(&program.body, file, scope);
    }

    pub(super) fn scope(&mut self, parent: Option<ScopeId>) -> ScopeId {
        self.scopes.push(Scope {
            parent,
            names: HashMap::new(),
        });
        ScopeId(self.scopes.len() - 1)
    }

    pub(super) fn bind(&mut self, scope: ScopeId, name: &str, value: Value<'a>) {
        let binding = Binding::Value(value);
        self.scopes[scope.0].names.insert(name.to_owned(), binding);
    }

    /// Assigns where the name was declared.
    pub(super) fn assign(&mut self, scope: ScopeId, name: &str, value: Value<'a>) {
        let mut next = Some(scope);
        while let Some(id) = next {
            if let Some(binding) = self.scopes[id.0].names.get_mut(name) {
                *binding = Binding::Value(value);
                return;
            }
            next = self.scopes[id.0].parent;
        }
    }

    pub(super) fn binding(&self, scope: ScopeId, name: &str) -> Option<(Binding<'a>, ScopeId)> {
        let mut next = Some(scope);
        while let Some(id) = next {
            if let Some(binding) = self.scopes[id.0].names.get(name) {
                return Some((binding.clone(), id));
            }
            next = self.scopes[id.0].parent;
        }
        None
    }

    pub(super) fn look_up(&mut self, scope: ScopeId, name: &str) -> Option<Value<'a>> {
        match self.binding(scope, name)?.0 {
            Binding::Value(value) => Some(value),
            Binding::Import(file, export) => Some(self.export(file, &export)),
        }
    }

    /// A name that a file exports.
    pub(super) fn export(&mut self, file: FileId, name: &str) -> Value<'a> {
        self.find_export(file, name, 0).unwrap_or_else(|| {
            Value::Unknown(Unknown {
                name: Some(name.into()),
                origin: Origin::Expression,
            })
        })
    }

    pub(super) fn find_export(
        &mut self,
        file: FileId,
        name: &str,
        depth: usize,
    ) -> Option<Value<'a>> {
        if depth > DEEPEST_CALL {
            return None;
        }
        self.load(file);
        let loaded = self.loaded.get(&file)?;
        if let Some(local) = loaded.local_exports.get(name).cloned() {
            let scope = loaded.scope?;
            return self.look_up(scope, &local);
        }
        match loaded.exports.get(name).cloned() {
            Some(Binding::Value(value)) => return Some(value),
            Some(Binding::Import(other, export)) if export == "*" => {
                return Some(Value::Module(other));
            }
            Some(Binding::Import(other, export)) => {
                return self.find_export(other, &export, depth + 1);
            }
            None => {}
        }
        for other in loaded.everything_from.clone() {
            if let Some(value) = self.find_export(other, name, depth + 1) {
                return Some(value);
            }
        }
        // `module.exports = {…}` has its members as names too.
        if name != "default" {
            let default = self.find_export(file, "default", depth + 1)?;
            return default.member(name).cloned();
        }
        None
    }

    /// All names that a file exports, in the order of the text.
    pub(super) fn export_names(&mut self, file: FileId) -> Vec<String> {
        self.load(file);
        let Some(loaded) = self.loaded.get(&file) else {
            return Vec::new();
        };
        let names = loaded.local_exports.keys().chain(loaded.exports.keys());
        let mut names: Vec<String> = names.cloned().collect();
        names.dedup();
        names
    }

    /// What `require` and a default or namespace import of a file give.
    pub(super) fn whole_module(&mut self, file: FileId) -> Value<'a> {
        self.load(file);
        let is_commonjs = self.files[file.0].text.contains("module.exports");
        match self.find_export(file, "default", 0) {
            Some(default) if is_commonjs => default,
            _ => Value::Module(file),
        }
    }

    /// One more step; false when there have been too many.
    pub(super) fn step(&mut self) -> bool {
        self.steps += 1;
        self.steps < MOST_STEPS && self.depth < DEEPEST_CALL
    }

    pub(super) fn excerpt(&self, place: Place) -> &'a str {
        self.files[place.file.0]
            .text
            .get(place.start..place.end)
            .unwrap_or_default()
    }

    pub(super) fn is_generated(&self, file: FileId) -> bool {
        self.files[file.0]
            .text
            .starts_with("// Generated by backsmith")
    }

    pub(super) fn router(&mut self, router: Router<'a>) -> RouterId {
        self.routers.push(router);
        RouterId(self.routers.len() - 1)
    }

    pub(super) fn unresolved(&mut self, place: Place, reason: impl Into<String>) {
        let entry = (place, reason.into());
        if !self.unresolved.contains(&entry) {
            self.unresolved.push(entry);
        }
    }

    /// The component name of a schema that a top-level constant of a file holds.
    pub(super) fn schema_name(&mut self, file: FileId, constant: &str) -> SchemaName {
        if let Some(name) = self.schema_names.get(&(file, constant.to_owned())) {
            return name.clone();
        }
        let wanted = if self.is_generated(file) {
            constant.to_owned()
        } else {
            component_name(constant)
        };
        let mut name = SchemaName(wanted.clone());
        let mut number = 2;
        while self.schema_names.values().any(|taken| *taken == name) {
            name = SchemaName(format!("{wanted}{number}"));
            number += 1;
        }
        self.schema_names
            .insert((file, constant.to_owned()), name.clone());
        name
    }

    pub(super) fn text(&self, file: FileId) -> Rc<str> {
        self.files[file.0].name.as_str().into()
    }
}

/// `createUserSchema` becomes `CreateUser`.
fn component_name(constant: &str) -> String {
    use heck::ToUpperCamelCase;
    let stem = ["Schema", "_schema", "_SCHEMA"]
        .iter()
        .find_map(|ending| constant.strip_suffix(ending))
        .filter(|stem| !stem.is_empty())
        .unwrap_or(constant);
    stem.to_upper_camel_case()
}
