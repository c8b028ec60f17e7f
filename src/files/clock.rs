//! The second of a run, for names of files that carry a time.

use crate::failure::Failure;

/// Since 1970, or what SOURCE_DATE_EPOCH says.
pub fn second_of_run() -> Result<i64, Failure> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => {
            let invalid = || {
                Failure::input(format!(
                    "SOURCE_DATE_EPOCH is `{text}`, not a number of seconds"
                ))
            };
            let seconds: i64 = text.trim().parse().map_err(|_| invalid())?;
            jiff::Timestamp::from_second(seconds).map_err(|_| invalid())?;
            Ok(seconds)
        }
        Err(_) => Ok(jiff::Timestamp::now().as_second()),
    }
}
