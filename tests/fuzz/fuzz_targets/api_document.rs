//! Any text as an API description: findings, never a panic, every place inside of the text.
#![no_main]

use backsmith::api;
use backsmith::text::SourceFile;

libfuzzer_sys::fuzz_target!(|text: &str| {
    for name in ["document.yaml", "document.json"] {
        let (_, findings) = api::read(&SourceFile::new(name, text));
        for finding in findings {
            if let Some(span) = finding.span {
                assert!(text.get(span.range.clone()).is_some());
            }
        }
    }
});
