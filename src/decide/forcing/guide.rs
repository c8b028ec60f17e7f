//! references/forcing_questions.md, whole and by question, and the part of it that is generated from
//! the engine's own tables, so that no threshold in it can drift.

use std::collections::BTreeSet;

use super::question::{ForcingQuestion, choices};
use crate::decide::constraint::Weight;
use crate::decide::criteria::{
    Criterion, MICROSERVICES_ENGINEERS, OVERBUILT_QPS, OVERBUILT_TEAM, REGULATED_PEOPLE,
    UNNAMED_HOT_PATH_QPS,
};
use crate::decide::input::{Answers, Input, spoken_duration, spoken_number};
use crate::decide::profile::Profile;

/// The page, as it is published.
pub const PAGE: &str = include_str!("../../../references/forcing_questions.md");

/// What stands around a generated part.
const BEGIN: &str = "<!-- generated from the engine: what the answers decide -->";
const END: &str = "<!-- end of the generated part -->";

/// The section of a question, from its heading, without remarks for editors.
pub fn section(question: ForcingQuestion) -> String {
    let lines = PAGE.lines();
    let section = lines
        .skip_while(|line| *line != heading(question))
        .enumerate()
        .take_while(|(at, line)| *at == 0 || !line.starts_with("## "))
        .map(|(_, line)| line);
    readable(section)
}

fn readable<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for line in lines.filter(|line| *line != BEGIN && *line != END) {
        text.push_str(line);
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn heading(question: ForcingQuestion) -> String {
    format!("## {} {}", question.number(), question.title())
}

/// The page with its generated parts made anew.
pub fn current_page(profiles: &[Profile]) -> String {
    let mut page = String::new();
    let mut question = None;
    let mut inside = false;
    for line in PAGE.lines() {
        if line.starts_with("## ") {
            question = ForcingQuestion::ALL
                .into_iter()
                .find(|question| heading(*question) == line);
        }
        inside = inside && line != END;
        if !inside {
            page.push_str(line);
            page.push('\n');
        }
        if line == BEGIN {
            inside = true;
            page.push_str(
                &question.map_or_else(String::new, |question| decides(question, profiles)),
            );
        }
    }
    page
}

/// What the answers to a question decide: the constraints of the profiles and the kill criteria.
fn decides(question: ForcingQuestion, profiles: &[Profile]) -> String {
    let mut text = String::from("\n| input | flag | looked at by |\n|---|---|---|\n");
    for input in question.inputs() {
        let mut readers: Vec<String> = profiles
            .iter()
            .flat_map(|profile| profile.constraints.iter().map(move |one| (profile, one)))
            .filter(|(_, constraint)| constraint.input == *input)
            .map(|(profile, constraint)| {
                let weight = match constraint.weight {
                    Weight::Hard => "hard",
                    Weight::Weighted => "weighted",
                };
                let (name, test) = (&profile.name, constraint.test.spoken());
                format!("{name}: {test} ({weight}, {} points)", constraint.points)
            })
            .collect();
        readers.extend(floors(*input, profiles));
        let readers = if readers.is_empty() {
            "no profile scores it".to_owned()
        } else {
            readers.join("; ")
        };
        text.push_str(&format!(
            "| `{}` | `{}` | {readers} |\n",
            input.key(),
            input.flag()
        ));
    }
    let criteria: Vec<String> = Criterion::ALL
        .into_iter()
        .filter(|criterion| {
            let mut inputs = criterion.inputs().iter();
            inputs.any(|input| question.inputs().contains(input))
        })
        .map(|criterion| format!("- `{}`: {}.\n", criterion.code(), condition(criterion)))
        .collect();
    if criteria.is_empty() {
        text.push_str("\nNo kill criterion hangs on it.\n\n");
    } else {
        text.push_str("\nKill criteria that hang on it:\n\n");
        text.push_str(&criteria.concat());
        text.push('\n');
    }
    for approval in approvals(question, profiles) {
        text.push_str(&approval);
    }
    text
}

/// The approvers that an answer adds, with the answers that add them.
fn approvals(question: ForcingQuestion, profiles: &[Profile]) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for input in question.inputs() {
        let approvers = profiles.iter().flat_map(|profile| &profile.approvers);
        for approver in approvers.filter(|approver| approver.looks_at(*input)) {
            let asks = |word: &&str| {
                let value = input.parse(word).ok();
                let answers = value.map(|value| Answers::from_iter([(*input, value)]));
                answers.is_some_and(|answers| approver.required(&answers))
            };
            let words = choices(*input).into_iter().map(|(word, _)| word);
            let words: Vec<&str> = words.filter(asks).collect();
            lines.insert(format!(
                "The {} approves as well at {}.\n\n",
                approver.role,
                words.join(", ")
            ));
        }
    }
    lines
}

/// What the profiles promise, where the input is a promise.
fn floors(input: Input, profiles: &[Profile]) -> Option<String> {
    let promised = |profile: &Profile| {
        let floor = &profile.floor;
        Some(match input {
            Input::Rpo => spoken_duration(floor.rpo),
            Input::Rto => spoken_duration(floor.rto),
            Input::SloUptime => format!("{}%", floor.uptime_percent),
            Input::P50Ms => format!("{} ms", floor.p50),
            Input::P95Ms => format!("{} ms", floor.p95),
            Input::P99Ms => format!("{} ms", floor.p99),
            _ => return None,
        })
    };
    let floors: Option<Vec<String>> = profiles
        .iter()
        .map(|profile| Some(format!("{} {}", profile.name, promised(profile)?)))
        .collect();
    Some(format!("the floors: {}", floors?.join(", ")))
}

/// When a criterion stops, with the engine's own limits.
fn condition(criterion: Criterion) -> String {
    let engineers = spoken_number(MICROSERVICES_ENGINEERS);
    let people = spoken_number(REGULATED_PEOPLE);
    let busy = spoken_number(UNNAMED_HOT_PATH_QPS);
    let (idle, team) = (spoken_number(OVERBUILT_QPS), spoken_number(OVERBUILT_TEAM));
    match criterion {
        Criterion::MicroservicesTooSmall => {
            format!(
                "microservices with fewer than {engineers} engineers, or without a platform team"
            )
        }
        Criterion::RegulatedDataTooSmall => format!("phi or pci with fewer than {people} people"),
        Criterion::HotPathUnnamed => {
            format!("more than {busy} QPS on a modular monolith whose hot path nobody named")
        }
        Criterion::Overbuilt => format!("fewer than {idle} QPS for a team of more than {team}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_has_a_section_with_a_generated_part_and_its_sources() {
        for question in ForcingQuestion::ALL {
            let section = section(question);
            for part in [
                "**Why it forces.**",
                "**Recommended.**",
                "**How to find it.**",
                "**Sources.**",
            ] {
                assert!(section.contains(part), "{} lacks {part}", question.title());
            }
            for input in question.inputs() {
                assert!(section.contains(input.flag()), "{}", input.key());
            }
            assert!(!section.contains("<!--"));
        }
    }
}
