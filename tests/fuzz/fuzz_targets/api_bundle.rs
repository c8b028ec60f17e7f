//! Any texts as the files of one API description: findings, never a panic, every place inside of the
//! text that it names. A line `%%% name` starts the next file.
#![no_main]

use std::collections::BTreeMap;

use backsmith::api::{self, LoadFault, LoadFaultKind, Loaded, Loader};
use backsmith::text::SourceFile;
use url::Url;

struct Memory<'t>(BTreeMap<&'t str, &'t str>);

impl Loader for Memory<'_> {
    fn load(&self, address: &Url) -> Result<Loaded, LoadFault> {
        let path = address.path().trim_start_matches('/');
        let text = self.0.get(path).ok_or_else(|| {
            LoadFault::new(LoadFaultKind::Missing, "there is no such file")
        })?;
        Ok(Loaded {
            source: SourceFile::new(path, *text),
            address: address.clone(),
            identity: path.to_owned(),
        })
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut pieces = text.split("%%% ");
    let first = pieces.next().unwrap_or_default();
    let mut files = BTreeMap::from([("openapi.yaml", first)]);
    files.extend(pieces.filter_map(|piece| piece.split_once('\n')));
    let files = Memory(files);
    let Ok(address) = Url::parse("file:///openapi.yaml") else {
        return;
    };
    let Ok(entry) = files.load(&address) else {
        return;
    };
    for finding in api::read_all(&entry, &files).findings {
        if let Some(span) = finding.span {
            assert!(span.file.text.get(span.range.clone()).is_some());
        }
    }
});
