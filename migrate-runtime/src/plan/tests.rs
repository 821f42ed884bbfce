use std::num::NonZeroUsize;
use std::time::Duration;

use migrate_core::Direction::{Down as Back, Up as Forth};
use migrate_core::{Checksum, Directives, Script};

use super::*;
use crate::config::Decision;
use crate::error::Error;
use crate::history::Unfinished;

/// Three migrations, one second apart, told apart by the checksum of their up script. The third
/// cannot run in a transaction; the first cannot be reverted.
pub(super) static SET: MigrationSet = {
    const MIGRATIONS: &[Migration] = &[
        Migration::new(version(1), "one", script(b'a', Mode::Transactional), irreversible()),
        migration(2, b'b', Mode::Transactional),
        migration(3, b'c', Mode::Standalone),
    ];
    MigrationSet::new(MIGRATIONS)
};

pub(super) const APPLIED: [(i64, u8); 3] = [(1, b'a'), (2, b'b'), (3, b'c')];

#[test]
fn up_runs_everything_on_a_fresh_database() {
    check(up(&[], &Up::default()), Ok(&[(Forth, 1), (Forth, 2), (Forth, 3)]));
}

#[test]
fn up_skips_what_has_run() {
    check(up(&APPLIED[..2], &Up::default()), Ok(&[(Forth, 3)]));
    check(up(&APPLIED, &Up::default()), Ok(&[]));
}

#[test]
fn up_goes_as_far_as_it_is_told() {
    let to = |limit| Up { limit, ..Up::default() };
    check(up(&[], &to(Limit::To(version(2)))), Ok(&[(Forth, 1), (Forth, 2)]));
    check(up(&APPLIED, &to(Limit::To(version(2)))), Ok(&[]));
    check(up(&[], &to(steps(1))), Ok(&[(Forth, 1)]));
    check(up(&[], &to(steps(9))), Ok(&[(Forth, 1), (Forth, 2), (Forth, 3)]));
    check(
        up(&[], &to(Limit::To(version(8)))),
        Err(Refusal::NoSuchMigration { version: version(8), nearest: Some(version(3)) }),
    );
}

#[test]
fn up_refuses_a_migration_that_came_too_late() {
    let late = late(false);
    let history = [(1, b'a'), (3, b'c')];
    check(up(&history, &Up::default()), Err(Refusal::OutOfOrder(vec![late])));
    let allowed = Up { allow_out_of_order: true, ..Up::default() };
    check(up(&history, &allowed), Ok(&[(Forth, 2)]));
}

#[test]
fn up_goes_on_beside_migrations_that_it_does_not_know() {
    check(up(&[(1, b'a'), (2, b'b'), (3, b'c'), (9, b'z')], &Up::default()), Ok(&[]));
}

#[test]
fn up_refuses_when_a_script_was_edited() {
    let result = up(&[(1, b'a'), (2, b'X')], &Up::default());
    let Err(Refusal::Edited(list)) = result else { panic!("{result:?}") };
    assert!(matches!(&list[..], [Drift::Edited { version: found, .. }] if *found == version(2)));
}

#[test]
fn scripts_outside_a_transaction_cannot_share_one() {
    let single = Up { single_transaction: true, ..Up::default() };
    let file = "migrations/20260101000003_test.up.sql".to_owned();
    check(up(&[], &single), Err(Refusal::CannotShareTransaction(vec![file])));
    let two = Up { limit: steps(2), ..single };
    check(up(&[], &two), Ok(&[(Forth, 1), (Forth, 2)]));
}

#[test]
fn up_goes_on_with_what_began_before_anything_else() {
    let mut history = history(&APPLIED[..1]);
    history.unfinished.push(unfinished());
    let allowed = Up { allow_out_of_order: true, ..Up::default() };
    check(plan_up(&SET, &history, &allowed), Ok(&[(Forth, 3), (Forth, 2)]));
    let plan = plan_up(&SET, &history, &allowed).unwrap();
    assert_eq!(plan.steps[0].resumes_at(), Some(1));
    assert_eq!(plan.steps[1].resumes_at(), None);
    // The second is older than what has begun.
    let late = Err(Refusal::OutOfOrder(vec![late(true)]));
    check(plan_up(&SET, &history, &Up::default()), late);
    let one = Up { limit: steps(1), ..Up::default() };
    check(plan_up(&SET, &history, &one), Ok(&[(Forth, 3)]));
    let before = Up { limit: Limit::To(version(2)), ..Up::default() };
    let stopped = Box::new(unfinished());
    check(plan_up(&SET, &history, &before), Err(Refusal::Unfinished(stopped)));
}

#[test]
fn what_is_older_than_what_ran_and_what_began_is_told_once() {
    let mut history = history(&[(2, b'b')]);
    history.unfinished.push(unfinished());
    let late =
        Drift::OutOfOrder { version: version(1), name: "one", newest: version(3), begun: true };
    assert_eq!(
        drift::compare(&SET, &history).drift,
        std::slice::from_ref(&late),
        "what began is not late"
    );
    let refusal = plan_up(&SET, &history, &Up::default()).unwrap_err();
    assert_eq!(refusal, Refusal::OutOfOrder(vec![late]));
    let message = Error::from(refusal).to_string();
    assert!(
        message.ends_with("is pending, but the newer 20260101000003 has already begun"),
        "{message}"
    );
}

#[test]
fn down_goes_on_with_a_revert_that_began() {
    let mut history = history(&APPLIED);
    history.unfinished.push(Unfinished { direction: Back, ..unfinished() });
    let plan = |down| plan_down(&SET, &history, &[], &down);
    check(plan(by(steps(2))), Ok(&[(Back, 3), (Back, 2)]));
    assert_eq!(plan(by(steps(1))).unwrap().steps[0].resumes_at(), Some(1));
    let none = by(Limit::To(version(3)));
    assert!(matches!(plan(none).unwrap_err(), Refusal::Unfinished(_)), "it is the newest");
}

#[test]
fn unfinished_work_of_the_other_direction_is_for_repair() {
    let mut history = history(&APPLIED[..2]);
    history.unfinished.push(unfinished());
    let stopped = Refusal::Unfinished(Box::new(unfinished()));
    assert_eq!(plan_down(&SET, &history, &[], &Down::default()).unwrap_err(), stopped);
    let plan = plan_repair(&SET, &history, &[], &Repair::default()).unwrap().unwrap();
    assert_eq!((plan.direction, plan.steps[0].resumes_at()), (Forth, Some(1)));

    history.unfinished.push(Unfinished { version: version(2).to_string(), ..unfinished() });
    let many = Refusal::UnfinishedMany(history.unfinished.clone());
    assert_eq!(plan_up(&SET, &history, &Up::default()).unwrap_err(), many);
    assert_eq!(plan_repair(&SET, &history, &[], &Repair::default()).unwrap_err(), many);
}

#[test]
fn what_began_elsewhere_or_was_changed_is_refused() {
    let refused = |work: Unfinished, decision| {
        let mut history = history(&APPLIED[..2]);
        history.unfinished.push(work);
        plan_repair(&SET, &history, &[], &Repair { decision, ..Repair::default() }).map(drop)
    };
    let elsewhere = Unfinished { version: version(9).to_string(), ..unfinished() };
    let expected = Refusal::UnfinishedElsewhere(Box::new(elsewhere.clone()));
    assert_eq!(refused(elsewhere, Some(Decision::Retry)), Err(expected));

    let sql = Some("VACUUM a".to_owned());
    let gone = Unfinished { statement_checksum: "of another".to_owned(), sql, ..unfinished() };
    for decision in [None, Some(Decision::Retry), Some(Decision::MarkDone)] {
        let message = Error::from(refused(gone.clone(), decision).unwrap_err()).to_string();
        assert!(message.ends_with("sql since\n  - VACUUM a"), "{message}");
        assert!(message.contains("that statement is gone from"), "{message}");
    }
    let done = Some("of another".to_owned());
    let message = Error::from(refused(Unfinished { done, ..gone }, None).unwrap_err()).to_string();
    assert!(message.contains("what comes before it, or how it runs, was changed"), "{message}");
}

#[test]
fn down_reverts_in_the_reverse_of_the_order_in_which_they_ran() {
    let late = [(1, b'a'), (3, b'c'), (2, b'b')];
    check(down(&late, &[], &by(steps(2))), Ok(&[(Back, 2), (Back, 3)]));
    check(down(&late, &[], &by(Limit::To(version(3)))), Ok(&[(Back, 2)]));
    check(down(&late, &[], &by(Limit::To(version(1)))), Ok(&[(Back, 2), (Back, 3)]));
}

#[test]
fn down_refuses_what_has_not_run() {
    check(down(&APPLIED, &[], &by(steps(4))), Err(Refusal::TooMany { asked: 4, have: 3 }));
    check(
        down(&APPLIED[..1], &[], &by(Limit::To(version(2)))),
        Err(Refusal::HasNotRun(version(2))),
    );
}

#[test]
fn down_refuses_where_there_is_no_way_back() {
    let refusal = Refusal::Irreversible {
        version: version(1).to_string(),
        name: "test".to_owned(),
        reason: "rows were merged".to_owned(),
    };
    check(down(&APPLIED, &[], &by(Limit::All)), Err(refusal));
}

#[test]
fn an_older_binary_reverts_with_the_script_that_the_database_kept() {
    let ran = [(2, b'b'), (9, b'z')];
    check(down(&ran, &[kept(9, "DROP TABLE nine")], &by(steps(1))), Ok(&[(Back, 9)]));
    let refusal = Refusal::NoDownScript { version: version(9).to_string(), wanted: None };
    check(down(&ran, &[], &by(steps(1))), Err(refusal));
}

#[test]
fn a_person_decides_between_two_down_scripts() {
    let kept = [kept(2, "another text")];
    let ran = &APPLIED[..2];
    let refusal = Refusal::ScriptDiffers(version(2).to_string());
    check(down(ran, &kept, &by(steps(1))), Err(refusal));
    for (source, sql) in [(ScriptSource::Stored, "another text"), (ScriptSource::Embedded, "b")] {
        let asked = Down { use_script: Some(source), ..by(steps(1)) };
        assert_eq!(down(ran, &kept, &asked).unwrap().steps[0].sql(), sql);
    }
}

#[test]
fn an_edited_migration_without_a_kept_script_is_not_reverted_unasked() {
    let ran = [(2, b'X')];
    assert!(matches!(down(&ran, &[], &by(steps(1))), Err(Refusal::Edited(_))));
    let asked = Down { use_script: Some(ScriptSource::Embedded), ..by(steps(1)) };
    check(down(&ran, &[], &asked), Ok(&[(Back, 2)]));
}

#[test]
fn a_repeated_version_counts_once_where_it_stands_last() {
    let ran = [(2, b'b'), (3, b'c'), (2, b'b')];
    check(down(&ran, &[], &by(Limit::All)), Ok(&[(Back, 2), (Back, 3)]));
}

#[test]
fn a_plan_made_again_may_be_shorter_but_not_other() {
    let planned = up(&[], &Up::default()).unwrap();
    assert!(up(&APPLIED[..1], &Up::default()).unwrap().is_part_of(&planned));
    assert!(up(&APPLIED, &Up::default()).unwrap().is_part_of(&planned));
    let planned = down(&APPLIED, &[], &by(steps(1))).unwrap();
    assert!(!down(&APPLIED[..2], &[], &by(steps(1))).unwrap().is_part_of(&planned));
}

#[test]
fn what_the_history_says_is_done_leaves_the_plan() {
    let versions = |steps: &[Step]| -> Vec<String> {
        steps.iter().map(|it| it.version()[13..].to_owned()).collect()
    };
    let mut planned = up(&[], &Up::default()).unwrap();
    assert_eq!(versions(&planned.take_done(&history(&APPLIED[..2]))), ["1", "2"]);
    assert_eq!(versions(&planned.steps), ["3"]);
    let mut planned = down(&APPLIED, &[], &by(steps(2))).unwrap();
    assert_eq!(versions(&planned.take_done(&history(&APPLIED[..2]))), ["3"]);
    assert_eq!(versions(&planned.steps), ["2"]);
}

#[track_caller]
pub(super) fn check(plan: Result<Plan, Refusal>, expected: Result<&[(Direction, i64)], Refusal>) {
    let steps = |plan: Plan| -> Vec<_> {
        plan.steps.iter().map(|it| (it.direction(), it.version().to_owned())).collect()
    };
    let expected = expected.map(|it| {
        it.iter().map(|&(way, second)| (way, version(second).to_string())).collect::<Vec<_>>()
    });
    assert_eq!(plan.map(steps), expected);
}

#[test]
fn few_of_the_kept_scripts_are_asked_for() {
    #[track_caller]
    fn check(ran: u8, limit: Limit, wanted: Option<&[i64]>) {
        let ran: Vec<_> = (1..=i64::from(ran)).map(|it| (it, 0)).collect();
        let mut history = history(&ran);
        history.unfinished.push(unfinished());
        let wanted = wanted.map(|it| it.iter().map(|it| version(*it).to_string()).collect());
        let found = wanted_scripts(&history, &by(limit));
        let found = found.map(|it| it.into_iter().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(found, wanted);
    }

    // Behind the newest rows comes what began.
    check(50, steps(2), Some(&[50, 49, 3]));
    check(50, Limit::To(version(48)), Some(&[50, 49, 3]));
    check(4, Limit::All, None);
    // Whether that is too many, or one of them has no row, the plan says.
    check(4, steps(5), None);
    check(4, Limit::To(version(9)), None);
}

fn up(ran: &[(i64, u8)], up: &Up) -> Result<Plan, Refusal> {
    plan_up(&SET, &history(ran), up)
}

/// Whether all scripts are there or those alone that are wanted makes no difference.
fn down(ran: &[(i64, u8)], stored: &[StoredScript], down: &Down) -> Result<Plan, Refusal> {
    let history = history(ran);
    let plan = plan_down(&SET, &history, stored, down);
    if let Some(wanted) = wanted_scripts(&history, down) {
        let is_wanted = |it: &&StoredScript| wanted.contains(&it.version.as_str());
        let stored: Vec<_> = stored.iter().filter(is_wanted).cloned().collect();
        let again = plan_down(&SET, &history, &stored, down);
        assert_eq!(format!("{again:?}"), format!("{plan:?}"));
    }
    plan
}

/// The second is late: the third ran, or began.
fn late(begun: bool) -> Drift {
    Drift::OutOfOrder { version: version(2), name: "test", newest: version(3), begun }
}

pub(super) fn by(limit: Limit) -> Down {
    Down { limit, ..Down::default() }
}

pub(super) fn steps(count: usize) -> Limit {
    Limit::Steps(NonZeroUsize::new(count).unwrap())
}

pub(super) fn history(ran: &[(i64, u8)]) -> History {
    let row = |(id, &(second, mark)): (i64, &(i64, u8))| Row {
        id,
        version: version(second).to_string(),
        name: "test".to_owned(),
        checksum: Checksum::embedded([mark; 32]).to_string(),
        execution_time: Duration::ZERO,
        applied_at: None,
    };
    History { rows: (1..).zip(ran).map(row).collect(), ..History::default() }
}

fn kept(second: i64, sql: &str) -> StoredScript {
    StoredScript {
        version: version(second).to_string(),
        sql: Some(sql.to_owned()),
        checksum: Some(Checksum::of(sql).to_string()),
        mode: Mode::Transactional,
        statements: Vec::new(),
        lock_timeout_ms: None,
        statement_timeout_ms: None,
        irreversible: None,
    }
}

pub(super) fn unfinished() -> Unfinished {
    Unfinished {
        version: version(3).to_string(),
        direction: Forth,
        statement: 1,
        statement_checksum: Checksum::of("").to_string(),
        run: String::new(),
        sql: None,
        alone: None,
        failed: false,
        done: None,
        batched: None,
        half: false,
    }
}

pub(super) const fn migration(second: i64, mark: u8, mode: Mode) -> Migration {
    Migration::new(version(second), "test", script(mark, mode), script(mark, mode))
}

const fn script(mark: u8, mode: Mode) -> Script {
    let checksum = Checksum::embedded([mark; 32]);
    let sql = if mark == b'b' { "b" } else { "" };
    Script::new(sql, checksum, mode, None, &[])
}

const fn irreversible() -> Script {
    const DIRECTIVES: Directives =
        Directives::embedded(None, None, None, Some("rows were merged"), &[]);
    Script::new("", Checksum::embedded([0; 32]), Mode::Transactional, Some(&DIRECTIVES), &[])
}

pub(super) const fn version(second: i64) -> Version {
    Version::embedded(20_260_101_000_000 + second.unsigned_abs())
}
