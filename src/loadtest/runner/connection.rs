//! The life of one connection: connect, then request after request, in a closed or an open loop.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use super::collector::Exchange;
use super::failure::Failure;
use super::layout::{Ask, Counted, Place};
use super::session::{Reply, Session};
use super::worker::{Arrival, Slot, Worker};
use crate::loadtest::plan::{Extent, Pace};
use crate::loadtest::recording::ErrorKind;

/// Attempts of each connection before the run begins, and the pause between them.
const FIRST_ATTEMPTS: usize = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// A closed loop must not spin on a server that refuses.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

pub(super) async fn run(worker: Rc<Worker>, index: usize) {
    // Boxed, so that it is gone when the loop begins.
    let sessions = Box::pin(first_sessions(&worker, index)).await;
    worker.settled.set(worker.settled.get() + 1);
    let slot = &worker.slots[index];
    worker.begun(slot).await;
    let mut connection = Connection {
        worker: &worker,
        slot,
        sessions,
    };
    match &worker.plan.pace {
        Pace::Closed => connection.closed_loop().await,
        Pace::Open(_) => connection.open_loop(index).await,
    }
    worker.running.set(worker.running.get() - 1);
}

/// One for each lane. The lanes do not wait for one another: a host that does not answer holds up
/// itself alone.
async fn first_sessions(worker: &Rc<Worker>, connection: usize) -> Vec<Session> {
    let lanes = 0..worker.layout.lanes.len();
    if lanes.len() == 1 {
        let mut only = worker.session(Place {
            connection,
            lane: 0,
        });
        connect_first(worker, 0, &mut only).await;
        return vec![only];
    }
    let tasks: Vec<_> = lanes
        .map(|lane| {
            let worker = Rc::clone(worker);
            tokio::task::spawn_local(async move {
                let mut session = worker.session(Place { connection, lane });
                connect_first(&worker, lane, &mut session).await;
                session
            })
        })
        .collect();
    let mut sessions = Vec::with_capacity(tasks.len());
    for (lane, task) in tasks.into_iter().enumerate() {
        // A panic has been reported by its hook; the lane connects when it is used.
        sessions.push(
            task.await
                .unwrap_or_else(|_| worker.session(Place { connection, lane })),
        );
    }
    sessions
}

async fn connect_first(worker: &Worker, lane: usize, session: &mut Session) {
    let mut result = Ok(());
    for attempt in 0..FIRST_ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(FIRST_PAUSE).await;
        }
        let permit = worker.opening.acquire().await;
        if worker.is_silent(lane) {
            worker.readiness.borrow_mut()[lane].failed += 1;
            return;
        }
        result = session.connect(worker).await;
        drop(permit);
        let is_final = result.as_ref().is_ok_and(|()| true)
            || result
                .as_ref()
                .is_err_and(|failure: &Failure| failure.kind != ErrorKind::Refused);
        if is_final {
            break;
        }
    }
    let mut readiness = worker.readiness.borrow_mut();
    let readiness = &mut readiness[lane];
    match result {
        Ok(()) => readiness.connected += 1,
        Err(failure) => {
            readiness.failed += 1;
            readiness
                .first_failure
                .get_or_insert_with(|| (failure.kind, failure.to_string()));
        }
    }
}

/// Small, since a thousand of them shall stay near the processor: what all share is the worker's.
struct Connection<'run> {
    worker: &'run Worker,
    slot: &'run Slot,
    /// One for each lane.
    sessions: Vec<Session>,
}

impl Connection<'_> {
    async fn closed_loop(&mut self) {
        let worker = self.worker;
        let timeline = worker.timeline();
        let mut pause = SHORTEST_PAUSE;
        let mut now = self.wait_for_start().await;
        while now < timeline.end && !worker.stopped.get() {
            let Some(ask) = self.take_turn(now) else {
                return;
            };
            if !self.sessions[ask.lane].is_connected() {
                let begun = now;
                let connected = Box::pin(self.connect(ask, begun, begun)).await;
                if !connected {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                now = worker.clock.now();
                if !connected {
                    continue;
                }
                pause = SHORTEST_PAUSE;
                if timeline.is_warm(now) && !timeline.is_warm(begun) {
                    // The turn was one of the warm-up, which is over: this request takes another.
                    continue;
                }
            }
            let sent = now;
            let mut result = self.exchange(ask, sent, sent).await;
            if result.is_err() {
                result = Box::pin(self.send_again(ask, sent, result)).await;
            }
            self.slot.finish();
            now = worker.clock.now();
            if now > timeline.end {
                // The answer came after the end: it is as open as those that did not come at all.
                worker.collector.borrow_mut().left_open(ask, sent);
                return;
            }
            let exchange = Exchange {
                ask,
                from: sent,
                sent,
                ended: now,
            };
            worker.collector.borrow_mut().ended(&exchange, result);
        }
    }

    async fn open_loop(&mut self, index: usize) {
        let worker = self.worker;
        let mut used = None;
        loop {
            worker.idle(index, worker.clock.now());
            let (arrival, ask) = self.next_ask(used.take()).await;
            let mut sent = worker.clock.now();
            if !self.sessions[ask.lane].is_connected() {
                if !Box::pin(self.connect(ask, arrival.due, sent)).await {
                    continue;
                }
                sent = worker.clock.now();
            }
            used = Some(ask.lane);
            let mut result = self.exchange(ask, arrival.due, sent).await;
            if result.is_err() {
                result = Box::pin(self.send_again(ask, arrival.due, result)).await;
            }
            self.slot.finish();
            let exchange = Exchange {
                ask,
                from: arrival.due,
                sent,
                ended: worker.clock.now(),
            };
            worker.collector.borrow_mut().ended(&exchange, result);
        }
    }

    /// Connects for a request that belongs to the instant `from`; a failure is that of the request.
    async fn connect(&mut self, ask: Ask, from: u64, sent: u64) -> bool {
        let worker = self.worker;
        self.slot.begin(from, ask, super::timeline::NEVER);
        let result = self.sessions[ask.lane].connect(worker).await;
        self.slot.finish();
        let Err(failure) = result else {
            return true;
        };
        let exchange = Exchange {
            ask,
            from,
            sent,
            ended: worker.clock.now(),
        };
        worker.collector.borrow_mut().ended(&exchange, Err(failure));
        false
    }

    /// No state of its own: what is to be done before an exchange is done when it is asked for.
    fn exchange(
        &mut self,
        ask: Ask,
        from: u64,
        sent: u64,
    ) -> impl Future<Output = Result<Reply, Failure>> {
        let deadline = sent.saturating_add(self.worker.timeout);
        self.slot.begin(from, ask, deadline);
        let session = &mut self.sessions[ask.lane];
        if self.worker.has_templates {
            session.fill(self.worker, ask);
        }
        session.exchange(self.worker, self.slot, ask)
    }

    /// What became of a request that failed: it is sent once more when the server had closed the
    /// idle connection.
    async fn send_again(
        &mut self,
        ask: Ask,
        from: u64,
        result: Result<Reply, Failure>,
    ) -> Result<Reply, Failure> {
        let session = &mut self.sessions[ask.lane];
        if !session.was_stale() {
            return result;
        }
        self.worker.collector.borrow_mut().retried(ask, from);
        session.connect(self.worker).await?;
        session.exchange(self.worker, self.slot, ask).await
    }

    /// The next request of the schedule. The lane of the last exchange is connected again while
    /// nothing is to be done; when a request of another lane comes first, that is left.
    async fn next_ask(&mut self, used: Option<usize>) -> (Arrival, Ask) {
        let (worker, slot) = (self.worker, self.slot);
        if let Some(lane) = used.filter(|lane| !self.sessions[*lane].is_connected()) {
            let mut connecting = pin!(self.sessions[lane].connect(worker));
            let arrival = poll_fn(|context| {
                if let Some(arrival) = slot.arrival.take() {
                    return Poll::Ready(Some(arrival));
                }
                slot.register(context);
                // A failure hits nobody yet: the next request of the lane tries again.
                connecting.as_mut().poll(context).map(|_| None)
            })
            .await;
            if let Some(arrival) = arrival {
                let ask = worker.ask(arrival.target);
                if ask.lane == lane {
                    slot.begin(arrival.due, ask, super::timeline::NEVER);
                    let _ = connecting.await;
                }
                return (arrival, ask);
            }
        }
        let arrival = self.next_arrival().await;
        (arrival, worker.ask(arrival.target))
    }

    async fn wait_for_start(&self) -> u64 {
        let start = self.worker.clock.instant(self.worker.timeline().start);
        tokio::time::sleep_until(start.into()).await;
        self.worker.clock.now()
    }

    /// The next request, or `None` when all were taken.
    fn take_turn(&self, now: u64) -> Option<Ask> {
        let worker = self.worker;
        let timeline = worker.timeline();
        let turn = timeline.target_at(now);
        let Extent::Requests(count) = worker.plan.extent else {
            return Some(worker.ask(turn));
        };
        if !timeline.is_warm(now) {
            return Some(worker.ask(turn));
        }
        let taken = &worker.shared.taken;
        if worker.plan.targets[turn].aside().is_some() {
            // What is counted apart takes none of the number that was asked for.
            let ask = worker.ask(turn);
            let has_turn = match worker.layout.counted(ask) {
                Counted::As(_) => taken[turn].take() < count,
                Counted::Apart(_) => taken[turn].taken() < count,
            };
            return has_turn.then_some(ask);
        }
        let mut others = (0..taken.len()).map(|step| (turn + step) % taken.len());
        let target = others.find(|target| taken[*target].take() < count)?;
        Some(worker.ask(target))
    }

    async fn next_arrival(&mut self) -> Arrival {
        poll_fn(|context| {
            if let Some(arrival) = self.slot.arrival.take() {
                return Poll::Ready(arrival);
            }
            for session in &mut self.sessions {
                session.attend(self.worker, context);
            }
            self.slot.register(context);
            Poll::Pending
        })
        .await
    }
}
