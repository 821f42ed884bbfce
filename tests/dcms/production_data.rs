//! The later migrations over a data set like production's: up, down and up again lose and change
//! nothing.

use std::num::NonZeroUsize;

use migrate_runtime::backup::Backups;
use migrate_runtime::testing::{TestConnection, search};
use migrate_runtime::{Limit, Migration, MigrationSet, Migrator, Restore, Up, Way};
use migration_tests::harness::Trial;
use migration_tests::production_data::{Fingerprints, ProductionData, loaded_after};
use migration_tests::{TestDatabase, set, trials, whole_dump};

use crate::{MIGRATIONS, establish_test_connection};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        every_table_there_is_has_data,
        up_down_and_up_again_lose_and_change_nothing,
        every_row_is_as_its_constraints_want_it,
        a_lost_row_is_noticed,
        a_changed_row_is_noticed,
        a_sequence_that_starts_again_is_noticed,
        a_change_that_is_declared_and_does_not_happen_is_noticed,
        a_down_that_does_not_bring_everything_back_is_noticed,
        a_backup_restores_to_an_identical_dump
    ]
}

/// A migration, and the table and the column that it changes in rows that are there.
type Declared = (&'static str, (&'static str, &'static str));

/// What later migrations change. Whatever is not in this list stays as it was loaded.
const DECLARED: &[Declared] = &[("normalise_contract_titles", ("contracts", "title"))];

fn every_table_there_is_has_data() {
    let (data, mut conn) = (ProductionData::read(), establish_test_connection());
    data.prepare(&MIGRATIONS, &conn.config());
    let tables = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND relkind = 'r' AND relname NOT LIKE '\\_migrations%' ORDER BY relname";
    let tables: Vec<String> = conn.query(tables, &[]).unwrap().iter().map(|it| it.get(0)).collect();
    let mut loaded = data.tables();
    loaded.sort_unstable();
    assert_eq!(loaded, tables);
}

fn up_down_and_up_again_lose_and_change_nothing() {
    check(&MIGRATIONS, DECLARED).unwrap();
}

fn every_row_is_as_its_constraints_want_it() {
    let (data, conn) = (ProductionData::read(), establish_test_connection());
    data.prepare(&MIGRATIONS, &conn.config());
    let mut migrator = Migrator::new(&MIGRATIONS, conn.config());
    migrator.up().unwrap();
    assert_eq!(migrator.verify_deep().unwrap().findings, []);
}

fn a_lost_row_is_noticed() {
    let up = "DELETE FROM notification_preferences
        WHERE ctid = (SELECT min(ctid) FROM notification_preferences)";
    check_fails(up, "SELECT 1", DECLARED, "up of tampered changed notification_preferences: ");
}

fn a_changed_row_is_noticed() {
    // The smallest change there is: an empty text where there was none.
    let up = "UPDATE users SET password_hash = ''
        WHERE id = (SELECT min(id) FROM users WHERE password_hash IS NULL)";
    check_fails(up, "SELECT 1", DECLARED, "up of tampered changed users: ");
}

fn a_sequence_that_starts_again_is_noticed() {
    // As after a table was written anew: the rows are all there, and the next insert fails.
    let up = "ALTER TABLE roles ALTER COLUMN id DROP IDENTITY;
        ALTER TABLE roles ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY";
    check_fails(up, "SELECT 1", DECLARED, "up of tampered changed roles: ");
}

fn a_change_that_is_declared_and_does_not_happen_is_noticed() {
    let declared = [DECLARED, &[("tampered", ("roles", "name"))]].concat();
    check_fails("SELECT 1", "SELECT 1", &declared, "up of tampered did not change roles.name");
}

fn a_down_that_does_not_bring_everything_back_is_noticed() {
    let declared = [DECLARED, &[("tampered", ("parties", "legal_name"))]].concat();
    let up = "UPDATE parties SET legal_name = upper(legal_name)";
    let down = "UPDATE parties SET legal_name = lower(legal_name)";
    check_fails(up, down, &declared, "down of tampered changed parties: ");
}

/// The set with one more migration, called `tampered`, in which the check is to find this.
#[track_caller]
fn check_fails(up: &str, down: &str, declared: &[Declared], expected: &str) {
    let name = |it: &Migration| format!("{}_{}", it.version, it.name);
    let mut scripts: Vec<_> =
        MIGRATIONS.iter().map(|it| (name(it), it.up.sql, it.down.sql)).collect();
    scripts.push(("20991231000000_tampered".to_owned(), up, down));
    let borrowed: Vec<_> =
        scripts.iter().map(|(name, up, down)| (name.as_str(), *up, *down)).collect();
    let found = check(&set(&borrowed), declared).unwrap_err();
    assert!(found.starts_with(expected), "{found}");
}

/// Loads the data and runs the later migrations up, down, and up again, step by step.
fn check(set: &MigrationSet, declared: &[Declared]) -> Result<(), String> {
    let (data, conn) = (ProductionData::read(), establish_test_connection());
    data.prepare(set, &conn.config());
    let later: Vec<_> = set.iter().filter(|it| it.version > loaded_after()).collect();
    assert!(later.len() >= 4, "too few migrations come after the data");
    let mut check = Check { set, declared, data, conn };

    let mut states = vec![check.fingerprints(&[])];
    for migration in &later {
        let after = check.up(migration)?;
        states.push(after);
    }
    check.verify();
    for (migration, before) in later.iter().zip(&states).rev() {
        check.down(migration, before)?;
    }
    for (migration, first) in later.iter().zip(&states[1..]) {
        let second = check.up(migration)?;
        same(&format!("the second up of {}", migration.name), first, &second)?;
    }
    check.verify();
    Ok(())
}

struct Check<'a> {
    set: &'a MigrationSet,
    declared: &'a [Declared],
    data: ProductionData,
    conn: TestConnection,
}

impl Check<'_> {
    fn fingerprints(&mut self, except: &[(&str, &str)]) -> Fingerprints {
        self.data.fingerprints(&mut self.conn, except)
    }

    /// Runs one migration, which changes what it declares, and nothing else.
    fn up(&mut self, migration: &Migration) -> Result<Fingerprints, String> {
        let declared = self.declared.iter().filter(|(name, _)| *name == migration.name);
        let declared: Vec<_> = declared.map(|(_, column)| *column).collect();
        let (all, rest) = (self.fingerprints(&[]), self.fingerprints(&declared));
        let mut up = Up::default();
        up.limit = Limit::To(migration.version);
        assert_eq!(self.conn.migrator(self.set).run_up(&up).unwrap().done.len(), 1);
        let what = format!("up of {}", migration.name);
        same(&what, &rest, &self.fingerprints(&declared))?;
        let after = self.fingerprints(&[]);
        for (table, column) in declared {
            let prefix = format!("{table}: ");
            let of_table = |state: &Fingerprints| {
                state.iter().find(|it| it.starts_with(&prefix)).unwrap().clone()
            };
            if of_table(&all) == of_table(&after) {
                return Err(format!("{what} did not change {table}.{column}"));
            }
        }
        Ok(after)
    }

    /// Reverts one migration; then everything is as it was before it ran.
    fn down(&mut self, migration: &Migration, before: &Fingerprints) -> Result<(), String> {
        let run = self.conn.migrator(self.set).down(NonZeroUsize::MIN).unwrap();
        assert_eq!(run.done[0].name, migration.name);
        same(&format!("down of {}", migration.name), before, &self.fingerprints(&[]))
    }

    #[track_caller]
    fn verify(&self) {
        assert_eq!(self.conn.migrator(self.set).verify().unwrap().findings, []);
    }
}

/// Names the tables that differ.
fn same(what: &str, expected: &Fingerprints, actual: &Fingerprints) -> Result<(), String> {
    let differ = expected.iter().zip(actual).filter(|(expected, actual)| expected != actual);
    let differ: Vec<_> = differ.map(|(before, after)| format!("{before} became {after}")).collect();
    if differ.is_empty() { Ok(()) } else { Err(format!("{what} changed {}", differ.join("; "))) }
}

fn a_backup_restores_to_an_identical_dump() {
    let database = TestDatabase::new();
    ProductionData::read().prepare(&MIGRATIONS, &database.config());
    let mut migrator = Migrator::new(&MIGRATIONS, database.config());
    migrator.up().unwrap();
    let before = whole_dump(&database.url());
    let folder = tempfile::tempdir().unwrap();
    // In one file, and in a folder with a file for each table, read by two sessions at once.
    let two = NonZeroUsize::new(2).unwrap();
    let backups = Backups::new(folder.path().join("backups")).with_search(search());
    for backups in [backups.clone(), backups.with_jobs(two)] {
        let backup = migrator.backup(&backups).unwrap().id.clone();
        database.execute("TRUNCATE users CASCADE; ALTER TABLE contracts DROP COLUMN title");
        assert_ne!(whole_dump(&database.url()), before);
        let mut wanted = Restore::of(backup);
        wanted.jobs = Some(two);
        let restored = migrator.run_restore(&backups, &wanted);
        assert_eq!(restored.unwrap_or_else(|error| panic!("{error:?}")).way, Way::Beside);
        assert_eq!(whole_dump(&database.url()), before);
        let found = migrator.verify().unwrap();
        assert_eq!((found.exit_code(), found.findings.len()), (0, 0), "{found:?}");

        wanted.in_place = true;
        database.execute("TRUNCATE users CASCADE");
        let restored = migrator.run_restore(&backups, &wanted);
        assert_eq!(restored.unwrap_or_else(|error| panic!("{error:?}")).way, Way::InPlace);
        assert_eq!(whole_dump(&database.url()), before);
    }
}
