//! What one worker measures. A segment (the time to the next end of a second or a block) is counted
//! in one histogram, and only its end sorts the counts into second, block and total.

mod target;

use std::sync::{Arc, mpsc};

use self::target::TargetCollector;
pub(super) use self::target::record;
use super::apart::Apart;
use super::connect::Connected;
use super::failure::Failure;
use super::layout::{Ask, Counted, Layout};
use super::processor;
use super::session::Reply;
use super::statuses::Statuses;
use super::timeline::{NEVER, Timeline};
use super::transport::Transport;
use super::worker::Readiness;
use crate::loadtest::plan::{LimitWatch, Pace, Plan};
use crate::loadtest::recording::{
    Block, Client, ErrorKind, Interval, Part, RateLimit, Recording, StageRecord, histogram,
};

/// Nanoseconds by which a timer of the runtime comes late on an idle machine, at most.
const TIMER_STEP: u64 = 2_000_000;
/// A tick that comes later than this was kept back by a busy machine.
const LATE: u64 = 10_000_000;

/// What a worker tells the coordinator.
pub(super) enum Message {
    /// Every connection was tried once; one entry for each target.
    Ready(Vec<Readiness>),
    /// A second of the measured time is over; one interval for each target.
    Second {
        number: usize,
        intervals: Vec<Interval>,
    },
    Finished(Box<Finished>),
    /// The worker could not start.
    Broken(String),
}

/// Everything that a worker measured. The series is the coordinator's.
pub(super) struct Finished {
    pub(super) recordings: Vec<Recording>,
    pub(super) client: Client,
    /// When the last exchange ended, with an answer or without.
    pub(super) last_ending: u64,
}

/// One exchange and its instants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange {
    pub(super) ask: Ask,
    /// Latency counts from here: the due instant in open loop, the sending in closed loop.
    pub(super) from: u64,
    pub(super) sent: u64,
    pub(super) ended: u64,
}

pub(super) struct Collector {
    messages: mpsc::Sender<Message>,
    timeline: Option<Timeline>,
    plan: Arc<Plan>,
    /// When each stage ends; empty without stages.
    stage_ends: Vec<u64>,
    targets: Vec<TargetCollector>,
    /// One for each request that is counted by itself, and none when nothing is chosen.
    parts: Vec<Part>,
    part_statuses: Vec<Statuses>,
    layout: Arc<Layout>,
    client: Client,
    timeout: u64,
    /// The next end of a second or a block.
    boundary: u64,
    second: usize,
    block: usize,
    processor_at_start: f64,
    processor_at_second: f64,
    last_ending: u64,
}

impl Collector {
    pub(super) fn new(
        plan: &Arc<Plan>,
        layout: &Arc<Layout>,
        messages: mpsc::Sender<Message>,
    ) -> Self {
        let is_open_loop = matches!(plan.pace, Pace::Open(_));
        let watches_limit = plan.limit_watch != LimitWatch::Off;
        let targets = plan.targets.iter().map(|target| TargetCollector {
            apart: Apart::of(target),
            recording: Recording {
                engine: plan.engine.name(),
                protocol: plan.engine.first_protocol().to_owned(),
                service: is_open_loop.then(histogram),
                rate_limit: watches_limit.then(RateLimit::default),
                stages: vec![StageRecord::default(); plan.stages.len()],
                ..Recording::default()
            },
            segment: histogram(),
            statuses: Statuses::default(),
            warmup_statuses: Statuses::default(),
            stage_statuses: vec![Statuses::default(); plan.stages.len()],
            failed: 0,
            second: Interval::default(),
            block: None,
            sampled: Vec::new(),
            sampled_slot: None,
        });
        Self {
            messages,
            timeline: None,
            plan: Arc::clone(plan),
            stage_ends: Vec::new(),
            targets: targets.collect(),
            parts: layout.owners().iter().map(|_| Part::default()).collect(),
            part_statuses: layout
                .owners()
                .iter()
                .map(|_| Statuses::default())
                .collect(),
            layout: Arc::clone(layout),
            client: Client {
                threads: 1,
                ..Client::default()
            },
            timeout: super::timeline::nanoseconds(plan.timeout),
            boundary: NEVER,
            second: 0,
            block: 0,
            processor_at_start: 0.0,
            processor_at_second: 0.0,
            last_ending: 0,
        }
    }

    pub(super) fn send(&self, message: Message) {
        // A coordinator that is gone wants no more.
        let _ = self.messages.send(message);
    }

    /// The run begins.
    pub(super) fn begin(&mut self, timeline: Timeline) {
        self.timeline = Some(timeline);
        self.last_ending = timeline.measured;
        self.stage_ends = timeline.stage_ends(&self.plan);
        if timeline.has_blocks() {
            self.open_block(timeline, 0);
        }
        self.begin_measuring();
        // The first boundary is the end of the warm-up, and no second or block ends with it.
        self.boundary = timeline.measured;
        self.advance(timeline.start);
    }

    /// The warm-up is over, or there is none.
    fn begin_measuring(&mut self) {
        self.processor_at_start = processor::thread_seconds();
        self.processor_at_second = self.processor_at_start;
    }

    /// Counts a connection that was made, or that failed.
    pub(super) fn connected(
        &mut self,
        target: usize,
        result: Result<Connected, Failure>,
    ) -> Result<Transport, Failure> {
        let recording = &mut self.targets[target].recording;
        match result {
            Ok(connected) => {
                recording.connections.opened += 1;
                record(&mut recording.connections.connect, connected.connect);
                if let Some((time, version)) = connected.tls {
                    record(&mut recording.connections.tls, time);
                    if recording.tls.is_none() {
                        recording.tls = Some(version.to_owned());
                    }
                }
                Ok(connected.transport)
            }
            Err(failure) => {
                recording.connections.failed += 1;
                Err(failure)
            }
        }
    }

    pub(super) fn closed_by_server(&mut self, target: usize) {
        self.targets[target].recording.connections.closed_by_server += 1;
    }

    pub(super) fn wants(&self, ask: Ask, status: u16) -> bool {
        let target = &self.targets[ask.target];
        if let Counted::Apart(_) = self.layout.counted(ask) {
            return false;
        }
        (status == 429 && target.recording.rate_limit.is_some()) || target.wants_sample(status)
    }

    /// How late a request left although a connection was free.
    pub(super) fn lag(&mut self, due: u64, lag: u64) {
        if self.is_measured(due) {
            record(&mut self.client.schedule_lag, lag);
        }
    }

    /// A tick of the clock: the instant for which it was set, when this thread ran, and how long it
    /// had no processor since the tick before.
    pub(super) fn ticked(&mut self, planned: u64, now: u64, unused: u64) {
        let Some(timeline) = self.timeline.filter(|timeline| timeline.is_warm(planned)) else {
            return;
        };
        let late = now.saturating_sub(planned);
        let waited = late.saturating_sub(TIMER_STEP).min(unused);
        record(&mut self.client.held_back, waited);
        if late < LATE {
            return;
        }
        // No answer could be seen in that time.
        let [from, to] = [planned, now].map(|at| timeline.since_measured(at));
        for target in &mut self.targets {
            target.recording.gaps.looked_away(from, to);
        }
    }

    pub(super) fn retried(&mut self, ask: Ask, from: u64) {
        self.closed_by_server(ask.target);
        if !self.is_measured(from) {
            return;
        }
        let target = &mut self.targets[ask.target];
        match (self.layout.counted(ask), &mut target.apart) {
            (Counted::Apart(_), Some(apart)) => apart.retried(),
            (Counted::As(part), _) => {
                target.recording.requests.retried += 1;
                if let Some(part) = self.parts.get_mut(part) {
                    part.requests.retried += 1;
                }
            }
            (Counted::Apart(_), None) => {}
        }
    }

    /// An exchange that was under way when the run ended.
    pub(super) fn left_open(&mut self, ask: Ask, from: u64) {
        if !self.is_measured(from) {
            return;
        }
        let target = &mut self.targets[ask.target];
        let Counted::As(part) = self.layout.counted(ask) else {
            if let Some(apart) = &mut target.apart {
                apart.left_open();
            }
            return;
        };
        let recording = &mut target.recording;
        recording.requests.open_at_end += 1;
        if let Some(stage) = stage_at(&self.stage_ends, from) {
            recording.stages[stage].open_at_end += 1;
        }
        if let Some(part) = self.parts.get_mut(part) {
            part.requests.open_at_end += 1;
        }
    }

    /// An exchange is over, whatever came of it.
    pub(super) fn ended(&mut self, exchange: &Exchange, result: Result<Reply, Failure>) {
        let Some(timeline) = self.timeline else {
            return;
        };
        if exchange.ended >= self.boundary {
            self.advance(exchange.ended);
        }
        let is_measured = timeline.is_warm(exchange.from);
        let target = &mut self.targets[exchange.ask.target];
        match (self.layout.counted(exchange.ask), result) {
            (Counted::Apart(place), result) => {
                let apart = target.apart.as_mut().filter(|_| is_measured);
                match (apart, result) {
                    (Some(apart), Ok(reply)) => apart.answered(place, reply.status, exchange),
                    (Some(apart), Err(failure)) => {
                        apart.failed(place, &failure, exchange, self.timeout);
                    }
                    (None, _) => {}
                }
            }
            (Counted::As(_), Ok(reply)) if !is_measured => {
                target.recording.warmup.completed += 1;
                target.warmup_statuses.count(reply.status);
            }
            (Counted::As(_), Err(_)) if !is_measured => target.recording.warmup.failed += 1,
            (Counted::As(part), Ok(reply)) => self.answered(timeline, exchange, part, reply),
            (Counted::As(part), Err(failure)) => self.failed(exchange, part, &failure),
        }
    }

    fn answered(&mut self, timeline: Timeline, exchange: &Exchange, part: usize, reply: Reply) {
        let target = &mut self.targets[exchange.ask.target];
        self.last_ending = self.last_ending.max(exchange.ended);
        let latency = exchange.ended.saturating_sub(exchange.from);
        record(&mut target.segment, latency);
        if let Some(counted) = self.parts.get_mut(part) {
            record(&mut counted.latency, latency);
            self.part_statuses[part].count(reply.status);
        }
        if let Some(service) = &mut target.recording.service {
            record(service, exchange.ended.saturating_sub(exchange.sent));
        }
        target.statuses.count(reply.status);
        target.recording.bytes.received += reply.received;
        target.recording.bytes.sent += reply.sent;
        if let Some(due) = stage_at(&self.stage_ends, exchange.from) {
            // An answer after the end came in no stage.
            let came = stage_at(&self.stage_ends, exchange.ended)
                .filter(|_| exchange.ended < timeline.end);
            target.count_stages(due, came, latency, reply.status);
        }
        let at = timeline.since_measured(exchange.ended);
        if !timeline.has_blocks() {
            target.recording.gaps.answered(at);
        }
        if target.recording.rate_limit.is_some() {
            target.watch_limit(at, latency, &reply);
        }
        if let Some(capture) = reply.capture {
            target.keep(at, reply.status, reply.protocol, *capture);
        }
    }

    fn failed(&mut self, exchange: &Exchange, part: usize, failure: &Failure) {
        let target = &mut self.targets[exchange.ask.target];
        self.last_ending = self.last_ending.max(exchange.ended);
        target.failed += 1;
        target.recording.requests.failed += 1;
        let mut part = self.parts.get_mut(part);
        if let Some(part) = &mut part {
            part.requests.failed += 1;
            *part.errors.entry(failure.kind).or_default() += 1;
        }
        let tally = target.recording.errors.entry(failure.kind).or_default();
        tally.count += 1;
        if tally.first.is_empty() {
            tally.first = failure.to_string();
        }
        let stage = stage_at(&self.stage_ends, exchange.from);
        if let Some(stage) = stage {
            target.recording.stages[stage].tally.failed += 1;
        }
        if failure.kind == ErrorKind::Timeout {
            // A time-out stays in the percentiles, with the time that was allowed and not with the
            // time at which a tick noticed it.
            let waited = exchange.sent.saturating_sub(exchange.from);
            let latency = waited.saturating_add(self.timeout);
            record(&mut target.segment, latency);
            if let Some(part) = part {
                record(&mut part.latency, latency);
            }
            if let Some(stage) = stage {
                record(&mut target.recording.stages[stage].latency, latency);
            }
            if let Some(service) = &mut target.recording.service {
                record(service, self.timeout);
            }
        }
    }

    /// Closes the seconds and blocks that are over.
    pub(super) fn advance(&mut self, now: u64) {
        let Some(timeline) = self.timeline else {
            return;
        };
        while now >= self.boundary {
            if self.boundary == timeline.measured {
                self.begin_measuring();
            }
            for target in &mut self.targets {
                target.close_segment();
            }
            if self.boundary == timeline.second_start(self.second + 1) {
                self.close_second();
            }
            if timeline.has_blocks() && self.boundary == timeline.block_start(self.block + 1) {
                self.block += 1;
                self.open_block(timeline, self.block);
            }
            self.boundary = self.next_boundary(timeline);
        }
    }

    /// The run is over: everything goes to the coordinator.
    pub(super) fn end(&mut self, now: u64) {
        let Some(timeline) = self.timeline else {
            return;
        };
        let last = now.min(timeline.end);
        self.advance(last.saturating_sub(1));
        for target in &mut self.targets {
            target.close_segment();
            target.close_block(timeline, last);
        }
        if last > timeline.second_start(self.second) {
            self.close_second();
        }
        self.client.cpu_seconds = processor::thread_seconds() - self.processor_at_start;
        let statuses = self.part_statuses.drain(..);
        let parts = self.parts.drain(..).zip(statuses).zip(self.layout.owners());
        for ((mut part, mut statuses), owner) in parts {
            statuses.move_to(&mut part.statuses);
            let requests = &mut part.requests;
            requests.completed = part.statuses.values().sum();
            requests.sent = requests.completed + requests.failed + requests.open_at_end;
            self.targets[*owner].recording.parts.push(part);
        }
        let recordings = self.targets.drain(..).map(|mut target| {
            let recording = &mut target.recording;
            target
                .warmup_statuses
                .move_to(&mut recording.warmup.statuses);
            for (statuses, stage) in target.stage_statuses.iter_mut().zip(&mut recording.stages) {
                statuses.move_to(&mut stage.tally.statuses);
            }
            let requests = &mut recording.requests;
            requests.completed = recording.statuses.values().sum();
            requests.sent = requests.completed + requests.failed + requests.open_at_end;
            // A run that ended because all its exchanges did has no gap after the last one.
            let last = if timeline.end == NEVER && requests.open_at_end == 0 {
                self.last_ending
            } else {
                last.max(self.last_ending)
            };
            let end = timeline.since_measured(last);
            if !timeline.has_blocks() && !end.is_zero() {
                recording.gaps.answered(end);
            }
            target.recording.aside = target.apart.map(Apart::finish);
            target.recording
        });
        let finished = Finished {
            recordings: recordings.collect(),
            client: std::mem::take(&mut self.client),
            last_ending: self.last_ending,
        };
        self.send(Message::Finished(Box::new(finished)));
    }

    fn is_measured(&self, from: u64) -> bool {
        self.timeline.is_some_and(|timeline| timeline.is_warm(from))
    }

    fn open_block(&mut self, timeline: Timeline, number: usize) {
        let start = timeline.block_start(number);
        if start >= timeline.end {
            return;
        }
        let target = &mut self.targets[timeline.target_of_block(number)];
        // Only now is the target's block before this one over: answers to its last requests came
        // while it was the other's turn.
        target.close_block(timeline, start);
        target.block = Some(Block {
            number,
            ..Block::default()
        });
    }

    /// Answers that come after the end belong to the last second and the last blocks.
    fn next_boundary(&self, timeline: Timeline) -> u64 {
        let second = timeline.second_start(self.second + 1);
        let block = if timeline.has_blocks() {
            timeline.block_start(self.block + 1)
        } else {
            NEVER
        };
        let next = second.min(block);
        if next >= timeline.end { NEVER } else { next }
    }

    fn close_second(&mut self) {
        let intervals = self
            .targets
            .iter_mut()
            .map(|target| std::mem::take(&mut target.second));
        let intervals = intervals.collect();
        self.send(Message::Second {
            number: self.second,
            intervals,
        });
        self.second += 1;
        let processor = processor::thread_seconds();
        if processor - self.processor_at_second >= 0.95 {
            self.client.saturated_seconds += 1;
        }
        self.processor_at_second = processor;
    }
}

/// The stage of an instant; what comes after the end belongs to the last one.
fn stage_at(ends: &[u64], at: u64) -> Option<usize> {
    let last = ends.len().checked_sub(1)?;
    Some(ends.partition_point(|end| *end <= at).min(last))
}

#[cfg(test)]
mod tests;
