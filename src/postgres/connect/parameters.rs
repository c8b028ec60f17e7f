//! The parameters of a connection: from the connection string, then a service, then the
//! environment. A keyword that we cannot honour is refused by name, never passed over.

use std::path::PathBuf;

use super::files::{self, Passwords};
use super::text::Pairs;
use crate::failure::Failure;
use crate::text::suggest;

/// A place in the list of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    /// A name, an address, or the folder of a socket.
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) password: Option<String>,
}

/// How much of TLS is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// Which server of a list will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Session {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// Certificates and keys of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tls {
    pub(super) mode: TlsMode,
    /// None: the public roots.
    pub(super) root: Option<PathBuf>,
    pub(super) identity: Option<(PathBuf, PathBuf)>,
}

/// Everything that is needed to connect. Holds passwords: never printed.
#[derive(Clone)]
pub(super) struct Parameters {
    pub(super) hosts: Vec<Host>,
    pub(super) user: String,
    pub(super) database: Option<String>,
    pub(super) tls: Tls,
    /// Seconds; 0 waits for ever.
    pub(super) timeout: Option<u64>,
    pub(super) application: Option<String>,
    pub(super) options: Option<String>,
    pub(super) session: Session,
    /// Why a file of passwords was left alone.
    pub(super) passwords_refused: Option<String>,
}

/// Keywords that are honoured, with their variable of the environment.
const HONOURED: &[(&str, &str)] = &[
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("dbname", "PGDATABASE"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("passfile", "PGPASSFILE"),
    ("service", "PGSERVICE"),
    ("servicefile", "PGSERVICEFILE"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("options", "PGOPTIONS"),
    ("application_name", "PGAPPNAME"),
    ("fallback_application_name", ""),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("load_balance_hosts", "PGLOADBALANCEHOSTS"),
];

/// Keywords of libpq with the values that mean what happens here anyway. Any other is refused.
const LIMITED: &[(&str, &str, &[&str])] = &[
    ("client_encoding", "", &["utf8", "utf-8", "unicode", "auto"]),
    (
        "channel_binding",
        "PGCHANNELBINDING",
        &["disable", "prefer"],
    ),
    ("gssencmode", "PGGSSENCMODE", &["disable", "prefer"]),
    ("gssdelegation", "PGGSSDELEGATION", &["0"]),
    ("krbsrvname", "PGKRBSRVNAME", &[]),
    ("gsslib", "PGGSSLIB", &[]),
    ("sslnegotiation", "PGSSLNEGOTIATION", &["postgres"]),
    ("sslcompression", "PGSSLCOMPRESSION", &["0"]),
    ("sslcertmode", "PGSSLCERTMODE", &["allow"]),
    ("sslsni", "PGSSLSNI", &["1"]),
    ("sslcrl", "PGSSLCRL", &[]),
    ("sslcrldir", "PGSSLCRLDIR", &[]),
    ("sslpassword", "", &[]),
    ("sslkeylogfile", "", &[]),
    (
        "ssl_min_protocol_version",
        "PGSSLMINPROTOCOLVERSION",
        &["tlsv1", "tlsv1.1", "tlsv1.2"],
    ),
    (
        "ssl_max_protocol_version",
        "PGSSLMAXPROTOCOLVERSION",
        &["tlsv1.3"],
    ),
    ("min_protocol_version", "PGMINPROTOCOLVERSION", &["3.0"]),
    (
        "max_protocol_version",
        "PGMAXPROTOCOLVERSION",
        &["3.0", "3.2", "latest"],
    ),
    ("requirepeer", "PGREQUIREPEER", &[]),
    ("require_auth", "PGREQUIREAUTH", &[]),
    ("requiressl", "PGREQUIRESSL", &["0"]),
    ("scram_client_key", "", &[]),
    ("scram_server_key", "", &[]),
    ("oauth_issuer", "", &[]),
    ("oauth_client_id", "", &[]),
    ("oauth_client_secret", "", &[]),
    ("oauth_scope", "", &[]),
    ("replication", "", &["false", "off", "no", "0"]),
    ("keepalives", "", &[]),
    ("keepalives_idle", "", &[]),
    ("keepalives_interval", "", &[]),
    ("keepalives_count", "", &[]),
    ("tcp_user_timeout", "", &[]),
];

/// Why a connection string is not taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Faults of the string, without its values.
    Faults(Vec<String>),
    /// A file that it names.
    File(Failure),
}

/// What has been read so far, from the first source on.
struct Values<'a> {
    sources: [&'a Pairs; 2],
}

impl Values<'_> {
    /// The connection string, the service, the environment; what is empty counts as not said.
    fn get(&self, keyword: &str) -> Option<String> {
        let of_pairs = |pairs: &Pairs| {
            let pair = pairs.iter().rev().find(|(known, _)| known == keyword)?;
            Some(pair.1.clone()).filter(|value| !value.is_empty())
        };
        let [explicit, service] = self.sources;
        of_pairs(explicit)
            .or_else(|| of_pairs(service))
            .or_else(|| of_environment(keyword))
    }
}

fn of_environment(keyword: &str) -> Option<String> {
    let honoured = HONOURED.iter().map(|(known, variable)| (*known, *variable));
    let limited = LIMITED
        .iter()
        .map(|(known, variable, _)| (*known, *variable));
    let (_, variable) = honoured
        .chain(limited)
        .find(|(known, _)| *known == keyword)?;
    if variable.is_empty() {
        return None;
    }
    std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
}

/// Everything that a connection string says and leaves open.
pub(super) fn resolve(explicit: &Pairs) -> Result<Parameters, Refusal> {
    let nothing = Pairs::new();
    let named = Values {
        sources: [explicit, &nothing],
    };
    let service = match named.get("service") {
        Some(name) => {
            let file = named.get("servicefile");
            files::service(&name, file.as_deref()).map_err(Refusal::File)?
        }
        None => Pairs::new(),
    };
    let values = Values {
        sources: [explicit, &service],
    };
    let mut faults = unknown(explicit);
    faults.extend(unknown(&service));
    faults.extend(limited(&values));
    let hosts = hosts(&values, &mut faults);
    let timeout = values.get("connect_timeout").and_then(|text| {
        // libpq takes a negative number for no limit as well.
        let seconds = text.parse::<i64>();
        if seconds.is_err() {
            faults.push(format!(
                "connect_timeout is `{text}`, not a number of seconds"
            ));
        }
        seconds.ok().map(|seconds| seconds.max(0).unsigned_abs())
    });
    let session = one_of(&values, "target_session_attrs", SESSIONS, &mut faults);
    let balance = one_of(&values, "load_balance_hosts", BALANCES, &mut faults);
    let mode = one_of(&values, "sslmode", MODES, &mut faults);
    if !faults.is_empty() {
        return Err(Refusal::Faults(faults));
    }
    let passwords = Passwords::read(values.get("passfile").as_deref());
    let user = values.get("user").unwrap_or_else(of_system);
    let database = values.get("dbname");
    let password = values.get("password");
    let mut hosts: Vec<Host> = hosts
        .into_iter()
        .map(|mut host| {
            let port = host.port.to_string();
            let place = if DEFAULT_FOLDERS.contains(&host.name.as_str()) {
                "localhost"
            } else {
                &host.name
            };
            let wanted = [place, &port, database.as_ref().unwrap_or(&user), &user];
            host.password = password
                .clone()
                .or_else(|| passwords.password(wanted).map(str::to_owned));
            host
        })
        .collect();
    if balance == Some(true) {
        fastrand::shuffle(&mut hosts);
    }
    Ok(Parameters {
        hosts,
        tls: tls(&values, mode).map_err(Refusal::File)?,
        user,
        database,
        timeout,
        application: values
            .get("application_name")
            .or_else(|| values.get("fallback_application_name")),
        options: values.get("options"),
        session: session.unwrap_or(Session::Any),
        passwords_refused: passwords.refused,
    })
}

const MODES: &[(&str, TlsMode)] = &[
    ("disable", TlsMode::Disable),
    ("allow", TlsMode::Allow),
    ("prefer", TlsMode::Prefer),
    ("require", TlsMode::Require),
    ("verify-ca", TlsMode::VerifyCa),
    ("verify-full", TlsMode::VerifyFull),
];

const SESSIONS: &[(&str, Session)] = &[
    ("any", Session::Any),
    ("read-write", Session::ReadWrite),
    ("read-only", Session::ReadOnly),
    ("primary", Session::Primary),
    ("standby", Session::Standby),
    ("prefer-standby", Session::PreferStandby),
];

const BALANCES: &[(&str, bool)] = &[("disable", false), ("random", true)];

fn one_of<T: Copy>(
    values: &Values,
    keyword: &str,
    table: &[(&str, T)],
    faults: &mut Vec<String>,
) -> Option<T> {
    let text = values.get(keyword)?;
    let found = table.iter().find(|(name, _)| *name == text);
    if found.is_none() {
        let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
        faults.push(format!(
            "{keyword} is `{text}`, not one of {}",
            names.join(", ")
        ));
    }
    found.map(|(_, value)| *value)
}

/// Keywords that libpq does not know either.
fn unknown(pairs: &Pairs) -> Vec<String> {
    let known: Vec<&str> = HONOURED
        .iter()
        .map(|(keyword, _)| *keyword)
        .chain(LIMITED.iter().map(|(keyword, ..)| *keyword))
        .collect();
    let mut faults = Vec::new();
    let mut previous = "";
    for (keyword, _) in pairs {
        if !known.contains(&keyword.as_str()) {
            faults.push(match keyword.as_str() {
                // What looks like a keyword may be the rest of a password.
                _ if previous == "password" => {
                    "what follows the password is no keyword; `&` in a password is written %26"
                        .to_owned()
                }
                "schema" | "pgbouncer" | "connection_limit" | "pool_timeout" | "socket_timeout" => {
                    format!("`{keyword}` is a keyword of Prisma, not of Postgres: leave it out")
                }
                keyword => match suggest::nearest(keyword, known.iter().copied()) {
                    Some(near) => {
                        format!("`{keyword}` is no keyword of a connection; did you mean `{near}`?")
                    }
                    None => format!("`{keyword}` is no keyword of a connection"),
                },
            });
        }
        previous = keyword;
    }
    faults
}

/// Keywords that ask for something that is not done here.
fn limited(values: &Values) -> Vec<String> {
    let fault = |(keyword, _, accepted): &(&str, &str, &[&str])| {
        let value = values.get(keyword)?;
        if accepted.contains(&value.to_ascii_lowercase().as_str()) {
            return None;
        }
        Some(if accepted.is_empty() {
            format!("`{keyword}` is not supported: leave it out")
        } else {
            format!(
                "`{keyword}={value}` is not supported: it can be {}",
                accepted.join(", ")
            )
        })
    };
    LIMITED.iter().filter_map(fault).collect()
}

/// Names, addresses and ports, which come as lists of one length; one port serves all hosts.
fn hosts(values: &Values, faults: &mut Vec<String>) -> Vec<Host> {
    let list = |keyword: &str| -> Vec<String> {
        let text = values.get(keyword).unwrap_or_default();
        text.split(',').map(|part| part.trim().to_owned()).collect()
    };
    let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
    let addressed = addresses.iter().any(|address| !address.is_empty());
    let number = if addressed {
        addresses.len()
    } else {
        names.len()
    };
    if addressed && names.len() != number && names.iter().any(|name| !name.is_empty()) {
        faults.push(format!(
            "host has {} and hostaddr {number}: they must be as many",
            names.len()
        ));
    }
    if ports.len() != 1 && ports.len() != number {
        faults.push(format!(
            "port has {} and the hosts are {number}",
            ports.len()
        ));
    }
    let verified = values.get("sslmode").as_deref() == Some("verify-full");
    let mut hosts = Vec::new();
    for at in 0..number {
        let text = ports.get(at).or(ports.first()).map_or("", String::as_str);
        let port = match text {
            "" => 5432,
            text => text
                .parse()
                .ok()
                .filter(|port| *port > 0)
                .unwrap_or_else(|| {
                    faults.push(format!("port is `{text}`, not a number from 1 to 65535"));
                    5432
                }),
        };
        let name = names.get(at).map_or("", String::as_str);
        let address = addresses.get(at).map_or("", String::as_str);
        if !address.is_empty() && address.parse::<std::net::IpAddr>().is_err() {
            faults.push(format!("hostaddr is `{address}`, not an address"));
        }
        if !address.is_empty() && !name.is_empty() && verified {
            faults.push(
                "`hostaddr` beside `host` is not supported with sslmode=verify-full: leave it out"
                    .to_owned(),
            );
        }
        if name.starts_with('@') {
            faults.push("a socket without a file (`@…`) is not supported".to_owned());
        }
        let name = match (address, name) {
            ("", "") => default_host(port),
            ("", name) => name.to_owned(),
            (address, _) => address.to_owned(),
        };
        hosts.push(Host {
            name,
            port,
            password: None,
        });
    }
    hosts
}

/// Where packages of Postgres put the socket.
const DEFAULT_FOLDERS: &[&str] = &["/var/run/postgresql", "/private/tmp", "/tmp"];

fn default_host(port: u16) -> String {
    let there = DEFAULT_FOLDERS.iter().find(|folder| {
        std::path::Path::new(folder)
            .join(format!(".s.PGSQL.{port}"))
            .exists()
    });
    there.map_or_else(|| "localhost".to_owned(), |folder| (*folder).to_owned())
}

fn of_system() -> String {
    #[cfg(unix)]
    let name = nix::unistd::User::from_uid(nix::unistd::geteuid())
        .ok()
        .flatten()
        .map(|user| user.name);
    #[cfg(not(unix))]
    let name = std::env::var("USERNAME").ok();
    name.unwrap_or_else(|| "postgres".to_owned())
}

/// As libpq does: a root certificate of the user makes `require` verify, `system` means the public
/// roots, and only `verify-full` may go by these.
fn tls(values: &Values, mode: Option<TlsMode>) -> Result<Tls, Failure> {
    let mut mode = mode.unwrap_or(TlsMode::Prefer);
    let named = values.get("sslrootcert");
    let system = named.as_deref() == Some("system");
    let root = match named {
        _ if system => None,
        Some(path) => Some(PathBuf::from(path)),
        None => files::of_user("root.crt"),
    };
    if system && mode != TlsMode::VerifyFull {
        if values.get("sslmode").is_some() {
            return Err(Failure::input("sslrootcert=system needs sslmode=verify-full")
                .detail("anybody has a certificate of the public roots: only its name tells the server")
                .code("usage"));
        }
        mode = TlsMode::VerifyFull;
    }
    if mode == TlsMode::Require && root.is_some() {
        mode = TlsMode::VerifyCa;
    }
    let verifies = matches!(mode, TlsMode::VerifyCa | TlsMode::VerifyFull);
    if verifies && let Some(root) = &root {
        files::certificate("sslrootcert", root)?;
    }
    if mode == TlsMode::VerifyCa && root.is_none() {
        return Err(Failure::input("sslmode=verify-ca needs a root certificate")
            .detail("there is no `sslrootcert`, and no ~/.postgresql/root.crt")
            .hint("`sslrootcert=FILE`, or sslmode=verify-full, which goes by the public roots"));
    }
    let certificate = values
        .get("sslcert")
        .map(PathBuf::from)
        .or_else(|| files::of_user("postgresql.crt"));
    let key = values
        .get("sslkey")
        .map(PathBuf::from)
        .or_else(|| files::of_user("postgresql.key"));
    let identity = match (certificate, key) {
        (Some(certificate), Some(key)) if mode != TlsMode::Disable => {
            files::certificate("sslcert", &certificate)?;
            files::certificate("sslkey", &key)?;
            Some((certificate, key))
        }
        (Some(certificate), None) if mode != TlsMode::Disable => {
            return Err(Failure::input(format!(
                "the certificate in `{}` has no key",
                certificate.display()
            ))
            .hint("`sslkey=FILE` names it; else ~/.postgresql/postgresql.key is taken"));
        }
        _ => None,
    };
    Ok(Tls {
        mode,
        root,
        identity,
    })
}
