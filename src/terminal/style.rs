//! The few styles and signs of a report. Colour repeats what a word or a sign says.

use anstyle::{AnsiColor, Style};

pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();
pub const RED: Style = AnsiColor::Red.on_default();
pub const GREEN: Style = AnsiColor::Green.on_default();
pub const YELLOW: Style = AnsiColor::Yellow.on_default();
pub const CYAN: Style = AnsiColor::Cyan.on_default();

/// The signs that open a verdict, with an ASCII form for terminals without UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbols {
    pub holds: &'static str,
    pub look: &'static str,
    pub fails: &'static str,
    pub unknown: &'static str,
    pub ellipsis: &'static str,
    /// Whether bars and sparklines may be drawn.
    pub unicode: bool,
}

impl Symbols {
    pub const UNICODE: Self = Self {
        holds: "✔",
        look: "▲",
        fails: "✖",
        unknown: "?",
        ellipsis: "…",
        unicode: true,
    };
    pub const ASCII: Self = Self {
        holds: "+",
        look: "!",
        fails: "x",
        unknown: "?",
        ellipsis: "...",
        unicode: false,
    };
}
