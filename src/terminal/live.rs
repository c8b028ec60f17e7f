//! A few lines on standard error that are drawn again in place, and erased before the report, so that
//! the scrollback keeps only the report. Only for a terminal.

use std::io::{self, Write};

/// How many lines are on the screen now.
#[derive(Debug, Default)]
pub struct LiveView {
    lines: usize,
}

impl LiveView {
    /// Replaces what was drawn before. Lines must be shorter than the terminal is wide.
    pub fn draw(&mut self, lines: &[String]) {
        let mut text = self.up();
        for line in lines {
            text.push_str("\x1b[2K");
            text.push_str(line);
            text.push('\n');
        }
        // What the last drawing had more.
        text.push_str("\x1b[J");
        self.lines = lines.len();
        write(&text);
    }

    /// Takes everything off the screen.
    pub fn erase(&mut self) {
        if self.lines > 0 {
            let text = self.up() + "\x1b[J";
            self.lines = 0;
            write(&text);
        }
    }

    fn up(&self) -> String {
        match self.lines {
            0 => String::new(),
            lines => format!("\x1b[{lines}A\r"),
        }
    }
}

impl Drop for LiveView {
    fn drop(&mut self) {
        self.erase();
    }
}

/// Straight to the stream: cursor codes are no colour, so they stay when colour is off.
fn write(text: &str) {
    let mut stream = io::stderr().lock();
    // Nobody reads a view that cannot be drawn.
    let _ = stream
        .write_all(text.as_bytes())
        .and_then(|()| stream.flush());
}
