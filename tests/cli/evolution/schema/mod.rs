//! Schemas that are drawn: every decision has a name, and the same name gives the same result until
//! it is drawn again. Two schemas that share most decisions are one schema and its next version.

mod dependants;
mod families;
mod tables;
mod types;

use std::collections::BTreeSet;

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
