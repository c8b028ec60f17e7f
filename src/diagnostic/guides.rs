//! The guides of references/, and their sections by the names that `backsmith explain` takes:
//! `database/foreign-keys` is the part of the database guide under "Foreign keys".

/// One document of references/.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guide {
    /// `database`
    pub name: &'static str,
    /// In references/.
    pub file: &'static str,
    pub text: &'static str,
}

/// A part of a guide under its own heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// `database/foreign-keys`
    pub name: String,
    pub title: &'static str,
    /// With its heading.
    pub text: &'static str,
    /// `references/database_optimization_guide.md#foreign-keys`
    pub page: String,
}

/// Every guide, in the order of a list.
pub const GUIDES: &[Guide] = &[
    Guide {
        name: "api",
        file: "api_design_patterns.md",
        text: include_str!("../../references/api_design_patterns.md"),
    },
    Guide {
        name: "database",
        file: "database_optimization_guide.md",
        text: include_str!("../../references/database_optimization_guide.md"),
    },
    Guide {
        name: "security",
        file: "backend_security_practices.md",
        text: include_str!("../../references/backend_security_practices.md"),
    },
    Guide {
        name: "migrations",
        file: "migrations.md",
        text: include_str!("../../references/migrations.md"),
    },
    Guide {
        name: "composition",
        file: "composition_map.md",
        text: include_str!("../../references/composition_map.md"),
    },
    Guide {
        name: "questions",
        file: "forcing_questions.md",
        text: include_str!("../../references/forcing_questions.md"),
    },
    Guide {
        name: "exit-codes",
        file: "exit-codes.md",
        text: include_str!("../../references/exit-codes.md"),
    },
    Guide {
        name: "faults",
        file: "faults.md",
        text: include_str!("../../references/faults.md"),
    },
];

impl Guide {
    pub fn title(&self) -> &'static str {
        heading(self.text, "# ").unwrap_or(self.name)
    }

    /// Where it is in the project.
    pub fn page(&self) -> String {
        format!("references/{}", self.file)
    }

    /// What stands before the first section.
    pub fn opening(&self) -> &'static str {
        match self.text.find("\n## ") {
            Some(end) => &self.text[..=end],
            None => self.text,
        }
    }

    /// The sections in their order. A heading inside of a block of code is none.
    pub fn sections(&self) -> Vec<Section> {
        let mut starts = Vec::new();
        let (mut at, mut fenced) = (0, false);
        for line in self.text.split_inclusive('\n') {
            fenced ^= line.starts_with("```");
            if !fenced && line.starts_with("## ") {
                starts.push(at);
            }
            at += line.len();
        }
        let ends = starts.iter().skip(1).copied().chain([self.text.len()]);
        starts
            .iter()
            .zip(ends)
            .map(|(start, end)| self.section(&self.text[*start..end]))
            .collect()
    }

    fn section(&self, text: &'static str) -> Section {
        let title = heading(text, "## ").unwrap_or_default();
        let anchor = anchor(title);
        Section {
            name: format!("{}/{anchor}", self.name),
            title,
            text,
            page: format!("{}#{anchor}", self.page()),
        }
    }
}

/// The guide of a name.
pub fn guide(name: &str) -> Option<&'static Guide> {
    GUIDES.iter().find(|guide| guide.name == name)
}

/// Every section of every guide.
pub fn sections() -> Vec<Section> {
    GUIDES.iter().flat_map(Guide::sections).collect()
}

/// The section of a name.
pub fn section(name: &str) -> Option<Section> {
    let (of, _) = name.split_once('/')?;
    let sections = guide(of)?.sections();
    sections.into_iter().find(|section| section.name == name)
}

/// `database/foreign-keys` for `database_optimization_guide.md#foreign-keys`.
pub fn name_of_link(target: &str) -> Option<String> {
    let (file, anchor) = target.split_once('#')?;
    let guide = GUIDES.iter().find(|guide| guide.file == file)?;
    Some(format!("{}/{anchor}", guide.name))
}

/// The anchor of a heading as Git hosts make it: lower case, blanks to hyphens, signs away.
pub fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|sign| match sign {
        ' ' => Some('-'),
        '-' | '_' => Some(sign),
        _ if sign.is_alphanumeric() => Some(sign),
        _ => None,
    });
    kept.flat_map(char::to_lowercase).collect()
}

fn heading(text: &'static str, sign: &str) -> Option<&'static str> {
    text.lines().find_map(|line| line.strip_prefix(sign))
}

#[cfg(test)]
mod tests {
    use super::{anchor, name_of_link};

    #[test]
    fn anchors_are_those_of_git_hosts() {
        assert_eq!(anchor("REST and GraphQL"), "rest-and-graphql");
        assert_eq!(anchor("Errors (RFC 9457)"), "errors-rfc-9457");
        assert_eq!(anchor("N+1"), "n1");
    }

    #[test]
    fn links_lead_to_names() {
        let link = "database_optimization_guide.md#foreign-keys";
        assert_eq!(name_of_link(link).as_deref(), Some("database/foreign-keys"));
        assert_eq!(name_of_link("elsewhere.md#x"), None);
    }
}
