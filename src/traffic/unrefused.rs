//! What is said of requests that the description refuses and the server does not: the same before
//! the load as within it.

use super::answer::Standing;
use crate::diagnostic::Diagnostic;
use crate::text::number::count;

/// Those of one operation that are told.
const TOLD: usize = 3;

/// The kinds of answers that are told apart, and for which rules: lenient ones or others, or all.
pub const KINDS: [(Standing, Option<bool>); 3] = [
    (Standing::Broke, None),
    (Standing::Accepted, Some(false)),
    (Standing::Accepted, Some(true)),
];

/// The finding on answers of one standing. `did` is what the operation did (`accepts 2 of 9 requests`),
/// `lenient` are rules that many servers take for remarks: formats, the type of the content.
pub fn unrefused(
    operation: &str,
    did: &str,
    standing: Standing,
    lenient: bool,
    texts: &[String],
) -> Diagnostic {
    let listed = listed(texts);
    let text = format!("`{operation}` {did} that its document refuses: {listed}");
    if standing == Standing::Broke {
        return Diagnostic::error("validation-answers-500", text)
            .help("validate before the handler, and answer 400 with the fields that are wrong");
    }
    let finding = if lenient {
        Diagnostic::warning("accepts-invalid-format", text)
    } else {
        Diagnostic::error("accepts-invalid-input", text)
    };
    finding.help("refuse it with 400, or take the rule out of the document")
}

/// The first few of several.
fn listed(texts: &[String]) -> String {
    let mut text = texts[..texts.len().min(TOLD)].join("; ");
    if texts.len() > TOLD {
        text += &format!("; and {} more", count((texts.len() - TOLD) as u64));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn a_few_are_told() {
        let texts = |number: usize| -> Vec<String> {
            (1..=number).map(|number| format!("n{number}")).collect()
        };
        assert_eq!(listed(&texts(1)), "n1");
        assert_eq!(listed(&texts(3)), "n1; n2; n3");
        assert_eq!(listed(&texts(4)), "n1; n2; n3; and 1 more");
    }
}
