//! The set-wise queries. Each reads one kind of object of all user schemas, as one JSON value per
//! row; with an empty search path every name that Postgres prints is complete.

/// Schemas that are the user's.
const USER_SCHEMAS: &str = "(select oid, nspname, nspowner, nspacl from pg_namespace \
     where nspname !~ '^pg_' and nspname not in ('information_schema', 'backsmith'))";

fn outside_extensions(class: &str, oid: &str) -> String {
    format!(
        "not exists (select from pg_depend e where e.classid = '{class}'::regclass \
         and e.objid = {oid} and e.deptype = 'e')"
    )
}

/// Rights of others than the owner, as [[grantee, privilege, grantable], …].
fn grants(acl: &str, owner: &str, object_type: &str) -> String {
    let effective = if object_type == "c" {
        acl.to_owned()
    } else {
        format!("coalesce({acl}, acldefault('{object_type}', {owner}))")
    };
    format!(
        "(select coalesce(json_agg(json_build_array(case when x.grantee = 0 then 'PUBLIC' \
         else quote_ident(pg_get_userbyid(x.grantee)) end, x.privilege_type, x.is_grantable)), '[]') \
         from aclexplode({effective}) x where x.grantee <> {owner})"
    )
}

fn comment(class: &str, oid: &str) -> String {
    format!("obj_description({oid}, '{class}')")
}

pub(super) fn schemas() -> String {
    format!(
        "select n.oid, quote_ident(n.nspname) as name, {grants} as grants, {comment} as comment \
         from {USER_SCHEMAS} n where {outside}",
        grants = grants("n.nspacl", "n.nspowner", "n"),
        comment = comment("pg_namespace", "n.oid"),
        outside = outside_extensions("pg_namespace", "n.oid"),
    )
}

pub(super) fn extensions() -> String {
    format!(
        "select x.oid, quote_ident(x.extname) as name, quote_ident(n.nspname) as schema, \
         x.extversion as version, {comment} as comment \
         from pg_extension x join pg_namespace n on n.oid = x.extnamespace",
        comment = comment("pg_extension", "x.oid"),
    )
}

pub(super) fn relations() -> String {
    format!(
        "select c.oid, c.oid::regclass::text as name, c.relkind as kind, c.relpersistence as persistence, \
         c.reltype as row_type, c.relrowsecurity as row_security, c.relforcerowsecurity as force_row_security, \
         c.relreplident as replica_identity, c.relispartition as partition, \
         case when a.amname <> 'heap' then quote_ident(a.amname) end as access_method, \
         case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partition_key, \
         case when c.relispartition then pg_get_expr(c.relpartbound, c.oid) end as bound, \
         nullif(c.reloftype, 0)::regtype::text as of_type, \
         array(select i.inhparent::regclass::text from pg_inherits i where i.inhrelid = c.oid \
               order by i.inhseqno) as parents, \
         array(select o from unnest(c.reloptions) o union all \
               select 'toast.' || o from pg_class t, unnest(t.reloptions) o where t.oid = c.reltoastrelid \
               order by 1) as options, \
         case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid, false) end as query, \
         (select quote_ident(s.srvname) from pg_foreign_table f join pg_foreign_server s on s.oid = f.ftserver \
          where f.ftrelid = c.oid) as server, \
         (select json_object_agg(quote_ident(o.option_name), o.option_value) \
          from pg_foreign_table f, pg_options_to_table(f.ftoptions) o where f.ftrelid = c.oid) as foreign_options, \
         case when c.relkind = 'S' then {sequence_grants} else {table_grants} end as grants, \
         {comment} as comment \
         from pg_class c join {USER_SCHEMAS} n on n.oid = c.relnamespace \
         left join pg_am a on a.oid = c.relam \
         where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and {outside}",
        sequence_grants = grants("c.relacl", "c.relowner", "s"),
        table_grants = grants("c.relacl", "c.relowner", "r"),
        comment = comment("pg_class", "c.oid"),
        outside = outside_extensions("pg_class", "c.oid"),
    )
}

pub(super) fn columns() -> String {
    format!(
        "select a.attrelid as relation, a.attnum as position, quote_ident(a.attname) as name, \
         format_type(a.atttypid, a.atttypmod) as data_type, \
         case when a.attcollation <> t.typcollation then \
           (select quote_ident(cn.nspname) || '.' || quote_ident(co.collname) from pg_collation co \
            join pg_namespace cn on cn.oid = co.collnamespace where co.oid = a.attcollation) end as collation, \
         a.attnotnull as not_null, nullif(a.attidentity, '') as identity, nullif(a.attgenerated, '') as generated, \
         d.oid as default_oid, pg_get_expr(d.adbin, d.adrelid) as expression, \
         case when a.attstorage <> t.typstorage then a.attstorage end as storage, t.typstorage as type_storage, \
         nullif(to_jsonb(a) ->> 'attcompression', '') as compression, \
         nullif(a.attstattarget, -1) as statistics, coalesce(a.attoptions, array[]::text[]) as options, \
         (select json_object_agg(quote_ident(o.option_name), o.option_value) \
          from pg_options_to_table(a.attfdwoptions) o) as foreign_options, \
         a.attislocal as local, a.attinhcount as inherited, \
         case when a.attacl is null then '[]' else {grants} end as grants, \
         col_description(a.attrelid, a.attnum) as comment \
         from pg_attribute a join pg_class c on c.oid = a.attrelid \
         join {USER_SCHEMAS} n on n.oid = c.relnamespace join pg_type t on t.oid = a.atttypid \
         left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum \
         where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f') and {outside}",
        grants = grants("a.attacl", "c.relowner", "c"),
        outside = outside_extensions("pg_class", "c.oid"),
    )
}

pub(super) fn sequences() -> String {
    format!(
        "select s.seqrelid as oid, s.seqrelid::regclass::text as name, \
         format_type(s.seqtypid, null) as data_type, s.seqstart as start, s.seqincrement as increment, \
         s.seqmin as minimum, s.seqmax as maximum, s.seqcache as cache, s.seqcycle as cycle, \
         c.relpersistence as persistence, d.deptype as owned, d.refobjid as owner_relation, \
         d.refobjsubid as owner_position \
         from pg_sequence s join pg_class c on c.oid = s.seqrelid \
         join {USER_SCHEMAS} n on n.oid = c.relnamespace \
         left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.seqrelid \
           and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0 \
         where {outside}",
        outside = outside_extensions("pg_class", "c.oid"),
    )
}

pub(super) fn constraints() -> String {
    format!(
        "select o.oid, quote_ident(o.conname) as name, o.contype as kind, o.conrelid as relation, \
         o.contypid::regtype::text as domain, o.contypid <> 0 as on_domain, \
         pg_get_constraintdef(o.oid) as definition, o.convalidated as validated, o.conislocal as local, \
         o.coninhcount as inherited, o.conparentid <> 0 as of_parent, o.connoinherit as no_inherit, \
         case when o.confrelid <> 0 then o.confrelid::regclass::text end as references, \
         o.conindid as index, coalesce(i.indisclustered, false) as clustered, \
         coalesce(i.indisreplident, false) as replica_identity, {comment} as comment, \
         case when o.contype in ('p', 'u', 'x') then {index_comment} end as index_comment \
         from pg_constraint o join {USER_SCHEMAS} n on n.oid = o.connamespace \
         left join pg_index i on i.indexrelid = o.conindid and o.contype in ('p', 'u', 'x') \
         where o.contype in ('c', 'f', 'p', 'u', 'x') and {outside_relation} and {outside_type}",
        comment = comment("pg_constraint", "o.oid"),
        index_comment = comment("pg_class", "o.conindid"),
        outside_relation = outside_extensions("pg_class", "o.conrelid"),
        outside_type = outside_extensions("pg_type", "o.contypid"),
    )
}

pub(super) fn indexes() -> String {
    format!(
        "select i.indexrelid as oid, i.indexrelid::regclass::text as name, i.indrelid as relation, \
         pg_get_indexdef(i.indexrelid) as definition, i.indisunique as unique, i.indisvalid as valid, \
         i.indisclustered as clustered, i.indisreplident as replica_identity, \
         i.indexprs is not null or i.indpred is not null as has_expressions, r.relkind = 'p' as on_partitioned, \
         (select h.inhparent::regclass::text from pg_inherits h where h.inhrelid = i.indexrelid) as parent, \
         (select json_agg(json_build_array(a.attnum, a.attstattarget)) from pg_attribute a \
          where a.attrelid = i.indexrelid and a.attstattarget >= 0) as statistics, {comment} as comment \
         from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class r on r.oid = i.indrelid \
         join {USER_SCHEMAS} n on n.oid = c.relnamespace \
         where r.relkind in ('r', 'p', 'm') and {outside} \
         and not exists (select from pg_constraint o where o.conindid = i.indexrelid and o.contype in ('p', 'u', 'x'))",
        comment = comment("pg_class", "i.indexrelid"),
        outside = outside_extensions("pg_class", "i.indrelid"),
    )
}

pub(super) fn triggers() -> String {
    format!(
        "select t.oid, t.tgrelid as relation, quote_ident(t.tgname) as name, \
         pg_get_triggerdef(t.oid) as definition, t.tgenabled as enabled, \
         coalesce((to_jsonb(t) ->> 'tgparentid')::oid <> 0, false) as of_parent, {comment} as comment \
         from pg_trigger t join pg_class c on c.oid = t.tgrelid join {USER_SCHEMAS} n on n.oid = c.relnamespace \
         where not t.tgisinternal and {outside}",
        comment = comment("pg_trigger", "t.oid"),
        outside = outside_extensions("pg_class", "c.oid"),
    )
}

pub(super) fn rules() -> String {
    format!(
        "select r.oid, r.ev_class as relation, quote_ident(r.rulename) as name, pg_get_ruledef(r.oid) as definition, \
         r.ev_enabled as enabled, r.rulename = '_RETURN' as of_view, {comment} as comment \
         from pg_rewrite r join pg_class c on c.oid = r.ev_class join {USER_SCHEMAS} n on n.oid = c.relnamespace \
         where {outside}",
        comment = comment("pg_rewrite", "r.oid"),
        outside = outside_extensions("pg_class", "c.oid"),
    )
}

pub(super) fn policies() -> String {
    format!(
        "select p.oid, p.polrelid as relation, quote_ident(p.polname) as name, p.polcmd as command, \
         p.polpermissive as permissive, array(select case when r = 0 then 'PUBLIC' \
         else quote_ident(pg_get_userbyid(r)) end from unnest(p.polroles) r order by 1) as roles, \
         pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as check, \
         {comment} as comment from pg_policy p",
        comment = comment("pg_policy", "p.oid"),
    )
}

pub(super) fn routines() -> String {
    format!(
        "select p.oid, p.oid::regprocedure::text as name, p.prokind as kind, \
         pg_get_functiondef(p.oid) as definition, \
         concat_ws('|', pg_get_function_result(p.oid), p.proretset, array_to_string(p.proargnames, ',', '-'), \
         array_to_string(p.proargmodes, ','), p.prokind) as signature, \
         p.pronargdefaults::int as defaults, {grants} as grants, {comment} as comment \
         from pg_proc p join {USER_SCHEMAS} n on n.oid = p.pronamespace where p.prokind <> 'a' and {outside} \
         and not exists (select from pg_depend i where i.classid = 'pg_proc'::regclass and i.objid = p.oid \
         and i.deptype = 'i')",
        grants = grants("p.proacl", "p.proowner", "f"),
        comment = comment("pg_proc", "p.oid"),
        outside = outside_extensions("pg_proc", "p.oid"),
    )
}

pub(super) fn types() -> String {
    format!(
        "select t.oid, t.oid::regtype::text as name, t.typtype as kind, t.typrelid as relation, t.typarray as array_type, \
         case when t.typtype = 'e' then array(select e.enumlabel from pg_enum e where e.enumtypid = t.oid \
           order by e.enumsortorder) end as labels, \
         format_type(t.typbasetype, t.typtypmod) as base, t.typdefault as default, t.typnotnull as not_null, \
         case when t.typtype = 'd' and t.typcollation <> coalesce((select b.typcollation from pg_type b \
           where b.oid = t.typbasetype), 0) then (select quote_ident(cn.nspname) || '.' || quote_ident(co.collname) \
           from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace where co.oid = t.typcollation) end as collation, \
         case when t.typtype = 'c' then (select json_agg(json_build_object('name', quote_ident(a.attname), \
           'data_type', format_type(a.atttypid, a.atttypmod), 'collation', case when a.attcollation <> y.typcollation \
           then (select quote_ident(cn.nspname) || '.' || quote_ident(co.collname) from pg_collation co \
           join pg_namespace cn on cn.oid = co.collnamespace where co.oid = a.attcollation) end) order by a.attnum) \
           from pg_attribute a join pg_type y on y.oid = a.atttypid \
           where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) end as attributes, \
         case when t.typtype = 'r' then (select concat_ws(', ', 'SUBTYPE = ' || format_type(r.rngsubtype, null), \
           (select 'SUBTYPE_OPCLASS = ' || quote_ident(on_.nspname) || '.' || quote_ident(o.opcname) from pg_opclass o \
            join pg_namespace on_ on on_.oid = o.opcnamespace where o.oid = r.rngsubopc and not o.opcdefault), \
           (select 'COLLATION = ' || quote_ident(cn.nspname) || '.' || quote_ident(co.collname) from pg_collation co \
            join pg_namespace cn on cn.oid = co.collnamespace join pg_type y on y.oid = r.rngsubtype \
            where co.oid = r.rngcollation and r.rngcollation <> y.typcollation), \
           'CANONICAL = ' || nullif(r.rngcanonical::oid, 0)::regproc, 'SUBTYPE_DIFF = ' || nullif(r.rngsubdiff::oid, 0)::regproc, \
           'MULTIRANGE_TYPE_NAME = ' || nullif((to_jsonb(r) ->> 'rngmultitypid')::oid, 0)::regtype) \
           from pg_range r where r.rngtypid = t.oid) end as range, \
         {grants} as grants, case when t.typtype = 'c' then coalesce({comment}, {relation_comment}) else {comment} end as comment, \
         case when t.typtype = 'm' then (select r.rngtypid from pg_range r \
           where (to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid) end as range_type \
         from pg_type t join {USER_SCHEMAS} n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid \
         where (t.typtype in ('e', 'd', 'r', 'm') or t.typtype = 'c' and c.relkind = 'c' \
         or t.typtype = 'b' and t.typelem = 0 or t.typtype = 'p') and {outside}",
        grants = grants("t.typacl", "t.typowner", "T"),
        comment = comment("pg_type", "t.oid"),
        relation_comment = comment("pg_class", "t.typrelid"),
        outside = outside_extensions("pg_type", "t.oid"),
    )
}

/// Array types and their elements, row types of relations, for the dependencies.
pub(super) fn derived_types() -> String {
    format!(
        "select t.oid, t.typelem as element, t.typrelid as relation from pg_type t \
         join {USER_SCHEMAS} n on n.oid = t.typnamespace where t.typelem <> 0 or t.typrelid <> 0"
    )
}

pub(super) fn statistics() -> String {
    format!(
        "select s.oid, quote_ident(n.nspname) || '.' || quote_ident(s.stxname) as name, \
         pg_get_statisticsobjdef(s.oid) as definition, nullif(s.stxstattarget, -1) as target, s.stxrelid as relation, \
         {comment} as comment from pg_statistic_ext s join {USER_SCHEMAS} n on n.oid = s.stxnamespace where {outside}",
        comment = comment("pg_statistic_ext", "s.oid"),
        outside = outside_extensions("pg_statistic_ext", "s.oid"),
    )
}

pub(super) fn default_privileges() -> String {
    format!(
        "select d.oid, quote_ident(pg_get_userbyid(d.defaclrole)) as role, \
         case when d.defaclnamespace <> 0 then quote_ident(n.nspname) end as schema, \
         d.defaclobjtype as objects, pg_get_userbyid(d.defaclrole) = current_user as own, \
         (select coalesce(json_agg(json_build_array(case when x.grantee = 0 then 'PUBLIC' \
           else quote_ident(pg_get_userbyid(x.grantee)) end, x.privilege_type, x.is_grantable)), '[]') \
           from aclexplode(d.defaclacl) x where d.defaclnamespace <> 0 or x.grantee <> d.defaclrole) as grants, \
         (select coalesce(json_agg(json_build_array(case when x.grantee = 0 then 'PUBLIC' \
           else quote_ident(pg_get_userbyid(x.grantee)) end, x.privilege_type, x.is_grantable)), '[]') \
           from aclexplode(acldefault(case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end, d.defaclrole)) x \
           where d.defaclnamespace = 0 and x.grantee <> d.defaclrole) as initial \
         from pg_default_acl d left join {USER_SCHEMAS} n on n.oid = d.defaclnamespace"
    )
}

/// All edges from a user's object to something a user or an extension made.
pub(super) fn dependencies() -> String {
    "select array[d.classid::bigint, d.objid::bigint, d.objsubid, d.refclassid::bigint, d.refobjid::bigint, \
     d.refobjsubid] as edge, d.deptype as kind from pg_depend d \
     where d.objid >= 16384 and d.deptype in ('n', 'a', 'i', 'e') \
     and (d.refobjid >= 16384 or d.refclassid = 'pg_namespace'::regclass)"
        .to_owned()
}
