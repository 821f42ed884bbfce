//! What `verify` finds in the catalogs: invalid indexes, and constraints that were never validated.

use migrate_runtime::{ErrorKind, FindingKind, Interrupt, MigrationSet, Verification};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials, wait_until};

use crate::{first, migrator, three, unaware, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        invalid_indexes_fail_with_what_mends_them,
        an_index_that_is_being_built_is_no_finding,
        constraints_that_are_not_validated_fail,
        what_a_pending_migration_validates_is_told_and_does_not_fail,
        a_role_that_may_only_read_finds_the_same,
        what_ends_it_while_it_reads_is_told
    ]
}

#[track_caller]
fn verify(set: &MigrationSet, database: &TestDatabase) -> Verification {
    // What has drifted is another matter.
    match migrator(set, database).with_settings(unaware()).verify() {
        Ok(verification) => verification,
        Err(error) => panic!("{error:?}"),
    }
}

#[track_caller]
fn check(verification: &Verification, code: u8, kind: FindingKind, message: &str) -> String {
    assert_eq!(verification.exit_code(), code, "{:?}", verification.findings);
    let of_kind: Vec<_> = verification.findings.iter().filter(|it| it.kind == kind).collect();
    let found = of_kind.iter().find(|it| it.message.contains(message));
    found.unwrap_or_else(|| panic!("{message}\n{of_kind:?}")).hint.clone().unwrap()
}

fn invalid_indexes_fail_with_what_mends_them() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    database.execute(
        "CREATE INDEX \"I\" ON one (id); CREATE INDEX two_id_ccnew ON two (id);
         UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('\"I\"'::regclass, 'two_id_ccnew'::regclass)",
    );
    let found = verify(&set, &database);
    let hint = check(&found, 5, FindingKind::InvalidIndex, "public.\"I\" is invalid");
    database.execute(hint.split("   --").next().unwrap());
    let hint = check(&found, 5, FindingKind::InvalidIndex, "what a REINDEX CONCURRENTLY left");
    database.execute(&hint);
    assert_eq!(verify(&set, &database).findings, []);
}

fn an_index_that_is_being_built_is_no_finding() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    let mut reader = database.client();
    let mut open = reader.transaction().unwrap();
    open.batch_execute("INSERT INTO one VALUES (1)").unwrap();
    let config = database.config();
    let building = std::thread::spawn(move || {
        let mut client = config.connect(postgres::NoTls).unwrap();
        client.batch_execute("CREATE INDEX CONCURRENTLY one_id ON one (id)").unwrap();
    });
    let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
    wait_until("the index is being built", || database.text(invalid) == "1");
    assert_eq!(verify(&set, &database).findings, []);
    open.rollback().unwrap();
    building.join().unwrap();

    // What works on its table without building anything is no excuse.
    database
        .execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'one_id'::regclass");
    let mut open = reader.transaction().unwrap();
    open.batch_execute("LOCK TABLE one IN SHARE UPDATE EXCLUSIVE MODE").unwrap();
    check(&verify(&set, &database), 5, FindingKind::InvalidIndex, "public.one_id is invalid");
    open.rollback().unwrap();
}

const UNPROVEN: &str = "ALTER TABLE one ADD CONSTRAINT \"Positive\" CHECK (id > 0) NOT VALID;
    ALTER TABLE two ADD PRIMARY KEY (id);
    ALTER TABLE one ADD CONSTRAINT to_two FOREIGN KEY (id) REFERENCES two NOT VALID;
    CREATE DOMAIN small AS int; CREATE TABLE uses (it small);
    ALTER DOMAIN small ADD CONSTRAINT less CHECK (VALUE < 9) NOT VALID;
    CREATE TABLE child () INHERITS (one);";

fn constraints_that_are_not_validated_fail() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    database.execute(UNPROVEN);
    let found = verify(&set, &database);
    // The child has its check from its parent, and is validated with it.
    assert_eq!(found.findings.len(), 3, "{:?}", found.findings);
    for message in [
        "the check constraint \"Positive\" of table public.one is not validated",
        "the foreign key to_two of table public.one is not validated",
        "the check constraint less of domain public.small is not validated",
    ] {
        database.execute(&check(&found, 5, FindingKind::NotValidated, message));
    }
    assert_eq!(verify(&set, &database).findings, []);
    if database.server().major() >= 18 {
        database.execute(
            "ALTER TABLE two ADD CONSTRAINT never CHECK (id > 0) NOT ENFORCED;
             ALTER TABLE three ADD CONSTRAINT there NOT NULL id NOT VALID",
        );
        let found = verify(&set, &database);
        assert_eq!(found.findings.len(), 1, "{:?}", found.findings);
        let message = "the not-null constraint there of table public.three is not validated";
        database.execute(&check(&found, 5, FindingKind::NotValidated, message));
        assert_eq!(verify(&set, &database).findings, []);
    }
}

fn what_a_pending_migration_validates_is_told_and_does_not_fail() {
    let database = TestDatabase::new();
    let set = set(&[
        (
            "20260101000001_rule",
            "CREATE TABLE one (id int); ALTER TABLE one ADD CONSTRAINT \"Rule\" CHECK (id > 0) NOT VALID",
            "DROP TABLE one",
        ),
        ("20260101000002_proof", "ALTER TABLE one VALIDATE CONSTRAINT \"Rule\"", "SELECT 1"),
    ]);
    up(&first(&set, 1), &database);
    let message = "\"Rule\" of table public.one is not validated yet: 20260101000002_proof does so";
    let found = verify(&set, &database);
    let hint = check(&found, 0, FindingKind::NotValidatedYet, message);
    assert_eq!(hint, "migration-cli up");
    // Who does not have that migration has nothing that would do it.
    let message = "\"Rule\" of table public.one is not validated: rows from before it may break it";
    check(&verify(&first(&set, 1), &database), 5, FindingKind::NotValidated, message);
    // Nor has who validates another one of a similar name.
    database.execute("ALTER TABLE one ADD CONSTRAINT \"Rul\" CHECK (id > 1) NOT VALID");
    let kinds: Vec<_> = verify(&set, &database).findings.iter().map(|it| it.kind).collect();
    assert!(kinds.contains(&FindingKind::NotValidated), "{kinds:?}");
    database.execute("ALTER TABLE one DROP CONSTRAINT \"Rul\"");
    up(&set, &database);
    assert_eq!(verify(&set, &database).findings, []);
}

fn a_role_that_may_only_read_finds_the_same() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    database.execute(UNPROVEN);
    let reader = database.role("reader", "");
    database.execute(&format!("GRANT SELECT ON _migrations TO {}", reader.name));
    let migrator = migrate_runtime::Migrator::new(&set, reader.config);
    let mut migrator = migrator.with_settings(unaware());
    let found = migrator.verify().unwrap();
    assert_eq!(found.findings, verify(&set, &database).findings);
    // As on servers where more is locked away than PostgreSQL does on its own.
    database.execute("REVOKE SELECT ON pg_catalog.pg_locks FROM PUBLIC");
    let found = migrator.verify().unwrap();
    let [told] = found.findings.as_slice() else { panic!("{:?}", found.findings) };
    assert_eq!((told.kind, found.exit_code()), (FindingKind::PassedOver, 0));
    let message = "indexes and constraints were not looked at: permission denied for view pg_locks";
    assert_eq!(told.message, message);
}

/// It does not ask once more of a session that is gone, and for somebody who has stopped it.
fn what_ends_it_while_it_reads_is_told() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    let mut other = database.client();
    other.batch_execute("BEGIN; LOCK TABLE _migrations_script IN ACCESS EXCLUSIVE MODE").unwrap();
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let ended = |end: &dyn Fn(&Interrupt)| {
        let mut migrator = migrator(&set, &database);
        let interrupt = migrator.interrupt();
        let running = std::thread::spawn(move || migrator.verify());
        wait_until("it waits", || database.text(waits) == "1");
        end(&interrupt);
        running.join().unwrap().unwrap_err()
    };
    let error = ended(&|interrupt| interrupt.interrupt());
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Interrupted, 130), "{error:?}");
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let error = ended(&|_| database.execute(kill));
    assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error:?}");
    let told = format!("{error:?}");
    assert!(told.contains("terminating connection due to administrator command"), "{told}");
}
