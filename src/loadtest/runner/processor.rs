//! The processor time of the calling thread, so that a saturated load tester can be told from a
//! slow server.

/// Seconds in user and system mode; zero where the system does not tell.
#[cfg(unix)]
pub(super) fn thread_seconds() -> f64 {
    nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID
        .now()
        .map_or(0.0, |time| {
            time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9
        })
}

/// Seconds in user and system mode; zero where the system does not tell.
#[cfg(not(unix))]
pub(super) fn thread_seconds() -> f64 {
    0.0
}
