//! Parts of the one JSON object that describe a migration in full.

use std::time::SystemTime;

use migrate_runtime::{
    Batch, Direction, Info, LogEntry, Manner, MigrationSet, Script, ScriptFacts, Statement,
};
use serde::Serialize;
use serde_json::value::RawValue;

use super::forecast::ClaimRecord;
use super::json::{MigrationRecord, millis};
use crate::time::rfc3339;

/// One migration in full.
#[derive(Debug, Serialize)]
pub(crate) struct InfoRecord {
    #[serde(flatten)]
    migration: MigrationRecord,
    /// Where it stopped, if it began outside a transaction and did not end.
    unfinished: Vec<UnfinishedRecord>,
    /// The scripts, up and down, where this program has them.
    scripts: Option<[ScriptRecord; 2]>,
    /// The down script that the database kept, where it is another one.
    kept_down: Option<String>,
    /// What was done with it; null where the role may not read the log.
    log: Option<Vec<LogRecord>>,
}

/// Where a script stopped.
#[derive(Debug, Serialize)]
struct UnfinishedRecord {
    direction: &'static str,
    statement: u32,
    run: String,
}

/// A script.
#[derive(Debug, Serialize)]
pub(crate) struct ScriptRecord {
    direction: &'static str,
    file: String,
    checksum: String,
    mode: &'static str,
    lock_timeout_ms: Option<u32>,
    statement_timeout_ms: Option<u32>,
    no_parse: Option<&'static str>,
    irreversible: Option<&'static str>,
    statements: Vec<StatementRecord>,
}

/// A statement of a script.
#[derive(Debug, Serialize)]
pub(crate) struct StatementRecord {
    line: u32,
    kind: &'static str,
    manner: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<BatchRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sql: Option<String>,
    /// What it does to what was there before the script; nothing where the build did not look.
    #[serde(skip_serializing_if = "Option::is_none")]
    locks: Option<Vec<ClaimRecord>>,
}

/// How a statement runs in batches.
#[derive(Debug, Serialize)]
struct BatchRecord {
    table: String,
    key: Vec<String>,
    size: u32,
    min_size: u32,
    max_size: u32,
    target_ms: u32,
    pause_ms: u32,
}

/// A row of the log.
#[derive(Debug, Serialize)]
pub(crate) struct LogRecord {
    run: String,
    command: String,
    version: Option<String>,
    direction: Option<String>,
    started_at: Option<String>,
    finished_at: Option<String>,
    duration_ms: Option<u64>,
    outcome: String,
    sqlstate: Option<String>,
    message: Option<String>,
    retries: u32,
    detail: Option<Box<RawValue>>,
    db_role: String,
    os_user: Option<String>,
    host: Option<String>,
    environment: Option<String>,
    application: Option<String>,
    revision: Option<String>,
}

impl InfoRecord {
    pub(crate) fn new(info: &Info, set: &MigrationSet) -> InfoRecord {
        let scripts = info.migration.map(|it| {
            let file = |direction| format!("{}/{}", set.folder(), it.file_name(direction));
            [(Direction::Up, &it.up), (Direction::Down, &it.down)].map(|(direction, script)| {
                let facts = set.facts(it.version, direction);
                ScriptRecord::new(direction, file(direction), script, facts.as_ref())
            })
        });
        let unfinished = info.unfinished.iter().map(|it| UnfinishedRecord {
            direction: it.direction.as_str(),
            statement: it.statement,
            run: it.run.clone(),
        });
        InfoRecord {
            migration: MigrationRecord::entry(&info.entry, &info.unfinished),
            unfinished: unfinished.collect(),
            scripts,
            kept_down: info.kept_down.clone(),
            log: info.log.as_ref().map(|it| it.iter().map(LogRecord::new).collect()),
        }
    }
}

impl ScriptRecord {
    fn new(
        direction: Direction,
        file: String,
        script: &Script,
        facts: Option<&ScriptFacts>,
    ) -> ScriptRecord {
        let in_full = |(index, it): (u32, &Statement)| {
            let known = facts.filter(|it| !it.unread.contains(&index));
            let locks = known.map(|it| it.effects.iter().filter(|it| it.statement == index));
            StatementRecord {
                sql: Some(it.range.of(script.sql).to_owned()),
                locks: locks.map(|it| it.map(ClaimRecord::new).collect()),
                ..StatementRecord::new(script.sql, it)
            }
        };
        ScriptRecord {
            direction: direction.as_str(),
            file,
            checksum: script.checksum.to_string(),
            mode: script.mode.as_str(),
            lock_timeout_ms: script.directives().lock_timeout_ms,
            statement_timeout_ms: script.directives().statement_timeout_ms,
            no_parse: script.directives().no_parse,
            irreversible: script.directives().irreversible,
            statements: (0..).zip(script.statements).map(in_full).collect(),
        }
    }
}

impl StatementRecord {
    /// Without its text: plans can be long.
    pub(crate) fn new(script: &str, statement: &Statement) -> StatementRecord {
        let is_batch = statement.manner == Manner::Batch;
        let batch = Some(statement).filter(|_| is_batch).and_then(|it| Batch::of(script, it));
        StatementRecord {
            line: statement.line,
            kind: statement.kind.as_str(),
            manner: statement.manner.as_str(),
            batch: batch.map(BatchRecord::new),
            sql: None,
            locks: None,
        }
    }
}

impl BatchRecord {
    fn new(it: Batch) -> BatchRecord {
        let Batch { size, min_size, max_size, target_ms, pause_ms, .. } = it;
        BatchRecord { table: it.table, key: it.key, size, min_size, max_size, target_ms, pause_ms }
    }
}

impl LogRecord {
    pub(crate) fn new(entry: &LogEntry) -> LogRecord {
        let duration_ms = entry.duration().map(millis);
        let entry = entry.clone();
        let time = |it: Option<SystemTime>| it.map(rfc3339);
        LogRecord {
            run: entry.run,
            command: entry.command,
            version: entry.version,
            direction: entry.direction,
            started_at: time(entry.started_at),
            finished_at: time(entry.finished_at),
            duration_ms,
            outcome: entry.outcome,
            sqlstate: entry.sqlstate,
            message: entry.message,
            retries: entry.retries,
            detail: RawValue::from_string(entry.detail).ok(),
            db_role: entry.db_role,
            os_user: entry.os_user,
            host: entry.host,
            environment: entry.environment,
            application: entry.application,
            revision: entry.revision,
        }
    }
}
