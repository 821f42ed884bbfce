//! Whether a script runs in a transaction, and that it leaves the transaction alone.

use crate::problem::{Finding, ProblemKind};
use crate::sql::{Control, Piece, Split, control};
use crate::{Mode, Statement};

const KIND: ProblemKind = ProblemKind::TransactionControl;

/// The statements that are sent: those of the script without `BEGIN` and `COMMIT` around it, which
/// other tools ask for.
pub(super) fn unwrap<'a>(split: &'a Split<'_>) -> (&'a [Piece], Vec<Finding>) {
    let pieces = split.statements.as_slice();
    let control_of = |it: &Piece| control(split.sql, split.tokens(it));
    let body = match pieces {
        [first, body @ .., last]
            if control_of(first) == Some(Control::Begin)
                && control_of(last) == Some(Control::Commit) =>
        {
            body
        }
        _ => pieces,
    };
    let findings = body.iter().filter_map(|it| {
        let control = control_of(it)?;
        Some(Finding::new(KIND, it.statement.range, message(split, it), help(control)))
    });
    (body, findings.collect())
}

fn message(split: &Split<'_>, piece: &Piece) -> String {
    let words = split.tokens(piece).iter().take(2).map(|it| it.text(split.sql));
    let words: Vec<String> = words.map(str::to_uppercase).collect();
    format!("`{}` in a script, which runs in a transaction of ours", words.join(" "))
}

fn help(control: Control) -> &'static str {
    match control {
        Control::BeginWith => {
            "delete it: a migration runs in a READ COMMITTED transaction together with its history"
        }
        Control::Begin | Control::Commit | Control::Other => {
            "delete it: the script and its history commit together; for a part that may fail alone, use SAVEPOINT"
        }
    }
}

/// How a script runs. In a transaction, unless the header says otherwise or every statement does.
pub(super) fn mode(
    statements: &[Statement],
    wrapped: bool,
    no_transaction: bool,
) -> (Mode, Option<Finding>) {
    let mut refusing = statements.iter().filter(|it| it.kind.refuses_transaction());
    let Some(first) = refusing.next() else {
        return (if no_transaction { Mode::Standalone } else { Mode::Transactional }, None);
    };
    let about = first.kind.about();
    if wrapped {
        let message = format!("{about} cannot run between `BEGIN` and `COMMIT`");
        let help = "take `BEGIN` and `COMMIT` out of this script";
        let finding = Finding::new(ProblemKind::RefusesTransaction, first.range, message, help);
        return (Mode::Standalone, Some(finding));
    }
    let others: Vec<u32> = refusing.map(|it| it.line).collect();
    if no_transaction || others.len() + 1 == statements.len() {
        return (Mode::Standalone, None);
    }
    let also = match others.as_slice() {
        [] => String::new(),
        [line] => format!(", and the statement of line {line} too"),
        lines => {
            let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
            format!(", and the statements of lines {} too", lines.join(", "))
        }
    };
    let message = format!("{about} cannot run in the transaction that the other statements need");
    let help = format!(
        "move it into a migration of its own{also} (`migration-cli create \"NAME\"`); or write \
         `-- migrate:no-transaction` into the header, and every statement commits by itself"
    );
    let finding = Finding::new(ProblemKind::RefusesTransaction, first.range, message, help);
    (Mode::Transactional, Some(finding))
}
