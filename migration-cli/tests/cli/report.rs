//! `report`: what is on the page, and what is never in it; how the page behaves in a browser is in `browser.rs`.

use std::fs;
use std::path::{Path, PathBuf};

use migration_tests::TestDatabase;
use regex_lite::Regex;

use crate::project::Project;

#[path = "report/browser.rs"]
mod browser;

/// Writes a page, and gives where it is.
#[track_caller]
fn report(project: &Project) -> PathBuf {
    let outcome = project.expect("report", 0);
    assert_eq!(outcome.stdout, "report.html\n");
    project.path().join("report.html")
}

/// What the page says, without its elements.
#[track_caller]
fn said(project: &Project) -> String {
    let page = fs::read_to_string(report(project)).unwrap();
    let body = page.split_once("<body>").unwrap().1.split_once("<script>").unwrap().0;
    let text = Regex::new("<[^>]*>").unwrap().replace_all(body, "").into_owned();
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    entities.iter().fold(text, |text, (entity, it)| text.replace(entity, it))
}

/// The part of a text from one word to another.
#[track_caller]
fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("{start}\n{text}"));
    rest.split_once(end).unwrap_or_else(|| panic!("{end}\n{rest}")).0
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn the_first_sentence_says_how_things_stand() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let check = |word: &str, parts: &[&str]| {
        let said = said(&project);
        assert!(said.contains("Migration report") && said.contains(database.name()));
        let head = between(&said, "UTC", "Status");
        assert!(head.starts_with(word), "{word}\n{head}");
        says(head, parts);
    };
    check("Pending", &["0 of 14 migrations applied, 14 are pending.migration-cli up"]);
    project.expect("up --steps 13", 0);
    check("Pending", &["13 of 14 migrations applied, 1 is pending."]);
    project.expect("up", 0);
    check("In order", &["All 14 migrations are applied, nothing has drifted."]);
    database.execute("DROP INDEX contracts_expires_on_idx");
    let drifted = "All 14 migrations are applied, 1 object has drifted – index contracts_expires_on_idx is missing.";
    check("Needs attention", &[drifted, "migration-cli repair --accept-schema"]);
    project.expect("repair --accept-schema", 0);
    database.execute("UPDATE _migrations SET checksum = repeat('0', 64) WHERE id = 2");
    check("Needs attention", &["13 applied, 1 edited – ", "edited after it ran", "git log -p"]);
    database.execute(
        "DELETE FROM _migrations WHERE id IN (2, 14);
         INSERT INTO _migrations (version, name, checksum, execution_time)
             VALUES ('20250101000000', 'of_a_newer_release', repeat('1', 64), 7);
         ALTER TABLE contracts ADD CONSTRAINT has_id CHECK (id IS NOT NULL) NOT VALID",
    );
    check(
        "Needs attention",
        &["12 applied, 1 unknown, 2 out of order, 1 other problem – ", "up --allow-out-of-order"],
    );
}

#[test]
fn a_run_that_failed_is_on_top_until_it_is_mended() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    database.execute("CREATE TABLE parties (id int)");
    project.expect("up", 1);
    let failed = said(&project);
    let sentence = "1 of 14 migrations applied, 13 are pending – the last `up` of \
        20240327091500_create_party_tables failed, relation \"parties\" already exists.";
    says(&failed, &["Needs attention", sentence, "42P07: relation \"parties\" already exists"]);
    database.execute("DROP TABLE parties");
    project.expect("up", 0);
    let mended = said(&project);
    says(&mended, &["In order", "42P07: relation \"parties\" already exists"]);
    assert!(!mended.contains("Needs attention"), "{mended}");
}

#[test]
fn every_section_says_what_its_command_says() {
    let database = TestDatabase::new();
    let project = Project::on(&database).with("MIGRATION_ENV", "staging");
    project.expect("up --steps 12", 0);
    project.expect("down", 0);
    let said = said(&project);
    says(between(&said, "Environment", "Server"), &["staging"]);
    says(between(&said, "Server", "Made"), &["PostgreSQL 1", "Read as", "migration"]);
    says(between(&said, "Status 14", "Find"), &["History 13", "Plan 3", "Lint 0", "Schema 24"]);
    let status = between(&said, "newest first", "of the log");
    says(status, &["validate_contracts_parent 20240626100000pending", "create_iam_tables"]);
    let history = between(&said, "13 rows of the log", "would run");
    let logs = project.json("logs --limit 1", 0);
    let user = logs["entries"][0]["os_user"].as_str().unwrap();
    let by = format!("down by migration ({user}@");
    says(
        history,
        &[
            &by,
            "all ended well",
            "in staging",
            "with migration-cli",
            "down index_contracts",
            "Began",
        ],
    );
    let plan = between(&said, "3 migrations would run", "Lint");
    let lock = "contracts SHARE UPDATE EXCLUSIVE, blocks schema changes; an index is built (";
    says(plan, &["nobody waits for it", "statement by statement: 2 × create index", lock]);
    let lint = between(&said, "The lint found nothing that hurts", "24 tables");
    says(lint, &["info not-idempotent", ".up.sql:"]);
    let schema = between(&said, "24 tables, 71 indexes", "Made by");
    says(
        schema,
        &[
            "contracts 12 columns",
            "owner_idbigint not null→ users",
            "contracts_kind_check",
            "Referred to by",
        ],
    );
}

#[test]
fn what_was_changed_by_hand_is_told_in_words_and_sql() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    says(&said(&project), &["Nothing has run yet, and so there is nothing to compare."]);
    project.expect("up --steps 3", 0);
    says(&said(&project), &["Nothing has drifted: the schema is as run "]);
    database.execute(
        "ALTER TABLE contracts ALTER status SET DEFAULT 'active';
         CREATE TABLE \"<i>\" (id int)",
    );
    let drifted = said(&project);
    let section = between(&drifted, "2 differences from the schema that run ", "Made by");
    let parts = [
        "table \"<i>\" is new",
        "is+ CREATE TABLE",
        "column contracts.status: default is 'active'::text, was 'draft'::text",
        "was- status text DEFAULT 'draft'::text NOT NULL",
        "migration-cli repair --accept-schema",
    ];
    says(section, &parts);
    says(&drifted, &["3 of 14 migrations applied, 11 are pending, 2 objects have drifted"]);
    project.write("migration.toml", "[drift]\nrecord = false\n");
    says(&said(&project), &["The schema is not watched"]);
    project.write("migration.toml", "");
    database.execute("DELETE FROM _migrations WHERE id = 3");
    says(&said(&project), &["Not compared: it was recorded for another history"]);
}

#[test]
fn the_picture_and_the_list_lead_to_each_other() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 3", 0);
    let page = fs::read_to_string(report(&project)).unwrap();
    let picture = between(&page, "<svg xmlns", "</svg>");
    says(picture, &["data-table=\"contracts\"", "data-table=\"users\""]);
    let list = between(&page, "id=\"tables\"", "</section>");
    assert_eq!(list.matches("In the picture").count(), 9);
    says(&page, &["href=\"#table-public.contracts\"", "id=\"listed-public~2f~contracts\""]);
    // Two names that read alike are not one.
    database
        .execute("CREATE SCHEMA app; CREATE TABLE app.t (id int); CREATE TABLE \"app.t\" (id int)");
    let page = fs::read_to_string(report(&project)).unwrap();
    let list = between(&page, "id=\"tables\"", "</section>");
    says(list, &["href=\"#table-app.t\"", "href=\"#table-public.app-2e-t\""]);
}

#[test]
fn a_plan_that_is_refused_is_told_with_its_way_out() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    database.execute("DELETE FROM _migrations WHERE id = 1");
    let said = said(&project);
    let plan = between(&said, "Nothing can be run as things stand:", "Lint");
    says(plan, &["20240320000000_create_iam_tables", "migration-cli up --allow-out-of-order"]);
}

#[test]
fn nothing_in_the_database_becomes_part_of_the_page() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    database.execute(
        "CREATE TABLE \"<script>alert(1)</script>\" (\"<b>\" int DEFAULT 1, CHECK (\"<b>\" <> 2));
         COMMENT ON TABLE \"<script>alert(1)</script>\" IS '</details></main><script>alert(2)</script>';
         COMMENT ON COLUMN \"<script>alert(1)</script>\".\"<b>\" IS '<!-- <img src=x onerror=alert(3)>';
         CREATE TABLE \"a\"\"b' onclick='alert(4)\" (id int PRIMARY KEY);
         CREATE INDEX \"{{script}}\" ON \"<script>alert(1)</script>\" (\"<b>\");
         INSERT INTO _migrations (version, name, checksum, execution_time)
             VALUES ('20250101000000<i>', '</script><script>alert(5)</script>', repeat('1', 64), 7);
         INSERT INTO _migrations_log (run, command, version, direction, started_at, finished_at, outcome,
                                      sqlstate, message, detail, db_role, os_user, host, application)
             SELECT gen_random_uuid(), it, it, it, now(), now(), it, it, it, jsonb_build_object(it, it), it, it, it, it
             FROM (VALUES ('</script><script>alert(6)</script>\" onload=\"alert(7)' || E'\\x1b[2J\\u202e')) AS hostile (it)",
    );
    let page = fs::read_to_string(report(&project)).unwrap();
    // The picture brings a style of its own.
    assert_eq!([page.matches("<style").count(), page.matches("</style").count()], [2; 2]);
    let counts =
        ["<script", "</script", "<!--", "</main", "</svg>\n"].map(|it| page.matches(it).count());
    assert_eq!(counts, [1; 5]);
    for markup in [
        "<img",
        "<i>",
        "<b>",
        "alert(1)</script",
        "onerror=alert(3)>",
        "\" onload",
        "\u{1b}",
        "\u{202e}",
    ] {
        assert!(!page.contains(markup), "{markup}");
    }
    // No element has an attribute of an event.
    let handler = Regex::new(r#"<[a-z]+( [a-z-]+="[^"]*")* on[a-z]+="#).unwrap();
    assert_eq!(handler.find(&page).map(|it| it.as_str()), None);
    says(&page, &["&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;img src=x", "{{script}}"]);
    let said = said(&project);
    says(&said, &["</details></main><script>alert(2)</script>", "a\"b' onclick='alert(4)"]);
}

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up", 0);
    let page = fs::read_to_string(report(&project)).unwrap();
    let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\">");
    assert!(policy.starts_with("default-src &#39;none&#39;; "), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    for place in ["src=", "@import", "url(", "<link", "<iframe", "<object", "<form"] {
        assert!(!page.contains(place), "{place}");
    }
    for link in page.split("href=\"").skip(1) {
        let target = link.split('"').next().unwrap();
        let id = target.strip_prefix('#').unwrap_or_else(|| panic!("{target}"));
        assert!(page.contains(&format!("id=\"{id}\"")), "{target} leads nowhere");
    }
    // Without script, the search is missing, and what changes the size of the picture.
    let hidden = Regex::new("<[a-z]+( [a-z-]+=\"[^\"]*\")* hidden").unwrap();
    let hidden: Vec<&str> = hidden.find_iter(&page).map(|it| it.as_str()).collect();
    assert_eq!(hidden.len(), 3, "{hidden:?}");
    let ids: Vec<&str> =
        page.split(" id=\"").skip(1).map(|it| it.split('"').next().unwrap()).collect();
    let unique: std::collections::BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "an id is there twice");
}

#[test]
fn a_long_history_comes_in_portions() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 1", 0);
    database.execute(
        "INSERT INTO _migrations_log (run, command, version, direction, started_at, finished_at, outcome, db_role)
         SELECT gen_random_uuid(), 'up', '20240320000000', 'up', now() + it * interval '1 min',
                now() + it * interval '1 min' + it * interval '1 ms', CASE WHEN it = 2500 THEN 'interrupted' ELSE 'ok' END, 'ada'
         FROM generate_series(1, 2500) it",
    );
    let page = fs::read_to_string(report(&project)).unwrap();
    assert!(page.len() < 4_000_000, "{}", page.len());
    let rows: Vec<_> = page.match_indices("<li class=\"row\"").collect();
    assert_eq!(rows.len(), 2000);
    let more =
        page.find("<details class=\"more\"><summary>Show 200 older rows, back to 2").unwrap();
    assert_eq!(rows.iter().filter(|it| it.0 < more).count(), 40);
    says(
        &page,
        &[
            "2000 rows of the log, newest first; 1 did not end well",
            "migration-cli logs --limit 4000",
        ],
    );
}

#[test]
fn a_file_of_somebody_else_is_not_replaced() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    report(&project);
    // A report of ours is.
    report(&project);
    project.write("report.html", "<!doctype html>\n<p>mine");
    let refused = project.expect("report", 2);
    says(
        &refused.stderr,
        &[
            "report.html is there, and is no report",
            "Hint: migration-cli report --output report.new.html",
        ],
    );
    assert_eq!(fs::read(project.path().join("report.html")).unwrap(), b"<!doctype html>\n<p>mine");
    assert_eq!(project.json("report", 2)["error"]["kind"], "usage");
    assert_eq!(project.expect("report -o report.new.html", 0).stdout, "report.new.html\n");
    let none = project.expect("report --output none/report.html", 1);
    says(&none.stderr, &["cannot write none/report.html", "Hint: mkdir -p none"]);
    project.write("folder/x", "");
    project.expect("report -o folder", 2);
    assert_eq!(fs::read_dir(project.path()).unwrap().count(), 3, "nothing else is left behind");
}

#[test]
fn programs_get_the_path_or_the_page() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    let object = project.json("report -o page.html", 0);
    assert_eq!(object["files"], serde_json::json!(["page.html"]));
    assert_eq!(object["summary"]["pending"], 12);
    assert_eq!(object["database"], database.name());
    let page = project.expect("report -o -", 0).stdout;
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    let text = project.json("report -o -", 0);
    assert!(text["text"].as_str().unwrap().starts_with("<!doctype html>"));
    assert!(!project.path().join("report.html").exists() && !project.path().join("-").exists());
}

#[test]
fn without_a_database_there_is_no_page() {
    let project = Project::new().with("DATABASE_URL", "postgres://u@127.0.0.1:1/d");
    let refused = project.expect("report", 3);
    assert!(refused.stderr.contains("Error: cannot connect"), "{}", refused.stderr);
    assert!(!project.path().join("report.html").exists());
    assert_eq!(project.json("report", 3)["error"]["kind"], "connect");
}

#[test]
fn it_needs_no_consent_and_leaves_no_trace() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("report --env production --non-interactive", 0);
    assert_eq!(
        database.text("SELECT count(*) FROM pg_class WHERE relname LIKE '\\_migrations%'"),
        "0"
    );
    project.expect("up --env production --confirm", 0);
    let rows = "SELECT count(*) FROM _migrations_log";
    let before = database.text(rows);
    let page = project.expect("report --env production -o -", 0).stdout;
    says(&page, &["production <span class=\"tag\">protected</span>"]);
    assert_eq!(database.text(rows), before);
}

#[test]
fn a_role_that_may_only_read_is_enough_and_hears_what_it_may_not_see() {
    let database = TestDatabase::new();
    let owner = Project::on(&database);
    owner.expect("up --steps 3", 0);
    let reader = database.role("reader", "");
    let project = Project::new().with("DATABASE_URL", &reader.url);
    database.execute(&format!("GRANT SELECT ON _migrations TO {}", reader.name));
    let said = said(&project);
    says(
        &said,
        &[
            "3 of 14 migrations applied",
            "The log cannot be read: the role lacks a right",
            "GRANT SELECT ON \"public\"._migrations_log TO",
        ],
    );
    says(&said, &["contracts 11 columns"]);
    database.execute(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", reader.name));
    says(&self::said(&project), &["3 rows of the log"]);
}

/// A page with something of everything in it, for those who look at it.
fn full(folder: &Path) -> (TestDatabase, Project) {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    database.execute("CREATE TABLE parties (id int)");
    project.expect("up", 1);
    database.execute("DROP TABLE parties");
    project.expect("up --steps 11", 0);
    project.expect("down", 0);
    let page = folder.join("report.html");
    project.expect(&format!("report --output {}", page.display()), 0);
    (database, project)
}
