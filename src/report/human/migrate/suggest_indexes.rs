//! `backsmith migrate --suggest-indexes` for people.

use std::io::{self, Write};

use super::{WIDTH, cut, files, wrapped};
use crate::migrate::suggest::{Suggestions, Verified};
use crate::report::json::v1::migrate::File;
use crate::terminal::{BOLD, GREEN, RED, Symbols, YELLOW};
use crate::text::number::{bytes, cost, count, counted};

/// What is shown.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub suggestions: &'a Suggestions,
    pub files: &'a [File],
    pub negative: bool,
    pub symbols: Symbols,
}

pub fn write(out: &mut dyn Write, view: &View<'_>) -> io::Result<()> {
    let Suggestions {
        chosen,
        considered,
        judged,
        not_judged,
    } = view.suggestions;
    verdict(out, view)?;
    if !chosen.is_empty() {
        let widest = chosen
            .iter()
            .map(|suggestion| suggestion.label.chars().count());
        let width = widest.max().unwrap_or_default().clamp(20, 44);
        writeln!(
            out,
            "\n  {BOLD}{:<width$}  {:>9}  {:>12}  {:>7}  {:>9}  {:>7}{BOLD:#}",
            "index", "size", "cost before", "after", "calls", "writes"
        )?;
        for suggestion in chosen {
            let label = &suggestion.label;
            writeln!(
                out,
                "  {BOLD}{label:<width$}{BOLD:#}  {:>9}  {:>12}  {:>7}  {:>9}  {:>7}",
                bytes(suggestion.bytes as f64),
                cost(suggestion.before),
                cost(suggestion.after),
                count(suggestion.calls),
                count(suggestion.writes),
            )?;
            let note = match (suggestion.verified, &suggestion.plans[..]) {
                (Verified::Estimated, _) => "not verified",
                (Verified::Hypopg, ["constant"]) => "verified, for a rare value",
                (Verified::Hypopg, _) => "verified, any value",
            };
            let room = WIDTH - 6 - note.len();
            let query = cut(&suggestion.query, room);
            writeln!(out, "    {query:<room$}  {note}")?;
            if suggestion.also_serves > 0 {
                let others = counted(suggestion.also_serves, "other statement");
                writeln!(out, "    and {others}")?;
            }
        }
    }
    if !considered.is_empty() {
        writeln!(out, "\n  {BOLD}considered{BOLD:#}")?;
        for other in considered {
            let size = other
                .bytes
                .map_or(String::new(), |size| format!("  {}", bytes(size as f64)));
            writeln!(out, "    {}{size}", other.label)?;
            writeln!(out, "      {}", other.rejected)?;
        }
    }
    files(out, view.files)?;
    let total: i64 = chosen.iter().map(|suggestion| suggestion.bytes).sum();
    let mut remarks = Vec::new();
    if !chosen.is_empty() {
        remarks.push("Cost is the planner's estimate, not time.".to_owned());
        remarks.push(format!("Together they take {}.", bytes(total as f64)));
    }
    remarks.push(format!("Judged: {}.", counted(*judged, "statement")));
    if *not_judged > 0 {
        remarks.push(format!(
            "Not understood or not planned: {}.",
            counted(*not_judged, "statement")
        ));
    }
    writeln!(out)?;
    for line in wrapped(&remarks.join(" "), WIDTH - 2) {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

fn verdict(out: &mut dyn Write, view: &View<'_>) -> io::Result<()> {
    let chosen = &view.suggestions.chosen;
    if chosen.is_empty() {
        return writeln!(
            out,
            "{GREEN}{}{GREEN:#} {BOLD}no index would halve the cost of a statement of the workload{BOLD:#}",
            view.symbols.holds
        );
    }
    let cuts = chosen
        .iter()
        .map(|suggestion| (1.0 - suggestion.after / suggestion.before) * 100.0);
    let (least, most) = cuts.fold((100.0_f64, 0.0_f64), |(least, most), cut| {
        (least.min(cut), most.max(cut))
    });
    let verified = chosen
        .iter()
        .all(|suggestion| suggestion.verified == Verified::Hypopg);
    let (style, sign) = if view.negative {
        (RED, view.symbols.fails)
    } else if verified {
        (GREEN, view.symbols.holds)
    } else {
        (YELLOW, view.symbols.look)
    };
    let verb = if verified { "would cut" } else { "may cut" };
    let range = if chosen.len() == 1 {
        format!("by {}", percent(most))
    } else {
        format!("by {} to {}", percent(least), percent(most))
    };
    let tail = if verified { "" } else { "; not verified" };
    writeln!(
        out,
        "{style}{sign}{style:#} {BOLD}{} {verb} the planner's cost of frequent statements {range}{tail}{BOLD:#}",
        counted(chosen.len(), "index")
    )
}

fn percent(share: f64) -> String {
    if share >= 99.0 {
        format!("{:.1}%", (share * 10.0).floor() / 10.0)
    } else {
        format!("{share:.0}%")
    }
}
