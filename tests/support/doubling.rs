//! A balance that every migration doubles: one that ran twice, or not at all, shows.

use std::fmt::Write as _;

use migrate_core::MigrationSet;

use crate::{TestDatabase, set};

/// The table with the balance, which is no part of the migrations.
pub const BALANCE: &str =
    "CREATE TABLE balance (amount numeric NOT NULL); INSERT INTO balance VALUES (100)";
/// What a migration does to the balance.
pub const DOUBLE: &str = "UPDATE balance SET amount = amount * 2";
/// What takes it back.
pub const HALVE: &str = "UPDATE balance SET amount = amount / 2";

/// So many migrations, of which each doubles the balance and makes a table.
pub fn doubling(count: usize) -> MigrationSet {
    let script = |number| {
        let (mut up, mut down) = (DOUBLE.to_owned(), HALVE.to_owned());
        write!(up, "; CREATE TABLE made_{number} AS SELECT n FROM generate_series(1, 50) n")
            .unwrap();
        write!(down, "; DROP TABLE made_{number}").unwrap();
        (format!("20260101{number:06}_double"), up, down)
    };
    let scripts: Vec<_> = (1..=count).map(script).collect();
    let borrowed: Vec<_> = scripts
        .iter()
        .map(|(name, up, down)| (name.as_str(), up.as_str(), down.as_str()))
        .collect();
    set(&borrowed)
}

/// The history and the balance agree, and each migration is in the history once.
#[track_caller]
pub fn assert_each_ran_once(database: &TestDatabase, expected: usize) {
    let history = database.text("SELECT count(*), count(DISTINCT version) FROM _migrations");
    assert_eq!(history, format!("{expected}|{expected}"));
    let balance =
        database.text("SELECT amount = 100 * 2 ^ (SELECT count(*) FROM _migrations) FROM balance");
    assert_eq!(balance, "t", "{}", database.text("SELECT amount FROM balance"));
}
