//! `decide --interactive`: the seven questions on the terminal, each answer kept as soon as it is given,
//! then the decision.

use std::collections::VecDeque;

use super::turn;
use crate::decide::forcing::{self, AnswerSheet, ForcingQuestion, Progress, Recorded, State, Step};
use crate::decide::profile::Profile;
use crate::decide::{Input, Inputs, Shelf, decide};
use crate::failure::{Failure, Verdict};
use crate::files::KeptFile;
use crate::report::human;
use crate::report::human::decide::question::{self, Look, Sitting};
use crate::settings::decide::{Question, Request, wrong_value};
use crate::terminal::{BOLD, Dialogue, Terminal, Typed};

/// What a line at the prompt asks for.
enum Reply {
    Record(Recorded),
    Keep,
    Back,
    Quit,
    /// Whatever it was, it was dealt with; the prompt comes again.
    Again,
}

/// How the questions ended.
enum End {
    /// All were asked, or a criterion is decided: the engine speaks.
    Decide,
    Left,
    Interrupted(crate::failure::Interruption),
}

struct Session<'a> {
    kept: &'a KeptFile,
    sheet: AnswerSheet,
    /// The answers of flags and of the input file, for their origins.
    given: &'a Inputs,
    profiles: &'a [Profile],
    /// Asked once more, before what is open.
    queue: VecDeque<Input>,
    /// The question whose title was shown last.
    shown: Option<ForcingQuestion>,
    look: Look,
}

pub(super) fn run(
    request: &Request,
    kept: &KeptFile,
    question: &Question,
    shelf: &Shelf,
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    if !terminal.converses() {
        let failure = Failure::input("`--interactive` needs a terminal").code("usage");
        return Err(failure
            .detail("standard input and standard error must be one")
            .hint(
                "without one, `backsmith decide next --answers FILE` shows the next question and \
                 `backsmith decide answer --answers FILE KEY=VALUE` keeps an answer",
            ));
    }
    let mut session = Session::begin(kept, question, shelf.profiles(), terminal)?;
    let end = session.converse(terminal)?;
    let state = session.state();
    let file = kept.name();
    let step = state.next(shelf.profiles());
    let decision = decide(&state.inputs, shelf.profiles());
    let commands = Sitting {
        state: &state,
        step: &step,
        profiles: shelf.profiles(),
        file: &file,
        changed: &[],
        ways_on: &decision.ways_on,
    }
    .commands();
    let verdict = match end {
        End::Decide => {
            terminal.note("");
            let question = Question {
                inputs: state.inputs.clone(),
                repeat: commands.decide.replacen("backsmith decide ", "", 1),
                ..question.clone()
            };
            let verdict = super::answer(request, &question, shelf, terminal)?;
            if matches!(step, Step::Stopped(_)) {
                let on = format!("`{}`\n`{}`", commands.answer, commands.interactive);
                terminal.labelled("go on", &on);
            }
            return Ok(verdict);
        }
        End::Left => Verdict::Refused,
        End::Interrupted(signal) => Verdict::Interrupted(signal),
    };
    let asked = ForcingQuestion::ALL
        .into_iter()
        .filter(|question| {
            let progress = state.progress(*question, shelf.profiles());
            matches!(progress, Progress::Answered | Progress::Unknown)
        })
        .count();
    let word = match verdict {
        Verdict::Interrupted(_) => "interrupted",
        _ => "stopped",
    };
    terminal.note(&format!(
        "\n{word} with {asked} of 7 questions answered; nothing is decided; the answers are in {file}"
    ));
    terminal.labelled("go on", &format!("`{}`", commands.interactive));
    Ok(verdict)
}

impl<'a> Session<'a> {
    /// Reads what is there, keeps what flags and the input file say, and tells where.
    fn begin(
        kept: &'a KeptFile,
        question: &'a Question,
        profiles: &'a [Profile],
        terminal: &mut Terminal,
    ) -> Result<Self, Failure> {
        let (sheet, is_there) = turn::read(kept)?;
        let before = sheet.state();
        let mut records = Vec::new();
        let mut replaced = Vec::new();
        for (input, given) in &question.inputs {
            let known = before.inputs.get(input);
            if known.is_some_and(|known| known.value == given.value) {
                continue;
            }
            records.push((*input, Recorded::Known(given.value.clone())));
            if let Some(known) = known {
                let (now, place) = (&given.value, &known.origin);
                let origin = &given.origin;
                replaced.push(format!(
                    "{origin}: {now} replaces {} of {place}",
                    known.value
                ));
            }
        }
        turn::rising(&sheet, &records)?;
        let changed = sheet.with(&records).map_err(Failure::diagnostics)?;
        if !is_there || changed.text() != sheet.text() {
            kept.write(changed.text(), is_there)?;
        }
        let place = if kept.is_usual() {
            " in the temporary folder"
        } else {
            ""
        };
        let name = match kept.path().file_name() {
            Some(name) if kept.is_usual() => name.to_string_lossy().into_owned(),
            _ => kept.name(),
        };
        let resumes = !before.inputs.is_empty() || !before.unknown.is_empty();
        terminal.note(&if resumes && kept.is_usual() {
            format!(
                "going on with your answers of today in {}; `--answers FILE` begins another file",
                kept.name()
            )
        } else if resumes {
            format!("going on with the answers in {name}")
        } else {
            format!("answers are kept in {name}{place}; Ctrl-C stops, the same command goes on")
        });
        for line in replaced {
            terminal.note(&line);
        }
        terminal
            .note("`?` explains, `back` returns, `unknown` says that nobody knows, `quit` stops");
        let look = Look {
            symbols: terminal.symbols(),
            width: terminal.width(),
        };
        Ok(Self {
            kept,
            sheet: changed,
            given: &question.inputs,
            profiles,
            queue: VecDeque::new(),
            shown: None,
            look,
        })
    }

    /// The answers, with the flag or the line that each came from.
    fn state(&self) -> State {
        let mut state = self.sheet.state();
        for (input, given) in self.given {
            if let Some(known) = state.inputs.get_mut(input)
                && known.value == given.value
            {
                known.origin = given.origin.clone();
            }
        }
        state
    }

    fn converse(&mut self, terminal: &mut Terminal) -> Result<End, Failure> {
        let mut dialogue = Dialogue::open().map_err(|error| {
            Failure::environment("cannot read the terminal").cause(error.to_string())
        })?;
        let mut asked = false;
        loop {
            let state = self.state();
            let (input, is_again) = match self.queue.pop_front() {
                Some(input) => (input, true),
                None => match state.next(self.profiles) {
                    Step::Ask(_, open) => match open.first() {
                        Some(input) => (*input, false),
                        None => return Ok(End::Decide),
                    },
                    // What was left unknown, or stopped, the last time is asked again this time.
                    _ if !asked && self.revisit(&state, terminal)? => {
                        asked = true;
                        continue;
                    }
                    Step::Stopped(_) | Step::Ready => return Ok(End::Decide),
                },
            };
            asked = true;
            if let Some(end) = self.ask(input, is_again, &state, &mut dialogue, terminal)? {
                return Ok(end);
            }
        }
    }

    /// Queues what could change a session that is at its end already; whether there is anything.
    fn revisit(&mut self, state: &State, terminal: &mut Terminal) -> Result<bool, Failure> {
        match state.next(self.profiles) {
            Step::Ask(..) => {}
            Step::Ready => self.queue.extend(state.required_unknown()),
            Step::Stopped(criteria) => {
                let step = Step::Stopped(criteria.clone());
                let sitting = self.sitting(state, &step);
                writeln!(terminal.error_stream())?;
                question::write_stop(terminal.error_stream(), &sitting, self.look)?;
                let inputs = ForcingQuestion::ALL
                    .into_iter()
                    .flat_map(|question| question.inputs().iter().copied());
                let looked_at = inputs.filter(|input| {
                    let mut criteria = criteria.iter();
                    criteria.any(|criterion| criterion.inputs().contains(input))
                });
                self.queue.extend(looked_at);
            }
        }
        Ok(!self.queue.is_empty())
    }

    fn sitting<'s>(&'s self, state: &'s State, step: &'s Step) -> Sitting<'s> {
        Sitting {
            state,
            step,
            profiles: self.profiles,
            file: "",
            changed: &[],
            ways_on: &[],
        }
    }

    /// One input, until it has an answer or the session ends.
    fn ask(
        &mut self,
        input: Input,
        is_again: bool,
        state: &State,
        dialogue: &mut Dialogue,
        terminal: &mut Terminal,
    ) -> Result<Option<End>, Failure> {
        let advice = forcing::recommend(input, &state.answers(), self.profiles);
        let asking = ForcingQuestion::of(input);
        if self.shown != Some(asking) {
            let step = Step::Ask(asking, Vec::new());
            writeln!(terminal.error_stream())?;
            let sitting = self.sitting(state, &step);
            question::write_question(terminal.error_stream(), asking, &sitting, self.look)?;
            self.shown = Some(asking);
        }
        question::write_input(terminal.error_stream(), input, &advice, self.look)?;
        writeln!(terminal.error_stream())?;
        let known = state.inputs.get(&input).map(|given| given.value.written());
        let known = known.or_else(|| state.unknown.contains(&input).then(|| "unknown".to_owned()));
        loop {
            let offer = match (&known, &advice.value) {
                (Some(known), _) => format!(" [keep {known}]"),
                (None, Some(value)) => format!(" [{}]", shortest(input, &value.written())),
                (None, None) => String::new(),
            };
            write!(terminal.error_stream(), "{BOLD}Answer{BOLD:#}{offer}: ")?;
            terminal.error_stream().flush()?;
            let line = match dialogue.read_line() {
                Typed::Line(line) => line,
                Typed::End => return Ok(Some(End::Left)),
                Typed::Interrupted(signal) => return Ok(Some(End::Interrupted(signal))),
            };
            match reply(input, line.trim(), known.is_some(), &advice, terminal)? {
                Reply::Again => {}
                Reply::Keep => return Ok(None),
                Reply::Quit => return Ok(Some(End::Left)),
                Reply::Back => {
                    let Some(previous) = self.previous(input, state) else {
                        terminal.note("this is the first question");
                        continue;
                    };
                    if is_again {
                        self.queue.push_front(input);
                    }
                    self.queue.push_front(previous);
                    return Ok(None);
                }
                Reply::Record(recorded) => {
                    if self.record(input, &recorded, terminal)? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// The input that is asked before this one.
    fn previous(&self, input: Input, state: &State) -> Option<Input> {
        ForcingQuestion::ALL
            .into_iter()
            .flat_map(|question| question.inputs().iter().copied())
            .take_while(|other| *other != input)
            .filter(|other| {
                state.inputs.contains_key(other)
                    || state.unknown.contains(other)
                    || state.is_open(*other, self.profiles)
            })
            .last()
    }

    /// Keeps an answer in the file as it is now; whether it could be taken.
    fn record(
        &mut self,
        input: Input,
        recorded: &Recorded,
        terminal: &mut Terminal,
    ) -> Result<bool, Failure> {
        let (present, is_there) = turn::read(self.kept)?;
        if is_there && present.text() != self.sheet.text() {
            terminal.note("the file was edited meanwhile; what it says counts");
        }
        let records = [(input, recorded.clone())];
        if let Err(failure) = turn::rising(&present, &records) {
            human::error::write(terminal.error_stream(), &failure)?;
            return Ok(false);
        }
        let changed = present.with(&records).map_err(Failure::diagnostics)?;
        if !is_there || changed.text() != present.text() {
            self.kept.write(changed.text(), is_there)?;
        }
        self.sheet = changed;
        if *recorded == Recorded::Unknown && input.describe().required {
            terminal.note("kept as unknown; without it the engine refuses");
        }
        Ok(true)
    }
}

/// What a line at the prompt means.
fn reply(
    input: Input,
    line: &str,
    is_known: bool,
    advice: &forcing::Recommendation,
    terminal: &mut Terminal,
) -> Result<Reply, Failure> {
    match line {
        "" if is_known => return Ok(Reply::Keep),
        "" => {
            if let Some(value) = &advice.value {
                return Ok(Reply::Record(Recorded::Known(value.clone())));
            }
            let text = "there is no answer to take here: type one, or `unknown`";
            writeln!(terminal.error_stream(), "{text}")?;
            return Ok(Reply::Again);
        }
        "?" | "help" => {
            let section = forcing::guide::section(ForcingQuestion::of(input));
            writeln!(terminal.error_stream(), "\n{section}")?;
            return Ok(Reply::Again);
        }
        "back" => return Ok(Reply::Back),
        "quit" => return Ok(Reply::Quit),
        "skip" => return Ok(Reply::Record(Recorded::Unknown)),
        _ => {}
    }
    let choices = forcing::choices(input);
    let numbered = line.parse::<usize>().ok().and_then(|at| at.checked_sub(1));
    let chosen = choices
        .iter()
        .enumerate()
        .find(|(at, (_, meaning))| numbered == Some(*at) || *meaning == line)
        .map_or(line, |(_, (word, _))| word);
    match Recorded::parse(input, chosen) {
        Ok(recorded) => Ok(Reply::Record(recorded)),
        Err(expected) => {
            let fault = wrong_value(line, input.flag(), expected);
            human::error::write(terminal.error_stream(), &Failure::inputs([fault]))?;
            Ok(Reply::Again)
        }
    }
}

/// The number of a choice, else the value itself.
fn shortest(input: Input, written: &str) -> String {
    let choices = forcing::choices(input);
    let at = choices.iter().position(|(word, _)| *word == written);
    at.map_or_else(|| written.to_owned(), |at| (at + 1).to_string())
}
