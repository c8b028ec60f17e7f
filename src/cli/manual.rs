//! The command line as manual pages: one for backsmith and one for each command, made from the same
//! description as the help texts.

use std::fmt::Write as _;
use std::io;

use clap::Command;
use clap_mangen::Man;

use crate::failure::EXIT_CODES;

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManualPage {
    /// `backsmith-migrate`
    pub name: String,
    /// In the language of man(7).
    pub text: String,
}

impl ManualPage {
    pub fn file_name(&self) -> String {
        format!("{}.1", self.name)
    }
}

/// A file or a variable of the environment, and what it is for. The commands that know it; all of
/// them where none is named.
type Known = (&'static [&'static str], &'static str, &'static str);

const FILES: &[Known] = &[
    (
        &[],
        "backsmith.toml",
        "Settings of a project, found upwards from the working folder.",
    ),
    (
        &["scaffold"],
        ".backsmith/manifest.json",
        "What was generated, with the hash of every file.",
    ),
    (&["migrate"], "~/.pgpass", "Passwords, as psql reads them."),
    (
        &["migrate"],
        "~/.cache/backsmith",
        "Postgres builds of --postgres download.",
    ),
    (
        &["decide"],
        "profiles/*.json",
        "Profiles of your own, beside those that are built in.",
    ),
    (
        &["man"],
        "~/.local/share/man/man1",
        "Where man(1) looks for pages of one user.",
    ),
];

const ENVIRONMENT: &[Known] = &[
    (
        &["migrate", "scaffold", "loadtest", "doctor"],
        "DATABASE_URL",
        "The database where --connection names none.",
    ),
    (
        &["migrate", "doctor"],
        "PGHOST, PGPORT, PGUSER, PGPASSWORD, PGPASSFILE, PGSERVICE, PGSSLMODE",
        "Parts of a connection that its URL leaves open, as libpq reads them.",
    ),
    (
        &["migrate", "scaffold"],
        "BACKSMITH_POSTGRES",
        "Where a private Postgres comes from, as --postgres.",
    ),
    (
        &["migrate", "scaffold"],
        "BACKSMITH_POSTGRES_VERSION",
        "Its major version, as --postgres-version.",
    ),
    (
        &["migrate", "scaffold"],
        "XDG_CACHE_HOME",
        "Where downloaded Postgres builds are kept.",
    ),
    (
        &["migrate"],
        "SOURCE_DATE_EPOCH",
        "The time in the names of written files, in seconds since 1970.",
    ),
    (
        &["loadtest"],
        "JOB_COMPLETION_INDEX",
        "The number of this shard, as Kubernetes sets it.",
    ),
    (
        &[],
        "NO_COLOR, CLICOLOR_FORCE",
        "No colour, or colour where it is no terminal.",
    ),
    (
        &[],
        "TERM, LC_ALL, LC_CTYPE, LANG",
        "TERM=dumb or a locale without UTF-8: signs of ASCII on a terminal.",
    ),
];

/// The pages of all commands, backsmith itself first.
pub fn manual_pages() -> io::Result<Vec<ManualPage>> {
    let mut command = super::command();
    command.build();
    let mut pages = Vec::new();
    collect(&command, &mut pages)?;
    Ok(pages)
}

fn collect(command: &Command, pages: &mut Vec<ManualPage>) -> io::Result<()> {
    pages.push(page(command)?);
    for below in shown(command) {
        collect(below, pages)?;
    }
    Ok(())
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    let commands = command.get_subcommands();
    commands.filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

fn page(command: &Command) -> io::Result<ManualPage> {
    let name = command.get_display_name().unwrap_or("backsmith").to_owned();
    let version = concat!("backsmith ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone())
        .title(name.to_uppercase())
        .source(version)
        .manual("backsmith");
    let mut bytes = Vec::new();
    man.render_title(&mut bytes)?;
    man.render_name_section(&mut bytes)?;
    man.render_synopsis_section(&mut bytes)?;
    man.render_description_section(&mut bytes)?;
    man.render_options_section(&mut bytes)?;
    if shown(command).next().is_some() {
        man.render_subcommands_section(&mut bytes)?;
    }
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if let Some(examples) = command.get_before_long_help().or(command.get_before_help()) {
        section(&mut text, "EXAMPLES");
        verbatim(&mut text, &body(&examples.to_string()));
    }
    exit_status(&mut text, command);
    // The first word below `backsmith`: what is below `decide` knows what `decide` knows.
    let of = name.split('-').nth(1).unwrap_or_default();
    known(&mut text, "FILES", FILES, of);
    known(&mut text, "ENVIRONMENT", ENVIRONMENT, of);
    commands(&mut text, command, &name);
    Ok(ManualPage { name, text })
}

/// What the command itself says of its exit codes, and the table that all share.
fn exit_status(text: &mut String, command: &Command) {
    section(text, "EXIT STATUS");
    for (code, meaning) in EXIT_CODES {
        entry(text, &code.to_string(), meaning);
    }
    let end = command.get_after_long_help().or(command.get_after_help());
    let own = end.map(|end| body(&end.to_string())).unwrap_or_default();
    let is_table = |line: &&str| {
        line.trim_start()
            .starts_with(|first: char| first.is_ascii_digit())
    };
    let own: Vec<&str> = own.lines().filter(is_table).collect();
    if command.get_name() != "backsmith" && !own.is_empty() {
        let _ = writeln!(text, ".PP\nOf this command:");
        verbatim(text, &own.join("\n"));
    }
}

fn known(text: &mut String, title: &str, all: &[Known], of: &str) {
    let here: Vec<&Known> = all
        .iter()
        .filter(|(commands, ..)| commands.is_empty() || commands.contains(&of) || of.is_empty())
        .collect();
    section(text, title);
    for (_, name, meaning) in here {
        entry(text, name, meaning);
    }
}

/// The pages that belong to this one.
fn commands(text: &mut String, command: &Command, name: &str) {
    section(text, "SEE ALSO");
    let below: Vec<String> = shown(command)
        .filter_map(Command::get_display_name)
        .map(str::to_owned)
        .collect();
    let above = name.rsplit_once('-').map(|(above, _)| above.to_owned());
    let all: Vec<String> = above
        .into_iter()
        .chain(below)
        .map(|name| format!("\\fB{}\\fR(1)", escaped(&name)))
        .collect();
    if !all.is_empty() {
        let _ = writeln!(text, "{}", all.join(",\n"));
    }
    let _ = writeln!(
        text,
        ".PP\n\\fBbacksmith explain\\fR lists every code, every exit code and the guides that come with the program."
    );
}

fn section(text: &mut String, title: &str) {
    let _ = writeln!(text, ".SH \"{title}\"");
}

fn entry(text: &mut String, name: &str, meaning: &str) {
    let _ = writeln!(text, ".TP\n\\fB{}\\fR\n{}", escaped(name), line(meaning));
}

/// Lines as they stand.
fn verbatim(text: &mut String, lines: &str) {
    let _ = writeln!(text, ".PP\n.nf");
    for each in lines.lines() {
        let _ = writeln!(text, "{}", line(each));
    }
    let _ = writeln!(text, ".fi");
}

/// A help text without its styles and its heading.
fn body(text: &str) -> String {
    let plain = anstream::adapter::strip_str(text).to_string();
    match plain.split_once('\n') {
        Some((heading, rest)) if !heading.starts_with(' ') => rest.trim_end().to_owned(),
        _ => plain.trim_end().to_owned(),
    }
}

/// A line that man(7) takes for no request.
fn line(text: &str) -> String {
    let escaped = escaped(text);
    if escaped.starts_with(['.', '\'']) {
        format!("\\&{escaped}")
    } else {
        escaped
    }
}

fn escaped(text: &str) -> String {
    let escaped = text.replace('\\', "\\e").replace('-', "\\-");
    escaped
        .replace('~', "\\(ti")
        .replace('^', "\\(ha")
        .replace('`', "\\(ga")
}
