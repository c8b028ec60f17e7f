//! Figures as people read them: thousands with commas, one unit, no more digits than mean something.

use std::time::Duration;

/// `1,236,300`.
pub fn count(value: impl TryInto<u64>) -> String {
    // A count is never negative; what claims to be is shown as none.
    let digits = value.try_into().unwrap_or(0).to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `2 rows`, `12 queries`: a count and what it counts.
pub fn counted(value: impl TryInto<u64>, what: &str) -> String {
    let value: u64 = value.try_into().unwrap_or(0);
    let plural = match what.strip_suffix('y') {
        _ if value == 1 => what.to_owned(),
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if what.ends_with(['x', 's']) => format!("{what}es"),
        _ => format!("{what}s"),
    };
    format!("{} {plural}", count(value))
}

/// With thousands and this many decimals.
pub fn decimal(value: f64, decimals: usize) -> String {
    let text = format!("{:.*}", decimals, value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole = whole
        .parse::<u64>()
        .map_or_else(|_| whole.to_owned(), count);
    let sign = if value < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        "-"
    } else {
        ""
    };
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

/// A latency in a sentence, three digits: `0.081 ms`, `20.2 ms`, `1.24 s`.
pub fn milliseconds(value: f64) -> String {
    if value >= 999.5 {
        return format!("{} s", three_digits(value / 1_000.0));
    }
    format!("{} ms", three_digits(value))
}

fn three_digits(value: f64) -> String {
    let decimals = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        v if v >= 0.9995 => 2,
        _ => 3,
    };
    decimal(value, decimals)
}

/// A planner's cost: `3,774`, `41.8`, `8.4`.
pub fn cost(value: f64) -> String {
    decimal(value, usize::from(value < 99.95))
}

/// `5,984`, `41.2`, `0.5`: requests a second.
pub fn per_second(value: f64) -> String {
    let decimals = match value {
        v if v >= 99.95 => 0,
        v if v >= 0.0995 => 1,
        0.0 => 0,
        _ => 3,
    };
    decimal(value, decimals)
}

/// A share between 0 and 1: `63%`, `0.95%`, `0%`.
pub fn per_cent(share: f64) -> String {
    let value = share * 100.0;
    if value == 0.0 || value >= 99.95 {
        format!("{value:.0}%")
    } else if value >= 0.995 {
        format!("{value:.1}%")
    } else if value >= 0.01 {
        format!("{value:.2}%")
    } else {
        "<0.01%".to_owned()
    }
}

/// A change in per cent, with its sign: `+2.2%`.
pub fn signed_per_cent(value: f64) -> String {
    if value.abs() >= 1_000.0 {
        let sign = if value < 0.0 { '-' } else { '+' };
        return format!("{sign}{}%", count(value.abs().round() as u64));
    }
    let text = format!("{value:+.1}%");
    match text.as_str() {
        "+0.0%" | "-0.0%" => "0.0%".to_owned(),
        _ => text,
    }
}

/// `2,444 B`, `418.4 MiB`.
pub fn bytes(value: f64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if value < 10_240.0 {
        return format!("{} B", decimal(value, 0));
    }
    let mut scaled = value / 1_024.0;
    let mut unit = 0;
    while scaled >= 1_024.0 && unit + 1 < UNITS.len() {
        scaled /= 1_024.0;
        unit += 1;
    }
    format!("{} {}", decimal(scaled, 1), UNITS[unit])
}

/// `0.06 s`, `22.6 s`, `43 min 12 s`.
pub fn seconds(duration: Duration) -> String {
    let value = duration.as_secs_f64();
    if value >= 120.0 {
        let whole = value.round() as u64;
        return format!("{} min {} s", whole / 60, whole % 60);
    }
    let decimals = if value < 1.0 { 2 } else { 1 };
    format!("{} s", decimal(value, decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(count(1_236_300), "1,236,300");
        assert_eq!(count(999), "999");
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(2_000, "query"), "2,000 queries");
        assert_eq!(counted(2, "index"), "2 indexes");
        assert_eq!(decimal(1_204.6, 2), "1,204.60");
        assert_eq!(decimal(-0.001, 1), "0.0");
        assert_eq!(decimal(-3.25, 1), "-3.2");
        for (value, text) in [
            (0.0814, "0.081 ms"),
            (7.6321, "7.63 ms"),
            (20.16, "20.2 ms"),
            (243.7, "244 ms"),
            (999.9, "1.00 s"),
            (1_240.0, "1.24 s"),
        ] {
            assert_eq!(milliseconds(value), text);
        }
        for (share, text) in [
            (0.0, "0%"),
            (0.000_01, "<0.01%"),
            (0.0012, "0.12%"),
            (0.372, "37.2%"),
            (1.0, "100%"),
        ] {
            assert_eq!(per_cent(share), text);
        }
        assert_eq!(signed_per_cent(-0.04), "0.0%");
        assert_eq!(signed_per_cent(20.91), "+20.9%");
        assert_eq!(bytes(2_444.0), "2,444 B");
        assert_eq!(bytes(438_727_328.0), "418.4 MiB");
        assert_eq!(seconds(Duration::from_secs(2_592)), "43 min 12 s");
        assert_eq!(seconds(Duration::from_millis(22_640)), "22.6 s");
        assert_eq!(per_second(5_983.7), "5,984");
    }
}
