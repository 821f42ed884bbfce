//! Whether a script runs in a transaction, and that it leaves the transaction alone.

use crate::problem::{Finding, ProblemKind};
use crate::sql::{Control, Piece, Split, control};
use crate::{Manner, Mode, Statement};

/// The statements that are sent: those of the script without `BEGIN` and `COMMIT` around it, which
/// other tools ask for.
pub(super) fn unwrap<'a>(split: &'a Split<'_>) -> &'a [Piece] {
    match split.statements.as_slice() {
        [first, body @ .., last]
            if control_of(split, first) == Some(Control::Begin)
                && control_of(split, last) == Some(Control::Commit) =>
        {
            body
        }
        pieces => pieces,
    }
}

fn control_of(split: &Split<'_>, piece: &Piece) -> Option<Control> {
    control(split.sql, split.tokens(piece))
}

/// How a script runs: in a transaction, unless its header says otherwise, no statement may, or one commits piece
/// by piece. What is verified at the end goes with either.
pub(super) fn mode(statements: &[Statement], no_transaction: bool) -> Mode {
    let refuses = |it: &Statement| it.kind.refuses_transaction();
    let mut changing = statements.iter().filter(|it| it.manner != Manner::Verify).peekable();
    let refuse = changing.peek().is_some() && changing.all(refuses);
    if no_transaction || refuse || statements.iter().any(is_batch) {
        Mode::Standalone
    } else {
        Mode::Transactional
    }
}

fn is_batch(statement: &Statement) -> bool {
    statement.manner == Manner::Batch
}

/// Finds the statements that do not go with the way the script runs.
pub(super) fn find_problems(
    split: &Split<'_>,
    body: &[Piece],
    statements: &[Statement],
    mode: Mode,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        body.iter().filter_map(|it| find_control(split, it, mode)).collect();
    let refusing: Vec<Statement> =
        body.iter().map(|it| it.statement).filter(|it| it.kind.refuses_transaction()).collect();
    let wrapper = split.statements.first().filter(|_| body.len() < split.statements.len());
    findings.extend(match (wrapper, refusing.as_slice(), mode) {
        (Some(_), [first, ..], _) => Some(wrapped(first)),
        (Some(begin), [], Mode::Standalone) => {
            Some(wrapper_without_transaction(begin, statements.iter().any(is_batch)))
        }
        (None, [first, others @ ..], Mode::Transactional) => Some(mixed(first, others)),
        _ => None,
    });
    findings
}

fn find_control(split: &Split<'_>, piece: &Piece, mode: Mode) -> Option<Finding> {
    let control = control_of(split, piece)?;
    let words = split.tokens(piece).iter().take(2).map(|it| it.text(split.sql).to_uppercase());
    let words = words.collect::<Vec<_>>().join(" ");
    let (message, help) = match (mode, control) {
        (Mode::Standalone, _) => (
            format!("`{words}` in a script that runs statement by statement"),
            "delete it: what may run in a transaction is committed together with the record of it",
        ),
        (Mode::Transactional, Control::BeginWith) => (
            format!("`{words}` in a script, which runs in a transaction of ours"),
            "delete it: a migration runs in a READ COMMITTED transaction, with its history",
        ),
        (Mode::Transactional, Control::Begin | Control::Commit | Control::Other) => (
            format!("`{words}` in a script, which runs in a transaction of ours"),
            "delete it: the script and its history commit together; SAVEPOINT is allowed",
        ),
    };
    let kind = ProblemKind::TransactionControl;
    Some(Finding::new(kind, piece.statement.range, message, help))
}

fn wrapped(refusing: &Statement) -> Finding {
    let message = format!("{} cannot run between `BEGIN` and `COMMIT`", refusing.kind.about());
    let help = "delete `BEGIN` and `COMMIT`";
    Finding::new(ProblemKind::RefusesTransaction, refusing.range, message, help)
}

fn wrapper_without_transaction(begin: &Piece, has_batch: bool) -> Finding {
    let (message, help) = if has_batch {
        (
            "`BEGIN` and `COMMIT` around a script that runs in batches",
            "delete `BEGIN` and `COMMIT`: each batch is a transaction of its own",
        )
    } else {
        (
            "`BEGIN` and `COMMIT` around a script that is to run without a transaction",
            "keep one: `BEGIN` and `COMMIT`, or `-- migrate:no-transaction`",
        )
    };
    Finding::new(ProblemKind::TransactionControl, begin.statement.range, message, help)
}

fn mixed(first: &Statement, others: &[Statement]) -> Finding {
    let about = first.kind.about();
    let also = match others {
        [] => String::new(),
        [other] => format!(", and the statement of line {} into another", other.line),
        others => {
            let lines: Vec<String> = others.iter().map(|it| it.line.to_string()).collect();
            format!(", and each of the statements of lines {} too", lines.join(", "))
        }
    };
    let message = format!("{about} cannot run in a transaction, which the other statements need");
    let help = format!(
        "move it into a migration of its own{also}: `migration-cli create \"NAME\"`\nor write \
         `-- migrate:no-transaction` into the header: then every statement commits by itself"
    );
    Finding::new(ProblemKind::RefusesTransaction, first.range, message, help)
}
