//! `verify --deep` where something is in its way: rights, policies, locks, an interruption.

use std::sync::mpsc;

use migrate_runtime::{ErrorKind, Event, Finding, FindingKind, Migrator};
use migration_tests::harness::Trial;
use migration_tests::proxy::Proxy;
use migration_tests::{TestDatabase, standby, trials, wait_until};
use postgres::Client;

use super::deep::{database, deep, deep_as, only};
use crate::{first, migrator, three, unaware};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        what_may_not_be_read_is_not_checked,
        policies_do_not_hide_rows_they_forbid_the_question,
        a_check_that_fails_itself_leaves_the_others,
        a_locked_table_is_told_and_the_others_compared,
        what_is_not_enforced_and_periods_are_passed_over,
        it_can_be_interrupted_and_holds_nothing_afterwards,
        every_constraint_is_told_as_it_is_looked_at,
        it_reads_one_snapshot_and_a_standby_can_be_asked,
        no_lock_is_kept_on_a_table_that_was_looked_at,
        a_program_that_is_gone_leaves_no_query_behind,
        what_was_rewritten_or_dropped_meanwhile_was_not_checked,
        functions_of_checks_find_their_tables_as_the_session_does,
    ]
}

const TWO: &str = "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent);
    CREATE TABLE open (id int PRIMARY KEY CONSTRAINT less CHECK (id < 9));";

fn what_may_not_be_read_is_not_checked() {
    let database = database(TWO, "INSERT INTO child VALUES (1, 1)");
    let reader = database.role("reader", "");
    let name = &reader.name;
    database.execute(&format!("GRANT SELECT ON _migrations, open, child TO {name}"));
    let verification = deep_as(reader.config.clone());
    let finding = only(&verification, FindingKind::NotChecked);
    let message = "the foreign key child_parent_fkey of table public.child was not checked: permission denied for table parent";
    assert_eq!(finding.message, message);
    database.execute(finding.hint.as_ref().unwrap());
    only(&deep_as(reader.config), FindingKind::ForeignKeyBroken);
}

fn policies_do_not_hide_rows_they_forbid_the_question() {
    let database = database(TWO, "INSERT INTO child VALUES (1, 1)");
    let reader = database.role("reader", "");
    let name = &reader.name;
    database.execute(&format!(
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}; ALTER TABLE child ENABLE ROW LEVEL SECURITY"
    ));
    // Without a policy, it sees no row at all.
    let verification = deep_as(reader.config.clone());
    let finding = only(&verification, FindingKind::NotChecked);
    assert!(
        finding.message.contains("row-level security policy for table \"child\""),
        "{finding:?}"
    );
    database.execute(finding.hint.as_ref().unwrap());
    only(&deep_as(reader.config), FindingKind::ForeignKeyBroken);
}

/// A check that waits for whoever holds the advisory lock 7.
const WAITS: &str = "CREATE FUNCTION waits(int) RETURNS bool LANGUAGE plpgsql VOLATILE AS
         'BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN true; END';
     CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);
     ALTER TABLE t ADD CONSTRAINT c CHECK (waits(id)) NOT VALID; UPDATE pg_constraint SET convalidated = true";

fn a_check_that_fails_itself_leaves_the_others() {
    let database = database(
        &format!(
            "{TWO} CREATE FUNCTION fails(int) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN 1 / $1 > 0; END';
             CREATE TABLE asks (id int PRIMARY KEY, CONSTRAINT a CHECK (fails(id)) NO INHERIT NOT VALID);"
        ),
        "INSERT INTO child VALUES (1, 1); ALTER TABLE asks DROP CONSTRAINT a; INSERT INTO asks VALUES (0);
         ALTER TABLE asks ADD CONSTRAINT a CHECK (fails(id)) NOT VALID; UPDATE pg_constraint SET convalidated = true",
    );
    let told: Vec<_> =
        deep(&database).findings.iter().map(|it| (it.kind, it.message.clone())).collect();
    let failed = "the check constraint a of table public.asks was not checked: division by zero";
    assert_eq!(told[0], (FindingKind::NotChecked, failed.to_owned()));
    assert_eq!((told[1].0, told.len()), (FindingKind::ForeignKeyBroken, 2));
    // As a standby does that has to give way to its primary.
    database.execute(
        "CREATE OR REPLACE FUNCTION fails(int) RETURNS bool LANGUAGE plpgsql AS
             'BEGIN RAISE ''canceled'' USING ERRCODE = ''serialization_failure''; END'",
    );
    let hint = deep(&database).findings[0].hint.clone().unwrap();
    assert!(hint.contains("ask the primary"), "{hint}");
}

fn a_locked_table_is_told_and_the_others_compared() {
    let database = database(TWO, "INSERT INTO child VALUES (1, 1)");
    let mut other = database.client();
    other.batch_execute("BEGIN; LOCK TABLE open").unwrap();
    let told: Vec<_> =
        deep(&database).findings.iter().map(|it| (it.kind, it.hint.clone())).collect();
    assert_eq!(
        told.iter().map(|it| it.0).collect::<Vec<_>>(),
        [FindingKind::ForeignKeyBroken, FindingKind::NotChecked]
    );
    assert!(told[1].1.as_ref().unwrap().contains("pg_stat_activity"));
}

fn what_is_not_enforced_and_periods_are_passed_over() {
    let database = database(
        "CREATE EXTENSION postgres_fdw; CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
         CREATE FOREIGN TABLE far (id int CONSTRAINT c CHECK (id > 0)) SERVER elsewhere",
        "",
    );
    let verification = deep(&database);
    let finding = only(&verification, FindingKind::PassedOver);
    assert!(finding.message.contains("the rows of a foreign table are elsewhere"), "{finding:?}");
    if database.server().major() >= 18 {
        database.execute(
            "DROP FOREIGN TABLE far; CREATE TABLE t (id int CONSTRAINT c CHECK (id > 0) NOT ENFORCED);
             INSERT INTO t VALUES (-1);
             CREATE EXTENSION btree_gist;
             CREATE TABLE p (id int, during daterange, PRIMARY KEY (id, during WITHOUT OVERLAPS));
             CREATE TABLE q (id int, during daterange, FOREIGN KEY (id, PERIOD during) REFERENCES p (id, PERIOD during))",
        );
        let findings = deep(&database).findings;
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert!(findings.iter().all(|it| it.kind == FindingKind::PassedOver), "{findings:?}");
    }
}

fn it_can_be_interrupted_and_holds_nothing_afterwards() {
    let database = database(WAITS, "");
    let mut other = database.client();
    other.batch_execute("SELECT pg_advisory_lock(7)").unwrap();
    let mut migrator = migrator(&three(), &database);
    let interrupt = migrator.interrupt();
    let running = std::thread::spawn(move || migrator.verify_deep());
    let waiting = "SELECT string_agg(DISTINCT l.mode, ' ') FROM pg_stat_activity a JOIN pg_locks l USING (pid)
        WHERE a.datname = current_database() AND a.wait_event = 'advisory' AND l.locktype = 'relation'";
    wait_until("the check waits", || !database.text(waiting).is_empty());
    // Of all that it reads, nothing stronger.
    assert_eq!(database.text(waiting), "AccessShareLock");
    interrupt.interrupt();
    let error = running.join().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Interrupted, 130), "{error:?}");
    let left = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'migrate-runtime%'";
    wait_until("its session is gone", || database.text(left) == "0");
}

fn every_constraint_is_told_as_it_is_looked_at() {
    let database = database(TWO, "");
    let (sender, events) = mpsc::channel();
    let mut migrator =
        migrator(&three(), &database).with_settings(unaware()).on_event(move |event| {
            if let Event::Checking { index, total, what } = event {
                sender.send(format!("{index}/{total} {what}")).unwrap();
            }
        });
    migrator.verify_deep().unwrap();
    drop(migrator);
    let told: Vec<_> = events.iter().collect();
    assert_eq!(
        told,
        [
            "1/2 the foreign key child_parent_fkey of table public.child",
            "2/2 the check constraint less of table public.open"
        ]
    );
}

fn it_reads_one_snapshot_and_a_standby_can_be_asked() {
    let database = database(TWO, "INSERT INTO child VALUES (1, 1)");
    // Whoever mends the first table in the middle mends it for the next time.
    let (config, mut mended) = (database.config(), false);
    let mut migrator =
        migrator(&three(), &database).with_settings(unaware()).on_event(move |event| {
            if matches!(event, Event::Checking { .. }) && !std::mem::replace(&mut mended, true) {
                let mut client = config.connect(postgres::NoTls).unwrap();
                client.batch_execute("INSERT INTO parent VALUES (1)").unwrap();
            }
        });
    only(&migrator.verify_deep().unwrap(), FindingKind::ForeignKeyBroken);
    assert_eq!(deep(&database).findings, []);
    let standby = Migrator::new(&first(&three(), 0), standby().config("postgres")).verify_deep();
    assert_eq!(standby.unwrap().findings, []);
}

/// Asks another session at every turn.
fn meanwhile(
    database: &TestDatabase,
    mut at: impl FnMut(usize, &mut Client) + Send + 'static,
) -> Vec<Finding> {
    let mut client = database.client();
    let mut migrator =
        migrator(&three(), database).with_settings(unaware()).on_event(move |event| {
            if let Event::Checking { index, .. } = event {
                at(*index, &mut client);
            }
        });
    migrator.verify_deep().unwrap().findings
}

fn no_lock_is_kept_on_a_table_that_was_looked_at() {
    let database = database(
        &format!(
            "{TWO} CREATE FUNCTION fails(int) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN 1 / ($1 - 1) < 1; END';
             CREATE TABLE b (id int PRIMARY KEY CONSTRAINT c CHECK (fails(id)));
             INSERT INTO b VALUES (0); CREATE OR REPLACE FUNCTION fails(int) RETURNS bool LANGUAGE plpgsql AS
                 'BEGIN RETURN 1 / $1 < 1; END'"
        ),
        "",
    );
    let findings = meanwhile(&database, |_, client| {
        let held = "SELECT string_agg(DISTINCT relation::regclass::text, ' ') FROM pg_locks
            WHERE locktype = 'relation' AND relation >= 16384 AND pid <> pg_backend_pid()
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        assert_eq!(client.query_one(held, &[]).unwrap().get::<_, Option<String>>(0), None);
    });
    let kinds: Vec<_> = findings.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [FindingKind::NotChecked], "{findings:?}");
}

fn a_program_that_is_gone_leaves_no_query_behind() {
    // A lock would be waited for no longer than its limit.
    let database =
        database(&WAITS.replace("pg_advisory_xact_lock_shared(7)", "pg_sleep(3600)"), "");
    let proxy = Proxy::socket(&database);
    let mut migrator = Migrator::new(&three(), proxy.config());
    let running = std::thread::spawn(move || migrator.verify_deep());
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event = 'PgSleep'";
    wait_until("the check waits", || database.text(waiting) == "1");
    proxy.cut_all();
    let error = running.join().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error:?}");
    wait_until("its session is gone", || database.text(waiting) == "0");
}

fn what_was_rewritten_or_dropped_meanwhile_was_not_checked() {
    // To the snapshot, what was rewritten is empty: every row of the other table would be without its parent.
    #[track_caller]
    fn check(partitions: &str, change: &'static str, expected: &str) {
        let database = database(
            &format!(
                "CREATE TABLE parent (id int PRIMARY KEY) {partitions};
                 CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent CHECK (parent < 9));
                 INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1, 1)"
            ),
            "",
        );
        let findings = meanwhile(&database, move |index, client| {
            if index == 1 {
                client.batch_execute(change).unwrap();
            }
        });
        let told: Vec<_> = findings.iter().map(|it| (it.kind, it.message.as_str())).collect();
        assert!(
            !told.is_empty() && told.iter().all(|it| it.0 == FindingKind::NotChecked),
            "{told:?}"
        );
        assert!(told[0].1.contains(expected), "{told:?}");
        assert!(findings[0].hint.as_ref().unwrap().starts_with("migration-cli verify --deep "));
        assert_eq!(deep(&database).findings, []);
    }

    let partitions = "PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parent DEFAULT";
    let rewrite = "ALTER TABLE parent ADD more serial";
    check("", rewrite, "not checked: public.parent was rewritten, truncated or ");
    check(partitions, rewrite, "not checked: public.part was rewritten, truncated or ");
    let detach = "ALTER TABLE child DROP CONSTRAINT child_parent_fkey; ALTER TABLE parent DETACH PARTITION part; DROP TABLE part";
    check(partitions, detach, "not checked: public.part was rewritten, truncated or ");
    check("", "DROP TABLE child", "was not checked: it was dropped meanwhile");
    check(
        "",
        "DROP TABLE parent CASCADE",
        "was not checked: relation \"public.parent\" does not exist",
    );
}

fn functions_of_checks_find_their_tables_as_the_session_does() {
    let database = database(
        "CREATE TABLE known (id int); INSERT INTO known VALUES (1);
         CREATE FUNCTION is_known(int) RETURNS bool LANGUAGE plpgsql AS
             'BEGIN RETURN EXISTS (SELECT FROM known WHERE id = $1); END';
         CREATE TABLE t (id int PRIMARY KEY CONSTRAINT c CHECK (is_known(id))); INSERT INTO t VALUES (1)",
        "",
    );
    assert_eq!(deep(&database).findings, []);
    database.execute("DELETE FROM known");
    only(&deep(&database), FindingKind::CheckBroken);
}
