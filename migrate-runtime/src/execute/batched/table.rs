//! The table whose rows are walked, and its key, as the server knows them.

use migrate_core::Batch;

use super::walk::Key;
use crate::quote::{fill, literal};

/// The table and its key.
#[derive(Debug)]
pub(super) struct Table {
    /// With its schema, in quotes where it needs them.
    pub(super) name: String,
    pub(super) oid: String,
    pub(super) key: Vec<Column>,
    /// How many rows were ever inserted, as the server's statistics have it.
    pub(super) inserted: u64,
}

#[derive(Debug)]
pub(super) struct Column {
    name: String,
    sql_type: String,
    is_not_null: bool,
}

/// Why a table cannot be walked: what is wrong, and what helps.
pub(super) type Wrong = (String, Vec<String>);

impl Table {
    /// The question about a table and the columns of its key.
    pub(super) fn question(batch: &Batch) -> String {
        let key: Vec<String> = batch.key.iter().map(|it| literal(it)).collect();
        let key = format!("ARRAY[{}]", key.join(", "));
        let insertions = fill(include_str!("insertions.sql"), &[("oid", "c.oid")]);
        let values = [("table", literal(&batch.table)), ("key", key), ("insertions", insertions)];
        let values = values.each_ref().map(|(name, it)| (*name, it.as_str()));
        fill(include_str!("table.sql"), &values)
    }

    /// Reads the answer, one row for each column of the key.
    pub(super) fn read(batch: &Batch, rows: &[&[Option<String>]]) -> Result<Table, Wrong> {
        let text = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten();
        let is = |row: &[Option<String>], at: usize| text(row, at).as_deref() == Some("t");
        let first = rows.first().copied().unwrap_or_default();
        let Some(name) = text(first, 0) else {
            return Err((format!("there is no table {}", batch.table), Vec::new()));
        };
        let mut key = Vec::new();
        for (row, wanted) in rows.iter().zip(&batch.key) {
            let (Some(column), Some(sql_type)) = (text(row, 1), text(row, 2)) else {
                return Err((format!("the table {name} has no column {wanted}"), Vec::new()));
            };
            if let Some(schema) = text(row, 7) {
                let message = format!(
                    "the operators of {name}.{column} are in the schema {schema}, which is not in the search_path: rows would be compared in another order than the index has"
                );
                let hint = format!(
                    "SET search_path = public, {schema};   -- in the script, above its first batch"
                );
                return Err((message, vec![hint]));
            }
            key.push(Column { name: column, sql_type, is_not_null: is(row, 3) });
        }
        let oid = text(first, 4).unwrap_or_default();
        let inserted = text(first, 5).and_then(|it| it.parse().ok()).unwrap_or_default();
        let table = Table { name, oid, key, inserted };
        if is(first, 6) {
            return Ok(table);
        }
        let (name, columns) = (&table.name, table.names());
        let message = format!(
            "no index of {name} begins with ({columns}): each batch would read the whole table"
        );
        let hint = match text(first, 8).as_deref() {
            Some("r") => format!(
                "CREATE INDEX CONCURRENTLY ON {name} ({columns});   -- a btree index over all rows"
            ),
            // On each partition concurrently, before this one, which takes them for its own.
            Some("p") => {
                format!("CREATE INDEX ON {name} ({columns});   -- after one on each partition")
            }
            _ => {
                return Err((
                    format!("{name} is no table, and has no index to walk by"),
                    Vec::new(),
                ));
            }
        };
        Err((message, vec![hint]))
    }

    /// A question that is true where rows have no key; nothing where none can be without.
    pub(super) fn without_key(&self) -> Option<String> {
        let condition = self.has_no_key();
        (!condition.is_empty())
            .then(|| format!("SELECT EXISTS (SELECT FROM {} WHERE {condition})", self.name))
    }

    /// The condition that rows without a key fulfil; empty where there can be none.
    pub(super) fn has_no_key(&self) -> String {
        let nullable = self.key.iter().filter(|it| !it.is_not_null);
        let conditions: Vec<String> = nullable.map(|it| format!("{} IS NULL", it.name)).collect();
        conditions.join(" OR ")
    }

    /// The conditions that leave rows without a key out.
    pub(super) fn with_key(&self) -> impl Iterator<Item = String> {
        let nullable = self.key.iter().filter(|it| !it.is_not_null);
        nullable.map(|it| format!("{} IS NOT NULL", it.name))
    }

    /// A question for the last key.
    pub(super) fn last_key(&self) -> String {
        let descending = self.each(|_, alias| format!("{alias} DESC"));
        let with_key: Vec<String> = self.with_key().collect();
        let condition = if with_key.is_empty() {
            String::new()
        } else {
            format!("WHERE {}", with_key.join(" AND "))
        };
        format!(
            "SELECT {} FROM (SELECT {} FROM {} {condition} ORDER BY {descending} LIMIT 1) AS last",
            self.texts("last"),
            self.columns(),
            self.name
        )
    }

    /// A question for how many rows were ever inserted, as the server's statistics have it.
    pub(super) fn insertions(&self) -> String {
        fill(include_str!("insertions.sql"), &[("oid", &self.oid)])
    }

    /// A question whose first row tells how many rows there are, as the planner estimates it.
    pub(super) fn estimate(&self) -> String {
        format!("EXPLAIN SELECT {} FROM {}", self.names(), self.name)
    }

    /// The columns of the key.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.key.iter().map(|it| it.name.as_str()).collect();
        names.join(", ")
    }

    /// The columns of the key, under names that no other column has.
    pub(super) fn columns(&self) -> String {
        self.each(|column, alias| format!("{} AS {alias}", column.name))
    }

    pub(super) fn aliases(&self) -> String {
        self.each(|_, alias| alias.to_owned())
    }

    /// The numbers of the columns, for `ORDER BY`.
    pub(super) fn ordinals(&self) -> String {
        let numbers: Vec<String> = (1..=self.key.len()).map(|it| it.to_string()).collect();
        numbers.join(", ")
    }

    /// The texts of a row's key.
    pub(super) fn texts(&self, row: &str) -> String {
        self.each(|_, alias| format!("{row}.{alias}::text"))
    }

    /// A key as constants.
    pub(super) fn literals(&self, key: &Key) -> String {
        let constant =
            |(column, it): (&Column, &String)| format!("{}::{}", literal(it), column.sql_type);
        let each = self.key.iter().zip(key).map(constant);
        each.collect::<Vec<_>>().join(", ")
    }

    /// Something for each column of the key and its alias.
    pub(super) fn each(&self, text: impl Fn(&Column, &str) -> String) -> String {
        let each = self.key.iter().zip(1..).map(|(it, number)| text(it, &format!("k{number}")));
        each.collect::<Vec<_>>().join(", ")
    }
}

/// The rows that a plan of the server is about.
pub(super) fn estimated(plan: Option<&[Option<String>]>) -> u64 {
    let line = plan.and_then(|it| it.first()?.as_deref()).unwrap_or_default();
    let rows = line.rsplit_once("rows=").map(|it| it.1).unwrap_or_default();
    let digits: String = rows.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_default()
}
