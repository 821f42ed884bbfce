//! What a run costs, counted on the wire: messages, not seconds.

use std::num::NonZeroUsize;

use migrate_runtime::{Event, MigrationSet, Migrator, Up};
use migration_tests::harness::Trial;
use migration_tests::proxy::{Fault, Proxy};
use migration_tests::{TestDatabase, trials};

use crate::{names, tables, three, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        nothing_to_do_is_one_round_trip_and_a_migration_is_one_more,
        an_answer_that_is_lost_after_the_commit_loses_no_migration,
        a_connection_that_is_cut_before_the_message_changes_nothing,
        an_answer_that_is_cut_right_after_the_commit_is_told
    ]
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
    assert_eq!(trips(&proxy, &set, |it| drop(it.verify().unwrap())), 2);

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

fn an_answer_that_is_lost_after_the_commit_loses_no_migration() {
    let database = TestDatabase::new();
    let (proxy, set) = (Proxy::socket(&database), three());
    up(&crate::first(&set, 1), &database);
    // The third message is the first migration that runs: the server commits, the answer is lost.
    proxy.set(Fault::CutAfterQuery(3));
    let error = Migrator::new(&set, proxy.config()).up().unwrap_err();
    assert_eq!(error.kind(), migrate_runtime::ErrorKind::ConnectionLost);
    let run = Migrator::new(&set, proxy.config()).up().unwrap();
    assert_eq!(names(&run.done), ["three"]);
    assert_eq!(tables(&database), "one three two");
}

fn a_connection_that_is_cut_before_the_message_changes_nothing() {
    let database = TestDatabase::new();
    let (proxy, set) = (Proxy::socket(&database), three());
    up(&crate::first(&set, 1), &database);
    proxy.set(Fault::CutBeforeQuery(3));
    let error = Migrator::new(&set, proxy.config()).up().unwrap_err();
    assert_eq!(error.kind(), migrate_runtime::ErrorKind::ConnectionLost);
    assert_eq!(tables(&database), "one");
    assert_eq!(names(&up(&set, &database).done), ["two", "three"]);
}

fn an_answer_that_is_cut_right_after_the_commit_is_told() {
    let database = TestDatabase::new();
    let (proxy, set) = (std::sync::Arc::new(Proxy::socket(&database)), three());
    up(&crate::first(&set, 2), &database);
    let cutting = std::sync::Arc::clone(&proxy);
    let migrator = Migrator::new(&set, proxy.config()).on_event(move |event| {
        if let Event::Started { .. } = event {
            // The first SELECT of a migration's message is its last statement: it gives the lock back.
            cutting.set(Fault::CutOnReply("SELECT 1"));
        }
    });
    let error = { migrator }.up().unwrap_err();
    assert_eq!(error.kind(), migrate_runtime::ErrorKind::ConnectionLost);
    assert_eq!(
        error.state(),
        Some("1 migration ran before it; 20260101000003_three was committed")
    );
    assert_eq!(tables(&database), "one three two");
}
