//! The picture of the example's schema, which the README shows.

use std::path::Path;

use expect_test::expect_file;
use migrate_runtime::Migrator;
use migrate_runtime::schema::{Columns, Picture, Schema};
use migration_tests::harness::Trial;
use migration_tests::picture::Drawn;
use migration_tests::{TestDatabase, trials};

use crate::MIGRATIONS;

pub(crate) fn tests() -> Vec<Trial> {
    trials![the_picture_in_docs_is_that_of_the_example, every_table_and_key_of_the_example_is_drawn]
}

/// `UPDATE_EXPECT=1 cargo test --test dcms_migration picture` draws it again.
fn the_picture_in_docs_is_that_of_the_example() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/dcms.svg");
    expect_file![file].assert_eq(&schema().to_svg(&Picture::default()).unwrap());
}

fn every_table_and_key_of_the_example_is_drawn() {
    let schema = schema();
    let relations = schema.relations();
    let whole = relations.iter().filter(|it| it.object.get("parent").is_none());
    let keys: usize = whole.clone().map(|it| it.foreign_keys.len()).sum();
    for columns in [Columns::All, Columns::Keys] {
        let picture = Picture { columns, ..Picture::default() };
        let drawn = Drawn::read(&schema.to_svg(&picture).unwrap());
        drawn.assert_tidy();
        assert_eq!((drawn.tables.len(), drawn.lines.len()), (whole.clone().count(), keys));
    }
}

fn schema() -> Schema {
    let database = TestDatabase::new();
    let mut migrator = Migrator::new(&MIGRATIONS, database.config());
    migrator.up().unwrap();
    migrator.schema().unwrap()
}
