//! Any text splits into pieces that lie in order, and whose statements can be laid out and named.

#![no_main]

use backsmith::migrate::script;
use backsmith::text::SourceFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (script, _) = script::split(&SourceFile::new("fuzz.sql", text));
    let mut at = 0;
    for piece in &script.pieces {
        let range = piece.range();
        assert!(range.start >= at && range.end >= range.start);
        assert!(text.is_char_boundary(range.start) && text.is_char_boundary(range.end));
        at = range.end;
    }
    let _ = script::sections(&script);
    for statement in script.statements() {
        let _ = statement.summary(text);
    }
});
