//! What was decided about a migration on the way, in a few words each.

/// Something that whoever imports should know about one migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Note {
    /// It is a program, which nobody can read as SQL.
    Program,
    /// There was no down script.
    NoDown,
    /// There was one, without a statement.
    EmptyDown,
    /// The tool runs it without a transaction.
    NoTransaction,
    /// Letters of its name had to go.
    Renamed,
    /// Its version is no time, or one that is taken.
    Moved,
    /// refinery runs it whenever it comes.
    Unversioned,
    /// `metadata.toml` does not say what it is for.
    NoKey,
    /// `metadata.toml` cannot be read.
    BadMetadata,
}

/// Every note, in the order in which they are told; what it says of one migration; and what is said
/// of all that have it, after their number.
const TABLE: [(Note, &str, &str); 9] = [
    (Note::Program, "a program: write it as SQL", ""),
    (
        Note::NoDown,
        "no down script: irreversible",
        "without a down script, marked as irreversible: where there is a way back, write it in the \
         place of that line",
    ),
    (
        Note::EmptyDown,
        "empty down script: irreversible",
        "with a down script without a statement, marked as irreversible",
    ),
    (Note::NoTransaction, "runs without a transaction", ""),
    (Note::Renamed, "name changed", ""),
    (Note::Moved, "moved to a second after the one before", ""),
    (
        Note::Unversioned,
        "could run out of order",
        "that refinery runs in any order (`U`): here they have an order, and `up \
         --allow-out-of-order` makes an exception",
    ),
    (
        Note::NoKey,
        "metadata.toml without run_in_transaction",
        "whose metadata.toml has no `run_in_transaction`: diesel runs them without a transaction, so \
         this is kept; delete `-- migrate:no-transaction` where it was not meant",
    ),
    (
        Note::BadMetadata,
        "metadata.toml is no TOML",
        "whose metadata.toml is not understood: diesel runs them in a transaction, so this is kept",
    ),
];

impl Note {
    /// What it says of one migration.
    pub(crate) fn as_str(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// What is said of all migrations that have it, where that is worth a warning.
    pub(crate) fn warning(self) -> Option<&'static str> {
        Some(TABLE[self as usize].2).filter(|it| !it.is_empty())
    }

    /// Every note, in the order in which they are told.
    pub(crate) fn all() -> impl Iterator<Item = Note> {
        TABLE.into_iter().map(|(note, ..)| note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lists_every_note_at_its_own_place() {
        for (index, note) in Note::all().enumerate() {
            assert_eq!(note as usize, index, "{note:?}");
        }
        assert_eq!(Note::BadMetadata as usize + 1, TABLE.len());
    }
}
