//! `backsmith doctor` for people; safe to paste into a report of a bug.

use std::io::{self, Write};

use crate::report::doctor::{Check, Status};
use crate::terminal::{BOLD, GREEN, RED, Symbols, YELLOW};
use crate::text::number::counted;

const LABEL: usize = 11;

pub fn write(out: &mut dyn Write, checks: &[Check], symbols: Symbols) -> io::Result<()> {
    let number = |wanted: &[Status]| {
        checks
            .iter()
            .filter(|check| wanted.contains(&check.status))
            .count()
    };
    let broken = number(&[Status::Broken]);
    let limits = number(&[Status::Limited, Status::Missing]);
    let (style, sign, verdict) = match (broken, limits) {
        (0, 0) => (GREEN, symbols.holds, "works".to_owned()),
        (0, limits) => (
            YELLOW,
            symbols.look,
            format!("works, with {}", counted(limits, "limit")),
        ),
        (1, _) => (RED, symbols.fails, "1 thing does not work".to_owned()),
        (broken, _) => (
            RED,
            symbols.fails,
            format!("{} do not work", counted(broken, "thing")),
        ),
    };
    writeln!(out, "{style}{sign}{style:#} {BOLD}{verdict}{BOLD:#}\n")?;
    let mut block = "";
    for check in checks {
        let (style, sign) = match check.status {
            Status::Ok => (GREEN, symbols.holds),
            Status::Limited | Status::Missing => (YELLOW, symbols.look),
            Status::Broken => (RED, symbols.fails),
        };
        let label = if check.block == block {
            ""
        } else {
            check.block
        };
        block = check.block;
        writeln!(
            out,
            "  {style}{sign}{style:#} {label:<LABEL$}{}",
            check.detail
        )?;
        for line in &check.lines {
            writeln!(out, "    {:LABEL$}{line}", "")?;
        }
    }
    Ok(())
}
