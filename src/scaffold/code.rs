//! TypeScript expressions and their layout, as prettier prints them at 120 columns.

/// The widest line of generated code.
pub(super) const WIDTH: usize = 120;

/// A TypeScript expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    /// Printed as it is, always on one line.
    Text(String),
    /// `callee<types>(arguments)`.
    Call {
        callee: String,
        arguments: Vec<Expression>,
    },
    /// `head.method(arguments).method(arguments)`; the head is a name or a call.
    Chain {
        head: Box<Expression>,
        calls: Vec<(String, Vec<Expression>)>,
    },
    Object {
        entries: Vec<(String, Expression)>,
        /// One entry per line even where all fit on one.
        expanded: bool,
    },
    Array(Vec<Expression>),
    /// `() => body`.
    Arrow(Box<Expression>),
}

pub(super) fn text(text: impl Into<String>) -> Expression {
    Expression::Text(text.into())
}

pub(super) fn call(callee: impl Into<String>, arguments: Vec<Expression>) -> Expression {
    Expression::Call {
        callee: callee.into(),
        arguments,
    }
}

/// `z.method(arguments)`.
pub(super) fn zod(method: &str, arguments: Vec<Expression>) -> Expression {
    Expression::Chain {
        head: Box::new(text("z")),
        calls: vec![(method.to_owned(), arguments)],
    }
}

/// A JavaScript string literal in double quotes.
pub(super) fn string(value: &str) -> String {
    // Unlike JSON, a script may not hold these two unescaped in older parsers.
    serde_json::Value::from(value)
        .to_string()
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// A JSON value as an expression.
pub(super) fn json(value: &serde_json::Value) -> Expression {
    use serde_json::Value;
    match value {
        Value::String(value) => text(string(value)),
        Value::Array(items) => Expression::Array(items.iter().map(json).collect()),
        Value::Object(members) => Expression::Object {
            entries: members
                .iter()
                .map(|(key, value)| (property_key(key), json(value)))
                .collect(),
            expanded: false,
        },
        other => text(other.to_string()),
    }
}

/// A property name, quoted when it is no identifier. `__proto__` would set the prototype.
pub(super) fn property_key(name: &str) -> String {
    if name == "__proto__" {
        "[\"__proto__\"]".to_owned()
    } else if super::names::is_identifier(name) {
        name.to_owned()
    } else {
        string(name)
    }
}

impl Expression {
    /// Appends `.method(arguments)`.
    pub(super) fn then(self, method: &str, arguments: Vec<Self>) -> Self {
        let added = (method.to_owned(), arguments);
        match self {
            Self::Chain { head, mut calls } => {
                calls.push(added);
                Self::Chain { head, calls }
            }
            head => Self::Chain {
                head: Box::new(head),
                calls: vec![added],
            },
        }
    }

    /// The expression when `column` columns of the first line are taken, `indent` of further lines,
    /// and `after` columns follow the last line.
    pub(super) fn print(&self, indent: usize, column: usize, after: usize) -> String {
        if !self.breaks() {
            let flat = self.flat();
            if column + width(&flat) + after <= WIDTH {
                return flat;
            }
        }
        match self {
            Self::Text(text) => text.clone(),
            Self::Arrow(body) => format!("() => {}", body.print(indent, column + 6, after)),
            Self::Object { entries, .. } => {
                if entries.is_empty() {
                    return "{}".to_owned();
                }
                let inner = indent + 2;
                let pad = " ".repeat(inner);
                let mut out = String::from("{\n");
                for (key, value) in entries {
                    let taken = inner + width(key) + 2;
                    let printed = value.print(inner, taken, 1);
                    // A text that is too long has a line of its own.
                    let is_text = matches!(value, Self::Text(text) if text.starts_with('"'));
                    let gap = if is_text && taken + width(&printed) >= WIDTH {
                        format!("\n{pad}  ")
                    } else {
                        " ".to_owned()
                    };
                    out.push_str(&format!("{pad}{key}:{gap}{printed},\n"));
                }
                out + &" ".repeat(indent) + "}"
            }
            Self::Array(items) => {
                let inner = indent + 2;
                let pad = " ".repeat(inner);
                let mut out = String::from("[\n");
                if items.len() > 1 && items.iter().all(is_number) {
                    // Numbers fill their lines.
                    let mut line = pad.clone();
                    for item in items {
                        let item = format!("{},", item.flat());
                        if width(&line) > inner && width(&line) + 1 + width(&item) > WIDTH {
                            out.push_str(&line);
                            out.push('\n');
                            line.clone_from(&pad);
                        }
                        if width(&line) > inner {
                            line.push(' ');
                        }
                        line.push_str(&item);
                    }
                    out.push_str(&line);
                    out.push('\n');
                } else {
                    for item in items {
                        out.push_str(&format!("{pad}{},\n", item.print(inner, inner, 1)));
                    }
                }
                out + &" ".repeat(indent) + "]"
            }
            Self::Call { callee, arguments } => {
                format!(
                    "{callee}{}",
                    print_arguments(arguments, indent, column + width(callee), after)
                )
            }
            Self::Chain { head, calls } => print_chain(head, calls, indent, column, after),
        }
    }

    /// On one line, whatever its width.
    pub(super) fn flat(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Arrow(body) => format!("() => {}", body.flat()),
            Self::Object { entries, .. } if entries.is_empty() => "{}".to_owned(),
            Self::Object { entries, .. } => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("{key}: {}", value.flat()))
                    .collect();
                format!("{{ {} }}", entries.join(", "))
            }
            Self::Array(items) => format!("[{}]", flat_list(items)),
            Self::Call { callee, arguments } => format!("{callee}({})", flat_list(arguments)),
            Self::Chain { head, calls } => {
                calls.iter().fold(head.flat(), |out, (name, arguments)| {
                    format!("{out}.{name}({})", flat_list(arguments))
                })
            }
        }
    }

    /// Whether it takes several lines however wide the page is.
    fn breaks(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Arrow(body) => body.breaks(),
            Self::Object { entries, expanded } => {
                (*expanded && !entries.is_empty())
                    || entries.iter().any(|(_, value)| value.breaks())
            }
            Self::Array(items) => items.iter().any(Self::breaks)
                || (items.len() > 1
                    && items.iter().all(
                        |item| matches!(item, Self::Object { entries, .. } if entries.len() > 1),
                    )),
            Self::Call { arguments, .. } => arguments.iter().any(Self::breaks),
            Self::Chain { head, calls } => {
                head.breaks()
                    || chain_is_expanded(head, calls)
                    || calls
                        .iter()
                        .any(|(_, arguments)| arguments.iter().any(Self::breaks))
            }
        }
    }

    /// Whether prettier takes it for simple when it decides about a chain.
    fn is_simple(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Arrow(_) => false,
            Self::Object { entries, .. } => entries.iter().all(|(_, value)| value.is_simple()),
            Self::Array(items) => items.iter().all(Self::is_simple),
            Self::Call { arguments, .. } => arguments.iter().all(Self::is_simple),
            Self::Chain { calls, .. } => calls
                .iter()
                .all(|(_, arguments)| arguments.iter().all(Self::is_simple)),
        }
    }
}

fn is_number(expression: &Expression) -> bool {
    matches!(expression, Expression::Text(text) if text.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
}

fn flat_list(items: &[Expression]) -> String {
    let items: Vec<String> = items.iter().map(Expression::flat).collect();
    items.join(", ")
}

/// More than two calls with a function among their arguments, or a broken call before the last.
fn chain_is_expanded(head: &Expression, calls: &[(String, Vec<Expression>)]) -> bool {
    let is_arrow =
        |argument: &Expression| matches!(argument, Expression::Text(text) if text.contains("=>"));
    let complex = |arguments: &[Expression]| {
        arguments
            .iter()
            .any(|argument| !argument.is_simple() || is_arrow(argument))
    };
    // A short head such as `z` takes its first call to itself, `router` does not.
    let is_long = matches!(head, Expression::Text(name) if name == "router");
    let is_call = |argument: &Expression| matches!(argument, Expression::Call { .. });
    let complex =
        |arguments: &[Expression]| complex(arguments) || (is_long && arguments.iter().any(is_call));
    (calls.len() > 2 && calls.iter().any(|(_, arguments)| complex(arguments)))
        || (calls.len() > 1
            && calls[..calls.len() - 1]
                .iter()
                .any(|(_, arguments)| arguments.iter().any(Expression::breaks)))
}

fn print_chain(
    head: &Expression,
    calls: &[(String, Vec<Expression>)],
    indent: usize,
    column: usize,
    after: usize,
) -> String {
    let hugging = |out: String| {
        let mut out = out;
        for (index, (name, arguments)) in calls.iter().enumerate() {
            let lines: Vec<&str> = out.split('\n').collect();
            let last = lines.last().map_or(0, |line| width(line));
            let taken = if lines.len() == 1 {
                column + last
            } else {
                last
            } + name.len()
                + 1;
            let rest = if index + 1 == calls.len() { after } else { 0 };
            out.push_str(&format!(
                ".{name}{}",
                print_arguments(arguments, indent, taken, rest)
            ));
        }
        out
    };
    if !chain_is_expanded(head, calls) {
        let out = hugging(head.print(indent, column, 0));
        let fits = out.split('\n').enumerate().all(|(index, line)| {
            let start = if index == 0 { column } else { 0 };
            start + width(line) <= WIDTH
        });
        if calls.len() <= 1
            || (fits
                && (head.breaks() || calls.iter().any(|(_, a)| a.iter().any(Expression::breaks))))
        {
            return out;
        }
        if fits && calls.len() == 2 && !only_last_broke(&out) {
            return out;
        }
    }
    let inner = indent + 2;
    let pad = " ".repeat(inner);
    let mut out = head.print(indent, column, 0);
    for (index, (name, arguments)) in calls.iter().enumerate() {
        let rest = if index + 1 == calls.len() { after } else { 0 };
        let printed = print_arguments(arguments, inner, inner + name.len() + 1, rest);
        out.push_str(&format!("\n{pad}.{name}{printed}"));
    }
    out
}

fn only_last_broke(printed: &str) -> bool {
    printed.contains('\n')
}

/// `(a, b)`: flat, or with the last (or only) object, array or function hugged, or one per line.
fn print_arguments(arguments: &[Expression], indent: usize, column: usize, after: usize) -> String {
    if arguments.is_empty() {
        return "()".to_owned();
    }
    let flat = format!("({})", flat_list(arguments));
    let breaks = arguments.iter().any(Expression::breaks);
    if !breaks && column + width(&flat) + after <= WIDTH {
        return flat;
    }
    let Some((last, before)) = arguments.split_last() else {
        return flat;
    };
    let hugs = |expression: &Expression| match expression {
        Expression::Object { entries, .. } => !entries.is_empty(),
        Expression::Array(items) => !items.is_empty(),
        _ => false,
    };
    if hugs(last)
        && !before
            .iter()
            .any(|argument| hugs(argument) || argument.breaks())
    {
        let start = if before.is_empty() {
            String::new()
        } else {
            flat_list(before) + ", "
        };
        let taken = column + 1 + width(&start);
        if taken < WIDTH {
            return format!("({start}{})", last.print(indent, taken, after + 1));
        }
    }
    let inner = indent + 2;
    let pad = " ".repeat(inner);
    let mut out = String::from("(\n");
    for argument in arguments {
        out.push_str(&format!("{pad}{},\n", argument.print(inner, inner, 1)));
    }
    out + &" ".repeat(indent) + ")"
}

pub(super) fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

/// A documentation comment, or nothing.
pub(super) fn comment(text: Option<&str>, indent: usize) -> String {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return String::new();
    };
    let pad = " ".repeat(indent);
    let text = text.replace("*/", "*\\/");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    match lines.as_slice() {
        [line] => format!("{pad}/** {line} */\n"),
        lines => {
            let body: String = lines
                .iter()
                .map(|line| format!("{pad} * {line}").trim_end().to_owned() + "\n")
                .collect();
            format!("{pad}/**\n{body}{pad} */\n")
        }
    }
}
