//! Source text on its way into the parser, and the parser's faults on their way out.

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_parser::Parser;
use oxc_span::SourceType;

use super::exports::SyntaxFault;

/// The parser recurses, so deeper brackets are refused before it sees them.
const DEEPEST: usize = 400;

/// Counts brackets without regard for strings and comments, where they are rarely unbalanced.
fn check_nesting(text: &str) -> Result<(), SyntaxFault> {
    let mut depth = 0_usize;
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(SyntaxFault {
                offset,
                message: format!("nested more than {DEEPEST} levels deep"),
            });
        }
    }
    Ok(())
}

/// Parses a whole file; the first fault ends it.
pub(super) fn parse<'a>(
    allocator: &'a Allocator,
    text: &'a str,
    source_type: SourceType,
) -> Result<Program<'a>, SyntaxFault> {
    check_nesting(text)?;
    let parsed = Parser::new(allocator, text, source_type).parse();
    let Some(fault) = parsed.diagnostics.errors().next() else {
        return Ok(parsed.program);
    };
    let label = fault.labels.first();
    let mut message = fault.message.to_string();
    // Our errors start in lower case.
    if let Some(first) = message.get(..1) {
        let first = first.to_lowercase();
        message.replace_range(..1, &first);
    }
    Err(SyntaxFault {
        offset: label.map_or(0, |label| label.offset() as usize),
        message,
    })
}
