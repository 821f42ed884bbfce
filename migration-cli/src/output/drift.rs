//! What has drifted of the schema, for people and for programs.

use migrate_runtime::SchemaDrift;
use migrate_runtime::schema::{Difference, Weight};
use serde::Serialize;

use super::style::{BAD, GOOD, LABEL, Styled, WARNING};
use super::ui::Ui;
use crate::error::CommandError;
use crate::secret::redact;
use crate::text::printable;

/// How many objects have drifted.
#[derive(Debug, Serialize)]
pub(crate) struct DriftRecord {
    /// Whether it was compared; the counts are null where it was not.
    known: bool,
    /// Why not.
    reason: Option<String>,
    missing: Option<usize>,
    new: Option<usize>,
    changed: Option<usize>,
    /// When the schema was recorded that it is compared with, and by which run.
    recorded_at: Option<String>,
    recorded_by: Option<String>,
}

impl DriftRecord {
    /// Nothing where there is nothing to compare.
    pub(crate) fn new(drift: &SchemaDrift) -> Option<DriftRecord> {
        let recorded = drift.recorded.as_ref();
        if recorded.is_none() && drift.unknown.is_none() {
            return None;
        }
        let known = drift.unknown.is_none();
        let [missing, new, changed] = counts(&drift.differences).map(|it| known.then_some(it));
        let (recorded_at, recorded_by) =
            (recorded.map(|it| it.at.clone()), recorded.map(|it| it.run.clone()));
        let reason = drift.unknown.clone();
        Some(DriftRecord { known, reason, missing, new, changed, recorded_at, recorded_by })
    }
}

/// How many are missing, new and changed.
fn counts(differences: &[Difference]) -> [usize; 3] {
    let mut counts = [0; 3];
    for it in differences.iter().filter(|it| it.weight == Weight::Full) {
        let place = match (it.attribute, it.after.is_empty()) {
            (Some(_), _) => 2,
            (None, true) => 0,
            (None, false) => 1,
        };
        counts[place] += 1;
    }
    counts
}

/// A line; none where there is nothing to compare.
pub(super) fn line(ui: &Ui, drift: &SchemaDrift) -> Option<String> {
    if let Some(why) = &drift.unknown {
        let why = printable(why);
        return Some(format!("{} not compared: {why}.", Styled(WARNING, "Schema:")));
    }
    drift.recorded.as_ref()?;
    if !drift.has_drifted() {
        return Some(format!("{} no drift.", Styled(GOOD, "Schema:")));
    }
    let words = ["missing", "new", "changed"].into_iter().zip(counts(&drift.differences));
    let words = words.filter(|it| it.1 > 0);
    let words: Vec<_> = words.map(|(it, count)| format!("{} {it}", Styled(LABEL, count))).collect();
    let verify = ui.in_our_name("migration-cli verify");
    let words = words.join(", ");
    Some(format!("{} drifted, {words}; `{verify}` names them.", Styled(BAD, "Schema:")))
}

/// What was and what is, in SQL.
pub(super) fn print_sql(ui: &Ui, difference: &Difference) -> Result<(), CommandError> {
    for (lines, mark, style) in [(&difference.before, "-", BAD), (&difference.after, "+", GOOD)] {
        for line in lines {
            let line = Styled(style, format!("      {mark} {}", printable(line)));
            ui.result(redact(&line.to_string()))?;
        }
    }
    Ok(())
}
