//! Members of a body and parameters of a query that name a thing of the server by its id, as
//! `customerId` does where there is a `/customers/{id}`.

use serde_json::{Map, Value};

use super::fields::{folded, names_id};
use super::{Found, Ids, Row, Wanted, key, segments};
use crate::api::{Operation, ParameterPlace};
use crate::text::words::singular;
use crate::traffic::request::{Exercise, Request, at_its_place, json_schema};
use crate::traffic::rules::Direction;

/// Other values of one request.
#[derive(Default)]
struct Filling {
    /// Of the body: name, old and new.
    members: Vec<(String, Value, Value)>,
    /// `name=value` of the query, old and new.
    pieces: Vec<(String, String)>,
    /// The names of both.
    names: Vec<String>,
}

impl Wanted {
    /// Whether a name elsewhere means this id: `userId`, `user_id` for `/users/{id}`, `/users/{userId}`
    /// and `/users/{user}`.
    fn is_called(&self, name: &str) -> bool {
        let (name, parameter) = (folded(name), folded(&self.parameter));
        let thing = folded(&singular(&self.collection));
        let Some(rest) = name.strip_prefix(&thing).filter(|_| !thing.is_empty()) else {
            return false;
        };
        let own = parameter.strip_prefix(&thing).unwrap_or(&parameter);
        // A `user` may be a whole one, and an `order` is how a list is sorted.
        !rest.is_empty() && (rest == own || (rest == "id" && (own.is_empty() || names_id(own))))
    }
}

impl Found<'_, '_> {
    /// The exercises, so that things are created before what names them in its body.
    pub(in crate::traffic) fn ordered(&self, exercises: Vec<Exercise>) -> Vec<Exercise> {
        let named: Vec<Vec<&str>> = exercises.iter().map(|one| self.parents(one)).collect();
        let mut left: Vec<(Exercise, Vec<&str>)> = exercises.into_iter().zip(named).collect();
        let mut ordered = Vec::new();
        while !left.is_empty() {
            let creates = |parent: &str| {
                let mut posts = left.iter().filter(|(one, _)| one.method == "post");
                posts.any(|(one, _)| key(&segments(&one.path)) == parent)
            };
            let free = |(_, parents): &(Exercise, Vec<&str>)| {
                !parents.iter().any(|parent| creates(parent))
            };
            // Things that name each other have no order, and what does not create waits its turn.
            let mut posts = left.iter().take_while(|(one, _)| one.method == "post");
            let next = posts.position(free).unwrap_or(0);
            ordered.push(left.remove(next).0);
        }
        ordered
    }

    /// The collections of the things that its bodies name.
    fn parents(&self, exercise: &Exercise) -> Vec<&str> {
        if exercise.method != "post" {
            return Vec::new();
        }
        let operation = &self.rules.api.operations[exercise.operation];
        let bodies = exercise.valid.iter().filter_map(members);
        let mut parents: Vec<&str> = bodies
            .flat_map(|body| body.into_iter().map(|(name, _)| name))
            .flat_map(|name| self.called(&name, operation))
            .map(|wanted| wanted.parent.as_str())
            .collect();
        parents.sort_unstable();
        parents.dedup();
        parents
    }

    /// The things that a name may mean, those apart that the operation makes or is about: their ids are
    /// in its path, or the request's own to choose.
    fn called(&self, name: &str, operation: &Operation) -> Vec<&Wanted> {
        let own = key(&segments(&operation.path));
        let wanted = self.wanted.iter().filter(|wanted| {
            wanted.is_called(name) && own != wanted.parent && !own.starts_with(&wanted.key)
        });
        wanted.collect()
    }

    /// Fills ids into queries and bodies. What changes something gets only what this run created: it
    /// might be sent to somebody. What deletes is left alone.
    pub(super) fn fill_named(&self, exercise: &mut Exercise) {
        if exercise.method == "delete" {
            return;
        }
        let operation = &self.rules.api.operations[exercise.operation];
        let template = exercise.path.clone();
        let mut used: Vec<&Row> = Vec::new();
        let mut names: Vec<String> = Vec::new();
        let mut first = Filling::default();
        let mut valid: Vec<Request> = Vec::new();
        for (index, request) in exercise.valid.iter().enumerate() {
            let (filling, rows) = self.filling(operation, request, index);
            let request = filling.filled(request, &template);
            names.extend(filling.names.iter().cloned());
            used.extend(rows);
            if index == 0 {
                first = filling;
            }
            if !valid.contains(&request) {
                valid.push(request);
            }
        }
        if used.is_empty() {
            return;
        }
        exercise.valid = valid;
        // Requests that break a rule are made of the first one that breaks none.
        for attempt in &mut exercise.invalid {
            attempt.request = first.filled(&attempt.request, &template);
        }
        names.sort();
        names.dedup();
        let mut from: Vec<String> = used.iter().map(|row| row.from.clone()).collect();
        from.sort();
        from.dedup();
        let mut values: Vec<&Vec<String>> = used.iter().map(|row| &row.values).collect();
        values.sort();
        values.dedup();
        let named = Ids {
            parameters: names,
            number: values.len(),
            from,
            created: used.iter().all(|row| row.created),
        };
        match &mut exercise.ids {
            Some(ids) => ids.add(named),
            None => exercise.ids = Some(named),
        }
    }

    /// The ids for one request; the next request gets the next ones.
    fn filling(
        &self,
        operation: &Operation,
        request: &Request,
        index: usize,
    ) -> (Filling, Vec<&Row>) {
        let (mut filling, mut used) = (Filling::default(), Vec::new());
        let schema = json_schema(operation);
        if let (Some(schema), Some(mut body)) = (schema, members(request)) {
            let names: Vec<String> = body.keys().cloned().collect();
            for name in names {
                let Some(row) = self.row_called(&name, operation, index) else {
                    continue;
                };
                let old = body[&name].clone();
                let fits = row.readings().into_iter().find(|reading| {
                    body.insert(name.clone(), reading.clone());
                    let whole = Value::Object(body.clone());
                    self.rules.accepts(schema, Direction::Request, &whole)
                });
                body.insert(name.clone(), fits.clone().unwrap_or_else(|| old.clone()));
                if let Some(new) = fits {
                    filling.names.push(name.clone());
                    filling.members.push((name, old, new));
                    used.push(row);
                }
            }
        }
        let parameters = operation.parameters.iter();
        for parameter in parameters.filter(|one| one.place == ParameterPlace::Query) {
            let Some(row) = self.row_called(&parameter.name, operation, index) else {
                continue;
            };
            let written = row.readings().into_iter().find_map(|reading| {
                let schema = parameter.schema();
                let fits = self.rules.accepts(schema, Direction::Request, &reading);
                fits.then(|| at_its_place(parameter, &reading)).flatten()
            });
            let Some((new, (name, _))) = written
                .as_ref()
                .and_then(|new| Some((new, new.split_once('=')?)))
            else {
                continue;
            };
            let query = request.path.query.trim_start_matches('?');
            let is_it = |piece: &&str| {
                piece
                    .split_once('=')
                    .is_some_and(|(known, _)| known == name)
            };
            if let Some(old) = query.split('&').find(is_it) {
                filling.pieces.push((old.to_owned(), new.clone()));
                filling.names.push(parameter.name.clone());
                used.push(row);
            }
        }
        (filling, used)
    }

    fn row_called(&self, name: &str, operation: &Operation, index: usize) -> Option<&Row> {
        let method = operation.method.key();
        let changes = matches!(method, "post" | "put" | "patch");
        self.called(name, operation).into_iter().find_map(|wanted| {
            let rows = self.usable(&wanted.key, method)?;
            let rows: Vec<&Row> = rows
                .into_iter()
                .filter(|row| row.created || !changes)
                .collect();
            rows.get(index.checked_rem(rows.len())?).copied()
        })
    }
}

impl Filling {
    /// The request with its new values, where it has the old ones.
    fn filled(&self, request: &Request, template: &str) -> Request {
        let mut request = request.clone();
        if let Some(mut body) = members(&request) {
            let mut is_other = false;
            for (name, old, new) in &self.members {
                if let Some(value) = body.get_mut(name).filter(|value| *value == old) {
                    value.clone_from(new);
                    is_other = true;
                }
            }
            if is_other {
                request.body = Value::Object(body).to_string().into_bytes();
            }
        }
        if self.pieces.is_empty() {
            return request;
        }
        request.with_query(template, |piece| {
            let mut pieces = self.pieces.iter();
            let new = pieces.find(|(old, _)| old == piece);
            new.map_or(piece, |(_, new)| new).to_owned()
        })
    }
}

/// The members of a body that is an object in JSON.
fn members(request: &Request) -> Option<Map<String, Value>> {
    serde_json::from_slice(&request.body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceFile;
    use crate::traffic::answer::Answer;
    use crate::traffic::rules::Rules;
    use crate::traffic::{Options, Traffic};

    const SHOP: &str = r#"{
"openapi": "3.1.0", "info": {"title": "T", "version": "1"},
"paths": {
  "/orders": {
    "post": {"operationId": "createOrder", "requestBody": {"required": true, "content":
      {"application/json": {"schema": {"type": "object", "required": ["customerId", "total", "note"],
        "properties": {"customerId": {"type": "integer", "minimum": 1}, "total": {"type": "integer", "minimum": 0},
          "note": {"type": "string", "maxLength": 9}, "orderId": {"type": "integer"}}}}}},
      "responses": {"201": {"description": "Yes"}}},
    "get": {"operationId": "listOrders", "parameters": [
        {"name": "customer_id", "in": "query", "required": true, "schema": {"type": "integer", "minimum": 1}},
        {"name": "order", "in": "query", "required": true, "schema": {"enum": ["asc", "desc"]}}],
      "responses": {"200": {"description": "Yes"}}}
  },
  "/orders/{order}": {
    "parameters": [{"name": "order", "in": "path", "required": true, "schema": {"type": "integer"}}],
    "delete": {"operationId": "deleteOrder", "parameters": [
        {"name": "customerId", "in": "query", "required": true, "schema": {"type": "integer"}}],
      "responses": {"204": {"description": "Yes"}}}
  },
  "/customers": {
    "post": {"operationId": "createCustomer", "responses": {"201": {"description": "Yes"}}},
    "get": {"operationId": "listCustomers", "responses": {"200": {"description": "Yes"}}}
  },
  "/customers/{id}": {
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
    "get": {"operationId": "getCustomer", "responses": {"200": {"description": "Yes"}}}
  }
}}"#;

    /// The filled exercises in their order; what creates a customer answers with this status.
    fn filled(status: u16) -> Vec<Exercise> {
        let (api, findings) = crate::api::read(&SourceFile::new("api.json", SHOP.to_owned()));
        let api = api.unwrap_or_else(|| panic!("{findings:?}"));
        let rules = Rules::new(&api);
        let options = Options {
            seed: 1,
            changes: true,
            invalid: true,
            ..Options::default()
        };
        let mut found = Found::new(&rules);
        let mut asked = Vec::new();
        for mut exercise in Traffic::of(&rules, &options).exercises {
            found.fill(&mut exercise);
            let (status, body) = match exercise.name.as_str() {
                "createCustomer" => (status, r#"{"id": 7000001}"#),
                "listCustomers" => (200, r#"[{"id": 7000001}, {"id": 7000002}]"#),
                _ => (201, "{}"),
            };
            let answer = Answer {
                status,
                body: body.into(),
                ..Answer::default()
            };
            for request in &exercise.valid {
                found.learn(&exercise, request, &answer);
            }
            asked.push(exercise);
        }
        asked
    }

    fn of<'e>(asked: &'e [Exercise], name: &str) -> &'e Exercise {
        let found = asked.iter().find(|exercise| exercise.name == name);
        found.unwrap_or_else(|| panic!("no {name}"))
    }

    fn customer(request: &Request) -> Option<u64> {
        members(request)?.get("customerId")?.as_u64()
    }

    #[test]
    fn ids_go_into_bodies_and_queries() {
        let asked = filled(201);
        let names: Vec<&str> = asked
            .iter()
            .map(|exercise| exercise.name.as_str())
            .collect();
        let orders = [
            "createCustomer",
            "createOrder",
            "listOrders",
            "listCustomers",
        ];
        assert_eq!(
            names,
            [&orders[..], &["getCustomer", "deleteOrder"]].concat()
        );
        let create = of(&asked, "createOrder");
        assert!(create.valid.len() > 1);
        let mut customers = create.valid.iter().map(customer);
        assert!(customers.all(|customer| customer == Some(7_000_001)));
        let ids = create.ids.as_ref().expect("ids");
        assert_eq!(ids.parameters, ["customerId"]);
        assert_eq!((ids.number, ids.created), (1, true));
        assert_eq!(ids.from, ["`/id` of the body of createCustomer"]);
        // One that breaks a rule breaks only that one.
        for attempt in &create.invalid {
            let body = members(&attempt.request);
            let is_whole = body.is_some_and(|body| body.contains_key("customerId"));
            let is_broken = !is_whole || attempt.breaks.contains("customerId");
            let is_filled = customer(&attempt.request) == Some(7_000_001);
            assert_ne!(is_filled, is_broken, "{}", attempt.breaks);
        }
        let breaks = |text: &str| {
            let mut attempts = create.invalid.iter();
            attempts.any(|attempt| attempt.breaks.contains(text))
        };
        assert!(breaks("`note`") && breaks("customerId"));
        let list = of(&asked, "listOrders");
        for request in &list.valid {
            let target = &request.target;
            assert!(
                target.starts_with("/orders?customer_id=7000001&order="),
                "{target}"
            );
        }
        let left = list
            .invalid
            .iter()
            .filter(|attempt| attempt.breaks.contains("customer_id"));
        assert!(left.clone().count() > 0);
        for attempt in left {
            let target = &attempt.request.target;
            assert!(!target.contains("7000001"), "{target}: {}", attempt.breaks);
        }
    }

    #[test]
    fn what_nobody_made_is_only_read() {
        let asked = filled(200);
        let create = of(&asked, "createOrder");
        assert!(create.ids.is_none());
        assert!(
            create
                .valid
                .iter()
                .all(|request| customer(request) < Some(7_000_000))
        );
        let list = of(&asked, "listOrders").ids.as_ref().expect("ids");
        assert!(!list.created);
        let delete = of(&asked, "deleteOrder");
        assert!(delete.ids.is_none());
        assert!(
            delete
                .valid
                .iter()
                .all(|request| !request.target.contains("700000"))
        );
    }

    #[test]
    fn a_name_is_that_of_a_thing_and_its_id() {
        for (collection, parameter, name, wanted) in [
            ("users", "id", "userId", true),
            ("users", "userId", "user_id", true),
            ("users", "uuid", "user-id", true),
            ("users", "uuid", "userUuid", true),
            ("users", "user", "userId", true),
            ("users", "userName", "user_name", true),
            ("order-items", "id", "orderItemId", true),
            ("categories", "id", "category_id", true),
            ("users", "id", "user", false),
            ("orders", "order", "order", false),
            ("users", "id", "id", false),
            ("users", "id", "superuserId", false),
            ("users", "slug", "userId", false),
            ("users", "id", "userName", false),
            ("", "id", "id", false),
        ] {
            let place = Wanted {
                key: String::new(),
                parent: String::new(),
                collection: collection.to_owned(),
                parameter: parameter.to_owned(),
            };
            assert_eq!(
                place.is_called(name),
                wanted,
                "{collection} {parameter} {name}"
            );
        }
    }
}
