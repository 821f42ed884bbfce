//! Restoring, for people and for programs.

use std::time::Duration;

use migrate_runtime::backup::BackupId;
use migrate_runtime::{Connected, Kept, RestorePlan, Restored, Way};
use serde::Serialize;

use super::style::{BAD, FAINT, GOOD, LABEL, Styled};
use super::ui::{Detail, Ui};
use crate::error::CommandError;
use crate::secret::redact;
use crate::text::{bytes, duration, plural, printable};

/// How many things that stay are shown.
const SHOWN: usize = 10;

/// What a restore does, or did.
#[derive(Debug, Default, Serialize)]
pub(crate) struct RestoreRecord {
    backup: String,
    /// Null where nothing is restored, but what an earlier one kept is dropped.
    way: Option<&'static str>,
    why_in_place: Option<String>,
    others: Vec<ConnectedRecord>,
    stays: Vec<String>,
    /// What the database is called that was replaced.
    kept: Option<String>,
    dropped: Vec<String>,
}

/// Somebody who is connected.
#[derive(Debug, Serialize)]
struct ConnectedRecord {
    pid: i32,
    application: Option<String>,
    role: Option<String>,
    age_seconds: Option<u64>,
}

impl RestoreRecord {
    pub(crate) fn planned(plan: &RestorePlan) -> RestoreRecord {
        let connected = |it: &Connected| ConnectedRecord {
            pid: it.pid,
            application: it.application.as_deref().map(redact),
            role: it.role.clone(),
            age_seconds: it.age.map(|it| it.as_secs()),
        };
        RestoreRecord {
            backup: plan.manifest.id.clone(),
            way: Some(plan.way.as_str()),
            why_in_place: plan.why_in_place.clone(),
            others: plan.others.iter().map(connected).collect(),
            stays: plan.stays.clone(),
            ..RestoreRecord::default()
        }
    }

    pub(crate) fn done(plan: &RestorePlan, restored: &Restored) -> RestoreRecord {
        RestoreRecord { kept: restored.kept.clone(), ..RestoreRecord::planned(plan) }
    }

    pub(crate) fn dropping(id: &BackupId) -> RestoreRecord {
        RestoreRecord { backup: id.to_string(), ..RestoreRecord::default() }
    }

    pub(crate) fn dropped(id: &BackupId, dropped: Vec<String>) -> RestoreRecord {
        RestoreRecord { dropped, ..RestoreRecord::dropping(id) }
    }
}

/// What will be done, and who is in the way.
pub(crate) fn print_restore_plan(ui: &Ui, plan: &RestorePlan, disconnect: bool) {
    let manifest = &plan.manifest;
    let (database, size) = (printable(&plan.database), bytes(manifest.archive.size_bytes));
    let history = manifest
        .history
        .as_ref()
        .map_or("no history".to_owned(), |rows| plural(rows.len(), "migration"));
    ui.note(format!(
        "Backup {}: database {}, PostgreSQL {}, {size}, {history}",
        Styled(LABEL, &manifest.id),
        printable(&manifest.database),
        manifest.server_version
    ));
    ui.note(match (plan.way, &plan.why_in_place) {
        (Way::Anew, _) => format!("There is no database {database}: it is made anew."),
        (Way::InPlace, why) => {
            let why = why.as_ref().map(|it| format!(", since {it}")).unwrap_or_default();
            format!(
                "{database} is restored in place, in one transaction{why}; nothing of it is kept."
            )
        }
        _ => format!(
            "A new database takes the place of {database}, which is kept under another name."
        ),
    });
    if plan.way == Way::InPlace {
        stays(ui, &plan.stays);
    }
    let end = if disconnect { "their sessions are ended" } else { "they are in the way" };
    others(ui, end, &plan.others);
    for warning in &plan.warnings {
        ui.warn(warning);
    }
}

/// Who is connected, and what that means.
fn others(ui: &Ui, end: &str, others: &[Connected]) {
    if others.is_empty() {
        return;
    }
    ui.note(format!("Others are connected, {end}:"));
    for other in others {
        ui.note(format!("  {}", redact(&printable(&other.to_string()))));
    }
}

fn stays(ui: &Ui, stays: &[String]) {
    if stays.is_empty() {
        return;
    }
    ui.note("Not in the backup, and stays:");
    for it in stays.iter().take(SHOWN) {
        ui.note(format!("  {}", printable(it)));
    }
    if stays.len() > SHOWN {
        ui.note(format!("  and {} more", stays.len() - SHOWN));
    }
}

/// What was done, and what is left of the old database.
pub(crate) fn print_restored(
    ui: &Ui,
    plan: &RestorePlan,
    restored: &Restored,
    took: Duration,
) -> Result<(), CommandError> {
    let (database, id) = (Styled(LABEL, printable(&restored.database)), &plan.manifest.id);
    let took = Styled(FAINT, format!("in {}", duration(took)));
    ui.result(format!("{} {database} from {id} {took}.", Styled(GOOD.bold(), "Restored:")))?;
    if let Some(kept) = restored.kept.as_deref().map(printable) {
        ui.result(format!("{} what it was before, as {kept}.", Styled(LABEL, "Kept:")))?;
        if ui.shows(Detail::Normal) {
            ui.hint(&ui.in_our_name(&format!(
                "migration-cli restore --drop-old {id} --confirm   # once nobody needs it any more"
            )));
        }
    }
    Ok(())
}

/// What would be dropped.
pub(crate) fn print_kept(ui: &Ui, kept: &[Kept]) {
    for it in kept {
        ui.note(format!("{} was kept", Styled(LABEL, printable(&it.name))));
        others(ui, "they are in the way", &it.others);
    }
}

/// What was dropped.
pub(crate) fn print_dropped(ui: &Ui, dropped: &[String]) -> Result<(), CommandError> {
    for name in dropped {
        ui.result(format!("{} {}", Styled(BAD, "-"), printable(name)))?;
    }
    ui.result(format!(
        "{} {} dropped.",
        Styled(GOOD.bold(), "Done:"),
        plural(dropped.len(), "database")
    ))
}
