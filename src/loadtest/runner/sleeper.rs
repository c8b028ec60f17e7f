//! Waking at an instant, to some tens of microseconds. Tokio's timers have steps of a millisecond,
//! which an open loop would see as latency, so Linux uses a timer file of its own; elsewhere the
//! last step is spent yielding.

use std::time::Duration;

use super::timeline::Clock;

/// Closer than this, arming a timer costs more than waiting.
const YIELDING: u64 = 30_000;

/// Waits for instants of one worker.
#[derive(Debug)]
pub(super) struct Sleeper {
    clock: Clock,
    #[cfg(target_os = "linux")]
    timer: Option<timer::Timer>,
}

impl Sleeper {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            #[cfg(target_os = "linux")]
            timer: timer::Timer::new().ok(),
        }
    }

    /// Returns at or shortly after the instant.
    pub(super) async fn until(&self, at: u64) {
        loop {
            let left = at.saturating_sub(self.clock.now());
            if left == 0 {
                return;
            }
            if left <= YIELDING {
                tokio::task::yield_now().await;
                continue;
            }
            #[cfg(target_os = "linux")]
            if let Some(timer) = &self.timer
                && timer.sleep(Duration::from_nanos(left)).await.is_ok()
            {
                continue;
            }
            self.sleep_coarsely(at, left).await;
        }
    }

    async fn sleep_coarsely(&self, at: u64, left: u64) {
        const STEP: u64 = 2_000_000;
        if left > STEP {
            let instant = self.clock.instant(at - STEP);
            tokio::time::sleep_until(instant.into()).await;
        } else {
            // Yielding still lets the answers in between turns.
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(target_os = "linux")]
mod timer {
    use std::io;
    use std::os::fd::{AsFd, AsRawFd, RawFd};
    use std::time::Duration;

    use nix::sys::time::TimeSpec;
    use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// Owns its descriptor, so that the number stays valid as long as the runtime watches it.
    #[derive(Debug)]
    struct Descriptor(TimerFd);

    impl AsRawFd for Descriptor {
        fn as_raw_fd(&self) -> RawFd {
            self.0.as_fd().as_raw_fd()
        }
    }

    #[derive(Debug)]
    pub(super) struct Timer(AsyncFd<Descriptor>);

    impl Timer {
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
            let timer = Descriptor(TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?);
            #[expect(
                deprecated,
                reason = "its successor is unsafe only for types that do not own their descriptor"
            )]
            let watched = AsyncFd::with_interest(timer, Interest::READABLE)?;
            Ok(Self(watched))
        }

        pub(super) async fn sleep(&self, duration: Duration) -> io::Result<()> {
            let expiration = Expiration::OneShot(TimeSpec::from_duration(duration));
            let timer = &self.0.get_ref().0;
            timer.set(expiration, TimerSetTimeFlags::empty())?;
            let mut ready = self.0.readable().await?;
            // An early wake-up finds nothing to read; the caller looks at the clock.
            let _ = ready.try_io(|timer| timer.get_ref().0.wait().map_err(io::Error::from));
            Ok(())
        }
    }
}
