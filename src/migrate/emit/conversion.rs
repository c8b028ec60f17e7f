//! How values of one type become values of another.

use crate::catalog::Composite;

/// Types between which ALTER COLUMN TYPE needs no USING.
const FAMILIES: &[&[&str]] = &[
    &[
        "text",
        "character varying",
        "character",
        "citext",
        "name",
        "\"char\"",
    ],
    &[
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "real",
        "double precision",
    ],
    &[
        "timestamp without time zone",
        "timestamp with time zone",
        "date",
    ],
    &["time without time zone", "time with time zone"],
    &["json", "jsonb"],
    &["bit", "bit varying"],
    &["inet", "cidr"],
];

/// Whether Postgres converts by assignment.
pub fn is_implicit(before: &str, after: &str) -> bool {
    let (before, after) = (base(before), base(after));
    before == after && !before.contains('.')
        || FAMILIES
            .iter()
            .any(|family| family.contains(&before.as_str()) && family.contains(&after.as_str()))
            && !(before == "jsonb" || before == "json")
}

/// `character varying(50)` and `timestamp(3) without time zone` without their modifiers.
pub fn base(data_type: &str) -> String {
    match (data_type.find('('), data_type.find(')')) {
        (Some(open), Some(close)) if open < close && !data_type.starts_with('"') => {
            format!("{}{}", &data_type[..open], &data_type[close + 1..])
        }
        _ => data_type.to_owned(),
    }
}

/// The expression after USING, or none when it is not needed.
pub fn using(
    column: &str,
    before: &str,
    after: &str,
    rows: Option<(&Composite, &Composite)>,
) -> Option<String> {
    if let Some((old, new)) = rows {
        let attributes: Vec<String> = new
            .attributes
            .iter()
            .map(|attribute| {
                let former = old
                    .attributes
                    .iter()
                    .find(|other| other.name == attribute.name);
                if let Some(former) = former {
                    let value = format!("({column}).{}", attribute.name);
                    using(&value, &former.data_type, &attribute.data_type, None)
                        .unwrap_or_else(|| format!("{value}::{}", attribute.data_type))
                } else {
                    format!("NULL::{}", attribute.data_type)
                }
            })
            .collect();
        return Some(format!(
            "CASE WHEN {column} IS NULL THEN NULL ELSE ROW({})::{after} END",
            attributes.join(", ")
        ));
    }
    if is_implicit(before, after) {
        return None;
    }
    let (from, to) = (base(before), base(after));
    let integers = ["smallint", "integer", "bigint"];
    let instants = [
        "timestamp without time zone",
        "timestamp with time zone",
        "date",
    ];
    let is_number = |name: &str| FAMILIES[1].contains(&name);
    Some(if instants.contains(&from.as_str()) && is_number(&to) {
        format!("extract(epoch FROM {column})::{after}")
    } else if is_number(&from) && instants.contains(&to.as_str()) {
        format!("to_timestamp({column}::double precision)::{after}")
    } else if from == "boolean" && is_number(&to) {
        format!("{column}::integer::{after}")
    } else if integers.contains(&from.as_str()) && to == "boolean" {
        format!("({column} <> 0)")
    } else if FAMILIES[0].contains(&from.as_str())
        || FAMILIES[0].contains(&to.as_str())
        || from == "json" && to == "jsonb"
        || from == "jsonb" && to == "json"
    {
        format!("{column}::{after}")
    } else {
        format!("{column}::text::{after}")
    })
}

/// Whether a value may lose something on the way.
pub fn may_lose(before: &str, after: &str) -> bool {
    let (from, to) = (base(before), base(after));
    let rank = |name: &str| {
        ["smallint", "integer", "bigint", "numeric"]
            .iter()
            .position(|known| *known == name)
    };
    if let (Some(old), Some(new)) = (rank(&from), rank(&to)) {
        return new < old || from == to && from == "numeric" && narrower_numeric(before, after);
    }
    if FAMILIES[0].contains(&to.as_str()) {
        let limit = modifier(after);
        return match (modifier(before), limit) {
            (_, None) => to == "\"char\"" || to == "name",
            (None, Some(_)) => true,
            (Some(old), Some(new)) => new < old,
        };
    }
    match (from.as_str(), to.as_str()) {
        ("real", "double precision")
        | ("date", "timestamp without time zone" | "timestamp with time zone")
        | ("timestamp without time zone", "timestamp with time zone")
        | ("json", "jsonb")
        | ("jsonb", "json")
        | ("cidr", "inet") => false,
        (from, to) => from != to,
    }
}

fn modifier(data_type: &str) -> Option<u32> {
    let inner = data_type.split_once('(')?.1.split(')').next()?;
    inner.split(',').next()?.trim().parse().ok()
}

fn narrower_numeric(before: &str, after: &str) -> bool {
    let parts = |text: &str| -> Option<(i32, i32)> {
        let inner = text.split_once('(')?.1.split(')').next()?;
        let (precision, scale) = inner.split_once(',')?;
        Some((precision.trim().parse().ok()?, scale.trim().parse().ok()?))
    };
    match (parts(before), parts(after)) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some((old, old_scale)), Some((new, new_scale))) => {
            new_scale < old_scale || new - new_scale < old - old_scale
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_between_families_are_spelt_out() {
        let cases = [
            ("character varying(50)", "text", None),
            ("integer", "bigint", None),
            ("app.status", "text", Some("c::text")),
            ("text", "app.status", Some("c::app.status")),
            ("app.status", "app.status", Some("c::text::app.status")),
            (
                "timestamp with time zone",
                "integer",
                Some("extract(epoch FROM c)::integer"),
            ),
        ];
        for (before, after, wanted) in cases {
            let found = using("c", before, after, None);
            assert_eq!(found.as_deref(), wanted, "{before} to {after}");
        }
    }

    #[test]
    fn only_narrowing_loses() {
        assert!(!may_lose("character varying(50)", "text"));
        assert!(may_lose("text", "character varying(50)"));
        assert!(may_lose("bigint", "integer"));
        assert!(!may_lose("numeric(8,2)", "numeric(12,4)"));
        assert!(may_lose("numeric(12,4)", "numeric(12,2)"));
    }
}
