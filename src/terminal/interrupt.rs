//! Ctrl-C and SIGTERM. The first asks the work to stop and report; the second leaves at once, after
//! the registered clean-ups. Work that may run long calls `listen` once and watches the handle.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::watch;

use crate::failure::Interruption;

type Cleanup = Box<dyn FnOnce() + Send>;

/// Clean-ups by number, so that one that is done can be taken back.
static CLEANUPS: Mutex<BTreeMap<u64, Cleanup>> = Mutex::new(BTreeMap::new());
static INTERRUPT: OnceLock<Interrupt> = OnceLock::new();

/// Tells whether a signal asked the run to stop. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Interrupt {
    receiver: watch::Receiver<Option<Interruption>>,
    /// Keeps the channel open when the listening thread could not start.
    _sender: Arc<watch::Sender<Option<Interruption>>>,
}

impl Interrupt {
    /// The signal that came, if one did.
    pub fn requested(&self) -> Option<Interruption> {
        *self.receiver.borrow()
    }

    /// Resolves when a signal came.
    pub async fn wait(&self) -> Interruption {
        let mut receiver = self.receiver.clone();
        loop {
            if let Some(signal) = *receiver.borrow_and_update() {
                return signal;
            }
            if receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Starts to listen; later calls return the same handle.
pub fn listen() -> Interrupt {
    INTERRUPT.get_or_init(start).clone()
}

/// Runs `cleanup` when the process leaves early: a second signal or a panic. The returned guard
/// takes it back when it is dropped, because then the regular way out has done the work.
pub fn on_early_exit(cleanup: impl FnOnce() + Send + 'static) -> CleanupGuard {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let mut cleanups = CLEANUPS.lock().unwrap_or_else(PoisonError::into_inner);
    cleanups.insert(number, Box::new(cleanup));
    CleanupGuard { number }
}

/// See `on_early_exit`.
#[derive(Debug)]
pub struct CleanupGuard {
    number: u64,
}

impl Drop for CleanupGuard {
    fn drop(&mut self) {
        CLEANUPS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.number);
    }
}

/// Runs every registered clean-up once.
pub fn run_cleanups() {
    let cleanups = match CLEANUPS.try_lock() {
        Ok(mut cleanups) => std::mem::take(&mut *cleanups),
        Err(_) => return,
    };
    for cleanup in cleanups.into_values() {
        cleanup();
    }
}

fn start() -> Interrupt {
    let (sender, receiver) = watch::channel(None);
    let sender = Arc::new(sender);
    let handle = Interrupt {
        receiver,
        _sender: Arc::clone(&sender),
    };
    let (ready, is_ready) = std::sync::mpsc::channel();
    // Without the thread a signal ends the process in the ordinary way, which is safe as well.
    let _ = std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || watch_signals(&sender, ready));
    // The handlers are in place before the work begins; a thread that gave up dropped its end.
    let _ = is_ready.recv();
    handle
}

#[expect(clippy::exit, reason = "a second signal leaves at once")]
fn watch_signals(sender: &watch::Sender<Option<Interruption>>, ready: std::sync::mpsc::Sender<()>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return;
    };
    runtime.block_on(async {
        let mut seen = false;
        let Some(mut signals) = Signals::new() else {
            return;
        };
        drop(ready);
        loop {
            let signal = signals.next().await;
            if seen {
                run_cleanups();
                std::process::exit(i32::from(signal.exit_status()));
            }
            seen = true;
            sender.send_replace(Some(signal));
        }
    });
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// A file that grows beyond its limit: with a handler the write itself says so.
    _file_size: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Some(Self {
            interrupt: signal(SignalKind::interrupt()).ok()?,
            terminate: signal(SignalKind::terminate()).ok()?,
            _file_size: signal(SignalKind::from_raw(nix::sys::signal::SIGXFSZ as i32)).ok(),
        })
    }

    async fn next(&mut self) -> Interruption {
        tokio::select! {
            _ = self.interrupt.recv() => Interruption::Interrupt,
            _ = self.terminate.recv() => Interruption::Terminate,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Option<Self> {
        Some(Self)
    }

    async fn next(&mut self) -> Interruption {
        // Without a handler the process ends by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Interruption::Interrupt
    }
}
