//! Batches that stop half-way, and are taken back.

use std::num::NonZeroUsize;

use migrate_runtime::{ErrorKind, MigrationSet, Repair, State};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use super::resumed::{one_batch, stopped};
use super::{COUNT, changed, counting, table};
use crate::{migrator, names, states, up, up_fails};

pub(super) fn tests() -> Vec<Trial> {
    trials![
        what_stopped_may_be_reverted,
        what_stopped_may_be_reverted_in_batches,
        a_reverting_that_stopped_goes_on,
        what_stopped_is_reverted_before_what_has_run,
        a_reverting_that_fails_alone_is_not_forgotten,
        a_reverting_that_fails_leaves_it_as_unfinished_as_before,
        rows_that_were_not_reached_are_not_taken_back,
        how_far_to_go_back_is_not_told_by_an_edited_script,
        what_cannot_be_taken_back_is_not_said_to_be
    ]
}

const ADD_AND_FILL: &str = "ALTER TABLE rows ADD other int;\n-- migrate:batch table=rows key=id size=10 max-size=10\n\
     UPDATE rows SET other = id, changed = changed + 1 WHERE id >= :batch_start AND id < :batch_end;\nCREATE INDEX other ON rows (other)";

fn columns(database: &TestDatabase) -> String {
    database.text("SELECT string_agg(attname, ' ') FROM pg_attribute WHERE attrelid = 'rows'::regclass AND attnum > 0 AND NOT attisdropped")
}

fn what_stopped_may_be_reverted() {
    let database = TestDatabase::new();
    table(&database, 40);
    let set = set(&[(
        "20260101000001_fill",
        ADD_AND_FILL,
        "DROP INDEX IF EXISTS other; ALTER TABLE rows DROP other",
    )]);
    stopped(&set, &database);
    assert_eq!(columns(&database), "id changed other");
    let plan = migrator(&set, &database).plan_down(&migrate_runtime::Down::default()).unwrap();
    assert_eq!(
        plan.steps.iter().map(|it| (it.name(), it.reverts_half())).collect::<Vec<_>>(),
        [("fill", true)]
    );
    assert_eq!(names(&migrator(&set, &database).down(NonZeroUsize::MIN).unwrap().done), ["fill"]);
    assert_eq!(columns(&database), "id changed");
    assert_eq!(database.text("SELECT count(*) FROM _migrations_progress"), "0");
    assert_eq!(states(&migrator(&set, &database).status().unwrap()), [("fill", State::Pending)]);
    up(&set, &database);
    assert_eq!(columns(&database), "id changed other");
}

fn what_stopped_may_be_reverted_in_batches() {
    let database = TestDatabase::new();
    table(&database, 40);
    let set = counting("size=10 max-size=10");
    stopped(&set, &database);
    stopped(&set, &database);
    assert_eq!(changed(&database), "0: 20, 1: 20");
    // Its batches end where those that it takes back had ended.
    assert_eq!(names(&migrator(&set, &database).down(NonZeroUsize::MIN).unwrap().done), ["count"]);
    assert_eq!(changed(&database), "0: 40");
    assert_eq!(states(&migrator(&set, &database).status().unwrap()), [("count", State::Pending)]);
}

fn a_reverting_that_stopped_goes_on() {
    let database = TestDatabase::new();
    table(&database, 40);
    let set = counting("size=10 max-size=10");
    for _ in 0..3 {
        stopped(&set, &database);
    }
    for _ in 0..2 {
        let error = one_batch(&set, &database).down(NonZeroUsize::MIN).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unfinished);
    }
    assert_eq!(changed(&database), "0: 30, 1: 10");
    // What is being taken back cannot go on the other way.
    let error = up_fails(&set, &database);
    assert_eq!(error.kind(), ErrorKind::Unfinished);
    assert_eq!(error.hints(), ["migration-cli repair   # goes on with it"]);
    let repaired = migrator(&set, &database).run_repair(&Repair::default()).unwrap();
    assert_eq!(names(&repaired.done), ["count"]);
    assert_eq!(changed(&database), "0: 40");
    assert_eq!(database.text("SELECT count(*) FROM _migrations_progress"), "0");
    up(&set, &database);
    assert_eq!(changed(&database), "1: 40");
}

fn what_stopped_is_reverted_before_what_has_run() {
    let database = TestDatabase::new();
    table(&database, 40);
    let one = ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one");
    let fill = ("20260101000002_fill", ADD_AND_FILL, "ALTER TABLE rows DROP other");
    let set = set(&[one, fill]);
    let error = stopped(&set, &database);
    assert!(error.state().unwrap().starts_with("1 migration ran before it; "));
    let two = NonZeroUsize::new(2).unwrap();
    let error = migrator(&set, &database).down(two.saturating_add(1)).unwrap_err();
    assert_eq!(error.to_string(), "3 migrations cannot be reverted, 2 have run");
    assert_eq!(names(&migrator(&set, &database).down(two).unwrap().done), ["fill", "one"]);
    assert_eq!(columns(&database), "id changed");
}

fn a_reverting_that_fails_alone_is_not_forgotten() {
    let database = TestDatabase::new();
    table(&database, 40);
    let up = format!(
        "ALTER TABLE rows ADD other int;\n-- migrate:batch table=rows key=id size=10 max-size=10\n{COUNT}"
    );
    let down = "DROP INDEX CONCURRENTLY no_such_index";
    let set = set(&[("20260101000001_count", &up, down)]);
    stopped(&set, &database);
    let error = migrator(&set, &database).down(NonZeroUsize::MIN).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unfinished);
    assert_eq!(
        states(&migrator(&set, &database).status().unwrap()),
        [("count", State::Unfinished)]
    );
    database.execute("CREATE INDEX no_such_index ON rows (changed)");
    assert_eq!(names(&migrator(&set, &database).down(NonZeroUsize::MIN).unwrap().done), ["count"]);
    assert_eq!(states(&migrator(&set, &database).status().unwrap()), [("count", State::Pending)]);
}

fn a_reverting_that_fails_leaves_it_as_unfinished_as_before() {
    let database = TestDatabase::new();
    table(&database, 40);
    for down in [
        "DROP TABLE no_such_table",
        "-- migrate:batch table=no_such_table key=id\nDELETE FROM rows WHERE id >= :batch_start AND id < :batch_end",
    ] {
        let up = format!("-- migrate:batch table=rows key=id size=10 max-size=10\n{COUNT}");
        let set = set(&[("20260101000001_count", &up, down)]);
        stopped(&set, &database);
        let error = migrator(&set, &database).down(NonZeroUsize::MIN).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unfinished, "{error:?}");
        assert_eq!(
            error.state(),
            Some("nothing of 20260101000001_count was reverted, and it is as unfinished as before")
        );
        assert!(
            error.hints().contains(&"migration-cli up   # goes on with it instead".to_owned()),
            "{error:?}"
        );
        let unfinished = migrator(&set, &database).status().unwrap().unfinished;
        assert_eq!(unfinished[0].direction, migrate_runtime::Direction::Up);
    }
}

fn rows_that_were_not_reached_are_not_taken_back() {
    let batch = |key: &str, set: &str| {
        format!(
            "-- migrate:batch table=rows key={key} size=10 max-size=10\nUPDATE rows SET {set} WHERE {key} >= :batch_start AND {key} < :batch_end;\n"
        )
    };
    let plus = batch("id", "changed = changed + 1");
    let minus = batch("id", "changed = changed - 1");
    let other = batch("other", "touched = 1");
    // Up, down, the runs that stop, and what is left of rows that are counted wrongly after `down`.
    for (up, down, stops) in [
        (format!("{other}{plus}"), format!("{minus}{other}"), 2),
        (format!("{other}{plus}"), format!("{minus}{other}"), 6),
        (format!("{plus}{other}"), format!("{other}{minus}"), 6),
        (
            format!("ALTER TABLE rows ADD made int;\n{plus}"),
            format!("ALTER TABLE rows DROP made;\n{minus}"),
            2,
        ),
    ] {
        let database = TestDatabase::new();
        table(&database, 40);
        database.execute("ALTER TABLE rows ADD other int, ADD touched int; UPDATE rows SET other = id; CREATE INDEX ON rows (other); ALTER TABLE rows ALTER other SET NOT NULL");
        let set = set(&[("20260101000001_count", &up, &down)]);
        for _ in 0..stops {
            stopped(&set, &database);
        }
        // Interrupted as well.
        assert_eq!(
            one_batch(&set, &database).down(NonZeroUsize::MIN).unwrap_err().kind(),
            ErrorKind::Unfinished
        );
        migrator(&set, &database).down(NonZeroUsize::MIN).unwrap();
        assert_eq!(changed(&database), "0: 40", "{up}");
    }
}

fn how_far_to_go_back_is_not_told_by_an_edited_script() {
    let database = TestDatabase::new();
    table(&database, 40);
    database.execute("CREATE TABLE gate (n int)");
    let batch = "-- migrate:batch table=rows key=id size=10 max-size=10\n";
    let up = format!("{batch}{COUNT};\n");
    let down = format!(
        "CREATE TABLE made ();\nSELECT 1 / (SELECT count(*) FROM gate);\n{batch}{};\n",
        COUNT.replace('+', "-")
    );
    let began = set(&[("20260101000001_count", &up, &down)]);
    stopped(&began, &database);
    stopped(&began, &database);
    let error = migrator(&began, &database).down(NonZeroUsize::MIN).unwrap_err();
    assert_eq!(error.sqlstate(), Some("22012"));
    database.execute("INSERT INTO gate VALUES (1)");
    let edited = set(&[("20260101000001_count", &format!("SELECT 'better';\n{up}"), &down)]);
    let error = migrator(&edited, &database).down(NonZeroUsize::MIN).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unfinished);
    assert!(error.to_string().contains("its up script was changed since it stopped"), "{error}");
    assert_eq!(changed(&database), "0: 20, 1: 20");
    migrator(&began, &database).down(NonZeroUsize::MIN).unwrap();
    assert_eq!(changed(&database), "0: 40");
}

fn what_cannot_be_taken_back_is_not_said_to_be() {
    let database = TestDatabase::new();
    table(&database, 40);
    let up = format!("-- migrate:batch table=rows key=id size=10 max-size=10\n{COUNT}");
    let hint = |set: &MigrationSet| {
        let verified = migrator(set, &database).verify().unwrap();
        verified.findings[0].hint.clone().unwrap()
    };
    let plain = set(&[("20260101000001_count", &up, "SELECT 1")]);
    stopped(&plain, &database);
    assert_eq!(
        hint(&plain),
        "migration-cli up   # goes on with it; `migration-cli down` takes it back"
    );
    let irreversible =
        set(&[("20260101000001_count", &up, "-- migrate:irreversible because it counts")]);
    let error = stopped(&irreversible, &database);
    assert_eq!(error.hints(), ["migration-cli up   # goes on at statement 1"]);
    assert_eq!(hint(&irreversible), "migration-cli repair   # goes on with it");
    let error = migrator(&irreversible, &database).down(NonZeroUsize::MIN).unwrap_err();
    assert_eq!(
        error.to_string(),
        "migration 20260101000001_count is unfinished, and cannot be reverted: it counts"
    );
    assert_eq!(error.hints(), ["migration-cli up   # goes on with it"]);
}
