//! The settings of `backsmith migrate`: exactly one action, with everything it needs.

mod limits;
mod request;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;

use super::{Context, Format};
use crate::cli;
use crate::failure::{Failure, Message};
use crate::redact::SecretUrl;

use crate::migrate::diff::Options as Planning;

pub use crate::cli::{FailOn, InDoubt, Layout, PostgresFrom};
pub use request::{
    Analyze, Apply, Compare, Database, Ignore, Origin, Output, Rehearse, Rename, Request, Rollback,
    Running, Scratch, Source, SuggestIndexes, Target, Writing,
};

/// Formats of reports that hold findings.
const FINDING_FORMATS: &[Format] = &[
    Format::Human,
    Format::Json,
    Format::Markdown,
    Format::Sarif,
    Format::Junit,
    Format::Github,
];
/// And for reports that are pages, too.
const PAGE_FORMATS: &[Format] = &[
    Format::Human,
    Format::Json,
    Format::Markdown,
    Format::Html,
    Format::Sarif,
    Format::Junit,
    Format::Github,
];
const PLAIN_FORMATS: &[Format] = &[Format::Human, Format::Json, Format::Markdown];
const DEFAULT_FOLDER: &str = "migrations";

pub(super) fn resolve(arguments: cli::Migrate, context: &Context) -> Result<Request, Failure> {
    let chosen = one_action(&arguments)?;
    let faults = misplaced(&arguments, chosen);
    if !faults.is_empty() {
        return Err(Failure::inputs(faults).code("usage"));
    }
    let database = database(arguments.connection.as_deref(), context);
    let cli::Migrate {
        source,
        compare,
        migrate,
        rollback,
        ..
    } = arguments.clone();
    let source = source
        .map(Source::Files)
        .or_else(|| database.clone().map(Source::Database));
    let need_database = || database.clone().ok_or_else(no_database);
    let need_source = || source.clone().ok_or_else(no_database);
    let schemas = schemas(&arguments, context);
    let fail_on = arguments.fail_on.unwrap_or_default();
    Ok(match chosen {
        "--compare" => Request::Compare(Compare {
            report: context.report_options(PAGE_FORMATS)?,
            source: need_source()?,
            target: target(&compare.unwrap_or_default())?,
            scratch: scratch(&arguments, context, database.clone())?,
            schemas,
            writing: writing(&arguments, context)?,
            check: arguments.check,
            renames: renames(&arguments.rename)?,
            allow: arguments.allow,
            planning: Planning {
                offline: arguments.offline,
            },
            verify: !arguments.no_verify,
        }),
        "--migrate" if arguments.dry_run => Request::Rehearse(Rehearse {
            report: context.report_options(FINDING_FORMATS)?,
            database: need_database()?,
            file: migrate.unwrap_or_default(),
            scratch: scratch(&arguments, context, database.clone())?,
            fail_on,
            on_live: if arguments.on_live {
                Some(limits::on_live(&arguments)?)
            } else {
                None
            },
        }),
        "--migrate" => Request::Apply(Apply {
            report: context.report_options(PLAIN_FORMATS)?,
            database: need_database()?,
            file: migrate.unwrap_or_default(),
            running: running(&arguments)?,
        }),
        "--rollback" => Request::Rollback(Rollback {
            report: context.report_options(PLAIN_FORMATS)?,
            database: need_database()?,
            version: rollback.flatten(),
            folder: folder(&arguments, context),
            running: running(&arguments)?,
            scratch: scratch(&arguments, context, database.clone())?,
        }),
        "--analyze" => Request::Analyze(Analyze {
            report: context.report_options(PAGE_FORMATS)?,
            source: need_source()?,
            scratch: scratch(&arguments, context, database.clone())?,
            schemas,
            writing: writing(&arguments, context)?,
            window: window(&arguments)?,
            fail_on,
            ignore: ignore(context),
        }),
        _ => Request::SuggestIndexes(SuggestIndexes {
            report: context.report_options(FINDING_FORMATS)?,
            database: need_database()?,
            schemas,
            writing: writing(&arguments, context)?,
            window: window(&arguments)?,
            queries: arguments.queries,
            fail_on,
            ignore: ignore(context),
        }),
    })
}

/// The URL and its origin: `--connection`, then DATABASE_URL, then backsmith.toml.
pub(super) fn database(flag: Option<&str>, context: &Context) -> Option<Database> {
    let given = |url: String, origin| {
        (!url.is_empty()).then(|| Database {
            url: SecretUrl::new(url),
            origin,
        })
    };
    let configured = || {
        context
            .config
            .migrate
            .connection
            .clone()
            .map(|url| Database {
                url,
                origin: Origin::Configuration,
            })
    };
    flag.and_then(|url| given(url.to_owned(), Origin::Flag))
        .or_else(|| given(std::env::var("DATABASE_URL").ok()?, Origin::Environment))
        .or_else(configured)
}

fn one_action(arguments: &cli::Migrate) -> Result<&'static str, Failure> {
    let actions = [
        ("--compare", arguments.compare.is_some()),
        ("--migrate", arguments.migrate.is_some()),
        ("--rollback", arguments.rollback.is_some()),
        ("--analyze", arguments.analyze),
        ("--suggest-indexes", arguments.suggest_indexes),
    ];
    let chosen: Vec<&'static str> = actions
        .iter()
        .filter_map(|(name, given)| given.then_some(*name))
        .collect();
    match chosen[..] {
        [one] => Ok(one),
        [] => Err(Failure::input("`migrate` needs to know what to do")
            .detail("one of --analyze, --compare, --suggest-indexes, --migrate, --rollback")
            .hint("`backsmith migrate -h` leads with examples")
            .code("usage")),
        [first, second, ..] => Err(Failure::input(format!(
            "`{first}` cannot be used with `{second}`: one action a run"
        ))
        .code("usage")),
    }
}

fn running(arguments: &cli::Migrate) -> Result<Running, Failure> {
    Ok(Running {
        limits: limits::limits(arguments)?,
        wait: limits::wait(arguments)?,
        in_doubt: arguments.in_doubt,
    })
}

/// Flags that mean nothing for the chosen action, and those whose work this version does not do.
fn misplaced(arguments: &cli::Migrate, chosen: &str) -> Vec<Message> {
    let analysing = ["--analyze", "--suggest-indexes"];
    let applying = ["--migrate", "--rollback"];
    let only = [
        (
            "--lock-timeout",
            arguments.lock_timeout.is_some(),
            &applying[..],
        ),
        (
            "--statement-timeout",
            arguments.statement_timeout.is_some(),
            &applying[..],
        ),
        ("--retries", arguments.retries.is_some(), &applying[..]),
        ("--backoff", arguments.backoff.is_some(), &applying[..]),
        ("--wait", arguments.wait.is_some(), &applying[..]),
        ("--in-doubt", arguments.in_doubt.is_some(), &applying[..]),
        (
            "--queries",
            arguments.queries.is_some(),
            &["--suggest-indexes"][..],
        ),
        ("--window", arguments.window.is_some(), &analysing[..]),
        (
            "--fail-on",
            arguments.fail_on.is_some(),
            &["--analyze", "--suggest-indexes", "--migrate"][..],
        ),
        (
            "--dry-run",
            arguments.dry_run && chosen == "--rollback",
            &["--migrate", "--compare", "--analyze", "--suggest-indexes"][..],
        ),
        (
            "SOURCE",
            arguments.source.is_some(),
            &["--compare", "--analyze"][..],
        ),
    ];
    let message = |text: String, hint: String| Message {
        text,
        hint: Some(hint),
        code: Some("usage"),
        ..Message::default()
    };
    let mut faults: Vec<Message> = only
        .iter()
        .filter(|(_, given, actions)| *given && !actions.contains(&chosen))
        .map(|(flag, _, actions)| {
            message(
                format!("`{flag}` means nothing with `{chosen}`"),
                format!("it goes with {}", actions.join(", ")),
            )
        })
        .collect();
    faults.extend(limits::without_a_run(arguments));
    if let Some(layout) = arguments.layout
        && layout != Layout::Backsmith
        && !["--compare", "--analyze", "--suggest-indexes"].contains(&chosen)
    {
        let name = layout.to_possible_value();
        let name = name.as_ref().map_or("", |value| value.get_name());
        faults.push(message(
            format!("`--layout {name}` means nothing with `{chosen}`"),
            "it goes with --compare, --analyze, --suggest-indexes".to_owned(),
        ));
    }
    faults
}

fn no_database() -> Failure {
    Failure::input("no database was named")
        .detail("`--connection`, DATABASE_URL and `connection` of [migrate] in backsmith.toml are looked at")
        .hint("`--connection postgres://user@host/database`")
        .code("usage")
}

fn target(text: &str) -> Result<Target, Failure> {
    if text.is_empty() {
        return Err(Failure::input("`--compare` needs a value").code("usage"));
    }
    let lower = text.to_ascii_lowercase();
    let is_url = lower.starts_with("postgres://") || lower.starts_with("postgresql://");
    Ok(if is_url {
        Target::Database(SecretUrl::new(text))
    } else {
        Target::Files(PathBuf::from(text))
    })
}

/// The source's own server; beside schema files only one that was named for it on the command line,
/// so that a DATABASE_URL that happens to be set is not written to.
fn scratch(
    arguments: &cli::Migrate,
    context: &Context,
    database: Option<Database>,
) -> Result<Scratch, Failure> {
    let config = &context.config.migrate;
    let from = match (arguments.postgres, &config.postgres) {
        (Some(from), _) => from,
        (None, Some(name)) => named("postgres", name)?,
        (None, None) => PostgresFrom::default(),
    };
    let server =
        database.filter(|database| arguments.source.is_none() || database.origin == Origin::Flag);
    Ok(Scratch {
        server,
        from,
        version: arguments.postgres_version.or(config.postgres_version),
        binaries: arguments.pg_bin.clone().or_else(|| {
            let configured = config.pg_bin.as_deref()?;
            Some(relative_to_config(configured, context))
        }),
    })
}

fn writing(arguments: &cli::Migrate, context: &Context) -> Result<Writing, Failure> {
    let config = &context.config.migrate;
    let output = match &arguments.output {
        Some(path) if path == Path::new("-") => Some(Output::Standard),
        Some(path) => Some(Output::Folder(path.clone())),
        None => config
            .output
            .as_deref()
            .map(|path| Output::Folder(relative_to_config(path, context))),
    };
    let layout = match (arguments.layout, &config.layout) {
        (Some(layout), _) => layout,
        (None, Some(name)) => named("layout", name)?,
        (None, None) => Layout::default(),
    };
    let name = match &arguments.name {
        Some(name) => Some(migration_name(name)?),
        None => None,
    };
    Ok(Writing {
        output,
        name,
        layout,
        dry_run: arguments.dry_run,
    })
}

/// A name becomes part of a file name, so it holds letters, digits, `_` and `-` only.
fn migration_name(name: &str) -> Result<String, Failure> {
    let fits = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    if name.is_empty() || !name.chars().all(fits) {
        return Err(Failure::input(format!("`{name}` is no value of `--name`"))
            .detail("letters, digits, _ and - make a file name")
            .code("usage"));
    }
    Ok(name.to_owned())
}

fn folder(arguments: &cli::Migrate, context: &Context) -> PathBuf {
    let configured = || {
        let output = context.config.migrate.output.as_deref()?;
        Some(relative_to_config(output, context))
    };
    arguments
        .output
        .clone()
        .or_else(configured)
        .unwrap_or_else(|| PathBuf::from(DEFAULT_FOLDER))
}

fn relative_to_config(path: &Path, context: &Context) -> PathBuf {
    context
        .config
        .folder()
        .map_or_else(|| path.to_owned(), |folder| folder.join(path))
}

fn schemas(arguments: &cli::Migrate, context: &Context) -> Vec<String> {
    if arguments.schema.is_empty() {
        context.config.migrate.schemas.clone().unwrap_or_default()
    } else {
        arguments.schema.clone()
    }
}

fn renames(texts: &[String]) -> Result<Vec<Rename>, Failure> {
    let rename = |text: &String| match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok(Rename {
            old: old.to_owned(),
            new: new.to_owned(),
        }),
        _ => Err(
            Failure::input(format!("`{text}` is no value of `--rename`"))
                .hint("`--rename public.users.mail=public.users.email`")
                .code("usage"),
        ),
    };
    texts.iter().map(rename).collect()
}

fn ignore(context: &Context) -> Vec<Ignore> {
    let entries = context.config.migrate.ignore.iter().map(|entry| {
        let (code, object) = match entry.split_once(':') {
            Some((code, object)) => (code, Some(object.to_owned())),
            None => (entry.as_str(), None),
        };
        Ignore {
            code: code.to_owned(),
            object,
        }
    });
    entries.collect()
}

fn window(arguments: &cli::Migrate) -> Result<Option<Duration>, Failure> {
    let Some(text) = &arguments.window else {
        return Ok(None);
    };
    match limits::time(text) {
        Some(time) if !time.is_zero() => Ok(Some(time)),
        _ => Err(
            Failure::input(format!("`{text}` is no value of `--window`"))
                .hint("`--window 60s`, or 5m")
                .code("usage"),
        ),
    }
}

/// A value of backsmith.toml that the command line has as a fixed list.
fn named<T: ValueEnum>(key: &str, name: &str) -> Result<T, Failure> {
    T::from_str(name, false).map_err(|_| {
        let names: Vec<String> = T::value_variants()
            .iter()
            .filter_map(ValueEnum::to_possible_value)
            .map(|value| value.get_name().to_owned())
            .collect();
        Failure::input(format!(
            "`{name}` is no value of `{key}` in [migrate] of backsmith.toml"
        ))
        .detail(format!("one of {}", names.join(", ")))
    })
}
