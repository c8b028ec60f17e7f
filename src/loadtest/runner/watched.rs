//! A socket that is watched with the others of its worker, read and written by the system's own
//! calls. Those of the C library are places where a thread may be cancelled, which costs each of
//! them two locked instructions.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use rustix::io::Errno;
use rustix::net::{
    RecvFlags, SendAncillaryBuffer, SendFlags, Shutdown, recv, send, sendmsg, shutdown,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop;

use super::layout::Place;
use super::watch::{Marks, Watch};

/// Who waits for it registers nothing: the watch wakes the task of its connection, whose waker the
/// worker has.
#[derive(Debug)]
pub(super) struct Watched {
    socket: OwnedFd,
    watch: Rc<Watch>,
    place: Place,
    /// Whether the last read filled its room: more may be there already.
    filled: bool,
}

impl Watched {
    /// Takes over a connected socket that does not block.
    pub(super) fn new(socket: OwnedFd, watch: &Rc<Watch>, place: Place) -> io::Result<Self> {
        watch.add(&socket, place)?;
        Ok(Self {
            socket,
            watch: Rc::clone(watch),
            place,
            filled: false,
        })
    }

    fn marks(&self) -> &Marks {
        self.watch.marks(self.place)
    }

    fn poll_send(
        &self,
        call: impl Fn(&OwnedFd) -> rustix::io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let writable = &self.marks().writable;
        while writable.get() {
            match call(&self.socket) {
                Err(Errno::AGAIN) => writable.set(false),
                Err(Errno::INTR) => {}
                result => return Poll::Ready(Ok(result?)),
            }
        }
        Poll::Pending
    }
}

impl AsyncRead for Watched {
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
        let marks = this.watch.marks(this.place);
        let room = buffer.initialize_unfilled();
        let size = room.len();
        while marks.readable.get() {
            match recv(&this.socket, &mut *room, RecvFlags::empty()) {
                Ok((length, _)) => {
                    this.filled = length == size;
                    // What does not fill the room was all there is, so the next look needs no call.
                    if !this.filled && !marks.ended.get() {
                        marks.readable.set(false);
                    }
                    buffer.advance(length);
                    return Poll::Ready(Ok(()));
                }
                Err(Errno::AGAIN) => marks.readable.set(false),
                Err(Errno::INTR) => {}
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
        Poll::Pending
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(|socket| send(socket, bytes, SendFlags::NOSIGNAL))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(|socket| {
            let mut control = SendAncillaryBuffer::default();
            sendmsg(socket, slices, &mut control, SendFlags::NOSIGNAL)
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// A socket holds nothing back.
    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        shutdown(self.socket.as_fd(), Shutdown::Write)?;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixStream;

    use super::super::driver::Driver;
    use super::*;

    /// Runs a task with a watched socket and its peer.
    fn watched(task: impl AsyncFnOnce(Watched, UnixStream)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build_local(tokio::runtime::LocalOptions::default())
            .expect("a runtime");
        runtime.block_on(async {
            let (ours, theirs) = UnixStream::pair().expect("two sockets");
            let watch = Rc::new(Watch::new(1, 2).expect("a watch"));
            let ours = ours.into_std().expect("a socket").into();
            let place = Place {
                connection: 0,
                lane: 1,
            };
            let socket = Watched::new(ours, &watch, place).expect("it can be watched");
            let driver = Driver::new(std::iter::once(task(socket, theirs)));
            driver.run(Some(&*watch)).await.expect("a watch that works");
        });
    }

    #[test]
    fn pieces_arrive_in_order_and_the_end_is_seen() {
        watched(async |mut socket, mut peer| {
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
    fn an_answer_that_comes_while_the_socket_waits_is_seen() {
        watched(async |mut socket, mut peer| {
            let mut room = [0; 16];
            for _ in 0..3 {
                let (read, written) = tokio::join!(socket.read(&mut room), async {
                    tokio::task::yield_now().await;
                    peer.write_all(b"late").await
                });
                written.expect("written");
                assert_eq!(read.expect("read"), 4);
            }
        });
    }

    #[test]
    fn what_does_not_fit_waits_for_the_reader() {
        watched(async |mut socket, mut peer| {
            let sent = vec![7; 4 * 1024 * 1024];
            let mut received = Vec::new();
            let halves = sent.split_at(1024);
            let slices = [IoSlice::new(halves.0), IoSlice::new(halves.1)];
            let (written, read) = tokio::join!(
                async {
                    let first = socket.write_vectored(&slices).await?;
                    socket.write_all(&sent[first..]).await?;
                    socket.shutdown().await
                },
                peer.read_to_end(&mut received)
            );
            written.expect("written");
            read.expect("read");
            assert!(received == sent);
        });
    }

    #[test]
    fn a_sender_without_end_lets_others_run() {
        watched(async |mut socket, mut peer| {
            peer.write_all(&[7; 10_000]).await.expect("written");
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
            assert!(turns.iter().all(|reads| *reads <= 200), "{turns:?}");
        });
    }
}
