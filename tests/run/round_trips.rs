//! What a run costs, counted on the wire: messages, not seconds.

use std::num::NonZeroUsize;

use migrate_runtime::{MigrationSet, Migrator, Up};
use migration_tests::harness::Trial;
use migration_tests::proxy::Proxy;
use migration_tests::{TestDatabase, trials};

use crate::{tables, three, unaware};

pub(crate) fn tests() -> Vec<Trial> {
    trials![nothing_to_do_is_one_round_trip_and_what_runs_is_one_more]
}

/// What is waited for after logging in: round trips, where nothing is sent ahead.
#[track_caller]
fn trips(proxy: &Proxy, set: &MigrationSet, work: impl FnOnce(&mut Migrator)) -> u32 {
    proxy.reset();
    work(&mut Migrator::new(set, proxy.config()));
    proxy.counts().waits
}

fn nothing_to_do_is_one_round_trip_and_what_runs_is_one_more() {
    let database = TestDatabase::new();
    let (proxy, set) = (Proxy::socket(&database), three());
    // Nothing has run yet: a missing table costs nothing extra.
    assert_eq!(trips(&proxy, &set, |it| drop(it.status().unwrap())), 1);
    assert_eq!(trips(&proxy, &set, |it| drop(it.plan_up(&Up::default()).unwrap())), 1);
    // Reading; lock and reading (an error, so a ROLLBACK); making the tables; the migrations; the schema that they
    // made, and its record.
    assert_eq!(trips(&proxy, &set, |it| drop(it.up().unwrap())), 3 + 1 + 1 + 2);

    assert_eq!(trips(&proxy, &set, |it| drop(it.up().unwrap())), 1);
    assert_eq!(trips(&proxy, &set, |it| drop(it.status().unwrap())), 1);
    // Kept scripts, indexes and constraints, and whether anything has drifted are asked together with the history.
    assert_eq!(trips(&proxy, &set, |it| drop(it.verify().unwrap())), 1);
    assert_eq!(trips(&proxy, &set, |it| drop(it.status_with_drift().unwrap())), 1);

    // Reading, kept scripts; lock and reading, kept scripts; the stamp; the reverts; the schema, its record.
    let two = NonZeroUsize::new(2).unwrap();
    assert_eq!(trips(&proxy, &set, |it| drop(it.down(two).unwrap())), 2 + 2 + 1 + 1 + 2);
    // Reading; lock and reading; the stamp; the migrations; the schema, its record.
    assert_eq!(trips(&proxy, &set, |it| drop(it.up().unwrap())), 1 + 1 + 1 + 1 + 2);
    let single = |it: &mut Migrator| {
        let mut up = Up::default();
        up.single_transaction = true;
        it.run_up(&up).unwrap();
    };
    trips(&proxy, &set, |it| drop(it.down(two).unwrap()));
    assert_eq!(trips(&proxy, &set, single), 1 + 2 + 3);
    // What has drifted is two more: the schema is read, and compared object by object.
    database.execute("CREATE TABLE four (id int)");
    assert_eq!(trips(&proxy, &set, |it| drop(it.status_with_drift().unwrap())), 3);
    database.execute("DROP TABLE four");

    // What cannot be asked for together is asked for one after the other: all; the history, the scripts, indexes and
    // constraints, the stamp, the schema, the one that was recorded.
    database.execute("ALTER TABLE _migrations_script RENAME TO hidden");
    assert_eq!(trips(&proxy, &set, |it| drop(it.verify().unwrap())), 1 + 6);
    database.execute("ALTER TABLE hidden RENAME TO _migrations_script");

    // Where schemas are not recorded, the migrations are what is left.
    let unaware = |set: &MigrationSet, work: fn(&mut Migrator)| {
        proxy.reset();
        work(&mut Migrator::new(set, proxy.config()).with_settings(unaware()));
        proxy.counts().waits
    };
    let down = |it: &mut Migrator| drop(it.down(NonZeroUsize::new(2).unwrap()).unwrap());
    assert_eq!(unaware(&set, down), 2 + 2 + 1);
    assert_eq!(unaware(&set, |it| drop(it.up().unwrap())), 2 + 1);
    assert_eq!(unaware(&set, |it| drop(it.verify().unwrap())), 1);
    assert_eq!(tables(&database), "one three two");
}
