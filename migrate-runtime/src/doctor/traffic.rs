//! Sessions and transactions that would be in the way now.

use std::time::Duration;

use super::check::{Check, CheckKind, or_ok};
use super::{is_true, number, rows};
use crate::error::Error;
use crate::history::text;
use crate::lock::Holder;
use crate::progress::Blocker;
use crate::quote::literal;
use crate::transport::Reply;

/// More lines than this nobody reads; the rest is counted.
const SHOWN: usize = 5;

/// The locks of PostgreSQL on tables, the weakest first, as SQL spells them.
const MODES: [&str; 8] = [
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
];

/// From here on, a lock is told whatever the age of its transaction.
const STRONG: usize = 4;

/// A session that is in the way.
struct InTheWay {
    who: Blocker,
    /// The strength of its strongest lock on a table, from 1, and some of its tables.
    lock: Option<(usize, String)>,
    /// It prevents a wraparound: were it ended, another one would begin from the start.
    is_autovacuum: bool,
}

pub(super) fn judge(reply: Result<&Reply, &String>, role: &str) -> Vec<Check> {
    const KINDS: [CheckKind; 3] =
        [CheckKind::Transactions, CheckKind::Locks, CheckKind::PreparedTransactions];
    let reply = match reply {
        Ok(reply) => reply,
        Err(reason) => return Check::all_untold(&KINDS, reason),
    };
    let sessions: Vec<_> = rows(reply, 0).map(in_the_way).collect();
    let is_strong = |it: &&InTheWay| it.lock.as_ref().is_some_and(|it| it.0 >= STRONG);
    let (strong, long): (Vec<_>, Vec<_>) = sessions.iter().partition(is_strong);
    let unseen = rows(reply, 1).next().and_then(|it| number(it, 0)).unwrap_or(0);

    let mut open = of_sessions(CheckKind::Transactions, &long);
    if unseen > 0 {
        let what = match unseen {
            1 => "how long the transaction of 1 session of another role is open".to_owned(),
            _ => format!("how long the transactions of {unseen} sessions of other roles are open"),
        };
        open.push(Check::unseen(CheckKind::Transactions, &what, role));
    }
    let locks = of_sessions(CheckKind::Locks, &strong);
    let prepared = rows(reply, 2).map(of_prepared).collect();
    [
        or_ok(open, CheckKind::Transactions, "none has been open for long"),
        or_ok(locks, CheckKind::Locks, "no session holds a lock that stops a migration at once"),
        or_ok(prepared, CheckKind::PreparedTransactions, "none"),
    ]
    .concat()
}

fn in_the_way(cells: &[Option<String>]) -> InTheWay {
    let owned = |at: usize| cells.get(at).cloned().flatten();
    let strength = number(cells, 7).and_then(|it| usize::try_from(it).ok());
    InTheWay {
        who: Blocker {
            pid: text(cells, 0).parse().ok(),
            application: owned(1),
            role: owned(2),
            state: owned(3),
            transaction_age: text(cells, 4).parse().ok().map(Duration::from_secs),
            statement: owned(5),
            waits: is_true(cells, 6),
            yields_after: None,
        },
        lock: strength.zip(owned(8)),
        is_autovacuum: is_true(cells, 9),
    }
}

fn of_sessions(kind: CheckKind, sessions: &[&InTheWay]) -> Vec<Check> {
    let mut checks: Vec<_> = sessions.iter().take(SHOWN).map(|it| of_session(kind, it)).collect();
    if sessions.len() > SHOWN {
        let message = format!("and {} more", sessions.len() - SHOWN);
        let hint = "SELECT pid, usename, application_name, xact_start, state FROM pg_stat_activity WHERE xact_start IS NOT NULL ORDER BY xact_start;";
        checks.push(Check::warning(kind, message).hint(hint));
    }
    checks
}

fn of_session(kind: CheckKind, InTheWay { who, lock, is_autovacuum }: &InTheWay) -> Check {
    let holds = lock.as_ref().and_then(|(strength, tables)| {
        let mode = MODES.get(strength.checked_sub(1)?)?;
        Some(format!("{mode} on {tables} is held by "))
    });
    let message = format!("{}{who}", holds.unwrap_or_default());
    let pid = who.pid.unwrap_or_default();
    let hint = if *is_autovacuum {
        format!(
            "SELECT relid::regclass, phase, heap_blks_scanned, heap_blks_total FROM pg_stat_progress_vacuum WHERE pid = {pid};   -- wait for it: ended, it begins again"
        )
    } else {
        format!(
            "SELECT pg_terminate_backend({pid});   -- once it is certain that nobody needs that session"
        )
    };
    Check::warning(kind, message).hint(hint)
}

fn of_prepared(cells: &[Option<String>]) -> Check {
    let (gid, owner, age) = (text(cells, 0), text(cells, 1), text(cells, 2));
    let name = literal(gid);
    let message = format!(
        "{name} of {owner} was prepared {age} s ago, and keeps its locks until it is ended"
    );
    Check::warning(CheckKind::PreparedTransactions, message).hint(format!(
        "ROLLBACK PREPARED {name};   -- or COMMIT PREPARED: whoever manages it knows which"
    ))
}

/// Who runs migrations at this moment.
pub(super) fn of_holder(holder: &Result<Option<Holder>, Error>) -> Check {
    const KIND: CheckKind = CheckKind::Runner;
    match holder {
        Err(error) => {
            Check::untold(KIND, error.server_message().unwrap_or("the server did not say"))
        }
        Ok(None) => Check::ok(KIND, "nobody else runs migrations now"),
        Ok(Some(holder)) => {
            let message = format!("another runner holds the lock of the migrations: {holder}");
            Check::warning(KIND, message).hint("migration-cli up --wait 10m   # waits for it")
        }
    }
}

#[cfg(test)]
#[path = "traffic_tests.rs"]
mod tests;
