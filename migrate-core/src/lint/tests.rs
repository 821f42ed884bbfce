use std::fmt::Write as _;

use expect_test::expect_file;

use super::document::marked;
use super::*;
use crate::analysis::analyze;
use crate::{SourceFile, SourceSet, resolve};

fn file(name: &str, text: &str) -> SourceFile {
    SourceFile { name: name.to_owned(), path: name.into(), bytes: text.as_bytes().to_vec() }
}

/// An example as migrations: what was there before is one of its own.
pub(in crate::lint) fn set(example: &Example, header: &str) -> SourceSet {
    let mut files = Vec::new();
    if !example.before.is_empty() {
        files.push(file("20260101000000_before.up.sql", &marked(example.before)));
        files.push(file("20260101000000_before.down.sql", "SELECT 1"));
    }
    files.push(file("20260101000001_example.up.sql", &format!("{header}{}", marked(example.up))));
    files.push(file(
        "20260101000001_example.down.sql",
        &format!("{header}{}", marked(example.down)),
    ));
    resolve(files, "migrations").unwrap_or_else(|it| panic!("{example:?}: {it:?}"))
}

pub(in crate::lint) fn of_rule(
    rule: &Rule,
    set: &SourceSet,
    options: &LintOptions,
) -> Vec<LintFinding> {
    let last = set.migrations.last().unwrap().version;
    let found = analyze(set, "migrations", options).findings;
    found.into_iter().filter(|it| it.rule.id == rule.id && it.version == last).collect()
}

#[test]
fn rules_find_what_their_examples_say() {
    let mut wrong = String::new();
    for rule in RULES {
        let options = LintOptions::default();
        assert!(rule.examples.iter().any(|it| it.findings > 0), "{} finds nothing", rule.id);
        for example in rule.examples {
            let found = of_rule(rule, &set(example, ""), &options);
            if found.len() != example.findings {
                let messages: Vec<_> = found.iter().map(|it| &it.problem.message).collect();
                writeln!(wrong, "{}: {example:?}\n    found: {messages:#?}", rule.id).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// How serious it is, and in which words: that an example is found says nothing of these.
#[test]
fn rules_say_of_their_examples_what_they_said() {
    let mut said = String::new();
    for rule in RULES {
        writeln!(said, "# {}\n", rule.id).unwrap();
        for example in rule.examples.iter().filter(|it| it.findings > 0) {
            for it in of_rule(rule, &set(example, ""), &LintOptions::default()) {
                let (severity, problem) = (it.severity.as_str(), &it.problem);
                let place = problem.place.map_or(0, |it| it.column);
                let help = problem.help.as_deref().unwrap_or_default();
                writeln!(said, "{severity} at {place}: {}\n  {help}\n", problem.message).unwrap();
            }
        }
    }
    expect_file!["said.txt"].assert_eq(&said);
}

#[test]
fn what_is_accepted_is_not_found() {
    for rule in RULES.iter().filter(|it| it.id != "unused-allow") {
        for example in rule.examples.iter().filter(|it| it.findings > 0) {
            let header = format!("-- migrate:allow {} because it is tried\n", rule.id);
            let found = of_rule(rule, &set(example, &header), &LintOptions::default());
            assert!(found.is_empty(), "{}: {found:#?}", rule.id);
        }
    }
}

/// What a rule advises is what no rule calls an error, and what it does not find itself.
#[test]
fn ways_out_lead_out() {
    let mut wrong = String::new();
    for rule in RULES {
        let mut parts = vec![String::new()];
        for line in rule.way_out.lines() {
            let is_next = line.starts_with("-- ") && line.contains("in the next migration")
                || line.starts_with("-- in the one after that");
            if is_next {
                parts.push(String::new());
            }
            let part = parts.last_mut().unwrap();
            part.push_str(line);
            part.push('\n');
        }
        let mut files = Vec::new();
        for (index, part) in parts.iter().filter(|it| it.contains(';')).enumerate() {
            let name = format!("2026010100000{index}_part");
            files.push(file(&format!("{name}.up.sql"), part));
            files.push(file(&format!("{name}.down.sql"), "SELECT 1"));
        }
        if files.is_empty() {
            continue;
        }
        let set = resolve(files, "migrations").unwrap_or_else(|it| panic!("{}: {it:?}", rule.id));
        for it in analyze(&set, "migrations", &LintOptions::default()).findings {
            // What may be so, and is not known here, stays worth knowing.
            let is_itself = it.rule.id == rule.id && it.severity >= rule.severity;
            if it.severity == Severity::Error || is_itself {
                writeln!(wrong, "{}: {} {:?}", rule.id, it.rule.id, it.problem.message).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// What is found in an example whose scripts have this header and this statement at the end.
fn found_with(rule: &Rule, example: &Example, header: &str, end: &str) -> Vec<String> {
    let with = |sql: &str| {
        let marked = marked(sql);
        let header = if marked.contains(header.trim_end()) { "" } else { header };
        if sql.contains("migrate:irreversible") {
            marked
        } else {
            format!("{header}{};\n{end}", marked.trim_end_matches(';'))
        }
    };
    let mut files = vec![
        file("20260101000001_example.up.sql", &with(example.up)),
        file("20260101000001_example.down.sql", &with(example.down)),
    ];
    if !example.before.is_empty() {
        files.push(file("20260101000000_before.up.sql", &marked(example.before)));
        files.push(file("20260101000000_before.down.sql", "SELECT 1"));
    }
    let set = resolve(files, "migrations").unwrap_or_else(|it| panic!("{example:?}: {it:?}"));
    let found = of_rule(rule, &set, &LintOptions::default());
    found.iter().map(|it| format!("{} {}", it.severity.as_str(), it.problem.message)).collect()
}

fn verifies(example: &Example) -> bool {
    example.up.contains("migrate:verify") || example.down.contains("migrate:verify")
}

#[test]
fn a_query_that_verifies_is_no_finding_and_hides_none() {
    let verify = "-- migrate:verify\nSELECT NOT EXISTS (SELECT FROM app.verified WHERE f(a) > 3)";
    // Its names are looked up in the path of the script, as those of other statements.
    for rule in RULES.iter().filter(|it| it.id != "search-path") {
        for example in rule.examples.iter().filter(|it| !verifies(it)) {
            let plain = found_with(rule, example, "", "");
            assert_eq!(found_with(rule, example, "", verify), plain, "{}: {example:?}", rule.id);
        }
    }
}

#[test]
fn a_script_with_a_batch_runs_statement_by_statement_for_every_rule() {
    let batch = "-- migrate:batch table=app.filled key=id\n\
                 UPDATE app.filled SET a = 1 WHERE id >= :batch_start AND id < :batch_end";
    // It knows that nobody runs batches by hand.
    for rule in RULES.iter().filter(|it| it.id != "not-idempotent") {
        // What is temporary is refused before a batch.
        let fits = |it: &&Example| !verifies(it) && !it.up.contains(" TEMP ");
        for example in rule.examples.iter().filter(fits) {
            let alone = "UPDATE app.filled SET a = 1 WHERE a = 2";
            let expected = found_with(rule, example, "-- migrate:no-transaction\n", alone);
            let found = found_with(rule, example, "", batch);
            assert_eq!(found, expected, "{}: {example:?}", rule.id);
        }
    }
}

#[test]
fn what_is_older_than_the_baseline_is_left_alone() {
    let example = &rule("drop-table").unwrap().examples[0];
    let mut options =
        LintOptions { baseline: "20260101000000".parse().ok(), ..LintOptions::default() };
    assert_eq!(of_rule(rule("drop-table").unwrap(), &set(example, ""), &options).len(), 1);
    options.baseline = "20260101000001".parse().ok();
    assert!(analyze(&set(example, ""), "migrations", &options).findings.is_empty());
}

#[test]
fn rules_are_documented() {
    for (index, rule) in RULES.iter().enumerate() {
        let plain = rule.id.bytes().all(|it| it.is_ascii_lowercase() || it == b'-');
        assert!(plain && !rule.harm.is_empty() && !rule.way_out.is_empty(), "{}", rule.id);
        assert!(!rule.title.ends_with('.') && rule.harm.ends_with('.'), "{}", rule.id);
        assert!(RULES[..index].iter().all(|it| it.id != rule.id), "{} twice", rule.id);
    }
}

#[test]
fn an_index_that_comes_later_is_an_answer() {
    let key = "CREATE TABLE t (a int); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r";
    let late = Example::fine(key, "CREATE INDEX CONCURRENTLY i ON t (a)");
    let found = |example: &Example| {
        let findings = analyze(&set(example, ""), "migrations", &LintOptions::default()).findings;
        findings.iter().filter(|it| it.rule.id == "foreign-key-without-index").count()
    };
    assert_eq!(found(&late), 0);
    assert_eq!(found(&Example::fine(key, "CREATE INDEX CONCURRENTLY i ON t (lower(a))")), 1);
    // What is not read may have built it.
    assert_eq!(found(&Example::fine(key, "DO $$ BEGIN CREATE INDEX ON T (a); END $$")), 0);
    assert_eq!(found(&Example::fine(key, "DO $$ BEGIN CREATE INDEX ON u (a); END $$")), 1);
    let unread = format!("CREATE INDEX i ON t (a) WHERE {}", "(".repeat(60) + &")".repeat(60));
    assert_eq!(found(&Example::fine(key, unread.leak())), 0);
    let unread = set(&late, "-- migrate:no-parse because it is tried\n");
    let findings = analyze(&unread, "migrations", &LintOptions::default()).findings;
    assert!(findings.iter().all(|it| it.rule.id != "foreign-key-without-index"), "{findings:#?}");
}

#[test]
fn a_password_is_not_shown() {
    let rule = rule("password-literal").unwrap();
    for example in rule.examples.iter().filter(|it| it.findings > 0) {
        let found = of_rule(rule, &set(example, ""), &LintOptions::default());
        let shown = format!("{:?}", found.iter().map(|it| &it.problem).collect::<Vec<_>>());
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[test]
fn a_check_may_prove_the_bounds_of_a_partition() {
    let rule = rule("attach-partition-scans").unwrap();
    let of_check = |it: &&Example| {
        it.findings > 0 && it.before.contains("CHECK (") && !it.before.contains("NOT VALID")
    };
    assert!(rule.examples.iter().any(|it| of_check(&it)));
    for example in rule.examples.iter().filter(|it| of_check(it)) {
        let found = of_rule(rule, &set(example, ""), &LintOptions::default());
        assert_eq!(found[0].severity, Severity::Info);
        assert!(found[0].problem.message.contains("unless its CHECK"), "{found:#?}");
    }
}

#[test]
fn partitioned_tables_take_not_valid_from_18_on() {
    #[track_caller]
    fn check(version: &str, expected: &str) {
        let rule = rule("foreign-key-validates").unwrap();
        let before = "CREATE TABLE p (a int) PARTITION BY LIST (a)";
        let example = Example::found(before, "ALTER TABLE p ADD FOREIGN KEY (a) REFERENCES r");
        let options = LintOptions::read(&format!("postgres_version = {version}")).unwrap();
        let found = of_rule(rule, &set(&example, ""), &options);
        let help = found[0].problem.help.as_deref().unwrap();
        assert!(help.starts_with(expected), "{help}");
    }
    check("17", "p is partitioned, and takes NOT VALID from PostgreSQL 18 on");
    check("18", "add NOT VALID");
}

#[test]
fn advice_is_for_the_oldest_server() {
    #[track_caller]
    fn check(id: &str, up: &'static str, version: u8, expected: &str) {
        let options = LintOptions { postgres_version: version, ..LintOptions::default() };
        let found = of_rule(rule(id).unwrap(), &set(&Example::found("", up), ""), &options);
        let help = found[0].problem.help.as_deref().unwrap();
        assert!(help.starts_with(expected), "{help}");
    }
    let stored = "ALTER TABLE t ADD b int GENERATED ALWAYS AS (a) STORED";
    check("column-rewrites-table", stored, 17, "a plain column that a trigger fills");
    check("column-rewrites-table", stored, 18, "GENERATED ALWAYS AS (…) VIRTUAL");
    let set = "ALTER TABLE t ALTER a SET NOT NULL";
    check("set-not-null-scans", set, 17, "ALTER TABLE t ADD CONSTRAINT … CHECK (a IS NOT NULL)");
    check("set-not-null-scans", set, 18, "ALTER TABLE t ADD CONSTRAINT … NOT NULL a NOT VALID");
}

#[test]
fn a_rule_that_does_not_exist_is_named_where_it_stands() {
    let header = "-- About it.\n--  migrate:allow  drop-tabel because it is empty\n";
    let set = set(&Example::fine("", "ANALYZE t"), header);
    let found = of_rule(rule("unknown-rule").unwrap(), &set, &LintOptions::default());
    let problem = &found[0].problem;
    assert_eq!(problem.place, Some(crate::Place { line: 2, column: 20 }));
    assert_eq!((problem.width, problem.help.as_deref()), (10, Some("did you mean `drop-table`?")));
    let allowed = analyze(&set, "migrations", &LintOptions::default()).findings;
    assert!(allowed.iter().all(|it| it.rule.id != "unused-allow"), "{allowed:#?}");
}

#[test]
fn a_rule_that_is_not_looked_for_may_be_accepted_too() {
    let set = set(&Example::fine("", "DROP TABLE t"), "-- migrate:allow drop-table because …\n");
    let unused =
        |toml| of_rule(rule("unused-allow").unwrap(), &set, &LintOptions::read(toml).unwrap());
    assert!(unused("[lint]\nallow = ['drop-table']").is_empty());
    // The down script drops nothing.
    assert_eq!(unused("").len(), 1);
}

/// Not by other rules either, nor where the password is accepted.
#[test]
fn a_line_with_a_password_is_shown_by_no_rule() {
    let up = "ALTER ROLE app\n  PASSWORD 'canary'; DROP TABLE t;\nDROP TABLE u";
    for (header, toml) in [
        ("", ""),
        ("-- migrate:allow password-literal because it is tried\n", ""),
        ("", "[lint]\nallow = ['password-literal']"),
    ] {
        let set = set(&Example::fine("", up), header);
        let found = analyze(&set, "migrations", &LintOptions::read(toml).unwrap()).findings;
        let problems: Vec<_> = found.iter().map(|it| &it.problem).collect();
        assert!(!format!("{problems:?}").contains("canary"), "{problems:#?}");
        let shown = found.iter().filter(|it| it.rule.id == "drop-table");
        let shown: Vec<_> = shown.map(|it| it.problem.source_line.as_deref()).collect();
        assert_eq!(shown, [None, Some("DROP TABLE u")]);
    }
}

#[test]
fn options_are_read_and_mistakes_are_named() {
    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(LintOptions::read(text).unwrap_err().to_string(), expected);
    }
    let text = "postgres_version = 17\n[environments.x]\nurl = 'canary'\n[lint]\nbaseline = '20240320000000'\n\
                allow = ['drop-table']\ndeny = ['warnings']\nwarn = ['index-not-concurrent']\n";
    let options = LintOptions::read(text).unwrap();
    assert_eq!((options.postgres_version, options.deny_warnings), (17, true));
    assert_eq!(options.level(rule("drop-table").unwrap()), None);
    let index = options.level(rule("index-not-concurrent").unwrap());
    assert_eq!(index, Some((Severity::Error, false)));
    let key = options.level(rule("foreign-key-validates").unwrap());
    assert_eq!(key, Some((Severity::Error, true)));

    check(
        "[lint]\ndeny = ['drop-tabel']",
        "2:9: there is no rule `drop-tabel`\nhelp: did you mean `drop-table`?",
    );
    check("[lint]\ndney = []", "2:1: unknown key `dney` in [lint]\nhelp: did you mean `deny`?");
    check(
        "postgres_version = 9",
        "1:20: postgres_version must be a major version from 13 to 18, as in 15",
    );
    check(
        "[lint]\nbaseline = 7",
        "2:12: lint.baseline must be a version, as in \"20240320000000\"",
    );
    check(
        "[lint]\nallow = ['truncate']\ndeny = ['truncate']",
        "3:9: `truncate` stands in [lint] twice",
    );
    check("a = canary", "1:5: this is not TOML");
}
