//! Everything but tables.

use migration_tests::harness::Trial;
use migration_tests::trials;

use super::{Case, check};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        changes_of_schemas_and_extensions_are_noticed,
        changes_of_types_are_noticed,
        changes_of_sequences_and_views_are_noticed,
        changes_of_functions_are_noticed,
        changes_of_triggers_rules_and_policies_are_noticed,
        changes_of_what_is_rare_are_noticed,
    ]
}

/// Every list of this file.
pub(super) const ALL: &[&[Case]] = &[SCHEMAS, TYPES, VIEWS, FUNCTIONS, TRIGGERS, RARE];

fn changes_of_schemas_and_extensions_are_noticed() {
    check(SCHEMAS);
}

const SCHEMAS: &[Case] = &[
    ("", "CREATE SCHEMA app", "schema app is new"),
    ("", "GRANT USAGE ON SCHEMA app TO PUBLIC", "schema app: grants USAGE TO PUBLIC are new"),
    ("", "COMMENT ON SCHEMA app IS 'mine'", "schema app: comment mine is new"),
    ("", "ALTER SCHEMA app OWNER TO pg_monitor", "schema app: owner is pg_monitor, was migration"),
    (
        "",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC",
        "default privileges for tables of migration in schema app is new",
    ),
    (
        "",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM PUBLIC",
        "default privileges for tables of migration in schema app is missing",
    ),
    (
        "",
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        "default privileges for functions of migration is new",
    ),
    ("", "CREATE EXTENSION pg_trgm", "extension pg_trgm is new"),
    ("", "ALTER EXTENSION pg_trgm SET SCHEMA app", "extension pg_trgm: schema is app, was public"),
];

fn changes_of_types_are_noticed() {
    check(TYPES);
}

const TYPES: &[Case] = &[
    ("", "CREATE TYPE mood AS ENUM ('sad', 'ok')", "enum mood is new"),
    (
        "",
        "ALTER TYPE mood ADD VALUE 'glad' BEFORE 'ok'",
        "enum mood: labels are 'sad', 'glad', 'ok', were 'sad', 'ok'",
    ),
    (
        "",
        "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'",
        "enum mood: labels are 'sad', 'glad', 'fine', were 'sad', 'glad', 'ok'",
    ),
    ("", "REVOKE USAGE ON TYPE mood FROM PUBLIC", "enum mood: grants no USAGE TO PUBLIC are new"),
    ("", "COMMENT ON TYPE mood IS 'a mood'", "enum mood: comment a mood is new"),
    ("", "CREATE DOMAIN d AS text", "domain d is new"),
    ("", "ALTER DOMAIN d SET NOT NULL", "domain d: NOT NULL is new"),
    ("", "ALTER DOMAIN d SET DEFAULT 'x'", "domain d: default 'x'::text is new"),
    (
        "",
        "DROP DOMAIN d; CREATE DOMAIN d AS varchar(3) COLLATE \"C\" DEFAULT 'x' NOT NULL",
        "domain d: type is character varying(3), was text\n~ domain d: default is 'x'::character varying, was 'x'::text\ndomain d: collation \"C\" is new",
    ),
    ("", "CREATE TYPE r AS RANGE (SUBTYPE = float8)", "range r is new"),
    (
        "",
        "DROP TYPE r; CREATE TYPE r AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi)",
        "range r: definition differs",
    ),
    ("", "CREATE TYPE pair AS (one int, two text)", "composite pair is new"),
    ("", "ALTER TYPE pair ADD ATTRIBUTE three int", "column pair.three is new"),
];

fn changes_of_sequences_and_views_are_noticed() {
    check(VIEWS);
}

const VIEWS: &[Case] = &[
    ("CREATE TABLE t (a int, b text)", "CREATE SEQUENCE s", "sequence s is new"),
    (
        "",
        "ALTER SEQUENCE s AS int INCREMENT 2 MINVALUE 0 MAXVALUE 99 START 4 CACHE 5 CYCLE",
        "sequence s: type is integer, was bigint\nsequence s: start is 4, was 1\nsequence s: increment is 2, was 1\nsequence s: minimum is 0, was 1\nsequence s: maximum is 99, was 9223372036854775807\nsequence s: cache is 5, was 1\nsequence s: CYCLE is new",
    ),
    ("", "ALTER SEQUENCE s OWNED BY t.a", "sequence s: column public.t.a is new"),
    ("", "SELECT nextval('s')", ""),
    (
        "",
        "COMMENT ON SEQUENCE s IS 'why'; GRANT USAGE ON SEQUENCE s TO PUBLIC",
        "sequence s: grants USAGE TO PUBLIC are new\nsequence s: comment why is new",
    ),
    ("", "CREATE VIEW v AS SELECT a FROM t", "view v is new"),
    ("", "CREATE OR REPLACE VIEW v AS SELECT a FROM t WHERE a > 0", "view v: definition differs"),
    ("", "ALTER VIEW v SET (security_barrier)", "view v: options security_barrier=true are new"),
    ("", "GRANT SELECT ON v TO PUBLIC", "view v: grants SELECT TO PUBLIC are new"),
    ("", "COMMENT ON VIEW v IS 'why'", "view v: comment why is new"),
    ("", "CREATE MATERIALIZED VIEW m AS SELECT a FROM t", "materialized view m is new"),
    ("", "REFRESH MATERIALIZED VIEW m WITH NO DATA", "materialized view m: WITH NO DATA is new"),
    ("", "CREATE UNIQUE INDEX mi ON m (a)", "index mi is new"),
    (
        "",
        "DROP MATERIALIZED VIEW m; CREATE MATERIALIZED VIEW m AS SELECT b FROM t",
        "materialized view m: definition differs\nmaterialized view m: WITH NO DATA is missing\nindex mi is missing",
    ),
];

fn changes_of_functions_are_noticed() {
    check(FUNCTIONS);
}

const FUNCTIONS: &[Case] = &[
    (
        "",
        "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT $1'",
        "function f(integer) is new",
    ),
    (
        "",
        "CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "function f(text) is new",
    ),
    (
        "",
        "CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 1'",
        "function f(integer): body is SELECT $1 + 1, was SELECT $1",
    ),
    (
        "",
        "CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT $1  + 1 -- one more'",
        "~ function f(integer): body is SELECT $1  + 1 -- one more, was SELECT $1 + 1",
    ),
    (
        "",
        "CREATE OR REPLACE FUNCTION f(a int DEFAULT 3) RETURNS int LANGUAGE sql AS 'SELECT $1  + 1 -- one more'",
        "function f(integer): arguments are a integer DEFAULT 3, were a integer",
    ),
    (
        "",
        "ALTER FUNCTION f(int) IMMUTABLE",
        "function f(integer): volatility is IMMUTABLE, was VOLATILE",
    ),
    (
        "",
        "ALTER FUNCTION f(int) STRICT SECURITY DEFINER LEAKPROOF PARALLEL SAFE COST 7",
        "function f(integer): cost is 7, was 100\nfunction f(integer): STRICT is new\nfunction f(integer): SECURITY DEFINER is new\nfunction f(integer): LEAKPROOF is new\nfunction f(integer): parallel safety SAFE is new",
    ),
    (
        "",
        "ALTER FUNCTION f(int) SET search_path = public",
        "function f(integer): settings search_path=public are new",
    ),
    (
        "",
        "ALTER FUNCTION f(int) RESET ALL",
        "function f(integer): settings search_path=public are missing",
    ),
    (
        "",
        "REVOKE ALL ON FUNCTION f(int) FROM PUBLIC",
        "function f(integer): grants no EXECUTE TO PUBLIC are new",
    ),
    ("", "COMMENT ON FUNCTION f(int) IS 'why'", "function f(integer): comment why is new"),
    (
        "",
        "DROP FUNCTION f(text); CREATE FUNCTION f(a text) RETURNS SETOF int LANGUAGE plpgsql ROWS 7 AS 'BEGIN RETURN NEXT 1; END'",
        "function f(text): result is SETOF integer, was integer\nfunction f(text): language is plpgsql, was sql\nfunction f(text): body is BEGIN RETURN NEXT 1; END, was SELECT 1\nfunction f(text): rows 7 are new",
    ),
    ("", "CREATE PROCEDURE p() LANGUAGE sql AS ''", "procedure p() is new"),
    ("", "CREATE AGGREGATE g(int) (SFUNC = int4pl, STYPE = int)", "aggregate g(integer) is new"),
    (
        "",
        "DROP AGGREGATE g(int); CREATE AGGREGATE g(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0')",
        "aggregate g(integer): definition is SFUNC = int4pl, STYPE = integer, INITCOND = '0', was SFUNC = int4pl, STYPE = integer",
    ),
    (
        "",
        "CREATE OPERATOR <+> (FUNCTION = int4pl, LEFTARG = int, RIGHTARG = int)",
        "operator <+>(integer, integer) is new",
    ),
];

fn changes_of_triggers_rules_and_policies_are_noticed() {
    check(TRIGGERS);
}

const TRIGGERS: &[Case] = &[
    (
        "CREATE TABLE t (a int, b text); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f()",
        "trigger g of t is new",
    ),
    ("", "ALTER TABLE t DISABLE TRIGGER g", "trigger g of t: DISABLE is new"),
    (
        "",
        "ALTER TABLE t ENABLE ALWAYS TRIGGER g",
        "trigger g of t: state is ENABLE ALWAYS, was DISABLE",
    ),
    (
        "",
        "DROP TRIGGER g ON t; CREATE TRIGGER g AFTER UPDATE OF a ON t EXECUTE FUNCTION f()",
        "trigger g of t: definition differs\ntrigger g of t: ENABLE ALWAYS is missing",
    ),
    ("", "COMMENT ON TRIGGER g ON t IS 'why'", "trigger g of t: comment why is new"),
    ("", "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING", "rule r of t is new"),
    ("", "ALTER TABLE t DISABLE RULE r", "rule r of t: DISABLE is new"),
    (
        "",
        "CREATE OR REPLACE RULE r AS ON DELETE TO t DO ALSO NOTHING",
        "rule r of t: definition differs",
    ),
    ("", "CREATE POLICY own ON t USING (a > 0)", "policy own of t is new"),
    (
        "",
        "ALTER POLICY own ON t USING (a > 1) WITH CHECK (a > 2)",
        "policy own of t: condition is (a > 1), was (a > 0)\npolicy own of t: check (a > 2) is new",
    ),
    (
        "",
        "ALTER POLICY own ON t TO pg_monitor",
        "policy own of t: roles are pg_monitor, were PUBLIC",
    ),
    (
        "",
        "DROP POLICY own ON t; CREATE POLICY own ON t AS RESTRICTIVE FOR SELECT TO pg_monitor USING (a > 1)",
        "policy own of t: permissiveness is RESTRICTIVE, was PERMISSIVE\npolicy own of t: command is SELECT, was ALL\npolicy own of t: check (a > 2) is missing",
    ),
];

fn changes_of_what_is_rare_are_noticed() {
    check(RARE);
}

const RARE: &[Case] = &[
    (
        "CREATE TABLE t (a int, b int); CREATE TABLE u (a int)",
        "CREATE STATISTICS st ON a, b FROM t",
        "statistics st is new",
    ),
    ("", "ALTER STATISTICS st SET STATISTICS 9", "statistics st: statistics target 9 is new"),
    ("", "CREATE PUBLICATION p FOR TABLE t", "publication p is new"),
    (
        "",
        "ALTER PUBLICATION p ADD TABLE u",
        "publication p: contents are TABLE public.t, TABLE public.u, were TABLE public.t",
    ),
    (
        "",
        "ALTER PUBLICATION p SET (publish = 'insert', publish_via_partition_root)",
        "publication p: operations are insert, were insert, update, delete, truncate\npublication p: via the partition root is new",
    ),
    (
        "CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION ef()",
        "event trigger e is new",
    ),
    ("", "ALTER EVENT TRIGGER e DISABLE", "event trigger e: DISABLE is new"),
    ("", "CREATE COLLATION c (LOCALE = 'C')", "collation c is new"),
    (
        "",
        "CREATE TYPE mood AS ENUM ('x'); CREATE CAST (int AS mood) WITH INOUT",
        "enum mood is new\ncast integer AS public.mood is new",
    ),
    ("", "CREATE FOREIGN DATA WRAPPER w OPTIONS (a 'b')", "foreign data wrapper w is new"),
    ("", "CREATE SERVER sv FOREIGN DATA WRAPPER w", "server sv is new"),
    ("", "GRANT USAGE ON FOREIGN SERVER sv TO PUBLIC", "server sv: grants USAGE TO PUBLIC are new"),
    (
        "",
        "CREATE FOREIGN TABLE ft (a int OPTIONS (c 'd')) SERVER sv OPTIONS (e 'f')",
        "foreign table ft is new",
    ),
    (
        "",
        "ALTER FOREIGN TABLE ft OPTIONS (SET e 'g')",
        "foreign table ft: server is sv OPTIONS (e 'g'), was sv OPTIONS (e 'f')",
    ),
    (
        "",
        "ALTER FOREIGN TABLE ft ALTER a OPTIONS (SET c 'g')",
        "column ft.a: foreign options are c 'g', were c 'd'",
    ),
    (
        "",
        "CREATE TEXT SEARCH CONFIGURATION ts (COPY = simple)",
        "text search configuration ts is new",
    ),
    (
        "",
        "CREATE TEXT SEARCH DICTIONARY td (TEMPLATE = simple)",
        "text search dictionary td is new",
    ),
    (
        "",
        "ALTER TEXT SEARCH CONFIGURATION ts ALTER MAPPING FOR word WITH td",
        "text search configuration ts: definition differs",
    ),
    (
        "",
        "CREATE OPERATOR CLASS oc FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 3 =, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int)",
        "operator family oc USING btree is new\noperator class oc USING btree is new",
    ),
];
