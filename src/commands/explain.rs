//! `backsmith explain`: the page of a code, a section or an exit code, or the list of all.

use crate::diagnostic::subjects::{self, Subject};
use crate::failure::{Failure, Verdict};
use crate::report::human::explain as human;
use crate::report::json::v1::explain as json;
use crate::settings::Format;
use crate::settings::explain::Request;
use crate::terminal::Terminal;
use crate::text::suggest;

pub(super) fn run(request: &Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let subjects = subjects::all();
    let width = terminal.width();
    let out = terminal.output();
    match (&request.subject, request.format) {
        (None, Format::Json) => json::write_list(out, &subjects)?,
        (None, _) => human::write_list(out, &subjects)?,
        (Some(name), format) => {
            let subject =
                subjects::find(name, &subjects).ok_or_else(|| unknown(name, &subjects))?;
            match format {
                Format::Json => json::write(out, subject)?,
                Format::Markdown => write!(out, "{}", subject.text)?,
                _ => human::write(out, subject, width)?,
            }
        }
    }
    Ok(Verdict::Holds)
}

fn unknown(name: &str, subjects: &[Subject]) -> Failure {
    let list = "`backsmith explain --list` shows all";
    let several: Vec<&str> = subjects
        .iter()
        .filter(|subject| subjects::short_name(subject) == Some(&name.to_ascii_lowercase()))
        .map(|subject| subject.name.as_str())
        .collect();
    if !several.is_empty() {
        let failure = Failure::input(format!("`{name}` is the name of several sections"));
        return failure.hint(format!("one of `{}`", several.join("`, `")));
    }
    let short = subjects.iter().filter_map(subjects::short_name);
    let names = subjects.iter().map(|subject| subject.name.as_str());
    let hint = match suggest::nearest(name, names.chain(short)) {
        Some(nearest) => format!("did you mean `{nearest}`? {list}"),
        None => list.to_owned(),
    };
    Failure::input(format!("no finding or section is called `{name}`")).hint(hint)
}
