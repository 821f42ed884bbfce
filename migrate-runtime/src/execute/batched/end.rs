//! Where a walk ends that does not go through the whole table.
//!
//! What has stopped half-way is taken back as far as it had come: where its up script had one batch over the same rows,
//! the one of the down script ends where that one did. And a statement that adds rows to the table which it walks
//! would never come to an end.

use migrate_core::{Batch, Manner, Script, StatementKind};

use super::walk::{End, Key};

/// How far an up script had come when its down script began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upto {
    /// The statement that was not done, from 0.
    pub(super) statement: usize,
    /// Where the batches of that one had come, and how many rows they had walked; nothing where there was none.
    pub(super) batches: Option<(End, u64)>,
}

impl Upto {
    /// Reads the answers to the two questions about it.
    pub(super) fn read(row: Option<&[Option<String>]>, key: Key) -> Option<Upto> {
        let row = row?;
        let text = |at: usize| row.get(at).and_then(Option::as_deref);
        let number: usize = text(0)?.parse().ok()?;
        let end = if text(1) == Some("true") { End::With(key) } else { End::Before(key) };
        let batches = text(2).and_then(|it| Some((end, it.parse().ok()?)));
        Some(Upto { statement: number.checked_sub(1)?, batches })
    }

    /// Where a batch of the down script ends, and how many rows that is; nothing where it goes through all of them.
    pub(super) fn end(&self, up: &Script, batch: &Batch) -> Option<(End, u64)> {
        let statements = up.statements.iter().enumerate();
        let batches = statements.filter(|it| it.1.manner == Manner::Batch);
        let same = |it: &Batch| it.table == batch.table && it.key == batch.key;
        let mut numbers = batches.filter(|it| Batch::of(up.sql, it.1).is_some_and(|it| same(&it)));
        // Which of several it takes back, nobody knows.
        let (number, None) = (numbers.next()?.0, numbers.next()) else { return None };
        match self.statement {
            at if at > number => None,
            at if at == number => Some(self.batches.clone().unwrap_or((End::Nowhere, 0))),
            _ => Some((End::Nowhere, 0)),
        }
    }
}

/// Whether a statement adds rows to the table that it walks, by its name.
pub(super) fn feeds_itself(kind: StatementKind, sql: &str, batch: &Batch) -> bool {
    let plain = |it: &str| it.trim_matches('"').to_lowercase();
    let table = batch.table.rsplit('.').next().map(plain);
    let words = migrate_core::sql_words(sql);
    let mut into = words.windows(4).filter(|it| it[0].eq_ignore_ascii_case("into"));
    matches!(kind, StatementKind::Insert | StatementKind::Merge)
        && into.any(|it| Some(plain(if it[2] == "." { it[3] } else { it[1] })) == table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_adds_to_its_own_table_is_known_by_its_name() {
        let sql = "-- migrate:batch table=app.rows key=id\nINSERT INTO x SELECT 1";
        let batch = Batch::of(sql, &migrate_core::split(sql).unwrap()[0]).unwrap();
        let feeds = |sql: &str| {
            let statement = migrate_core::split(sql).unwrap()[0];
            feeds_itself(statement.kind, sql, &batch)
        };
        assert!(feeds("INSERT INTO rows (a) SELECT 1 FROM rows"));
        assert!(feeds("insert into app.\"rows\" SELECT 1 FROM rows"));
        assert!(feeds("MERGE INTO rows USING rows AS b ON true WHEN MATCHED THEN DO NOTHING"));
        assert!(!feeds("INSERT INTO archive.other SELECT a FROM rows"));
        assert!(!feeds("UPDATE rows SET a = 1"));
    }
}
