//! `backsmith.decide-question/v1`: the next forcing question, a stop, or that the engine can run.

use std::io::{self, Write};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use super::Tool;
use super::decide::{InputEntry, KillCriterion, kill_criteria, value};
use crate::decide::forcing::{self, ForcingQuestion, Progress, Recorded, Step};
use crate::decide::input::Kind;
use crate::decide::{Answers, Decision, Input};
use crate::report::human::decide::question::Sitting;
use crate::report::json::write_document;

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "backsmith.decide-question/v1")]
pub struct Document {
    pub schema: &'static str,
    pub tool: Tool,
    /// question, stopped or ready.
    pub status: &'static str,
    /// The file that holds the answers.
    pub answers_file: String,
    /// What this run kept, by input; null for what is to be asked again, `unknown` for what nobody knows.
    pub changed: IndexMap<&'static str, Json>,
    /// Present with the status `question`.
    pub question: Option<Question>,
    /// All seven, in their order.
    pub progress: Vec<ProgressEntry>,
    /// The answers so far, by input.
    pub inputs: IndexMap<&'static str, InputEntry>,
    /// Inputs of which nobody knows the answer.
    pub unknown: Vec<&'static str>,
    /// Those of them that the engine refuses without.
    pub required_unknown: Vec<&'static str>,
    /// Present with the status `stopped`.
    pub kill_criteria: Vec<KillCriterion>,
    pub commands: CommandsEntry,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Question {
    /// 1 to 7.
    pub number: u8,
    pub title: &'static str,
    pub ask: &'static str,
    /// Why it is asked.
    pub forces: &'static str,
    /// Inputs that are still open, in the order in which to ask for them.
    pub open: Vec<InputQuestion>,
    /// The page about it, as markdown.
    pub reference: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct InputQuestion {
    pub input: &'static str,
    pub flag: &'static str,
    pub ask: &'static str,
    /// Without it no recommendation is given.
    pub required: bool,
    /// whole_number, number, percent, choice, switch, duration or text.
    pub kind: &'static str,
    pub choices: Vec<Choice>,
    pub recommendation: RecommendationEntry,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Choice {
    pub value: Json,
    pub meaning: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct RecommendationEntry {
    /// The answer that may be taken; null for a fact, which has to be found out.
    pub value: Json,
    /// Why; for a fact how to find it.
    pub because: String,
    /// When another answer is right.
    pub otherwise: Option<String>,
    pub source: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ProgressEntry {
    pub number: u8,
    pub title: &'static str,
    /// open, begun, answered, or unknown where nobody knows a part of it.
    pub state: &'static str,
    /// Inputs that are still open.
    pub open: Vec<&'static str>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct CommandsEntry {
    /// With VALUE in the place of each answer.
    pub answer: String,
    pub skip: String,
    pub next: String,
    /// Runs the engine on the answers.
    pub decide: String,
}

/// `decision`: of the answers so far, for the ways on after a stop.
pub fn write(
    out: &mut dyn Write,
    sitting: &Sitting<'_>,
    decision: &Decision<'_>,
) -> io::Result<()> {
    let keys = |inputs: &[Input]| inputs.iter().map(|input| input.key()).collect();
    let state = sitting.state;
    let commands = sitting.commands();
    let changed = sitting.changed.iter().map(|(input, recorded)| {
        let kept = match recorded {
            Recorded::Open => Json::Null,
            Recorded::Unknown => "unknown".into(),
            Recorded::Known(known) => value(Some(known)),
        };
        (input.key(), kept)
    });
    let progress = ForcingQuestion::ALL
        .into_iter()
        .map(|question| ProgressEntry {
            number: question.number(),
            title: question.title(),
            state: match state.progress(question, sitting.profiles) {
                Progress::Open => "open",
                Progress::Begun => "begun",
                Progress::Unknown => "unknown",
                Progress::Answered => "answered",
            },
            open: keys(&state.open(question, sitting.profiles)),
        });
    let inputs = state.inputs.iter().map(|(input, given)| {
        let entry = InputEntry {
            value: value(Some(&given.value)),
            origin: given.origin.to_string(),
        };
        (input.key(), entry)
    });
    let document = Document {
        schema: "backsmith.decide-question/v1",
        tool: Tool::CURRENT,
        status: match sitting.step {
            Step::Ask(..) => "question",
            Step::Stopped(_) => "stopped",
            Step::Ready => "ready",
        },
        answers_file: sitting.file.to_owned(),
        changed: changed.collect(),
        question: match sitting.step {
            Step::Ask(question, open) => Some(asked(*question, open, sitting)),
            _ => None,
        },
        progress: progress.collect(),
        inputs: inputs.collect(),
        unknown: state.unknown.iter().map(|input| input.key()).collect(),
        required_unknown: keys(&state.required_unknown()),
        kill_criteria: match sitting.step {
            Step::Stopped(_) => kill_criteria(decision),
            _ => Vec::new(),
        },
        commands: CommandsEntry {
            answer: commands.answer,
            skip: commands.skip,
            next: commands.next,
            decide: commands.decide,
        },
    };
    write_document(out, &document)
}

fn asked(question: ForcingQuestion, open: &[Input], sitting: &Sitting<'_>) -> Question {
    let answers = sitting.state.answers();
    Question {
        number: question.number(),
        title: question.title(),
        ask: question.ask(),
        forces: question.forces(),
        open: open
            .iter()
            .map(|input| input_question(*input, &answers, sitting))
            .collect(),
        reference: forcing::guide::section(question),
    }
}

fn input_question(input: Input, answers: &Answers, sitting: &Sitting<'_>) -> InputQuestion {
    let description = input.describe();
    let advice = forcing::recommend(input, answers, sitting.profiles);
    let choice = |(word, meaning): (&'static str, &'static str)| Choice {
        value: match description.kind {
            Kind::Switch => (word == "true").into(),
            _ => word.into(),
        },
        meaning,
    };
    InputQuestion {
        input: description.key,
        flag: description.flag,
        ask: description.question,
        required: description.required,
        kind: match description.kind {
            Kind::Whole => "whole_number",
            Kind::Decimal => "number",
            Kind::Percent => "percent",
            Kind::Choice(_) => "choice",
            Kind::Switch => "switch",
            Kind::Duration => "duration",
            Kind::Text => "text",
        },
        choices: forcing::choices(input).into_iter().map(choice).collect(),
        recommendation: RecommendationEntry {
            value: value(advice.value.as_ref()),
            because: advice.because,
            otherwise: advice.otherwise,
            source: advice.source,
        },
    }
}
