//! Schemas that are drawn: every decision has a name, and the same name gives the same result until
//! it is drawn again. Two schemas that share most decisions are one schema and its next version.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The decisions of one schema.
#[derive(Clone, Debug)]
pub struct Decisions {
    seed: u64,
    /// One decision of so many is drawn again; 0 means none.
    again: u64,
    /// Only these are drawn again, when there are any.
    only: Option<BTreeSet<String>>,
    /// What was drawn again and came out otherwise.
    changed: std::cell::RefCell<BTreeSet<String>>,
}

impl Decisions {
    pub fn before(seed: u64) -> Self {
        Self {
            seed,
            again: 0,
            only: None,
            changed: std::cell::RefCell::default(),
        }
    }

    pub fn after(seed: u64, again: u64) -> Self {
        Self {
            again,
            ..Self::before(seed)
        }
    }

    pub fn restricted(seed: u64, again: u64, only: BTreeSet<String>) -> Self {
        Self {
            only: Some(only),
            ..Self::after(seed, again)
        }
    }

    pub fn changed(&self) -> BTreeSet<String> {
        self.changed.borrow().clone()
    }

    fn draw(&self, salt: u64, name: &str) -> u64 {
        // FNV-1a and the finalizer of splitmix64: the same on every machine and in every version.
        let start = 0xcbf2_9ce4_8422_2325 ^ self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt;
        let mixed = name.bytes().fold(start, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) >> 8
    }

    /// A number below `count`.
    fn pick(&self, name: &str, count: usize) -> usize {
        let first = self.draw(1, name) as usize % count;
        let again = match &self.only {
            Some(only) => only.contains(name),
            None => self.again > 0 && self.draw(2, name).is_multiple_of(self.again),
        };
        if !again {
            return first;
        }
        let second = self.draw(3, name) as usize % count;
        if second != first {
            self.changed.borrow_mut().insert(name.to_owned());
        }
        second
    }

    /// True in `part` of ten cases.
    fn chance(&self, name: &str, part: usize) -> bool {
        self.pick(name, 10) < part
    }

    fn one<'a>(&self, name: &str, of: &[&'a str]) -> &'a str {
        of[self.pick(name, of.len())]
    }
}

/// The kinds of values, as far as expressions go.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    Number,
    Text,
    Boolean,
    Enum(Vec<&'static str>),
    Numbers,
    Document,
    Other(&'static str),
}

#[derive(Clone, Debug)]
struct Type {
    sql: String,
    values: Values,
}

impl Type {
    fn new(sql: &str, values: Values) -> Self {
        Self {
            sql: sql.to_owned(),
            values,
        }
    }
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    of: Type,
    generated: bool,
}

#[derive(Clone, Debug)]
struct Table {
    name: String,
    columns: Vec<Column>,
    has_key: bool,
}

impl Table {
    fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Roles that the schemas grant to.
pub const ROLES: [&str; 2] = ["evolution_reader", "evolution_writer"];

/// The schema as SQL text.
pub fn sql(decisions: &Decisions) -> String {
    let mut writer = Writer {
        decisions,
        text: String::new(),
        enums: Vec::new(),
        domain: None,
        composite: None,
        checker: None,
        tables: Vec::new(),
    };
    writer.write();
    writer.text
}

struct Writer<'a> {
    decisions: &'a Decisions,
    text: String,
    enums: Vec<(String, Vec<&'static str>)>,
    domain: Option<Type>,
    composite: Option<String>,
    /// The argument's type of the function `fits`.
    checker: Option<Type>,
    tables: Vec<Table>,
}

impl Writer<'_> {
    fn say(&mut self, statement: impl AsRef<str>) {
        self.text.push_str(statement.as_ref());
        self.text.push_str(";\n");
    }

    fn write(&mut self) {
        let decisions = self.decisions;
        if decisions.chance("app", 5) {
            self.say("CREATE SCHEMA app");
            if decisions.chance("app grant", 5) {
                self.say("GRANT USAGE ON SCHEMA app TO evolution_reader");
            }
        }
        let privileges =
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO evolution_reader";
        let defaults = decisions.pick("default privileges", 6);
        if defaults == 0 {
            self.say(privileges);
        }
        self.types();
        self.functions();
        for name in ["t0", "t1"] {
            self.plain_table(name);
        }
        self.partitioned("t2", &["t3", "t4", "t5"]);
        self.heirs();
        self.foreign_keys();
        self.functions_over_tables();
        self.views();
        self.triggers();
        self.policies();
        self.around();
        if defaults == 1 {
            self.say(privileges);
        }
    }

    fn comment(&mut self, name: &str, target: &str) {
        if self.decisions.chance(&format!("{name} comment"), 2) {
            let text = self.decisions.one(
                &format!("{name} comment text"),
                &["first", "it''s", "back\\slash"],
            );
            self.say(format!("COMMENT ON {target} IS '{text}'"));
        }
    }

    fn grant(&mut self, name: &str, privileges: &[&str], on: &str) {
        for role in ROLES {
            if self.decisions.chance(&format!("{name} {role}"), 2) {
                let privilege = self
                    .decisions
                    .one(&format!("{name} {role} privilege"), privileges);
                let option = if self.decisions.chance(&format!("{name} {role} option"), 2) {
                    " WITH GRANT OPTION"
                } else {
                    ""
                };
                self.say(format!("GRANT {privilege} ON {on} TO {role}{option}"));
            }
        }
    }

    fn types(&mut self) {
        let decisions = self.decisions;
        let words = ["new", "open", "on hold", "it's", "done", "void"];
        for name in ["mood", "state"] {
            if !decisions.chance(name, 8) {
                continue;
            }
            let mut labels: Vec<&'static str> = words
                .into_iter()
                .filter(|word| decisions.chance(&format!("{name} {word}"), 7))
                .collect();
            if labels.is_empty() {
                labels.push("only");
            }
            if decisions.chance(&format!("{name} turned"), 2) {
                labels.reverse();
            }
            let quoted: Vec<String> = labels.iter().map(|label| literal(label)).collect();
            self.say(format!(
                "CREATE TYPE {name} AS ENUM ({})",
                quoted.join(", ")
            ));
            self.comment(name, &format!("TYPE {name}"));
            self.grant(name, &["USAGE"], &format!("TYPE {name}"));
            self.enums.push((name.to_owned(), labels));
        }
        if decisions.chance("limited", 8) {
            let base = self.of_type("limited base", 5);
            let mut text = format!("CREATE DOMAIN limited AS {}", base.sql);
            if decisions.chance("limited default", 4)
                && let Some(value) = default(decisions, "limited default value", &base.values)
            {
                let _ = write!(text, " DEFAULT {value}");
            }
            if decisions.chance("limited not null", 2) {
                text.push_str(" NOT NULL");
            }
            if decisions.chance("limited check", 6) {
                let check = test(decisions, "limited check", "VALUE", &base.values);
                let _ = write!(text, " CONSTRAINT limited_check CHECK ({check})");
            }
            self.say(text);
            self.comment("limited", "DOMAIN limited");
            self.domain = Some(Type {
                sql: "limited".to_owned(),
                values: base.values,
            });
        }
        if decisions.chance("pair", 6) {
            let count = 1 + decisions.pick("pair count", 3);
            let parts: Vec<String> = ["a", "b", "c"][..count]
                .iter()
                .map(|part| format!("{part} {}", self.of_type(&format!("pair {part}"), 8).sql))
                .collect();
            self.say(format!("CREATE TYPE pair AS ({})", parts.join(", ")));
            self.comment("pair", "TYPE pair");
            self.composite = Some("pair".to_owned());
        }
        if decisions.chance("numbers", 7) {
            let step = decisions.one("numbers step", &["1", "5", "-2"]);
            let cache = decisions.one("numbers cache", &["1", "10"]);
            let of = decisions.one("numbers type", &["bigint", "integer"]);
            self.say(format!(
                "CREATE SEQUENCE numbers AS {of} INCREMENT {step} CACHE {cache}"
            ));
            self.comment("numbers", "SEQUENCE numbers");
            self.grant("numbers", &["USAGE", "SELECT"], "SEQUENCE numbers");
        }
    }

    /// Of the first `simple` built-in kinds, or with all that the schema has.
    fn of_type(&self, name: &str, simple: usize) -> Type {
        let mut types = vec![
            Type::new("integer", Values::Number),
            Type::new("text", Values::Text),
            Type::new("varchar(20)", Values::Text),
            Type::new("numeric(8,2)", Values::Number),
            Type::new("bigint", Values::Number),
            Type::new("boolean", Values::Boolean),
            Type::new("date", Values::Other("current_date")),
            Type::new("varchar(40)", Values::Text),
        ];
        if simple == 0 {
            types.extend([
                Type::new("smallint", Values::Number),
                Type::new("character(3)", Values::Text),
                Type::new("timestamp with time zone", Values::Other("now()")),
                Type::new("uuid", Values::Other("gen_random_uuid()")),
                Type::new("jsonb", Values::Document),
                Type::new("integer[]", Values::Numbers),
            ]);
        }
        let fallback = Type::new("text", Values::Text);
        if simple == 0 || simple > 5 {
            for wanted in ["mood", "state"] {
                let found = self.enums.iter().find(|(name, _)| name == wanted);
                let of = found.map_or(fallback.clone(), |(name, labels)| {
                    Type::new(name, Values::Enum(labels.clone()))
                });
                types.extend([of.clone(), of]);
            }
        }
        if simple == 0 {
            types.extend([
                self.domain.clone().unwrap_or(fallback.clone()),
                self.composite
                    .as_ref()
                    .map_or(fallback.clone(), |name| Type::new(name, Values::Other(""))),
                self.enums.first().map_or(fallback, |(name, _)| {
                    Type::new(&format!("{name}[]"), Values::Other("'{}'"))
                }),
            ]);
        }
        let count = if simple == 0 || simple > 5 {
            types.len()
        } else {
            simple
        };
        types.swap_remove(self.decisions.pick(name, count))
    }

    fn functions(&mut self) {
        let decisions = self.decisions;
        let of = decisions.one("first type", &["integer", "bigint"]);
        let number = decisions.pick("first body", 3);
        let kind = decisions.one("first kind", &["IMMUTABLE", "STABLE", "VOLATILE"]);
        self.say(format!(
            "CREATE FUNCTION first_number() RETURNS {of} LANGUAGE sql {kind} AS $$ SELECT {number}::{of} $$"
        ));
        self.comment("first", "FUNCTION first_number()");
        self.grant("first", &["EXECUTE"], "FUNCTION first_number()");
        if decisions.chance("first closed", 3) {
            self.say("REVOKE EXECUTE ON FUNCTION first_number() FROM PUBLIC");
        }
        if decisions.chance("fits", 8) {
            let of = self.of_type("fits type", 8);
            let name = decisions.one("fits name", &["given", "value"]);
            let second = decisions.one("fits second", &["", ", more integer DEFAULT 1"]);
            let body = decisions.one("fits body", &["IS NOT NULL", "IS NULL"]);
            let sql = &of.sql;
            self.say(format!(
                "CREATE FUNCTION fits({name} {sql}{second}) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT {name} {body} $$"
            ));
            self.checker = Some(of);
        }
        let body = decisions.one("touch body", &["RETURN NEW;", "RETURN NULL;"]);
        self.say(format!(
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
        ));
        if decisions.chance("clean", 4) {
            let argument = decisions.one("clean argument", &["", "days integer"]);
            self.say(format!(
                "CREATE PROCEDURE clean({argument}) LANGUAGE sql AS $$ SELECT 1 $$"
            ));
        }
    }

    fn plain_table(&mut self, name: &str) {
        let decisions = self.decisions;
        let key = |what: &str| format!("{name} {what}");
        if !decisions.chance(&key("there"), 9) {
            return;
        }
        let mut columns = Vec::new();
        let mut lines = Vec::new();
        let of = Type::new(
            decisions.one(&key("id type"), &["integer", "bigint"]),
            Values::Number,
        );
        let how = match decisions.pick(&key("id"), 5) {
            0 => " GENERATED ALWAYS AS IDENTITY",
            1 => " GENERATED BY DEFAULT AS IDENTITY (INCREMENT 3)",
            2 => " DEFAULT first_number()",
            3 if self.text.contains("CREATE SEQUENCE numbers") => " DEFAULT nextval('numbers')",
            _ => "",
        };
        lines.push(format!("id {}{how} NOT NULL", of.sql));
        columns.push(Column {
            name: "id".to_owned(),
            of,
            generated: false,
        });
        for column in ["a", "b", "c", "d", "\"E f\""] {
            self.column(name, column, &mut columns, &mut lines);
        }
        // What the foreign keys of this schema need.
        let of = Type::new(
            decisions.one("t0 id type", &["integer", "bigint"]),
            Values::Number,
        );
        lines.push(format!("t0_id {}", of.sql));
        columns.push(Column {
            name: "t0_id".to_owned(),
            of,
            generated: false,
        });
        if decisions.chance(&key("turned"), 1) {
            lines.reverse();
        }
        let mut table = Table {
            name: name.to_owned(),
            columns,
            has_key: false,
        };
        let constraints = self.table_constraints(&mut table, &[]);
        lines.extend(constraints);
        let unlogged = if name == "t1" && decisions.chance(&key("unlogged"), 2) {
            "UNLOGGED "
        } else {
            ""
        };
        let with = decisions.one(
            &key("with"),
            &[
                "",
                "",
                " WITH (fillfactor = 70)",
                " WITH (autovacuum_enabled = false)",
            ],
        );
        self.say(format!(
            "CREATE {unlogged}TABLE {name} (\n    {}\n){with}",
            lines.join(",\n    ")
        ));
        self.table_extras(&table);
        self.tables.push(table);
    }

    fn column(&self, table: &str, name: &str, columns: &mut Vec<Column>, lines: &mut Vec<String>) {
        let decisions = self.decisions;
        let key = |what: &str| format!("{table} {name} {what}");
        if !decisions.chance(&key("there"), 7) {
            return;
        }
        let of = self.of_type(&key("type"), 0);
        let mut line = format!("{name} {}", of.sql);
        let source = columns.iter().find(|column| {
            !column.generated && column.of.values == of.values && column.of.sql == of.sql
        });
        let mut generated = false;
        let text = matches!(of.values, Values::Text) && of.sql != "limited";
        if text && decisions.chance(&key("collation"), 2) {
            line.push_str(" COLLATE \"C\"");
        } else if let Some(source) = source
            && decisions.chance(&key("generated"), 4)
            && matches!(of.values, Values::Number | Values::Text)
            && of.sql != "limited"
        {
            let change = if of.values == Values::Number {
                "+ 1"
            } else {
                "|| '!'"
            };
            let _ = write!(
                line,
                " GENERATED ALWAYS AS ({} {change}) STORED",
                source.name
            );
            generated = true;
        }
        if !generated
            && decisions.chance(&key("default"), 4)
            && let Some(value) = default(decisions, &key("default value"), &of.values)
        {
            let _ = write!(line, " DEFAULT {value}");
        }
        if decisions.chance(&key("not null"), 4) {
            line.push_str(" NOT NULL");
        }
        lines.push(line);
        columns.push(Column {
            name: name.to_owned(),
            of,
            generated,
        });
    }

    /// A condition on a column, through the function where it takes the column's type.
    fn condition(&self, name: &str, column: &Column) -> String {
        if let Some(checker) = &self.checker
            && checker.sql == column.of.sql
            && self.decisions.chance(&format!("{name} by function"), 5)
        {
            return format!("fits({})", column.name);
        }
        test(self.decisions, name, &column.name, &column.of.values)
    }

    fn table_constraints(&self, table: &mut Table, with: &[&str]) -> Vec<String> {
        let decisions = self.decisions;
        let name = table.name.clone();
        let key = |what: &str| format!("{name} {what}");
        let mut lines = Vec::new();
        let and = with
            .iter()
            .flat_map(|column| [", ", *column])
            .collect::<String>();
        if decisions.chance(&key("key"), 8) {
            let called = decisions.one(&key("key name"), &["pkey", "pkey", "key"]);
            lines.push(format!("CONSTRAINT {name}_{called} PRIMARY KEY (id{and})"));
            table.has_key = true;
        }
        for column in table.columns.iter().filter(|column| column.name != "id") {
            let of = format!("{name} {}", column.name);
            let bare = column.name.trim_matches('"').replace(' ', "_");
            if decisions.chance(&format!("{of} check"), 3) {
                let condition = self.condition(&format!("{of} check"), column);
                lines.push(format!(
                    "CONSTRAINT {name}_{bare}_check CHECK ({condition})"
                ));
            }
            let comparable = column.of.values != Values::Other("");
            if comparable
                && !with.contains(&column.name.as_str())
                && decisions.chance(&format!("{of} unique"), 1)
            {
                let later = decisions.one(
                    &format!("{of} unique later"),
                    &["", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"],
                );
                lines.push(format!(
                    "CONSTRAINT {name}_{bare}_key UNIQUE ({}{and}){later}",
                    column.name
                ));
            }
        }
        lines
    }

    /// Indexes, settings, comments and rights.
    fn table_extras(&mut self, table: &Table) {
        let decisions = self.decisions;
        let name = &table.name;
        let partitioned = self.text.contains(&format!("CREATE TABLE {name} ("))
            && self.text.contains("PARTITION BY")
            && name == "t2";
        for column in &table.columns {
            let key = |what: &str| format!("{name} {} {what}", column.name);
            let bare = column.name.trim_matches('"').replace(' ', "_");
            // Of two indexes that are alike, Postgres itself mixes up the parts.
            let count = if name == "t2" { 1 } else { 2 };
            for number in 0..count {
                if !decisions.chance(&key(&format!("index {number}")), 2) {
                    continue;
                }
                let index = format!("{name}_{bare}_index_{number}");
                let key = |what: &str| key(&format!("index {number} {what}"));
                let by = match (&column.of.values, decisions.pick(&key("form"), 4)) {
                    (Values::Numbers | Values::Document, 0) => {
                        format!("USING gin ({})", column.name)
                    }
                    (Values::Text, 0) if column.of.sql != "limited" => {
                        format!("(lower({}))", column.name)
                    }
                    (Values::Text, 1) => format!("({} text_pattern_ops DESC)", column.name),
                    (Values::Number, 0) if column.of.sql != "limited" => {
                        format!("(({} + 1))", column.name)
                    }
                    (Values::Number, 1) => format!("USING hash ({})", column.name),
                    (_, 2) => format!("({} DESC NULLS LAST) INCLUDE (id)", column.name),
                    _ => format!("({})", column.name),
                };
                let by = if by.contains("text_pattern_ops")
                    && !["text", "character varying"]
                        .iter()
                        .any(|start| column.of.sql.starts_with(start))
                {
                    format!("({})", column.name)
                } else {
                    by
                };
                let condition = if decisions.chance(&key("partial"), 3) {
                    format!(" WHERE {}", self.condition(&key("condition"), column))
                } else {
                    String::new()
                };
                self.say(format!("CREATE INDEX {index} ON {name} {by}{condition}"));
                self.comment(&key("of"), &format!("INDEX {index}"));
            }
            self.comment(&key("of"), &format!("COLUMN {name}.{}", column.name));
            if decisions.chance(&key("granted"), 1) {
                let role = decisions.one(&key("granted to"), &ROLES);
                self.say(format!(
                    "GRANT SELECT ({0}), UPDATE ({0}) ON {name} TO {role}",
                    column.name
                ));
            }
            if decisions.chance(&key("statistics"), 1) {
                self.say(format!(
                    "ALTER TABLE {name} ALTER {} SET STATISTICS 300",
                    column.name
                ));
            }
            if column.of.values == Values::Text && decisions.chance(&key("storage"), 1) {
                self.say(format!(
                    "ALTER TABLE {name} ALTER {} SET STORAGE EXTERNAL",
                    column.name
                ));
            }
        }
        self.comment(&format!("{name} table"), &format!("TABLE {name}"));
        self.grant(
            &format!("{name} table"),
            &["SELECT", "INSERT, UPDATE", "ALL"],
            name,
        );
        if !partitioned && decisions.chance(&format!("{name} identity"), 1) {
            self.say(format!("ALTER TABLE {name} REPLICA IDENTITY FULL"));
        }
        if table.has_key && !partitioned && decisions.chance(&format!("{name} clustered"), 1) {
            let called = decisions.one(&format!("{name} key name"), &["pkey", "pkey", "key"]);
            self.say(format!("ALTER TABLE {name} CLUSTER ON {name}_{called}"));
        }
        let may_join = self.text.contains("CREATE TABLE t2") && name == "t2";
        if !may_join && decisions.chance(&format!("{name} later check"), 1) {
            self.say(format!(
                "ALTER TABLE {name} ADD CONSTRAINT {name}_later CHECK (id <> 7) NOT VALID"
            ));
        }
        let others: Vec<&Column> = table
            .columns
            .iter()
            .filter(|column| column.of.values != Values::Other(""))
            .collect();
        if others.len() > 2 && !partitioned && decisions.chance(&format!("{name} statistics"), 2) {
            self.say(format!(
                "CREATE STATISTICS {name}_both ON {}, {} FROM {name}",
                others[0].name, others[2].name
            ));
        }
    }

    /// A partitioned table and its parts, each of which may also stand alone; or plain tables.
    fn partitioned(&mut self, parent: &str, parts: &[&str]) {
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
        let of = Type::new(
            decisions.one("t0 id type", &["integer", "bigint"]),
            Values::Number,
        );
        lines.push(format!("t0_id {}", of.sql));
        columns.push(Column {
            name: "t0_id".to_owned(),
            of,
            generated: false,
        });
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
    fn heirs(&mut self) {
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

    fn foreign_keys(&mut self) {
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

    fn functions_over_tables(&mut self) {
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

    fn views(&mut self) {
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

    fn triggers(&mut self) {
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

    fn policies(&mut self) {
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
    fn around(&mut self) {
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

/// The checks of a table's lines.
fn checks_of(lines: &[String], columns: &[String]) -> Vec<String> {
    lines
        .iter()
        .filter(|line| line.contains(" CHECK (") && !columns.contains(line))
        .cloned()
        .collect()
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn default(decisions: &Decisions, name: &str, values: &Values) -> Option<String> {
    let pick = |of: &[&str]| decisions.one(name, of).to_owned();
    Some(match values {
        Values::Number => {
            pick(&["0", "7", "-1", "first_number_later"]).replace("first_number_later", "1 + 1")
        }
        Values::Text => pick(&["''", "'x'", "'it''s'", "lower('X')"]),
        Values::Boolean => pick(&["true", "false"]),
        Values::Enum(labels) => literal(labels[decisions.pick(name, labels.len())]),
        Values::Numbers => pick(&["'{}'", "ARRAY[1, 2]"]),
        Values::Document => pick(&["'{}'", "'[]'"]),
        Values::Other("") => return None,
        Values::Other(value) => (*value).to_owned(),
    })
}

fn test(decisions: &Decisions, name: &str, column: &str, values: &Values) -> String {
    let number = decisions.pick(&format!("{name} limit"), 3);
    match values {
        Values::Number => format!("{column} > {number}"),
        Values::Text => format!("length({column}) > {number}"),
        Values::Enum(labels) => {
            let label = literal(labels[number % labels.len()]);
            format!("{column} <> {label}")
        }
        Values::Boolean => format!("{column} IS NOT FALSE"),
        _ => format!("{column} IS NOT NULL"),
    }
}
