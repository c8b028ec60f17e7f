//! What tables are made of: enums, domains, composites, and the functions that they call.

use std::fmt::Write as _;

use super::{Type, Values, Writer, default, literal, test};

impl Writer<'_> {
    pub(super) fn types(&mut self) {
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
    pub(super) fn of_type(&self, name: &str, simple: usize) -> Type {
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

    pub(super) fn functions(&mut self) {
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
}
