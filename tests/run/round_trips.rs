//! What a run costs, counted on the wire: messages, not seconds.

use std::num::NonZeroUsize;

use migrate_runtime::{MigrationSet, Migrator, Up};
use migration_tests::harness::Trial;
use migration_tests::proxy::Proxy;
use migration_tests::{TestDatabase, trials};

use crate::{tables, three};

pub(crate) fn tests() -> Vec<Trial> {
    trials![nothing_to_do_is_one_round_trip_and_a_migration_is_one_more]
}

/// Round trips after logging in.
#[track_caller]
fn trips(proxy: &Proxy, set: &MigrationSet, work: impl FnOnce(&mut Migrator)) -> u32 {
    proxy.reset();
    work(&mut Migrator::new(set, proxy.config()));
    proxy.counts().round_trips
}

fn nothing_to_do_is_one_round_trip_and_a_migration_is_one_more() {
    let database = TestDatabase::new();
    let (proxy, set) = (Proxy::socket(&database), three());
    // Nothing has run yet: a missing table costs nothing extra.
    assert_eq!(trips(&proxy, &set, |it| drop(it.status().unwrap())), 1);
    assert_eq!(trips(&proxy, &set, |it| drop(it.plan_up(&Up::default()).unwrap())), 1);
    // Reading; lock and reading (an error, so a ROLLBACK); making the tables; three migrations.
    assert_eq!(trips(&proxy, &set, |it| drop(it.up().unwrap())), 3 + 4);

    assert_eq!(trips(&proxy, &set, |it| drop(it.up().unwrap())), 1);
    assert_eq!(trips(&proxy, &set, |it| drop(it.status().unwrap())), 1);
    // Reading; kept scripts; indexes and constraints.
    assert_eq!(trips(&proxy, &set, |it| drop(it.verify().unwrap())), 3);

    // Reading, kept scripts; lock and reading, kept scripts; two reverts.
    let two = NonZeroUsize::new(2).unwrap();
    assert_eq!(trips(&proxy, &set, |it| drop(it.down(two).unwrap())), 2 + 4);
    // Reading; lock and reading; two migrations.
    assert_eq!(trips(&proxy, &set, |it| drop(it.up().unwrap())), 2 + 2);
    let single = |it: &mut Migrator| {
        let mut up = Up::default();
        up.single_transaction = true;
        it.run_up(&up).unwrap();
    };
    trips(&proxy, &set, |it| drop(it.down(two).unwrap()));
    assert_eq!(trips(&proxy, &set, single), 1 + 2);
    assert_eq!(tables(&database), "one three two");
}
