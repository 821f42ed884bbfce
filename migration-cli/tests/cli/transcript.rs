//! What a person and a program see: every command with its streams and its exit code, kept in
//! `transcripts/` and compared. What differs from run to run is replaced by its name in brackets.

use std::fmt::Write as _;
use std::path::Path;

use expect_test::expect_file;
use migration_tests::TestDatabase;

use crate::embedded::Stopped;
use crate::neutral::neutral;
use crate::project::{Outcome, Project};
use crate::schema::assert_documented;

/// Manual pages are too long for a transcript.
const SHOWN_LINES: usize = 60;

/// Runs commands in a project, each as a person and as a program, and keeps what they print.
pub(crate) struct Transcript<'a> {
    project: &'a Project,
    text: String,
}

impl<'a> Transcript<'a> {
    pub(crate) fn of(project: &'a Project) -> Transcript<'a> {
        Transcript { project, text: String::new() }
    }

    /// The command for a person.
    #[track_caller]
    pub(crate) fn run(&mut self, args: &str, code: i32) -> &mut Self {
        let outcome = self.project.expect(args, code);
        self.keep(args, &outcome);
        self
    }

    /// The command for a program; the object is checked against its schema.
    #[track_caller]
    pub(crate) fn json(&mut self, args: &str, code: i32) -> &mut Self {
        let args = format!("{args} --json");
        let outcome = self.project.expect(&args, code);
        assert_documented(&serde_json::from_str(&outcome.stdout).unwrap());
        self.keep(&args, &outcome);
        self
    }

    /// Both, for a command that changes nothing.
    #[track_caller]
    pub(crate) fn both(&mut self, args: &str, code: i32) -> &mut Self {
        self.run(args, code).json(args, code)
    }

    fn keep(&mut self, args: &str, outcome: &Outcome) {
        let _ = writeln!(self.text, "$ migration-cli {args}");
        for line in outcome.stderr.lines() {
            let _ = writeln!(self.text, "! {line}");
        }
        for (number, line) in outcome.stdout.lines().enumerate() {
            if number == SHOWN_LINES && args.starts_with("man ") {
                self.text.push_str("…\n");
                break;
            }
            let _ = writeln!(self.text, "{line}");
        }
        let _ = writeln!(self.text, "[exit {}]\n", outcome.code);
    }

    #[track_caller]
    pub(crate) fn expect(&self, name: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/transcripts");
        let text = neutral(&self.text, self.project.path());
        expect_file![folder.join(format!("{name}.txt"))].assert_eq(&text);
    }
}

#[test]
fn status_plan_and_up() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let mut transcript = Transcript::of(&project);
    transcript.run("plan --steps 3", 0).json("plan --to 20240320000000", 0);
    transcript.both("plan --steps 1 --single-transaction", 0);
    transcript.run("up --dry-run --steps 1", 0).run("up --env production", 7);
    transcript.json("up --env production --steps 1", 7);
    transcript.run("up --steps 1", 0).json("up --steps 2", 0);
    transcript.both("status --check", 4).expect("up");
}

#[test]
fn up_that_fails() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE parties (id int)");
    let project = Project::on(&database);
    Transcript::of(&project).run("up", 1).json("up", 1).expect("up-fails");
}

#[test]
fn down() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up", 0);
    let mut transcript = Transcript::of(&project);
    transcript.both("plan --down", 0).run("plan --down 3 --verbose", 0).both("down 99", 2);
    transcript.run("down", 0).json("down 2", 0).run("down --all --quiet", 0);
    transcript.both("down", 0).expect("down");
}

#[test]
fn verify() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 3", 0);
    let mut transcript = Transcript::of(&project);
    transcript.run("verify", 0);
    database.execute("UPDATE _migrations SET checksum = repeat('0', 64) WHERE id = 2");
    database.execute("DELETE FROM _migrations WHERE id = 1");
    transcript.both("verify", 5).both("up", 5).expect("verify");
}

#[test]
fn check() {
    let database = TestDatabase::new();
    let project = Project::new().with("MIGRATION_SCRATCH_URL", &database.url());
    let mut transcript = Transcript::of(&project);
    transcript.run("check", 0).both("check", 0).run("check --format sarif --json", 2);
    project.write("leaves.sql", crate::check::LEAVES);
    transcript
        .run("check --setup leaves.sql", 5)
        .run("check --setup leaves.sql --format github", 5);
    project.write("fails.sql", crate::check::FAILS);
    transcript.both("check --setup fails.sql", 1).run("check --setup fails.sql --format junit", 1);
    transcript.run("check --setup no.sql", 2).expect("check");
}

#[test]
fn verify_deep() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up", 0);
    let mut transcript = Transcript::of(&project);
    transcript.run("verify --deep", 0);
    database.execute(
        "CREATE TABLE shops (id int PRIMARY KEY);
         CREATE TABLE goods (id int PRIMARY KEY, shop int CONSTRAINT of_shop REFERENCES shops, price int,
             CONSTRAINT priced CHECK (price > 0) NOT VALID);
         ALTER TABLE goods DROP CONSTRAINT priced;
         SET session_replication_role = replica;
         INSERT INTO goods SELECT n, n, n - 1 FROM generate_series(1, 12) n;
         ALTER TABLE goods ADD CONSTRAINT priced CHECK (price > 0) NOT VALID",
    );
    transcript
        .both("verify --deep", 5)
        .run("verify --deep --offline", 2)
        .run("verify --deep -v", 5);
    transcript.expect("verify-deep");
}

#[test]
fn repair() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up", 0);
    let mut transcript = Transcript::of(&project);
    transcript.both("repair", 0);
    database.execute(
        "DELETE FROM _migrations WHERE version = '20240619085000';
         INSERT INTO _migrations_progress (version, direction, statement, statement_checksum, run,
             started_at, updated_at) SELECT '20240619085000', 'up', 1,
             encode(sha256(convert_to('CREATE INDEX CONCURRENTLY contracts_parent_contract_id_idx ON contracts (parent_contract_id)', 'UTF8')), 'hex'),
             gen_random_uuid(), now(), now();
         DROP TABLE _migrations_script;
         DROP INDEX contracts_expires_on_idx;
         UPDATE _migrations SET checksum = repeat('0', 64) WHERE id = 2",
    );
    transcript.both("repair --dry-run", 0).run("repair --env production", 7);
    transcript.both("repair", 8);
    transcript.run("repair --mark-done", 0).run("repair --update-checksums", 0).json("repair", 0);
    transcript.run("verify", 0).expect("repair");
}

#[test]
fn doctor() {
    let project = Stopped(Project::new());
    let Stopped(it) = &project;
    let mut transcript = Transcript::of(it);
    transcript.both("doctor", 0);
    it.expect("up", 0);
    let sql = |sql: &str| {
        let mut psql = it.command("db psql -- -qc");
        assert_eq!(Outcome::of(psql.arg(sql)).code, 0, "{sql}");
    };
    sql("ALTER TABLE users ADD CONSTRAINT has_id CHECK (id IS NOT NULL) NOT VALID;
         ALTER TABLE _migrations_log DISABLE TRIGGER append_only");
    transcript.run("doctor", 0);
    sql("ALTER DATABASE development SET session_replication_role = replica");
    transcript.both("doctor", 5).expect("doctor");
}

#[test]
fn force() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let mut transcript = Transcript::of(&project);
    transcript.both("force 20240403083000 --dry-run", 0);
    transcript.both("force 20240403083000 --env production", 7);
    transcript.run("force 20240403083000 --reason restored", 0);
    transcript.json("force 20240522090000 --env production --confirm", 0);
    transcript.both("force 20240522090000", 0);
    database.execute(
        "UPDATE _migrations SET checksum = repeat('0', 64) WHERE id = 2;
         INSERT INTO _migrations (version, name, checksum, execution_time)
             VALUES ('20250101000000', 'of_a_newer_release', repeat('1', 64), 7);
         INSERT INTO _migrations_progress (version, direction, statement, statement_checksum, run,
             started_at, updated_at)
             VALUES ('20240619085000', 'up', 2, repeat('0', 64), gen_random_uuid(), now(), now())",
    );
    transcript.both("force 20240619085000 --dry-run", 0);
    transcript.run("force 20240619085000", 7).run("force 20240619085000 --confirm", 0);
    transcript.run("verify", 0).run("info 20240320000000", 0);
    transcript.both("force 20240403083001", 2).run("force --dry-run 20240403083001", 2);
    transcript.run("force", 2).expect("force");
}

#[test]
fn backup() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let mut transcript = Transcript::of(&project);
    transcript.both("backup list", 0).run("up --with-backup --steps 3", 0);
    transcript.run("backup", 0).json("backup --jobs 2", 0).both("backup list", 0);
    let list = project.json("backup list", 0);
    let id = list["backups"][1]["id"].as_str().unwrap().to_owned();
    transcript.both(&format!("backup verify {id}"), 0);
    transcript.both("backup verify ../20261125T221530Z-production-3f9c", 2);
    transcript.run("backup prune --keep 1 --env production", 7);
    transcript.run("backup prune --keep 2", 0).json("backup prune --keep 1", 0);
    transcript.both(&format!("backup verify {id}"), 2);
    database.execute("CREATE TABLE contract_versions (id int)");
    transcript.both("up --with-backup", 1).json("down --with-backup", 0).expect("backup");
}

#[test]
fn restore() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 3", 0);
    let id = project.expect("backup", 0).stdout.trim().to_owned();
    let mut transcript = Transcript::of(&project);
    transcript.both(&format!("restore {id} --dry-run"), 0).run(&format!("restore {id}"), 7);
    transcript.run(&format!("restore {id} --confirm"), 0);
    transcript.run(&format!("restore --drop-old {id}"), 7);
    transcript.json(&format!("restore --drop-old {id} --confirm"), 0);
    transcript.run(&format!("restore --drop-old {id}"), 2);
    database.execute("CREATE VIEW later AS SELECT 1 AS one");
    transcript.run(&format!("restore {id} --in-place --confirm"), 0);
    transcript.json(&format!("restore {id} --confirm"), 0);
    transcript.both("restore 20200101T000000Z-production-3f9c", 2).expect("restore");
}

#[test]
fn info() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up", 0);
    project.expect("down 3", 0);
    let mut transcript = Transcript::of(&project);
    transcript.both("info 20240619085000", 0).run("info 20240710123000", 0);
    transcript.both("info index_contracts", 2).expect("info");
}

#[test]
fn info_of_what_needs_a_look() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 3", 0);
    database.execute(
        "UPDATE _migrations SET checksum = repeat('0', 64), name = 'renamed_by_hand' WHERE id = 1;
         UPDATE _migrations_script SET down_sql = 'SELECT 1', statements = jsonb_set(statements,
             '{statements}', '[{\"start\": 0, \"end\": 8, \"line\": 1, \"kind\": \"select\"}]'),
             down_checksum = encode(sha256('SELECT 1'), 'hex') WHERE version = '20240327091500';
         INSERT INTO _migrations (version, name, checksum, execution_time)
             VALUES ('20250101000000', 'of_a_newer_release', repeat('1', 64), 7);
         INSERT INTO _migrations_script VALUES ('20250101000000', NULL, NULL, 'transactional',
             '{\"statements\": [], \"directives\": {\"irreversible\": \"it cannot be taken back\"}}');
         INSERT INTO _migrations_progress (version, direction, statement, statement_checksum, run,
             started_at, updated_at)
             VALUES ('20240619085000', 'up', 2, repeat('0', 64), gen_random_uuid(), now(), now());
         ALTER TABLE _migrations_log DISABLE TRIGGER append_only;
         UPDATE _migrations_log SET outcome = 'failed', sqlstate = '42P07', message = 'it was there',
             os_user = 'ada', host = 'desk', environment = 'staging', application = 'contracts 1.2',
             revision = 'abc', detail = '{\"retries\": 2}', finished_at = started_at + interval '2 s'
             WHERE version = '20240403083000'",
    );
    let mut transcript = Transcript::of(&project);
    transcript.run("info 20240320000000", 0).run("info 20240327091500", 0);
    transcript.run("info 20250101000000", 0).both("info 20240619085000", 0);
    transcript.both("info 20240403083000", 0);

    let reader = database.role("reader", "");
    database.execute(&format!("GRANT SELECT ON _migrations TO {}", reader.name));
    let reading = Project::new().with("DATABASE_URL", &reader.url);
    let shown = reading.expect("info 20240403083000", 0).stdout;
    assert!(shown.ends_with("\nThe log cannot be read, by this role at least.\n"), "{shown}");
    assert_eq!(reading.json("info 20240403083000", 0)["info"]["log"], serde_json::Value::Null);
    transcript.expect("info-states");
}

#[test]
fn logs() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let mut transcript = Transcript::of(&project);
    transcript.both("logs", 0);
    database.execute("CREATE TABLE parties (id int)");
    project.expect("up --steps 2", 1);
    project.expect("down", 0);
    project.expect("up --env production", 7);
    transcript.both("logs", 0).run("logs --limit 1", 0).run("history --verbose --since 1h", 0);
    transcript.run("logs --version 20240327091500", 0).run("logs --since 2099-01-01", 0);
    transcript.both("logs --version 20240320000001", 2).run("logs --since yesterday", 2);
    transcript.run("logs --limit 0", 2).expect("logs");
}

#[test]
fn config() {
    let project = Project::new();
    let mut transcript = Transcript::of(&project);
    transcript.both("config", 0);
    project.write(".env", "MIGRATION_ENV=staging\n");
    project.write(
        "migration.toml",
        "[environments.staging]\nprotected = true\nurl = 'postgres://u:canary@h/d'\n",
    );
    transcript.run("config --wait 90s", 0).run("config --env production", 0);
    transcript.both("config --database-url nonsense", 2);
    assert!(!transcript.text.contains("canary"), "{}", transcript.text);
    transcript.expect("config");
}

#[test]
fn create_and_init() {
    let project = Project::new();
    let mut transcript = Transcript::of(&project);
    transcript.both("init", 2);
    project.write("Cargo.toml", "[package]\nname = \"app\"\n");
    project.write("build.rs", "fn main() {}\n");
    transcript.run("init", 0).json("init", 0);
    transcript.run("create create_users_table", 0).json("new add_email_to_users", 0);
    transcript.both("create ___", 2).expect("create");
}

#[test]
fn import() {
    let project = Project::new();
    project.write("old/V1__Initial Users.sql", "CREATE TABLE users (id int);\n");
    project.write("old/V2__backfill.rs", "pub fn migration() -> String { String::new() }\n");
    project.write("old/V10__broken.sql", "CREATE TABEL b (id int);\n");
    project.write("old/notes.txt", "");
    let mut transcript = Transcript::of(&project);
    transcript.both("import --from nowhere", 2).both("import --from . --layout diesel", 2);
    transcript.both("import --from old --dry-run", 0).run("import --from old", 0);
    transcript.json("import --from old --migrations-dir other", 0).run("import --from old", 2);
    transcript.expect("import");
}

#[test]
fn db() {
    let project = Stopped(Project::new());
    let Stopped(it) = &project;
    let mut transcript = Transcript::of(it);
    transcript.both("db status", 0).both("db url", 3).run("db start", 0).json("db start", 0);
    transcript.both("db status", 0).both("db url", 0).run("db psql -- -Atc table(values(1))", 1);
    transcript.json("db psql", 2).run("db stop", 0).json("db stop", 0).both("db reset", 7);
    transcript.run("db reset --confirm", 0).json("db reset --confirm", 0).expect("db");
}

#[test]
fn completions_and_man() {
    let project = Project::new();
    // They do not read it.
    project.write("migration.toml", "nonsense");
    let mut transcript = Transcript::of(&project);
    transcript.json("completions bash", 0).both("completions dosh", 2);
    transcript.json("man", 0).run("man db start", 0).both("man nonsense", 2);
    transcript.run("man --to pages", 0).json("man --to pages", 0).expect("completions");
}

#[test]
fn a_command_line_that_is_not_understood() {
    let project = Project::new();
    let mut transcript = Transcript::of(&project);
    transcript.both("statsu", 2).both("up --stesp 1", 2).both("down 1 --all", 2);
    transcript.both("--env prodution up", 2).both("plan --down --steps 1", 2);
    transcript.run("plan --down 1 --all", 2).run("plan --down 1 --to 20240320000000", 2);
    transcript.run("plan --down --all --to 20240320000000", 2);
    transcript.run("plan --to 20240320000001", 2).run("up --dry-run --to 20240320000001", 2);
    transcript.both("up --to 20240320000001", 2).expect("did-you-mean");
}
