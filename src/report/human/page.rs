//! A page of references/ on a terminal: headings bold, paragraphs and cells wrapped to the width,
//! code as it stands. What it reads is the Markdown of this project, not all there is.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::terminal::BOLD;

/// Bold begins and ends at these signs while lines are broken; they take no room.
const BOLD_ON: char = '\u{1}';
const BOLD_OFF: char = '\u{2}';
/// Code is not moved further to the right than it stands on the page.
const CODE_INDENT: &str = "    ";

/// Writes a page.
pub fn write(out: &mut dyn Write, text: &str, width: usize) -> io::Result<()> {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let length = block_length(&lines[at..]);
        let block = &lines[at..at + length];
        match kind(line) {
            Block::Heading(text) => writeln!(out, "{BOLD}{}{BOLD:#}", plain(text))?,
            Block::Fence => {
                for code in block.iter().filter(|line| !line.starts_with("```")) {
                    writeln!(out, "{}", format!("{CODE_INDENT}{code}").trim_end())?;
                }
            }
            Block::Table => table(out, block, width)?,
            Block::Code | Block::Blank => {
                for line in block {
                    writeln!(out, "{}", line.trim_end())?;
                }
            }
            Block::Item(marker) => {
                let text = joined(block);
                let (first, rest) = (&text[..marker], " ".repeat(marker));
                let lines = wrap(&marked(&text[marker..]), width.saturating_sub(marker));
                for (number, line) in lines.iter().enumerate() {
                    let start = if number == 0 { first } else { &rest };
                    writeln!(out, "{start}{}", styled(line))?;
                }
            }
            Block::Paragraph => {
                for line in wrap(&marked(&joined(block)), width) {
                    writeln!(out, "{}", styled(&line))?;
                }
            }
        }
        at += length;
    }
    Ok(())
}

enum Block<'a> {
    Heading(&'a str),
    Fence,
    Table,
    /// Indented by four.
    Code,
    Blank,
    /// A list's entry, whose text begins at this column.
    Item(usize),
    Paragraph,
}

fn kind(line: &str) -> Block<'_> {
    if line.trim().is_empty() {
        return Block::Blank;
    }
    if line.starts_with("```") {
        return Block::Fence;
    }
    if line.starts_with(CODE_INDENT) {
        return Block::Code;
    }
    if line.starts_with('|') {
        return Block::Table;
    }
    if line.starts_with('#') {
        return Block::Heading(line.trim_start_matches('#').trim());
    }
    let text = line.trim_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if text.starts_with("- ") {
        return Block::Item(line.len() - text.len() + 2);
    }
    if digits > 0 && text[digits..].starts_with(". ") {
        return Block::Item(line.len() - text.len() + digits + 2);
    }
    Block::Paragraph
}

/// How many lines belong to the block that begins here.
fn block_length(lines: &[&str]) -> usize {
    let rest = || lines.iter().skip(1);
    let while_kind =
        |wanted: fn(&Block<'_>) -> bool| 1 + rest().take_while(|line| wanted(&kind(line))).count();
    match kind(lines[0]) {
        Block::Fence => {
            let inside = rest().take_while(|line| !line.starts_with("```")).count();
            (inside + 2).min(lines.len())
        }
        Block::Table => while_kind(|block| matches!(block, Block::Table)),
        Block::Code => while_kind(|block| matches!(block, Block::Code)),
        Block::Item(_) | Block::Paragraph => while_kind(|block| matches!(block, Block::Paragraph)),
        Block::Heading(_) | Block::Blank => 1,
    }
}

/// The lines of a block as one; the blanks before the first stay.
fn joined(block: &[&str]) -> String {
    let mut text = block[0].trim_end().to_owned();
    for line in &block[1..] {
        text.push(' ');
        text.push_str(line.trim());
    }
    text
}

fn table(out: &mut dyn Write, lines: &[&str], width: usize) -> io::Result<()> {
    let rows: Vec<Vec<String>> = lines
        .iter()
        .filter(|line| !line.starts_with("|---"))
        .map(|line| {
            let inner = line.trim().trim_matches('|');
            inner.split('|').map(|cell| plain(cell.trim())).collect()
        })
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or(0)
        })
        .collect();
    let words: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let words = cells.flat_map(|cell| cell.split_whitespace());
            words.map(UnicodeWidthStr::width).max().unwrap_or(0)
        })
        .collect();
    let room = width.saturating_sub(2 * columns);
    if words.iter().sum::<usize>() > room {
        return records(out, &rows, width);
    }
    fit(&mut widths, &words, room);
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<Vec<String>> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| wrap(cell, *width))
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let mut text = String::new();
            for (cell, width) in cells.iter().zip(&widths) {
                let part = cell.get(line).map_or("", String::as_str);
                text.push_str("  ");
                text.push_str(part);
                text.push_str(&" ".repeat(width.saturating_sub(part.width())));
            }
            if number == 0 {
                writeln!(out, "{BOLD}{}{BOLD:#}", text.trim_end())?;
            } else {
                writeln!(out, "{}", text.trim_end())?;
            }
        }
    }
    Ok(())
}

/// A table that is too wide for its words: each row by itself, its cells under the first.
fn records(out: &mut dyn Write, rows: &[Vec<String>], width: usize) -> io::Result<()> {
    let Some((header, rows)) = rows.split_first() else {
        return Ok(());
    };
    let labels = header.iter().skip(1);
    let column = labels.map(|label| label.width()).max().unwrap_or(0) + 2;
    for row in rows {
        let first = row.first().map_or("", String::as_str);
        writeln!(out, "  {BOLD}{first}{BOLD:#}")?;
        for (label, cell) in header.iter().zip(row).skip(1) {
            let lines = wrap(cell, width.saturating_sub(column + 4));
            for (number, line) in lines.iter().enumerate() {
                let label = if number == 0 { label } else { "" };
                let gap = " ".repeat(column.saturating_sub(label.width()));
                writeln!(out, "    {label}{gap}{line}")?;
            }
        }
    }
    Ok(())
}

/// Takes from the widest column until all fit. No column becomes narrower than its longest word.
fn fit(widths: &mut [usize], words: &[usize], room: usize) {
    while widths.iter().sum::<usize>() > room {
        let can_give = (0..widths.len()).filter(|column| widths[*column] > words[*column]);
        match can_give.max_by_key(|column| widths[*column]) {
            Some(column) => widths[column] -= 1,
            None => return,
        }
    }
}

/// Breaks a text between words. A word that is longer than the width stands alone.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let length: usize = word.chars().filter_map(UnicodeWidthChar::width).sum();
        if used > 0 && used + 1 + length > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
    }
    lines.push(line);
    lines
}

/// Links become their text, `**` the signs of bold.
fn marked(text: &str) -> String {
    let mut marked = String::new();
    let mut rest = text;
    let (mut bold, mut code) = (false, false);
    while let Some(sign) = rest.chars().next() {
        if sign == '`' {
            code = !code;
        } else if !code && rest.starts_with("**") {
            bold = !bold;
            marked.push(if bold { BOLD_ON } else { BOLD_OFF });
            rest = &rest[2..];
            continue;
        } else if !code && let Some((label, target, after)) = link(rest) {
            marked.push_str(label);
            if target.starts_with("http") {
                marked.push_str(&format!(" ({target})"));
            }
            rest = after;
            continue;
        }
        marked.push(sign);
        rest = &rest[sign.len_utf8()..];
    }
    marked
}

/// `[label](target)` at the start of a text, and what is after it.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let inner = text.strip_prefix('[')?;
    let (label, rest) = inner.split_once("](")?;
    let (target, after) = rest.split_once(')')?;
    (!label.contains(['[', '\n'])).then_some((label, target, after))
}

fn plain(text: &str) -> String {
    marked(text).replace([BOLD_ON, BOLD_OFF], "")
}

/// Bold ends with its line and goes on with the next.
fn styled(line: &str) -> String {
    let on = format!("{BOLD}");
    let off = format!("{BOLD:#}");
    line.replace(BOLD_ON, &on).replace(BOLD_OFF, &off)
}

#[cfg(test)]
mod tests {
    use super::write;

    fn shown(text: &str, width: usize) -> String {
        let mut out = Vec::new();
        write(&mut out, text, width).expect("a page");
        let plain = anstream::adapter::strip_bytes(&out).into_vec();
        String::from_utf8(plain).expect("UTF-8")
    }

    #[test]
    fn blocks_are_told_apart() {
        let page = "# T\n\nOne **bold** word\nand [a link](x.md#y).\n\n- an entry that is longer\n  than the width\n\n```sql\nSELECT  1;\n```\n\n| a | b |\n|---|---|\n| `x` | some words here |\n";
        insta::assert_snapshot!(shown(page, 22), @r"
        T

        One bold word and a
        link.

        - an entry that is
          longer than the
          width

            SELECT  1;

          a    b
          `x`  some words here
        ");
    }
}
