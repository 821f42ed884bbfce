use super::super::check::Level;
use super::*;

fn row(statement: usize, cells: &[&str]) -> (usize, Vec<Option<String>>) {
    let cells = cells.iter().map(|it| Some((*it).to_owned()).filter(|it| !it.is_empty()));
    (super::super::BEFORE + statement, cells.collect())
}

#[test]
fn strong_locks_old_transactions_and_prepared_ones_have_lines_of_their_own() {
    let rows = vec![
        row(0, &["7", "report", "ada", "active", "90", "SELECT …", "f", "1", "public.a"]),
        row(
            0,
            &["8", "psql", "ada", "idle in transaction", "3", "LOCK TABLE a", "t", "8", "public.a"],
        ),
        row(1, &["2"]),
        row(2, &["it's", "ada", "77"]),
    ];
    let checks = judge(Ok(&Reply::made(rows)), "deploy");
    let told: Vec<_> = checks.iter().map(|it| (it.kind, it.level, it.message.as_str())).collect();
    let expected = [
        (
            CheckKind::Transactions,
            Level::Warning,
            "ACCESS SHARE on public.a is held by pid 7, application report, role ada, active, transaction open for 90 s: SELECT …",
        ),
        (
            CheckKind::Transactions,
            Level::Warning,
            "cannot be told: how long the transactions of 2 sessions of other roles are open needs pg_monitor",
        ),
        (
            CheckKind::Locks,
            Level::Warning,
            "ACCESS EXCLUSIVE on public.a is held by pid 8, application psql, role ada, idle in transaction, waiting for a lock itself, transaction open for 3 s: LOCK TABLE a",
        ),
        (
            CheckKind::PreparedTransactions,
            Level::Warning,
            "'it''s' of ada was prepared 77 s ago, and keeps its locks until it is ended",
        ),
    ];
    assert_eq!(told, expected);
    assert_eq!(checks[1].hint.as_deref(), Some("GRANT pg_monitor TO deploy;"));
    assert!(checks[3].hint.as_deref().unwrap().starts_with("ROLLBACK PREPARED 'it''s';"));
}

#[test]
fn what_prevents_a_wraparound_is_waited_for() {
    let query = "autovacuum: VACUUM public.a (to prevent wraparound)";
    let cells = ["9", "autovacuum worker", "", "active", "3", query, "f", "4", "public.a", "t"];
    let checks = judge(Ok(&Reply::made(vec![row(0, &cells)])), "deploy");
    let hint = checks.iter().find(|it| it.kind == CheckKind::Locks).unwrap().hint.as_deref();
    assert!(hint.unwrap().contains("FROM pg_stat_progress_vacuum WHERE pid = 9;"), "{hint:?}");
}

#[test]
fn more_than_anybody_reads_is_counted() {
    let pids: Vec<_> = (1..=8).map(|it| it.to_string()).collect();
    let rows = pids.iter().map(|it| row(0, &[it, "", "", "", "90", "", "f", "", ""])).collect();
    let checks = judge(Ok(&Reply::made(rows)), "deploy");
    let old: Vec<_> = checks.iter().filter(|it| it.kind == CheckKind::Transactions).collect();
    assert_eq!((old.len(), old[5].message.as_str()), (6, "and 3 more"));
    let quiet: Vec<_> = checks[6..].iter().map(|it| it.level).collect();
    assert_eq!(quiet, [Level::Ok; 2]);
}
