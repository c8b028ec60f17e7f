//! `--emit`: prints what runs a load elsewhere, and sends nothing.

use crate::failure::{Failure, Verdict};
use crate::files;
use crate::report::emit::{k6, kubernetes};
use crate::settings::loadtest::{Emit, EmitTarget};
use crate::terminal::Terminal;

pub(super) fn run(request: &Emit, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let mut text = Vec::new();
    match request.target {
        EmitTarget::Kubernetes => kubernetes::write(&mut text, &request.recipe)?,
        EmitTarget::K6 => k6::write(&mut text, &request.recipe)?,
    }
    if let Some(path) = &request.output {
        files::write_atomically(path, &text)?;
        terminal.note(&format!("wrote {}", path.display()));
    } else {
        terminal.output().write_all(&text)?;
        terminal.flush()?;
    }
    Ok(Verdict::Holds)
}
