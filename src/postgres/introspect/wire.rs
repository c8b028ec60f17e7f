//! Rows as the simple protocol carries them: plain text fields, many statements in one round trip.
//! It works through every kind of pooler, since nothing is prepared.

use std::str::FromStr;

use futures_util::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Either, Executor, Row, ValueRef};

use crate::postgres::{Connection, Error};

/// Sends the statements at once and hands over each row with the place of its statement.
pub(super) async fn batch(
    connection: &mut Connection,
    statements: &[String],
    mut accept: impl FnMut(usize, &mut Fields<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    if statements.is_empty() {
        return Ok(());
    }
    let query = sqlx::raw_sql(AssertSqlSafe(statements.join(";\n")));
    let mut results = connection.inner().fetch_many(query);
    let mut place = 0;
    while let Some(result) = results.try_next().await? {
        match result {
            Either::Left(_) => place += 1,
            Either::Right(row) => accept(place, &mut Fields { row: &row, next: 0 })?,
        }
    }
    Ok(())
}

/// The fields of one row, from left to right.
pub(super) struct Fields<'r> {
    row: &'r PgRow,
    next: usize,
}

impl<'r> Fields<'r> {
    /// The next field, or the next few, as the type has them.
    pub(super) fn read<T: Field>(&mut self) -> Result<T, Error> {
        T::read(self)
    }

    fn raw(&mut self) -> Result<Option<&'r str>, Error> {
        let value = self.row.try_get_raw(self.next)?;
        self.next += 1;
        if value.is_null() {
            return Ok(None);
        }
        let text = value
            .as_str()
            .map_err(|error| Error::Protocol(error.to_string()))?;
        Ok(Some(text))
    }

    fn unexpected(&self, text: &str) -> Error {
        Error::Protocol(format!(
            "`{text}` in field {} of a row of the catalog",
            self.next
        ))
    }

    /// A text; NULL is empty.
    pub(super) fn text(&mut self) -> Result<String, Error> {
        Ok(self.raw()?.unwrap_or_default().to_owned())
    }

    /// A text that may be NULL.
    pub(super) fn optional(&mut self) -> Result<Option<String>, Error> {
        Ok(self.raw()?.map(str::to_owned))
    }

    /// A one-letter code; NULL and the empty one are a blank.
    pub(super) fn letter(&mut self) -> Result<char, Error> {
        Ok(self
            .raw()?
            .and_then(|text| text.chars().next())
            .unwrap_or(' '))
    }

    pub(super) fn flag(&mut self) -> Result<bool, Error> {
        Ok(self.raw()? == Some("t"))
    }

    /// A number; NULL is zero.
    pub(super) fn number<T: FromStr + Default>(&mut self) -> Result<T, Error> {
        Ok(self.optional_number()?.unwrap_or_default())
    }

    pub(super) fn optional_number<T: FromStr>(&mut self) -> Result<Option<T>, Error> {
        match self.raw()? {
            None => Ok(None),
            Some(text) => match text.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(self.unexpected(text)),
            },
        }
    }

    /// `{1,2}` or `1 2`, as arrays and vectors of numbers are written; NULL is empty.
    pub(super) fn numbers<T: FromStr>(&mut self) -> Result<Vec<T>, Error> {
        let Some(text) = self.raw()? else {
            return Ok(Vec::new());
        };
        text.split(['{', '}', ',', ' '])
            .filter(|item| !item.is_empty())
            .map(|item| item.parse().map_err(|_| self.unexpected(text)))
            .collect()
    }

    /// An array of texts; NULL is empty.
    pub(super) fn texts(&mut self) -> Result<Vec<String>, Error> {
        Ok(self.raw()?.map_or_else(Vec::new, array))
    }
}

/// What can be read from the fields of a row.
pub(super) trait Field: Sized {
    fn read(row: &mut Fields<'_>) -> Result<Self, Error>;
}

macro_rules! fields {
    ($($method:ident: $($type:ty),*;)*) => {$($(
        impl Field for $type {
            fn read(row: &mut Fields<'_>) -> Result<Self, Error> {
                row.$method()
            }
        }
    )*)*};
}

fields! {
    text: String;
    optional: Option<String>;
    letter: char;
    flag: bool;
    number: u32, i32, usize;
    optional_number: Option<u32>, Option<i32>;
    numbers: Vec<u32>, Vec<i32>, Vec<u16>;
    texts: Vec<String>;
}

/// Reads `{a,"b c","d\"e"}`.
/// Source: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
fn array(text: &str) -> Vec<String> {
    let inner = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .unwrap_or(text);
    let mut items = Vec::new();
    if inner.is_empty() {
        return items;
    }
    let mut item = String::new();
    let mut quoted = false;
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted = !quoted,
            '\\' => item.extend(letters.next()),
            ',' if !quoted => items.push(std::mem::take(&mut item)),
            _ => item.push(letter),
        }
    }
    items.push(item);
    items
}

#[cfg(test)]
mod tests {
    use super::array;

    #[test]
    fn arrays_are_read_as_postgres_writes_them() {
        assert!(array("{}").is_empty());
        assert_eq!(array("{a,b}"), ["a", "b"]);
        assert_eq!(
            array(r#"{"a b","c,\"d\"","e\\f","",null}"#),
            ["a b", "c,\"d\"", "e\\f", "", "null"]
        );
    }
}
