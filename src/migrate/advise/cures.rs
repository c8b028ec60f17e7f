//! The statements that mend findings, as a migration and its rollback. Transactional statements first,
//! then those that must stand alone; plain psql runs the files from top to bottom.

use super::{Finding, Mend};
use crate::migrate::diff::{Section, Statement};
use crate::migrate::file::Header;
use crate::migrate::layout::{Part, Version};

const HEADER: &str = "-- Written by backsmith from findings; each statement names its own.\n";

/// The statement that mends a finding, unless a person has to decide.
pub fn statement(finding: &Finding) -> Option<&str> {
    match &finding.mend {
        Mend::Statement { up, .. } => Some(up),
        Mend::Decision(_) | Mend::Batch { .. } => None,
    }
}

/// Whether a migration holds the finding's statement already. Index names get numbers when they are
/// taken, so an index is known by what it is on.
pub fn is_in(finding: &Finding, migration: &str) -> bool {
    let Some(statement) = statement(finding) else {
        return false;
    };
    let target = |text: &str| match text.split_once(" ON ") {
        Some((start, target)) if start.starts_with("CREATE INDEX") => target.to_owned(),
        _ => text.to_owned(),
    };
    let wanted = target(statement);
    migration
        .lines()
        .any(|line| target(line.trim().trim_end_matches(';')) == wanted)
}

/// Up and down. Down takes back in the opposite order.
pub fn scripts(findings: &[&Finding]) -> (String, String) {
    let mut up = HEADER.to_owned();
    let mut down = HEADER.to_owned();
    for wanted_alone in [false, true] {
        let section = section(findings, wanted_alone, |mend| match mend {
            Mend::Statement { up, .. } => Some(up.as_str()),
            _ => None,
        });
        up.push_str(&section);
    }
    let reversed: Vec<&Finding> = findings.iter().rev().copied().collect();
    for wanted_alone in [true, false] {
        let section = section(&reversed, wanted_alone, |mend| match mend {
            Mend::Statement { down, .. } => down.as_deref(),
            _ => None,
        });
        down.push_str(&section);
    }
    for finding in reversed {
        if matches!(&finding.mend, Mend::Statement { down: None, .. }) {
            down.push_str(&format!(
                "\n-- nothing to take back: {}: {}\n",
                finding.code, finding.message
            ));
        }
    }
    (up, down)
}

/// The same for tools that keep a statement which must stand alone in a version of its own.
pub fn versions(findings: &[&Finding]) -> Vec<Version> {
    let mut together = Version::default();
    let mut alone = Vec::new();
    for finding in findings {
        let Mend::Statement {
            up,
            down,
            alone: is_alone,
        } = &finding.mend
        else {
            continue;
        };
        let title = format!("{}: {}", finding.code, reason(finding));
        let section = if *is_alone {
            Section::Concurrent
        } else {
            Section::Main
        };
        let statement = |sql: &String| Statement {
            sql: sql.clone(),
            section,
            data_loss: None,
        };
        if *is_alone {
            let part = |sql: Option<&String>| Part {
                statements: sql.map(statement).into_iter().collect(),
                alone: sql.is_some(),
            };
            alone.push(Version {
                up: part(Some(up)),
                up_header: about(title.clone()),
                down: part(down.as_ref()),
                down_header: about(title),
                ..Version::default()
            });
        } else {
            together.up.statements.push(statement(up));
            let back = down.as_ref().map(statement);
            together.down.statements.splice(0..0, back);
        }
    }
    if !together.up.statements.is_empty() {
        together.up_header = about("findings that one transaction mends".to_owned());
        together.down_header = together.up_header.clone();
        alone.insert(0, together);
    }
    alone
}

fn about(title: String) -> Header {
    Header {
        title,
        proof: "written by backsmith from findings".to_owned(),
        ..Header::default()
    }
}

/// One section of a file, empty when nothing belongs into it.
fn section<'a>(
    findings: &[&'a Finding],
    wanted_alone: bool,
    choose: impl Fn(&'a Mend) -> Option<&'a str>,
) -> String {
    let mut text = String::new();
    for finding in findings {
        let Mend::Statement { alone, .. } = &finding.mend else {
            continue;
        };
        if *alone != wanted_alone {
            continue;
        }
        if let Some(statement) = choose(&finding.mend) {
            text.push_str(&format!(
                "\n-- {}: {}\n{statement};\n",
                finding.code,
                reason(finding)
            ));
        }
    }
    if text.is_empty() {
        return text;
    }
    if wanted_alone {
        format!(
            "\n-- backsmith: alone\n-- Each statement stands alone, outside of a transaction.\n{text}"
        )
    } else {
        format!("\n-- backsmith: transaction\nBEGIN;\n{text}\nCOMMIT;\n")
    }
}

/// What the statement is for, without figures that change from run to run.
fn reason(finding: &Finding) -> String {
    let object = if finding.columns.is_empty() {
        finding.table.clone()
    } else {
        format!("{} ({})", finding.table, finding.columns.join(", "))
    };
    match &finding.index {
        Some(index) if finding.code != "missing-index" => format!("{index} on {object}"),
        _ => object,
    }
}
