//! What a database has outside of its dump is carried over.

use migrate_runtime::backup::Backups;
use migrate_runtime::testing::search;
use migrate_runtime::{ErrorKind, Event, Migrator, Restore, Way};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, trials, whole_dump};
use postgres::NoTls;

use super::Stage;
use crate::{three, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        everything_outside_of_the_dump_is_carried_over,
        what_cannot_be_carried_over_keeps_the_old_database,
        a_long_name_is_cut_for_what_is_kept
    ]
}

/// All that the server's catalogs say about a database, and is no number of its own.
const ALL: &str = "SELECT concat_ws(E'\\n',
        (to_jsonb(d) - '{oid,datfrozenxid,datminmxid,datacl}'::text[])::text,
        (SELECT string_agg(it::text, ' ' ORDER BY it::text) FROM unnest(d.datacl) it),
        shobj_description(d.oid, 'pg_database'),
        (SELECT string_agg(concat_ws(' ', s.setrole, it), E'\\n' ORDER BY s.setrole, it)
         FROM pg_db_role_setting s, unnest(s.setconfig) it WHERE s.setdatabase = d.oid))
    FROM pg_database d WHERE datname = ";

fn everything_outside_of_the_dump_is_carried_over() {
    let database = TestDatabase::new();
    let [owner, reader, app] = ["owner", "reader", "app"].map(|it| database.role(it, "").name);
    let name = database.name().to_owned();
    let mut server = database.server().config("postgres").connect(NoTls).unwrap();
    let made = format!(
        "SET allow_in_place_tablespaces = on | CREATE TABLESPACE {name}_space LOCATION '' |
         DROP DATABASE {name} |
         CREATE DATABASE {name} TEMPLATE template0 OWNER {owner} ENCODING 'LATIN1' TABLESPACE {name}_space
             LOCALE_PROVIDER icu ICU_LOCALE 'de-u-co-phonebk' LC_COLLATE 'C' LC_CTYPE 'C' CONNECTION LIMIT 33 IS_TEMPLATE true |
         COMMENT ON DATABASE {name} IS 'it''s
         two lines' |
         ALTER DATABASE {name} SET search_path = public, 'B b', 'c,\"d' | ALTER DATABASE {name} SET statement_timeout = '1h' |
         ALTER DATABASE {name} SET my.text = 'it''s, \"q\"' | ALTER DATABASE {name} SET default_transaction_read_only = off |
         ALTER ROLE {app} IN DATABASE {name} SET work_mem = '7MB' | ALTER ROLE {app} IN DATABASE {name} SET datestyle = 'ISO', 'DMY' |
         REVOKE ALL ON DATABASE {name} FROM PUBLIC | GRANT CONNECT ON DATABASE {name} TO {reader} WITH GRANT OPTION |
         SET ROLE {reader} | GRANT CONNECT ON DATABASE {name} TO {app} | RESET ROLE |
         GRANT TEMPORARY ON DATABASE {name} TO {app} | REVOKE CREATE ON DATABASE {name} FROM {owner}"
    );
    made.split(" |").for_each(|it| server.batch_execute(it).unwrap());
    up(&three(), &database);
    let stage = Stage::of(database, &three());
    let had = stage.database.text(&format!("{ALL}'{name}'"));
    assert!(had.contains("de-u-co-phonebk") && had.contains("work_mem"), "{had}");
    let dump = whole_dump(&stage.database.url());
    let old = stage.restore().kept.unwrap();
    assert_eq!(stage.database.text(&format!("{ALL}'{name}'")), had);
    assert_eq!(whole_dump(&stage.database.url()), dump);

    // It is a template too, and goes all the same.
    let kept = stage.migrator().kept_by_restore(&stage.backup).unwrap();
    assert_eq!(stage.migrator().drop_kept(&stage.backup, &kept).unwrap(), [old]);
    stage.text_in("postgres", &format!("ALTER DATABASE {name} IS_TEMPLATE false"));
}

fn what_cannot_be_carried_over_keeps_the_old_database() {
    let (stage, role) = Stage::owned("CREATEDB");
    let name = stage.database.name();
    // Only a superuser may give a database this setting.
    stage.database.execute(&format!(
        "ALTER DATABASE {name} SET log_min_duration_statement = '1s'; INSERT INTO one VALUES (99)"
    ));
    let filled = std::sync::atomic::AtomicBool::new(false);
    let filled: &'static std::sync::atomic::AtomicBool = Box::leak(Box::new(filled));
    let mut migrator = Migrator::new(&three(), role.config).on_event(move |event| {
        if matches!(event, Event::Restoring { step } if step.starts_with("Restoring ")) {
            filled.store(true, std::sync::atomic::Ordering::Release);
        }
    });
    let error = migrator.run_restore(&stage.backups, &stage.wanted()).unwrap_err();
    assert!(!filled.load(std::sync::atomic::Ordering::Acquire), "it is known before that");
    let hint = format!("migration-cli restore {} --in-place", stage.backup);
    assert!(error.hints()[0].starts_with(&hint), "{error:?}");
    let told = (error.kind(), error.exit_code(), error.sqlstate());
    assert_eq!(told, (ErrorKind::Privilege, 3, Some("42501")), "{error:?}");
    assert_eq!(error.to_string(), "the properties of the database cannot be carried over");
    let untouched = format!(
        "database {name} is what it was before, and serves; nothing is left of the new database"
    );
    assert_eq!(error.state(), Some(untouched.as_str()));
    stage.is_untouched();
    let log = "SELECT command, outcome, sqlstate FROM _migrations_log ORDER BY id DESC LIMIT 1";
    assert_eq!(stage.database.text(log), "restore|failed|42501");
    stage.database.execute(&format!("ALTER DATABASE {name} RESET ALL"));
    assert_eq!(migrator.run_restore(&stage.backups, &stage.wanted()).unwrap().way, Way::Beside);
}

fn a_long_name_is_cut_for_what_is_kept() {
    let database = TestDatabase::new();
    let long = format!("{}_{}", database.name(), "x".repeat(63 - database.name().len() - 1));
    database.execute(&format!("CREATE DATABASE {long}"));
    let mut config = database.config();
    config.dbname(&long);
    let folder = tempfile::tempdir().unwrap();
    let backups = Backups::new(folder.path().join("backups")).with_search(search());
    let mut migrator = Migrator::new(&three(), config);
    migrator.up().unwrap();
    let backup = migrator.backup(&backups).unwrap().id.clone();
    let restored = migrator.run_restore(&backups, &Restore::of(backup.clone())).unwrap();
    assert_eq!((restored.way, restored.database.as_str()), (Way::Beside, long.as_str()));
    assert_eq!(restored.kept.as_ref().unwrap().len(), 63);
    let kept = migrator.kept_by_restore(&backup).unwrap();
    migrator.drop_kept(&backup, &kept).unwrap();
    database.execute(&format!("DROP DATABASE {long}"));
}
