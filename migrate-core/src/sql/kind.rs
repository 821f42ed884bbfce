//! Sorts of statements, as far as running them depends on it.

/// What sort of statement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatementKind {
    /// Anything that has no entry of its own.
    Other,
}
