//! Tables that others are part of, inherit from or point at.

use super::{Column, Table, Type, Values, Writer, checks_of};

impl Writer<'_> {
    /// A partitioned table and its parts, each of which may also stand alone; or plain tables.
    pub(super) fn partitioned(&mut self, parent: &str, parts: &[&str]) {
        let decisions = self.decisions;
        let mut columns = Vec::new();
        let mut lines = vec![
            "id bigint NOT NULL".to_owned(),
            "part integer NOT NULL".to_owned(),
        ];
        for name in ["id", "part"] {
            columns.push(Column {
                name: name.to_owned(),
                of: Type::new(
                    if name == "id" { "bigint" } else { "integer" },
                    Values::Number,
                ),
                generated: false,
            });
        }
        for column in ["a", "b"] {
            self.column(parent, column, &mut columns, &mut lines);
        }
        self.reference_to_first(&mut columns, &mut lines);
        let mut table = Table {
            name: parent.to_owned(),
            columns,
            has_key: false,
        };
        let plain = lines.clone();
        lines.extend(self.table_constraints(&mut table, &["part"]));
        let by_range = decisions.chance("t2 by range", 3);
        let kind = match (decisions.chance("t2 partitioned", 8), by_range) {
            (false, _) => "",
            (true, true) => " PARTITION BY RANGE (part)",
            (true, false) => " PARTITION BY LIST (part)",
        };
        self.say(format!(
            "CREATE TABLE {parent} (\n    {}\n){kind}",
            lines.join(",\n    ")
        ));
        let mut later = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let key = |what: &str| format!("{part} {what}");
            if !decisions.chance(&key("there"), 8) {
                continue;
            }
            let bound = match (by_range, at + 1 == parts.len()) {
                (_, true) => "DEFAULT".to_owned(),
                (true, _) => {
                    let from = at * 100 + decisions.pick(&key("bound"), 2) * 10;
                    format!("FOR VALUES FROM ({from}) TO ({})", from + 20)
                }
                (false, _) => format!(
                    "FOR VALUES IN ({})",
                    at * 10 + decisions.pick(&key("bound"), 2)
                ),
            };
            match decisions.pick(&key("form"), 4) {
                0 | 1 if !kind.is_empty() => {
                    self.say(format!("CREATE TABLE {part} PARTITION OF {parent} {bound}"));
                }
                2 if !kind.is_empty() => {
                    let own: Vec<String> = plain
                        .iter()
                        .cloned()
                        .chain(checks_of(&lines, &plain))
                        .collect();
                    self.say(format!(
                        "CREATE TABLE {part} (\n    {}\n)",
                        own.join(",\n    ")
                    ));
                    later.push(format!(
                        "ALTER TABLE {parent} ATTACH PARTITION {part} {bound}"
                    ));
                }
                _ => {
                    let mut own = plain.clone();
                    if decisions.chance(&key("more"), 4) {
                        own.push("more text".to_owned());
                    }
                    if decisions.chance(&key("key"), 5) {
                        own.push(format!("CONSTRAINT {part}_pkey PRIMARY KEY (id, part)"));
                    }
                    self.say(format!(
                        "CREATE TABLE {part} (\n    {}\n)",
                        own.join(",\n    ")
                    ));
                }
            }
            if decisions.chance(&key("index"), 4) {
                self.say(format!("CREATE INDEX {part}_own ON {part} (part)"));
            }
            self.comment(&key("table"), &format!("TABLE {part}"));
            self.grant(&key("table"), &["SELECT", "INSERT"], part);
        }
        let first = decisions.chance("t2 parts first", 5);
        if first {
            for statement in &later {
                self.say(statement);
            }
        }
        self.table_extras(&table);
        if !first {
            for statement in &later {
                self.say(statement);
            }
        }
        self.tables.push(table);
    }

    /// Inheritance that is no partitioning.
    pub(super) fn heirs(&mut self) {
        let decisions = self.decisions;
        if !decisions.chance("base", 5) {
            return;
        }
        let columns = |name: &str| -> Vec<String> {
            ["x integer", "y text", "z date"]
                .into_iter()
                .filter(|column| decisions.chance(&format!("{name} {column}"), 7))
                .map(str::to_owned)
                .collect()
        };
        let of_base = columns("base");
        let mut lines = of_base.clone();
        if of_base.iter().any(|line| line.starts_with('x')) && decisions.chance("base check", 4) {
            lines.push("CONSTRAINT base_check CHECK (x > 0)".to_owned());
        }
        self.say(format!("CREATE TABLE base ({})", lines.join(", ")));
        for heir in ["heir", "other_heir"] {
            if !decisions.chance(heir, 7) {
                continue;
            }
            let own = decisions.one(
                &format!("{heir} own"),
                &["", "own integer", "own text DEFAULT 'o'"],
            );
            if decisions.chance(&format!("{heir} inherits"), 7) {
                self.say(format!("CREATE TABLE {heir} ({own}) INHERITS (base)"));
            } else {
                let mut all = of_base.clone();
                all.extend((!own.is_empty()).then(|| own.to_owned()));
                self.say(format!("CREATE TABLE {heir} ({})", all.join(", ")));
            }
        }
    }

    /// The column that the foreign keys of this schema need.
    pub(super) fn reference_to_first(&self, columns: &mut Vec<Column>, lines: &mut Vec<String>) {
        let of = Type::new(
            self.decisions.one("t0 id type", &["integer", "bigint"]),
            Values::Number,
        );
        lines.push(format!("t0_id {}", of.sql));
        columns.push(Column {
            name: "t0_id".to_owned(),
            of,
            generated: false,
        });
    }

    pub(super) fn foreign_keys(&mut self) {
        let decisions = self.decisions;
        let has_key = self
            .tables
            .iter()
            .any(|table| table.name == "t0" && table.has_key);
        if !has_key {
            return;
        }
        let tables: Vec<String> = self.tables.iter().map(|table| table.name.clone()).collect();
        for table in tables {
            let key = |what: &str| format!("{table} reference {what}");
            if !decisions.chance(&key("there"), 6) {
                continue;
            }
            let delete = decisions.one(
                &key("delete"),
                &["", " ON DELETE CASCADE", " ON DELETE SET NULL"],
            );
            let later = decisions.one(&key("later"), &["", "", " DEFERRABLE INITIALLY DEFERRED"]);
            let valid = if table != "t2" && decisions.chance(&key("valid"), 2) {
                " NOT VALID"
            } else {
                ""
            };
            self.say(format!(
                "ALTER TABLE {table} ADD CONSTRAINT {table}_t0_fkey FOREIGN KEY (t0_id) REFERENCES t0 (id){delete}{later}{valid}"
            ));
        }
    }
}
