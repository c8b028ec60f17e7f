//! The settings of `backsmith loadtest`: a plan and what it is judged by, or reports to add up. All
//! faults of all flags are found before anything is said.

mod capacity;
mod comparison;
mod credentials;
mod described;
mod emit;
mod list;
mod plan;
mod quantity;
mod reproduction;
mod scale_out;
mod slo;
mod stages;
mod targets;

use std::path::PathBuf;
use std::time::Duration;

use super::migrate::{Database, Origin};
use super::{Context, Format, ReportOptions, format_of_ending};
use crate::cli;
use crate::diagnostic::Diagnostic;
use crate::failure::{Failure, Fault, Message};
use crate::loadtest::assessment::{Asked, Drawn, Endpoint, Load, TableUse};
use crate::loadtest::comparison::Margin;
use crate::loadtest::expectation::{self, Expectation};
use crate::loadtest::plan::{Plan, Target};
use crate::loadtest::schedule::Stage;
use crate::redact::SecretUrl;
use crate::report::emit::Recipe;
use crate::terminal::Verbosity;
use crate::text::number::count;
use crate::text::suggest;

const FORMATS: &[Format] = &[
    Format::Human,
    Format::Json,
    Format::Markdown,
    Format::Html,
    Format::Csv,
    Format::Hlog,
    Format::Junit,
];
/// Above these a host that is not near needs `--yes`.
const MANY_CONNECTIONS: usize = 1_000;
const MANY_REQUESTS: f64 = 10_000.0;
/// Where a run draws none by chance.
const FIXED_SEED: u64 = 1;
/// Connections that one thread serves well.
const CONNECTIONS_PER_THREAD: usize = 32;

pub use described::Described;

/// What one run of `loadtest` was asked to do.
#[derive(Clone, Debug)]
pub enum Request {
    Run(Box<Run>),
    Merge(Merge),
    Emit(Box<Emit>),
}

/// A load, and what it has to meet.
#[derive(Clone, Debug)]
pub struct Run {
    pub plan: Plan,
    pub load: Load,
    /// Steps up to this rate in place of one load.
    pub find_capacity: Option<f64>,
    pub endpoints: Vec<Endpoint>,
    pub asked: Asked,
    pub against: Against,
    pub margin: Margin,
    pub strict: bool,
    pub reports: Reports,
    /// The requests come from an API's description.
    pub described: Option<Described>,
    /// The database behind the server.
    pub database: Option<Database>,
}

/// Reports of shards, to be added up.
#[derive(Clone, Debug)]
pub struct Merge {
    pub files: Vec<PathBuf>,
    /// How long files may be missing.
    pub wait: Duration,
    pub asked: Asked,
    pub baseline: Option<PathBuf>,
    pub margin: Margin,
    pub strict: bool,
    pub reports: Reports,
}

/// A load as what another program runs.
#[derive(Clone, Debug)]
pub struct Emit {
    pub recipe: Recipe,
    pub target: EmitTarget,
    /// In place of standard output.
    pub output: Option<PathBuf>,
}

/// What runs an emitted load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmitTarget {
    Kubernetes,
    K6,
}

/// What a run is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    Nothing,
    /// The second endpoint with the first.
    Endpoint,
    /// A report of an earlier run.
    Baseline(PathBuf),
}

/// Where reports go.
#[derive(Clone, Debug)]
pub struct Reports {
    pub options: ReportOptions,
    /// In place of standard output.
    pub output: Option<(PathBuf, Format)>,
    pub verbosity: Verbosity,
    /// The request as it was put together, by name; secrets are masked.
    pub request: Vec<(&'static str, String)>,
    /// The command line, with its secrets masked.
    pub command: String,
}

pub(super) fn resolve(arguments: cli::Loadtest, context: &Context) -> Result<Request, Failure> {
    let mut faults = Faults::default();
    if arguments.emit.is_some() {
        return emit::resolve(&arguments, context).map(|emit| Request::Emit(Box::new(emit)));
    }
    let reports = faults.keep(reports(&arguments, context));
    let mut asked = asked(&arguments, &mut faults);
    if arguments.find_capacity {
        capacity::complete(&mut asked);
    }
    let margin = comparison::margin(&arguments, &mut faults);
    if !arguments.merge.is_empty() {
        if arguments.expect_rate_limit {
            faults.push(
                "`--expect-rate-limit` looks at answers one by one, which reports do not hold",
                Some("give it to a run of its own, without `--merge`"),
            );
        }
        let baseline = arguments.compare.clone().flatten().map(PathBuf::from);
        let wait = wait(&arguments, &mut faults);
        let Some(reports) = reports.filter(|_| faults.is_empty()) else {
            return Err(faults.into_failure());
        };
        return Ok(Request::Merge(Merge {
            files: arguments.merge,
            wait,
            asked,
            baseline,
            margin,
            strict: arguments.strict,
            reports,
        }));
    }
    let (urls, against) = comparison::compared(&arguments, &mut faults);
    let targets = targets::targets(&arguments, &urls, &mut faults);
    let mut load = load(&arguments, context, &mut faults);
    let drawn = drawn(&arguments, &targets, &mut faults);
    if let Some(load) = &mut load {
        load.drawn = drawn;
    }
    // The operations of a description are not known yet.
    if arguments.spec.is_none() {
        expectations_have_targets(&asked, &targets.targets, &mut faults);
    }
    let start_at = scale_out::start_at(arguments.start_at.as_ref(), &mut faults);
    if arguments.wait.is_some() {
        faults.push("`--wait` is for `--merge`", None);
    }
    let (Some(reports), Some(load), true) = (reports, load, faults.is_empty()) else {
        return Err(faults.into_failure());
    };
    let run = plan::run(&arguments, targets, load, &asked, &mut faults);
    let described = run
        .as_ref()
        .and_then(|(plan, _)| described::resolve(&arguments, plan, &urls, &mut faults));
    let (Some((mut plan, load)), true) = (run, faults.is_empty()) else {
        return Err(faults.into_failure());
    };
    plan.start_at = start_at;
    let find_capacity = capacity::ceiling(&arguments, &plan);
    let reports = Reports {
        request: reproduction::request(&plan),
        ..reports
    };
    guard(&plan, &load, arguments.yes)?;
    Ok(Request::Run(Box::new(Run {
        endpoints: plan.targets.iter().map(Endpoint::of).collect(),
        asked,
        plan,
        load,
        find_capacity,
        against,
        margin,
        strict: arguments.strict,
        reports,
        described,
        database: arguments.database.map(|url| Database {
            url: SecretUrl::new(url),
            origin: Origin::Flag,
        }),
    })))
}

/// Every fault of the command line, in the order of the help text.
#[derive(Debug, Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn push(&mut self, text: impl Into<String>, hint: Option<&str>) {
        self.add(Message {
            text: text.into(),
            hint: hint.map(str::to_owned),
            ..Message::default()
        });
    }

    fn add(&mut self, message: Message) {
        self.0.push(Fault::Message(message));
    }

    /// Faults with places in files.
    fn diagnostics(&mut self, found: Vec<Diagnostic>) {
        self.0.extend(Failure::diagnostics(found).faults);
    }

    /// The value, or its faults among the others.
    fn keep<T>(&mut self, result: Result<T, Failure>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(failure) => {
                self.0.extend(failure.faults);
                None
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn into_failure(self) -> Failure {
        let mut failure = Failure::inputs([]);
        failure.faults = self.0;
        failure.closing("nothing was sent    (usage: backsmith loadtest -h)")
    }
}

fn reports(arguments: &cli::Loadtest, context: &Context) -> Result<Reports, Failure> {
    let options = context.report_options(FORMATS)?;
    let asked = context.global.json || context.global.format.is_some();
    let output = match &arguments.output {
        Some(path) if path.as_os_str() != "-" => {
            let format = if asked {
                options.format
            } else {
                format_of_ending("--output", path)?
            };
            if !FORMATS.contains(&format) {
                return Err(super::unavailable(format, FORMATS));
            }
            Some((path.clone(), format))
        }
        _ => None,
    };
    Ok(Reports {
        options,
        output,
        verbosity: context.verbosity,
        request: Vec::new(),
        command: reproduction::command(std::env::args_os()),
    })
}

/// How long `--merge` waits for its files.
fn wait(arguments: &cli::Loadtest, faults: &mut Faults) -> Duration {
    let Some(text) = &arguments.wait else {
        return Duration::ZERO;
    };
    quantity::duration(text).unwrap_or_else(|reason| {
        faults.push(format!("`{text}` is no value of `--wait`: {reason}"), None);
        Duration::ZERO
    })
}

fn load(arguments: &cli::Loadtest, context: &Context, faults: &mut Faults) -> Option<Load> {
    let config = &context.config.loadtest;
    let origin = |flag: &'static str, given: bool| {
        if given {
            flag
        } else {
            "backsmith.toml, [loadtest]"
        }
    };
    let mut time =
        |flag, given: &Option<String>, stored: &Option<String>, default: Duration| match given
            .as_ref()
            .or(stored.as_ref())
        {
            None => Some(default),
            Some(text) => match quantity::duration(text) {
                Ok(duration) => Some(duration),
                Err(reason) => {
                    let name = origin(flag, given.is_some());
                    faults.push(format!("`{text}` is no value of `{name}`: {reason}"), None);
                    None
                }
            },
        };
    let timeout = time(
        "--timeout",
        &arguments.timeout,
        &config.timeout,
        Duration::from_secs(30),
    );
    let duration = time(
        "--duration",
        &arguments.duration,
        &config.duration,
        Duration::from_secs(30),
    );
    let warmup = time(
        "--warmup",
        &arguments.warmup,
        &config.warmup,
        Duration::ZERO,
    );
    for (flag, value) in [("--timeout", timeout), ("--duration", duration)] {
        if value == Some(Duration::ZERO) {
            faults.push(format!("`{flag}` must be longer than 0"), None);
        }
    }
    let whole = |flag: &str, text: &Option<String>, faults: &mut Faults| {
        text.as_ref().and_then(|text| match quantity::whole(text) {
            Ok(number) => Some(number),
            Err(reason) => {
                faults.push(format!("`{text}` is no value of `{flag}`: {reason}"), None);
                None
            }
        })
    };
    let connections = whole("--concurrency", &arguments.concurrency, faults)
        .map(|number| number as usize)
        .or(config.concurrency)
        .unwrap_or(50);
    let requests = whole("--requests", &arguments.requests, faults);
    let threads = whole("--threads", &arguments.threads, faults)
        .map(|number| number as usize)
        .or(config.threads);
    if connections == 0 || threads == Some(0) {
        faults.push(
            "`concurrency` and `threads` in backsmith.toml must be at least 1",
            None,
        );
    }
    let rate = arguments
        .rate
        .as_ref()
        .and_then(|text| match quantity::rate(text) {
            Ok(rate) => Some(rate),
            Err(reason) => {
                faults.push(format!("`{text}` is no value of `--rate`: {reason}"), None);
                None
            }
        });
    let shard = scale_out::shard(arguments, faults);
    let (connections, duration, warmup) = if arguments.find_capacity {
        capacity::shape(arguments, connections, duration, warmup, faults)
    } else {
        (connections, duration, warmup)
    };
    let stages = stages::stages(arguments.stages.as_ref(), faults);
    let staged: Duration = stages.iter().map(|stage| stage.duration).sum();
    // A connection without a request is opened for nothing; a warm-up has requests of its own.
    let connections = match (requests, warmup) {
        (Some(requests), Some(Duration::ZERO)) => connections.min((requests as usize).max(1)),
        _ => connections,
    };
    let (rate, duration) = if stages.is_empty() {
        (rate, duration)
    } else {
        let arrivals: f64 = stages.iter().map(Stage::arrivals).sum();
        (Some(arrivals / staged.as_secs_f64()), Some(staged))
    };
    Some(Load {
        rate,
        stages,
        connections,
        duration: if requests.is_some() { None } else { duration },
        requests,
        warmup: warmup?,
        timeout: timeout?,
        threads: threads.unwrap_or_else(|| threads_for(connections)),
        shard,
        drawn: None,
    })
}

/// The seed and the table, where something is chosen, made up or filled in. Shards have to choose
/// alike, so that without `--seed` they do not draw one each; nor do runs of a description, whose
/// requests stay the same from run to run.
fn drawn(
    arguments: &cli::Loadtest,
    targets: &targets::Asked,
    faults: &mut Faults,
) -> Option<Drawn> {
    let seed = arguments.seed.as_ref().map(|text| {
        let number = text.trim().parse::<u64>().ok();
        let fits = number.filter(|number| *number < 1 << 53);
        if fits.is_none() {
            faults.push(
                format!("`{text}` is no value of `--seed`: a whole number below 2^53"),
                None,
            );
        }
        fits.unwrap_or(0)
    });
    let mut requests = targets.targets.iter().flat_map(Target::requests);
    let chooses = targets
        .targets
        .iter()
        .any(|target| target.requests().len() > 1);
    let is_described = arguments.spec.is_some();
    if !is_described && !chooses && !requests.any(|request| request.filling.is_some()) {
        return None;
    }
    let is_fixed = is_described || arguments.shard.is_some() || arguments.shards.is_some();
    let by_chance = || u64::from(fastrand::u32(..));
    Some(Drawn {
        seed: seed.unwrap_or_else(|| if is_fixed { FIXED_SEED } else { by_chance() }),
        table: targets.data.as_ref().map(|data| TableUse {
            name: data.table.name().to_owned(),
            rows: data.table.rows() as u64,
            order: data.order,
            taken: 0,
        }),
    })
}

/// An expectation of one request needs that request.
fn expectations_have_targets(asked: &Asked, targets: &[Target], faults: &mut Faults) {
    if targets.is_empty() {
        return;
    }
    for expectation in &asked.expectations {
        let Some(name) = &expectation.target else {
            continue;
        };
        if let Err(near) = targets::named(targets, name) {
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            let text = format!("`--expect`: no request is called `{name}`");
            faults.push(text, hint.as_deref());
        }
    }
}

/// As many threads as the connections can use and the machine has.
fn threads_for(connections: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    connections.div_ceil(CONNECTIONS_PER_THREAD).clamp(1, cores)
}

fn asked(arguments: &cli::Loadtest, faults: &mut Faults) -> Asked {
    let mut expectations = Vec::new();
    for text in &arguments.expect {
        match Expectation::parse(text) {
            Ok(expectation) => expectations.push(expectation),
            Err(fault) => faults.push(format!("`--expect`: {fault}"), Some(&expect_hint(&fault))),
        }
    }
    if let Some(path) = &arguments.slo {
        expectations.extend(faults.keep(slo::expectations(path)).unwrap_or_default());
    }
    let status = arguments.expect_status.as_ref().and_then(|text| {
        let status = text
            .parse::<u16>()
            .ok()
            .filter(|code| (100..=599).contains(code));
        if status.is_none() {
            faults.push(
                format!("`{text}` is no value of `--expect-status`: statuses are 100 to 599"),
                None,
            );
        }
        status
    });
    Asked {
        expectations,
        status,
        rate_limit: arguments.expect_rate_limit,
    }
}

fn expect_hint(fault: &expectation::Fault) -> String {
    let names = expectation::QUANTITIES.map(|(name, _)| name);
    match fault {
        expectation::Fault::Quantity(name) => match suggest::nearest(name, names) {
            Some(near) => format!("did you mean `{near}`? One of {}", names.join(", ")),
            None => format!("one of {}", names.join(", ")),
        },
        _ => {
            "`--expect 'p99<200ms'`, `--expect 'error_rate<1%'`, `--expect 'rps>=1000'`".to_owned()
        }
    }
}

/// A load that can hurt somebody else's host is sent only when the user says that it is meant.
fn guard(plan: &Plan, load: &Load, yes: bool) -> Result<(), Failure> {
    let rate = load.fastest_rate().unwrap_or(0.0);
    if yes || (load.connections <= MANY_CONNECTIONS && rate <= MANY_REQUESTS) {
        return Ok(());
    }
    let mut requests = plan.targets.iter().flat_map(Target::requests);
    let Some(far) = requests.find(|request| !request.address.is_near()) else {
        return Ok(());
    };
    let amount = if load.connections > MANY_CONNECTIONS {
        format!("{} connections", count(load.connections as u64))
    } else {
        format!("{} requests a second", count(rate as u64))
    };
    Err(Failure::refused(format!(
        "{amount} against `{}`, which is neither this machine nor a private address",
        far.address.host
    ))
    .code("heavy-load")
    .hint("`--yes` if the host is yours, and those who run it know"))
}
