//! How things stand, in one sentence: what whoever opens the page wants to know first. Pure.

use std::collections::BTreeSet;

use migrate_runtime::{Finding, FindingKind, LogEntry, SchemaDrift, State, Verification};

use crate::text::plural;
use migrate_runtime::schema::Weight;

/// How things stand.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) light: Light,
    pub(super) sentence: String,
    /// What to type next, as the library hints at it.
    pub(super) next: Vec<String>,
}

/// The colour of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Light {
    Good,
    Waiting,
    Bad,
}

/// Hints that are shown at the top; the others stand beside their findings.
const HINTS: usize = 2;

impl Standing {
    pub(super) fn of(
        verification: &Verification,
        drift: Option<&SchemaDrift>,
        log: &[LogEntry],
    ) -> Standing {
        let status = &verification.status;
        let problems: Vec<&Finding> =
            verification.findings.iter().filter(|it| it.kind.exit_code() != 0).collect();
        let waits = status.count(State::Pending) > 0;
        let ended = last_end(verification, log);
        let light = match (problems.is_empty() && ended.is_none(), waits) {
            (false, _) => Light::Bad,
            (true, true) => Light::Waiting,
            (true, false) => Light::Good,
        };
        let mut sentence = counts(verification, &problems);
        sentence.push_str(&drifted(drift, light));
        if let Some(why) = ended.or_else(|| problems.first().map(|it| in_short(it))) {
            sentence = format!("{sentence} – {why}");
        }
        sentence.push('.');
        // Without problems, the way on is what there is to say.
        let is_fine = problems.is_empty();
        let about = |it: &&Finding| {
            if is_fine { it.kind == FindingKind::Pending } else { it.kind.exit_code() != 0 }
        };
        let mut next: Vec<String> = Vec::new();
        for hint in verification.findings.iter().filter(about).filter_map(|it| it.hint.clone()) {
            if next.len() < HINTS && !next.contains(&hint) {
                next.push(hint);
            }
        }
        Standing { light, sentence, next }
    }

    /// What the colour says, for those who do not see it.
    pub(super) fn word(&self) -> &'static str {
        match self.light {
            Light::Good => "In order",
            Light::Waiting => "Pending",
            Light::Bad => "Needs attention",
        }
    }

    /// What the style calls it.
    pub(super) fn class(&self) -> &'static str {
        match self.light {
            Light::Good => "good",
            Light::Waiting => "waiting",
            Light::Bad => "bad",
        }
    }
}

/// How many migrations are in which state, and how many problems there are beside these.
fn counts(verification: &Verification, problems: &[&Finding]) -> String {
    let status = &verification.status;
    let (all, applied) = (status.entries.len(), status.count(State::Applied));
    let others = problems.iter().filter(|it| !is_told_elsewhere(it.kind)).count();
    if others == 0 {
        match (all, all - applied) {
            (0, _) => return "There are no migrations".to_owned(),
            (1, 0) => return "The one migration is applied".to_owned(),
            (all, 0) => return format!("All {all} migrations are applied"),
            (all, left) if left == status.count(State::Pending) => {
                let verb = if left == 1 { "is" } else { "are" };
                return format!(
                    "{applied} of {} applied, {left} {verb} pending",
                    plural(all, "migration")
                );
            }
            _ => {}
        }
    }
    let each = State::ALL.into_iter().map(|it| (status.count(it), it.to_string()));
    let parts = each.filter(|it| it.0 > 0).map(|(count, state)| format!("{count} {state}"));
    let others = (others > 0).then(|| plural(others, "other problem"));
    parts.chain(others).collect::<Vec<_>>().join(", ")
}

/// What has drifted, or that nothing has where all else is in order.
fn drifted(drift: Option<&SchemaDrift>, light: Light) -> String {
    let Some(drift) = drift.filter(|it| it.recorded.is_some() && it.unknown.is_none()) else {
        return String::new();
    };
    let full = drift.differences.iter().filter(|it| it.weight == Weight::Full);
    let objects: BTreeSet<_> = full.map(|it| &it.object).collect();
    match (objects.len(), light) {
        (0, Light::Good) => ", nothing has drifted".to_owned(),
        (0, _) => String::new(),
        (1, _) => ", 1 object has drifted".to_owned(),
        (count, _) => format!(", {count} objects have drifted"),
    }
}

/// What a problem is, where the sentence has said what sort it is of.
fn in_short(problem: &Finding) -> String {
    match &problem.difference {
        Some(difference) => difference.message.clone(),
        None => problem.message.clone(),
    }
}

/// Whether the rest of the sentence tells it already.
fn is_told_elsewhere(kind: FindingKind) -> bool {
    matches!(
        kind,
        FindingKind::Edited
            | FindingKind::OutOfOrder
            | FindingKind::Unfinished
            | FindingKind::Drift
    )
}

/// That the newest run did not end well, as long as nothing has come of it since.
fn last_end(verification: &Verification, log: &[LogEntry]) -> Option<String> {
    let last = log.iter().rev().find(|it| it.outcome != "refused")?;
    if last.outcome == "ok" {
        return None;
    }
    let mut entries = verification.status.entries.iter();
    let about = last.version.as_deref();
    let entry = about.and_then(|version| entries.find(|it| it.version == version));
    // It may have run since, under a log that nobody could write to.
    if entry.is_some_and(|it| it.state == State::Applied) && last.command == "up" {
        return None;
    }
    let what = entry.map(migrate_runtime::Entry::title).or_else(|| last.version.clone());
    let what = what.map(|it| format!(" of {it}")).unwrap_or_default();
    let how = if last.outcome == "interrupted" { "was interrupted" } else { "failed" };
    let said = last.message.as_deref().map(|it| format!(", {it}")).unwrap_or_default();
    Some(format!("the last `{}`{what} {how}{}", last.command, said.trim_end_matches('.')))
}
