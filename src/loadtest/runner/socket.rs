//! A connection below TLS: a TCP or a unix socket, read and written by the system's own calls. Those
//! of the C library are places where a thread may be cancelled, which costs each of them two locked
//! instructions.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::net::{RecvFlags, SendFlags, recv, send};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::coop;

/// A signal would end the process where an error is wanted; systems without the flag have another way,
/// which the runtime takes.
#[cfg(any(target_os = "linux", target_os = "android"))]
const QUIETLY: SendFlags = SendFlags::NOSIGNAL;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const QUIETLY: SendFlags = SendFlags::empty();

#[derive(Debug)]
pub(super) struct Socket {
    stream: Stream,
    /// Whether the last read filled its room: more may be there already.
    filled: bool,
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Self {
        Self {
            stream: Stream::Tcp(stream),
            filled: false,
        }
    }
}

#[cfg(unix)]
impl From<tokio::net::UnixStream> for Socket {
    fn from(stream: tokio::net::UnixStream) -> Self {
        Self {
            stream: Stream::Unix(stream),
            filled: false,
        }
    }
}

impl Stream {
    fn receive(&self, room: &mut [u8]) -> io::Result<usize> {
        let (length, _) = match self {
            Self::Tcp(stream) => recv(stream, room, RecvFlags::empty())?,
            #[cfg(unix)]
            Self::Unix(stream) => recv(stream, room, RecvFlags::empty())?,
        };
        Ok(length)
    }

    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        let length = match self {
            Self::Tcp(stream) => send(stream, bytes, QUIETLY)?,
            #[cfg(unix)]
            Self::Unix(stream) => send(stream, bytes, QUIETLY)?,
        };
        Ok(length)
    }

    /// Does something if the socket is known to be ready; when it would block, that is known again.
    fn attempt<R>(
        &self,
        interest: Interest,
        operation: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        match self {
            Self::Tcp(stream) => stream.try_io(interest, operation),
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_io(interest, operation),
        }
    }

    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_read_ready(context),
            #[cfg(unix)]
            Self::Unix(stream) => stream.poll_read_ready(context),
        }
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_write_ready(context),
            #[cfg(unix)]
            Self::Unix(stream) => stream.poll_write_ready(context),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.filled {
            // A server that sends without end must not keep the other connections waiting.
            ready!(coop::poll_proceed(context)).made_progress();
        }
        let room = buffer.initialize_unfilled();
        let size = room.len();
        loop {
            let mut received = None;
            let result = this.stream.attempt(Interest::READABLE, || {
                let length = this.stream.receive(room)?;
                received = Some(length);
                // What does not fill the room was all there is, so the next look needs no call.
                if 0 < length && length < size {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Ok(())
            });
            match (received, result) {
                (Some(length), _) => {
                    this.filled = length == size;
                    buffer.advance(length);
                    return Poll::Ready(Ok(()));
                }
                (None, Err(error)) if error.kind() != io::ErrorKind::WouldBlock => {
                    return Poll::Ready(Err(error));
                }
                (None, _) => ready!(this.stream.poll_readable(context))?,
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self
                .stream
                .attempt(Interest::WRITABLE, || self.stream.send(bytes))
            {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.stream.poll_writable(context))?;
                }
                result => return Poll::Ready(result),
            }
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = slices {
            return self.poll_write(context, only);
        }
        match &mut self.get_mut().stream {
            Stream::Tcp(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            #[cfg(unix)]
            Stream::Unix(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// A socket holds nothing back.
    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            #[cfg(unix)]
            Stream::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn in_runtime<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(future)
    }

    fn pair() -> (Socket, tokio::net::UnixStream) {
        let (ours, theirs) = tokio::net::UnixStream::pair().expect("two sockets");
        (Socket::from(ours), theirs)
    }

    #[test]
    fn pieces_arrive_in_order_and_the_end_is_seen() {
        in_runtime(async {
            let (mut socket, mut peer) = pair();
            let mut room = [0; 16];
            for piece in [&b"first"[..], b"second", b"third"] {
                peer.write_all(piece).await.expect("written");
                let length = socket.read(&mut room).await.expect("read");
                assert_eq!(&room[..length], piece);
            }
            // The last piece and the end come together.
            peer.write_all(b"last").await.expect("written");
            drop(peer);
            assert_eq!(socket.read(&mut room).await.expect("read"), 4);
            assert_eq!(socket.read(&mut room).await.expect("the end"), 0);
            let failure = socket.write(b"too late").await.expect_err("nobody reads");
            assert_eq!(failure.kind(), io::ErrorKind::BrokenPipe);
        });
    }

    #[test]
    fn what_does_not_fit_waits_for_the_reader() {
        in_runtime(async {
            let (mut socket, mut peer) = pair();
            let sent = vec![7; 4 * 1024 * 1024];
            let mut received = Vec::new();
            let (written, read) = tokio::join!(socket.write_all(&sent), async {
                let mut room = vec![0; 64 * 1024];
                while received.len() < sent.len() {
                    let length = peer.read(&mut room).await?;
                    received.extend_from_slice(&room[..length]);
                }
                io::Result::Ok(())
            });
            written.expect("written");
            read.expect("read");
            assert!(received == sent);
        });
    }

    #[test]
    fn a_sender_without_end_lets_others_run() {
        in_runtime(async {
            let (mut socket, mut peer) = pair();
            peer.write_all(&[7; 10_000]).await.expect("written");
            let turns = tokio::spawn(async move {
                let mut turns = vec![0];
                while turns.iter().sum::<usize>() < 10_000 {
                    let mut room = [0; 1];
                    let mut buffer = ReadBuf::new(&mut room);
                    // A turn ends where the socket gives nothing, though all bytes are there.
                    let is_pending = poll_fn(|context| {
                        let poll = Pin::new(&mut socket).poll_read(context, &mut buffer);
                        Poll::Ready(poll.is_pending())
                    })
                    .await;
                    if is_pending {
                        turns.push(0);
                        tokio::task::yield_now().await;
                    } else {
                        *turns.last_mut().expect("one") += 1;
                    }
                }
                turns
            });
            let turns = turns.await.expect("no panic");
            assert!(turns.iter().all(|reads| *reads <= 200), "{turns:?}");
        });
    }
}
