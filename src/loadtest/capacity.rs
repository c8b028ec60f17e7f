//! The search for capacity: which rate to try next, what a step showed, where the knee is, and what
//! follows for scaling. Pure; who runs the steps is somebody else.

use super::assessment::{Assessment, Doubt};
use super::expectation::{Checked, Quantity};
use super::statistics::Summary;

/// Steps of one search, repetitions included: with the length of a step they bound its time.
pub const MOST_STEPS: usize = 16;
/// Parts of the closed loop's rate that are tried first, from below.
const LADDER: [f64; 5] = [0.25, 0.5, 0.75, 0.9, 1.0];
/// Beyond the ladder each step is this much higher.
const GROWTH: f64 = 1.25;
/// From this part of the connections on a wait may be one for a connection.
const MOSTLY_BUSY: f64 = 0.6;
/// Rates that are closer than this are not told apart.
const CLOSE_ENOUGH: f64 = 1.05;
/// An instance is planned for this part of what it holds.
const HEADROOM: f64 = 0.7;

/// One rate that was tried.
#[derive(Clone, Debug)]
pub struct Step {
    /// Requests a second that were asked for.
    pub asked: f64,
    /// Answers a second that came in the time of the step.
    pub reached: f64,
    pub due: u64,
    pub unsent: u64,
    pub error_rate: f64,
    /// From the moment each request was due.
    pub latency: Summary,
    /// Mean from sending to the answer, in milliseconds.
    pub service_mean: Option<f64>,
    /// Little's law: the rate times the mean latency.
    pub in_flight: f64,
    /// The part of the connections that was busy in the mean.
    pub busy: f64,
    pub ending: Ending,
}

/// How a step came out.
#[derive(Clone, Debug)]
pub enum Ending {
    Holds,
    /// This expectation failed first.
    Expectation(Box<Checked>),
    /// An answer had another status than the one that was asked for.
    Status,
    /// Fewer requests were answered than were asked for.
    Rate,
    /// Not one connection could be made any more; why, in words.
    Gone(String),
    /// This machine could not send what was asked for.
    Client,
}

/// What ended the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Server,
    /// The processor of this machine.
    Client,
    /// All connections were busy although the server was as quick as ever.
    Connections,
    /// The highest rate that may be tried still held.
    Ceiling,
    /// The steps were used up before anything broke.
    Steps,
    Interrupted,
}

impl Limit {
    /// The word of machine readers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Connections => "connections",
            Self::Ceiling => "ceiling",
            Self::Steps => "steps",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The result of a search.
#[derive(Clone, Debug)]
pub struct Capacity {
    /// In the order of their rates.
    pub steps: Vec<Step>,
    pub limit: Limit,
    /// Index of the highest step that held, with every lower one.
    pub held: Option<usize>,
    /// Index of the lowest step that did not.
    pub broke: Option<usize>,
    /// Index of the last step before latency rises.
    pub knee: Option<usize>,
    pub scaling: Option<Scaling>,
}

/// What follows for the number of instances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// Requests that the server works on at a time; only when it was saturated.
    pub parallelism: Option<f64>,
    /// The highest rate at which answers came.
    pub saturation: f64,
    /// Milliseconds that each takes without a queue.
    pub service: f64,
    /// Requests a second to plan for each instance.
    pub per_instance: f64,
    /// A load of another order, and the instances that it takes.
    pub target: f64,
    pub instances: u64,
}

/// Which rate to try next.
#[derive(Clone, Debug)]
pub struct Search {
    /// Answers a second of a closed loop.
    estimate: f64,
    ceiling: f64,
    /// (rate, whether it held), in the order in which they were tried.
    tried: Vec<(f64, bool)>,
}

impl Search {
    pub fn new(estimate: f64, ceiling: f64) -> Self {
        Self {
            estimate: estimate.max(4.0),
            ceiling,
            tried: Vec::new(),
        }
    }

    pub fn tried(&mut self, rate: f64, holds: bool) {
        self.tried.push((rate, holds));
    }

    fn highest_held(&self) -> Option<f64> {
        let broken = self.lowest_broken().unwrap_or(f64::MAX);
        let held = self
            .tried
            .iter()
            .filter(|(rate, holds)| *holds && *rate < broken);
        held.map(|(rate, _)| *rate).reduce(f64::max)
    }

    /// A rate is broken when it never held.
    fn lowest_broken(&self) -> Option<f64> {
        let held_once = |rate: f64| {
            let mut same = self.tried.iter().filter(|(other, _)| same(*other, rate));
            same.any(|(_, holds)| *holds)
        };
        let broken = self
            .tried
            .iter()
            .filter(|(rate, holds)| !holds && !held_once(*rate));
        broken.map(|(rate, _)| *rate).reduce(f64::min)
    }

    /// `None` when nothing more is to be learned, or the steps are used up.
    pub fn next(&self) -> Option<f64> {
        if self.tried.len() >= MOST_STEPS {
            return None;
        }
        match (self.highest_held(), self.lowest_broken()) {
            (held, None) => self.higher(held),
            (held, Some(broken)) => self.between(held, broken),
        }
    }

    /// Whether the highest rate that may be tried held.
    pub fn is_at_ceiling(&self) -> bool {
        self.highest_held().is_some_and(|held| held >= self.ceiling)
    }

    fn higher(&self, held: Option<f64>) -> Option<f64> {
        let Some(held) = held else {
            return Some(round(self.estimate * LADDER[0]).min(self.ceiling));
        };
        if held >= self.ceiling {
            return None;
        }
        let rungs = LADDER.iter().map(|part| round(self.estimate * part));
        let next = rungs.filter(|rung| *rung > held).reduce(f64::min);
        let next = next.unwrap_or_else(|| round(held * GROWTH).max(held + 1.0));
        Some(next.min(self.ceiling))
    }

    fn between(&self, held: Option<f64>, broken: f64) -> Option<f64> {
        // Far below the estimate a break may be an accident of the moment: once more.
        let tries = self
            .tried
            .iter()
            .filter(|(rate, _)| same(*rate, broken))
            .count();
        if tries < 2 && broken < 0.9 * self.estimate {
            return Some(broken);
        }
        let Some(held) = held else {
            let half = round(broken / 2.0);
            return (half >= 1.0 && half < broken).then_some(half);
        };
        let middle = round(f64::midpoint(held, broken));
        (broken / held > CLOSE_ENOUGH && middle > held && middle < broken).then_some(middle)
    }
}

fn same(left: f64, right: f64) -> bool {
    (left - right).abs() < 1e-9 * right.abs()
}

/// Two significant digits, and half steps of the second.
fn round(rate: f64) -> f64 {
    if rate < 20.0 {
        return rate.round().max(1.0);
    }
    let scale = 10_f64.powf(rate.log10().floor() - 1.0) / 2.0;
    (rate / scale).round() * scale
}

impl Step {
    /// What one run at this rate showed. `base` is the service time in milliseconds at a rate that
    /// leaves the server idle; unknown in the first step.
    pub fn of(asked: f64, assessment: &Assessment, base: Option<f64>) -> Option<Self> {
        let result = assessment.first()?;
        let stage = assessment.stages(result).into_iter().next()?;
        let service_mean = result.service.as_ref().and_then(|service| service.mean);
        let due = stage.record.due;
        // What is under way at the end cannot have been answered: as many as the base service time
        // makes (Little's law), one for each connection at most, and two for chance.
        let in_service = asked * base.or(service_mean).unwrap_or(0.0) / 1e3 * 1.1;
        let under_way = in_service.min(assessment.load.connections as f64) + 2.0;
        let answered = stage.record.answered as f64;
        let falls_short = (due as f64) - answered > 0.02 * due as f64 + under_way;
        let failing = assessment
            .checked
            .iter()
            .find(|checked| !checked.met && !is_floor_of_rate(checked));
        let ending = match failing {
            Some(checked) => Ending::Expectation(Box::new(checked.clone())),
            None if assessment.status.is_some_and(|status| !status.met()) => Ending::Status,
            None if falls_short => Ending::Rate,
            None => Ending::Holds,
        };
        let is_client = assessment
            .doubts
            .iter()
            .any(|doubt| matches!(doubt, Doubt::Processor { .. } | Doubt::Schedule { .. }));
        let by_load = matches!(ending, Ending::Rate)
            || matches!(&ending, Ending::Expectation(checked) if checked.expectation.quantity != Quantity::ErrorRate);
        Some(Self {
            asked,
            reached: stage.reached,
            due,
            unsent: result.recording.requests.unsent,
            error_rate: result.error_rate(),
            latency: result.latency.clone(),
            service_mean,
            in_flight: result.in_flight(),
            busy: stage.reached * service_mean.unwrap_or(0.0)
                / 1e3
                / assessment.load.connections.max(1) as f64,
            ending: if is_client && by_load {
                Ending::Client
            } else {
                ending
            },
        })
    }

    /// A step in which not one connection could be made.
    pub fn gone(asked: f64, why: impl Into<String>) -> Self {
        Self {
            asked,
            reached: 0.0,
            due: 0,
            unsent: 0,
            error_rate: 1.0,
            latency: Summary::default(),
            service_mean: None,
            in_flight: 0.0,
            busy: 0.0,
            ending: Ending::Gone(why.into()),
        }
    }

    pub const fn holds(&self) -> bool {
        matches!(self.ending, Ending::Holds)
    }

    /// Whether the wait was for a free connection while the server was as quick as ever. Where most
    /// connections were free, what came late was late for another reason: this machine's.
    fn waits_for_connections(&self, base: f64) -> bool {
        let service = self.service_mean.unwrap_or(f64::MAX);
        let latency = self.latency.mean.unwrap_or(0.0);
        self.busy > MOSTLY_BUSY
            && service < 1.5 * base + 0.5
            && (self.unsent > 0 || latency > 2.0 * service)
    }
}

/// Milliseconds that the server needs without a queue: the least of the means, since any single step
/// may have met an accident.
pub fn base_service(steps: &[Step]) -> Option<f64> {
    let held = steps.iter().filter(|step| step.holds());
    held.filter_map(|step| step.service_mean).reduce(f64::min)
}

/// A lower limit of the rate is asked of the result, and not of each step.
fn is_floor_of_rate(checked: &Checked) -> bool {
    checked.expectation.quantity == Quantity::RequestsPerSecond
}

impl Capacity {
    /// Puts the steps in order and reads them. `stopped` says why the search ended when nothing
    /// broke.
    pub fn of(mut steps: Vec<Step>, stopped: Limit) -> Self {
        // Of several tries of one rate the one that held counts.
        steps.sort_by(|a, b| a.asked.total_cmp(&b.asked).then(a.holds().cmp(&b.holds())));
        steps.reverse();
        steps.dedup_by(|a, b| same(a.asked, b.asked));
        steps.reverse();
        let broke = steps.iter().position(|step| !step.holds());
        let held = match broke {
            Some(index) => index.checked_sub(1),
            None => steps.len().checked_sub(1),
        };
        let base = base_service(&steps);
        let limit = match (broke.map(|index| &steps[index]), base) {
            (None, _) => stopped,
            (Some(step), _) if matches!(step.ending, Ending::Client) => Limit::Client,
            (Some(step), Some(base))
                if matches!(step.ending, Ending::Rate | Ending::Expectation(_))
                    && held.is_some()
                    && step.waits_for_connections(base) =>
            {
                Limit::Connections
            }
            _ => Limit::Server,
        };
        let knee = knee(&steps[..held.map_or(0, |index| index + 1)]);
        let scaling = held.and_then(|held| scaling(&steps, held, limit));
        Self {
            steps,
            limit,
            held,
            broke,
            knee,
            scaling,
        }
    }

    pub fn highest(&self) -> Option<&Step> {
        self.held.map(|index| &self.steps[index])
    }

    pub fn first_broken(&self) -> Option<&Step> {
        self.broke.map(|index| &self.steps[index])
    }

    /// Whether the highest rate is the server's own.
    pub const fn is_the_servers(&self) -> bool {
        matches!(self.limit, Limit::Server)
    }
}

/// The last step before the median leaves the level of the lightest load: more than a fifth and more
/// than a quarter of a millisecond above the lowest.
fn knee(held: &[Step]) -> Option<usize> {
    let medians = held.iter().map(|step| step.latency.p50);
    let lowest = medians.flatten().reduce(f64::min)?;
    let level = (1.2 * lowest).max(lowest + 0.25);
    let above = held
        .iter()
        .position(|step| step.latency.p50.is_some_and(|p50| p50 > level));
    above.unwrap_or(held.len()).checked_sub(1)
}

fn scaling(steps: &[Step], held: usize, limit: Limit) -> Option<Scaling> {
    if limit != Limit::Server {
        // Where the server's own limit lies was not seen.
        return None;
    }
    let service = base_service(steps)?;
    let holds = steps[held].asked;
    let saturation = steps.iter().map(|step| step.reached).fold(0.0, f64::max);
    let broken = steps.get(held + 1);
    let saturated = broken.is_some_and(|step| match &step.ending {
        Ending::Rate => true,
        Ending::Expectation(checked) => checked.expectation.quantity != Quantity::ErrorRate,
        _ => false,
    });
    let per_instance = down(holds * HEADROOM);
    let mut target = 10.0;
    while target < 3.0 * holds {
        target *= 10.0;
    }
    (per_instance > 0.0).then(|| Scaling {
        parallelism: saturated.then_some(saturation * service / 1e3),
        saturation,
        service,
        per_instance,
        target,
        instances: (target / per_instance).ceil() as u64,
    })
}

/// Two digits and a half, never more than what was given.
fn down(rate: f64) -> f64 {
    if rate < 20.0 {
        return rate.floor();
    }
    let scale = 10_f64.powf(rate.log10().floor() - 1.0) / 2.0;
    ((rate / scale).floor() * scale).floor()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches a server that holds everything up to its capacity.
    fn search(estimate: f64, capacity: f64, ceiling: f64) -> (Option<f64>, usize) {
        let mut search = Search::new(estimate, ceiling);
        let mut steps = 0;
        while let Some(rate) = search.next() {
            assert!(rate <= ceiling);
            search.tried(rate, rate <= capacity);
            steps += 1;
        }
        (search.highest_held(), steps)
    }

    #[test]
    fn finds_the_capacity_in_few_steps() {
        for (estimate, capacity) in [
            (1_000.0, 1_000.0),
            (1_000.0, 400.0),
            (1_000.0, 130.0),
            (1_000.0, 2_600.0),
            (37.0, 35.0),
            (100_000.0, 87_654.0),
        ] {
            let (held, steps) = search(estimate, capacity, 1e7);
            let held = held.expect("something holds");
            assert!(
                held <= capacity && held > 0.9 * capacity - 1.0,
                "{held} of {capacity}"
            );
            assert!(steps <= MOST_STEPS, "{steps}");
        }
    }

    #[test]
    fn stops_at_the_ceiling_and_at_nothing() {
        assert_eq!(search(900.0, 1e9, 1_000.0).0, Some(1_000.0));
        let (held, steps) = search(50.0, 0.0, 1e7);
        assert_eq!(held, None);
        assert!(steps <= MOST_STEPS);
    }

    #[test]
    fn an_accident_is_tried_again() {
        let mut search = Search::new(1_000.0, 1e7);
        search.tried(250.0, false);
        assert_eq!(search.next(), Some(250.0));
        search.tried(250.0, true);
        assert_eq!(search.next(), Some(500.0));
    }

    fn step(asked: f64, p50: f64, service: f64, ending: Ending) -> Step {
        Step {
            reached: asked,
            latency: Summary {
                p50: Some(p50),
                mean: Some(p50),
                ..Summary::default()
            },
            service_mean: Some(service),
            ending,
            ..Step::gone(asked, "refused")
        }
    }

    #[test]
    fn a_server_of_sixteen_workers_is_read_off_its_steps() {
        let mut steps = vec![
            step(2_600.0, 180.0, 170.0, Ending::Rate),
            step(500.0, 5.6, 6.2, Ending::Holds),
            step(2_400.0, 6.0, 6.4, Ending::Holds),
            step(2_500.0, 7.1, 7.4, Ending::Holds),
        ];
        steps[0].reached = 2_580.0;
        let capacity = Capacity::of(steps, Limit::Steps);
        assert_eq!(capacity.limit, Limit::Server);
        assert_eq!(capacity.highest().map(|step| step.asked), Some(2_500.0));
        assert_eq!(
            capacity.knee.map(|index| capacity.steps[index].asked),
            Some(2_400.0)
        );
        let scaling = capacity.scaling.expect("a recommendation");
        assert_eq!(scaling.parallelism.map(f64::round), Some(16.0));
        assert_eq!((scaling.per_instance, scaling.instances), (1_750.0, 6));
    }

    #[test]
    fn busy_connections_and_a_busy_client_are_told_apart() {
        let base = step(100.0, 500.0, 500.0, Ending::Holds);
        let mut waiting = step(200.0, 3_000.0, 510.0, Ending::Rate);
        waiting.unsent = 50;
        waiting.busy = 0.95;
        let capacity = Capacity::of(vec![base.clone(), waiting.clone()], Limit::Steps);
        assert_eq!(capacity.limit, Limit::Connections);
        // One that left late from a busy machine waited for no connection.
        waiting.busy = 0.15;
        let capacity = Capacity::of(vec![base.clone(), waiting], Limit::Steps);
        assert_eq!(capacity.limit, Limit::Server);
        let client = step(200.0, 3_000.0, 510.0, Ending::Client);
        let capacity = Capacity::of(vec![base, client], Limit::Steps);
        assert_eq!(capacity.limit, Limit::Client);
        assert_eq!(capacity.scaling, None);
    }
}
