use super::*;

/// A row of the answer, with the cells that are not NULL.
fn constraint(cells: &[(usize, &str)]) -> Constraint {
    let mut row = vec![None; 24];
    for (at, text) in [(1, "c"), (2, "s.t"), (3, "s"), (4, "r")].iter().chain(cells) {
        row[*at] = Some((*text).to_owned());
    }
    Constraint::parse(&row)
}

#[track_caller]
fn check(cells: &[(usize, &str)], columns: &[&str], query: &str) {
    let constraint = constraint(cells);
    assert_eq!(constraint.columns(), columns);
    assert_eq!(constraint.query().replace('\n', " "), query);
}

#[test]
fn a_check_is_compared_with_its_children_unless_it_is_the_tables_own() {
    let query = |told: &str, inner: &str, table: &str, order: &str| {
        format!(
            "SELECT pg_catalog.count(*) OVER (), {told} FROM (SELECT {inner} FROM {table} \
             WHERE NOT ((a > 0)) LIMIT 1001) AS it ORDER BY {order} LIMIT 10"
        )
    };
    let key = "pg_catalog.left(k0::text, 200)";
    let plain = [(0, "c"), (7, "id"), (8, "(a > 0)")];
    check(&plain, &["id"], &query(key, "id AS k0", "s.t", "k0"));
    let local = [(0, "c"), (5, "t"), (6, "t"), (7, "id"), (8, "(a > 0)")];
    check(&local, &["id"], &query(key, "id AS k0", "ONLY s.t", "k0"));
    let parent = [(0, "c"), (5, "t"), (8, "(a > 0)")];
    let told = "(pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, k0, 0)).identity AS k0, \
        pg_catalog.left(k1::text, 200)";
    let inner = "tableoid AS k0, ctid AS k1";
    check(&parent, &["tableoid", "ctid"], &query(told, inner, "s.t", "k0, k1"));
    let partitioned = [(0, "c"), (4, "p"), (5, "t"), (7, "id"), (8, "(a > 0)")];
    check(&partitioned, &["id"], &query(key, "id AS k0", "s.t", "k0"));
}

#[test]
fn a_foreign_key_is_what_postgres_itself_asks_for() {
    let own = [
        (0, "f"),
        (7, "\"Id\""),
        (10, "s.p"),
        (11, "s"),
        (12, "r"),
        (13, "s"),
        (14, "pk.x OPERATOR(pg_catalog.=) fk.a AND pk.y OPERATOR(pg_catalog.=) fk.b"),
        (15, "a\u{1f}b"),
        (16, "x"),
    ];
    let expected = "SELECT pg_catalog.count(*) OVER (), pg_catalog.left(k0::text, 200), \
        pg_catalog.left(k1::text, 200), pg_catalog.left(k2::text, 200) \
        FROM (SELECT fk.\"Id\" AS k0, fk.a AS k1, fk.b AS k2 FROM ONLY s.t AS fk LEFT OUTER JOIN ONLY s.p AS pk \
        ON (pk.x OPERATOR(pg_catalog.=) fk.a AND pk.y OPERATOR(pg_catalog.=) fk.b) \
        WHERE pk.x IS NULL AND (fk.a IS NOT NULL AND fk.b IS NOT NULL) LIMIT 1001) AS it ORDER BY k0 LIMIT 10";
    check(&own, &["Id", "a", "b"], expected);
    let mut full = own;
    full[5] = (13, "f");
    assert!(constraint(&full).query().contains("(fk.a IS NOT NULL OR fk.b IS NOT NULL)"));
    let mut partitioned = own;
    partitioned[4] = (12, "p");
    assert!(constraint(&partitioned).query().contains("LEFT OUTER JOIN s.p AS pk"));
}

#[test]
fn what_cannot_be_compared_is_passed_over_with_a_word() {
    let of = |at, text| constraint(&[(0, "f"), (at, text)]).passed_over;
    assert_eq!(of(18, "true"), None);
    assert!(of(18, "false").unwrap().contains("not enforced"));
    assert!(of(17, "true").unwrap().contains("periods"));
    assert!(of(4, "f").unwrap().contains("foreign table"));
}
