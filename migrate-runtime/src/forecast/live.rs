//! The relations of a forecast as they are in the database, and who has locked them.

use std::time::Duration;

use migrate_core::{LockMode, Whose};

use super::{Forecast, Obstacle, RelationLock};
use crate::error::Error;
use crate::migrator::Migrator;
use crate::quote::{fill, literal};

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

impl Migrator {
    /// Puts sizes and obstacles into a forecast.
    pub(super) fn look(&mut self, forecast: &mut Forecast) -> Result<(), Error> {
        let wanted: Vec<String> = locks(forecast)
            .enumerate()
            .map(|(at, it)| {
                let whose = literal(it.whose.as_str());
                // Whoever has a lock that this one waits for is in the way.
                let strength = it.lock.unwrap_or(LockMode::AccessExclusive) as u8 + 1;
                let is_plain = !it.relation.contains('.');
                format!("({at}, {}, {whose}, {strength}, {is_plain})", literal(&it.relation))
            })
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let values = [
            ("names", wanted.join(", ")),
            ("related", include_str!("related.sql").to_owned()),
            ("long", LONG.as_secs().to_string()),
            ("statement", include_str!("../statement.sql").to_owned()),
        ];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        let related = fill(include_str!("related.sql"), &values);
        let values = values.map(|(name, value)| match name {
            "related" => (name, related.as_str()),
            _ => (name, value),
        });
        let message = format!(
            "BEGIN READ ONLY;\nSET LOCAL search_path = {};\n\
             SELECT pg_catalog.current_setting('server_version_num');\n{};\n{};\nCOMMIT",
            self.settings().search_path(),
            fill(include_str!("sizes.sql"), &values),
            fill(include_str!("obstacles.sql"), &values)
        );
        let (version, sizes, obstacles) = self.call("plan", |mut connection, _| {
            let reply = connection.ask(&message)?;
            let rows = |at| reply.of(at).map(<[Option<String>]>::to_vec).collect::<Vec<_>>();
            Ok((rows(2), rows(3), rows(4)))
        })?;
        let major = version.first().and_then(|it| it.first()?.as_deref()?.parse::<u32>().ok());
        put(forecast, &sizes, major.map_or(u32::MAX, |it| it / 10_000));
        forecast.obstacles = obstacles.iter().map(|it| obstacle(it)).collect();
        Ok(())
    }
}

fn locks(forecast: &Forecast) -> impl Iterator<Item = &RelationLock> {
    forecast.steps.iter().flat_map(|it| &it.statements).flat_map(|it| &it.locks)
}

/// Puts what was found in the place of what was looked for; what is not there is left out, unless the
/// statement names it: then an earlier step may make it.
fn put(forecast: &mut Forecast, rows: &[Vec<Option<String>>], major: u32) {
    let mut found: Vec<Vec<Found>> = locks(forecast).map(|_| Vec::new()).collect();
    for row in rows {
        let cell = |at: usize| row.get(at).and_then(|it| it.as_deref());
        let number = |at: usize| cell(at)?.parse().ok();
        let place: Option<usize> = cell(0).and_then(|it| it.parse().ok());
        let Some(there) = place.and_then(|it| found.get_mut(it)) else { continue };
        there.push(Found {
            relation: cell(1).map(str::to_owned),
            count: number(2).and_then(|it| u32::try_from(it).ok()).unwrap_or(1),
            size_bytes: number(3).unwrap_or_default(),
            rows: number(4),
            is_table: cell(5) == Some("t"),
        });
    }
    let mut found = found.into_iter();
    for step in &mut forecast.steps {
        for statement in &mut step.statements {
            let wanted = std::mem::take(&mut statement.locks);
            for (lock, found) in wanted.into_iter().zip(found.by_ref()) {
                if u32::from(lock.since) > major {
                    continue;
                }
                if found.is_empty() && lock.whose == Whose::Itself {
                    statement.locks.push(lock.clone());
                }
                statement.locks.extend(found.into_iter().map(|it| RelationLock {
                    // What is told together is named by the schema alone.
                    relation: it.relation.unwrap_or_else(|| lock.relation.clone()),
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
