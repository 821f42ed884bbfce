//! Pictures of schemas as they are in a database: every table and every key is drawn, whatever it is called.

use std::collections::BTreeSet;

use migrate_runtime::schema::{Picture, Schema};
use migration_tests::harness::Trial;
use migration_tests::picture::Drawn;
use migration_tests::{TestDatabase, trials};

use super::schema;

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        schemas_that_are_hard_to_draw_are_drawn_whole,
        what_mermaid_gets_is_written_so_that_it_reads_it,
        unique_and_missing_values_say_how_many_rows_belong_together,
        a_part_of_a_schema_is_drawn_with_its_neighbours,
    ]
}

/// What names and tables can be.
const HARD: &str = r#"
CREATE SCHEMA app; CREATE SCHEMA "Ünï ""q"" <&>";
CREATE TYPE app.mood AS ENUM ('sad', 'ok'); CREATE DOMAIN app.email AS text CHECK (VALUE ~ '@'); CREATE TYPE point3 AS (x int, y int);
CREATE TABLE no_key (a int, b app.mood, c app.email[], d point3);
CREATE TABLE "end" (id int PRIMARY KEY, "pk" int, "fk" int UNIQUE, "class" text, "a b" text, "a""b" text, "direction TB" text);
CREATE TABLE "direction TB" (id int PRIMARY KEY, "end" int REFERENCES "end");
CREATE TABLE "%%{init: {'theme':'dark'}}%%" (id int PRIMARY KEY, "~x~" int REFERENCES "end", "</text><script>alert(1)</script>" text);
CREATE TABLE "Ünï ""q"" <&>"."Größe <b>""x""</b> 表" (id int PRIMARY KEY, "größe" numeric(10,2), "ключ" int REFERENCES "end", "🦀" text, "back\slash" text);
COMMENT ON TABLE "end" IS E'a "comment" <with> & everything''s\non two lines\u0007'; COMMENT ON COLUMN "end".pk IS ']]> <!-- --';
CREATE TABLE "self" (id int PRIMARY KEY, "type" text, fn text, "Fn" text, self int REFERENCES "self", crate int NOT NULL UNIQUE REFERENCES "self");
CREATE TABLE app.orders (region int, no int, PRIMARY KEY (region, no));
CREATE TABLE lines (region int NOT NULL, no int NOT NULL, alt_region int, alt_no int, PRIMARY KEY (region, no),
    FOREIGN KEY (region, no) REFERENCES app.orders, FOREIGN KEY (alt_region, alt_no) REFERENCES app.orders);
CREATE TABLE app.lines (id int PRIMARY KEY REFERENCES "end");
CREATE TABLE "app.lines" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, twice int GENERATED ALWAYS AS (1 + 1) STORED);
CREATE TABLE events (id bigint, at date NOT NULL, who int REFERENCES "end", PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY RANGE (id);
CREATE TABLE events_2_1 PARTITION OF events_2 FOR VALUES FROM (0) TO (10);
CREATE TABLE marks (id bigint, at date, FOREIGN KEY (id, at) REFERENCES events);
CREATE TABLE animal (id int PRIMARY KEY, name text); CREATE TABLE dog (barks bool) INHERITS (animal);
CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a); ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;
CREATE TABLE empty ();
DO $$ BEGIN EXECUTE (SELECT format('CREATE TABLE wide (id int PRIMARY KEY, %s, a int REFERENCES a)', string_agg('c' || i || ' int', ', '))
    FROM generate_series(1, 1598) i); END $$;
"#;

fn hard() -> Schema {
    let database = TestDatabase::new();
    database.execute(HARD);
    schema(&database)
}

fn schemas_that_are_hard_to_draw_are_drawn_whole() {
    let schema = hard();
    let svg = schema.to_svg(&Picture::default()).unwrap();
    let drawn = Drawn::read(&svg);
    drawn.assert_tidy();
    // Every table but partitions, and every key: of a partitioned table once.
    let expected = [
        "%%{init: {'theme':'dark'}}%%",
        "\"Ünï \"\"q\"\" <&>\".\"Größe <b>\"\"x\"\"</b> 表\"",
        "\"app.lines\"",
        "a",
        "animal",
        "app.lines",
        "app.orders",
        "b",
        "direction TB",
        "dog",
        "empty",
        "end",
        "events",
        "lines",
        "marks",
        "no_key",
        "self",
        "wide",
    ];
    let names: BTreeSet<_> = drawn.tables.keys().map(String::as_str).collect();
    assert_eq!(names, expected.into());
    let keys = |it: &&migrate_runtime::schema::Relation<'_>| it.object.get("parent").is_none();
    let relations = schema.relations();
    let keys: usize = relations.iter().filter(keys).map(|it| it.foreign_keys.len()).sum();
    assert_eq!(drawn.lines.iter().filter(|it| !it.inherits).count(), keys);
    assert_eq!(drawn.lines.iter().filter(|it| it.inherits).count(), 1);
    assert!(svg.contains("… 1570 more") && svg.contains(">2 partitions<"), "{svg}");
    assert_eq!(svg, hard().to_svg(&Picture::default()).unwrap());
}

fn what_mermaid_gets_is_written_so_that_it_reads_it() {
    let text = hard().to_mermaid(&Picture::default()).unwrap();
    for line in [
        "    \"#37;#37;#123;init: #123;'theme':'dark'#125;#125;#37;#37;\" {",
        "        text __text__script_alert_1___script_ \"#60;/text#62;#60;script#62;alert(1)#60;/script#62;\"",
        "        integer _pk \"pk\"",
        "        integer _fk UK \"fk\"",
        "        text a_b \"a#34;b\"",
        "        numeric(10_2) größe \"numeric(10,2)\"",
        "        app_email[] c \"app.email[]\"",
        "        … and_1570_more",
        "    events[\"events (2 partitions)\"] {",
        "    \"end\" |o--o{ events : \"who\"",
        "    \"end\" ||--o| \"app.lines\" : \"id\"",
        "    \"end\" |o--o{ \"direction#32;TB\" : \"end\"",
        "    events |o--o{ marks : \"id, at\"",
        "    animal ||..o| dog : \"inherited by\"",
        "    \"app.orders\" ||--o| lines : \"region, no\"",
        "    \"app.orders\" |o--o{ lines : \"alt_region, alt_no\"",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
}

fn unique_and_missing_values_say_how_many_rows_belong_together() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE users (id int PRIMARY KEY);
         CREATE TABLE t (a int REFERENCES users, b int NOT NULL REFERENCES users, c int REFERENCES users, d int NOT NULL REFERENCES users,
             e int REFERENCES users, f int REFERENCES users, UNIQUE (d), UNIQUE (a, b));
         CREATE UNIQUE INDEX ON t (c); CREATE UNIQUE INDEX ON t (e) WHERE e > 1; CREATE UNIQUE INDEX ON t (f, (f + 1))",
    );
    let text = schema(&database).to_mermaid(&Picture::default()).unwrap();
    let lines: Vec<_> = text.lines().filter(|it| it.contains(" : ")).map(str::trim).collect();
    let expected = [
        "users |o--o{ t : \"a\"",
        "users ||--o{ t : \"b\"",
        "users |o--o| t : \"c\"",
        "users ||--o| t : \"d\"",
        "users |o--o{ t : \"e\"",
        "users |o--o{ t : \"f\"",
    ];
    assert_eq!(lines, expected);
}

fn a_part_of_a_schema_is_drawn_with_its_neighbours() {
    let schema = hard();
    let of = |name: &str| Picture { tables: vec![name.to_owned()], ..Picture::default() };
    let names = |name: &str| {
        let drawn = Drawn::read(&schema.to_svg(&of(name)).unwrap());
        drawn.assert_tidy();
        drawn.tables.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(names("app.orders"), ["app.orders", "lines"]);
    assert_eq!(names("events_2_1"), ["end", "events", "marks"]);
    assert_eq!(names("b"), ["a", "b"]);
    assert_eq!(names("\"app.lines\""), ["\"app.lines\""]);
    let error = schema.to_svg(&of("app.order")).unwrap_err();
    assert_eq!(error.hints(), ["did you mean `app.orders`?"]);
    let in_app = |picture: Picture| Picture { schemas: vec!["app".to_owned()], ..picture };
    let app = Drawn::read(&schema.to_svg(&in_app(Picture::default())).unwrap());
    let names: Vec<_> = app.tables.into_keys().collect();
    assert_eq!(names, ["app.lines", "app.orders", "end", "lines"]);
    let lines = Drawn::read(&schema.to_svg(&in_app(of("lines"))).unwrap());
    assert_eq!(lines.tables.into_keys().collect::<Vec<_>>(), ["app.lines", "end"]);
    let error = schema.to_svg(&in_app(of("end"))).unwrap_err();
    assert_eq!(error.to_string(), "there is no table `end`");
}
