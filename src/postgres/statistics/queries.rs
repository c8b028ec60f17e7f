//! The catalog queries of the analysis. The column names are the fields of `catalog::statistics`.

/// Which relations are looked at; `$1` holds the names of schemas. Members of extensions belong to
/// the extension, and `backsmith` holds our own history: both are left out.
pub(super) const SCOPE: &str = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'backsmith')
   AND n.nspname !~ '^pg_(toast|temp_)'
   AND (pg_catalog.cardinality($1::text[]) = 0 OR n.nspname = ANY ($1::text[]))
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend x
                   WHERE x.classid = 'pg_catalog.pg_class'::regclass AND x.objid = c.oid
                     AND x.deptype = 'e')";

pub(super) const SERVER: &str = "
SELECT current_database() AS database,
       split_part(current_setting('server_version'), ' ', 1) AS version,
       current_setting('server_version_num')::int4 AS version_number,
       to_char(coalesce(d.stats_reset, pg_postmaster_start_time()) AT TIME ZONE 'UTC',
               'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS since,
       extract(epoch FROM now() - coalesce(d.stats_reset, pg_postmaster_start_time()))::float8 / 86400
         AS days,
       to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS today,
       pg_is_in_recovery() AS is_replica,
       EXISTS (SELECT FROM pg_stat_replication) AS has_replicas,
       (SELECT extversion FROM pg_extension WHERE extname = 'hypopg') AS hypopg,
       (SELECT age(datfrozenxid)::int8 FROM pg_database WHERE datname = current_database())
         AS transaction_age,
       current_setting('autovacuum_freeze_max_age')::int8 AS freeze_max_age,
       current_schemas(false)::text[] AS search_path,
       cardinality($1::text[]) AS asked
FROM pg_stat_database d WHERE d.datname = current_database()";

pub(super) const TABLES: &str = "
SELECT c.oid::int8 AS id, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
       c.relispartition AS is_partition,
       (SELECT p.inhparent::int8 FROM pg_catalog.pg_inherits p
        WHERE p.inhrelid = c.oid AND c.relispartition) AS partition_of,
       -- As the planner does it: the density that ANALYZE saw times the pages of now.
       CASE WHEN c.relkind = 'p' THEN coalesce(parts.rows, 0)
            WHEN c.reltuples > 0 AND c.relpages > 0
            THEN (c.reltuples / c.relpages
                  * (pg_catalog.pg_relation_size(c.oid)
                     / pg_catalog.current_setting('block_size')::float8))::int8
            ELSE greatest(coalesce(s.n_live_tup, 0), 0) END AS rows,
       CASE WHEN c.relpages > 0
            THEN pg_catalog.pg_relation_size(c.oid)
                 / (c.relpages * pg_catalog.current_setting('block_size')::float8)
            ELSE 1 END AS growth,
       CASE WHEN c.relkind = 'p' THEN coalesce(parts.bytes, 0)
            ELSE coalesce(pg_catalog.pg_table_size(c.oid), 0) END AS bytes,
       c.reltuples < 0 AS never_analyzed,
       coalesce(s.n_mod_since_analyze, 0) AS modified_since_analyze,
       coalesce(s.seq_scan, 0) AS sequential_scans,
       coalesce(s.seq_tup_read, 0) AS sequential_rows,
       coalesce(s.idx_scan, 0) AS index_scans,
       coalesce(s.n_tup_ins, 0) AS inserted, coalesce(s.n_tup_upd, 0) AS updated,
       coalesce(s.n_tup_del, 0) AS deleted, coalesce(s.n_dead_tup, 0) AS dead_rows,
       pg_catalog.to_char(greatest(s.last_analyze, s.last_autoanalyze) AT TIME ZONE 'UTC',
         'YYYY-MM-DD') AS last_analyzed,
       pg_catalog.to_char(greatest(s.last_vacuum, s.last_autovacuum) AT TIME ZONE 'UTC',
         'YYYY-MM-DD') AS last_vacuumed,
       EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
         AS has_primary_key,
       c.relreplident::text AS replica_identity,
       c.relrowsecurity AS row_security,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid) AS policies,
       CASE WHEN c.relkind = 'p' THEN 0 ELSE pg_catalog.age(c.relfrozenxid)::int8 END AS freeze_age
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = c.oid
-- A partitioned table holds what its parts hold.
LEFT JOIN LATERAL (
    SELECT pg_catalog.sum(CASE WHEN l.reltuples > 0 THEN l.reltuples::int8
                               ELSE coalesce(ls.n_live_tup, 0) END)::int8 AS rows,
           pg_catalog.sum(pg_catalog.pg_table_size(l.oid))::int8 AS bytes
    FROM pg_catalog.pg_partition_tree(c.oid) t
    JOIN pg_catalog.pg_class l ON l.oid = t.relid
    LEFT JOIN pg_catalog.pg_stat_all_tables ls ON ls.relid = l.oid
    WHERE t.isleaf
) parts ON c.relkind = 'p'
WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND {scope}
ORDER BY c.oid";

pub(super) const INDEXES: &str = "
SELECT i.indexrelid::int8 AS id, i.indrelid::int8 AS \"table\", n.nspname AS schema,
       ic.relname AS name, am.amname AS method, keys.keys, keys.signatures,
       coalesce((SELECT pg_catalog.array_agg(pg_catalog.pg_get_indexdef(i.indexrelid, k, true) ORDER BY k)
                 FROM pg_catalog.generate_series(i.indnkeyatts + 1, i.indnatts::int4) k), '{}') AS included,
       pg_catalog.pg_get_expr(i.indpred, i.indrelid, true) AS predicate,
       pg_catalog.pg_get_indexdef(i.indexrelid) AS definition,
       i.indisunique AS is_unique, i.indisprimary AS is_primary, i.indisexclusion AS is_exclusion,
       i.indisvalid AS is_valid,
       EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p
               WHERE p.index_relid = i.indexrelid) AS is_building,
       i.indisreplident AS is_replica_identity,
       EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.conindid = i.indexrelid)
         AS backs_constraint,
       ic.relispartition AS is_partition,
       coalesce(s.idx_scan, 0) AS scans,
       coalesce(pg_catalog.pg_relation_size(i.indexrelid), 0) AS bytes
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
JOIN pg_catalog.pg_am am ON am.oid = ic.relam
JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_all_indexes s ON s.indexrelid = i.indexrelid
CROSS JOIN LATERAL (
  SELECT pg_catalog.array_agg(k.text ORDER BY k.place) AS keys,
         pg_catalog.array_agg(k.text || ' ' || i.indclass[k.place - 1] || ' '
           || i.indcollation[k.place - 1] || ' ' || i.indoption[k.place - 1] ORDER BY k.place)
           AS signatures
  FROM (SELECT place, pg_catalog.pg_get_indexdef(i.indexrelid, place, true) AS text
        FROM pg_catalog.generate_series(1, i.indnkeyatts::int4) place) k) keys
WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND {scope}
ORDER BY i.indexrelid";

pub(super) const FOREIGN_KEYS: &str = "
SELECT o.conname AS name, o.conrelid::int8 AS \"table\", own.names AS columns, own.types,
       o.confrelid::int8 AS referenced, theirs.names AS referenced_columns,
       theirs.types AS referenced_types
FROM pg_catalog.pg_constraint o
JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  SELECT pg_catalog.array_agg(a.attname ORDER BY k.place) AS names,
         pg_catalog.array_agg(pg_catalog.format_type(a.atttypid, NULL) ORDER BY k.place) AS types
  FROM pg_catalog.unnest(o.conkey) WITH ORDINALITY k(number, place)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.number) own
CROSS JOIN LATERAL (
  SELECT pg_catalog.array_agg(a.attname ORDER BY k.place) AS names,
         pg_catalog.array_agg(pg_catalog.format_type(a.atttypid, NULL) ORDER BY k.place) AS types
  FROM pg_catalog.unnest(o.confkey) WITH ORDINALITY k(number, place)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = k.number) theirs
WHERE o.contype = 'f' AND o.conparentid = 0 AND {scope}
ORDER BY n.nspname, c.relname, o.conname";

pub(super) const SEQUENCES: &str = "
SELECT c.oid::int8 AS \"table\", a.attname AS \"column\",
       pg_catalog.format_type(a.atttypid, NULL) AS column_type,
       sn.nspname || '.' || sc.relname AS sequence,
       pg_catalog.format_type(q.seqtypid, NULL) AS sequence_type,
       q.seqmax AS sequence_maximum, q.seqcycle AS cycles,
       CASE WHEN pg_catalog.has_sequence_privilege(q.seqrelid, 'USAGE, SELECT')
            THEN pg_catalog.pg_sequence_last_value(q.seqrelid) END AS last_value
FROM (SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS number
      FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_class'::regclass
        AND d.refclassid = 'pg_catalog.pg_class'::regclass
        AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
      UNION
      SELECT d.refobjid, f.adrelid, f.adnum
      FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attrdef f ON f.oid = d.objid
      WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass
        AND d.refclassid = 'pg_catalog.pg_class'::regclass) used
JOIN pg_catalog.pg_sequence q ON q.seqrelid = used.sequence
JOIN pg_catalog.pg_class sc ON sc.oid = q.seqrelid
JOIN pg_catalog.pg_namespace sn ON sn.oid = sc.relnamespace
JOIN pg_catalog.pg_class c ON c.oid = used.relation
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = used.number
WHERE {scope}
ORDER BY n.nspname, c.relname, a.attnum";

pub(super) const UNVALIDATED: &str = "
SELECT o.conrelid::int8 AS \"table\", o.conname AS name,
       pg_catalog.pg_get_constraintdef(o.oid, true) AS definition,
       coalesce((SELECT pg_catalog.array_agg(a.attname ORDER BY k.place)
                 FROM pg_catalog.unnest(o.conkey) WITH ORDINALITY k(number, place)
                 JOIN pg_catalog.pg_attribute a
                   ON a.attrelid = o.conrelid AND a.attnum = k.number), '{}') AS columns
FROM pg_catalog.pg_constraint o
JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT o.convalidated AND o.contype IN ('c', 'f') AND o.conparentid = 0 AND {scope}
ORDER BY n.nspname, c.relname, o.conname";

pub(super) const COLUMNS: &str = "
SELECT c.oid::int8 AS \"table\", a.attname AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type_name,
       a.attnotnull AS not_null,
       a.attidentity = '' AND EXISTS (
         SELECT FROM pg_catalog.pg_depend d
         JOIN pg_catalog.pg_class q ON q.oid = d.objid AND q.relkind = 'S'
         WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'a'
           AND d.refclassid = 'pg_catalog.pg_class'::regclass
           AND d.refobjid = c.oid AND d.refobjsubid = a.attnum) AS is_serial,
       s.n_distinct::float8 AS \"distinct\", s.null_frac::float8 AS null_fraction,
       s.avg_width::int8 AS average_width,
       coalesce((s.most_common_vals::text::text[])[1:20], '{}') AS common_values,
       coalesce((s.most_common_freqs)[1:20]::float8[], '{}') AS common_shares
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_stats s
  ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
     AND s.inherited = (c.relkind = 'p')
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND {scope}
ORDER BY c.oid, a.attnum";

pub(super) const WORKLOAD_SCHEMA: &str = "
SELECT n.nspname::text
FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'pg_stat_statements'";

/// One row a statement and user: planner variants and nesting levels are added up.
pub(super) const WORKLOAD: &str = "
SELECT pg_catalog.json_build_object('query', s.query, 'user', s.userid::int8,
         'calls', pg_catalog.sum(s.calls)::int8, 'rows', pg_catalog.sum(s.rows)::int8,
         'total_ms', pg_catalog.sum(s.total_exec_time)::float8)::text
FROM {schema}.pg_stat_statements s
JOIN pg_catalog.pg_database d ON d.oid = s.dbid AND d.datname = pg_catalog.current_database()
WHERE s.query ~* '^[[:space:](]*(/\\*.*\\*/[[:space:]]*)?(select|with|update|delete|insert)'
GROUP BY s.query, s.userid
ORDER BY pg_catalog.sum(s.total_exec_time) DESC, s.query
LIMIT {most}";

/// The server shows this in place of the text, which is no statement of its own.
pub(super) const HIDDEN_CALLS: &str = "
SELECT coalesce(pg_catalog.sum(s.calls), 0)::int8
FROM {schema}.pg_stat_statements s
JOIN pg_catalog.pg_database d ON d.oid = s.dbid AND d.datname = pg_catalog.current_database()
WHERE s.query = '<insufficient privilege>'";
