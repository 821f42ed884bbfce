//! `-- migrate:batch …`: one statement that runs over a table piece by piece, each in a transaction of its own.
//!
//! What the directive says is read here while a program is built, which refuses what is wrong, and again where the
//! statement runs: the text in the script is all that is kept of it.

mod options;
mod placeholders;
mod walked;

#[cfg(feature = "parser")]
pub(crate) use placeholders::masked;
pub(crate) use placeholders::{check, outside};
pub(crate) use walked::{assigns_key, is_temporary};

use crate::sql::{Split, TokenKind};
use crate::{ByteRange, Statement, directive};

/// How a statement runs in batches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch {
    /// The table whose rows are walked, as the directive has it, ready to be written into SQL.
    pub table: String,
    /// The columns of the key in their order, without quotes and folded as the server does it.
    pub key: Vec<String>,
    /// How many rows the first batch has.
    pub size: u32,
    /// How many rows a batch has at least.
    pub min_size: u32,
    /// How many rows a batch has at most.
    pub max_size: u32,
    /// How long a batch is to take, in milliseconds.
    pub target_ms: u32,
    /// The pause after each batch, in milliseconds.
    pub pause_ms: u32,
}

/// A part of the statement of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchPart {
    /// Text of the script, as it stands there.
    Sql(ByteRange),
    /// `:batch_start`, in whose place the first key of the batch comes.
    Start,
    /// `:batch_end`, in whose place the first key behind the batch comes.
    End,
    /// The `<` before `:batch_end`. The last batch has no key behind it: its own last key comes in place of
    /// `:batch_end`, and `<=` in place of this.
    Less,
}

impl Batch {
    /// The options of the directive before a statement of a script; nothing where there is none, or a wrong one.
    pub fn of(sql: &str, statement: &Statement) -> Option<Batch> {
        let split = Split::of(sql);
        let before =
            split.comments.iter().rev().filter(|it| it.start < statement.range.start as usize);
        let value = before.filter(|it| it.kind == TokenKind::LineComment).find_map(|it| {
            let line = directive::line(sql, it)?;
            (line.word == "batch").then_some(line.value)
        })?;
        options::parse(value).ok()
    }

    /// Whether a statement adds rows to the table that it walks, by its name.
    pub fn adds_to(&self, sql: &str) -> bool {
        walked::adds_to(sql, &self.table)
    }

    /// The parts of a statement of a batch, in their order.
    pub fn parts(sql: &str, statement: &Statement) -> Vec<BatchPart> {
        placeholders::parts(sql, statement.range)
    }
}

pub(crate) use options::parse as parse_options;

#[cfg(test)]
mod tests;
