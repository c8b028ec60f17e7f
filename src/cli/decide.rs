//! `backsmith decide`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, Subcommand};

use crate::decide::input::{Input, Kind};

const EXAMPLES: &str = "\
\u{1b}[1mExamples\u{1b}[0m
  backsmith decide --team-size 8 --qps-p99 50 --read-write-ratio 20 --tenancy shared-multi-tenant \\
    --data-sensitivity pii --pattern modular-monolith --language-preference typescript
  backsmith decide --sample > decision.yaml && backsmith decide --input decision.yaml
  backsmith decide --input decision.yaml --format markdown --output docs/adr/
  backsmith decide --list-profiles
  backsmith decide answer --answers grill.md qps_p99=50 read_write_ratio=20
";

const NEXT_EXAMPLES: &str = "\
\u{1b}[1mExamples\u{1b}[0m
  backsmith decide next --answers grill.md
  backsmith decide next --answers grill.md --json
  backsmith decide next --answers grill.md --question 5
";

const ANSWER_EXAMPLES: &str = "\
\u{1b}[1mExamples\u{1b}[0m
  backsmith decide answer --answers grill.md qps_p99=50 read_write_ratio=20
  backsmith decide answer --answers grill.md --skip 3 --clear qps_p99 --json
  backsmith decide answer --answers grill.md error_budget_consumer='checkout team'
";

/// Match a backend's constraints against profiles; refuses to guess
#[derive(Clone, Debug, Args)]
#[command(help_template = super::HELP_TEMPLATE, before_help = EXAMPLES)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_help_heading = "Commands",
    disable_help_subcommand = true
)]
pub struct Decide {
    #[command(subcommand)]
    pub step: Option<Step>,

    #[command(flatten)]
    pub answers: Answers,

    /// Ask the seven forcing questions on the terminal, one per turn, then decide
    #[arg(long, conflicts_with = "instead", help_heading = "Source")]
    pub interactive: bool,

    /// The answers of the seven questions: read, and with --interactive kept here
    #[arg(long = "answers", value_name = "FILE", help_heading = "Source")]
    pub answers_file: Option<PathBuf>,

    /// Read the answers from a YAML or JSON file, - for standard input; flags win
    #[arg(long, value_name = "FILE", help_heading = "Source")]
    pub input: Option<String>,

    /// More profiles: all *.json of this folder, after those of ./profiles
    #[arg(long, value_name = "DIR", help_heading = "Source")]
    pub profiles: Option<PathBuf>,

    /// Show every segment of every input, and every point
    #[arg(long, help_heading = "Report")]
    pub explain: bool,

    /// Write the decision record to this folder, under the next number; - for standard output
    #[arg(short, long, value_name = "DIR", help_heading = "Report")]
    pub output: Option<PathBuf>,

    /// Show what --output would write, and write nothing
    #[arg(long, requires = "output", help_heading = "Report")]
    pub dry_run: bool,

    /// List the profiles instead
    #[arg(long, group = "instead", help_heading = "Instead of a decision")]
    pub list_profiles: bool,

    /// Print a profile
    #[arg(
        long,
        value_name = "NAME",
        group = "instead",
        help_heading = "Instead of a decision"
    )]
    pub show_profile: Option<String>,

    /// Check all profiles and run their golden decisions
    #[arg(long, group = "instead", help_heading = "Instead of a decision")]
    pub check_profiles: bool,

    /// Print a decision.yaml to fill in
    #[arg(long, group = "instead", help_heading = "Instead of a decision")]
    pub sample: bool,
}

/// The forcing questions without a terminal.
#[derive(Clone, Debug, Subcommand)]
pub enum Step {
    Next(Next),
    Answer(Answer),
}

/// Show the next forcing question, a stop, or that the engine can run
#[derive(Clone, Debug, Args)]
#[command(help_template = super::HELP_TEMPLATE, before_help = NEXT_EXAMPLES)]
pub struct Next {
    #[command(flatten)]
    pub sheet: Sheet,

    /// Show this question, whatever comes next
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=7))]
    pub question: Option<u8>,
}

/// Keep answers to the forcing questions, then show the next one
#[derive(Clone, Debug, Args)]
#[command(help_template = super::HELP_TEMPLATE, before_help = ANSWER_EXAMPLES)]
pub struct Answer {
    /// Answers by the names of their inputs: qps_p99=50
    #[arg(value_name = "KEY=VALUE", required_unless_present_any = ["skip", "clear"])]
    pub given: Vec<String>,

    /// Nobody knows: an input, or the open ones of a question from 1 to 7
    #[arg(long, value_name = "KEY")]
    pub skip: Vec<String>,

    /// Ask again: an input, or all of a question from 1 to 7
    #[arg(long, value_name = "KEY")]
    pub clear: Vec<String>,

    #[command(flatten)]
    pub sheet: Sheet,
}

/// Which answers, and which profiles the recommendations come from.
#[derive(Clone, Debug, Args)]
pub struct Sheet {
    /// The file of answers [default: backend-grill-<date>.md in the temporary folder]
    #[arg(long = "answers", value_name = "FILE")]
    pub answers: Option<PathBuf>,

    /// More profiles: all *.json of this folder, after those of ./profiles
    #[arg(long, value_name = "DIR")]
    pub profiles: Option<PathBuf>,
}

/// The answers as they were typed, in the order of the command line.
#[derive(Clone, Debug, Default)]
pub struct Answers(pub Vec<(Input, String)>);

impl Args for Answers {
    fn augment_args(command: Command) -> Command {
        Input::ALL
            .into_iter()
            .fold(command, |command, input| command.arg(argument(input)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Answers {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut given: Vec<_> = Input::ALL
            .into_iter()
            .filter_map(|input| {
                let value: &String = matches.get_one(input.key())?;
                Some((matches.index_of(input.key())?, input, value.clone()))
            })
            .collect();
        given.sort_by_key(|(at, ..)| *at);
        Ok(Self(
            given
                .into_iter()
                .map(|(_, input, value)| (input, value))
                .collect(),
        ))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn argument(input: Input) -> Arg {
    let description = input.describe();
    let required = if description.required {
        "Required"
    } else {
        "More answers"
    };
    let name = match description.kind {
        Kind::Whole | Kind::Decimal => "N",
        Kind::Percent => "PERCENT",
        Kind::Duration => "TIME",
        Kind::Choice(_) => "WORD",
        Kind::Switch => "BOOL",
        Kind::Text => "NAME",
    };
    let argument = Arg::new(description.key)
        .long(description.flag.trim_start_matches('-'))
        .help(description.help)
        .value_name(name)
        .help_heading(required)
        .action(ArgAction::Set)
        .allow_negative_numbers(true);
    if description.kind == Kind::Switch {
        argument.num_args(0..=1).default_missing_value("true")
    } else {
        argument
    }
}
