//! Every operation asked by itself, before the load: what it answers is judged, and what succeeded is
//! what the load is made of.

use super::super::database::QueryCounter;
use super::{Description, planned};
use crate::failure::Failure;
use crate::loadtest::assessment::Assessment;
use crate::loadtest::findings;
use crate::loadtest::plan::{Aside, Fault, Request, Target};
use crate::loadtest::runner::{Probe, Silence};
use crate::settings::loadtest::Described;
use crate::traffic::{Exercise, Found, LeftOut, Rules, Survey, Surveyed, Traffic};

/// Requests with a fault that the load has of one operation.
const FAULTS: usize = 8;
/// Divided evenly by every number of them.
const EVEN: u32 = 840;

/// What the check left: the findings, and which exercises are the load.
pub(in crate::commands::loadtest) struct Checked {
    pub(in crate::commands::loadtest) survey: Survey,
    /// `None`: nothing answered that a load could be made of.
    pub(in crate::commands::loadtest) target: Option<Target>,
    /// A signal ended the check; what it has seen by then is here.
    pub(in crate::commands::loadtest) interrupted: bool,
    /// In the order of the target's requests.
    loaded: Vec<Exercise>,
}

/// Why a check ended early.
enum Stop {
    Interrupted,
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// What one operation adds to the load.
#[derive(Default)]
struct Share {
    requests: Option<Request>,
    faults: Vec<(Request, Fault)>,
}

/// One check on its way.
struct Check<'run, 'r, 'a> {
    rules: &'r Rules<'a>,
    described: &'run Described,
    probe: &'run Probe<'run>,
    counter: Option<&'run mut QueryCounter>,
    found: Found<'r, 'a>,
    survey: Survey,
    /// Whether the database was asked for anything.
    seen: bool,
}

impl Description {
    /// Asks every operation, one request after another.
    pub(in crate::commands::loadtest) fn check(
        &self,
        rules: &Rules<'_>,
        traffic: Traffic,
        described: &Described,
        probe: &Probe<'_>,
        counter: Option<&mut QueryCounter>,
    ) -> Result<Checked, Failure> {
        let mut check = Check {
            rules,
            described,
            probe,
            counter,
            found: Found::new(rules),
            survey: Survey {
                document: self.document.clone(),
                title: self.api.title.clone(),
                version: self.api.version.clone(),
                seed: described.options.seed,
                left_out: traffic.left_out,
                ..Survey::default()
            },
            seen: false,
        };
        let (mut requests, mut faults, mut loaded) = (Vec::new(), Vec::new(), Vec::new());
        let mut interrupted = false;
        for mut exercise in traffic.exercises {
            check.found.fill(&mut exercise);
            check.found.spare(&mut exercise);
            if exercise.valid.is_empty() {
                check.survey.left_out.push(LeftOut {
                    name: exercise.name,
                    method: exercise.method,
                    path: exercise.path,
                    pointer: exercise.pointer,
                    reason: "would delete what this run did not create".to_owned(),
                });
                continue;
            }
            let share = match check.exercise(&exercise) {
                Ok(share) => share,
                Err(Stop::Interrupted) => {
                    interrupted = true;
                    break;
                }
                Err(Stop::Failed(failure)) => return Err(failure),
            };
            let weight = described.weight(&exercise.name);
            if let Some(mut request) = share.requests.filter(|_| weight > 0) {
                request.weight = weight;
                requests.push(request);
                faults.extend(weighed(share.faults, weight));
                loaded.push(exercise);
            }
        }
        if let Some(counter) = check.counter.filter(|_| !interrupted) {
            counter.refuse_blindness(check.seen)?;
        }
        let aside = described
            .invalid_one_in
            .and_then(|one_in| Aside::new(one_in, faults));
        Ok(Checked {
            survey: check.survey,
            target: Target::of(requests).map(|target| target.with_aside(aside)),
            interrupted,
            loaded,
        })
    }
}

impl Check<'_, '_, '_> {
    fn exercise(&mut self, exercise: &Exercise) -> Result<Share, Stop> {
        let mut surveyed = Surveyed::new(exercise);
        let before = match &mut self.counter {
            Some(counter) => Some(counter.look()?),
            None => None,
        };
        let mut answered: Vec<(Request, u16)> = Vec::new();
        for request in &exercise.valid {
            let planned = planned(self.described, exercise, request)?;
            match self.probe.ask(&planned) {
                Ok(answer) => {
                    if findings::shows_inside(answer.status, &answer.body) {
                        self.survey.leaks(&surveyed, answer.status);
                    }
                    self.survey
                        .answered(self.rules, exercise, &mut surveyed, Ok(&answer));
                    self.found.learn(exercise, request, &answer);
                    answered.push((planned, answer.status));
                }
                Err(Silence::Stopped) => return Err(Stop::Interrupted),
                Err(Silence::Failed(words)) => {
                    self.survey
                        .answered(self.rules, exercise, &mut surveyed, Err(&words));
                    break;
                }
            }
        }
        if let (Some(counter), Some(before)) = (&mut self.counter, before) {
            let queries = counter.since(before, answered.len() as u64)?;
            self.seen |= !queries.statements.is_empty();
            surveyed.queries = Some(queries);
        }
        let faults = self.attempts(exercise, &mut surveyed)?;
        self.survey.finish(surveyed);
        Ok(Share {
            requests: self.load(exercise, answered),
            faults,
        })
    }

    /// Sends what breaks a rule, and keeps some of it for the load: what got an answer, from all over
    /// the operation.
    fn attempts(
        &mut self,
        exercise: &Exercise,
        surveyed: &mut Surveyed,
    ) -> Result<Vec<(Request, Fault)>, Stop> {
        // A server that does not answer what is right is not asked what is wrong.
        if !surveyed.failures.is_empty() {
            return Ok(Vec::new());
        }
        let mut answered = Vec::new();
        for attempt in &exercise.invalid {
            let planned = planned(self.described, exercise, &attempt.request)?;
            match self.probe.ask(&planned) {
                Ok(answer) => {
                    if findings::shows_inside(answer.status, &answer.body) {
                        self.survey.leaks(surveyed, answer.status);
                    }
                    Survey::tried(surveyed, attempt, Some(answer.status));
                    let fault = Fault {
                        request: exercise.name.clone(),
                        breaks: attempt.breaks.clone(),
                        pointer: attempt.pointer.clone(),
                        lenient: attempt.lenient,
                    };
                    answered.push((planned, fault));
                }
                Err(Silence::Stopped) => return Err(Stop::Interrupted),
                Err(Silence::Failed(_)) => Survey::tried(surveyed, attempt, None),
            }
        }
        let step = answered.len().div_ceil(FAULTS).max(1);
        Ok(answered.into_iter().step_by(step).collect())
    }

    /// The requests of the load: those that succeeded, else those whose answer the document knows, else
    /// the first.
    fn load(&self, exercise: &Exercise, answered: Vec<(Request, u16)>) -> Option<Request> {
        let knows = |status: u16| status < 500 && self.rules.documents(exercise, status);
        let class = |status: u16| match status {
            200..=399 => 0,
            status if knows(status) => 1,
            _ => 2,
        };
        let best = answered.iter().map(|(_, status)| class(*status)).min()?;
        let most = if best == 2 { 1 } else { usize::MAX };
        let mut accepted = vec![200..=399];
        let mut accept = |status: u16| {
            if knows(status) && !accepted.iter().any(|range| range.contains(&status)) {
                accepted.push(status..=status);
            }
        };
        if exercise.method == "delete" {
            // What is deleted is gone when its turn comes again.
            [404, 410].into_iter().for_each(&mut accept);
        }
        let mut requests = Vec::new();
        for (request, status) in answered {
            if class(status) == best && requests.len() < most {
                accept(status);
                requests.push(request);
            }
        }
        let mut requests = requests.into_iter();
        let mut first = requests.next()?;
        // Also where it is the only one, each operation is counted by its name.
        first.accepted = accepted;
        first.variants = requests.collect();
        Some(first)
    }
}

/// The faults of an operation have its weight together.
fn weighed(faults: Vec<(Request, Fault)>, weight: u32) -> Vec<(Request, Fault)> {
    let part = EVEN / (faults.len() as u32).max(1);
    let mut faults = faults;
    for (request, _) in &mut faults {
        request.weight = weight.saturating_mul(part);
    }
    faults
}

impl Checked {
    /// Adds what the load saw, and hands everything to the report.
    pub(in crate::commands::loadtest) fn judge(
        mut self,
        rules: &Rules<'_>,
        assessed: Assessment,
    ) -> Assessment {
        let measured = assessed.first().map(|first| &first.recording);
        if let Some(recording) = measured {
            for (exercise, part) in self.loaded.iter().zip(&recording.parts) {
                self.survey.loaded(rules, exercise, &part.statuses);
            }
        }
        assessed.described(self.survey)
    }
}
