//! The key of the lock that allows one runner at a time per database and history table.

use migrate_core::Checksum;

use crate::quote::fill;

/// The first of the two numbers of the advisory lock.
///
/// It depends on the schema alone and never changes: binaries of every version, past and to come,
/// must exclude each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LockKey(u32);

impl LockKey {
    /// The key for the history table in `schema`.
    pub(crate) fn of(schema: &str) -> LockKey {
        let hash = Checksum::of(&format!("migrate:{schema}._migrations"));
        let [a, b, c, d, ..] = *hash.bytes();
        LockKey(u32::from_be_bytes([a, b, c, d]))
    }

    /// One statement: takes the lock if it is free.
    pub(crate) fn try_lock(self) -> String {
        format!("SELECT pg_catalog.pg_try_advisory_lock({}, 1)", self.signed())
    }

    /// One statement: gives the lock back.
    pub(crate) fn unlock(self) -> String {
        format!("SELECT pg_catalog.pg_advisory_unlock({}, 1)", self.signed())
    }

    /// One statement: who holds the lock, as far as the role may see.
    pub(crate) fn holder(self) -> String {
        fill(include_str!("history/holder.sql"), &[("classid", &self.unsigned().to_string())])
    }

    /// As the `int4` that the lock functions take.
    pub(crate) fn signed(self) -> i32 {
        self.0.cast_signed()
    }

    /// As the `oid` that `pg_locks.classid` shows.
    pub(crate) fn unsigned(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_the_public_schema_never_changes() {
        // printf 'migrate:public._migrations' | sha256sum | head -c 8
        assert_eq!(format!("{:08x}", LockKey::of("public").unsigned()), "0fc4a656");
    }

    #[test]
    fn schemas_have_locks_of_their_own() {
        assert_ne!(LockKey::of("public"), LockKey::of("tenant_1"));
    }
}
