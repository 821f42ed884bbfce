//! The example project: every migration of `migrations/` runs, is reverted exactly, and runs again.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod dcms {
    pub(crate) mod backup;
    pub(crate) mod batches;
    pub(crate) mod picture;
    pub(crate) mod production_data;
}

use std::num::NonZeroUsize;
use std::process::ExitCode;

use migrate_runtime::testing::TestConnection;
use migrate_runtime::{Down, Limit, MigrationSet, Migrator, Mode, Up, embed_migrations};
use migration_tests::harness::{self, Trial};
use migration_tests::{TestDatabase, child, schema_dump, trials};

static MIGRATIONS: MigrationSet = embed_migrations!("migrations");

migrate_runtime::testing::harness!(MIGRATIONS);

fn main() -> ExitCode {
    let with_data = [dcms::production_data::tests(), dcms::backup::tests()];
    let tests = [tests(), dcms::batches::tests(), dcms::picture::tests()];
    let tests = tests.into_iter().flatten().collect();
    harness::run(tests, with_data.into_iter().flatten().collect())
}

fn tests() -> Vec<Trial> {
    trials![
        the_set_is_what_the_readme_says,
        every_down_undoes_its_up_exactly,
        all_the_way_up_down_and_up_again,
        schemas_are_compared_on_the_server_of_the_dump_program,
        data_survives_the_migrations_that_touch_it
    ]
}

fn the_set_is_what_the_readme_says() {
    let set = &MIGRATIONS;
    let first = set.iter().next().unwrap();
    assert_eq!(
        (first.version.to_string().as_str(), first.name),
        ("20240320000000", "create_iam_tables")
    );
    assert!((10..=14).contains(&set.len()), "{}", set.len());
    assert!(set.iter().any(|it| it.up.mode == Mode::Standalone), "no concurrent index");
    for migration in set {
        assert_eq!(migration.down.directives().irreversible, None, "{}", migration.name);
    }
}

fn every_down_undoes_its_up_exactly() {
    let database = TestDatabase::new();
    let mut migrator = Migrator::new(&MIGRATIONS, database.config());
    for migration in &MIGRATIONS {
        let before = schema_dump(&database.url());
        let mut to = Up::default();
        to.limit = Limit::To(migration.version);
        assert_eq!(migrator.run_up(&to).unwrap().done.len(), 1, "{}", migration.name);
        let after = schema_dump(&database.url());
        assert_eq!(migrator.down(NonZeroUsize::MIN).unwrap().done.len(), 1);
        pretty_assert(&before, &schema_dump(&database.url()), migration.name);
        migrator.run_up(&to).unwrap();
        pretty_assert(&after, &schema_dump(&database.url()), migration.name);
    }
}

fn all_the_way_up_down_and_up_again() {
    let database = TestDatabase::new();
    let empty = schema_dump(&database.url());
    let mut migrator = Migrator::new(&MIGRATIONS, database.config());
    assert_eq!(migrator.up().unwrap().done.len(), MIGRATIONS.len());
    let full = schema_dump(&database.url());
    assert_eq!(migrator.verify().unwrap().findings, []);
    let mut all = Down::default();
    all.limit = Limit::All;
    assert_eq!(migrator.run_down(&all).unwrap().done.len(), MIGRATIONS.len());
    pretty_assert(&empty, &schema_dump(&database.url()), "all down");
    migrator.up().unwrap();
    pretty_assert(&full, &schema_dump(&database.url()), "all up again");
    assert_eq!(database.text("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
}

fn schemas_are_compared_on_the_server_of_the_dump_program() {
    // A server that the contributor named may be newer than the pg_dump there is.
    let output = child::command("all_the_way_up_down_and_up_again", "")
        .env("TEST_DATABASE_URL", "postgres://nobody@127.0.0.1:1/nowhere")
        .output()
        .unwrap();
    child::assert_passed(&output);
}

fn data_survives_the_migrations_that_touch_it() {
    let mut conn = establish_test_connection();
    assert_eq!(MIGRATIONS.iter().last().unwrap().name, "normalise_contract_titles");
    let mut before = Up::default();
    before.limit = Limit::Steps(NonZeroUsize::new(MIGRATIONS.len() - 1).unwrap());
    conn.migrator(&MIGRATIONS).run_up(&before).unwrap();
    conn.batch_execute(
        "INSERT INTO users (email, display_name) VALUES ('ada@example.org', 'Ada — 𝄞');
         INSERT INTO contracts (reference, title, kind, owner_id)
         SELECT 'C-' || n, CASE n % 3 WHEN 0 THEN 'Plain ' || n WHEN 1 THEN '  Spaced   out ' || n ELSE 'Ünï ' || n END,
                'service', (SELECT id FROM users)
         FROM generate_series(1, 300) n",
    )
    .unwrap();
    let entered = titles(&mut conn);
    run_migration_up(&mut conn).unwrap();
    assert_ne!(titles(&mut conn), entered, "the migration tidied nothing");
    run_migration_down(&mut conn).unwrap();
    assert_eq!(titles(&mut conn), entered);
    run_migration_up(&mut conn).unwrap();
}

fn titles(conn: &mut TestConnection) -> String {
    let titles = "SELECT md5(string_agg(id || title, '|' ORDER BY id)) FROM contracts";
    conn.query_one(titles, &[]).unwrap().get(0)
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
