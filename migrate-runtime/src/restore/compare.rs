//! Whether what was restored is what is in the backup. Pure.

use super::contents::Contents;
use super::refuse;
use crate::backup::{BackupId, Ran};
use crate::error::Error;
use crate::history::Row;

/// How many differences are told.
const TOLD: usize = 5;

/// The history must be the one of the manifest, row by row.
pub(super) fn history(expected: &[Ran], found: &[Row]) -> Result<(), Error> {
    let expected: Vec<String> =
        expected.iter().map(|it| format!("{} {} {}", it.version, it.name, it.checksum)).collect();
    let found: Vec<String> =
        found.iter().map(|it| format!("{} {} {}", it.version, it.name, it.checksum)).collect();
    if expected == found {
        return Ok(());
    }
    let missing =
        expected.iter().filter(|it| !found.contains(it)).map(|it| format!("missing: {it}"));
    let added = found.iter().filter(|it| !expected.contains(it)).map(|it| format!("added: {it}"));
    let mut differences: Vec<String> = missing.chain(added).collect();
    if differences.is_empty() {
        differences.push("the order".to_owned());
    }
    Err(different("the restored history is not the one of the backup", &differences))
}

/// Everything that the archive lists must be in the database, and nothing else; between versions that
/// list things differently, only what all list alike.
pub(super) fn contents(
    archive: Contents,
    found: Contents,
    (alike, id): (bool, &BackupId),
) -> Result<(), Error> {
    let (archive, found) =
        if alike { (archive, found) } else { (archive.lasting(), found.lasting()) };
    let missing = archive.without(&found).into_iter().map(|it| format!("missing: {it}"));
    let added = found.without(&archive).into_iter().map(|it| format!("added: {it}"));
    let differences: Vec<String> = missing.chain(added).collect();
    if differences.is_empty() {
        return Ok(());
    }
    let error = different("the restored schema is not the one of the backup", &differences);
    Err(error.with_hint(format!(
        "migration-cli restore {id} --in-place   # compares the history alone, and keeps no old database"
    )))
}

fn different(what: &str, differences: &[String]) -> Error {
    let told = differences.iter().take(TOLD).cloned().collect::<Vec<_>>().join("; ");
    let more = match differences.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    refuse::error(what).with_source(std::io::Error::other(format!("{told}{more}")))
}
