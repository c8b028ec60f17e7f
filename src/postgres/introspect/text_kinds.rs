//! Kinds whose definition is one statement: the query prints it.

use crate::catalog::Kind;

/// (kind, catalog, query). The query yields oid, name, create, drop, comment and grants; what has
/// options or publishes has those apart. `{members}` is [`MEMBERS`].
pub(super) const QUERIES: &[(Kind, &str, &str)] = &[
    (
        Kind::Collation,
        "pg_collation",
        "select c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.collname) as name, \
      case when c.collprovider = 'c' and c.collencoding = -1 and c.collcollate in ('C', 'POSIX') and c.collctype = c.collcollate \
        then format('CREATE COLLATION %I.%I FROM pg_catalog.%I', n.nspname, c.collname, c.collcollate) \
      else format('CREATE COLLATION %I.%I (%s)', n.nspname, c.collname, concat_ws(', ', \
        'provider = ' || case c.collprovider when 'i' then 'icu' when 'c' then 'libc' when 'b' then 'builtin' end, \
        'locale = ' || quote_literal(coalesce(j ->> 'colllocale', j ->> 'colliculocale', case when c.collcollate = c.collctype then c.collcollate end)), \
        case when c.collcollate <> c.collctype then 'lc_collate = ' || quote_literal(c.collcollate) || ', lc_ctype = ' || quote_literal(c.collctype) end, \
        case when not c.collisdeterministic then 'deterministic = false' end, \
        'rules = ' || quote_literal(j ->> 'collicurules'))) end as create, \
      format('DROP COLLATION %I.%I', n.nspname, c.collname) as drop, obj_description(c.oid, 'pg_collation') as comment \
      from pg_collation c cross join lateral to_jsonb(c) j join pg_namespace n on n.oid = c.collnamespace \
      where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'backsmith')",
    ),
    (
        Kind::Aggregate,
        "pg_proc",
        "select p.oid, p.oid::regprocedure::text as name, \
      format('CREATE AGGREGATE %I.%I(%s) (%s)', n.nspname, p.proname, \
        case when a.aggkind = 'n' and p.pronargs = 0 then '*' else pg_get_function_arguments(p.oid) end, \
        concat_ws(', ', 'SFUNC = ' || a.aggtransfn::regproc, 'STYPE = ' || format_type(a.aggtranstype, null), \
        'SSPACE = ' || nullif(a.aggtransspace, 0), \
        'FINALFUNC = ' || nullif(a.aggfinalfn::oid, 0)::regproc, case when a.aggfinalextra then 'FINALFUNC_EXTRA' end, \
        'FINALFUNC_MODIFY = ' || case when a.aggfinalfn::oid = 0 then null when a.aggfinalmodify = case when a.aggkind = 'n' then 'r' else 'w' end then null \
          when a.aggfinalmodify = 'r' then 'READ_ONLY' when a.aggfinalmodify = 's' then 'SHAREABLE' else 'READ_WRITE' end, \
        'COMBINEFUNC = ' || nullif(a.aggcombinefn::oid, 0)::regproc, 'SERIALFUNC = ' || nullif(a.aggserialfn::oid, 0)::regproc, \
        'DESERIALFUNC = ' || nullif(a.aggdeserialfn::oid, 0)::regproc, 'INITCOND = ' || quote_literal(a.agginitval), \
        'MSFUNC = ' || nullif(a.aggmtransfn::oid, 0)::regproc, 'MINVFUNC = ' || nullif(a.aggminvtransfn::oid, 0)::regproc, \
        'MSTYPE = ' || case when a.aggmtranstype <> 0 then format_type(a.aggmtranstype, null) end, \
        'MSSPACE = ' || nullif(a.aggmtransspace, 0), \
        'MFINALFUNC = ' || nullif(a.aggmfinalfn::oid, 0)::regproc, case when a.aggmfinalextra then 'MFINALFUNC_EXTRA' end, \
        'MFINALFUNC_MODIFY = ' || case when a.aggmfinalfn::oid = 0 then null when a.aggmfinalmodify = case when a.aggkind = 'n' then 'r' else 'w' end then null \
          when a.aggmfinalmodify = 'r' then 'READ_ONLY' when a.aggmfinalmodify = 's' then 'SHAREABLE' else 'READ_WRITE' end, \
        'MINITCOND = ' || quote_literal(a.aggminitval), \
        'SORTOP = ' || (select 'OPERATOR(' || quote_ident(sn.nspname) || '.' || s.oprname || ')' from pg_operator s join pg_namespace sn on sn.oid = s.oprnamespace where s.oid = a.aggsortop), \
        case when a.aggkind = 'h' then 'HYPOTHETICAL' end, \
        'PARALLEL = ' || case p.proparallel when 's' then 'SAFE' when 'r' then 'RESTRICTED' end)) as create, \
      format('DROP AGGREGATE %s', p.oid::regprocedure) as drop, obj_description(p.oid, 'pg_proc') as comment, \
      (select coalesce(json_agg(json_build_array(case when x.grantee = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(x.grantee)) end, x.privilege_type, x.is_grantable)), '[]') \
       from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x where x.grantee <> p.proowner) as grants \
      from pg_aggregate a join pg_proc p on p.oid = a.aggfnoid join pg_namespace n on n.oid = p.pronamespace \
      where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'backsmith')",
    ),
    (
        Kind::Operator,
        "pg_operator",
        "select o.oid, o.oid::regoperator::text as name, \
      format('CREATE OPERATOR %I.%s (%s)', n.nspname, o.oprname, concat_ws(', ', 'FUNCTION = ' || o.oprcode::regproc, \
        'LEFTARG = ' || case when o.oprleft <> 0 then format_type(o.oprleft, null) end, \
        'RIGHTARG = ' || case when o.oprright <> 0 then format_type(o.oprright, null) end, \
        'COMMUTATOR = ' || (select 'OPERATOR(' || quote_ident(sn.nspname) || '.' || s.oprname || ')' from pg_operator s join pg_namespace sn on sn.oid = s.oprnamespace where s.oid = o.oprcom), \
        'NEGATOR = ' || (select 'OPERATOR(' || quote_ident(sn.nspname) || '.' || s.oprname || ')' from pg_operator s join pg_namespace sn on sn.oid = s.oprnamespace where s.oid = o.oprnegate), \
        'RESTRICT = ' || nullif(o.oprrest::oid, 0)::regproc, 'JOIN = ' || nullif(o.oprjoin::oid, 0)::regproc, \
        case when o.oprcanhash then 'HASHES' end, case when o.oprcanmerge then 'MERGES' end)) as create, \
      format('DROP OPERATOR %s', o.oid::regoperator) as drop, obj_description(o.oid, 'pg_operator') as comment \
      from pg_operator o join pg_namespace n on n.oid = o.oprnamespace \
      where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'backsmith') and o.oprcode::oid <> 0",
    ),
    (
        Kind::Cast,
        "pg_cast",
        "select c.oid, format('(%s AS %s)', format_type(c.castsource, null), format_type(c.casttarget, null)) as name, \
      format('CREATE CAST (%s AS %s) %s%s', format_type(c.castsource, null), format_type(c.casttarget, null), \
        case c.castmethod when 'f' then 'WITH FUNCTION ' || c.castfunc::regprocedure when 'i' then 'WITH INOUT' else 'WITHOUT FUNCTION' end, \
        case c.castcontext when 'a' then ' AS ASSIGNMENT' when 'i' then ' AS IMPLICIT' else '' end) as create, \
      format('DROP CAST (%s AS %s)', format_type(c.castsource, null), format_type(c.casttarget, null)) as drop, \
      obj_description(c.oid, 'pg_cast') as comment from pg_cast c where c.oid >= 16384 and not exists (select from pg_depend e where e.classid = 'pg_cast'::regclass and e.objid = c.oid and e.deptype in ('i', 'e'))",
    ),
    (
        Kind::TextSearchDictionary,
        "pg_ts_dict",
        "select d.oid, d.oid::regdictionary::text as name, \
      format('CREATE TEXT SEARCH DICTIONARY %I.%I (TEMPLATE = %I.%I%s)', n.nspname, d.dictname, tn.nspname, t.tmplname, coalesce(', ' || d.dictinitoption, '')) as create, \
      format('DROP TEXT SEARCH DICTIONARY %I.%I', n.nspname, d.dictname) as drop, obj_description(d.oid, 'pg_ts_dict') as comment \
      from pg_ts_dict d join pg_namespace n on n.oid = d.dictnamespace join pg_ts_template t on t.oid = d.dicttemplate \
      join pg_namespace tn on tn.oid = t.tmplnamespace where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'backsmith')",
    ),
    (
        Kind::TextSearchConfiguration,
        "pg_ts_config",
        "select c.oid, c.oid::regconfig::text as name, \
      format('CREATE TEXT SEARCH CONFIGURATION %I.%I (PARSER = %I.%I)', n.nspname, c.cfgname, pn.nspname, p.prsname) \
      || coalesce((select string_agg(format(E';\\nALTER TEXT SEARCH CONFIGURATION %I.%I ADD MAPPING FOR %I WITH %s', n.nspname, c.cfgname, m.alias, m.dictionaries), '' order by m.alias) \
         from (select (select t.alias from ts_token_type(c.cfgparser) t where t.tokid = m.maptokentype) as alias, \
               string_agg(m.mapdict::regdictionary::text, ', ' order by m.mapseqno) as dictionaries \
               from pg_ts_config_map m where m.mapcfg = c.oid group by m.maptokentype) m), '') as create, \
      format('DROP TEXT SEARCH CONFIGURATION %I.%I', n.nspname, c.cfgname) as drop, obj_description(c.oid, 'pg_ts_config') as comment \
      from pg_ts_config c join pg_namespace n on n.oid = c.cfgnamespace join pg_ts_parser p on p.oid = c.cfgparser \
      join pg_namespace pn on pn.oid = p.prsnamespace where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'backsmith')",
    ),
    (
        Kind::Publication,
        "pg_publication",
        "select p.oid, quote_ident(p.pubname) as name, '' as create, p.puballtables as all_tables, \
      concat_ws(', ', \
          (select 'TABLE ' || string_agg(r.prrelid::regclass::text \
             || coalesce(' (' || (select string_agg(quote_ident(a.attname), ', ' order by a.attname) from pg_attribute a \
                where a.attrelid = r.prrelid and a.attnum::text in (select jsonb_array_elements_text(case jsonb_typeof(to_jsonb(r) -> 'prattrs') when 'array' then to_jsonb(r) -> 'prattrs' end))) || ')', '') \
             || coalesce(' WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')', ''), ', ' order by r.prrelid::regclass::text) \
           from pg_publication_rel r where r.prpubid = p.oid), \
          {schemas}) as objects, \
      format('publish = %L, publish_via_partition_root = %s', \
        concat_ws(', ', case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end, case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end), \
        p.pubviaroot::text) \
        || case to_jsonb(p) ->> 'pubgencols' when 's' then ', publish_generated_columns = stored' else '' end as parameters, \
      obj_description(p.oid, 'pg_publication') as comment from pg_publication p",
    ),
    (
        Kind::EventTrigger,
        "pg_event_trigger",
        "select e.oid, quote_ident(e.evtname) as name, \
      format('CREATE EVENT TRIGGER %I ON %s%s EXECUTE FUNCTION %s()', e.evtname, e.evtevent, \
        coalesce(' WHEN TAG IN (' || (select string_agg(quote_literal(t), ', ') from unnest(e.evttags) t) || ')', ''), e.evtfoid::regproc) \
      || case e.evtenabled when 'D' then format(E';\\nALTER EVENT TRIGGER %I DISABLE', e.evtname) when 'R' then format(E';\\nALTER EVENT TRIGGER %I ENABLE REPLICA', e.evtname) \
         when 'A' then format(E';\\nALTER EVENT TRIGGER %I ENABLE ALWAYS', e.evtname) else '' end as create, \
      format('DROP EVENT TRIGGER %I', e.evtname) as drop, obj_description(e.oid, 'pg_event_trigger') as comment from pg_event_trigger e",
    ),
    (
        Kind::ForeignDataWrapper,
        "pg_foreign_data_wrapper",
        "select w.oid, quote_ident(w.fdwname) as name, \
      format('CREATE FOREIGN DATA WRAPPER %I%s%s', w.fdwname, coalesce(' HANDLER ' || nullif(w.fdwhandler, 0)::regproc, ''), \
        coalesce(' VALIDATOR ' || nullif(w.fdwvalidator, 0)::regproc, '')) as create, \
      (select coalesce(json_object_agg(quote_ident(o.option_name), o.option_value), '{}') from pg_options_to_table(w.fdwoptions) o) as options, \
      (select coalesce(json_agg(json_build_array(case when x.grantee = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(x.grantee)) end, x.privilege_type, x.is_grantable)), '[]') \
       from aclexplode(coalesce(w.fdwacl, acldefault('F', w.fdwowner))) x where x.grantee <> w.fdwowner) as grants, \
      obj_description(w.oid, 'pg_foreign_data_wrapper') as comment from pg_foreign_data_wrapper w",
    ),
    (
        Kind::ForeignServer,
        "pg_foreign_server",
        "select s.oid, quote_ident(s.srvname) as name, \
      format('CREATE SERVER %I%s%s FOREIGN DATA WRAPPER %I', s.srvname, coalesce(' TYPE ' || quote_literal(s.srvtype), ''), \
        coalesce(' VERSION ' || quote_literal(s.srvversion), ''), w.fdwname) as create, \
      (select coalesce(json_object_agg(quote_ident(o.option_name), o.option_value), '{}') from pg_options_to_table(s.srvoptions) o) as options, \
      (select coalesce(json_agg(json_build_array(case when x.grantee = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(x.grantee)) end, x.privilege_type, x.is_grantable)), '[]') \
       from aclexplode(coalesce(s.srvacl, acldefault('S', s.srvowner))) x where x.grantee <> s.srvowner) as grants, \
      obj_description(s.oid, 'pg_foreign_server') as comment \
      from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw",
    ),
    // Those with a secret are listed instead: it must not reach a file.
    (
        Kind::UserMapping,
        "pg_user_mapping",
        "select m.umid as oid, quote_ident(m.srvname) as name, \
      case when m.umuser = 0 then 'PUBLIC' else quote_ident(m.usename) end as part, \
      format('CREATE USER MAPPING FOR %s SERVER %I', case when m.umuser = 0 then 'PUBLIC' else quote_ident(m.usename) end, m.srvname) as create, \
      (select coalesce(json_object_agg(quote_ident(o.option_name), o.option_value), '{}') from pg_options_to_table(m.umoptions) o) as options \
      from pg_user_mappings m where not exists (select from unnest(m.umoptions) o where o ~* '^[^=]*(pass|secret|token|key)[^=]*=')",
    ),
    (
        Kind::AccessMethod,
        "pg_am",
        "select a.oid, quote_ident(a.amname) as name, \
      format('CREATE ACCESS METHOD %I TYPE %s HANDLER %s', a.amname, case a.amtype when 't' then 'TABLE' else 'INDEX' end, a.amhandler) as create, \
      format('DROP ACCESS METHOD %I', a.amname) as drop, obj_description(a.oid, 'pg_am') as comment \
      from pg_am a where a.oid >= 16384",
    ),
    (
        Kind::Language,
        "pg_language",
        "select l.oid, quote_ident(l.lanname) as name, \
      format('CREATE %sLANGUAGE %I HANDLER %s%s%s', case when l.lanpltrusted then 'TRUSTED ' else '' end, l.lanname, l.lanplcallfoid::regproc, \
        coalesce(' INLINE ' || nullif(l.laninline, 0)::regproc, ''), coalesce(' VALIDATOR ' || nullif(l.lanvalidator, 0)::regproc, '')) as create, \
      format('DROP LANGUAGE %I', l.lanname) as drop, \
      (select coalesce(json_agg(json_build_array(case when x.grantee = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(x.grantee)) end, x.privilege_type, x.is_grantable)), '[]') \
       from aclexplode(coalesce(l.lanacl, acldefault('l', l.lanowner))) x where x.grantee <> l.lanowner) as grants, \
      obj_description(l.oid, 'pg_language') as comment \
      from pg_language l where l.lanispl and l.oid >= 16384",
    ),
    (
        Kind::Transform,
        "pg_transform",
        "select t.oid, format('FOR %s LANGUAGE %I', format_type(t.trftype, null), l.lanname) as name, \
      format('CREATE TRANSFORM FOR %s LANGUAGE %I (%s)', format_type(t.trftype, null), l.lanname, concat_ws(', ', \
        'FROM SQL WITH FUNCTION ' || nullif(t.trffromsql, 0)::regprocedure, 'TO SQL WITH FUNCTION ' || nullif(t.trftosql, 0)::regprocedure)) as create, \
      format('DROP TRANSFORM FOR %s LANGUAGE %I', format_type(t.trftype, null), l.lanname) as drop, \
      obj_description(t.oid, 'pg_transform') as comment \
      from pg_transform t join pg_language l on l.oid = t.trflang where t.oid >= 16384",
    ),
    (
        Kind::Conversion,
        "pg_conversion",
        "select c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.conname) as name, \
      format('CREATE %sCONVERSION %I.%I FOR %L TO %L FROM %s', case when c.condefault then 'DEFAULT ' else '' end, n.nspname, c.conname, \
        pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), c.conproc) as create, \
      format('DROP CONVERSION %I.%I', n.nspname, c.conname) as drop, obj_description(c.oid, 'pg_conversion') as comment \
      from pg_conversion c join pg_namespace n on n.oid = c.connamespace where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'backsmith')",
    ),
    (
        Kind::TextSearchParser,
        "pg_ts_parser",
        "select p.oid, quote_ident(n.nspname) || '.' || quote_ident(p.prsname) as name, \
      format('CREATE TEXT SEARCH PARSER %I.%I (%s)', n.nspname, p.prsname, concat_ws(', ', 'START = ' || p.prsstart, 'GETTOKEN = ' || p.prstoken, \
        'END = ' || p.prsend, 'HEADLINE = ' || nullif(p.prsheadline::oid, 0)::regproc, 'LEXTYPES = ' || p.prslextype)) as create, \
      format('DROP TEXT SEARCH PARSER %I.%I', n.nspname, p.prsname) as drop, obj_description(p.oid, 'pg_ts_parser') as comment \
      from pg_ts_parser p join pg_namespace n on n.oid = p.prsnamespace where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'backsmith')",
    ),
    (
        Kind::TextSearchTemplate,
        "pg_ts_template",
        "select t.oid, quote_ident(n.nspname) || '.' || quote_ident(t.tmplname) as name, \
      format('CREATE TEXT SEARCH TEMPLATE %I.%I (%s)', n.nspname, t.tmplname, concat_ws(', ', 'INIT = ' || nullif(t.tmplinit::oid, 0)::regproc, \
        'LEXIZE = ' || t.tmpllexize)) as create, \
      format('DROP TEXT SEARCH TEMPLATE %I.%I', n.nspname, t.tmplname) as drop, obj_description(t.oid, 'pg_ts_template') as comment \
      from pg_ts_template t join pg_namespace n on n.oid = t.tmplnamespace where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'backsmith')",
    ),
    (
        Kind::OperatorFamily,
        "pg_opfamily",
        "select f.oid, format('%I.%I USING %I', n.nspname, f.opfname, m.amname) as name, \
      format('CREATE OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, m.amname) \
      || coalesce(format(E';\\nALTER OPERATOR FAMILY %I.%I USING %I ADD\\n    ', n.nspname, f.opfname, m.amname) || {members}, '') as create, \
      format('DROP OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, m.amname) as drop, obj_description(f.oid, 'pg_opfamily') as comment \
      from pg_opfamily f cross join lateral (select 'pg_opfamily'::regclass as class, f.oid) owner \
      join pg_namespace n on n.oid = f.opfnamespace join pg_am m on m.oid = f.opfmethod where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'backsmith')",
    ),
    (
        Kind::OperatorClass,
        "pg_opclass",
        "select c.oid, format('%I.%I USING %I', n.nspname, c.opcname, m.amname) as name, \
      format(E'CREATE OPERATOR CLASS %I.%I%s FOR TYPE %s USING %I FAMILY %I.%I AS\\n    %s', n.nspname, c.opcname, case when c.opcdefault then ' DEFAULT' else '' end, \
        format_type(c.opcintype, null), m.amname, fn.nspname, f.opfname, \
        concat_ws(E',\\n    ', {members}, \
          'STORAGE ' || case when c.opckeytype <> 0 then format_type(c.opckeytype, null) end, \
          case when c.opckeytype = 0 and {members} is null then 'STORAGE ' || format_type(c.opcintype, null) end)) as create, \
      format('DROP OPERATOR CLASS %I.%I USING %I', n.nspname, c.opcname, m.amname) as drop, obj_description(c.oid, 'pg_opclass') as comment \
      from pg_opclass c cross join lateral (select 'pg_opclass'::regclass as class, c.oid) owner \
      join pg_namespace n on n.oid = c.opcnamespace join pg_am m on m.oid = c.opcmethod \
      join pg_opfamily f on f.oid = c.opcfamily join pg_namespace fn on fn.oid = f.opfnamespace where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'backsmith')",
    ),
];

/// Operators and functions that belong to the operator class or family `owner`.
pub(super) const MEMBERS: &str = "(select string_agg(x.member, E',\n    ' order by x.rank, x.number, x.member) from ( \
       select 1 as rank, o.amopstrategy as number, format('OPERATOR %s %s%s', o.amopstrategy, o.amopopr::regoperator, \
         coalesce(' FOR ORDER BY ' || (select format('%I.%I', sn.nspname, sf.opfname) from pg_opfamily sf \
           join pg_namespace sn on sn.oid = sf.opfnamespace where sf.oid = o.amopsortfamily), '')) as member \
       from pg_amop o join pg_depend d on d.classid = 'pg_amop'::regclass and d.objid = o.oid \
         and d.refclassid = owner.class and d.refobjid = owner.oid \
       union all \
       select 2, p.amprocnum, format('FUNCTION %s (%s, %s) %s', p.amprocnum, format_type(p.amproclefttype, null), \
         format_type(p.amprocrighttype, null), p.amproc::regprocedure) \
       from pg_amproc p join pg_depend d on d.classid = 'pg_amproc'::regclass and d.objid = p.oid \
         and d.refclassid = owner.class and d.refobjid = owner.oid) x)";

/// (kind, catalog, query for oid and name) of what is not compared: it is listed.
pub(super) const UNMANAGED: &[(&str, &str, &str)] = &[
    (
        "user mapping with a secret",
        "pg_user_mapping",
        "select m.umid as oid, format('%s for %s', m.srvname, m.usename) as name from pg_user_mappings m \
         where exists (select from unnest(m.umoptions) o where o ~* '^[^=]*(pass|secret|token|key)[^=]*=')",
    ),
    // Only superusers may read the catalog; for others it counts as empty.
    (
        "subscription",
        "pg_subscription",
        "select s.oid, s.subname::text as name from pg_subscription s \
         where s.subdbid = (select oid from pg_database where datname = current_database())",
    ),
    // They came with version 18; that a column is NOT NULL is compared on all versions.
    (
        "NOT NULL constraint of its own name or kind",
        "pg_constraint",
        "select o.oid, format('%s.%I', o.conrelid::regclass, o.conname) as name from pg_constraint o \
         join pg_class c on c.oid = o.conrelid \
         join pg_attribute a on a.attrelid = o.conrelid and a.attnum = o.conkey[1] \
         where o.contype = 'n' and o.oid >= 16384 and (o.connoinherit or not o.convalidated \
         or o.conislocal and o.conname <> left(c.relname || '_' || a.attname || '_not_null', 63))",
    ),
];
