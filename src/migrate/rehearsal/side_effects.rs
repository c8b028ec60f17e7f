//! What statements do that no rollback takes back, as far as their text tells.

use crate::migrate::script::{Script, TokenKind, tokens};

/// Words and what they do.
const KNOWN: &[(&str, &str)] = &[
    (
        "dblink",
        "what another database was asked through dblink stays done there",
    ),
    (
        "dblink_exec",
        "what another database was asked through dblink stays done there",
    ),
    ("setval", "a sequence that setval moved stays where it is"),
    ("nextval", "a number that nextval drew is gone"),
    (
        "pg_advisory_lock",
        "an advisory lock of the session is held until its end",
    ),
    (
        "pg_terminate_backend",
        "a session that was ended stays ended",
    ),
    (
        "pg_cancel_backend",
        "a query that was cancelled stays cancelled",
    ),
    (
        "pg_reload_conf",
        "the server has read its configuration again",
    ),
    ("pg_file_write", "a file of the server stays written"),
    ("lo_export", "a file of the server stays written"),
    (
        "pg_switch_wal",
        "the write-ahead log has gone on to another file",
    ),
    (
        "pg_create_restore_point",
        "the restore point stays in the write-ahead log",
    ),
    ("pg_stat_reset", "statistics that were reset are gone"),
    (
        "pg_stat_statements_reset",
        "statistics that were reset are gone",
    ),
];

/// One line for each statement that reaches out of its transaction.
pub fn side_effects(script: &Script) -> Vec<String> {
    let text = &script.source.text;
    let mut found = Vec::new();
    let statements = script
        .statements()
        .filter(|statement| !statement.controls_transaction());
    for (at, statement) in statements.enumerate() {
        let sql = statement.text(text);
        let mut told = Vec::new();
        for word in words(sql) {
            if let Some((_, what)) = KNOWN.iter().find(|(name, _)| *name == word)
                && !told.contains(what)
            {
                told.push(*what);
            }
        }
        let lower: Vec<String> = words(sql);
        if lower.first().is_some_and(|word| word == "copy")
            && lower.iter().any(|word| word == "program")
        {
            told.push("what the program of COPY has done stays done");
        }
        found.extend(
            told.iter()
                .map(|what| format!("statement {}: {what}", at + 1)),
        );
    }
    found
}

/// Words in lower case, those in the bodies of functions and of DO blocks as well.
fn words(sql: &str) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens(sql) {
        let text = &sql[token.range];
        match token.kind {
            TokenKind::Word => found.push(text.to_lowercase()),
            TokenKind::DollarText => {
                let inner = text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
                found.extend(inner.map(str::to_lowercase));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::script::split;
    use crate::text::SourceFile;

    #[test]
    fn what_reaches_out_is_named() {
        let text = "begin; select setval('s', 1); select 'dblink'; \
            do $$ begin perform dblink_exec('x', 'y'); end $$; copy t to program 'cat'; notify x; commit;";
        let (script, _) = split(&SourceFile::new("a.sql", text));
        let numbers: Vec<String> = side_effects(&script)
            .iter()
            .map(|line| line.chars().take(12).collect())
            .collect();
        assert_eq!(numbers, ["statement 1:", "statement 3:", "statement 4:"]);
    }
}
