//! The queries that turn a catalog into statements, one per kind, in the order in which most of them
//! can be made. Each gives (name, statement); names come qualified, since the search path is empty.
//!
//! Parts of partitioned tables and children of inheritance are made on their own, with their own
//! indexes and checks, and attached afterwards: so they keep their names.

pub(super) const PHASES: &[&str] = &[
    SCHEMAS,
    EXTENSIONS,
    ENUMS,
    DOMAINS,
    COMPOSITES,
    RANGES,
    SEQUENCES,
    FUNCTIONS,
    AGGREGATES,
    TABLES,
    SEQUENCE_OWNERS,
    CONSTRAINTS,
    INDEXES,
    INHERITANCE,
    FOREIGN_KEYS,
    VIEWS,
    VIEW_INDEXES,
    RULES,
    TRIGGERS,
    POLICIES,
    TABLE_STATES,
    STATISTICS,
];

const SCHEMAS: &str = "
    SELECT n.nspname::text, format('CREATE SCHEMA IF NOT EXISTS %I', n.nspname)
    FROM pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
    ORDER BY 1";

const EXTENSIONS: &str = "
    SELECT e.extname::text, format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I', e.extname, n.nspname)
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname <> 'plpgsql'
    ORDER BY e.oid";

const ENUMS: &str = "
    SELECT t.oid::regtype::text, format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
        (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype = 'e' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
    ORDER BY t.oid";

const DOMAINS: &str = "
    SELECT t.oid::regtype::text, format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod))
        || CASE WHEN t.typcollation <> b.typcollation THEN ' COLLATE ' || t.typcollation::regcollation ELSE '' END
        || coalesce(' DEFAULT ' || t.typdefault, '')
        || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
        || coalesce((SELECT string_agg(format(' CONSTRAINT %I %s', c.conname, pg_get_constraintdef(c.oid)), '' ORDER BY c.conname)
                     FROM pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c' AND c.convalidated), '')
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype
    WHERE t.typtype = 'd' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
    ORDER BY t.oid";

const COMPOSITES: &str = "
    SELECT t.oid::regtype::text, format('CREATE TYPE %I.%I AS (%s)', n.nspname, t.typname,
        (SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
         FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
    FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c' JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
    ORDER BY t.oid";

const RANGES: &str = "
    SELECT t.oid::regtype::text, format('CREATE TYPE %I.%I AS RANGE (SUBTYPE = %s%s)', n.nspname, t.typname, r.rngsubtype::regtype,
        CASE WHEN r.rngsubdiff <> 0 THEN ', SUBTYPE_DIFF = ' || r.rngsubdiff::regproc ELSE '' END)
    FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
    ORDER BY t.oid";

/// Those of identity columns come with their columns.
const SEQUENCES: &str = "
    SELECT c.oid::regclass::text, format('CREATE SEQUENCE %s AS %s INCREMENT %s MINVALUE %s MAXVALUE %s START %s CACHE %s%s',
        c.oid::regclass, s.seqtypid::regtype, s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache,
        CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'i'))
    ORDER BY c.oid";

const FUNCTIONS: &str = "
    SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prokind IN ('f', 'p', 'w') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
    ORDER BY p.oid";

/// Plain ones; ordered-set aggregates and those with a moving form are counted as unmanaged.
const AGGREGATES: &str = "
    SELECT p.oid::regprocedure::text,
        format('CREATE AGGREGATE %I.%I(%s) (SFUNC = %s, STYPE = %s', n.nspname, p.proname,
            pg_get_function_arguments(p.oid), a.aggtransfn, format_type(a.aggtranstype, NULL))
        || CASE WHEN a.aggfinalfn <> 0 THEN format(', FINALFUNC = %s', a.aggfinalfn) ELSE '' END
        || CASE WHEN a.aggfinalextra THEN ', FINALFUNC_EXTRA' ELSE '' END
        || CASE WHEN a.aggcombinefn <> 0 THEN format(', COMBINEFUNC = %s', a.aggcombinefn) ELSE '' END
        || CASE WHEN a.agginitval IS NOT NULL THEN format(', INITCOND = %L', a.agginitval) ELSE '' END
        || ')'
    FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE a.aggkind = 'n' AND a.aggmtransfn = 0 AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
    ORDER BY p.oid";

const TABLES: &str = "
    SELECT c.oid::regclass::text, 'CREATE ' || CASE WHEN c.relpersistence = 'u' THEN 'UNLOGGED ' ELSE '' END
        || format('TABLE %s (', c.oid::regclass)
        || coalesce((SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
                || CASE WHEN a.attcollation <> y.typcollation AND a.attcollation <> 0 THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END
                || CASE a.attgenerated WHEN 's' THEN format(' GENERATED ALWAYS AS (%s) STORED', pg_get_expr(d.adbin, d.adrelid))
                                       WHEN 'v' THEN format(' GENERATED ALWAYS AS (%s) VIRTUAL', pg_get_expr(d.adbin, d.adrelid))
                                       ELSE coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') END
                || CASE a.attidentity WHEN 'a' THEN format(' GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME %s)', i.sequence)
                                      WHEN 'd' THEN format(' GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME %s)', i.sequence) ELSE '' END
                || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, ', ' ORDER BY a.attnum)
            FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            LEFT JOIN LATERAL (SELECT o.objid::regclass::text AS sequence FROM pg_depend o
                WHERE o.classid = 'pg_class'::regclass AND o.refclassid = 'pg_class'::regclass AND o.refobjid = a.attrelid
                  AND o.refobjsubid = a.attnum AND o.deptype = 'i' LIMIT 1) i ON true
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '')
        || ')' || CASE WHEN c.relkind = 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END
        || CASE WHEN m.amname <> 'heap' THEN format(' USING %I', m.amname) ELSE '' END
        || CASE WHEN c.reloptions IS NOT NULL THEN (SELECT format(' WITH (%s)', string_agg(format('%s = %L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', '))
                 FROM unnest(c.reloptions) o) ELSE '' END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am m ON m.oid = c.relam
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.oid";

const SEQUENCE_OWNERS: &str = "
    SELECT c.oid::regclass::text, format('ALTER SEQUENCE %s OWNED BY %s.%I', c.oid::regclass, d.refobjid::regclass, a.attname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype = 'a'
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE c.relkind = 'S' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
    ORDER BY c.oid";

/// Keys, exclusions and checks, of parts too. Not null comes with the columns.
const CONSTRAINTS: &str = "
    SELECT format('%s of %s', k.conname, k.conrelid::regclass), format('ALTER TABLE ONLY %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype IN ('p', 'u', 'x', 'c') AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY k.oid";

const INDEXES: &str = "
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid IN (c.oid, i.indexrelid) AND d.deptype = 'e')
    ORDER BY i.indexrelid";

const INHERITANCE: &str = "
    SELECT c.oid::regclass::text, CASE WHEN c.relispartition
        THEN format('ALTER TABLE %s ATTACH PARTITION %s %s', h.inhparent::regclass, c.oid::regclass, pg_get_expr(c.relpartbound, c.oid))
        ELSE format('ALTER TABLE %s INHERIT %s', c.oid::regclass, h.inhparent::regclass) END
    FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.oid, h.inhseqno";

const FOREIGN_KEYS: &str = "
    SELECT format('%s of %s', k.conname, k.conrelid::regclass), format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY k.oid";

const VIEWS: &str = "
    SELECT c.oid::regclass::text, format('CREATE %s %s', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, c.oid::regclass)
        || format(' (%s)', (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
        || CASE WHEN c.reloptions IS NOT NULL THEN format(' WITH (%s)', array_to_string(c.reloptions, ', ')) ELSE '' END
        || ' AS ' || rtrim(pg_get_viewdef(c.oid), ';')
        || CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN ' WITH NO DATA' ELSE '' END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('v', 'm') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.oid";

const VIEW_INDEXES: &str = "
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'm' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY i.indexrelid";

const RULES: &str = "
    SELECT format('%s on %s', r.rulename, r.ev_class::regclass), rtrim(pg_get_ruledef(r.oid), ';')
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE r.rulename <> '_RETURN' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY r.oid";

const TRIGGERS: &str = "
    SELECT format('%s on %s', t.tgname, t.tgrelid::regclass), pg_get_triggerdef(t.oid)
        || CASE t.tgenabled WHEN 'D' THEN format('; ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::regclass, t.tgname)
                            WHEN 'R' THEN format('; ALTER TABLE %s ENABLE REPLICA TRIGGER %I', t.tgrelid::regclass, t.tgname)
                            WHEN 'A' THEN format('; ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.tgrelid::regclass, t.tgname) ELSE '' END
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY t.oid";

/// Roles are left out: a policy for some of them is one for all of them on the copy.
const POLICIES: &str = "
    SELECT format('%s on %s', p.polname, p.polrelid::regclass), format('CREATE POLICY %I ON %s AS %s FOR %s', p.polname, p.polrelid::regclass,
        CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
        CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END)
        || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
        || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
    ORDER BY p.oid";

/// Row security, replica identity and the index that CLUSTER would use.
const TABLE_STATES: &str = "
    SELECT c.oid::regclass::text, format('ALTER TABLE %s %s', c.oid::regclass, s.state)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
        SELECT 'ENABLE ROW LEVEL SECURITY' AS state WHERE c.relrowsecurity
        UNION ALL SELECT 'FORCE ROW LEVEL SECURITY' WHERE c.relforcerowsecurity
        UNION ALL SELECT 'REPLICA IDENTITY FULL' WHERE c.relreplident = 'f'
        UNION ALL SELECT 'REPLICA IDENTITY NOTHING' WHERE c.relreplident = 'n'
        UNION ALL SELECT format('REPLICA IDENTITY USING INDEX %I', x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
            WHERE i.indrelid = c.oid AND i.indisreplident AND c.relreplident = 'i'
        UNION ALL SELECT format('CLUSTER ON %I', x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
            WHERE i.indrelid = c.oid AND i.indisclustered
    ) s
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.oid";

const STATISTICS: &str = "
    SELECT s.stxname::text, pg_get_statisticsobjdef(s.oid)
    FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
    ORDER BY s.oid";

/// (kind, how many) of what has no place above.
pub(super) const UNMANAGED: &str = "
    SELECT kind, count(*) FROM (
        SELECT 'aggregate' AS kind, p.oid, 'pg_proc'::regclass AS catalog, p.pronamespace AS namespace FROM pg_proc p JOIN pg_aggregate a ON a.aggfnoid = p.oid WHERE a.aggkind <> 'n' OR a.aggmtransfn <> 0
        UNION ALL SELECT 'operator', o.oid, 'pg_operator'::regclass, o.oprnamespace FROM pg_operator o
        UNION ALL SELECT 'collation', c.oid, 'pg_collation'::regclass, c.collnamespace FROM pg_collation c
        UNION ALL SELECT 'text search configuration', t.oid, 'pg_ts_config'::regclass, t.cfgnamespace FROM pg_ts_config t
        UNION ALL SELECT 'text search dictionary', t.oid, 'pg_ts_dict'::regclass, t.dictnamespace FROM pg_ts_dict t
        UNION ALL SELECT 'operator class', o.oid, 'pg_opclass'::regclass, o.opcnamespace FROM pg_opclass o
        UNION ALL SELECT 'foreign table', c.oid, 'pg_class'::regclass, c.relnamespace FROM pg_class c WHERE c.relkind = 'f'
    ) o JOIN pg_namespace n ON n.oid = o.namespace
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'backsmith')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.catalog AND d.objid = o.oid AND d.deptype = 'e')
    GROUP BY kind
    UNION ALL SELECT 'event trigger', count(*) FROM pg_event_trigger e
      WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_event_trigger'::regclass AND d.objid = e.oid AND d.deptype = 'e') HAVING count(*) > 0
    UNION ALL SELECT 'publication', count(*) FROM pg_publication HAVING count(*) > 0
    UNION ALL SELECT 'cast', count(*) FROM pg_cast c WHERE c.oid >= 16384
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'e') HAVING count(*) > 0
    ORDER BY 1";
