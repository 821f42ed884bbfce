//! A pgbouncer before the server of the tests.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use postgres::Config;

use crate::{TestDatabase, wait_until};

/// A pgbouncer of one test. It ends with this value, or with the process.
#[derive(Debug)]
pub struct Pooler {
    port: u16,
    /// Ends pgbouncer when its standard input is closed.
    shell: Child,
    _folder: tempfile::TempDir,
}

/// Whether there is a pgbouncer on this machine.
pub fn has_pooler() -> bool {
    program().is_some()
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    // Debian puts it where the paths of ordinary users do not lead.
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    folders.map(|it| it.join("pgbouncer")).find(|it| it.is_file())
}

impl Pooler {
    /// One that hands out the server's sessions in `mode`, with further settings, as lines of its file.
    pub fn start(database: &TestDatabase, mode: &str, settings: &str) -> Pooler {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = folder.path().join("pgbouncer.ini");
        let server: Config = database.tcp_url().parse().unwrap();
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={} user={} password={}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = any\npool_mode = {mode}\n{settings}\n",
            server.get_ports()[0],
            server.get_user().unwrap(),
            str::from_utf8(server.get_password().unwrap()).unwrap(),
        );
        fs::write(&file, text).unwrap();
        let shell = shell(&program().unwrap(), &file);
        let pooler = Pooler { port, shell, _folder: folder };
        wait_until("pgbouncer listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        pooler
    }

    /// How to reach `database` through it.
    pub fn config(&self, database: &TestDatabase) -> Config {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port).user("migration").dbname(database.name());
        config
    }

    /// The same as a URL.
    pub fn url(&self, database: &TestDatabase) -> String {
        format!("postgres://migration@127.0.0.1:{}/{}", self.port, database.name())
    }
}

/// Like PostgreSQL, pgbouncer refuses to be root.
fn shell(program: &Path, file: &Path) -> Child {
    let script =
        r#"user=; [ "$(id -u)" = 0 ] && user="-u nobody"; "$0" -q $user "$1" & cat; kill $!"#;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).args([program, file]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        drop(self.shell.wait());
    }
}
