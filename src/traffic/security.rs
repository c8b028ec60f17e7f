//! Whether what the user gives along opens an operation.

use crate::api::{Api, Operation, ParameterPlace, SecurityScheme};

/// The names of what every request carries; its values are secrets and not known here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Lower case.
    pub headers: Vec<String>,
    pub cookies: Vec<String>,
    pub query: Vec<String>,
}

impl Given {
    fn has(&self, scheme: &SecurityScheme) -> bool {
        match scheme {
            SecurityScheme::ApiKey { place, name } => match place {
                ParameterPlace::Cookie => self.cookies.contains(name),
                ParameterPlace::Query | ParameterPlace::QueryString => self.query.contains(name),
                _ => self.headers.contains(&name.to_ascii_lowercase()),
            },
            // Client certificates are a matter of the connection.
            SecurityScheme::MutualTls => false,
            _ => self.headers.iter().any(|name| name == "authorization"),
        }
    }
}

/// What would open the operation, when nothing that is given does.
pub(super) fn missing(api: &Api, operation: &Operation, given: &Given) -> Option<String> {
    let schemes = |alternative: &indexmap::IndexMap<String, Vec<String>>| -> Vec<String> {
        let wanted = alternative.keys().filter(|name| {
            let scheme = api.security_schemes.get(*name);
            !scheme.is_some_and(|scheme| given.has(scheme))
        });
        wanted.cloned().collect()
    };
    let alternatives: Vec<Vec<String>> = operation.security.iter().map(schemes).collect();
    if alternatives.iter().any(Vec::is_empty) {
        return None;
    }
    let first = alternatives.first()?;
    let described: Vec<String> = first
        .iter()
        .map(|name| match api.security_schemes.get(name) {
            Some(scheme) => format!("`{name}` ({})", flag(scheme)),
            None => format!("`{name}`"),
        })
        .collect();
    Some(format!("needs {}", described.join(" and ")))
}

/// The flag that gives a credential along.
fn flag(scheme: &SecurityScheme) -> String {
    match scheme {
        SecurityScheme::Basic => "--header 'Authorization: Basic ...'".to_owned(),
        SecurityScheme::Http { scheme } => format!("--header 'Authorization: {scheme} ...'"),
        SecurityScheme::ApiKey { place, name } => match place {
            ParameterPlace::Cookie => format!("--header 'Cookie: {name}=...'"),
            ParameterPlace::Query | ParameterPlace::QueryString => {
                format!("`?{name}=...` in the URL")
            }
            _ => format!("--header '{name}: ...'"),
        },
        SecurityScheme::MutualTls => "a client certificate".to_owned(),
        SecurityScheme::Bearer { .. }
        | SecurityScheme::OAuth2 { .. }
        | SecurityScheme::OpenIdConnect { .. } => "--header 'Authorization: Bearer ...'".to_owned(),
    }
}
