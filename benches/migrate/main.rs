//! Reading and comparing large schemas against `pg_dump -s`, in turns on one machine:
//! `cargo bench --bench migrate [-- TABLES]`, 1,400 tables when no number is given.
//!
//! The schemas are made here and loaded into a private server from local binaries. All programs
//! start as processes, as users start them, and prove nothing: this is about reading.

#[path = "../measure/mod.rs"]
mod measure;
mod schema;

use std::io::Write;
use std::process::Command;
use std::time::Duration;

use backsmith::postgres::scratch::{Database, Options, Server};
use backsmith::postgres::{Connection, Target, runtime};

use measure::{measure, median};

const ROUNDS: usize = 7;
const TABLES: usize = 1_400;

fn main() {
    let tables = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(TABLES);
    let runtime = runtime().expect("a runtime");
    let (_server, before, after) = runtime.block_on(async {
        let server = Server::start(&Options {
            purpose: "the benchmark".to_owned(),
            ..Options::default()
        })
        .await
        .expect("local server binaries");
        let before = load(&server, &schema::before(tables)).await;
        let after = load(&server, &schema::after(tables)).await;
        (server, before, after)
    });
    let (before, after) = (before.url().expose(), after.url().expose());
    let work = tempfile::tempdir().expect("a folder for what is written");
    let mut times: [Vec<Duration>; 3] = Default::default();
    for round in 0..ROUNDS {
        let mut dump = Command::new("pg_dump");
        times[0].push(measure(dump.args(["--schema-only", before])));
        for (place, target) in [(1, before), (2, after)] {
            let mut backsmith = Command::new(env!("CARGO_BIN_EXE_backsmith"));
            backsmith
                .args(["migrate", "--no-config", "--quiet", "--no-verify"])
                .args(["--allow", "all", "--connection", before])
                .args(["--compare", target, "--output"])
                .arg(work.path().join(round.to_string()));
            times[place].push(measure(&mut backsmith));
        }
    }
    let [dump, read, compare] = times.map(median);
    let ratio = |time: Duration| time.as_secs_f64() / dump.as_secs_f64();
    writeln!(
        std::io::stdout(),
        "{tables} tables: pg_dump -s {:.3} s; backsmith reads in {:.3} s, ratio {:.2}; \
         compares two in {:.3} s, ratio {:.2}",
        dump.as_secs_f64(),
        read.as_secs_f64(),
        ratio(read),
        compare.as_secs_f64(),
        ratio(compare)
    )
    .expect("a place for the results");
}

async fn load(server: &Server, statements: &[String]) -> Database {
    let database = server.create_database().await.expect("a database");
    let target = Target::parse(database.url(), None).expect("a URL");
    let mut connection: Connection = target.connect().await.expect("a connection");
    for together in statements.chunks(200) {
        connection
            .execute(&together.join(";\n"))
            .await
            .expect("a schema that loads");
    }
    connection.execute("ANALYZE").await.expect("statistics");
    connection.close().await;
    database
}
