//! A connection below TLS: a TCP or a unix socket. The runtime's own until it is connected; where a
//! worker has many of them, one look watches them all from then on.

use std::io::{self, IoSlice};
#[cfg(target_os = "linux")]
use std::os::fd::AsFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::layout::Place;
use super::watch::Watch;
#[cfg(target_os = "linux")]
use super::watched::Watched;

#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
    #[cfg(target_os = "linux")]
    Watched(Watched),
}

impl Socket {
    /// Lets the watch tell when there is something to do. Where that cannot be, the runtime still
    /// does.
    #[cfg(target_os = "linux")]
    pub(super) fn watch(&mut self, watch: &Rc<Watch>, place: Place) {
        let known = match &*self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
            Self::Watched(_) => return,
        };
        let watched = known
            .try_clone_to_owned()
            .and_then(|socket| Watched::new(socket, watch, place));
        if let Ok(watched) = watched {
            *self = Self::Watched(watched);
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn watch(&mut self, watch: &Rc<Watch>, _place: Place) {
        match **watch {}
    }
}

/// The same call to whichever socket it is.
macro_rules! forward {
    ($socket:expr, $method:ident($($argument:expr),*)) => {
        match $socket.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).$method($($argument),*),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).$method($($argument),*),
            #[cfg(target_os = "linux")]
            Self::Watched(stream) => Pin::new(stream).$method($($argument),*),
        }
    };
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        forward!(self, poll_read(context, buffer))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        forward!(self, poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        forward!(self, poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, poll_shutdown(context))
    }
}
