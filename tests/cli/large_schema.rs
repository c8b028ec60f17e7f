//! A schema that is so large that it is read on two connections at once.

use backsmith::catalog::{Body, Catalog, Kind};
use backsmith::postgres::{Target, introspect};
use backsmith::redact::SecretUrl;

use crate::migration::until;
use crate::postgres::{execute, fixture, query, wait};

/// Every kind whose text the server prints, among many tables: each has an index and a TOAST table.
const SCHEMA: &str = "
    DO $$ BEGIN FOR at IN 1 .. 900 LOOP
        EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, note text DEFAULT ''n%s'', CHECK (id > %s))', at, at, at);
    END LOOP; END $$;
    CREATE INDEX t1_part ON t1 (note DESC, id) WHERE id > 7;
    CREATE UNIQUE INDEX t2_part ON t2 USING btree (note COLLATE \"C\" text_pattern_ops) INCLUDE (id) WHERE note IS NOT NULL;
    CREATE INDEX t3_lower ON t3 (lower(note)) WHERE id > 7;
    CREATE INDEX t4_filled ON t4 (note) WITH (fillfactor = 70) WHERE id > 7 AND note <> 'a''b';
    CREATE INDEX t5_words ON t5 USING gin (to_tsvector('simple', note));
    CREATE VIEW v AS SELECT t1.id, t2.note FROM t1 JOIN t2 USING (id);
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER on_t1 AFTER INSERT ON t1 FOR EACH ROW WHEN (NEW.id > 1) EXECUTE FUNCTION f();
    CREATE RULE no_delete AS ON DELETE TO t2 DO INSTEAD NOTHING;
    ALTER TABLE t3 ADD FOREIGN KEY (id) REFERENCES t4 ON DELETE CASCADE;";

fn read(url: &str) -> Catalog {
    wait(async {
        let target = Target::parse(&SecretUrl::new(url), None).expect("a URL");
        let mut connection = target.connect().await.expect("a connection");
        let catalog = introspect::catalog(&mut connection)
            .await
            .expect("a catalog");
        connection.close().await;
        catalog
    })
}

/// A value that has come to rest.
fn settled(url: &str, sql: &str) -> String {
    let mut last = String::new();
    let mut same = 0;
    while same < 5 {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let now = query(url, sql).remove(0);
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    last
}

#[test]
fn two_connections_read_what_one_reads() {
    let url = fixture().database(SCHEMA);
    let relations = "select count(*)::text from pg_class where oid >= 16384";
    let count: u32 = query(&url, relations)[0].parse().expect("a number");
    assert!(count >= 3_000, "{count}");
    // A role with room for one connection reads everything on it.
    let name = query(&url, "select current_database()::text").remove(0);
    let role = format!("single_{}", std::process::id());
    execute(
        &url,
        &format!(
            "CREATE ROLE {role} LOGIN CONNECTION LIMIT 1; GRANT CONNECT ON DATABASE {name} TO {role}"
        ),
    );
    let single = read(&url.replace("user=postgres", &format!("user={role}")));
    // Sessions of a database are counted since version 14, each at its end; we look from another one.
    let other = fixture().database("");
    let sessions = format!(
        "select coalesce(to_jsonb(d) ->> 'sessions', '') from pg_stat_database d where datname = '{name}'"
    );
    let before = settled(&other, &sessions);
    let both = read(&url);
    assert_eq!(single, both);
    if let Ok(before) = before.parse::<u32>() {
        let two_more = before + 2;
        until(
            &other,
            &format!("select 'x' from ({sessions}) s (count) where count::int >= {two_more}"),
        );
    }
    // As Postgres itself prints them, also those that are told from their columns.
    let mut definitions: Vec<&str> = both
        .of_kind(Kind::Index)
        .filter_map(|object| match &object.body {
            Body::Index(index) => Some(index.definition.as_str()),
            _ => None,
        })
        .collect();
    definitions.sort_unstable();
    let mut printed = query(
        &url,
        "select pg_get_indexdef(i.indexrelid) from pg_index i join pg_class c on c.oid = i.indrelid
         where i.indexrelid >= 16384 and not i.indisprimary and c.relkind = 'r'",
    );
    printed.sort_unstable();
    assert_eq!(definitions, printed);
    assert_eq!(printed.len(), 5);
}
