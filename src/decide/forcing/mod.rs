//! The seven forcing questions: what is asked, in which order, what is recommended, and which answers
//! are kept. Pure: whoever asks, on a terminal or for a script, gets the same questions.

pub mod guide;
mod question;
mod recommendation;
mod session;
mod sheet;

pub use question::{ForcingQuestion, choices};
pub use recommendation::{Recommendation, recommend};
pub use session::{Progress, State, Step};
pub use sheet::{AnswerSheet, MARKER, Recorded};
