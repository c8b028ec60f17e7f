//! What differs between two schemas, and the migration that was made of it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::catalog::{Id, Kind};
use crate::migrate::comparison::{Comparison, JudgedHazard, Outcome};
use crate::migrate::diff::{Change, ChangeKind};
use crate::report::markdown::migrate::comparison::turn;
use crate::terminal::{BOLD, GREEN, RED, Symbols, YELLOW};
use crate::text::number::{count as number, counted};

/// How the report is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub symbols: Symbols,
    /// Every change, not only the first.
    pub all: bool,
}

/// More lines than these are cut, with their number.
const MOST_LINES: usize = 40;

pub fn write(out: &mut dyn Write, comparison: &Comparison, style: Style) -> io::Result<()> {
    match comparison.outcome {
        Outcome::Equal => write_equal(out, comparison, style)?,
        Outcome::Different => write_different(out, comparison, style)?,
        Outcome::Drift => write_drift(out, comparison, style)?,
        Outcome::Refused => write_refused(out, comparison, style)?,
    }
    write_unmanaged(out, comparison)?;
    for note in &comparison.notes {
        writeln!(out, "  {note}")?;
    }
    if let Some(diff) = &comparison.diff {
        write!(out, "\n{diff}")?;
    }
    out.flush()
}

fn write_equal(out: &mut dyn Write, comparison: &Comparison, style: Style) -> io::Result<()> {
    writeln!(
        out,
        "{GREEN}{}{GREEN:#} {BOLD}{} equals {}: no statement, no file{BOLD:#}\n",
        style.symbols.holds, comparison.from.name, comparison.to.name
    )?;
    let fingerprint = match &comparison.from.fingerprint {
        Some(fingerprint) => format!("fingerprint {fingerprint} on both sides"),
        None => "no fingerprint was read, for `--no-verify`".to_owned(),
    };
    writeln!(
        out,
        "  {} compared; {fingerprint}",
        counts(&comparison.from.counts)
    )
}

fn write_different(out: &mut dyn Write, comparison: &Comparison, style: Style) -> io::Result<()> {
    let (sign, color, proof) = match &comparison.proof {
        Some(proof) => (
            style.symbols.holds,
            GREEN,
            format!("proven up and down on PostgreSQL {}", proof.server_version),
        ),
        None => (
            style.symbols.look,
            YELLOW,
            "not proven (`--no-verify`)".to_owned(),
        ),
    };
    writeln!(
        out,
        "{color}{sign}{color:#} {BOLD}{} {} {} into {}; {proof}{BOLD:#}\n",
        counted(comparison.up.total, "statement"),
        turn(comparison),
        comparison.from.name,
        comparison.to.name
    )?;
    write_changes(out, &comparison.changes, style)?;
    writeln!(out, "\n  {}", summary(&comparison.changes))?;
    if !comparison.hazards.is_empty() {
        writeln!(out, "\n  {BOLD}hazards{BOLD:#}")?;
        for hazard in &comparison.hazards {
            writeln!(
                out,
                "    {RED}data loss{RED:#}    {}: {}      --allow {}",
                hazard.hazard.object(),
                hazard.evidence.as_ref().unwrap_or(&hazard.hazard.message),
                hazard.hazard.kind.code()
            )?;
        }
    }
    write_proposals(out, comparison)?;
    if !comparison.files.is_empty() {
        writeln!(out, "\n  {BOLD}files{BOLD:#}")?;
        let width = comparison
            .files
            .iter()
            .map(|file| file.path.len())
            .max()
            .unwrap_or_default();
        for file in &comparison.files {
            if file.statements.total == 0 {
                writeln!(out, "    {:width$}   settings", file.path)?;
                continue;
            }
            let mut line = format!(
                "    {:width$}   {}, {}",
                file.path,
                counted(file.statements.total, "statement"),
                counted(file.statements.transactions, "transaction")
            );
            if file.statements.alone > 0 {
                line.push_str(&format!(
                    ", {} alone",
                    counted(file.statements.alone, "statement")
                ));
            }
            if !file.data_loss.is_empty() {
                line.push_str(&format!(
                    "; {}",
                    counted(file.data_loss.len(), "DATA LOSS note")
                ));
            }
            if file.kept {
                line.push_str("; there already");
            }
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn write_drift(out: &mut dyn Write, comparison: &Comparison, style: Style) -> io::Result<()> {
    writeln!(
        out,
        "{RED}{}{RED:#} {BOLD}drift: {} differs from {} in {}; nothing was written{BOLD:#}\n",
        style.symbols.fails,
        comparison.from.name,
        comparison.to.name,
        counted(comparison.changes.len(), "object")
    )?;
    write_changes(out, &comparison.changes, style)?;
    write_proposals(out, comparison)?;
    let fingerprints = match (&comparison.from.fingerprint, &comparison.to.fingerprint) {
        (Some(from), Some(to)) => format!("fingerprints {from} and {to}"),
        _ => "no fingerprint was read, for `--no-verify`".to_owned(),
    };
    writeln!(
        out,
        "\n  {} compared; {fingerprints}",
        counts(&comparison.from.counts)
    )
}

fn write_refused(out: &mut dyn Write, comparison: &Comparison, style: Style) -> io::Result<()> {
    writeln!(
        out,
        "{RED}{}{RED:#} {BOLD}refused: the change destroys data and no flag allows it; nothing was written{BOLD:#}\n",
        style.symbols.fails
    )?;
    let refused: Vec<&JudgedHazard> = comparison.refused().collect();
    let code_width = refused
        .iter()
        .map(|hazard| hazard.hazard.kind.code().len())
        .max()
        .unwrap_or_default()
        + 3;
    let shown = if style.all {
        refused.len()
    } else {
        MOST_LINES.min(refused.len())
    };
    for hazard in &refused[..shown] {
        let evidence = hazard
            .evidence
            .as_ref()
            .map_or(String::new(), |text| format!("   {text}"));
        writeln!(
            out,
            "  {RED}{:code_width$}{RED:#}{} ({}){evidence}",
            hazard.hazard.kind.code(),
            hazard.hazard.object(),
            hazard.hazard.message
        )?;
        if let Some(statement) = &hazard.statement {
            writeln!(
                out,
                "  {:code_width$}{}",
                "",
                statement.lines().next().unwrap_or_default()
            )?;
        }
    }
    if shown < refused.len() {
        writeln!(out, "  and {} more", refused.len() - shown)?;
    }
    let others = comparison.up.total.saturating_sub(refused.len());
    writeln!(
        out,
        "\n  The other {} destroy nothing. Three ways on:",
        counted(others, "statement")
    )?;
    writeln!(
        out,
        "    keep it               put it back into {}",
        comparison.to.name
    )?;
    writeln!(
        out,
        "    move the values       copy them elsewhere first, then compare again"
    )?;
    let mut codes: Vec<&str> = refused
        .iter()
        .map(|hazard| hazard.hazard.kind.code())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let flags: Vec<String> = codes
        .iter()
        .map(|code| format!("`--allow {code}`"))
        .collect();
    writeln!(out, "    accept the loss       add {}", flags.join(" "))?;
    if !comparison.proposals.is_empty() {
        return write_proposals(out, comparison);
    }
    if let Some(column) = refused
        .iter()
        .find(|hazard| hazard.hazard.id.kind == Kind::Column)
    {
        let id = &column.hazard.id;
        writeln!(
            out,
            "  If it was renamed, say so: `--rename {id}={}.NEW_NAME`",
            id.name
        )?;
    }
    Ok(())
}

/// What looks like a rename, and the flag that confirms it.
fn write_proposals(out: &mut dyn Write, comparison: &Comparison) -> io::Result<()> {
    if comparison.proposals.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n  {BOLD}renamed?{BOLD:#}   dropped and made anew unless the flag says that it is the same"
    )?;
    for proposal in &comparison.proposals {
        let rename = &proposal.rename;
        writeln!(
            out,
            "    {YELLOW}{}{YELLOW:#} {} to {}: {}\n        {}",
            match rename.old.label {
                Some(_) => "label",
                None => label(&rename.old.id),
            },
            rename.old.name(),
            rename.new.name(),
            proposal.reason,
            proposal.flag()
        )?;
    }
    Ok(())
}

/// What is not compared is said, whatever the outcome.
fn write_unmanaged(out: &mut dyn Write, comparison: &Comparison) -> io::Result<()> {
    if comparison.unmanaged.is_empty() {
        return Ok(());
    }
    let kinds: Vec<String> = comparison
        .unmanaged
        .iter()
        .map(|(kind, names)| format!("{} ({})", counted(names.len(), kind), names.join(", ")))
        .collect();
    writeln!(
        out,
        "\n  {YELLOW}not compared{YELLOW:#}   {}",
        kinds.join("; ")
    )
}

/// `5 tables, 11 indexes, 1 view`
pub fn counts(counts: &[(&'static str, usize)]) -> String {
    let counts: Vec<String> = counts
        .iter()
        .map(|(name, count)| counted(*count, name))
        .collect();
    counts.join(", ")
}

/// The table, view or type that a change is listed under.
fn group(change: &Change) -> Option<&str> {
    match (&change.id, &change.table) {
        (_, Some(table)) => Some(table),
        (id, None)
            if !id.part.is_empty()
                && !matches!(id.kind, Kind::DefaultPrivileges | Kind::UserMapping) =>
        {
            Some(&id.name)
        }
        _ => None,
    }
}

fn write_changes(out: &mut dyn Write, changes: &[Change], style: Style) -> io::Result<()> {
    let mut lines: Vec<String> = Vec::new();
    let mut groups: BTreeMap<String, Vec<&Change>> = BTreeMap::new();
    let mut heads: BTreeMap<String, &Change> = BTreeMap::new();
    for change in changes {
        if let Some(name) = group(change) {
            groups.entry(name.to_owned()).or_default().push(change);
        } else if matches!(
            change.id.kind,
            Kind::Table | Kind::Domain | Kind::View | Kind::MaterializedView
        ) {
            heads.insert(change.id.name.clone(), change);
        } else {
            lines.push(line(change, "  "));
        }
    }
    let names: Vec<String> = {
        let mut names: Vec<String> = groups.keys().chain(heads.keys()).cloned().collect();
        names.sort();
        names.dedup();
        names
    };
    let mut grouped = Vec::new();
    for name in names {
        match heads.get(&name) {
            Some(head) => grouped.push(line(head, "  ")),
            None => grouped.push(format!("  {YELLOW}~{YELLOW:#} {:<11} {name}", "table")),
        }
        for change in groups.get(&name).into_iter().flatten() {
            grouped.push(line(change, "      "));
        }
    }
    grouped.append(&mut lines);
    let shown = if style.all {
        grouped.len()
    } else {
        MOST_LINES.min(grouped.len())
    };
    for line in &grouped[..shown] {
        writeln!(out, "{}", line.trim_end())?;
    }
    if shown < grouped.len() {
        writeln!(
            out,
            "  and {} more; `-v` shows all",
            number((grouped.len() - shown) as u64)
        )?;
    }
    Ok(())
}

fn line(change: &Change, indent: &str) -> String {
    let (sign, color) = match change.kind {
        ChangeKind::Create => ("+", GREEN),
        ChangeKind::Drop => ("-", RED),
        ChangeKind::Alter | ChangeKind::Replace => ("~", YELLOW),
    };
    let name = if change.id.part.is_empty() {
        change.id.name.clone()
    } else {
        change.id.part.clone()
    };
    let what = match (&change.before, &change.after) {
        (Some(before), Some(after)) if before != after => format!("{before} to {after}"),
        (Some(_), Some(_)) if change.kind == ChangeKind::Replace => {
            "made again, unchanged".to_owned()
        }
        (None, Some(text)) | (Some(text), None) => text.clone(),
        _ => String::new(),
    };
    let what: String = what.split_whitespace().collect::<Vec<_>>().join(" ");
    let room = 96_usize.saturating_sub(indent.len() + 16 + name.chars().count().max(38));
    let what = if what.chars().count() > room {
        format!(
            "{}…",
            what.chars()
                .take(room.saturating_sub(1))
                .collect::<String>()
        )
    } else {
        what
    };
    format!(
        "{indent}{color}{sign}{color:#} {:<11} {name:<38} {what}",
        label(&change.id)
    )
}

fn label(id: &Id) -> &'static str {
    match id.kind {
        Kind::Constraint | Kind::ForeignKey => "constraint",
        Kind::MaterializedView => "matview",
        kind => kind.name(),
    }
}

/// `1 table new; 3 tables and 1 view changed; 1 column gone`
fn summary(changes: &[Change]) -> String {
    let part = |kinds: &[ChangeKind], word: &str| {
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        for change in changes.iter().filter(|change| kinds.contains(&change.kind)) {
            *counts.entry(change.id.kind.name()).or_default() += 1;
        }
        if counts.is_empty() {
            return None;
        }
        let counts: Vec<String> = counts
            .iter()
            .map(|(name, count)| counted(*count, name))
            .collect();
        Some(format!("{} {word}", counts.join(", ")))
    };
    let parts = [
        part(&[ChangeKind::Create], "new"),
        part(&[ChangeKind::Alter, ChangeKind::Replace], "changed"),
        part(&[ChangeKind::Drop], "gone"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
