//! What a handler reads from a request and answers: query names, headers, cookies, bodies that are
//! parsed by a schema, and status codes that stand in the text.

use std::collections::HashMap;

use indexmap::{IndexMap, IndexSet};
use oxc_ast::ast::{
    Argument, ArrowFunctionBody, AssignmentExpression, AssignmentTarget, BindingPattern,
    CallExpression, Expression, ReturnStatement, StaticMemberExpression, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};

use super::interpreter::Interpreter;
use super::registrations::Framework;
use super::value::{Closure, FunctionNode, ScopeId, Value};
use crate::api::Schema;

/// Handlers that call handlers; deeper ones are not followed.
const DEEPEST: usize = 6;

/// Headers that the protocol or other members of a description speak of.
const COMMON_HEADERS: &[&str] = &[
    "accept",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "origin",
    "referer",
    "user-agent",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Query,
    Path,
    Body,
    Headers,
    Cookies,
}

/// Everything that the handlers of one route say.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) query: IndexSet<String>,
    pub(super) headers: IndexSet<String>,
    pub(super) cookies: IndexSet<String>,
    pub(super) body_fields: IndexSet<String>,
    pub(super) reads_body: bool,
    /// Schemas that parts are parsed with.
    pub(super) schemas: IndexMap<Part, Schema>,
    pub(super) statuses: IndexSet<u16>,
    /// An answer whose status is 200 unless another success is set.
    pub(super) answers: bool,
    visited: std::collections::HashSet<(usize, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Request,
    Response,
    /// Koa's `ctx`.
    Context,
    Part(Part),
}

/// Something in the text of a handler, to be looked up once the walk is over.
enum Found {
    Parsed {
        schema: Vec<String>,
        part: Part,
    },
    Called {
        callee: Vec<String>,
        roles: Vec<Option<Role>>,
    },
}

impl<'a> Interpreter<'a> {
    /// Reads a handler, or the schemas that a middleware factory was given.
    pub(super) fn handler(&mut self, value: &Value<'a>, framework: Framework, facts: &mut Facts) {
        match value {
            Value::Function(closure) => {
                let parameters = closure.node.parameters();
                // Four parameters are Express' error handler.
                if framework == Framework::Express && parameters.items.len() == 4 {
                    return;
                }
                let roles = match framework {
                    Framework::Koa => vec![Some(Role::Context)],
                    _ => vec![Some(Role::Request), Some(Role::Response)],
                };
                self.function(*closure, &roles, framework, facts, 0);
            }
            Value::Record(parts) => {
                for (name, value) in parts.iter() {
                    let part = match name.as_str() {
                        "body" => Part::Body,
                        "query" | "querystring" => Part::Query,
                        "params" => Part::Path,
                        "headers" => Part::Headers,
                        _ => continue,
                    };
                    if let Value::Schema(zod) = value {
                        facts
                            .schemas
                            .entry(part)
                            .or_insert_with(|| zod.schema().clone());
                    }
                }
            }
            _ => {}
        }
    }

    fn function(
        &mut self,
        closure: Closure<'a>,
        roles: &[Option<Role>],
        framework: Framework,
        facts: &mut Facts,
        depth: usize,
    ) {
        let start = closure.node.start();
        if depth > DEEPEST || !facts.visited.insert((closure.file.0, start)) {
            return;
        }
        let mut walker = Walker {
            framework,
            names: HashMap::new(),
            facts,
            found: Vec::new(),
            functions: 0,
        };
        let parameters = &closure.node.parameters().items;
        for (parameter, role) in parameters.iter().zip(roles) {
            if let Some(role) = role {
                walker.pattern(&parameter.pattern, *role);
            }
        }
        match closure.node {
            FunctionNode::Arrow(arrow) => match &arrow.body {
                ArrowFunctionBody::FunctionBody(body) => walker.visit_function_body(body),
                other => {
                    if let Some(expression) = other.as_expression() {
                        walker.facts.answers |= framework == Framework::Fastify;
                        walker.visit_expression(expression);
                    }
                }
            },
            FunctionNode::Function(function) => {
                if let Some(body) = &function.body {
                    walker.visit_function_body(body);
                }
            }
        }
        for found in walker.found {
            match found {
                Found::Parsed { schema, part } => {
                    if let Some(Value::Schema(zod)) = self.dotted_value(closure.scope, &schema) {
                        let schema = zod.schema().clone();
                        facts.schemas.entry(part).or_insert(schema);
                    }
                }
                Found::Called { callee, roles } => {
                    if let Some(Value::Function(inner)) = self.dotted_value(closure.scope, &callee)
                    {
                        self.function(inner, &roles, framework, facts, depth + 1);
                    }
                }
            }
        }
    }

    /// The value of `a.b.c` in a scope.
    fn dotted_value(&mut self, scope: ScopeId, names: &[String]) -> Option<Value<'a>> {
        let (first, rest) = names.split_first()?;
        let mut value = self.look_up(scope, first)?;
        for name in rest {
            value = self.member(&value, name);
        }
        Some(value)
    }
}

struct Walker<'f> {
    framework: Framework,
    names: HashMap<String, Role>,
    facts: &'f mut Facts,
    found: Vec<Found>,
    /// Functions inside of the handler: their `return` is not the answer.
    functions: usize,
}

impl Walker<'_> {
    /// Binds the names of a pattern that takes the request or a part of it.
    fn pattern(&mut self, pattern: &BindingPattern<'_>, role: Role) {
        match pattern {
            BindingPattern::BindingIdentifier(id) => {
                self.names.insert(id.name.to_string(), role);
            }
            BindingPattern::AssignmentPattern(assignment) => self.pattern(&assignment.left, role),
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    let Some(name) = property.key.static_name() else {
                        continue;
                    };
                    match role {
                        Role::Part(part) => self.name(part, &name),
                        Role::Request | Role::Context => {
                            if let Some(part) = part_named(&name, role) {
                                self.used(part);
                                self.pattern(&property.value, Role::Part(part));
                            } else if name == "request" {
                                self.pattern(&property.value, Role::Request);
                            }
                        }
                        Role::Response => {}
                    }
                }
            }
            BindingPattern::ArrayPattern(_) => {}
        }
    }

    fn used(&mut self, part: Part) {
        if part == Part::Body {
            self.facts.reads_body = true;
        }
    }

    fn name(&mut self, part: Part, name: &str) {
        let name = name.to_owned();
        match part {
            Part::Query => {
                self.facts.query.insert(name);
            }
            Part::Cookies => {
                self.facts.cookies.insert(name);
            }
            Part::Body => {
                self.facts.reads_body = true;
                self.facts.body_fields.insert(name);
            }
            Part::Headers => {
                if !COMMON_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
                    self.facts.headers.insert(name);
                }
            }
            Part::Path => {}
        }
    }

    /// The part that `req.query.page` reads, and what is named in it.
    fn part(&self, names: &[String]) -> Option<(Part, Option<String>)> {
        let (first, rest) = names.split_first()?;
        let role = *self.names.get(first)?;
        match role {
            Role::Part(part) => Some((part, rest.first().cloned())),
            Role::Response => None,
            Role::Context if rest.first().is_some_and(|name| name == "request") => {
                let part = part_named(rest.get(1)?, Role::Request)?;
                Some((part, rest.get(2).cloned()))
            }
            Role::Request | Role::Context => {
                let part = part_named(rest.first()?, role)?;
                Some((part, rest.get(1).cloned()))
            }
        }
    }

    fn role(&self, expression: &Expression<'_>) -> Option<Role> {
        let names = dotted(expression)?;
        if let [name] = names.as_slice() {
            return self.names.get(name).copied();
        }
        match self.part(&names) {
            Some((part, None)) => Some(Role::Part(part)),
            _ => None,
        }
    }

    fn status(&mut self, argument: Option<&Argument<'_>>) {
        if let Some(Expression::NumericLiteral(number)) = argument.and_then(Argument::as_expression)
        {
            let status = number.value as u16;
            if (100..600).contains(&status) {
                self.facts.statuses.insert(status);
            }
        }
    }

    fn text<'e>(argument: Option<&'e Argument<'_>>) -> Option<&'e str> {
        match argument.and_then(Argument::as_expression)? {
            Expression::StringLiteral(text) => Some(text.value.as_str()),
            _ => None,
        }
    }
}

impl<'e> Visit<'e> for Walker<'_> {
    fn visit_static_member_expression(&mut self, member: &StaticMemberExpression<'e>) {
        if let Some(names) = dotted_member(member)
            && let Some((part, name)) = self.part(&names)
        {
            self.used(part);
            if let Some(name) = name {
                self.name(part, &name);
            }
            return;
        }
        walk::walk_static_member_expression(self, member);
    }

    fn visit_computed_member_expression(
        &mut self,
        member: &oxc_ast::ast::ComputedMemberExpression<'e>,
    ) {
        if let (Some(names), Expression::StringLiteral(key)) =
            (dotted(&member.object), &member.expression)
            && let Some((part, None)) = self.part(&names)
        {
            self.name(part, &key.value);
            return;
        }
        walk::walk_computed_member_expression(self, member);
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'e>) {
        if let Some(init) = &declarator.init
            && let Some(role) = self.role(init)
        {
            if let Role::Part(part) = role {
                self.used(part);
            }
            self.pattern(&declarator.id, role);
            return;
        }
        walk::walk_variable_declarator(self, declarator);
    }

    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'e>) {
        if let AssignmentTarget::StaticMemberExpression(member) = &assignment.left
            && let Expression::Identifier(object) = &member.object
            && self.names.get(object.name.as_str()) == Some(&Role::Context)
        {
            match member.property.name.as_str() {
                "status" => {
                    if let Expression::NumericLiteral(number) = &assignment.right {
                        self.facts.statuses.insert(number.value as u16);
                    }
                }
                "body" => self.facts.answers = true,
                _ => {}
            }
            self.visit_expression(&assignment.right);
            return;
        }
        walk::walk_assignment_expression(self, assignment);
    }

    fn visit_return_statement(&mut self, statement: &ReturnStatement<'e>) {
        if let Some(argument) = &statement.argument
            && self.framework == Framework::Fastify
            && self.functions == 0
        {
            let is_reply = matches!(argument, Expression::CallExpression(call)
                if leads_to(&call.callee, &self.names, Role::Response));
            self.facts.answers |= !is_reply;
        }
        walk::walk_return_statement(self, statement);
    }

    fn visit_arrow_function_expression(
        &mut self,
        arrow: &oxc_ast::ast::ArrowFunctionExpression<'e>,
    ) {
        self.functions += 1;
        walk::walk_arrow_function_expression(self, arrow);
        self.functions -= 1;
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'e>) {
        let first = call.arguments.first();
        if let Expression::StaticMemberExpression(member) = call.callee.get_inner_expression() {
            let method = member.property.name.as_str();
            let object = self.role(&member.object);
            let on_response = leads_to(&member.object, &self.names, Role::Response);
            match method {
                "status" | "code" | "sendStatus" | "writeHead" if on_response => self.status(first),
                "json" | "send" | "end" | "jsonp" | "sendFile" | "render"
                    if object == Some(Role::Response) =>
                {
                    self.facts.answers = true;
                }
                "redirect" if on_response || object == Some(Role::Context) => {
                    self.status(first);
                    if Self::text(first).is_some() {
                        self.facts.statuses.insert(302);
                    }
                }
                "throw" | "assert" if object == Some(Role::Context) => {
                    self.status(first);
                    self.status(call.arguments.get(1));
                }
                "get" | "header" if matches!(object, Some(Role::Request | Role::Context)) => {
                    if let Some(name) = Self::text(first) {
                        self.name(Part::Headers, name);
                    }
                }
                "get" => {
                    let is_jar = dotted(&member.object).is_some_and(|names| {
                        names.len() == 2
                            && names[1] == "cookies"
                            && self.names.get(&names[0]) == Some(&Role::Context)
                    });
                    if let (true, Some(name)) = (is_jar, Self::text(first)) {
                        self.name(Part::Cookies, name);
                    }
                }
                "parse" | "safeParse" | "parseAsync" | "safeParseAsync" => {
                    let part = first
                        .and_then(Argument::as_expression)
                        .and_then(|argument| self.role(argument));
                    if let (Some(Role::Part(part)), Some(schema)) = (part, dotted(&member.object)) {
                        self.used(part);
                        self.found.push(Found::Parsed { schema, part });
                        return;
                    }
                }
                _ => {}
            }
        }
        if let Some(callee) = dotted(&call.callee) {
            let roles: Vec<Option<Role>> = call
                .arguments
                .iter()
                .map(|argument| {
                    argument
                        .as_expression()
                        .and_then(|argument| self.role(argument))
                })
                .collect();
            if roles.iter().any(Option::is_some) {
                self.found.push(Found::Called { callee, roles });
            }
        }
        walk::walk_call_expression(self, call);
    }
}

fn part_named(name: &str, role: Role) -> Option<Part> {
    Some(match name {
        "query" => Part::Query,
        "params" => Part::Path,
        "headers" | "header" => Part::Headers,
        // `ctx.body` of Koa is the answer.
        "body" if role == Role::Request => Part::Body,
        "cookies" | "signedCookies" if role == Role::Request => Part::Cookies,
        _ => return None,
    })
}

/// Whether a chain of calls and members starts at a name with this role.
fn leads_to(expression: &Expression<'_>, names: &HashMap<String, Role>, role: Role) -> bool {
    match expression.get_inner_expression() {
        Expression::Identifier(id) => names.get(id.name.as_str()) == Some(&role),
        Expression::StaticMemberExpression(member) => leads_to(&member.object, names, role),
        Expression::CallExpression(call) => leads_to(&call.callee, names, role),
        _ => false,
    }
}

/// `a.b.c` as its names.
fn dotted(expression: &Expression<'_>) -> Option<Vec<String>> {
    match expression.get_inner_expression() {
        Expression::Identifier(id) => Some(vec![id.name.to_string()]),
        Expression::StaticMemberExpression(member) => dotted_member(member),
        Expression::ComputedMemberExpression(member) => {
            let Expression::StringLiteral(key) = &member.expression else {
                return None;
            };
            let mut names = dotted(&member.object)?;
            names.push(key.value.to_string());
            Some(names)
        }
        _ => None,
    }
}

fn dotted_member(member: &StaticMemberExpression<'_>) -> Option<Vec<String>> {
    let mut names = dotted(&member.object)?;
    names.push(member.property.name.to_string());
    Some(names)
}
