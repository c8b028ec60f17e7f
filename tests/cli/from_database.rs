//! `backsmith scaffold --from-db`: a real database becomes a server that runs.

use serde_json::{Value, json};

use crate::node::{Server, TypeScript, compile, link_modules};
use crate::postgres;
use crate::sandbox::{Run, Sandbox};

const SHOP: &str = r"
CREATE TYPE order_status AS ENUM ('new', 'paid', 'shipped');
CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL CHECK (name <> ''),
  email text NOT NULL UNIQUE,
  phone varchar(32),
  country char(2) NOT NULL DEFAULT 'DE',
  settings jsonb NOT NULL DEFAULT '{}',
  tags text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE customers IS 'Whoever bought something.';
CREATE TABLE products (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sku text NOT NULL UNIQUE,
  price numeric(10,2) NOT NULL CHECK (price >= 0),
  stock integer NOT NULL DEFAULT 0 CHECK (stock >= 0),
  photo bytea
);
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers(id),
  status order_status NOT NULL DEFAULT 'new',
  shipped_on date,
  CONSTRAINT shipped_has_a_day CHECK (status <> 'shipped' OR shipped_on IS NOT NULL)
);
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON orders (shipped_on);
CREATE TABLE order_items (
  order_id bigint NOT NULL REFERENCES orders(id) ON DELETE CASCADE,
  line integer NOT NULL CHECK (line > 0),
  product_id bigint NOT NULL,
  quantity integer NOT NULL CHECK (quantity >= 1 AND quantity <= 999),
  PRIMARY KEY (order_id, line)
);
CREATE TABLE log (at timestamptz NOT NULL DEFAULT now(), line text, area point);
CREATE VIEW order_totals AS
  SELECT o.id, o.customer_id, count(*) AS items FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY o.id;
";

fn scaffold(sandbox: &Sandbox, url: &str, more: &[&str]) -> Run {
    let arguments = ["scaffold", "--from-db", url, "--output", "src/routes/"];
    sandbox.run(arguments.iter().chain(more))
}

/// Without what differs from run to run: the database's name and place.
fn neutral(run: &Run) -> String {
    let mut text = run.transcript();
    for (pattern, replacement) in [
        (r"backsmith_scratch_\w+", "shop"),
        (
            r"shop on (a local socket|\S+:\d+), PostgreSQL [\d.]+",
            "shop on HOST, PostgreSQL VERSION",
        ),
    ] {
        let pattern = regex::Regex::new(pattern).expect("a pattern");
        text = pattern.replace_all(&text, replacement).into_owned();
    }
    text
}

#[test]
fn tables_become_resources_and_the_report_says_what_did_not() {
    let url = postgres::fixture().database(SHOP);
    let sandbox = Sandbox::new();
    let run = scaffold(&sandbox, &url, &["--project"]).expect(0);
    insta::assert_snapshot!(neutral(&run));
    insta::assert_snapshot!("orders.ts", sandbox.read("src/routes/orders.ts"));
    let again = scaffold(&sandbox, &url, &["--project", "--json"]).expect(0);
    let document = again.json();
    crate::decide::conforms(&document, "references/schema/scaffold.v1.json");
    assert_eq!(document["counts"]["created"], 0, "{document:#}");
    assert_eq!(document["counts"]["updated"], 0, "{document:#}");
    assert_eq!(
        document["database"]["resources"].as_array().map(Vec::len),
        Some(6)
    );
    // What was written is a document like any other.
    sandbox
        .run([
            "scaffold",
            "openapi.yaml",
            "--output",
            "src/routes/",
            "--project",
            "--check",
        ])
        .expect(0);
}

#[test]
fn a_schema_file_does_as_well() {
    let sandbox = Sandbox::new();
    sandbox.write("shop.sql", SHOP);
    let run = scaffold(&sandbox, "shop.sql", &["--json"]).expect(0);
    assert_eq!(run.json()["source"]["title"], "shop");
    assert!(
        sandbox
            .read("openapi.yaml")
            .contains("/customers/{id}/orders:")
    );
    sandbox.write(
        "broken.sql",
        "CREATE TABLE a (id int);\nCREATE TABEL b (id int);\n",
    );
    let run = scaffold(&sandbox, "broken.sql", &[]).expect(2);
    assert!(run.stderr.contains("broken.sql:2:"), "{}", run.stderr);
}

#[test]
fn names_that_clash_or_need_quotes_are_told_apart() {
    let url = postgres::fixture().database(
        r#"
        CREATE SCHEMA app;
        CREATE TABLE "Weird ""Table" ("user id" int PRIMARY KEY, "select" text, "limit" int);
        CREATE INDEX ON "Weird ""Table" ("limit");
        CREATE TABLE error (id int PRIMARY KEY);
        CREATE TABLE errors (id int PRIMARY KEY);
        CREATE TABLE app.errors (id int PRIMARY KEY);
        CREATE TABLE transfers (id int PRIMARY KEY, from_id int REFERENCES error(id), to_id int REFERENCES error(id));
        CREATE INDEX ON transfers (from_id); CREATE INDEX ON transfers (to_id);
        CREATE TABLE staff (id int PRIMARY KEY, boss int REFERENCES staff(id));
        "#,
    );
    let sandbox = Sandbox::new();
    let document = scaffold(&sandbox, &url, &["--project", "--json"])
        .expect(0)
        .json();
    let notes = document["database"]["notes"].to_string();
    assert!(notes.contains("limit is no filter"), "{notes}");
    assert!(
        notes.contains("staff.boss refers to staff without an index"),
        "{notes}"
    );
    let nested = &document["database"]["resources"]
        .as_array()
        .expect("resources")
        .iter()
        .find(|resource| resource["name"] == "error")
        .expect("error")["nested"];
    assert_eq!(*nested, json!(["transfers", "transfers_by_to_id"]));
    link_modules(sandbox.path());
    compile(
        sandbox.path(),
        TypeScript::Seven,
        &["--noEmit", "--strict", "--project", "test"],
    );
}

#[test]
fn what_cannot_be_read_is_refused() {
    let sandbox = Sandbox::new();
    let url = postgres::fixture().database("SELECT 1");
    let run = scaffold(&sandbox, &url, &[]).expect(2);
    assert!(
        run.stderr.contains("has no tables and no views"),
        "{}",
        run.stderr
    );
    let run = scaffold(&sandbox, &url.replace("postgres://", "mysql://"), &[]).expect(2);
    assert!(
        run.stderr.contains("the scheme is `mysql`"),
        "{}",
        run.stderr
    );
    scaffold(&sandbox, "nothing.sql", &[]).expect(2);
    let url = postgres::fixture().database(SHOP);
    let run = scaffold(&sandbox, &url, &["--framework", "koa"]).expect(2);
    assert!(
        run.stderr.contains("Express in this version"),
        "{}",
        run.stderr
    );
    assert!(
        sandbox.files().iter().all(|file| !file.starts_with("src")),
        "{:?}",
        sandbox.files()
    );
}

/// Status and body of a request.
fn ask(server: &Server, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
    let text = body.map(Value::to_string);
    let answer = server.ask(
        method,
        path,
        text.as_deref().map(|text| ("application/json", text)),
    );
    let body = if answer.body.is_empty() {
        Value::Null
    } else {
        answer.json()
    };
    (answer.status, body)
}

fn get(server: &Server, path: &str) -> (u16, Value) {
    ask(server, "GET", path, None)
}

/// All ids of a list, page by page.
fn pages(service: &Server, path: &str) -> Vec<i64> {
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let (status, page) = get(service, &format!("{path}{cursor}"));
        assert_eq!(status, 200, "{page}");
        ids.extend(
            page["data"]
                .as_array()
                .expect("rows")
                .iter()
                .map(|row| row["id"].as_i64().expect("an id")),
        );
        match page["meta"]["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

#[test]
fn the_service_reads_and_writes_the_database() {
    let url = postgres::fixture().database(SHOP);
    let sandbox = Sandbox::new();
    scaffold(&sandbox, &url, &["--project"]).expect(0);
    link_modules(sandbox.path());
    compile(sandbox.path(), TypeScript::Five, &["--strict"]);
    // As a developer would: db.ts reads the file too.
    sandbox.write(".env", format!("DATABASE_URL={url}\n"));
    let service = Server::start(sandbox.path());

    let ada = json!({"name": "Ada", "email": "ada@example.com", "tags": ["a", "b"], "settings": {"x": [1]}});
    let (status, created) = ask(&service, "POST", "/customers", Some(&ada));
    assert_eq!(
        (status, &created["id"], &created["country"]),
        (201, &json!(1), &json!("DE")),
        "{created}"
    );
    assert_eq!(
        (&created["tags"], &created["settings"]),
        (&ada["tags"], &ada["settings"])
    );
    assert!(
        created["created_at"]
            .as_str()
            .is_some_and(|at| at.contains('T')),
        "{created}"
    );
    assert_eq!(get(&service, "/customers/1"), (200, created));

    // 409 and 422 name what stood against it, 400 what the validators know themselves.
    let refused = |method, path, body: Value| {
        let (status, answer) = ask(&service, method, path, Some(&body));
        (
            status,
            answer["error"]["details"][0]["field"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    assert_eq!(
        refused(
            "POST",
            "/customers",
            json!({"name": "B", "email": "ada@example.com"})
        ),
        (409, "body.email".into())
    );
    assert_eq!(
        refused("POST", "/customers", json!({"name": "", "email": "b"})),
        (400, "body.name".into())
    );
    assert_eq!(
        refused(
            "POST",
            "/customers",
            json!({"name": "B", "email": "b", "id": 7})
        ),
        (400, "body.id".into())
    );
    assert_eq!(
        refused(
            "POST",
            "/customers",
            json!({"name": "B", "email": "b", "country": "GER"})
        ),
        (400, "body.country".into())
    );
    assert_eq!(
        refused("POST", "/orders", json!({"customer_id": 99})),
        (422, "body.customer_id".into())
    );
    assert_eq!(
        refused(
            "POST",
            "/orders",
            json!({"customer_id": 1, "status": "lost"})
        ),
        (400, "body.status".into())
    );
    assert_eq!(
        refused(
            "POST",
            "/orders",
            json!({"customer_id": 1, "status": "shipped"})
        )
        .0,
        422
    );
    assert_eq!(
        refused("POST", "/products", json!({"sku": "a", "price": "-1"})),
        (422, "body.price".into())
    );
    assert_eq!(
        refused("PATCH", "/customers/1", json!({"settings": null})),
        (422, "body.settings".into())
    );

    // Values that are SQL stay values.
    let hostile = json!({"name": "'); DROP TABLE customers; --", "email": "b'\"$1@example.com"});
    let (_, second) = ask(&service, "POST", "/customers", Some(&hostile));
    assert_eq!(second["name"], hostile["name"]);
    let second = second["id"].as_i64().expect("an id");
    assert_eq!(
        get(&service, "/customers?email=b%27%22%241%40example.com").1["data"][0]["name"],
        hostile["name"]
    );

    // Pages in every order, with nulls, lose no row and repeat none.
    for day in [
        Some("2026-11-20"),
        None,
        Some("2026-11-19"),
        None,
        Some("2026-11-20"),
    ] {
        let order = json!({"customer_id": 1, "shipped_on": day});
        assert_eq!(ask(&service, "POST", "/orders", Some(&order)).0, 201);
    }
    let all = |order: &str| pages(&service, &format!("/orders?limit=2{order}"));
    let first = all("")[0];
    let relative = |order: &str| {
        all(order)
            .into_iter()
            .map(|id| id - first)
            .collect::<Vec<_>>()
    };
    assert_eq!(relative(""), [0, 1, 2, 3, 4]);
    assert_eq!(relative("&sort=shipped_on"), [2, 0, 4, 1, 3]);
    assert_eq!(relative("&sort=-shipped_on"), [3, 1, 4, 0, 2]);
    assert_eq!(relative("&shipped_on=2026-11-20"), [0, 4]);
    assert_eq!(get(&service, "/orders?cursor=bm9uc2Vuc2U").0, 400);
    assert_eq!(
        get(&service, "/orders?status=new").0,
        400,
        "a column without an index is no filter"
    );

    // Nested lists, composite keys, views, a table without a key.
    let (status, nested) = get(&service, "/customers/1/orders?limit=100");
    assert_eq!(
        (status, nested["data"].as_array().map(Vec::len)),
        (200, Some(5))
    );
    assert_eq!(
        get(&service, &format!("/customers/{second}/orders")).1["data"],
        json!([])
    );
    assert_eq!(get(&service, "/customers/99/orders").0, 404);
    let item = json!({"order_id": first, "line": 1, "product_id": 7, "quantity": 3});
    assert_eq!(
        ask(&service, "POST", "/order_items", Some(&item)),
        (201, item.clone())
    );
    assert_eq!(
        refused("POST", "/order_items", item.clone()),
        (409, "body.order_id".into())
    );
    let path = format!("/order_items/{first}/1");
    assert_eq!(
        ask(&service, "PATCH", &path, Some(&json!({"quantity": 9}))).1["quantity"],
        9
    );
    assert_eq!(
        refused("PATCH", &path, json!({"quantity": 1000})),
        (400, "body.quantity".into())
    );
    assert_eq!(
        get(&service, &format!("/orders/{first}/order_items")).1["data"][0]["quantity"],
        9
    );
    assert_eq!(get(&service, "/order_totals").1["data"][0]["items"], 1);
    assert_eq!(
        ask(&service, "POST", "/order_totals", Some(&json!({}))).0,
        405
    );
    assert_eq!(get(&service, "/log").0, 200);

    // What is referred to stays; what is gone is gone.
    assert_eq!(ask(&service, "DELETE", "/customers/1", None).0, 409);
    assert_eq!(
        ask(&service, "DELETE", &format!("/orders/{first}"), None),
        (204, Value::Null)
    );
    assert_eq!(
        ask(&service, "DELETE", &format!("/orders/{first}"), None).0,
        404
    );
    assert_eq!(get(&service, &path).0, 404, "the database cascaded");
    assert_eq!(
        postgres::query(&url, "select count(*)::text from customers"),
        ["2"]
    );
}
