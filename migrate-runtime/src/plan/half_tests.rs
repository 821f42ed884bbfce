use migrate_core::Direction::Down as Back;
use migrate_core::{ByteRange, Checksum, Manner, Statement, StatementKind};

use super::tests::{APPLIED, by, check, history, migration, steps, unfinished, version};
use super::*;
use crate::history::Unfinished;

/// A set whose second migration runs in batches, the first statement of which began.
fn begun_in_batches() -> (MigrationSet, History) {
    const BATCH: Statement = {
        let mut it = Statement::new(ByteRange { start: 0, end: 0 }, 1, StatementKind::Update);
        it.manner = Manner::Batch;
        it
    };
    static MIGRATIONS: [Migration; 2] = {
        let mut all =
            [migration(1, b'a', Mode::Transactional), migration(2, b'b', Mode::Standalone)];
        all[1].up.statements = &[BATCH];
        all
    };
    let mut history = history(&APPLIED[..1]);
    let version = version(2).to_string();
    let checksum = Checksum::of(BATCH.range.of(MIGRATIONS[1].up.sql)).to_string();
    let work =
        Unfinished { version, alone: Some(false), statement_checksum: checksum, ..unfinished() };
    history.unfinished.push(work);
    (MigrationSet::new(&MIGRATIONS), history)
}

#[test]
fn what_began_in_batches_is_the_first_that_is_reverted() {
    let (set, history) = begun_in_batches();
    let plan = |down| plan_down(&set, &history, &[], &down);
    check(plan(by(steps(1))), Ok(&[(Back, 2)]));
    check(plan(by(steps(2))), Ok(&[(Back, 2), (Back, 1)]));
    check(plan(by(Limit::All)), Ok(&[(Back, 2), (Back, 1)]));
    check(plan(by(Limit::To(version(1)))), Ok(&[(Back, 2)]));
    check(plan(by(steps(3))), Err(Refusal::TooMany { asked: 3, have: 2 }));
    let steps = plan(by(steps(2))).unwrap().steps;
    assert_eq!(steps.iter().map(Step::reverts_half).collect::<Vec<_>>(), [true, false]);
    // As long as it is unfinished, it is not reverted.
    assert!(!steps[0].is_done(&history) && !steps[1].is_done(&history));

    // What is in doubt is for a person.
    let mut doubtful = history.clone();
    doubtful.unfinished[0].alone = Some(true);
    assert!(matches!(
        plan_down(&set, &doubtful, &[], &Down::default()),
        Err(Refusal::Unfinished(_))
    ));
}

#[test]
fn a_reverting_that_began_without_a_row_goes_on() {
    let (set, mut history) = begun_in_batches();
    history.unfinished[0].direction = Back;
    history.unfinished[0].half = true;
    history.unfinished[0].statement_checksum = Checksum::of("").to_string();
    let plan = plan_down(&set, &history, &[], &by(steps(2)));
    check(plan, Ok(&[(Back, 2), (Back, 1)]));
    let repaired = plan_repair(&set, &history, &[], &Repair::default()).unwrap().unwrap();
    assert!(repaired.steps[0].reverts_half());
    let up = plan_up(&set, &history, &Up::default());
    assert!(matches!(up, Err(Refusal::Unfinished(_))));
}
