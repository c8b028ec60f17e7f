//! Documents that nobody would write, alone and in bundles: findings, never a panic, and every place
//! inside of the text that it names. What is valid all the same becomes code, without a panic too.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use backsmith::api::{self, LoadFault, LoadFaultKind, Loaded, Loader, Reading};
use backsmith::scaffold::{Artefacts, Framework, Options, service};
use backsmith::text::SourceFile;
use proptest::prelude::*;
use url::Url;

/// Files by their path.
struct Memory(BTreeMap<String, String>);

impl Memory {
    fn entry(&self, path: &str) -> Loaded {
        let address = Url::parse(&format!("file:///{path}")).expect("an address");
        self.load(&address).expect("a file")
    }
}

impl Loader for Memory {
    fn load(&self, address: &Url) -> Result<Loaded, LoadFault> {
        let path = address.path().trim_start_matches('/');
        let Some(text) = self.0.get(path) else {
            return Err(LoadFault::new(
                LoadFaultKind::Missing,
                "there is no such file",
            ));
        };
        Ok(Loaded {
            source: SourceFile::new(path, text.as_str()),
            address: address.clone(),
            identity: path.to_owned(),
        })
    }
}

fn check(files: BTreeMap<String, String>, entry: &str) {
    let memory = Memory(files);
    let Reading {
        api,
        findings,
        sources,
    } = api::read_all(&memory.entry(entry), &memory);
    for finding in &findings {
        let Some(span) = &finding.span else {
            continue;
        };
        assert!(
            span.file.text.get(span.range.clone()).is_some(),
            "{finding:?}"
        );
        assert!(
            sources.iter().any(|source| Arc::ptr_eq(source, &span.file)),
            "{finding:?}"
        );
        assert!(span.start() <= span.end());
    }
    if let (Some(api), true) = (api, api::is_valid(&findings)) {
        let output = service(&api, &options());
        assert!(!output.files.is_empty());
    }
}

fn options() -> Options {
    Options {
        framework: Framework::Koa,
        artefacts: Artefacts::Project,
        source_root: "src".to_owned(),
        document: "openapi.yaml".to_owned(),
        command: String::new(),
        placements: BTreeMap::new(),
        routes: BTreeMap::new(),
    }
}

/// All files below a fixture's folder, by their path from there.
fn fixture(folder: &str) -> BTreeMap<String, String> {
    fn walk(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), found);
            } else {
                let text = std::fs::read_to_string(entry.path()).expect("a text");
                found.insert(name, text);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/openapi");
    let mut found = BTreeMap::new();
    walk(&root.join(folder), "", &mut found);
    found
}

/// A change that an editor, a merge or a bad day makes.
#[derive(Clone, Debug)]
enum Change {
    Drop,
    Repeat,
    Move(usize),
    Indent,
    Outdent,
    Cut,
    /// The value after the first colon.
    Value(&'static str),
    Insert(&'static str),
}

fn change() -> impl Strategy<Value = Change> {
    let value = prop::sample::select(vec![
        "null",
        "[]",
        "{}",
        "5",
        "-1",
        "true",
        "''",
        "'#'",
        "'#/'",
        "&a {b: *a}",
        "[string, 'null', 7]",
        "{ $ref: '#/components/schemas/Berth' }",
        "{ $ref: '#/paths' }",
        "{ $ref: openapi.yaml }",
        "{ $ref: ../openapi.yaml }",
        "{ $ref: 'shared/parameters.yml#/limit' }",
        "{ $ref: nowhere.yaml }",
        "{ $ref: 'http://[' }",
        "{ $ref: 5 }",
        "{ $ref: { $ref: '#' } }",
        "{ allOf: [{ $ref: '#' }], discriminator: { propertyName: x, mapping: { a: '#' } } }",
    ]);
    let line = prop::sample::select(vec![
        "$ref: '#'\n",
        "$ref: openapi.yaml#/paths\n",
        "$id: https://example.com/a\n",
        "$anchor: here\n",
        "$self: ../else.yaml\n",
        "openapi: 3.0.3\n",
        "swagger: '2.0'\n",
        "<<: *a\n",
        "- x\n",
        "? [a]\n",
        "---\n",
        "\u{feff}ä: 𝄞\n",
    ]);
    prop_oneof![
        Just(Change::Drop),
        Just(Change::Repeat),
        (0_usize..400).prop_map(Change::Move),
        Just(Change::Indent),
        Just(Change::Outdent),
        Just(Change::Cut),
        value.prop_map(Change::Value),
        line.prop_map(Change::Insert),
    ]
}

fn changed(text: &str, at: usize, change: &Change) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    let at = at % lines.len();
    match change {
        Change::Drop => {
            lines.remove(at);
        }
        Change::Repeat => lines.insert(at, lines[at].clone()),
        Change::Move(to) => {
            let line = lines.remove(at);
            lines.insert(to % (lines.len() + 1), line);
        }
        Change::Indent => lines[at].insert_str(0, "  "),
        Change::Outdent => lines[at] = lines[at].replacen("  ", "", 1),
        Change::Cut => lines.truncate(at),
        Change::Value(value) => {
            let name = lines[at].split(':').next().unwrap_or_default().trim_end();
            lines[at] = format!("{name}: {value}\n");
        }
        Change::Insert(line) => {
            let indent = lines[at].len() - lines[at].trim_start().len();
            lines.insert(at, format!("{}{line}", " ".repeat(indent)));
        }
    }
    lines.concat()
}

fn json_like() -> impl Strategy<Value = serde_json::Value> {
    let reference = prop::sample::select(vec![
        "#",
        "#/components/schemas/A",
        "b.json",
        "b.json#/A",
        "b.json#/A/items",
        "b.json#here",
        "a.json#/paths/~1a~1{b}",
        "https://example.com/a#here",
        "c.json#/%41",
        "b.json#/properties/$ref",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        prop::sample::select(vec!["object", "string", "array", "query", "here", "/a/{b}"])
            .prop_map(serde_json::Value::from),
        reference.clone().prop_map(serde_json::Value::from),
        reference.prop_map(|text| serde_json::json!({ "$ref": text })),
    ];
    let key = prop::sample::select(vec![
        "$ref",
        "$id",
        "$anchor",
        "type",
        "properties",
        "items",
        "allOf",
        "oneOf",
        "anyOf",
        "not",
        "if",
        "discriminator",
        "required",
        "get",
        "post",
        "parameters",
        "name",
        "in",
        "schema",
        "content",
        "responses",
        "200",
        "headers",
        "callbacks",
        "additionalOperations",
        "schemas",
        "A",
        "/a/{b}",
        "mapping",
        "propertyName",
        "security",
        "enum",
        "nullable",
        "itemSchema",
        "application/json",
        "requestBody",
        "additionalProperties",
        "const",
        "examples",
        "links",
    ]);
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            4 => prop::collection::vec((key.clone(), inner), 0..6).prop_map(|entries| {
                let entries = entries.into_iter().map(|(key, value)| (key.to_owned(), value));
                entries.collect::<serde_json::Map<_, _>>().into()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn changed_bundles_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..400, change()), 1..6),
    ) {
        let mut files = fixture("marina");
        for (file, at, change) in changes {
            let index = file.index(files.len());
            if let Some(text) = files.values_mut().nth(index) {
                *text = changed(text, at, &change);
            }
        }
        check(files, "openapi.yaml");
    }

    #[test]
    fn changed_documents_never_panic(
        name in prop::sample::select(vec![
            "user-service.yaml", "keywords.yaml", "version-3.0.yaml", "parcels.swagger.yaml",
        ]),
        changes in prop::collection::vec((0_usize..400, change()), 1..6),
    ) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/openapi").join(name);
        let mut text = std::fs::read_to_string(path).expect("a fixture");
        for (at, change) in changes {
            text = changed(&text, at, &change);
        }
        check(BTreeMap::from([("openapi.yaml".to_owned(), text)]), "openapi.yaml");
    }

    #[test]
    fn bundles_of_any_values_never_panic(
        version in prop::sample::select(vec!["3.0.3", "3.1.0", "3.2.0"]),
        path in json_like(),
        components in json_like(),
        other in json_like(),
        third in json_like(),
    ) {
        let first = serde_json::json!({
            "openapi": version,
            "info": {"title": "T", "version": "1"},
            "paths": {"/a/{b}": path},
            "components": {"schemas": components},
        });
        let files = [("a.json", first), ("b.json", other), ("c.json", third)];
        let files = files.map(|(name, value)| (name.to_owned(), value.to_string()));
        check(BTreeMap::from(files), "a.json");
    }
}
