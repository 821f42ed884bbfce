//! The options of the directive: `table=contracts key=id size=5000 pause=50ms`.

use super::Batch;
use super::walked::name;
use crate::parse_duration_ms;
use crate::spelling::nearest;
use crate::sql::{Token, TokenKind, Tokens};

const KNOWN: [&str; 7] = ["table", "key", "size", "min-size", "max-size", "target", "pause"];

/// How many rows the first batch has where nobody said.
const SIZE: u32 = 1_000;
const MIN_SIZE: u32 = 100;
const MAX_SIZE: u32 = 50_000;

/// PostgreSQL walks no more rows than this in one go here: what is found is kept until the batch is cut.
const LARGEST: u32 = 1_000_000;

/// Long enough to be worth a transaction, short enough for a person not to notice who waits for it.
const TARGET_MS: u32 = 200;

/// What is wrong with the options, and what helps.
pub(crate) type Wrong = (String, String);

/// Reads the options; the first thing that is wrong with them is told.
pub(crate) fn parse(value: &str) -> Result<Batch, Wrong> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for option in split(value) {
        let Some((name, text)) = option.split_once('=') else {
            return Err((format!("`{option}` is no option of a batch"), example()));
        };
        if !KNOWN.contains(&name) {
            let help = match nearest(name, KNOWN) {
                Some(known) => format!("did you mean `{known}`?"),
                None => {
                    format!("the known ones are {}", KNOWN.map(|it| format!("`{it}`")).join(", "))
                }
            };
            return Err((format!("unknown option `{name}` of a batch"), help));
        }
        if found.iter().any(|it| it.0 == name) {
            return Err((format!("`{name}` stands here twice"), "keep one of them".to_owned()));
        }
        found.push((name, text));
    }
    let text = |name: &str| found.iter().find(|it| it.0 == name).map(|it| it.1);
    let required =
        |name: &str| text(name).ok_or_else(|| (format!("a batch needs its `{name}`"), example()));
    let (table, key) = (required("table")?, required("key")?);
    let number = |name: &str| text(name).map(|it| rows(name, it)).transpose();
    let time = |name: &str| text(name).map(|it| duration(name, it)).transpose();
    let (size, least, most) = (number("size")?, number("min-size")?, number("max-size")?);
    // Whoever names one bound alone means the others to go with it.
    let size = size.unwrap_or_else(|| SIZE.max(least.unwrap_or(0)).min(most.unwrap_or(LARGEST)));
    let batch = Batch {
        table: names(table, b'.')
            .filter(|it| it.len() <= 2)
            .map(|_| table.to_owned())
            .ok_or_else(|| (format!("`{table}` is no name of a table"), quoting()))?,
        key: names(key, b',')
            .ok_or_else(|| (format!("`{key}` is no list of columns"), quoting()))?,
        size,
        min_size: least.unwrap_or_else(|| MIN_SIZE.min(size).min(most.unwrap_or(MIN_SIZE))),
        max_size: most.unwrap_or_else(|| MAX_SIZE.max(size)),
        target_ms: time("target")?.unwrap_or(TARGET_MS),
        pause_ms: time("pause")?.unwrap_or(0),
    };
    if batch.target_ms == 0 {
        let help = format!("write how long a batch is to take, as in `target={TARGET_MS}ms`");
        return Err(("a batch cannot take no time".to_owned(), help));
    }
    if batch.min_size > batch.size || batch.size > batch.max_size {
        let Batch { size, min_size, max_size, .. } = batch;
        let message =
            format!("the size of a batch, {size}, is not between {min_size} and {max_size}");
        let help = "`min-size` is at most `size`, and that at most `max-size`".to_owned();
        return Err((message, help));
    }
    Ok(batch)
}

fn example() -> String {
    "write `-- migrate:batch table=TABLE key=COLUMN`, with `size=5000` and `pause=50ms` where they are to be others"
        .to_owned()
}

fn quoting() -> String {
    "write names as in SQL, a column of a key after the other: `table=\"My table\" key=tenant_id,\"Id\"`".to_owned()
}

fn rows(name: &str, text: &str) -> Result<u32, Wrong> {
    let number = text.parse().ok().filter(|it| (1..=LARGEST).contains(it));
    number.ok_or_else(|| {
        let message = format!("`{text}` is no number of rows for `{name}`");
        (message, format!("write a number from 1 to {LARGEST}"))
    })
}

fn duration(name: &str, text: &str) -> Result<u32, Wrong> {
    parse_duration_ms(text).ok_or_else(|| {
        let message = format!("`{text}` is not a duration for `{name}`");
        (message, "write a number and its unit: `100ms`, `2s`, `5min` or `1h`".to_owned())
    })
}

/// The options, one by one: what is in double quotes may hold blanks.
fn split(value: &str) -> Vec<&str> {
    let mut is_quoted = false;
    let pieces = value.split(|it: char| {
        is_quoted ^= it == '"';
        it.is_whitespace() && !is_quoted
    });
    pieces.filter(|it| !it.is_empty()).collect()
}

/// The names in a text, with this character between them, as the server reads them.
fn names(text: &str, between: u8) -> Option<Vec<String>> {
    let tokens: Vec<Token> = Tokens::of(text).collect();
    let mut names = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match (index % 2, token.kind) {
            (0, TokenKind::Word) => names.push(name(text, token)),
            // `U&"…"` has escapes that only the server reads.
            (0, TokenKind::QuotedName) if token.text(text).starts_with('"') => {
                names.push(name(text, token));
            }
            (1, _) if token.is_symbol(between) => {}
            _ => return None,
        }
    }
    (tokens.len() % 2 == 1).then_some(names)
}
