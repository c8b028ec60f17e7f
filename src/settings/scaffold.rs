//! The settings of `backsmith scaffold`: which of its three directions, and how to write.

use std::path::PathBuf;
use std::time::Duration;

use super::{Context, Format, ReportOptions};
use crate::api::WrittenVersion;
use crate::cli;
use crate::failure::Failure;
use crate::files::Input;
use crate::redact::SecretUrl;
use crate::scaffold::{Artefacts, Framework};
use crate::text::suggest;

/// What one run of `scaffold` was asked to do.
#[derive(Clone, Debug)]
pub struct Request {
    pub source: Source,
    /// `None`: that of the project, else Express.
    pub framework: Option<Framework>,
    /// As it was given; relative to the working folder.
    pub output: PathBuf,
    pub artefacts: Artefacts,
    /// Of the document that is written.
    pub openapi: WrittenVersion,
    pub mode: Mode,
    /// Generated files that were edited by hand are overwritten.
    pub force: bool,
    /// A keyword that cannot be honoured is an error.
    pub strict: bool,
    pub report: ReportOptions,
    /// Where a schema file is tried out.
    pub scratch: Scratch,
}

/// The Postgres that reads schema files.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    /// The major version that a private server must have.
    pub version: Option<u32>,
    pub binaries: Option<PathBuf>,
    pub download: bool,
}

/// What is read.
#[derive(Clone, Debug)]
pub enum Source {
    /// An API description.
    Document(DocumentRequest),
    /// A database or a schema file.
    Database(SecretUrl),
    /// A folder or a file of routes, whose description is written.
    Routes(PathBuf),
}

/// An API description, and how long its parts may take to arrive.
#[derive(Clone, Debug)]
pub struct DocumentRequest {
    pub input: Input,
    /// For each URL.
    pub timeout: Duration,
}

/// Whether it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Write,
    /// A unified diff in place of the report.
    DryRun,
    /// The verdict is negative when anything would change.
    Check,
}

pub(super) fn resolve(arguments: cli::Scaffold, context: &Context) -> Result<Request, Failure> {
    let config = &context.config.scaffold;
    let source = source(&arguments)?;
    let framework = match (arguments.framework, &config.framework) {
        (Some(framework), _) => Some(framework.into()),
        (None, Some(name)) => Some(framework_of_config(name, context)?),
        (None, None) => None,
    };
    let configured = config
        .output
        .as_ref()
        .map(|output| match context.config.folder() {
            Some(folder) => folder.join(output),
            None => output.clone(),
        });
    let from_config = match source {
        // The configured folder is one for routes.
        Source::Routes(_) => None,
        _ => configured,
    };
    let output = arguments.output.or(from_config).ok_or_else(|| {
        Failure::input("`--output` is missing")
            .code("usage")
            .hint("`--output src/routes/` makes routes/, middleware/ and types/ below src/")
    })?;
    let artefacts = if arguments.types_only {
        Artefacts::Types
    } else if arguments.project || config.project.unwrap_or(false) {
        Artefacts::Project
    } else {
        Artefacts::Service
    };
    let mode = if arguments.dry_run {
        Mode::DryRun
    } else if arguments.check {
        Mode::Check
    } else {
        Mode::Write
    };
    Ok(Request {
        source,
        framework,
        output,
        artefacts,
        openapi: match arguments.openapi {
            Some(cli::OpenApiVersion::OpenApi30) => WrittenVersion::OpenApi30,
            Some(cli::OpenApiVersion::OpenApi31) | None => WrittenVersion::OpenApi31,
        },
        mode,
        force: arguments.force,
        strict: arguments.strict || config.strict.unwrap_or(false),
        scratch: Scratch {
            binaries: context.config.migrate.pg_bin.clone(),
            version: arguments
                .postgres_version
                .or(context.config.migrate.postgres_version),
            download: match arguments.postgres {
                Some(from) => from == cli::PostgresFrom::Download,
                None => context.config.migrate.postgres.as_deref() == Some("download"),
            },
        },
        report: context.report_options(&[Format::Human, Format::Json])?,
    })
}

fn source(arguments: &cli::Scaffold) -> Result<Source, Failure> {
    match (
        &arguments.source,
        &arguments.from_db,
        arguments.generate_spec,
    ) {
        (Some(path), None, true) => Ok(Source::Routes(PathBuf::from(path))),
        (None, _, true) => Err(Failure::input("the folder or file of routes is missing")
            .code("usage")
            .hint("`backsmith scaffold src/routes/ --generate-spec --output openapi.yaml`")),
        (None, Some(url), false) => Ok(Source::Database(SecretUrl::new(url.clone()))),
        (Some(source), Some(_), _) => Err(Failure::input(format!(
            "`{source}` and `--from-db` are both something to read; give one of them"
        ))
        .code("usage")),
        (Some(source), None, false) => Ok(Source::Document(DocumentRequest {
            input: Input::parse(source),
            timeout: Duration::from_secs(arguments.timeout),
        })),
        (None, None, false) => Err(Failure::input("there is nothing to read")
            .code("usage")
            .hint("name an OpenAPI document, or a database with `--from-db URL`")),
    }
}

fn framework_of_config(name: &str, context: &Context) -> Result<Framework, Failure> {
    Framework::ALL
        .into_iter()
        .find(|framework| framework.key() == name)
        .ok_or_else(|| {
            let names = Framework::ALL.map(Framework::key);
            let place = context
                .config
                .path
                .as_ref()
                .map(|path| path.display().to_string())
                .unwrap_or_default();
            let failure = Failure::input(format!("{place}: `{name}` is no framework"))
                .detail(format!("one of {}", names.join(", ")));
            match suggest::nearest(name, names) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure,
            }
        })
}

impl From<cli::Framework> for Framework {
    fn from(framework: cli::Framework) -> Self {
        match framework {
            cli::Framework::Express => Self::Express,
            cli::Framework::Fastify => Self::Fastify,
            cli::Framework::Koa => Self::Koa,
        }
    }
}
