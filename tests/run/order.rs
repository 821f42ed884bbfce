//! What runs, and in which order.

use std::num::NonZeroUsize;

use migrate_runtime::{Down, ErrorKind, FindingKind, Limit, Migrator, ScriptSource, State, Up};
use migration_tests::harness::Trial;
use migration_tests::proxy::{Fault, Proxy};
use migration_tests::{TestDatabase, set, trials};

use crate::{first, migrator, names, states, tables, three, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        up_down_and_up_again,
        up_goes_as_far_as_it_is_told,
        down_goes_as_far_as_it_is_told,
        down_refuses_more_than_have_run,
        a_migration_that_came_too_late_is_refused_until_allowed,
        an_edited_script_is_refused_and_found,
        line_ends_and_a_byte_order_mark_make_no_difference,
        an_older_binary_goes_on_and_reverts_what_it_does_not_know,
        two_down_scripts_wait_for_a_decision,
        a_dry_run_changes_nothing,
        all_in_one_transaction_or_nothing,
        a_migration_without_a_way_back_says_why,
        a_verification_that_cannot_read_is_no_clean_one,
        verify_finds_a_way_back_that_differs_in_being_none,
        a_kept_script_that_somebody_changed_is_not_run,
        down_on_an_empty_history_refuses_what_it_refuses_elsewhere,
        down_with_nothing_but_unfinished_work_says_so,
        a_stale_debug_build_refuses_to_run,
        a_set_without_migrations_has_nothing_to_do
    ]
}

fn up_down_and_up_again() {
    let (database, set) = (TestDatabase::new(), three());
    assert_eq!(names(&up(&set, &database).done), ["one", "two", "three"]);
    assert_eq!(tables(&database), "one three two");
    assert_eq!(names(&up(&set, &database).done), [""; 0]);

    let run = migrator(&set, &database).down(NonZeroUsize::new(2).unwrap()).unwrap();
    assert_eq!(names(&run.done), ["three", "two"]);
    assert_eq!(tables(&database), "one");
    let status = migrator(&set, &database).status().unwrap();
    let expected = [("one", State::Applied), ("two", State::Pending), ("three", State::Pending)];
    assert_eq!(states(&status), expected);

    assert_eq!(names(&up(&set, &database).done), ["two", "three"]);
}

fn up_goes_as_far_as_it_is_told() {
    let (database, set) = (TestDatabase::new(), three());
    let mut one = Up::default();
    one.limit = Limit::Steps(NonZeroUsize::MIN);
    assert_eq!(names(&migrator(&set, &database).run_up(&one).unwrap().done), ["one"]);
    let mut to = Up::default();
    to.limit = Limit::To("20260101000002".parse().unwrap());
    assert_eq!(names(&migrator(&set, &database).run_up(&to).unwrap().done), ["two"]);
    assert_eq!(tables(&database), "one two");
}

fn down_goes_as_far_as_it_is_told() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    let mut down = Down::default();
    down.limit = Limit::To("20260101000001".parse().unwrap());
    let run = migrator(&set, &database).run_down(&down).unwrap();
    assert_eq!(names(&run.done), ["three", "two"]);
    down.limit = Limit::All;
    assert_eq!(names(&migrator(&set, &database).run_down(&down).unwrap().done), ["one"]);
    assert_eq!(names(&migrator(&set, &database).run_down(&down).unwrap().done), [""; 0]);
    assert_eq!(tables(&database), "");
}

fn down_refuses_more_than_have_run() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    let error = migrator(&set, &database).down(NonZeroUsize::new(99).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSuchVersion);
    assert_eq!(error.to_string(), "99 migrations cannot be reverted, 3 have run");
    assert_eq!(tables(&database), "one three two");
}

fn a_migration_that_came_too_late_is_refused_until_allowed() {
    let (database, set) = (TestDatabase::new(), three());
    let without_two = migration_tests::set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
    ]);
    up(&without_two, &database);

    let error = up_fails(&set, &database);
    assert_eq!(error.kind(), ErrorKind::OutOfOrder);
    assert_eq!(
        error.to_string(),
        "20260101000002_two is pending, but the newer 20260101000003 has already run"
    );
    let status = migrator(&set, &database).status().unwrap();
    assert_eq!(status.count(State::OutOfOrder), 1);
    let refused = "SELECT outcome FROM _migrations_log ORDER BY id DESC LIMIT 1";
    assert_eq!(database.text(refused), "refused");

    let mut allowed = Up::default();
    allowed.allow_out_of_order = true;
    assert_eq!(names(&migrator(&set, &database).run_up(&allowed).unwrap().done), ["two"]);
    // What ran last is reverted first, whatever its version.
    let run = migrator(&set, &database).down(NonZeroUsize::MIN).unwrap();
    assert_eq!(names(&run.done), ["two"]);
}

fn an_edited_script_is_refused_and_found() {
    let database = TestDatabase::new();
    up(&set(&[("20260101000001_one", "SELECT 1", "SELECT 1")]), &database);
    let edited = set(&[
        ("20260101000001_one", "SELECT 2", "SELECT 1"),
        ("20260101000002_two", "CREATE TABLE two ()", "DROP TABLE two"),
    ]);
    let error = up_fails(&edited, &database);
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Edited, 5));
    assert_eq!(error.state(), Some("nothing was changed"));
    assert_eq!(tables(&database), "");
    let verification = migrator(&edited, &database).verify().unwrap();
    let kinds: Vec<_> = verification.findings.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [FindingKind::Edited, FindingKind::Pending]);
    assert_eq!(verification.exit_code(), 5);
}

fn line_ends_and_a_byte_order_mark_make_no_difference() {
    let database = TestDatabase::new();
    up(&set(&[("20260101000001_one", "SELECT 1,\n  2;\n", "SELECT 1;\n")]), &database);
    let windows =
        set(&[("20260101000001_one", "\u{feff}SELECT 1,\r\n  2;\r\n", "\u{feff}SELECT 1;\r\n")]);
    assert_eq!(names(&up(&windows, &database).done), [""; 0]);
    assert_eq!(migrator(&windows, &database).verify().unwrap().findings, []);
    assert_eq!(
        names(&migrator(&windows, &database).down(NonZeroUsize::MIN).unwrap().done),
        ["one"]
    );
    assert_eq!(names(&up(&windows, &database).done), ["one"]);
}

fn an_older_binary_goes_on_and_reverts_what_it_does_not_know() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    let older = first(&set, 1);
    assert_eq!(names(&up(&older, &database).done), [""; 0]);
    let verification = migrator(&older, &database).verify().unwrap();
    assert_eq!(verification.status.count(State::Unknown), 2);
    assert_eq!(verification.exit_code(), 0);
    let run = migrator(&older, &database).down(NonZeroUsize::new(2).unwrap()).unwrap();
    assert_eq!(names(&run.done), ["three", "two"]);
    assert_eq!(tables(&database), "one");
}

fn two_down_scripts_wait_for_a_decision() {
    let scripts = |down| set(&[("20260101000001_one", "CREATE TABLE one (id int)", down)]);
    let (ran, mended) = (scripts("DROP TABLE one"), scripts("DROP TABLE one CASCADE"));
    let database = TestDatabase::new();
    up(&ran, &database);
    let error = migrator(&mended, &database).down(NonZeroUsize::MIN).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::ScriptDiffers, 5));
    let findings = migrator(&mended, &database).verify().unwrap().findings;
    assert_eq!(findings[0].kind, FindingKind::ScriptDiffers);
    for source in [ScriptSource::Stored, ScriptSource::Embedded] {
        let mut down = Down::default();
        down.use_script = Some(source);
        assert_eq!(names(&migrator(&mended, &database).run_down(&down).unwrap().done), ["one"]);
        up(&ran, &database);
    }
}

fn a_dry_run_changes_nothing() {
    let (database, set) = (TestDatabase::new(), three());
    let plan = migrator(&set, &database).plan_up(&Up::default()).unwrap();
    let files: Vec<_> = plan.steps.iter().map(|it| it.file().to_owned()).collect();
    assert_eq!(files[2], "migrations/20260101000003_three.up.sql");
    assert_eq!(database.text("SELECT to_regclass('_migrations')"), "");
    up(&set, &database);
    let plan = migrator(&set, &database).plan_down(&Down::default()).unwrap();
    assert_eq!(plan.steps[0].version(), "20260101000003");
    assert_eq!(tables(&database), "one three two");
}

fn all_in_one_transaction_or_nothing() {
    let database = TestDatabase::new();
    let failing = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_two", "CREATE TABLE two (id int);\nSELECT 1 / 0", "DROP TABLE two"),
    ]);
    let mut single = Up::default();
    single.single_transaction = true;
    let error = migrator(&failing, &database).run_up(&single).unwrap_err();
    assert_eq!(error.location().unwrap().file, "migrations/20260101000002_two.up.sql");
    assert_eq!(error.state(), Some("nothing was changed: all migrations share one transaction"));
    let partial = error.partial().unwrap();
    assert_eq!((partial.done.len(), partial.not_run.len()), (0, 2));
    assert_eq!(tables(&database), "");

    let run = migrator(&three(), &database).run_up(&single).unwrap();
    assert_eq!(names(&run.done), ["one", "two", "three"]);
    assert_eq!(tables(&database), "one three two");
    // The same transaction wrote all three rows.
    assert_eq!(database.text("SELECT count(DISTINCT xmin::text) FROM _migrations"), "1");
}

fn a_migration_without_a_way_back_says_why() {
    let database = TestDatabase::new();
    let set = set(&[(
        "20260101000001_one",
        "CREATE TABLE one (id int)",
        "-- migrate:irreversible because the rows were merged\n",
    )]);
    up(&set, &database);
    let error = migrator(&set, &database).down(NonZeroUsize::MIN).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Impossible);
    assert!(error.to_string().ends_with("cannot be reverted: the rows were merged"), "{error}");
}

fn a_verification_that_cannot_read_is_no_clean_one() {
    let database = TestDatabase::new();
    let scripts = |down| set(&[("20260101000001_one", "CREATE TABLE one (id int)", down)]);
    up(&scripts("DROP TABLE one"), &database);
    // Something was written to the catalogs, so that the schema is read: by the second message.
    database.execute("COMMENT ON TABLE one IS 'the first'");
    let proxy = Proxy::socket(&database);
    proxy.set(Fault::CutBeforeQuery(2));
    let result = Migrator::new(&scripts("DROP TABLE one CASCADE"), proxy.config()).verify();
    assert_eq!(result.unwrap_err().kind(), ErrorKind::ConnectionLost);
}

fn verify_finds_a_way_back_that_differs_in_being_none() {
    let database = TestDatabase::new();
    let scripts = |down| set(&[("20260101000001_one", "CREATE TABLE one (id int)", down)]);
    up(&scripts("-- migrate:irreversible because rows were merged\n"), &database);
    let mended = scripts("DROP TABLE one");
    let error = migrator(&mended, &database).down(NonZeroUsize::MIN).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ScriptDiffers);
    let findings = migrator(&mended, &database).verify().unwrap().findings;
    let kinds: Vec<_> = findings.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [FindingKind::ScriptDiffers]);
}

fn a_kept_script_that_somebody_changed_is_not_run() {
    for change in
        ["down_sql = 'DROP TABLE one'", "statements = '{\"statements\": [], \"directives\": {}}'"]
    {
        let (database, set) = (TestDatabase::new(), three());
        up(&set, &database);
        database.execute(&format!("UPDATE _migrations_script SET {change}"));
        let error = migrator(&first(&set, 2), &database).down(NonZeroUsize::MIN).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Impossible, "{change}");
        assert_eq!(tables(&database), "one three two", "{change}");
    }
}

fn down_on_an_empty_history_refuses_what_it_refuses_elsewhere() {
    let database = TestDatabase::new();
    let error = migrator(&three(), &database).down(NonZeroUsize::new(99).unwrap()).unwrap_err();
    assert_eq!(error.exit_code(), 2);
}

fn down_with_nothing_but_unfinished_work_says_so() {
    let database = TestDatabase::new();
    let script = "-- migrate:no-transaction\nCREATE TABLE one (); SELECT 1 / 0";
    let set = set(&[("20260101000001_one", script, "DROP TABLE one")]);
    up_fails(&set, &database);
    let error = migrator(&set, &database).down(NonZeroUsize::MIN).unwrap_err();
    assert_eq!(error.exit_code(), 8);
}

fn a_stale_debug_build_refuses_to_run() {
    let (database, folder) = (TestDatabase::new(), tempfile::tempdir().unwrap());
    let path: &'static str = folder.path().to_str().unwrap().to_owned().leak();
    let script = |name: &str, text: &str| {
        std::fs::write(folder.path().join(format!("20260101000001_one.{name}.sql")), text).unwrap();
    };
    script("up", "CREATE TABLE one (id int);\n");
    script("down", "DROP TABLE one;\n");
    let built = migrate_core::read_folder(folder.path(), "migrations").unwrap().leak("migrations");
    let built = built.with_source(Some(path));
    assert_eq!(migrator(&built, &database).verify_offline(), []);

    script("up", "CREATE TABLE one (id bigint);\n");
    let findings = migrator(&built, &database).verify_offline();
    assert_eq!((findings[0].kind, findings[0].kind.exit_code()), (FindingKind::StaleBuild, 5));
    let error = up_fails(&built, &database);
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::StaleBuild, 5));
    let message = "migrations/20260101000001_one.up.sql was changed after this binary was built";
    assert_eq!(error.to_string(), message);
    let error = migrator(&built, &database).plan_up(&Up::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StaleBuild);
    assert_eq!(database.text("SELECT to_regclass('_migrations')"), "");

    // A release binary does not know where the folder was.
    up(&built.with_source(None), &database);
    assert_eq!(tables(&database), "one");
}

fn a_set_without_migrations_has_nothing_to_do() {
    let (database, empty) = (TestDatabase::new(), set(&[]));
    assert_eq!(names(&up(&empty, &database).done), [""; 0]);
    assert_eq!(names(&migrator(&empty, &database).down(NonZeroUsize::MIN).unwrap().done), [""; 0]);
    assert_eq!(migrator(&empty, &database).status().unwrap().entries, []);
    assert_eq!(migrator(&empty, &database).verify().unwrap().findings, []);
    assert_eq!(database.text("SELECT to_regclass('_migrations')"), "");
}
