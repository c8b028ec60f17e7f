//! Runs the connections of a worker. They are futures that one task polls: as one of thousands of
//! tasks, each would pass through the runtime's queue for every answer, where a look at the sockets
//! already says whose turn it is.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use tokio::task::coop;

use super::watch::Watch;

pub(super) struct Driver<F> {
    /// By their number; none once it has ended.
    connections: Vec<Option<Pin<Box<F>>>>,
    living: usize,
    /// What wakes each of them.
    wakers: Vec<Waker>,
    calls: Arc<Calls>,
    /// Room for the calls that are answered.
    taken: Vec<usize>,
}

/// Connections that were woken, by whatever they waited for other than a watched socket.
#[derive(Default)]
struct Calls(Mutex<Called>);

#[derive(Default)]
struct Called {
    connections: Vec<usize>,
    driver: Option<Waker>,
}

/// The waker of one connection.
struct Call {
    connection: usize,
    calls: Arc<Calls>,
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut called = self.calls.lock();
        called.connections.push(self.connection);
        let driver = called.driver.take();
        drop(called);
        if let Some(driver) = driver {
            driver.wake();
        }
    }
}

impl Calls {
    fn lock(&self) -> MutexGuard<'_, Called> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn are_there(&self) -> bool {
        !self.lock().connections.is_empty()
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut called = self.lock();
        if called.connections.is_empty() {
            called.driver = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

impl<F: Future<Output = ()>> Driver<F> {
    /// Each connection is called once, so that it begins.
    pub(super) fn new(connections: impl Iterator<Item = F>) -> Self {
        let connections: Vec<_> = connections.map(|future| Some(Box::pin(future))).collect();
        let count = connections.len();
        let calls = Arc::new(Calls::default());
        calls.lock().connections.extend(0..count);
        let waker = |connection| {
            let calls = Arc::clone(&calls);
            Waker::from(Arc::new(Call { connection, calls }))
        };
        Self {
            connections,
            living: count,
            wakers: (0..count).map(waker).collect(),
            taken: Vec::with_capacity(count),
            calls,
        }
    }

    /// Runs them until all have ended. A failure is one of the watch.
    pub(super) async fn run(mut self, watch: Option<&Watch>) -> io::Result<()> {
        loop {
            let found = match watch {
                Some(watch) => watch.look(|connection| self.poll(connection))?,
                None => 0,
            };
            self.poll_called();
            if self.living == 0 {
                return Ok(());
            }
            if found > 1 || self.calls.are_there() {
                // Where several had something to do, more will. The runtime has a turn in between.
                tokio::task::yield_now().await;
            } else {
                poll_fn(|context| match (self.calls.poll(context), watch) {
                    (Poll::Pending, Some(watch)) => watch.poll_changed(context),
                    (called, _) => called.map(Ok),
                })
                .await?;
            }
        }
    }

    fn poll_called(&mut self) {
        std::mem::swap(&mut self.taken, &mut self.calls.lock().connections);
        let mut polled = 0;
        // Without a budget they would only be told to wait.
        while polled < self.taken.len() && coop::has_budget_remaining() {
            self.poll(self.taken[polled]);
            polled += 1;
        }
        let left = self.taken.drain(polled..);
        self.calls.lock().connections.extend(left);
        self.taken.clear();
    }

    fn poll(&mut self, connection: usize) {
        let Some(Some(future)) = self.connections.get_mut(connection) else {
            return;
        };
        let mut context = Context::from_waker(&self.wakers[connection]);
        if future.as_mut().poll(&mut context).is_ready() {
            self.connections[connection] = None;
            self.living -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_has_its_turn_though_all_want_more_than_a_turn_gives() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let taken = tokio::sync::Semaphore::new(400);
        let ended = Cell::new(0);
        let connections = (0..300).map(async |_| {
            for _ in 0..3 {
                // Each costs a part of the turn's budget.
                drop(taken.acquire().await);
                tokio::task::yield_now().await;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            ended.set(ended.get() + 1);
        });
        let driver = Driver::new(connections);
        let driven = runtime.expect("a runtime").block_on(async {
            // One that is forgotten would be waited for.
            tokio::time::timeout(Duration::from_mins(1), driver.run(None)).await
        });
        assert!(driven.is_ok(), "{} have ended", ended.get());
        assert_eq!(ended.get(), 300);
    }
}
