//! A run from the outside: look names up, start the workers, begin when all are connected, stop
//! when asked, and put together what they measured. The calling thread does all of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::oneshot;

use super::collector::{Finished, Message};
use super::connect::{Route, Security};
use super::failure::Failure;
use super::layout::Layout;
use super::recovery;
use super::timeline::{Clock, NEVER, Timeline, nanoseconds};
use super::worker::{self, Assignment, Counter, Readiness, Shared};
use super::{Event, Unreachable};
use crate::loadtest::plan::{Aside, Engine, Extent, LimitWatch, Pace, Plan, Request, SecondDetail};
use crate::loadtest::recording::{Cells, ErrorKind, Interval, Outcome, Point, Recording};
use crate::loadtest::request::Prepared;

/// How often the stop is looked at. The workers' cores are theirs, so not often.
const WATCH: Duration = Duration::from_millis(100);

/// Between the news that all are connected and the first request, so that all workers hear it.
const LEAD: u64 = 2_000_000;

/// Connections are made this long before a start that was asked for.
const CONNECTING: Duration = Duration::from_secs(1);

/// Runs the plan to its end, or until `stop` says so. Events come on the calling thread.
pub fn run(
    plan: &Plan,
    stop: &dyn Fn() -> bool,
    events: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, Unreachable> {
    let clock = Clock::start();
    let layout = Arc::new(Layout::new(plan));
    let Some(routes) = routes(plan, &layout, stop, clock)? else {
        return Ok(interrupted_before_the_start());
    };
    if !wait_for_start(plan, stop, events) {
        return Ok(interrupted_before_the_start());
    }
    let mut crew = Crew::start(plan, clock, &layout, &routes);
    let Some(connected) = crew.wait_until_ready(stop)? else {
        return Ok(interrupted_before_the_start());
    };
    let lead = plan.start_at.map_or(0, |at| nanoseconds(until(at)));
    let timeline = Timeline::new(plan, clock.now() + lead.max(LEAD));
    let started_at_ms = unix_milliseconds() + (lead / 1_000_000) as i64;
    events(Event::Started { connected });
    crew.begin(timeline);
    let mut watch = Watch::new(plan, timeline);
    let interrupted = watch.follow(&crew, stop, events);
    let ended = clock.now();
    let mut outcome = watch.outcome(plan, interrupted, ended);
    outcome.started_at_ms = started_at_ms + plan.warmup.as_millis() as i64;
    outcome.rows_taken = crew.shared.rows.taken();
    drop(crew);
    if let (LimitWatch::On { recovery_requests }, false) = (plan.limit_watch, interrupted) {
        for (target, recording) in outcome.recordings.iter_mut().enumerate() {
            recovery::watch(
                &recovery::Watch {
                    plan,
                    target,
                    route: &routes[layout.lane_of(target)],
                    requests: recovery_requests,
                },
                recording,
                stop,
                events,
            );
        }
        // The load is whole, and what was asked of it is not.
        outcome.interrupted = stop();
    }
    Ok(outcome)
}

/// Looks up every lane's address. The resolver cannot be stopped, so it gets a thread of its own
/// that is left behind when the run is interrupted. `None`: interrupted.
fn routes(
    plan: &Plan,
    layout: &Arc<Layout>,
    stop: &dyn Fn() -> bool,
    clock: Clock,
) -> Result<Option<Vec<Route>>, Unreachable> {
    let unreachable = |lane: usize, failure: &Failure| Unreachable {
        target: layout.lanes[lane].target,
        request: layout.lanes[lane].request,
        kind: failure.kind,
        words: failure.to_string(),
        connections: plan.connections,
        elapsed: Duration::from_nanos(clock.now()),
    };
    let (sender, receiver) = mpsc::channel();
    let (own_plan, own_layout) = (plan.clone(), Arc::clone(layout));
    std::thread::spawn(move || {
        let security = Security::default();
        let requests =
            (0..own_layout.lanes.len()).map(|lane| own_layout.request_of(&own_plan, lane));
        let found: Vec<Result<Route, Failure>> = requests
            .map(|request| Route::find(&own_plan, request, &security))
            .collect();
        // Nobody listens any more after an interruption.
        let _ = sender.send(found);
    });
    let found = loop {
        match receiver.recv_timeout(WATCH) {
            Ok(found) => break found,
            Err(_) if stop() => return Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                let failure = Failure::new(ErrorKind::Dns, "the name lookup ended early");
                return Err(unreachable(0, &failure));
            }
            Err(RecvTimeoutError::Timeout) if Duration::from_nanos(clock.now()) > plan.timeout => {
                let failure = Failure::new(ErrorKind::Dns, "the name lookup timed out");
                return Err(unreachable(0, &failure));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    };
    let mut routes = Vec::new();
    for (lane, route) in found.into_iter().enumerate() {
        routes.push(route.map_err(|failure| unreachable(lane, &failure))?);
    }
    Ok(Some(routes))
}

/// Waits until shortly before the start, so that connections are fresh when it comes: servers close
/// those that say nothing. Returns whether the run goes on.
fn wait_for_start(plan: &Plan, stop: &dyn Fn() -> bool, events: &mut dyn FnMut(Event<'_>)) -> bool {
    let Some(start) = plan.start_at else {
        return true;
    };
    let early = CONNECTING + Duration::from_millis(plan.connections as u64);
    let wait = until(start);
    if wait > early {
        events(Event::WaitingForStart { wait });
    }
    // The clock goes on between two looks, so each look is taken once.
    loop {
        let left = until(start).saturating_sub(early);
        if left.is_zero() {
            return true;
        }
        if stop() {
            return false;
        }
        std::thread::sleep(WATCH.min(left));
    }
}

/// The time left by the clock on the wall, which is the one that machines share.
fn until(instant: SystemTime) -> Duration {
    instant
        .duration_since(SystemTime::now())
        .unwrap_or_default()
}

fn interrupted_before_the_start() -> Outcome {
    Outcome {
        interrupted: true,
        started_at_ms: unix_milliseconds(),
        ..Outcome::default()
    }
}

fn unix_milliseconds() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}

/// The worker threads.
struct Crew {
    clock: Clock,
    layout: Arc<Layout>,
    shared: Arc<Shared>,
    messages: mpsc::Receiver<Message>,
    /// Threads that the plan asks for.
    workers: usize,
    starts: Vec<oneshot::Sender<Timeline>>,
    threads: Vec<JoinHandle<()>>,
}

impl Crew {
    fn start(plan: &Plan, clock: Clock, layout: &Arc<Layout>, routes: &[Route]) -> Self {
        let workers = plan.threads.clamp(1, plan.connections.max(1));
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            arrivals: Counter::default(),
            taken: plan.targets.iter().map(|_| Counter::default()).collect(),
            chosen: Counter::default(),
            sequence: Counter::default(),
            rows: Counter::default(),
            chances: Counter::default(),
        });
        let requests: Arc<[Prepared]> = Layout::requests(plan)
            .map(|request| Prepared::new(request, plan.reuse))
            .collect();
        let planned: Arc<[Request]> = match &plan.engine {
            Engine::General(_) => Layout::requests(plan).cloned().collect(),
            Engine::Http1 | Engine::Http2 => Arc::default(),
        };
        let shared_plan = Arc::new(plan.clone());
        let (sender, messages) = mpsc::channel();
        let mut starts = Vec::new();
        let mut threads = Vec::new();
        for index in 0..workers {
            let (start, started) = oneshot::channel();
            let assignment = Assignment {
                clock,
                plan: Arc::clone(&shared_plan),
                shared: Arc::clone(&shared),
                layout: Arc::clone(layout),
                routes: routes.to_vec(),
                requests: Arc::clone(&requests),
                planned: Arc::clone(&planned),
                connections: plan.connections / workers
                    + usize::from(index < plan.connections % workers),
                messages: sender.clone(),
                start: started,
            };
            let thread = std::thread::Builder::new().spawn(move || worker::run(assignment));
            match thread {
                Ok(thread) => {
                    starts.push(start);
                    threads.push(thread);
                }
                Err(error) => {
                    let words = format!("thread {} could not be started: {error}", index + 1);
                    // The receiver is ours.
                    let _ = sender.send(Message::Broken(words));
                    break;
                }
            }
        }
        Self {
            clock,
            layout: Arc::clone(layout),
            shared,
            messages,
            workers,
            starts,
            threads,
        }
    }

    /// The number of connections, or `None` when interrupted.
    fn wait_until_ready(&self, stop: &dyn Fn() -> bool) -> Result<Option<usize>, Unreachable> {
        let mut total = vec![Readiness::default(); self.layout.lanes.len()];
        let mut waiting = self.workers;
        let ended = || self.unreachable(0, ErrorKind::Other, "a worker ended early".to_owned(), 0);
        while waiting > 0 {
            match self.messages.recv_timeout(WATCH) {
                Ok(Message::Ready(readiness)) => {
                    waiting -= 1;
                    for (sum, part) in total.iter_mut().zip(readiness) {
                        sum.connected += part.connected;
                        sum.failed += part.failed;
                        sum.first_failure = sum.first_failure.take().or(part.first_failure);
                    }
                }
                Ok(Message::Broken(words)) => {
                    return Err(self.unreachable(0, ErrorKind::Other, words, 0));
                }
                // One that said nothing and is gone met a bug, which its hook has reported.
                Err(RecvTimeoutError::Timeout)
                    if self.threads.iter().any(JoinHandle::is_finished) =>
                {
                    return Err(ended());
                }
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
            }
            if stop() {
                return Ok(None);
            }
        }
        for (lane, readiness) in total.iter().enumerate() {
            if readiness.connected == 0
                && let Some((kind, words)) = &readiness.first_failure
            {
                return Err(self.unreachable(lane, *kind, words.clone(), readiness.failed));
            }
        }
        Ok(Some(
            total.iter().map(|readiness| readiness.connected).sum(),
        ))
    }

    fn unreachable(
        &self,
        lane: usize,
        kind: ErrorKind,
        words: String,
        connections: usize,
    ) -> Unreachable {
        let lane = self.layout.lanes[lane];
        Unreachable {
            target: lane.target,
            request: lane.request,
            kind,
            words,
            connections,
            elapsed: Duration::from_nanos(self.clock.now()),
        }
    }

    fn begin(&mut self, timeline: Timeline) {
        for start in self.starts.drain(..) {
            // A worker that is gone has said why.
            let _ = start.send(timeline);
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.starts.clear();
        for thread in self.threads.drain(..) {
            // A panic has already been reported by its hook.
            let _ = thread.join();
        }
    }
}

/// What arrives from the workers while the run is under way.
struct Watch {
    timeline: Timeline,
    workers: usize,
    /// Seconds that not all workers have reported yet: how many did, and the sums by target.
    seconds: BTreeMap<usize, (usize, Vec<Interval>)>,
    series: Vec<Vec<Point>>,
    /// The latencies of each second, when this is a part whose report will be added to others.
    seconds_of_shard: Option<Vec<Vec<Cells>>>,
    so_far: Interval,
    finished: Vec<Finished>,
}

impl Watch {
    fn new(plan: &Plan, timeline: Timeline) -> Self {
        Self {
            timeline,
            workers: plan.threads.clamp(1, plan.connections.max(1)),
            seconds: BTreeMap::new(),
            series: vec![Vec::new(); plan.targets.len()],
            seconds_of_shard: (plan.detail == SecondDetail::Latencies)
                .then(|| vec![Vec::new(); plan.targets.len()]),
            so_far: Interval::default(),
            finished: Vec::new(),
        }
    }

    /// Until all workers are done. Returns whether the run was interrupted.
    fn follow(
        &mut self,
        crew: &Crew,
        stop: &dyn Fn() -> bool,
        events: &mut dyn FnMut(Event<'_>),
    ) -> bool {
        const QUARTER: u64 = 250_000_000;
        let mut interrupted = false;
        let mut next_tick = self.timeline.start + QUARTER;
        while self.finished.len() < self.workers {
            match crew.messages.recv_timeout(WATCH) {
                Ok(Message::Second { number, intervals }) => {
                    self.add_second(number, &intervals, events);
                }
                Ok(Message::Finished(finished)) => self.finished.push(*finished),
                Ok(Message::Ready(_) | Message::Broken(_)) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if !interrupted && stop() {
                interrupted = true;
                crew.shared.stop.store(true, Ordering::Relaxed);
            }
            let now = crew.clock.now();
            if now >= next_tick {
                next_tick = now + QUARTER;
                events(Event::Tick {
                    elapsed: Duration::from_nanos(now - self.timeline.start),
                });
            }
        }
        // A worker that had nothing to say of its last second must not hold the others' back.
        while let Some((number, (_, intervals))) = self.seconds.pop_first() {
            self.close_second(number, &intervals, events);
        }
        interrupted
    }

    fn add_second(
        &mut self,
        number: usize,
        intervals: &[Interval],
        events: &mut dyn FnMut(Event<'_>),
    ) {
        let (reported, sums) = self
            .seconds
            .entry(number)
            .or_insert_with(|| (0, vec![Interval::default(); intervals.len()]));
        *reported += 1;
        for (sum, interval) in sums.iter_mut().zip(intervals) {
            sum.add(interval);
        }
        if *reported == self.workers
            && let Some((_, sums)) = self.seconds.remove(&number)
        {
            self.close_second(number, &sums, events);
        }
    }

    fn close_second(
        &mut self,
        number: usize,
        intervals: &[Interval],
        events: &mut dyn FnMut(Event<'_>),
    ) {
        let mut second = Interval::default();
        for (kept, interval) in self.seconds_of_shard.iter_mut().flatten().zip(intervals) {
            kept.push(interval.latency.clone());
        }
        for (series, interval) in self.series.iter_mut().zip(intervals) {
            series.push(interval.point());
            second.add(interval);
        }
        self.so_far.add(&second);
        events(Event::Second {
            number: number + 1,
            second: &second,
            so_far: &self.so_far,
        });
    }

    fn outcome(self, plan: &Plan, interrupted: bool, ended: u64) -> Outcome {
        let last_ending = self.finished.iter().map(|worker| worker.last_ending).max();
        let end = match (interrupted, plan.extent, &plan.pace) {
            (true, _, _) => ended.min(self.timeline.end),
            (false, Extent::Requests(_), Pace::Closed) => last_ending.unwrap_or(ended),
            _ => self.timeline.end,
        };
        let mut outcome = Outcome {
            elapsed: self.timeline.since_measured(end),
            interrupted,
            ..Outcome::default()
        };
        for worker in self.finished {
            outcome.client.merge(&worker.client);
            if outcome.recordings.is_empty() {
                outcome.recordings = worker.recordings;
                continue;
            }
            for (sum, part) in outcome.recordings.iter_mut().zip(&worker.recordings) {
                sum.merge(part);
            }
        }
        for (recording, series) in outcome.recordings.iter_mut().zip(self.series) {
            recording.series = series;
        }
        let seconds = self.seconds_of_shard.into_iter().flatten();
        for (recording, seconds) in outcome.recordings.iter_mut().zip(seconds) {
            recording.seconds = seconds;
        }
        if let Pace::Open(schedule) = &plan.pace {
            let due = |until: u64| {
                let since = until.saturating_sub(self.timeline.start);
                schedule.arrivals_before(Duration::from_nanos(since))
            };
            for (target, recording) in outcome.recordings.iter_mut().enumerate() {
                let aside = plan.targets[target].aside();
                count_due(
                    recording,
                    due_of_target(&self.timeline, target, end, due),
                    aside,
                );
                let ends = self.timeline.stage_ends(plan);
                let mut from = self.timeline.measured;
                for (stage, until) in recording.stages.iter_mut().zip(ends) {
                    let all = due(until.min(end)).saturating_sub(due(from.min(end)));
                    stage.due = aside.map_or(all, |aside| aside.left_of(all));
                    from = until;
                }
            }
        }
        outcome
    }
}

/// Arrivals of the measured time that fell into the target's blocks.
fn due_of_target(timeline: &Timeline, target: usize, end: u64, due: impl Fn(u64) -> u64) -> u64 {
    if !timeline.has_blocks() || end == NEVER {
        return due(end).saturating_sub(due(timeline.measured));
    }
    let mut sum = 0;
    let mut number = 0;
    while timeline.block_start(number) < end {
        if timeline.target_of_block(number) == target {
            let until = timeline.block_start(number + 1).min(end);
            sum += due(until) - due(timeline.block_start(number));
        }
        number += 1;
    }
    sum
}

/// The schedule is that of all requests, so what is counted apart is taken out of it; of those that
/// never left nobody knows which they would have been, and their part is taken.
fn count_due(recording: &mut Recording, due: u64, aside: Option<&Aside>) {
    let requests = &mut recording.requests;
    let apart = recording.aside.as_ref();
    let apart = apart.map_or(0, |record| record.requests.sent);
    let unsent = due.saturating_sub(requests.sent + apart);
    requests.unsent = aside.map_or(unsent, |aside| aside.left_of(unsent));
    requests.due = Some(match aside {
        Some(_) => requests.sent + requests.unsent,
        None => due,
    });
}
