//! The history is read before the lock is taken and under it; the second time, rows are sent where somebody has written
//! in it meanwhile.

use std::num::NonZeroUsize;

use migrate_runtime::{Error, ErrorKind, Event, Migrator, Run};
use migration_tests::harness::Trial;
use migration_tests::proxy::Proxy;
use migration_tests::{TestDatabase, trials, wait_until};

use crate::{first, migrator, names, tables, three, unaware, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        rows_that_are_known_are_not_sent_again,
        what_is_written_before_the_lock_is_seen,
        what_is_committed_before_the_lock_is_seen,
        where_nobody_tells_who_wrote_everything_is_read_again
    ]
}

fn rows_that_are_known_are_not_sent_again() {
    let (database, set) = (TestDatabase::new(), three());
    let proxy = Proxy::socket(&database);
    let rows_sent = |meanwhile: Option<&'static str>| {
        up(&set, &database);
        // The tests of other databases have transactions of the same server, which are older now and then.
        wait_until("whoever ran then has ended", || {
            database.text(
                "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > max(xmin::text::bigint) FROM _migrations",
            ) == "t"
        });
        proxy.reset();
        let mut other = database.client();
        let reverting = Migrator::new(&set, proxy.config());
        reverting
            .with_settings(unaware())
            .on_event(move |event| {
                if let (Event::Connected { .. }, Some(sql)) = (event, meanwhile) {
                    other.batch_execute(sql).unwrap();
                }
            })
            .down(NonZeroUsize::MIN)
            .unwrap();
        proxy.counts().rows
    };
    let known = rows_sent(None);
    // Three rows in the place of the one that says that they are known.
    let time = "UPDATE _migrations SET execution_time = 1 WHERE version = '20260101000001'";
    assert_eq!(rows_sent(Some(time)), known + 2);
    // Not a byte of it is another one, but somebody wrote.
    assert_eq!(rows_sent(Some("UPDATE _migrations SET name = name WHERE name = 'two'")), known + 2);
    assert_eq!(rows_sent(Some("BEGIN; DELETE FROM _migrations; ROLLBACK")), known);
    assert_eq!(rows_sent(Some("VACUUM (FREEZE) _migrations")), known);
}

/// Two of three have run; the third is to run, and `sql` comes between reading and the lock.
fn run_around(sql: &'static str) -> (TestDatabase, Result<Run, Error>) {
    let (database, set) = (TestDatabase::new(), three());
    up(&first(&set, 2), &database);
    let mut other = database.client();
    let run = migrator(&set, &database)
        .on_event(move |event| {
            if let Event::Connected { .. } = event {
                other.batch_execute(sql).unwrap();
            }
        })
        .up();
    (database, run)
}

fn what_is_written_before_the_lock_is_seen() {
    #[track_caller]
    fn refused(sql: &'static str, kind: ErrorKind) {
        let (database, run) = run_around(sql);
        assert_eq!(run.unwrap_err().kind(), kind);
        assert_eq!(tables(&database), "one two");
    }

    refused("DELETE FROM _migrations WHERE name = 'two'", ErrorKind::PlanChanged);
    refused("DELETE FROM _migrations", ErrorKind::PlanChanged);
    refused("TRUNCATE _migrations", ErrorKind::PlanChanged);
    refused("DROP TABLE _migrations", ErrorKind::PlanChanged);
    refused(
        "UPDATE _migrations SET checksum = repeat('0', 64) WHERE name = 'two'",
        ErrorKind::Edited,
    );
    // As many rows as before.
    refused(
        "DELETE FROM _migrations WHERE name = 'one';
         INSERT INTO _migrations (version, name, checksum, execution_time)
         VALUES ('20260101000009', 'nine', repeat('0', 64), 1)",
        ErrorKind::OutOfOrder,
    );
}

fn what_is_committed_before_the_lock_is_seen() {
    let (database, set) = (TestDatabase::new(), three());
    up(&first(&set, 2), &database);
    // It began before the history was read, and its rows were not there then.
    let mut other = database.client();
    other
        .batch_execute(
            "BEGIN; UPDATE _migrations SET version = '20260101000003' WHERE name = 'two'",
        )
        .unwrap();
    let run = migrator(&set, &database)
        .on_event(move |event| {
            if let Event::Connected { .. } = event {
                other.batch_execute("COMMIT").unwrap();
            }
        })
        .up();
    assert_eq!(run.unwrap_err().kind(), ErrorKind::Edited);
    assert_eq!(tables(&database), "one two");
}

fn where_nobody_tells_who_wrote_everything_is_read_again() {
    // A role with rights on the columns alone.
    let (database, set) = (TestDatabase::new(), three());
    up(&first(&set, 2), &database);
    let role = database.role("deployer", "");
    database.execute(&format!(
        "GRANT ALL ON SCHEMA public TO {name};
         GRANT ALL ON ALL TABLES IN SCHEMA public TO {name};
         GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {name};
         REVOKE SELECT ON _migrations FROM {name};
         GRANT SELECT (id, version, name, checksum, execution_time, applied_at) ON _migrations TO {name}",
        name = role.name
    ));
    let deploying = Migrator::new(&set, role.config.clone());
    let run = deploying.with_settings(unaware()).up().unwrap();
    assert_eq!(names(&run.done), ["three"]);

    // A view in the place of the table.
    let database = TestDatabase::new();
    up(&first(&set, 2), &database);
    database.execute(
        "ALTER TABLE _migrations RENAME TO history; CREATE VIEW _migrations AS SELECT * FROM history",
    );
    let run = migrator(&set, &database).with_settings(unaware()).up().unwrap();
    assert_eq!(names(&run.done), ["three"]);
}
