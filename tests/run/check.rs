//! `check`: the proof that every migration runs, is reverted, and runs again.

use migrate_runtime::check::{CheckFindingKind as Kind, CheckReport, Checker, Proven, Round};
use migrate_runtime::{ErrorKind, MigrationSet, embed_migrations};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use crate::three;

static DCMS: MigrationSet = embed_migrations!("migrations");

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_set_in_order_is_proven_and_leaves_no_database,
        the_schema_of_this_repository_is_proven,
        what_a_down_script_leaves_behind_is_told_with_the_way_back,
        the_way_back_can_be_pasted,
        what_a_down_script_does_not_bring_back_is_told_in_sql,
        a_script_that_fails_has_its_place_and_ends_what_follows,
        a_down_script_that_fails_does_not_end_what_follows,
        what_cannot_be_reverted_is_listed_with_its_reason,
        a_column_that_is_added_again_at_the_end_is_only_noted,
        what_was_proven_is_not_done_again_until_a_script_has_changed,
        a_stale_build_is_refused_also_where_all_is_proven,
        a_set_is_proven_in_a_schema_of_its_own,
        what_migrations_expect_is_set_up_first,
        scripts_outside_of_a_transaction_are_proven,
        scripts_in_batches_are_proven_on_empty_tables,
        reverting_all_of_them_is_proven_too,
        a_script_that_ends_all_other_sessions_does_not_end_the_proof,
    ]
}

/// A database to ask for others over, for nothing else.
pub(super) fn checker(set: &MigrationSet, database: &TestDatabase) -> Checker {
    Checker::new(set).on_server(database.config())
}

#[track_caller]
pub(super) fn check(set: &MigrationSet) -> CheckReport {
    let database = TestDatabase::new();
    let report = checker(set, &database).run().unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(left(&database), "");
    assert_eq!(
        database.text("SELECT count(*) FROM pg_class WHERE oid >= 16384"),
        "0",
        "the database is not touched"
    );
    report
}

/// The databases that checks over this one have left.
pub(super) fn left(database: &TestDatabase) -> String {
    let name = database.name();
    database.text(&format!(
        "SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') = 'migration check, made over the database {name}'"
    ))
}

#[track_caller]
fn only(report: &CheckReport) -> String {
    let [finding] = report.findings.as_slice() else { panic!("{report}") };
    finding.to_string()
}

pub(super) fn proven(report: &CheckReport) -> Vec<Proven> {
    report.migrations.iter().map(|it| it.proven).collect()
}

fn a_set_in_order_is_proven_and_leaves_no_database() {
    let report = check(&three());
    assert_eq!(report.to_string(), "3 of 3 migrations are proven");
    assert_eq!((proven(&report), report.round), (vec![Proven::Now; 3], Round::Proven));
    assert_eq!(report.exit_code(), 0);
    assert!(report.migrations.iter().all(|it| it.up.is_some() && it.down.is_some()));
}

fn the_schema_of_this_repository_is_proven() {
    let report = check(&DCMS);
    assert!(report.is_clean(), "{report}");
    migrate_runtime::testing::assert_reversible(&DCMS);
}

fn what_a_down_script_leaves_behind_is_told_with_the_way_back() {
    let migrations = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        (
            "20260101000002_two",
            "CREATE TABLE two (id int);\nALTER TABLE one ADD name text;\nCREATE INDEX ON one (name)",
            "DROP TABLE two",
        ),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
    ]);
    let report = check(&migrations);
    let expected = "migrations/20260101000002_two.down.sql:1: its down script does not restore what was there, and so it cannot run again: column \"name\" of relation \"one\" already exists
    column one.name is new
        + name text
    index one_name_idx is new
        + CREATE INDEX one_name_idx ON public.one USING btree (name)
    hint: DROP INDEX public.one_name_idx;
    hint: ALTER TABLE public.one DROP COLUMN name;
    hint: -- migrate:irreversible because REASON   -- as the whole down script, where there is no way back";
    assert_eq!(only(&report), expected);
    assert_eq!(report.findings[0].kind, Kind::DownDiffers);
    assert_eq!(proven(&report), [Proven::Now, Proven::Not, Proven::Now]);
    assert_eq!((report.exit_code(), report.round), (5, Round::NotTried));
}

fn the_way_back_can_be_pasted() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE one (id int)");
    let schema = || migrate_runtime::Migrator::new(&three(), database.config()).schema().unwrap();
    let before = schema();
    database.execute(
        "CREATE TYPE mood AS ENUM ('a'); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TABLE a (id int PRIMARY KEY, mood mood); CREATE TABLE b (a int REFERENCES a);
         ALTER TABLE one ADD mood mood, ADD a int REFERENCES a; CREATE INDEX ON one (mood);
         CREATE VIEW w AS SELECT mood FROM one; CREATE VIEW v AS SELECT * FROM w;
         CREATE TRIGGER t AFTER INSERT ON one EXECUTE FUNCTION f(); CREATE DOMAIN d AS mood",
    );
    let now = schema();
    let hints = now.ways_back(&before.diff(&now));
    for hint in &hints {
        database.execute(hint);
    }
    assert_eq!(schema(), before, "{hints:?}");
}

fn what_a_down_script_does_not_bring_back_is_told_in_sql() {
    let migrations = set(&[
        (
            "20260101000001_one",
            "CREATE TABLE one (id int PRIMARY KEY, title varchar(20) DEFAULT 'x'); COMMENT ON TABLE one IS 'why';
             CREATE VIEW seen AS SELECT id FROM one; GRANT SELECT ON seen TO PUBLIC",
            "DROP TABLE one CASCADE",
        ),
        (
            "20260101000002_two",
            "DROP VIEW seen; ALTER TABLE one ALTER title TYPE text, ALTER title DROP DEFAULT; COMMENT ON TABLE one IS NULL",
            "ALTER TABLE one ALTER title TYPE varchar(30); CREATE VIEW seen AS SELECT id FROM one",
        ),
    ]);
    let report = check(&migrations);
    let expected = "migrations/20260101000002_two.down.sql:1: its down script does not restore what was there
    table one: comment why is missing
        - COMMENT ON TABLE public.one IS 'why'
        + COMMENT ON TABLE public.one IS NULL
    view seen: grants SELECT TO PUBLIC are missing
        - GRANT SELECT ON TABLE public.seen TO PUBLIC
    column one.title: type is character varying(30), was character varying(20)
        - title character varying(20) DEFAULT 'x'::character varying
        + title character varying(30)
    column one.title: default 'x'::character varying is missing
        - title character varying(20) DEFAULT 'x'::character varying
        + title character varying(30)
    hint: -- migrate:irreversible because REASON   -- as the whole down script, where there is no way back";
    assert_eq!(only(&report), expected);
    // It runs again all the same, and what follows is looked at.
    assert_eq!(proven(&report), [Proven::Now, Proven::Not]);
    assert_eq!(report.exit_code(), 5);
}

fn a_script_that_fails_has_its_place_and_ends_what_follows() {
    let migrations = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_two", "SELECT 1;\nSELECT nothing", "SELECT 1"),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
    ]);
    let report = check(&migrations);
    assert_eq!(
        only(&report),
        "migrations/20260101000002_two.up.sql:2:8: its up script fails: column \"nothing\" does not exist"
    );
    assert_eq!(proven(&report), [Proven::Now, Proven::Not, Proven::NotReached]);
    assert_eq!(report.exit_code(), 1);
    assert!(report.to_string().ends_with(
        "1 of 3 migrations are proven, 1 have findings, 1 were not reached; all of them were not reverted and run again"
    ));
}

fn a_down_script_that_fails_does_not_end_what_follows() {
    let migrations = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE two"),
        ("20260101000002_two", "CREATE TABLE two (id int)", "DROP TABLE two"),
    ]);
    let report = check(&migrations);
    assert_eq!(
        only(&report),
        "migrations/20260101000001_one.down.sql:1: its down script fails: table \"two\" does not exist"
    );
    assert_eq!(proven(&report), [Proven::Not, Proven::Now]);
}

fn what_cannot_be_reverted_is_listed_with_its_reason() {
    let irreversible = "-- migrate:irreversible because enum values stay";
    let migrations = set(&[
        ("20260101000001_one", "CREATE TYPE mood AS ENUM ('a')", "DROP TYPE mood"),
        ("20260101000002_two", "ALTER TYPE mood ADD VALUE 'b'", irreversible),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
    ]);
    let report = check(&migrations);
    let expected = [Proven::Now, Proven::Irreversible("enum values stay"), Proven::Now];
    assert_eq!(proven(&report), expected);
    assert_eq!(report.round, Round::ProvenDownTo("20260101000002".parse().unwrap()));
    assert!(report.is_clean(), "{report}");
    let last = set(&[("20260101000002_two", "CREATE TYPE mood AS ENUM ('a')", irreversible)]);
    assert!(check(&last).is_clean());
}

fn a_column_that_is_added_again_at_the_end_is_only_noted() {
    let migrations = set(&[
        ("20260101000001_one", "CREATE TABLE one (a int, b int, c int)", "DROP TABLE one"),
        ("20260101000002_two", "ALTER TABLE one DROP b", "ALTER TABLE one ADD b int"),
    ]);
    let report = check(&migrations);
    assert!(report.is_clean(), "{report}");
    assert_eq!(
        report.migrations[1].notes[0].message,
        "table one: its columns are in the order a, c, b, were a, b, c"
    );
}

fn what_was_proven_is_not_done_again_until_a_script_has_changed() {
    let (database, folder) = (TestDatabase::new(), tempfile::tempdir().unwrap());
    let run = |set: &MigrationSet| {
        let report = checker(set, &database).with_cache(folder.path().join("new")).run();
        report.unwrap_or_else(|error| panic!("{error:?}"))
    };
    assert_eq!(proven(&run(&three())), [Proven::Now; 3]);
    let report = run(&three());
    assert_eq!((proven(&report), report.round), (vec![Proven::Before; 3], Round::ProvenBefore));
    // Another down script is a matter of its own, another up script one of all that follow.
    let mut scripts = vec![
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_two", "CREATE TABLE two (id int)", "DROP TABLE IF EXISTS two"),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
    ];
    let report = run(&set(&scripts));
    assert_eq!(proven(&report), [Proven::Before, Proven::Now, Proven::Before]);
    assert_eq!(report.round, Round::Proven);
    scripts[1].1 = "CREATE TABLE two (id bigint)";
    assert_eq!(proven(&run(&set(&scripts))), [Proven::Before, Proven::Now, Proven::Now]);
    scripts[2].2 = "SELECT 1";
    assert_eq!(proven(&run(&set(&scripts))), [Proven::Before, Proven::Before, Proven::Not]);
    assert_eq!(proven(&run(&set(&scripts))), [Proven::Before, Proven::Before, Proven::Not]);
}

fn a_stale_build_is_refused_also_where_all_is_proven() {
    let (database, folder) = (TestDatabase::new(), tempfile::tempdir().unwrap());
    let run = |set: &MigrationSet| checker(set, &database).with_cache(folder.path()).run();
    assert!(run(&three()).unwrap().is_clean());
    let source: &'static str = folder.path().display().to_string().leak();
    let error = run(&three().with_source(Some(source))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StaleBuild);
}

fn a_set_is_proven_in_a_schema_of_its_own() {
    let mut settings = migrate_runtime::Settings::default();
    "my app".clone_into(&mut settings.schema);
    let database = TestDatabase::new();
    let report = checker(&three(), &database).with_settings(settings).run().unwrap();
    assert!(report.is_clean(), "{report}");
}

fn what_migrations_expect_is_set_up_first() {
    let migrations =
        set(&[("20260101000001_one", "CREATE TABLE there.one (id int)", "DROP TABLE there.one")]);
    assert_eq!(check(&migrations).findings[0].kind, Kind::UpFailed);
    let lacking =
        |up| check(&set(&[("20260101000001_one", up, "SELECT 1")])).findings[0].hints.clone();
    let hints = lacking("CREATE TABLE one (id int); GRANT SELECT ON one TO nobody_here");
    assert!(hints[0].starts_with("migration-cli check --setup FILE"), "{hints:?}");
    let hints = lacking("CREATE EXTENSION not_anywhere");
    assert!(hints.iter().any(|it| it.starts_with("migration-cli check --scratch-url URL")));
    let hints = lacking("ALTER DATABASE not_anywhere SET jit = off");
    assert!(hints[0].contains("current_database()"), "{hints:?}");
    let database = TestDatabase::new();
    let checker = || checker(&migrations, &database);
    let report = checker().with_setup("CREATE SCHEMA there; SELECT 1").run().unwrap();
    assert!(report.is_clean(), "{report}");
    let error = checker().with_setup("CREATE SCHEMA").run().unwrap_err();
    assert_eq!(error.to_string(), "the setup of the check failed");
    assert_eq!(error.state(), Some("no migration was proven"));
    assert!(error.hints()[0].starts_with("correct the setup"), "{error:?}");
    assert_eq!(left(&database), "");
}

fn scripts_outside_of_a_transaction_are_proven() {
    let migrations = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        (
            "20260101000002_two",
            "-- migrate:no-transaction\nCREATE INDEX CONCURRENTLY i ON one (id);",
            "-- migrate:no-transaction\nDROP INDEX CONCURRENTLY i;",
        ),
        (
            "20260101000003_three",
            "-- migrate:no-transaction\nCREATE INDEX CONCURRENTLY j ON one (id);",
            "-- migrate:no-transaction\nDROP INDEX CONCURRENTLY j; DROP INDEX CONCURRENTLY k;",
        ),
    ]);
    let report = check(&migrations);
    assert!(only(&report).contains("its down script fails"), "{report}");
    assert_eq!(proven(&report), [Proven::Now, Proven::Now, Proven::Not]);
}

fn scripts_in_batches_are_proven_on_empty_tables() {
    let fill = "-- migrate:batch table=one key=id\nUPDATE one SET name = 'a' WHERE id >= :batch_start AND id < :batch_end;\n";
    let verified = |query: &str| {
        let up = format!("ALTER TABLE one ADD name text;\n{fill}-- migrate:verify\nSELECT {query}");
        let down = format!("{}ALTER TABLE one DROP name", fill.replace("'a'", "NULL"));
        check(&set(&[
            ("20260101000001_one", "CREATE TABLE one (id int PRIMARY KEY)", "DROP TABLE one"),
            ("20260101000002_fill", &up, &down),
        ]))
    };
    let report = verified("NOT EXISTS (SELECT FROM one WHERE name IS NULL)");
    assert!(report.is_clean(), "{report}");
    assert_eq!((proven(&report), report.round), (vec![Proven::Now; 2], Round::Proven));
    // With no rows at all, this gives NULL.
    let report = verified("bool_and(name IS NOT NULL) FROM one");
    assert_eq!(
        only(&report),
        "migrations/20260101000002_fill.up.sql:5: its up script fails: the query that is to give true gave null, or no row"
    );
    assert_eq!(proven(&report), [Proven::Now, Proven::Not]);
}

fn reverting_all_of_them_is_proven_too() {
    // Each is restored when it is the newest one; the first one cannot know what came after it.
    let migrations = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        (
            "20260101000002_two",
            "CREATE FUNCTION twice() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "DO $$ BEGIN DROP FUNCTION twice(); IF to_regclass('three') IS NULL AND (SELECT count(*) FROM _migrations_log) > 7
             THEN CREATE TABLE late (id int); END IF; END $$",
        ),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
    ]);
    let report = check(&migrations);
    assert_eq!(report.findings[0].kind, Kind::AllDownDiffers, "{report}");
    assert_eq!(report.round, Round::Failed);
    let expected = "migrations/20260101000003_three.down.sql:1: all of them reverted, the database is not as it was\n    table late is new";
    assert!(report.to_string().starts_with(expected), "{report}");
}

fn a_script_that_ends_all_other_sessions_does_not_end_the_proof() {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let migrations = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_two", end, end),
    ]);
    let report = check(&migrations);
    assert!(report.is_clean(), "{report}");
}
