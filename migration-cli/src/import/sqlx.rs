//! sqlx: `1_name.sql`, or `1_name.up.sql` and `1_name.down.sql`, in one folder.
//!
//! `sqlx-core/src/migrate/source.rs` (0.9): what is before the first underscore is a number, what has no
//! underscore or does not end in `.sql` is passed over, folders are too, and a file that begins with
//! `-- no-transaction` runs without a transaction. `migration_type.rs`: the ending tells up, down and
//! simple scripts apart; they belong together by their version alone. golang-migrate's files are named
//! in the same way.

use std::collections::BTreeMap;

use super::{Found, Original, Reading, Strange, Text, is_leftover, without_mark};

/// The scripts of one version.
#[derive(Default)]
struct Scripts<'a> {
    ups: Vec<(&'a Found, Parts<'a>)>,
    downs: Vec<(&'a Found, Parts<'a>)>,
}

/// A name, taken apart.
struct Parts<'a> {
    version: &'a str,
    name: &'a str,
    is_down: bool,
}

pub(super) fn is_migration(path: &str) -> bool {
    parts(path).is_ok()
}

/// Reads the files as sqlx does.
pub(super) fn read(files: &[Found]) -> Reading {
    let mut reading = Reading::default();
    let mut versions: BTreeMap<u128, Scripts<'_>> = BTreeMap::new();
    for file in files.iter().filter(|it| !is_leftover(&it.path)) {
        match parts(&file.path) {
            Ok(parts) => {
                let scripts = versions.entry(parts.version.parse().unwrap_or(u128::MAX));
                let Scripts { ups, downs } = scripts.or_default();
                if parts.is_down { downs } else { ups }.push((file, parts));
            }
            Err(why) => reading.stranger(&file.path, why),
        }
    }
    for Scripts { ups, mut downs } in versions.into_values() {
        // Which of several belongs to which is not known: the second one is refused as a version
        // that is given twice.
        for (up, parts) in ups {
            let down = if downs.is_empty() { None } else { Some(downs.remove(0).0) };
            reading.originals.push(Original {
                from: up.path.clone(),
                version: parts.version.to_owned(),
                name: parts.name.to_owned(),
                up: Some(text(up)),
                down: down.map(text),
                notes: Vec::new(),
            });
        }
        for (down, _) in downs {
            reading.stranger(&down.path, "a down script without its up script");
        }
    }
    reading
}

impl Reading {
    fn stranger(&mut self, path: &str, why: &str) {
        self.strange.push(Strange { path: path.to_owned(), why: why.to_owned() });
    }
}

fn text(file: &Found) -> Text {
    let no_transaction = without_mark(&file.bytes).starts_with(b"-- no-transaction");
    Text { bytes: file.bytes.clone(), no_transaction }
}

fn parts(path: &str) -> Result<Parts<'_>, &'static str> {
    if path.contains('/') {
        return Err("sqlx does not look into folders: import them one by one");
    }
    let other = "sqlx passes over it: its files are named 1_name.sql";
    let (version, rest) = path.split_once('_').ok_or(other)?;
    let stem = rest.strip_suffix(".sql").ok_or(other)?;
    if version.is_empty() || !version.bytes().all(|it| it.is_ascii_digit()) {
        return Err("sqlx refuses it: its name does not begin with a number");
    }
    let down = stem.strip_suffix(".down");
    let name = down.or(stem.strip_suffix(".up")).unwrap_or(stem);
    Ok(Parts { version, name, is_down: down.is_some() })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_reading, found};

    #[test]
    fn names_are_read_as_sqlx_reads_them() {
        let files = [
            found("10_c.sql", "x"),
            found("2_b.down.sql", "-- no-transaction\n"),
            found("2_b.up.sql", "\u{feff}-- no-transaction\r\n"),
            found("20240320000000_d.e.sql", "-- not -- no-transaction"),
            found("0001_a.sql", "x"),
            found("3_x.up.sql", "x"),
            found("3_y.down.sql", "x"),
        ];
        let expected = [
            "0001 a",
            "2 b no-transaction down no-transaction",
            "3 x down",
            "10 c",
            "20240320000000 d.e",
        ];
        check_reading(super::read, &files, &expected, &[]);
    }

    #[test]
    fn one_version_that_is_given_twice_stays_twice() {
        let files = ["1_a.up.sql", "1_a.down.sql", "1_b.up.sql"].map(|it| found(it, "x"));
        check_reading(super::read, &files, &["1 a down", "1 b"], &[]);
    }

    #[test]
    fn what_sqlx_does_not_take_is_told() {
        let strange = ["1.sql", "a_b.sql", "1_a.txt", "below/1_a.sql", "4_a.down.sql"];
        check_reading(super::read, &strange.map(|it| found(it, "x")), &[], &strange);
    }
}
