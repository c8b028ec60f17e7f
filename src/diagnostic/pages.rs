//! The reference page of each code: what happens, why, how to do it safely, with its source. A test
//! holds that every code has its page and every page its code.

/// The page of a code, as Markdown.
pub fn page(code: &str) -> Option<&'static str> {
    PAGES
        .iter()
        .find(|(name, _)| *name == code)
        .map(|(_, page)| *page)
}

/// The line of the page that says what the code means.
pub fn title(code: &str) -> Option<&'static str> {
    page(code)?.lines().nth(2)
}

/// Where the page is in the project.
pub fn path(code: &str) -> Option<String> {
    page(code).map(|_| format!("references/rules/{code}.md"))
}

/// Every code with its page, by name.
pub const PAGES: &[(&str, &str)] = &[
    (
        "blocking-index-build",
        include_str!("../../references/rules/blocking-index-build.md"),
    ),
    (
        "cascade-drops",
        include_str!("../../references/rules/cascade-drops.md"),
    ),
    (
        "check-violated",
        include_str!("../../references/rules/check-violated.md"),
    ),
    (
        "constraint-without-not-valid",
        include_str!("../../references/rules/constraint-without-not-valid.md"),
    ),
    (
        "data-not-looked-up",
        include_str!("../../references/rules/data-not-looked-up.md"),
    ),
    ("drift", include_str!("../../references/rules/drift.md")),
    (
        "drop-column",
        include_str!("../../references/rules/drop-column.md"),
    ),
    (
        "drop-enum-value",
        include_str!("../../references/rules/drop-enum-value.md"),
    ),
    (
        "drop-table",
        include_str!("../../references/rules/drop-table.md"),
    ),
    (
        "foreign-key-violated",
        include_str!("../../references/rules/foreign-key-violated.md"),
    ),
    (
        "missing-lock-timeout",
        include_str!("../../references/rules/missing-lock-timeout.md"),
    ),
    (
        "narrow-type",
        include_str!("../../references/rules/narrow-type.md"),
    ),
    (
        "not-null-violated",
        include_str!("../../references/rules/not-null-violated.md"),
    ),
    (
        "not-rehearsed",
        include_str!("../../references/rules/not-rehearsed.md"),
    ),
    (
        "possible-rename",
        include_str!("../../references/rules/possible-rename.md"),
    ),
    (
        "rebuild-table",
        include_str!("../../references/rules/rebuild-table.md"),
    ),
    (
        "rename-breaks-clients",
        include_str!("../../references/rules/rename-breaks-clients.md"),
    ),
    (
        "scan-under-exclusive-lock",
        include_str!("../../references/rules/scan-under-exclusive-lock.md"),
    ),
    (
        "statement-fails",
        include_str!("../../references/rules/statement-fails.md"),
    ),
    (
        "table-rewrite",
        include_str!("../../references/rules/table-rewrite.md"),
    ),
    (
        "unique-violated",
        include_str!("../../references/rules/unique-violated.md"),
    ),
    (
        "value-does-not-fit",
        include_str!("../../references/rules/value-does-not-fit.md"),
    ),
    (
        "whole-table-update",
        include_str!("../../references/rules/whole-table-update.md"),
    ),
];
