use super::*;
use crate::resolve::SourceFile;
use crate::script::inspect;
use crate::{Direction, Manner, Mode, SourceScript};

const BATCH: &str = "-- migrate:batch table=a key=id\n";

#[test]
fn options_are_read() {
    let batch = |value: &str| parse_options(value).unwrap();
    let plain = Batch {
        table: "a".to_owned(),
        key: vec!["id".to_owned()],
        size: 1_000,
        min_size: 100,
        max_size: 50_000,
        target_ms: 200,
        pause_ms: 0,
    };
    assert_eq!(batch("table=a key=id"), plain);
    assert_eq!(batch("key=ID  table=a"), plain);
    let all = "table=\"My schema\".\"a\"\"b\" key=tenant_id,\"Id, 2\" size=20 min-size=10 max-size=30 target=1s pause=50ms";
    assert_eq!(
        batch(all),
        Batch {
            table: "\"My schema\".\"a\"\"b\"".to_owned(),
            key: vec!["tenant_id".to_owned(), "Id, 2".to_owned()],
            size: 20,
            min_size: 10,
            max_size: 30,
            target_ms: 1_000,
            pause_ms: 50,
        }
    );
    let sizes = |value: &str| {
        let it = batch(&format!("table=a key=id {value}"));
        (it.min_size, it.size, it.max_size)
    };
    assert_eq!(sizes("size=7"), (7, 7, 50_000));
    assert_eq!(sizes("size=90000"), (100, 90_000, 90_000));
    assert_eq!(sizes("min-size=5000"), (5_000, 5_000, 50_000));
    assert_eq!(sizes("max-size=10"), (10, 10, 10));
}

#[test]
fn wrong_options_are_told() {
    let known =
        "the known ones are `table`, `key`, `size`, `min-size`, `max-size`, `target`, `pause`";
    for (value, message, help) in [
        ("", "a batch needs its `table`", "write `-- migrate:batch table=TABLE key=COLUMN`"),
        ("table=a", "a batch needs its `key`", "write `-- migrate:batch table=TABLE"),
        ("a key=id", "`a` is no option of a batch", "write `-- migrate:batch table=TABLE"),
        ("table=a key=id sise=3", "unknown option `sise` of a batch", "did you mean `size`?"),
        ("table=a key=id wide=3", "unknown option `wide` of a batch", known),
        ("table=a key=id key=b", "`key` stands here twice", "keep one of them"),
        ("table=a.b.c key=id", "`a.b.c` is no name of a table", "write names as in SQL"),
        ("table=a; key=id", "`a;` is no name of a table", "write names as in SQL"),
        ("table=a key=lower(b)", "`lower(b)` is no list of columns", "write names as in SQL"),
        ("table=a key=b,", "`b,` is no list of columns", "write names as in SQL"),
        (
            "table=a key=id size=0",
            "`0` is no number of rows for `size`",
            "write a number from 1 to 1000000",
        ),
        (
            "table=a key=id size=many",
            "`many` is no number of rows for `size`",
            "write a number from 1",
        ),
        (
            "table=a key=id pause=50",
            "`50` is not a duration for `pause`",
            "write a number and its unit",
        ),
        (
            "table=a key=id target=0",
            "a batch cannot take no time",
            "write how long a batch is to take",
        ),
        (
            "table=a key=id size=5 min-size=6",
            "the size of a batch, 5, is not between 6 and 50000",
            "`min-size` is at most `size`, and that at most `max-size`",
        ),
    ] {
        let wrong = parse_options(value).unwrap_err();
        assert_eq!(wrong.0, message, "{value}");
        assert!(wrong.1.starts_with(help), "{value}: {}", wrong.1);
    }
}

#[test]
fn a_script_with_a_batch_runs_statement_by_statement() {
    let sql = format!(
        "ALTER TABLE a ADD b int;\n{BATCH}-- what it does\nUPDATE a SET b = 1 WHERE id >= :batch_start AND id < :batch_end;\n\
         -- migrate:verify\nSELECT NOT EXISTS (SELECT FROM a WHERE b IS NULL);"
    );
    let script = good(&sql);
    assert_eq!(script.mode, Mode::Standalone);
    let manners: Vec<Manner> = script.statements.iter().map(|it| it.manner).collect();
    assert_eq!(manners, [Manner::Once, Manner::Batch, Manner::Verify]);
    let found = Batch::of(&script.sql, &script.statements[1]).unwrap();
    assert_eq!((found.table.as_str(), found.key), ("a", vec!["id".to_owned()]));
    // What is verified alone changes nothing about how the script runs.
    assert_eq!(good("SELECT 1;\n-- migrate:verify\nSELECT true").mode, Mode::Transactional);
}

#[test]
fn each_batch_has_its_own_directive() {
    let update =
        |set: &str| format!("UPDATE a SET {set} WHERE id >= :batch_start AND id < :batch_end;\n");
    let script = good(&format!(
        "{BATCH}{}-- migrate:batch table=c key=d\n{}",
        update("b = 1"),
        update("b = 2")
    ));
    let tables = script.statements.iter().map(|it| Batch::of(&script.sql, it).unwrap().table);
    assert_eq!(tables.collect::<Vec<_>>(), ["a", "c"]);
}

#[test]
fn placeholders_are_found() {
    parts("id >= :batch_start AND id < :batch_end", "id >= {start} AND id {<} {end}");
    parts(
        "(a, b) >= (:batch_start) and (a,b)<(:batch_end)",
        "(a, b) >= ({start}) and (a,b){<}({end})",
    );
    parts(
        "id >=:batch_start /* :batch_end */ AND id < -- :batch_start\n:batch_end",
        "id >={start} /* :batch_end */ AND id {<} -- :batch_start\n{end}",
    );
    parts(
        "id >= :batch_start::int AND id < ((:batch_end)) AND c <> ':batch_end'",
        "id >= {start}::int AND id {<} (({end})) AND c <> ':batch_end'",
    );
}

#[test]
fn statements_of_batches_are_checked() {
    let missing = |name: &str| format!("the statement of a batch has no `:{name}`");
    let behind = |name: &str, operator: &str| {
        format!("`:{name}` stands behind `{operator}` in a batch, and nowhere else")
    };
    check("UPDATE a SET b = 1 WHERE id < :batch_end", &missing("batch_start"));
    check(
        "UPDATE a SET b = 1 WHERE id >= :batch_start AND ':batch_end' <> b",
        &missing("batch_end"),
    );
    for wrong in ["id > :batch_start", "id >>= :batch_start", ":batch_start <= id"] {
        check(
            &format!("DELETE FROM a WHERE {wrong} AND id < :batch_end"),
            &behind("batch_start", ">="),
        );
    }
    for wrong in [
        "id <= :batch_end",
        "id <> :batch_end",
        "id << :batch_end",
        ":batch_end > id",
        "(:batch_end) > id",
    ] {
        check(
            &format!("DELETE FROM a WHERE id >= :batch_start AND {wrong}"),
            &behind("batch_end", "<"),
        );
    }
    check(
        "UPDATE a SET b = 1 WHERE id BETWEEN :batch_start AND :batch_end",
        &behind("batch_start", ">="),
    );
    let sort = |line: u32| format!("the statement of line {line} cannot run in batches");
    problems(&format!("{BATCH}ALTER TABLE a ADD b int"), &[&sort(2)]);
    let plain = "UPDATE a SET b = 1 WHERE id >= :batch_start AND id < :batch_end";
    problems(plain, &["`:batch_start` in a statement that is no batch"]);
    good(&format!("{BATCH}WITH x AS (SELECT 1) {plain}"));
    good(&format!(
        "{BATCH}INSERT INTO c SELECT * FROM a WHERE id >= :batch_start AND id < :batch_end"
    ));
    good("SELECT 'x'::batch_start, '-- migrate:batch'");
}

#[test]
fn a_statement_that_adds_to_its_own_table_is_known_by_its_name() {
    let batch = parse_options("table=app.rows key=id").unwrap();
    for sql in [
        "INSERT INTO rows (a) SELECT 1 FROM rows",
        "insert into app.\"rows\" SELECT 1 FROM rows",
        "MERGE INTO ONLY rows USING rows AS b ON true WHEN MATCHED THEN DO NOTHING",
        "WITH a AS (INSERT INTO ROWS SELECT 1 RETURNING id) UPDATE c SET d = 1",
    ] {
        assert!(batch.adds_to(sql), "{sql}");
    }
    for sql in [
        "INSERT INTO rows.other SELECT a FROM rows",
        "INSERT INTO \"Rows\" SELECT 1",
        "UPDATE rows SET a = 1",
    ] {
        assert!(!batch.adds_to(sql), "{sql}");
    }
}

#[test]
fn what_would_spoil_the_walk_is_refused() {
    let range = "WHERE id >= :batch_start AND id < :batch_end";
    for set in [
        "id = id + 1",
        "b = 1, ID = 2",
        "(b, id) = (1, 2)",
        "b = c IS DISTINCT FROM 3, id = 4",
        "b = (SELECT 1), \"id\" = 2",
    ] {
        let (_, found) = inspected(&format!("{BATCH}UPDATE a SET {set} {range}"));
        assert_eq!(found.len(), 1, "{set}: {found:?}");
        assert!(found[0].ends_with("`, by which it walks"), "{set}: {found:?}");
    }
    for set in ["b = id", "b = (SELECT max(id) FROM c WHERE c.id = a.id), d = id, \"Id\" = 2"] {
        good(&format!("{BATCH}UPDATE a SET {set} FROM (SELECT 1, 2) AS id {range}"));
    }
    good(&format!(
        "{BATCH}WITH c AS (SELECT 1), d AS (INSERT INTO e SELECT id FROM a {range} RETURNING id) UPDATE a SET b = 1 FROM d WHERE a.id = d.id"
    ));
    let batch = format!("{BATCH}UPDATE a SET b = 1 {range};");
    let message = "what is temporary is gone when batches go on in another session";
    problems(&format!("CREATE TEMP TABLE x AS SELECT 1;\n{batch}"), &[message]);
    problems(
        &format!("{batch}\ncreate or replace temporary view x AS SELECT 1;\n{batch}"),
        &[message],
    );
    good(&format!("CREATE TABLE temp AS SELECT 1;\n{batch}\nCREATE TEMP TABLE x AS SELECT 1"));
}

#[test]
fn directives_stand_before_a_statement_of_their_own() {
    let plain = "UPDATE a SET b = 1 WHERE id >= :batch_start AND id < :batch_end";
    problems(
        &format!("{BATCH}{BATCH}{plain}"),
        &["a second directive for the statement of line 3"],
    );
    problems(
        &format!("{BATCH}-- migrate:verify\n{plain}"),
        &["a second directive for the statement of line 3"],
    );
    problems("SELECT 1;\n-- migrate:verify", &["`verify` with no statement behind it"]);
    problems("SELECT\n-- migrate:verify\n1", &["`verify` in the middle of a statement"]);
    problems("-- migrate:verify now\nSELECT true", &["`verify` takes no value"]);
    problems("-- migrate:verify\nUPDATE a SET b = 1", &["the statement of line 2 is no query"]);
    problems(
        "-- migrate:verify\nSELECT true;\nSELECT 1;\n-- migrate:verify\nSELECT true",
        &["a statement behind what the script verifies"],
    );
    problems(
        &format!("BEGIN;\n{BATCH}{plain};\nCOMMIT"),
        &["`BEGIN` and `COMMIT` around a script that runs in batches"],
    );
}

#[test]
#[cfg(feature = "parser")]
fn a_statement_of_batches_is_parsed() {
    problems(
        &format!("{BATCH}UPDATE a SET b = WHERE id >= :batch_start AND id < :batch_end"),
        &["unexpected `WHERE`"],
    );
}

fn inspected(sql: &str) -> (Option<SourceScript>, Vec<String>) {
    let file = SourceFile {
        name: "a.up.sql".to_owned(),
        path: "a".into(),
        bytes: sql.as_bytes().to_vec(),
    };
    let (script, problems) = inspect(file, Direction::Up, "m");
    (script, problems.into_iter().map(|it| it.message).collect())
}

#[track_caller]
fn good(sql: &str) -> SourceScript {
    let (script, problems) = inspected(sql);
    assert_eq!(problems, [] as [&str; 0], "{sql}");
    script.unwrap()
}

#[track_caller]
fn problems(sql: &str, expected: &[&str]) {
    assert_eq!(inspected(sql).1, expected, "{sql}");
}

/// A batch with this statement has this one problem.
#[track_caller]
fn check(sql: &str, message: &str) {
    problems(&format!("{BATCH}{sql}"), &[message]);
}

/// The parts of a condition, as one text.
#[track_caller]
fn parts(condition: &str, expected: &str) {
    let sql = format!("{BATCH}DELETE FROM a WHERE {condition}");
    let script = good(&sql);
    let shown = Batch::parts(&script.sql, &script.statements[0]).into_iter().map(|it| match it {
        BatchPart::Sql(range) => range.of(&script.sql),
        BatchPart::Start => "{start}",
        BatchPart::End => "{end}",
        BatchPart::Less => "{<}",
    });
    assert_eq!(shown.collect::<String>(), format!("DELETE FROM a WHERE {expected}"));
}
