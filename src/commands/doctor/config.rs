//! The configuration in force and where each value stands.

use crate::report::doctor::{Check, Status};
use crate::settings::config::Config;

pub(super) fn check(config: &Config) -> Check {
    let Some(path) = &config.path else {
        return Check::new(
            "config",
            "config",
            Status::Ok,
            "no backsmith.toml, defaults are in force",
        );
    };
    let mut check = Check::new("config", "config", Status::Ok, path.display().to_string());
    let values = config.values();
    let width = values
        .iter()
        .map(|value| value.key.chars().count() + value.text.chars().count() + 3)
        .max()
        .unwrap_or_default();
    for value in values {
        let setting = format!("{} = {}", value.key, value.text);
        check = check.line(format!(
            "{setting:<width$}    {}:{}",
            path.display(),
            value.line
        ));
    }
    check
}
