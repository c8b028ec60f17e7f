//! A rehearsal for people: the verdict, who has to wait, each statement, the live data, findings.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::catalog::effect::{LockMode, Outcome, Requirement};
use crate::diagnostic::Severity;
use crate::migrate::rehearsal::{Answer, Finding, LiveRelation, Rehearsal, Step, Times, Verdict};
use crate::migrate::script::Place;
use crate::terminal::{BOLD, DIM, GREEN, RED, Symbols, YELLOW};
use crate::text::number;

/// How the report is shown.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub symbols: Symbols,
    pub width: usize,
    /// Findings that are only worth a note as well.
    pub all_findings: bool,
}

pub fn write(
    out: &mut dyn Write,
    rehearsal: &Rehearsal,
    not_copied: &[String],
    style: Style,
) -> io::Result<()> {
    verdict(out, rehearsal, style.symbols)?;
    if rehearsal.steps.is_empty() {
        return Ok(());
    }
    let facts = facts(rehearsal);
    if !facts.is_empty() {
        writeln!(out)?;
    }
    for line in facts {
        writeln!(out, "  {line}")?;
    }
    writeln!(out)?;
    statements(out, rehearsal, style)?;
    live_tables(out, rehearsal)?;
    findings(out, rehearsal, style)?;
    for (at, line) in rehearsal.remains.iter().enumerate() {
        let label = if at == 0 {
            "\n  not taken back"
        } else {
            "                "
        };
        writeln!(out, "{BOLD}{label}{BOLD:#}  {line}")?;
    }
    if !not_copied.is_empty() {
        writeln!(
            out,
            "\n  {BOLD}not on the copy{BOLD:#}  {}",
            not_copied.join(", ")
        )?;
    }
    Ok(())
}

fn verdict(out: &mut dyn Write, rehearsal: &Rehearsal, symbols: Symbols) -> io::Result<()> {
    let (style, symbol) = match rehearsal.verdict() {
        Verdict::WouldFail => (RED, symbols.fails),
        Verdict::Look => (YELLOW, symbols.look),
        Verdict::Holds => (GREEN, symbols.holds),
    };
    let text = verdict_text(rehearsal);
    writeln!(out, "{style}{symbol}{style:#} {BOLD}{text}{BOLD:#}")
}

/// The first line, which can be read alone.
pub fn verdict_text(rehearsal: &Rehearsal) -> String {
    if let Some(finding) = rehearsal.failing() {
        return format!(
            "would fail at statement {} of {}: {}",
            finding.statement, rehearsal.total, finding.diagnostic.message
        );
    }
    let total = number::counted(rehearsal.total - rehearsal.skipped, "statement");
    let time = estimate(rehearsal.seconds);
    let warnings = rehearsal
        .findings
        .iter()
        .filter(|finding| finding.diagnostic.severity == Severity::Warning)
        .count();
    if warnings > 0 {
        let warnings = number::counted(warnings, "finding");
        format!("{total} would run in {time}; {warnings} to look at")
    } else {
        format!("{total} would run in {time}; nothing stands in the way")
    }
}

/// Who waits and for how long, what is rewritten, what is scanned. What comes after a statement that
/// fails is not known, so nothing is said to be free of waiting then.
pub fn facts(rehearsal: &Rehearsal) -> Vec<String> {
    let mut lines = Vec::new();
    let mut place = None;
    let mut groups: Vec<Vec<&Step>> = Vec::new();
    for step in &rehearsal.steps {
        if matches!(step.place, Place::Transaction(_)) && place == Some(step.place) {
            if let Some(group) = groups.last_mut() {
                group.push(step);
            }
        } else {
            groups.push(vec![step]);
        }
        place = Some(step.place);
    }
    for group in groups {
        let locked = |wanted: fn(LockMode) -> bool| -> BTreeSet<String> {
            let locks = group
                .iter()
                .filter_map(|step| step.effect())
                .flat_map(|effect| &effect.locks);
            locks
                .filter(|lock| wanted(lock.mode))
                .map(|lock| short(&lock.relation))
                .collect()
        };
        let all = locked(|mode| mode == LockMode::AccessExclusive);
        let mut writers =
            locked(|mode| (LockMode::Share..LockMode::AccessExclusive).contains(&mode));
        writers.retain(|name| !all.contains(name));
        let time = estimate(group.iter().map(|step| step.seconds).sum());
        let until = match group[0].place {
            Place::Transaction(number) => format!("until transaction {number} commits"),
            Place::Alone => format!("during statement {}", group[0].number),
        };
        if !all.is_empty() {
            lines.push(format!(
                "Readers and writers of {} wait {time}, {until}.",
                listed(&all)
            ));
        }
        if !writers.is_empty() {
            lines.push(format!(
                "Writers of {} wait {time}, {until}.",
                listed(&writers)
            ));
        }
    }
    let fails = |step: &Step| matches!(step.outcome, Outcome::Failed(_));
    let is_whole = !rehearsal.steps.iter().any(fails);
    if lines.is_empty() && is_whole {
        lines.push("Nobody has to wait.".to_owned());
    }
    let rewrites: BTreeSet<String> = effects(rehearsal)
        .flat_map(|effect| &effect.rewrites)
        .map(|name| short(name))
        .collect();
    if !rewrites.is_empty() {
        lines.push(format!("Written anew: {}.", listed(&rewrites)));
    } else if is_whole {
        lines.push("Nothing is rewritten.".to_owned());
    }
    let open = rehearsal.steps.iter().filter(|step| {
        step.effect().is_some_and(|effect| {
            !effect.scans.is_empty() && effect.locks.iter().all(|lock| lock.mode < LockMode::Share)
        })
    });
    if let Some(longest) = open.clone().max_by(|a, b| a.seconds.total_cmp(&b.seconds)) {
        lines.push(format!(
            "{} while reads and writes go on; the longest is {}: {}.",
            match open.count() {
                1 => "1 statement scans".to_owned(),
                count => format!("{count} statements scan"),
            },
            longest.number,
            estimate(longest.seconds)
        ));
    }
    lines
}

fn effects(rehearsal: &Rehearsal) -> impl Iterator<Item = &crate::catalog::effect::Effect> {
    rehearsal.steps.iter().filter_map(Step::effect)
}

/// Up to four names, then how many more there are.
fn listed(names: &BTreeSet<String>) -> String {
    let shown: Vec<&str> = names.iter().take(4).map(String::as_str).collect();
    match names.len() {
        1..=4 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), more - 4),
    }
}

fn statements(out: &mut dyn Write, rehearsal: &Rehearsal, style: Style) -> io::Result<()> {
    let summary_width = style.width.saturating_sub(68).clamp(16, 44);
    writeln!(
        out,
        "  {BOLD}  #  {:<summary_width$}  {:<20} {:<14} {:>8}  {:>9} {:>7}{BOLD:#}",
        "statement", "lock", "blocks", "rewrite", "scan", "time"
    )?;
    let several = rehearsal
        .steps
        .iter()
        .any(|step| step.place != rehearsal.steps[0].place);
    let mut place = None;
    for step in &rehearsal.steps {
        if several && place != Some(step.place) {
            let heading = match step.place {
                Place::Transaction(number) => format!("transaction {number}"),
                Place::Alone => "alone".to_owned(),
            };
            writeln!(out, "       {DIM}{heading}{DIM:#}")?;
        }
        place = Some(step.place);
        let fails = rehearsal.findings.iter().any(|finding| {
            finding.statement == step.number && finding.diagnostic.severity == Severity::Error
        });
        let mark = if fails { style.symbols.fails } else { " " };
        let row = Row::of(step, rehearsal);
        let line = format!(
            "{:>3}  {:<summary_width$}  {:<20} {:<14} {:>8}  {:>9} {:>7}",
            step.number,
            cut(&step.summary, summary_width, style.symbols.ellipsis),
            row.lock,
            row.blocks,
            row.rewrite,
            row.scan,
            row.time
        );
        writeln!(out, " {RED}{mark}{RED:#}{}", line.trim_end())?;
    }
    writeln!(
        out,
        "  {}",
        match rehearsal.times {
            Times::Estimated =>
                "Times assume 200 MiB/s of reading and no wait for locks; a lock lasts until its transaction ends.",
            Times::Measured =>
                "Times were measured on the live database; a lock lasts until its transaction ends.",
        }
    )
}

struct Row {
    lock: &'static str,
    blocks: String,
    rewrite: String,
    scan: String,
    time: String,
}

impl Row {
    fn of(step: &Step, rehearsal: &Rehearsal) -> Self {
        let none = || "-".to_owned();
        let Some(effect) = step.effect() else {
            let what = if matches!(step.outcome, Outcome::Failed(_)) {
                "fails"
            } else {
                "not known"
            };
            return Self {
                lock: what,
                blocks: none(),
                rewrite: none(),
                scan: none(),
                time: none(),
            };
        };
        let strongest = effect.strongest_lock().map(|lock| lock.mode);
        let many = effect
            .locks
            .iter()
            .filter(|lock| Some(lock.mode) == strongest)
            .count();
        let blocks = match strongest {
            Some(LockMode::AccessExclusive) => "reads, writes",
            Some(LockMode::Share | LockMode::ShareRowExclusive | LockMode::Exclusive) => "writes",
            Some(LockMode::ShareUpdateExclusive) => "DDL",
            _ => "-",
        };
        let scanned: i64 = effect
            .scans
            .iter()
            .map(|scan| scan.times * rehearsal.bytes(&scan.relation))
            .sum();
        let rewritten: i64 = effect
            .rewrites
            .iter()
            .map(|name| rehearsal.bytes(name))
            .sum();
        Self {
            lock: strongest.map_or("-", LockMode::name),
            blocks: if many > 1 && blocks != "-" && blocks != "reads, writes" {
                format!("{blocks}, {many}")
            } else {
                blocks.to_owned()
            },
            rewrite: if effect.rewrites.is_empty() {
                none()
            } else {
                number::bytes(rewritten as f64)
            },
            scan: if effect.scans.is_empty() {
                none()
            } else {
                number::bytes(scanned as f64)
            },
            time: estimate(step.seconds),
        }
    }
}

fn live_tables(out: &mut dyn Write, rehearsal: &Rehearsal) -> io::Result<()> {
    if rehearsal.relations.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = rehearsal.relations.keys().map(|name| short(name)).collect();
    let width = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0)
        .max(12);
    writeln!(
        out,
        "\n  {BOLD}{:<width$}  {:>12}  {:>9}   asked of the live data{BOLD:#}",
        "live table", "rows", "size"
    )?;
    for ((full, live), name) in rehearsal.relations.iter().zip(&names) {
        let rows = live
            .rows
            .map_or("-".to_owned(), |rows| number::count(rows.unsigned_abs()));
        // A view has neither rows nor bytes of its own.
        let size = match live {
            LiveRelation {
                rows: None,
                bytes: 0,
            } => "-".to_owned(),
            live => number::bytes(live.bytes as f64),
        };
        let mut asked = questions(rehearsal, full);
        if asked.is_empty() {
            asked.push("-".to_owned());
        }
        for (at, question) in asked.iter().enumerate() {
            if at == 0 {
                writeln!(out, "  {name:<width$}  {rows:>12}  {size:>9}   {question}")?;
            } else {
                writeln!(out, "  {:<width$}  {:>12}  {:>9}   {question}", "", "", "")?;
            }
        }
    }
    Ok(())
}

fn questions(rehearsal: &Rehearsal, relation: &str) -> Vec<String> {
    let asked = rehearsal.steps.iter().flat_map(|step| &step.questions);
    asked
        .filter_map(|(question, answer)| {
            let (table, what) = match &question.requirement {
                Requirement::NoRows { relation, column } => {
                    (relation, format!("any row, for {column}"))
                }
                Requirement::NotNull { relation, column } => {
                    (relation, format!("{column} IS NULL"))
                }
                Requirement::Unique { relation, keys, .. } => {
                    (relation, format!("({}) twice", keys.join(", ")))
                }
                Requirement::ForeignKey {
                    relation,
                    columns,
                    referenced,
                    ..
                } => (
                    relation,
                    format!("{} without {}", columns.join(", "), short(referenced)),
                ),
                Requirement::Check {
                    relation,
                    expression,
                    ..
                } => (relation, format!("NOT {expression}")),
                Requirement::Fits {
                    relation,
                    column,
                    type_name,
                    ..
                }
                | Requirement::Converts {
                    relation,
                    column,
                    type_name,
                    ..
                } => (relation, format!("{column} that is no {type_name}")),
            };
            let answer = match answer {
                Answer::Rows { rows: 0, .. } => "0 rows".to_owned(),
                Answer::Rows { rows, .. } => {
                    format!(
                        "{RED}{}{RED:#}",
                        number::counted(rows.unsigned_abs(), "row")
                    )
                }
                Answer::Errors { .. } => format!("{RED}some rows{RED:#}"),
                Answer::Unknown(_) => format!("{YELLOW}not known{YELLOW:#}"),
            };
            (table == relation).then(|| format!("{what}  {answer}"))
        })
        .collect()
}

fn findings(out: &mut dyn Write, rehearsal: &Rehearsal, style: Style) -> io::Result<()> {
    let least = if style.all_findings {
        Severity::Info
    } else {
        Severity::Warning
    };
    let shown: Vec<&Finding> = rehearsal
        .findings
        .iter()
        .filter(|finding| finding.diagnostic.severity >= least)
        .collect();
    for finding in &shown {
        let colour = match finding.diagnostic.severity {
            Severity::Error => RED,
            Severity::Warning => YELLOW,
            Severity::Info => DIM,
        };
        let place = finding
            .diagnostic
            .span
            .as_ref()
            .map_or(String::new(), |span| {
                let start = span.start();
                format!(
                    "  {DIM}{}:{}:{}{DIM:#}",
                    span.file.name, start.line, start.column
                )
            });
        writeln!(
            out,
            "\n  {colour}{}{colour:#}{BOLD}[{}]{BOLD:#} {}: {}{place}",
            finding.diagnostic.severity.name(),
            finding.diagnostic.code,
            finding.statement,
            finding.diagnostic.message
        )?;
        if !finding.samples.is_empty() {
            writeln!(out, "    first: {}", finding.samples.join("; "))?;
        }
        if let Some(sql) = &finding.sql {
            writeln!(out, "    {sql};")?;
        }
        if let Some(help) = &finding.diagnostic.help {
            writeln!(out, "    = help: {help}")?;
        }
    }
    let left = rehearsal.findings.len() - shown.len();
    if left > 0 {
        writeln!(
            out,
            "\n  and {}, shown with -v",
            number::counted(left as u64, "note")
        )?;
    }
    Ok(())
}

/// Two digits are all that an estimate is worth.
pub fn estimate(seconds: f64) -> String {
    if seconds <= 0.01 {
        "<10 ms".to_owned()
    } else if seconds < 0.1 {
        format!("~{:.0} ms", seconds * 1000.0)
    } else if seconds < 1.0 {
        format!("~{seconds:.1} s")
    } else if seconds < 120.0 {
        format!("~{seconds:.0} s")
    } else {
        format!("~{:.0} min", seconds / 60.0)
    }
}

fn short(relation: &str) -> String {
    relation
        .strip_prefix("public.")
        .unwrap_or(relation)
        .to_owned()
}

fn cut(text: &str, width: usize, ellipsis: &str) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(ellipsis.chars().count());
    text.chars().take(kept).collect::<String>() + ellipsis
}
