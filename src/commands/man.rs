//! `backsmith man`: one manual page on standard output, or all of them in a folder.

use std::path::Path;

use crate::failure::{Failure, Verdict};
use crate::files::{Action, Plan, PlannedFile};
use crate::settings::man::{ManualPage, Request, pages};
use crate::terminal::Terminal;
use crate::text::suggest;

pub(super) fn run(request: &Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let pages = pages()?;
    if let Some(folder) = &request.output {
        return write(folder, pages, request.dry_run, terminal);
    }
    let name = std::iter::once("backsmith")
        .chain(request.command.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join("-");
    let page = pages.iter().find(|page| page.name == name);
    let page = page.ok_or_else(|| unknown(&request.command.join(" "), &pages))?;
    terminal.output().write_all(page.text.as_bytes())?;
    Ok(Verdict::Holds)
}

fn write(
    folder: &Path,
    pages: Vec<ManualPage>,
    dry_run: bool,
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    let files = pages.into_iter().map(|page| PlannedFile {
        path: page.file_name().into(),
        contents: page.text,
    });
    let plan = Plan::new(folder, files.collect())?;
    if dry_run {
        write!(terminal.output(), "{}", plan.diff())?;
        return Ok(Verdict::Holds);
    }
    let written = plan.apply()?;
    for entry in &plan.entries {
        let what = match entry.action {
            Action::Create => "create",
            Action::Update => "update",
            Action::Unchanged => "keep",
        };
        let path = folder.join(&entry.file.path);
        terminal.note(&format!("  {what:<7} {}", path.display()));
    }
    let symbols = terminal.symbols();
    let (sign, all) = (symbols.holds, plan.entries.len());
    writeln!(
        terminal.output(),
        "{sign} {all} manual pages, {written} written"
    )?;
    Ok(Verdict::Holds)
}

fn unknown(command: &str, pages: &[ManualPage]) -> Failure {
    let names = pages
        .iter()
        .filter_map(|page| page.name.strip_prefix("backsmith-"));
    let failure = Failure::input(format!("no command is called `{command}`"));
    match suggest::nearest(command, names.clone()) {
        Some(nearest) => failure.hint(format!("did you mean `backsmith man {nearest}`?")),
        None => failure.hint(format!("one of {}", names.collect::<Vec<_>>().join(", "))),
    }
}
