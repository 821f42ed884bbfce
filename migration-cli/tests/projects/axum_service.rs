//! A service that migrates when it starts: `examples/axum-service`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;

use migration_tests::{TestDatabase, child};
use serde_json::{Value, json};

use crate::project::{Program, Project};

#[test]
fn replicas_start_together_and_migrate_once() {
    let database = TestDatabase::new();
    let project = Project::copy_of("axum-service", "project-service");
    project.build();
    let program = project.installed("invoices", &database);

    terminated_while_it_migrates(&program, &database);
    let replicas = [Replica::start(&program), Replica::start(&program)];
    let [one, other] = replicas.map(Replica::listening);
    for replica in [&one, &other] {
        assert_eq!(replica.get("/health"), (200, json!({ "status": "ok" })));
    }
    let ada = json!({ "id": 1, "customer": "Ada", "cents": 4200, "currency": "EUR" });
    assert_eq!(
        one.post("/invoices", &json!({ "customer": "Ada", "cents": 4200 })),
        (201, ada.clone())
    );
    assert_eq!(other.get("/invoices"), (200, json!([ada])));
    assert_eq!(other.post("/invoices", &json!({ "customer": "", "cents": 1 })).0, 422);

    let ran =
        "SELECT version, count(*) FROM _migrations_log WHERE outcome = 'ok' GROUP BY 1 ORDER BY 1";
    assert_eq!(database.text(ran), "20260105090000|1\n20260119100000|1\n20260119101000|1");
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "3");
    one.terminate();
    assert_eq!(other.get("/health").0, 200);
    a_lost_table(&other, &database);
    let log = other.terminate();
    let told = "\ncaused by: ERROR: relation \"invoices\" does not exist\n";
    assert!(log.contains(told), "{log}");

    without_a_database(&program);
}

/// It does not wait for the other runner, as it would for a minute.
fn terminated_while_it_migrates(program: &Program, database: &TestDatabase) {
    let mut other = database.client();
    let lock = "SELECT pg_advisory_lock(
        ('x' || left(encode(sha256('migrate:public._migrations'), 'hex'), 8))::bit(32)::int, 1)";
    other.batch_execute(lock).unwrap();
    let mut replica = Replica::start(program);
    let mut log = BufReader::new(replica.child.stderr.take().unwrap());
    let mut told = String::new();
    while !told.contains("waiting for another runner") {
        assert_ne!(log.read_line(&mut told).unwrap(), 0, "{told}");
    }
    assert!(child::signal("TERM", replica.child.id()));
    log.read_to_string(&mut told).unwrap();
    assert_eq!(replica.child.wait().unwrap().code(), Some(1), "{told}");
    assert!(told.contains("\nerror: interrupted"), "{told}");
    assert_eq!(database.text("SELECT to_regclass('_migrations') IS NULL"), "t");
}

/// A fault of ours and not an absent database; the log says which.
fn a_lost_table(replica: &Replica, database: &TestDatabase) {
    database.execute("ALTER TABLE invoices RENAME TO elsewhere");
    let problem = json!({ "error": "the service cannot do this now" });
    assert_eq!(replica.get("/invoices"), (500, problem));
}

/// Nothing listens there; the password in the URL is not for the log.
fn without_a_database(program: &Program) {
    let mut command = program.command("");
    command
        .env("DATABASE_URL", "postgres://ada:canary@127.0.0.1:1/invoices")
        .env("WAIT_FOR_DB", "0");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8(output.stderr).unwrap();
    let expected =
        "error: cannot connect to database invoices on 127.0.0.1:1\ncaused by: Connection refused";
    assert!(log.starts_with(expected), "{log}");
    assert!(
        log.contains("\nstate: nothing was changed\nhint: pg_isready -h 127.0.0.1 -p 1 "),
        "{log}"
    );
    assert!(!log.contains("canary"), "{log}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
}

/// A running service, ended with the test.
struct Replica {
    child: Child,
    address: String,
}

impl Replica {
    fn start(program: &Program) -> Replica {
        let child = program.command("").env("LISTEN", "127.0.0.1:0").spawn().unwrap();
        Replica { child, address: String::new() }
    }

    /// Waits until it has migrated, and says where it listens.
    #[track_caller]
    fn listening(mut self) -> Replica {
        let mut line = String::new();
        BufReader::new(self.child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            let mut log = String::new();
            self.child.stderr.as_mut().unwrap().read_to_string(&mut log).unwrap();
            panic!("{line}{log}");
        };
        address.clone_into(&mut self.address);
        self
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.ask(&format!("GET {path}"), "")
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.ask(&format!("POST {path}"), &body.to_string())
    }

    #[track_caller]
    fn ask(&self, request: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let headers = format!(
            "host: test\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}"
        );
        write!(stream, "{request} HTTP/1.1\r\n{headers}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap())
    }

    /// Ends it as an orchestrator does. Gives what it wrote into its log.
    #[track_caller]
    fn terminate(mut self) -> String {
        assert!(child::signal("TERM", self.child.id()));
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        let mut log = String::new();
        self.child.stderr.as_mut().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
