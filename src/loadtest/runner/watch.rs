//! One look at all connections of a worker. For each of its own sockets the runtime keeps a lock, a
//! list and a waker that is made anew for every wait, which costs a request more than the reading of
//! its answer. Here a look tells which connections have something to do, and what is kept for a
//! socket are three marks.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::task::{Context, Poll, ready};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::retry_on_intr;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::layout::Place;

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
    lanes: usize,
    /// By connection and lane.
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
    /// For a socket on each lane of each connection; needs a runtime.
    pub(super) fn new(connections: usize, lanes: usize) -> io::Result<Self> {
        let sockets = epoll::create(CreateFlags::CLOEXEC)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe only for types that do not own their descriptor"
        )]
        let sockets = AsyncFd::with_interest(sockets, Interest::READABLE)?;
        let places = connections * lanes;
        Ok(Self {
            sockets,
            lanes,
            marks: (0..places).map(|_| Marks::default()).collect(),
            found: RefCell::new(Vec::with_capacity(places.min(MOST))),
        })
    }

    /// Watches a socket until it is closed. There is one at a place at a time.
    pub(super) fn add(&self, socket: impl AsFd, place: Place) -> io::Result<()> {
        // The first look tells what is there already.
        let marks = self.marks(place);
        marks.readable.set(false);
        marks.writable.set(true);
        marks.ended.set(false);
        let events = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        let data = EventData::new_u64(number(place));
        Ok(epoll::add(self.sockets.get_ref(), socket, data, events)?)
    }

    pub(super) fn marks(&self, place: Place) -> &Marks {
        &self.marks[place.connection * self.lanes + place.lane]
    }

    /// Whether something happened to a socket since this was asked; the next look is to find it.
    pub(super) fn poll_changed(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.sockets.poll_read_ready(context))?.clear_ready();
        Poll::Ready(Ok(()))
    }

    /// Calls `visit` with the connection of each socket to which something happened. Returns how many
    /// sockets they were.
    pub(super) fn look(&self, mut visit: impl FnMut(usize)) -> io::Result<usize> {
        let mut found = self.found.borrow_mut();
        let count = retry_on_intr(|| {
            let room = spare_capacity(&mut found);
            epoll::wait(self.sockets.get_ref(), room, Some(&AT_ONCE))
        })?;
        for event in found.drain(..) {
            let (flags, data) = (event.flags, event.data);
            let place = place(data.u64());
            let marks = self.marks(place);
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
            visit(place.connection);
        }
        Ok(count)
    }
}

/// A place as the system keeps it.
const fn number(place: Place) -> u64 {
    (place.connection as u64) << 32 | place.lane as u64
}

const fn place(number: u64) -> Place {
    Place {
        connection: (number >> 32) as usize,
        lane: (number & u32::MAX as u64) as usize,
    }
}
