//! The chain that a scratch database comes from: each link, and the one that would be taken.

use super::database::Live;
use super::machine;
use crate::postgres::scratch::{self, Binaries, Options, Version};
use crate::report::doctor::{Check, Status};
use crate::settings::config::Config;

pub(super) fn check(config: &Config, live: Option<Live>) -> Check {
    let migrate = &config.migrate;
    let download = migrate.postgres.as_deref() == Some("download");
    let options = Options {
        pg_bin: machine::configured_binaries(config),
        download,
        version: match (migrate.postgres_version, live) {
            (Some(major), _) => Version::Exactly(major),
            (None, Some(live)) => Version::Like(live.major),
            (None, None) => Version::Newest,
        },
        ..Options::default()
    };
    let links = scratch::links(&options);
    let npm = machine::version_of("npm");
    let on_server = live.is_some_and(|live| live.may_create_databases);
    let (status, taken) = match &links.chosen {
        _ if on_server => (
            Status::Ok,
            "schemas are tried out in a temporary database on the named server".to_owned(),
        ),
        Some(chosen) => (
            Status::Ok,
            format!(
                "schemas are tried out on a private PostgreSQL {}",
                chosen.version
            ),
        ),
        None if download && npm.is_some() => (
            Status::Ok,
            "schemas are tried out on a private Postgres that npm downloads".to_owned(),
        ),
        None => (
            Status::Missing,
            "there is no Postgres to try schemas out on".to_owned(),
        ),
    };
    let server = match live {
        Some(live) if live.may_create_databases => "the role may create databases",
        Some(_) => "the role may not create databases",
        None => "none that answers was named",
    };
    let mut majors: Vec<String> = links.to_download.iter().map(u32::to_string).collect();
    majors.sort();
    let majors = majors.join(", ");
    let fetches = match npm {
        Some(npm) => format!("npm {npm} fetches one of {majors} with `--postgres download`"),
        None => "npm is not on the PATH".to_owned(),
    };
    let cache = links
        .cache
        .as_ref()
        .map_or_else(String::new, |folder| format!(" in {}", folder.display()));
    let check = Check::new("scratch", "scratch", status, taken)
        .line(format!("1 named server    {server}"))
        .line(format!("2 local binaries  {}", versions(&links.installed)))
        .line(format!(
            "3 downloaded      {}{cache}",
            versions(&links.downloaded)
        ))
        .line(format!("4 download        {fetches}"));
    match links.chosen.filter(|_| !on_server) {
        Some(chosen) => check.version(chosen.version),
        None => check,
    }
}

fn versions(found: &[Binaries]) -> String {
    if found.is_empty() {
        return "none".to_owned();
    }
    let versions: Vec<&str> = found
        .iter()
        .map(|binaries| binaries.version.as_str())
        .collect();
    versions.join(", ")
}
