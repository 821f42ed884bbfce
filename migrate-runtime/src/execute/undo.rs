//! Keeping the down script of a migration that runs, so that any binary can revert it.

use std::fmt::Write as _;

use migrate_core::{Manner, Mode, Script};

use crate::quote::{json_text, literal, optional};

/// What is kept of a down script, as values of [`Phrase::Keep`](super::phrase::Phrase::Keep).
pub(super) fn kept(version: &str, script: &Script) -> [String; 5] {
    let directives = script.directives();
    let reversible = directives.irreversible.is_none();
    let mut statements = String::new();
    for (index, it) in script.statements.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let (start, end, line) = (it.range.start, it.range.end, it.line);
        let kind = it.kind.as_str();
        let manner = match it.manner {
            Manner::Once => String::new(),
            other => format!(r#", "manner": "{}""#, other.as_str()),
        };
        let _ = write!(
            statements,
            r#"{comma}{{"start": {start}, "end": {end}, "line": {line}, "kind": "{kind}"{manner}}}"#
        );
    }
    let number = |it: Option<u32>| it.map_or("null".to_owned(), |it| it.to_string());
    let reason =
        directives.irreversible.map_or("null".to_owned(), |it| format!("\"{}\"", json_text(it)));
    let json = format!(
        r#"{{"statements": [{statements}], "directives": {{"lock_timeout_ms": {}, "statement_timeout_ms": {}, "irreversible": {reason}}}}}"#,
        number(directives.lock_timeout_ms),
        number(directives.statement_timeout_ms),
    );
    let checksum = script.checksum.to_string();
    [
        version.to_owned(),
        optional(reversible.then_some(script.sql)),
        optional(reversible.then_some(checksum.as_str())),
        literal(Mode::as_str(script.mode)),
        literal(&json),
    ]
}
