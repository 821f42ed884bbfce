//! A server that speaks TLS, its authority, and the files of those who connect.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use migrate_runtime::{ConnectOptions, Error, Event, Migrator};
use migration_tests::{Role, Server, TestDatabase, set, wait_until};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;

/// The name that the server's certificate is for.
pub(super) const NAME: &str = "db.example.com";

/// Whom the server lets in, and how: by the group of the role.
const RULES: &str = "local all all trust
hostssl all +with_certificate 127.0.0.1/32 scram-sha-256 clientcert=verify-ca
hostssl all +with_tls 127.0.0.1/32 scram-sha-256
hostnossl all +without_tls 127.0.0.1/32 scram-sha-256";

type Authority = Issuer<'static, KeyPair>;

/// A server that speaks TLS, and the files of those who connect.
pub(super) struct World {
    pub(super) server: &'static Server,
    files: TempDir,
    pub(super) authority: Authority,
}

/// Where the certificate is as it should be.
pub(super) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World::with(&named(&[NAME, "127.0.0.1"])))
}

impl World {
    /// With a certificate that its authority has signed.
    pub(super) fn with(certificate: &CertificateParams) -> World {
        let world = World::new();
        let (certificate, key) = world.signed(certificate);
        world.serve(&certificate, &key);
        world
    }

    pub(super) fn new() -> World {
        let server: &'static Server = Box::leak(Box::new(Server::own()));
        let (authority, certificate) = authority("an authority of tests");
        let world = World { server, files: tempfile::tempdir().unwrap(), authority };
        world.write("ca.pem", &certificate);
        world.write("other.pem", &self::authority("nobody knows it").1);
        let (certificate, key) = world.signed(&called("client"));
        world.write("client.crt", &certificate);
        world.write("client.key", &key);
        world
    }

    /// Makes the server speak TLS. It writes its files itself: nobody else may read them.
    pub(super) fn serve(&self, certificate: &str, key: &str) {
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

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// A certificate and its key, in PEM.
    fn signed(&self, params: &CertificateParams) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// A database, and a role of this group that owns it.
    pub(super) fn member(&self, group: &str) -> (TestDatabase, Role) {
        let database = TestDatabase::on(self.server);
        let role = database.role("member", &format!("SUPERUSER IN ROLE {group}"));
        (database, role)
    }

    /// As the role connects with these parameters, unless they say otherwise by this name.
    pub(super) fn options(&self, role: &Role, parameters: &str) -> ConnectOptions {
        let (port, name) = (self.server.tcp_port(), &role.name);
        let database = role.tcp.get_dbname().unwrap();
        let files = parameters.replace("FILES", &self.files.path().display().to_string());
        let text = format!(
            "host={NAME} hostaddr=127.0.0.1 port={port} user={name} password={name} dbname={database} {files}"
        );
        ConnectOptions::parse(&text).unwrap()
    }

    /// Whether the session is encrypted, where there is one.
    pub(super) fn connect(&self, role: &Role, parameters: &str) -> Result<bool, Error> {
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
pub(super) fn named(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

/// A certificate that has a common name alone.
pub(super) fn called(name: &str) -> CertificateParams {
    let mut params = named(&[]);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
