//! What a session of the user's own tools starts with. The driver sets some parameters itself; a
//! migration must mean here what it means under psql.

use sqlx::Row;

use super::{Connection, Error};

/// Parameters that change what statements mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionDefaults {
    pub search_path: String,
    /// None when the server does not tell us what its configuration says.
    pub time_zone: Option<String>,
}

impl SessionDefaults {
    /// Reads them from a session that has not changed them yet.
    pub async fn read(connection: &mut Connection) -> Result<Self, Error> {
        Ok(Self {
            search_path: connection.show("search_path").await?,
            time_zone: time_zone(connection).await?,
        })
    }

    pub async fn adopt(&self, connection: &mut Connection) -> Result<(), Error> {
        connection.set("search_path", &self.search_path).await?;
        match &self.time_zone {
            Some(zone) => connection.set("timezone", zone).await,
            None => Ok(()),
        }
    }
}

/// The driver asks for UTC at the start, so the session itself does not know any more.
async fn time_zone(connection: &mut Connection) -> Result<Option<String>, Error> {
    // As libpq does.
    if let Ok(zone) = std::env::var("PGTZ") {
        return Ok(Some(zone));
    }
    const BY_ROLE_OR_DATABASE: &str = "
        SELECT split_part(c.setting, '=', 2) FROM pg_db_role_setting s, unnest(s.setconfig) c (setting)
        WHERE lower(split_part(c.setting, '=', 1)) = 'timezone'
          AND s.setdatabase IN (0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
          AND s.setrole IN (0, (SELECT r.oid FROM pg_roles r WHERE r.rolname = session_user))
        ORDER BY s.setrole = 0, s.setdatabase = 0 LIMIT 1";
    if let Some(row) = connection.rows(BY_ROLE_OR_DATABASE).await?.first() {
        return Ok(Some(row.try_get(0)?));
    }
    const BY_FILE: &str = "SELECT f.setting FROM pg_file_settings f
        WHERE lower(f.name) = 'timezone' AND f.applied ORDER BY f.seqno DESC LIMIT 1";
    match connection.rows(BY_FILE).await {
        Ok(rows) => match rows.first() {
            Some(row) => Ok(row.try_get(0)?),
            None => Ok(None),
        },
        // Only superusers may read the files.
        Err(Error::Database(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The roles of the server, without those that Postgres itself brings.
pub async fn roles(connection: &mut Connection) -> Result<Vec<String>, Error> {
    let rows = connection
        .rows("SELECT r.rolname::text FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY 1")
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
