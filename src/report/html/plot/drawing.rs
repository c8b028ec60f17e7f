//! One chart: a frame with axes, what is drawn in it, and the names at the ends of its lines.

use std::fmt::Write as _;

use super::super::text::{Html, attribute};
use super::{Point, Scale, Tick};

/// The grid of paths is this wide; it is stretched to the width of the page.
const GRID: f64 = 1_000.0;
/// Names at the right end stand at least this far apart.
const APART: f64 = 13.0;
/// What a simplified line may be off, in pixels of the grid.
const TOLERANCE: f64 = 0.4;

/// Which end of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Anchor {
    Start,
    End,
}

/// A chart while it is drawn. Behind everything lies `back`, before it `front`.
#[derive(Debug)]
pub(in super::super) struct Plot {
    id: &'static str,
    class: &'static str,
    title: &'static str,
    height: f64,
    /// Pixels below the area, for ticks and the unit.
    below: f64,
    back: String,
    paths: String,
    front: String,
    ends: Vec<(f64, &'static str, String)>,
}

impl Plot {
    /// `id` is unique in a page; `class` says which margins it has.
    pub(in super::super) fn new(
        id: &'static str,
        class: &'static str,
        title: &'static str,
        height: f64,
    ) -> Self {
        Self {
            id,
            class,
            title,
            height,
            below: 0.0,
            back: String::new(),
            paths: String::new(),
            front: String::new(),
            ends: Vec::new(),
        }
    }

    pub(in super::super) const fn height(&self) -> f64 {
        self.height
    }

    /// Lines across, named at the left.
    pub(in super::super) fn vertical(&mut self, scale: &Scale, name: impl Fn(f64) -> String) {
        for tick in &scale.ticks {
            let y = scale.y(*tick, self.height);
            self.row(y, &name(*tick));
        }
    }

    /// One line across with its name.
    pub(in super::super) fn row(&mut self, y: f64, name: &str) {
        self.back.push_str(&format!(
            "<line class=\"g\" x1=\"0\" x2=\"100%\" y1=\"{0}\" y2=\"{0}\"/><text x=\"-8\" y=\"{1}\" \
             text-anchor=\"end\">{2}</text>",
            short(y),
            short(y + 4.0),
            Html::text(name)
        ));
    }

    /// Marks below, and the unit under the last of them.
    pub(in super::super) fn horizontal(&mut self, ticks: &[Tick], unit: Option<&str>) {
        let base = self.height;
        for tick in ticks {
            let class = if tick.minor { " class=\"w\"" } else { "" };
            self.back.push_str(&format!(
                "<g{class}><line class=\"ax\" x1=\"{0}\" x2=\"{0}\" y1=\"{1}\" y2=\"{2}\"/><text x=\"{0}\" \
                 y=\"{3}\" text-anchor=\"middle\">{4}</text></g>",
                per_cent(tick.at),
                short(base),
                short(base + 4.0),
                short(base + 16.0),
                Html::text(&tick.name)
            ));
        }
        self.below = 20.0;
        if let Some(unit) = unit {
            self.back.push_str(&format!(
                "<text x=\"100%\" y=\"{}\" text-anchor=\"end\">{}</text>",
                short(base + 31.0),
                Html::text(unit)
            ));
            self.below = 34.0;
        }
        self.back.push_str(&format!(
            "<line class=\"ax\" x1=\"0\" x2=\"100%\" y1=\"{0}\" y2=\"{0}\"/>",
            short(base)
        ));
    }

    /// A part of the width from top to bottom, as shares.
    pub(in super::super) fn shade(&mut self, class: &str, from: f64, to: f64) {
        let width = (to - from).max(0.002);
        self.back.push_str(&format!(
            "<rect class=\"{class}\" x=\"{}\" width=\"{}\" y=\"0\" height=\"{}\"/>",
            per_cent(from),
            per_cent(width),
            short(self.height)
        ));
    }

    /// A part of the height over the whole width, in pixels.
    pub(in super::super) fn belt(&mut self, class: &str, from: f64, to: f64) {
        self.back.push_str(&format!(
            "<rect class=\"{class}\" x=\"0\" width=\"100%\" y=\"{}\" height=\"{}\"/>",
            short(from.min(to)),
            short((to - from).abs())
        ));
    }

    /// A line through points in the order of x.
    pub(in super::super) fn line(&mut self, class: &str, points: &[Point]) {
        if points.len() < 2 {
            return;
        }
        let path = path(&simplified(points));
        self.paths
            .push_str(&format!("<path class=\"{class}\" d=\"{path}\"/>"));
    }

    /// The area between two lines over the same x.
    pub(in super::super) fn area(&mut self, class: &str, upper: &[Point], lower: &[Point]) {
        if upper.len() < 2 || lower.len() < 2 {
            return;
        }
        let mut outline = simplified(upper);
        outline.extend(simplified(lower).into_iter().rev());
        let path = path(&outline);
        self.paths
            .push_str(&format!("<path class=\"{class}\" d=\"{path}Z\"/>"));
    }

    /// Bars on the axis: (from, to, top).
    pub(in super::super) fn bars(&mut self, class: &str, bars: &[(f64, f64, f64)]) {
        let mut path = String::new();
        for (from, to, top) in bars {
            let (from, to) = (from * GRID, to * GRID);
            // A bar of a single request can be seen, too.
            let top = top.min(self.height - 1.0);
            path.push_str(&format!(
                "M{} {base}V{}H{}V{base}z",
                short(from),
                short(top),
                short(to),
                base = short(self.height)
            ));
        }
        if !path.is_empty() {
            self.paths
                .push_str(&format!("<path class=\"{class}\" d=\"{path}\"/>"));
        }
    }

    /// A rectangle: its place and end as shares of the width, its top and height in pixels.
    pub(in super::super) fn block(&mut self, class: &str, (from, to): Point, (top, high): Point) {
        self.front.push_str(&format!(
            "<rect class=\"{class}\" x=\"{}\" width=\"{}\" y=\"{}\" height=\"{}\"/>",
            per_cent(from),
            per_cent(to - from),
            short(top),
            short(high)
        ));
    }

    pub(in super::super) fn dot(&mut self, class: &str, (x, y): Point, radius: f64) {
        self.front.push_str(&format!(
            "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>",
            per_cent(x),
            short(y),
            short(radius)
        ));
    }

    /// A straight line between two points, thick enough to be an interval.
    pub(in super::super) fn interval(&mut self, colour: &str, (x1, y1): Point, (x2, y2): Point) {
        self.front.push_str(&format!(
            "<line x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\" stroke=\"var(--{colour})\" \
             stroke-width=\"2.5\"/>",
            per_cent(x1),
            per_cent(x2),
            short(y1),
            short(y2)
        ));
    }

    /// A dashed line over the whole width.
    pub(in super::super) fn level(&mut self, class: &str, y: f64) {
        let dashes = if class == "ax" {
            " stroke-dasharray=\"2 3\""
        } else {
            ""
        };
        self.front.push_str(&format!(
            "<line class=\"{class}\"{dashes} x1=\"0\" x2=\"100%\" y1=\"{0}\" y2=\"{0}\"/>",
            short(y)
        ));
    }

    /// A line from top to bottom.
    pub(in super::super) fn upright(&mut self, x: f64, dashed: bool) {
        let dashes = if dashed {
            " stroke-dasharray=\"2 3\""
        } else {
            ""
        };
        self.front.push_str(&format!(
            "<line class=\"ax\"{dashes} x1=\"{0}\" x2=\"{0}\" y1=\"{1}\" y2=\"{2}\"/>",
            per_cent(x),
            if dashed { "-4" } else { "0" },
            short(self.height)
        ));
    }

    /// Text over the lines.
    pub(in super::super) fn text(
        &mut self,
        class: &str,
        (x, y): Point,
        anchor: Anchor,
        text: &str,
    ) {
        let (shift, anchor) = match anchor {
            Anchor::Start => ("5", "start"),
            Anchor::End => ("-5", "end"),
        };
        self.front.push_str(&format!(
            "<text class=\"{class} halo\" x=\"{}\" dx=\"{shift}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
            per_cent(x),
            short(y),
            Html::text(text)
        ));
    }

    /// Text in the middle of something.
    pub(in super::super) fn centred(&mut self, class: &str, (x, y): Point, text: &str) {
        self.front.push_str(&format!(
            "<text class=\"{class}\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            per_cent(x),
            short(y),
            Html::text(text)
        ));
    }

    /// The name of a line, at its right end.
    pub(in super::super) fn end(&mut self, y: f64, class: &'static str, name: &str) {
        self.ends.push((y, class, name.to_owned()));
    }

    /// The finished picture; `description` holds the figures that a reader would take from it.
    pub(in super::super) fn finish(mut self, description: &str) -> Html {
        self.place_ends();
        let id = self.id;
        let mut svg = String::new();
        let height = short(self.height + self.below);
        let class = if self.class.is_empty() {
            String::new()
        } else {
            format!(" {}", self.class)
        };
        // Writing to a string does not fail.
        let _ = write!(
            svg,
            "<svg class=\"plot{class}\" height=\"{height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-text\">\
             <title id=\"{id}-title\">{}</title><desc id=\"{id}-text\">{}</desc>{}",
            attribute(self.title),
            attribute(description),
            self.back
        );
        if !self.paths.is_empty() {
            let _ = write!(
                svg,
                "<svg viewBox=\"0 0 1000 {0}\" width=\"100%\" height=\"{0}\" preserveAspectRatio=\"none\" \
                 overflow=\"visible\">{1}</svg>",
                short(self.height),
                self.paths
            );
        }
        svg.push_str(&self.front);
        svg.push_str("</svg>");
        Html::ours(svg)
    }

    fn place_ends(&mut self) {
        self.ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut places: Vec<f64> = Vec::new();
        for (y, _, _) in &self.ends {
            let wanted = y + 4.0;
            let free = places
                .last()
                .map_or(wanted, |last| wanted.max(last + APART));
            places.push(free);
        }
        // What was pushed below the axis moves up again, and the others with it.
        let mut limit = self.height + 4.0;
        for place in places.iter_mut().rev() {
            *place = place.min(limit);
            limit = *place - APART;
        }
        for ((_, class, name), y) in self.ends.iter().zip(places) {
            self.front.push_str(&format!(
                "<text class=\"l {class} halo\" x=\"100%\" dx=\"6\" y=\"{}\">{}</text>",
                short(y),
                Html::text(name)
            ));
        }
    }
}

/// One decimal at most.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0" } else { text }.to_owned()
}

fn per_cent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{}%", if text == "-0" { "0" } else { text })
}

fn path(points: &[Point]) -> String {
    let mut path = String::with_capacity(points.len() * 10);
    for (index, (x, y)) in points.iter().enumerate() {
        match index {
            0 => path.push('M'),
            1 => path.push('L'),
            _ => path.push(' '),
        }
        path.push_str(&short(x * GRID));
        path.push(' ');
        path.push_str(&short(*y));
    }
    path
}

/// Douglas and Peucker, on the grid and without recursion.
fn simplified(points: &[Point]) -> Vec<Point> {
    let Some(last) = points.len().checked_sub(1).filter(|last| *last > 1) else {
        return points.to_vec();
    };
    let mut kept = vec![false; points.len()];
    (kept[0], kept[last]) = (true, true);
    let mut open = vec![(0, last)];
    while let Some((from, to)) = open.pop() {
        let furthest = (from + 1..to)
            .map(|index| (distance(points[index], points[from], points[to]), index))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((off, index)) = furthest.filter(|(off, _)| *off > TOLERANCE) {
            debug_assert!(off.is_finite());
            kept[index] = true;
            open.push((from, index));
            open.push((index, to));
        }
    }
    let chosen = points.iter().zip(kept).filter(|(_, kept)| *kept);
    chosen.map(|(point, _)| *point).collect()
}

/// Of a point from the line through two others.
fn distance(point: Point, from: Point, to: Point) -> f64 {
    let (x, y) = (to.0 * GRID - from.0 * GRID, to.1 - from.1);
    let (dx, dy) = (point.0 * GRID - from.0 * GRID, point.1 - from.1);
    let length = x.hypot(y);
    if length == 0.0 {
        return dx.hypot(dy);
    }
    (x * dy - y * dx).abs() / length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_keeps_its_ends() {
        let straight: Vec<Point> = (0..=100).map(|i| (f64::from(i) / 100.0, 50.0)).collect();
        assert_eq!(simplified(&straight), [(0.0, 50.0), (1.0, 50.0)]);
        let mut peak = straight;
        peak[40].1 = 10.0;
        assert_eq!(simplified(&peak).len(), 5);
        assert_eq!(
            path(&[(0.0, 1.0), (0.5, 2.25), (1.0, 3.0)]),
            "M0 1L500 2.2 1000 3"
        );
    }

    #[test]
    fn names_at_the_end_stand_apart_and_above_the_axis() {
        let mut plot = Plot::new("x", "", "x", 100.0);
        for y in [98.0, 99.0, 100.0, 20.0] {
            plot.end(y, "fa", "a");
        }
        let svg = plot.finish("d").to_string();
        for y in ["24", "78", "91", "104"] {
            assert!(svg.contains(&format!("dx=\"6\" y=\"{y}\"")), "{y} {svg}");
        }
    }

    #[test]
    fn a_chart_with_axes_and_a_limit() {
        let mut plot = Plot::new("curve", "t", "Curve", 60.0);
        let scale = Scale::linear(30.0, 3);
        plot.vertical(&scale, |value| scale.name(value));
        plot.horizontal(&super::super::percentiles(100), Some("percentile, %"));
        plot.line(
            "pa",
            &[(0.0, scale.y(1.0, 60.0)), (1.0, scale.y(28.0, 60.0))],
        );
        plot.level("slo", scale.y(20.0, 60.0));
        plot.end(scale.y(28.0, 60.0), "fa", "latency");
        let svg = plot.finish("p50 1 ms").to_string();
        let mut rest = svg.as_str();
        for part in [
            "<svg class=\"plot t\" height=\"94\" role=\"img\" aria-labelledby=\"curve-title curve-text\">",
            "<title id=\"curve-title\">Curve</title><desc id=\"curve-text\">p50 1 ms</desc>",
            "<text x=\"-8\" y=\"64\" text-anchor=\"end\">0</text>",
            "<text x=\"-8\" y=\"4\" text-anchor=\"end\">30</text>",
            "<text x=\"50%\" y=\"76\" text-anchor=\"middle\">90</text>",
            "<text x=\"100%\" y=\"91\" text-anchor=\"end\">percentile, %</text>",
            "<path class=\"pa\" d=\"M0 58L1000 4\"/>",
            "<line class=\"slo\" x1=\"0\" x2=\"100%\" y1=\"20\" y2=\"20\"/>",
            "<text class=\"l fa halo\" x=\"100%\" dx=\"6\" y=\"8\">latency</text></svg>",
        ] {
            let at = rest
                .find(part)
                .unwrap_or_else(|| panic!("{part} is not in {rest}"));
            rest = &rest[at + part.len()..];
        }
    }
}
