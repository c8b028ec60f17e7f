//! SQL files as psql reads them: statements with their byte ranges, COPY data, backslash commands,
//! and the sections in which they run. Knows only where a statement ends and how it starts; what it
//! does is for Postgres to say.
//!
//! A file with `BEGIN`/`COMMIT` runs as it says. In a file without, statements share transactions
//! and those that Postgres refuses in a transaction stand alone; the comments `-- backsmith: alone`
//! and `-- backsmith: transaction` decide for the statements that follow them.

mod conversions;
mod lexer;
mod section;
mod split;
mod statement;
mod traces;

pub use conversions::Conversion;
pub use lexer::{Token, TokenKind, tokens};
pub use section::{Place, Section, behind, sections};
pub use split::{CopyData, Half, Marker, Piece, Script, split};
pub use statement::{Kind, Statement};
pub use traces::Traces;
