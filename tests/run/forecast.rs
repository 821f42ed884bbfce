//! What a person is told about a plan before agreeing to it: tables, locks, work, and who is in the way.

use migrate_runtime::{Down, Impact, Migrator, Settings, StepForecast, Up};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, analyzed_set, set, trials};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        tables_that_are_there_are_told_with_their_size,
        what_is_new_or_of_another_sort_is_not_told,
        a_role_that_may_read_nothing_is_told_too,
        what_hangs_together_with_a_table_is_locked_with_it,
        partitions_of_partitions_are_counted_once,
        work_is_weighed_by_the_size_of_the_table,
        code_is_not_taken_for_harmless,
        whoever_is_in_the_way_is_told,
        the_way_back_is_foretold_too,
        names_of_every_sort_are_looked_up,
        whoever_keeps_everybody_out_is_told_at_once,
        what_is_not_found_is_not_taken_for_harmless,
        a_plan_is_foretold_without_a_database_too,
    ]
}

fn affected(migrator: &mut Migrator) -> Vec<Vec<(String, Option<u64>, bool)>> {
    let plan = migrator.plan_up(&Up::default()).unwrap();
    let steps = migrator.forecast(&plan).unwrap().steps;
    assert_eq!(steps.len(), plan.steps.len());
    let step = |it: StepForecast| {
        it.tables().into_iter().map(|it| (it.table, it.rows, it.is_locked)).collect()
    };
    steps.into_iter().map(step).collect()
}

fn tables_that_are_there_are_told_with_their_size() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE large (id int PRIMARY KEY);
         INSERT INTO large SELECT generate_series(1, 5000);
         CREATE TABLE \"Small one\" (id int);
         CREATE TABLE parts (id int) PARTITION BY RANGE (id);
         CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (1000);
         INSERT INTO parts SELECT generate_series(0, 899);
         CREATE SCHEMA app;
         CREATE TABLE app.mine (id int)",
    );
    database.execute("ANALYZE large, parts, part");
    let migrations = set(&[
        (
            "20260101000001_one",
            "ALTER TABLE large ADD x int; UPDATE \"Small one\" SET id = 1; UPDATE large SET x = 1",
            "SELECT 1",
        ),
        ("20260101000002_two", "CREATE INDEX ON parts (id); DELETE FROM mine", "SELECT 1"),
    ]);
    let mut settings = Settings::default();
    "app".clone_into(&mut settings.schema);
    let mut migrator = Migrator::new(&migrations, database.config()).with_settings(settings);
    let named = |it: &str, rows, is_locked| (it.to_owned(), rows, is_locked);
    let never = (database.server().major() < 14).then_some(0);
    let expected = [
        vec![named("large", Some(5000), true), named("\"Small one\"", never, false)],
        vec![named("parts", Some(900), true), named("mine", never, false)],
    ];
    assert_eq!(affected(&mut migrator), expected);
    let plan = migrator.plan_up(&Up::default()).unwrap();
    let size = database.text("SELECT pg_total_relation_size('large')");
    let forecast = migrator.forecast(&plan).unwrap();
    assert_eq!(forecast.steps[0].tables()[0].size_bytes.to_string(), size);
    assert_eq!(database.text("SELECT to_regclass('app._migrations') IS NULL"), "t");
}

fn what_is_new_or_of_another_sort_is_not_told() {
    let database = TestDatabase::new();
    database.execute("CREATE VIEW seen AS SELECT 1 AS one");
    let migrations = set(&[
        (
            "20260101000001_one",
            "CREATE TABLE made (id int); INSERT INTO made VALUES (1)",
            "SELECT 1",
        ),
        ("20260101000002_two", "DROP VIEW seen; DROP TABLE IF EXISTS gone", "SELECT 1"),
    ]);
    let mut migrator = Migrator::new(&migrations, database.config());
    assert_eq!(affected(&mut migrator), [vec![], vec![]]);
}

fn a_role_that_may_read_nothing_is_told_too() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE large (id int)");
    let reader = database.role("reader", "");
    let migrations = set(&[("20260101000001_one", "DROP TABLE large", "SELECT 1")]);
    let mut migrator = Migrator::new(&migrations, reader.config.clone());
    assert_eq!(affected(&mut migrator)[0][0].0, "large");
}

/// Each lock as `relation whose mode work`, statement by statement.
fn locks(step: &StepForecast) -> Vec<String> {
    let locks = step.statements.iter().flat_map(|it| &it.locks);
    let text = |it: &migrate_runtime::RelationLock| {
        let lock = it.lock.map_or("?", |it| it.short());
        let doubt = if it.is_certain { "" } else { "?" };
        format!("{} {} {lock} {}{doubt}", it.relation, it.whose.as_str(), it.work.as_str())
    };
    locks.map(text).collect()
}

fn forecast_of(database: &TestDatabase, up: &str) -> StepForecast {
    let migrations = analyzed_set(&[("20260101000001_one", up, "SELECT 1")]);
    let mut migrator = Migrator::new(&migrations, database.config());
    let plan = migrator.plan_up(&Up::default()).unwrap();
    migrator.forecast(&plan).unwrap().steps.remove(0)
}

fn what_hangs_together_with_a_table_is_locked_with_it() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE users (id int PRIMARY KEY);
         CREATE TABLE contracts (id int PRIMARY KEY, owner int REFERENCES users);
         CREATE INDEX owners ON contracts (owner);
         CREATE VIEW seen AS SELECT id FROM contracts;
         CREATE VIEW seen_again AS SELECT id FROM seen;
         CREATE TABLE parts (id int) PARTITION BY RANGE (id);
         CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (1000);
         CREATE TABLE rest PARTITION OF parts DEFAULT;
         CREATE DOMAIN positive AS int;
         CREATE TABLE counts (n positive)",
    );
    let check = |up: &str, expected: &[&str]| {
        assert_eq!(locks(&forecast_of(&database, up)), expected, "{up}");
    };
    check("DROP TABLE contracts", &["contracts itself AX none", "users referenced AX none"]);
    check(
        "DROP TABLE contracts CASCADE",
        &[
            "contracts itself AX none",
            "users referenced AX none",
            "seen views AX none",
            "seen_again views AX none",
        ],
    );
    check("DROP INDEX owners", &["owners itself AX none", "contracts table_of_index AX none"]);
    check(
        "CREATE TABLE part2 PARTITION OF parts FOR VALUES FROM (5000) TO (6000)",
        &["parts itself AX none", "rest default_partition AX scan?"],
    );
    check("ALTER TABLE parts ADD x int", &["parts itself AX none", "parts partitions AX none"]);
    check("ALTER DOMAIN positive SET NOT NULL", &["counts users S scan"]);
    check("REINDEX TABLE contracts", &["contracts itself S scan", "contracts indexes AX build"]);
    let partitions = forecast_of(&database, "ALTER TABLE parts ADD x int");
    assert_eq!(partitions.statements[0].locks[1].count, 2);
}

fn partitions_of_partitions_are_counted_once() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE SCHEMA app; CREATE TABLE app.whole (id int) PARTITION BY RANGE (id);
         CREATE TABLE app.half PARTITION OF app.whole FOR VALUES FROM (0) TO (500) PARTITION BY RANGE (id);
         CREATE TABLE app.rest PARTITION OF app.half DEFAULT;
         INSERT INTO app.whole SELECT generate_series(0, 499)",
    );
    database.execute("ANALYZE app.rest");
    let size: u64 = database.text("SELECT pg_total_relation_size('app.rest')").parse().unwrap();
    let told = |up: &str| {
        let step = forecast_of(&database, up);
        let locks = step.statements.iter().flat_map(|it| &it.locks);
        let told = locks.map(|it| (it.whose.as_str(), it.count, it.size_bytes, it.rows));
        told.collect::<Vec<_>>()
    };
    let rows = Some(500);
    assert_eq!(
        told("ALTER TABLE app.whole ADD x int"),
        [("itself", 1, size, rows), ("partitions", 2, size, rows)]
    );
    assert_eq!(told("DROP SCHEMA app CASCADE"), [("schema", 3, size, rows)]);
}

fn work_is_weighed_by_the_size_of_the_table() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE small (id int); CREATE TABLE large (id int, pad text)");
    // Some 40 MB: what is built or written anew takes a second or so.
    database
        .execute("INSERT INTO large SELECT it, repeat('x', 4000) FROM generate_series(1, 5000) it");
    database.execute("ALTER TABLE large ALTER pad SET STORAGE PLAIN");
    database.execute("UPDATE large SET pad = pad || ''");
    let impact = |up: &str| forecast_of(&database, up).verdict.impact;
    assert_eq!(impact("CREATE INDEX ON small (id)"), Impact::Instant);
    assert_eq!(impact("CREATE INDEX ON large (id)"), Impact::BlocksWrites);
    assert_eq!(impact("ALTER TABLE large ALTER id TYPE bigint"), Impact::BlocksAll);
    assert_eq!(impact("ALTER TABLE large ADD x int DEFAULT 5"), Impact::Instant);
    assert_eq!(impact("CREATE INDEX CONCURRENTLY ON large (id)"), Impact::None);
    assert_eq!(impact("CREATE TABLE made (id int); CREATE INDEX ON made (id)"), Impact::None);
    let built = forecast_of(&database, "CREATE INDEX ON large (id)");
    let size: u64 = database.text("SELECT pg_total_relation_size('large')").parse().unwrap();
    assert_eq!(built.statements[0].locks[0].size_bytes, size);
    assert!(built.findings.iter().any(|it| it.rule == "index-not-concurrent"), "{built:?}");
}

fn code_is_not_taken_for_harmless() {
    let database = TestDatabase::new();
    let code = forecast_of(&database, "DO $$ BEGIN NULL; END $$");
    assert_eq!((code.verdict.impact, code.statements[0].is_known), (Impact::Unknown, false));
    // What the build did not look at is told by its words.
    let migrations = set(&[("20260101000001_one", "SELECT 1", "SELECT 1")]);
    let mut migrator = Migrator::new(&migrations, database.config());
    let plan = migrator.plan_up(&Up::default()).unwrap();
    assert_eq!(migrator.forecast(&plan).unwrap().steps[0].verdict.impact, Impact::Unknown);
}

fn whoever_is_in_the_way_is_told() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE busy (id int); CREATE TABLE idle (id int)");
    let mut reader = database.client();
    let mut reading = reader.transaction().unwrap();
    reading.batch_execute("SET LOCAL application_name = 'report'; SELECT * FROM busy").unwrap();
    let obstacles = |up: &str| {
        let migrations = analyzed_set(&[("20260101000001_one", up, "SELECT 1")]);
        let mut migrator = Migrator::new(&migrations, database.config());
        let plan = migrator.plan_up(&Up::default()).unwrap();
        migrator.forecast(&plan).unwrap().obstacles
    };
    let [one] = &obstacles("ALTER TABLE busy ADD x int")[..] else { panic!("nobody is told") };
    assert_eq!(one.application.as_deref(), Some("report"));
    assert_eq!(
        (one.tables.as_slice(), one.state.as_deref()),
        (&["busy".to_owned()][..], Some("idle in transaction"))
    );
    // Neither waits for a reader.
    assert_eq!(obstacles("CREATE INDEX ON busy (id)"), []);
    assert_eq!(obstacles("ALTER TABLE idle ADD x int"), []);
}

fn the_way_back_is_foretold_too() {
    let database = TestDatabase::new();
    let up = "CREATE TABLE made (id int)";
    let migrations = analyzed_set(&[("20260101000001_one", up, "DROP TABLE made")]);
    let mut migrator = Migrator::new(&migrations, database.config());
    migrator.up().unwrap();
    let plan = migrator.plan_down(&Down::default()).unwrap();
    let forecast = migrator.forecast(&plan).unwrap();
    assert_eq!(locks(&forecast.steps[0]), ["made itself AX none"]);
}

fn names_of_every_sort_are_looked_up() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE SCHEMA app; CREATE TABLE app.\"it's\" (id int); CREATE TABLE \"user\" (id int);
         CREATE TABLE \"a.b\" (id int); CREATE DOMAIN app.\"order\" AS int",
    );
    let check = |up: &str, expected: &[&str]| {
        assert_eq!(locks(&forecast_of(&database, up)), expected, "{up}");
    };
    check("ALTER TABLE app.\"it's\" ADD x int", &["app.\"it's\" itself AX none"]);
    check("ALTER TABLE public.\"user\" ADD x int", &["\"user\" itself AX none"]);
    check("ALTER TABLE \"a.b\" ADD x int", &["\"a.b\" itself AX none"]);
    // What is not there is left to an earlier step.
    check("ALTER TABLE gone.at_all ADD x int", &["gone.at_all itself AX none"]);
    check(
        "DROP SCHEMA app CASCADE; ALTER DOMAIN app.\"order\" SET NOT NULL",
        &["app schema AX none"],
    );
}

fn whoever_keeps_everybody_out_is_told_at_once() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE shut (id int); INSERT INTO shut SELECT generate_series(1, 5000); ANALYZE shut");
    let size = database.text("SELECT pg_relation_size('shut')");
    let mut holder = database.client();
    let mut holding = holder.transaction().unwrap();
    holding.batch_execute("LOCK TABLE shut").unwrap();
    let set = analyzed_set(&[("20260101000001_one", "CREATE INDEX ON shut (id)", "SELECT 1")]);
    let mut migrator = Migrator::new(&set, database.config());
    let plan = migrator.plan_up(&Up::default()).unwrap();
    let forecast = migrator.forecast(&plan).unwrap();
    assert_eq!(forecast.obstacles[0].tables, ["shut"]);
    let lock = &forecast.steps[0].statements[0].locks[0];
    assert_eq!((lock.size_bytes.to_string(), lock.rows), (size, Some(5000)));
}

fn what_is_not_found_is_not_taken_for_harmless() {
    let database = TestDatabase::new();
    let impact = |up: &str| forecast_of(&database, up).verdict.impact;
    assert_eq!(impact("SET search_path = app; ALTER TABLE orders ADD x int"), Impact::Unknown);
    assert_eq!(impact("DROP TABLE IF EXISTS orders"), Impact::None);
    let set = analyzed_set(&[
        ("20260101000001_one", "CREATE TABLE orders (id int)", "SELECT 1"),
        ("20260101000002_two", "ALTER TABLE orders ADD x int", "SELECT 1"),
    ]);
    let mut migrator = Migrator::new(&set, database.config());
    let plan = migrator.plan_up(&Up::default()).unwrap();
    let forecast = migrator.forecast(&plan).unwrap();
    assert_eq!(forecast.steps[1].verdict.impact, Impact::None);
    assert_eq!(forecast.steps[1].statements[0].locks[0].count, 0);
    // A longer name is another one.
    let set = analyzed_set(&[
        ("20260101000001_one", "CREATE TABLE orders_of_2025 (id int)", "SELECT 1"),
        ("20260101000002_two", "ALTER TABLE orders ADD x int", "SELECT 1"),
    ]);
    let mut migrator = Migrator::new(&set, database.config());
    let plan = migrator.plan_up(&Up::default()).unwrap();
    assert_eq!(migrator.forecast(&plan).unwrap().steps[1].verdict.impact, Impact::Unknown);
}

fn a_plan_is_foretold_without_a_database_too() {
    let database = TestDatabase::new();
    let set = analyzed_set(&[("20260101000001_one", "CREATE INDEX ON t (id)", "SELECT 1")]);
    let mut migrator = Migrator::new(&set, database.config());
    let plan = migrator.plan_up(&Up::default()).unwrap();
    let step = migrator.forecast_offline(&plan).steps.remove(0);
    assert_eq!(
        (locks(&step), step.verdict.impact),
        (vec!["t itself S build".to_owned(), "t partitions S build".to_owned()], Impact::Unknown)
    );
    assert_eq!(step.findings[0].rule, "index-not-concurrent");
}
