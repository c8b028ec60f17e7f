//! Axes: where values lie, and which of them are named. Ticks are 1, 2 or 5 times a power of ten.

use crate::text::number::decimal;

/// Above this ratio of the highest to the lowest value an axis is logarithmic.
const LOGARITHMIC_FROM: f64 = 10.0;
/// Room below the lowest value of a logarithmic axis, as a share of it.
const AIR: f64 = 0.15;
/// Fewer decades than these name 2 and 5 as well.
const FEW_DECADES: f64 = 2.4;

/// One axis of values.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Scale {
    low: f64,
    high: f64,
    pub logarithmic: bool,
    pub ticks: Vec<f64>,
}

impl Scale {
    /// From 0, with about so many ticks.
    pub(in super::super) fn linear(highest: f64, about: usize) -> Self {
        let step = step(highest, about);
        let steps = (highest / step - 1e-9).ceil().max(1.0) as usize;
        Self {
            low: 0.0,
            high: step * steps as f64,
            logarithmic: false,
            ticks: (0..=steps).map(|index| step * index as f64).collect(),
        }
    }

    /// Of differences: both ends are ticks, and 0 is one.
    pub(in super::super) fn around(lowest: f64, highest: f64, about: usize) -> Self {
        let (lowest, highest) = (lowest.min(0.0), highest.max(0.0));
        let step = step(highest - lowest, about);
        let first = (lowest / step + 1e-9).floor() as i64;
        let last = (highest / step - 1e-9).ceil() as i64;
        Self {
            low: first as f64 * step,
            high: last as f64 * step,
            logarithmic: false,
            ticks: (first..=last).map(|index| index as f64 * step).collect(),
        }
    }

    /// Of latencies: logarithmic when they spread far, else from 0.
    pub(in super::super) fn of_times(lowest: f64, highest: f64, about: usize) -> Self {
        if lowest > 0.0 && highest / lowest >= LOGARITHMIC_FROM {
            Self::logarithmic(lowest, highest)
        } else {
            Self::linear(highest, about)
        }
    }

    fn logarithmic(lowest: f64, highest: f64) -> Self {
        let all = rounds(lowest / 100.0, highest * 10.0);
        let above = all.iter().find(|round| **round >= highest * (1.0 - 1e-9));
        let high = above.copied().unwrap_or(highest);
        let has_air =
            |low: &&f64| **low <= lowest && (lowest / **low).ln() >= AIR * (high / **low).ln();
        let low = all.iter().rev().find(has_air).copied().unwrap_or(lowest);
        let named = |round: &f64| {
            let few = (high / low).log10() < FEW_DECADES;
            few || is_power_of_ten(*round)
        };
        Self {
            low,
            high,
            logarithmic: true,
            ticks: all
                .into_iter()
                .filter(|round| (low * 0.999..=high * 1.001).contains(round))
                .filter(named)
                .collect(),
        }
    }

    /// The pixel of a value on an axis of this height; what lies outside is at its end.
    pub(in super::super) fn y(&self, value: f64, height: f64) -> f64 {
        height * (1.0 - self.share(value))
    }

    /// Where a value lies between both ends, 0 to 1.
    pub(in super::super) fn share(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        share.clamp(0.0, 1.0)
    }

    /// The text of a tick: no more decimals than the step has.
    pub(in super::super) fn name(&self, value: f64) -> String {
        let least = if self.logarithmic {
            value
        } else {
            self.ticks
                .windows(2)
                .map(|pair| pair[1] - pair[0])
                .fold(f64::MAX, f64::min)
        };
        decimal(value, decimals(least))
    }
}

/// A place on the horizontal axis.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Tick {
    /// As a share of the width.
    pub at: f64,
    pub name: String,
    /// Left out where there is little room.
    pub minor: bool,
}

/// 0, 50, 90, 99 … per cent on an axis of log10(1 / (1 − p)), as far as this many samples reach.
pub(in super::super) fn percentiles(samples: u64) -> Vec<Tick> {
    let reach = (samples as f64).log10();
    let mut ticks = vec![(0.0, "0".to_owned()), (2_f64.log10(), "50".to_owned())];
    let nines = (1..=reach.floor() as usize).map(|nines| {
        let name = match nines {
            1 => "90".to_owned(),
            2 => "99".to_owned(),
            more => format!("99.{}", "9".repeat(more - 2)),
        };
        (nines as f64, name)
    });
    ticks.extend(nines);
    let placed = ticks.into_iter().filter(|(at, _)| *at <= reach);
    placed
        .map(|(at, name)| Tick {
            at: at / reach,
            name,
            minor: false,
        })
        .collect()
}

/// Seconds since the start, and the unit in which they are named.
pub(in super::super) fn seconds(length: f64) -> (Vec<Tick>, &'static str) {
    const STEPS: [f64; 13] = [
        0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0,
    ];
    let least = if length < 2.0 { 0.1 } else { 1.0 };
    let fits = |step: &&f64| **step >= least && length / **step <= 8.0;
    let step = match STEPS.iter().find(fits) {
        Some(step) => *step,
        None => (length / 8.0 / 900.0).ceil() * 900.0,
    };
    let (unit, name) = if step >= 60.0 {
        (60.0, "min since start")
    } else {
        (1.0, "s since start")
    };
    let last = (length / step + 1e-9).floor() as usize;
    let ticks = (0..=last).map(|index| Tick {
        at: (index as f64 * step / length).min(1.0),
        name: decimal(index as f64 * step / unit, decimals(step / unit)),
        minor: index % 2 == 1,
    });
    (ticks.collect(), name)
}

/// Powers of ten (and 2 and 5 times them where there is room) on a logarithmic horizontal axis.
pub(in super::super) fn decades(low: f64, high: f64) -> Vec<Tick> {
    let width = (high / low).ln();
    let few = (high / low).log10() < FEW_DECADES;
    let all = rounds(low, high).into_iter();
    all.filter(|round| *round >= low * 0.999 && *round <= high * 1.001)
        .filter(|round| few || is_power_of_ten(*round))
        .map(|round| Tick {
            at: ((round / low).ln() / width).clamp(0.0, 1.0),
            name: decimal(round, decimals(round)),
            minor: !is_power_of_ten(round),
        })
        .collect()
}

/// The step between ticks, so that about so many cover the range.
fn step(range: f64, about: usize) -> f64 {
    let wanted = range / about.max(1) as f64;
    if !(wanted.is_finite() && wanted > 0.0) {
        return 1.0;
    }
    let power = 10_f64.powf(wanted.log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0];
    let fitting = times
        .into_iter()
        .find(|times| power * times >= wanted * 0.999);
    power * fitting.unwrap_or(10.0)
}

/// 1, 2 and 5 times every power of ten in this range.
fn rounds(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    (first..=last)
        .flat_map(|power| [1.0, 2.0, 5.0].map(|times| times * 10_f64.powi(power)))
        .collect()
}

fn is_power_of_ten(value: f64) -> bool {
    let power = value.log10();
    (power - power.round()).abs() < 1e-6
}

fn decimals(least: f64) -> usize {
    if least >= 0.999 {
        return 0;
    }
    (-least.log10().floor()).clamp(0.0, 6.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(scale: &Scale) -> Vec<String> {
        scale.ticks.iter().map(|tick| scale.name(*tick)).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(names(&Scale::linear(1_951.0, 3)), ["0", "1,000", "2,000"]);
        assert_eq!(
            names(&Scale::linear(0.013, 3)),
            ["0.000", "0.005", "0.010", "0.015"]
        );
        assert_eq!(names(&Scale::linear(0.0, 3)), ["0", "1"]);
        assert_eq!(names(&Scale::linear(3.0, 3)), ["0", "1", "2", "3"]);
        assert_eq!(
            names(&Scale::around(-39.7, 19.1, 6)),
            ["-40", "-30", "-20", "-10", "0", "10", "20"]
        );
    }

    #[test]
    fn a_wide_range_is_logarithmic_with_air_below() {
        let wide = Scale::of_times(2.1, 1_035.0, 4);
        assert!(wide.logarithmic);
        assert_eq!(names(&wide), ["1", "10", "100", "1,000"]);
        assert!(wide.share(2.1) >= AIR);
        let narrow = Scale::of_times(2.1, 40.0, 4);
        assert_eq!(names(&narrow), ["1", "2", "5", "10", "20", "50"]);
        assert!(!Scale::of_times(2.1, 12.0, 4).logarithmic);
        assert!(names(&Scale::of_times(0.004, 0.9, 4)).contains(&"0.01".to_owned()));
    }

    #[test]
    fn an_axis_of_time_has_at_most_nine_ticks() {
        for (length, last, unit) in [
            (0.4, "0.4", "s since start"),
            (3.0, "3", "s since start"),
            (60.0, "60", "s since start"),
            (3_600.0, "60", "min since start"),
            (86_400.0, "1,440", "min since start"),
        ] {
            let (ticks, name) = seconds(length);
            assert!(ticks.len() <= 9, "{length}: {ticks:?}");
            let ended = ticks.last().map(|tick| tick.name.as_str());
            assert_eq!((ended, name), (Some(last), unit), "{length}");
        }
    }

    #[test]
    fn percentiles_reach_as_far_as_the_samples() {
        let names = |samples| -> Vec<String> {
            percentiles(samples)
                .into_iter()
                .map(|tick| tick.name)
                .collect()
        };
        assert_eq!(names(120), ["0", "50", "90", "99"]);
        assert_eq!(names(60_000), ["0", "50", "90", "99", "99.9", "99.99"]);
    }
}
