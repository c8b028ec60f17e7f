//! Names for schemas that have none: those that references lead to outside of the components.

use heck::ToUpperCamelCase;
use url::Url;

use super::bundle::Location;
use crate::text::escape;

/// Words of a pointer that say nothing about what stands there.
const STRUCTURE: &[&str] = &[
    "components",
    "schemas",
    "schema",
    "paths",
    "properties",
    "responses",
    "requestBody",
    "requestBodies",
    "content",
    "parameters",
    "headers",
    "application~1json",
    "items",
    "$defs",
    "definitions",
    "allOf",
    "anyOf",
    "oneOf",
];

/// Keywords whose schemas are parts of the schema around them.
const PARTS: &[&str] = &[
    "properties",
    "patternProperties",
    "additionalProperties",
    "items",
    "prefixItems",
    "allOf",
    "anyOf",
    "oneOf",
];

/// File names that say nothing either: the folder does.
const NAMELESS_FILES: &[&str] = &[
    "index", "_index", "schema", "schemas", "model", "models", "openapi", "swagger", "main",
    "root", "api", "",
];

/// The name that fits best, and those that tell it from others of that name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Names(Vec<String>);

impl Names {
    /// `User` for `User.yaml` and for `defs.yaml#/User`, `UserAddress` for
    /// `#/components/schemas/User/properties/address`.
    pub(super) fn of(location: &Location, address: &Url) -> Self {
        let path = location.path();
        let steps = path.steps();
        let words: Vec<String> = steps
            .iter()
            .filter(|step| !STRUCTURE.contains(&escape(step).as_ref()))
            .map(|step| word(step))
            .filter(|word| !word.is_empty())
            .collect();
        let first = words.len().saturating_sub(3);
        let place = words[first..].concat();
        // The first document is the one that all names are understood in.
        let mut around = if location.document == 0 {
            Vec::new()
        } else {
            address_words(address)
        };
        // Of a file that is a schema itself, the file says whose part it is.
        let is_part = steps
            .first()
            .is_some_and(|step| PARTS.contains(&step.as_ref()));
        let name = if (place.is_empty() || is_part) && !around.is_empty() {
            format!("{}{place}", around.remove(0))
        } else {
            place
        };
        let mut names = vec![started(name)];
        for qualifier in around.into_iter().take(2) {
            names.push(started(format!("{qualifier}{}", names[0])));
        }
        Self(names)
    }

    /// The first that is not taken; the first with a number when all are.
    pub(super) fn free(&self, is_taken: impl Fn(&str) -> bool) -> String {
        let numbered = (2..).map(|number| format!("{}{number}", self.0[0]));
        let mut names = self.0.iter().cloned().chain(numbered);
        names.find(|name| !is_taken(name)).unwrap_or_default()
    }
}

/// A name that starts as names do.
fn started(name: String) -> String {
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("Schema{name}")
    } else {
        name
    }
}

/// What is spelled as a type is left as it is: `APIError`.
fn word(text: &str) -> String {
    let is_name = text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric());
    if is_name {
        text.to_owned()
    } else {
        text.to_upper_camel_case()
    }
}

/// The name of the file without its endings, then the folders around it, inside out.
fn address_words(address: &Url) -> Vec<String> {
    let decoded = |text: &str| {
        url::form_urlencoded::parse(text.replace('+', "%2B").as_bytes())
            .next()
            .map_or_else(|| text.to_owned(), |(key, _)| key.into_owned())
    };
    let mut segments: Vec<String> = address
        .path_segments()
        .into_iter()
        .flatten()
        .map(decoded)
        .collect();
    segments.reverse();
    let Some(file) = segments.first_mut() else {
        return Vec::new();
    };
    for ending in [".yaml", ".yml", ".json", ".schema", ".openapi", ".oas"] {
        if let Some(stem) = file.strip_suffix(ending) {
            *file = stem.to_owned();
        }
    }
    if NAMELESS_FILES.contains(&file.to_ascii_lowercase().as_str()) && segments.len() > 1 {
        segments.remove(0);
    }
    let words = segments.iter().map(|segment| word(segment));
    words.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_people_would_give() {
        for (address, pointer, wanted) in [
            (
                "file:///spec/schemas/User.yaml",
                "",
                ["User", "schemasUser"],
            ),
            ("file:///spec/defs.yaml", "/User", ["User", "DefsUser"]),
            (
                "file:///spec/error-handling.yaml",
                "/components/schemas/APIError",
                ["APIError", "ErrorHandlingAPIError"],
            ),
            (
                "file:///spec/user_group/index.yml",
                "",
                ["UserGroup", "SpecUserGroup"],
            ),
            (
                "file:///spec/line%20item.schema.json",
                "",
                ["LineItem", "SpecLineItem"],
            ),
            (
                "https://a.example/2fa.json",
                "/$defs/code",
                ["Code", "Schema2faCode"],
            ),
            (
                "file:///spec/page.json",
                "/properties/next",
                ["PageNext", "SpecPageNext"],
            ),
        ] {
            let names = Names::of(
                &Location::new(1, pointer),
                &Url::parse(address).expect("a URL"),
            );
            let taken = |name: &str| name.eq_ignore_ascii_case(wanted[0]);
            assert_eq!(names.free(|_| false), wanted[0]);
            assert_eq!(names.free(taken).to_lowercase(), wanted[1].to_lowercase());
        }
    }
}
