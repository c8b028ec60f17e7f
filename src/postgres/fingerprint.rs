//! What a schema is, as one digest: the judge of every migration that is written. Its query reads
//! the raw catalogs and shares nothing with the introspection and the comparison.

use std::collections::BTreeMap;

use sha2::Digest;
use sqlx::Row;

use super::snapshot::{BEGIN, SETTINGS};
use super::{Connection, Error};

const QUERY: &str = include_str!("fingerprint.sql");

/// Every object by kind and name, and the digest of them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    objects: BTreeMap<(String, String), Vec<String>>,
}

impl Fingerprint {
    pub async fn read(connection: &mut Connection) -> Result<Self, Error> {
        connection.execute(&format!("{BEGIN}; {SETTINGS}")).await?;
        let result = Self::of_snapshot(connection).await;
        connection.execute("ROLLBACK").await?;
        result
    }

    /// In a transaction that is open and has its settings.
    pub(super) async fn of_snapshot(connection: &mut Connection) -> Result<Self, Error> {
        // Bodies in standard SQL, the compression of columns and statistics of expressions came
        // with version 14.
        let query = if connection.server().version_number >= 140_000 {
            QUERY.to_owned()
        } else {
            QUERY
                .replace("md5(pg_get_function_sqlbody(p.oid)),", "")
                .replace("a.attcompression, ", "")
                .replace(
                    "array_to_string(pg_get_statisticsobjdef_expressions(x.oid), ','),",
                    "",
                )
        };
        let rows = connection.rows_of(query).await?;
        let mut objects: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for row in rows {
            objects
                .entry((row.try_get(0)?, row.try_get(1)?))
                .or_default()
                .push(row.try_get::<Option<String>, _>(2)?.unwrap_or_default());
        }
        Ok(Self { objects })
    }

    /// Leaves out a relation with all that hangs on it, by the names as SQL writes them.
    pub fn leave_out(&mut self, names: &[String]) {
        self.objects.retain(|(_, name), _| {
            !names.iter().any(|left_out| {
                name.strip_prefix(left_out.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        });
    }

    /// Eight hexadecimal digits.
    pub fn digest(&self) -> String {
        let mut hasher = sha2::Sha256::new();
        for ((kind, name), definitions) in &self.objects {
            for text in [kind, name].into_iter().chain(definitions) {
                hasher.update(text.as_bytes());
                hasher.update([0]);
            }
        }
        let digest = hasher.finalize();
        let start = [digest[0], digest[1], digest[2], digest[3]];
        format!("{:08x}", u32::from_be_bytes(start))
    }

    /// Objects that are not the same on both sides, as `kind name`.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let keys = self.objects.keys().chain(other.objects.keys());
        let mut differing: Vec<String> = keys
            .filter(|key| self.objects.get(*key) != other.objects.get(*key))
            .map(|(kind, name)| format!("{kind} {name}"))
            .collect();
        differing.sort();
        differing.dedup();
        differing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_name_both_sides_once() {
        let side = |names: &[&str]| Fingerprint {
            objects: names
                .iter()
                .map(|name| {
                    (
                        ("table".to_owned(), (*name).to_owned()),
                        vec![String::new()],
                    )
                })
                .collect(),
        };
        let (a, b) = (side(&["x", "y"]), side(&["y", "z"]));
        assert_eq!(a.differences(&b), ["table x", "table z"]);
        assert_ne!(a.digest(), b.digest());
        assert_eq!(a.digest(), side(&["y", "x"]).digest());
    }
}
