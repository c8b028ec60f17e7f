//! Ids on their way from answers into paths.

use super::*;
use crate::api::Api;
use crate::text::SourceFile;
use crate::traffic::{Options, Traffic};

const SHOP: &str = r#"{
"openapi": "3.1.0", "info": {"title": "T", "version": "1"},
"paths": {
  "/users": {
    "post": {"operationId": "createUser", "responses": {"201": {"description": "Yes"}}},
    "get": {"operationId": "listUsers", "responses": {"200": {"description": "Yes"}}}
  },
  "/users/{userId}": {
    "parameters": [{"name": "userId", "in": "path", "required": true, "schema": {"type": "integer"}}],
    "get": {"operationId": "getUser", "responses": {"200": {"description": "Yes"}}},
    "put": {"operationId": "putUser", "responses": {"200": {"description": "Yes"}}},
    "delete": {"operationId": "deleteUser", "responses": {"204": {"description": "Yes"}}}
  },
  "/users/{id}/orders": {
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
    "post": {"operationId": "createOrder", "responses": {"201": {"description": "Yes", "links": {
      "Receipt": {"operationId": "getReceipt", "parameters": {"number": "$response.body#/receipt"}}}}}}
  },
  "/users/{id}/orders/{order}": {
    "parameters": [
      {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
      {"name": "order", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^o[0-9]+$"}}],
    "get": {"operationId": "getOrder", "responses": {"200": {"description": "Yes"}}}
  },
  "/receipts/{number}": {
    "parameters": [{"name": "number", "in": "path", "required": true, "schema": {"type": "integer"}}],
    "get": {"operationId": "getReceipt", "responses": {"200": {"description": "Yes"}}}
  }
}}"#;

fn api() -> Api {
    let (api, findings) = crate::api::read(&SourceFile::new("api.json", SHOP.to_owned()));
    api.unwrap_or_else(|| panic!("{findings:?}"))
}

/// Runs the operations in their order against a server that is a function of the target.
fn targets(
    rules: &Rules<'_>,
    answer: impl Fn(&str, &str) -> Answer,
) -> Vec<(String, Vec<String>, Option<Ids>)> {
    let options = Options {
        seed: 1,
        changes: true,
        ..Options::default()
    };
    let mut found = Found::new(rules);
    let mut asked = Vec::new();
    for mut exercise in Traffic::of(rules, &options).exercises {
        found.fill(&mut exercise);
        found.spare(&mut exercise);
        for request in &exercise.valid {
            found.learn(&exercise, request, &answer(&exercise.name, &request.target));
        }
        let valid = exercise.valid.iter().map(|request| &request.target);
        let deletes = exercise.method == "delete";
        // What deletes does so with a fault in it as well, where a server overlooks it.
        let invalid = exercise.invalid.iter().filter(|_| deletes);
        let invalid = invalid.map(|attempt| &attempt.request.target);
        asked.push((
            exercise.name.clone(),
            valid.chain(invalid).cloned().collect(),
            exercise.ids.clone(),
        ));
    }
    asked
}

fn json(status: u16, body: &str) -> Answer {
    Answer {
        status,
        body: body.into(),
        ..Answer::default()
    }
}

fn of<'t>(
    asked: &'t [(String, Vec<String>, Option<Ids>)],
    name: &str,
) -> (&'t [String], Option<&'t Ids>) {
    let found = asked.iter().find(|(known, ..)| known == name);
    let (_, targets, ids) = found.unwrap_or_else(|| panic!("no {name} in {asked:?}"));
    (targets, ids.as_ref())
}

#[test]
fn ids_go_from_answers_into_paths() {
    let api = api();
    let rules = Rules::new(&api);
    let asked = targets(&rules, |name, target| match name {
        "createUser" => json(201, r#"{"id": 5}"#),
        "listUsers" => json(200, r#"{"items": [{"id": 5}, {"id": 9}, {"id": "x"}]}"#),
        "createOrder" => {
            assert_eq!(target, "/users/5/orders");
            Answer {
                headers: vec![(
                    "location".to_owned(),
                    "http://h/users/5/orders/o1?a".to_owned(),
                )],
                ..json(201, r#"{"receipt": 77}"#)
            }
        }
        _ => json(200, "{}"),
    });
    let names: Vec<&str> = asked.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "createUser",
            "listUsers",
            "createOrder",
            "getUser",
            "getReceipt",
            "putUser",
            "getOrder",
            "deleteUser"
        ]
    );
    let (users, ids) = of(&asked, "getUser");
    assert_eq!(users, ["/users/5", "/users/9"]);
    let ids = ids.expect("ids");
    assert_eq!(ids.parameters, ["userId"]);
    assert_eq!((ids.number, ids.created), (2, false));
    assert_eq!(
        ids.from,
        [
            "`/id` of the body of createUser",
            "`/items/*/id` of the body of listUsers"
        ]
    );
    // What changes something gets what this run created.
    assert_eq!(of(&asked, "putUser").0, ["/users/5"]);
    let (orders, ids) = of(&asked, "getOrder");
    assert_eq!(orders, ["/users/5/orders/o1"]);
    assert_eq!(ids.expect("ids").from, ["`Location` of createOrder"]);
    let (receipts, ids) = of(&asked, "getReceipt");
    assert_eq!(receipts, ["/receipts/77"]);
    assert_eq!(
        ids.expect("ids").from,
        ["the link `Receipt` of createOrder"]
    );
    // One that was created is for the others; those that are listed are not for deleting.
    let (deleted, ids) = of(&asked, "deleteUser");
    assert!(ids.is_none() && !deleted.is_empty());
    for target in deleted {
        assert!(target != "/users/5" && target != "/users/9", "{target}");
    }
}

#[test]
fn what_deletes_has_things_of_its_own() {
    let body = r#""operationId": "createUser", "requestBody": {"required": true, "content":
        {"application/json": {"schema": {"type": "object", "required": ["name"],
        "properties": {"name": {"type": "string"}}}}}},"#;
    let shop = SHOP.replace(r#""operationId": "createUser","#, body);
    let (api, findings) = crate::api::read(&SourceFile::new("api.json", shop));
    let api = api.unwrap_or_else(|| panic!("{findings:?}"));
    let rules = Rules::new(&api);
    let created = std::cell::Cell::new(100);
    let asked = targets(&rules, |name, _| match name {
        "createUser" => {
            created.set(created.get() + 1);
            json(201, &format!(r#"{{"id": {}}}"#, created.get()))
        }
        "listUsers" => json(200, r#"[{"id": 1}, {"id": 101}]"#),
        _ => json(204, ""),
    });
    assert_eq!(created.get(), 108, "as many as there are variants");
    let (deleted, ids) = of(&asked, "deleteUser");
    assert_eq!(deleted, ["/users/107", "/users/108"]);
    assert!(ids.expect("ids").created);
    for reader in ["getUser", "putUser", "createOrder"] {
        let (targets, _) = of(&asked, reader);
        let spared = |target: &String| !target.contains("107") && !target.contains("108");
        assert!(targets.iter().all(spared), "{targets:?}");
    }
}

#[test]
fn what_a_link_leads_to_or_nobody_made_is_not_deleted() {
    let linked = r#""Owner": {"operationId": "deleteUser", "parameters": {"userId": "$response.body#/owner"}},
      "Receipt": {"#;
    let query = r#""delete": {"operationId": "deleteUser", "parameters": [
      {"name": "force", "in": "query", "schema": {"type": "boolean"}}],"#;
    let shop = SHOP
        .replace(r#""Receipt": {"#, linked)
        .replace(r#""delete": {"operationId": "deleteUser","#, query)
        .replace(
            r#""name": "userId", "in": "path","#,
            r#""name": "userId", "in": "path", "example": 11,"#,
        );
    let (api, findings) = crate::api::read(&SourceFile::new("api.json", shop));
    let api = api.unwrap_or_else(|| panic!("{findings:?}"));
    let rules = Rules::new(&api);
    let owner = std::cell::Cell::new(8);
    // The second server answers with what it had; the first says so of what it made.
    for status in [201, 200] {
        let asked = targets(&rules, |name, _| match name {
            "createUser" => json(status, r#"{"id": 5}"#),
            "listUsers" => json(200, r#"[{"id": 5}, {"id": 11}]"#),
            "createOrder" => {
                owner.set(owner.get() + 1);
                json(201, &format!(r#"{{"owner": {}}}"#, owner.get()))
            }
            _ => json(204, ""),
        });
        let (deleted, ids) = of(&asked, "deleteUser");
        assert!(ids.is_none(), "{ids:?}");
        for target in deleted {
            let id = target.trim_start_matches("/users/");
            let id: u64 = id.split('?').next().unwrap_or(id).parse().unwrap_or(0);
            assert!(
                id != 5 && id != 11 && !(9..=owner.get()).contains(&id),
                "{target}"
            );
        }
    }
}

#[test]
fn an_id_that_the_schema_does_not_allow_is_not_used() {
    let api = api();
    let rules = Rules::new(&api);
    let asked = targets(&rules, |name, _| match name {
        "createUser" => json(201, r#"{"id": "not a number"}"#),
        "listUsers" => json(404, r#"[{"id": 3}]"#),
        _ => json(200, "{}"),
    });
    let (users, ids) = of(&asked, "getUser");
    assert!(ids.is_none() && !users.is_empty(), "{users:?}");
}
