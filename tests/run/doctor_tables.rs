//! What `doctor` says about roles, settings and tables.

use std::num::NonZeroUsize;
use std::time::Duration;

use migrate_runtime::{CheckKind, ErrorKind, Event, Level, Migrator, Repair, Settings};
use migration_tests::harness::Trial;
use migration_tests::{Role, TestDatabase, trials};

use super::doctor::{assert_only, check, development, doctor, examine};
use crate::{three, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        every_part_of_the_history_that_is_missing_is_told,
        versions_that_repeat_and_work_that_stopped_are_told,
        a_history_of_somebody_else_is_a_problem,
        a_server_without_xml_is_told_as_such,
        a_role_has_the_rights_it_lacks_told_with_their_grants,
        what_the_grants_say_makes_a_role_able_to_migrate,
        tables_and_rows_of_others_are_told,
        the_role_that_a_login_becomes_is_the_one_that_counts,
        invalid_indexes_and_constraints_are_warnings,
        names_in_any_spelling_are_quoted,
        settings_of_a_role_that_matter_are_told,
        the_last_connection_of_a_role_is_told
    ]
}

fn deploy(database: &TestDatabase) -> Role {
    database.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC");
    database.role("deploy", "")
}

fn every_part_of_the_history_that_is_missing_is_told() {
    let database = TestDatabase::new();
    up(&three(), &database);
    database.execute("ALTER TABLE _migrations_log DISABLE TRIGGER append_only");
    let hint = check(
        &doctor(&database),
        CheckKind::History,
        Level::Warning,
        "append-only is switched off",
    );
    database.execute(&hint);
    database.execute("DROP TRIGGER append_only ON _migrations_log");
    let hint =
        check(&doctor(&database), CheckKind::History, Level::Warning, "append-only is missing");
    database.execute(&hint);
    database.execute(
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         DROP TRIGGER append_only ON _migrations_log;
         CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON _migrations_log EXECUTE FUNCTION nothing()",
    );
    let hint = check(
        &doctor(&database),
        CheckKind::History,
        Level::Warning,
        "append-only is not the one that this program makes",
    );
    database.execute(&hint);
    database.execute("DROP INDEX _migrations_version_key");
    let hint =
        check(&doctor(&database), CheckKind::History, Level::Warning, "no unique index on version");
    database.execute(&hint);
    assert_only(&doctor(&database), &[]);
    database.execute("DROP TABLE _migrations_script");
    let hint = check(
        &doctor(&database),
        CheckKind::History,
        Level::Warning,
        "_migrations_script is missing",
    );
    assert!(hint.starts_with("migration-cli repair"), "{hint}");
    crate::migrator(&three(), &database).run_repair(&Repair::default()).unwrap();
    assert_only(&doctor(&database), &[]);
}

fn versions_that_repeat_and_work_that_stopped_are_told() {
    let database = TestDatabase::new();
    up(&three(), &database);
    database.execute(
        "DROP INDEX _migrations_version_key;
         INSERT INTO _migrations (version, name, checksum, execution_time)
             SELECT version, name, checksum, 0 FROM _migrations WHERE id = 1;
         CREATE UNIQUE INDEX ON _migrations (version) WHERE id > 4;",
    );
    database.execute("DROP INDEX _migrations_version_idx");
    let diagnosis = doctor(&database);
    let lines = super::doctor::of(&diagnosis, CheckKind::History);
    let index = lines.iter().find(|it| it.message.contains("no unique index")).unwrap();
    database.execute(index.hint.as_ref().unwrap());
    let twice = "the history has 20260101000001 2 times";
    let hint = check(&doctor(&database), CheckKind::History, Level::Warning, twice);
    assert_eq!(database.text(&hint).lines().count(), 2);
    database.execute(
        "DELETE FROM _migrations WHERE id = 4;
         INSERT INTO _migrations_progress (version, direction, statement, statement_checksum, run,
             started_at, updated_at) VALUES ('20260101000009', 'up', 2, repeat('0', 64), gen_random_uuid(), now(), now())",
    );
    let stopped = "the up script of 20260101000009 stopped at statement 2";
    check(&doctor(&database), CheckKind::History, Level::Problem, stopped);
}

fn a_history_of_somebody_else_is_a_problem() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE _migrations (id int, filename text)");
    let hint =
        check(&doctor(&database), CheckKind::History, Level::Problem, "another shape than ours");
    assert!(hint.starts_with("ALTER TABLE public._migrations RENAME TO"), "{hint}");
    let database = TestDatabase::new();
    up(&three(), &database);
    database.execute("UPDATE _migrations_meta SET value = '99' WHERE key = 'layout'");
    check(&doctor(&database), CheckKind::History, Level::Problem, "have layout 99");
}

fn a_server_without_xml_is_told_as_such() {
    let database = TestDatabase::new();
    up(&three(), &database);
    // As a server answers that was built without it.
    database.execute(
        "SET allow_system_table_mods = on;
         ALTER FUNCTION pg_catalog.query_to_xml RENAME TO query_to_xml_of_libxml;
         CREATE FUNCTION pg_catalog.query_to_xml(query text, nulls boolean, tableforest boolean, targetns text)
             RETURNS xml LANGUAGE plpgsql AS
             'BEGIN RAISE ''unsupported XML feature'' USING ERRCODE = ''feature_not_supported''; END'",
    );
    let error = crate::migrator(&three(), &database).status().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Impossible, 2), "{error:?}");
    assert_eq!(error.state(), Some("nothing was changed"));
    let message =
        "the server was built without XML, with which the history is read: unsupported XML feature";
    let hint = check(&doctor(&database), CheckKind::History, Level::Problem, message);
    assert_eq!(error.hints(), [hint.as_str()]);
}

fn a_role_has_the_rights_it_lacks_told_with_their_grants() {
    let database = TestDatabase::new();
    let role = deploy(&database);
    let examined = || examine(role.config.clone(), &development());
    let hint = check(&examined(), CheckKind::Schema, Level::Problem, "may not use public");
    assert_eq!(hint, format!("GRANT USAGE, CREATE ON SCHEMA public TO {};", role.name));
    assert_eq!(examined().worst(), Level::Problem);
    database.execute(&format!("GRANT USAGE ON SCHEMA public TO {}", role.name));
    let hint = check(&examined(), CheckKind::Schema, Level::Problem, "may not make tables");
    database.execute(&hint);
    check(&examined(), CheckKind::Schema, Level::Ok, "may make tables in public");
    check(&examined(), CheckKind::Role, Level::Ok, "not a superuser");

    database.execute("DROP SCHEMA public");
    let hint = check(&examined(), CheckKind::Schema, Level::Problem, "public is not there");
    database.execute(&hint);
    check(&examined(), CheckKind::Schema, Level::Ok, "may make tables in public");
}

fn what_the_grants_say_makes_a_role_able_to_migrate() {
    let database = TestDatabase::new();
    let role = deploy(&database);
    crate::up(&crate::first(&three(), 1), &database);
    let mut examination = development();
    examination.long_transaction = Duration::from_hours(24);
    for _ in 0..20 {
        let diagnosis = examine(role.config.clone(), &examination);
        let problem = diagnosis.checks.iter().find(|it| it.level == Level::Problem);
        let Some(problem) = problem else { break };
        database.execute(problem.hint.as_ref().unwrap());
    }
    let mut settings = Settings::default();
    settings.identity.environment = Some("live".to_owned());
    settings.protected = true;
    let (sender, warnings) = std::sync::mpsc::channel();
    let migrator = Migrator::new(&three(), role.config.clone()).with_settings(settings);
    let mut migrator = migrator.on_event(move |it| {
        if let Event::Warning { message } = it {
            sender.send(message.clone()).unwrap();
        }
    });
    assert_eq!(crate::names(&migrator.up().unwrap().done), ["two", "three"]);
    // The note of the environment among all that is written.
    // And the schema; the grants that were made for it are drift.
    let warnings: Vec<_> = warnings.try_iter().collect();
    assert!(warnings.len() == 1 && warnings[0].contains("schema public: grants"), "{warnings:?}");
    let noted = "SELECT value FROM _migrations_meta WHERE key = 'environment'";
    assert_eq!(database.text(noted), "\"live\"");
    migrator.down(NonZeroUsize::MIN).unwrap();
}

fn tables_and_rows_of_others_are_told() {
    let database = TestDatabase::new();
    let (role, owner) = (deploy(&database), database.role("owner", ""));
    let (deploy, owner) = (&role.name, &owner.name);
    database.execute(&format!(
        "GRANT ALL ON SCHEMA public TO {deploy}, {owner};
         CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c (id int); CREATE TABLE d (id int);
         ALTER TABLE a OWNER TO {owner}; ALTER TABLE b OWNER TO {owner}; ALTER TABLE c OWNER TO {owner};
         ALTER TABLE d OWNER TO {owner};
         ALTER TABLE b ENABLE ROW LEVEL SECURITY; GRANT SELECT ON b TO {deploy}"
    ));
    let examined = || examine(role.config.clone(), &development());
    let message =
        format!("4 tables in public belong to {owner}, and {deploy} cannot alter them: a, b, c, …");
    let hint = check(&examined(), CheckKind::Ownership, Level::Warning, &message);
    assert!(hint.starts_with(&format!("GRANT {owner} TO {deploy};")), "{hint}");
    let hint =
        check(&examined(), CheckKind::RowSecurity, Level::Warning, "passes over them in public.b");
    database.execute(&hint);
    check(&examined(), CheckKind::RowSecurity, Level::Ok, "no policy");
    database.execute(&format!("GRANT {owner} TO {deploy}"));
    check(&examined(), CheckKind::Ownership, Level::Ok, "can alter every table");
    // A member that does not inherit has to become the owner first.
    let without = match database.server().major() {
        ..16 => format!("ALTER ROLE {deploy} NOINHERIT"),
        _ => format!("GRANT {owner} TO {deploy} WITH INHERIT FALSE"),
    };
    database.execute(&without);
    let hint = check(&examined(), CheckKind::Ownership, Level::Warning, &message);
    database.execute(&hint);
    check(&examined(), CheckKind::Ownership, Level::Ok, "can alter every table");
    // Nobody is made a superuser for the sake of a table.
    database.execute("ALTER TABLE a OWNER TO CURRENT_USER");
    let hint = check(&examined(), CheckKind::Ownership, Level::Warning, "1 table in public");
    assert_eq!(hint, format!("ALTER TABLE public.a OWNER TO {deploy};"));
    database.execute(&hint);
    check(&examined(), CheckKind::Ownership, Level::Ok, "can alter every table");
}

fn the_role_that_a_login_becomes_is_the_one_that_counts() {
    let database = TestDatabase::new();
    let (login, owner) = (database.role("login", "CONNECTION LIMIT 1"), deploy(&database));
    let (login_name, owner) = (&login.name, &owner.name);
    database.execute(&format!(
        "GRANT {owner} TO {login_name}; ALTER ROLE {login_name} SET role = {owner};
         ALTER ROLE {login_name} SET statement_timeout = '5s';
         CREATE TABLE theirs (id int); ALTER TABLE theirs OWNER TO {owner}"
    ));
    let diagnosis = examine(login.config, &development());
    let became = format!("{owner}, not a superuser; {login_name} logged in and became it");
    check(&diagnosis, CheckKind::Role, Level::Ok, &became);
    check(&diagnosis, CheckKind::Ownership, Level::Ok, "can alter every table");
    let hint =
        check(&diagnosis, CheckKind::Schema, Level::Problem, &format!("{owner} may not use"));
    assert!(hint.ends_with(&format!(" TO {owner};")), "{hint}");
    // Limits are those of whoever logged in.
    check(&diagnosis, CheckKind::Settings, Level::Ok, "(statement_timeout=5s do not count");
    let hint = check(&diagnosis, CheckKind::Connections, Level::Warning, "the role may have 1");
    assert!(hint.starts_with(&format!("ALTER ROLE {login_name} ")), "{hint}");
}

fn invalid_indexes_and_constraints_are_warnings() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE SCHEMA \"My\"; CREATE TABLE \"My\".\"T\" (id int); CREATE INDEX \"I\" ON \"My\".\"T\" (id);
         ALTER TABLE \"My\".\"T\" ADD CONSTRAINT \"C\" CHECK (id > 0) NOT VALID;
         UPDATE pg_index SET indisvalid = false WHERE indexrelid = '\"My\".\"I\"'::regclass",
    );
    let diagnosis = doctor(&database);
    assert_only(&diagnosis, &[CheckKind::Indexes, CheckKind::Constraints]);
    check(&diagnosis, CheckKind::Indexes, Level::Warning, "\"My\".\"I\" is invalid");
    let hint = check(
        &diagnosis,
        CheckKind::Constraints,
        Level::Warning,
        "check constraint \"C\" of table \"My\".\"T\"",
    );
    database.execute(&hint);
    database.execute("REINDEX INDEX CONCURRENTLY \"My\".\"I\"");
    assert_only(&doctor(&database), &[]);
}

fn names_in_any_spelling_are_quoted() {
    let database = TestDatabase::new();
    let mut settings = Settings::default();
    "it's \"My\" Schema".clone_into(&mut settings.schema);
    let mut migrator = Migrator::new(&three(), database.config()).with_settings(settings);
    let missing = migrator.doctor(&development()).unwrap();
    let there = "\"it's \"\"My\"\" Schema\" is not there yet, and the role may make it";
    check(&missing, CheckKind::Schema, Level::Ok, there);
    migrator.up().unwrap();
    let diagnosis = migrator.doctor(&development()).unwrap();
    check(&diagnosis, CheckKind::History, Level::Ok, "with 3 rows");
    assert_only(&diagnosis, &[]);
}

fn settings_of_a_role_that_matter_are_told() {
    let database = TestDatabase::new();
    database.execute(&format!(
        "ALTER DATABASE {} SET session_replication_role = replica",
        database.name()
    ));
    let diagnosis = doctor(&database);
    let hint = check(
        &diagnosis,
        CheckKind::Settings,
        Level::Problem,
        "foreign keys and triggers are passed over",
    );
    // Where it was set, and for whoever logs in.
    database.execute(&hint);
    assert_only(&doctor(&database), &[]);
    let role = database.role("replica", "");
    database.execute(&format!("ALTER ROLE {} SET session_replication_role = replica", role.name));
    let hint = check(
        &examine(role.config.clone(), &development()),
        CheckKind::Settings,
        Level::Problem,
        "are passed over",
    );
    database.execute(&hint);
    check(&examine(role.config, &development()), CheckKind::Settings, Level::Ok, "nothing");
    let name = database.name();
    database.execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    let hint = check(
        &doctor(&database),
        CheckKind::Settings,
        Level::Warning,
        "was this database to be left alone?",
    );
    assert!(database.text(&hint).starts_with("default_transaction_read_only|on|database"));
    let role = database.role("limited", "");
    database.execute(&format!(
        "BEGIN READ WRITE; ALTER DATABASE {name} RESET ALL;
         ALTER ROLE {0} SET statement_timeout = '5s'; ALTER ROLE {0} SET application_name = 'canary'; COMMIT",
        role.name
    ));
    let limited = examine(role.config, &development());
    check(&limited, CheckKind::Settings, Level::Ok, "(statement_timeout=5s do not count for them)");
}

fn the_last_connection_of_a_role_is_told() {
    let database = TestDatabase::new();
    let role = database.role("single", "CONNECTION LIMIT 1");
    let examined = || examine(role.config.clone(), &development());
    let hint = check(
        &examined(),
        CheckKind::Connections,
        Level::Warning,
        "the role may have 1 and 0 are free",
    );
    database.execute(&hint);
    check(&examined(), CheckKind::Connections, Level::Ok, "are free");
}
