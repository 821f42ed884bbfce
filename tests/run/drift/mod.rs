//! Drift of the schema: what somebody changes by hand is named, and stays drift until it is accepted.

mod changes;
mod ignored;
mod kept;
mod stamp;
mod unknown;

use migrate_runtime::{Event, FindingKind, MigrationSet, Migrator, Verification};
use migration_tests::TestDatabase;
use migration_tests::harness::Trial;

use crate::migrator;

pub(crate) fn tests() -> Vec<Trial> {
    [changes::tests(), ignored::tests(), kept::tests(), stamp::tests(), unknown::tests()]
        .into_iter()
        .flatten()
        .collect()
}

#[track_caller]
fn verified(mut migrator: Migrator) -> Verification {
    match migrator.verify() {
        Ok(verification) => verification,
        Err(error) => panic!("{error:?}"),
    }
}

/// What has drifted, a line each, with `~` before what counts for little and `?` before why nothing is known.
#[track_caller]
fn told(verification: &Verification) -> String {
    let lines = verification.findings.iter().filter_map(|it| {
        let mark = match it.kind {
            FindingKind::Drift => "",
            FindingKind::SlightDrift => "~ ",
            FindingKind::DriftUnknown => "? ",
            _ => return None,
        };
        let message = it.message.strip_prefix("the schema has drifted: ").unwrap_or(&it.message);
        Some(format!("{mark}{message}"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What has drifted.
#[track_caller]
fn drift(set: &MigrationSet, database: &TestDatabase) -> String {
    told(&verified(migrator(set, database)))
}

/// A migrator and what it warns of.
fn warned(migrator: Migrator) -> (Migrator, std::sync::mpsc::Receiver<String>) {
    let (sender, warnings) = std::sync::mpsc::channel();
    let migrator = migrator.on_event(move |event| {
        if let Event::Warning { message } = event {
            drop(sender.send(message.clone()));
        }
    });
    (migrator, warnings)
}
