//! `-- migrate:allow` that accepts nothing.

use crate::lint::context::Found;
use crate::lint::{Check, Example, Rule, Severity};
use crate::{ByteRange, Direction, SourceAllow};

pub(in crate::lint) static RULE: Rule = Rule {
    id: "unused-allow",
    severity: Severity::Info,
    title: "a finding is accepted that is not there",
    harm: "Nothing. But whoever reads the script looks for something that it does not do.",
    way_out: "-- delete the line",
    examples: &[Example::found(
        "",
        "-- migrate:allow drop-table because it is empty\nCREATE TABLE t (a int)",
    )],
    check: Check::Lint,
};

pub(in crate::lint) fn found(direction: Direction, allow: &SourceAllow) -> Found {
    let message = format!("the rule {} finds nothing here", allow.rule);
    Found::new(direction, ByteRange::default(), message, "delete the line")
}
