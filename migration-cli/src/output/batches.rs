//! What statements did that run in batches: as far as they are, and as the log keeps it.

use migrate_runtime::{Batched, LogEntry, Unfinished};
use serde::Serialize;
use serde_json::Value;

use crate::text::plural;

/// How far a statement has come that runs in batches.
#[derive(Debug, Serialize)]
pub(super) struct BatchesRecord {
    /// The statement, counted from 1.
    statement: u32,
    /// How many rows were walked.
    rows: u64,
    /// How many there are, as estimated when it began.
    total: u64,
    percent: u8,
    /// How many batches were committed.
    batches: u64,
}

impl BatchesRecord {
    /// Nothing where no batch was committed.
    pub(super) fn of(work: &Unfinished) -> Option<BatchesRecord> {
        let batched = work.batched?;
        let Batched { rows, total, batches, .. } = batched;
        let (statement, percent) = (work.statement, batched.percent());
        Some(BatchesRecord { statement, rows, total, percent, batches })
    }
}

/// What a row of the log says about batches: `70 rows in 4 batches`.
pub(super) fn in_short(entry: &LogEntry) -> Option<String> {
    of_detail(&entry.detail)
}

/// Whoever writes to the log may have written anything.
fn of_detail(detail: &str) -> Option<String> {
    let detail: Value = serde_json::from_str(detail).ok()?;
    let list = detail.get("batches")?.as_array()?;
    let each = list.iter().filter_map(|it| {
        let number = |name: &str| it.get(name)?.as_u64();
        let count = |name| number(name).and_then(|it| usize::try_from(it).ok());
        let rows = plural(count("rows")?, "row");
        let batches = match count("batches")? {
            1 => "1 batch".to_owned(),
            many => format!("{many} batches"),
        };
        let place = (list.len() > 1).then(|| number("statement")).flatten();
        let place = place.map(|it| format!("statement {it}: ")).unwrap_or_default();
        Some(format!("{place}{rows} in {batches}"))
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| each.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_log_has_of_batches_is_told_in_short() {
        #[track_caller]
        fn check(detail: &str, expected: Option<&str>) {
            assert_eq!(of_detail(detail).as_deref(), expected);
        }

        let one = r#"{"statement": 1, "batches": 4, "rows": 70, "changed": 70, "rows_per_batch": [10, 20]}"#;
        let other = r#"{"statement": 3, "batches": 1, "rows": 1}"#;
        check(&format!("{{\"batches\": [{one}]}}"), Some("70 rows in 4 batches"));
        let both = "statement 1: 70 rows in 4 batches, statement 3: 1 row in 1 batch";
        check(&format!("{{\"retries\": 1, \"batches\": [{one}, {other}]}}"), Some(both));
        check("{}", None);
        check(r#"{"batches": [{"rows": "many"}, 1]}"#, None);
        check("nonsense", None);
    }
}
