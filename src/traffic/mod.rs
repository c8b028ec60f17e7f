//! Traffic from an API's own description: requests that keep its rules, requests that break one of
//! them, and what the description says to the answers. Pure: values in, values out; who sends the
//! requests is not known here. A model beside `api`, on which it rests: no engine is named.

mod answer;
mod breaks;
mod found;
mod generate;
mod invalid;
mod parameters;
mod pattern;
mod request;
mod rules;
mod security;
mod survey;
mod text;
mod unrefused;

pub use answer::{Answer, Standing};
pub use found::{Found, Ids};
pub use request::{Attempt, Exercise, LeftOut, Options, Request, Traffic};
pub use rules::Rules;
pub use security::Given;
pub use survey::{DatabaseUse, OperationQueries, StatementCalls, Survey, Surveyed, Tried};
pub use unrefused::{KINDS, unrefused};
