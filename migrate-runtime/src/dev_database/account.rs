//! The system user that the server runs as.
//!
//! PostgreSQL refuses to run as root, so root drops to another user before it executes a program
//! of PostgreSQL. `std` does that after the fork and gives up the supplementary groups with it.
//! The programs get a fresh environment: a long-lived process of another user is no place for the
//! caller's secrets, and `PG*` variables would change what the programs do.

use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, io};

use super::error::Failure;

/// Who the programs of PostgreSQL run as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    /// None: as the caller.
    other: Option<User>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct User {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The caller itself, or for root the user `postgres`, else `nobody`.
    pub(super) fn choose() -> Result<Account, Failure> {
        if !caller_is_root() {
            return Ok(Account { other: None });
        }
        let passwd = Path::new("/etc/passwd");
        let passwd = fs::read_to_string(passwd).map_err(Failure::io("read", passwd))?;
        let user = user_named("postgres", &passwd).or_else(|| user_named("nobody", &passwd));
        Ok(Account { other: Some(user.ok_or(Failure::NoAccount)?) })
    }

    /// Like [`choose`](Account::choose), but root takes the user to whom `data` belongs.
    pub(super) fn of(data: &Path) -> Result<Account, Failure> {
        match fs::symlink_metadata(data) {
            Ok(it) if caller_is_root() && it.uid() != 0 => {
                Ok(Account { other: Some(User { uid: it.uid(), gid: it.gid() }) })
            }
            _ => Account::choose(),
        }
    }

    /// A command that runs as this account, with a fresh environment and no working folder to miss.
    pub(super) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C");
        command.current_dir("/").stdin(Stdio::null());
        if let Some(user) = self.other {
            command.uid(user.uid).gid(user.gid);
        }
        command
    }

    /// Makes a folder that only this account (and root) may enter.
    pub(super) fn make_private_folder(self, folder: &Path) -> io::Result<()> {
        fs::DirBuilder::new().mode(0o700).create(folder)?;
        // The mode given above is cut by the umask.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        match self.other {
            Some(user) => chown(folder, Some(user.uid), Some(user.gid)),
            None => Ok(()),
        }
    }

    /// Whether the account can reach `folder`. Tried rather than computed: access lists and mounts
    /// have a say as well.
    pub(super) fn can_enter(self, folder: &Path) -> bool {
        if self.other.is_none() {
            return folder.is_dir();
        }
        let mut command = self.command(Path::new("/bin/sh"));
        command.args(["-c", "cd -- \"$1\"", "sh"]).arg(folder);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// The mode of a folder of the caller's through which this account has to pass.
    pub(super) fn passage_mode(self) -> u32 {
        if self.other.is_some() { 0o711 } else { 0o700 }
    }

    /// The numeric id of the account.
    pub(super) fn uid(self) -> u32 {
        self.other.map_or_else(caller_uid, |user| user.uid)
    }
}

/// The numeric id of the user that runs this program.
pub(super) fn caller_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn caller_is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Looks a user up in the text of `/etc/passwd`.
fn user_named(name: &str, passwd: &str) -> Option<User> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (found, _password) = (fields.next()?, fields.next()?);
        let user = User { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? };
        (found == name && user.uid != 0).then_some(user)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
        postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n\
        toor:x:0:0::/root:/bin/sh\n\
        broken:x\n\
        nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n";

    #[test]
    fn a_user_is_looked_up_by_name() {
        check("postgres", Some((101, 104)));
        check("nobody", Some((65534, 65533)));
        check("postgre", None);
        check("broken", None);
    }

    #[test]
    fn another_name_of_root_is_no_way_to_drop_rights() {
        check("toor", None);
    }

    #[track_caller]
    fn check(name: &str, expected: Option<(u32, u32)>) {
        assert_eq!(user_named(name, PASSWD).map(|it| (it.uid, it.gid)), expected);
    }
}
