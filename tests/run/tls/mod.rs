//! Encrypted connections to a real server, with certificates of an authority of its own.

mod world;

use std::fs;
use std::thread;

use migrate_runtime::{ConnectOptions, Error, ErrorKind, Event, Migrator};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials, wait_until};
use rcgen::{
    BasicConstraints, CertificateRevocationListParams, IsCa, KeyIdMethod, KeyPair,
    RevokedCertParams, SerialNumber, date_time_ymd,
};

use crate::three;
use world::{NAME, World, called, named, world};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_server_that_proves_its_name_is_believed,
        another_authority_is_not_believed,
        a_certificate_for_another_name_is_not_believed,
        what_is_not_to_be_verified_is_not_refused,
        a_certificate_that_was_taken_back_is_not_believed,
        an_expired_certificate_is_not_believed,
        a_certificate_that_is_trusted_itself_is_for_its_common_name,
        a_client_without_its_certificate_is_told_how_to_show_one,
        where_plaintext_is_refused_it_is_said,
        a_server_without_tls_is_not_talked_to_in_plaintext,
        what_a_server_refuses_with_tls_is_tried_without,
        the_password_is_bound_to_the_channel,
        the_versions_can_be_chosen,
        an_address_beside_a_socket_is_encrypted_all_the_same,
        a_socket_needs_no_certificate,
        who_is_turned_away_does_not_go_on_to_the_next_host,
        a_run_is_seen_and_interrupted_over_tls
    ]
}

#[track_caller]
fn assert_refused(result: Result<bool, Error>, cause: &str, hint: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Connect, 3), "{error:?}");
    assert_eq!(error.state(), Some("nothing was changed"));
    let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    let said = format!("{error}: {source}: {:?}", error.server_message());
    assert!(said.contains(cause), "{error:?}");
    assert!(error.hints().iter().any(|it| it.contains(hint)) || hint.is_empty(), "{error:?}");
}

fn a_server_that_proves_its_name_is_believed() {
    let world = world();
    let (_database, role) = world.member("with_tls");
    for mode in ["verify-full", "verify-ca"] {
        let parameters = format!("sslmode={mode} sslrootcert=FILES/ca.pem");
        assert!(world.connect(&role, &parameters).unwrap(), "{mode}");
    }
    // By its address, which the certificate has too.
    let by_address = "host=127.0.0.1 sslmode=verify-full sslrootcert=FILES/ca.pem";
    assert!(world.connect(&role, by_address).unwrap());
}

fn another_authority_is_not_believed() {
    let world = world();
    let (_database, role) = world.member("with_tls");
    for mode in ["verify-full", "verify-ca", "require"] {
        let parameters = format!("sslmode={mode} sslrootcert=FILES/other.pem");
        let refused = world.connect(&role, &parameters);
        assert_refused(refused, "UnknownIssuer", "sslrootcert=FILE");
    }
}

fn a_certificate_for_another_name_is_not_believed() {
    let world = world();
    let (_database, role) = world.member("with_tls");
    let full = "host=other.example.com sslmode=verify-full sslrootcert=FILES/ca.pem";
    assert_refused(world.connect(&role, full), "not valid for name", "hostaddr=ADDRESS");
    // Who asks for less gets less.
    let chain = "host=other.example.com sslmode=verify-ca sslrootcert=FILES/ca.pem";
    assert!(world.connect(&role, chain).unwrap());
}

fn what_is_not_to_be_verified_is_not_refused() {
    let world = world();
    let (_database, role) = world.member("with_tls");
    for mode in ["allow", "prefer", "require"] {
        assert!(world.connect(&role, &format!("sslmode={mode}")).unwrap(), "{mode}");
    }
    // And whoever gives nothing but a `postgres::Config` is encrypted as well.
    Migrator::new(&three(), role.tcp.clone()).up().unwrap();
}

fn a_certificate_that_was_taken_back_is_not_believed() {
    let serial = SerialNumber::from(77_u64);
    let mut certificate = named(&[NAME]);
    certificate.serial_number = Some(serial.clone());
    let world = World::with(&certificate);
    let revoked = RevokedCertParams {
        serial_number: serial,
        revocation_time: date_time_ymd(2026, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let list = |revoked_certs| CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 1, 1),
        next_update: date_time_ymd(2090, 1, 1),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs,
        key_identifier_method: KeyIdMethod::Sha256,
    };
    world
        .write("crl.pem", &list(vec![revoked]).signed_by(&world.authority).unwrap().pem().unwrap());
    let (_database, role) = world.member("with_tls");
    let without = "sslmode=verify-full sslrootcert=FILES/ca.pem";
    assert!(world.connect(&role, without).unwrap());
    let with = format!("{without} sslcrl=FILES/crl.pem");
    assert_refused(world.connect(&role, &with), "Revoked", "");

    // A list that has expired says nothing about what was taken back since.
    let mut expired = list(Vec::new());
    expired.next_update = date_time_ymd(2026, 2, 1);
    world.write("old.pem", &expired.signed_by(&world.authority).unwrap().pem().unwrap());
    let with = format!("{without} sslcrl=FILES/old.pem");
    assert_refused(world.connect(&role, &with), "revocation list expired", "");
    world.write("empty.pem", &list(Vec::new()).signed_by(&world.authority).unwrap().pem().unwrap());
    assert!(world.connect(&role, &format!("{without} sslcrl=FILES/empty.pem")).unwrap());
}

fn an_expired_certificate_is_not_believed() {
    let mut certificate = named(&[NAME]);
    certificate.not_after = date_time_ymd(2020, 1, 1);
    certificate.not_before = date_time_ymd(2019, 1, 1);
    let world = World::with(&certificate);
    let (_database, role) = world.member("with_tls");
    let verified = "sslmode=verify-ca sslrootcert=FILES/ca.pem";
    assert_refused(world.connect(&role, verified), "expired", "");
}

fn a_certificate_that_is_trusted_itself_is_for_its_common_name() {
    // As PostgreSQL's own documentation has it made: one certificate, which lists no name.
    let world = World::new();
    let key = KeyPair::generate().unwrap();
    let mut params = called(NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap().pem();
    world.write("server.pem", &certificate);
    world.serve(&certificate, &key.serialize_pem());
    let (_database, role) = world.member("with_tls");
    let full = "sslmode=verify-full sslrootcert=FILES/server.pem";
    assert!(world.connect(&role, full).unwrap());
    let other = world.connect(&role, &format!("host=other.example.com {full}"));
    assert_refused(other, "not valid for name", "hostaddr=ADDRESS");
    let unknown = world.connect(&role, "sslmode=verify-ca sslrootcert=FILES/other.pem");
    assert_refused(unknown, "invalid peer certificate", "");
}

fn a_client_without_its_certificate_is_told_how_to_show_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::with(&named(&[NAME]));
    let (_database, role) = world.member("with_certificate");
    let verified = "sslmode=verify-full sslrootcert=FILES/ca.pem";
    let refused = world.connect(&role, verified);
    assert_refused(refused, "requires a valid client certificate", "sslcert=FILE sslkey=FILE");
    let shown = format!("{verified} sslcert=FILES/client.crt sslkey=FILES/client.key");
    assert!(world.connect(&role, &shown).unwrap());

    // A key that others may read is none, and one without its certificate neither.
    fs::set_permissions(world.path("client.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let open = world.connect(&role, &shown).unwrap_err();
    assert_eq!((open.kind(), open.exit_code()), (ErrorKind::Config, 2), "{open:?}");
    assert!(open.hints()[0].starts_with("chmod 600"), "{open:?}");
    for file in ["client.crt", "no-such.key"] {
        let wrong = shown.replace("client.key", file);
        let error = world.connect(&role, &wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
        assert!(error.to_string().contains(file), "{error:?}");
    }
}

fn where_plaintext_is_refused_it_is_said() {
    let world = world();
    let (_database, role) = world.member("with_tls");
    let refused = world.connect(&role, "sslmode=disable");
    assert_refused(refused, "no encryption", "sslmode=verify-full");
}

fn a_server_without_tls_is_not_talked_to_in_plaintext() {
    let database = TestDatabase::new();
    let role = database.role("member", "SUPERUSER");
    let port = database.server().tcp_port();
    let connect = |mode: &str| {
        let (name, database) = (&role.name, database.name());
        let text = format!(
            "host=127.0.0.1 port={port} user={name} password={name} dbname={database} sslmode={mode}"
        );
        Migrator::new(&three(), ConnectOptions::parse(&text).unwrap()).status().map(|_| false)
    };
    assert_refused(connect("require"), "does not support TLS", "sslmode=disable");
    connect("prefer").unwrap();
    connect("allow").unwrap();
}

fn what_a_server_refuses_with_tls_is_tried_without() {
    let world = world();
    let (_database, role) = world.member("without_tls");
    for mode in ["prefer", "allow", "disable"] {
        assert!(!world.connect(&role, &format!("sslmode={mode}")).unwrap(), "{mode}");
    }
    let refused = world.connect(&role, "sslmode=require");
    assert_refused(refused, "no pg_hba.conf entry", "");
}

fn the_password_is_bound_to_the_channel() {
    let world = world();
    let (_database, role) = world.member("with_tls");
    let bound = "sslmode=verify-full sslrootcert=FILES/ca.pem channel_binding=require";
    assert!(world.connect(&role, bound).unwrap());
    let (_other, plain) = world.member("without_tls");
    let refused = world.connect(&plain, "sslmode=disable channel_binding=require");
    assert_refused(refused, "channel binding", "");
}

fn the_versions_can_be_chosen() {
    let world = world();
    let (_database, role) = world.member("with_tls");
    for versions in
        ["ssl_min_protocol_version=TLSv1.3", "ssl_max_protocol_version=TLSv1.2", "sslsni=0"]
    {
        assert!(world.connect(&role, &format!("sslmode=require {versions}")).unwrap());
    }
}

fn an_address_beside_a_socket_is_encrypted_all_the_same() {
    let world = world();
    let (_database, role) = world.member("with_tls");
    let port = world.server.tcp_port();
    let socket = world.server.socket().display();
    let (name, database) = (&role.name, role.tcp.get_dbname().unwrap());
    let ca = world.path("ca.pem");
    let text = format!(
        "host={socket} hostaddr=127.0.0.1 port={port} user={name} password={name} dbname={database} sslmode=verify-full sslrootcert={}",
        ca.display()
    );
    // The role gets in over TLS alone, and the certificate is for the address too.
    Migrator::new(&three(), ConnectOptions::parse(&text).unwrap()).up().unwrap();
}

fn a_socket_needs_no_certificate() {
    let database = TestDatabase::new();
    let socket = database.server().socket().display();
    let parameters = format!(
        "host={socket} port={} user=migration dbname={} sslmode=verify-full sslcert=/no/such.crt",
        database.server().tcp_port(),
        database.name()
    );
    Migrator::new(&three(), ConnectOptions::parse(&parameters).unwrap()).up().unwrap();
}

fn who_is_turned_away_does_not_go_on_to_the_next_host() {
    let world = world();
    let (_database, role) = world.member("with_tls");
    let port = world.server.tcp_port();
    let (name, database) = (&role.name, role.tcp.get_dbname().unwrap());
    let text = format!(
        "host=127.0.0.1,127.0.0.1 port={port},1 user={name} password=wrong dbname={database} sslmode=require"
    );
    let error =
        Migrator::new(&three(), ConnectOptions::parse(&text).unwrap()).status().unwrap_err();
    assert_eq!(error.sqlstate(), Some("28P01"), "{error:?}");
}

fn a_run_is_seen_and_interrupted_over_tls() {
    let world = world();
    let (database, role) = world.member("with_tls");
    let full = world.options(&role, "sslmode=verify-full sslrootcert=FILES/ca.pem");
    let waits = set(&[("20260101000001_wait", "SELECT pg_sleep(3600)", "SELECT 1")]);
    let mut migrator = Migrator::new(&waits, full);
    let interrupt = migrator.interrupt();
    let run = thread::spawn(move || migrator.up().unwrap_err());
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
    wait_until("the script runs", || database.text(waiting) == "1");
    interrupt.interrupt();
    assert_eq!(run.join().unwrap().kind(), ErrorKind::Interrupted);
    wait_until("the server has stopped it", || database.text(waiting) == "0");

    // The second connection, which looks who is in the way, gets in too.
    let full = world.options(&role, "sslmode=verify-full sslrootcert=FILES/ca.pem");
    database.execute("CREATE TABLE busy (id int)");
    let mut reader = database.client();
    let mut reading = reader.transaction().unwrap();
    reading.execute("SELECT FROM busy", &[]).unwrap();
    let alters = set(&[("20260101000001_alter", "ALTER TABLE busy ADD x int", "SELECT 1")]);
    let (sender, events) = std::sync::mpsc::channel();
    let mut migrator = Migrator::new(&alters, full).on_event(move |it| {
        if let Event::Blocked { blockers, .. } = it {
            // Nobody listens any more once one was seen.
            let _ = sender.send(blockers.len());
        }
    });
    let run = thread::spawn(move || migrator.up().map(drop));
    assert_eq!(events.recv().unwrap(), 1);
    drop(reading);
    run.join().unwrap().unwrap();
}
