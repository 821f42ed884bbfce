//! The schema as it is read from the catalogs: everything that is changed is noticed, and named.

mod diesel;
mod noticed;
mod same;
mod tables;

use migrate_runtime::Migrator;
use migrate_runtime::schema::{Difference, Schema, Weight};
use migration_tests::TestDatabase;
use migration_tests::harness::Trial;
use postgres::Config;

use crate::three;

pub(crate) fn tests() -> Vec<Trial> {
    [tables::tests(), noticed::tests(), same::tests(), diesel::tests()]
        .into_iter()
        .flatten()
        .collect()
}

#[track_caller]
fn schema_as(config: Config) -> Schema {
    match Migrator::new(&three(), config).schema() {
        Ok(schema) => schema,
        Err(error) => panic!("{error:?}"),
    }
}

#[track_caller]
fn schema(database: &TestDatabase) -> Schema {
    schema_as(database.config())
}

/// SQL that makes something, SQL that changes it, and what is told about that: a line each, with `~` before what
/// counts for little.
type Case = (&'static str, &'static str, &'static str);

/// Runs the cases one after the other, each on what the others have left. With two databases to compare, every
/// change is made where the thing is, and told of the other.
fn check(cases: &[Case]) {
    let database = TestDatabase::new();
    let mut wrong = Vec::new();
    for (before, change, expected) in cases {
        database.execute(before);
        let was = schema(&database);
        database.execute(change);
        let told = told(&was.diff(&schema(&database)));
        if told != *expected {
            wrong.push(format!("{change}\n    {}", told.replace('\n', "\n    ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn told(differences: &[Difference]) -> String {
    let line = |it: &Difference| match it.weight {
        Weight::Full => it.message.clone(),
        Weight::Slight => format!("~ {}", it.message),
    };
    differences.iter().map(line).collect::<Vec<_>>().join("\n")
}
