//! What `initdb` made for an earlier process, kept beside the test binaries and copied.
//!
//! The folder may be anybody's: `target/` is mounted into containers, and tests run as root one day and
//! as a user the next. So the account is in its name, and what lies there is looked at before it is
//! used; what is damaged is replaced.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;

use crate::dev_database::{DevDatabaseError, ThrowAwayServer, system_command};

/// Goes up whenever our arguments of `initdb` change.
const FORMAT: u32 = 2;

/// Beside the test binaries, so that `cargo clean` removes it.
pub(super) fn place(server: &ThrowAwayServer) -> Option<PathBuf> {
    let (version, account) = (&server.binaries().version, server.uid());
    beside(&format!("migration-tests-postgresql-{version}-format-{FORMAT}-account-{account}"))
}

/// A folder of this name beside the test binaries.
pub(super) fn beside(name: &str) -> Option<PathBuf> {
    let binary = std::env::current_exe().ok()?;
    let deps = binary.ancestors().find(|it| it.ends_with("deps"))?;
    Some(deps.with_file_name(name))
}

/// Gives the server its data: a copy of the template, which is made first if there is none.
pub(super) fn fill(server: &ThrowAwayServer, template: &Path) -> Result<(), DevDatabaseError> {
    // Of two servers in this process, one makes the data for both.
    static FILLING: Mutex<()> = Mutex::new(());
    let _filling = FILLING.lock();
    if is_whole(template, server) {
        // The copy is looked at too: somebody may be cleaning up.
        if copy(template, &server.data()) && is_whole(&server.data(), server) {
            return Ok(());
        }
        drop(fs::remove_dir_all(server.data()));
    }
    server.make_data()?;
    keep(server, template);
    Ok(())
}

/// Makes the server's data the template. Nothing depends on it but the time that the next process takes.
fn keep(server: &ThrowAwayServer, template: &Path) {
    // Not the number of the process: in containers, a later one has the same.
    let beside = |what| {
        let name = template.file_name().unwrap_or_default().to_string_lossy();
        template.with_file_name(format!("{name}-{what}-{}", uuid::Uuid::new_v4()))
    };
    let new = beside("new");
    // Whoever was faster is right as well.
    if copy(&server.data(), &new) && !is_whole(template, server) {
        let damaged = beside("damaged");
        // Away in one step: who is copying it notices.
        if fs::rename(template, &damaged).is_ok() {
            drop(fs::remove_dir_all(&damaged));
        }
        drop(fs::rename(&new, template));
    }
    drop(fs::remove_dir_all(&new));
}

/// Whether the server could start on a copy: the data is its account's, and of its version.
fn is_whole(data: &Path, server: &ThrowAwayServer) -> bool {
    let version = data.join("PG_VERSION");
    let owned = |it: &Path| fs::symlink_metadata(it).is_ok_and(|it| it.uid() == server.uid());
    // The last one that PostgreSQL needs before it looks at anything else.
    let all_owned = [data, &version, &data.join("global/pg_control")].into_iter().all(owned);
    let text = fs::read_to_string(&version).unwrap_or_default();
    all_owned && text.trim() == server.binaries().major
}

/// With owners and modes, which PostgreSQL insists on.
fn copy(from: &Path, to: &Path) -> bool {
    let mut command = system_command("/bin/cp");
    command.arg("-Rp").arg(from).arg(to).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::chown;

    use super::super::server::prepare_without_data;
    use super::*;

    #[test]
    fn a_damaged_template_is_replaced_and_the_next_server_has_a_copy() {
        let folder = tempfile::tempdir().unwrap();
        let template = folder.path().join("template");
        fs::create_dir(&template).unwrap();
        assert_eq!(identifier_with(&template), identifier_with(&template));
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "something is left beside the template");
    }

    /// Starts a server; gives what tells one run of `initdb` from another.
    #[track_caller]
    fn identifier_with(template: &Path) -> i64 {
        let (server, _supervisor) = prepare_without_data().unwrap();
        fill(&server, template).unwrap();
        server.start().unwrap();
        let mut client = server.config("postgres").connect(postgres::NoTls).unwrap();
        let sql = "SELECT system_identifier FROM pg_control_system()";
        client.query_one(sql, &[]).unwrap().get(0)
    }

    #[test]
    fn data_is_whole_when_it_belongs_to_the_account_and_has_its_version() {
        let (server, _supervisor) = prepare_without_data().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let (version, control) = (data.join("PG_VERSION"), data.join("global/pg_control"));
        let check = |expected| assert_eq!(is_whole(data, &server), expected);
        let give = |path: &Path, owner| chown(path, Some(owner), None).unwrap();

        check(false);
        fs::create_dir(data.join("global")).unwrap();
        fs::write(&version, format!("{}\n", server.binaries().major)).unwrap();
        fs::write(&control, "").unwrap();
        for path in [data, &version, &control] {
            give(path, server.uid());
        }
        check(true);
        if rustix::process::geteuid().is_root() {
            for path in [data, &version, &control] {
                give(path, 12345);
                check(false);
                give(path, server.uid());
            }
        }
        fs::write(&version, "9.6\n").unwrap();
        check(false);
    }
}
