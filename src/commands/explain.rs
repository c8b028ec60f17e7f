//! `backsmith explain`: the reference page of a finding's code.

use crate::diagnostic::pages;
use crate::failure::{Failure, Verdict};
use crate::settings::doctor::Explain;
use crate::terminal::{BOLD, Terminal};
use crate::text::suggest;

pub(super) fn run(request: &Explain, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let Some(code) = &request.code else {
        let out = terminal.output();
        for (code, _) in pages::PAGES {
            let title = pages::title(code).unwrap_or_default();
            writeln!(out, "{BOLD}{code:<30}{BOLD:#} {title}")?;
        }
        return Ok(Verdict::Holds);
    };
    let Some(page) = pages::page(code) else {
        let codes = pages::PAGES.iter().map(|(code, _)| *code);
        let list = "`backsmith explain --list` shows all";
        return Err(
            Failure::input(format!("no finding is called `{code}`")).hint(
                match suggest::nearest(code, codes) {
                    Some(nearest) => format!("did you mean `{nearest}`? {list}"),
                    None => list.to_owned(),
                },
            ),
        );
    };
    write!(terminal.output(), "{page}")?;
    Ok(Verdict::Holds)
}
