use crate::LintOptions;
use crate::lint::tests::{of_rule, set};
use crate::lint::{Example, rule};

/// What is said of an up script and a down script.
#[track_caller]
fn check(up: &'static str, down: &'static str, expected: &str) {
    let example = Example::fine("", up).with_down(down);
    let set = set(&example, "");
    let found = of_rule(rule("down-does-not-undo").unwrap(), &set, &LintOptions::default());
    let said = found.iter().map(|it| it.problem.message.trim_start_matches("the down script "));
    assert_eq!(said.collect::<Vec<_>>().join("; "), expected);
}

#[test]
fn partitions_go_with_their_table_while_they_are_its_partitions() {
    let up = "CREATE TABLE t (a int); CREATE TABLE u (a int); CREATE TABLE p (a int) PARTITION BY LIST (a); \
              ALTER TABLE p ATTACH PARTITION t DEFAULT";
    check(up, "DROP TABLE p", "leaves the table u behind");
    let up = "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE t PARTITION OF p DEFAULT; \
              ALTER TABLE p DETACH PARTITION t";
    check(up, "DROP TABLE p", "leaves the table t behind");
    let up = "CREATE TABLE p (a int) PARTITION BY LIST (a); \
              CREATE TABLE c PARTITION OF p DEFAULT PARTITION BY LIST (a); \
              CREATE TABLE d PARTITION OF c DEFAULT; CREATE INDEX i ON d (a); CREATE INDEX j ON t (a)";
    check(up, "DROP TABLE p", "leaves the index j behind");
}

#[test]
fn an_index_goes_with_the_constraint_that_takes_it() {
    let up = "CREATE INDEX i ON t (a); CREATE UNIQUE INDEX j ON t (b); \
              ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX j";
    check(up, "ALTER TABLE t DROP CONSTRAINT k", "leaves the index i behind");
}

#[test]
fn what_the_server_names_may_be_what_was_dropped() {
    let constraint = "ALTER TABLE t DROP CONSTRAINT t_a_key";
    let missing = "does not bring the constraint t_a_key of t back";
    check(constraint, "ALTER TABLE t ADD UNIQUE (a)", "");
    check(constraint, "ALTER TABLE u ADD UNIQUE (a)", missing);
    check(constraint, "CREATE INDEX ON t (a)", missing);
    let index = "DROP INDEX i; ALTER TABLE t DROP COLUMN b";
    check(index, "CREATE INDEX ON t (a)", "does not bring the column t.b back");
    let sequence = "DROP SEQUENCE t_a_seq";
    check(sequence, "ALTER TABLE t ADD a int GENERATED ALWAYS AS IDENTITY", "");
    check(sequence, "ALTER TABLE t ADD a int", "does not bring the sequence t_a_seq back");
}

#[test]
fn a_table_comes_back_with_its_parts_and_no_others() {
    let column = "does not bring the column u.b back";
    check("ALTER TABLE u DROP COLUMN b; DROP TABLE t", "CREATE TABLE t (a int)", column);
    check("ALTER TABLE u DROP COLUMN b", "DROP TABLE u", "");
    check("ALTER TABLE u DROP COLUMN b", "DROP TABLE t", column);
    check("ALTER TABLE u DROP COLUMN b", "DROP VIEW u", column);
}

#[test]
fn a_sequence_goes_with_the_table_that_owns_it() {
    let left = "leaves the sequence s behind";
    check("CREATE SEQUENCE s; ALTER TABLE t ADD a int", "ALTER TABLE t DROP a", left);
    let owned = "CREATE SEQUENCE s OWNED BY t.a; CREATE VIEW v AS SELECT 1";
    check(owned, "DROP VIEW v", left);
    let owned = "CREATE TABLE t (a int); CREATE TABLE u (a int); CREATE SEQUENCE s OWNED BY t.a";
    check(owned, "DROP TABLE t", "leaves the table u behind");
}

#[test]
fn what_is_renamed_is_made_and_dropped() {
    let up = "ALTER TABLE t RENAME TO u; ALTER TABLE o ADD b int";
    let said = "leaves the table u behind; does not bring the table t back";
    check(up, "ALTER TABLE o DROP b", said);
    let up = "DROP TABLE t; ALTER TABLE n RENAME TO t";
    check(up, "ALTER TABLE t RENAME TO n; CREATE TABLE t (a int)", "");
}

#[test]
fn an_index_or_a_constraint_goes_with_its_columns() {
    let check = |more: &str, expected: &str| {
        let up = format!("ALTER TABLE t ADD a int; {more}").leak();
        check(up, "ALTER TABLE t DROP a", expected);
    };
    check("CREATE INDEX i ON t (b, a)", "");
    check("CREATE INDEX i ON t (b)", "leaves the index i behind");
    check("CREATE INDEX i ON t (b) WHERE a > 0", "");
    check("ALTER TABLE t ADD CONSTRAINT k UNIQUE (b, a)", "");
    check("ALTER TABLE t ADD CONSTRAINT k UNIQUE (b)", "leaves the constraint k of t behind");
    check(
        "CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX i",
        "",
    );
    check("CREATE INDEX i ON u (a)", "leaves the index i behind");
}

#[test]
fn columns_are_followed_when_they_are_renamed() {
    let up = "ALTER TABLE t ADD a int; CREATE INDEX i ON t (a); ALTER TABLE t RENAME a TO b";
    check(up, "ALTER TABLE t DROP b", "");
    let up =
        "ALTER TABLE t ADD a int, ADD c int; CREATE INDEX i ON t (a); ALTER TABLE t RENAME c TO d";
    check(up, "ALTER TABLE t DROP a, DROP d", "");
    let up = "ALTER TABLE t ADD a int; CREATE INDEX i ON t (a); ALTER TABLE u RENAME a TO b";
    check(up, "ALTER TABLE u RENAME b TO a; ALTER TABLE t DROP a", "");
}

#[test]
fn a_name_without_a_schema_may_be_in_any() {
    check(
        "CREATE TABLE s.t (a int); CREATE TABLE r.t (a int)",
        "DROP TABLE s.t",
        "leaves the table r.t behind",
    );
    check("CREATE TABLE t (a int)", "DROP TABLE s.t", "");
    check("CREATE TABLE s.t (a int)", "DROP TABLE t", "");
    check("CREATE SCHEMA IF NOT EXISTS public; CREATE TABLE t (a int)", "DROP TABLE t", "");
    check("CREATE SCHEMA s; CREATE TABLE t (a int)", "DROP TABLE t", "leaves the schema s behind");
}

#[test]
fn a_policy_is_one_of_its_table() {
    let up = "CREATE POLICY p ON t; CREATE POLICY p ON u";
    check(up, "DROP POLICY p ON t", "leaves the policy p on u behind");
}
