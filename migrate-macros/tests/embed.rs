//! What the macro embeds is what the resolver reads, whatever the folder looks like.
#![expect(deprecated, reason = "the macro warns: no build script watches the folders of a test")]
#![expect(clippy::unwrap_used, reason = "a fixture that is not there is a failed test")]

use std::path::Path;

use migrate_core::{Mode, StatementKind, read_folder};
use migrate_runtime::{MigrationSet, embed_migrations};

static SORTS: MigrationSet = embed_migrations!("tests/embedded/sorts");
static WINDOWS: MigrationSet = embed_migrations!("tests/embedded/windows");
static UNIX: MigrationSet = embed_migrations!("tests/embedded/unix");
static WRAPPED: MigrationSet = embed_migrations!("tests/embedded/wrapped");
static EMPTY: MigrationSet = embed_migrations!("tests/embedded/empty");

#[test]
fn the_set_is_what_the_resolver_reads() {
    check("sorts", &SORTS);
    check("windows", &WINDOWS);
    check("unix", &UNIX);
    check("wrapped", &WRAPPED);
    check("empty", &EMPTY);
}

#[track_caller]
fn check(folder: &str, embedded: &MigrationSet) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/embedded").join(folder);
    let read = read_folder(&path, folder).unwrap().leak(folder);
    assert_eq!(embedded.folder(), folder);
    assert_eq!(embedded.source(), Some(path.to_str().unwrap()), "this is a debug build");
    let (embedded, read): (Vec<_>, Vec<_>) = (embedded.iter().collect(), read.iter().collect());
    assert_eq!(format!("{embedded:#?}"), format!("{read:#?}"));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    let (windows, unix) = (&WINDOWS.iter().next().unwrap().up, &UNIX.iter().next().unwrap().up);
    assert_eq!(windows.checksum, unix.checksum);
    assert_eq!(windows.sql, unix.sql);
    assert_eq!(windows.statements, unix.statements);
}

#[test]
fn the_wrapper_of_a_script_is_not_among_its_statements() {
    let script = &WRAPPED.iter().next().unwrap().up;
    let statements: Vec<&str> =
        script.statements.iter().map(|it| it.range.of(script.sql)).collect();
    assert_eq!(statements, ["CREATE TABLE party (id bigint)", "CREATE TABLE person (id bigint)"]);
    assert_eq!(script.statements[1].line, 4);
}

#[test]
fn modes_kinds_and_directives_are_data() {
    let migrations: Vec<_> = SORTS.iter().collect();
    let [plain, index, slow, unparsed] = migrations[..] else { panic!("{migrations:?}") };
    assert_eq!(plain.up.mode, Mode::Transactional);
    assert_eq!(plain.up.statements[1].line, 6);
    assert_eq!(index.up.mode, Mode::Standalone);
    assert_eq!(index.up.statements[1].kind, StatementKind::CreateIndexConcurrently);
    assert_eq!(index.down.mode, Mode::Standalone);
    assert_eq!(slow.up.directives().statement_timeout_ms, Some(300_000));
    assert_eq!(slow.up.directives().allow[1].reason, "the table is \"small\"");
    assert_eq!(slow.down.directives().lock_timeout_ms, Some(2000));
    assert_eq!(unparsed.up.directives().no_parse, Some("the parser does not know it yet"));
    assert_eq!(unparsed.down.directives().irreversible, Some("it was great"));
    assert!(unparsed.down.statements.is_empty());
}

#[test]
fn a_path_may_be_written_in_several_ways() {
    const DOTTED: MigrationSet = embed_migrations!("./tests/../tests/embedded/unix/");
    let beside = embed_migrations!("embedded/unix", relative_to = file);
    let elsewhere = embed_migrations!("tests/embedded/unix", crate = ::migrate_runtime,);
    for set in [DOTTED, beside, elsewhere] {
        assert_eq!(set.folder(), "unix");
        assert_eq!(set.len(), 1);
        assert!(Path::new(set.source().unwrap()).join(".").is_dir());
    }
}
