//! Command lines in documents: found, taken apart as a shell would, and read by the program's own
//! command line.

use std::ffi::OsString;

use regex::Regex;

/// One call of backsmith.
#[derive(Debug)]
pub struct Line {
    /// As it stands in the document.
    pub text: String,
    /// Without `backsmith` itself.
    pub words: Vec<String>,
}

/// Every `backsmith …` in code spans and blocks. A span that holds `…` only talks about a call.
pub fn of_markdown(text: &str) -> Vec<Line> {
    let fence = Regex::new("(?ms)^```[^\n]*\n(.*?)^```$").expect("a pattern");
    let mut found = Vec::new();
    for block in fence.captures_iter(text) {
        let joined = block[1].replace("\\\n", " ");
        for line in joined.lines().map(str::trim) {
            let line = line.strip_prefix("$ ").unwrap_or(line);
            found.extend(calls(line));
        }
    }
    let prose = fence.replace_all(text, "");
    let span = Regex::new("`([^`]+)`").expect("a pattern");
    let subcommand = Regex::new("^backsmith [a-z]").expect("a pattern");
    for paragraph in prose.split("\n\n") {
        let paragraph = paragraph.replace('\n', " ");
        for code in span.captures_iter(&paragraph) {
            if subcommand.is_match(&code[1]) {
                found.extend(calls(&code[1]));
            }
        }
    }
    found
}

/// The calls of one line: pipes, `&&` and redirections end a call.
fn calls(line: &str) -> Vec<Line> {
    if line.contains('…') || line.starts_with("-- ") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for part in split(line) {
        let at = part.iter().position(|word| word == "backsmith");
        if let Some(at) = at.filter(|at| *at == 0) {
            found.push(Line {
                text: line.to_owned(),
                words: part[at + 1..].to_vec(),
            });
        }
    }
    found
}

/// Words in quotes or without, grouped by what a shell ends a command at. Remarks are left away.
fn split(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut redirected = false;
    let mut finish = |word: &mut Option<String>, commands: &mut Vec<Vec<String>>| {
        let Some(done) = word.take() else { return };
        match done.as_str() {
            "|" | "&&" | ";" => commands.push(Vec::new()),
            ">" | "<" | ">>" => redirected = true,
            _ if redirected => redirected = false,
            _ => {
                if let Some(last) = commands.last_mut() {
                    last.push(done);
                }
            }
        }
    };
    for sign in line.chars() {
        match (quote, sign) {
            (Some(open), sign) if sign == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(sign);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, sign) if sign.is_whitespace() => finish(&mut word, &mut commands),
            (_, sign) => word.get_or_insert_default().push(sign),
        }
    }
    finish(&mut word, &mut commands);
    commands
}

/// Whether the program's command line takes these words. The name of a command alone is a mention.
pub fn parse(words: &[String]) -> Result<(), String> {
    let mut command = backsmith::cli::command();
    let is_name = words.iter().all(|word| {
        let below = command.find_subcommand(word).cloned();
        below.map(|below| command = below).is_some()
    });
    if is_name {
        return Ok(());
    }
    let all = std::iter::once("backsmith").chain(words.iter().map(String::as_str));
    match backsmith::cli::parse(all.map(OsString::from)) {
        Ok(_) | Err(backsmith::cli::UsageError::Information(_)) => Ok(()),
        Err(backsmith::cli::UsageError::Fault { failure, .. }) => {
            Err(format!("{:?}", failure.faults))
        }
    }
}

#[test]
fn lines_are_taken_apart_as_a_shell_would() {
    let found = of_markdown(
        "Say `backsmith decide --sample > a.yaml && backsmith decide --input a.yaml`.\n\n\
         ```\nbacksmith loadtest URL --expect 'p99 < 5ms' # a remark\nls | backsmith man\n```\n",
    );
    let words: Vec<String> = found.iter().map(|line| line.words.join("|")).collect();
    assert_eq!(
        words,
        [
            "loadtest|URL|--expect|p99 < 5ms",
            "man",
            "decide|--sample",
            "decide|--input|a.yaml"
        ]
    );
}
