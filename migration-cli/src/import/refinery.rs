//! refinery: `V1__name.sql` and `U1__name.sql`, in the folder and in all folders below it.
//!
//! `refinery_core/src/util.rs` (0.9): the pattern of names is `^([U|V])(\d+(?:\.\d+)?)__(\w+)\.(rs|sql)$`,
//! `find_migration_files` walks through all folders and warns of what does not fit, and a version has to
//! be a whole number, so that `V1.1` fails. A `.rs` file is a program that makes SQL when it is compiled
//! or run. There are no down scripts. `U` runs also after newer ones (`traits/mod.rs`,
//! `verify_migrations`); the versions of `U` and `V` are one sequence, and one given twice is refused.

use super::{Found, Note, Original, Reading, Strange, Text, is_leftover};

/// A name, taken apart.
struct Parts<'a> {
    unversioned: bool,
    version: &'a str,
    name: &'a str,
    program: bool,
}

pub(super) fn is_migration(path: &str) -> bool {
    parts(path).is_ok()
}

/// Reads the files as refinery does.
pub(super) fn read(files: &[Found]) -> Reading {
    let mut reading = Reading::default();
    for file in files.iter().filter(|it| !is_leftover(&it.path)) {
        match parts(&file.path) {
            Ok(parts) => reading.originals.push(original(file, &parts)),
            Err(why) => {
                reading.strange.push(Strange { path: file.path.clone(), why: why.to_owned() });
            }
        }
    }
    // refinery compares numbers; what it finds twice, `version::seconds` refuses.
    reading.originals.sort_by_key(|it| it.version.parse::<u128>().unwrap_or(u128::MAX));
    reading
}

fn original(file: &Found, parts: &Parts<'_>) -> Original {
    let text = Text { bytes: file.bytes.clone(), no_transaction: false };
    Original {
        from: file.path.clone(),
        version: parts.version.to_owned(),
        name: parts.name.to_owned(),
        up: (!parts.program).then_some(text),
        down: None,
        notes: if parts.unversioned { vec![Note::Unversioned] } else { Vec::new() },
    }
}

fn parts(path: &str) -> Result<Parts<'_>, &'static str> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let other = "refinery passes over it: its files are named V1__name.sql";
    let (stem, program) = match (file.strip_suffix(".sql"), file.strip_suffix(".rs")) {
        (Some(stem), _) => (stem, false),
        (None, Some(stem)) => (stem, true),
        (None, None) => return Err(other),
    };
    let unversioned = stem.starts_with('U');
    let rest = stem.strip_prefix(['U', 'V']).ok_or(other)?;
    let (version, name) = rest.split_once("__").ok_or(other)?;
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    match version.split_once('.') {
        Some((one, two)) if is_number(one) && is_number(two) => {
            return Err("refinery refuses it: a version is a whole number");
        }
        _ if !is_number(version) => return Err(other),
        _ => {}
    }
    if name.is_empty() || !name.chars().all(|it| it.is_alphanumeric() || it == '_') {
        return Err("refinery passes over it: a name has letters, digits and underscores");
    }
    Ok(Parts { unversioned, version, name, program })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_reading, found};

    #[test]
    fn names_are_read_as_refinery_reads_them() {
        let paths = ["V1__a.sql", "V10__c.sql", "below/V2__b_2.sql", "U003__d.sql", "V4__e.rs"];
        let expected = ["1 a", "2 b_2", "003 d (Unversioned)", "4 e no-up", "10 c"];
        check_reading(super::read, &paths.map(|it| found(it, "x")), &expected, &[]);
    }

    #[test]
    fn what_refinery_does_not_take_is_told() {
        let paths = ["mod.rs", "README.md", "V1.1__a.sql", "V2_a.sql", "V3__a-b.sql", "v4__a.sql"];
        let files: Vec<_> = paths.iter().chain(&["notes.txt", "V__a.sql"]).collect();
        let files: Vec<_> = files.into_iter().map(|it| found(it, "x")).collect();
        let strange = ["V1.1__a.sql", "V2_a.sql", "V3__a-b.sql", "v4__a.sql", "notes.txt"];
        check_reading(super::read, &files, &[], &[&strange[..], &["V__a.sql"]].concat());
    }
}
