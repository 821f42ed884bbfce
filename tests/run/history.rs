//! The tables of the history: made, adopted, refused, read by roles that may only read.

use std::num::NonZeroUsize;

use migrate_runtime::{ErrorKind, Event, FindingKind, Force, Migrator, Repair, State};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use crate::{first, migrator, names, states, tables, three, unaware, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        the_row_of_a_migration_says_what_ran,
        the_log_can_only_grow,
        an_older_installation_is_adopted_as_it_is,
        repeated_versions_of_an_older_installation_stay,
        foreign_versions_and_checksums_are_shown_and_kept,
        a_table_of_another_shape_is_left_untouched,
        a_table_that_lost_a_column_is_one_of_another_shape,
        a_newer_layout_is_refused,
        a_role_that_may_only_read_sees_status_and_verifies,
        a_role_that_may_not_even_read_is_told_so,
        a_role_without_the_right_to_create_changes_nothing,
        a_history_that_belongs_to_another_role_gets_no_index,
        a_kept_script_that_somebody_broke_is_not_run,
        a_history_with_large_ids_is_adopted,
        a_history_that_somebody_dropped_is_made_again,
        rights_on_the_columns_are_enough,
        a_view_in_the_place_of_the_history_will_do
    ]
}

const TABLE: &str = "CREATE TABLE _migrations (
    id SERIAL PRIMARY KEY,
    version VARCHAR(255) NOT NULL,
    name VARCHAR(255) NOT NULL,
    applied_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP,
    checksum VARCHAR(64) NOT NULL,
    execution_time INTEGER NOT NULL);";

/// The table as an older installation left it, with these rows.
fn installed(rows: &[(&str, &str, &str)]) -> TestDatabase {
    let database = TestDatabase::new();
    database.execute(TABLE);
    for (version, name, checksum) in rows {
        database.execute(&format!(
            "INSERT INTO _migrations (version, name, checksum, execution_time)
             VALUES ('{version}', '{name}', '{checksum}', 7)"
        ));
    }
    database
}

fn warnings(set: &migrate_runtime::MigrationSet, database: &TestDatabase) -> Vec<String> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let migrator = migrator(set, database).on_event(move |event| {
        if let Event::Warning { message } = event {
            sender.send(message.clone()).unwrap();
        }
    });
    { migrator }.up().unwrap_or_else(|error| panic!("{error:?}"));
    receiver.iter().collect()
}

fn the_row_of_a_migration_says_what_ran() {
    let (database, set) = (TestDatabase::new(), three());
    let run = up(&set, &database);
    let row = database.text("SELECT id, version, name, checksum FROM _migrations WHERE id = 2");
    let checksum = set.iter().nth(1).unwrap().up.checksum;
    assert_eq!(row, format!("2|20260101000002|two|{checksum}"));
    let log =
        database.text("SELECT count(*), count(DISTINCT run), min(run::text) FROM _migrations_log");
    assert_eq!(log, format!("3|1|{}", run.token));
    let applied = run.done[0].applied_at.unwrap().elapsed().unwrap_or_default();
    assert!(applied.as_secs() < 600, "{applied:?}");
    assert_eq!(database.text("SELECT value FROM _migrations_meta WHERE key = 'layout'"), "1");
}

fn the_log_can_only_grow() {
    let database = TestDatabase::new();
    let owner = database.role("owner", "");
    database.execute(&format!("ALTER DATABASE {} OWNER TO {}", database.name(), owner.name));
    Migrator::new(&three(), owner.config.clone()).up().unwrap();
    for config in [owner.config, database.config()] {
        let mut client = config.connect(postgres::NoTls).unwrap();
        for statement in [
            "UPDATE _migrations_log SET outcome = 'x'",
            "DELETE FROM _migrations_log",
            "DELETE FROM _migrations_log WHERE false",
            "TRUNCATE _migrations_log",
        ] {
            let error = client.batch_execute(statement).unwrap_err();
            let message = error.as_db_error().unwrap().message().to_owned();
            assert_eq!(message, "the log of migrations is append-only", "{statement}");
        }
    }
    assert_eq!(database.text("SELECT count(*) FROM _migrations_log"), "3");
}

fn an_older_installation_is_adopted_as_it_is() {
    let set = three();
    let checksum = set.iter().next().unwrap().up.checksum.to_string();
    let database = installed(&[("20260101000001", "one", &checksum)]);
    database.execute("CREATE TABLE one (id int)");
    assert_eq!(warnings(&set, &database), [""; 0]);
    assert_eq!(tables(&database), "one three two");
    let unique = "SELECT indexdef FROM pg_indexes WHERE indexname = '_migrations_version_key'";
    let index =
        "CREATE UNIQUE INDEX _migrations_version_key ON public._migrations USING btree (version)";
    assert_eq!(database.text(unique), index);
    // Reverted with the script of the binary, since the older installation kept none.
    let run = migrator(&set, &database).down(NonZeroUsize::new(3).unwrap()).unwrap();
    assert_eq!(names(&run.done), ["three", "two", "one"]);
}

fn repeated_versions_of_an_older_installation_stay() {
    let set = three();
    let checksum = set.iter().next().unwrap().up.checksum.to_string();
    let row = ("20260101000001", "one", checksum.as_str());
    let database = installed(&[row, row]);
    let warnings = warnings(&set, &database);
    assert!(warnings[0].contains("repeats versions"), "{warnings:?}");
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "4");
    let index = database
        .text("SELECT indexdef FROM pg_indexes WHERE indexname = '_migrations_version_key'");
    assert!(index.ends_with("(version) WHERE (id > 2)"), "{index}");
    let again = "INSERT INTO _migrations (version, name, checksum, execution_time) VALUES ('20260101000002', '', '', 0)";
    assert!(database.client().batch_execute(again).is_err());
}

fn foreign_versions_and_checksums_are_shown_and_kept() {
    let database = installed(&[("V1", "initial", "crc32:17"), ("20260101000001", "one", "md5")]);
    let set = three();
    let status = migrator(&set, &database).status().unwrap();
    let expected = [
        ("one", State::Edited),
        ("two", State::Pending),
        ("three", State::Pending),
        ("initial", State::Unknown),
    ];
    assert_eq!(states(&status), expected);
    let error = up_fails(&set, &database);
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Edited, 5));
    assert!(error.to_string().starts_with("another program wrote checksums"), "{error}");
    let hint = &error.hints()[0];
    assert!(hint.starts_with("migration-cli repair --update-checksums "), "{error:?}");
    // What the hint says works.
    let mut accept = Repair::default();
    accept.update_checksums = true;
    migrator(&set, &database).run_repair(&accept).unwrap();
    assert_eq!(migrator(&set, &database).status().unwrap().count(State::Edited), 0);
    let newer = set_without_one();
    up(&newer, &database);
    let error = migrator(&newer, &database).down(NonZeroUsize::new(4).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Impossible);
    assert_eq!(
        error.to_string(),
        "neither this binary nor the database has a down script of V1",
        "that of the first was kept when it was accepted"
    );
    assert_eq!(tables(&database), "three two");
}

fn set_without_one() -> migrate_runtime::MigrationSet {
    set(&[
        ("20260101000002_two", "CREATE TABLE two (id int)", "DROP TABLE two"),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
    ])
}

fn a_table_of_another_shape_is_left_untouched() {
    for table in [
        "CREATE TABLE _migrations (version bigint PRIMARY KEY, description text)",
        "CREATE TABLE _migrations (id int, version bigint, name text, applied_at timestamptz, checksum text, execution_time int)",
        &TABLE.replace("NOT NULL);", "NOT NULL, installed_by text NOT NULL)"),
    ] {
        let database = TestDatabase::new();
        database.execute(table);
        for error in
            [up_fails(&three(), &database), migrator(&three(), &database).status().unwrap_err()]
        {
            assert_eq!((error.kind(), error.exit_code()), (ErrorKind::ForeignHistory, 5));
            let message = error.to_string();
            assert!(
                message.starts_with("the table public._migrations has another shape than ours: "),
                "{message}"
            );
            assert!(message.contains("version "), "{message}");
        }
        assert_eq!(
            database.text("SELECT to_regclass('_migrations_log'), count(*) FROM _migrations"),
            "|0"
        );
    }
}

fn a_table_that_lost_a_column_is_one_of_another_shape() {
    let database = TestDatabase::new();
    up(&three(), &database);
    database.execute("ALTER TABLE _migrations DROP COLUMN applied_at");
    let up = up_fails(&three(), &database);
    for error in [up, migrator(&three(), &database).status().unwrap_err()] {
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::ForeignHistory, 5));
        let said = error.to_string();
        assert!(
            said.starts_with(
                "the table public._migrations has another shape than ours: id integer, "
            ),
            "{said}"
        );
    }
}

fn a_newer_layout_is_refused() {
    let (database, set) = (TestDatabase::new(), three());
    up(&first(&set, 1), &database);
    database.execute("UPDATE _migrations_meta SET value = '2' WHERE key = 'layout'");
    let error = up_fails(&set, &database);
    assert_eq!(error.kind(), ErrorKind::ForeignHistory);
    assert!(error.to_string().contains("layout 2"), "{error}");
    assert_eq!(tables(&database), "one");
}

fn a_role_that_may_only_read_sees_status_and_verifies() {
    let (database, set) = (TestDatabase::new(), three());
    let reader = database.role("reader", "");
    let mut reading = Migrator::new(&set, reader.config.clone());
    // Nothing has run: there is no table yet, and everything is pending.
    assert_eq!(reading.status().unwrap().count(State::Pending), 3);
    up(&first(&set, 2), &database);

    // The history alone, without the tables beside it.
    database.execute(&format!("GRANT SELECT ON _migrations TO {}", reader.name));
    let status = reading.status().unwrap();
    assert_eq!((status.count(State::Applied), status.count(State::Pending)), (2, 1));
    assert_eq!(reading.verify().unwrap().exit_code(), 0);
    database.execute(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", reader.name));
    let kinds = |it: &mut Migrator| {
        it.verify().unwrap().findings.iter().map(|it| it.kind).collect::<Vec<_>>()
    };
    // Its own grants are drift.
    assert_eq!(kinds(&mut reading), [FindingKind::Pending, FindingKind::Drift, FindingKind::Drift]);

    let error = reading.up().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Privilege, 3));
    assert_eq!(error.state(), Some("nothing of 20260101000003_three was changed"));
    assert_eq!(tables(&database), "one two");
}

fn a_role_that_may_not_even_read_is_told_so() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    let stranger = database.role("stranger", "");
    let error = Migrator::new(&set, stranger.config.clone()).status().unwrap_err();
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Privilege, Some("42501")));
    let grant = format!("GRANT SELECT ON \"public\"._migrations TO {};", stranger.name);
    assert!(error.hints()[0].ends_with(&grant), "{error:?}");
}

fn a_role_without_the_right_to_create_changes_nothing() {
    let database = TestDatabase::new();
    let poor = database.role("poor", "");
    let error = Migrator::new(&three(), poor.config.clone()).up().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Privilege, 3));
    assert_eq!(error.hints()[0], format!("GRANT CREATE ON SCHEMA \"public\" TO {};", poor.name));
    assert_eq!(database.text("SELECT to_regclass('_migrations')"), "");
}

fn a_history_that_belongs_to_another_role_gets_no_index() {
    let database = installed(&[]);
    let deployer = database.role("deployer", "");
    database.execute(&format!(
        "GRANT CREATE ON SCHEMA public TO {0}; GRANT ALL ON _migrations, _migrations_id_seq TO {0}",
        deployer.name
    ));
    let (sender, receiver) = std::sync::mpsc::channel();
    let migrator = Migrator::new(&three(), deployer.config.clone()).on_event(move |event| {
        if let Event::Warning { message } = event {
            sender.send(message.clone()).unwrap();
        }
    });
    { migrator }.up().unwrap_or_else(|error| panic!("{error:?}"));
    let warnings: Vec<_> = receiver.iter().collect();
    assert!(warnings[0].contains("belongs to another role"), "{warnings:?}");
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "3");
}

fn a_kept_script_that_somebody_broke_is_not_run() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    database.execute("UPDATE _migrations_script SET down_sql = 'é'");
    let error = migrator(&first(&set, 2), &database).down(NonZeroUsize::MIN).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Impossible);
    assert_eq!(tables(&database), "one three two");
}

fn a_history_with_large_ids_is_adopted() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE _migrations (id BIGSERIAL PRIMARY KEY, version VARCHAR(255) NOT NULL,
            name VARCHAR(255) NOT NULL, applied_at TIMESTAMPTZ DEFAULT now(),
            checksum VARCHAR(64) NOT NULL, execution_time INTEGER NOT NULL);
         INSERT INTO _migrations VALUES (3000000000, 'V1', 'n', now(), 'c', 0)",
    );
    up(&three(), &database);
}

fn a_history_that_somebody_dropped_is_made_again() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    database.execute("DROP TABLE _migrations");
    // Nobody knows what ran: the first script says that its table is there, and the history can be set.
    let error = up_fails(&set, &database);
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Sql, Some("42P07")), "{error:?}");
    let newest = set.iter().last().unwrap().version;
    migrator(&set, &database).run_force(&Force::to(newest)).unwrap();
    assert_eq!(names(&up(&set, &database).done), [""; 0]);
    let down = migrator(&set, &database).down(NonZeroUsize::new(3).unwrap()).unwrap();
    assert_eq!(names(&down.done), ["three", "two", "one"]);
}

fn rights_on_the_columns_are_enough() {
    let (database, set) = (TestDatabase::new(), three());
    up(&first(&set, 2), &database);
    let role = database.role("deployer", "");
    database.execute(&format!(
        "GRANT ALL ON SCHEMA public TO {name};
         GRANT ALL ON ALL TABLES IN SCHEMA public TO {name};
         GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {name};
         REVOKE SELECT ON _migrations FROM {name};
         GRANT SELECT (id, version, name, checksum, execution_time, applied_at) ON _migrations TO {name}",
        name = role.name
    ));
    let deploying = Migrator::new(&set, role.config.clone());
    let run = deploying.with_settings(unaware()).up().unwrap();
    assert_eq!(names(&run.done), ["three"]);
}

fn a_view_in_the_place_of_the_history_will_do() {
    let (database, set) = (TestDatabase::new(), three());
    up(&first(&set, 2), &database);
    // With times that have no end.
    database.execute(
        "UPDATE _migrations SET applied_at = 'infinity'; ALTER TABLE _migrations RENAME TO history;
         CREATE VIEW _migrations AS SELECT * FROM history",
    );
    let run = migrator(&set, &database).with_settings(unaware()).up().unwrap();
    assert_eq!(names(&run.done), ["three"]);
}
