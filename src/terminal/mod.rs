//! Standard output and standard error: who writes where, with or without colour, how wide, how much.
//! The only place that asks what kind of stream it has; reports get plain writers.

mod appearance;
mod dialogue;
pub mod interrupt;
mod live;
pub mod panic;
mod streams;
mod style;

pub use appearance::{Appearance, ColorChoice, Verbosity};
pub use dialogue::{Dialogue, Typed};
pub use live::LiveView;
pub use streams::Terminal;
pub use style::{BOLD, CYAN, DIM, GREEN, RED, Symbols, YELLOW};
