//! GitHub workflow commands: one line a finding, shown on the lines of a pull request.
//! Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions

use std::io::{self, Write};

use super::annotation::{Annotation, Place};
use crate::diagnostic::Severity;

pub fn write(out: &mut dyn Write, annotations: &[Annotation]) -> io::Result<()> {
    for annotation in annotations {
        let level = match annotation.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let mut properties = Vec::new();
        let mut message = annotation.message.clone();
        match &annotation.place {
            Place::File { name, line, column } => {
                properties.push(format!("file={}", property(name)));
                properties.push(format!("line={line}"));
                if *column > 1 {
                    properties.push(format!("col={column}"));
                }
            }
            Place::Object(object) => message = format!("{object}: {message}"),
            Place::Nowhere => {}
        }
        properties.push(format!("title={}", property(&annotation.code)));
        if let Some(help) = &annotation.help {
            message.push('\n');
            message.push_str(help);
        }
        writeln!(
            out,
            "::{level} {}::{}",
            properties.join(","),
            data(&message)
        )?;
    }
    Ok(())
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_the_format_reserves() {
        let annotation = Annotation {
            code: "not-null-violated".to_owned(),
            severity: Severity::Error,
            message: "100% of\nthe rows".to_owned(),
            place: Place::File {
                name: "a,b:c.sql".to_owned(),
                line: 40,
                column: 1,
            },
            help: None,
        };
        let mut out = Vec::new();
        write(&mut out, &[annotation]).expect("a Vec takes it");
        assert_eq!(
            String::from_utf8(out).expect("UTF-8"),
            "::error file=a%2Cb%3Ac.sql,line=40,title=not-null-violated::100%25 of%0Athe rows\n"
        );
    }
}
