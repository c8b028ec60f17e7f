//! The files that turn on the document or on its security schemes: settings, authentication,
//! package, documentation, an example test.

use askama::Template;

use super::framework::Framework;
use super::names;
use super::plan::{Plan, PlannedOperation};
use crate::api::{ParameterPlace, Schema, SecurityScheme, StatusKey};

/// What a scheme's credential is and who checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scheme {
    /// As a property of an object literal.
    pub(super) key: String,
    /// The expression that takes the credential out of the headers (and the URL).
    pub(super) credential: String,
    pub(super) kind: &'static str,
}

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
#[template(path = "common/runtime/webhooks.ts", escape = "none")]
struct WebhookRuntime<'a> {
    payloads: &'a str,
    zod: bool,
    helpers: String,
}

#[derive(Template)]
#[template(path = "common/middleware/auth.ts", escape = "none")]
struct Auth<'a> {
    schemes: &'a [Scheme],
    jwt: bool,
    hashes: bool,
    scopes: String,
}

#[derive(Template)]
#[template(path = "common/config.ts", escape = "none")]
struct Config {
    jwt: bool,
    api_key: bool,
    basic: bool,
}

#[derive(Template)]
#[template(path = "common/env.example", escape = "none")]
struct EnvExample<'a> {
    name: &'a str,
    jwt: bool,
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
    handler_files: String,
    middleware: &'a str,
    adapter: &'a str,
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
    secret_headers: Vec<String>,
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
        let schemes = plan
            .api
            .security_schemes
            .iter()
            .map(|(name, scheme)| described(name, scheme))
            .collect();
        Self {
            plan,
            framework,
            root,
            command,
            schemes,
        }
    }

    fn has(&self, kind: &str) -> bool {
        self.schemes.iter().any(|scheme| scheme.kind == kind)
    }

    fn jwt(&self) -> bool {
        self.has("jwt")
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

    pub(super) fn webhook_runtime(payloads: &str, zod: bool, helpers: &[String]) -> String {
        rendered(&WebhookRuntime {
            payloads,
            zod,
            helpers: helpers.join(", "),
        })
    }

    pub(super) fn auth(&self) -> String {
        let mut scopes: Vec<String> = Vec::new();
        for operation in &self.plan.operations {
            for (_, needed) in operation.operation.security.iter().flatten() {
                for scope in needed {
                    let scope = super::code::string(scope);
                    if !scopes.contains(&scope) {
                        scopes.push(scope);
                    }
                }
            }
        }
        rendered(&Auth {
            schemes: &self.schemes,
            jwt: self.jwt(),
            hashes: self.has("apiKey") || self.has("basic"),
            scopes: scopes.join(", "),
        })
    }

    pub(super) fn config(&self) -> String {
        rendered(&Config {
            jwt: self.jwt(),
            api_key: self.has("apiKey"),
            basic: self.has("basic"),
        })
    }

    pub(super) fn env_example(&self) -> String {
        rendered(&EnvExample {
            name: &self.name(),
            jwt: self.jwt(),
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
            handler_files: named.join(", "),
            middleware: if self.framework == Framework::Koa {
                "auth, errors, logging, request-id, security"
            } else {
                "auth, errors, request-id, security"
            },
            adapter: self.framework.name(),
            jwt: self.jwt(),
            example: self.plan.operations.iter().find_map(example),
            large_integers,
        })
    }

    pub(super) fn app(&self) -> String {
        // A health endpoint of the document's own replaces ours.
        let health = !self
            .plan
            .operations
            .iter()
            .any(|operation| operation.operation.path == "/health");
        match self.framework {
            Framework::Express => {
                let secret_headers = self
                    .plan
                    .api
                    .security_schemes
                    .values()
                    .filter_map(|scheme| match scheme {
                        SecurityScheme::ApiKey {
                            place: ParameterPlace::Header,
                            name,
                        } => Some(name.to_lowercase()),
                        _ => None,
                    })
                    .filter(|name| name != "authorization" && name != "cookie")
                    .collect();
                rendered(&ExpressApp {
                    secret_headers,
                    health,
                })
            }
            Framework::Fastify => rendered(&FastifyApp { health }),
            Framework::Koa => rendered(&KoaApp { health }),
        }
    }

    /// The name of the example test and its text, when there is an operation that it can ask.
    pub(super) fn test(&self) -> Option<(String, String)> {
        let planned = self
            .plan
            .operations
            .iter()
            .find(|planned| is_askable(planned))?;
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
        let case = TestCase {
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
        };
        let root = self.root;
        let text = match self.framework {
            Framework::Express => rendered(&ExpressTest { case: &case, root }),
            Framework::Fastify => rendered(&FastifyTest { case: &case, root }),
            Framework::Koa => rendered(&KoaTest { case: &case, root }),
        };
        Some((format!("{}.test.ts", planned.file), text))
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

fn described(name: &str, scheme: &SecurityScheme) -> Scheme {
    let authorization = |word: &str| {
        format!("({{ headers }}) => /^{word} +(.+)$/i.exec(headers.authorization ?? \"\")?.[1]")
    };
    let (credential, kind) = match scheme {
        SecurityScheme::Bearer { .. }
        | SecurityScheme::OAuth2 { .. }
        | SecurityScheme::OpenIdConnect { .. } => (authorization("bearer"), "jwt"),
        SecurityScheme::Basic => (authorization("basic"), "basic"),
        SecurityScheme::Http { scheme } => {
            let word: String = scheme
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
                .collect();
            (authorization(&word), "other")
        }
        SecurityScheme::MutualTls => ("() => undefined".to_owned(), "other"),
        SecurityScheme::ApiKey { place, name } => {
            let text = super::code::string(name);
            let credential = match place {
                ParameterPlace::Query => format!(
                    "({{ url }}) => new URLSearchParams(url.split(\"?\")[1]).get({text}) ?? undefined"
                ),
                ParameterPlace::Cookie => {
                    format!("({{ headers }}) => cookie(headers.cookie, {text})")
                }
                _ => format!(
                    "({{ headers }}) => headers[{}]?.toString()",
                    super::code::string(&name.to_lowercase())
                ),
            };
            (credential, "apiKey")
        }
    };
    Scheme {
        key: super::code::property_key(name),
        credential,
        kind,
    }
}

/// A template that cannot fail: it formats text that it was given.
fn rendered(template: &impl Template) -> String {
    let mut text = template.render().unwrap_or_default();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
