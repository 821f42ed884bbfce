//! Walks the index of a key: from where the last batch ended, as many rows as a batch is to have.

use super::table::Table;

/// A key: the texts of its columns.
pub(super) type Key = Vec<String>;

/// Where the walk goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// With the first row of the table.
    First,
    /// With this key, which may be gone by now.
    At(Key),
    /// Behind this key.
    Behind(Key),
}

/// Where the walk ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With the last row of the table, whichever that is then.
    Last,
    /// Before this key.
    Before(Key),
    /// With this key.
    With(Key),
    /// Where it begins.
    Nowhere,
}

/// The keys of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: Key,
    /// The first key behind it, or its own last one where there is none.
    pub(super) end: Key,
    pub(super) is_last: bool,
    /// How many rows were walked.
    pub(super) rows: u64,
}

/// What a walk found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Range(Range),
    /// More rows with this one key than a batch is to have.
    Same(Key),
}

/// The question for the first row from there on, for the row behind as many as `size`, and for how many there are
/// between them.
pub(super) fn question(table: &Table, (from, until): (&Start, &End), size: u32) -> String {
    let names = table.aliases();
    let ascending = table.each(|_, it| it.to_owned());
    let descending = table.each(|_, it| format!("{it} DESC"));
    let of = |row: &str| table.each(|_, it| format!("{row}.{it}"));
    format!(
        "WITH walked AS MATERIALIZED (SELECT {} FROM {} {} ORDER BY {} LIMIT {}),\n\
         first AS (SELECT * FROM walked ORDER BY {ascending} LIMIT 1),\n\
         last AS (SELECT * FROM walked ORDER BY {descending} LIMIT 1)\n\
         SELECT c.rows, c.below, ({}) < ({}), {}, {}\n\
         FROM first, last, (SELECT pg_catalog.count(*) AS rows,\n\
             pg_catalog.count(*) FILTER (WHERE ({}) < (SELECT {names} FROM last)) AS below FROM walked) AS c",
        table.columns(),
        table.name,
        condition(table, from, until),
        table.ordinals(),
        u64::from(size) + 1,
        of("first"),
        of("last"),
        table.texts("first"),
        table.texts("last"),
        of("walked"),
    )
}

/// What the answer means.
pub(super) fn read(table: &Table, size: u32, row: Option<&[Option<String>]>) -> Option<Found> {
    let Some(row) = row else { return Some(Found::Nothing) };
    let text = |at: usize| row.get(at).and_then(Option::as_deref);
    let number = |at: usize| text(at)?.parse::<u64>().ok();
    let key = |from: usize| -> Option<Key> {
        (from..from + table.key.len()).map(|it| text(it).map(str::to_owned)).collect()
    };
    let (rows, below) = (number(0)?, number(1)?);
    let (start, end) = (key(3)?, key(3 + table.key.len())?);
    Some(if rows <= u64::from(size) {
        Found::Range(Range { start, end, is_last: true, rows })
    } else if text(2) == Some("t") {
        Found::Range(Range { start, end, is_last: false, rows: below })
    } else {
        Found::Same(start)
    })
}

/// The question for the first key behind another, and for how many rows have that one.
pub(super) fn behind(table: &Table, key: &Key, until: &End) -> String {
    let columns = table.columns();
    format!(
        "WITH next AS MATERIALIZED (SELECT {columns} FROM {} {} ORDER BY {} LIMIT 1)\n\
         SELECT (SELECT pg_catalog.count(*) FROM {} WHERE ({}) = ({})), {}\n\
         FROM (VALUES (1)) AS one LEFT JOIN next ON true",
        table.name,
        condition(table, &Start::Behind(key.clone()), until),
        table.ordinals(),
        table.name,
        table.names(),
        table.literals(key),
        table.texts("next"),
    )
}

/// All rows with one key are one batch, however many they are.
pub(super) fn read_behind(
    table: &Table,
    key: Key,
    row: Option<&[Option<String>]>,
) -> Option<Range> {
    let row = row?;
    let rows = row.first()?.as_deref()?.parse().ok()?;
    let next: Option<Key> = row.get(1..=table.key.len())?.iter().cloned().collect();
    Some(Range {
        is_last: next.is_none(),
        end: next.unwrap_or_else(|| key.clone()),
        start: key,
        rows,
    })
}

fn condition(table: &Table, from: &Start, until: &End) -> String {
    let bound = |operator: &str, key: &Key| {
        format!("({}) {operator} ({})", table.names(), table.literals(key))
    };
    let mut conditions: Vec<String> = table.with_key().collect();
    conditions.extend(match from {
        Start::First => None,
        Start::At(key) => Some(bound(">=", key)),
        Start::Behind(key) => Some(bound(">", key)),
    });
    conditions.extend(match until {
        End::Last => None,
        End::Before(key) => Some(bound("<", key)),
        End::With(key) => Some(bound("<=", key)),
        End::Nowhere => Some("false".to_owned()),
    });
    if conditions.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", conditions.join(" AND "))
    }
}
