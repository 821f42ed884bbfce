//! `#[migration_test]`, and the templates behind it.

use std::process::Child;

use migrate_runtime::testing::{self, TestConnection, migration_test};
use migrate_runtime::{ErrorKind, MigrationSet};
use migration_tests::{Role, TestDatabase, child, set, wait_until};
use postgres::NoTls;

use crate::{MIGRATIONS, exists, expect_parts, name};

#[migration_test]
fn a_test_has_everything_that_the_migrations_make(db: &mut TestConnection) {
    assert_eq!(history(db), MIGRATIONS.len());
    assert!(exists(db, "contract_titles_as_entered"));
    // And goes on from there.
    let run = db.migrator(&MIGRATIONS).down(std::num::NonZeroUsize::MIN).unwrap();
    assert_eq!(run.done.len(), 1);
    assert!(!exists(db, "contract_titles_as_entered"));
}

#[migration_test(migrations = crate::MIGRATIONS, at = "20240327091500")]
fn a_test_may_stop_before_the_newest_migration(mut db: TestConnection) {
    let ran = MIGRATIONS.iter().filter(|it| it.version.get() <= 20_240_327_091_500).count();
    assert_eq!(history(&mut db), ran);
    assert!(ran < MIGRATIONS.len());
    let run = db.migrator(&MIGRATIONS).up().unwrap();
    assert_eq!(run.done.len(), MIGRATIONS.len() - ran);
}

#[migration_test(at = 20240327091500, crate = ::migrate_runtime)]
#[should_panic(expected = "role clerk is not there")]
fn attributes_of_a_test_are_those_of_the_function(db: &mut TestConnection) {
    db.batch_execute("SET ROLE clerk").expect("role clerk is not there");
}

#[migration_test]
fn a_test_may_return_an_error(db: &mut TestConnection) -> Result<(), postgres::Error> {
    db.batch_execute("TABLE roles")
}

#[migration_test]
fn a_test_may_keep_the_connection(db: TestConnection) {
    let mut other = postgres::Client::connect(db.url(), NoTls).unwrap();
    other.batch_execute("TABLE roles").unwrap();
}

#[migration_test]
#[ignore = "runs in a child"]
fn tells_its_name_and_panics(db: &mut TestConnection) {
    let Some(note) = child::argument() else { return };
    std::fs::write(note, name(db)).unwrap();
    panic!("on purpose");
}

#[test]
fn what_a_test_had_is_gone_after_a_panic() {
    let (database, folder) = (TestDatabase::new(), tempfile::tempdir().unwrap());
    let note = folder.path().join("name");
    let mut command = child::command("migrated::tells_its_name_and_panics", note.to_str().unwrap());
    let builder = database.role("builder", "CREATEDB");
    let output = command.env("TEST_DATABASE_URL", &builder.url).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("on purpose"), "{output:?}");
    assert!(std::fs::read_to_string(note).unwrap().starts_with("migration_test_"));
    // What is left is the template.
    assert_eq!(databases_of(&database, &builder), [template_of(&database, &builder)]);
}

/// A set whose table tells one run from another.
fn marked() -> MigrationSet {
    let up = "CREATE TABLE ran AS SELECT pg_backend_pid() || ' ' || clock_timestamp() AS by";
    set(&[("20260101000001_mark", up, "DROP TABLE ran")])
}

#[test]
fn processes_that_start_at_once_share_one_template() {
    if let Some(folder) = child::argument() {
        let threads = [0, 1].map(|_| std::thread::spawn(|| ran_by(&mut migrated(&marked()))));
        let told = threads.map(|it| it.join().unwrap()).join("\n");
        return std::fs::write(format!("{folder}/{}", std::process::id()), told).unwrap();
    }
    let (database, folder) = (TestDatabase::new(), tempfile::tempdir().unwrap());
    let builder = database.role("builder", "CREATEDB");
    let name = "migrated::processes_that_start_at_once_share_one_template";
    let start = |_| -> Child {
        let mut command = child::command(name, folder.path().to_str().unwrap());
        command.env("TEST_DATABASE_URL", &builder.tcp_url).spawn().unwrap()
    };
    for child in [0, 1, 2].map(start) {
        child::assert_success(child);
    }
    let notes = std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().path());
    let notes: Vec<_> = notes.map(|it| std::fs::read_to_string(it).unwrap()).collect();
    let mut runs: Vec<_> = notes.iter().flat_map(|it| it.lines()).collect();
    assert_eq!(runs.len(), 6);
    runs.dedup();
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!(databases_of(&database, &builder), [template_of(&database, &builder)]);
}

#[test]
fn the_set_and_the_role_choose_the_template() {
    let database = TestDatabase::new();
    let (builder, other) = (database.role("a", "CREATEDB"), database.role("b", "CREATEDB"));
    let run =
        |role: &Role, set: &MigrationSet| on(role, set, None).map(|it| ran_by(&mut client(&it)));
    let first = run(&builder, &marked()).unwrap();
    assert_eq!(run(&builder, &marked()).unwrap(), first);
    assert_ne!(run(&other, &marked()).unwrap(), first);
    // The down script is in the database too.
    let up = marked().iter().next().unwrap().up.sql;
    let edited = set(&[("20260101000001_mark", up, "DROP TABLE ran CASCADE")]);
    assert_ne!(run(&builder, &edited).unwrap(), first);
    let longer = set(&[
        ("20260101000001_mark", up, "DROP TABLE ran"),
        ("20260101000002_b", "SELECT 1", "SELECT 1"),
    ]);
    assert_ne!(run(&builder, &longer).unwrap(), first);
    // What comes later is not part of what is there so far.
    let at = "20260101000001".parse().unwrap();
    let stopped = on(&builder, &longer, Some(at)).unwrap();
    assert_eq!(ran_by(&mut client(&stopped)), first);
}

#[test]
fn a_migration_that_fails_is_shown_to_every_test_and_leaves_nothing() {
    let database = TestDatabase::new();
    let builder = database.role("builder", "CREATEDB");
    let set = set(&[
        ("20260101000001_a", "CREATE TABLE a ()", "DROP TABLE a"),
        ("20260101000002_b", "SELECT 1;\nSELECT lost", "SELECT 1"),
    ]);
    let fail = |set| format!("{:?}", on(&builder, set, None).unwrap_err());
    for _ in 0..2 {
        expect_parts(
            &fail(&set),
            &[
                "migrations/20260101000002_b.up.sql:2:8: running migration 20260101000002_b failed\n",
                "  2 | SELECT lost\n    |        ^\n",
                "Caused by: column \"lost\" does not exist\n",
                "SQLSTATE: 42703\n",
            ],
        );
    }
    // It runs once: the message tells the time.
    let timed = [("20260101000001_a", "SELECT clock_timestamp()::text::int", "SELECT 1")];
    let timed = migration_tests::set(&timed);
    assert_eq!(fail(&timed), fail(&timed));
    assert!(databases_of(&database, &builder).is_empty());
}

#[test]
fn a_version_that_is_not_there_is_refused_with_the_nearest() {
    let at = "20260101000003".parse().unwrap();
    let error = testing::TestDatabase::migrated(&marked(), Some(at)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSuchVersion);
    let message = format!("{error:?}");
    expect_parts(
        &message,
        &["this set has no migration 20260101000003", "Hint: at = \"20260101000001\"   # mark"],
    );
}

#[test]
fn a_killed_maker_leaves_nothing_that_the_next_does_not_take_away() {
    let gate = "IF EXISTS (SELECT FROM pg_roles WHERE rolname = current_user || '_gate') \
                THEN PERFORM pg_sleep(600); END IF";
    let up = format!("CREATE TABLE ran AS SELECT 1 AS by; DO $$ BEGIN {gate}; END $$");
    let waiting = set(&[("20260101000001_wait", &up, "DROP TABLE ran")]);
    if child::is_child() {
        drop(migrated(&waiting));
        return;
    }
    let database = TestDatabase::new();
    let name = "migrated::a_killed_maker_leaves_nothing_that_the_next_does_not_take_away";
    for is_same in [true, false] {
        let builder = database.role(&format!("builder_{is_same}"), "CREATEDB");
        database.execute(&format!("CREATE ROLE {}_gate", builder.name));
        let mut command = child::command(name, "");
        let mut maker = command.env("TEST_DATABASE_URL", &builder.url).spawn().unwrap();
        let sleeping = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND wait_event = 'PgSleep'",
            builder.name
        );
        wait_until("the migration waits", || database.text(&sleeping) == "1");
        maker.kill().unwrap();
        maker.wait().unwrap();
        let held = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND datname = 'postgres'",
            builder.name
        );
        wait_until("the lock that it held is free", || database.text(&held) == "0");
        let left = databases_of(&database, &builder);
        assert!(left.len() == 1 && left[0].ends_with("_new"), "{left:?}");
        database.execute(&format!("DROP ROLE {}_gate", builder.name));
        // The lost session still sleeps; whoever makes the same template, or another one, ends it.
        let next = if is_same { waiting } else { marked() };
        drop(on(&builder, &next, None).unwrap());
        assert_eq!(databases_of(&database, &builder), [template_of(&database, &builder)]);
        assert_eq!(database.text(&sleeping), "0");
    }
}

#[test]
fn templates_that_nobody_used_for_a_week_go_when_another_is_made() {
    let database = TestDatabase::new();
    let builder = database.role("builder", "CREATEDB");
    drop(on(&builder, &marked(), None).unwrap());
    let template = template_of(&database, &builder);
    let comment = "SELECT shobj_description(oid, 'pg_database') ~ ('last used on ' || (now() AT TIME ZONE 'UTC')::date) \
                   FROM pg_database WHERE datname = ";
    let is_fresh = || database.text(&format!("{comment}'{template}'"));
    let last_used = |days| {
        let date = database.text(&format!("SELECT (now() AT TIME ZONE 'UTC')::date - {days}"));
        let text = format!("A template for tests, made by migrate-runtime, last used on {date}");
        database.execute(&format!("COMMENT ON DATABASE {template} IS '{text}'"));
    };
    assert_eq!(is_fresh(), "t");
    last_used(8);
    // Who uses it notes that.
    drop(on(&builder, &marked(), None).unwrap());
    assert_eq!(is_fresh(), "t");
    let other = |name| set(&[(name, "SELECT 1", "SELECT 1")]);
    last_used(7);
    drop(on(&builder, &other("20260101000001_b"), None).unwrap());
    assert_eq!(databases_of(&database, &builder).len(), 2);
    last_used(8);
    drop(on(&builder, &other("20260101000001_c"), None).unwrap());
    let left = databases_of(&database, &builder);
    assert!(left.len() == 2 && !left.contains(&template), "{left:?}");
}

#[test]
fn a_copy_that_a_killed_process_left_goes_after_a_week() {
    let database = TestDatabase::new();
    let builder = database.role("builder", "CREATEDB");
    let (killed, running) = (on(&builder, &marked(), None), on(&builder, &marked(), None));
    let (killed, running) = (killed.unwrap(), running.unwrap());
    let comment = format!(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{}'",
        killed.name()
    );
    let comment = database.text(&comment);
    let (made, today) = comment.split_at(comment.len() - "YYYY-MM-DD".len());
    assert_eq!(made, "A database of a test, made by migrate-runtime on ");
    let then = database.text(&format!("SELECT '{today}'::date - 8"));
    database.execute(&format!("COMMENT ON DATABASE {} IS '{made}{then}'", killed.name()));
    drop(on(&builder, &set(&[("20260101000001_b", "SELECT 1", "SELECT 1")]), None).unwrap());
    let left = databases_of(&database, &builder);
    assert!(left.iter().any(|it| it == running.name()), "{left:?}");
    assert!(!left.iter().any(|it| it == killed.name()), "{left:?}");
}

#[test]
fn settings_and_rights_of_the_database_are_copied_too() {
    let database = TestDatabase::new();
    let builder = database.role("builder", "CREATEDB");
    let reader = database.role("reader", "").name;
    let change = |what: &str| {
        format!("DO $do$ BEGIN EXECUTE format('{what}', current_database()); END $do$;\n")
    };
    let up = [
        "ALTER DATABASE %I SET timezone = ''Asia/Tokyo''",
        "ALTER DATABASE %I SET search_path = \"$user\", '''', \"We ird\", public",
        "ALTER DATABASE %I SET application_name = ''it''''s \"1\"''",
        "REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC",
        &format!("GRANT CREATE ON DATABASE %I TO {reader} WITH GRANT OPTION"),
    ];
    let set = set(&[("20260101000001_a", &up.map(change).concat(), "SELECT 1")]);
    let direct = database_of(&builder);
    direct_migrator(&set, &direct).up().unwrap();
    let properties = |name: &str| {
        let sql = "SELECT d.datacl::text[], (SELECT array_agg(setconfig) FROM pg_db_role_setting s \
                   WHERE s.setdatabase = d.oid) FROM pg_database d WHERE datname = ";
        database.text(&format!("{sql}'{name}'"))
    };
    let copied = on(&builder, &set, None).unwrap();
    let expected = properties(direct.name());
    assert!(expected.contains("We ird") && expected.contains(&reader), "{expected}");
    assert_eq!(properties(copied.name()), expected);
    drop((direct, copied));
}

#[test]
fn a_template_that_is_in_use_is_named() {
    let database = TestDatabase::new();
    let builder = database.role("builder", "CREATEDB");
    drop(on(&builder, &marked(), None).unwrap());
    let template = template_of(&database, &builder);
    // Nobody can connect by accident.
    let mut config = database.config();
    config.dbname(&template);
    let refused = config.connect(NoTls).err().unwrap();
    assert!(
        refused.as_db_error().unwrap().message().contains("not currently accepting connections")
    );
    database.execute(&format!("ALTER DATABASE {template} ALLOW_CONNECTIONS true"));
    let connected = config.connect(NoTls).unwrap();
    let message = format!("{:?}", on(&builder, &marked(), None).unwrap_err());
    expect_parts(
        &message,
        &["SQLSTATE: 55006", &format!("Hint: DROP DATABASE {template} WITH (FORCE);")],
    );
    drop(connected);
}

fn migrated(set: &MigrationSet) -> TestConnection {
    TestConnection::migrated(set, None).unwrap()
}

fn on(
    role: &Role,
    set: &MigrationSet,
    at: Option<migrate_runtime::Version>,
) -> Result<testing::TestDatabase, migrate_runtime::Error> {
    testing::TestDatabase::migrated_on(&role.url, set, at)
}

fn database_of(role: &Role) -> testing::TestDatabase {
    testing::TestDatabase::on(&role.url).unwrap()
}

fn direct_migrator(
    set: &MigrationSet,
    database: &testing::TestDatabase,
) -> migrate_runtime::Migrator {
    migrate_runtime::Migrator::new(set, database.config())
}

fn client(database: &testing::TestDatabase) -> postgres::Client {
    database.config().connect(NoTls).unwrap()
}

fn ran_by(client: &mut postgres::Client) -> String {
    client.query_one("SELECT by FROM ran", &[]).unwrap().get(0)
}

fn history(db: &mut TestConnection) -> usize {
    db.query("TABLE _migrations", &[]).unwrap().len()
}

/// The databases that belong to a role.
fn databases_of(database: &TestDatabase, role: &Role) -> Vec<String> {
    let sql = "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = ";
    let names = database.text(&format!("{sql}'{}' ORDER BY datname", role.name));
    names.lines().map(str::to_owned).collect()
}

/// The only template of a role.
#[track_caller]
fn template_of(database: &TestDatabase, role: &Role) -> String {
    let mut names = databases_of(database, role);
    names.retain(|it| it.starts_with("migration_template_"));
    assert_eq!(names.len(), 1, "{names:?}");
    names.remove(0)
}
