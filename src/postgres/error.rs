//! What can go wrong between us and a server, as values of our own: what Postgres says, apart from a
//! connection that is gone, apart from a fault of ours.

use std::fmt;

use sqlx::postgres::{PgDatabaseError, PgErrorPosition};

use crate::failure::Failure;

/// An error that Postgres reported, with everything that helps to find its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseError {
    /// SQLSTATE, five characters.
    pub code: String,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// Place in the text that was sent, in characters from 1.
    pub position: Option<usize>,
    /// A query of a function or of a DO block, and the place in it.
    pub internal: Option<(usize, String)>,
    /// The call stack of functions in which it happened.
    pub context: Option<String>,
    pub constraint: Option<String>,
}

/// Why a statement or a query gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Postgres says no.
    Database(Box<DatabaseError>),
    /// The connection is gone; what it did last is not known.
    ConnectionLost(String),
    /// An answer that does not fit the question.
    Protocol(String),
}

/// SQLSTATEs that the program acts on.
/// Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
impl DatabaseError {
    pub const LOCK_NOT_AVAILABLE: &'static str = "55P03";
    pub const QUERY_CANCELED: &'static str = "57014";
    pub const INSUFFICIENT_PRIVILEGE: &'static str = "42501";
    pub const DEADLOCK_DETECTED: &'static str = "40P01";
    pub const SERIALIZATION_FAILURE: &'static str = "40001";
    pub const INVALID_TRANSACTION_TERMINATION: &'static str = "2D000";
    pub const SYNTAX_ERROR: &'static str = "42601";
    pub const FEATURE_NOT_SUPPORTED: &'static str = "0A000";
    pub const UNDEFINED_FILE: &'static str = "58P01";
    pub const READ_ONLY_SQL_TRANSACTION: &'static str = "25006";
    pub const ACTIVE_SQL_TRANSACTION: &'static str = "25001";

    pub const UNDEFINED_OBJECT: &'static str = "42704";
    pub const DUPLICATE_OBJECT: &'static str = "42710";
    pub const DUPLICATE_SCHEMA: &'static str = "42P06";
    pub const IN_FAILED_SQL_TRANSACTION: &'static str = "25P02";
    pub const UNSAFE_NEW_ENUM_VALUE: &'static str = "55P04";

    /// A table, a column, a function, a type or other object, a schema that is not there.
    const MISSING: &'static [&'static str] =
        &["42P01", "42703", "42883", Self::UNDEFINED_OBJECT, "3F000"];

    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }

    /// Whether a statement names something that is not there.
    pub fn is_about_missing(&self) -> bool {
        Self::MISSING.contains(&self.code.as_str())
    }

    /// Message and code in one line.
    pub fn summary(&self) -> String {
        format!("{} ({})", self.message, self.code)
    }
}

impl Error {
    /// What Postgres said, if it said anything.
    pub fn database(&self) -> Option<&DatabaseError> {
        match self {
            Self::Database(error) => Some(error),
            Self::ConnectionLost(_) | Self::Protocol(_) => None,
        }
    }

    /// Whether Postgres reported this SQLSTATE.
    pub fn is(&self, code: &str) -> bool {
        self.database().is_some_and(|error| error.is(code))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => formatter.write_str(&error.summary()),
            Self::ConnectionLost(why) => write!(formatter, "the connection was lost: {why}"),
            Self::Protocol(what) => formatter.write_str(what),
        }
    }
}

impl std::error::Error for Error {}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => match error.try_downcast::<PgDatabaseError>() {
                Ok(error) => classify(&error),
                Err(error) => Self::Protocol(error.to_string()),
            },
            sqlx::Error::Io(error) => Self::ConnectionLost(error.to_string()),
            error => Self::Protocol(error.to_string()),
        }
    }
}

fn classify(error: &PgDatabaseError) -> Error {
    let own = |text: Option<&str>| text.map(str::to_owned);
    let (position, internal) = match error.position() {
        Some(PgErrorPosition::Original(position)) => (Some(position), None),
        Some(PgErrorPosition::Internal { position, query }) => {
            (None, Some((position, query.to_owned())))
        }
        None => (None, None),
    };
    let converted = DatabaseError {
        code: error.code().to_owned(),
        message: error.message().to_owned(),
        detail: own(error.detail()),
        hint: own(error.hint()),
        position,
        internal,
        context: own(error.r#where()),
        constraint: own(error.constraint()),
    };
    // Class 57P: the server ends the session (shutdown, crash, terminated by an administrator). So
    // do the limits of idle and of long transactions.
    let ends_session =
        converted.code.starts_with("57P") || ["25P03", "25P04"].contains(&converted.code.as_str());
    if ends_session {
        return Error::ConnectionLost(converted.summary());
    }
    Error::Database(Box::new(converted))
}

/// A query of ours that failed: the environment does not allow what we need.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) => {
                let text = if error.is(DatabaseError::INSUFFICIENT_PRIVILEGE) {
                    "the database role may not do this"
                } else if error.is(DatabaseError::QUERY_CANCELED) {
                    "the server stopped a query"
                } else {
                    "the server refused a query"
                };
                let failure = Self::environment(text).cause(error.summary());
                match &error.detail {
                    Some(detail) => failure.detail(detail.clone()),
                    None => failure,
                }
            }
            Error::ConnectionLost(why) => {
                Self::environment("the connection to the server was lost").cause(why)
            }
            Error::Protocol(what) => {
                Self::environment("the server gave an answer that was not understood").cause(what)
            }
        }
    }
}
