//! A panic is a bug of ours: say so, with what a report needs, and exit with 70.

use std::io::Write;

/// Replaces the standard hook. The thread that panics ends the process.
#[expect(clippy::exit, reason = "a bug must not be mistaken for a verdict")]
pub fn install_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let what = panic.payload_as_str().unwrap_or("no message");
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let version = env!("CARGO_PKG_VERSION");
        let mut stderr = anstream::stderr();
        // Nothing is left to do when standard error is gone.
        let _ = writeln!(
            stderr,
            "{red}error{red:#}{bold}: a bug in backsmith {version}{bold:#}\n  {place}: {what}\n  \
             please report it with this text and, if you may, the input; `backsmith doctor` adds the rest",
            red = super::RED,
            bold = super::BOLD,
        );
        crate::terminal::interrupt::run_cleanups();
        std::process::exit(70);
    }));
}
