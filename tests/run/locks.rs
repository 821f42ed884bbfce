//! What the build claims of a statement, compared with what this server does: the locks that it holds in
//! `pg_locks`, the files that are new, and the tables that were read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use migrate_runtime::{Migrator, RelationLock, Settings, StepForecast, Up, Whose, Work};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, analyzed_set, trials};
use postgres::Client;
use postgres::error::SqlState;

pub(crate) fn tests() -> Vec<Trial> {
    trials![what_is_claimed_of_a_statement_is_what_the_server_does]
}

/// The statements that were measured elsewhere, and what they were run on.
const MEASURED: &str = include_str!("../../migrate-core/src/analysis/tests/measured.tsv");
const SETUP: &str = include_str!("../../migrate-core/src/analysis/tests/measured.sql");

/// And some that were not.
const MORE: [&str; 55] = [
    "alter table t add column z int, alter column a set statistics 7",
    "alter table t alter a set statistics 7, alter e set default 'y'",
    "alter table t add constraint k check (nn > 0), validate constraint t_fk_nv",
    "alter table t add column z int default random()",
    "alter table t add column z text collate \"C\"",
    "alter table par add constraint k check (k >= 0)",
    "alter table par alter x set not null",
    "alter table only par alter x set default 'z'",
    "alter table par drop column x",
    "alter table par rename column x to y",
    "alter table t alter c type varchar(10) using left(c, 10)",
    "alter table t alter d type numeric(11, 2), alter b type text",
    "alter index t_a_idx set (fillfactor = 70)",
    "alter view v set (security_barrier)",
    "create materialized view m as select * from t2",
    "create view w as select * from v join r using (id)",
    "create unique index on t (nn, a) where a > 1",
    "delete from t2 where id = 1",
    "insert into t2 select id, v from child where false",
    "truncate r cascade",
    "drop table t, r cascade",
    "drop view v; drop table t2",
    "create table x (like t2); create index on x (a); alter table x add foreign key (id) references t2",
    "lock table t in share row exclusive mode",
    "alter table t drop column rid",
    "alter table fp drop column id",
    "drop table par1",
    "drop table pard",
    "drop table fp1",
    "drop table nodef1",
    "alter sequence sq rename to sq2",
    "alter sequence sq set schema public",
    "alter sequence sq owner to current_user",
    "alter sequence sq increment by 2",
    "alter sequence sq owned by none",
    "create table fp2 partition of fp for values in (2)",
    "create table par9 partition of par for values from (9000) to (9001)",
    "alter table fp attach partition ft for values in (3)",
    "create trigger x after insert on par for each row execute function trgf()",
    "create trigger x after insert on par for each statement execute function trgf()",
    "create trigger x after insert on t for each row execute function trgf()",
    "drop trigger fp_tg on fp",
    "alter trigger fp_tg on fp rename to fp_tg2",
    "alter table fp disable trigger fp_tg",
    "alter table fp enable trigger all",
    "alter table t2 disable trigger tg",
    "drop trigger tg on t2",
    "lock table par in share mode",
    "lock table par",
    "lock table only par in exclusive mode",
    "alter table t add column z int default 1 references r",
    "alter table t add column z int references r",
    "alter table fp add column z int default 1 references fr",
    "drop type en cascade",
    "drop domain dom cascade",
];

/// Relations for these.
const MORE_SETUP: &str = "
create table fr(id int primary key);
insert into fr values (1), (2);
create table fp(id int references fr, k int) partition by list (k);
create table fp1 partition of fp for values in (1);
insert into fp values (1, 1), (2, 1);
create trigger fp_tg before insert on fp for each row execute function trgf();
create table ft(id int, k int);
";

/// What happened to a relation.
#[derive(Debug, Default)]
struct Done {
    lock: Option<String>,
    is_rewritten: bool,
    is_read: bool,
}

fn what_is_claimed_of_a_statement_is_what_the_server_does() {
    let database = TestDatabase::new();
    let mut client = database.client();
    set_up(&mut client);
    let measured = MEASURED.lines().filter(|it| !it.starts_with('#'));
    let mut statements: Vec<&str> = measured.filter_map(|it| it.split('\t').next()).collect();
    statements.dedup();
    statements.extend(MORE);
    let indexes = indexes(&mut client);
    let (mut wrong, mut compared) = (String::new(), 0);
    for statement in statements {
        // What this version does not know is refused by it.
        let Some(done) = run(&mut client, statement) else { continue };
        compared += 1;
        let claims = claims(&database, &mut client, statement);
        // The new files of TRUNCATE are empty, which is no work.
        let empties = statement.starts_with("truncate");
        let done = done
            .into_iter()
            .map(|(name, it)| (name, Done { is_rewritten: it.is_rewritten && !empties, ..it }));
        for problem in disagreements(&done.collect(), &claims, &indexes) {
            // Writing to a string does not fail.
            let _ = writeln!(wrong, "{statement}\n    {problem}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(compared > 150, "only {compared} statements could be run");
}

/// Makes the relations, without those that only a later version can make.
fn set_up(client: &mut Client) {
    for statement in migrate_core::split(SETUP).unwrap() {
        let statement = statement.range.of(SETUP);
        if let Err(error) = client.batch_execute(statement) {
            let missing = [&SqlState::SYNTAX_ERROR, &SqlState::UNDEFINED_TABLE];
            assert!(error.code().is_some_and(|it| missing.contains(&it)), "{statement}: {error:?}");
        }
    }
    client.batch_execute(MORE_SETUP).unwrap();
    client.batch_execute("ANALYZE").unwrap();
}

/// Runs statements in a transaction that is rolled back; tells what became of each relation that was there.
fn run(client: &mut Client, statement: &str) -> Option<BTreeMap<String, Done>> {
    let mut done: BTreeMap<String, Done> = BTreeMap::new();
    let mut transaction = client.transaction().unwrap();
    transaction
        .batch_execute(
            "SET LOCAL search_path = s;
             CREATE TEMPORARY TABLE before ON COMMIT DROP AS
             SELECT c.oid, c.relname, c.relfilenode, c.relkind,
                    COALESCE(pg_stat_get_xact_tuples_returned(c.oid), 0) AS read
             FROM pg_class c WHERE c.relnamespace = 's'::regnamespace AND c.relkind <> 'c'",
        )
        .unwrap();
    transaction.batch_execute(statement).ok()?;
    let sql = "SELECT b.relname::text, b.relkind IN ('r', 'm') AND c.relfilenode IS DISTINCT FROM b.relfilenode AND c.oid IS NOT NULL,
                      pg_stat_get_xact_tuples_returned(b.oid) > b.read,
                      (SELECT (array_agg(l.mode ORDER BY array_position('{AccessExclusiveLock,ExclusiveLock,ShareRowExclusiveLock,
                           ShareLock,ShareUpdateExclusiveLock,RowExclusiveLock,RowShareLock,AccessShareLock}'::text[], l.mode)))[1]
                       FROM pg_locks l WHERE l.relation = b.oid AND l.pid = pg_backend_pid()
                         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
               FROM pg_temp.before b LEFT JOIN pg_class c ON c.oid = b.oid";
    for row in transaction.query(sql, &[]).unwrap() {
        let lock: Option<String> = row.get(3);
        if lock.is_some() {
            done.insert(row.get(0), Done { lock, is_rewritten: row.get(1), is_read: row.get(2) });
        }
    }
    Some(done)
}

/// What the build claims, with the relations of this database in the place of those that hang together.
fn claims(
    database: &TestDatabase,
    client: &mut Client,
    statement: &str,
) -> BTreeMap<String, RelationLock> {
    let set = analyzed_set(&[
        ("20260101000001_before", &format!("{SETUP}{MORE_SETUP}"), "SELECT 1"),
        ("20260101000002_example", statement, "SELECT 1"),
    ]);
    let mut settings = Settings::default();
    "s".clone_into(&mut settings.schema);
    let mut migrator = Migrator::new(&set, database.config()).with_settings(settings);
    let plan = migrator.plan_up(&Up::default()).unwrap();
    let step: StepForecast = migrator.forecast(&plan).unwrap().steps.remove(1);
    let mut claims: BTreeMap<String, RelationLock> = BTreeMap::new();
    for it in step.statements.into_iter().flat_map(|it| it.locks) {
        for relation in meant(client, &it) {
            let there = claims.entry(relation).or_insert_with(|| it.clone());
            there.lock = there.lock.max(it.lock);
            (there.work, there.is_certain) =
                (there.work, there.is_certain).max((it.work, it.is_certain));
        }
    }
    claims
}

/// The names of the relations that are told together.
fn meant(client: &mut Client, it: &RelationLock) -> Vec<String> {
    let plain = it.relation.strip_prefix("s.").unwrap_or(&it.relation);
    let sql = match it.whose {
        _ if it.count == 0 => return Vec::new(),
        Whose::Partitions => {
            "SELECT relid::regclass::text FROM pg_partition_tree($1::text::regclass) WHERE level > 0"
        }
        Whose::Indexes => {
            "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = $1::text::regclass"
        }
        Whose::Schema => {
            "SELECT oid::regclass::text FROM pg_class
             WHERE relnamespace = 's'::regnamespace AND relkind IN ('r', 'p', 'm', 'v', 'S') AND $1 = $1"
        }
        _ => return vec![plain.to_owned()],
    };
    client.batch_execute("SET search_path = s").unwrap();
    client.query(sql, &[&plain]).unwrap().iter().map(|it| it.get(0)).collect()
}

/// Each index with its table.
fn indexes(client: &mut Client) -> BTreeMap<String, String> {
    let sql = "SELECT i.relname::text, t.relname::text FROM pg_index x
               JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
               WHERE i.relnamespace = 's'::regnamespace";
    client.query(sql, &[]).unwrap().iter().map(|it| (it.get(0), it.get(1))).collect()
}

fn disagreements(
    done: &BTreeMap<String, Done>,
    claims: &BTreeMap<String, RelationLock>,
    indexes: &BTreeMap<String, String>,
) -> Vec<String> {
    let mode = |it: &Done| it.lock.as_deref().and_then(migrate_runtime::LockMode::from_word);
    let mut found = Vec::new();
    for name in done.keys().chain(claims.keys()).collect::<BTreeSet<_>>() {
        let (did, claim) = (done.get(name), claims.get(name));
        let held = did.and_then(mode);
        let claimed = claim.and_then(|it| it.lock);
        // The lock of an index that no claim names is not stronger than that of its table.
        let of_table = indexes.get(name).and_then(|it| claims.get(it)).and_then(|it| it.lock);
        if held != claimed && (claim.is_some() || of_table.is_none() || held > of_table) {
            found.push(format!("{name}: held {held:?}, claimed {claimed:?}"));
        }
        let (Some(did), Some(claim)) = (did, claim) else { continue };
        if indexes.contains_key(name) {
            continue;
        }
        let is_more = match claim.work {
            Work::Rewrite => false,
            Work::Scan | Work::Build => did.is_rewritten,
            _ => did.is_rewritten || did.is_read,
        };
        let is_less = claim.is_certain && claim.work == Work::Rewrite && !did.is_rewritten;
        if is_more || is_less {
            found.push(format!("{name}: {did:?}, claimed {:?}", claim.work));
        }
    }
    found
}
