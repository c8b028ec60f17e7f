//! A forcing question for people: where the session stands, what is asked, what is recommended.

use std::io::{self, Write};

use super::blocks::wrap;
use crate::decide::forcing::{
    self, ForcingQuestion, Progress, Recommendation, Recorded, State, Step,
};
use crate::decide::input::{Input, Value};
use crate::decide::profile::Profile;
use crate::decide::ways_on::Way;
use crate::terminal::{BOLD, GREEN, RED, Symbols, YELLOW};
use crate::text::shell;

/// Where a session stands.
#[derive(Clone, Copy, Debug)]
pub struct Sitting<'a> {
    pub state: &'a State,
    pub step: &'a Step,
    pub profiles: &'a [Profile],
    /// The file of answers.
    pub file: &'a str,
    /// What this run kept.
    pub changed: &'a [(Input, Recorded)],
    /// After a stop.
    pub ways_on: &'a [Way],
}

/// How it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub symbols: Symbols,
    pub width: usize,
}

/// Columns between the title of a question and how far the session is.
const PROGRESS_AT: usize = 64;

impl Sitting<'_> {
    /// The commands that go on, for people and programs.
    pub fn commands(&self) -> Commands {
        let file = shell::word(self.file);
        let answers = match self.step {
            Step::Ask(_, open) => {
                let pairs: Vec<String> = open
                    .iter()
                    .map(|input| format!("{}=VALUE", input.key()))
                    .collect();
                pairs.join(" ")
            }
            Step::Stopped(_) if !self.ways_on.is_empty() => {
                let changes = self.ways_on.iter().take(1).flat_map(|way| &way.changes);
                let pairs: Vec<String> = changes
                    .map(|(input, value)| match input {
                        Input::HotPath => format!("{}=NAME", input.key()),
                        _ => format!("{}={}", input.key(), shell::word(&value.written())),
                    })
                    .collect();
                pairs.join(" ")
            }
            _ => "KEY=VALUE".to_owned(),
        };
        let skip = match self.step {
            Step::Ask(question, _) => question.number().to_string(),
            _ => "KEY".to_owned(),
        };
        Commands {
            answer: format!("backsmith decide answer --answers {file} {answers}"),
            skip: format!("backsmith decide answer --answers {file} --skip {skip}"),
            next: format!("backsmith decide next --answers {file}"),
            interactive: format!("backsmith decide --interactive --answers {file}"),
            decide: format!("backsmith decide --answers {file}"),
        }
    }
}

/// Command lines that can be copied.
#[derive(Clone, Debug)]
pub struct Commands {
    pub answer: String,
    pub skip: String,
    pub next: String,
    pub interactive: String,
    pub decide: String,
}

/// The report of `decide next` and `decide answer`: the next question, or that all were asked.
pub fn write_sitting(out: &mut dyn Write, sitting: &Sitting<'_>, look: Look) -> io::Result<()> {
    match sitting.step {
        Step::Ask(question, open) => {
            write_question(out, *question, sitting, look)?;
            let answers = sitting.state.answers();
            for input in open {
                let advice = forcing::recommend(*input, &answers, sitting.profiles);
                write_input(out, *input, &advice, look)?;
            }
            Ok(())
        }
        Step::Stopped(_) => Ok(()),
        Step::Ready => write_ready(out, sitting, look),
    }
}

fn write_ready(out: &mut dyn Write, sitting: &Sitting<'_>, look: Look) -> io::Result<()> {
    let unknown = sitting.state.required_unknown();
    let Symbols {
        holds, look: sign, ..
    } = look.symbols;
    if unknown.is_empty() {
        return writeln!(
            out,
            "{GREEN}{holds}{GREEN:#} {BOLD}all seven questions were asked; the engine can run{BOLD:#}"
        );
    }
    let labels: Vec<&str> = unknown.iter().map(|input| input.label()).collect();
    writeln!(
        out,
        "{YELLOW}{sign}{YELLOW:#} {BOLD}all seven questions were asked; nobody knows {}, so the engine will refuse{BOLD:#}",
        labels.join(", ")
    )
}

/// The title, how far the session is, and the question.
pub fn write_question(
    out: &mut dyn Write,
    question: ForcingQuestion,
    sitting: &Sitting<'_>,
    look: Look,
) -> io::Result<()> {
    let title = format!("{} of 7  {}", question.number(), question.title());
    let marks: Vec<String> = ForcingQuestion::ALL
        .into_iter()
        .map(|other| {
            let number = other.number();
            match sitting.state.progress(other, sitting.profiles) {
                _ if other == question => format!("{BOLD}{number}{BOLD:#}"),
                Progress::Answered => format!("{GREEN}{}{GREEN:#} {number}", look.symbols.holds),
                Progress::Unknown => format!("{YELLOW}{}{YELLOW:#} {number}", look.symbols.unknown),
                Progress::Open | Progress::Begun => number.to_string(),
            }
        })
        .collect();
    let gap = PROGRESS_AT.min(look.width.saturating_sub(36));
    let gap = gap.saturating_sub(title.chars().count()).max(3);
    writeln!(out, "{BOLD}{title}{BOLD:#}{:gap$}{}", "", marks.join("   "))?;
    writeln!(out)?;
    indented(out, question.ask(), 2, look.width)
}

/// An input with its choices, the recommendation and where it comes from.
pub fn write_input(
    out: &mut dyn Write,
    input: Input,
    advice: &Recommendation,
    look: Look,
) -> io::Result<()> {
    let description = input.describe();
    writeln!(out)?;
    if ForcingQuestion::of(input).inputs().len() > 1 {
        writeln!(
            out,
            "  {BOLD}{}{BOLD:#}  {}",
            description.key, description.question
        )?;
        writeln!(out)?;
    }
    let choices = forcing::choices(input);
    let recommended = advice.value.as_ref().map(Value::written);
    let width = choices.iter().map(|(word, _)| word.len()).max();
    let width = width.unwrap_or_default().max("unknown".len());
    for (at, (word, meaning)) in choices.iter().enumerate() {
        let row = format!("{}  {word:width$}  {meaning}", at + 1);
        let row = row.trim_end();
        if recommended.as_deref() == Some(*word) {
            writeln!(out, "  {GREEN}> {row}{GREEN:#}")?;
        } else {
            writeln!(out, "    {row}")?;
        }
    }
    if !choices.is_empty() {
        let unknown = if description.required {
            "nobody knows yet; the engine refuses without it"
        } else {
            "nobody knows yet"
        };
        writeln!(out, "       {:width$}  {unknown}", "unknown")?;
        writeln!(out)?;
    }
    let number = choices
        .iter()
        .position(|(word, _)| recommended.as_deref() == Some(*word))
        .map(|at| (at + 1).to_string());
    let lead = match (number, &advice.value) {
        (Some(number), _) => format!("Recommended: {number}, "),
        (None, Some(Value::Text(text))) => format!("Recommended: `{text}`, "),
        (None, Some(value)) => format!("Recommended: {}, ", value.written()),
        (None, None) => "Recommended: ".to_owned(),
    };
    let mut text = Vec::new();
    indented(
        &mut text,
        &format!("{lead}{}", advice.because),
        2,
        look.width,
    )?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let lead = lead.trim_end().trim_end_matches(',');
    // A recommendation may be longer than a line; the bold part is what it begins with.
    match text.split_once(lead) {
        Some((before, after)) => write!(out, "{before}{BOLD}{lead}{BOLD:#}{after}")?,
        None => write!(out, "{text}")?,
    }
    if let Some(otherwise) = &advice.otherwise {
        indented(out, otherwise, 2, look.width)?;
    }
    indented(out, &format!("Source: {}", advice.source), 2, look.width)
}

/// A stop in one line, and the single answers that lift it.
pub fn write_stop(out: &mut dyn Write, sitting: &Sitting<'_>, look: Look) -> io::Result<()> {
    let answers = sitting.state.answers();
    for criterion in sitting.state.decided(sitting.profiles) {
        writeln!(
            out,
            "{RED}{}{RED:#} {BOLD}stopped: {}{BOLD:#}",
            look.symbols.fails,
            criterion.title(&answers)
        )?;
        indented(out, criterion.because(), 2, look.width)?;
        indented(
            out,
            &format!("Source: {}", criterion.source()),
            2,
            look.width,
        )?;
    }
    Ok(())
}

fn indented(out: &mut dyn Write, text: &str, indent: usize, width: usize) -> io::Result<()> {
    for line in wrap(text, width.saturating_sub(indent).max(20)) {
        writeln!(out, "{:indent$}{line}", "")?;
    }
    Ok(())
}
