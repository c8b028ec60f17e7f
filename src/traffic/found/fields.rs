//! Which member of an answer is the id of what it shows.

use serde_json::{Map, Value};

use crate::text::words::singular;

/// Things of one list that are looked at.
const LISTED: usize = 16;

/// The ids of the things in a body that a path parameter stands for, and where they stand.
pub(super) fn ids(
    body: &Value,
    parameter: &str,
    collection: &str,
) -> Option<(Vec<String>, String)> {
    let names = names(parameter, collection);
    if let Some(found) = of_things(body, &names, "") {
        return Some(found);
    }
    // Lists and single things are often wrapped: `{"items": [...]}`, `{"data": {...}}`.
    let wrapped = body.as_object()?.iter();
    let place = |name: &str| format!("/{}", crate::text::escape(name));
    wrapped
        .filter(|(_, value)| value.is_array() || value.is_object())
        .find_map(|(name, value)| of_things(value, &names, &place(name)))
}

fn of_things(value: &Value, names: &[String], place: &str) -> Option<(Vec<String>, String)> {
    match value {
        Value::Object(thing) => {
            let (name, id) = id_of(thing, names)?;
            Some((vec![id], format!("`{place}/{name}` of the body")))
        }
        Value::Array(things) => {
            let things = things.iter().take(LISTED).filter_map(Value::as_object);
            let found: Vec<(&str, String)> =
                things.filter_map(|thing| id_of(thing, names)).collect();
            let name = found.first()?.0.to_owned();
            let ids = found.into_iter().map(|(_, id)| id).collect();
            Some((ids, format!("`{place}/*/{name}` of the body")))
        }
        _ => None,
    }
}

fn id_of<'t>(thing: &'t Map<String, Value>, names: &[String]) -> Option<(&'t str, String)> {
    names.iter().find_map(|wanted| {
        let mut members = thing.iter();
        let (name, value) = members.find(|(name, _)| folded(name) == *wanted)?;
        Some((name.as_str(), scalar(value)?))
    })
}

pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What the member may be called, the likeliest first: `/users/{userId}` is `userId`, then `id`.
fn names(parameter: &str, collection: &str) -> Vec<String> {
    let parameter = folded(parameter);
    let thing = singular(&folded(collection));
    let is_id = names_id(&parameter);
    let mut names = vec![parameter.clone()];
    // `/users/{userName}` is `userName`, and else `name`.
    if let Some(rest) = parameter.strip_prefix(&thing).filter(|_| !thing.is_empty()) {
        if rest.is_empty() {
            names.push("id".to_owned());
        } else {
            names.push(rest.to_owned());
        }
    }
    if is_id {
        names.extend(["id", "uuid"].map(str::to_owned));
    }
    names
}

/// Whether a folded name ends as those of ids do.
pub(super) fn names_id(name: &str) -> bool {
    ["id", "uuid", "guid"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// Lower case, letters and digits alone: `user_id`, `userId` and `user-id` are one name.
pub(super) fn folded(name: &str) -> String {
    let kept = name.chars().filter(|character| character.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ids;

    #[test]
    fn an_id_is_found_by_its_name() {
        for (body, parameter, collection, wanted, place) in [
            (json!({"id": 7}), "id", "users", vec!["7"], "`/id`"),
            (json!({"id": "a"}), "userId", "users", vec!["a"], "`/id`"),
            (
                json!({"id": 1, "user_id": 2}),
                "userId",
                "users",
                vec!["2"],
                "`/user_id`",
            ),
            (
                json!([{"id": 1}, {"id": 2}]),
                "categoryId",
                "categories",
                vec!["1", "2"],
                "`/*/id`",
            ),
            (
                json!({"total": 2, "items": [{"slug": "x"}, {}]}),
                "slug",
                "posts",
                vec!["x"],
                "`/items/*/slug`",
            ),
            (
                json!({"data": {"uuid": "u"}}),
                "box-id",
                "boxes",
                vec!["u"],
                "`/data/uuid`",
            ),
            (
                json!({"name": "n"}),
                "tagName",
                "tags",
                vec!["n"],
                "`/name`",
            ),
            (json!({"id": 3}), "user", "users", vec!["3"], "`/id`"),
        ] {
            let (found, at) = ids(&body, parameter, collection).expect("ids");
            assert_eq!(found, wanted, "{body}");
            assert_eq!(at, format!("{place} of the body"));
        }
    }

    #[test]
    fn what_is_no_id_is_not_taken_for_one() {
        for (body, parameter) in [
            (json!({"id": 1}), "slug"),
            (json!({"id": {"a": 1}}), "id"),
            (json!({"id": null}), "id"),
            (json!([1, 2]), "id"),
            (json!("text"), "id"),
        ] {
            assert_eq!(ids(&body, parameter, "posts"), None, "{body}");
        }
    }
}
