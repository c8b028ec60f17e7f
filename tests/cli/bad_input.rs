//! Input that nobody should have to debug: each is a clear message, the right exit code, and no file.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use crate::file_server::{Answer, FileServer};
use crate::sandbox::{Run, Sandbox};

const HEAD: &str = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n";
const VALID: &str = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n  /a:\n    get: {operationId: getA, responses: {'204': {description: Ok}}}\n";

/// The run over a document alone; no file is there afterwards but the document.
#[track_caller]
fn refused(name: &str, contents: impl AsRef<[u8]>, code: i32) -> String {
    let sandbox = Sandbox::new();
    sandbox.write(name, contents);
    let run = sandbox
        .run(["scaffold", name, "--output", "src/routes/"])
        .expect(code);
    assert_eq!(sandbox.files(), [name], "{}", run.transcript());
    assert_eq!(run.stdout, "");
    format!("{}--- exit {}\n", run.stderr, run.code)
}

fn transcripts(cases: &[(&str, &str, &str)]) -> String {
    let mut text = String::new();
    for (what, name, contents) in cases {
        let _ = writeln!(text, "## {what}\n{}", refused(name, contents, 2));
    }
    text
}

#[test]
fn documents_that_say_something_wrong() {
    let document = |rest: &str| format!("{HEAD}{rest}");
    let reference = document(
        "components:\n  schemas:\n    User: {$ref: '#/components/schemas/Usr2'}\n    Usr: {}\n",
    );
    let missing = document("paths:\n  /a: {$ref: paths/a.yaml}\n");
    let cycle = document(
        "components:\n  schemas:\n    A: {$ref: '#/components/schemas/B'}\n    B: {$ref: '#/components/schemas/A'}\n",
    );
    let types = document(
        "paths: []\ncomponents:\n  schemas:\n    A: {type: strng, required: name, minLength: -1, properties: {b: 5}}\n",
    );
    insta::assert_snapshot!(transcripts(&[
        (
            "duplicate keys",
            "a.yaml",
            &document("paths: {}\ninfo: {title: U, version: '2'}\n")
        ),
        (
            "duplicate keys, JSON",
            "a.json",
            r#"{"openapi": "3.1.0", "info": {"title": "T", "title": "U", "version": "1"}}"#
        ),
        ("a reference to nothing", "a.yaml", &reference),
        ("a reference to a missing file", "a.yaml", &missing),
        ("a cycle of nothing but references", "a.yaml", &cycle),
        ("wrong types", "a.yaml", &types),
    ]));
}

#[test]
fn versions_that_nobody_knows() {
    insta::assert_snapshot!(transcripts(&[
        ("a version to come", "a.yaml", "openapi: 4.0\n"),
        ("a number that loses its zero", "a.yaml", "openapi: 3.10\n"),
        ("an old version", "a.yaml", "swagger: 1.2\n"),
        ("a slip", "a.yaml", "opnapi: 3.1.0\n"),
        ("none", "a.yaml", "info: {title: T, version: '1'}\n"),
        ("an empty document", "a.yaml", ""),
        ("comments alone", "a.json", "# nothing\n"),
        ("a list", "a.yaml", "- openapi: 3.1.0\n"),
        ("a sentence", "a.yaml", "to be written\n"),
    ]));
}

#[test]
fn texts_that_are_no_documents() {
    let mut bomb = format!("{HEAD}a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(bomb, "a{level}: &a{level} [{items}]");
    }
    insta::assert_snapshot!(transcripts(&[
        ("an alias bomb", "a.yaml", &bomb),
        ("an alias in itself", "a.yaml", "a: &a {b: *a}\n"),
        ("YAML that breaks off", "a.yaml", "openapi: '3.1.0\n"),
        ("a tab", "a.yaml", "info:\n\ttitle: T\n"),
        (
            "two documents",
            "a.yaml",
            "openapi: 3.1.0\n---\nopenapi: 3.1.0\n"
        ),
        (
            "JSON that breaks off",
            "a.json",
            "{\"openapi\": \"3.1.0\",\n"
        ),
        (
            "a page",
            "a.yaml",
            "<!doctype html>\n<title>Log in</title>\n"
        ),
        (
            "another description language",
            "a.xml",
            "<?xml version=\"1.0\"?>\n<wsdl/>\n"
        ),
    ]));
}

#[test]
fn bytes_that_are_no_text() {
    let utf16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let cases: [(&str, Vec<u8>); 6] = [
        ("a NUL", b"openapi: 3.1.0\nx: \0\n".to_vec()),
        (
            "Latin-1",
            b"openapi: 3.1.0\ninfo:\n  title: Stra\xdfe\n".to_vec(),
        ),
        ("UTF-16 without a mark", utf16(VALID)),
        (
            "UTF-16 that breaks off",
            [b"\xff\xfe".as_slice(), &utf16("openapi"), b"x"].concat(),
        ),
        ("an archive", b"\x1f\x8b\x08\0\0\0\0\0".to_vec()),
        ("a PDF file", b"%PDF-1.7\n".to_vec()),
    ];
    let mut text = String::new();
    for (what, bytes) in cases {
        let _ = writeln!(text, "## {what}\n{}", refused("a.yaml", bytes, 2));
    }
    let sandbox = Sandbox::new();
    sandbox.write("openapi.yaml", VALID);
    for (what, name) in [
        ("a folder", "."),
        ("a slip in the name", "opnapi.yaml"),
        ("nothing like it", "x/y.json"),
    ] {
        let run = sandbox
            .run(["scaffold", name, "--output", "src/routes/"])
            .expect(2);
        let _ = writeln!(text, "## {what}\n{}--- exit 2\n", run.stderr);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn byte_order_marks_are_read() {
    let big: Vec<u8> = VALID.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let little: Vec<u8> = VALID.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [
        [b"\xef\xbb\xbf".as_slice(), VALID.as_bytes()].concat(),
        [b"\xff\xfe".as_slice(), &little].concat(),
        [b"\xfe\xff".as_slice(), &big].concat(),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("openapi.yaml", bytes);
        let run = sandbox
            .run(["scaffold", "openapi.yaml", "--output", "src/routes/"])
            .expect(0);
        assert!(run.stdout.contains("1 route handler"), "{}", run.stdout);
    }
}

/// A hundred megabytes of nothing but depth: read with little memory and without a deep stack.
#[test]
#[cfg(unix)]
fn a_hundred_megabytes_of_nesting() {
    const SIZE: usize = 100 << 20;
    let sandbox = Sandbox::new();
    for (name, piece) in [
        ("a.json", "["),
        ("b.json", "{\"a\":"),
        ("c.yaml", "- "),
        ("d.yaml", "{a: "),
        ("e.yaml", "? "),
        ("f.yaml", "[[*a, &a "),
    ] {
        let start = if name.ends_with("json") {
            "{\"openapi\":\"3.1.0\",\"x\":"
        } else {
            "x: \n "
        };
        let path = sandbox.write(name, start.to_owned() + &piece.repeat(SIZE / piece.len()));
        let line = format!(
            "ulimit -v 1500000; exec {} scaffold {name} --output src/routes/",
            env!("CARGO_BIN_EXE_backsmith")
        );
        let run = Run::of(&mut sandbox.shell(&line)).expect(2);
        let codes = ["too-deep", "invalid-yaml", "invalid-key"];
        assert!(
            codes.iter().any(|code| run.stderr.contains(code)),
            "{name}: {}",
            run.stderr
        );
        std::fs::remove_file(path).expect("it was there");
    }
    assert_eq!(sandbox.files(), Vec::<String>::new());
}

#[test]
fn urls_that_do_not_lead_to_a_document() {
    let sandbox = Sandbox::new();
    let server = FileServer::start(|path| match path {
        "/silent.yaml" => Answer::Silence,
        "/endless.yaml" => Answer::Drip,
        "/flood.yaml" => Answer::Flood,
        "/moved.yaml" => Answer::Redirect("/moved.yaml".to_owned()),
        "/page" => Answer::Text("text/html", "<!DOCTYPE html>\n<html></html>\n".to_owned()),
        "/down.yaml" => Answer::Status("503 Service Unavailable"),
        "/private.yaml" => Answer::Status("401 Unauthorized"),
        _ => Answer::Status("404 Not Found"),
    });
    let mut text = String::new();
    for (path, code, timeout) in [
        ("/gone.yaml", 2, "5"),
        ("/private.yaml", 2, "5"),
        ("/page", 2, "5"),
        ("/down.yaml", 4, "5"),
        ("/moved.yaml", 4, "5"),
        ("/silent.yaml", 4, "1"),
        ("/endless.yaml", 4, "1"),
        ("/flood.yaml", 4, "60"),
    ] {
        let url = server.url(path);
        let arguments = [
            "scaffold",
            &url,
            "--output",
            "src/routes/",
            "--timeout",
            timeout,
        ];
        let run = sandbox.run(arguments).expect(code);
        let _ = writeln!(
            text,
            "## {path}\n{}--- exit {code}\n",
            server.masked(&run.stderr)
        );
    }
    assert_eq!(sandbox.files(), Vec::<String>::new());
    insta::assert_snapshot!(text);
}

#[test]
fn outputs_that_cannot_be_written() {
    let sandbox = Sandbox::new();
    sandbox.write("openapi.yaml", VALID);
    sandbox.write("src", "a file of the user");
    sandbox.write(
        "api/types/models.ts/README.md",
        "a folder where a file must be",
    );
    let before = sandbox.files();
    let mut text = String::new();
    for (output, code) in [
        ("src", 2),
        ("src/routes/", 2),
        ("openapi.yaml/a/routes", 2),
        ("api/routes/", 4),
    ] {
        let run = sandbox
            .run(["scaffold", "openapi.yaml", "--output", output])
            .expect(code);
        let _ = writeln!(text, "## {output}\n{}--- exit {code}\n", run.stderr);
    }
    let folder = sandbox
        .path()
        .canonicalize()
        .expect("a path")
        .display()
        .to_string();
    insta::assert_snapshot!(text.replace(&folder, "FOLDER"));
    assert_eq!(sandbox.files(), before);
    assert!(!sandbox.path().join("api/routes").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn an_output_without_rights() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    sandbox.write("openapi.yaml", VALID);
    let folder = sandbox.path().join("closed");
    std::fs::create_dir(&folder).expect("a folder");
    let closed = std::fs::Permissions::from_mode(0o555);
    std::fs::set_permissions(&folder, closed).expect("rights");
    // Whoever may write everywhere may not write there.
    let output = if std::fs::create_dir(folder.join("test")).is_ok() {
        std::fs::remove_dir(folder.join("test")).expect("it was there");
        "/sys/kernel/backsmith/routes"
    } else {
        "closed/backsmith/routes"
    };
    let run = sandbox
        .run(["scaffold", "openapi.yaml", "--output", output])
        .expect(4);
    assert!(
        run.stderr.contains("error: cannot write `"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("nothing was written"), "{}", run.stderr);
    assert!(
        run.stderr.contains("hint: write to a folder that is yours"),
        "{}",
        run.stderr
    );
    assert_eq!(sandbox.files(), ["openapi.yaml"]);
}

/// A limit on the size of files stands in for the disk that is full: some files fit, one does not.
#[test]
#[cfg(unix)]
fn a_disk_that_is_full() {
    let sandbox = Sandbox::new();
    sandbox.write("openapi.yaml", VALID);
    let run_with_limit = |blocks: u32| {
        let line = format!(
            "ulimit -f {blocks}; exec {} scaffold openapi.yaml --output src/routes/ --project",
            env!("CARGO_BIN_EXE_backsmith")
        );
        Run::of(&mut sandbox.shell(&line))
    };
    let run = run_with_limit(4).expect(4);
    assert!(
        run.stderr.contains("error: cannot write `"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("File too large"), "{}", run.stderr);
    assert!(run.stderr.contains("nothing was written"), "{}", run.stderr);
    let folders = std::fs::read_dir(sandbox.path()).expect("a folder").count();
    assert_eq!(
        (sandbox.files(), folders),
        (vec!["openapi.yaml".to_owned()], 1)
    );

    // A project that is there stays as it is, to the byte.
    sandbox
        .run(["scaffold", "openapi.yaml", "--output", "src/routes/"])
        .expect(0);
    let contents = |sandbox: &Sandbox| -> Vec<(String, String)> {
        let files = sandbox.files();
        files
            .iter()
            .map(|file| (file.clone(), sandbox.read(file)))
            .collect()
    };
    sandbox.write("openapi.yaml", VALID.replace("getA", "readA"));
    let before = contents(&sandbox);
    run_with_limit(4).expect(4);
    assert_eq!(contents(&sandbox), before);
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_writes_nothing() {
    use nix::sys::signal::{Signal, kill};
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let sandbox = Sandbox::new();
        let (asked, is_asked) = std::sync::mpsc::channel();
        let server = FileServer::start(move |_| {
            let _ = asked.send(());
            Answer::Silence
        });
        let mut child = sandbox
            .command([
                "scaffold",
                &server.url("/openapi.yaml"),
                "--output",
                "src/routes/",
            ])
            .stderr(Stdio::piped())
            .spawn()
            .expect("a child");
        is_asked
            .recv_timeout(Duration::from_mins(1))
            .expect("a request");
        let id = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
        kill(id, signal).expect("a signal");
        let stderr = child.stderr.take().expect("a pipe");
        let lines: Vec<String> = BufReader::new(stderr)
            .lines()
            .map_while(Result::ok)
            .collect();
        assert_eq!(
            child.wait().expect("an end").code(),
            Some(code),
            "{lines:?}"
        );
        assert!(lines[0].contains("interrupted while"), "{lines:?}");
        assert_eq!(sandbox.files(), Vec::<String>::new());
    }
}
