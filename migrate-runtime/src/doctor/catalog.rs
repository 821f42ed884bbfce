//! What the catalogs say of indexes, constraints and transaction ids.

use migrate_core::Migration;

use super::check::{Check, CheckKind, or_ok};
use super::{number, rows};
use crate::transport::Reply;
use crate::verify::{Finding, FindingKind, STRUCTURE, Structure};

/// From here on it is worth a look: autovacuum has been behind for a long time.
const OLD: i64 = 1_000_000_000;

/// The server stops writing at 2,144 million.
const TOO_OLD: i64 = 2_000_000_000;

pub(super) fn question() -> String {
    format!("{STRUCTURE};\n{}", include_str!("wraparound.sql"))
}

pub(super) fn judge(reply: Result<&Reply, &String>, pending: &[&Migration]) -> Vec<Check> {
    const KINDS: [CheckKind; 3] =
        [CheckKind::Indexes, CheckKind::Constraints, CheckKind::Wraparound];
    let reply = match reply {
        Ok(reply) => reply,
        Err(reason) => return Check::all_untold(&KINDS, reason),
    };
    let found = Structure::read(rows(reply, 0), rows(reply, 1)).findings(pending);
    let of = |wanted: &[FindingKind], kind: CheckKind| {
        let wanted = found.iter().filter(|it| wanted.contains(&it.kind));
        wanted.map(|it| of_finding(kind, it)).collect()
    };
    let indexes = of(&[FindingKind::InvalidIndex], CheckKind::Indexes);
    let constraints =
        of(&[FindingKind::NotValidated, FindingKind::NotValidatedYet], CheckKind::Constraints);
    let mut checks = or_ok(indexes, CheckKind::Indexes, "all are valid");
    checks.extend(or_ok(constraints, CheckKind::Constraints, "all are validated"));
    let oldest = rows(reply, 2).next().map(|it| [number(it, 0), number(it, 1)]);
    checks.push(of_wraparound(oldest.into_iter().flatten().flatten().max().unwrap_or(0)));
    checks
}

/// No migration fails over it, though `verify` does.
fn of_finding(kind: CheckKind, finding: &Finding) -> Check {
    if finding.kind == FindingKind::NotValidatedYet {
        // A migration that waits to be run does it.
        return Check::ok(kind, &finding.message);
    }
    let hint = finding.hint.clone().unwrap_or_default();
    Check::warning(kind, &finding.message).hint(hint)
}

fn of_wraparound(age: i64) -> Check {
    const KIND: CheckKind = CheckKind::Wraparound;
    let millions = age / 1_000_000;
    let message = format!(
        "the oldest transaction id is {millions} million old; at 2,144 million the server stops writing"
    );
    let hint = "SELECT datname, age(datfrozenxid) FROM pg_database ORDER BY 2 DESC;   -- then VACUUM FREEZE there";
    match age {
        ..OLD => Check::ok(KIND, format!("transaction ids are {millions} million old at most")),
        OLD..TOO_OLD => Check::warning(KIND, message).hint(hint),
        _ => Check::problem(KIND, message).hint(hint),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Level;
    use super::*;

    #[test]
    fn transaction_ids_are_told_before_they_run_out() {
        assert_eq!(of_wraparound(0).level, Level::Ok);
        assert_eq!(of_wraparound(200_000_000).level, Level::Ok);
        assert_eq!(of_wraparound(1_000_000_000).level, Level::Warning);
        let end = of_wraparound(2_000_000_000);
        assert_eq!(end.level, Level::Problem);
        assert!(end.message.contains("2000 million"), "{end:?}");
    }

    #[test]
    fn what_the_server_does_not_answer_is_told() {
        let checks = judge(Err(&"permission denied for view pg_locks".to_owned()), &[]);
        assert_eq!(checks.len(), 3);
        let told = "cannot be told: permission denied for view pg_locks";
        assert!(checks.iter().all(|it| it.message == told), "{checks:?}");
    }
}
