//! What a backup holds, whose it is, and what the taking of it says.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::{Arc, Mutex};

use migrate_runtime::backup::Format;
use migrate_runtime::{BackupStep, ErrorKind, Event, Migrator};
use migration_tests::harness::Trial;
use migration_tests::{Pooler, TestDatabase, has_pooler, schema_dump, set, standby, trials};
use postgres::NoTls;

use super::{Bench, files, of_environment, restore};
use crate::three;

pub(crate) fn tests() -> Vec<Trial> {
    let pooled = trials![a_pool_of_transactions_is_refused];
    let pooled = pooled.into_iter().map(|it| it.with_ignored_flag(!has_pooler()));
    trials![
        it_holds_the_database_and_says_what_of,
        several_sessions_write_a_folder,
        its_checksums_are_those_of_common_tools,
        nobody_else_may_read_it,
        archive_and_history_are_of_one_snapshot,
        a_database_without_a_history_is_backed_up_too,
        a_name_with_every_odd_character_works,
        a_password_with_every_odd_character_works,
        a_wrong_password_is_not_repeated,
        a_role_that_may_not_read_everything_is_refused,
        a_table_that_somebody_has_locked_is_waited_for_as_long_as_told,
        a_session_that_is_ended_meanwhile_does_not_matter,
        a_standby_can_be_backed_up,
        the_log_tells_of_it,
        a_failure_is_in_the_log_too,
        an_id_is_told_before_the_first_byte,
        what_takes_long_tells_how_far_it_is
    ]
    .into_iter()
    .chain(pooled)
    .collect()
}

fn it_holds_the_database_and_says_what_of() {
    let bench = Bench::new();
    let backup = bench.take();
    let manifest = &backup.manifest;
    assert_eq!(manifest.id, backup.id.as_str());
    assert_eq!(backup.id.environment(), "staging");
    assert_eq!(manifest.environment.as_deref(), Some("staging"));
    assert_eq!(manifest.application.as_deref(), Some("the tests 1.0"));
    assert_eq!(manifest.database, bench.database.name());
    let major = bench.database.server().major().to_string();
    for version in [&manifest.server_version, &manifest.pg_dump_version] {
        assert_eq!(version.split('.').next(), Some(major.as_str()), "{version}");
    }
    assert_eq!(manifest.schema, "public");
    assert_eq!(manifest.archive.format, Format::Custom);
    assert_eq!(manifest.archive.size_bytes, fs::metadata(backup.archive()).unwrap().len());
    let history = manifest.history.as_ref().unwrap();
    let rows = history.iter().map(|it| format!("{}|{}|{}", it.version, it.name, it.checksum));
    let expected = "SELECT version, name, checksum FROM _migrations ORDER BY id";
    assert_eq!(rows.collect::<Vec<_>>().join("\n"), bench.database.text(expected));
    // By the clock of the server, and not by ours.
    let created = format!("SELECT now() - '{}'::timestamptz < '1 minute'", manifest.created_at);
    assert_eq!(bench.database.text(&created), "t");

    let other = TestDatabase::new();
    restore(&backup, &other);
    assert_eq!(schema_dump(&other.url()), schema_dump(&bench.database.url()));
    assert_eq!(other.text("SELECT count(*), sum(id) FROM one"), "1000|500500");
    assert_eq!(other.text(expected), bench.database.text(expected));
    assert_eq!(bench.listed(), std::slice::from_ref(&backup.id));
    bench.verify(&backup.id).unwrap();
}

fn several_sessions_write_a_folder() {
    let bench = Bench::new();
    let backup = bench.take_folder();
    assert_eq!(backup.manifest.archive.format, Format::Directory);
    assert!(backup.archive().is_dir());
    assert!(fs::read_dir(backup.archive()).unwrap().count() > 3);
    bench.verify(&backup.id).unwrap();
    let other = TestDatabase::new();
    restore(&backup, &other);
    assert_eq!(schema_dump(&other.url()), schema_dump(&bench.database.url()));
    assert_eq!(other.text("SELECT count(*), sum(id) FROM one"), "1000|500500");
}

fn its_checksums_are_those_of_common_tools() {
    let bench = Bench::new();
    for backup in [bench.take(), bench.take_folder()] {
        let shell = |folder: &std::path::Path, script: &str| {
            let output = Command::new("/bin/sh").args(["-c", script]).current_dir(folder).output();
            let output = output.unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let folder = bench.folder_of(&backup.id);
        shell(&folder, "sha256sum --strict --check SHA256SUMS");
        let printed = match backup.manifest.archive.format {
            Format::Custom => shell(&folder, "sha256sum archive.dump"),
            Format::Directory => {
                shell(&folder.join("archive"), "LC_ALL=C; sha256sum * | sha256sum")
            }
        };
        assert_eq!(printed.split(' ').next(), Some(&*backup.manifest.archive.checksum));
    }
}

fn nobody_else_may_read_it() {
    let bench = Bench::new();
    let (one, other) = (bench.take(), bench.take_folder());
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for folder in
        [bench.path(), bench.folder_of(&one.id), bench.folder_of(&other.id), other.archive()]
    {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
    }
    let files = files(&bench.path());
    assert!(files.len() > 8, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

fn archive_and_history_are_of_one_snapshot() {
    let bench = Bench::new();
    let more = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_two", "CREATE TABLE two (id int)", "DROP TABLE two"),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
        ("20260101000004_four", "CREATE TABLE four (id int)", "DROP TABLE four"),
    ]);
    let config = bench.database.config();
    let mut migrator = bench.migrator(&three()).on_event(move |event| {
        if let Event::BackupStarted { .. } = event {
            // Another runner, between our snapshot and pg_dump.
            Migrator::new(&more, config.clone()).up().unwrap();
        }
    });
    let backup = migrator.backup(&bench.backups()).unwrap();
    assert_eq!(bench.database.text("SELECT count(*) FROM _migrations"), "4");
    assert_eq!(backup.manifest.history.as_ref().unwrap().len(), 3);
    let other = TestDatabase::new();
    restore(&backup, &other);
    assert_eq!(other.text("SELECT count(*), to_regclass('four') IS NULL FROM _migrations"), "3|t");
}

fn a_database_without_a_history_is_backed_up_too() {
    let bench = Bench::new();
    let empty = TestDatabase::new();
    empty.execute("CREATE TABLE mine (id int)");
    let backup = Migrator::new(&three(), empty.config()).backup(&bench.backups()).unwrap();
    assert_eq!(backup.manifest.history, None);
    assert_eq!((backup.manifest.environment.as_ref(), backup.id.environment()), (None, "none"));
    bench.verify(&backup.id).unwrap();
    // Nothing of ours was made there.
    assert_eq!(empty.text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "1");
}

fn a_name_with_every_odd_character_works() {
    let bench = Bench::new();
    let name = r#"a b'c\d"e=f"#;
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    bench.database.execute(&format!("CREATE DATABASE {quoted}"));
    let mut config = bench.database.config();
    config.dbname(name);
    let taken = Migrator::new(&three(), config).backup(&bench.backups());
    let backup = taken.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(backup.manifest.database, name);
    bench.verify(&backup.id).unwrap();
    bench.database.execute(&format!("DROP DATABASE {quoted}"));
}

fn a_password_with_every_odd_character_works() {
    let bench = Bench::new();
    let role = bench.database.role("reader", "");
    let password = r#"c4n4ry: \ * # ' " é ::\\:"#;
    let literal = format!("E'{}'", password.replace('\\', r"\\").replace('\'', r"\'"));
    bench.database.execute(&format!(
        "GRANT pg_read_all_data TO {0}; ALTER ROLE {0} PASSWORD {literal}",
        role.name
    ));
    let mut config = role.tcp.clone();
    config.password(password);
    let taken = Migrator::new(&three(), config).backup(&bench.backups());
    let backup = taken.unwrap_or_else(|error| panic!("{error:?}"));
    for file in files(&bench.path()) {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(6).any(|it| it == b"c4n4ry"), "{}", file.display());
    }
    bench.verify(&backup.id).unwrap();
}

fn a_wrong_password_is_not_repeated() {
    let bench = Bench::new();
    let role = bench.database.role("reader", "");
    let mut config = role.tcp.clone();
    config.password("c4n4ry");
    let error = Migrator::new(&three(), config).backup(&bench.backups()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Connect, 3), "{error:?}");
    assert!(!format!("{error:?}").contains("c4n4ry"), "{error:?}");
}

fn a_role_that_may_not_read_everything_is_refused() {
    let bench = Bench::new();
    let role = bench.database.role("app", "");
    bench.database.execute(&format!("GRANT SELECT ON _migrations, one TO {}", role.name));
    let mut migrator = Migrator::new(&three(), role.tcp.clone());
    let error = migrator.backup(&bench.backups()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Privilege, 3), "{error:?}");
    assert_eq!(error.to_string(), "pg_dump failed");
    assert_eq!(error.state(), Some("no backup was taken"));
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("permission denied for table"), "{cause}");
    let grant = format!("GRANT pg_read_all_data TO {};", role.name);
    assert!(error.hints()[0].starts_with(&grant), "{error:?}");
    // Nothing is left of it.
    assert_eq!(bench.names(), [""; 0]);
}

fn a_table_that_somebody_has_locked_is_waited_for_as_long_as_told() {
    let bench = Bench::new();
    let mut other = bench.database.client();
    other.batch_execute("BEGIN; LOCK TABLE one").unwrap();
    let mut settings = of_environment("staging");
    settings.lock_deadline = std::time::Duration::from_millis(50);
    let mut migrator = bench.migrator(&three()).with_settings(settings);
    let error = migrator.backup(&bench.backups()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Program, 1), "{error:?}");
    let hint =
        "migration-cli backup --lock-deadline 30m   # waits longer for whoever has a table locked";
    assert_eq!(error.hints(), [hint]);
    assert_eq!(bench.names(), [""; 0]);
    other.batch_execute("ROLLBACK").unwrap();
    bench.take();
}

fn a_session_that_is_ended_meanwhile_does_not_matter() {
    let bench = Bench::new();
    let mut blocker = bench.database.client();
    blocker.batch_execute("BEGIN; LOCK TABLE one").unwrap();
    let config = bench.database.config();
    let ender = std::thread::spawn(move || {
        let mut client = config.connect(NoTls).unwrap();
        // Once pg_dump has our snapshot, and waits for the table.
        let waits = "SELECT count(*) FROM pg_stat_activity
            WHERE application_name = 'pg_dump' AND wait_event_type = 'Lock' AND datname = current_database()";
        migration_tests::wait_until("pg_dump waits", || {
            client.query_one(waits, &[]).unwrap().get::<_, i64>(0) == 1
        });
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE application_name LIKE 'the tests%' AND datname = current_database()";
        assert_eq!(client.query_one(end, &[]).unwrap().get::<_, i64>(0), 1);
        blocker.batch_execute("ROLLBACK").unwrap();
    });
    let backup = bench.take();
    ender.join().unwrap();
    bench.verify(&backup.id).unwrap();
}

fn a_standby_can_be_backed_up() {
    let bench = Bench::new();
    let mut migrator = Migrator::new(&three(), standby().config("postgres"));
    let taken = migrator.backup(&bench.backups());
    let backup = taken.unwrap_or_else(|error| panic!("{error:?}"));
    bench.verify(&backup.id).unwrap();
}

const LOG: &str = "SELECT command, outcome, detail->'backup'->>'id', message FROM _migrations_log
    WHERE command = 'backup' ORDER BY id";

fn the_log_tells_of_it() {
    let bench = Bench::new();
    let backup = bench.take();
    assert_eq!(bench.database.text(LOG), format!("backup|ok|{}|", backup.id));
    let more = "SELECT detail->'backup'->>'size_bytes', detail->'backup'->>'checksum',
        started_at < finished_at, environment FROM _migrations_log WHERE command = 'backup'";
    let archive = &backup.manifest.archive;
    let expected = format!("{}|{}|t|staging", archive.size_bytes, archive.checksum);
    assert_eq!(bench.database.text(more), expected);
}

fn a_failure_is_in_the_log_too() {
    let bench = Bench::new();
    fs::write(bench.path(), "in the way").unwrap();
    let error = bench.try_to_take().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Config, 2), "{error:?}");
    assert_eq!(bench.database.text(LOG), format!("backup|refused||{error}"));
}

fn an_id_is_told_before_the_first_byte() {
    let bench = Bench::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let mut migrator = bench.migrator(&three()).on_event(move |event| {
        let line = match event {
            Event::BackupStarted { id, database_bytes } => {
                assert!(*database_bytes > 1_000_000);
                format!("started {id}")
            }
            Event::BackedUp { backup } => format!("taken {}", backup.id),
            _ => return,
        };
        listener.lock().unwrap().push(line);
    });
    let backup = migrator.backup(&bench.backups()).unwrap();
    let expected = [format!("started {}", backup.id), format!("taken {}", backup.id)];
    assert_eq!(*told.lock().unwrap(), expected);
}

fn what_takes_long_tells_how_far_it_is() {
    let bench = Bench::new();
    let mut blocker = bench.database.client();
    blocker.batch_execute("BEGIN; LOCK TABLE one").unwrap();
    let mut blocker = Some(blocker);
    let told = Arc::new(Mutex::new(None));
    let listener = Arc::clone(&told);
    let mut migrator = bench.migrator(&three()).on_event(move |event| {
        if let Event::BackupProgress { step, total, .. } = event {
            // It goes on once it has been told of.
            drop(blocker.take());
            listener.lock().unwrap().get_or_insert((*step, *total));
        }
    });
    let backup = migrator.backup(&bench.backups()).unwrap();
    let expected = (BackupStep::Dumping, backup.manifest.database_bytes);
    assert_eq!(*told.lock().unwrap(), Some(expected));
}

fn a_pool_of_transactions_is_refused() {
    let bench = Bench::new();
    let pooler = Pooler::start(&bench.database, "transaction", "");
    let mut migrator = Migrator::new(&three(), pooler.config(&bench.database));
    let error = migrator.backup(&bench.backups()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Pooler, 3), "{error:?}");
    assert!(error.to_string().contains("pg_dump would leave its settings behind"), "{error:?}");
    assert!(!bench.path().exists());
}
