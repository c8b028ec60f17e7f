//! Expressions: constants are folded, names are looked up, and what is not known says why.

use std::rc::Rc;

use indexmap::IndexMap;
use oxc_ast::ast::{
    ArrayExpressionElement, AssignmentTarget, BinaryOperator, CallExpression, ChainElement,
    Expression, LogicalOperator, ObjectPropertyKind, UnaryOperator,
};
use oxc_span::GetSpan;

use super::interpreter::{Binding, Interpreter};
use super::modules::FileId;
use super::value::{Closure, FunctionNode, Origin, Place, ScopeId, Unknown, Value};

/// Names of the language and of Node.js that mean something here.
const GLOBALS: &[&str] = &[
    "process", "require", "module", "exports", "Object", "Array", "String", "Number", "JSON",
];

impl<'a> Interpreter<'a> {
    pub(super) fn expression(
        &mut self,
        expression: &'a Expression<'a>,
        file: FileId,
        scope: ScopeId,
    ) -> Value<'a> {
        match expression.get_inner_expression() {
            Expression::StringLiteral(text) => Value::text(text.value.as_str()),
            Expression::NumericLiteral(number) => Value::Number(number.value),
            Expression::BigIntLiteral(number) => {
                let number = number.value.as_str().parse().unwrap_or(f64::NAN);
                Value::Number(number)
            }
            Expression::BooleanLiteral(flag) => Value::Boolean(flag.value),
            Expression::NullLiteral(_) => Value::Null,
            Expression::RegExpLiteral(pattern) => {
                Value::Pattern(pattern.regex.pattern.text.as_str().into())
            }
            Expression::TemplateLiteral(template) => {
                let mut text = String::new();
                for (index, quasi) in template.quasis.iter().enumerate() {
                    let cooked = quasi.value.cooked.unwrap_or(quasi.value.raw);
                    text.push_str(cooked.as_str());
                    if let Some(inner) = template.expressions.get(index) {
                        let value = self.expression(inner, file, scope);
                        match value.display() {
                            Some(part) => text.push_str(&part),
                            None => return self.not_text(value, inner, file),
                        }
                    }
                }
                Value::text(text)
            }
            Expression::Identifier(id) => self.identifier(&id.name, scope),
            Expression::ArrayExpression(array) => {
                let mut items = Vec::new();
                for element in &array.elements {
                    match element {
                        ArrayExpressionElement::SpreadElement(spread) => {
                            match self.expression(&spread.argument, file, scope) {
                                Value::List(inner) => items.extend(inner.iter().cloned()),
                                _ => items.push(Value::unknown(Origin::Expression)),
                            }
                        }
                        ArrayExpressionElement::Elision(_) => items.push(Value::Undefined),
                        other => {
                            if let Some(expression) = other.as_expression() {
                                items.push(self.expression(expression, file, scope));
                            }
                        }
                    }
                }
                Value::List(Rc::new(items))
            }
            Expression::ObjectExpression(object) => {
                let mut entries = IndexMap::new();
                for property in &object.properties {
                    match property {
                        ObjectPropertyKind::ObjectProperty(property) => {
                            let key = match property.key.static_name() {
                                Some(name) if !property.computed => Some(name.to_string()),
                                _ => property
                                    .key
                                    .as_expression()
                                    .map(|key| self.expression(key, file, scope))
                                    .and_then(|key| key.display()),
                            };
                            let value = self.expression(&property.value, file, scope);
                            if let Some(key) = key {
                                entries.insert(key, value);
                            }
                        }
                        ObjectPropertyKind::SpreadProperty(spread) => {
                            if let Value::Record(inner) =
                                self.expression(&spread.argument, file, scope)
                            {
                                let inner = inner.iter();
                                entries
                                    .extend(inner.map(|(key, value)| (key.clone(), value.clone())));
                            }
                        }
                    }
                }
                Value::record(entries)
            }
            Expression::ArrowFunctionExpression(arrow) => Value::Function(Closure {
                node: FunctionNode::Arrow(arrow),
                file,
                scope,
            }),
            Expression::FunctionExpression(function) => Value::Function(Closure {
                node: FunctionNode::Function(function),
                file,
                scope,
            }),
            Expression::ClassExpression(class) => Value::Class(class, file, scope),
            Expression::CallExpression(call) => self.call_expression(call, file, scope),
            Expression::NewExpression(new) => {
                let callee = self.expression(&new.callee, file, scope);
                let arguments = self.arguments(&new.arguments, file, scope);
                self.construct(callee, &arguments, Place::of(file, new.span))
            }
            Expression::StaticMemberExpression(member) => {
                let object = self.expression(&member.object, file, scope);
                self.member(&object, &member.property.name)
            }
            Expression::ComputedMemberExpression(member) => {
                let object = self.expression(&member.object, file, scope);
                let key = self.expression(&member.expression, file, scope);
                match (&object, key) {
                    (Value::List(items), Value::Number(index)) => items
                        .get(index as usize)
                        .cloned()
                        .unwrap_or(Value::Undefined),
                    (_, key) => match key.display() {
                        Some(name) => self.member(&object, &name),
                        None => Value::unknown(Origin::Expression),
                    },
                }
            }
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => self.call_expression(call, file, scope),
                _ => Value::unknown(Origin::Expression),
            },
            Expression::AwaitExpression(inner) => self.expression(&inner.argument, file, scope),
            Expression::SequenceExpression(sequence) => {
                let mut last = Value::Undefined;
                for inner in &sequence.expressions {
                    last = self.expression(inner, file, scope);
                }
                last
            }
            Expression::ConditionalExpression(conditional) => {
                let test = self.expression(&conditional.test, file, scope);
                let first = self.expression(&conditional.consequent, file, scope);
                let second = self.expression(&conditional.alternate, file, scope);
                match test {
                    Value::Boolean(true) => first,
                    Value::Boolean(false) | Value::Undefined | Value::Null => second,
                    _ if first.display().is_some() && first.display() == second.display() => first,
                    other => unknown_as(other),
                }
            }
            Expression::LogicalExpression(logical) => {
                let left = self.expression(&logical.left, file, scope);
                let right = self.expression(&logical.right, file, scope);
                match (logical.operator, &left) {
                    (
                        LogicalOperator::Or | LogicalOperator::Coalesce,
                        Value::Undefined | Value::Null,
                    )
                    | (LogicalOperator::And, Value::Boolean(true)) => right,
                    // What an option or the environment overrides is not known.
                    _ => left,
                }
            }
            Expression::BinaryExpression(binary) if binary.operator == BinaryOperator::Addition => {
                let left = self.expression(&binary.left, file, scope);
                let right = self.expression(&binary.right, file, scope);
                match (&left, &right) {
                    (Value::Number(left), Value::Number(right)) => Value::Number(left + right),
                    _ => match (left.display(), right.display()) {
                        (Some(left), Some(right)) => Value::text(format!("{left}{right}")),
                        (None, _) => self.not_text(left, &binary.left, file),
                        (_, None) => self.not_text(right, &binary.right, file),
                    },
                }
            }
            Expression::UnaryExpression(unary) => {
                let argument = self.expression(&unary.argument, file, scope);
                match (unary.operator, argument) {
                    (UnaryOperator::UnaryNegation, Value::Number(number)) => Value::Number(-number),
                    (UnaryOperator::UnaryPlus, Value::Number(number)) => Value::Number(number),
                    (UnaryOperator::Void, _) => Value::Undefined,
                    _ => Value::unknown(Origin::Expression),
                }
            }
            Expression::AssignmentExpression(assignment) => {
                let value = self.expression(&assignment.right, file, scope);
                self.assignment(&assignment.left, value.clone(), file, scope);
                value
            }
            Expression::ImportExpression(import) => {
                match self.expression(&import.source, file, scope) {
                    Value::Text(specifier) => match self.resolve(file, &specifier) {
                        Some(other) => Value::Module(other),
                        None => super::statements::library_member(&specifier, "*"),
                    },
                    _ => Value::unknown(Origin::Module(self.source_of(&import.source, file))),
                }
            }
            _ => Value::unknown(Origin::Expression),
        }
    }

    fn identifier(&mut self, name: &str, scope: ScopeId) -> Value<'a> {
        if name == "undefined" {
            return Value::Undefined;
        }
        match self.look_up(scope, name) {
            Some(value) => value.named(name),
            None if GLOBALS.contains(&name) => Value::library(format!("global.{name}")),
            None => Value::Unknown(Unknown {
                name: Some(name.into()),
                origin: Origin::Expression,
            }),
        }
    }

    /// Why a part of a text has no text: the expression is the name when there is none.
    fn not_text(&self, value: Value<'a>, expression: &Expression<'a>, file: FileId) -> Value<'a> {
        let unknown = unknown_as(value);
        unknown.named(&self.source_of(expression, file))
    }

    pub(super) fn source_of(&self, expression: &Expression<'a>, file: FileId) -> Rc<str> {
        let text = self.excerpt(Place::of(file, expression.span()));
        let short: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if short.chars().count() > 50 {
            let cut: String = short.chars().take(49).collect();
            format!("{cut}…").into()
        } else {
            short.into()
        }
    }

    pub(super) fn member(&mut self, object: &Value<'a>, name: &str) -> Value<'a> {
        match object {
            Value::Record(entries) => entries.get(name).cloned().unwrap_or(Value::Undefined),
            Value::Module(file) => self.export(*file, name),
            Value::Library(library) if &**library == "global.process.env" => {
                Value::unknown(Origin::Environment(format!("process.env.{name}").into()))
            }
            Value::Library(library) => Value::library(format!("{library}.{name}")),
            Value::List(items) if name == "length" => Value::Number(items.len() as f64),
            // A bound or wrapped function has no members that matter.
            Value::Function(closure) if name == "default" => Value::Function(*closure),
            Value::Unknown(unknown) => Value::Unknown(Unknown {
                name: unknown
                    .name
                    .as_deref()
                    .map(|object| format!("{object}.{name}").into()),
                origin: unknown.origin.clone(),
            }),
            _ => Value::unknown(Origin::Expression),
        }
    }

    fn assignment(
        &mut self,
        target: &'a AssignmentTarget<'a>,
        value: Value<'a>,
        file: FileId,
        scope: ScopeId,
    ) {
        match target {
            AssignmentTarget::AssignmentTargetIdentifier(id) => {
                let value = self.remember_schema(value.named(&id.name), &id.name, file, scope);
                self.assign(scope, &id.name, value);
            }
            AssignmentTarget::StaticMemberExpression(member) => {
                let object = self.expression(&member.object, file, scope);
                let name = member.property.name.as_str();
                let Value::Library(library) = object else {
                    return;
                };
                match (&*library, name) {
                    ("global.module", "exports") => {
                        let binding = Binding::Value(value);
                        self.set_export(file, "default".to_owned(), binding);
                    }
                    ("global.exports" | "global.module.exports", name) => {
                        self.set_export(file, name.to_owned(), Binding::Value(value));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn call_expression(
        &mut self,
        call: &'a CallExpression<'a>,
        file: FileId,
        scope: ScopeId,
    ) -> Value<'a> {
        let site = super::calls::Site { call, file, scope };
        match call.callee.get_inner_expression() {
            Expression::StaticMemberExpression(member) => {
                let object = self.expression(&member.object, file, scope);
                self.method(&object, &member.property.name, site)
            }
            Expression::ComputedMemberExpression(member) => {
                let object = self.expression(&member.object, file, scope);
                let key = self.expression(&member.expression, file, scope);
                match (&object, key) {
                    (_, Value::Text(name)) => self.method(&object, &name, site),
                    (Value::Router(_), key) => {
                        let reason = match self.not_text(key, &member.expression, file) {
                            Value::Unknown(unknown) => unknown.reason(),
                            _ => "its method is only known at run time".to_owned(),
                        };
                        self.unresolved(Place::of(file, call.span), reason);
                        object
                    }
                    _ => Value::unknown(Origin::Expression),
                }
            }
            callee => {
                let function = self.expression(callee, file, scope);
                let name = self.source_of(callee, file);
                self.apply(function, &name, site)
            }
        }
    }
}

/// An unknown value for the same reason.
fn unknown_as(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Unknown(unknown) => Value::Unknown(unknown),
        _ => Value::unknown(Origin::Expression),
    }
}
