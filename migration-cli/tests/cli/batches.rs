//! Statements that run in batches, as people and programs see them: the titles of many contracts are tidied.

use migration_tests::TestDatabase;

use crate::project::Project;
use crate::transcript::Transcript;

/// More than one batch has, and every third of them untidy.
const CONTRACTS: &str = "
    INSERT INTO users (email, display_name) VALUES ('ada@example.org', 'Ada');
    INSERT INTO contracts (reference, title, kind, owner_id)
    SELECT 'C-' || n, CASE n % 3 WHEN 0 THEN 'Contract   no. ' || n ELSE 'Contract no. ' || n END, 'service',
           (SELECT id FROM users)
    FROM generate_series(1, 12000) n;
    ANALYZE contracts";

const UNTIDY: &str = "SELECT count(*) FROM contracts WHERE title LIKE '%  %'";

/// A database that is about to tidy the titles.
fn many_contracts() -> (TestDatabase, Project) {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    // Older than the audit trail: they have no event.
    project.expect("up --to 20240522090000", 0);
    database.execute(CONTRACTS);
    project.expect("up --to 20240626100000", 0);
    (database, project)
}

#[test]
fn a_run_whose_batches_took_too_long_is_8_and_the_next_one_goes_on() {
    let (database, project) = many_contracts();
    let mut transcript = Transcript::of(&project);
    transcript.run("up --max-batch-time 1ms", 8).both("status", 0).run("verify", 8);
    transcript.run("repair --dry-run", 0).run("up --max-replication-lag 0", 0).run("up", 0);
    transcript.expect("batches");
    assert_eq!(database.text(UNTIDY), "0");
    let logged = project.expect("logs --limit 1", 0).stdout;
    assert!(logged.contains("\n    7000 rows in "), "{logged}");
}

#[test]
fn every_view_of_unfinished_batches_tells_how_far_they_are() {
    let (_database, project) = many_contracts();
    let json = project.json("up --max-batch-time 1ms", 8);
    assert_eq!(json["error"]["kind"], "unfinished");
    let ways_out = [
        "migration-cli up   # goes on at statement 3",
        "migration-cli down   # takes back what it has done",
    ];
    assert_eq!(json["error"]["hints"], serde_json::json!(ways_out));
    let told = "20240710123000 stopped in statement 3, after 41 % of its rows, 5000 of about 12000";
    let info = &project.json("info 20240710123000", 0)["info"]["batches"];
    let far = serde_json::json!({ "statement": 3, "rows": 5000, "total": 12000, "percent": 41, "batches": 1 });
    assert_eq!(*info, far);
    project.expect("status --check", 8);
    project.expect("report --output report.html", 0);
    let page = std::fs::read_to_string(project.path().join("report.html")).unwrap();
    assert!(page.contains(told));
    for args in ["status", "info 20240710123000", "doctor", "force 20240710123000 --dry-run"] {
        let shown = project.run(args).all();
        assert!(shown.contains(&told["20240710123000 ".len()..]), "{args}: {shown}");
    }
    let verified = project.run("verify").all();
    let both = "Hint: migration-cli up   # goes on with it; `migration-cli down` takes it back";
    assert!(verified.contains(both), "{verified}");
}

#[test]
fn what_is_half_done_is_taken_back() {
    let (database, project) = many_contracts();
    let before = database.text(UNTIDY);
    project.expect("up --max-batch-time 1ms", 8);
    let planned = project.expect("down --dry-run", 0).stdout;
    assert!(planned.contains("20240710123000"), "{planned}");
    let json = project.json("down", 0);
    let [reverted] = &json["migrations"].as_array().unwrap()[..] else { panic!("{json}") };
    assert_eq!(
        (&reverted["version"], &reverted["state"]),
        (&"20240710123000".into(), &"pending".into())
    );
    assert_eq!(database.text(UNTIDY), before);
    let status = project.json("status", 0);
    assert_eq!(status["summary"]["unfinished"], 0);
    project.expect("up", 0);
    assert_eq!(database.text(UNTIDY), "0");
}

#[test]
fn the_time_of_batches_is_a_setting_of_the_environment() {
    let (database, project) = many_contracts();
    project.write(
        "migration.toml",
        "[environments.development]\nmax_batch_time = '1ms'\nmax_replication_lag = '0'\n",
    );
    let shown = project.expect("config", 0).stdout;
    for (key, value) in [("max_batch_time", "1ms"), ("max_replication_lag", "0")] {
        let line = shown.lines().find(|it| it.starts_with(key)).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[..2], [key, value]);
        assert!(
            line.ends_with(&format!("migration.toml: environments.development.{key}")),
            "{line}"
        );
    }
    let json = project.json("up", 8);
    assert_eq!(json["error"]["kind"], "unfinished");
    // What is typed comes first.
    project.expect("up --max-batch-time 0", 0);
    assert_eq!(database.text(UNTIDY), "0");
}
