//! `batch` and `verify`, which stand before the statement that they govern.

use super::{Line, Reader};
use crate::batch;
use crate::problem::{Finding, ProblemKind};
use crate::sql::byte_range;
use crate::{Manner, Statement, StatementKind};

impl Reader<'_> {
    pub(super) fn take_governing(&mut self, line: &Line<'_>, manner: Manner) {
        let word = line.word;
        let index = self.statements.partition_point(|it| it.range.end as usize <= line.start);
        let statement = self.statements.get(index).copied();
        let Some(statement) = statement.filter(|it| line.start < it.range.start as usize) else {
            let message = match statement {
                Some(_) => format!("`{word}` in the middle of a statement"),
                None => format!("`{word}` with no statement behind it"),
            };
            return self.problem(
                line,
                message,
                "write it above the statement that it is about".to_owned(),
            );
        };
        if statement.manner != Manner::Once {
            let message =
                format!("a second directive for the statement of line {}", statement.line);
            return self.problem(line, message, "keep one of them".to_owned());
        }
        let wrong = match manner {
            Manner::Batch => {
                not_a_batch(&statement).or_else(|| batch::parse_options(line.value).err())
            }
            _ => not_a_query(&statement).or_else(|| {
                let help = "write `-- migrate:verify`, and the query below it".to_owned();
                (!line.value.is_empty()).then(|| (format!("`{word}` takes no value"), help))
            }),
        };
        if let Some((message, help)) = wrong {
            self.problem(line, message, help);
        }
        // Also where it is wrong: what follows from it would only be in the way.
        self.statements[index].manner = manner;
    }

    /// What is wrong with statements because of their directives, or for want of one.
    pub(super) fn check_governed(&mut self, sql: &str) {
        for statement in self.statements.iter() {
            self.findings.extend(match statement.manner {
                Manner::Batch if not_a_batch(statement).is_some() => None,
                Manner::Batch => {
                    batch::check(sql, statement).or_else(|| batch::assigns_key(sql, statement))
                }
                _ => batch::outside(sql, statement),
            });
        }
        let last = self.statements.iter().rposition(|it| it.manner == Manner::Batch);
        let before = &self.statements[..last.unwrap_or_default()];
        if let Some(it) = before.iter().find(|it| batch::is_temporary(sql, it.range)) {
            let message = "what is temporary is gone when batches go on in another session";
            let help = "make something that stays, and drop it behind the batches";
            self.findings.push(Finding::new(ProblemKind::Directive, it.range, message, help));
        }
        let first = self.statements.iter().position(|it| it.manner == Manner::Verify);
        let behind = first
            .and_then(|it| self.statements[it..].iter().find(|it| it.manner != Manner::Verify));
        if let Some(statement) = behind {
            let range = byte_range(statement.range.start as usize, statement.range.end as usize);
            let message = "a statement behind what the script verifies";
            let help = "write the queries of `-- migrate:verify` at the end: they run after everything else";
            self.findings.push(Finding::new(ProblemKind::Directive, range, message, help));
        }
    }
}

fn not_a_batch(statement: &Statement) -> Option<(String, String)> {
    use StatementKind::{Delete, Insert, Merge, Update};
    let is_one = matches!(statement.kind, Insert | Update | Delete | Merge);
    (!is_one).then(|| {
        let message = format!("the statement of line {} cannot run in batches", statement.line);
        (message, "a batch is an `INSERT`, an `UPDATE`, a `DELETE` or a `MERGE`".to_owned())
    })
}

fn not_a_query(statement: &Statement) -> Option<(String, String)> {
    (statement.kind != StatementKind::Select).then(|| {
        let message = format!("the statement of line {} is no query", statement.line);
        (
            message,
            "write a query that gives true: `SELECT NOT EXISTS (SELECT FROM … WHERE …)`".to_owned(),
        )
    })
}
