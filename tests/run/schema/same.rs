//! What is the same is the same, whichever way it came about.

use migrate_runtime::schema::ObjectKind;
use migrate_runtime::{Migrator, embed_migrations};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, trials};

use super::{schema, schema_as, told};
use crate::{three, up};

pub(super) static DCMS: migrate_runtime::MigrationSet = embed_migrations!("migrations");

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        the_migration_system_is_no_part_of_the_schema,
        the_same_migrations_make_the_same_schema,
        what_is_made_dropped_and_made_again_is_the_same,
        a_column_type_that_came_back_leaves_no_difference_that_counts,
        columns_in_another_order_are_so_in_views_too,
        what_means_something_else_counts,
        when_a_script_ran_makes_no_difference_that_counts,
        grants_that_came_back_are_the_same,
        a_role_that_may_read_nothing_reads_the_schema,
    ]
}

fn the_migration_system_is_no_part_of_the_schema() {
    let database = TestDatabase::new();
    let empty = schema(&database);
    up(&three(), &database);
    let full = schema(&database);
    assert_eq!(told(&empty.diff(&full)), "table one is new\ntable three is new\ntable two is new");
    let mut migrator = Migrator::new(&three(), database.config());
    migrator.run_down(&everything()).unwrap();
    assert_eq!(schema(&database), empty);
}

fn everything() -> migrate_runtime::Down {
    let mut down = migrate_runtime::Down::default();
    down.limit = migrate_runtime::Limit::All;
    down
}

fn the_same_migrations_make_the_same_schema() {
    let databases = [TestDatabase::new(), TestDatabase::new()];
    for database in &databases {
        up(&DCMS, database);
    }
    let [one, other] = databases.each_ref().map(schema);
    assert_eq!(told(&one.diff(&other)), "");
    assert_eq!(one, other);
    let count = |kind| one.objects.keys().filter(|it| it.kind == kind).count();
    assert!(count(ObjectKind::Table) > 15 && count(ObjectKind::Column) > 100);
}

/// One of every kind.
pub(super) const EVERYTHING: &str = "
    CREATE SCHEMA app;
    CREATE EXTENSION pg_trgm SCHEMA app;
    CREATE TYPE app.mood AS ENUM ('sad', 'ok');
    CREATE DOMAIN app.small AS int CHECK (VALUE < 9);
    CREATE TYPE app.pair AS (one int, two text);
    CREATE TYPE app.span AS RANGE (SUBTYPE = float8);
    CREATE TABLE app.t (id serial PRIMARY KEY, mood app.mood DEFAULT 'ok', n app.small NOT NULL,
        name varchar(20) UNIQUE CHECK (name IN ('a', 'b')), number int GENERATED ALWAYS AS IDENTITY,
        twice int GENERATED ALWAYS AS (2) STORED);
    CREATE TABLE app.part (id int REFERENCES app.t, at date) PARTITION BY RANGE (at);
    CREATE TABLE app.part1 PARTITION OF app.part FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
    CREATE INDEX ON app.part (id);
    CREATE INDEX trigrams ON app.t USING gin (name app.gin_trgm_ops);
    CREATE VIEW app.v AS SELECT * FROM app.t WHERE name IN ('a', 'b');
    CREATE MATERIALIZED VIEW app.m AS SELECT id FROM app.t;
    CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE AGGREGATE app.g(int) (SFUNC = int4pl, STYPE = int);
    CREATE TRIGGER g AFTER INSERT ON app.t EXECUTE FUNCTION app.f();
    CREATE RULE r AS ON DELETE TO app.t DO INSTEAD NOTHING;
    CREATE POLICY own ON app.t USING (id > 0);
    CREATE STATISTICS app.st ON id, n FROM app.t;
    CREATE PUBLICATION everything_at_once FOR TABLE app.part1;
    CREATE COLLATION app.c (LOCALE = 'C');
    CREATE TEXT SEARCH CONFIGURATION app.ts (COPY = simple);
    GRANT SELECT ON app.t TO PUBLIC;
    GRANT SELECT (id) ON app.part TO pg_monitor;
    COMMENT ON COLUMN app.t.n IS 'why'";

fn what_is_made_dropped_and_made_again_is_the_same() {
    let database = TestDatabase::new();
    let empty = schema(&database);
    database.execute(EVERYTHING);
    let full = schema(&database);
    assert!(full.objects.len() > 50, "{}", full.objects.len());
    database.execute("DROP PUBLICATION everything_at_once; DROP SCHEMA app CASCADE");
    assert_eq!(told(&empty.diff(&schema(&database))), "");
    database.execute(EVERYTHING);
    assert_eq!(told(&full.diff(&schema(&database))), "");
    // Against nothing, what belongs to something is told with it.
    assert_eq!(
        told(&full.diff(&empty)),
        "schema app is missing\nextension pg_trgm is missing\npublication everything_at_once is missing"
    );
}

fn a_column_type_that_came_back_leaves_no_difference_that_counts() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE t (status varchar(20) DEFAULT 'a' CHECK (status IN ('a', 'b')));
         CREATE INDEX ON t (lower(status)) WHERE status IN ('a', 'b')",
    );
    let was = schema(&database);
    database.execute("ALTER TABLE t ALTER status TYPE text");
    assert_ne!(told(&was.diff(&schema(&database))), "");
    database.execute("ALTER TABLE t ALTER status TYPE varchar(20)");
    let differences = was.diff(&schema(&database));
    assert!(told(&differences).lines().all(|it| it.starts_with('~')), "{}", told(&differences));
}

fn columns_in_another_order_are_so_in_views_too() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE t (a int, b int, c int); CREATE VIEW v AS SELECT * FROM t");
    let was = schema(&database);
    database.execute(
        "DROP VIEW v; ALTER TABLE t DROP b; ALTER TABLE t ADD b int; CREATE VIEW v AS SELECT * FROM t",
    );
    assert_eq!(
        told(&was.diff(&schema(&database))),
        "~ table t: its columns are in the order a, c, b, were a, b, c\n~ view v: definition differs"
    );
    database.execute("DROP VIEW v; CREATE VIEW v AS SELECT a, b FROM t");
    assert_eq!(
        told(&was.diff(&schema(&database))),
        "~ table t: its columns are in the order a, c, b, were a, b, c\nview v: definition differs"
    );
}

fn what_means_something_else_counts() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE EXTENSION citext;
         CREATE TABLE t (email citext, kind varchar(9), a int, b int, CONSTRAINT c CHECK (email = 'x'::citext));
         CREATE VIEW w AS SELECT a, b FROM t; CREATE VIEW x AS SELECT * FROM w;
         CREATE VIEW v AS SELECT b FROM t WHERE kind IN ('a', 'b')",
    );
    let told = |change: &str| {
        let was = schema(&database);
        database.execute(change);
        told(&was.diff(&schema(&database)))
    };
    let change = "ALTER TABLE t DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (email::text = 'x')";
    assert_eq!(told(change), "constraint c of t: definition differs");
    let change = "DROP VIEW x, w; CREATE VIEW w AS SELECT a AS b, b AS a FROM t";
    assert_eq!(told(change), "view w: definition differs\nview x is missing");
    // The view says the same in other words, of a column that is something else.
    let change = "DROP VIEW v, w; ALTER TABLE t ALTER b TYPE bigint;
        CREATE VIEW v AS SELECT b FROM t WHERE kind::text = ANY (ARRAY['a'::varchar::text, 'b'::varchar::text])";
    let differences = told(change);
    assert!(differences.contains("~ view v: definition differs"), "{differences}");
    assert!(differences.contains("column v.b: type is bigint, was integer"), "{differences}");
}

fn when_a_script_ran_makes_no_difference_that_counts() {
    let database = TestDatabase::new();
    let make = "DROP TABLE IF EXISTS t; CREATE TABLE t (at timestamp DEFAULT 'now')";
    database.execute(make);
    let was = schema(&database);
    database.execute(make);
    assert_eq!(told(&was.diff(&schema(&database))), "~ column t.at: default differs");
}

fn grants_that_came_back_are_the_same() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE t (id int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE e AS ENUM ('a')",
    );
    let was = schema(&database);
    database.execute(
        "GRANT SELECT ON t TO PUBLIC; REVOKE SELECT ON t FROM PUBLIC; GRANT SELECT (id) ON t TO PUBLIC;
         REVOKE SELECT (id) ON t FROM PUBLIC; REVOKE ALL ON FUNCTION f FROM PUBLIC; GRANT EXECUTE ON FUNCTION f TO PUBLIC;
         REVOKE ALL ON TYPE e FROM PUBLIC; GRANT USAGE ON TYPE e TO PUBLIC; COMMENT ON TABLE t IS ''",
    );
    assert_eq!(told(&was.diff(&schema(&database))), "");
}

fn a_role_that_may_read_nothing_reads_the_schema() {
    let database = TestDatabase::new();
    database.execute(EVERYTHING);
    let reader = database.role("reader", "");
    assert_eq!(told(&schema(&database).diff(&schema_as(reader.config.clone()))), "");
}
