//! A large real document through `backsmith scaffold` and through a peer, in turns on one machine:
//! `cargo bench --bench scaffold [-- FILE ...]`. Without files it reads GitHub's document.
//!
//! The peer is openapi-typescript, which writes the types alone; backsmith writes types, validators,
//! handlers and the project. Both start as processes, as users start them.

#[path = "../measure/mod.rs"]
mod measure;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use measure::{measure, median};

const ROUNDS: usize = 5;
const GITHUB: &str = "node_modules/@octokit/openapi/generated/api.github.com.json";

fn main() {
    let packages = packages();
    let mut documents: Vec<PathBuf> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .map(PathBuf::from)
        .collect();
    if documents.is_empty() {
        documents.push(packages.join(GITHUB));
    }
    let work = tempfile::tempdir().expect("a folder for what is generated");
    for document in &documents {
        let mut ours = Vec::new();
        let mut peers = Vec::new();
        for round in 0..ROUNDS {
            let output = work.path().join(format!("{round}/src/routes"));
            let mut backsmith = Command::new(env!("CARGO_BIN_EXE_backsmith"));
            backsmith.arg("scaffold").arg(document);
            backsmith.args(["--framework", "express", "--project", "--quiet", "--output"]);
            ours.push(measure(backsmith.arg(output)));
            let mut peer = Command::new("node");
            peer.arg(packages.join("node_modules/openapi-typescript/bin/cli.js"));
            peer.arg(document).arg("--output");
            peers.push(measure(peer.arg(work.path().join("types.ts"))));
        }
        let (ours, peers) = (median(ours), median(peers));
        writeln!(
            std::io::stdout(),
            "{}: backsmith {:.2} s, openapi-typescript {:.2} s, ratio {:.3}",
            document.display(),
            ours.as_secs_f64(),
            peers.as_secs_f64(),
            ours.as_secs_f64() / peers.as_secs_f64()
        )
        .expect("a place for the results");
    }
}

/// The pinned packages, installed in the build folder.
fn packages() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scaffold");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-scaffold");
    std::fs::create_dir_all(&folder).expect("a folder");
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(source.join(file), folder.join(file)).expect("a copy");
    }
    if !folder.join(GITHUB).exists() {
        let status = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .current_dir(&folder)
            .status()
            .expect("npm runs: Node 20 or later is needed");
        assert!(status.success(), "npm ci: {status}");
    }
    folder
}
