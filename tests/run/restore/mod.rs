//! `restore`: a backup takes the place of a database, whatever happens on the way.

mod in_place;
mod others;
mod properties;
mod refused;
mod role;
mod whole;

use migrate_runtime::backup::{BackupId, Backups};
use migrate_runtime::testing::search;
use migrate_runtime::{Error, MigrationSet, Migrator, Restore, Restored};
use migration_tests::harness::Trial;
use migration_tests::{Role, TestDatabase};
use tempfile::TempDir;

use crate::{three, up};

pub(crate) fn tests() -> Vec<Trial> {
    [
        in_place::tests(),
        others::tests(),
        properties::tests(),
        refused::tests(),
        role::tests(),
        whole::tests(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A database with three migrations and a row in each of their tables, and a backup of it.
struct Stage {
    database: TestDatabase,
    backups: Backups,
    backup: BackupId,
    _folder: TempDir,
}

impl Stage {
    fn new() -> Stage {
        let database = TestDatabase::new();
        up(&three(), &database);
        database.execute("INSERT INTO one VALUES (1); INSERT INTO two VALUES (2)");
        Stage::of(database, &three())
    }

    /// As [`new`](Stage::new), with a role that owns all of it and has these attributes.
    fn owned(attributes: &str) -> (Stage, Role) {
        let database = TestDatabase::new();
        let role = database.role("owner", attributes);
        let (name, owner) = (database.name(), &role.name);
        database.execute(&format!("ALTER DATABASE {name} OWNER TO {owner}"));
        Migrator::new(&three(), role.config.clone()).up().unwrap();
        database.execute("INSERT INTO one VALUES (1); INSERT INTO two VALUES (2)");
        (Stage::of(database, &three()), role)
    }

    /// A backup of a database as it is.
    #[track_caller]
    fn of(database: TestDatabase, set: &MigrationSet) -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let backups = Backups::new(folder.path().join("backups")).with_search(search());
        let taken = Migrator::new(set, database.config()).backup(&backups);
        let backup = taken.unwrap_or_else(|error| panic!("{error:?}")).id.clone();
        Stage { database, backups, backup, _folder: folder }
    }

    fn migrator(&self) -> Migrator {
        Migrator::new(&three(), self.database.config())
    }

    fn wanted(&self) -> Restore {
        Restore::of(self.backup.clone())
    }

    fn run(&self, wanted: &Restore) -> Result<Restored, Error> {
        self.migrator().run_restore(&self.backups, wanted)
    }

    #[track_caller]
    fn restore(&self) -> Restored {
        self.run(&self.wanted()).unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// What a query gives in another database of the server.
    fn text_in(&self, database: &str, sql: &str) -> String {
        let mut config = self.database.config();
        let mut client = config.dbname(database).connect(postgres::NoTls).unwrap();
        let rows = client.simple_query(sql).unwrap();
        let rows = rows.iter().filter_map(|it| match it {
            postgres::SimpleQueryMessage::Row(row) => {
                Some(row.get(0).unwrap_or_default().to_owned())
            }
            _ => None,
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    /// The databases that are about this one.
    fn databases(&self) -> String {
        let name = self.database.name();
        let sql =
            format!("SELECT datname FROM pg_database WHERE datname LIKE '{name}%' ORDER BY 1");
        self.text_in("postgres", &sql).replace(name, "NAME")
    }

    /// The database that was there before is, lets in, and has what it had.
    #[track_caller]
    fn is_untouched(&self) {
        assert_eq!(self.databases(), "NAME", "nothing is left beside it");
        assert_eq!(self.database.text("SELECT string_agg(id::text, ' ') FROM one"), "1 99");
    }
}
