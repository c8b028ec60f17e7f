//! The set-wise queries. Each reads one catalog as plain columns; names, comments, rights and
//! parents are joined by the reader, which costs less than a lookup for every row on the server.
//! With only pg_catalog on the search path every name that Postgres prints is complete.

/// The first object id that initdb does not give away.
/// Source: src/include/access/transam.h of PostgreSQL, `FirstNormalObjectId`.
pub(super) const FIRST_OF_USERS: u32 = 16_384;
const FIRST: u32 = FIRST_OF_USERS;

/// What is read, in an order in which the reader can use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Query {
    Schemas,
    Extensions,
    Edges,
    Comments,
    Grants,
    Types,
    EnumLabels,
    Relations,
    Inheritance,
    ForeignTables,
    Columns,
    Sequences,
    Constraints,
    Indexes,
    OperatorClasses,
    Policies,
    Statistics,
    DefaultPrivileges,
    // The server prints the texts of these.
    Views,
    Defaults,
    ConstraintDefinitions,
    IndexDefinitions,
    IndexPredicates,
    Routines,
    Triggers,
    Rules,
}

impl Query {
    /// The rows that are plain values.
    pub(super) const PLAIN: &[Self] = &[
        Self::Schemas,
        Self::Extensions,
        Self::Edges,
        Self::Comments,
        Self::Grants,
        Self::Types,
        Self::EnumLabels,
        Self::Relations,
        Self::Inheritance,
        Self::ForeignTables,
        Self::Columns,
        Self::Sequences,
        Self::Constraints,
        Self::Indexes,
        Self::OperatorClasses,
        Self::Policies,
        Self::Statistics,
        Self::DefaultPrivileges,
    ];

    /// The rows that the server has to print from parse trees.
    pub(super) const PRINTED: &[Self] = &[
        Self::Views,
        Self::Defaults,
        Self::ConstraintDefinitions,
        Self::IndexDefinitions,
        Self::IndexPredicates,
        Self::Routines,
        Self::Triggers,
        Self::Rules,
    ];

    pub(super) fn sql(self, version: u32) -> String {
        match self {
            Self::Schemas => SCHEMAS.to_owned(),
            Self::Extensions => EXTENSIONS.to_owned(),
            Self::Edges => edges(),
            Self::Comments => comments(),
            Self::Grants => grants(),
            Self::Types => types(version),
            Self::EnumLabels => {
                "select enumtypid, enumlabel from pg_enum order by enumtypid, enumsortorder"
                    .to_owned()
            }
            Self::Relations => relations(),
            Self::Inheritance => {
                "select inhrelid, inhparent from pg_inherits order by inhrelid, inhseqno".to_owned()
            }
            Self::ForeignTables => FOREIGN_TABLES.to_owned(),
            Self::Columns => columns(version),
            Self::Sequences => sequences(),
            Self::Constraints => constraints(version),
            Self::Indexes => indexes(version),
            Self::OperatorClasses => OPERATOR_CLASSES.to_owned(),
            Self::Policies => POLICIES.to_owned(),
            Self::Statistics => STATISTICS.to_owned(),
            Self::DefaultPrivileges => default_privileges(),
            Self::Views => format!(
                "select oid, pg_get_viewdef(oid, false) from pg_class \
                 where oid >= {FIRST} and relkind in ('v', 'm')"
            ),
            Self::Defaults => defaults(),
            Self::ConstraintDefinitions => constraint_definitions(version),
            Self::IndexDefinitions => index_definitions(),
            Self::IndexPredicates => index_predicates(),
            Self::Routines => routines(),
            Self::Triggers => triggers(),
            Self::Rules => rules(),
        }
    }
}

const SCHEMAS: &str = "select oid, quote_ident(nspname), \
     nspname !~ '^pg_' and nspname not in ('information_schema', 'backsmith') from pg_namespace";

const EXTENSIONS: &str = "select x.oid, quote_ident(x.extname), quote_ident(n.nspname), x.extversion \
     from pg_extension x join pg_namespace n on n.oid = x.extnamespace";

/// All edges from a user's object to something a user or an extension made, or to a schema. Triggers
/// that follow from a constraint are no objects of ours.
fn edges() -> String {
    format!(
        "select classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype from pg_depend \
         where objid >= {FIRST} and deptype in ('n', 'a', 'i', 'e') \
         and (refobjid >= {FIRST} or refclassid = 'pg_namespace'::regclass) \
         and not (classid = 'pg_trigger'::regclass and deptype = 'i')"
    )
}

fn comments() -> String {
    format!(
        "select classoid, objoid, objsubid, description from pg_description \
         where objoid >= {FIRST} or classoid in ('pg_namespace'::regclass, 'pg_extension'::regclass)"
    )
}

/// Rights of others than the owner, of everything whose rights were ever set.
fn grants() -> String {
    let exploded = |class: &str, source: &str, acl: &str, oid: &str, part: &str, owner: &str| {
        format!(
            "select '{class}'::regclass::oid, {oid}, {part}, case when x.grantee = 0 then 'PUBLIC' \
             else quote_ident(pg_get_userbyid(x.grantee)) end, x.privilege_type, x.is_grantable \
             from {source}, aclexplode({acl}) x where {acl} is not null and x.grantee <> {owner}"
        )
    };
    [
        exploded(
            "pg_namespace",
            "pg_namespace n",
            "n.nspacl",
            "n.oid",
            "0",
            "n.nspowner",
        ),
        exploded(
            "pg_class",
            &format!("(select * from pg_class where oid >= {FIRST}) c"),
            "c.relacl",
            "c.oid",
            "0",
            "c.relowner",
        ),
        exploded(
            "pg_class",
            &format!(
                "(select * from pg_attribute where attrelid >= {FIRST} and attacl is not null) a \
                 join pg_class c on c.oid = a.attrelid"
            ),
            "a.attacl",
            "a.attrelid",
            "a.attnum",
            "c.relowner",
        ),
        exploded(
            "pg_proc",
            &format!("(select * from pg_proc where oid >= {FIRST}) p"),
            "p.proacl",
            "p.oid",
            "0",
            "p.proowner",
        ),
        exploded(
            "pg_type",
            &format!("(select * from pg_type where oid >= {FIRST}) t"),
            "t.typacl",
            "t.oid",
            "0",
            "t.typowner",
        ),
    ]
    .join(" union all ")
}

/// The name of a collation, complete.
fn collation(oid: &str) -> String {
    format!(
        "(select quote_ident(cn.nspname) || '.' || quote_ident(co.collname) from pg_collation co \
         join pg_namespace cn on cn.oid = co.collnamespace where co.oid = {oid})"
    )
}

/// Types of one's own, and the arrays and row types that follow from other objects.
fn types(version: u32) -> String {
    // Multiranges came with version 14.
    let (multirange, range_of) = if version >= 140_000 {
        (
            "'MULTIRANGE_TYPE_NAME = ' || nullif(r.rngmultitypid, 0)::regtype",
            "case when t.typtype = 'm' then (select r.rngtypid from pg_range r where r.rngmultitypid = t.oid) end",
        )
    } else {
        ("null", "null")
    };
    format!(
        "select t.oid, t.typnamespace, quote_ident(t.typname), t.typtype, t.typrelid, t.typarray, t.typelem, \
         case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end, t.typdefault, t.typnotnull, \
         case when t.typtype = 'd' and t.typcollation <> coalesce((select b.typcollation from pg_type b \
           where b.oid = t.typbasetype), 0) then {domain_collation} end, \
         case when t.typtype = 'r' then (select concat_ws(', ', 'SUBTYPE = ' || format_type(r.rngsubtype, null), \
           (select 'SUBTYPE_OPCLASS = ' || quote_ident(on_.nspname) || '.' || quote_ident(o.opcname) from pg_opclass o \
            join pg_namespace on_ on on_.oid = o.opcnamespace where o.oid = r.rngsubopc and not o.opcdefault), \
           (select 'COLLATION = ' || {range_collation} from pg_type y where y.oid = r.rngsubtype \
            and r.rngcollation <> y.typcollation), \
           'CANONICAL = ' || nullif(r.rngcanonical::oid, 0)::regproc, 'SUBTYPE_DIFF = ' || nullif(r.rngsubdiff::oid, 0)::regproc, \
           {multirange}) from pg_range r where r.rngtypid = t.oid) end, {range_of}, t.typacl is null \
         from pg_type t where t.oid >= {FIRST}",
        domain_collation = collation("t.typcollation"),
        range_collation = collation("r.rngcollation"),
    )
}

/// Everything that has rows or columns, indexes apart.
fn relations() -> String {
    format!(
        "select c.oid, c.relnamespace, quote_ident(c.relname), c.relkind, c.relpersistence, c.reltype, \
         c.relrowsecurity, c.relforcerowsecurity, c.relreplident, c.relispartition, \
         case when a.amname <> 'heap' then quote_ident(a.amname) end, \
         case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end, \
         case when c.relispartition then pg_get_expr(c.relpartbound, 0) end, \
         case when c.reloftype <> 0 then c.reloftype::regtype::text end, c.reloptions, t.reloptions \
         from pg_class c left join pg_am a on a.oid = c.relam \
         left join pg_class t on t.oid = c.reltoastrelid and t.reloptions is not null \
         where c.oid >= {FIRST} and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')"
    )
}

const FOREIGN_TABLES: &str = "select f.ftrelid, quote_ident(s.srvname), \
     (select json_object_agg(quote_ident(o.option_name), o.option_value)::text \
      from pg_options_to_table(f.ftoptions) o) \
     from pg_foreign_table f join pg_foreign_server s on s.oid = f.ftserver";

/// Columns and attributes of composite types; of indexes only what has a statistics target.
fn columns(version: u32) -> String {
    // Compression came with version 14.
    let compression = if version >= 140_000 {
        "a.attcompression"
    } else {
        "''"
    };
    format!(
        "select a.attrelid, a.attnum, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), \
         case when a.attcollation <> t.typcollation then {collation} end, a.attnotnull, a.attidentity, \
         a.attgenerated, a.attstorage, t.typstorage, {compression}, nullif(a.attstattarget, -1), a.attoptions, \
         case when a.attfdwoptions is not null then (select json_object_agg(quote_ident(o.option_name), o.option_value)::text \
         from pg_options_to_table(a.attfdwoptions) o) end, \
         a.attislocal, a.attinhcount, a.atttypid, a.attcollation, c.relkind in ('i', 'I') \
         from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid \
         where a.attrelid >= {FIRST} and a.attnum > 0 and not a.attisdropped \
         and (c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') or c.relkind in ('i', 'I') and (a.attstattarget >= 0 or a.attoptions is not null))",
        collation = collation("a.attcollation"),
    )
}

fn sequences() -> String {
    format!(
        "select seqrelid, format_type(seqtypid, null), seqstart, seqincrement, seqmin, seqmax, seqcache, \
         seqcycle from pg_sequence where seqrelid >= {FIRST}"
    )
}

/// What only `pg_get_constraintdef` can say: expressions, and what newer versions added.
fn is_printed(version: u32) -> &'static str {
    if version >= 180_000 {
        "(o.contype in ('c', 'x') or o.conperiod or not o.conenforced \
         or o.confrelid between 1 and 16383)"
    } else {
        "(o.contype in ('c', 'x') or o.confrelid between 1 and 16383)"
    }
}

fn constraints(version: u32) -> String {
    // ON DELETE SET … of some columns came with version 15.
    let set_columns = if version >= 150_000 {
        "o.confdelsetcols"
    } else {
        "null"
    };
    format!(
        "select o.oid, quote_ident(o.conname), o.contype, o.conrelid, o.contypid, o.conindid, o.confrelid, \
         o.conkey, o.confkey, o.convalidated, o.condeferrable, o.condeferred, o.conislocal, o.coninhcount, \
         o.conparentid, o.connoinherit, o.confupdtype, o.confdeltype, o.confmatchtype, {set_columns} \
         from pg_constraint o where o.oid >= {FIRST} and o.contype in ('c', 'f', 'p', 'u', 'x')",
    )
}

fn constraint_definitions(version: u32) -> String {
    format!(
        "select o.oid, pg_get_constraintdef(o.oid) from pg_constraint o \
         where o.oid >= {FIRST} and o.contype in ('c', 'f', 'p', 'u', 'x') and {printed}",
        printed = is_printed(version),
    )
}

const OPERATOR_CLASSES: &str = "select o.oid, o.opcmethod, o.opcintype, o.opcdefault, \
     case when n.nspname <> 'pg_catalog' then quote_ident(n.nspname) || '.' else '' end || quote_ident(o.opcname) \
     from pg_opclass o join pg_namespace n on n.oid = o.opcnamespace";

fn indexes(version: u32) -> String {
    // NULLS NOT DISTINCT came with version 15.
    let nulls_not_distinct = if version >= 150_000 {
        "i.indnullsnotdistinct"
    } else {
        "false"
    };
    format!(
        "select i.indexrelid, c.relnamespace, quote_ident(c.relname), i.indrelid, quote_ident(a.amname), \
         i.indisunique, {nulls_not_distinct}, i.indisvalid, i.indisclustered, i.indisreplident, \
         i.indexprs is not null, i.indpred is not null, c.relkind = 'I', i.indnkeyatts, i.indkey, i.indclass, \
         i.indcollation, i.indoption, c.reloptions is not null \
         from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam \
         where i.indexrelid >= {FIRST} and c.relnamespace <> 'pg_toast'::regnamespace"
    )
}

/// Those that cannot be told from their columns.
fn index_definitions() -> String {
    format!(
        "select i.indexrelid, pg_get_indexdef(i.indexrelid) from pg_index i \
         join pg_class c on c.oid = i.indexrelid where i.indexrelid >= {FIRST} \
         and (i.indexprs is not null or c.reloptions is not null)"
    )
}

/// The rest of a partial index is told from its columns: a server that prints all of it looks for
/// the default operator class of each.
fn index_predicates() -> String {
    format!(
        "select i.indexrelid, pg_get_expr(i.indpred, i.indrelid) from pg_index i \
         join pg_class c on c.oid = i.indexrelid where i.indexrelid >= {FIRST} \
         and i.indpred is not null and i.indexprs is null and c.reloptions is null"
    )
}

/// The definitions of just these indexes.
pub(super) fn index_definitions_of(oids: &[u32]) -> String {
    let list: Vec<String> = oids.iter().map(u32::to_string).collect();
    format!(
        "select oid, pg_get_indexdef(oid) from unnest('{{{}}}'::oid[]) as oid",
        list.join(",")
    )
}

/// An expression without columns is printed without a look at its table.
fn defaults() -> String {
    format!(
        "select d.adrelid, d.adnum, d.oid, \
         pg_get_expr(d.adbin, case when a.attgenerated = '' then 0 else d.adrelid end) \
         from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum \
         where d.adrelid >= {FIRST}"
    )
}

/// Printing a routine is dear, and extensions may bring hundreds.
fn routines() -> String {
    format!(
        "select p.oid, p.pronamespace, p.oid::regprocedure::text, p.prokind, pg_get_functiondef(p.oid), \
         concat_ws('|', pg_get_function_result(p.oid), p.prorettype::regtype, p.proallargtypes::regtype[]::text, p.proretset, array_to_string(p.proargnames, ',', '-'), \
         array_to_string(p.proargmodes, ','), p.prokind), p.pronargdefaults, p.proacl is null \
         from pg_proc p where p.oid >= {FIRST} and p.prokind <> 'a' and p.oid not in \
         (select e.objid from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid >= {FIRST} \
          and e.deptype in ('e', 'i'))"
    )
}

fn triggers() -> String {
    format!(
        "select t.oid, t.tgrelid, quote_ident(t.tgname), \
         case when t.tgparentid = 0 then pg_get_triggerdef(t.oid) end, t.tgenabled, t.tgparentid <> 0 \
         from pg_trigger t where t.oid >= {FIRST} and not t.tgisinternal"
    )
}

fn rules() -> String {
    format!(
        "select r.oid, r.ev_class, quote_ident(r.rulename), \
         case when r.rulename <> '_RETURN' then pg_get_ruledef(r.oid) end, r.ev_enabled, r.rulename = '_RETURN' \
         from pg_rewrite r where r.ev_class >= {FIRST}"
    )
}

const POLICIES: &str = "select p.oid, p.polrelid, quote_ident(p.polname), p.polcmd, p.polpermissive, \
     array(select case when r = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(r)) end \
     from unnest(p.polroles) r order by 1), \
     pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid) from pg_policy p";

const STATISTICS: &str = "select s.oid, s.stxnamespace, quote_ident(s.stxname), \
     pg_get_statisticsobjdef(s.oid), nullif(s.stxstattarget, -1), s.stxrelid from pg_statistic_ext s";

fn default_privileges() -> String {
    // As JSON, since one object has two lists of rights.
    let rights = |acl: &str, condition: &str| {
        format!(
            "(select coalesce(json_agg(json_build_array(case when x.grantee = 0 then 'PUBLIC' \
             else quote_ident(pg_get_userbyid(x.grantee)) end, x.privilege_type, x.is_grantable)), '[]')::text \
             from aclexplode({acl}) x where {condition})"
        )
    };
    format!(
        "select d.oid, quote_ident(pg_get_userbyid(d.defaclrole)), \
         case when d.defaclnamespace <> 0 then quote_ident(n.nspname) end, \
         d.defaclobjtype, pg_get_userbyid(d.defaclrole) = current_user, {set}, {initial} \
         from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace",
        set = rights(
            "d.defaclacl",
            "d.defaclnamespace <> 0 or x.grantee <> d.defaclrole"
        ),
        initial = rights(
            "acldefault(case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end, d.defaclrole)",
            "d.defaclnamespace = 0 and x.grantee <> d.defaclrole"
        ),
    )
}
