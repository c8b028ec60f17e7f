//! Security schemes: where the credential of each is found in a request, what a refusal answers,
//! and which setting says what is accepted.

use super::code::{property_key, string};
use super::names;
use crate::api::{Api, ParameterPlace, SecurityScheme};

/// What a scheme's credential is and who checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scheme {
    /// As a property of an object literal.
    pub(super) key: String,
    /// The function that takes the credential out of a request.
    pub(super) credential: String,
    /// A string literal: what WWW-Authenticate asks for.
    pub(super) challenge: String,
    pub(super) kind: &'static str,
    /// The environment's name of the accepted hashes, for keys and passwords.
    pub(super) setting: String,
    /// What the subject of a key starts with: text inside of a template literal.
    pub(super) subject: String,
}

/// The schemes of a document, in its order. Keys of one scheme are not accepted for another: each
/// has a setting of its own, named after it where there are several.
pub(super) fn schemes(api: &Api) -> Vec<Scheme> {
    let keys = api
        .security_schemes
        .values()
        .filter(|scheme| matches!(scheme, SecurityScheme::ApiKey { .. }))
        .count();
    let mut taken = names::Names::with(["BASIC_HASHES"]);
    api.security_schemes
        .iter()
        .map(|(name, scheme)| {
            let setting = match scheme {
                SecurityScheme::ApiKey { .. } if keys == 1 => "API_KEY_HASHES".to_owned(),
                SecurityScheme::ApiKey { .. } => {
                    taken.claim(&format!("{}_HASHES", names::constant_case(name)))
                }
                SecurityScheme::Basic => "BASIC_HASHES".to_owned(),
                _ => String::new(),
            };
            described(&api.title, name, scheme, setting)
        })
        .collect()
}

/// The settings that hold hashes, each once.
pub(super) fn hash_settings(schemes: &[Scheme]) -> Vec<String> {
    let mut settings: Vec<String> = Vec::new();
    for scheme in schemes {
        if !scheme.setting.is_empty() && !settings.contains(&scheme.setting) {
            settings.push(scheme.setting.clone());
        }
    }
    settings
}

fn described(title: &str, name: &str, scheme: &SecurityScheme, setting: String) -> Scheme {
    let authorization = |word: &str| {
        arrow(
            "{ headers }",
            &format!("/^{word} +(.+)$/i.exec(headers.authorization ?? \"\")?.[1]"),
        )
    };
    let (credential, challenge, kind) = match scheme {
        SecurityScheme::Bearer { .. }
        | SecurityScheme::OAuth2 { .. }
        | SecurityScheme::OpenIdConnect { .. } => {
            (authorization("bearer"), "Bearer".to_owned(), "jwt")
        }
        SecurityScheme::Basic => {
            let realm: String = title
                .chars()
                .filter(|c| (' '..='~').contains(c) && !['"', '\'', '\\'].contains(c))
                .collect();
            let challenge = format!("Basic realm=\"{}\", charset=\"UTF-8\"", realm.trim());
            (authorization("basic"), challenge, "basic")
        }
        SecurityScheme::Http { scheme } => {
            let word = token(scheme);
            (authorization(&word), word, "other")
        }
        SecurityScheme::MutualTls => (
            "() => undefined".to_owned(),
            "MutualTLS".to_owned(),
            "other",
        ),
        SecurityScheme::ApiKey { place, name } => {
            let text = string(name);
            let credential = match place {
                ParameterPlace::Query => arrow(
                    "{ url }",
                    &format!("new URLSearchParams(url.split(\"?\")[1]).get({text}) ?? undefined"),
                ),
                ParameterPlace::Cookie => {
                    arrow("{ headers }", &format!("cookie(headers.cookie, {text})"))
                }
                _ => arrow(
                    "{ headers }",
                    &format!("headers[{}]?.toString()", string(&name.to_lowercase())),
                ),
            };
            (credential, "ApiKey".to_owned(), "apiKey")
        }
    };
    Scheme {
        key: property_key(name),
        credential,
        challenge: literal(&challenge),
        kind,
        setting,
        subject: name
            .replace('\\', "\\\\")
            .replace('`', "\\`")
            .replace("${", "\\${"),
    }
}

/// `(parameters) => body`, on two lines when one is too long.
fn arrow(parameters: &str, body: &str) -> String {
    const BEFORE: usize = "    credential: ".len();
    let flat = format!("({parameters}) => {body}");
    if BEFORE + super::code::width(&flat) < super::code::WIDTH {
        flat
    } else {
        format!("({parameters}) =>\n      {body}")
    }
}

/// A string literal with the quotes that prettier chooses.
fn literal(text: &str) -> String {
    if text.contains('"') {
        format!("'{text}'")
    } else {
        string(text)
    }
}

/// What may stand in a header and in a regular expression as it is.
fn token(scheme: &str) -> String {
    let word: String = scheme
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let mut characters = word.chars();
    match characters.next() {
        Some(first) => first.to_ascii_uppercase().to_string() + characters.as_str(),
        None => "Unknown".to_owned(),
    }
}
