//! Strings that match a pattern. What the pattern's syntax offers beside plain regular expressions
//! (look-around, back references) is left out by dropping it; the result is tested by the caller.

use fastrand::Rng;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Repetitions without an upper limit end after this many more.
const MORE: u32 = 4;
/// A pattern that asks for more characters than this is not followed.
const LONGEST: usize = 100_000;

/// `None` when the pattern cannot be read.
pub(super) fn matching(source: &str, random: &mut Rng) -> Option<String> {
    let source = without_look_around(source);
    let parsed = regex_syntax::ParserBuilder::new()
        .build()
        .parse(&source)
        .ok()?;
    let mut text = String::new();
    write(&parsed, random, &mut text)?;
    Some(text)
}

/// `(?=…)`, `(?!…)`, `(?<=…)` and `(?<!…)` demand something of what stands beside them; most strings
/// do it by chance.
fn without_look_around(source: &str) -> String {
    let mut rest = source;
    let mut kept = String::with_capacity(source.len());
    while let Some(at) = ["(?=", "(?!", "(?<=", "(?<!"]
        .iter()
        .filter_map(|mark| rest.find(mark))
        .min()
    {
        kept.push_str(&rest[..at]);
        let mut depth = 0_usize;
        let mut escaped = false;
        let mut end = rest.len();
        for (index, character) in rest[at..].char_indices() {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '(' => depth += 1,
                ')' => {
                    depth -= 1;
                    if depth == 0 {
                        end = at + index + 1;
                        break;
                    }
                }
                _ => {}
            }
        }
        rest = &rest[end..];
    }
    kept.push_str(rest);
    // ECMA 262 escapes a slash, and a hyphen outside of classes.
    kept.replace("\\/", "/")
}

fn write(hir: &Hir, random: &mut Rng, text: &mut String) -> Option<()> {
    if text.len() > LONGEST {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(class) => text.push(one_of(class, random)?),
        HirKind::Repetition(repetition) => {
            let least = repetition.min;
            let most = repetition.max.unwrap_or(least.max(1).saturating_add(MORE));
            let most = most.min(least.saturating_add(16));
            for _ in 0..random.u32(least.min(most)..=most) {
                write(&repetition.sub, random, text)?;
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, random, text)?,
        HirKind::Concat(parts) => {
            for part in parts {
                write(part, random, text)?;
            }
        }
        HirKind::Alternation(parts) => {
            write(parts.get(random.usize(..parts.len()))?, random, text)?;
        }
    }
    Some(())
}

/// Printable ASCII where the class has some.
fn one_of(class: &Class, random: &mut Rng) -> Option<char> {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Unicode(class) => class
            .iter()
            .map(|range| (u32::from(range.start()), u32::from(range.end())))
            .collect(),
        Class::Bytes(class) => class
            .iter()
            .map(|range| (u32::from(range.start()), u32::from(range.end())))
            .collect(),
    };
    // Letters and digits first: what else a class allows is allowed everywhere else less often.
    for (low, high) in [
        (0x61, 0x7a),
        (0x30, 0x39),
        (0x41, 0x5a),
        (0x20, 0x7e),
        (0, 0x0010_ffff),
    ] {
        let within: Vec<(u32, u32)> = ranges
            .iter()
            .map(|(start, end)| ((*start).max(low), (*end).min(high)))
            .filter(|(start, end)| start <= end)
            .collect();
        if within.is_empty() {
            continue;
        }
        let (start, end) = within[random.usize(..within.len())];
        let span = (end - start).min(127);
        if let Some(character) = char::from_u32(random.u32(start..=start + span)) {
            return Some(character);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_match_their_patterns() {
        let mut random = Rng::with_seed(1);
        for source in [
            "^[A-Z]{2}-\\d{4}$",
            "^(red|green)+$",
            "^\\w+@\\w+\\.com$",
            "^(?!admin)[a-z]{3,10}$",
            "^\\/a\\/[^/]+$",
            "^\\p{L}+$",
        ] {
            let validator = jsonschema::validator_for(&serde_json::json!({"pattern": source}))
                .expect("a pattern");
            for _ in 0..20 {
                let text = matching(source, &mut random).expect(source);
                assert!(validator.is_valid(&text.clone().into()), "{source}: {text}");
            }
        }
        assert_eq!(matching("(a)\\1", &mut random), None);
    }
}
