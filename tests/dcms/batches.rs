//! The titles of many contracts are tidied in batches, and given back: all of them, whatever stops it on the way.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use migrate_runtime::{ErrorKind, Event, Limit, Migrator, Settings, Up};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, trials};

use crate::MIGRATIONS;

pub(crate) fn tests() -> Vec<Trial> {
    trials![the_titles_of_many_contracts_are_tidied_in_batches_and_given_back]
}

const CONTRACTS: u64 = 200_000;
const UNTIDY: u64 = CONTRACTS / 5;

/// Every fifth title is untidy: the event that the audit trail gets of a row takes longer than all the rest.
const MANY: &str = "
    INSERT INTO users (email, display_name) VALUES ('ada@example.org', 'Ada');
    INSERT INTO contracts (reference, title, kind, owner_id)
    SELECT 'C-' || n, CASE n % 5 WHEN 0 THEN E' Contract\\t no.  ' || n ELSE 'Contract ' || n END, 'service',
           (SELECT id FROM users)
    FROM generate_series(1, 200000) n";

fn the_titles_of_many_contracts_are_tidied_in_batches_and_given_back() {
    let database = many_contracts();
    let entered = titles(&database);

    // Half-way there, and back.
    let (mut hurried, batches) = migrator(&database, Duration::from_millis(1));
    let error = hurried.up().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unfinished, "{error:?}");
    let first: Vec<u64> = batches.try_iter().collect();
    assert_eq!(first, [5_000]);
    assert_eq!(untidy(&database), UNTIDY - 1_000);
    let (mut migrator, batches) = migrator(&database, Duration::ZERO);
    assert_eq!(migrator.down(NonZeroUsize::MIN).unwrap().done.len(), 1);
    assert_eq!(batches.try_iter().sum::<u64>(), 1_000);
    assert_as_entered(&database, &entered);

    // All of them, each once.
    assert_eq!(migrator.up().unwrap().done.len(), 1);
    assert_eq!(batches.try_iter().sum::<u64>(), CONTRACTS);
    assert_eq!(untidy(&database), 0);
    let tidied = "SELECT count(*) FILTER (WHERE title = 'Contract ' || id), count(*) FILTER (WHERE title = 'Contract no. ' || id)
                  FROM contracts";
    assert_eq!(database.text(tidied), "160000|40000");
    let kept = "SELECT count(*) FROM contract_titles_as_entered AS kept JOIN contracts ON contracts.id = contract_id
                WHERE title = tidied AND entered = E' Contract\\t no.  ' || id";
    assert_eq!(database.text(kept), "40000");
    let audited =
        "SELECT count(*), count(DISTINCT row_id) FROM audit_events WHERE action = 'update'";
    assert_eq!(database.text(audited), "42000|40000");
    assert_eq!(migrator.verify().unwrap().findings, []);

    // Half-way back, and on; what somebody has edited since stays.
    database.execute("UPDATE contracts SET title = 'Edited' WHERE id = 200000");
    let error = hurried.down(NonZeroUsize::MIN).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unfinished, "{error:?}");
    assert_eq!(untidy(&database), 5_000);
    assert_eq!(migrator.down(NonZeroUsize::MIN).unwrap().done.len(), 1);
    assert_eq!(database.text("SELECT title FROM contracts WHERE id = 200000"), "Edited");
    database.execute("UPDATE contracts SET title = E' Contract\\t no.  200000' WHERE id = 200000");
    assert_as_entered(&database, &entered);
}

/// A database that is about to tidy the titles. Its contracts are older than its audit trail, and so have no event.
fn many_contracts() -> TestDatabase {
    let database = TestDatabase::new();
    let (mut migrator, _) = migrator(&database, Duration::ZERO);
    let audit = MIGRATIONS.iter().position(|it| it.name == "create_audit_trail").unwrap();
    let mut up = Up::default();
    up.limit = Limit::Steps(NonZeroUsize::new(audit).unwrap());
    migrator.run_up(&up).unwrap();
    database.execute(MANY);
    up.limit = Limit::Steps(NonZeroUsize::new(MIGRATIONS.len() - 1 - audit).unwrap());
    migrator.run_up(&up).unwrap();
    database
}

/// A migrator whose batches may take that long in one run, and the rows of each of them.
fn migrator(database: &TestDatabase, time: Duration) -> (Migrator, Receiver<u64>) {
    let mut settings = Settings::default();
    settings.max_batch_time = time;
    let (sender, receiver) = channel();
    let migrator = Migrator::new(&MIGRATIONS, database.config()).with_settings(settings);
    let migrator = migrator.on_event(move |event| {
        if let Event::Batch { rows, .. } = event {
            // Nobody may be listening any more.
            let _ = sender.send(*rows);
        }
    });
    (migrator, receiver)
}

fn titles(database: &TestDatabase) -> String {
    database.text("SELECT md5(string_agg(id || title, '|' ORDER BY id)) FROM contracts")
}

fn untidy(database: &TestDatabase) -> u64 {
    let untidy = r"SELECT count(*) FROM contracts WHERE title ~ '^\s|\s\s|\t|\s$'";
    database.text(untidy).parse().unwrap()
}

#[track_caller]
fn assert_as_entered(database: &TestDatabase, entered: &str) {
    assert_eq!(titles(database), entered);
    assert_eq!(database.text("SELECT to_regclass('contract_titles_as_entered')"), "");
    assert_eq!(database.text("SELECT count(*) FROM _migrations_progress"), "0");
}
