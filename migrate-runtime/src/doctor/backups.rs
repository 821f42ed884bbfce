//! Whether a backup could be taken: the programs of PostgreSQL, and the room for it.

use super::check::{Check, CheckKind};
use super::server::SUPPORTED;
use super::{number, rows};
use crate::backup::Backups;
use crate::backup::readiness::Readiness;
use crate::error::Error;
use crate::transport::Reply;

/// The size of the database, which has to fit beside the backups that are there.
pub(super) const SIZE: &str = "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())";

/// `server` is its major version, and the answer about the size; without a connection nothing is known of it.
pub(super) fn judge(
    backups: &Backups,
    server: Option<(i64, Result<&Reply, &String>)>,
) -> Vec<Check> {
    let major = server.as_ref().map(|it| it.0);
    let wanted = major.unwrap_or(*SUPPORTED.start());
    let readiness = backups.readiness(u32::try_from(wanted).unwrap_or_default());
    let place = backups.folder().display().to_string();
    let size = server.map(|it| it.1.map(|it| rows(it, 0).next().and_then(|it| number(it, 0))));
    let bytes = size.and_then(Result::ok).flatten().and_then(|it| u64::try_from(it).ok());
    vec![of_programs(&readiness, major), of_space(&readiness, bytes, &place)]
}

fn of_programs(readiness: &Readiness, major: Option<i64>) -> Check {
    const KIND: CheckKind = CheckKind::PgDump;
    match (&readiness.dump, &readiness.restore, major) {
        (Ok(dump), Ok(restore), Some(major)) => {
            let folder = dump.path.parent().unwrap_or(&dump.path).display();
            let (dump, restore) = (&dump.version, &restore.version);
            let message = format!(
                "pg_dump {dump} and pg_restore {restore} in {folder}, for a server of version {major}"
            );
            Check::ok(KIND, message)
        }
        (Ok(dump), Ok(_), None) => {
            let message =
                format!("pg_dump {} is there; the server is to be no newer", dump.version);
            Check::ok(KIND, message)
        }
        (Err(error), ..) | (_, Err(error), _) => {
            let message = format!("{error}: no backup can be taken");
            let hint = match major {
                Some(_) => first_hint(error),
                None => "sudo apt-get install postgresql-client   # Debian, Ubuntu; elsewhere the client programs of PostgreSQL".to_owned(),
            };
            Check::warning(KIND, message).hint(hint)
        }
    }
}

fn of_space(readiness: &Readiness, bytes: Option<u64>, place: &str) -> Check {
    const KIND: CheckKind = CheckKind::BackupSpace;
    match (&readiness.free, bytes) {
        (Err(error), _) => Check::warning(KIND, error.to_string()).hint(first_hint(error)),
        (Ok(free), Some(bytes)) if *free < bytes => {
            let message = format!(
                "{} are free for backups in {place}, and the database has {}: none can be taken",
                shown(*free),
                shown(bytes)
            );
            Check::warning(KIND, message).hint("migration-cli backup list   # what may go?")
        }
        (Ok(free), Some(bytes)) => {
            let (free, bytes) = (shown(*free), shown(bytes));
            Check::ok(KIND, format!("{free} are free in {place}, and the database has {bytes}"))
        }
        (Ok(free), None) => Check::ok(KIND, format!("{} are free in {place}", shown(*free))),
    }
}

fn first_hint(error: &Error) -> String {
    error.hints().first().cloned().unwrap_or_else(|| "migration-cli backup list".to_owned())
}

/// `512 MB`
fn shown(bytes: u64) -> String {
    const UNITS: [(u32, &str); 3] = [(30, "GB"), (20, "MB"), (10, "kB")];
    let unit = UNITS.into_iter().find(|(shift, _)| bytes >> shift >= 10);
    unit.map_or_else(
        || format!("{bytes} bytes"),
        |(shift, name)| format!("{} {name}", bytes >> shift),
    )
}

#[cfg(test)]
mod tests {
    use super::super::check::Level;
    use super::*;
    use crate::backup::programs::Found;
    use crate::error::ErrorKind;

    fn readiness(free: u64) -> Readiness {
        let found = |name: &str| Found {
            path: format!("/usr/lib/postgresql/15/bin/{name}").into(),
            version: "15.18".to_owned(),
            major: 15,
        };
        Readiness { dump: Ok(found("pg_dump")), restore: Ok(found("pg_restore")), free: Ok(free) }
    }

    #[track_caller]
    fn check(found: &Check, level: Level, message: &str) {
        assert_eq!(found.level, level, "{found:?}");
        assert!(found.message.contains(message), "{found:?}");
        assert_eq!(found.hint.is_some(), level != Level::Ok, "{found:?}");
    }

    #[test]
    fn the_programs_have_to_fit_the_server() {
        let there = "pg_dump 15.18 and pg_restore 15.18 in /usr/lib/postgresql/15/bin, for a server of version 15";
        check(&of_programs(&readiness(0), Some(15)), Level::Ok, there);
        check(&of_programs(&readiness(0), None), Level::Ok, "to be no newer");
        let missing = || {
            Err(Error::new(ErrorKind::MissingProgram, "pg_dump is not installed").with_hint("x"))
        };
        let without = Readiness { dump: missing(), ..readiness(0) };
        check(&of_programs(&without, Some(15)), Level::Warning, "not installed: no backup can be");
        let hint = of_programs(&without, None).hint.unwrap();
        assert!(hint.starts_with("sudo apt-get install postgresql-client   #"), "{hint}");
        let without = Readiness { restore: missing(), ..readiness(0) };
        check(&of_programs(&without, Some(15)), Level::Warning, "not installed: no backup can be");
    }

    #[test]
    fn a_backup_needs_as_much_room_as_the_database() {
        let of = |free, bytes| of_space(&readiness(free), bytes, "backups");
        check(
            &of(20 << 30, Some(15 << 30)),
            Level::Ok,
            "20 GB are free in backups, and the database has 15 GB",
        );
        check(
            &of(1 << 30, Some(15 << 30)),
            Level::Warning,
            "1024 MB are free for backups in backups",
        );
        check(&of(1 << 30, None), Level::Ok, "1024 MB are free in backups");
        let closed =
            || Err(Error::new(ErrorKind::Config, "is open to others").with_hint("chmod 700 x"));
        let closed = Readiness { free: closed(), ..readiness(0) };
        check(&of_space(&closed, Some(1), "x"), Level::Warning, "is open to others");
    }
}
