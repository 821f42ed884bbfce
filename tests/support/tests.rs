use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use postgres::{Client, NoTls};

use crate::{TestDatabase, child, schema_dump, server, set, standby, wait_until};

#[test]
fn every_test_has_a_database_of_its_own() {
    let (one, other) = (TestDatabase::new(), TestDatabase::new());
    one.execute("CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x'), (2, NULL)");
    other.execute("CREATE TABLE t (a text)");
    assert_eq!(one.text("TABLE t"), "1|x\n2|");
    assert_eq!(Client::connect(&one.url(), NoTls).unwrap().query("TABLE t", &[]).unwrap().len(), 2);

    Client::connect(&one.tcp_url(), NoTls).unwrap().batch_execute("TABLE t").unwrap();

    // A password that could be guessed would let everybody on this machine run programs as we.
    let guessed = format!("//migration:migration@127.0.0.1:{}/", server().tcp_port());
    let error = Client::connect(&format!("postgres:{guessed}postgres"), NoTls).err().unwrap();
    assert_eq!(error.code().unwrap().code(), "28P01");

    let name = one.name().to_owned();
    drop(one);
    let left = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(other.text(&left), "0");
}

#[test]
fn a_role_is_limited_and_has_a_password() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE secret (a int)");
    let role = database.role("reader", "");
    for url in [&role.url, &role.tcp_url] {
        let mut client = Client::connect(url, NoTls).unwrap();
        let error = client.query("TABLE secret", &[]).unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501");
    }
    let mut wrong = role.tcp.clone();
    let error = wrong.password("wrong").connect(NoTls).err().unwrap();
    assert_eq!(error.code().unwrap().code(), "28P01");

    let name = role.name;
    drop(database);
    let left = format!("SELECT count(*) FROM pg_roles WHERE rolname = '{name}'");
    assert_eq!(TestDatabase::new().text(&left), "0");
}

#[test]
fn a_standby_can_only_be_read() {
    let mut client = standby().config("postgres").connect(NoTls).unwrap();
    let error = client.batch_execute("CREATE TABLE t ()").unwrap_err();
    assert_eq!(error.code().unwrap().code(), "25006");
}

#[test]
fn a_set_is_resolved_like_a_folder() {
    let set = set(&[
        ("20240101000000_make", "CREATE TABLE t (a int);", "DROP TABLE t;"),
        ("20240102000000_index", "CREATE INDEX CONCURRENTLY i ON t (a);", "DROP INDEX i;"),
    ]);
    let names: Vec<_> = set.iter().map(|it| (it.name, it.up.mode.as_str())).collect();
    assert_eq!(names, [("make", "transactional"), ("index", "standalone")]);
}

#[test]
#[should_panic(expected = "migrations/20240101000000_a.up.sql:1:")]
fn a_set_with_problems_tells_all_of_them() {
    set(&[("20240101000000_a", "CREATE TABLE t (a int", "")]);
}

#[test]
fn two_dumps_of_one_schema_are_equal() {
    let (one, other) = (TestDatabase::new(), TestDatabase::new());
    let sql = "CREATE TABLE t (a int PRIMARY KEY); CREATE VIEW v AS SELECT a FROM t;";
    one.execute(sql);
    other.execute(&format!("CREATE TABLE _migrations (id serial PRIMARY KEY); {sql}"));
    assert_eq!(schema_dump(&one.url()), schema_dump(&other.url()));
    assert!(schema_dump(&one.url()).contains("CREATE VIEW public.v"));
    other.execute("ALTER TABLE t ADD b int");
    assert_ne!(schema_dump(&one.url()), schema_dump(&other.url()));
}

#[test]
fn a_child_gets_its_argument_and_reports_its_failure() {
    if let Some(argument) = child::argument() {
        return assert_eq!(argument, "right");
    }
    let name = "tests::a_child_gets_its_argument_and_reports_its_failure";
    child::assert_success(child::spawn(name, "right"));
    assert!(!child::run(name, "wrong").status.success());
}

#[test]
fn a_killed_test_process_leaves_no_server_behind() {
    if let Some(note) = child::argument() {
        let data = server().config("postgres").connect(NoTls).unwrap();
        let data: String = { data }.query_one("SHOW data_directory", &[]).unwrap().get(0);
        fs::write(Path::new(&note).with_extension("new"), data).unwrap();
        fs::rename(Path::new(&note).with_extension("new"), note).unwrap();
        loop {
            thread::park();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("data-folder");
    let name = "tests::a_killed_test_process_leaves_no_server_behind";
    let mut child = child::spawn(name, note.to_str().unwrap());
    wait_until("the child has a server", || {
        assert!(child.try_wait().unwrap().is_none(), "the child ended");
        note.exists()
    });
    let data = PathBuf::from(fs::read_to_string(&note).unwrap());
    let process = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    let process = process.lines().next().unwrap().to_owned();
    child.kill().unwrap();
    child.wait().unwrap();

    let alive = || child::signal("0", &process);
    wait_until("the server is gone", || !alive() && !data.parent().unwrap().exists());
}
