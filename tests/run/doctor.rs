//! What `doctor` says, each line of it for a real cause.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

use migrate_runtime::backup::Backups;
use migrate_runtime::testing::search;
use migrate_runtime::{
    Check, CheckKind, Diagnosis, ErrorKind, Examination, Interrupt, Level, Migrator,
};
use migration_tests::harness::Trial;
use migration_tests::proxy::Proxy;
use migration_tests::{
    Pooler, Server, TestDatabase, has_pooler, server, standby, trials, wait_until,
};
use postgres::Config;

use crate::{three, up};

pub(crate) fn tests() -> Vec<Trial> {
    let all = trials![
        on_a_server_in_order_every_line_is_ok,
        a_kind_is_ok_in_one_line_or_has_its_findings,
        a_role_that_may_only_read_is_told_what_it_cannot_see,
        a_standby_is_a_problem,
        open_transactions_and_strong_locks_are_named_without_their_texts,
        no_text_of_a_statement_is_told_however_it_is_written,
        workers_of_a_query_are_told_with_its_session_alone,
        a_prepared_transaction_is_told_with_what_ends_it,
        clocks_that_are_apart_are_told,
        a_standby_that_never_comes_is_told_and_a_slot_that_keeps_nothing_is_not,
        another_runner_is_named,
        a_question_that_is_refused_leaves_the_others,
        an_unreachable_server_and_an_interruption_are_errors,
        what_a_backup_needs_is_looked_at,
        it_costs_a_handful_of_round_trips_and_writes_nothing,
    ];
    let poolers = trials![a_pooler_is_told_by_what_it_does];
    all.into_iter()
        .chain(poolers.into_iter().map(|it| it.with_ignored_flag(!has_pooler())))
        .collect()
}

/// On the server of the tests, which is fast and forgetful, and whose only role is a superuser.
pub(crate) fn development() -> Examination {
    let mut examination = Examination::default();
    examination.development = true;
    examination.clock = Some(SystemTime::now);
    examination
}

#[track_caller]
pub(crate) fn examine(config: Config, examination: &Examination) -> Diagnosis {
    match Migrator::new(&three(), config).doctor(examination) {
        Ok(diagnosis) => diagnosis,
        Err(error) => panic!("{error:?}"),
    }
}

#[track_caller]
pub(crate) fn doctor(database: &TestDatabase) -> Diagnosis {
    examine(database.config(), &development())
}

pub(crate) fn of(diagnosis: &Diagnosis, kind: CheckKind) -> Vec<&Check> {
    diagnosis.checks.iter().filter(|it| it.kind == kind).collect()
}

/// The one line of a kind.
#[track_caller]
pub(crate) fn check(diagnosis: &Diagnosis, kind: CheckKind, level: Level, message: &str) -> String {
    let lines = of(diagnosis, kind);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0].level, level, "{lines:?}");
    assert!(lines[0].message.contains(message), "{lines:?}");
    lines[0].hint.clone().unwrap_or_default()
}

/// Everything else than these is in order.
#[track_caller]
pub(crate) fn assert_only(diagnosis: &Diagnosis, kinds: &[CheckKind]) {
    let bad: Vec<_> = diagnosis.checks.iter().filter(|it| it.level != Level::Ok).collect();
    assert!(bad.iter().all(|it| kinds.contains(&it.kind)), "{bad:?}");
}

fn on_a_server_in_order_every_line_is_ok() {
    let database = TestDatabase::new();
    let diagnosis = doctor(&database);
    assert_only(&diagnosis, &[]);
    assert_eq!((diagnosis.worst(), diagnosis.database.as_str()), (Level::Ok, database.name()));
    check(&diagnosis, CheckKind::History, Level::Ok, "no tables yet");
    check(&diagnosis, CheckKind::Tls, Level::Ok, "a Unix socket");
    up(&three(), &database);
    let diagnosis = doctor(&database);
    assert_only(&diagnosis, &[]);
    check(&diagnosis, CheckKind::History, Level::Ok, "the tables are whole, with 3 rows");
    let version = format!("PostgreSQL {}", database.server().major());
    check(&diagnosis, CheckKind::Server, Level::Ok, &version);
    let tcp = examine(database.tcp_url().parse().unwrap(), &development());
    check(&tcp, CheckKind::Tls, Level::Ok, "the same machine");
    // Outside of development, the same server has a superuser, and forgets what it was given.
    let strict = examine(database.config(), &Examination::default());
    check(&strict, CheckKind::Role, Level::Warning, "is a superuser");
    let messages: Vec<_> = of(&strict, CheckKind::Settings).iter().map(|it| &it.message).collect();
    assert!(messages[0].starts_with("fsync is off"), "{messages:?}");
    assert_only(&strict, &[CheckKind::Role, CheckKind::Settings]);
}

fn a_kind_is_ok_in_one_line_or_has_its_findings() {
    let database = TestDatabase::new();
    up(&three(), &database);
    let diagnosis = doctor(&database);
    let kinds: Vec<_> = diagnosis.checks.iter().map(|it| it.kind).collect();
    let expected: Vec<_> =
        CheckKind::ALL.iter().copied().filter(|it| !LOCAL.contains(it)).collect();
    assert_eq!(kinds, expected);
    for check in &diagnosis.checks {
        assert_eq!(check.hint.is_some(), check.level != Level::Ok, "{check:?}");
    }
}

/// What needs no connection, and is looked at elsewhere.
const LOCAL: [CheckKind; 2] = [CheckKind::PgDump, CheckKind::BackupSpace];

fn a_role_that_may_only_read_is_told_what_it_cannot_see() {
    let database = TestDatabase::new();
    up(&three(), &database);
    let reader = database.role("reader", "");
    database.execute(&format!("GRANT SELECT ON _migrations TO {}", reader.name));
    let mut other = database.client();
    let others = "SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    wait_until("nobody else is there", || other.query(others, &[]).unwrap().is_empty());
    let mut open = other.transaction().unwrap();
    open.batch_execute("SELECT count(*) FROM one").unwrap();
    let examined = || examine(reader.config.clone(), &development());
    let what = "cannot be told: how long the transaction of 1 session of another role is open needs pg_monitor";
    let hint = check(&examined(), CheckKind::Transactions, Level::Warning, what);
    let lacking: Vec<_> =
        of(&examined(), CheckKind::History).iter().map(|it| it.message.clone()).collect();
    assert!(
        lacking[0].contains("lacks rights on public._migrations: INSERT, UPDATE, DELETE"),
        "{lacking:?}"
    );
    database.execute(&hint);
    check(&examined(), CheckKind::Transactions, Level::Ok, "none has been open for long");
    drop(open);
}

fn a_standby_is_a_problem() {
    let config = standby().config("postgres");
    let diagnosis = examine(config, &development());
    let hint =
        check(&diagnosis, CheckKind::Standby, Level::Problem, "database postgres is read-only");
    assert!(hint.contains("target_session_attrs=read-write"), "{hint}");
    check(&diagnosis, CheckKind::Replication, Level::Ok, "no standby is connected");
    assert_eq!(diagnosis.worst(), Level::Problem);
}

fn open_transactions_and_strong_locks_are_named_without_their_texts() {
    let database = TestDatabase::new();
    up(&three(), &database);
    let mut other = database.client();
    other.batch_execute("SET application_name = 'report'").unwrap();
    let mut open = other.transaction().unwrap();
    open.batch_execute("SELECT count(*), 'canary' FROM one").unwrap();
    check(&doctor(&database), CheckKind::Transactions, Level::Ok, "none has been open for long");
    let mut examination = development();
    examination.long_transaction = Duration::ZERO;
    let diagnosis = examine(database.config(), &examination);
    let held = "ACCESS SHARE on public.one is held by pid ";
    let hint = check(&diagnosis, CheckKind::Transactions, Level::Warning, held);
    let told = &of(&diagnosis, CheckKind::Transactions)[0].message;
    let open_for = told.split_once("open for ").and_then(|it| it.1.split_once(" s: "));
    assert!(open_for.is_some_and(|it| it.0.parse::<u32>().is_ok()), "{told}");
    for part in ["application report", "idle in transaction", "SELECT count(*), …"] {
        assert!(told.contains(part), "{told}");
    }
    open.batch_execute("LOCK TABLE two IN SHARE ROW EXCLUSIVE MODE").unwrap();
    let diagnosis = doctor(&database);
    let held = "SHARE ROW EXCLUSIVE on public.one, public.two is held by pid ";
    check(&diagnosis, CheckKind::Locks, Level::Warning, held);
    assert_only(&diagnosis, &[CheckKind::Locks]);
    database.execute(&hint);
    wait_until("that session is gone", || doctor(&database).worst() == Level::Ok);
}

fn no_text_of_a_statement_is_told_however_it_is_written() {
    let database = TestDatabase::new();
    up(&three(), &database);
    database.execute("CREATE TABLE texts (a text, b text); CREATE TABLE clocks (\"o'clock\" int)");
    let role = database.role("app", "");
    let mut examination = development();
    examination.long_transaction = Duration::ZERO;
    let mut client = database.client();
    client.batch_execute("BEGIN").unwrap();
    for (statement, told) in [
        ("LOCK TABLE one; /* that's it */ SELECT 'hunter2'", "LOCK TABLE one; /* that…"),
        (&*format!("/* don't */ ALTER ROLE {} PASSWORD 'hunter2'", role.name), "/* don…"),
        ("INSERT INTO texts VALUES ('C:\\', 'hunter2')", "INSERT INTO texts VALUES (…"),
        ("SELECT \"o'clock\", 'hunter2' FROM clocks", "SELECT \"o…"),
        ("SELECT 1;\nSELECT $x'$, $é$hunter2$é$", "SELECT 1; SELECT $x…"),
        ("SELECT 1;\nSELECT $é$hunter2$é$, 'x'", "SELECT 1; SELECT …"),
    ] {
        client.batch_execute("SAVEPOINT before").unwrap();
        // What the server does not understand it shows as well.
        let _ = client.batch_execute(statement);
        let diagnosis = examine(database.config(), &examination);
        let lines = diagnosis.checks.iter().map(|it| it.message.as_str());
        let lines: Vec<_> = lines.filter(|it| it.contains("pid ")).collect();
        assert!(lines.len() == 1 && lines[0].ends_with(told), "{statement}: {lines:?}");
        assert!(!lines[0].contains("hunter2"), "{lines:?}");
        client.batch_execute("ROLLBACK TO SAVEPOINT before").unwrap();
    }
}

fn workers_of_a_query_are_told_with_its_session_alone() {
    let database = TestDatabase::new();
    up(&three(), &database);
    let force = match database.server().major() {
        ..16 => "force_parallel_mode",
        _ => "debug_parallel_query",
    };
    let mut client = database.client();
    client.batch_execute(&format!("SET {force} = on")).unwrap();
    let running = std::thread::spawn(move || client.simple_query("SELECT pg_sleep(3600)").err());
    let workers = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND leader_pid <> pid AND xact_start IS NOT NULL";
    wait_until("a worker runs", || database.text(workers) == "1");
    let mut examination = development();
    examination.long_transaction = Duration::ZERO;
    let hint = check(
        &examine(database.config(), &examination),
        CheckKind::Transactions,
        Level::Warning,
        "SELECT pg_sleep(3600)",
    );
    database.execute(&hint);
    assert!(running.join().unwrap().is_some());
}

fn a_prepared_transaction_is_told_with_what_ends_it() {
    let database = TestDatabase::new();
    up(&three(), &database);
    let gid = format!("it''s of {}", database.name());
    database.execute(&format!("BEGIN; LOCK TABLE one; PREPARE TRANSACTION '{gid}'"));
    let diagnosis = doctor(&database);
    let hint = check(&diagnosis, CheckKind::PreparedTransactions, Level::Warning, &gid);
    assert_only(&diagnosis, &[CheckKind::PreparedTransactions]);
    database.execute(&hint);
    assert_only(&doctor(&database), &[]);
}

fn clocks_that_are_apart_are_told() {
    let database = TestDatabase::new();
    let mut examination = development();
    examination.clock = Some(|| SystemTime::now() + Duration::from_hours(1));
    let told = examine(database.config(), &examination);
    check(&told, CheckKind::Clock, Level::Warning, "s behind this one");
    examination.clock = Some(|| SystemTime::now() - Duration::from_hours(1));
    let told = examine(database.config(), &examination);
    check(&told, CheckKind::Clock, Level::Warning, "s ahead of this one");
    examination.clock = None;
    assert!(of(&examine(database.config(), &examination), CheckKind::Clock).is_empty());
}

fn a_standby_that_never_comes_is_told_and_a_slot_that_keeps_nothing_is_not() {
    let own = Box::leak(Box::new(Server::own()));
    let database = TestDatabase::on(own);
    database.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    database.execute("SELECT pg_reload_conf()");
    wait_until("the setting counts", || {
        database.text("SHOW synchronous_standby_names") == "nobody"
    });
    let diagnosis = doctor(&database);
    check(&diagnosis, CheckKind::Replication, Level::Problem, "every COMMIT waits for it");
    database.execute("ALTER SYSTEM RESET synchronous_standby_names");
    database.execute("SELECT pg_reload_conf()");
    wait_until("it is reset", || doctor(&database).worst() == Level::Ok);
    // What keeps no WAL yet is in order; how much is too much is judged elsewhere.
    database.execute("SELECT pg_create_physical_replication_slot('forgotten', true)");
    check(&doctor(&database), CheckKind::Replication, Level::Ok, "no slot keeps much WAL");
    drop(database);
    own.stop(migration_tests::End::Fast);
}

fn another_runner_is_named() {
    let database = TestDatabase::new();
    let mut other = database.client();
    other.batch_execute("SET application_name = 'other/runner'").unwrap();
    other
        .batch_execute("SELECT pg_advisory_lock(('x' || left(encode(sha256('migrate:public._migrations'), 'hex'), 8))::bit(32)::int, 1)")
        .unwrap();
    let diagnosis = doctor(&database);
    check(&diagnosis, CheckKind::Runner, Level::Warning, "application other/runner");
    assert_only(&diagnosis, &[CheckKind::Runner]);
}

fn a_question_that_is_refused_leaves_the_others() {
    let database = TestDatabase::new();
    up(&three(), &database);
    let role = database.role("reader", "");
    // As on servers where more is locked away than PostgreSQL does on its own.
    database.execute(
        "REVOKE SELECT ON pg_catalog.pg_prepared_xacts, pg_catalog.pg_replication_slots, pg_catalog.pg_stat_progress_create_index, pg_catalog.pg_locks FROM PUBLIC",
    );
    let diagnosis = examine(role.config, &development());
    for (kind, what) in [
        (CheckKind::Transactions, "permission denied for view pg_"),
        (CheckKind::Locks, "permission denied for view pg_"),
        (CheckKind::PreparedTransactions, "permission denied for view pg_"),
        (CheckKind::Constraints, "permission denied for view pg_"),
        (CheckKind::Wraparound, "permission denied for view pg_"),
        (CheckKind::Replication, "permission denied for view pg_replication_slots"),
        (CheckKind::Indexes, "permission denied for view pg_"),
        (CheckKind::Runner, "permission denied for view pg_locks"),
    ] {
        check(&diagnosis, kind, Level::Warning, &format!("cannot be told: {what}"));
    }
    check(&diagnosis, CheckKind::Server, Level::Ok, "PostgreSQL");
    let told: Vec<_> = diagnosis.checks.iter().map(|it| it.kind).collect();
    let mut all = CheckKind::ALL.iter().filter(|it| !LOCAL.contains(it));
    assert!(all.all(|it| told.contains(it)), "{told:?}");
}

fn an_unreachable_server_and_an_interruption_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("host={} user=me dbname=app", folder.path().display());
    let error = Migrator::from_url(&three(), &url).unwrap().doctor(&development()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Connect, 3));
    let mut migrator = Migrator::new(&three(), server().config("postgres"));
    Interrupt::interrupt(&migrator.interrupt());
    let error = migrator.doctor(&development()).unwrap_err();
    assert!(error.is_interrupted(), "{error:?}");
}

fn what_a_backup_needs_is_looked_at() {
    let (database, folder) = (TestDatabase::new(), tempfile::tempdir().unwrap());
    let backups = |name: &str| Backups::new(folder.path().join(name)).with_search(search());
    let with = |backups: Backups| {
        let mut examination = development();
        examination.backups = Some(backups);
        examination
    };
    // A folder that the first backup is to make.
    let diagnosis = examine(database.config(), &with(backups("to/be/made")));
    let version = format!("for a server of version {}", database.server().major());
    check(&diagnosis, CheckKind::PgDump, Level::Ok, &version);
    check(&diagnosis, CheckKind::BackupSpace, Level::Ok, "and the database has ");
    assert!(!folder.path().join("to").exists());
    let kinds: Vec<_> = diagnosis.checks.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, CheckKind::ALL);
    let offline = with(backups("to/be/made")).without_connection();
    let offline: Vec<_> = offline.iter().map(|it| (it.kind, it.level)).collect();
    assert_eq!(offline, LOCAL.map(|it| (it, Level::Ok)));

    let mut nowhere = search();
    nowhere.pg_bin = Some(folder.path().to_owned());
    let diagnosis = examine(database.config(), &with(backups("b").with_search(nowhere)));
    let hint = check(&diagnosis, CheckKind::PgDump, Level::Warning, "there is no pg_dump in ");
    assert!(hint.starts_with("sudo apt-get install postgresql-client-"), "{hint}");

    let shared = folder.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o755)).unwrap();
    let diagnosis = examine(database.config(), &with(backups("shared")));
    let hint = check(&diagnosis, CheckKind::BackupSpace, Level::Warning, "is open to others");
    assert_eq!(hint, format!("chmod 700 {}", shared.display()));
    assert_only(&diagnosis, &[CheckKind::BackupSpace]);
}

fn it_costs_a_handful_of_round_trips_and_writes_nothing() {
    let database = TestDatabase::new();
    let proxy = Proxy::socket(&database);
    let before = database.text("SELECT count(*) FROM pg_class");
    proxy.reset();
    Migrator::new(&three(), proxy.config()).doctor(&development()).unwrap();
    assert_eq!(proxy.counts().round_trips, 8);
    assert_eq!(database.text("SELECT count(*) FROM pg_class"), before);
    // Where nothing may be written, everything can still be asked.
    let mut config = database.config();
    config.options("-c default_transaction_read_only=on");
    let diagnosis = examine(config, &development());
    assert_only(&diagnosis, &[CheckKind::Settings]);
}

fn a_pooler_is_told_by_what_it_does() {
    let database = TestDatabase::new();
    up(&three(), &database);
    let pooler = Pooler::start(&database, "transaction", "");
    let diagnosis = examine(pooler.config(&database), &development());
    let hint = check(&diagnosis, CheckKind::Pooler, Level::Problem, "(transaction pooling)");
    assert!(hint.starts_with("export MIGRATION_DATABASE_URL="), "{hint}");
    assert_only(&diagnosis, &[CheckKind::Pooler]);
    let pooler = Pooler::start(&database, "session", "");
    let diagnosis = examine(pooler.config(&database), &development());
    check(&diagnosis, CheckKind::Pooler, Level::Ok, "keeps the connection on one session");
    assert_only(&diagnosis, &[]);
}
