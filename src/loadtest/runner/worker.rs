//! One worker thread: its runtime, its connections, its clock tick. Everything in it is owned by
//! the thread; the run's shared state is a flag and some counters.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::oneshot;

use super::collector::{Collector, Message};
use super::connect::Route;
use super::driver::Driver;
use super::failure::Failure;
use super::http2::Supplies;
use super::layout::{Ask, Layout, Place};
use super::session::Session;
use super::timeline::{Clock, NEVER, Timeline, nanoseconds};
use super::transport::Transport;
use super::watch::Watch;
use super::{connection, general, pacer, processor};
use crate::loadtest::http1::Recent;
use crate::loadtest::plan::{Engine, Pace, Plan, Request, Reuse, scrambled};
use crate::loadtest::recording::ErrorKind;
use crate::loadtest::request::Prepared;
use crate::loadtest::template::{Needs, Values};

/// How often time-outs, the end of the run and the end of a second are looked at, at most and at
/// least.
const SHORTEST_TICK: Duration = Duration::from_millis(5);
const LONGEST_TICK: Duration = Duration::from_millis(50);

/// How long an open loop waits for answers after its last request.
const GRACE: Duration = Duration::from_secs(2);

/// Tasks that run before the runtime looks for new answers: all that the last look found.
const EVENT_INTERVAL: u32 = 1024;

/// One buffer for all reads of a worker: an answer is never kept between two of them.
const BUFFER: usize = 64 * 1024;

/// Connections that are opened at the same time when the run begins.
const OPENING: usize = 64;

/// What the workers of a run share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) stop: AtomicBool,
    /// Arrivals of the schedule that were taken.
    pub(super) arrivals: Counter,
    /// Requests that were taken of each target, when their number is limited.
    pub(super) taken: Vec<Counter>,
    /// Requests that were chosen by weight.
    pub(super) chosen: Counter,
    /// What templates took: numbers, rows, and seeds of chance.
    pub(super) sequence: Counter,
    pub(super) rows: Counter,
    pub(super) chances: Counter,
}

/// A counter with a cache line to itself (two, since processors fetch them in pairs), so that threads
/// that count one thing do not slow down those that count another.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Counter(AtomicU64);

impl Counter {
    /// The number that is next, from 0.
    pub(super) fn take(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn taken(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a worker needs to begin; made by the coordinator and moved to the thread.
pub(super) struct Assignment {
    pub(super) clock: Clock,
    pub(super) plan: Arc<Plan>,
    pub(super) shared: Arc<Shared>,
    pub(super) layout: Arc<Layout>,
    /// One for each lane.
    pub(super) routes: Vec<Route>,
    /// One for each request of the row.
    pub(super) requests: Arc<[Prepared]>,
    /// The same for the general engine; empty for others.
    pub(super) planned: Arc<[Request]>,
    pub(super) connections: usize,
    pub(super) messages: mpsc::Sender<Message>,
    pub(super) start: oneshot::Receiver<Timeline>,
}

/// How the first connections of one lane went.
#[derive(Clone, Debug, Default)]
pub(super) struct Readiness {
    pub(super) connected: usize,
    pub(super) failed: usize,
    pub(super) first_failure: Option<(ErrorKind, String)>,
}

/// A request of the schedule on its way to an idle connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) due: u64,
    pub(super) target: usize,
}

/// The place of one connection in its worker.
#[derive(Debug)]
pub(super) struct Slot {
    /// `NEVER` without an exchange, 0 once it took too long.
    deadline: Cell<u64>,
    /// When the present exchange began (or was due), and what is asked.
    under_way: Cell<Option<(u64, Ask)>>,
    pub(super) arrival: Cell<Option<Arrival>>,
    waker: RefCell<Option<Waker>>,
}

impl Slot {
    fn new() -> Self {
        Self {
            deadline: Cell::new(NEVER),
            under_way: Cell::new(None),
            arrival: Cell::new(None),
            waker: RefCell::new(None),
        }
    }

    /// An exchange begins that belongs to the instant `from`.
    pub(super) fn begin(&self, from: u64, ask: Ask, deadline: u64) {
        self.under_way.set(Some((from, ask)));
        self.deadline.set(deadline);
    }

    pub(super) fn finish(&self) {
        self.under_way.set(None);
        self.deadline.set(NEVER);
    }

    /// Waits for the transport, unless the time is up.
    pub(super) fn wait<T>(&self, context: &Context<'_>) -> Poll<Result<T, Failure>> {
        if self.deadline.get() == 0 {
            return Poll::Ready(Err(Failure::timeout()));
        }
        self.register(context);
        Poll::Pending
    }

    /// Keeps the waker of the connection's task; it is the same for its whole life.
    pub(super) fn register(&self, context: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        match &*waker {
            Some(present) if present.will_wake(context.waker()) => {}
            _ => *waker = Some(context.waker().clone()),
        }
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }
}

/// The state of a worker thread.
pub(super) struct Worker {
    pub(super) clock: Clock,
    pub(super) plan: Arc<Plan>,
    pub(super) shared: Arc<Shared>,
    pub(super) layout: Arc<Layout>,
    pub(super) routes: Vec<Route>,
    /// The requests of the row, in the form of the engine that runs.
    pub(super) requests: Arc<[Prepared]>,
    /// The requests of the row, where the general engine runs.
    pub(super) planned: Arc<[Request]>,
    pub(super) http2: Supplies,
    /// One for each lane.
    pub(super) clients: Vec<reqwest::Client>,
    /// Whether some request is filled in.
    pub(super) has_templates: bool,
    /// Room for the body of a request that is filled in.
    pub(super) body: RefCell<Vec<u8>>,
    /// Whether a connection can be made, tried once, for an engine that makes its own.
    probes: Vec<tokio::sync::OnceCell<Result<(), (ErrorKind, String)>>>,
    pub(super) slots: Vec<Slot>,
    /// Where there are many sockets that live long.
    watch: Option<Rc<Watch>>,
    pub(super) buffer: RefCell<Box<[u8]>>,
    pub(super) recent: RefCell<Recent>,
    pub(super) collector: RefCell<Collector>,
    timeline: OnceCell<Timeline>,
    /// Nanoseconds that an exchange may take.
    pub(super) timeout: u64,
    pub(super) readiness: RefCell<Vec<Readiness>>,
    pub(super) opening: tokio::sync::Semaphore,
    /// Connections that tried to connect for the first time.
    pub(super) settled: Cell<usize>,
    /// Connections whose loop has not ended.
    pub(super) running: Cell<usize>,
    pub(super) stopped: Cell<bool>,
    pub(super) pacing_is_over: Cell<bool>,
    /// Connections without a request, and since when.
    idle: RefCell<VecDeque<(usize, u64)>>,
    pacer: RefCell<Option<Waker>>,
}

/// Runs a worker to its end; what it measured goes out as messages.
pub(super) fn run(assignment: Assignment) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .event_interval(EVENT_INTERVAL)
        .build_local(tokio::runtime::LocalOptions::default());
    let messages = assignment.messages.clone();
    match runtime {
        Ok(runtime) => runtime.block_on(work(assignment)),
        Err(error) => {
            // The coordinator is gone only when the run is over.
            let _ = messages.send(Message::Broken(error.to_string()));
        }
    }
}

async fn work(assignment: Assignment) {
    let plan = Arc::clone(&assignment.plan);
    let clients = match clients(&plan, &assignment.layout, &assignment.routes) {
        Ok(prepared) => prepared,
        Err(failure) => {
            let _ = assignment
                .messages
                .send(Message::Broken(failure.to_string()));
            return;
        }
    };
    let lanes = assignment.layout.lanes.len();
    let has_templates = Layout::requests(&plan).any(|request| request.filling.is_some());
    let worker = Rc::new(Worker {
        clock: assignment.clock,
        shared: assignment.shared,
        routes: assignment.routes,
        requests: assignment.requests,
        planned: assignment.planned,
        http2: Supplies::new(&plan),
        clients,
        has_templates,
        body: RefCell::new(Vec::new()),
        probes: (0..lanes).map(|_| tokio::sync::OnceCell::new()).collect(),
        slots: (0..assignment.connections).map(|_| Slot::new()).collect(),
        watch: watch(&plan, assignment.connections, lanes),
        buffer: RefCell::new(vec![0; BUFFER].into_boxed_slice()),
        recent: RefCell::default(),
        collector: RefCell::new(Collector::new(
            &plan,
            &assignment.layout,
            assignment.messages,
        )),
        timeline: OnceCell::new(),
        timeout: nanoseconds(plan.timeout),
        readiness: RefCell::new(vec![Readiness::default(); lanes]),
        opening: tokio::sync::Semaphore::new(OPENING),
        settled: Cell::new(0),
        running: Cell::new(assignment.connections),
        stopped: Cell::new(false),
        pacing_is_over: Cell::new(false),
        idle: RefCell::new(VecDeque::with_capacity(assignment.connections)),
        pacer: RefCell::new(None),
        layout: assignment.layout,
        plan,
    });
    let connections = 0..assignment.connections;
    let driver = Driver::new(connections.map(|index| connection::run(Rc::clone(&worker), index)));
    let driven = Rc::clone(&worker);
    let driving =
        tokio::task::spawn_local(async move { driver.run(driven.watch.as_deref()).await });
    // A time-out may be noticed a fiftieth late: it is recorded with the time that was allowed.
    let tick = (worker.plan.timeout / 50).clamp(SHORTEST_TICK, LONGEST_TICK);
    while worker.settled.get() < assignment.connections
        && !worker.is_stopped()
        && !driving.is_finished()
    {
        tokio::time::sleep(SHORTEST_TICK).await;
    }
    let readiness = worker.readiness.borrow().clone();
    worker.collector.borrow().send(Message::Ready(readiness));
    // Without a start the coordinator gave up.
    let Ok(timeline) = assignment.start.await else {
        return;
    };
    worker.begin(timeline);
    // Where the driver cannot go on, what was measured so far is kept.
    while !worker.is_over() && !driving.is_finished() {
        let (now, used) = (worker.clock.now(), processor::thread_seconds());
        let next = now + nanoseconds(tick);
        let next = if now < timeline.end {
            next.min(timeline.end)
        } else {
            next
        };
        tokio::time::sleep_until(worker.clock.instant(next).into()).await;
        let woken = worker.clock.now();
        worker.expire(woken);
        // A tick that is late because of the connections' own work waited for no processor.
        let used = Duration::from_secs_f64((processor::thread_seconds() - used).max(0.0));
        let unused = (woken - now).saturating_sub(nanoseconds(used));
        let mut collector = worker.collector.borrow_mut();
        collector.ticked(next, woken, unused);
        collector.advance(woken);
    }
    worker.end();
}

/// A lone connection shares no look with others, one that serves a single request is not worth the
/// calls, and other engines have sockets of their own.
fn watch(plan: &Plan, connections: usize, lanes: usize) -> Option<Rc<Watch>> {
    let pays = connections > 1
        && plan.reuse == Reuse::KeepAlive
        && matches!(plan.engine, Engine::Http1 | Engine::Http2);
    let watch = pays.then(|| Watch::new(connections, lanes))?;
    // Where there can be none, the runtime looks after each socket.
    watch.ok().map(Rc::new)
}

/// The clients of the general engine, one for each lane.
fn clients(
    plan: &Plan,
    layout: &Layout,
    routes: &[Route],
) -> Result<Vec<reqwest::Client>, Failure> {
    let Engine::General(options) = &plan.engine else {
        return Ok(Vec::new());
    };
    let client = |(lane, route)| {
        let request = layout.request_of(plan, lane);
        general::client(plan, request, route, options)
    };
    routes.iter().enumerate().map(client).collect()
}

impl Worker {
    fn begin(self: &Rc<Self>, timeline: Timeline) {
        self.collector.borrow_mut().begin(timeline);
        let _ = self.timeline.set(timeline);
        if let Pace::Open(schedule) = &self.plan.pace {
            let schedule = schedule.clone();
            tokio::task::spawn_local(pacer::pace(Rc::clone(self), schedule, timeline));
        }
        for slot in &self.slots {
            slot.wake();
        }
    }

    /// Takes what is still under way into account and hands everything over.
    fn end(&self) {
        let mut collector = self.collector.borrow_mut();
        for slot in &self.slots {
            if let Some((from, ask)) = slot.under_way.get() {
                collector.left_open(ask, from);
            }
        }
        collector.end(self.clock.now());
    }

    fn is_stopped(&self) -> bool {
        let stopped = self.shared.stop.load(Ordering::Relaxed);
        self.stopped.set(stopped);
        stopped
    }

    fn is_over(&self) -> bool {
        if self.is_stopped() || self.running.get() == 0 {
            return true;
        }
        let Some(timeline) = self.timeline.get() else {
            return false;
        };
        let now = self.clock.now();
        match &self.plan.pace {
            Pace::Closed => now >= timeline.end,
            Pace::Open(_) => {
                let all_idle =
                    self.pacing_is_over.get() && self.idle.borrow().len() == self.running.get();
                let grace = nanoseconds(GRACE.min(self.plan.timeout + LONGEST_TICK));
                (all_idle && now >= timeline.end) || now >= timeline.end.saturating_add(grace)
            }
        }
    }

    /// Ends the exchanges that took too long.
    fn expire(&self, now: u64) {
        for slot in &self.slots {
            let deadline = slot.deadline.get();
            if deadline <= now && deadline != 0 {
                slot.deadline.set(0);
                slot.wake();
            }
        }
    }

    /// Resolves when the run has begun.
    pub(super) async fn begun(&self, slot: &Slot) {
        poll_fn(|context| {
            if self.timeline.get().is_some() {
                return Poll::Ready(());
            }
            slot.register(context);
            Poll::Pending
        })
        .await;
    }

    /// Of a run that has begun.
    pub(super) fn timeline(&self) -> &Timeline {
        self.timeline
            .get()
            .expect("only a run that has begun sends requests")
    }

    pub(super) async fn connect(&self, place: Place) -> Result<Transport, Failure> {
        let result = self.routes[place.lane]
            .connect(self.clock, self.plan.timeout)
            .await;
        let target = self.layout.lanes[place.lane].target;
        let mut transport = self.collector.borrow_mut().connected(target, result)?;
        if let Some(watch) = &self.watch {
            transport.socket().watch(watch, place);
        }
        Ok(transport)
    }

    /// Tries to connect, once for all sessions and without counting it.
    pub(super) async fn probe(&self, lane: usize) -> Result<(), Failure> {
        let route = &self.routes[lane];
        let probe = self.probes[lane].get_or_init(|| async {
            match route.connect(self.clock, self.plan.timeout).await {
                Ok(_) => Ok(()),
                Err(failure) => Err((failure.kind, failure.to_string())),
            }
        });
        let result = probe.await.clone();
        result.map_err(|(kind, words)| Failure::new(kind, words))
    }

    /// Whether a lane's first connections failed as often as are tried at a time, and none was made.
    pub(super) fn is_silent(&self, lane: usize) -> bool {
        let readiness = &self.readiness.borrow()[lane];
        readiness.connected == 0 && readiness.failed >= OPENING
    }

    pub(super) fn count_closed(&self, target: usize) {
        self.collector.borrow_mut().closed_by_server(target);
    }

    /// Whether someone wants to look at an answer of this status.
    pub(super) fn wants(&self, ask: Ask, status: u16) -> bool {
        self.collector.borrow().wants(ask, status)
    }

    /// A connection is idle: the pacer may use it.
    pub(super) fn idle(&self, index: usize, since: u64) {
        self.idle.borrow_mut().push_back((index, since));
        if let Some(pacer) = self.pacer.borrow_mut().take() {
            pacer.wake();
        }
    }

    pub(super) async fn wait_for_idle(&self) {
        poll_fn(|context| {
            if self.idle.borrow().is_empty() {
                *self.pacer.borrow_mut() = Some(context.waker().clone());
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    /// Since when the connection that is idle longest has been so.
    pub(super) fn idle_since(&self) -> Option<u64> {
        self.idle.borrow().front().map(|(_, since)| *since)
    }

    /// Gives an arrival to the connection that is idle longest.
    pub(super) fn hand_over(&self, arrival: Arrival, now: u64) {
        let Some((index, since)) = self.idle.borrow_mut().pop_front() else {
            return;
        };
        let possible = arrival.due.max(since);
        self.collector
            .borrow_mut()
            .lag(arrival.due, now.saturating_sub(possible));
        let slot = &self.slots[index];
        slot.arrival.set(Some(arrival));
        slot.wake();
    }

    pub(super) fn session(&self, place: Place) -> Session {
        Session::new(&self.plan.engine, place)
    }

    /// What a request is filled in with. The numbers are those of the whole run, all shards together.
    pub(super) fn values(&self, needs: Needs) -> Values<'_> {
        let take = |counter: &Counter| self.plan.shard.number_of(counter.take());
        let shared = &self.shared;
        let data = self.plan.data.as_ref();
        let row = match data {
            Some(data) if needs.row => data.row(take(&shared.rows), self.plan.seed),
            _ => 0,
        };
        let chance = if needs.chance {
            scrambled(!self.plan.seed, take(&shared.chances))
        } else {
            0
        };
        let sequence = if needs.sequence {
            take(&shared.sequence) + 1
        } else {
            0
        };
        Values::new(data.map(|data| &data.table), sequence, row, chance)
    }

    /// The next request of a target.
    pub(super) fn ask(&self, target: usize) -> Ask {
        self.layout.ask(target, || {
            self.plan.shard.number_of(self.shared.chosen.take())
        })
    }
}
