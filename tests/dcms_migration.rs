//! The example project: every migration of `migrations/` runs, is reverted exactly, and runs again.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::num::NonZeroUsize;
use std::path::Path;

use migrate_runtime::{Down, Limit, MigrationSet, Migrator, Mode, Up};
use migration_tests::{TestDatabase, schema_dump};

fn dcms() -> MigrationSet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    migrate_core::read_folder(&folder, "migrations").unwrap().leak("migrations")
}

#[test]
fn the_set_is_what_the_readme_says() {
    let set = dcms();
    let first = set.iter().next().unwrap();
    assert_eq!(
        (first.version.to_string().as_str(), first.name),
        ("20240320000000", "create_iam_tables")
    );
    assert!((10..=14).contains(&set.len()), "{}", set.len());
    assert!(set.iter().any(|it| it.up.mode == Mode::Standalone), "no concurrent index");
    for migration in &set {
        assert_eq!(migration.down.directives.irreversible, None, "{}", migration.name);
    }
}

#[test]
fn every_down_undoes_its_up_exactly() {
    let (database, set) = (TestDatabase::new(), dcms());
    let mut migrator = Migrator::new(&set, database.config());
    for migration in &set {
        let before = schema_dump(&database);
        let mut to = Up::default();
        to.limit = Limit::To(migration.version);
        assert_eq!(migrator.run_up(&to).unwrap().done.len(), 1, "{}", migration.name);
        let after = schema_dump(&database);
        assert_eq!(migrator.down(NonZeroUsize::MIN).unwrap().done.len(), 1);
        pretty_assert(&before, &schema_dump(&database), migration.name);
        migrator.run_up(&to).unwrap();
        pretty_assert(&after, &schema_dump(&database), migration.name);
    }
}

#[test]
fn all_the_way_up_down_and_up_again() {
    let (database, set) = (TestDatabase::new(), dcms());
    let mut migrator = Migrator::new(&set, database.config());
    let empty = schema_dump(&database);
    assert_eq!(migrator.up().unwrap().done.len(), set.len());
    let full = schema_dump(&database);
    assert_eq!(migrator.verify().unwrap().findings, []);
    let mut all = Down::default();
    all.limit = Limit::All;
    assert_eq!(migrator.run_down(&all).unwrap().done.len(), set.len());
    pretty_assert(&empty, &schema_dump(&database), "all down");
    migrator.up().unwrap();
    pretty_assert(&full, &schema_dump(&database), "all up again");
    let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
    assert_eq!(database.text(invalid), "0");
}

#[test]
fn data_survives_the_migrations_that_touch_it() {
    let (database, set) = (TestDatabase::new(), dcms());
    let mut migrator = Migrator::new(&set, database.config());
    let last = set.iter().last().unwrap();
    assert_eq!(last.name, "normalise_contract_titles");
    let mut before = Up::default();
    before.limit = Limit::Steps(NonZeroUsize::new(set.len() - 1).unwrap());
    migrator.run_up(&before).unwrap();
    database.execute(
        "INSERT INTO users (email, display_name) VALUES ('ada@example.org', 'Ada — 𝄞');
         INSERT INTO contracts (reference, title, kind, owner_id)
         SELECT 'C-' || n, CASE n % 3 WHEN 0 THEN 'Plain ' || n WHEN 1 THEN '  Spaced   out ' || n ELSE 'Ünï ' || n END,
                'service', (SELECT id FROM users)
         FROM generate_series(1, 300) n",
    );
    let titles = "SELECT md5(string_agg(id || title, '|' ORDER BY id)) FROM contracts";
    let entered = database.text(titles);
    migrator.up().unwrap();
    assert_ne!(database.text(titles), entered, "the migration tidied nothing");
    migrator.down(NonZeroUsize::MIN).unwrap();
    assert_eq!(database.text(titles), entered);
    migrator.up().unwrap();
}

/// The first lines that differ, not two dumps of a thousand lines.
#[track_caller]
fn pretty_assert(expected: &str, actual: &str, what: &str) {
    if expected == actual {
        return;
    }
    let lost: Vec<_> = expected.lines().filter(|it| !actual.contains(it)).take(10).collect();
    let new: Vec<_> = actual.lines().filter(|it| !expected.contains(it)).take(10).collect();
    panic!("{what}: the schema differs\n- {}\n+ {}", lost.join("\n- "), new.join("\n+ "));
}
