//! What the code made by `embed_migrations!` touches; nothing else may, and nothing here is stable.
//!
//! The macro writes flat arrays of literals, and the constant functions here make the model of them
//! while the program is compiled. One call a statement in the generated code would cost several times
//! as much, and so would one big text: see `benches/expansion.sh`.

pub use migrate_core::{Allow, Directives, Migration, MigrationSet, Statement, StatementKind};

use migrate_core::{ByteRange, Checksum, Manner, Mode, Script, Version};

/// What a call with errors gives, so that they are the only errors.
pub const EMPTY: MigrationSet = MigrationSet::new(&[]);

/// The literals of a set.
#[derive(Debug)]
pub struct Literals<'a> {
    /// For each migration its version, its up script and its down script. A script is the number of
    /// its statements, the index of its directives from bit 32 on, and bit 63 where it is standalone.
    pub numbers: &'a [u64],
    /// For each migration its name, its up script and its down script.
    pub texts: &'a [&'static str],
    /// The checksums of the up scripts and the down scripts, 32 bytes each.
    pub checksums: &'a [u8],
    /// The directives that occur; the first are none.
    pub directives: &'static [Directives],
    /// How many statements of [`statements`](Literals::statements) belong to scripts with one
    /// statement, with two, three and four.
    pub shares: [usize; 4],
    /// The statements of the scripts with one statement, then of those with two, three, four, and
    /// of all others; in each group in the order of the scripts.
    pub statements: &'static [Statement],
}

/// Makes statements of numbers: the start, the end and the line, 32 bits each, the index of the kind, 24 bits, and
/// how the statement runs.
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
        statement.kind = kinds[(number >> 96) as usize & 0xff_ffff];
        statement.manner = Manner::embedded((number >> 120) as u8);
        index += 1;
    }
    all
}

/// Gives a script its statements, and whatever else is out of the ordinary. Not a function, because
/// calls are what constant functions are slow at.
macro_rules! finish {
    ($script:ident, $number:expr, $directives:expr, $statements:ident) => {
        if $number > 0xffff_ffff {
            set_directives($script, $number, $directives);
        }
        $script.statements = match $number & 0xffff_ffff {
            0 => &[],
            1 => {
                $statements.ones += 1;
                &$statements.one[$statements.ones - 1]
            }
            2 => {
                $statements.twos += 1;
                &$statements.two[$statements.twos - 1]
            }
            3 => {
                $statements.threes += 1;
                &$statements.three[$statements.threes - 1]
            }
            4 => {
                $statements.fours += 1;
                &$statements.four[$statements.fours - 1]
            }
            count => $statements.cut(count),
        };
    };
}

/// Makes the migrations.
///
/// # Panics
///
/// Panics where one of the literals is too short: while the program is compiled.
pub const fn migrations<const N: usize>(literals: &Literals<'_>) -> [Migration; N] {
    let mut all = [NO_MIGRATION; N];
    let (numbers, texts) = (literals.numbers, literals.texts);
    let checksums: &[[u8; 32]] = literals.checksums.as_chunks().0;
    let mut statements = Statements::of(literals);
    let (mut index, mut at) = (0, 0);
    while index < N {
        // Finished apart: a pointer written into the big array costs more the bigger it is.
        let mut migration = NO_MIGRATION;
        migration.version = Version::embedded(numbers[at]);
        migration.name = texts[at];
        at += 1;
        let up = &mut migration.up;
        up.sql = texts[at];
        up.checksum = Checksum::embedded(checksums[2 * index]);
        finish!(up, numbers[at], literals.directives, statements);
        at += 1;
        let down = &mut migration.down;
        down.sql = texts[at];
        down.checksum = Checksum::embedded(checksums[2 * index + 1]);
        finish!(down, numbers[at], literals.directives, statements);
        at += 1;
        all[index] = migration;
        index += 1;
    }
    all
}

/// The statements of a set, and how many of them belong to a script already.
///
/// To cut a slice at an index takes a dozen calls; an element of a slice of arrays takes none.
struct Statements {
    one: &'static [[Statement; 1]],
    ones: usize,
    two: &'static [[Statement; 2]],
    twos: usize,
    three: &'static [[Statement; 3]],
    threes: usize,
    four: &'static [[Statement; 4]],
    fours: usize,
    others: &'static [Statement],
}

impl Statements {
    const fn of(literals: &Literals<'_>) -> Statements {
        let [one, two, three, four] = literals.shares;
        let (one, rest) = literals.statements.split_at(one);
        let (two, rest) = rest.split_at(two);
        let (three, rest) = rest.split_at(three);
        let (four, others) = rest.split_at(four);
        Statements {
            one: one.as_chunks().0,
            ones: 0,
            two: two.as_chunks().0,
            twos: 0,
            three: three.as_chunks().0,
            threes: 0,
            four: four.as_chunks().0,
            fours: 0,
            others,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a script is smaller than 4 GB")]
    const fn cut(&mut self, count: u64) -> &'static [Statement] {
        let (own, others) = self.others.split_at(count as usize);
        self.others = others;
        own
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a number holds several smaller ones")]
const fn set_directives(script: &mut Script, number: u64, directives: &'static [Directives]) {
    let index = (number >> 32) as u16 as usize;
    if index > 0 {
        script.set_directives(&directives[index]);
    }
    if number >> 63 == 1 {
        script.mode = Mode::Standalone;
    }
}

const NO_MIGRATION: Migration =
    Migration::new(Version::embedded(10_000_000_000_000), "", NO_SCRIPT, NO_SCRIPT);

const NO_SCRIPT: Script =
    Script::new("", Checksum::embedded([0; 32]), Mode::Transactional, None, &[]);
