-- One row (kind, name, definition) for every object that a user made, from the raw catalogs. It
-- shares nothing with the introspection, so that it can judge what the comparison wrote. Column
-- order, owners and data are left out, as are the names of NOT NULL constraints (the column says
-- whether it is); so are the history tables of backsmith itself, and user mappings that hold a
-- secret; and whether the key of a partition was made for it or joined, which no dump preserves.
WITH
space AS (
    SELECT oid, nspname, nspowner, nspacl FROM pg_namespace
    WHERE nspname NOT LIKE 'pg\_%' AND nspname NOT IN ('information_schema', 'backsmith')
),
member AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
),
note AS NOT MATERIALIZED (
    SELECT classoid, objoid, objsubid, md5(description) AS text FROM pg_description
),
relation AS (
    SELECT c.*, c.oid::regclass::text AS name FROM pg_class c JOIN space s ON s.oid = c.relnamespace
    WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
)
SELECT 'schema' AS kind, quote_ident(s.nspname) AS name, concat_ws('|',
    (SELECT string_agg(concat_ws(':', a.grantee::regrole, a.privilege_type, a.is_grantable), ',' ORDER BY a.grantee::regrole::text, a.privilege_type, a.is_grantable)
     FROM aclexplode(coalesce(s.nspacl, acldefault('n', s.nspowner))) a WHERE a.grantee <> s.nspowner),
    (SELECT text FROM note WHERE classoid = 'pg_namespace'::regclass AND objoid = s.oid)) AS definition
FROM space s WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_namespace'::regclass AND m.objid = s.oid)
UNION ALL
SELECT 'extension', extname, concat_ws('|', extnamespace::regnamespace, extversion) FROM pg_extension
UNION ALL
SELECT 'relation', r.name, concat_ws('|', r.relkind, r.relpersistence, r.relrowsecurity, r.relforcerowsecurity, r.relreplident, r.relispartition,
    (SELECT amname FROM pg_am WHERE oid = r.relam),
    CASE WHEN r.reloptions IS NOT NULL THEN (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(r.reloptions) o) END,
    CASE WHEN r.reltoastrelid <> 0 THEN (SELECT string_agg(o, ',' ORDER BY o) FROM pg_class t, unnest(t.reloptions) o WHERE t.oid = r.reltoastrelid) END,
    pg_get_expr(r.relpartbound, r.oid), CASE r.relkind WHEN 'p' THEN pg_get_partkeydef(r.oid) END,
    CASE WHEN r.reloftype <> 0 THEN r.reloftype::regtype END,
    (SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = r.oid),
    CASE r.relkind WHEN 'f' THEN (SELECT f.ftserver || array_to_string(f.ftoptions, ',') FROM (SELECT (SELECT srvname FROM pg_foreign_server WHERE oid = x.ftserver) AS ftserver, x.ftoptions FROM pg_foreign_table x WHERE x.ftrelid = r.oid) f) END,
    CASE WHEN r.relkind IN ('v', 'm') THEN md5(pg_get_viewdef(r.oid)) END,
    CASE r.relkind WHEN 'S' THEN (SELECT concat_ws(',', q.seqtypid::regtype, q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, q.seqcycle) FROM pg_sequence q WHERE q.seqrelid = r.oid) END,
    CASE r.relkind WHEN 'S' THEN (SELECT string_agg(concat(d.deptype, d.refobjid::regclass, '.', d.refobjsubid), ',') FROM (SELECT d.deptype, d.refobjid, a.attname AS refobjsubid FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')) d) END,
    (SELECT string_agg(concat_ws(':', a.grantee::regrole, a.privilege_type, a.is_grantable), ',' ORDER BY a.grantee::regrole::text, a.privilege_type, a.is_grantable)
     FROM aclexplode(coalesce(r.relacl, acldefault(CASE r.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", r.relowner))) a WHERE a.grantee <> r.relowner),
    (SELECT text FROM note WHERE classoid = 'pg_class'::regclass AND objoid = r.oid AND objsubid = 0))
FROM relation r WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
UNION ALL
SELECT 'column', r.name || '.' || quote_ident(a.attname), concat_ws('|', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
    pg_get_expr(d.adbin, CASE a.attgenerated WHEN '' THEN 0 ELSE d.adrelid END), a.attcollation::regcollation, a.attstorage, a.attcompression, nullif(a.attstattarget, -1),
    CASE WHEN a.attoptions IS NOT NULL THEN (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(a.attoptions) o) END,
    CASE WHEN a.attfdwoptions IS NOT NULL THEN (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(a.attfdwoptions) o) END,
    a.attislocal, a.attinhcount,
    CASE WHEN a.attacl IS NOT NULL THEN (SELECT string_agg(concat_ws(':', x.grantee::regrole, x.privilege_type, x.is_grantable), ',' ORDER BY x.grantee::regrole::text, x.privilege_type) FROM aclexplode(a.attacl) x WHERE x.grantee <> r.relowner) END,
    n.text)
FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
    LEFT JOIN note n ON n.classoid = 'pg_class'::regclass AND n.objoid = r.oid AND n.objsubid = a.attnum
WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint', CASE WHEN o.conrelid <> 0 THEN o.conrelid::regclass::text ELSE o.contypid::regtype::text END || '.' || quote_ident(o.conname),
    concat_ws('|', o.contype, pg_get_constraintdef(o.oid), o.convalidated, o.condeferrable, o.condeferred, o.conislocal, o.coninhcount, CASE WHEN o.conparentid = 0 THEN o.connoinherit END, n.text)
FROM pg_constraint o JOIN space s ON s.oid = o.connamespace
    LEFT JOIN note n ON n.classoid = 'pg_constraint'::regclass AND n.objoid = o.oid
WHERE o.contype NOT IN ('t', 'n') AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = o.conrelid)
    AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_type'::regclass AND m.objid = o.contypid)
UNION ALL
SELECT 'index', i.indexrelid::regclass::text, concat_ws('|', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered, i.indisreplident,
    a.targets, h.inhparent::regclass, n.text)
FROM pg_index i JOIN relation r ON r.oid = i.indexrelid
    LEFT JOIN (SELECT attrelid, string_agg(attnum || ':' || attstattarget, ',' ORDER BY attnum) AS targets
        FROM pg_attribute WHERE attstattarget >= 0 AND attnum > 0 GROUP BY attrelid) a ON a.attrelid = i.indexrelid
    LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid
    LEFT JOIN note n ON n.classoid = 'pg_class'::regclass AND n.objoid = i.indexrelid AND n.objsubid = 0
UNION ALL
SELECT 'trigger', r.name || '.' || quote_ident(t.tgname), concat_ws('|', pg_get_triggerdef(t.oid), t.tgenabled,
    (SELECT text FROM note WHERE classoid = 'pg_trigger'::regclass AND objoid = t.oid))
FROM pg_trigger t JOIN relation r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'rule', r.name || '.' || quote_ident(w.rulename), concat_ws('|', pg_get_ruledef(w.oid), w.ev_enabled,
    (SELECT text FROM note WHERE classoid = 'pg_rewrite'::regclass AND objoid = w.oid))
FROM pg_rewrite w JOIN relation r ON r.oid = w.ev_class WHERE w.rulename <> '_RETURN'
UNION ALL
SELECT 'policy', r.name || '.' || quote_ident(p.polname), concat_ws('|', p.polcmd, p.polpermissive,
    (SELECT string_agg(u::regrole::text, ',' ORDER BY u::regrole::text) FROM unnest(p.polroles) u),
    pg_get_expr(p.polqual, p.polrelid), '/', pg_get_expr(p.polwithcheck, p.polrelid),
    (SELECT text FROM note WHERE classoid = 'pg_policy'::regclass AND objoid = p.oid))
FROM pg_policy p JOIN relation r ON r.oid = p.polrelid
UNION ALL
SELECT 'routine', p.oid::regprocedure::text, concat_ws('|', p.prokind, p.prosecdef, p.proleakproof, p.proisstrict, p.proretset, p.provolatile, p.proparallel, p.procost, p.prorows,
    (SELECT lanname FROM pg_language WHERE oid = p.prolang), p.prorettype::regtype, array_to_string(p.proargnames, ','), array_to_string(p.proargmodes, ','),
    pg_get_expr(p.proargdefaults, 0), md5(p.prosrc), p.probin, array_to_string(p.proconfig, ','), nullif(p.prosupport, 0)::regproc,
    md5(pg_get_function_sqlbody(p.oid)),
    (SELECT concat_ws(',', g.aggkind, g.aggtransfn, g.aggfinalfn, g.aggfinalextra, g.aggfinalmodify, g.aggcombinefn, g.aggserialfn, g.aggdeserialfn, g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn,
        g.aggsortop::regoperator, g.aggtranstype::regtype, g.agginitval, g.aggmtranstype::regtype, g.aggminitval,
        'spaces', g.aggtransspace, g.aggmtransspace, g.aggmfinalextra, g.aggmfinalmodify) FROM pg_aggregate g WHERE g.aggfnoid = p.oid),
    (SELECT string_agg(concat_ws(':', a.grantee::regrole, a.privilege_type, a.is_grantable), ',' ORDER BY a.grantee::regrole::text, a.privilege_type)
     FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee <> p.proowner),
    (SELECT text FROM note WHERE classoid = 'pg_proc'::regclass AND objoid = p.oid))
FROM pg_proc p JOIN space s ON s.oid = p.pronamespace
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid)
UNION ALL
SELECT 'type', t.oid::regtype::text, concat_ws('|', t.typtype,
    (SELECT string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
    CASE t.typtype WHEN 'd' THEN concat_ws(',', format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault, t.typcollation::regcollation) END,
    CASE t.typtype WHEN 'c' THEN (SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) END,
    (SELECT concat_ws(',', g.rngsubtype::regtype, g.rngcollation::regcollation, (SELECT opcname FROM pg_opclass WHERE oid = g.rngsubopc), g.rngcanonical, g.rngsubdiff, (to_jsonb(g) ->> 'rngmultitypid')::oid::regtype) FROM pg_range g WHERE g.rngtypid = t.oid),
    (SELECT string_agg(concat_ws(':', a.grantee::regrole, a.privilege_type, a.is_grantable), ',' ORDER BY a.grantee::regrole::text)
     FROM aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) a WHERE a.grantee <> t.typowner),
    (SELECT text FROM note WHERE classoid = 'pg_type'::regclass AND objoid = t.oid),
    (SELECT text FROM note WHERE classoid = 'pg_class'::regclass AND objoid = t.typrelid AND objsubid = 0))
FROM pg_type t JOIN space s ON s.oid = t.typnamespace
WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'b' AND t.typelem = 0 OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
    AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
UNION ALL
SELECT 'statistics', x.stxnamespace::regnamespace || '.' || quote_ident(x.stxname), concat_ws('|', x.stxrelid::regclass, x.stxkind,
    (SELECT string_agg(a.attname, ',' ORDER BY a.attname) FROM unnest(x.stxkeys::int2[]) k JOIN pg_attribute a ON a.attrelid = x.stxrelid AND a.attnum = k),
    array_to_string(pg_get_statisticsobjdef_expressions(x.oid), ','), nullif(x.stxstattarget, -1),
    (SELECT text FROM note WHERE classoid = 'pg_statistic_ext'::regclass AND objoid = x.oid))
FROM pg_statistic_ext x JOIN space s ON s.oid = x.stxnamespace
UNION ALL
SELECT 'event trigger', evtname, concat_ws('|', evtevent, evtfoid::regproc, evtenabled, array_to_string(evttags, ','), (SELECT text FROM note WHERE classoid = 'pg_event_trigger'::regclass AND objoid = e.oid))
FROM pg_event_trigger e WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_event_trigger'::regclass AND m.objid = e.oid)
UNION ALL
SELECT 'collation', c.collnamespace::regnamespace || '.' || quote_ident(c.collname),
    (to_jsonb(c) - '{oid,collname,collnamespace,collowner,collversion}'::text[])::text || coalesce((SELECT text FROM note WHERE classoid = 'pg_collation'::regclass AND objoid = c.oid), '')
FROM pg_collation c JOIN space s ON s.oid = c.collnamespace
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_collation'::regclass AND m.objid = c.oid)
UNION ALL
SELECT 'operator', o.oid::regoperator::text, concat_ws('|', o.oprcode, o.oprcom::regoperator, o.oprnegate::regoperator, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash,
    (SELECT text FROM note WHERE classoid = 'pg_operator'::regclass AND objoid = o.oid))
FROM pg_operator o JOIN space s ON s.oid = o.oprnamespace
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_operator'::regclass AND m.objid = o.oid)
UNION ALL
SELECT 'operator class', format('%I.%I %I', s.nspname, o.opcname, m.amname), concat_ws('|', o.opcintype::regtype, o.opcdefault, nullif(o.opckeytype, 0)::regtype,
    (SELECT format('%s.%s', f.opfnamespace::regnamespace, f.opfname) FROM pg_opfamily f WHERE f.oid = o.opcfamily),
    (SELECT text FROM note WHERE classoid = 'pg_opclass'::regclass AND objoid = o.oid))
FROM pg_opclass o JOIN space s ON s.oid = o.opcnamespace JOIN pg_am m ON m.oid = o.opcmethod
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_opclass'::regclass AND m.objid = o.oid)
UNION ALL
SELECT 'operator family', format('%I.%I %I', s.nspname, f.opfname, m.amname), concat_ws('|',
    (SELECT string_agg(concat_ws(' ', o.amoplefttype::regtype, o.amoprighttype::regtype, o.amopstrategy, o.amoppurpose, o.amopopr::regoperator, (SELECT opfname FROM pg_opfamily x WHERE x.oid = o.amopsortfamily)), ','
        ORDER BY o.amoplefttype::regtype::text, o.amoprighttype::regtype::text, o.amopstrategy) FROM pg_amop o WHERE o.amopfamily = f.oid),
    (SELECT string_agg(concat_ws(' ', p.amproclefttype::regtype, p.amprocrighttype::regtype, p.amprocnum, p.amproc::oid::regprocedure), ','
        ORDER BY p.amproclefttype::regtype::text, p.amprocrighttype::regtype::text, p.amprocnum) FROM pg_amproc p WHERE p.amprocfamily = f.oid),
    (SELECT text FROM note WHERE classoid = 'pg_opfamily'::regclass AND objoid = f.oid))
FROM pg_opfamily f JOIN space s ON s.oid = f.opfnamespace JOIN pg_am m ON m.oid = f.opfmethod
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_opfamily'::regclass AND m.objid = f.oid)
UNION ALL
SELECT 'cast', format('%s as %s', castsource::regtype, casttarget::regtype), concat_ws('|', castfunc::regprocedure, castcontext, castmethod,
    (SELECT text FROM note WHERE classoid = 'pg_cast'::regclass AND objoid = c.oid))
FROM pg_cast c WHERE oid >= 16384 AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_cast'::regclass AND m.objid = c.oid)
UNION ALL
SELECT 'access method', a.amname, concat_ws('|', a.amtype, a.amhandler, (SELECT text FROM note WHERE classoid = 'pg_am'::regclass AND objoid = a.oid))
FROM pg_am a WHERE a.oid >= 16384 AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_am'::regclass AND m.objid = a.oid)
UNION ALL
SELECT 'language', l.lanname, concat_ws('|', l.lanpltrusted, l.lanplcallfoid::regproc, l.laninline::regproc, l.lanvalidator::regproc,
    (SELECT string_agg(concat_ws(':', x.grantee::regrole, x.privilege_type, x.is_grantable), ',' ORDER BY x.grantee::regrole::text, x.privilege_type)
     FROM aclexplode(coalesce(l.lanacl, acldefault('l', l.lanowner))) x WHERE x.grantee <> l.lanowner),
    (SELECT text FROM note WHERE classoid = 'pg_language'::regclass AND objoid = l.oid))
FROM pg_language l WHERE l.oid >= 16384 AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_language'::regclass AND m.objid = l.oid)
UNION ALL
SELECT 'transform', format('%s %s', t.trftype::regtype, l.lanname), concat_ws('|', t.trffromsql::regproc, t.trftosql::regproc,
    (SELECT text FROM note WHERE classoid = 'pg_transform'::regclass AND objoid = t.oid))
FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang
WHERE t.oid >= 16384 AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_transform'::regclass AND m.objid = t.oid)
UNION ALL
SELECT 'conversion', format('%I.%I', s.nspname, c.conname), concat_ws('|', c.conforencoding, c.contoencoding, c.conproc, c.condefault,
    (SELECT text FROM note WHERE classoid = 'pg_conversion'::regclass AND objoid = c.oid))
FROM pg_conversion c JOIN space s ON s.oid = c.connamespace
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_conversion'::regclass AND m.objid = c.oid)
UNION ALL
SELECT 'text search parser', format('%I.%I', s.nspname, p.prsname), concat_ws('|', p.prsstart, p.prstoken, p.prsend, p.prsheadline, p.prslextype,
    (SELECT text FROM note WHERE classoid = 'pg_ts_parser'::regclass AND objoid = p.oid))
FROM pg_ts_parser p JOIN space s ON s.oid = p.prsnamespace
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_ts_parser'::regclass AND m.objid = p.oid)
UNION ALL
SELECT 'text search template', format('%I.%I', s.nspname, t.tmplname), concat_ws('|', t.tmplinit, t.tmpllexize,
    (SELECT text FROM note WHERE classoid = 'pg_ts_template'::regclass AND objoid = t.oid))
FROM pg_ts_template t JOIN space s ON s.oid = t.tmplnamespace
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_ts_template'::regclass AND m.objid = t.oid)
UNION ALL
SELECT 'text search configuration', c.oid::regconfig::text, concat_ws('|', (SELECT prsname FROM pg_ts_parser WHERE oid = c.cfgparser),
    (SELECT string_agg(concat_ws(':', m.maptokentype, m.mapseqno, m.mapdict::regdictionary), ',' ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m WHERE m.mapcfg = c.oid),
    (SELECT text FROM note WHERE classoid = 'pg_ts_config'::regclass AND objoid = c.oid))
FROM pg_ts_config c JOIN space s ON s.oid = c.cfgnamespace
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_ts_config'::regclass AND m.objid = c.oid)
UNION ALL
SELECT 'text search dictionary', d.oid::regdictionary::text, concat_ws('|', (SELECT tmplname FROM pg_ts_template WHERE oid = d.dicttemplate), d.dictinitoption,
    (SELECT text FROM note WHERE classoid = 'pg_ts_dict'::regclass AND objoid = d.oid))
FROM pg_ts_dict d JOIN space s ON s.oid = d.dictnamespace
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_ts_dict'::regclass AND m.objid = d.oid)
UNION ALL
SELECT 'publication', quote_ident(p.pubname), concat_ws('|', p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot, nullif(to_jsonb(p) ->> 'pubgencols', 'n'),
    (SELECT string_agg(concat_ws(' ', v.schemaname, v.tablename, (SELECT string_agg(n, ',' ORDER BY n) FROM jsonb_array_elements_text(to_jsonb(v) -> 'attnames') n), to_jsonb(v) ->> 'rowfilter'), ',' ORDER BY v.schemaname, v.tablename) FROM pg_publication_tables v WHERE v.pubname = p.pubname AND NOT p.puballtables),
    (SELECT text FROM note WHERE classoid = 'pg_publication'::regclass AND objoid = p.oid))
FROM pg_publication p
UNION ALL
SELECT 'default privileges', concat_ws(' ', CASE WHEN d.defaclrole = (SELECT oid FROM pg_roles WHERE rolname = current_user) THEN 'own' ELSE d.defaclrole::regrole::text END, nullif(d.defaclnamespace, 0)::regnamespace, d.defaclobjtype),
    (SELECT string_agg(concat_ws(':', a.grantee::regrole, a.privilege_type, a.is_grantable), ',' ORDER BY a.grantee::regrole::text, a.privilege_type) FROM aclexplode(d.defaclacl) a)
FROM pg_default_acl d
UNION ALL
SELECT 'foreign server', s.srvname, concat_ws('|', (SELECT fdwname FROM pg_foreign_data_wrapper WHERE oid = s.srvfdw), s.srvtype, s.srvversion, (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(s.srvoptions) o),
    (SELECT string_agg(concat_ws(':', x.grantee::regrole, x.privilege_type, x.is_grantable), ',' ORDER BY x.grantee::regrole::text, x.privilege_type)
     FROM aclexplode(coalesce(s.srvacl, acldefault('S', s.srvowner))) x WHERE x.grantee <> s.srvowner),
    (SELECT text FROM note WHERE classoid = 'pg_foreign_server'::regclass AND objoid = s.oid))
FROM pg_foreign_server s WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_foreign_server'::regclass AND m.objid = s.oid)
UNION ALL
SELECT 'foreign-data wrapper', w.fdwname, concat_ws('|', nullif(w.fdwhandler, 0)::regproc, nullif(w.fdwvalidator, 0)::regproc, (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(w.fdwoptions) o),
    (SELECT string_agg(concat_ws(':', x.grantee::regrole, x.privilege_type, x.is_grantable), ',' ORDER BY x.grantee::regrole::text, x.privilege_type)
     FROM aclexplode(coalesce(w.fdwacl, acldefault('F', w.fdwowner))) x WHERE x.grantee <> w.fdwowner),
    (SELECT text FROM note WHERE classoid = 'pg_foreign_data_wrapper'::regclass AND objoid = w.oid))
FROM pg_foreign_data_wrapper w WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_foreign_data_wrapper'::regclass AND m.objid = w.oid)
UNION ALL
SELECT 'user mapping', format('%s %s', srvname, usename), (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(umoptions) o)
FROM pg_user_mappings WHERE NOT EXISTS (SELECT FROM unnest(umoptions) o WHERE split_part(o, '=', 1) ~* '(pass|secret|token|key)')
ORDER BY 1, 2, 3
