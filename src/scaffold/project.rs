//! The files that turn on the document or on its security schemes: settings, authentication,
//! package, documentation, an example test.

use askama::Template;

use super::framework::Framework;
use super::names;
use super::plan::{Plan, PlannedOperation};
use super::security::{self, Scheme};
use crate::api::{ParameterPlace, Schema, SecurityScheme, StatusKey};

#[derive(Template)]
#[template(path = "common/runtime/security.ts", escape = "none")]
struct SecurityRuntime<'a> {
    schemes: &'a [Scheme],
    query_keys: String,
    cookie: bool,
}

#[derive(Template)]
#[template(path = "common/runtime/json.ts", escape = "none")]
struct JsonRuntime {
    /// Whether the document has properties called `__proto__`.
    prototype: bool,
}

#[derive(Template)]
#[template(path = "common/runtime/schema.ts", escape = "none")]
struct SchemaRuntime {
    unevaluated: bool,
    own_properties: bool,
}

#[derive(Template)]
#[template(path = "common/middleware/auth.ts", escape = "none")]
struct Auth<'a> {
    schemes: &'a [Scheme],
    jwt: bool,
    discovery: bool,
    hashes: bool,
    scopes: String,
}

#[derive(Template)]
#[template(path = "common/config.ts", escape = "none")]
struct Config {
    jwt: bool,
    discovery: bool,
    hashes: bool,
    environment: String,
}

/// The object of all settings in config.ts.
#[derive(Template)]
#[template(path = "common/environment.ts", escape = "none")]
struct Environment {
    jwt: bool,
    discovery: bool,
    /// Each with whether its check fits into a line.
    hashes: Vec<(String, bool)>,
}

#[derive(Template)]
#[template(path = "common/env.example", escape = "none")]
struct EnvExample<'a> {
    name: &'a str,
    jwt: bool,
    discovery: Option<&'a str>,
    hashes: Vec<(String, bool)>,
}

#[derive(Template)]
#[template(path = "common/gitattributes", escape = "none")]
struct GitAttributes<'a> {
    root: &'a str,
}

#[derive(Template)]
#[template(path = "common/tsconfig.json", escape = "none")]
struct TsConfig<'a> {
    root: &'a str,
}

#[derive(Template)]
#[template(path = "common/test/tsconfig.json", escape = "none")]
struct TestTsConfig<'a> {
    root: &'a str,
}

#[derive(Template)]
#[template(path = "common/package.json", escape = "none")]
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    root: &'a str,
    framework: &'a str,
    jwt: bool,
}

#[derive(Template)]
#[template(path = "common/README.md", escape = "none")]
struct Readme<'a> {
    title: &'a str,
    root: &'a str,
    command: &'a str,
    table: String,
    own: &'a str,
    scopes: String,
    senders: bool,
    health: bool,
    jwt: bool,
    example: Option<Example>,
    /// Whether a type is an integer of 64 bits.
    large_integers: bool,
}

/// An operation whose handler the README shows.
struct Example {
    id: String,
    noun: String,
    pascal: String,
    parameter: String,
}

#[derive(Template)]
#[template(path = "express/app.ts", escape = "none")]
struct ExpressApp {
    health: bool,
}

#[derive(Template)]
#[template(path = "fastify/app.ts", escape = "none")]
struct FastifyApp {
    health: bool,
}

#[derive(Template)]
#[template(path = "koa/app.ts", escape = "none")]
struct KoaApp {
    health: bool,
}

/// What the example test asks.
pub(super) struct TestCase {
    id: String,
    url: String,
    query_url: Option<String>,
    query_field: String,
    secured: bool,
    title: String,
    jwt: bool,
    status: u16,
    code: &'static str,
}

#[derive(Template)]
#[template(path = "express/test/example.test.ts", escape = "none")]
struct ExpressTest<'a> {
    case: &'a TestCase,
    root: &'a str,
}

#[derive(Template)]
#[template(path = "fastify/test/example.test.ts", escape = "none")]
struct FastifyTest<'a> {
    case: &'a TestCase,
    root: &'a str,
}

#[derive(Template)]
#[template(path = "koa/test/example.test.ts", escape = "none")]
struct KoaTest<'a> {
    case: &'a TestCase,
    root: &'a str,
}

/// All that the templates need, made once.
pub(super) struct Project<'p, 'a> {
    plan: &'p Plan<'a>,
    framework: Framework,
    root: &'p str,
    command: &'p str,
    schemes: Vec<Scheme>,
}

impl<'p, 'a> Project<'p, 'a> {
    pub(super) fn new(
        plan: &'p Plan<'a>,
        framework: Framework,
        root: &'p str,
        command: &'p str,
    ) -> Self {
        Self {
            plan,
            framework,
            root,
            command,
            schemes: security::schemes(plan.api),
        }
    }

    fn has(&self, kind: &str) -> bool {
        self.schemes.iter().any(|scheme| scheme.kind == kind)
    }

    fn jwt(&self) -> bool {
        self.has("jwt")
    }

    /// Where the document says that its identity provider describes itself.
    fn discovery(&self) -> Option<&str> {
        self.plan
            .api
            .security_schemes
            .values()
            .find_map(|scheme| match scheme {
                SecurityScheme::OpenIdConnect { url } => Some(url.as_str()),
                _ => None,
            })
    }

    /// `user-service` for "User service".
    fn name(&self) -> String {
        let name: String = names::kebab_case(&self.plan.api.title)
            .chars()
            .filter(char::is_ascii)
            .take(100)
            .collect();
        let name = name.trim_matches('-').to_owned();
        if name.is_empty() || name == "root" {
            "service".to_owned()
        } else {
            name
        }
    }

    pub(super) fn security_runtime(&self) -> String {
        let keys = self
            .plan
            .api
            .security_schemes
            .values()
            .filter_map(|scheme| match scheme {
                SecurityScheme::ApiKey {
                    place: ParameterPlace::Query,
                    name,
                } => Some(super::code::string(name)),
                _ => None,
            });
        rendered(&SecurityRuntime {
            schemes: &self.schemes,
            query_keys: keys.collect::<Vec<_>>().join(", "),
            cookie: self
                .schemes
                .iter()
                .any(|scheme| scheme.credential.contains("cookie(")),
        })
    }

    /// What few documents need is there for those alone; `code` are the files that call it.
    pub(super) fn schema_runtime(code: &[&str]) -> String {
        let calls = |name: &str| code.iter().any(|text| text.contains(name));
        rendered(&SchemaRuntime {
            unevaluated: calls("unevaluatedProperties") || calls("unevaluatedItems"),
            own_properties: calls("ownProperties"),
        })
    }

    pub(super) fn json_runtime(prototype: bool) -> String {
        rendered(&JsonRuntime { prototype })
    }

    /// Every scope that an operation asks for, each once.
    fn scopes(&self) -> Vec<&str> {
        let mut scopes: Vec<&str> = Vec::new();
        for operation in &self.plan.operations {
            for (_, needed) in operation.operation.security.iter().flatten() {
                for scope in needed {
                    if !scopes.contains(&scope.as_str()) {
                        scopes.push(scope);
                    }
                }
            }
        }
        scopes
    }

    /// The table of the README: whose each file is.
    fn owners(&self, handler_files: &str) -> String {
        let root = self.root;
        let rows = [
            (
                "Yours: written once, never touched again".to_owned(),
                "Generated: overwritten by every run".to_owned(),
            ),
            (
                format!("{handler_files}: one function per operation"),
                format!("`{root}/routes/index.ts`: the wiring"),
            ),
            (
                format!("`{root}/middleware/` auth, errors, logging, request-id, security"),
                format!("`{root}/middleware/validators.ts`, `schemas.ts`: zod"),
            ),
            (
                format!("`{root}/app.ts`, `server.ts`, `config.ts`"),
                format!("`{root}/types/`: interfaces"),
            ),
            (
                "`package.json`, `tsconfig.json`, `test/`, the rest".to_owned(),
                format!(
                    "`{root}/runtime/`: decoding, errors, {} adapter",
                    self.framework.name()
                ),
            ),
        ];
        let width = super::code::width;
        let left = rows.iter().map(|(left, _)| width(left)).max().unwrap_or(0);
        let right = rows
            .iter()
            .map(|(_, right)| width(right))
            .max()
            .unwrap_or(0);
        let mut lines: Vec<String> = rows
            .iter()
            .map(|(one, other)| {
                let gaps = (left - width(one), right - width(other));
                format!("| {one}{0:1$} | {other}{0:2$} |", "", gaps.0, gaps.1)
            })
            .collect();
        lines.insert(
            1,
            format!("| {} | {} |", "-".repeat(left), "-".repeat(right)),
        );
        lines.join("\n")
    }

    pub(super) fn auth(&self) -> String {
        let scopes = self.scopes();
        let scopes = super::code::Expression::Array(
            scopes
                .iter()
                .map(|scope| super::code::text(super::code::string(scope)))
                .collect(),
        );
        let flat = scopes.print(0, "const ALL_SCOPES = ".len(), 1);
        rendered(&Auth {
            schemes: &self.schemes,
            jwt: self.jwt(),
            discovery: self.discovery().is_some(),
            hashes: self.has("apiKey") || self.has("basic"),
            scopes: if flat == "[]" { String::new() } else { flat },
        })
    }

    pub(super) fn config(&self) -> String {
        let hashes = security::hash_settings(&self.schemes);
        let environment = rendered(&Environment {
            jwt: self.jwt(),
            discovery: self.discovery().is_some(),
            hashes: hashes
                .iter()
                .map(|setting| (setting.clone(), setting.len() <= 14))
                .collect(),
        });
        // Without a check of the whole it is one call, and not a chain of them.
        let environment = if environment.contains(".refine(") {
            environment
        } else {
            environment
                .replace("= z\n  .object", "= z.object")
                .replace("\n  ", "\n")
        };
        rendered(&Config {
            jwt: self.jwt(),
            discovery: self.discovery().is_some(),
            hashes: !hashes.is_empty(),
            environment: environment.trim_end().to_owned(),
        })
    }

    pub(super) fn env_example(&self) -> String {
        rendered(&EnvExample {
            name: &self.name(),
            jwt: self.jwt(),
            discovery: self.discovery(),
            hashes: security::hash_settings(&self.schemes)
                .into_iter()
                .map(|setting| (setting.clone(), setting == "BASIC_HASHES"))
                .collect(),
        })
    }

    pub(super) fn git_attributes(&self) -> String {
        rendered(&GitAttributes { root: self.root })
    }

    pub(super) fn ts_config(&self) -> String {
        rendered(&TsConfig { root: self.root })
    }

    pub(super) fn test_ts_config(&self) -> String {
        rendered(&TestTsConfig { root: self.root })
    }

    pub(super) fn package(&self) -> String {
        let version = &self.plan.api.version;
        let parts: Vec<&str> = version.split('.').collect();
        let number = |part: &&str| {
            !part.is_empty() && part.len() < 10 && part.chars().all(|c| c.is_ascii_digit())
        };
        let plain = parts.len() == 3
            && parts.iter().all(number)
            && parts
                .iter()
                .all(|part| *part == "0" || !part.starts_with('0'));
        rendered(&Package {
            name: &self.name(),
            version: if plain { version } else { "1.0.0" },
            root: self.root,
            framework: self.framework.key(),
            jwt: self.jwt(),
        })
    }

    pub(super) fn readme(&self, large_integers: bool) -> String {
        let mut files: Vec<&str> = Vec::new();
        for operation in &self.plan.operations {
            if !files.contains(&operation.file.as_str()) {
                files.push(&operation.file);
            }
        }
        const SHOWN: usize = 6;
        let mut named: Vec<String> = files
            .iter()
            .take(SHOWN)
            .enumerate()
            .map(|(index, file)| {
                if index == 0 {
                    format!("`{}/routes/{file}.ts`", self.root)
                } else {
                    format!("`{file}.ts`")
                }
            })
            .collect();
        if files.len() > SHOWN {
            named.push("…".to_owned());
        }
        if named.is_empty() {
            named.push(format!("`{}/routes/`", self.root));
        }
        rendered(&Readme {
            title: self.plan.api.title.trim(),
            root: self.root,
            command: self.command,
            table: self.owners(&named.join(", ")),
            own: match self.framework {
                Framework::Express => "`res`",
                Framework::Fastify => "`reply`",
                Framework::Koa => "`ctx`",
            },
            scopes: self.scopes().join(" ").replace(['"', '\'', '\\'], ""),
            senders: !self.plan.webhooks.is_empty() || !self.plan.callbacks.is_empty(),
            health: self.health(),
            jwt: self.jwt(),
            example: self.plan.operations.iter().find_map(example),
            large_integers,
        })
    }

    /// A health endpoint of the document's own replaces ours.
    fn health(&self) -> bool {
        let mut operations = self.plan.operations.iter();
        !operations.any(|planned| planned.operation.path == "/health")
    }

    pub(super) fn app(&self) -> String {
        let health = self.health();
        match self.framework {
            Framework::Express => rendered(&ExpressApp { health }),
            Framework::Fastify => rendered(&FastifyApp { health }),
            Framework::Koa => rendered(&KoaApp { health }),
        }
    }

    /// The name of the example test and its text: it asks an operation that needs nothing, else for
    /// what is not there.
    pub(super) fn test(&self) -> (String, String) {
        let found = self
            .plan
            .operations
            .iter()
            .find(|planned| is_askable(planned));
        let (file, case) = if let Some(planned) = found {
            (planned.file.as_str(), self.test_case(planned))
        } else {
            let case = TestCase {
                id: String::new(),
                query_url: None,
                query_field: String::new(),
                title: "an unknown path".to_owned(),
                url: "/no/such/path/in/the/document".to_owned(),
                secured: false,
                jwt: false,
                status: 404,
                code: "NOT_FOUND",
            };
            ("app", case)
        };
        let root = self.root;
        let text = match self.framework {
            Framework::Express => rendered(&ExpressTest { case: &case, root }),
            Framework::Fastify => rendered(&FastifyTest { case: &case, root }),
            Framework::Koa => rendered(&KoaTest { case: &case, root }),
        };
        (format!("{file}.test.ts"), text)
    }

    fn test_case(&self, planned: &PlannedOperation<'_>) -> TestCase {
        let bounded = planned.query.iter().find_map(|parameter| {
            let Schema::Constraints(constraints) = parameter.schema() else {
                return None;
            };
            let most = constraints.maximum.as_ref()?.as_i64()?;
            Some((
                parameter.name.clone(),
                most.checked_mul(5).filter(|value| *value > most)?,
            ))
        });
        let url = planned.operation.path.clone();
        let security = &planned.operation.security;
        let open = security.is_empty() || security.iter().any(indexmap::IndexMap::is_empty);
        TestCase {
            id: planned.id.clone(),
            query_url: bounded
                .as_ref()
                .map(|(name, value)| format!("{url}?{name}={value}")),
            query_field: bounded
                .map(|(name, _)| format!("query.{name}"))
                .unwrap_or_default(),
            title: format!("GET {url}"),
            url,
            secured: !open,
            jwt: self.jwt(),
            status: 501,
            code: "NOT_IMPLEMENTED",
        }
    }
}

/// A GET that needs nothing but, perhaps, a token.
fn is_askable(planned: &PlannedOperation<'_>) -> bool {
    let security = &planned.operation.security;
    let token = |alternative: &indexmap::IndexMap<String, Vec<String>>| alternative.len() == 1;
    planned.operation.method.key() == "get"
        && !planned.operation.path.contains('{')
        && planned.operation.path.is_ascii()
        && planned
            .operation
            .path
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/-_.".contains(c))
        && (security.is_empty()
            || security
                .iter()
                .any(|alternative| alternative.is_empty() || token(alternative)))
        && [&planned.query, &planned.headers, &planned.cookies]
            .into_iter()
            .flatten()
            .all(|parameter| !parameter.required)
        && planned.body.as_ref().is_none_or(|body| !body.required)
}

fn example(planned: &PlannedOperation<'_>) -> Option<Example> {
    let pascal = planned
        .id
        .strip_prefix("get")
        .filter(|noun| noun.starts_with(char::is_uppercase))?;
    let [parameter] = planned.path_parameters.as_slice() else {
        return None;
    };
    let answers = planned
        .responses
        .iter()
        .any(|response| response.status == StatusKey::Code(200) && response.content.is_some());
    (answers && names::is_identifier(&parameter.name)).then(|| Example {
        id: planned.id.clone(),
        noun: names::camel_case(pascal),
        pascal: pascal.to_owned(),
        parameter: parameter.name.clone(),
    })
}

/// A template that cannot fail: it formats text that it was given.
fn rendered(template: &impl Template) -> String {
    let mut text = template.render().unwrap_or_default();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
