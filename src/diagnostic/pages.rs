//! The reference page of each code: what happens, why, how to do it safely, with its source. A test
//! holds that every code has its page and every page its code.

/// The pages of some codes, each in the file of its name.
macro_rules! pages {
    ($($code:literal)*) => {
        &[$(($code, include_str!(concat!("../../references/rules/", $code, ".md")))),*]
    };
}

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

/// The section of a guide that the page leads to, as `backsmith explain` takes it:
/// `database/foreign-keys`.
pub fn guide(code: &str) -> Option<String> {
    let (_, more) = page(code)?.split_once("\n## More\n")?;
    let (_, link) = more.split_once("](../")?;
    let (target, _) = link.split_once(')')?;
    super::guides::name_of_link(target)
}

/// Every code with its page, by name.
pub const PAGES: &[(&str, &str)] = pages![
    "accepts-invalid-format"
    "accepts-invalid-input"
    "blocking-index-build"
    "body-breaks-schema"
    "cascade-drops"
    "char-column"
    "check-violated"
    "client-saturated"
    "constraint-without-not-valid"
    "credentials-refused"
    "data-not-looked-up"
    "database-not-asked"
    "drift"
    "drop-column"
    "drop-enum-value"
    "drop-table"
    "duplicate-index"
    "error-body-leaks"
    "fk-type-mismatch"
    "fk-without-index"
    "float-money"
    "foreign-key-violated"
    "hot-path-unnamed"
    "invalid-index"
    "json-column"
    "key-overflow"
    "microservices-too-small"
    "missing-index"
    "missing-lock-timeout"
    "missing-primary-key"
    "missing-response-header"
    "missing-security-header"
    "n-plus-one"
    "n-plus-one-risk"
    "narrow-type"
    "no-answer"
    "not-implemented"
    "not-null-violated"
    "not-rehearsed"
    "overbuilt"
    "possible-rename"
    "rate-limit-missing"
    "rate-limit-never-bites"
    "rebuild-table"
    "redundant-index"
    "regulated-data-too-small"
    "rename-breaks-clients"
    "requests-unsent"
    "rls-without-policy"
    "scan-under-exclusive-lock"
    "schedule-late"
    "seq-scan-heavy"
    "serial-column"
    "server-names-itself"
    "stale-statistics"
    "statement-fails"
    "table-rewrite"
    "timestamp-without-time-zone"
    "undocumented-content-type"
    "undocumented-status"
    "unique-violated"
    "unused-index"
    "unvalidated-constraint"
    "valid-request-breaks"
    "valid-request-refused"
    "validation-answers-500"
    "value-does-not-fit"
    "whole-table-update"
    "wraparound"
];
