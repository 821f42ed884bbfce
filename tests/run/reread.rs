//! The history is read before the lock is taken and under it: what comes between the two is seen.

use migrate_runtime::{ErrorKind, Event};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, trials};

use super::locking::TAKE;
use crate::{first, migrator, tables, three, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![what_is_written_before_the_lock_is_seen, what_is_written_while_somebody_waits_is_seen]
}

fn what_is_written_before_the_lock_is_seen() {
    /// Two of three have run; the third is to run, and `sql` comes between reading and the lock.
    #[track_caller]
    fn refused(sql: &'static str, kind: ErrorKind) {
        let (database, set) = (TestDatabase::new(), three());
        up(&first(&set, 2), &database);
        database.execute(
            "CREATE TABLE other (LIKE _migrations);
             INSERT INTO other (id, version, name, checksum, execution_time)
             SELECT id, version, name, repeat('0', 64), 1 FROM _migrations",
        );
        let mut client = database.client();
        let run = migrator(&set, &database)
            .on_event(move |event| {
                if let Event::Connected { .. } = event {
                    client.batch_execute(sql).unwrap();
                }
            })
            .up();
        assert_eq!(run.unwrap_err().kind(), kind);
        assert_eq!(database.text("SELECT to_regclass('three')"), "");
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
    // Not a row is written.
    refused(
        "ALTER TABLE _migrations RENAME TO old; ALTER TABLE other RENAME TO _migrations",
        ErrorKind::Edited,
    );
    refused(
        "ALTER TABLE _migrations RENAME checksum TO hash;
         ALTER TABLE _migrations ADD checksum text NOT NULL DEFAULT repeat('0', 64)",
        ErrorKind::Edited,
    );
}

fn what_is_written_while_somebody_waits_is_seen() {
    let (database, set) = (TestDatabase::new(), three());
    up(&first(&set, 2), &database);
    let mut holder = Some(database.client());
    holder.as_mut().unwrap().batch_execute(TAKE).unwrap();
    let run = migrator(&set, &database)
        .on_event(move |event| {
            if let Event::WaitingForLock { .. } = event {
                let edit = "UPDATE _migrations SET checksum = repeat('0', 64) WHERE name = 'two'";
                holder.take().unwrap().batch_execute(edit).unwrap();
            }
        })
        .up();
    assert_eq!(run.unwrap_err().kind(), ErrorKind::Edited);
    assert_eq!(tables(&database), "one two");
}
