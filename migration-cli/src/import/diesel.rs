//! diesel: folders `2024-03-20-000000_name/` with `up.sql`, and often `down.sql` and `metadata.toml`.
//!
//! `diesel_migrations/migrations_internals/src/lib.rs` (2.3): a version is what is before the first
//! underscore, without its dashes; folders that begin with a dot and files beside the folders are passed
//! over; a folder needs `up.sql`. `file_based_migrations.rs`: `down.sql` may be missing.
//! `migration_harness.rs`: versions are compared as texts. `TomlMetadata`: no `metadata.toml`, or one that
//! is no TOML, means a transaction; one that does not have `run_in_transaction` means none.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::{Found, Note, Original, Reading, Strange, Text, is_leftover};

pub(super) fn is_migration(path: &str) -> bool {
    path.strip_suffix("/up.sql").is_some_and(|it| version_of(it).is_some())
}

/// Reads the files as diesel does.
pub(super) fn read(files: &[Found]) -> Reading {
    let mut reading = Reading::default();
    let mut strange = |path: &str, why: &str| {
        reading.strange.push(Strange { path: path.to_owned(), why: why.to_owned() });
    };
    let mut folders: BTreeMap<&str, Vec<(&str, &Found)>> = BTreeMap::new();
    for file in files.iter().filter(|it| !is_leftover(&it.path)) {
        match file.path.split_once('/') {
            None => strange(&file.path, "diesel passes over files beside its folders"),
            Some((folder, name)) => folders.entry(folder).or_default().push((name, file)),
        }
    }
    for (folder, files) in folders {
        let find = |name: &str| files.iter().find(|it| it.0 == name).map(|it| it.1);
        let (Some(up), Some(version)) = (find("up.sql"), version_of(folder)) else {
            let why = if version_of(folder).is_none() {
                "its name does not begin with a version"
            } else {
                "a folder without an up.sql, which diesel refuses"
            };
            strange(&format!("{folder}/"), why);
            continue;
        };
        for (name, file) in &files {
            if !["up.sql", "down.sql", "metadata.toml"].contains(name) {
                strange(&file.path, "neither up.sql nor down.sql nor metadata.toml");
            }
        }
        let (no_transaction, note) = transaction(find("metadata.toml"));
        let text = |it: &Found| Text { bytes: it.bytes.clone(), no_transaction };
        reading.originals.push(Original {
            from: format!("{folder}/"),
            version: version.replace('-', ""),
            name: folder[version.len()..].to_owned(),
            up: Some(text(up)),
            down: find("down.sql").map(text),
            notes: note.into_iter().collect(),
        });
    }
    reading.originals.sort_by(|one, other| one.version.cmp(&other.version));
    reading
}

/// The digits and dashes that a name begins with.
fn version_of(folder: &str) -> Option<&str> {
    let end = folder.find(|it: char| !it.is_ascii_digit() && it != '-').unwrap_or(folder.len());
    let version = &folder[..end];
    version.bytes().any(|it| it.is_ascii_digit()).then_some(version)
}

/// Whether `metadata.toml` takes the transaction away, and what is to be said about the file.
fn transaction(metadata: Option<&Found>) -> (bool, Option<Note>) {
    let Some(file) = metadata else { return (false, None) };
    let text = String::from_utf8_lossy(&file.bytes);
    let Ok(table) = DeTable::parse(&text) else { return (false, Some(Note::BadMetadata)) };
    match table.get_ref().get("run_in_transaction").map(|it| it.get_ref().as_bool()) {
        Some(Some(run_in_transaction)) => (!run_in_transaction, None),
        Some(None) => (false, Some(Note::BadMetadata)),
        None => (true, Some(Note::NoKey)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_reading, found};

    #[test]
    fn folders_are_read_as_diesel_reads_them() {
        let files = [
            found("2024-03-20-000000_b/up.sql", "x"),
            found("2024-03-20-000000_b/down.sql", "x"),
            found("20240319000000_a_2/up.sql", "x"),
            found("00000000000000_diesel_initial_setup/down.sql", "x"),
            found("00000000000000_diesel_initial_setup/up.sql", "x"),
            found("2024-03-21-000000/up.sql", "x"),
        ];
        let expected = [
            "00000000000000 _diesel_initial_setup down",
            "20240319000000 _a_2",
            "20240320000000 _b down",
            "20240321000000 ",
        ];
        check_reading(super::read, &files, &expected, &[]);
    }

    #[test]
    fn metadata_means_what_it_means_to_diesel() {
        #[track_caller]
        fn check(metadata: &str, expected: &str) {
            let files = [found("1_a/up.sql", "x"), found("1_a/metadata.toml", metadata)];
            check_reading(super::read, &files, &[expected], &[]);
        }

        check("run_in_transaction = false\n", "1 _a no-transaction");
        check("# run_in_transaction = false\nrun_in_transaction = true", "1 _a");
        check("run_in_transction = true", "1 _a no-transaction (NoKey)");
        check("", "1 _a no-transaction (NoKey)");
        check("run_in_transaction = 'no'", "1 _a (BadMetadata)");
        check("run_in_transaction", "1 _a (BadMetadata)");
    }

    #[test]
    fn what_diesel_does_not_take_is_told() {
        let files = [
            found("diesel.sql", "x"),
            found("README.md", "x"),
            found("1_a/up.sql", "x"),
            found("1_a/README", "x"),
            found("1_a/data.csv", "x"),
            found("2_b/down.sql", "x"),
            found("old/up.sql", "x"),
        ];
        let strange = ["diesel.sql", "1_a/data.csv", "2_b/", "old/"];
        check_reading(super::read, &files, &["1 _a"], &strange);
    }
}
