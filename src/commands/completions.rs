//! `backsmith completions`.

use crate::failure::{Failure, Verdict};
use crate::settings::doctor::Completions;
use crate::terminal::Terminal;

pub(super) fn run(request: Completions, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    // Rendered first, because the generator cannot report a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(
        request.shell,
        &mut crate::settings::command_line(),
        "backsmith",
        &mut script,
    );
    terminal.output().write_all(&script)?;
    Ok(Verdict::Holds)
}
