//! Names and scripts; how folders are read is tested with each tool.

use migrate_core::{SourceFile, resolve};

use super::*;

pub(super) fn found(path: &str, text: &str) -> Found {
    Found { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
}

/// Originals are shown as `VERSION NAME`, and what is not usual about them.
#[track_caller]
pub(super) fn check_reading(
    read: fn(&[Found]) -> Reading,
    files: &[Found],
    expected: &[&str],
    strange: &[&str],
) {
    let reading = read(files);
    let shown: Vec<String> = reading.originals.iter().map(show).collect();
    assert_eq!(shown, expected);
    let paths: Vec<&str> = reading.strange.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(paths, strange, "{:?}", reading.strange);
}

fn show(it: &Original) -> String {
    let mut text = format!("{} {}", it.version, it.name);
    let mut add = |condition: bool, word: &str| {
        if condition {
            text.push_str(word);
        }
    };
    add(it.up.is_none(), " no-up");
    add(it.up.as_ref().is_some_and(|it| it.no_transaction), " no-transaction");
    add(it.down.is_some(), " down");
    add(it.down.as_ref().is_some_and(|it| it.no_transaction), " no-transaction");
    for note in &it.notes {
        add(true, &format!(" ({note:?})"));
    }
    text
}

#[test]
fn names_are_kept_as_far_as_they_can_be() {
    #[track_caller]
    fn check(old: &str, name: &str, whole: bool) {
        assert_eq!(name_of(old), (name.to_owned(), whole), "{old}");
        assert!(migrate_core::is_migration_name(name));
    }

    check("create_users", "create_users", true);
    check("_diesel_initial_setup", "diesel_initial_setup", true);
    check("CreateUsers-v2.1", "create_users_v2_1", true);
    check("größe", "gr_e", false);
    check("日本", "migration", false);
    check("", "migration", true);
    let cut = format!("a{}", "_ba".repeat(49)) + "_b";
    check(&"aB".repeat(150), &cut, false);
}

#[test]
fn scripts_say_how_they_run_and_what_is_missing() {
    use Layout::{Diesel, Refinery, Sqlx};
    let plain = Some("SELECT 1;\n");
    check(Sqlx, (plain, plain), false, "SELECT 1;\n", "SELECT 1;\n", &[]);
    let none = "-- migrate:irreversible because imported from refinery, which had no down script\n";
    check(Refinery, (plain, None), false, "SELECT 1;\n", none, &[Note::NoDown]);
    let up = "-- migrate:no-transaction\nSELECT 1;\n";
    check(Sqlx, (plain, plain), true, up, up, &[Note::NoTransaction]);
    let empty =
        "-- migrate:irreversible because imported from diesel, where the down script was empty";
    let comment = "-- nothing\n";
    let down = format!("{empty}\n{comment}");
    check(Diesel, (plain, Some(comment)), false, "SELECT 1;\n", &down, &[Note::EmptyDown]);
    let down = format!("{empty}\n");
    check(Diesel, (plain, Some("")), false, "SELECT 1;\n", &down, &[Note::EmptyDown]);
}

#[test]
fn a_line_is_put_before_the_text_as_the_text_is_written() {
    let windows = Some("\u{feff}SELECT 1;\r\n");
    let up = "-- migrate:no-transaction\r\nSELECT 1;\r\n";
    check(Layout::Sqlx, (windows, windows), true, up, up, &[Note::NoTransaction]);
    let (same, marked) = ("\u{feff}SELECT 1;\r\n", "\u{feff}-- migrate:irreversible");
    assert!(!is_empty(same.as_bytes()));
    assert!(is_empty(marked.as_bytes()) && is_empty(b"/* a */ ;;") && !is_empty(b"'"));
    check(Layout::Sqlx, (windows, windows), false, same, same, &[]);
}

#[test]
fn a_program_becomes_a_migration_that_does_not_build() {
    let notes = [Note::Program, Note::NoDown];
    let up = "-- V1__x was a program of refinery: write the SQL that it makes here\n";
    let down = "-- migrate:irreversible because imported from refinery, which had no down script\n";
    check(Layout::Refinery, (None, None), false, up, down, &notes);
    let problems = build(Layout::Refinery, (None, None), false).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].kind, migrate_core::ProblemKind::Empty);
}

type Texts<'a> = (Option<&'a str>, Option<&'a str>);

fn migration(layout: Layout, (up, down): Texts<'_>, no_transaction: bool) -> Converted {
    let text = |it: &str| Text { bytes: it.as_bytes().to_vec(), no_transaction };
    let original = Original {
        from: "V1__x".to_owned(),
        version: "1".to_owned(),
        name: "x".to_owned(),
        up: up.map(text),
        down: down.map(text),
        notes: Vec::new(),
    };
    convert(layout, vec![original]).unwrap().remove(0)
}

fn build(
    layout: Layout,
    texts: Texts<'_>,
    no_transaction: bool,
) -> Result<(), Vec<migrate_core::Problem>> {
    let made = migration(layout, texts, no_transaction);
    let file = |(name, bytes): (String, &[u8])| SourceFile {
        path: name.clone().into(),
        name,
        bytes: bytes.to_vec(),
    };
    resolve(made.files().map(file).to_vec(), "migrations").map(drop)
}

#[track_caller]
fn check(
    layout: Layout,
    texts: Texts<'_>,
    no_transaction: bool,
    up: &str,
    down: &str,
    notes: &[Note],
) {
    let made = migration(layout, texts, no_transaction);
    assert_eq!(std::str::from_utf8(&made.up).unwrap(), up);
    assert_eq!(std::str::from_utf8(&made.down).unwrap(), down);
    assert_eq!(made.notes, notes);
    assert_eq!(build(layout, texts, no_transaction).is_ok(), texts.0.is_some());
}
