//! Times and numbers as people type them.

use std::time::Duration;

/// `30`, `30s`, `1.5s`, `250ms`, `2m`, `1h`. Without a unit it is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, &'static str> {
    const REASON: &str = "times are `30`, `30s`, `250ms`, `2m` or `1h`";
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().map_err(|_| REASON)?;
    let scale = match unit.trim() {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        _ => return Err(REASON),
    };
    let seconds = number * scale;
    if seconds > 7.0 * 86_400.0 {
        return Err("a week is the longest");
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// A whole number from 1.
pub(super) fn whole(text: &str) -> Result<u64, &'static str> {
    match text.trim().replace('_', "").parse::<u64>() {
        Ok(0) => Err("at least 1"),
        Ok(number) if number <= 1_000_000_000_000 => Ok(number),
        _ => Err("a whole number from 1"),
    }
}

/// Requests a second: `1000`, `0.5`, `1000/s`.
pub(super) fn rate(text: &str) -> Result<f64, &'static str> {
    let number = text.trim().trim_end_matches("/s").trim_end();
    match number.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 100_000_000.0 => Ok(rate),
        _ => Err("requests a second, above 0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times() {
        for (text, milliseconds) in [
            ("30", 30_000),
            ("30s", 30_000),
            ("2m", 120_000),
            ("1.5s", 1_500),
            ("250ms", 250),
            ("1h", 3_600_000),
            ("0s", 0),
        ] {
            assert_eq!(
                duration(text),
                Ok(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
        for text in ["", "s", "30x", "-1", "1e9", "999h", "."] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reads_numbers() {
        assert_eq!(whole("50"), Ok(50));
        for text in ["0", "-1", "1.5", "many", ""] {
            assert!(whole(text).is_err(), "{text}");
        }
        assert_eq!(rate("0.5"), Ok(0.5));
        assert_eq!(rate("1000/s"), Ok(1_000.0));
        for text in ["0", "-3", "inf", "NaN", "fast"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
