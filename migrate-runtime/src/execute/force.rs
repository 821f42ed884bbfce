//! Writes a change of the history: rows, kept scripts, progress and log in one transaction.

use std::fmt::Display;

use migrate_core::{Direction, Migration, Version};

use super::cause;
use super::frame::Frame;
use super::message::Message;
use super::phrase::Phrase;
use super::undo::kept;
use crate::audit::Entry;
use crate::deadline::server_millis;
use crate::error::{Error, ErrorKind};
use crate::history::forget;
use crate::plan::HistoryChange;
use crate::quote::{fill, json_text, literal};
use crate::session::Session;
use crate::transport::{Failure, Keep};

/// What a change of the history is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// The migration under which the log has it.
    pub(crate) version: Version,
    pub(crate) reason: Option<&'a str>,
    /// What is done, for a message.
    pub(crate) what: &'a str,
    /// What does it again, for a hint.
    pub(crate) command: &'a str,
    /// Whether nothing follows: the lock is given back with it, which saves a round trip.
    pub(crate) is_last: bool,
}

/// Makes the history what the change says. No script runs.
pub(crate) fn force(
    session: &mut Session<'_>,
    change: &HistoryChange,
    wanted: Wanted<'_>,
) -> Result<(), Error> {
    let frame = super::frame(session);
    let mut message = compose(&frame, session, change, wanted);
    let all = message.statements();
    let unlocks = wanted.is_last && session.unlocks_early();
    if unlocks {
        message.unlock();
    }
    match session.send(message.text(), Keep::Only(&[])) {
        Ok(_) => {
            session.released = unlocks;
            note(session, wanted);
        }
        // Committed, and only the end of the answer was lost.
        Err(failure) if failure.completed.is_some_and(|it| it >= all) => note(session, wanted),
        Err(failure) => return Err(describe(session, failure, wanted)),
    }
    Ok(())
}

fn note(session: &Session<'_>, wanted: Wanted<'_>) {
    let version = wanted.version.to_string();
    let entry = Entry { version: Some(&version), ..Entry::ok() };
    session.audit.note(&entry, None);
}

fn compose<'f>(
    frame: &'f Frame,
    session: &Session<'_>,
    change: &HistoryChange,
    wanted: Wanted<'_>,
) -> Message<'f> {
    let schema = &frame.store.schema;
    // Rows of our tables are all that is locked, and nobody queues up behind that: one long wait is
    // better than many short ones.
    let settings = session.settings;
    let patience = server_millis(settings.lock_timeout.max(settings.lock_deadline));
    let mut message = Message::new(frame);
    message.begin();
    message.push(&format!("SET LOCAL lock_timeout = '{patience}ms'"));
    let statement_timeout = server_millis(settings.statement_timeout);
    message.push(&format!("SET LOCAL statement_timeout = '{statement_timeout}ms'"));
    message.push("SET LOCAL search_path = pg_catalog");
    message.guard_unless(&already(schema, change));
    for removed in &change.removed {
        let version = literal(&removed.version);
        let values = [("schema", schema.as_str()), ("version", &version), ("elapsed", "0")];
        message.push(&fill(include_str!("reverted.sql"), &values));
    }
    for accepted in &change.accepted {
        write(&mut message, schema, accepted.migration, include_str!("accepted.sql"));
    }
    for migration in &change.added {
        write(&mut message, schema, migration, include_str!("ran.sql"));
    }
    for work in &change.ended {
        message.push(&forget(schema, &work.version, work.direction));
    }
    let (version, detail) = (wanted.version.to_string(), detail(change, wanted.reason));
    let entry = Entry { version: Some(&version), detail: &detail, ..Entry::ok() };
    message.push(&frame.audit.row(&entry));
    message.commit();
    message
}

/// Writes the row of a migration, and keeps its way back, so that any binary can revert it.
fn write(message: &mut Message<'_>, schema: &str, migration: &Migration, row: &str) {
    let version = literal(&migration.version.to_string());
    let values = [
        ("schema", schema),
        ("version", &version),
        ("name", &literal(migration.name)),
        ("checksum", &literal(&migration.up.checksum.to_string())),
        ("elapsed", "0"),
    ];
    message.push(&fill(row, &values));
    let kept = kept(&version, &migration.down);
    let values = (&kept.each_ref().map(String::as_str)[..], message.frame.times());
    message.push(&message.frame.phrase(Phrase::Keep, Direction::Up, values));
}

/// An expression: whether somebody without the lock has written what we are about to write.
fn already(schema: &str, change: &HistoryChange) -> String {
    let versions = change.added.iter().map(|it| literal(&it.version.to_string()));
    let versions: Vec<String> = versions.collect();
    if versions.is_empty() {
        return "false".to_owned();
    }
    format!("EXISTS (SELECT FROM {schema}._migrations WHERE version IN ({}))", versions.join(", "))
}

/// What the log keeps: the reason, and enough to make the rows again that are lost.
fn detail(change: &HistoryChange, reason: Option<&str>) -> String {
    let text = |it: &dyn Display| format!("\"{}\"", json_text(&it.to_string()));
    let added = change.added.iter().map(|it| format!(r#"{{"version": {}}}"#, text(&it.version)));
    let removed = change.removed.iter().map(|it| {
        let (version, name, checksum) = (text(&it.version), text(&it.name), text(&it.checksum));
        format!(r#"{{"version": {version}, "name": {name}, "checksum": {checksum}}}"#)
    });
    let accepted = change.accepted.iter().map(|it| {
        let (version, ran) = (text(&it.migration.version), text(&it.ran));
        let now = text(&it.migration.up.checksum);
        format!(r#"{{"version": {version}, "ran": {ran}, "checksum": {now}}}"#)
    });
    let ended = change.ended.iter().map(|it| {
        let (version, direction) = (text(&it.version), text(&it.direction));
        let statement = it.statement;
        format!(r#"{{"version": {version}, "direction": {direction}, "statement": {statement}}}"#)
    });
    let reason = reason.map_or("null".to_owned(), |it| text(&it));
    format!(
        r#"{{"reason": {reason}, "added": [{}], "removed": [{}], "accepted": [{}], "ended": [{}]}}"#,
        join(added),
        join(removed),
        join(accepted),
        join(ended)
    )
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// Turns a failure into an error, and writes it to the log.
fn describe(session: &mut Session<'_>, failure: Failure, wanted: Wanted<'_>) -> Error {
    let kind = cause::kind(session, &failure);
    let version = wanted.version.to_string();
    let Wanted { what, command, .. } = wanted;
    let hint = match kind {
        ErrorKind::ConnectionLost => {
            format!("{command}   # again: it changes what is left to change")
        }
        _ => cause::way_out(kind, command, &session.server.role)
            .unwrap_or_else(|| command.to_owned()),
    };
    let state = match kind {
        ErrorKind::ConnectionLost => "the history was changed as a whole or not at all",
        _ => "nothing was changed",
    };
    let error = cause::error(kind, cause::words(kind, what), failure);
    let error = error.with_state(state).with_hint(hint);
    session.roll_back();
    session.log_error(Some(&version), None, error)
}
