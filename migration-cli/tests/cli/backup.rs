//! `backup` and `--with-backup`: where backups are, how they end, and what is asked first.

use std::fs;
use std::path::{Path, PathBuf};

use migration_tests::{TestDatabase, child, wait_until};
use serde_json::Value;

use crate::embedded::Stopped;
use crate::project::{Outcome, Project};

/// The id that a command prints.
#[track_caller]
fn take(project: &Project, args: &str) -> String {
    let outcome = project.expect(&format!("backup {args}"), 0);
    let id = outcome.stdout.strip_suffix('\n').unwrap();
    assert!(!id.contains(char::is_whitespace), "{id}");
    id.to_owned()
}

#[track_caller]
fn listed(project: &Project, args: &str) -> Vec<String> {
    let list = project.json(&format!("backup list {args}"), 0);
    let backups = list["backups"].as_array().unwrap();
    backups.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn it_works_with_the_embedded_database() {
    let project = Stopped(Project::new());
    let Stopped(it) = &project;
    it.expect("up", 0);
    let id = take(it, "--jobs 2");
    assert!(id.contains("-development-"), "{id}");
    let verified = it.expect(&format!("backup verify {id}"), 0);
    assert!(verified.stdout.starts_with(&format!("Good: {id}: database development, taken at ")));
    let folder = it.path().join(".migration/backups");
    assert!(folder.join(&id).join("archive/toc.dat").is_file());
    it.expect("down --with-backup", 0);
    assert_eq!(listed(it, "").len(), 2);
}

#[test]
fn the_folder_is_beside_the_configuration_or_where_a_flag_says() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.write("migration.toml", "");
    project.write("deep/below/file", "");
    let mut command = project.command("backup");
    let outcome = Outcome::of(command.current_dir(project.path().join("deep/below")));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let id = outcome.stdout.trim();
    assert!(project.path().join(".migration/backups").join(id).is_dir());
    assert_eq!(listed(&project, ""), [id]);
    // Another one, relative to where it was typed.
    let other = take(&project, "--backup-dir elsewhere");
    assert!(project.path().join("elsewhere").join(&other).is_dir());
    assert_eq!(listed(&project, "--backup-dir elsewhere"), [other.as_str()]);
    project.expect(&format!("backup verify {other} --backup-dir elsewhere"), 0);
    project.expect(&format!("backup --backup-dir elsewhere verify {other}"), 0);
    project.expect(&format!("backup verify {other}"), 2);
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    #[track_caller]
    fn check(project: &Project, args: &str, code: i32, kind: &str) {
        let object = project.json(args, code);
        assert_eq!(object["error"]["kind"], kind, "{args}");
        assert!(!object["error"]["hints"].as_array().unwrap().is_empty(), "{args}");
    }

    let database = TestDatabase::new();
    let project = Project::on(&database);
    let id = take(&project, "");
    let good = project.json(&format!("backup verify {id}"), 0);
    assert_eq!(good["backup"]["id"], id.as_str());
    for wrong in ["nonsense", "../backups", "20261125T221530Z-development-0000"] {
        check(&project, &format!("backup verify {wrong}"), 2, "no_such_backup");
    }
    project.expect("backup verify", 2);
    project.expect("backup prune", 2);
    project.expect("backup prune --keep 0", 2);
    project.expect("backup --jobs 2 list", 2);
    project.expect("up --backup-dir x", 2);
    let archive = project.path().join(".migration/backups").join(&id).join("archive.dump");
    let bytes = fs::read(&archive).unwrap();
    fs::write(&archive, &bytes[..bytes.len() / 2]).unwrap();
    check(&project, &format!("backup verify {id}"), 1, "damaged_backup");
    let list = project.json("backup list", 0);
    assert!(list["backups"][0]["problem"].as_str().unwrap().contains("is damaged"), "{list}");
    assert_eq!(list["backups"][0]["size_bytes"], Value::Null);
    assert!(project.expect("backup list", 0).stderr.contains("Warning: the backup"));

    let nowhere = Project::on(&database).with("PG_BIN", "/nowhere");
    check(&nowhere, "backup", 2, "missing_program");
    check(&nowhere, "up --with-backup", 2, "missing_program");
    assert!(nowhere.states().iter().all(|(_, state)| state == "pending"));
    let unreachable = Project::new().with("DATABASE_URL", "postgres://app@127.0.0.1:1/app");
    check(&unreachable, "backup", 3, "connect");
    assert!(!unreachable.path().join(".migration").exists());
}

#[test]
fn prune_needs_consent_where_the_environment_is_protected() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let ids: Vec<String> = (0..3).map(|_| take(&project, "--env production")).collect();
    let ours = take(&project, "");
    let refused = project.json("backup prune --keep 1 --env production", 7);
    assert_eq!(refused["error"]["kind"], "consent");
    assert_eq!(listed(&project, "").len(), 4);
    let pruned = project.json("backup prune --keep 1 --env production --confirm", 0);
    let removed: Vec<_> = pruned["removed"].as_array().unwrap().iter().rev().collect();
    assert_eq!(removed, [&ids[0], &ids[1]]);
    assert_eq!(listed(&project, ""), [ids[2].clone(), ours]);
    // Taking one is no change, and needs none.
    take(&project, "--env production --non-interactive");
}

#[test]
fn a_run_tells_its_backup_and_a_failure_the_way_back() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let ran = project.json("up --with-backup --steps 3", 0);
    let [id] = listed(&project, "").try_into().unwrap();
    assert_eq!(ran["backup"]["id"], id.as_str());
    database.execute("CREATE TABLE contract_versions (id int)");
    let failed = project.json("up --with-backup", 1);
    let id = listed(&project, "").pop().unwrap();
    assert_eq!(failed["backup"]["id"], id.as_str());
    let hints = failed["error"]["hints"].as_array().unwrap();
    let hint = hints.last().unwrap().as_str().unwrap();
    assert!(hint.starts_with(&format!("migration-cli restore {id} ")), "{hint}");
    let elsewhere = project.json("up --with-backup --backup-dir elsewhere", 1);
    let id = elsewhere["backup"]["id"].as_str().unwrap();
    let hint = elsewhere["error"]["hints"].as_array().unwrap().last().unwrap().as_str().unwrap();
    let command = format!("migration-cli restore {id} --confirm --backup-dir elsewhere   #");
    assert!(hint.starts_with(&command), "{hint}");
    // With nothing to do there is none, and neither where nothing is to be done.
    project.expect("up --dry-run --with-backup", 0);
    project.expect("up --env production --with-backup", 7);
    assert_eq!(listed(&project, "").len(), 2);
    project.expect("down --all --with-backup", 0);
    let nothing = project.json("down --with-backup", 0);
    assert!(nothing.get("backup").is_none());
    assert_eq!(listed(&project, "").len(), 3);
}

#[test]
fn a_signal_ends_it_and_leaves_nothing() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up", 0);
    let mut blocker = database.client();
    blocker.batch_execute("BEGIN; LOCK TABLE users").unwrap();
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = 'pg_dump' AND wait_event_type = 'Lock'";
    for signal in ["TERM", "INT"] {
        let running = project.command("backup").spawn().unwrap();
        wait_until("pg_dump waits", || database.text(waits) == "1");
        assert!(child::signal(signal, running.id()));
        let output = running.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{stderr}");
        assert!(stderr.contains("Error: interrupted\nState: no backup was taken\n"), "{stderr}");
        assert_eq!(output.stdout, b"");
        wait_until("its session has ended", || database.text(waits) == "0");
        assert_eq!(fs::read_dir(project.path().join(".migration/backups")).unwrap().count(), 2);
    }
    let running = project.command("up --with-backup --to 20240320000000").spawn().unwrap();
    assert_eq!(running.wait_with_output().unwrap().status.code(), Some(0), "nothing is to do");
    blocker.batch_execute("ROLLBACK").unwrap();
    assert_eq!(listed(&project, ""), [""; 0]);
}

const CANARY: &str = "c4n4ry";

#[test]
fn no_password_gets_into_a_backup_or_its_output() {
    let database = TestDatabase::new();
    let role = database.role("app", "");
    database.execute(&format!(
        "ALTER ROLE {0} PASSWORD '{CANARY}'; GRANT pg_read_all_data TO {0};
         GRANT ALL ON SCHEMA public TO {0}",
        role.name
    ));
    let port = database.server().tcp_port();
    let url = format!("postgres://{}:{CANARY}@127.0.0.1:{port}/{}", role.name, database.name());
    let project = Project::new()
        .with("DATABASE_URL", &url)
        .with("PGPASSWORD", CANARY)
        .with("PGPASSFILE", "/nonsense")
        .with("RUST_LOG", "trace");
    let mut printed = String::new();
    for args in [
        "up --steps 1 -vv",
        "backup -vv",
        "backup --jobs 2 --json",
        "up --with-backup -vv",
        "backup list --json",
        "backup verify nonsense",
    ] {
        printed += &project.run(args).all();
    }
    assert_eq!(listed(&project, "").len(), 3, "{printed}");
    assert!(!printed.contains(CANARY), "{printed}");
    let mut count = 0;
    for file in files(project.path()) {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(6).any(|it| it == CANARY.as_bytes()), "{}", file.display());
        count += 1;
    }
    assert!(count > 12, "the search lost its way: {count}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
