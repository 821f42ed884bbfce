//! Every statement on the tables of the history, and the reading of their answers.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use migrate_core::{ByteRange, Checksum, Direction, Manner, Mode, Statement, StatementKind};

use super::log::{LogFilter, Since};
use super::{Batched, History, Recorded, RoleLimits, Row, Server, StoredScript, Unfinished};
use crate::config::Settings;
use crate::deadline::server_millis;
use crate::lock::LockKey;
use crate::quote::{fill, fill_code, ident, literal, optional};
use crate::reply_row::ReplyRow;

/// The layout of the tables that this version makes and understands.
pub(crate) const LAYOUT: u32 = 1;

/// A row of an answer, as the simple protocol gives it.
pub(crate) type Cells = [Option<String>];

/// Makes statements for the tables in one schema.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    /// The schema's name in quotes.
    pub(crate) schema: String,
    server: String,
    shape: String,
    rows: String,
}

/// The environment that is protected without being told.
const PRODUCTION: &str = "production";

/// What making the tables found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setup {
    /// All is well.
    Complete,
    /// Old rows repeat a version: the index covers newer rows alone.
    RepeatedVersions,
    /// The table belongs to another role: there is no index.
    NotOwner,
}

impl Store {
    pub(crate) fn new(schema: &str) -> Store {
        let quoted = ident(schema);
        let table = |name: &str| literal(&format!("{quoted}.{name}"));
        let migrations = table("_migrations");
        let shape = fill(include_str!("shape.sql"), &[("migrations", &migrations)]);
        let query = |template| literal(&fill(template, &[("schema", &quoted)]));
        let server = fill(
            include_str!("server.sql"),
            &[
                ("meta", &table("_migrations_meta")),
                ("progress", &table("_migrations_progress")),
                ("meta_query", &query(include_str!("meta.sql"))),
                ("progress_query", &query(include_str!("progress.sql"))),
                ("shape_query", &literal(&shape)),
            ],
        );
        let rows = fill(include_str!("rows.sql"), &[("schema", &quoted)]);
        Store { schema: quoted, server, shape, rows }
    }

    /// Three statements: one snapshot for all, what the server says of itself, then the history.
    ///
    /// Whoever reads without the lock would else see the mark of a script that has ended by the next
    /// statement: work that is unfinished and in the history.
    pub(crate) fn read(&self) -> String {
        let snapshot = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
        format!("{snapshot};\n{};\n{}", self.server, self.rows)
    }

    /// One statement: what the server says of itself.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// One statement: what a history table looks like that we cannot use, in hexadecimal digits, or NULL.
    pub(crate) fn shape(&self) -> &str {
        &self.shape
    }

    /// Five statements: takes the lock if it is free, then reads what [`read`](Store::read) reads.
    ///
    /// READ COMMITTED, whatever the server's default: the history must be the one after the lock
    /// was taken, and a wider snapshot would be older.
    pub(crate) fn lock_and_read(&self, key: LockKey) -> String {
        let begin = "BEGIN ISOLATION LEVEL READ COMMITTED;\n";
        format!("{begin}{};\n{};\n{};\nCOMMIT", key.try_lock(), self.server, self.rows)
    }

    /// One statement: the rows of the history.
    pub(crate) fn rows(&self) -> &str {
        &self.rows
    }

    /// Makes whatever is missing; the last row of the answer says what was found.
    pub(crate) fn setup(&self, settings: &Settings) -> String {
        let mark = self.mark(settings).unwrap_or_else(|| "SELECT".to_owned());
        let lock_timeout = server_millis(settings.lock_timeout);
        fill_code(
            include_str!("setup.sql"),
            &[
                ("schema", &self.schema),
                ("schema_name", &literal(&self.schema)),
                ("migrations", &literal(&format!("{}._migrations", self.schema))),
                ("lock_timeout", &format!("{lock_timeout}ms")),
                ("layout", &LAYOUT.to_string()),
                ("mark", &mark),
            ],
        )
    }

    /// One statement: notes the environment, if there is one and none was noted before.
    pub(crate) fn mark(&self, settings: &Settings) -> Option<String> {
        let environment = settings.identity.environment.as_deref()?;
        let (protected, rises) =
            if settings.protected { ("'true'", "true") } else { ("'false'", "false") };
        let values = [
            ("schema", self.schema.as_str()),
            ("environment", &literal(environment)),
            ("protected", protected),
            ("rises", rises),
        ];
        Some(fill(include_str!("mark.sql"), &values))
    }

    /// One statement: the tables beside the history that are missing.
    pub(crate) fn side_tables(&self) -> String {
        let migrations = literal(&format!("{}._migrations", self.schema));
        let prefix = literal(&format!("{}.", self.schema));
        let values = [("migrations", migrations.as_str()), ("prefix", &prefix)];
        fill(include_str!("side_tables.sql"), &values)
    }

    /// One statement: the down scripts that the database kept, of some versions or of all.
    pub(crate) fn scripts(&self, versions: Option<&[&str]>) -> String {
        let which = versions.map_or("true".to_owned(), |versions| {
            let versions: Vec<_> = versions.iter().map(|it| literal(it)).collect();
            format!("s.version IN ({})", versions.join(", "))
        });
        fill(include_str!("scripts.sql"), &[("schema", &self.schema), ("which", &which)])
    }

    /// One statement: the objects of the schema that the last run recorded.
    pub(crate) fn recorded(&self) -> String {
        fill(include_str!("recorded.sql"), &[("schema", &self.schema)])
    }

    /// One statement: notes what was recorded, by whom and for which history.
    pub(crate) fn record(&self, recorded: &Recorded) -> String {
        let values = [
            ("schema", self.schema.as_str()),
            ("fingerprint", &literal(&recorded.fingerprint.to_string())),
            ("history", &literal(&recorded.history.to_string())),
            ("server", &recorded.server.to_string()),
            ("reader", &recorded.reader.to_string()),
            ("run", &literal(&recorded.run)),
            ("stamp", &recorded.stamp.as_deref().map_or("NULL".to_owned(), literal)),
        ];
        fill(include_str!("record.sql"), &values)
    }

    /// One statement: the migrations that a run has committed, and how long each took.
    pub(crate) fn committed_by(&self, run: &str) -> String {
        let values = [("schema", self.schema.as_str()), ("run", &literal(run))];
        fill(include_str!("committed.sql"), &values)
    }

    /// One statement: rows of the log, newest first.
    pub(crate) fn entries(&self, filter: &LogFilter) -> String {
        let values = [
            ("schema", self.schema.as_str()),
            ("version", &optional(filter.version.as_deref())),
            ("since", &filter.since.map_or_else(|| "NULL".to_owned(), Since::as_sql)),
            // One more than is wanted tells whether there are older ones.
            (
                "limit",
                &filter.limit.map_or("ALL".to_owned(), |it| it.saturating_add(1).to_string()),
            ),
        ];
        fill(include_str!("entries.sql"), &values)
    }
}

impl Setup {
    pub(crate) fn parse(cells: &Cells) -> Setup {
        match text(cells, 0) {
            "repeated_versions" => Setup::RepeatedVersions,
            "not_owner" => Setup::NotOwner,
            _ => Setup::Complete,
        }
    }
}

impl Server {
    /// The cell that says what a history table looks like that we cannot use.
    pub(crate) const SHAPE: usize = 7;

    /// Reads the first answer of [`Store::read`]; the unfinished work comes with it.
    pub(crate) fn parse(cells: &Cells) -> Option<(Server, Vec<Unfinished>)> {
        let meta = meta(text(cells, 5));
        let meta = |key: &str| meta.get(key).cloned();
        let limits = |at| !["", "0"].contains(&text(cells, at));
        let server = Server {
            pid: text(cells, 0).parse().ok()?,
            database: text(cells, 1).to_owned(),
            role: text(cells, 2).to_owned(),
            role_name: text(cells, 12).to_owned(),
            standby: text(cells, 3) == "t",
            // Elsewhere the setting exists and is refused, depending on the version.
            checks_client: cells.get(4)?.is_some() && text(cells, 14).contains("linux"),
            layout: meta("layout").and_then(|it| it.parse().ok()),
            hides_meta: cells.get(5)?.as_deref() == Some(""),
            environment: meta("environment"),
            protected: meta("protected").as_deref() == Some("true")
                || meta("environment").as_deref() == Some(PRODUCTION),
            foreign_columns: cells
                .get(Server::SHAPE)?
                .as_deref()
                .map_or(Some(None), |it| unhex(it).map(Some))?,
            database_oid: text(cells, 8).rsplit('/').nth(1).unwrap_or_default().to_owned(),
            run: cells.get(9)?.clone(),
            role_limits: RoleLimits { idle_sessions: limits(10), transactions: limits(11) },
            version: text(cells, 13).parse().unwrap_or_default(),
            recorded: meta("schema").and_then(|it| Recorded::parse(&it)),
        };
        let unfinished = match cells.get(6)? {
            Some(hex) => Unfinished::parse_all(&unhex(hex)?)?,
            None => Vec::new(),
        };
        Some((server, unfinished))
    }
}

/// The keys and values in the XML that the server makes of `meta.sql`.
fn meta(xml: &str) -> HashMap<String, String> {
    let elements = xml.split("<value>").skip(1).filter_map(|it| it.split_once("</value>"));
    let pair = |hex: &str| {
        let text = unhex(hex)?;
        text.split_once(' ').map(|(key, value)| (key.to_owned(), value.to_owned()))
    };
    elements.filter_map(|it| pair(it.0)).collect()
}

impl Unfinished {
    fn parse_all(text: &str) -> Option<Vec<Unfinished>> {
        text.split('\x1e').map(Unfinished::parse).collect()
    }

    fn parse(text: &str) -> Option<Unfinished> {
        let mut fields = text.split('\x1f');
        let mut next = || fields.next();
        Some(Unfinished {
            version: next()?.to_owned(),
            direction: if next()? == "down" { Direction::Down } else { Direction::Up },
            statement: next()?.parse().ok()?,
            statement_checksum: next()?.to_owned(),
            run: next()?.to_owned(),
            sql: Some(unhex(next()?)?).filter(|it| !it.is_empty()),
            alone: next()?.parse().ok(),
            failed: next()? == "true",
            done: Some(next()?.to_owned()).filter(|it| !it.is_empty()),
            batched: match [next()?, next()?, next()?].map(str::parse) {
                [Ok(rows), Ok(total), Ok(batches)] => Some(Batched { rows, total, batches }),
                _ => None,
            },
            half: next()? == "true",
        })
    }
}

impl History {
    /// Reads the second answer of [`Store::read`].
    pub(crate) fn parse(rows: impl Iterator<Item = ReplyRow>) -> Option<History> {
        let rows = rows.map(|it| Row::parse(&it)).collect::<Option<Vec<_>>>()?;
        Some(History { rows, ..History::default() })
    }
}

impl Row {
    fn parse(row: &ReplyRow) -> Option<Row> {
        let text = |at| row.get(at).unwrap_or_default();
        Some(Row {
            id: text(0).parse().ok()?,
            version: text(1).to_owned(),
            name: text(2).to_owned(),
            checksum: text(3).to_owned(),
            execution_time: Duration::from_millis(text(4).parse().unwrap_or(0)),
            applied_at: sent_time(text(5)),
        })
    }
}

impl StoredScript {
    /// Reads a row of the answer to [`Store::scripts`].
    pub(crate) fn parse(cells: &Cells) -> Option<StoredScript> {
        let number = |at| text(cells, at).parse().ok();
        let statements = text(cells, 7).split(',').filter(|it| !it.is_empty());
        let script = StoredScript {
            version: text(cells, 0).to_owned(),
            sql: cells.get(1)?.clone(),
            checksum: cells.get(2)?.clone(),
            mode: Mode::from_word(text(cells, 3))?,
            lock_timeout_ms: number(4),
            statement_timeout_ms: number(5),
            irreversible: cells.get(6)?.clone(),
            statements: statements.map(parse_statement).collect::<Option<_>>()?,
        };
        script.is_whole().then_some(script)
    }

    /// Whether text, checksum and boundaries fit each other: what somebody edited is not what undoes the
    /// migration.
    fn is_whole(&self) -> bool {
        let Some(sql) = self.sql.as_deref() else { return self.irreversible.is_some() };
        let unchanged = self.checksum.as_deref() == Some(Checksum::of(sql).to_string().as_str());
        let mut from = 0;
        let fit = self.statements.iter().all(|it| {
            let (start, end) = (it.range.start as usize, it.range.end as usize);
            let fits = from <= start && start < end && sql.get(start..end).is_some();
            from = end;
            fits
        });
        unchanged && fit && !self.statements.is_empty()
    }
}

fn parse_statement(text: &str) -> Option<Statement> {
    let mut fields = text.split(' ');
    let mut number = || fields.next()?.parse().ok();
    let (start, end, line) = (number()?, number()?, number()?);
    let kind = fields.next().and_then(StatementKind::from_word).unwrap_or(StatementKind::Other);
    let mut statement = Statement::new(ByteRange { start, end }, line, kind);
    // One that is not known here may mean anything.
    statement.manner = fields.next().map_or(Some(Manner::Once), Manner::from_word)?;
    Some(statement)
}

/// A time that the database gave in microseconds since 1970.
pub(crate) fn time(cells: &Cells, at: usize) -> Option<SystemTime> {
    since_1970(text(cells, at).parse().ok()?)
}

/// Seconds since 1970 as a `float8`, in hexadecimal digits: for many rows, of all that is exact and the same for every
/// type of a time, this is what costs the server least.
fn sent_time(hex: &str) -> Option<SystemTime> {
    let seconds = f64::from_bits(u64::from_str_radix(hex, 16).ok()?);
    let micros = (seconds * 1e6).round_ties_even();
    // As far as a `timestamptz` goes, which is far below what is lost here.
    #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
    since_1970(Some(micros as i64).filter(|_| micros.is_finite())?)
}

fn since_1970(micros: i64) -> Option<SystemTime> {
    let distance = Duration::from_micros(micros.unsigned_abs());
    match micros {
        0.. => SystemTime::UNIX_EPOCH.checked_add(distance),
        _ => SystemTime::UNIX_EPOCH.checked_sub(distance),
    }
}

/// What a cell holds; nothing is an empty text.
pub(crate) fn text(cells: &Cells, at: usize) -> &str {
    cells.get(at).and_then(Option::as_deref).unwrap_or("")
}

fn unhex(hex: &str) -> Option<String> {
    let byte = |digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    let bytes = hex.as_bytes().chunks(2).map(byte).collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok()
}
