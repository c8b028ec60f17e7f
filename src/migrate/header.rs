//! The head of a migration file: what it says of both ends of the way.

/// What a file says when it was proven, up to the version.
const PROVEN: &str = "proven up and down on PostgreSQL ";

/// What the file says about its proof: on which version, if there was one.
pub fn proof(version: Option<&str>) -> String {
    match version {
        Some(version) => format!("{PROVEN}{version}"),
        None => "NOT PROVEN: written with --no-verify".to_owned(),
    }
}

/// Fingerprints of the schema before and after, and the server that saw the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    pub before: String,
    pub after: String,
    /// "15.18", when the migration was proven.
    pub proven_on: Option<String>,
}

impl Ends {
    /// The way back.
    pub fn turned(self) -> Self {
        Self {
            before: self.after,
            after: self.before,
            proven_on: self.proven_on,
        }
    }
}

/// Reads the comments before the first statement. A file that somebody wrote by hand has none.
pub fn ends(text: &str) -> Option<Ends> {
    let head = text
        .lines()
        .map(str::trim)
        .take_while(|line| line.is_empty() || line.starts_with("--"))
        .map(|line| line.trim_start_matches('-').trim());
    let mut ends = None;
    let mut proven_on = None;
    for line in head {
        if let Some(version) = line.strip_prefix(PROVEN) {
            proven_on = Some(version.to_owned());
        }
        let fingerprints = line
            .strip_prefix("fingerprint ")
            .and_then(|rest| rest.strip_suffix(" after"))
            .and_then(|rest| rest.split_once(" before, "));
        if let Some((before, after)) = fingerprints {
            ends = Some((before.to_owned(), after.to_owned()));
        }
    }
    let (before, after) = ends?;
    Some(Ends {
        before,
        after,
        proven_on,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::diff::Options;
    use crate::migrate::file::{self, Header};

    #[test]
    fn reads_what_is_written() {
        let header = Header {
            title: "shop to v2.sql".to_owned(),
            proof: proof(Some("15.18")),
            from: "0a1b2c3d".to_owned(),
            to: "4e5f6071".to_owned(),
        };
        let ends = ends(&file::text(&header, &[], Options { offline: true })).expect("a header");
        assert_eq!(
            (ends.before.as_str(), ends.after.as_str()),
            ("0a1b2c3d", "4e5f6071")
        );
        assert_eq!(ends.proven_on.as_deref(), Some("15.18"));
    }

    #[test]
    fn other_files_have_none() {
        assert_eq!(
            ends("-- add a column\nALTER TABLE t ADD COLUMN a int;"),
            None
        );
        assert_eq!(ends("select 1; -- fingerprint a before, b after"), None);
    }
}
