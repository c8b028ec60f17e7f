//! Any text that is a sheet of answers takes every answer, and keeps what it said.

#![no_main]

use backsmith::decide::Input;
use backsmith::decide::forcing::{AnswerSheet, Recorded};
use backsmith::text::SourceFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(sheet) = AnswerSheet::read(&SourceFile::new("fuzz.md", text)) else {
        return;
    };
    let before = sheet.state();
    for input in Input::ALL {
        let edited = sheet.with(&[(input, Recorded::Unknown)]).expect("it takes an answer");
        let mut after = edited.state();
        assert!(after.unknown.remove(&input));
        for (other, given) in &before.inputs {
            let kept = after.inputs.get(other).map(|kept| &kept.value);
            assert!(*other == input || kept == Some(&given.value));
        }
    }
});
