//! What `doctor` found, as both of its reports show it.

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Kebab-case or snake-case, for programs: `database`, `pg_stat_statements`.
    pub name: &'static str,
    /// The label of its block for people; checks of one block follow each other.
    pub block: &'static str,
    pub status: Status,
    /// One line, without secrets.
    pub detail: String,
    pub version: Option<String>,
    /// Further lines for people: what it gives, or what helps.
    pub lines: Vec<String>,
}

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Ok,
    /// Works, but something cannot be done, or not as well.
    Limited,
    /// Not there, and nobody asked for it.
    Missing,
    /// Was asked for and does not work.
    Broken,
}

impl Status {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Limited => "limited",
            Self::Missing => "missing",
            Self::Broken => "broken",
        }
    }
}

impl Check {
    pub fn new(
        name: &'static str,
        block: &'static str,
        status: Status,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            name,
            block,
            status,
            detail: detail.into(),
            version: None,
            lines: Vec::new(),
        }
    }

    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }
}

/// The worst of all checks decides; what is missing limits.
pub fn verdict(checks: &[Check]) -> &'static str {
    match checks.iter().map(|check| check.status).max() {
        Some(Status::Broken) => "broken",
        Some(Status::Limited | Status::Missing) => "limited",
        Some(Status::Ok) | None => "ok",
    }
}
