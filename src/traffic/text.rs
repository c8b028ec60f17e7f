//! Strings that a schema asks for: by format, by pattern, by length.

use fastrand::Rng;

use super::pattern;
use crate::api::Constraints;

/// A string, as far as one can be made; whoever asks tests it against the schema.
pub(super) fn string(constraints: &Constraints, random: &mut Rng) -> Option<String> {
    if let Some(source) = &constraints.pattern {
        return pattern::matching(source, random);
    }
    let text = match constraints.format.as_deref() {
        Some(format) => of_format(format, random),
        None if constraints.content_encoding.as_deref() == Some("base64") => {
            Some("YmFja3NtaXRo".to_owned())
        }
        None => None,
    };
    let text = text.unwrap_or_else(|| word(random));
    Some(fitted(text, constraints, random))
}

/// A format's name, and a string that is none of it.
pub(super) const CHECKED_FORMATS: [&str; 12] = [
    "date-time",
    "date",
    "time",
    "email",
    "idn-email",
    "hostname",
    "ipv4",
    "ipv6",
    "uri",
    "url",
    "uuid",
    "duration",
];

fn of_format(format: &str, random: &mut Rng) -> Option<String> {
    let (day, second) = (random.u8(1..=28), random.u8(0..60));
    let month = random.u8(1..=12);
    Some(match format {
        "date-time" => format!("2024-{month:02}-{day:02}T12:30:{second:02}Z"),
        "date" => format!("2024-{month:02}-{day:02}"),
        "time" => format!("12:30:{second:02}Z"),
        "duration" => format!("PT{second}M"),
        "email" | "idn-email" => format!("{}@example.com", word(random)),
        "hostname" | "idn-hostname" => format!("{}.example.com", word(random)),
        "ipv4" => format!("192.0.2.{day}"),
        "ipv6" => format!("2001:db8::{day}"),
        "uri" | "url" | "iri" => format!("https://example.com/{}", word(random)),
        "uri-reference" | "iri-reference" => format!("/{}", word(random)),
        "uri-template" => "/users/{id}".to_owned(),
        "uuid" => uuid(random),
        "byte" => "YmFja3NtaXRo".to_owned(),
        "json-pointer" => "/a/b".to_owned(),
        "relative-json-pointer" => "0/a".to_owned(),
        "regex" => "^[a-z]+$".to_owned(),
        "int32" | "int64" => random.u16(1..1_000).to_string(),
        "decimal" | "double" | "float" | "number" => format!("{day}.5"),
        _ => return None,
    })
}

/// Version 4, variant 1.
fn uuid(random: &mut Rng) -> String {
    let value = random.u128(..);
    let digits = format!("{value:032x}");
    let variant = ['8', '9', 'a', 'b'][random.usize(0..4)];
    format!(
        "{}-{}-4{}-{variant}{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[13..16],
        &digits[17..20],
        &digits[20..]
    )
}

fn word(random: &mut Rng) -> String {
    (0..8).map(|_| random.lowercase()).collect()
}

/// Cut or filled to the length that is asked for; a format that does not fit stays as it is.
fn fitted(text: String, constraints: &Constraints, random: &mut Rng) -> String {
    /// Longer strings are only made when the schema demands them.
    const LONGEST: u64 = 1 << 20;
    let length = text.chars().count() as u64;
    let least = constraints.min_length.unwrap_or(0).min(LONGEST);
    let most = constraints.max_length.unwrap_or(u64::MAX);
    if length < least {
        let more = (length..least).map(|_| random.lowercase());
        return match text.split_once('@') {
            Some((name, host)) => format!("{name}{}@{host}", more.collect::<String>()),
            None => text.chars().chain(more).collect(),
        };
    }
    if length > most {
        return match text.split_once('@') {
            Some((name, host)) => {
                let room = (most as usize).saturating_sub(host.len() + 1).max(1);
                format!("{}@{host}", name.chars().take(room).collect::<String>())
            }
            None => text.chars().take(most as usize).collect(),
        };
    }
    text
}
