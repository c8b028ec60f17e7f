//! Charts as SVG, written by us: x in per cent of the width and y in pixels, so that their text keeps
//! its size from a phone to a wide screen without a script. Takes numbers, returns a string.

mod drawing;
mod scale;

pub(super) use drawing::{Anchor, Plot};
pub(super) use scale::{Scale, Tick, decades, percentiles, seconds};

/// A point of a line: x as a share of the width, y in pixels from the top.
pub(super) type Point = (f64, f64);
