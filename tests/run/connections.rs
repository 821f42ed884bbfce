//! Servers that cannot be reached, do not let us in, or cannot be written.

use std::time::Duration;

use migrate_runtime::{ErrorKind, Event, Migrator, Settings};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, standby, trials};

use crate::{migrator, three};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_server_that_does_not_answer_is_named,
        a_server_that_accepts_and_says_nothing_does_not_hold_us,
        an_unreachable_server_is_waited_for,
        a_wrong_password_is_told_and_never_shown,
        a_url_that_does_not_parse_is_not_repeated,
        a_database_that_does_not_exist_is_the_servers_word,
        a_standby_is_read_and_not_written,
        from_asynchronous_code_it_simply_works,
        the_session_carries_its_token,
        a_wait_without_end_is_no_panic,
        another_host_of_the_list_is_tried_when_the_first_is_silent
    ]
}

fn hurried() -> Settings {
    let mut settings = Settings::default();
    settings.connect_timeout = Duration::from_millis(300);
    settings
}

fn a_server_that_does_not_answer_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("host={} user=me dbname=app", folder.path().display());
    let error = Migrator::from_url(&three(), &url).unwrap().status().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Connect, 3));
    let socket = folder.path().join(".s.PGSQL.5432");
    assert_eq!(
        error.to_string(),
        format!("cannot connect to database app on {}", socket.display())
    );
    assert!(error.hints().iter().any(|it| it.contains("--wait-for-db")), "{error:?}");
}

fn a_server_that_accepts_and_says_nothing_does_not_hold_us() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://me@127.0.0.1:{}/app", silent.local_addr().unwrap().port());
    let migrator = Migrator::from_url(&three(), &url).unwrap();
    let error = migrator.with_settings(hurried()).status().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "no answer within 0.3 s");
}

fn an_unreachable_server_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("host={} user=me dbname=app", folder.path().display());
    let (sender, waits) = std::sync::mpsc::channel();
    let mut settings = hurried();
    settings.wait_for_db = Duration::from_millis(600);
    let migrator = Migrator::from_url(&three(), &url).unwrap().with_settings(settings);
    let migrator = migrator.on_event(move |event| {
        if let Event::WaitingForDatabase { reason } = event {
            sender.send(reason.clone()).unwrap();
        }
    });
    assert_eq!({ migrator }.up().unwrap_err().kind(), ErrorKind::Connect);
    assert!(waits.iter().all(|it| it.contains("No such file")));
}

fn a_wrong_password_is_told_and_never_shown() {
    let database = TestDatabase::new();
    let role = database.role("somebody", "");
    let url = role.tcp_url.replace(&format!(":{}@", role.name), ":c4n4ry%40@");
    let error = Migrator::from_url(&three(), &url).unwrap().up().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Connect, 3));
    assert_eq!(error.sqlstate(), Some("28P01"));
    let shown = format!("{error} {error:?} {}", std::error::Error::source(&error).unwrap());
    assert!(!shown.contains("c4n4ry"), "{shown}");
    Migrator::from_url(&three(), &role.tcp_url).unwrap().status().unwrap();
}

fn a_url_that_does_not_parse_is_not_repeated() {
    let error = Migrator::from_url(&three(), "postgres://me:c4n4ry@[broken").unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Config, 2));
    assert!(!format!("{error} {error:?}").contains("c4n4ry"));
    let migrator = Migrator::from_url(&three(), "postgres://me:c4n4ry@localhost/app").unwrap();
    assert!(!format!("{migrator:?}").contains("c4n4ry"));
}

fn a_database_that_does_not_exist_is_the_servers_word() {
    let database = TestDatabase::new();
    let url = database.url().replace(database.name(), "nowhere");
    let error = Migrator::from_url(&three(), &url).unwrap().up().unwrap_err();
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Connect, Some("3D000")));
}

fn a_standby_is_read_and_not_written() {
    let mut migrator = Migrator::new(&three(), standby().config("postgres"));
    assert_eq!(migrator.status().unwrap().entries.len(), 3);
    let error = migrator.up().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Standby, 3));
    assert_eq!(error.to_string(), "the server is a standby: database postgres is read-only here");
}

fn from_asynchronous_code_it_simply_works() {
    let database = TestDatabase::new();
    let mut migrator = Migrator::new(&three(), database.config());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let run = runtime.block_on(async { migrator.up() });
    assert_eq!(run.unwrap().done.len(), 3);
}

fn the_session_carries_its_token() {
    let database = TestDatabase::new();
    let script = "CREATE TABLE one AS SELECT current_setting('application_name') AS name";
    let set = migration_tests::set(&[("20260101000001_one", script, "DROP TABLE one")]);
    let mut settings = Settings::default();
    settings.identity.application =
        Some("contracts 1.2 — with a name that is far too long".to_owned());
    let run = Migrator::new(&set, database.config()).with_settings(settings).up().unwrap();
    let name = database.text("SELECT name FROM one");
    assert!(name.starts_with("contracts 1.2 ") && name.ends_with(&run.token), "{name}");
}

fn a_wait_without_end_is_no_panic() {
    let database = TestDatabase::new();
    let mut settings = Settings::default();
    settings.wait = Duration::MAX;
    settings.lock_deadline = Duration::MAX;
    settings.wait_for_db = Duration::MAX;
    migrator(&three(), &database).with_settings(settings).up().unwrap();
}

fn another_host_of_the_list_is_tried_when_the_first_is_silent() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let database = TestDatabase::new();
    let (bad, good) = (silent.local_addr().unwrap().port(), database.server().tcp_port());
    let hosts = format!("@127.0.0.1:{bad},127.0.0.1:{good}/");
    let url = database.tcp_url().replacen(&format!("@127.0.0.1:{good}/"), &hosts, 1);
    let mut settings = Settings::default();
    settings.connect_timeout = Duration::from_secs(2);
    Migrator::from_url(&three(), &url).unwrap().with_settings(settings).up().unwrap();
}
