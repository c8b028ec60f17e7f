//! The built binary on a pseudo-terminal that it owns, as a person has it: what is typed is echoed, and
//! Ctrl-C is a signal.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};

use crate::sandbox::Sandbox;

pub const CTRL_C: &str = "\u{3}";
pub const CTRL_D: &str = "\u{4}";

/// Nothing takes this long; whoever waits longer waits for something that does not come.
const PATIENCE: Duration = Duration::from_mins(2);

/// A run that is being typed to.
pub struct Session {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    bytes: Vec<u8>,
    /// What `wait_for` has passed.
    seen: usize,
}

impl Session {
    pub fn start(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        let size = Winsize {
            ws_row: 40,
            ws_col: 100,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let terminal = openpty(Some(&size), None).expect("a pseudo-terminal");
        let slave = || Stdio::from(terminal.slave.try_clone().expect("a descriptor"));
        let mut command = sandbox.shell("exec setsid --ctty \"$@\"");
        command
            .args(["sh", env!("CARGO_BIN_EXE_backsmith")])
            .args(arguments)
            .env("TERM", "xterm")
            .env("LC_ALL", "C.UTF-8")
            .env("NO_COLOR", "1")
            .env("TMPDIR", sandbox.path())
            .stdin(slave())
            .stdout(slave())
            .stderr(slave());
        let child = command.spawn().expect("a child");
        // The last copies are the child's, so that its end is the end of what is read.
        drop(command);
        drop(terminal.slave);
        let keyboard = File::from(terminal.master);
        let mut display = keyboard.try_clone().expect("a descriptor");
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = display.read(&mut buffer) {
                if length == 0 || sender.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            keyboard,
            screen,
            bytes: Vec::new(),
            seen: 0,
        }
    }

    /// Waits until the screen shows this, after what was waited for before; returns what came up to it.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let new = &self.bytes[self.seen..];
            if let Some(at) = memchr::memmem::find(new, text.as_bytes()) {
                let end = at + text.len();
                let shown = plain(&new[..end]);
                self.seen += end;
                return shown;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.bytes.extend(bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("`{text}` did not come after:\n{}", plain(&self.bytes))
                }
            }
        }
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.keyboard
            .write_all(keys.as_bytes())
            .expect("a keyboard");
    }

    /// Waits for the prompt, then types a line.
    #[track_caller]
    pub fn answer(&mut self, line: &str) -> String {
        let mut shown = self.wait_for("Answer");
        shown.push_str(&self.wait_for(": "));
        self.press(&format!("{line}\n"));
        shown
    }

    pub fn process(&self) -> nix::unistd::Pid {
        nix::unistd::Pid::from_raw(self.child.id().cast_signed())
    }

    /// The exit code, and everything that the screen showed.
    #[track_caller]
    pub fn end(mut self) -> (i32, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.bytes.extend(bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("no end after:\n{}", plain(&self.bytes)),
            }
        }
        let status = self.child.wait().expect("an end");
        (status.code().unwrap_or(-1), plain(&self.bytes))
    }
}

/// A test that gives up leaves no process behind.
impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn plain(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}
