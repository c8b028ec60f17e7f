//! Figures under each other: every column as wide as its widest cell, numbers to the right.

/// The head and the rows as lines, without indentation and style.
pub(super) fn aligned<const COLUMNS: usize>(
    heading: [&str; COLUMNS],
    rows: Vec<[String; COLUMNS]>,
) -> Vec<String> {
    let mut all = vec![heading.map(str::to_owned)];
    all.extend(rows);
    let mut widths = [0; COLUMNS];
    for row in &all {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:>width$}"))
            .collect();
        cells.join("   ")
    };
    all.iter().map(line).collect()
}
