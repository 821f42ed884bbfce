//! Statements that run in batches.

mod beside;
mod keys;
mod recipe;
mod resumed;
mod taken_back;
mod verified;

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, channel};

use migrate_runtime::{Event, MigrationSet, Migrator};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use crate::{migrator, names, up};

pub(crate) fn tests() -> Vec<Trial> {
    let own = trials![
        every_row_is_changed_once,
        a_script_mixes_batches_with_other_statements,
        the_log_has_what_batches_did
    ];
    [
        own,
        beside::tests(),
        keys::tests(),
        recipe::tests(),
        resumed::tests(),
        taken_back::tests(),
        verified::tests(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A table of as many rows, each of which counts how often it was changed.
fn table(database: &TestDatabase, rows: u32) {
    database.execute(&format!(
        "CREATE TABLE rows (id int PRIMARY KEY, changed int NOT NULL DEFAULT 0);
         INSERT INTO rows (id) SELECT n FROM generate_series(1, {rows}) n"
    ));
}

const COUNT: &str =
    "UPDATE rows SET changed = changed + 1 WHERE id >= :batch_start AND id < :batch_end";

/// A migration that changes each row once, in batches with these options, and back.
fn counting(options: &str) -> MigrationSet {
    let up = format!("-- migrate:batch table=rows key=id {options}\n{COUNT};\n");
    let down = up.replace("changed + 1", "changed - 1");
    set(&[("20260101000001_count", &up, &down)])
}

/// How often rows were changed, and how many as often.
fn changed(database: &TestDatabase) -> String {
    database.text(
        "SELECT string_agg(changed || ': ' || count, ', ' ORDER BY changed) FROM (SELECT changed, count(*) FROM rows GROUP BY 1) AS each",
    )
}

/// A batch as its event tells it: rows, changed rows, all rows so far, all that there are.
type Told = (u64, u64, u64, u64);

fn listening(migrator: Migrator) -> (Migrator, Receiver<Told>) {
    let (sender, receiver) = channel();
    let migrator = migrator.on_event(move |event| {
        if let Event::Batch { rows, changed, done, total, .. } = event {
            sender.send((*rows, *changed, *done, *total)).unwrap();
        }
    });
    (migrator, receiver)
}

fn every_row_is_changed_once() {
    let database = TestDatabase::new();
    table(&database, 1_000);
    let set = counting("size=100 max-size=100");
    let (mut migrator, batches) = listening(migrator(&set, &database));
    assert_eq!(names(&migrator.up().unwrap().done), ["count"]);
    assert_eq!(changed(&database), "1: 1000");
    let told: Vec<Told> = batches.try_iter().collect();
    assert_eq!(told.iter().map(|it| it.0).sum::<u64>(), 1_000);
    assert!(told.iter().all(|it| it.0 <= 100 && it.0 == it.1), "{told:?}");
    assert_eq!(told.last().unwrap().2, 1_000);
    assert_eq!(database.text("SELECT count(*) FROM _migrations_progress"), "0");
    assert_eq!(names(&migrator.down(NonZeroUsize::MIN).unwrap().done), ["count"]);
    assert_eq!(changed(&database), "0: 1000");
    assert!(up(&set, &database).done.len() == 1);
}

fn a_script_mixes_batches_with_other_statements() {
    let database = TestDatabase::new();
    table(&database, 50);
    let batch = |set: &str| {
        format!(
            "-- migrate:batch table=rows key=id size=20\nUPDATE rows SET {set} WHERE id >= :batch_start AND id < :batch_end;\n"
        )
    };
    let script = format!(
        "ALTER TABLE rows ADD twice int;\n{}ALTER TABLE rows ALTER twice SET NOT NULL;\n\
         CREATE INDEX CONCURRENTLY rows_twice ON rows (twice);\n{}",
        batch("twice = id * 2"),
        batch("changed = twice"),
    );
    let set = set(&[("20260101000001_mix", &script, "ALTER TABLE rows DROP twice")]);
    up(&set, &database);
    assert_eq!(
        database.text("SELECT bool_and(twice = id * 2 AND changed = twice)::text FROM rows"),
        "true"
    );
    assert_eq!(
        database.text(
            "SELECT indisvalid::text FROM pg_index WHERE indexrelid = 'rows_twice'::regclass"
        ),
        "true"
    );
}

fn the_log_has_what_batches_did() {
    let database = TestDatabase::new();
    table(&database, 70);
    up(&counting("size=20 max-size=20"), &database);
    let detail =
        database.text("SELECT detail ->> 'batches' FROM _migrations_log WHERE version IS NOT NULL");
    assert_eq!(
        detail,
        "[{\"rows\": 70, \"batches\": 4, \"changed\": 70, \"statement\": 1, \"rows_per_batch\": [10, 20]}]"
    );
}
