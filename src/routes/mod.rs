//! JavaScript and TypeScript source: routes as a model of an API, and what a file exports. Nothing
//! here runs the code it reads: an interpreter of values that are known from the text follows
//! imports, calls and loops, and says of everything else why it is not known. The only place that
//! names the parser.

pub mod append;
mod calls;
mod comments;
mod contents;
mod describe;
mod directions;
pub mod exports;
mod expressions;
mod generated;
mod handlers;
mod interpreter;
mod modules;
mod path;
mod reading;
mod registrations;
mod source;
mod statements;
mod value;
mod zod;

pub use reading::{Basis, Described, Reading, Unresolved, read};
pub use registrations::Framework;
