//! Any text can be cut into statements, and its pieces put together give the text. Nothing panics, also
//! where a statement is asked for its target.
#![no_main]

use libfuzzer_sys::fuzz_target;
use migrate_core::{split, target};

fuzz_target!(|text: &str| {
    let statements = match split(text) {
        Ok(statements) => statements,
        Err(error) => {
            let (start, end) = (error.range.start as usize, error.range.end as usize);
            assert!(start < end && text.get(start..end).is_some(), "a place that is none");
            return;
        }
    };
    let (mut end, mut pieces) = (0, String::new());
    for statement in &statements {
        let (range, sql) = (statement.range, statement.range.of(text));
        let gap = &text[end..range.start as usize];
        assert_gap(gap);
        pieces.extend([gap, sql]);
        end = range.end as usize;
        let _ = target(sql);
        // Behind the last line of data for COPY, a text goes on as no statement could.
        if !text.contains("\\.") {
            let alone = split(sql).expect("what was cut can be cut");
            assert_eq!(alone.len(), 1, "a statement that is cut alone stays whole");
            assert_eq!(alone[0].range.of(sql), sql);
        }
    }
    assert_gap(&text[end..]);
    pieces.push_str(&text[end..]);
    assert_eq!(pieces, text);
});

/// Blanks, comments, semicolons, and data for `COPY`.
fn assert_gap(gap: &str) {
    if !gap.contains("\\.") {
        assert_eq!(split(gap).map(|it| it.len()), Ok(0), "something was left out");
    }
}
