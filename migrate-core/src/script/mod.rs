//! Checks one script: from the bytes of its file to statements, directives and mode.

mod text;
mod transaction;

use std::borrow::Cow;

#[cfg(feature = "parser")]
use crate::Manner;
use crate::place::Lines;
use crate::problem::{Finding, ProblemKind};
use crate::resolve::display;
use crate::sql::{Fault, FaultKind, Split, StatementKind, byte_range};
#[cfg(feature = "parser")]
use crate::sql::{
    Parsed,
    action::{Action, What},
};
use crate::{
    Checksum, Direction, Mode, Problem, SourceDirectives, SourceFile, SourceScript, Statement,
    directive,
};

pub(crate) use text::normalize;

/// Checks a script. It is given even where it has problems, unless its text cannot be used at all.
pub(crate) fn inspect(
    file: SourceFile,
    direction: Direction,
    folder: &str,
) -> (Option<SourceScript>, Vec<Problem>) {
    let name = display(folder, &file.name);
    let sql = match text::decode(&file.bytes, &name) {
        Ok(Cow::Borrowed(sql)) => sql.to_owned(),
        Ok(Cow::Owned(sql)) => sql,
        Err(problem) => return (None, vec![problem]),
    };
    let mut findings = text::find_unusable(&sql);
    let checked = findings.is_empty().then(|| check(&sql, direction, &mut findings));
    let lines = Lines::of(&sql);
    let problems = findings.into_iter().map(|it| it.in_file(&name, &lines)).collect();
    let script = checked.map(|checked| SourceScript {
        file_name: file.name,
        path: file.path,
        verbatim: sql.len() == file.bytes.len(),
        checksum: Checksum::of(&sql),
        sql,
        mode: checked.mode,
        directives: checked.directives,
        statements: checked.statements,
        #[cfg(feature = "parser")]
        actions: checked.actions,
    });
    (script, problems)
}

/// What the text of a script says.
struct Checked {
    mode: Mode,
    directives: SourceDirectives,
    statements: Vec<Statement>,
    #[cfg(feature = "parser")]
    actions: Vec<Vec<Action>>,
}

fn check(sql: &str, direction: Direction, findings: &mut Vec<Finding>) -> Checked {
    let split = Split::of(sql);
    findings.extend(split.faults.iter().map(|it| fault(*it)));
    let body = transaction::unwrap(&split);
    let mut statements: Vec<Statement> = body.iter().map(|it| it.statement).collect();

    let header = directive::read(&split, &mut statements, direction);
    findings.extend(header.findings);
    findings.extend(statements.iter().filter_map(copy_from_stdin));
    if statements.is_empty() && split.faults.is_empty() && !header.says_irreversible {
        findings.push(empty(direction));
    }
    let mode = transaction::mode(&statements, header.directives.no_transaction);
    findings.extend(transaction::find_problems(&split, body, &statements, mode));
    #[cfg(feature = "parser")]
    let actions = {
        let is_parsed = header.directives.no_parse.is_none();
        let mut parsed = if is_parsed { parse(&split) } else { Parsed::default() };
        findings.append(&mut parsed.findings);
        statements.iter().map(|it| actions(it, &mut parsed)).collect()
    };
    Checked {
        mode,
        directives: header.directives,
        statements,
        #[cfg(feature = "parser")]
        actions,
    }
}

/// What a statement does, given how it runs.
#[cfg(feature = "parser")]
fn actions(statement: &Statement, parsed: &mut Parsed) -> Vec<Action> {
    let mut actions = parsed.take(statement);
    if statement.manner == Manner::Verify {
        for it in &mut actions {
            if let What::Select { sources, .. } = &mut it.what {
                it.what = What::Verify { sources: std::mem::take(sources) };
            }
        }
    }
    actions
}

/// Parses what the splitter had no doubts about.
#[cfg(feature = "parser")]
fn parse(split: &Split<'_>) -> Parsed {
    let open = split.faults.iter().any(|it| it.kind != FaultKind::PsqlCommand);
    let complete = split.statements.len() - usize::from(open && !split.statements.is_empty());
    let doubtful = |it: &Statement| {
        let holds =
            |fault: &Fault| it.range.start < fault.range.start && fault.range.end < it.range.end;
        it.kind == StatementKind::CopyFromStdin || split.faults.iter().any(holds)
    };
    let pieces = split.statements[..complete].iter().filter(|it| !doubtful(&it.statement));
    crate::sql::parse(split, pieces)
}

fn fault(fault: Fault) -> Finding {
    let (kind, help) = match fault.kind {
        FaultKind::PsqlCommand => (
            ProblemKind::PsqlCommand,
            "a script is sent to the server, not to psql: write SQL instead, or delete the line",
        ),
        _ => (ProblemKind::Syntax, ""),
    };
    let mut range = fault.range;
    if kind == ProblemKind::Syntax {
        // The mark that opens it, not everything behind it.
        range.end = range.end.min(range.start + 1);
    }
    Finding::new(kind, range, fault.kind.message(), help)
}

fn copy_from_stdin(statement: &Statement) -> Option<Finding> {
    (statement.kind == StatementKind::CopyFromStdin).then(|| {
        Finding::new(
            ProblemKind::CopyFromStdin,
            statement.range,
            "`COPY … FROM stdin` needs a client that sends the data",
            "write the rows as `INSERT INTO … VALUES …`",
        )
    })
}

fn empty(direction: Direction) -> Finding {
    let help = match direction {
        Direction::Up => "write what the migration does, or delete both of its scripts",
        Direction::Down => {
            "write what takes the change back, or `-- migrate:irreversible because REASON`"
        }
    };
    Finding::new(ProblemKind::Empty, byte_range(0, 0), "a script without a statement", help)
}

#[cfg(test)]
mod tests;
