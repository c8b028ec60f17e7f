//! The files that libpq looks into: services, passwords, certificates of the user.

use std::path::{Path, PathBuf};

use super::text::Pairs;
use crate::failure::Failure;
use crate::files;

/// Where Debian and the source build look for services of the whole machine.
const SYSTEM_SERVICES: &[&str] = &["/etc/postgresql-common", "/etc"];

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|folder| !folder.as_os_str().is_empty())
}

/// `~/.postgresql/NAME`, when it is there.
pub(super) fn of_user(name: &str) -> Option<PathBuf> {
    let folder = if cfg!(windows) {
        PathBuf::from(variable("APPDATA")?).join("postgresql")
    } else {
        home()?.join(".postgresql")
    };
    Some(folder.join(name)).filter(|path| path.is_file())
}

/// The values of a service.
pub(super) fn service(name: &str, file: Option<&str>) -> Result<Pairs, Failure> {
    let mut looked_in: Vec<PathBuf> = match (file, home()) {
        (Some(file), _) => vec![PathBuf::from(file)],
        (None, Some(home)) => vec![home.join(".pg_service.conf")],
        (None, None) => Vec::new(),
    };
    match variable("PGSYSCONFDIR") {
        Some(folder) => looked_in.push(PathBuf::from(folder).join("pg_service.conf")),
        None => looked_in.extend(
            SYSTEM_SERVICES
                .iter()
                .map(|folder| Path::new(folder).join("pg_service.conf")),
        ),
    }
    for path in &looked_in {
        if path.is_file()
            && let Some(pairs) = in_file(name, path)?
        {
            return Ok(pairs);
        }
    }
    let looked_in: Vec<String> = looked_in
        .iter()
        .map(|path| format!("`{}`", path.display()))
        .collect();
    Err(Failure::input(format!("there is no service `{name}`"))
        .detail(format!("looked in: {}", looked_in.join(", ")))
        .hint("PGSERVICEFILE names the file of services"))
}

fn in_file(name: &str, path: &Path) -> Result<Option<Pairs>, Failure> {
    let source = files::read_text(path)?;
    let mut found = None;
    for (at, line) in source.text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(section) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            if found.is_some() {
                break;
            }
            if section == name {
                found = Some(Pairs::new());
            }
            continue;
        }
        let Some(pairs) = &mut found else {
            continue;
        };
        let wrong = |what: &str| {
            Failure::input(format!("{}:{}: {what}", path.display(), at + 1))
                .hint("a service has lines `key=value`, with the keywords of a connection string")
        };
        if line.starts_with("ldap") {
            return Err(wrong("a service in a directory (LDAP) is not looked up"));
        }
        let Some((key, value)) = line.split_once('=') else {
            return Err(wrong("a line without `=`"));
        };
        if ["service", "servicefile"].contains(&key.trim()) {
            return Err(wrong("a service cannot name another one"));
        }
        pairs.push((key.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(found)
}

/// What a file of passwords says.
#[derive(Debug, Default)]
pub(super) struct Passwords {
    lines: Vec<Vec<String>>,
    /// Why it was not read, though it is there.
    pub(super) refused: Option<String>,
}

impl Passwords {
    /// `passfile`, PGPASSFILE or ~/.pgpass; one that others may read is left alone, as libpq does.
    pub(super) fn read(named: Option<&str>) -> Self {
        let default = || {
            if cfg!(windows) {
                Some(PathBuf::from(variable("APPDATA")?).join("postgresql/pgpass.conf"))
            } else {
                Some(home()?.join(".pgpass"))
            }
        };
        let Some(path) = named.map(PathBuf::from).or_else(default) else {
            return Self::default();
        };
        if !path.exists() {
            return Self::default();
        }
        let refused = |why: String| Self {
            lines: Vec::new(),
            refused: Some(format!("`{}` was not read: {why}", path.display())),
        };
        if !path.is_file() {
            return refused("it is no plain file".to_owned());
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = path
                .metadata()
                .map_or(0, |about| about.permissions().mode())
                & 0o777;
            if mode & 0o077 != 0 {
                return refused(format!(
                    "its rights are {mode:04o}, and others must have none (chmod 0600)"
                ));
            }
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => Self {
                lines: text
                    .lines()
                    .filter(|line| !line.starts_with('#'))
                    .map(fields)
                    .filter(|fields| fields.len() == 5)
                    .collect(),
                refused: None,
            },
            Err(error) => refused(error.to_string()),
        }
    }

    /// The password of the first line that fits host, port, database and user.
    pub(super) fn password(&self, wanted: [&str; 4]) -> Option<&str> {
        let fits = |line: &&Vec<String>| {
            line.iter()
                .zip(wanted)
                .all(|(field, wanted)| field == "*" || unescaped(field) == wanted)
        };
        let line = self.lines.iter().find(fits)?;
        line.last().map(String::as_str)
    }
}

/// Five fields; escapes of all but the last stay for the comparison with `*`.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ':' if fields.len() < 5 => fields.push(String::new()),
            '\\' => {
                let next = letters.next();
                if let Some(field) = fields.last_mut() {
                    field.push('\\');
                    field.extend(next);
                }
            }
            letter => {
                if let Some(field) = fields.last_mut() {
                    field.push(letter);
                }
            }
        }
    }
    if let Some(password) = fields.get_mut(4) {
        *password = unescaped(password);
    }
    fields
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\\' {
            plain.extend(letters.next());
        } else {
            plain.push(letter);
        }
    }
    plain
}

/// A file that a keyword names must be there; a private key must be nobody else's.
pub(super) fn certificate(keyword: &str, path: &Path) -> Result<(), Failure> {
    let text = std::fs::read(path).map_err(|error| {
        Failure::input(format!("cannot read `{}`", path.display()))
            .cause(error.to_string())
            .detail(format!("`{keyword}` names it"))
    })?;
    if keyword != "sslkey" {
        return Ok(());
    }
    if String::from_utf8_lossy(&text).contains("ENCRYPTED") {
        return Err(Failure::input(format!(
            "the key in `{}` is encrypted, which is not supported",
            path.display()
        ))
        .hint("`openssl pkey -in KEY -out PLAIN_KEY` writes it without a passphrase"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let about = path.metadata().map_err(|error| {
            Failure::input(format!("cannot read `{}`", path.display())).cause(error.to_string())
        })?;
        // A key of root may be read by one group, as distributions lay them out.
        let forbidden = if about.uid() == 0 { 0o037 } else { 0o077 };
        if about.mode() & forbidden != 0 {
            return Err(Failure::input(format!(
                "others may read the key in `{}`: its rights are {:04o}",
                path.display(),
                about.mode() & 0o777
            ))
            .hint(format!("`chmod 0600 {}`", path.display())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let passwords = Passwords {
            lines: [
                "db\\:1:5432:*:me:p\\:a\\\\b:c",
                "*:*:shop:*:second",
                "*:*:*:*:last",
                "\\*:1:a:b:x",
            ]
            .map(fields)
            .to_vec(),
            refused: None,
        };
        assert_eq!(
            passwords.password(["db:1", "5432", "any", "me"]),
            Some("p:a\\b:c")
        );
        assert_eq!(passwords.password(["h", "1", "shop", "me"]), Some("second"));
        assert_eq!(passwords.password(["h", "1", "other", "me"]), Some("last"));
    }
}
