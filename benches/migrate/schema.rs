//! A large schema in the manner of a web application that has grown for years: tables with keys,
//! foreign keys, checks, defaults and several indexes, some of them partial or over expressions,
//! partitions, enums, functions, triggers, views, comments.

/// The schema as it is.
pub(crate) fn before(tables: usize) -> Vec<String> {
    let mut statements = foundation();
    for number in 0..tables {
        table(&mut statements, number, false);
    }
    statements
}

/// A year later: a tenth more tables, and every fifth table changed.
pub(crate) fn after(tables: usize) -> Vec<String> {
    let mut statements = foundation();
    for number in 0..tables + tables / 10 {
        table(&mut statements, number, number.is_multiple_of(5));
    }
    statements
}

fn foundation() -> Vec<String> {
    let mut statements = vec![
        "CREATE TYPE state AS ENUM ('new', 'open', 'held', 'done')".to_owned(),
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$"
            .to_owned(),
    ];
    statements.extend((0..100).map(|number| {
        format!(
            "CREATE FUNCTION total_{number}(amount numeric, rate numeric DEFAULT 0.{number}1) \
             RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT amount * (1 + rate) $$"
        )
    }));
    statements
}

fn table(statements: &mut Vec<String>, number: usize, changed: bool) {
    let name = format!("records_{number}");
    let partitioned = number % 30 == 29;
    let key = if partitioned {
        "PRIMARY KEY (id, created_at)"
    } else {
        "PRIMARY KEY (id)"
    };
    let limit = if changed { 1024 } else { 255 };
    let more = if changed {
        ",\n    reviewed_at timestamptz,\n    score numeric(10, 2) DEFAULT 0 NOT NULL"
    } else {
        ""
    };
    statements.push(format!(
        "CREATE TABLE {name} (\n    id bigserial,\n    owner_id bigint NOT NULL,\n    parent_id bigint,\n    \
         state state DEFAULT 'new' NOT NULL,\n    title text NOT NULL,\n    slug varchar(255),\n    \
         settings jsonb DEFAULT '{{}}' NOT NULL,\n    labels text[] DEFAULT '{{}}',\n    \
         created_at timestamptz DEFAULT now() NOT NULL,\n    updated_at timestamptz DEFAULT now() NOT NULL{more},\n    \
         CONSTRAINT {name}_title_length CHECK (char_length(title) <= {limit}),\n    {key}\n){}",
        if partitioned {
            " PARTITION BY RANGE (created_at)"
        } else {
            ""
        }
    ));
    if partitioned {
        statements.extend((0..6).map(|part| {
            format!(
                "CREATE TABLE {name}_p{part} PARTITION OF {name} FOR VALUES FROM ('202{part}-01-01') TO ('202{}-01-01')",
                part + 1
            )
        }));
    } else if number > 0 && (number - 1) % 30 != 29 {
        statements.push(format!(
            "ALTER TABLE {name} ADD CONSTRAINT {name}_parent_fk FOREIGN KEY (parent_id) REFERENCES records_{}(id) ON DELETE CASCADE",
            number - 1
        ));
    }
    statements.push(format!(
        "CREATE INDEX {name}_owner ON {name} (owner_id, created_at DESC)"
    ));
    statements.push(format!("CREATE INDEX {name}_parent ON {name} (parent_id)"));
    statements.push(format!("CREATE INDEX {name}_slug ON {name} (slug)"));
    if number.is_multiple_of(3) {
        statements.push(format!(
            "CREATE INDEX {name}_labels ON {name} USING gin (labels)"
        ));
        statements.push(format!(
            "CREATE INDEX {name}_open ON {name} (owner_id) WHERE state = 'open'"
        ));
    }
    if number.is_multiple_of(4) {
        statements.push(format!(
            "CREATE INDEX {name}_lower ON {name} (lower(title))"
        ));
    }
    if changed {
        statements.push(format!(
            "CREATE INDEX {name}_reviewed ON {name} (reviewed_at)"
        ));
    }
    if number % 4 == 1 {
        statements.push(format!(
            "CREATE TRIGGER touch BEFORE UPDATE ON {name} FOR EACH ROW EXECUTE FUNCTION touch()"
        ));
    }
    if number.is_multiple_of(10) {
        statements.push(format!(
            "COMMENT ON COLUMN {name}.slug IS 'in the address of the page'"
        ));
    }
    if number.is_multiple_of(50) {
        statements.push(format!(
            "CREATE VIEW open_{name} AS SELECT id, title, owner_id FROM {name} WHERE state IN ('new', 'open')"
        ));
    }
}
