//! Bodies of functions, checked when everything is there that they may speak of. Loading leaves the
//! checks off, because files define functions in any order.

use sqlx::Row;

use super::{Connection, DatabaseError, Error};

/// A function whose body is no code at all.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    /// `schema.name(arguments)`.
    pub(super) name: String,
    /// The body, as the catalog has it.
    pub(super) body: String,
    pub(super) error: DatabaseError,
}

/// Asks the validators of the languages. What a body speaks of may come later or never: only its
/// syntax is judged.
pub(super) async fn broken(connection: &mut Connection) -> Result<Vec<Broken>, Error> {
    // One round trip for all of them; those that fail are asked again for the details.
    const FAILING: &str = "
DO $backsmith$
DECLARE
    routine record;
    failing text := '';
BEGIN
    FOR routine IN
        SELECT p.oid, l.lanvalidator::pg_catalog.regproc::text AS validator
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE l.lanname IN ('plpgsql', 'sql') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
              WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
        ORDER BY p.oid
    LOOP
        BEGIN
            EXECUTE pg_catalog.format('SELECT %s(%s)', routine.validator, routine.oid);
        EXCEPTION
            WHEN syntax_error THEN failing := failing || routine.oid || ' ';
            WHEN OTHERS THEN NULL;
        END;
    END LOOP;
    PERFORM pg_catalog.set_config('backsmith.failing', failing, false);
END $backsmith$";
    const NAMED: &str = "
        SELECT pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
            p.prosrc, pg_catalog.format('SELECT %s(%s)', l.lanvalidator::pg_catalog.regproc, p.oid)
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE p.oid::text = ANY (pg_catalog.string_to_array(pg_catalog.current_setting('backsmith.failing'), ' ')) ORDER BY p.oid";
    connection.execute("SET check_function_bodies = on").await?;
    connection.execute(FAILING).await?;
    let mut broken = Vec::new();
    for row in connection.rows(NAMED).await? {
        let check: String = row.try_get(2)?;
        match connection.execute(&check).await {
            Err(Error::Database(error)) => broken.push(Broken {
                name: row.try_get(0)?,
                body: row.try_get(1)?,
                error: *error,
            }),
            Err(error) => return Err(error),
            Ok(()) => {}
        }
    }
    connection
        .execute("SET check_function_bodies = off")
        .await?;
    Ok(broken)
}
