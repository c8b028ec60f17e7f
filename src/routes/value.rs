//! What the interpreter knows of a value, and why it does not know more.

use std::rc::Rc;

use indexmap::IndexMap;
use oxc_ast::ast::{ArrowFunctionExpression, Class, FormalParameters, Function};

use super::modules::FileId;
use super::zod::Zod;

/// A place in a source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: FileId,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Place {
    pub(super) const fn of(file: FileId, span: oxc_span::Span) -> Self {
        Self {
            file,
            start: span.start as usize,
            end: span.end as usize,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ScopeId(pub(super) usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RouterId(pub(super) usize);

#[derive(Clone)]
pub(super) enum Value<'a> {
    Unknown(Unknown),
    Undefined,
    Null,
    Boolean(bool),
    Number(f64),
    Text(Rc<str>),
    /// The text of a regular expression between its slashes.
    Pattern(Rc<str>),
    List(Rc<Vec<Self>>),
    Record(Rc<IndexMap<String, Self>>),
    Function(Closure<'a>),
    Class(&'a Class<'a>, FileId, ScopeId),
    /// A Fastify plugin that stays in its parent's scope.
    Plugin(Closure<'a>),
    /// All exports of a file.
    Module(FileId),
    /// Something of a package, by its dotted name: `express.Router`.
    Library(Rc<str>),
    Router(RouterId),
    /// `app.route("/path")`.
    Route(RouterId, Rc<Self>, Place),
    /// `mount("/path", app)` of Koa.
    Mounted(Rc<Self>, RouterId),
    Schema(Rc<Zod>),
}

/// Why a value is not known. The parts of a sentence, so that a report can name the variable.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Unknown {
    /// The variable or expression, as it was written.
    pub(super) name: Option<Rc<str>>,
    pub(super) origin: Origin,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Origin {
    #[default]
    Expression,
    /// A call: what was called.
    Call(Rc<str>),
    /// `process.env.NAME`.
    Environment(Rc<str>),
    /// A parameter of a function that nothing calls.
    Parameter,
    /// An import of a file that could not be found, or whose name is only known at run time.
    Module(Rc<str>),
}

/// A function and the scope in which it was written.
#[derive(Clone, Copy)]
pub(super) struct Closure<'a> {
    pub(super) node: FunctionNode<'a>,
    pub(super) file: FileId,
    pub(super) scope: ScopeId,
}

#[derive(Clone, Copy)]
pub(super) enum FunctionNode<'a> {
    Arrow(&'a ArrowFunctionExpression<'a>),
    Function(&'a Function<'a>),
}

impl<'a> FunctionNode<'a> {
    pub(super) fn parameters(self) -> &'a FormalParameters<'a> {
        match self {
            Self::Arrow(arrow) => &arrow.params,
            Self::Function(function) => &function.params,
        }
    }

    pub(super) fn start(self) -> u32 {
        match self {
            Self::Arrow(arrow) => arrow.span.start,
            Self::Function(function) => function.span.start,
        }
    }

    pub(super) fn name(self) -> Option<&'a str> {
        match self {
            Self::Arrow(_) => None,
            Self::Function(function) => function.id.as_ref().map(|id| id.name.as_str()),
        }
    }
}

impl Value<'_> {
    pub(super) fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn library(name: impl Into<Rc<str>>) -> Self {
        Self::Library(name.into())
    }

    pub(super) fn unknown(origin: Origin) -> Self {
        Self::Unknown(Unknown { name: None, origin })
    }

    pub(super) fn record(entries: IndexMap<String, Self>) -> Self {
        Self::Record(Rc::new(entries))
    }

    /// The same value under a name, when the reason is still nameless.
    pub(super) fn named(self, name: &str) -> Self {
        match self {
            Self::Unknown(Unknown { name: None, origin }) => Self::Unknown(Unknown {
                name: Some(name.into()),
                origin,
            }),
            other => other,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Record(entries) => entries.get(name),
            _ => None,
        }
    }

    /// As a JavaScript template writes it.
    pub(super) fn display(&self) -> Option<String> {
        Some(match self {
            Self::Text(text) => text.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Boolean(flag) => flag.to_string(),
            Self::Null => "null".to_owned(),
            _ => return None,
        })
    }

    /// As JSON, when all of it is data.
    pub(super) fn json(&self) -> Option<serde_json::Value> {
        Some(match self {
            Self::Null => serde_json::Value::Null,
            Self::Boolean(flag) => (*flag).into(),
            Self::Number(number) => json_number(*number)?.into(),
            Self::Text(text) => text.to_string().into(),
            Self::List(items) => items
                .iter()
                .map(Self::json)
                .collect::<Option<Vec<_>>>()?
                .into(),
            Self::Record(entries) => entries
                .iter()
                .filter(|(_, value)| !matches!(value, Self::Undefined))
                .map(|(key, value)| Some((key.clone(), value.json()?)))
                .collect::<Option<serde_json::Map<_, _>>>()?
                .into(),
            _ => return None,
        })
    }
}

impl Unknown {
    /// A sentence for the report.
    pub(super) fn reason(&self) -> String {
        let name = self
            .name
            .as_deref()
            .map_or_else(|| "it".to_owned(), |name| format!("`{name}`"));
        match &self.origin {
            Origin::Expression => format!("{name} is only known at run time"),
            Origin::Call(callee) => {
                format!("{name} comes from {callee}(), which only runs at run time")
            }
            Origin::Environment(variable) if self.name.as_ref() == Some(variable) => {
                format!("it is read from {variable}")
            }
            Origin::Environment(variable) => format!("{name} is read from {variable}"),
            Origin::Parameter => format!("{name} is a parameter, and no call says what it is"),
            Origin::Module(specifier) => {
                format!("{name} is imported from {specifier}, which is not there")
            }
        }
    }
}

/// Integers stay integers.
pub(super) fn json_number(number: f64) -> Option<serde_json::Number> {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        Some((number as i64).into())
    } else {
        serde_json::Number::from_f64(number)
    }
}
