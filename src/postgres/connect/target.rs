//! A place to connect to: which hosts are tried in which order, with and without TLS, and what is
//! said when none of them lets us in.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sqlx::Row;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, Connection as _};

use super::parameters::{self, Host, Parameters, Refusal, Session, TlsMode};
use super::text;
use super::{Connection, introduce};
use crate::failure::Failure;
use crate::postgres::error::Error;
use crate::redact::SecretUrl;

/// The code of a failure that ends when some session does: the server, or the role, has its most.
pub const FULL: &str = "too-many-connections";

/// Seconds that a server may take to accept us, unless `connect_timeout` says otherwise.
const CONNECT_TIMEOUT: u64 = 10;

/// A place to connect to. Its Display and Debug forms show no password.
#[derive(Clone)]
pub struct Target {
    url: SecretUrl,
    /// Where the URL came from, when that is not the command line.
    origin: Option<&'static str>,
    parameters: Parameters,
}

/// The parameters hold the password as it is, so they are never printed.
impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Target({})", self.url)
    }
}

impl Target {
    /// Reads a `postgres://` URL or `key=value` words, as libpq does: what they leave open comes from
    /// a service, the environment and the files of the user. `origin` names the variable or file it
    /// came from, if any.
    pub fn parse(url: &SecretUrl, origin: Option<&'static str>) -> Result<Self, Failure> {
        let from = origin.map_or(String::new(), |origin| format!(" (from {origin})"));
        let invalid = |faults: Vec<String>| {
            let mut failure = Failure::input(format!("`{url}`{from} is no connection URL"))
                .hint("the form is postgres://user:password@host:5432/database?sslmode=require");
            for fault in faults {
                failure = failure.cause(fault);
            }
            failure
        };
        let pairs = text::parse(url.expose()).map_err(|fault| invalid(vec![fault]))?;
        let parameters = parameters::resolve(&pairs).map_err(|refusal| match refusal {
            Refusal::Faults(faults) => invalid(faults),
            Refusal::File(failure) => failure,
        })?;
        Ok(Self {
            url: url.clone(),
            origin,
            parameters,
        })
    }

    /// The same server and user, another database.
    pub fn with_database(&self, name: &str) -> Self {
        let mut target = self.clone();
        target.parameters.database = Some(name.to_owned());
        // Also shown in errors: there the database must be the one that was tried.
        if let Ok(mut pairs) = text::parse(self.url.expose()) {
            pairs.retain(|(keyword, _)| keyword != "dbname");
            pairs.push(("dbname".to_owned(), name.to_owned()));
            target.url = SecretUrl::new(text::render(&pairs));
        }
        target
    }

    /// The name of the database.
    pub fn database(&self) -> &str {
        self.parameters
            .database
            .as_ref()
            .unwrap_or(&self.parameters.user)
    }

    /// The URL. For handing to a program that connects, never for printing.
    pub fn url(&self) -> &SecretUrl {
        &self.url
    }

    /// Host and port, or the file of the socket, of all places that are tried.
    pub fn place(&self) -> String {
        let places: Vec<String> = self.parameters.hosts.iter().map(place).collect();
        places.join(", ")
    }

    /// Connects. Failures say what to look at and never show a password.
    pub async fn connect(&self) -> Result<Connection, Failure> {
        let mut inner = self.open().await?;
        let (server, process) = introduce(&mut inner).await.map_err(|error| {
            Failure::environment(format!("`{}` does not answer like Postgres", self.url))
                .cause(error.to_string())
        })?;
        Ok(Connection {
            inner,
            target: self.clone(),
            server,
            process,
        })
    }

    /// A session on the first host that lets us in and is of the wanted kind.
    pub(in crate::postgres) async fn open(&self) -> Result<PgConnection, Failure> {
        let wanted = match self.parameters.session {
            Session::PreferStandby => &[Session::Standby, Session::Any][..],
            Session::Any => &[Session::Any],
            Session::ReadWrite => &[Session::ReadWrite],
            Session::ReadOnly => &[Session::ReadOnly],
            Session::Primary => &[Session::Primary],
            Session::Standby => &[Session::Standby],
        };
        let mut failed = None;
        for session in wanted {
            let mut causes = Vec::new();
            for host in &self.parameters.hosts {
                match self.reach(host, *session).await {
                    Ok(connection) => return Ok(connection),
                    // A server that knows us and says no speaks for all of them.
                    Err(Refused::Final(failure)) => return Err(failure),
                    Err(Refused::Next(failure, cause)) => {
                        causes.push(cause);
                        failed = Some(failure);
                    }
                }
            }
            if causes.len() > 1 {
                let mut failure = Failure::environment(format!(
                    "cannot connect to `{}`{}",
                    self.url,
                    self.from()
                ));
                for cause in causes {
                    failure = failure.detail(cause);
                }
                failed = Some(failure.hint("every host of the list was tried, in this order"));
            }
        }
        Err(failed.unwrap_or_else(|| self.unreachable("no host is named".to_owned())))
    }

    async fn reach(&self, host: &Host, session: Session) -> Result<PgConnection, Refused> {
        let modes = modes(self.parameters.tls.mode, host);
        let mut refused = None;
        for mode in modes {
            let seconds = self.parameters.timeout.unwrap_or(CONNECT_TIMEOUT);
            let options = self.options(host, *mode);
            let attempt = PgConnection::connect_with(&options);
            let result = if seconds == 0 {
                attempt.await
            } else {
                let limit = Duration::from_secs(seconds);
                let Ok(result) = tokio::time::timeout(limit, attempt).await else {
                    let cause = format!("no answer from {} in {seconds} s", place(host));
                    return Err(Refused::Next(self.unreachable(cause.clone()), cause));
                };
                result
            };
            match result {
                Ok(connection) => return self.suits(connection, host, session).await,
                // The other mode may do: no TLS after all, or TLS after all.
                Err(error) if is_about_tls(&error) => {
                    // The first answer is the one that the mode is about.
                    refused.get_or_insert(error);
                }
                Err(error) => return Err(self.refused(error, host)),
            }
        }
        Err(match refused {
            Some(error) => self.refused(error, host),
            None => Refused::Final(self.unreachable("no way of connecting is left".to_owned())),
        })
    }

    /// Whether the server is of the kind that `target_session_attrs` asks for.
    async fn suits(
        &self,
        mut connection: PgConnection,
        host: &Host,
        session: Session,
    ) -> Result<PgConnection, Refused> {
        if session == Session::Any {
            return Ok(connection);
        }
        const QUESTION: &str = "SELECT pg_catalog.pg_is_in_recovery(), \
             pg_catalog.current_setting('transaction_read_only') = 'on'";
        let row = sqlx::raw_sql(QUESTION)
            .fetch_one(&mut connection)
            .await
            .map_err(|error| self.refused(error, host))?;
        let standby = row.try_get::<bool, _>(0).unwrap_or_default();
        let read_only = row.try_get::<bool, _>(1).unwrap_or_default();
        let (suits, asked) = match session {
            Session::Any | Session::PreferStandby => (true, ""),
            Session::ReadWrite => (!read_only, "read-write"),
            Session::ReadOnly => (read_only, "read-only"),
            Session::Primary => (!standby, "primary"),
            Session::Standby => (standby, "standby"),
        };
        if suits {
            return Ok(connection);
        }
        let _ = connection.close().await;
        let cause = format!("the server at {} is not `{asked}`", place(host));
        let failure =
            Failure::environment(format!("cannot connect to `{}`{}", self.url, self.from()))
                .cause(cause.clone())
                .hint("`target_session_attrs` asks for it; without it the first host will do");
        Err(Refused::Next(failure, cause))
    }

    fn options(&self, host: &Host, mode: PgSslMode) -> PgConnectOptions {
        let parameters = &self.parameters;
        // Raw options can only be given in a URL.
        let base = match &parameters.options {
            Some(options) => {
                let encoded: String =
                    url::form_urlencoded::byte_serialize(options.as_bytes()).collect();
                PgConnectOptions::from_str(&format!("postgres:///?options={encoded}"))
                    .unwrap_or_else(|_| PgConnectOptions::new_without_pgpass())
            }
            None => PgConnectOptions::new_without_pgpass(),
        };
        let mut options = base
            .port(host.port)
            .username(&parameters.user)
            .password(host.password.as_deref().unwrap_or_default())
            .database(self.database())
            .application_name(parameters.application.as_deref().unwrap_or("backsmith"))
            .ssl_mode(mode)
            .disable_statement_logging();
        options = if host.name.starts_with('/') {
            options.socket(&host.name)
        } else {
            options.host(&host.name)
        };
        options = match &parameters.tls.root {
            Some(root) => options.ssl_root_cert(root),
            // Nothing beside the public roots, whatever the environment says.
            None => options.ssl_root_cert_from_pem(Vec::new()),
        };
        if let Some((certificate, key)) = &parameters.tls.identity {
            options = options.ssl_client_cert(certificate).ssl_client_key(key);
        }
        options
    }

    fn from(&self) -> String {
        self.origin
            .map_or(String::new(), |origin| format!(" (from {origin})"))
    }

    fn refused(&self, error: sqlx::Error, host: &Host) -> Refused {
        let (from, url) = (self.from(), &self.url);
        if let Some(why) = fault_of_tls(&error) {
            let cause = format!("no TLS connection to {}: {why}", place(host));
            let failure = Failure::environment(format!("cannot connect to `{url}`{from}"))
                .cause(cause.clone())
                .hint("sslmode is one of disable, allow, prefer, require, verify-ca, verify-full; sslrootcert names the root that is trusted");
            return Refused::Next(failure, cause);
        }
        let error = match error {
            sqlx::Error::Io(error) => {
                // tokio words it "Connection refused"; causes are lower-case fragments here.
                let cause = format!(
                    "{} at {}",
                    lower_case_start(&error.to_string()),
                    place(host)
                );
                return Refused::Next(self.unreachable(cause.clone()), cause);
            }
            error => Error::from(error),
        };
        let Error::Database(error) = error else {
            let cause = error.to_string();
            return Refused::Next(self.unreachable(cause.clone()), cause);
        };
        let summary = error.summary();
        let failure = match error.code.as_str() {
            "28P01" if host.password.is_none() => {
                Failure::environment(format!("`{url}`{from} asks for a password, and there is none"))
                    .cause(summary)
                    .hint("in the URL, in PGPASSWORD, or in ~/.pgpass with the rights 0600")
            }
            "28P01" => Failure::environment(format!("`{url}`{from} refuses the password"))
                .cause(summary)
                .hint(match self.origin {
                    Some(origin) => format!(
                        "`--connection` overrules {origin}; without a password in the URL ~/.pgpass is read"
                    ),
                    None => "without a password in the URL PGPASSWORD and ~/.pgpass are read".to_owned(),
                }),
            "28000" => Failure::environment(format!("`{url}`{from} refuses the user"))
                .cause(summary)
                .hint("the server's pg_hba.conf decides who may connect from where"),
            "3D000" => Failure::environment(format!("`{url}`{from}: there is no such database"))
                .cause(summary)
                .hint("`psql -l` lists the databases of a server"),
            "08P01" if error.message.contains("startup parameter") => Failure::environment(format!(
                "`{url}`{from} is a connection pooler that refuses the session"
            ))
            .cause(summary)
            .hint("connect to the server itself, not to the pooler in front of it"),
            _ => {
                let cause = format!("{summary} at {}", place(host));
                let failure = Failure::environment(format!("cannot connect to `{url}`{from}")).cause(summary);
                let failure = if error.code == "53300" {
                    failure.code(FULL)
                } else {
                    failure
                };
                return Refused::Next(failure, cause);
            }
        };
        Refused::Final(match &self.parameters.passwords_refused {
            Some(refused) if error.code == "28P01" => failure.detail(refused.clone()),
            _ => failure,
        })
    }

    fn unreachable(&self, cause: String) -> Failure {
        Failure::environment(format!("cannot connect to `{}`{}", self.url, self.from()))
            .cause(cause)
            .hint("`backsmith doctor` checks name, port, TLS and rights one after the other")
    }
}

/// Why a host did not let us in.
enum Refused {
    /// No other host would say anything else.
    Final(Failure),
    /// The next one may do; what is said of this one in a list.
    Next(Failure, String),
}

/// What is tried on a host, in turn. TLS protects nothing on a socket of this machine.
fn modes(mode: TlsMode, host: &Host) -> &'static [PgSslMode] {
    if host.name.starts_with('/') {
        return &[PgSslMode::Disable];
    }
    match mode {
        TlsMode::Disable => &[PgSslMode::Disable],
        TlsMode::Allow => &[PgSslMode::Disable, PgSslMode::Require],
        TlsMode::Prefer => &[PgSslMode::Prefer, PgSslMode::Disable],
        TlsMode::Require => &[PgSslMode::Require],
        TlsMode::VerifyCa => &[PgSslMode::VerifyCa],
        TlsMode::VerifyFull => &[PgSslMode::VerifyFull],
    }
}

/// Whether another mode may succeed: TLS failed, or pg_hba.conf has no line for this mode.
fn is_about_tls(error: &sqlx::Error) -> bool {
    fault_of_tls(error).is_some()
        || error
            .as_database_error()
            .is_some_and(|error| error.code().as_deref() == Some("28000"))
}

fn fault_of_tls(error: &sqlx::Error) -> Option<String> {
    match error {
        // The latter: a key that does not fit, or a file that holds none.
        sqlx::Error::Tls(error) | sqlx::Error::Configuration(error) => Some(error.to_string()),
        sqlx::Error::Io(error) => {
            let inner = error.get_ref()?.downcast_ref::<rustls::Error>()?;
            Some(inner.to_string())
        }
        _ => None,
    }
}

fn place(host: &Host) -> String {
    let Host { name, port, .. } = host;
    if name.starts_with('/') {
        format!("{name}/.s.PGSQL.{port}")
    } else if name.contains(':') {
        format!("[{name}]:{port}")
    } else {
        format!("{name}:{port}")
    }
}

fn lower_case_start(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| {
        first.to_lowercase().chain(characters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        Target::parse(&SecretUrl::new(url), None).expect("a URL")
    }

    #[test]
    fn reads_sockets_and_databases() {
        let socket = target("postgres:///shop?host=/var/run/postgresql");
        assert_eq!(socket.database(), "shop");
        assert_eq!(socket.place(), "/var/run/postgresql/.s.PGSQL.5432");
        assert_eq!(
            target("postgres://a@h:6/shop").with_database("x").place(),
            "h:6"
        );
        assert_eq!(
            target("postgres://a@h:6/shop")
                .with_database("x")
                .database(),
            "x"
        );
    }

    #[test]
    fn a_host_may_stand_behind_the_question_mark() {
        let socket = target("postgres://app:s3cret@/shop?host=/run/pg&port=6");
        assert_eq!(socket.place(), "/run/pg/.s.PGSQL.6");
        assert_eq!(socket.database(), "shop");
        assert_eq!(target("postgres://app@h:6/shop").place(), "h:6");
    }

    #[test]
    fn never_shows_a_password() {
        let target = target("postgres://a:s3cret@h/shop?password=s3cret").with_database("x");
        assert!(!format!("{target:?}").contains("s3cret"), "{target:?}");
        let other = SecretUrl::new("mysql://a:s3cret@h/shop");
        let failure = Target::parse(&other, Some("DATABASE_URL")).expect_err("no Postgres");
        assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
    }
}
