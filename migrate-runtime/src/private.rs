//! What the code made by `embed_migrations!` touches; nothing else may, and nothing here is stable.
//!
//! The macro writes flat arrays of literals, and the constant functions here make the model of them
//! while the program is compiled. One call a statement in the generated code would cost several times
//! as much, and so would one big text: see `benches/expansion.sh`.

pub use migrate_core::{Allow, Directives, Migration, MigrationSet, Statement, StatementKind};

use migrate_core::{ByteRange, Checksum, Mode, Script, Version};

/// What a call with errors gives, so that they are the only errors.
pub const EMPTY: MigrationSet = MigrationSet::new(&[]);

/// The literals of a set. Where one array serves several things, they take turns.
#[derive(Debug)]
pub struct Literals<'a> {
    /// For each migration its version, its up script and its down script. A script is the number of
    /// its statements, the index of its directives from bit 32 on, and bit 63 where it is standalone.
    pub numbers: &'a [u64],
    /// For each migration its name, its up script and its down script.
    pub texts: &'a [&'static str],
    /// The checksums of the up scripts and the down scripts, 32 bytes each.
    pub checksums: &'a [u8],
    /// The directives that occur.
    pub directives: &'a [Directives],
    /// The statements of all scripts, in the order of the scripts.
    pub statements: &'static [Statement],
}

/// Makes statements of numbers: the start, the end, the line and the index of the kind, 32 bits each.
#[expect(clippy::cast_possible_truncation, reason = "each number holds several smaller ones")]
pub const fn statements<const N: usize>(
    kinds: &[StatementKind],
    numbers: &[u128; N],
) -> [Statement; N] {
    let nothing = Statement::new(ByteRange { start: 0, end: 0 }, 0, StatementKind::Other);
    let mut all = [nothing; N];
    let mut index = 0;
    while index < N {
        let number = numbers[index];
        let statement = &mut all[index];
        statement.range.start = number as u32;
        statement.range.end = (number >> 32) as u32;
        statement.line = (number >> 64) as u32;
        statement.kind = kinds[(number >> 96) as usize];
        index += 1;
    }
    all
}

/// Makes the migrations.
pub const fn migrations<const N: usize>(literals: &Literals<'_>) -> [Migration; N] {
    let (checksums, _) = literals.checksums.as_chunks();
    let mut statements = literals.statements;
    let mut all = [NO_MIGRATION; N];
    let mut index = 0;
    while index < N {
        let (text, number) = (3 * index, 3 * index);
        let migration = &mut all[index];
        migration.version = Version::embedded(literals.numbers[number]);
        migration.name = literals.texts[text];
        let up = &mut migration.up;
        up.sql = literals.texts[text + 1];
        up.checksum = Checksum::embedded(checksums[2 * index]);
        statements = finish(up, literals.numbers[number + 1], literals, statements);
        let down = &mut migration.down;
        down.sql = literals.texts[text + 2];
        down.checksum = Checksum::embedded(checksums[2 * index + 1]);
        statements = finish(down, literals.numbers[number + 2], literals, statements);
        index += 1;
    }
    all
}

#[expect(clippy::cast_possible_truncation, reason = "each number holds several smaller ones")]
const fn finish(
    script: &mut Script,
    number: u64,
    literals: &Literals<'_>,
    statements: &'static [Statement],
) -> &'static [Statement] {
    if number >> 32 != 0 {
        script.directives = literals.directives[(number >> 32) as u16 as usize];
        if number >> 63 == 1 {
            script.mode = Mode::Standalone;
        }
    }
    let (own, rest) = statements.split_at(number as u32 as usize);
    script.statements = own;
    rest
}

const NO_MIGRATION: Migration =
    Migration::new(Version::embedded(10_000_000_000_000), "", NO_SCRIPT, NO_SCRIPT);

const NO_SCRIPT: Script =
    Script::new("", Checksum::embedded([0; 32]), Mode::Transactional, Directives::NONE, &[]);
