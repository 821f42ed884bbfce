//! Encrypted connections to a real server, with certificates of an authority of its own.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::thread;

use migrate_runtime::{ConnectOptions, Error, ErrorKind, Event, Migrator};
use migration_tests::harness::Trial;
use migration_tests::{Role, Server, TestDatabase, set, trials, wait_until};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use tempfile::TempDir;

use crate::three;

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
        a_run_is_seen_and_interrupted_over_tls
    ]
}

/// The name that the server's certificate is for.
const NAME: &str = "db.example.com";

/// Whom the server lets in, and how: by the group of the role.
const RULES: &str = "local all all trust
hostssl all +with_certificate 127.0.0.1/32 scram-sha-256 clientcert=verify-ca
hostssl all +with_tls 127.0.0.1/32 scram-sha-256
hostnossl all +without_tls 127.0.0.1/32 scram-sha-256";

type Authority = Issuer<'static, KeyPair>;

/// A server that speaks TLS, and the files of those who connect.
struct World {
    server: &'static Server,
    files: TempDir,
    authority: Authority,
}

/// Where the certificate is as it should be.
fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World::with(named(&[NAME, "127.0.0.1"])))
}

impl World {
    /// With a certificate that its authority has signed.
    fn with(certificate: CertificateParams) -> World {
        let world = World::new();
        let (certificate, key) = world.signed(certificate);
        world.serve(&certificate, &key);
        world
    }

    fn new() -> World {
        let server: &'static Server = Box::leak(Box::new(Server::own()));
        let (authority, certificate) = authority("an authority of tests");
        let world = World { server, files: tempfile::tempdir().unwrap(), authority };
        world.write("ca.pem", &certificate);
        world.write("other.pem", &self::authority("nobody knows it").1);
        let (certificate, key) = world.signed(called("client"));
        world.write("client.crt", &certificate);
        world.write("client.key", &key);
        world
    }

    /// Makes the server speak TLS. It writes its files itself: nobody else may read them.
    fn serve(&self, certificate: &str, key: &str) {
        let authority = fs::read_to_string(self.path("ca.pem")).unwrap();
        let files = [
            ("server.crt", certificate),
            ("server.key", key),
            ("root.crt", &*authority),
            ("pg_hba.conf", RULES),
        ];
        let mut client = self.server.config("postgres").connect(postgres::NoTls).unwrap();
        for (name, text) in files {
            let lines = format!(
                "SELECT line FROM pg_catalog.unnest(pg_catalog.string_to_array('{text}', E'\\n')) AS t (line)"
            );
            let file = format!("COPY ({lines}) TO PROGRAM 'umask 077; cat > {name}'");
            client.batch_execute(&file).unwrap();
        }
        for sql in [
            "CREATE ROLE with_certificate",
            "CREATE ROLE with_tls",
            "CREATE ROLE without_tls",
            "ALTER SYSTEM SET ssl = on",
            "ALTER SYSTEM SET ssl_ca_file = 'root.crt'",
            "SELECT pg_catalog.pg_reload_conf()",
        ] {
            client.batch_execute(sql).unwrap();
        }
        // A signal was sent: whoever connects from now on may still meet the old rules.
        let now = || {
            let client = self.server.config("postgres").connect(postgres::NoTls);
            let row = client.unwrap().query_one("SELECT current_setting('ssl')", &[]).unwrap();
            row.get::<_, String>(0) == "on"
        };
        wait_until("the server speaks TLS", now);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// A certificate and its key, in PEM.
    fn signed(&self, params: CertificateParams) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// A database, and a role of this group that owns it.
    fn member(&self, group: &str) -> (TestDatabase, Role) {
        let database = TestDatabase::on(self.server);
        let role = database.role("member", &format!("SUPERUSER IN ROLE {group}"));
        (database, role)
    }

    /// As the role connects with these parameters, unless they say otherwise by this name.
    fn options(&self, role: &Role, parameters: &str) -> ConnectOptions {
        let (port, name) = (self.server.tcp_port(), &role.name);
        let database = role.tcp.get_dbname().unwrap();
        let files = parameters.replace("FILES", &self.files.path().display().to_string());
        let text = format!(
            "host={NAME} hostaddr=127.0.0.1 port={port} user={name} password={name} dbname={database} {files}"
        );
        ConnectOptions::parse(&text).unwrap()
    }

    /// Whether the session is encrypted, where there is one.
    fn connect(&self, role: &Role, parameters: &str) -> Result<bool, Error> {
        let seen = "DO $$ BEGIN RAISE WARNING 'encrypted: %', (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()); END $$";
        let asks = set(&[("20260101000001_look", seen, "SELECT 1")]);
        let (sender, notices) = std::sync::mpsc::channel();
        let mut migrator =
            Migrator::new(&asks, self.options(role, parameters)).on_event(move |it| {
                if let Event::Notice { message, .. } = it {
                    sender.send(message.clone()).unwrap();
                }
            });
        migrator.up()?;
        migrator.down(std::num::NonZeroUsize::MIN)?;
        let said: Vec<String> = notices.try_iter().collect();
        Ok(said.iter().any(|it| it == "encrypted: t"))
    }
}

fn authority(name: &str) -> (Authority, String) {
    let mut params = called(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (Issuer::new(params, key), certificate.pem())
}

/// A certificate that lists these names.
fn named(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

/// A certificate that has a common name alone.
fn called(name: &str) -> CertificateParams {
    let mut params = named(&[]);
    params.distinguished_name.push(DnType::CommonName, name);
    params
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
    let world = World::with(certificate);
    let revoked = RevokedCertParams {
        serial_number: serial,
        revocation_time: date_time_ymd(2026, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 1, 1),
        next_update: date_time_ymd(2090, 1, 1),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: vec![revoked],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    world.write("crl.pem", &list.signed_by(&world.authority).unwrap().pem().unwrap());
    let (_database, role) = world.member("with_tls");
    let without = "sslmode=verify-full sslrootcert=FILES/ca.pem";
    assert!(world.connect(&role, without).unwrap());
    let with = format!("{without} sslcrl=FILES/crl.pem");
    assert_refused(world.connect(&role, &with), "Revoked", "");
}

fn an_expired_certificate_is_not_believed() {
    let mut certificate = named(&[NAME]);
    certificate.not_after = date_time_ymd(2020, 1, 1);
    certificate.not_before = date_time_ymd(2019, 1, 1);
    let world = World::with(certificate);
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
    let world = World::with(named(&[NAME]));
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
