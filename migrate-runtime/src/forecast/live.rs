//! The relations of a forecast as they are in the database, and who has locked them.

use std::collections::HashMap;
use std::time::Duration;

use migrate_core::{LockMode, Whose};

use super::{Forecast, Obstacle, RelationLock};
use crate::error::Error;
use crate::migrator::Migrator;
use crate::quote::{fill, literal};
use crate::sqlstate;
use crate::transport::Reply;

/// A transaction that has been open for so long is told whatever it holds: it may go on to lock anything, and
/// an index that is built concurrently waits for it.
const LONG: Duration = Duration::from_mins(1);

/// What one lock is, and what of it there is.
struct Found {
    relation: Option<String>,
    count: u32,
    size_bytes: u64,
    rows: Option<u64>,
    is_table: bool,
}

/// A size is asked of the file system, for which the relation is locked like by a reader; where somebody keeps
/// readers out, the size that it had when it was last analyzed has to do.
const PATIENCE: &str = "100ms";

impl Migrator {
    /// Puts sizes and obstacles into a forecast.
    pub(super) fn look(&mut self, forecast: &mut Forecast) -> Result<(), Error> {
        let (wanted, places) = wanted(forecast);
        if wanted.is_empty() {
            return Ok(());
        }
        let filled = |template: &str, values: &[(&str, &str)]| {
            let related = fill(include_str!("related.sql"), &[("names", &wanted.join(", "))]);
            fill(template, &[&[("related", related.as_str())], values].concat())
        };
        let long = LONG.as_secs().to_string();
        let obstacles = filled(include_str!("obstacles.sql"), &[("long", &long)]);
        let sizes = |bytes: &str| filled(include_str!("sizes.sql"), &[("bytes", bytes)]);
        let begin = format!(
            "BEGIN READ ONLY;\nSET LOCAL search_path = {};\nSET LOCAL lock_timeout = '{PATIENCE}'",
            self.settings().search_path(),
        );
        let version = "SELECT pg_catalog.current_setting('server_version_num')";
        let who = format!("{begin};\n{version};\n{obstacles};\nCOMMIT");
        let exact =
            format!("{begin};\n{};\nCOMMIT", sizes("pg_catalog.pg_total_relation_size(t.oid)"));
        let noted = format!("{begin};\n{};\nCOMMIT", sizes(include_str!("pages.sql")));
        let (version, obstacles, sizes) = self.call("plan", |mut connection, _| {
            let rows = |reply: &Reply, at| {
                reply.of(at).map(<[Option<String>]>::to_vec).collect::<Vec<_>>()
            };
            // First of all who is in the way: that is what keeps the sizes from being known.
            let reply = connection.ask(&who)?;
            let (version, obstacles) = (rows(&reply, 3), rows(&reply, 4));
            let sizes = match connection.ask(&exact) {
                Err(error) if error.sqlstate() == Some(sqlstate::LOCK_NOT_AVAILABLE) => {
                    connection.ask("ROLLBACK")?;
                    connection.ask(&noted)?
                }
                reply => reply?,
            };
            Ok((version, obstacles, rows(&sizes, 3)))
        })?;
        let major = version.first().and_then(|it| it.first()?.as_deref()?.parse::<u32>().ok());
        put(forecast, &places, &sizes, major.map_or(u32::MAX, |it| it / 10_000));
        forecast.obstacles = obstacles.iter().map(|it| obstacle(it)).collect();
        Ok(())
    }
}

/// What is asked for, each once, and which of it each lock is about.
fn wanted(forecast: &Forecast) -> (Vec<String>, Vec<usize>) {
    let (mut wanted, mut known) = (Vec::new(), HashMap::new());
    let places = locks(forecast).map(|it| {
        let whose = literal(it.whose.as_str());
        // Whoever has a lock that this one waits for is in the way.
        let strength = it.lock.unwrap_or(LockMode::AccessExclusive) as u8 + 1;
        let is_plain = !it.relation.contains('.');
        let asked = format!("{}, {whose}, {strength}, {is_plain}", literal(&it.relation));
        *known.entry(asked).or_insert_with_key(|asked| {
            wanted.push(format!("({}, {asked})", wanted.len()));
            wanted.len() - 1
        })
    });
    let places = places.collect();
    (wanted, places)
}

fn locks(forecast: &Forecast) -> impl Iterator<Item = &RelationLock> {
    forecast.steps.iter().flat_map(|it| &it.statements).flat_map(|it| &it.locks)
}

/// Puts what was found in the place of what was looked for; what is not there is left out, unless the
/// statement names it: then an earlier step may make it.
fn put(forecast: &mut Forecast, places: &[usize], rows: &[Vec<Option<String>>], major: u32) {
    let mut found: HashMap<usize, Vec<Found>> = HashMap::new();
    for row in rows {
        let cell = |at: usize| row.get(at).and_then(|it| it.as_deref());
        let number = |at: usize| cell(at)?.parse().ok();
        let Some(place) = cell(0).and_then(|it| it.parse().ok()) else { continue };
        found.entry(place).or_default().push(Found {
            relation: cell(1).map(str::to_owned),
            count: number(2).and_then(|it| u32::try_from(it).ok()).unwrap_or(1),
            size_bytes: number(3).unwrap_or_default(),
            rows: number(4),
            is_table: cell(5) == Some("t"),
        });
    }
    let mut places = places.iter();
    for step in &mut forecast.steps {
        for statement in &mut step.statements {
            let wanted = std::mem::take(&mut statement.locks);
            for (lock, place) in wanted.into_iter().zip(places.by_ref()) {
                let found = found.get(place).map(Vec::as_slice).unwrap_or_default();
                if u32::from(lock.since) > major {
                    continue;
                }
                if found.is_empty() && lock.whose == Whose::Itself {
                    statement.locks.push(lock.clone());
                }
                statement.locks.extend(found.iter().map(|it| RelationLock {
                    // What is told together is named by the schema alone.
                    relation: it.relation.clone().unwrap_or_else(|| lock.relation.clone()),
                    count: it.count,
                    size_bytes: it.size_bytes,
                    rows: it.rows,
                    is_table: it.is_table,
                    ..lock.clone()
                }));
            }
        }
    }
}

fn obstacle(row: &[Option<String>]) -> Obstacle {
    let cell = |at: usize| row.get(at).and_then(Clone::clone);
    let age: Option<u64> = cell(4).and_then(|it| it.parse().ok());
    let tables = cell(5).unwrap_or_default();
    Obstacle {
        pid: cell(0).and_then(|it| it.parse().ok()),
        application: cell(1),
        role: cell(2),
        state: cell(3),
        transaction_age: age.map(Duration::from_secs),
        tables: tables.split('\n').filter(|it| !it.is_empty()).map(str::to_owned).collect(),
    }
}
