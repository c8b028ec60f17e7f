//! What the user asked of the output: colour, and how much of it.

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// `-q`, nothing, `-v`, `-vv`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Standard error holds errors only.
    Quiet,
    #[default]
    Normal,
    /// Everything that was found.
    Verbose,
    /// How it was found as well.
    Trace,
}

/// Everything that decides how output looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Appearance {
    pub color: ColorChoice,
    pub verbosity: Verbosity,
}
