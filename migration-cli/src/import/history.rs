//! Scripts that use the history table of the tool they come from: where this program made the database,
//! there is none.

use migrate_core::{Direction, Place, place_of, split};

use super::{Converted, Layout, without_mark};

impl Layout {
    /// The table in which the tool keeps what ran, unless it is told another name.
    pub(crate) fn history_table(self) -> &'static str {
        match self {
            Layout::Refinery => "refinery_schema_history",
            Layout::Sqlx => "_sqlx_migrations",
            Layout::Diesel => "__diesel_schema_migrations",
        }
    }
}

/// Where the scripts of a migration name the table, in a statement and not in a comment before it: the
/// first place of each.
pub(crate) fn uses(layout: Layout, made: &Converted) -> Vec<(Direction, Place)> {
    let find = |bytes| {
        let text = std::str::from_utf8(without_mark(bytes)).ok()?;
        let statements = split(text).ok()?;
        let mut ranges = statements.iter().map(|it| it.range.start as usize..it.range.end as usize);
        let at = |range: std::ops::Range<usize>| {
            Some(range.start + text.get(range)?.find(layout.history_table())?)
        };
        ranges.find_map(at).map(|it| place_of(text, it))
    };
    let scripts = [(Direction::Up, find(&made.up)), (Direction::Down, find(&made.down))];
    scripts.into_iter().filter_map(|(direction, place)| Some((direction, place?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_of_a_tool_is_found_in_statements() {
        check("DROP TABLE a;\nDELETE FROM public._sqlx_migrations;", &[(2, 20)]);
        check("\u{feff}SELECT 1 FROM _sqlx_migrations", &[(1, 15)]);
        check("-- not _sqlx_migrations\nSELECT 1;", &[]);
        check("SELECT 1 FROM refinery_schema_history;", &[]);
    }

    #[track_caller]
    fn check(up: &str, expected: &[(u32, u32)]) {
        let made = Converted {
            from: String::new(),
            version: "20240320000000".parse().unwrap(),
            name: String::new(),
            notes: Vec::new(),
            up: up.as_bytes().to_vec(),
            down: Vec::new(),
        };
        let places: Vec<(u32, u32)> =
            uses(Layout::Sqlx, &made).iter().map(|(_, it)| (it.line, it.column)).collect();
        assert_eq!(places, expected, "{up}");
    }
}
