//! `restore` as a process: consent, others who are connected, what it prints, what is left.

use migrate_runtime::postgres::NoTls;
use migration_tests::{TestDatabase, child, wait_until};

use crate::embedded::Stopped;
use crate::project::Project;

/// A project whose database has a user who is not in its backup; gives the backup's id.
fn changed_since(database: &TestDatabase) -> (Project, String) {
    let project = Project::on(database);
    project.expect("up", 0);
    let id = project.expect("backup", 0).stdout.trim().to_owned();
    database.execute("CREATE TABLE later (id int)");
    (project, id)
}

fn later(database: &TestDatabase) -> bool {
    database.text("SELECT to_regclass('later') IS NOT NULL") == "t"
}

#[test]
fn a_restore_needs_consent_in_every_environment_and_verifies_at_the_end() {
    let database = TestDatabase::new();
    let (project, id) = changed_since(&database);
    let outcome = project.expect(&format!("restore {id}"), 7);
    let name = database.name();
    let words = [
        format!("Backup {id}: database {name}, PostgreSQL "),
        format!("A new database takes the place of {name}, which is kept under another name.\n"),
        format!("Error: replacing database {name} by the backup {id} needs --confirm\n"),
        format!("Hint: migration-cli restore {id} --confirm\n"),
    ];
    for word in words {
        assert!(outcome.stderr.contains(&word), "{word}\n{}", outcome.all());
    }
    project.expect(&format!("restore {id} --dry-run"), 0);
    assert!(later(&database), "nothing was changed");

    let outcome = project.expect(&format!("restore {id} --confirm"), 0);
    let lines: Vec<_> = outcome.stdout.lines().collect();
    assert!(lines[0].starts_with(&format!("Restored: {name} from {id} in ")), "{}", outcome.all());
    let kept = lines[1].strip_prefix("Kept: what it was before, as ").unwrap();
    let kept = kept.trim_end_matches('.');
    assert!(kept.starts_with(&format!("{name}_before_restore_")), "{kept}");
    assert!(lines[2].starts_with("Verified: no problems. "), "{}", outcome.all());
    assert!(!later(&database));

    let old = format!("restore --drop-old {id}");
    assert!(project.expect(&old, 7).stderr.contains(kept));
    project.expect(&format!("{old} --dry-run"), 0);
    let outcome = project.expect(&format!("{old} --confirm"), 0);
    assert_eq!(outcome.stdout, format!("- {kept}\nDone: 1 database dropped.\n"));
    let outcome = project.expect(&format!("{old} --confirm"), 2);
    assert!(outcome.stderr.contains("no database was kept"), "{}", outcome.all());
}

#[test]
fn programs_read_what_was_done() {
    let database = TestDatabase::new();
    let (project, id) = changed_since(&database);
    let mut config = database.config();
    let other = config.application_name("reports").connect(NoTls).unwrap();
    let value = project.json(&format!("restore {id} --confirm"), 1);
    assert_eq!(value["error"]["kind"], "in_use");
    assert_eq!(value["error"]["state"], "nothing was changed");
    assert_eq!(value["restore"]["others"][0]["application"], "reports");
    assert!(later(&database));

    let value = project.json(&format!("restore {id} --confirm --disconnect"), 0);
    drop(other);
    assert_eq!(
        (&value["restore"]["backup"], &value["restore"]["way"]),
        (&id.as_str().into(), &"beside".into())
    );
    let kept = value["restore"]["kept"].as_str().unwrap();
    assert_eq!(value["problems"].as_array().unwrap().len(), 0);
    assert_eq!(value["summary"]["applied"], value["migrations"].as_array().unwrap().len());
    assert_eq!(value["database"], database.name());
    assert!(!later(&database));

    let value = project.json(&format!("restore --drop-old {id} --confirm"), 0);
    assert_eq!(value["restore"]["dropped"], serde_json::json!([kept]));

    let value = project.json(&format!("restore {id} --confirm --in-place"), 0);
    assert_eq!(
        (&value["restore"]["way"], &value["restore"]["kept"]),
        (&"in_place".into(), &serde_json::Value::Null)
    );
}

#[track_caller]
fn check(project: &Project, id: &str, code: i32, kind: &str) {
    let value = project.json(&format!("restore {id} --confirm"), code);
    assert_eq!(value["error"]["kind"], kind);
    assert_ne!(value["error"]["hints"], serde_json::json!([]));
}

#[test]
fn a_backup_that_cannot_be_restored_is_told_with_its_exit_code() {
    let database = TestDatabase::new();
    let (project, id) = changed_since(&database);
    check(&project, "../etc", 2, "no_such_backup");
    check(&project, "20200101T000000Z-development-0000", 2, "no_such_backup");
    let archive = project.path().join(format!(".migration/backups/{id}/archive.dump"));
    let mut bytes = std::fs::read(&archive).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&archive, bytes).unwrap();
    check(&project, &id, 1, "damaged_backup");
    assert!(later(&database));
    project.expect(&format!("restore {id} --jobs 2 --in-place"), 2);
    project.expect(&format!("restore {id} --drop-old --disconnect"), 2);
}

#[test]
fn the_embedded_database_is_restored_too() {
    let project = Stopped(Project::new());
    let Stopped(it) = &project;
    it.expect("up", 0);
    let id = it.expect("backup", 0).stdout.trim().to_owned();
    it.expect("down --all", 0);
    it.expect(&format!("restore {id} --confirm"), 0);
    assert!(it.states().iter().all(|(_, state)| state == "applied"));
    let dropped = it.expect(&format!("restore --drop-old {id} --confirm"), 0);
    assert!(dropped.stdout.contains("- development_before_restore_"), "{}", dropped.all());
}

#[test]
fn a_signal_ends_it_and_the_database_serves() {
    let database = TestDatabase::new();
    let role = database.role("owner", "CREATEDB");
    database.execute(&format!("ALTER DATABASE {} OWNER TO {}", database.name(), role.name));
    let project = Project::new().with("DATABASE_URL", &role.url);
    project.expect("up --steps 1", 0);
    // Its rows are checked by something that takes for ever, where that is asked for.
    role.config
        .connect(NoTls)
        .unwrap()
        .batch_execute(
            "CREATE FUNCTION slow(int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
                 IF current_setting('test.slow', true) = 'on' THEN PERFORM pg_sleep(3600); END IF; RETURN true; END $$;
             CREATE TABLE checked (id int CHECK (public.slow(id))); INSERT INTO checked VALUES (1)",
        )
        .unwrap();
    let id = project.expect("backup", 0).stdout.trim().to_owned();
    let slow =
        |it: &str| database.execute(&format!("ALTER ROLE {} SET test.slow = '{it}'", role.name));
    slow("on");
    database.execute("INSERT INTO checked VALUES (2)");
    let child = project.command(&format!("restore {id} --confirm")).spawn().unwrap();
    let filling = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND wait_event = 'PgSleep'",
        role.name
    );
    wait_until("it fills the new database", || database.text(&filling) == "1");
    assert!(child::signal("INT", child.id()));
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    let state = format!(
        "State: database {} is what it was before, and serves; nothing is left of the new database\n",
        database.name()
    );
    assert!(stderr.contains(&state), "{stderr}");
    assert!(
        stderr.contains(&format!("Hint: migration-cli restore {id}   # begins anew")),
        "{stderr}"
    );
    assert_eq!(database.text("SELECT count(*) FROM checked"), "2");
    wait_until("the server has ended it", || database.text(&filling) == "0");
    slow("off");
    project.expect(&format!("restore {id} --confirm"), 0);
    assert_eq!(database.text("SELECT count(*) FROM checked"), "1");
}
