//! Statements: declarations, exports, loops over what is known, and both sides of every condition.

use oxc_ast::ast::{
    Argument, ArrowFunctionBody, BindingPattern, Declaration, ExportDefaultDeclarationKind,
    ForStatementLeft, ImportDeclaration, ImportDeclarationSpecifier, Statement,
    VariableDeclaration,
};

use super::interpreter::{Binding, Interpreter};
use super::modules::FileId;
use super::value::{Closure, FunctionNode, Origin, ScopeId, Unknown, Value};

impl<'a> Interpreter<'a> {
    /// Runs a list; the value of the first `return` with one.
    pub(super) fn statements(
        &mut self,
        statements: &'a [Statement<'a>],
        file: FileId,
        scope: ScopeId,
    ) -> Option<Value<'a>> {
        // Functions and imports are there before the first statement runs.
        for statement in statements {
            match statement {
                Statement::FunctionDeclaration(function) => {
                    self.declare_function(function, file, scope);
                }
                Statement::ImportDeclaration(import) => self.import(import, file, scope),
                Statement::ExportDeclaration(export) => {
                    if let Declaration::FunctionDeclaration(function) = &export.declaration {
                        self.declare_function(function, file, scope);
                    }
                }
                _ => {}
            }
        }
        let mut returned = None;
        for statement in statements {
            if !self.step() {
                break;
            }
            let value = self.statement(statement, file, scope);
            returned = returned.or(value);
        }
        returned
    }

    fn statement(
        &mut self,
        statement: &'a Statement<'a>,
        file: FileId,
        scope: ScopeId,
    ) -> Option<Value<'a>> {
        match statement {
            Statement::ExpressionStatement(statement) => {
                self.expression(&statement.expression, file, scope);
                None
            }
            Statement::ReturnStatement(statement) => {
                let argument = statement.argument.as_ref()?;
                Some(self.expression(argument, file, scope))
            }
            Statement::BlockStatement(block) => {
                let inner = self.scope(Some(scope));
                self.statements(&block.body, file, inner)
            }
            Statement::IfStatement(statement) => {
                self.expression(&statement.test, file, scope);
                let first = self.branch(&statement.consequent, file, scope);
                let second = statement
                    .alternate
                    .as_ref()
                    .and_then(|alternate| self.branch(alternate, file, scope));
                first.or(second)
            }
            Statement::TryStatement(statement) => {
                let inner = self.scope(Some(scope));
                let returned = self.statements(&statement.block.body, file, inner);
                if let Some(finalizer) = &statement.finalizer {
                    let inner = self.scope(Some(scope));
                    self.statements(&finalizer.body, file, inner);
                }
                returned
            }
            Statement::ForOfStatement(statement) => {
                let items = self.expression(&statement.right, file, scope);
                let items = match &items {
                    Value::List(items) => items.to_vec(),
                    // Of something unknown, one round with an unknown item.
                    Value::Unknown(unknown) => vec![Value::Unknown(Unknown {
                        name: None,
                        origin: unknown.origin.clone(),
                    })],
                    _ => vec![Value::unknown(Origin::Expression)],
                };
                for item in items {
                    let inner = self.scope(Some(scope));
                    if let ForStatementLeft::VariableDeclaration(declaration) = &statement.left
                        && let Some(declarator) = declaration.declarations.first()
                    {
                        self.destructure(&declarator.id, item, file, inner);
                    }
                    self.branch(&statement.body, file, inner);
                }
                None
            }
            Statement::ForStatement(statement) => self.branch(&statement.body, file, scope),
            Statement::ForInStatement(statement) => self.branch(&statement.body, file, scope),
            Statement::WhileStatement(statement) => self.branch(&statement.body, file, scope),
            Statement::DoWhileStatement(statement) => self.branch(&statement.body, file, scope),
            Statement::LabeledStatement(statement) => self.branch(&statement.body, file, scope),
            Statement::SwitchStatement(statement) => {
                let mut returned = None;
                for case in &statement.cases {
                    let inner = self.scope(Some(scope));
                    let value = self.statements(&case.consequent, file, inner);
                    returned = returned.or(value);
                }
                returned
            }
            Statement::ExportDeclaration(export) => {
                self.declaration(&export.declaration, file, scope);
                for name in super::exports::declared_names(&export.declaration) {
                    self.export_local(file, &name, &name);
                }
                None
            }
            Statement::ExportNamedDeclaration(export) => {
                for specifier in &export.specifiers {
                    let local = specifier.local.name();
                    let exported = specifier.exported.name();
                    self.export_local(file, exported.as_str(), local.as_str());
                }
                None
            }
            Statement::ExportFromDeclaration(export) => {
                let other = self.resolve(file, &export.source.value);
                for specifier in &export.specifiers {
                    let exported = specifier.exported.name().to_string();
                    let local = specifier.local.name().to_string();
                    let binding = match other {
                        Some(other) => Binding::Import(other, local),
                        None => Binding::Value(library_member(&export.source.value, &local)),
                    };
                    self.set_export(file, exported, binding);
                }
                None
            }
            Statement::ExportAllDeclaration(export) => {
                let other = self.resolve(file, &export.source.value)?;
                match &export.exported {
                    Some(name) => {
                        let binding = Binding::Import(other, "*".to_owned());
                        self.set_export(file, name.name().to_string(), binding);
                    }
                    None => {
                        if let Some(loaded) = self.loaded.get_mut(&file) {
                            loaded.everything_from.push(other);
                        }
                    }
                }
                None
            }
            Statement::ExportDefaultDeclaration(export) => {
                let value = match &export.declaration {
                    ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                        self.declare_function(function, file, scope);
                        Value::Function(Closure {
                            node: FunctionNode::Function(function),
                            file,
                            scope,
                        })
                    }
                    ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                        Value::Class(class, file, scope)
                    }
                    ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => return None,
                    other => {
                        let expression = other.as_expression()?;
                        // A name stays a name, so that a schema keeps the one it has.
                        if let oxc_ast::ast::Expression::Identifier(id) = expression {
                            self.export_local(file, "default", &id.name);
                            return None;
                        }
                        self.expression(expression, file, scope)
                    }
                };
                self.set_export(file, "default".to_owned(), Binding::Value(value));
                None
            }
            Statement::TSExportAssignment(export) => {
                let value = self.expression(&export.expression, file, scope);
                self.set_export(file, "default".to_owned(), Binding::Value(value));
                None
            }
            _ => {
                if let Some(declaration) = statement.as_declaration() {
                    self.declaration(declaration, file, scope);
                }
                None
            }
        }
    }

    fn branch(
        &mut self,
        statement: &'a Statement<'a>,
        file: FileId,
        scope: ScopeId,
    ) -> Option<Value<'a>> {
        if !self.step() {
            return None;
        }
        self.statement(statement, file, scope)
    }

    fn declaration(&mut self, declaration: &'a Declaration<'a>, file: FileId, scope: ScopeId) {
        match declaration {
            Declaration::VariableDeclaration(variables) => self.variables(variables, file, scope),
            Declaration::FunctionDeclaration(function) => {
                self.declare_function(function, file, scope);
            }
            Declaration::ClassDeclaration(class) => {
                if let Some(id) = &class.id {
                    self.bind(scope, &id.name, Value::Class(class, file, scope));
                }
            }
            Declaration::TSEnumDeclaration(declaration) => {
                let mut members = indexmap::IndexMap::new();
                for (index, member) in declaration.body.members.iter().enumerate() {
                    let value = match &member.initializer {
                        Some(value) => self.expression(value, file, scope),
                        None => Value::Number(index as f64),
                    };
                    members.insert(member.id.static_name().to_string(), value);
                }
                self.bind(scope, &declaration.id.name, Value::record(members));
            }
            _ => {}
        }
    }

    fn declare_function(
        &mut self,
        function: &'a oxc_ast::ast::Function<'a>,
        file: FileId,
        scope: ScopeId,
    ) {
        // Overloads have no body.
        if let (Some(id), Some(_)) = (&function.id, &function.body) {
            let closure = Closure {
                node: FunctionNode::Function(function),
                file,
                scope,
            };
            self.bind(scope, &id.name, Value::Function(closure));
        }
    }

    fn variables(&mut self, variables: &'a VariableDeclaration<'a>, file: FileId, scope: ScopeId) {
        for declarator in &variables.declarations {
            let value = match &declarator.init {
                Some(init) => self.expression(init, file, scope),
                None => Value::Undefined,
            };
            self.destructure(&declarator.id, value, file, scope);
        }
    }

    /// Binds the names of a pattern to the parts of a value.
    pub(super) fn destructure(
        &mut self,
        pattern: &'a BindingPattern<'a>,
        value: Value<'a>,
        file: FileId,
        scope: ScopeId,
    ) {
        match pattern {
            BindingPattern::BindingIdentifier(id) => {
                let value = value.named(&id.name);
                let value = self.remember_schema(value, &id.name, file, scope);
                self.bind(scope, &id.name, value);
            }
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    let part = match property.key.static_name() {
                        Some(name) => self.member(&value, &name),
                        None => Value::unknown(Origin::Expression),
                    };
                    self.destructure(&property.value, part, file, scope);
                }
                if let Some(rest) = &object.rest {
                    self.destructure(&rest.argument, part_of(&value), file, scope);
                }
            }
            BindingPattern::ArrayPattern(array) => {
                for (index, element) in array.elements.iter().enumerate() {
                    let part = match &value {
                        Value::List(items) => items.get(index).cloned().unwrap_or(Value::Undefined),
                        other => part_of(other),
                    };
                    if let Some(element) = element {
                        self.destructure(element, part, file, scope);
                    }
                }
            }
            BindingPattern::AssignmentPattern(assignment) => {
                let value = match value {
                    Value::Undefined => self.expression(&assignment.right, file, scope),
                    other => other,
                };
                self.destructure(&assignment.left, value, file, scope);
            }
        }
    }

    fn import(&mut self, import: &'a ImportDeclaration<'a>, file: FileId, scope: ScopeId) {
        if import.import_kind.is_type() {
            return;
        }
        let source = import.source.value.as_str();
        let other = self.resolve(file, source);
        if let Some(other) = other {
            self.load(other);
        }
        for specifier in import.specifiers.iter().flatten() {
            let (local, name) = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(specifier) => {
                    (&specifier.local.name, specifier.imported.name().to_string())
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(specifier) => {
                    (&specifier.local.name, "default".to_owned())
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(specifier) => {
                    (&specifier.local.name, "*".to_owned())
                }
            };
            let binding = match other {
                Some(other) if name == "*" => Binding::Value(Value::Module(other)),
                Some(other) => Binding::Import(other, name),
                None if source.starts_with('.') => Binding::Value(Value::Unknown(Unknown {
                    name: Some(local.as_str().into()),
                    origin: Origin::Module(format!("`{source}`").into()),
                })),
                None => Binding::Value(library_member(source, &name)),
            };
            self.scopes[scope.0]
                .names
                .insert(local.to_string(), binding);
        }
    }

    pub(super) fn resolve(&self, file: FileId, specifier: &str) -> Option<FileId> {
        self.modules.resolve(&self.files[file.0].name, specifier)
    }

    fn export_local(&mut self, file: FileId, exported: &str, local: &str) {
        if let Some(loaded) = self.loaded.get_mut(&file) {
            loaded
                .local_exports
                .insert(exported.to_owned(), local.to_owned());
        }
    }

    pub(super) fn set_export(&mut self, file: FileId, name: String, binding: Binding<'a>) {
        if let Some(loaded) = self.loaded.get_mut(&file) {
            loaded.exports.insert(name, binding);
        }
    }

    /// Runs a function with known arguments: its value.
    pub(super) fn call(&mut self, closure: Closure<'a>, arguments: &[Value<'a>]) -> Value<'a> {
        self.called.insert((closure.file, closure.node.start()));
        if !self.step() {
            return Value::unknown(Origin::Expression);
        }
        self.depth += 1;
        let scope = self.bind_parameters(closure, arguments);
        let returned = match closure.node {
            FunctionNode::Arrow(arrow) => match &arrow.body {
                ArrowFunctionBody::FunctionBody(body) => {
                    self.statements(&body.statements, closure.file, scope)
                }
                other => other
                    .as_expression()
                    .map(|expression| self.expression(expression, closure.file, scope)),
            },
            FunctionNode::Function(function) => function
                .body
                .as_ref()
                .and_then(|body| self.statements(&body.statements, closure.file, scope)),
        };
        self.depth -= 1;
        returned.unwrap_or(Value::Undefined)
    }

    pub(super) fn bind_parameters(
        &mut self,
        closure: Closure<'a>,
        arguments: &[Value<'a>],
    ) -> ScopeId {
        let scope = self.scope(Some(closure.scope));
        let parameters = closure.node.parameters();
        for (index, parameter) in parameters.items.iter().enumerate() {
            let value = match (arguments.get(index), &parameter.initializer) {
                (None | Some(Value::Undefined), Some(default)) => {
                    self.expression(default, closure.file, scope)
                }
                (Some(value), _) => value.clone(),
                (None, None) => Value::unknown(Origin::Parameter),
            };
            self.destructure(&parameter.pattern, value, closure.file, scope);
        }
        if let Some(rest) = &parameters.rest {
            let items = arguments.iter().skip(parameters.items.len()).cloned();
            let list = Value::List(std::rc::Rc::new(items.collect()));
            self.destructure(&rest.rest.argument, list, closure.file, scope);
        }
        scope
    }

    /// The values of call arguments, spreads of lists unfolded.
    pub(super) fn arguments(
        &mut self,
        arguments: &'a [Argument<'a>],
        file: FileId,
        scope: ScopeId,
    ) -> Vec<Value<'a>> {
        let mut values = Vec::new();
        for argument in arguments {
            match argument {
                Argument::SpreadElement(spread) => {
                    match self.expression(&spread.argument, file, scope) {
                        Value::List(items) => values.extend(items.iter().cloned()),
                        other => values.push(part_of(&other)),
                    }
                }
                other => {
                    if let Some(expression) = other.as_expression() {
                        values.push(self.expression(expression, file, scope));
                    }
                }
            }
        }
        values
    }
}

/// Something inside of a value that is not known further.
fn part_of<'a>(value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Unknown(unknown) => Value::unknown(unknown.origin.clone()),
        _ => Value::unknown(Origin::Expression),
    }
}

/// What a package exports under a name.
pub(super) fn library_member<'a>(package: &str, name: &str) -> Value<'a> {
    match name {
        "default" | "*" => Value::library(package),
        _ => Value::library(format!("{package}.{name}")),
    }
}
