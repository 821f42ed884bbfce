use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use postgres::{Client, NoTls};

use super::{Fault, Proxy};
use crate::{TestDatabase, wait_until};

#[test]
fn round_trips_are_counted_after_the_login() {
    for proxy in [Proxy::socket, Proxy::tcp] {
        let database = TestDatabase::new();
        let proxy = proxy(&database);
        let mut client = Client::connect(&proxy.url(), NoTls).unwrap();
        assert_eq!((proxy.counts().sessions, proxy.counts().round_trips), (1, 0));

        client.batch_execute("SELECT 1; SELECT 2").unwrap();
        let counts = proxy.counts();
        assert_eq!((counts.round_trips, counts.queries, counts.ready), (1, 1, 1));
        assert_eq!(proxy.sql(), ["SELECT 1; SELECT 2"]);

        proxy.reset();
        let statement = client.prepare("SELECT 3").unwrap();
        client.query(&statement, &[]).unwrap();
        let counts = proxy.counts();
        assert_eq!((counts.round_trips, counts.queries, counts.prepared), (2, 0, 1));
        assert_eq!(proxy.sql(), ["SELECT 3"]);
        drop(client);
        assert_eq!(proxy.counts().round_trips, 2);
    }
}

#[test]
fn a_large_answer_is_one_round_trip() {
    let database = TestDatabase::new();
    let proxy = Proxy::socket(&database);
    let mut client = proxy.config().connect(NoTls).unwrap();
    let sql = "SELECT repeat('x', 1000) FROM generate_series(1, 5000)";
    assert_eq!(client.simple_query(sql).unwrap().len(), 5002);
    assert_eq!(proxy.counts().round_trips, 1);
}

#[test]
fn a_cut_before_a_query_keeps_it_from_the_server() {
    let database = TestDatabase::new();
    let proxy = Proxy::socket(&database);
    let mut client = proxy.config().connect(NoTls).unwrap();
    proxy.set(Fault::CutBeforeQuery(2));
    client.batch_execute("CREATE TABLE one ()").unwrap();
    client.batch_execute("CREATE TABLE two ()").unwrap_err();
    assert!(client.is_closed());
    assert_eq!(tables(&database), "one");

    assert_eq!(proxy.fault(), Fault::None);
    proxy.config().connect(NoTls).unwrap().batch_execute("CREATE TABLE three ()").unwrap();
}

#[test]
fn a_cut_after_a_query_loses_the_answer_and_not_the_work() {
    let database = TestDatabase::new();
    let proxy = Proxy::socket(&database);
    let mut client = proxy.config().connect(NoTls).unwrap();
    proxy.set(Fault::CutAfterQuery(1));
    client.batch_execute("SELECT pg_sleep(0.05); CREATE TABLE one ()").unwrap_err();
    wait_until("the table is there", || tables(&database) == "one");
}

#[test]
fn a_cut_on_a_reply_comes_after_the_commit() {
    let database = TestDatabase::new();
    let proxy = Proxy::socket(&database);
    let mut client = proxy.config().connect(NoTls).unwrap();
    proxy.set(Fault::CutOnReply("COMMIT", 1));
    client.batch_execute("BEGIN; CREATE TABLE one (); COMMIT").unwrap_err();
    assert_eq!(tables(&database), "one");
}

#[test]
fn a_cut_after_bytes_breaks_the_answer_anywhere() {
    let database = TestDatabase::new();
    let proxy = Proxy::tcp(&database);
    for bytes in [0, 1, 7, 100] {
        let mut client = proxy.config().connect(NoTls).unwrap();
        proxy.set(Fault::CutAfterBytes(bytes));
        client.simple_query("SELECT repeat('x', 200)").unwrap_err();
        assert_eq!(proxy.fault(), Fault::None);
    }
}

#[test]
fn a_black_hole_answers_when_it_is_over() {
    let database = TestDatabase::new();
    let proxy = Proxy::socket(&database);
    let mut client = proxy.config().connect(NoTls).unwrap();
    proxy.set(Fault::BlackHole);
    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || {
        client.batch_execute("CREATE TABLE one ()").unwrap();
        sender.send(()).unwrap();
    });
    wait_until("the query is on its way", || proxy.counts().queries == 1);
    assert_eq!(tables(&database), "");
    assert!(receiver.try_recv().is_err());

    proxy.set(Fault::None);
    thread.join().unwrap();
    assert_eq!(tables(&database), "one");
}

#[test]
fn refused_delayed_and_cut_connections_go_on_afterwards() {
    let database = TestDatabase::new();
    let proxy = Proxy::socket(&database);
    proxy.set(Fault::Refuse);
    assert!(proxy.config().connect(NoTls).is_err());
    proxy.set(Fault::Delay(Duration::from_millis(1)));
    let mut client = proxy.config().connect(NoTls).unwrap();
    client.batch_execute("CREATE TABLE one ()").unwrap();
    proxy.cut_all();
    client.batch_execute("CREATE TABLE two ()").unwrap_err();
    assert_eq!(tables(&database), "one");
}

#[test]
fn a_cancel_is_not_a_session() {
    let database = TestDatabase::new();
    let proxy = Proxy::socket(&database);
    let mut client = proxy.config().connect(NoTls).unwrap();
    let token = client.cancel_token();
    let thread = thread::spawn(move || client.batch_execute("SELECT pg_sleep(600)").unwrap_err());
    let sleeping = "SELECT count(*) FROM pg_stat_activity \
                    WHERE query LIKE 'SELECT pg_sleep%' AND datname = current_database()";
    wait_until("the server is asleep", || database.text(sleeping) == "1");
    token.cancel_query(NoTls).unwrap();
    assert_eq!(thread.join().unwrap().code().unwrap().code(), "57014");
    assert_eq!((proxy.counts().sessions, proxy.counts().cancels), (1, 1));
}

#[test]
fn a_client_that_is_forgotten_leaves_its_session_behind() {
    let database = TestDatabase::new();
    let proxy = Proxy::socket(&database);
    let mut client = proxy.config().connect(NoTls).unwrap();
    client.batch_execute("SELECT pg_advisory_lock(42)").unwrap();
    proxy.forget_clients();
    client.batch_execute("SELECT 1").unwrap_err();
    let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 42
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(database.text(held), "1");
}

fn tables(database: &TestDatabase) -> String {
    database.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
}
