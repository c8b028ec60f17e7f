//! What stands on tables: views and functions, triggers, policies, and what surrounds them.

use super::{Column, Writer};

impl Writer<'_> {
    pub(super) fn functions_over_tables(&mut self) {
        let decisions = self.decisions;
        let Some(table) = self.tables.first().cloned() else {
            return;
        };
        if decisions.chance("rows", 4) {
            self.say(format!(
                "CREATE FUNCTION all_rows() RETURNS SETOF {0} LANGUAGE sql STABLE AS $$ SELECT * FROM {0} $$",
                table.name
            ));
        }
        let first = &table.columns[decisions.pick("standard column", table.columns.len())];
        if decisions.chance("standard", 4) {
            self.say(format!(
                "CREATE FUNCTION standard() RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT count({}) FROM {}; END",
                first.name, table.name
            ));
        }
    }

    pub(super) fn views(&mut self) {
        let decisions = self.decisions;
        let tables = self.tables.clone();
        let mut bases: Vec<(String, Vec<Column>)> = tables
            .iter()
            .map(|table| (table.name.clone(), table.columns.clone()))
            .collect();
        for view in ["v0", "v1", "v2", "m0"] {
            let key = |what: &str| format!("{view} {what}");
            if bases.is_empty() || !decisions.chance(&key("there"), 7) {
                continue;
            }
            let (base, all) = bases[decisions.pick(&key("base"), bases.len())].clone();
            let mut columns: Vec<Column> = all
                .iter()
                .filter(|column| column.name == "id" || decisions.chance(&key(&column.name), 7))
                .cloned()
                .collect();
            if columns.is_empty() {
                columns.clone_from(&all);
            }
            let mut shown: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
            if let Some(checker) = &self.checker
                && let Some(column) = columns.iter().find(|column| column.of.sql == checker.sql)
                && decisions.chance(&key("function"), 4)
            {
                shown.push(format!("fits({}) AS fitting", column.name));
            }
            if decisions.chance(&key("turned"), 2) {
                shown.reverse();
                columns.reverse();
            }
            let condition = if decisions.chance(&key("condition"), 5) {
                format!(
                    " WHERE {}",
                    self.condition(&key("condition on"), &columns[0])
                )
            } else {
                String::new()
            };
            let kind = if view.starts_with('m') {
                "MATERIALIZED VIEW"
            } else {
                "VIEW"
            };
            let with = if kind == "VIEW" && decisions.chance(&key("barrier"), 2) {
                " WITH (security_barrier)"
            } else {
                ""
            };
            self.say(format!(
                "CREATE {kind} {view}{with} AS SELECT {} FROM {base}{condition}",
                shown.join(", ")
            ));
            self.comment(view, &format!("{kind} {view}"));
            self.grant(view, &["SELECT"], view);
            let column = columns[0].name.clone();
            self.comment(&key("column"), &format!("COLUMN {view}.{column}"));
            if kind == "VIEW" {
                bases.push((view.to_owned(), columns));
            } else if columns.iter().any(|column| column.name == "id")
                && decisions.chance(&key("index"), 5)
            {
                self.say(format!("CREATE UNIQUE INDEX {view}_id ON {view} (id)"));
            }
        }
    }

    pub(super) fn triggers(&mut self) {
        let decisions = self.decisions;
        for table in self.tables.clone() {
            let name = &table.name;
            let key = |what: &str| format!("{name} trigger {what}");
            if decisions.chance(&key("there"), 4) {
                let time = decisions.one(&key("time"), &["BEFORE", "AFTER"]);
                let column = &table.columns[decisions.pick(&key("column"), table.columns.len())];
                let event = match decisions.pick(&key("event"), 3) {
                    0 if !column.generated => format!("UPDATE OF {}", column.name),
                    1 => "INSERT OR UPDATE".to_owned(),
                    _ => "DELETE".to_owned(),
                };
                let when = if event.starts_with("UPDATE OF") && decisions.chance(&key("when"), 4) {
                    format!(" WHEN (OLD.{0} IS DISTINCT FROM NEW.{0})", column.name)
                } else {
                    String::new()
                };
                self.say(format!(
                    "CREATE TRIGGER {name}_touch {time} {event} ON {name} FOR EACH ROW{when} EXECUTE FUNCTION touch()"
                ));
                self.comment(&key("of"), &format!("TRIGGER {name}_touch ON {name}"));
                if name != "t2" && decisions.chance(&key("disabled"), 1) {
                    self.say(format!("ALTER TABLE {name} DISABLE TRIGGER {name}_touch"));
                }
            }
            if name == "t1" && decisions.chance(&key("rule"), 2) {
                let number = decisions.pick(&key("rule body"), 3);
                self.say(format!(
                    "CREATE RULE keep AS ON DELETE TO {name} WHERE OLD.id > {number} DO INSTEAD NOTHING"
                ));
            }
        }
        if self.text.contains("CREATE VIEW v0") && decisions.chance("v0 trigger", 3) {
            self.say("CREATE TRIGGER v0_insert INSTEAD OF INSERT ON v0 FOR EACH ROW EXECUTE FUNCTION touch()");
        }
    }

    pub(super) fn policies(&mut self) {
        let decisions = self.decisions;
        for table in self.tables.clone() {
            let name = &table.name;
            let key = |what: &str| format!("{name} policy {what}");
            if decisions.chance(&key("enabled"), 3) {
                self.say(format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"));
            }
            if decisions.chance(&key("there"), 4) {
                let column = &table.columns[decisions.pick(&key("column"), table.columns.len())];
                let condition = self.condition(&key("condition"), column);
                let role = decisions.one(&key("role"), &["PUBLIC", "evolution_reader"]);
                let kind = decisions.one(&key("kind"), &["", " AS RESTRICTIVE"]);
                let (command, clause) = match decisions.pick(&key("command"), 4) {
                    0 => ("SELECT", format!("USING ({condition})")),
                    1 => ("INSERT", format!("WITH CHECK ({condition})")),
                    2 => ("ALL", format!("USING ({condition}) WITH CHECK (true)")),
                    _ => ("UPDATE", format!("USING ({condition})")),
                };
                self.say(format!(
                    "CREATE POLICY {name}_policy ON {name}{kind} FOR {command} TO {role} {clause}"
                ));
            }
        }
    }

    /// Ownership, publications, aggregates, casts.
    pub(super) fn around(&mut self) {
        let decisions = self.decisions;
        let tables = self.tables.clone();
        if self.text.contains("CREATE SEQUENCE numbers")
            && let Some(table) = tables.iter().find(|table| table.column("a").is_some())
            && decisions.chance("numbers owned", 4)
        {
            self.say(format!("ALTER SEQUENCE numbers OWNED BY {}.a", table.name));
        }
        if let Some(table) = tables.first()
            && decisions.chance("publication", 3)
        {
            let what = decisions.one("publication of", &["insert", "insert, update"]);
            self.say(format!(
                "CREATE PUBLICATION evolution FOR TABLE {} WITH (publish = '{what}')",
                table.name
            ));
        }
        if decisions.chance("sum", 3) {
            let start = decisions.one("sum start", &["0", "1"]);
            self.say(format!(
                "CREATE AGGREGATE total(integer) (sfunc = int4pl, stype = integer, initcond = '{start}')"
            ));
        }
        if self.composite.is_some() && decisions.chance("cast", 3) {
            self.say(
                "CREATE FUNCTION weight(pair) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1'",
            );
            self.say("CREATE CAST (pair AS integer) WITH FUNCTION weight(pair)");
        }
        if self.text.contains("CREATE SCHEMA app") && decisions.chance("app table", 6) {
            let of = self.of_type("app table type", 0);
            self.say(format!(
                "CREATE TABLE app.entry (id integer PRIMARY KEY, value {})",
                of.sql
            ));
            self.say("CREATE VIEW app.entries AS SELECT * FROM app.entry");
        }
    }
}
