//! What the code made by `#[migration_test]` touches; nothing else may, and nothing here is stable.

use migrate_core::{MigrationSet, Version};

pub use super::TestConnection;

/// The connection that a test is given.
///
/// # Panics
///
/// When there is no server, it makes no database, or a migration fails.
#[track_caller]
pub fn establish(set: &MigrationSet, at: Option<u64>) -> TestConnection {
    match TestConnection::migrated(set, at.map(Version::embedded)) {
        Ok(connection) => connection,
        Err(error) => panic!("there is no database for this test: {error:?}"),
    }
}

/// Says at compile time that a set has no such version.
///
/// # Panics
///
/// If it has none.
#[track_caller]
pub const fn assert_has(set: &MigrationSet, version: u64) {
    let migrations = set.as_slice();
    let mut nearest = None;
    let (mut index, mut distance) = (0, u64::MAX);
    while index < migrations.len() {
        let it = &migrations[index];
        if it.version.get().abs_diff(version) < distance {
            distance = it.version.get().abs_diff(version);
            nearest = Some(it);
        }
        index += 1;
    }
    let Some(nearest) = nearest else { panic!("the set of this test is empty") };
    if distance > 0 {
        panic_naming(version, nearest.version.get(), nearest.name);
    }
}

/// Panics while the program is compiled, where no text is put together but by hand.
#[track_caller]
const fn panic_naming(version: u64, nearest: u64, name: &str) -> ! {
    let mut text = Text { bytes: [0; 256], length: 0 };
    text.push(b"no migration has the version ");
    text.push_number(version);
    text.push(b": the nearest is ");
    text.push_number(nearest);
    text.push(b"_");
    text.push(name.as_bytes());
    match str::from_utf8(text.bytes.split_at(text.length).0) {
        Ok(text) => panic!("{}", text),
        Err(_) => panic!("no migration has this version"),
    }
}

struct Text {
    bytes: [u8; 256],
    length: usize,
}

impl Text {
    /// What does not fit is left out: names of migrations are ASCII.
    const fn push(&mut self, bytes: &[u8]) {
        let mut index = 0;
        while index < bytes.len() && self.length < self.bytes.len() {
            self.bytes[self.length] = bytes[index];
            self.length += 1;
            index += 1;
        }
    }

    const fn push_number(&mut self, number: u64) {
        if number > 9 {
            self.push_number(number / 10);
        }
        self.push(&[b'0' + (number % 10) as u8]);
    }
}

#[cfg(test)]
mod tests {
    use migrate_core::{Checksum, Migration, Mode, Script};

    use super::*;

    const SCRIPT: Script =
        Script::new("", Checksum::embedded([0; 32]), Mode::Transactional, None, &[]);
    static SET: MigrationSet = MigrationSet::new(&[
        Migration::new(Version::embedded(20_240_320_000_000), "create_party", SCRIPT, SCRIPT),
        Migration::new(Version::embedded(20_240_327_091_500), "create_role", SCRIPT, SCRIPT),
    ]);

    // As the attribute has it: this compiles, or it does not.
    const _: () = assert_has(&SET, 20_240_320_000_000);
    const _: () = assert_has(&SET, 20_240_327_091_500);

    #[test]
    #[should_panic(
        expected = "no migration has the version 20240320000001: the nearest is 20240320000000_create_party"
    )]
    fn a_version_that_no_migration_has_is_named_with_the_nearest() {
        assert_has(&SET, 20_240_320_000_001);
    }

    #[test]
    #[should_panic(expected = "the set of this test is empty")]
    fn a_set_without_migrations_has_no_version() {
        assert_has(&MigrationSet::new(&[]), 20_240_320_000_001);
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let name = "x".repeat(300);
        let panicked = std::panic::catch_unwind(|| panic_naming(1, 20_240_320_000_000, &name));
        let message = panicked.unwrap_err().downcast::<String>().unwrap();
        assert_eq!(message.len(), 256);
    }
}
