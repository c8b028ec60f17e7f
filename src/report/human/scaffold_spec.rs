//! The report of `scaffold --generate-spec`: what is described, on what it rests, and what is not.

use std::io::{self, Write};

use crate::files::Action;
use crate::report::scaffold_spec::{Conflict, Outcome};
use crate::routes::{Basis, Described};
use crate::settings::scaffold::Mode;
use crate::terminal::{BOLD, GREEN, RED, Symbols, YELLOW};

/// Places that a line shows before it counts the rest.
const MOST_PLACES: usize = 3;

/// The bases of a description, best first, with the words of the report.
const BASES: &[(&[Basis], &str)] = &[
    (
        &[
            Basis::Generated,
            Basis::Zod,
            Basis::RouteSchema,
            Basis::Comment,
        ],
        "parameters and body typed",
    ),
    (&[Basis::Names], "names without their types"),
    (&[Basis::PathAlone], "path and method only"),
];

pub fn write(out: &mut dyn Write, outcome: &Outcome<'_>, symbols: Symbols) -> io::Result<()> {
    write_verdict(out, outcome, symbols)?;
    let reading = outcome.reading;
    if !reading.unresolved.is_empty() {
        writeln!(out, "\n  {BOLD}unresolved{BOLD:#}")?;
        let places: Vec<String> = reading
            .unresolved
            .iter()
            .map(|unresolved| {
                let start = unresolved.place.start();
                let file = &unresolved.place.file.name;
                format!("{file}:{}:{}", start.line, start.column)
            })
            .collect();
        let width = places
            .iter()
            .map(|place| place.chars().count())
            .max()
            .unwrap_or(0);
        for (place, unresolved) in places.iter().zip(&reading.unresolved) {
            writeln!(out, "    {place:width$}   {}", unresolved.excerpt)?;
            writeln!(out, "    {:width$}   {}", "", unresolved.reason)?;
        }
    }
    if !reading.described.is_empty() {
        writeln!(
            out,
            "\n  {BOLD}described{BOLD:#}                       routes"
        )?;
    }
    for (bases, words) in BASES {
        let of_basis: Vec<&Described> = reading
            .described
            .iter()
            .filter(|described| bases.contains(&described.basis))
            .collect();
        if of_basis.is_empty() {
            continue;
        }
        let detail = if bases.contains(&Basis::Zod) {
            kinds(&of_basis)
        } else {
            places(&of_basis)
        };
        writeln!(out, "    {words:28}{:>5}   {detail}", of_basis.len())?;
    }
    if !outcome.left_out.is_empty() {
        writeln!(out, "\n  {BOLD}not in OpenAPI 3.0{BOLD:#}")?;
    }
    for warning in &outcome.left_out {
        writeln!(out, "    {}", warning.message)?;
    }
    writeln!(
        out,
        "\n{}, {}, {}",
        counted(reading.described.len(), "operation"),
        counted(reading.paths(), "path"),
        counted(reading.api.schemas.len(), "schema")
    )
}

/// The one line that can be read alone.
pub fn write_verdict(
    out: &mut dyn Write,
    outcome: &Outcome<'_>,
    symbols: Symbols,
) -> io::Result<()> {
    let reading = outcome.reading;
    let output = &outcome.output;
    let described = reading.described.len();
    let unresolved = reading.unresolved.len();
    let Symbols {
        holds, look, fails, ..
    } = symbols;
    if let Some(conflict) = outcome.conflict {
        let what = match conflict {
            Conflict::Foreign => "was not written by backsmith",
            Conflict::Edited => "was edited by hand",
        };
        return writeln!(
            out,
            "{RED}{fails}{RED:#} {BOLD}conflict: {output} {what}; nothing was written{BOLD:#}"
        );
    }
    let changes = outcome
        .action
        .is_some_and(|action| action != Action::Unchanged);
    if outcome.mode == Mode::Check && changes {
        return writeln!(
            out,
            "{RED}{fails}{RED:#} {BOLD}out of date: {output} differs from the routes in {}{BOLD:#}",
            outcome.source
        );
    }
    if unresolved > 0 {
        let total = counted(described + unresolved, "route");
        let verb = if described == 1 { "is" } else { "are" };
        return writeln!(
            out,
            "{YELLOW}{look}{YELLOW:#} {BOLD}{described} of {total} {verb} described, \
             {unresolved} could not be resolved and {} left out{BOLD:#}",
            if unresolved == 1 { "was" } else { "were" }
        );
    }
    let routes = counted(described, "route");
    let verb = if described == 1 { "is" } else { "are" };
    let sentence = match (outcome.mode, outcome.action) {
        (Mode::DryRun, Some(Action::Create)) => {
            format!("dry run: {output} would be created, nothing was written")
        }
        (Mode::DryRun, Some(Action::Update)) => {
            format!("dry run: {output} would change, nothing was written")
        }
        (_, Some(Action::Unchanged)) => format!("nothing to do: {output} describes all {routes}"),
        (_, None) => format!("all {routes} {verb} described"),
        _ => format!("{output}: all {routes} {verb} described"),
    };
    writeln!(out, "{GREEN}{holds}{GREEN:#} {BOLD}{sentence}{BOLD:#}")
}

/// `zod 6, route schemas 3`.
fn kinds(described: &[&Described]) -> String {
    let names = [
        (Basis::Generated, "backsmith's validators"),
        (Basis::Zod, "zod"),
        (Basis::RouteSchema, "route schemas"),
        (Basis::Comment, "@openapi comments"),
    ];
    let counts = names.iter().filter_map(|(basis, name)| {
        let count = described
            .iter()
            .filter(|entry| entry.basis == *basis)
            .count();
        (count > 0).then(|| format!("{name} {count}"))
    });
    counts.collect::<Vec<_>>().join(", ")
}

/// `orders.ts:41  health.ts:4  and 2 more`.
fn places(described: &[&Described]) -> String {
    let shown = described.iter().take(MOST_PLACES).map(|entry| {
        let name = entry.place.file.name.rsplit('/').next().unwrap_or_default();
        format!("{name}:{}", entry.place.start().line)
    });
    let mut text = shown.collect::<Vec<_>>().join("  ");
    if described.len() > MOST_PLACES {
        text.push_str(&format!("  and {} more", described.len() - MOST_PLACES));
    }
    text
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}
