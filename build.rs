//! Places the functions of `src/layout.ld` next to each other in a release build for Linux.
//!
//! The system maps 64 KiB of a program around each function that is called first. Where the functions
//! of a run are strewn over the whole program, a run of 1 MB of code holds 5 MB of it in memory.

use std::env;

/// The functions that a load calls, written by `benches/layout/record`.
const LAYOUT: &str = "src/layout.ld";

fn main() {
    println!("cargo::rerun-if-changed={LAYOUT}");
    let is = |name: &str, wanted: &str| env::var(name).is_ok_and(|value| value == wanted);
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") && !has_linker_of_its_own() {
        let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rustc-link-arg-bins=-T{folder}/{LAYOUT}");
    }
}

/// The linkers that Rust takes by itself, LLVM's and GNU's, know the commands of the layout; others
/// may refuse them.
fn has_linker_of_its_own() -> bool {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    env::var_os("RUSTC_LINKER").is_some() || flags.contains("linker") || flags.contains("fuse-ld")
}
