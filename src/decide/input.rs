//! What can be known of a backend's constraints: the inputs, their values, and where each came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::text::{first_unprintable, printable, suggest};

/// One thing that a decision may rest on, in the order in which reports name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Input {
    TeamSize,
    QpsP99,
    ReadWriteRatio,
    Tenancy,
    DataSensitivity,
    Pattern,
    LanguagePreference,
    PlatformTeam,
    NeedsAdminPanel,
    Workload,
    HotPath,
    SloUptime,
    P50Ms,
    P95Ms,
    P99Ms,
    Rpo,
    Rto,
    ErrorBudgetConsumer,
    SyncModel,
    SyncExceptions,
}

/// What values an input has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number from 1.
    Whole,
    /// A number from 0.
    Decimal,
    /// A number above 0 and below 100.
    Percent,
    /// One of these words.
    Choice(&'static [&'static str]),
    Switch,
    /// `30s`, `5m`, `1h`, `1d`.
    Duration,
    Text,
}

/// How an input is called, asked for and explained.
#[derive(Clone, Copy, Debug)]
pub struct Description {
    /// In documents and JSON.
    pub key: &'static str,
    pub flag: &'static str,
    /// In sentences.
    pub label: &'static str,
    pub kind: Kind,
    /// Without it no recommendation is given.
    pub required: bool,
    /// What to ask a person.
    pub question: &'static str,
    /// The forcing question that it belongs to.
    pub forcing_question: u8,
    pub help: &'static str,
}

/// A value of an input.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Number(f64),
    Choice(&'static str),
    Switch(bool),
    /// In seconds.
    Duration(u64),
    Text(String),
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The flag, with its dashes.
    Flag(&'static str),
    /// A file and the line in it, from 1.
    File { name: String, line: usize },
    /// A flag that another value of a file gave way to.
    FlagOverFile {
        flag: &'static str,
        name: String,
        line: usize,
        value: String,
    },
}

/// A value with its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    pub value: Value,
    pub origin: Origin,
}

/// Everything that is known, by input.
pub type Inputs = BTreeMap<Input, Given>;

/// The values alone, which is all that the engine looks at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers(BTreeMap<Input, Value>);

impl Answers {
    pub fn get(&self, input: Input) -> Option<&Value> {
        self.0.get(&input)
    }

    pub fn number(&self, input: Input) -> Option<f64> {
        match self.get(input) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    pub fn choice(&self, input: Input) -> Option<&'static str> {
        match self.get(input) {
            Some(Value::Choice(choice)) => Some(choice),
            _ => None,
        }
    }

    /// Promised latencies that fall where they must rise: each with the next one, which is lower.
    pub fn falling_latencies(&self) -> Vec<[(Input, f64); 2]> {
        let given: Vec<_> = [Input::P50Ms, Input::P95Ms, Input::P99Ms]
            .into_iter()
            .filter_map(|input| Some((input, self.number(input)?)))
            .collect();
        given
            .windows(2)
            .filter(|pair| pair[0].1 > pair[1].1)
            .map(|pair| [pair[0], pair[1]])
            .collect()
    }

    /// The same answers with one changed; `None` takes it away.
    pub fn with(&self, input: Input, value: Option<Value>) -> Self {
        let mut changed = self.clone();
        match value {
            Some(value) => changed.0.insert(input, value),
            None => changed.0.remove(&input),
        };
        changed
    }
}

impl From<&Inputs> for Answers {
    fn from(inputs: &Inputs) -> Self {
        let values = inputs
            .iter()
            .map(|(input, given)| (*input, given.value.clone()));
        Self(values.collect())
    }
}

impl FromIterator<(Input, Value)> for Answers {
    fn from_iter<T: IntoIterator<Item = (Input, Value)>>(values: T) -> Self {
        Self(values.into_iter().collect())
    }
}

const TENANCY: &[&str] = &[
    "single-tenant",
    "shared-multi-tenant",
    "isolated-multi-tenant",
];
const DATA_SENSITIVITY: &[&str] = &["public", "internal", "pii", "phi", "pci", "regulated"];
const PATTERN: &[&str] = &[
    "monolith",
    "modular-monolith",
    "domain-bounded-services",
    "microservices",
    "serverless",
];
const LANGUAGE: &[&str] = &[
    "typescript",
    "python",
    "go",
    "rust",
    "java",
    "kotlin",
    "dotnet",
];
const WORKLOAD: &[&str] = &["saas", "ml-adjacent", "content-crud", "extracted-service"];
const SYNC_MODEL: &[&str] = &["sync", "async", "event-driven"];

impl Input {
    pub const ALL: [Self; 20] = [
        Self::TeamSize,
        Self::QpsP99,
        Self::ReadWriteRatio,
        Self::Tenancy,
        Self::DataSensitivity,
        Self::Pattern,
        Self::LanguagePreference,
        Self::PlatformTeam,
        Self::NeedsAdminPanel,
        Self::Workload,
        Self::HotPath,
        Self::SloUptime,
        Self::P50Ms,
        Self::P95Ms,
        Self::P99Ms,
        Self::Rpo,
        Self::Rto,
        Self::ErrorBudgetConsumer,
        Self::SyncModel,
        Self::SyncExceptions,
    ];

    pub fn named(key: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|input| input.describe().key == key)
    }

    pub fn keys() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(|input| input.describe().key)
    }

    pub const fn key(self) -> &'static str {
        self.describe().key
    }

    pub const fn flag(self) -> &'static str {
        self.describe().flag
    }

    pub const fn label(self) -> &'static str {
        self.describe().label
    }

    pub const fn kind(self) -> Kind {
        self.describe().kind
    }

    #[rustfmt::skip]
    pub const fn describe(self) -> Description {
        const fn row(
            names: [&'static str; 3], kind: Kind, required: bool, forcing_question: u8, question: &'static str, help: &'static str,
        ) -> Description {
            Description { key: names[0], flag: names[1], label: names[2], kind, required, question, forcing_question, help }
        }
        match self {
            Self::TeamSize => row(["team_size", "--team-size", "team size"], Kind::Whole, true, 5,
                "How many engineers will work on this, a year from now?", "Engineers who will work on it, a year from now"),
            Self::QpsP99 => row(["qps_p99", "--qps-p99", "QPS p99"], Kind::Decimal, true, 1,
                "How many requests per second come at the 99th percentile, a year from now?", "Requests per second at the 99th percentile, a year from now"),
            Self::ReadWriteRatio => row(["read_write_ratio", "--read-write-ratio", "read/write ratio"], Kind::Decimal, true, 1,
                "How many reads come for each write, a year from now?", "Reads for each write"),
            Self::Tenancy => row(["tenancy", "--tenancy", "tenancy"], Kind::Choice(TENANCY), true, 2,
                "How many tenants share a database, and how are they kept apart?", "single-tenant, shared-multi-tenant, isolated-multi-tenant"),
            Self::DataSensitivity => row(["data_sensitivity", "--data-sensitivity", "data sensitivity"], Kind::Choice(DATA_SENSITIVITY), true, 4,
                "How sensitive is the data you will hold in a year?", "public, internal, pii, phi, pci, regulated"),
            Self::Pattern => row(["pattern", "--pattern", "pattern"], Kind::Choice(PATTERN), true, 5,
                "Which shape do you have in mind, and does the team's size carry it?", "monolith, modular-monolith, domain-bounded-services, microservices, serverless"),
            Self::LanguagePreference => row(["language_preference", "--language-preference", "language"], Kind::Choice(LANGUAGE), false, 5,
                "Which language does the team know best?", "typescript, python, go, rust, java, kotlin, dotnet"),
            Self::PlatformTeam => row(["platform_team", "--platform-team", "platform team"], Kind::Switch, false, 5,
                "Is there a team whose product is the platform?", "There is (true) or there is no (false) team whose product is the platform"),
            Self::NeedsAdminPanel => row(["needs_admin_panel", "--needs-admin-panel", "needs an admin panel"], Kind::Switch, false, 5,
                "Do people need an admin panel over the data from the first day?", "People need an admin panel over the data, or not"),
            Self::Workload => row(["workload", "--workload", "workload"], Kind::Choice(WORKLOAD), false, 5,
                "What kind of work is it?", "saas, ml-adjacent, content-crud, extracted-service"),
            Self::HotPath => row(["hot_path", "--hot-path", "hot path"], Kind::Text, false, 1,
                "Which path takes most of the load?", "The path that takes most of the load"),
            Self::SloUptime => row(["slo_uptime", "--slo-uptime", "SLO uptime"], Kind::Percent, false, 7,
                "Which uptime do you promise, and who spends the error budget?", "Promised uptime in per cent, 99.9 for example"),
            Self::P50Ms => row(["p50_ms", "--p50-ms", "p50"], Kind::Decimal, false, 7, "Which p50 do you promise?", "Promised median latency in milliseconds"),
            Self::P95Ms => row(["p95_ms", "--p95-ms", "p95"], Kind::Decimal, false, 7, "Which p95 do you promise?", "Promised 95th percentile in milliseconds"),
            Self::P99Ms => row(["p99_ms", "--p99-ms", "p99"], Kind::Decimal, false, 7, "Which p99 do you promise?", "Promised 99th percentile in milliseconds"),
            Self::Rpo => row(["rpo", "--rpo", "RPO"], Kind::Duration, false, 6, "How much data may be lost?", "Data that may be lost, as a time: 5m"),
            Self::Rto => row(["rto", "--rto", "RTO"], Kind::Duration, false, 6, "How long may it be down?", "Time until it runs again: 30m"),
            Self::ErrorBudgetConsumer => row(["error_budget_consumer", "--error-budget-consumer", "error-budget consumer"], Kind::Text, false, 7,
                "Who, by name, spends the error budget?", "Who spends the error budget, by name"),
            Self::SyncModel => row(["sync_model", "--sync-model", "sync model"], Kind::Choice(SYNC_MODEL), false, 3,
                "Sync, async or event-driven: which is the default?", "sync, async, event-driven"),
            Self::SyncExceptions => row(["sync_exceptions", "--sync-exceptions", "exceptions to the sync model"], Kind::Text, false, 3,
                "Which calls are exceptions from the default, and what are they?", "The calls that are exceptions from the sync model, and what they are"),
        }
    }

    /// Reads a value, or says what was expected.
    pub fn parse(self, text: &str) -> Result<Value, Expected> {
        let text = text.trim();
        let number = || text.parse::<f64>().ok().filter(|number| number.is_finite());
        let expected = |what: &'static str| Err(Expected::Shape(what));
        match self.kind() {
            Kind::Whole => match number() {
                Some(number)
                    if number.fract() == 0.0 && (1.0..=LARGEST_WHOLE).contains(&number) =>
                {
                    Ok(Value::Number(number))
                }
                _ => expected("a whole number from 1 was expected"),
            },
            Kind::Decimal => match number() {
                Some(number) if (0.0..=LARGEST_DECIMAL).contains(&number) => {
                    Ok(Value::Number(number.abs()))
                }
                _ => expected("a number from 0 was expected"),
            },
            Kind::Percent => match number() {
                Some(number) if number > 0.0 && number < 100.0 => Ok(Value::Number(number)),
                _ => expected("a percentage above 0 and below 100 was expected"),
            },
            Kind::Choice(choices) => match choices.iter().find(|choice| **choice == text) {
                Some(choice) => Ok(Value::Choice(choice)),
                None => Err(Expected::OneOf {
                    choices,
                    near: suggest::nearest(text, choices.iter().copied()),
                }),
            },
            Kind::Switch => match text {
                "true" => Ok(Value::Switch(true)),
                "false" => Ok(Value::Switch(false)),
                _ => expected("`true` or `false` was expected"),
            },
            Kind::Duration => match parse_duration(text) {
                Some(seconds) => Ok(Value::Duration(seconds)),
                None => expected("a time such as `30s`, `5m`, `1h` or `1d` was expected"),
            },
            Kind::Text if text.is_empty() => expected("a name was expected"),
            Kind::Text if first_unprintable(text).is_some() => {
                expected("a name of characters that can be shown was expected")
            }
            Kind::Text if text.chars().count() > LONGEST_TEXT => {
                expected("a name of at most 200 characters was expected")
            }
            // A password in it is nobody's name, and would stand in every report.
            Kind::Text => Ok(Value::Text(crate::redact::in_place(text).into_owned())),
        }
    }
}

/// The longest free text, in characters.
const LONGEST_TEXT: usize = 200;
/// The largest whole number.
pub(super) const LARGEST_WHOLE: f64 = 1e6;
/// The largest number.
pub(super) const LARGEST_DECIMAL: f64 = 1e12;
/// The longest time: 100 years, in seconds.
pub(super) const LONGEST_DURATION: u64 = 36_500 * 86_400;

impl Value {
    /// As `Input::parse` reads it back.
    pub fn written(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Choice(choice) => (*choice).to_owned(),
            Self::Switch(switch) => switch.to_string(),
            Self::Duration(seconds) => duration_text(*seconds),
            Self::Text(text) => text.clone(),
        }
    }
}

/// What a value should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    Shape(&'static str),
    OneOf {
        choices: &'static [&'static str],
        near: Option<&'static str>,
    },
}

/// `30s`, `5m`, `1h`, `1d` in seconds.
pub fn parse_duration(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(split);
    let unit = match unit.trim() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let seconds = count.parse::<u64>().ok()?.checked_mul(unit)?;
    (seconds <= LONGEST_DURATION).then_some(seconds)
}

/// The shortest form that `parse_duration` reads back.
pub fn duration_text(seconds: u64) -> String {
    for (unit, name) in [(86_400, "d"), (3_600, "h"), (60, "m")] {
        if seconds > 0 && seconds.is_multiple_of(unit) {
            return format!("{}{name}", seconds / unit);
        }
    }
    format!("{seconds}s")
}

/// Seconds as people read them: `43 min 12 s`, `1 h`.
pub fn spoken_duration(seconds: u64) -> String {
    let parts = [
        (seconds / 86_400, "d"),
        (seconds % 86_400 / 3_600, "h"),
        (seconds % 3_600 / 60, "min"),
        (seconds % 60, "s"),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if words.is_empty() {
        "0 s".to_owned()
    } else {
        words.join(" ")
    }
}

/// A number with commas between thousands and no needless decimals.
pub fn spoken_number(number: f64) -> String {
    let text = format!("{number}");
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text.as_str(), None),
    };
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction {
        Some(fraction) => format!("{grouped}.{fraction}"),
        None => grouped,
    }
}

/// As people read it.
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => formatter.write_str(&spoken_number(*number)),
            Self::Choice(choice) => formatter.write_str(choice),
            Self::Switch(switch) => write!(formatter, "{switch}"),
            Self::Duration(seconds) => formatter.write_str(&spoken_duration(*seconds)),
            Self::Text(text) => formatter.write_str(text),
        }
    }
}

/// The flag, or `file:line`; a flag says what the file had said instead.
impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => formatter.write_str(flag),
            Self::File { name, line } => write!(formatter, "{}:{line}", file_origin(name)),
            Self::FlagOverFile {
                flag,
                name,
                line,
                value,
            } => write!(
                formatter,
                "{flag} ({}:{line} says {value})",
                file_origin(name)
            ),
        }
    }
}

/// How reports call a file: as it was named, but never by a path that only one machine has.
pub fn file_origin(name: &str) -> String {
    let name = printable(name);
    let path = Path::new(&*name);
    if !path.is_absolute() {
        return name.into_owned();
    }
    // A profile is known by its folder too, and that of the user's configuration by two.
    let depth = match path.parent() {
        _ if path.extension().is_none_or(|ending| ending != "json") => 1,
        Some(folder) if folder.ends_with("backsmith/profiles") => 3,
        _ => 2,
    };
    let mut parts: Vec<_> = path.iter().rev().take(depth).collect();
    parts.reverse();
    let origin: PathBuf = parts.into_iter().collect();
    origin.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back() {
        for (text, spoken) in [
            ("0s", "0 s"),
            ("90s", "1 min 30 s"),
            ("5m", "5 min"),
            ("1h", "1 h"),
            ("36h", "1 d 12 h"),
        ] {
            let seconds = parse_duration(text).expect(text);
            assert_eq!(parse_duration(&duration_text(seconds)), Some(seconds));
            assert_eq!(spoken_duration(seconds), spoken);
        }
        assert_eq!(parse_duration("5"), None);
        assert_eq!(parse_duration("m"), None);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(spoken_number(5_000.0), "5,000");
        assert_eq!(spoken_number(0.5), "0.5");
        assert_eq!(spoken_number(1_234_567.25), "1,234,567.25");
        assert_eq!(spoken_number(100.0), "100");
    }

    #[test]
    fn values_outside_their_kind_are_refused() {
        for (input, text) in [
            (Input::TeamSize, "0"),
            (Input::TeamSize, "2.5"),
            (Input::QpsP99, "-1"),
            (Input::QpsP99, "NaN"),
            (Input::ReadWriteRatio, "inf"),
            (Input::SloUptime, "100"),
            (Input::Rpo, "5"),
            (Input::PlatformTeam, "maybe"),
            (Input::HotPath, " "),
        ] {
            assert!(input.parse(text).is_err(), "{} {text}", input.key());
        }
    }
}
