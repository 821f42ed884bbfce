//! The migrations of the model test: what their statements say to the server, and what to the reference.

use std::collections::BTreeMap;

use migrate_runtime::{Direction, MigrationSet};

/// What every database of the test has besides its migrations. A call of `pass` waits while the test holds
/// the barrier of that number.
pub(super) const FIXTURE: &str = "
    CREATE TABLE calls (n int NOT NULL);
    CREATE FUNCTION pass(barrier int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_catalog.pg_advisory_xact_lock_shared(4242, barrier); END $$;
    CREATE FUNCTION gated(n int, barrier int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
        PERFORM public.pass(barrier); PERFORM 1 FROM public.go; RETURN n; END $$;
    CREATE PROCEDURE call(n int, barrier int) LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO public.calls VALUES (n); COMMIT; PERFORM public.pass(barrier); END $$";

/// The number of a migration in the set, from 1.
pub(super) type Number = u8;
pub(super) type Barrier = i32;

/// A statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Table(Number),
    Insert(Number),
    DropTable(Number),
    /// Fails until there is a table `go`.
    Gate,
    Pass(Barrier),
    Vacuum(Number),
    Index(Build),
    DropIndex(Number),
    /// Commits half-way, and waits at the barrier then: what came of it, the catalogs cannot tell.
    Call(Number, Barrier),
}

/// An index that is built concurrently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Build {
    pub(super) index: Number,
    pub(super) table: Number,
    /// Where it waits; then it fails until there is a table `go`. Without rows, it does neither.
    pub(super) barrier: Option<Barrier>,
    pub(super) if_not_exists: bool,
}

/// Who says that a statement failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Server,
    /// What the server calls a success is none: the index is there, and invalid.
    Runner,
}

/// What scripts have made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Schema {
    /// How many rows each has.
    pub(super) tables: BTreeMap<Number, u32>,
    pub(super) indexes: BTreeMap<Number, Index>,
    pub(super) calls: BTreeMap<Number, u32>,
    pub(super) go: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) table: Number,
    pub(super) valid: bool,
}

impl Op {
    fn sql(self) -> String {
        match self {
            Op::Table(n) => format!("CREATE TABLE t_{n} (n int)"),
            Op::Insert(n) => format!("INSERT INTO t_{n} VALUES ({n})"),
            Op::DropTable(n) => format!("DROP TABLE t_{n}"),
            Op::Gate => "SELECT count(*) FROM go".to_owned(),
            Op::Pass(barrier) => format!("SELECT pass({barrier})"),
            Op::Vacuum(n) => format!("VACUUM t_{n}"),
            Op::Index(build) => build.sql(),
            Op::DropIndex(n) => format!("DROP INDEX CONCURRENTLY i_{n}"),
            Op::Call(n, barrier) => format!("CALL call({n}, {barrier})"),
        }
    }

    /// Whether PostgreSQL refuses it in a transaction.
    pub(super) fn runs_alone(self) -> bool {
        use Op::{Call, DropIndex, Index, Vacuum};
        matches!(self, Vacuum(_) | Index(_) | DropIndex(_) | Call(..))
    }

    /// Runs to its end, or changes nothing; an index that could not be built stays, invalid.
    pub(super) fn run(self, schema: &mut Schema) -> Result<(), Refused> {
        match self {
            Op::Index(build) => build.run(schema),
            _ => self.begin(schema),
        }
    }

    /// Runs as far as its barrier, which is its end where it has none.
    pub(super) fn begin(self, schema: &mut Schema) -> Result<(), Refused> {
        let done = match self {
            Op::Table(n) => !schema.tables.contains_key(&n) && schema.tables.insert(n, 0).is_none(),
            Op::Insert(n) => schema.tables.get_mut(&n).map(|rows| *rows += 1).is_some(),
            Op::DropTable(n) => {
                schema.indexes.retain(|_, it| it.table != n);
                schema.tables.remove(&n).is_some()
            }
            Op::Gate => schema.go,
            Op::Pass(_) => true,
            Op::Vacuum(n) => schema.tables.contains_key(&n),
            Op::Index(build) => build.begin(schema),
            Op::DropIndex(n) => schema.indexes.remove(&n).is_some(),
            Op::Call(n, _) => {
                *schema.calls.entry(n).or_default() += 1;
                true
            }
        };
        if done { Ok(()) } else { Err(Refused::Server) }
    }

    /// The barrier at which it would wait.
    pub(super) fn barrier(self, schema: &Schema) -> Option<Barrier> {
        match self {
            Op::Pass(barrier) | Op::Call(_, barrier) => Some(barrier),
            Op::Index(build) => build.barrier.filter(|_| build.waits(schema)),
            _ => None,
        }
    }
}

impl Build {
    fn sql(self) -> String {
        let Build { index, table, barrier, if_not_exists } = self;
        let clause = if if_not_exists { "IF NOT EXISTS " } else { "" };
        let of = barrier.map_or("n".to_owned(), |it| format!("gated(n, {it})"));
        format!("CREATE INDEX CONCURRENTLY {clause}i_{index} ON t_{table} (({of}))")
    }

    fn is_possible(self, schema: &Schema) -> bool {
        schema.tables.contains_key(&self.table) && !schema.indexes.contains_key(&self.index)
    }

    /// Whether there is a row that the build has to look at.
    fn waits(self, schema: &Schema) -> bool {
        self.is_possible(schema) && schema.tables[&self.table] > 0
    }

    fn begin(self, schema: &mut Schema) -> bool {
        let possible = self.is_possible(schema);
        if possible {
            schema.indexes.insert(self.index, Index { table: self.table, valid: false });
        }
        possible
    }

    /// Ends what has begun; says whether the index can be used.
    pub(super) fn end(self, schema: &mut Schema) -> bool {
        let valid = schema.go || self.barrier.is_none() || schema.tables[&self.table] == 0;
        schema.indexes.insert(self.index, Index { table: self.table, valid });
        valid
    }

    fn run(self, schema: &mut Schema) -> Result<(), Refused> {
        if self.begin(schema) {
            return if self.end(schema) { Ok(()) } else { Err(Refused::Server) };
        }
        let has_table = schema.tables.contains_key(&self.table);
        match schema.indexes.get(&self.index) {
            Some(it) if has_table && self.if_not_exists => {
                if it.valid {
                    Ok(())
                } else {
                    Err(Refused::Runner)
                }
            }
            _ => Err(Refused::Server),
        }
    }
}

/// One direction of a migration.
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// Outside of a transaction, statement by statement.
    pub(super) standalone: bool,
    /// None where there is no way back.
    pub(super) ops: Vec<Op>,
}

/// A sort of migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Plain,
    Gated,
    Irreversible,
    Indexed,
    Vacuumed,
    GatedIndex,
    Calling,
    /// An index on the table of the migration before, if that has one.
    IndexOfOther,
    GatedIndexOfOther,
    GatedDown,
    CallingFirst,
}

impl Sort {
    pub(super) const ALL: [Sort; 11] = [
        Sort::Plain,
        Sort::Gated,
        Sort::Irreversible,
        Sort::Indexed,
        Sort::Vacuumed,
        Sort::GatedIndex,
        Sort::Calling,
        Sort::IndexOfOther,
        Sort::GatedIndexOfOther,
        Sort::GatedDown,
        Sort::CallingFirst,
    ];

    fn ops(self, n: Number, direction: Direction) -> Vec<Op> {
        use Op::{Call, DropIndex, DropTable, Gate, Insert, Pass, Table, Vacuum};
        let barrier = barrier(n, direction);
        let plain = Build { index: n, table: n, barrier: None, if_not_exists: false };
        let gated = Build { barrier: Some(barrier), ..plain };
        let other = n - 1;
        let pass = Pass(barrier);
        let up = direction == Direction::Up;
        match self {
            Sort::Plain if up => vec![Table(n), pass, Insert(n)],
            Sort::Plain => vec![pass, DropTable(n)],
            Sort::Gated if up => vec![Table(n), pass, Gate, Insert(n)],
            Sort::Gated => vec![DropTable(n), pass],
            Sort::Irreversible if up => vec![pass, Table(n)],
            Sort::Irreversible => vec![],
            Sort::Indexed if up => vec![Table(n), Insert(n), Op::Index(plain), pass, Insert(n)],
            Sort::Indexed => vec![DropIndex(n), pass, DropTable(n)],
            Sort::Vacuumed if up => vec![Table(n), Gate, pass, Vacuum(n), Insert(n)],
            Sort::Vacuumed => vec![DropTable(n)],
            Sort::GatedIndex if up => vec![Table(n), Insert(n), Op::Index(gated)],
            Sort::GatedIndex => vec![DropIndex(n), DropTable(n), pass],
            Sort::Calling if up => vec![Table(n), Call(n, barrier), Insert(n)],
            Sort::Calling => vec![Vacuum(n), pass, DropTable(n)],
            Sort::IndexOfOther if up => vec![Op::Index(Build { table: other, ..plain })],
            Sort::GatedIndexOfOther if up => {
                vec![Op::Index(Build { table: other, if_not_exists: true, ..gated })]
            }
            Sort::IndexOfOther | Sort::GatedIndexOfOther => vec![DropIndex(n)],
            Sort::GatedDown if up => vec![Table(n), Insert(n)],
            Sort::GatedDown => vec![Gate, Call(n, barrier), DropTable(n)],
            Sort::CallingFirst if up => vec![Call(n, barrier), Table(n), pass],
            Sort::CallingFirst => vec![DropTable(n), Call(n, barrier)],
        }
    }

    pub(super) fn script(self, n: Number, direction: Direction) -> Script {
        let ops = self.ops(n, direction);
        Script { standalone: ops.iter().any(|it| it.runs_alone()), ops }
    }

    fn sql(self, n: Number, direction: Direction) -> String {
        let script = self.script(n, direction);
        if script.ops.is_empty() {
            return "-- migrate:irreversible because there is no way back".to_owned();
        }
        // A lone statement that refuses a transaction needs no directive.
        let header = match script.ops.as_slice() {
            [Op::Index(_) | Op::DropIndex(_)] => "",
            _ if script.standalone => "-- migrate:no-transaction\n",
            _ => "",
        };
        let statements: Vec<String> = script.ops.iter().map(|it| it.sql()).collect();
        format!("{header}{}", statements.join(";\n"))
    }
}

/// The barrier in a script of a migration.
pub(super) fn barrier(n: Number, direction: Direction) -> Barrier {
    i32::from(n) * 10 + i32::from(direction == Direction::Down)
}

pub(super) fn version(n: Number) -> String {
    format!("202601010000{n:02}")
}

/// How old a binary is, or what it lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Newest,
    First(Number),
    Without(Number),
}

impl Binary {
    /// Whether it has a migration of the set.
    pub(super) fn has(self, n: Number) -> bool {
        match self {
            Binary::Newest => true,
            Binary::First(count) => n <= count,
            Binary::Without(missing) => n != missing,
        }
    }

    pub(super) fn set(self, sorts: &[Sort]) -> MigrationSet {
        let numbered = (1..).zip(sorts).filter(|it| self.has(it.0));
        let migrations: Vec<_> = numbered
            .map(|(n, sort)| {
                let name = format!("{}_migration", version(n));
                (name, sort.sql(n, Direction::Up), sort.sql(n, Direction::Down))
            })
            .collect();
        let borrowed: Vec<_> =
            migrations.iter().map(|it| (it.0.as_str(), it.1.as_str(), it.2.as_str())).collect();
        migration_tests::set(&borrowed)
    }
}
