//! Everything that `backsmith explain` can be asked about: codes, sections of the guides, guides,
//! exit codes, and the codes of faults that stop a run.

use std::borrow::Cow;

use super::guides::{self, GUIDES};
use super::pages;

/// What kind of thing a subject is; the order is that of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A finding, a hazard, a doubt or a kill criterion, with a page of its own.
    Code,
    Guide,
    /// A part of a guide.
    Section,
    ExitCode,
    /// The code of an error that stops a run: a row of references/faults.md.
    Fault,
}

impl Kind {
    pub const ALL: [Self; 5] = [
        Self::Guide,
        Self::Section,
        Self::Code,
        Self::Fault,
        Self::ExitCode,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Guide => "guide",
            Self::Section => "section",
            Self::ExitCode => "exit-code",
            Self::Fault => "fault",
        }
    }
}

/// Something that can be explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// As `backsmith explain` takes it.
    pub name: String,
    pub kind: Kind,
    /// A line.
    pub title: String,
    /// Markdown.
    pub text: Cow<'static, str>,
    /// Where it stands in the project.
    pub page: String,
    /// The section that a code leads to.
    pub guide: Option<String>,
}

/// Every subject, kind by kind.
pub fn all() -> Vec<Subject> {
    let mut subjects: Vec<Subject> = GUIDES.iter().map(of_guide).collect();
    subjects.extend(guides::sections().into_iter().map(|section| Subject {
        name: section.name,
        kind: Kind::Section,
        title: section.title.to_owned(),
        text: readable(section.text),
        page: section.page,
        guide: None,
    }));
    subjects.extend(pages::PAGES.iter().map(|(code, page)| Subject {
        name: (*code).to_owned(),
        kind: Kind::Code,
        title: pages::title(code).unwrap_or_default().to_owned(),
        text: Cow::Borrowed(*page),
        page: format!("references/rules/{code}.md"),
        guide: pages::guide(code),
    }));
    subjects.extend(faults());
    subjects.extend(exit_codes());
    subjects
}

/// The subject that somebody means: its name, the last part of a section's name when only one section
/// has it (`pagination`), or the number of an exit code.
pub fn find<'s>(name: &str, subjects: &'s [Subject]) -> Option<&'s Subject> {
    let wanted = name.trim().to_ascii_lowercase();
    let named = |name: &str| subjects.iter().find(|subject| subject.name == name);
    if let Some(subject) = named(&wanted).or_else(|| named(&format!("exit/{wanted}"))) {
        return Some(subject);
    }
    // `questions/3` is `questions/3-communication`.
    let numbered = format!("{wanted}-");
    let mut short = subjects.iter().filter(|subject| {
        let has_number = wanted.ends_with(|last: char| last.is_ascii_digit());
        short_name(subject) == Some(&wanted) || (has_number && subject.name.starts_with(&numbered))
    });
    short.next().filter(|_| short.next().is_none())
}

/// Without the remarks for editors around generated parts.
fn readable(text: &'static str) -> Cow<'static, str> {
    if !text.contains("<!--") {
        return Cow::Borrowed(text);
    }
    let lines = text.lines().filter(|line| !line.starts_with("<!--"));
    Cow::Owned(lines.fold(String::new(), |text, line| text + line + "\n"))
}

/// `pagination` of `api/pagination`.
pub fn short_name(subject: &Subject) -> Option<&str> {
    let parts = subject.name.split_once('/').map(|(_, short)| short);
    parts.filter(|_| subject.kind == Kind::Section)
}

/// The codes whose pages lead to a section.
pub fn codes_of(section: &str) -> Vec<&'static str> {
    let codes = pages::PAGES.iter().map(|(code, _)| *code);
    codes
        .filter(|code| pages::guide(code).as_deref() == Some(section))
        .collect()
}

/// A guide with sections is shown by its opening and what is in it; a short one whole.
fn of_guide(guide: &guides::Guide) -> Subject {
    let sections = guide.sections();
    let text = if sections.is_empty() {
        Cow::Borrowed(guide.text)
    } else {
        let mut text = format!("{}\n", guide.opening().trim_end());
        text.push_str("\n## Sections\n\n| name | about |\n|---|---|\n");
        for section in sections {
            text.push_str(&format!("| {} | {} |\n", section.name, section.title));
        }
        Cow::Owned(text)
    };
    Subject {
        name: guide.name.to_owned(),
        kind: Kind::Guide,
        title: guide.title().to_owned(),
        text,
        page: guide.page(),
        guide: None,
    }
}

/// The rows of references/faults.md: code, meaning, what helps.
fn faults() -> Vec<Subject> {
    let guide = guides::guide("faults");
    let sections = guide.map(guides::Guide::sections).unwrap_or_default();
    let mut found = Vec::new();
    for section in sections {
        for cells in rows(section.text) {
            let [code, meaning, help] = cells.as_slice() else {
                continue;
            };
            let code = code.trim_matches('`');
            found.push(Subject {
                name: code.to_owned(),
                kind: Kind::Fault,
                title: meaning.clone(),
                text: Cow::Owned(format!(
                    "# {code}\n\n{meaning}\n\n## What helps\n\n{help}\n"
                )),
                page: section.page.clone(),
                guide: None,
            });
        }
    }
    found
}

/// The rows of references/exit-codes.md.
fn exit_codes() -> Vec<Subject> {
    let Some(guide) = guides::guide("exit-codes") else {
        return Vec::new();
    };
    let rows = rows(guide.text).into_iter().filter_map(|cells| {
        let [code, meaning] = <[String; 2]>::try_from(cells).ok()?;
        Some(Subject {
            name: format!("exit/{code}"),
            kind: Kind::ExitCode,
            text: Cow::Owned(format!("# exit/{code}\n\n{meaning}\n")),
            title: meaning,
            page: guide.page(),
            guide: None,
        })
    });
    rows.collect()
}

/// The cells of every row of the tables of a text, headers apart.
fn rows(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().collect();
    let is_rule = |line: &str| line.starts_with("|---");
    let body = lines.iter().enumerate().filter(|(at, line)| {
        let is_header = lines.get(at + 1).is_some_and(|next| is_rule(next));
        line.starts_with('|') && !is_rule(line) && !is_header
    });
    body.map(|(_, line)| {
        let inner = line.trim().trim_matches('|');
        inner
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    })
    .collect()
}
