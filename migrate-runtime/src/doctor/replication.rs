//! Standbys, and the WAL that is kept for them.

use super::check::{Check, CheckKind, or_ok};
use super::role::Role;
use super::server::Server;
use super::{is_true, number, rows};
use crate::history::text;
use crate::transport::Reply;

const KIND: CheckKind = CheckKind::Replication;

/// A migration that writes much would make it worse.
const BEHIND_SECONDS: i64 = 30;
const BEHIND_BYTES: i64 = 256 << 20;

/// A slot that nobody reads keeps WAL until the disk is full.
const KEPT_BYTES: i64 = 1 << 30;

pub(super) fn judge(reply: Result<&Reply, &String>, server: &Server, role: &Role) -> Vec<Check> {
    let reply = match reply {
        Ok(reply) => reply,
        Err(reason) => return vec![Check::untold(KIND, reason)],
    };
    let mut found: Vec<_> = rows(reply, 0).filter_map(of_standby).collect();
    found.extend(rows(reply, 1).filter_map(of_slot));
    let standbys = rows(reply, 0).count();
    if role.sees_all {
        let acknowledging = rows(reply, 0).any(|it| ["sync", "quorum"].contains(&text(it, 2)));
        found.extend(of_synchronous(server, acknowledging));
    } else if standbys > 0 {
        found.push(Check::unseen(KIND, "how far standbys are behind", &role.name));
    }
    let none = match standbys {
        0 => "no standby is connected, and no slot keeps much WAL".to_owned(),
        1 => "1 standby follows".to_owned(),
        _ => format!("{standbys} standbys follow"),
    };
    or_ok(found, KIND, &none)
}

/// Its state is hidden from those who may not see it.
fn of_standby(cells: &[Option<String>]) -> Option<Check> {
    let (name, state) = (text(cells, 0), text(cells, 1));
    let (bytes, seconds) = (number(cells, 3).unwrap_or(0), number(cells, 4).unwrap_or(0));
    // What takes a base backup, or reads for others, has nothing to replay.
    let is_behind = bytes >= BEHIND_BYTES || seconds >= BEHIND_SECONDS;
    (["streaming", "catchup"].contains(&state) && is_behind).then(|| {
        let message = format!(
            "the standby {name} is {} MB and {seconds} s behind: what a migration writes comes on top",
            bytes >> 20
        );
        Check::warning(KIND, message).hint("SELECT application_name, state, replay_lag FROM pg_stat_replication;   -- wait until it has caught up")
    })
}

fn of_slot(cells: &[Option<String>]) -> Option<Check> {
    let (name, active, status) = (text(cells, 0), is_true(cells, 1), text(cells, 2));
    let kept = number(cells, 3).unwrap_or(0);
    let drop = format!(
        "SELECT pg_drop_replication_slot({});   -- if its reader never comes back",
        crate::quote::literal(name)
    );
    let message = match status {
        "lost" => format!(
            "the replication slot {name} has lost WAL that its reader needs: the reader has to begin again"
        ),
        _ if kept < KEPT_BYTES => return None,
        _ if active => {
            format!("the reader of the replication slot {name} is {} MB behind", kept >> 20)
        }
        _ => format!(
            "nobody reads the replication slot {name}, and it keeps {} MB of WAL on the disk",
            kept >> 20
        ),
    };
    let hint = if active {
        "SELECT slot_name, active_pid, restart_lsn FROM pg_replication_slots;   -- wait until its reader has caught up".to_owned()
    } else {
        drop
    };
    Some(Check::warning(KIND, message).hint(hint))
}

/// A commit waits for a standby that is not there, for ever.
fn of_synchronous(server: &Server, acknowledging: bool) -> Option<Check> {
    let names = server.setting("synchronous_standby_names");
    let waits = !["off", "local"].contains(&server.setting("synchronous_commit"));
    (!names.is_empty() && waits && !acknowledging && !server.standby).then(|| {
        let message = format!(
            "synchronous_standby_names is {names}, and no such standby is connected: every COMMIT waits for it"
        );
        Check::problem(KIND, message)
            .hint("SELECT application_name, state, sync_state FROM pg_stat_replication;   -- start the standby, or take it from the setting")
    })
}

#[cfg(test)]
mod tests {
    use super::super::check::Level;
    use super::*;

    fn cells(cells: &[&str]) -> Vec<Option<String>> {
        cells.iter().map(|it| Some((*it).to_owned()).filter(|it| !it.is_empty())).collect()
    }

    #[test]
    fn a_standby_that_is_far_behind_is_told() {
        #[track_caller]
        fn check(row: &[&str], expected: Option<&str>) {
            let found = of_standby(&cells(row));
            let message = found.as_ref().map(|it| it.message.as_str());
            assert_eq!(message.is_some(), expected.is_some(), "{found:?}");
            assert!(message.unwrap_or_default().contains(expected.unwrap_or_default()));
        }

        check(&["s1", "streaming", "async", "1000", ""], None);
        check(&["s1", "streaming", "async", "1000", "60"], Some("s1 is 0 MB and 60 s behind"));
        check(&["s1", "catchup", "async", "536870912", "1"], Some("512 MB and 1 s behind"));
        check(&["pg_basebackup", "backup", "async", "536870912", ""], None);
        check(&["s1", "", "", "", ""], None);
    }

    #[test]
    fn a_slot_that_keeps_much_is_told() {
        #[track_caller]
        fn check(row: &[&str], expected: Option<&str>) {
            let found = of_slot(&cells(row)).map(|it| it.message);
            assert_eq!(found.is_some(), expected.is_some(), "{found:?}");
            assert!(found.unwrap_or_default().contains(expected.unwrap_or_default()));
        }

        check(&["s", "f", "reserved", "1000"], None);
        check(&["s", "f", "extended", "2147483648"], Some("keeps 2048 MB of WAL"));
        check(&["s", "t", "extended", "2147483648"], Some("2048 MB behind"));
        check(&["s", "f", "lost", ""], Some("has lost WAL"));
        let hint = |row| of_slot(&cells(row)).unwrap().hint.unwrap();
        assert!(hint(&["s", "f", "extended", "2147483648"]).starts_with("SELECT pg_drop_repl"));
        // Somebody reads it: it is not to be dropped.
        let hint = hint(&["s", "t", "extended", "2147483648"]);
        assert!(hint.contains("-- wait") && !hint.contains("drop"), "{hint}");
    }

    #[test]
    fn standbys_that_cannot_be_seen_are_told_as_such() {
        let rows = vec![(2, cells(&["s1", "", "", "", ""]))];
        let checks =
            judge(Ok(&Reply::made(rows)), &Server::default(), &Role::unknown("deploy", "public"));
        assert_eq!(checks[0].level, Level::Warning);
        assert_eq!(checks[0].hint.as_deref(), Some("GRANT pg_monitor TO deploy;"));
    }
}
