//! Generating again over files that people have edited: no byte of theirs is lost, whatever the
//! document does.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use backsmith::routes::exports;
use proptest::prelude::*;

use crate::node::{TypeScript, compile, link_modules};
use crate::sandbox::{Run, Sandbox};

/// An operation of the document: its identifier, path and tag.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Operation {
    id: String,
    path: String,
    tag: String,
}

fn operation(id: &str, tag: &str) -> Operation {
    Operation {
        id: id.to_owned(),
        path: format!("/{}", id.to_lowercase()),
        tag: tag.to_owned(),
    }
}

fn document(operations: &[Operation]) -> String {
    let mut text =
        "openapi: 3.1.0\ninfo: { title: Things, version: 1.0.0 }\npaths:\n  /fixed: { get: { operationId: fixed, tags: [other], responses: { '204': { description: ok } } } }\n"
            .to_owned();
    for Operation { id, path, tag } in operations {
        writeln!(
            text,
            "  {path}: {{ get: {{ operationId: {id}, tags: [{tag}], responses: {{ '204': {{ description: ok }} }} }} }}"
        )
        .expect("text");
    }
    text
}

fn generate(sandbox: &Sandbox, operations: &[Operation], more: &[&str]) -> Run {
    sandbox.write("openapi.yaml", document(operations));
    again(sandbox, more)
}

fn again(sandbox: &Sandbox, more: &[&str]) -> Run {
    let arguments = ["scaffold", "openapi.yaml", "--output", "src/routes/"];
    sandbox.run(arguments.into_iter().chain(more.iter().copied()))
}

/// Whether `after` is `before` with something put between two of its lines and behind its end.
fn is_kept(before: &str, after: &str) -> bool {
    let starts = std::iter::once(0).chain(before.match_indices('\n').map(|(at, _)| at + 1));
    starts.into_iter().any(|at| {
        let (first, rest) = before.split_at(at);
        after
            .strip_prefix(first)
            .is_some_and(|after| after.contains(rest))
    })
}

/// The handlers as people leave them: each begins with `export const fixture` of one operation.
const STYLES: [(&str, &str); 8] = [
    (
        "own imports, comments and formatting",
        "// Things, by hand.\nimport { randomUUID as id } from \"node:crypto\"\nimport { type Handler } from './index.js'\n\n/* A table:\n   a |  b */\nexport const one: Handler<'one'> =\n      async ()=>{ id();   return {status:204} }\n",
    ),
    (
        "a mark, carriage returns, tabs and no end of the last line",
        "\u{feff}import type { Handler } from \"./index.js\"; // mine\r\n\r\nexport const one: Handler<\"one\"> = async () => {\r\n\treturn { status: 204 };\r\n};\r\nconst last = 1; void last",
    ),
    (
        "a renamed handler, exported under the name of the operation",
        "import type { Handler } from \"./index.js\";\n\nconst first: Handler<\"one\"> = async () => ({ status: 204 });\n\nexport { first as one };\n",
    ),
    (
        "a re-export from elsewhere",
        "export { one } from \"../things/one.js\";\n",
    ),
    (
        "everything from elsewhere",
        "export * from \"../things/one.js\";\n",
    ),
    (
        "a function, a default export, and names of ours that are taken",
        "import type { Handler as H } from \"./index.js\";\ntype Handler = string;\nconst notImplemented: Handler = \"taken\";\nconst two = notImplemented;\nexport async function one(): ReturnType<H<\"one\">> {\n  return { status: 204 };\n}\nexport default two;\n",
    ),
    (
        "nothing but a comment",
        "/* eslint-disable */\n\n// Empty for now.",
    ),
    ("nothing at all", ""),
];

#[test]
fn ten_regenerations_leave_every_byte_and_compile() {
    for (index, (style, text)) in STYLES.iter().enumerate() {
        let sandbox = Sandbox::new();
        generate(
            &sandbox,
            &[operation("one", "things")],
            &["--project", "-q"],
        )
        .expect(0);
        let elsewhere = "import type { Handler } from \"../routes/index.js\";\n\nexport const one: Handler<\"one\"> = async () => ({ status: 204 });\n";
        sandbox.write("src/things/one.ts", elsewhere);
        sandbox.write("src/routes/things.ts", text);
        let path = "src/routes/things.ts";
        let names = ["one", "two", "three", "four"];
        for round in 0..10_usize {
            let before = sandbox.read(path);
            // A different choice each time; `one` is there in the end.
            let chosen: Vec<Operation> = names
                .iter()
                .enumerate()
                .filter(|(at, _)| (round * 7 + at * 3) % 4 != 0 || round == 9)
                .map(|(_, name)| operation(name, "things"))
                .collect();
            let run = generate(&sandbox, &chosen, &["--project"]).expect(0);
            let after = sandbox.read(path);
            assert!(is_kept(&before, &after), "{style}: {before:?} {after:?}");
            let bare = after.trim_start_matches('\u{feff}');
            exports::read(bare).unwrap_or_else(|fault| panic!("{style}: {fault:?}\n{after}"));
            for gone in names
                .iter()
                .filter(|name| round > 0 && !chosen.iter().any(|operation| operation.id == **name))
            {
                let was = (round - 1) * 7 + names.iter().position(|n| n == gone).expect("it") * 3;
                if was % 4 != 0 {
                    let orphan = format!("orphan  {gone}");
                    assert!(run.stdout.contains(&orphan), "{style}: {}", run.stdout);
                }
            }
            if text.contains('\r') {
                assert!(!after.replace("\r\n", "").contains('\n'), "{after:?}");
            }
        }
        let once = sandbox.read(path);
        again(&sandbox, &["--project", "--check"]).expect(0);
        assert_eq!(sandbox.read(path), once);
        for name in names {
            assert!(
                once.matches(&format!("\"{name}\"> = async")).count() <= 1,
                "{once}"
            );
        }
        if index < 6 {
            link_modules(sandbox.path());
            compile(sandbox.path(), TypeScript::Seven, &["--noEmit"]);
        }
    }
}

#[test]
fn a_handler_file_that_does_not_parse_stops_everything() {
    let sandbox = Sandbox::new();
    let one = [operation("one", "things")];
    generate(&sandbox, &one, &["-q"]).expect(0);
    let broken = "export const one = async () => {\n  return { status: 204 ;\n};\n";
    sandbox.write("src/routes/things.ts", broken);
    let before = everything(&sandbox);
    let two = [operation("one", "things"), operation("two", "things")];
    let run = generate(&sandbox, &two, &[]).expect(2);
    assert!(
        run.stderr.contains("src/routes/things.ts:2:24"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("nothing was written"), "{}", run.stderr);
    sandbox.write("openapi.yaml", document(&one));
    assert_eq!(everything(&sandbox), before);
}

/// Every file below the sandbox with its bytes.
fn everything(sandbox: &Sandbox) -> Vec<(String, String)> {
    let files = sandbox.files().into_iter();
    files
        .filter(|path| !path.starts_with("node_modules"))
        .map(|path| (path.clone(), sandbox.read(&path)))
        .collect()
}

const MINE: &str = "import type { Handler } from \"./index.js\";\n\nexport const one: Handler<\"one\"> = async () => ({ status: 204 });\n";

#[test]
fn handlers_are_found_where_they_were_moved() {
    let sandbox = Sandbox::new();
    let operations = [operation("one", "things"), operation("two", "things")];
    generate(&sandbox, &operations, &["--project", "-q"]).expect(0);
    // To another file, into a folder; the rest of the first file stays.
    let deep = MINE.replace("./index.js", "../index.js");
    sandbox.write("src/routes/deeper/ones.ts", &deep);
    let rest = sandbox.read("src/routes/things.ts");
    let start = rest.find("\n/** GET /one").expect("the stub");
    let end = start + 1 + rest[start + 1..].find("\n/** ").expect("the next");
    sandbox.write(
        "src/routes/things.ts",
        rest[..start].to_owned() + &rest[end..],
    );
    let things = sandbox.read("src/routes/things.ts");
    again(&sandbox, &["--project"]).expect(0);
    assert_eq!(sandbox.read("src/routes/things.ts"), things);
    assert_eq!(sandbox.read("src/routes/deeper/ones.ts"), deep);
    let wiring = sandbox.read("src/routes/index.ts");
    assert!(wiring.contains("from \"./deeper/ones.js\""), "{wiring}");

    // The tag changes: the handler stays where it is. A new operation of its file goes there too.
    let tagged = [
        operation("one", "renamed"),
        operation("two", "renamed"),
        operation("three", "renamed"),
    ];
    generate(&sandbox, &tagged, &["--project"]).expect(0);
    assert_eq!(sandbox.read("src/routes/deeper/ones.ts"), deep);
    assert_eq!(sandbox.read("src/routes/things.ts"), things);
    assert!(sandbox.read("src/routes/renamed.ts").contains("three"));

    // Gone and back again: what was written is wired again, and no stub comes.
    let run = generate(&sandbox, &[operation("two", "things")], &["--project"]).expect(0);
    assert!(run.stdout.contains("orphan  one"), "{}", run.stdout);
    generate(&sandbox, &operations, &["--project", "-q"]).expect(0);
    assert_eq!(sandbox.read("src/routes/deeper/ones.ts"), deep);
    assert!(
        sandbox
            .read("src/routes/index.ts")
            .contains("deeperOnes.one")
    );
    link_modules(sandbox.path());
    compile(sandbox.path(), TypeScript::Seven, &["--noEmit"]);
}

#[test]
fn other_names_for_the_same_route_are_reported() {
    let sandbox = Sandbox::new();
    let (one, two) = (operation("one", "things"), operation("two", "things"));
    generate(&sandbox, &[one.clone(), two.clone()], &["-q"]).expect(0);
    let handlers = sandbox.read("src/routes/things.ts");
    let swapped = [
        Operation {
            id: "two".to_owned(),
            ..one.clone()
        },
        Operation {
            id: "one".to_owned(),
            ..two.clone()
        },
    ];
    let run = generate(&sandbox, &swapped, &[]).expect(0);
    for line in [
        "moved   one   was GET /one, now GET /two",
        "moved   two   was GET /two, now GET /one",
    ] {
        assert!(run.stdout.contains(line), "{}", run.stdout);
    }
    assert_eq!(sandbox.read("src/routes/things.ts"), handlers);
    let renamed = [
        Operation {
            id: "uno".to_owned(),
            ..two
        },
        swapped[0].clone(),
    ];
    let run = generate(&sandbox, &renamed, &[]).expect(0);
    assert!(
        run.stdout.contains("was GET /two, now uno"),
        "{}",
        run.stdout
    );
    // Two identifiers that are one name: the newcomer takes the number, wherever it stands.
    let mut crowd = vec![operation("a_b", "x"), one];
    generate(&sandbox, &crowd, &["-q"]).expect(0);
    crowd.insert(
        0,
        Operation {
            path: "/first".to_owned(),
            ..operation("aB", "x")
        },
    );
    let run = generate(&sandbox, &crowd, &[]).expect(0);
    assert!(
        run.stdout.contains("new     aB2   GET /first"),
        "{}",
        run.stdout
    );
}

#[test]
fn every_way_of_running_it_does_only_that() {
    for framework in ["express", "fastify", "koa"] {
        let sandbox = Sandbox::new();
        let one = [operation("one", "things")];
        let options = ["--framework", framework, "--project"];
        generate(
            &sandbox,
            &one,
            &["--framework", framework, "--types-only", "-q"],
        )
        .expect(0);
        assert_eq!(sandbox.files().len(), 4, "{:?}", sandbox.files());
        again(&sandbox, &options).expect(0);
        again(&sandbox, &["--types-only", "-q"]).expect(0);
        again(&sandbox, &["--check"]).expect(0);
        let windows = MINE.replace('\n', "\r\n");
        sandbox.write("src/routes/things.ts", &windows);

        // A check and a dry run write nothing; what the latter shows is what would happen.
        let two = [operation("one", "things"), operation("two", "things")];
        sandbox.write("openapi.yaml", document(&two));
        let before = everything(&sandbox);
        let run = again(&sandbox, &["--check"]).expect(1);
        assert!(
            run.stdout.contains("append  src/routes/things.ts"),
            "{}",
            run.stdout
        );
        let diff = again(&sandbox, &["--dry-run"]).expect(0).stdout;
        assert_eq!(everything(&sandbox), before);
        let copy = Sandbox::new();
        for (path, text) in &before {
            copy.write(path, text);
        }
        apply(&copy, &diff);
        again(&sandbox, &["-q"]).expect(0);
        let manifest = |(path, _): &(String, String)| !path.starts_with(".backsmith");
        let files = |sandbox: &Sandbox| -> Vec<_> {
            everything(sandbox).into_iter().filter(manifest).collect()
        };
        assert_eq!(files(&copy), files(&sandbox));
        assert!(
            sandbox
                .read("src/routes/things.ts")
                .starts_with(&windows[..40])
        );

        // By force generated files only.
        sandbox.write("src/routes/index.ts", "// mine\n");
        sandbox.write("src/app.ts", "// mine\n");
        again(&sandbox, &["-q"]).expect(1);
        again(&sandbox, &["--force", "-q"]).expect(0);
        assert_ne!(sandbox.read("src/routes/index.ts"), "// mine\n");
        assert_eq!(sandbox.read("src/app.ts"), "// mine\n");

        // Nothing is missing of this document; of another something is.
        again(&sandbox, &["--strict", "-q"]).expect(0);
        let odd = document(&two).replace(
            "responses:",
            "callbacks: { c: { '{$request.query.u}': { post: { requestBody: { content: { image/png: {} } }, responses: { '204': { description: ok } } } } } }, responses:",
        );
        sandbox.write("openapi.yaml", odd);
        let before = everything(&sandbox);
        again(&sandbox, &["--strict", "-q"]).expect(2);
        assert_eq!(everything(&sandbox), before);

        // Another framework needs another folder.
        let other = if framework == "koa" { "fastify" } else { "koa" };
        let run = again(&sandbox, &["--framework", other]).expect(2);
        assert!(
            run.stderr
                .contains(&format!("hint: `--framework {framework}`")),
            "{}",
            run.stderr
        );
        assert_eq!(everything(&sandbox), before);
    }
}

/// `git apply`.
fn apply(sandbox: &Sandbox, diff: &str) {
    use std::io::Write as _;
    let mut git = Command::new("git")
        .args(["apply", "--whitespace=nowarn", "-"])
        .current_dir(sandbox.path())
        .stdin(Stdio::piped())
        .spawn()
        .expect("git runs");
    let mut input = git.stdin.take().expect("a pipe");
    input.write_all(diff.as_bytes()).expect("a diff");
    drop(input);
    assert!(git.wait().expect("an end").success(), "{diff}");
}

#[test]
fn what_cannot_be_written_leaves_nothing_half_written() {
    let sandbox = Sandbox::new();
    // Where a folder must be there is a file, and where a file must be there is a folder.
    for obstacle in ["src/types", "src/runtime/validate.ts/x"] {
        let sandbox_path = sandbox.path().join("src");
        std::fs::remove_dir_all(&sandbox_path).ok();
        sandbox.write(obstacle, "in the way");
        let one = [operation("one", "things")];
        sandbox.write("openapi.yaml", document(&one));
        let before = everything(&sandbox);
        let run = again(&sandbox, &["--project"]).expect(4);
        assert!(run.stderr.contains("src/"), "{}", run.stderr);
        assert_eq!(everything(&sandbox), before);
        assert!(!sandbox.path().join("src/middleware").exists());
        assert!(!sandbox.path().join(".backsmith").exists());
    }
}

/// One step in the life of a document and of the handlers.
#[derive(Clone, Debug)]
enum Step {
    Add(usize, usize),
    Remove(usize),
    Tag(usize, usize),
    Rename(usize),
    Edit(usize, &'static str),
}

const EDITS: [&str; 6] = [
    "// a note\n",
    "\r\n/* two\r\nlines */",
    "const mine = `\n${1}\n`;\n",
    "export const helper = () => 1;\n",
    "\n\n\n",
    "type Local = { a: 1 }",
];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..9_usize, 0..3_usize).prop_map(|(id, tag)| Step::Add(id, tag)),
        2 => (0..9_usize).prop_map(Step::Remove),
        1 => (0..9_usize, 0..3_usize).prop_map(|(id, tag)| Step::Tag(id, tag)),
        1 => (0..9_usize).prop_map(Step::Rename),
        2 => (0..3_usize, 0..EDITS.len()).prop_map(|(file, edit)| Step::Edit(file, EDITS[edit])),
    ];
    proptest::collection::vec(step, 1..8)
}

const TAGS: [&str; 3] = ["red", "green", "blue"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Whatever is added, removed, renamed and edited: each file of handlers keeps what it held, every
    /// operation has one handler, and a second run has nothing to do.
    #[test]
    fn no_history_loses_a_byte(steps in steps()) {
        let sandbox = Sandbox::new();
        let mut operations: Vec<Operation> = Vec::new();
        let mut names = 0;
        generate(&sandbox, &operations, &["-q"]).expect(0);
        for step in steps {
            match step {
                Step::Add(id, tag) => {
                    let new = operation(&format!("op{id}"), TAGS[tag]);
                    if !operations.iter().any(|old| old.path == new.path || old.id == new.id) {
                        operations.push(new);
                    }
                }
                Step::Remove(id) => operations.retain(|old| old.path != format!("/op{id}")),
                Step::Tag(id, tag) => for old in &mut operations {
                    if old.path == format!("/op{id}") {
                        TAGS[tag].clone_into(&mut old.tag);
                    }
                },
                Step::Rename(id) => for old in &mut operations {
                    if old.path == format!("/op{id}") {
                        names += 1;
                        old.id = format!("renamed{names}");
                    }
                },
                Step::Edit(file, edit) => {
                    let path = format!("src/routes/{}.ts", TAGS[file]);
                    if sandbox.path().join(&path).exists() {
                        let text = sandbox.read(&path);
                        let twice = edit.contains("const") || edit.contains("type");
                        if !(twice && text.contains(edit)) {
                            sandbox.write(&path, format!("{text}{edit}"));
                        }
                    }
                }
            }
            let files = || everything(&sandbox).into_iter().filter(|(path, _)| path.starts_with("src/routes/") && path != "src/routes/index.ts");
            let before: Vec<_> = files().collect();
            generate(&sandbox, &operations, &["-q"]).expect(0);
            let after: Vec<_> = files().collect();
            for (path, text) in &before {
                let now = after.iter().find(|(other, _)| other == path);
                prop_assert!(now.is_some_and(|(_, now)| is_kept(text, now)), "{path}: {text:?} {now:?}");
            }
            let mut exported = Vec::new();
            for (path, text) in &after {
                let outline = exports::read(text);
                prop_assert!(outline.is_ok(), "{path}: {outline:?}\n{text}");
                exported.extend(outline.expect("an outline").exported);
            }
            for operation in &operations {
                let count = exported.iter().filter(|name| **name == operation.id).count();
                prop_assert_eq!(count, 1, "{}: {:?}", operation.id, after);
            }
            again(&sandbox, &["--check", "-q"]).expect(0);
        }
    }
}
