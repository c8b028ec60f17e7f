//! What is shown while a load is under way: a view of a few lines on a terminal, one line every ten
//! seconds elsewhere, nothing with `-q`.

use std::time::Duration;

use crate::loadtest::assessment::Load;
use crate::loadtest::recording::Interval;
use crate::loadtest::runner::Event;
use crate::settings::loadtest::Run;
use crate::terminal::interrupt::Interrupt;
use crate::terminal::{BOLD, LiveView, Terminal};
use crate::text::number::{count, decimal, per_second};

/// A run that takes longer than this says how far it is.
const LINE_EVERY: usize = 10;
const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Seconds that a sparkline shows.
const SPARK: usize = 12;

/// The display of one run.
pub(super) struct Live<'run> {
    terminal: &'run mut Terminal,
    view: Option<LiveView>,
    subject: String,
    load: Load,
    told: bool,
    rates: Vec<u64>,
    latest: Figures,
}

/// What the last second left.
#[derive(Clone, Debug, Default)]
struct Figures {
    completed: u64,
    failed: u64,
    refused: u64,
    per_second: u64,
    p50: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

impl<'run> Live<'run> {
    pub(super) fn new(request: &Run, terminal: &'run mut Terminal) -> Self {
        let first = &request.endpoints[0];
        let view = terminal.draws_progress().then(LiveView::default);
        Self {
            terminal,
            view,
            subject: format!("{} {}", first.method, first.url),
            load: request.load.clone(),
            told: false,
            rates: Vec::new(),
            latest: Figures::default(),
        }
    }

    pub(super) fn show(&mut self, event: &Event<'_>, interrupt: &Interrupt) {
        self.tell(interrupt);
        match event {
            Event::Started { connected } => {
                if *connected < self.load.own_connections() {
                    self.terminal.note(&format!(
                        "{} of {} connections could be made",
                        count(*connected as u64),
                        count(self.load.own_connections() as u64)
                    ));
                }
            }
            Event::Second {
                number,
                second,
                so_far,
            } => {
                self.second(second, so_far);
                if self.view.is_none() && number.is_multiple_of(LINE_EVERY) {
                    self.line(*number);
                }
            }
            Event::Tick { elapsed } => self.draw(*elapsed),
            Event::WaitingForStart { wait } => {
                self.terminal.note(&format!(
                    "waiting {} for the start",
                    crate::text::number::seconds(*wait)
                ));
            }
            Event::WatchingRecovery { wait } => {
                self.terminal.detail(&format!(
                    "waiting up to {} for the limit to let requests through again",
                    crate::text::number::seconds(*wait)
                ));
            }
        }
    }

    /// Leaves the screen to the report.
    pub(super) fn finish(mut self, interrupt: &Interrupt) {
        self.tell(interrupt);
        if let Some(view) = &mut self.view {
            view.erase();
        }
    }

    /// The first signal is answered at once, before the report is ready.
    fn tell(&mut self, interrupt: &Interrupt) {
        if !self.told && interrupt.requested().is_some() {
            self.told = true;
            if let Some(view) = &mut self.view {
                view.erase();
            }
            self.terminal.note("stopping; once more to leave at once");
        }
    }

    fn second(&mut self, second: &Interval, so_far: &Interval) {
        self.rates.push(second.tally.completed);
        let milliseconds = |quantile| so_far.latency.quantile(quantile).map(|value| value / 1e6);
        self.latest = Figures {
            completed: so_far.tally.completed,
            failed: so_far.tally.failed,
            refused: so_far.tally.refused(),
            per_second: second.tally.completed,
            p50: milliseconds(0.50),
            p99: milliseconds(0.99),
            max: so_far.latency.max().map(|value| value as f64 / 1e6),
        };
    }

    fn line(&mut self, number: usize) {
        let Figures {
            completed,
            failed,
            refused,
            p50,
            p99,
            ..
        } = self.latest;
        let whole = match self.load.duration {
            Some(duration) => format!(" of {} s", duration.as_secs()),
            None => String::new(),
        };
        let recent =
            self.rates.iter().rev().take(LINE_EVERY).sum::<u64>() as f64 / LINE_EVERY as f64;
        let time = |value: Option<f64>| value.map_or("-".to_owned(), |value| decimal(value, 2));
        self.terminal.note(&format!(
            "loadtest  {number} s{whole}   {:>9} requests   {} req/s   p50 {} ms   p99 {} ms   {} errors",
            count(completed),
            per_second(recent),
            time(p50),
            time(p99),
            count(failed + refused)
        ));
    }

    fn draw(&mut self, elapsed: Duration) {
        let width = self.terminal.width().min(100);
        let lines = self.lines(elapsed, width);
        if let Some(view) = self.view.as_mut().filter(|_| !self.told) {
            view.draw(&lines);
        }
    }

    fn lines(&self, elapsed: Duration, width: usize) -> Vec<String> {
        let all = self.load.warmup + self.load.duration.unwrap_or_default();
        let of = if all.is_zero() {
            String::new()
        } else {
            format!(" of {} s", all.as_secs())
        };
        let time = format!("{} s{of}", elapsed.as_secs());
        let pace = match self.load.rate {
            None => format!(
                "closed loop, {} connections",
                count(self.load.connections as u64)
            ),
            Some(_) if !self.load.stages.is_empty() => {
                format!("open loop, {} stages", self.load.stages.len())
            }
            Some(rate) => format!("open loop, {} req/s", per_second(rate)),
        };
        let room = width.saturating_sub(time.chars().count() + 2);
        let head: String = format!("{}   {pace}", self.subject)
            .chars()
            .take(room)
            .collect();
        let latest = &self.latest;
        let milliseconds = |value: Option<f64>| {
            value.map_or("-".to_owned(), |value| format!("{} ms", decimal(value, 2)))
        };
        let done = if all.is_zero() {
            0.0
        } else {
            (elapsed.as_secs_f64() / all.as_secs_f64()).min(1.0)
        };
        let bar_width = width.saturating_sub(8).min(86);
        let filled = (done * bar_width as f64).round() as usize;
        let bar = "█".repeat(filled) + &"░".repeat(bar_width - filled);
        vec![
            format!("{head:<room$}  {BOLD}{time}{BOLD:#}"),
            format!("{bar} {:>4.0}%", done * 100.0),
            String::new(),
            format!("  req/s {:>12}  {}", count(latest.per_second), self.spark()),
            format!(
                "  p50   {:>12}     errors {:>9}",
                milliseconds(latest.p50),
                count(latest.failed + latest.refused)
            ),
            format!(
                "  p99   {:>12}     answers {:>8}",
                milliseconds(latest.p99),
                count(latest.completed)
            ),
            format!("  max   {:>12}", milliseconds(latest.max)),
        ]
    }

    fn spark(&self) -> String {
        let shown = &self.rates[self.rates.len().saturating_sub(SPARK)..];
        let most = shown.iter().copied().max().unwrap_or(0).max(1);
        shown
            .iter()
            .map(|rate| STEPS[(*rate as f64 / most as f64 * 7.0).round() as usize])
            .collect()
    }
}
