//! Any text as route source: a reading, never a panic; what is described can be written and read.
#![no_main]

use backsmith::text::SourceFile;
use backsmith::{api, routes};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let files = [SourceFile::new("src/app.ts", text)];
    let reading = routes::read(&files, |_| true);
    let document = api::render(&api::write(&reading.api), api::Notation::Json);
    let (again, _) = api::read(&SourceFile::new("openapi.json", document));
    assert!(again.is_some());
});
