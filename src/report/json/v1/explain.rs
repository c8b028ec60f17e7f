//! `backsmith explain` for programs: one page, or the list of all without their texts.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::super::write_document;
use super::Tool;
use crate::diagnostic::subjects::{self, Subject};

#[derive(Debug, Serialize, JsonSchema)]
pub struct Document {
    /// `backsmith.explain/v1`
    pub schema: &'static str,
    pub tool: Tool,
    pub subjects: Vec<SubjectEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct SubjectEntry {
    /// As `backsmith explain` takes it.
    pub name: String,
    /// `guide`, `section`, `code`, `fault` or `exit-code`.
    pub kind: &'static str,
    pub title: String,
    /// Where it stands in the project.
    pub page: String,
    /// The section of a guide that a code leads to.
    pub guide: Option<String>,
    /// The codes that lead to a section.
    pub codes: Vec<&'static str>,
    /// The page as Markdown; left out in a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// One page.
pub fn write(out: &mut dyn Write, subject: &Subject) -> io::Result<()> {
    let mut entry = SubjectEntry::from(subject);
    entry.text = Some(subject.text.clone().into_owned());
    write_document(out, &document(vec![entry]))
}

/// Everything that can be asked about.
pub fn write_list(out: &mut dyn Write, subjects: &[Subject]) -> io::Result<()> {
    write_document(
        out,
        &document(subjects.iter().map(SubjectEntry::from).collect()),
    )
}

const fn document(subjects: Vec<SubjectEntry>) -> Document {
    Document {
        schema: "backsmith.explain/v1",
        tool: Tool::CURRENT,
        subjects,
    }
}

impl From<&Subject> for SubjectEntry {
    fn from(subject: &Subject) -> Self {
        Self {
            name: subject.name.clone(),
            kind: subject.kind.name(),
            title: subject.title.clone(),
            page: subject.page.clone(),
            guide: subject.guide.clone(),
            codes: subjects::codes_of(&subject.name),
            text: None,
        }
    }
}
