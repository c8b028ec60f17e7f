//! No watch: where the system has no sets of sockets that can themselves be watched, the runtime
//! looks after each socket.

use std::io;
use std::task::{Context, Poll};

/// There is none.
#[derive(Debug)]
pub(super) enum Watch {}

impl Watch {
    pub(super) fn new(_connections: usize, _lanes: usize) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn poll_changed(&self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }

    pub(super) fn look(&self, _visit: impl FnMut(usize)) -> io::Result<usize> {
        match *self {}
    }
}
