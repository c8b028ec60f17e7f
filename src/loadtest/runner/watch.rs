//! One look at all connections of a worker. For each of its own sockets the runtime keeps a lock, a
//! list and a waker that is made anew for every wait, which costs a request more than the reading of
//! its answer. Here a look tells which connections have something to do, and what is kept for a
//! socket are three marks.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Sockets that one look finds at most.
const MOST: usize = 1024;

/// A look does not wait; the runtime does.
const AT_ONCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// What is known of a socket: what the last look found, until a read or write finds it used up.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) readable: Cell<bool>,
    pub(super) writable: Cell<bool>,
    /// The peer has ended its side, which is told once: what is there can be read to its end.
    pub(super) ended: Cell<bool>,
}

pub(super) struct Watch {
    /// The set of watched sockets; it can be waited for like a socket.
    sockets: AsyncFd<OwnedFd>,
    /// By the place of the socket.
    marks: Vec<Marks>,
    found: RefCell<Vec<Event>>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Watch")
            .field("marks", &self.marks)
            .finish_non_exhaustive()
    }
}

impl Watch {
    /// For sockets at as many places; needs a runtime.
    pub(super) fn new(places: usize) -> io::Result<Self> {
        let sockets = epoll::create(CreateFlags::CLOEXEC)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe only for types that do not own their descriptor"
        )]
        let sockets = AsyncFd::with_interest(sockets, Interest::READABLE)?;
        Ok(Self {
            sockets,
            marks: (0..places).map(|_| Marks::default()).collect(),
            found: RefCell::new(Vec::with_capacity(places.min(MOST))),
        })
    }

    /// Watches a socket until it is closed. There is one at a place at a time.
    pub(super) fn add(&self, socket: impl AsFd, place: usize) -> io::Result<()> {
        // The first look tells what is there already.
        self.marks[place].readable.set(false);
        self.marks[place].writable.set(true);
        self.marks[place].ended.set(false);
        let events = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        let data = EventData::new_u64(place as u64);
        Ok(epoll::add(self.sockets.get_ref(), socket, data, events)?)
    }

    pub(super) fn marks(&self, place: usize) -> &Marks {
        &self.marks[place]
    }

    /// Calls `wake` with each place at which something happened, as long as the worker lives.
    pub(super) async fn run(&self, wake: impl Fn(usize)) -> io::Error {
        match self.watch(wake).await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    async fn watch(&self, wake: impl Fn(usize)) -> io::Result<Infallible> {
        loop {
            let mut ready = self.sockets.readable().await?;
            // While many have something to do, more will; their tasks run before the next look.
            while self.look(&wake)? > 1 {
                tokio::task::yield_now().await;
            }
            ready.clear_ready();
        }
    }

    /// How many places were found.
    fn look(&self, wake: impl Fn(usize)) -> io::Result<usize> {
        let mut found = self.found.borrow_mut();
        let room = spare_capacity(&mut found);
        let count = match epoll::wait(self.sockets.get_ref(), room, Some(&AT_ONCE)) {
            Err(rustix::io::Errno::INTR) => 0,
            result => result?,
        };
        for event in found.drain(..) {
            let (flags, data) = (event.flags, event.data);
            let place = usize::try_from(data.u64()).unwrap_or(usize::MAX);
            let Some(marks) = self.marks.get(place) else {
                continue;
            };
            let has_ended = flags.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR);
            if has_ended {
                marks.ended.set(true);
            }
            if has_ended || flags.contains(EventFlags::IN) {
                marks.readable.set(true);
            }
            if has_ended || flags.contains(EventFlags::OUT) {
                marks.writable.set(true);
            }
            wake(place);
        }
        Ok(count)
    }
}
