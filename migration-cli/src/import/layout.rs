//! Whose folder it is.

use std::fmt;

use super::{Found, diesel, refinery, sqlx};

/// A tool whose folders can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Layout {
    /// `V1__name.sql`, `U1__name.sql`
    Refinery,
    /// `1_name.sql`, or `1_name.up.sql` and `1_name.down.sql`; golang-migrate's too
    Sqlx,
    /// Folders `2024-03-20-000000_name/` with `up.sql` and `down.sql`
    Diesel,
}

impl Layout {
    /// Every one.
    pub(crate) const ALL: [Layout; 3] = [Layout::Refinery, Layout::Sqlx, Layout::Diesel];

    /// What its files look like.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Layout::Refinery => "V1__create_users.sql",
            Layout::Sqlx => "20240320000000_create_users.sql, or .up.sql and .down.sql",
            Layout::Diesel => "2024-03-20-000000_create_users/up.sql",
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Layout::Refinery => "refinery",
            Layout::Sqlx => "sqlx",
            Layout::Diesel => "diesel",
        })
    }
}

/// The tools that would find a migration of theirs among the files.
pub(crate) fn detect(files: &[Found]) -> Vec<Layout> {
    let found = |layout: Layout| {
        let is_one = match layout {
            Layout::Refinery => refinery::is_migration,
            Layout::Sqlx => sqlx::is_migration,
            Layout::Diesel => diesel::is_migration,
        };
        files.iter().any(|it| is_one(&it.path))
    };
    Layout::ALL.into_iter().filter(|it| found(*it)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_by_its_files() {
        use Layout::{Diesel, Refinery, Sqlx};
        check(&["V1__a.sql", "README.md"], &[Refinery]);
        check(&["below/U2__a.rs"], &[Refinery]);
        check(&["1_a.sql"], &[Sqlx]);
        check(&["000001_a.up.sql", "000001_a.down.sql"], &[Sqlx]);
        check(&["2024-03-20-000000_a/up.sql", "2024-03-20-000000_a/down.sql"], &[Diesel]);
        check(&["00000000000000_diesel_initial_setup/up.sql"], &[Diesel]);
        check(&["V1__a.sql", "1_a.sql"], &[Refinery, Sqlx]);
        check(&["a.sql", "below/1_a.sql", "V1_a.sql", "v1__a.sql", "x/up.sql", "V1__a.txt"], &[]);
        check(&[], &[]);
    }

    #[track_caller]
    fn check(paths: &[&str], expected: &[Layout]) {
        let found = |path: &&str| Found { path: (*path).to_owned(), bytes: Vec::new() };
        let files: Vec<Found> = paths.iter().map(found).collect();
        assert_eq!(detect(&files), expected, "{paths:?}");
    }
}
