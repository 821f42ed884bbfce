//! What the rows of a table are told apart by.

use migrate_core::sql_words;

use super::super::relation::columns_in;
use super::super::{ObjectKind, Relation, Schema};

/// The sets of columns that no two rows have in common: by the primary key, by constraints, and by indexes of all rows
/// and of columns alone.
pub(super) fn unique_columns(schema: &Schema, of: &Relation<'_>) -> Vec<Vec<String>> {
    let mut found = of.unique.clone();
    if !of.primary_key.is_empty() {
        found.push(of.primary_key.clone());
    }
    let space = of.name.schema.as_deref().unwrap_or_default();
    let indexes = schema.parts(ObjectKind::Index, space, &of.name.name);
    let valid = indexes.filter(|it| it.1.get("validity").is_none());
    found.extend(valid.filter_map(|it| unique_index(it.1.get("definition")?)));
    found
}

/// The columns of a unique index.
fn unique_index(definition: &str) -> Option<Vec<String>> {
    let words = sql_words(definition);
    if words.get(1) != Some(&"UNIQUE") || words.contains(&"WHERE") {
        return None;
    }
    let start = words.iter().position(|it| *it == "(")? + 1;
    let end = start + words[start..].iter().position(|it| *it == ")")?;
    let has_expression = words[start..end].contains(&"(");
    (!has_expression).then(|| columns_in(&words).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_tells_rows_apart_that_is_unique_for_all_of_them() {
        let read = |it: &str| unique_index(&format!("CREATE {it}"));
        let columns = |it: &[&str]| Some(it.iter().map(|it| (*it).to_owned()).collect());
        assert_eq!(read("UNIQUE INDEX i ON a.t USING btree (a, b DESC)"), columns(&["a", "b"]));
        assert_eq!(
            read("UNIQUE INDEX i ON a.t USING btree (a) INCLUDE (b) NULLS NOT DISTINCT"),
            columns(&["a"])
        );
        assert_eq!(read("INDEX i ON a.t USING btree (a)"), None);
        assert_eq!(read("UNIQUE INDEX i ON a.t USING btree (a) WHERE (b > 1)"), None);
        assert_eq!(read("UNIQUE INDEX i ON a.t USING btree (a, lower(b))"), None);
    }
}
