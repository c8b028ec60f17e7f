//! How a run ends: a verdict when the work was done, a failure when it was not, and the exit code
//! of each. The table is published in references/exit-codes.md and held there by a test.

use std::io::Write;
use std::process::ExitCode;

use crate::diagnostic::Diagnostic;
use crate::report;
use crate::terminal::Terminal;

/// The exit codes: (code, meaning), in the words of `--help` and of references/exit-codes.md.
pub const EXIT_CODES: &[(u8, &str)] = &[
    (0, "done, nothing to object"),
    (1, "done, and the verdict is negative"),
    (2, "usage, configuration, unreadable or invalid input"),
    (
        3,
        "refused: an answer is missing, a change is unsafe, or the measurement is not valid",
    ),
    (
        4,
        "environment: cannot connect, permission denied, timed out",
    ),
    (70, "a bug in backsmith"),
    (130, "interrupted by Ctrl-C, after the partial report"),
    (143, "interrupted by SIGTERM, after the partial report"),
];

/// The result of work that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to object.
    Holds,
    /// A finding, an expectation or a check says no.
    Negative,
    /// The report says why the work was refused.
    Refused,
    /// The report says what the environment lacks: rights, room, time.
    Environment,
    /// Stopped by a signal, after the partial report.
    Interrupted(Interruption),
}

/// The signal that ended a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// SIGINT, usually Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Interruption {
    pub const fn exit_status(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

impl Verdict {
    pub const fn exit_status(self) -> u8 {
        match self {
            Self::Holds => 0,
            Self::Negative => 1,
            Self::Refused => 3,
            Self::Environment => 4,
            Self::Interrupted(signal) => signal.exit_status(),
        }
    }

    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(self.exit_status())
    }
}

/// Why work was not done. Each kind has one exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Flags, configuration, unreadable or invalid input.
    Input,
    /// Unsafe without an explicit flag.
    Refused,
    /// Network, rights, time, a missing server feature.
    Environment,
    /// The reader of our output went away; not an error.
    BrokenPipe,
    /// Stopped by a signal.
    Interrupted(Interruption),
}

/// One fault, with or without a place in a user's file.
#[derive(Debug)]
pub enum Fault {
    Message(Message),
    Diagnostic(Box<Diagnostic>),
}

/// A fault without a place: what, why, and what helps.
#[derive(Debug, Default)]
pub struct Message {
    /// Lower-case, without a final stop, values in backticks.
    pub text: String,
    /// The chain of causes, outermost first.
    pub causes: Vec<String>,
    /// Further lines, shown indented below the text.
    pub details: Vec<String>,
    /// The flag or command that helps.
    pub hint: Option<String>,
    /// A kebab-case code for machine readers.
    pub code: Option<&'static str>,
}

/// A run that could not do its work: all faults that were found, and a closing line.
#[derive(Debug)]
pub struct Failure {
    pub kind: FailureKind,
    pub faults: Vec<Fault>,
    /// What was (not) done, after the faults.
    pub closing: Option<String>,
    /// What helps against all of them, after everything else.
    pub last_hint: Option<String>,
}

impl Failure {
    /// Wrong flags, configuration or input.
    pub fn input(text: impl Into<String>) -> Self {
        Self::message(FailureKind::Input, text)
    }

    /// Unsafe or unknown: an explicit flag is needed.
    pub fn refused(text: impl Into<String>) -> Self {
        Self::message(FailureKind::Refused, text)
    }

    /// Something outside of the program is missing or says no.
    pub fn environment(text: impl Into<String>) -> Self {
        Self::message(FailureKind::Environment, text)
    }

    /// An environment failure with the cause chain of `error`.
    pub fn from_error(text: impl Into<String>, error: &anyhow::Error) -> Self {
        Self::environment(text).causes(error)
    }

    /// Faults in a user's file.
    pub fn diagnostics(diagnostics: impl IntoIterator<Item = Diagnostic>) -> Self {
        let faults = diagnostics
            .into_iter()
            .map(|fault| Fault::Diagnostic(Box::new(fault)));
        Self {
            kind: FailureKind::Input,
            faults: faults.collect(),
            closing: None,
            last_hint: None,
        }
    }

    /// Several input faults in one failure, so that one run reports them all.
    pub fn inputs(messages: impl IntoIterator<Item = Message>) -> Self {
        let faults = messages.into_iter().map(Fault::Message).collect();
        Self {
            kind: FailureKind::Input,
            faults,
            closing: None,
            last_hint: None,
        }
    }

    pub fn interrupted(signal: Interruption, text: impl Into<String>) -> Self {
        Self::message(FailureKind::Interrupted(signal), text)
    }

    fn message(kind: FailureKind, text: impl Into<String>) -> Self {
        let message = Message {
            text: text.into(),
            ..Message::default()
        };
        Self {
            kind,
            faults: vec![Fault::Message(message)],
            closing: None,
            last_hint: None,
        }
    }

    /// Adds the hint to the first fault.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        self.amend(|message| message.hint = Some(hint.into()))
    }

    /// Adds an indented line to the first fault.
    pub fn detail(self, detail: impl Into<String>) -> Self {
        self.amend(|message| message.details.push(detail.into()))
    }

    /// Names the first fault for machine readers.
    pub fn code(self, code: &'static str) -> Self {
        self.amend(|message| message.code = Some(code))
    }

    /// Whether a fault has this code.
    pub fn has_code(&self, code: &str) -> bool {
        self.faults.iter().any(|fault| match fault {
            Fault::Message(message) => message.code == Some(code),
            Fault::Diagnostic(diagnostic) => diagnostic.code == code,
        })
    }

    /// Adds one cause to the first fault.
    pub fn cause(self, cause: impl Into<String>) -> Self {
        self.amend(|message| message.causes.push(cause.into()))
    }

    /// Adds the whole chain of an error to the first fault.
    pub fn causes(self, error: &anyhow::Error) -> Self {
        self.amend(|message| {
            message
                .causes
                .extend(error.chain().map(ToString::to_string));
        })
    }

    /// Sets the line that says what was (not) done.
    pub fn closing(mut self, closing: impl Into<String>) -> Self {
        self.closing = Some(closing.into());
        self
    }

    /// Sets a hint for all faults together.
    pub fn hint_after(mut self, hint: impl Into<String>) -> Self {
        self.last_hint = Some(hint.into());
        self
    }

    fn amend(mut self, change: impl FnOnce(&mut Message)) -> Self {
        if let Some(Fault::Message(message)) = self.faults.first_mut() {
            change(message);
        }
        self
    }

    pub const fn exit_status(&self) -> u8 {
        match self.kind {
            FailureKind::Input => 2,
            FailureKind::Refused => 3,
            FailureKind::Environment => 4,
            FailureKind::BrokenPipe => 0,
            FailureKind::Interrupted(signal) => signal.exit_status(),
        }
    }

    /// Writes the faults to standard error, as text or as one `backsmith.error/v1` document.
    pub fn report(&self, terminal: &mut Terminal, json: bool) -> ExitCode {
        if self.kind != FailureKind::BrokenPipe {
            // Standard error may be closed as well; the exit code still tells.
            let _ = if json {
                report::json::v1::error::write(terminal.error_stream(), self)
            } else {
                report::human::error::write(terminal.error_stream(), self)
            };
        }
        ExitCode::from(self.exit_status())
    }
}

/// Every write to standard output goes through `?`, so a closed pipe ends the run quietly here.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self {
                kind: FailureKind::BrokenPipe,
                faults: Vec::new(),
                closing: None,
                last_hint: None,
            };
        }
        Self::environment("cannot write the report").cause(error.to_string())
    }
}

/// Shows clap's own message: help and version on standard output with 0, faults on standard error
/// with 2, as text or as a JSON document when the command line asks for it.
pub fn exit_for_usage(error: crate::cli::UsageError) -> ExitCode {
    match error {
        crate::cli::UsageError::Information(text) => {
            let mut stdout = anstream::stdout();
            // A closed pipe is no fault of `--help`.
            let _ = write!(stdout, "{text}").and_then(|()| stdout.flush());
            ExitCode::SUCCESS
        }
        crate::cli::UsageError::Fault {
            failure,
            json,
            appearance,
        } => failure.report(&mut Terminal::standard(&appearance), json),
    }
}
