//! Lines that a person types, one at a time. A thread waits for them, so that a signal is noticed while
//! nobody types.

use std::io::{self, BufRead};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::interrupt::{self, Interrupt};
use crate::failure::Interruption;

/// What came instead of silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Without its line end.
    Line(String),
    /// Ctrl-D, or the terminal is gone.
    End,
    Interrupted(Interruption),
}

/// Standard input, line by line.
#[derive(Debug)]
pub struct Dialogue {
    wishes: std::sync::mpsc::Sender<()>,
    lines: UnboundedReceiver<Option<String>>,
    interrupt: Interrupt,
    runtime: tokio::runtime::Runtime,
}

impl Dialogue {
    pub fn open() -> io::Result<Self> {
        let (wishes, wished) = std::sync::mpsc::channel();
        let (sender, lines) = unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let interrupt = interrupt::listen();
        std::thread::Builder::new()
            .name("lines".to_owned())
            .spawn(move || {
                // One line for each wish: what is typed beyond the last one stays with the shell.
                for () in wished {
                    if sender.send(read_line()).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Self {
            wishes,
            lines,
            interrupt,
            runtime,
        })
    }

    /// Waits for a line, its end or a signal.
    pub fn read_line(&mut self) -> Typed {
        if self.wishes.send(()).is_err() {
            return Typed::End;
        }
        let (lines, interrupt) = (&mut self.lines, &self.interrupt);
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                signal = interrupt.wait() => Typed::Interrupted(signal),
                line = lines.recv() => match line.flatten() {
                    Some(line) => Typed::Line(line),
                    None => Typed::End,
                },
            }
        })
    }
}

fn read_line() -> Option<String> {
    let mut bytes = Vec::new();
    // A terminal that hung up says so with an error; it is an end all the same.
    let length = io::stdin().lock().read_until(b'\n', &mut bytes).ok()?;
    let line = String::from_utf8_lossy(&bytes);
    (length > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned())
}
