//! What `migrate_runtime::testing` promises, under the harness that users have: the built-in one.
//!
//! Variables are set for children only: this process has threads that read them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "testing/migrated.rs"]
mod migrated;
#[path = "testing/production_data.rs"]
mod production_data;

use std::process::Output;

use migrate_runtime::testing::{self, TestConnection};
use migrate_runtime::{MigrationSet, embed_migrations};
use migration_tests::{TestDatabase, child, wait_until};
use postgres::NoTls;

static MIGRATIONS: MigrationSet = embed_migrations!("migrations");

migrate_runtime::testing::harness!(MIGRATIONS);

/// Who calls one function of the three gets no warning about the others.
mod a_part {
    #![deny(warnings)]

    migrate_runtime::testing::harness!(crate::MIGRATIONS);

    #[test]
    fn is_used_without_a_warning() {
        let mut conn = establish_test_connection();
        conn.batch_execute("SELECT 1").unwrap();
    }
}

#[test]
fn down_takes_back_the_newest_migration_and_up_runs_it_again() {
    let mut conn = establish_test_connection();
    assert_eq!(run_migration_up(&mut conn).unwrap().done.len(), MIGRATIONS.len());
    let run = run_migration_down(&mut conn).unwrap();
    let newest = MIGRATIONS.iter().last().unwrap();
    assert_eq!(run.done.len(), 1);
    assert_eq!(run.done[0].version, newest.version.to_string());
    assert!(!exists(&mut conn, "contract_titles_as_entered"));
    assert_eq!(shared::run_migration_up(&mut conn).unwrap().done.len(), 1);
    assert!(exists(&mut conn, "contract_titles_as_entered"));
}

/// For helpers that several modules of tests share.
mod shared {
    migrate_runtime::testing::harness!(pub(super) crate::MIGRATIONS);
}

#[test]
fn two_connections_have_two_databases() {
    let (mut one, mut other) = (establish_test_connection(), establish_test_connection());
    assert_ne!(name(&mut one), name(&mut other));
    one.batch_execute("CREATE TABLE mine ()").unwrap();
    assert!(!exists(&mut other, "mine"));
    // The configuration and the URL lead to the same database as the connection.
    let mut again = one.config().connect(NoTls).unwrap();
    again.batch_execute("INSERT INTO mine DEFAULT VALUES").unwrap();
    let mut again = postgres::Client::connect(one.url(), NoTls).unwrap();
    assert_eq!(again.query("TABLE mine", &[]).unwrap().len(), 1);
}

#[test]
fn a_database_is_gone_with_its_connection() {
    let (mut gone, mut other) = (establish_test_connection(), establish_test_connection());
    let name = name(&mut gone);
    // Somebody who is still connected does not keep it.
    let _lingering = gone.config().connect(NoTls).unwrap();
    drop(gone);
    assert_eq!(databases_named(&mut other, &name), 0);
}

#[test]
fn a_database_is_gone_after_a_panic() {
    let mut other = establish_test_connection();
    let panicked = std::thread::spawn(|| {
        let mut conn = establish_test_connection();
        let name = name(&mut conn);
        std::panic::panic_any(name)
    });
    let name = panicked.join().unwrap_err().downcast::<String>().unwrap();
    assert_eq!(databases_named(&mut other, &name), 0);
}

#[test]
fn a_server_is_gone_with_its_process_whatever_the_path_is() {
    if let Some(note) = child::argument() {
        let mut conn = establish_test_connection();
        let data: String = conn.query_one("SHOW data_directory", &[]).unwrap().get(0);
        return std::fs::write(note, data).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("data-folder");
    let name = "a_server_is_gone_with_its_process_whatever_the_path_is";
    let mut command = child::command(name, note.to_str().unwrap());
    command.env_remove("TEST_DATABASE_URL").env("PATH", folder.path());
    child::assert_passed(&command.output().unwrap());
    let data = std::fs::read_to_string(&note).unwrap();
    let folder = std::path::Path::new(&data).parent().unwrap();
    wait_until("the server is gone", || !folder.exists());
}

#[test]
fn databases_are_made_on_the_server_that_the_variable_names() {
    if let Some(port) = child::argument() {
        let mut conn = establish_test_connection();
        run_migration_up(&mut conn).unwrap();
        let at: i32 = conn.query_one("SELECT inet_server_port()", &[]).unwrap().get(0);
        assert_eq!(at.to_string(), port);
        assert!(!format!("{conn:?}").contains("builder_"), "the password shows");
        assert!(conn.url().contains("builder"), "{}", conn.url());
        return;
    }
    let database = TestDatabase::new();
    let role = database.role("builder", "CREATEDB");
    let name = "databases_are_made_on_the_server_that_the_variable_names";
    let port = database.server().tcp_port().to_string();
    let output =
        child::command(name, &port).env("TEST_DATABASE_URL", &role.tcp_url).output().unwrap();
    child::assert_passed(&output);
    // Nothing is left there, and the database in the URL is as it was.
    let left = format!("SELECT count(*) FROM pg_database WHERE datdba = '{}'::regrole", role.name);
    assert_eq!(database.text(&left), "0");
    let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(database.text(tables), "0");
}

#[test]
fn a_role_that_may_not_make_databases_is_told_so() {
    if child::is_child() {
        establish_test_connection();
        return;
    }
    let database = TestDatabase::new();
    let role = database.role("reader", "");
    let name = "a_role_that_may_not_make_databases_is_told_so";
    let output = child::command(name, "").env("TEST_DATABASE_URL", &role.url).output().unwrap();
    let message = panic_of(&output);
    assert!(message.contains("permission denied to create database"), "{message}");
    let hint = format!("Hint: ALTER ROLE \"{}\" CREATEDB;", role.name);
    assert!(message.contains(&hint), "{message}");
    assert!(message.contains("Hint: unset TEST_DATABASE_URL"), "{message}");
}

#[test]
fn the_named_database_does_where_the_role_may_not_enter_postgres() {
    let (server, _supervisor) = testing::prepare_server().unwrap();
    server.start().unwrap();
    let mut client = server.config("postgres").connect(NoTls).unwrap();
    client.batch_execute("CREATE ROLE builder LOGIN CREATEDB").unwrap();
    client.batch_execute("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC").unwrap();
    client.batch_execute("CREATE DATABASE app").unwrap();
    let url = server.url("app").replace("//migration@", "//builder@");
    let database = testing::TestDatabase::on(&url).unwrap();
    database.config().connect(NoTls).unwrap();
    drop(database);
    let left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'migration\\_test\\_%'";
    assert_eq!(client.query_one(left, &[]).unwrap().get::<_, i64>(0), 0);
}

#[test]
fn a_password_may_hold_a_slash() {
    let database = TestDatabase::new();
    let role = database.role("builder", "CREATEDB");
    database.execute(&format!("ALTER ROLE {} PASSWORD 'p/w?'", role.name));
    let url = role.tcp_url.replacen(&format!(":{}@", role.name), ":p/w?@", 1);
    let made = testing::TestDatabase::on(&url).unwrap();
    made.config().connect(NoTls).unwrap();
    let mut again = postgres::Client::connect(made.url(), NoTls).unwrap();
    again.batch_execute("CREATE TABLE there ()").unwrap();
}

#[test]
fn a_server_that_does_not_answer_is_named_without_the_password() {
    let error = testing::TestDatabase::on("postgres://me:c4n4ry@127.0.0.1:1/app").unwrap_err();
    let expected =
        "cannot connect to database postgres on 127.0.0.1:1\nCaused by: Connection refused";
    let message = format!("{error:?}");
    assert!(message.starts_with(expected), "{message}");
    assert!(!message.contains("c4n4ry"), "{message}");
}

#[test]
fn a_failed_migration_is_shown_in_full_by_unwrap() {
    let set = migration_tests::set(&[("20260101000001_a", "SELECT 1;\nSELECT lost", "SELECT 1")]);
    let conn = establish_test_connection();
    let message = format!("{:?}", conn.migrator(&set).up().unwrap_err());
    expect_parts(
        &message,
        &[
            "migrations/20260101000001_a.up.sql:2:8: running migration 20260101000001_a failed\n",
            "  2 | SELECT lost\n    |        ^\n",
            "Caused by: column \"lost\" does not exist\n",
            "SQLSTATE: 42703\n",
            "State: nothing of 20260101000001_a was changed",
            "\nHint: migration-cli up",
        ],
    );
}

#[test]
fn in_async_code_a_connection_says_what_to_do_instead() {
    let error = runtime().block_on(async { TestConnection::open() }).unwrap_err();
    let message = format!("{error:?}");
    expect_parts(&message, &["this is async code", "Hint: #[test]", "Hint: tokio::task::spawn_"]);
    let inside = async { tokio::spawn(async { TestConnection::open().is_err() }).await };
    assert!(runtime().block_on(inside).unwrap());
}

#[test]
fn an_async_test_makes_its_connection_on_a_thread_that_may_block() {
    let name = runtime().block_on(async {
        let making = tokio::task::spawn_blocking(|| {
            let mut conn = establish_test_connection();
            run_migration_up(&mut conn).unwrap();
            (name(&mut conn), conn)
        });
        let (name, mut conn) = making.await.unwrap();
        // The migrator has a thread of its own for this, and so has the end of the connection.
        run_migration_down(&mut conn).unwrap();
        name
    });
    assert_eq!(databases_named(&mut establish_test_connection(), &name), 0);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

#[track_caller]
fn expect_parts(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{part} is not in\n{message}");
    }
}

#[test]
fn a_missing_server_says_what_to_install_or_to_set() {
    if child::is_child() {
        establish_test_connection();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let name = "a_missing_server_says_what_to_install_or_to_set";
    let mut nowhere = child::command(name, "");
    let output = nowhere.env_remove("TEST_DATABASE_URL").env("PG_BIN", folder.path()).output();
    let message = panic_of(&output.unwrap());
    assert!(message.contains("no database for this test"), "{message}");
    assert!(message.contains("where no PostgreSQL server is"), "{message}");
    assert!(message.contains("Hint: unset PG_BIN"), "{message}");
    assert!(message.contains("Hint: TEST_DATABASE_URL=postgresql://"), "{message}");
    assert!(message.contains("tests/testing.rs:"), "the test is not named: {message}");
}

#[test]
fn the_page_on_production_data_shows_what_was_tested() {
    let page = include_str!("../docs/production-data.md");
    let (_, code) = page.split_once("```rust\n").unwrap();
    let (code, _) = code.split_once("```").unwrap();
    let (_, tested) = include_str!("testing/production_data.rs").split_once("\n\n").unwrap();
    assert!(tested.starts_with(code), "docs/production-data.md has other code");
}

#[track_caller]
fn panic_of(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn name(conn: &mut TestConnection) -> String {
    conn.query_one("SELECT current_database()::text", &[]).unwrap().get(0)
}

fn exists(conn: &mut TestConnection, table: &str) -> bool {
    conn.query_one("SELECT to_regclass($1) IS NOT NULL", &[&table]).unwrap().get(0)
}

fn databases_named(conn: &mut TestConnection, name: &str) -> i64 {
    let sql = "SELECT count(*) FROM pg_database WHERE datname = $1";
    conn.query_one(sql, &[&name]).unwrap().get(0)
}
