use super::super::{Attribute, Object, ObjectKind, ObjectName};
use super::*;

/// A schema that is made by hand, all of it in `public`.
#[derive(Default)]
struct Made(Schema);

impl Made {
    fn add(
        &mut self,
        kind: ObjectKind,
        table: Option<&str>,
        name: &str,
        attributes: &[(&'static str, &str)],
    ) {
        let attribute = |&(name, value): &(_, &str)| Attribute { name, value: value.to_owned() };
        let attributes = attributes.iter().map(attribute).collect();
        let (schema, table) = (Some("public".to_owned()), table.map(str::to_owned));
        let name = ObjectName { kind, schema, table, name: name.to_owned() };
        self.0.objects.insert(name, Object { attributes });
    }

    /// A table with columns such as `id bigint!`, which are not null with the mark.
    fn table(&mut self, name: &str, attributes: &[(&'static str, &str)], columns: &[&str]) {
        self.add(ObjectKind::Table, None, name, attributes);
        for (at, column) in columns.iter().enumerate() {
            let (column, sql_type) = column.split_once(' ').unwrap();
            let position = (at + 1).to_string();
            let mut attributes =
                vec![("position", position.as_str()), ("type", sql_type.trim_end_matches('!'))];
            if sql_type.ends_with('!') {
                attributes.push(("not null", "NOT NULL"));
            }
            self.add(ObjectKind::Column, Some(name), column, &attributes);
        }
    }

    fn key(&mut self, table: &str, definition: &str) {
        let name = format!("{table}_{}", self.0.objects.len());
        self.add(ObjectKind::Constraint, Some(table), &name, &[("definition", definition)]);
    }

    fn refers(&mut self, table: &str, columns: &str, target: &str) {
        self.key(table, &format!("FOREIGN KEY ({columns}) REFERENCES public.{target}(id)"));
    }
}

fn shop() -> Made {
    let mut it = Made::default();
    it.table("users", &[], &["id bigint!", "email text!"]);
    it.key("users", "PRIMARY KEY (id)");
    it.table(
        "orders",
        &[],
        &["id bigint!", "user_id bigint!", "old_id bigint", "total numeric(10,2)"],
    );
    it.key("orders", "PRIMARY KEY (id)");
    it.refers("orders", "user_id", "users");
    it.table("items", &[], &["order_id bigint!", "no integer!"]);
    it.key("items", "PRIMARY KEY (order_id, no)");
    it.refers("items", "order_id", "orders");
    it.table("notes", &[], &["text text"]);
    it
}

fn of(tables: &[&str]) -> Picture {
    let tables = tables.iter().map(|it| (*it).to_owned()).collect();
    Picture { tables, ..Picture::default() }
}

#[track_caller]
fn lines(made: &Made, picture: &Picture) -> Vec<String> {
    let text = made.0.to_mermaid(picture).unwrap();
    let lines = text.lines().filter(|it| it.contains(" : "));
    lines.map(|it| it.trim().to_owned()).collect()
}

/// The tables that a picture shows.
#[track_caller]
fn tables(made: &Made, picture: &Picture) -> Vec<String> {
    let drawing = drawing::Drawing::of(&made.0, picture).unwrap();
    let name =
        |it: &drawing::Table| format!("{}{}", if it.is_neighbour { "~" } else { "" }, it.label);
    drawing.tables.iter().map(name).collect()
}

#[test]
fn mermaid_gets_tables_with_columns_and_keys() {
    let text = shop().0.to_mermaid(&Picture::default()).unwrap();
    let expected = "\
erDiagram
    items {
        bigint order_id PK, FK
        integer no PK
    }
    notes {
        text text
    }
    orders {
        bigint id PK
        bigint user_id FK
        bigint old_id
        numeric(10_2) total \"numeric(10,2)\"
    }
    users {
        bigint id PK
        text email
    }
    orders ||--o{ items : \"order_id\"
    users ||--o{ orders : \"user_id\"
";
    assert_eq!(text, expected);
}

#[test]
fn a_line_says_how_many_rows_belong_together() {
    let mut made = shop();
    made.refers("orders", "old_id", "orders");
    made.table("profiles", &[], &["user_id bigint!", "boss_id bigint", "pet_id bigint"]);
    for column in ["user_id", "boss_id", "pet_id"] {
        made.refers("profiles", column, "users");
    }
    made.key("profiles", "UNIQUE (user_id)");
    let index = "CREATE UNIQUE INDEX i ON public.profiles USING btree (boss_id)";
    made.add(ObjectKind::Index, Some("profiles"), "i", &[("definition", index)]);
    let expected = [
        "users |o--o| profiles : \"boss_id\"",
        "users |o--o{ profiles : \"pet_id\"",
        "users ||--o| profiles : \"user_id\"",
    ];
    let all = lines(&made, &Picture::default());
    assert!(all.contains(&"orders |o--o{ orders : \"old_id\"".to_owned()), "{all:?}");
    assert_eq!(all.into_iter().filter(|it| it.contains("profiles")).collect::<Vec<_>>(), expected);
}

#[test]
fn partitions_are_counted_and_their_keys_are_those_of_the_whole() {
    let mut made = shop();
    let columns = ["id bigint!", "user_id bigint"];
    made.table("events", &[("partition key", "RANGE (id)")], &columns);
    let part = [("parent", "public.events"), ("bounds", "DEFAULT")];
    made.table("events_1", &part, &columns);
    made.table("events_2", &[part[0], part[1], ("partition key", "RANGE (id)")], &columns);
    made.table("events_2_1", &[("parent", "public.events_2"), part[1]], &columns);
    made.refers("events_1", "user_id", "users");
    made.refers("events_2_1", "user_id", "users");
    made.table("marks", &[], &["event_id bigint"]);
    made.refers("marks", "event_id", "events_2_1");
    let text = made.0.to_mermaid(&Picture::default()).unwrap();
    assert!(text.contains("events[\"events (2 partitions)\"] {"), "{text}");
    assert!(!text.contains("events_1") && !text.contains("events_2"), "{text}");
    let lines = lines(&made, &of(&["events_1"]));
    assert!(lines.contains(&"users |o--o{ events : \"user_id\"".to_owned()), "{lines:?}");
    assert!(lines.contains(&"events |o--o{ marks : \"event_id\"".to_owned()), "{lines:?}");
}

#[test]
fn a_table_that_inherits_is_linked_with_its_parents() {
    let mut made = shop();
    made.table("Old orders", &[("parents", "public.orders, public.notes")], &["id bigint!"]);
    let expected = [
        "notes ||..o| \"Old orders\" : \"inherited by\"",
        "orders ||..o| \"Old orders\" : \"inherited by\"",
    ];
    assert_eq!(lines(&made, &Picture::default())[..2], expected);
}

#[test]
fn of_too_many_columns_those_of_keys_are_drawn() {
    let mut made = shop();
    let mut columns: Vec<_> = (1..1_600).map(|it| format!("c{it} text")).collect();
    columns.push("user_id bigint".to_owned());
    made.table("wide", &[], &columns.iter().map(String::as_str).collect::<Vec<_>>());
    made.refers("wide", "user_id", "users");
    let rows = |picture: &Picture| {
        let drawing = drawing::Drawing::of(&made.0, picture).unwrap();
        let wide = drawing.tables.into_iter().find(|it| it.label == "wide").unwrap();
        (wide.rows.into_iter().map(|it| it.name).collect::<Vec<_>>(), wide.more)
    };
    let (names, more) = rows(&Picture::default());
    assert_eq!((names.len(), more), (30, 1_570));
    assert_eq!((names[0].as_str(), names[29].as_str()), ("c1", "user_id"));
    let keys = Picture { columns: Columns::Keys, ..Picture::default() };
    assert_eq!(rows(&keys), (vec!["user_id".to_owned()], 1_599));
    assert!(made.0.to_svg(&keys).unwrap().contains("… 1599 more"));
}

#[test]
fn tables_are_drawn_with_their_neighbours() {
    let made = shop();
    assert_eq!(tables(&made, &Picture::default()), ["items", "notes", "orders", "users"]);
    assert_eq!(tables(&made, &of(&["users"])), ["~orders", "users"]);
    assert_eq!(tables(&made, &of(&["public.orders"])), ["~items", "orders", "~users"]);
    assert_eq!(tables(&made, &of(&["*s", "users"])), ["items", "notes", "orders", "users"]);
    assert_eq!(tables(&made, &of(&["public.n*"])), ["notes"]);
    assert_eq!(lines(&made, &of(&["users"])).len(), 1);
}

#[test]
fn a_table_that_there_is_not_is_an_error_with_the_nearest() {
    let error = shop().0.to_svg(&of(&["users", "order"])).unwrap_err();
    assert_eq!(error.to_string(), "there is no table `order`");
    assert_eq!(error.hints(), ["did you mean `orders`?"]);
    let error = shop().0.to_mermaid(&of(&["x*"])).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.exit_code()),
        ("no table has a name like `x*`", 2)
    );
}

#[test]
fn views_are_drawn_where_they_are_asked_for() {
    let mut made = shop();
    made.add(ObjectKind::View, None, "totals", &[]);
    let views = |tables: &[&str]| Picture { views: true, ..of(tables) };
    assert!(!tables(&made, &Picture::default()).contains(&"totals".to_owned()));
    assert!(tables(&made, &views(&[])).contains(&"totals".to_owned()));
    assert_eq!(tables(&made, &of(&["totals"])), ["totals"]);
    assert_eq!(tables(&made, &views(&["t*"])), ["totals"]);
    assert!(made.0.to_mermaid(&views(&[])).unwrap().contains("totals[\"totals (view)\"]\n"));
}

#[test]
fn types_are_written_in_few_letters() {
    let mut made = Made::default();
    let columns = [
        "a integer",
        "b timestamp(3) with time zone",
        "c public.mood[]",
        "d app.mood",
        "e interval day to second(3)",
        "f interval(3)",
        "g \"char\"",
        "h character varying(20)[]",
    ];
    made.table("t", &[], &columns);
    let drawing = drawing::Drawing::of(&made.0, &Picture::default()).unwrap();
    let types: Vec<_> = drawing.tables[0].rows.iter().map(|it| it.sql_type.as_str()).collect();
    let expected = [
        "integer",
        "timestamptz(3)",
        "mood[]",
        "app.mood",
        "interval day to second(3)",
        "interval(3)",
        "\"char\"",
        "varchar(20)[]",
    ];
    assert_eq!(types, expected);
}
