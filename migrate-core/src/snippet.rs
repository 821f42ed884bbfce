//! Draws a source line with a caret below it, as rustc does.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer};

use crate::Problem;

/// What to draw.
#[derive(Clone, Debug, Default)]
pub struct Snippet<'a> {
    /// The first line; without it, the drawing starts with the name of the file.
    pub title: Option<&'a str>,
    /// A code that stands behind `error`: `error[42601]`.
    pub code: Option<&'a str>,
    /// The file.
    pub file: &'a str,
    /// The line, counted from 1.
    pub line: Option<u32>,
    /// The column, counted from 1 in characters; without it, the whole line is marked.
    pub column: Option<u32>,
    /// How many characters are marked.
    pub width: u32,
    /// The text of the line.
    pub source_line: Option<&'a str>,
    /// What stands below, each after `note:`.
    pub notes: &'a [String],
    /// What to do, each after `help:`.
    pub help: &'a [String],
}

/// Whether a drawing may use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// Text only.
    Plain,
    /// With escape sequences for a terminal.
    Ansi,
}

/// Draws a snippet. The result does not end with a line end.
pub fn render(snippet: &Snippet<'_>, colors: Colors) -> String {
    let group = match snippet.title {
        Some(title) => {
            let title = Level::ERROR.primary_title(title);
            Group::with_title(match snippet.code {
                Some(code) => title.id(code),
                None => title,
            })
        }
        None => Group::with_level(Level::ERROR),
    };
    let notes = snippet.notes.iter().map(|it| Level::NOTE.message(it.as_str()));
    let help = snippet.help.iter().map(|it| Level::HELP.message(it.as_str()));
    let group = group.element(source(snippet)).elements(notes).elements(help);
    let renderer = match colors {
        Colors::Plain => Renderer::plain(),
        Colors::Ansi => Renderer::styled(),
    };
    renderer.decor_style(DecorStyle::Ascii).render(&[group])
}

/// Draws a problem, with the message as the title.
pub fn render_problem(problem: &Problem, colors: Colors) -> String {
    let title = Some(problem.message.as_str());
    render(&Snippet { title, ..Snippet::of(problem) }, colors)
}

impl<'a> Snippet<'a> {
    /// The place of a problem and its help, without a title.
    pub fn of(problem: &'a Problem) -> Snippet<'a> {
        Snippet {
            file: &problem.file,
            line: problem.place.map(|it| it.line),
            column: problem.place.map(|it| it.column),
            width: problem.width,
            source_line: problem.source_line.as_deref(),
            help: problem.help.as_slice(),
            ..Snippet::default()
        }
    }
}

fn source<'a>(snippet: &Snippet<'a>) -> Element<'a> {
    let (Some(line), Some(text)) = (snippet.line, snippet.source_line) else {
        let origin = Origin::path(snippet.file);
        return match (snippet.line, snippet.column) {
            (Some(line), Some(column)) => {
                origin.line(line as usize).char_column(column as usize).into()
            }
            (Some(line), None) => origin.line(line as usize).into(),
            (None, _) => origin.into(),
        };
    };
    let byte_of = |column: u32| {
        let start = text.char_indices().nth(column.saturating_sub(1) as usize);
        start.map_or(text.len(), |(byte, _)| byte)
    };
    let span = match snippet.column {
        Some(column) => byte_of(column)..byte_of(column.saturating_add(snippet.width.max(1))),
        None => text.len() - text.trim_start().len()..text.trim_end().len().max(1).min(text.len()),
    };
    annotate_snippets::Snippet::source(text)
        .path(snippet.file)
        .line_start(line as usize)
        .annotation(AnnotationKind::Primary.span(span))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SourceFile, resolve};

    #[test]
    fn a_problem_is_drawn_as_rustc_does() {
        check(
            "CREATE TABLE a (b int);\nCOMMIT;\n",
            "error: `COMMIT` in a script, which runs in a transaction of ours
 --> migrations/20240320000000_a.up.sql:2:1
  |
2 | COMMIT;
  | ^^^^^^
  |
  = help: delete it: the script and its history commit together; SAVEPOINT is allowed",
        );
    }

    #[test]
    fn the_caret_stands_below_the_character() {
        check(
            "SELECT 'äöü'; \\x",
            "error: a command of psql, which the server does not know
 --> migrations/20240320000000_a.up.sql:1:15
  |
1 | SELECT 'äöü'; \\x
  |               ^^
  |
  = help: a script is sent to the server, not to psql: write SQL instead, or delete the line",
        );
        check(
            "SELECT '日本語'; \\x",
            "error: a command of psql, which the server does not know
 --> migrations/20240320000000_a.up.sql:1:15
  |
1 | SELECT '日本語'; \\x
  |                  ^^
  |
  = help: a script is sent to the server, not to psql: write SQL instead, or delete the line",
        );
        check(
            "\tSELECT\t1 \\x",
            "error: a command of psql, which the server does not know
 --> migrations/20240320000000_a.up.sql:1:11
  |
1 |     SELECT    1 \\x
  |                 ^^
  |
  = help: a script is sent to the server, not to psql: write SQL instead, or delete the line",
        );
    }

    #[test]
    fn a_problem_without_a_place_names_the_file() {
        let lone = SourceFile { name: "a.txt".into(), path: "a".into(), bytes: Vec::new() };
        let problems = resolve(vec![lone], "migrations").unwrap_err();
        assert_eq!(
            render_problem(&problems[0], Colors::Plain),
            "error: not a script of a migration
--> migrations/a.txt
 = help: only scripts, `schema.rs` and dot files may lie here: move it elsewhere"
        );
    }

    #[test]
    fn an_error_of_the_server_shows_what_is_known() {
        let mut snippet = Snippet {
            title: Some("column \"b\" does not exist"),
            code: Some("42703"),
            file: "migrations/a.up.sql",
            line: Some(7),
            source_line: Some("  UPDATE a SET b = 1"),
            notes: &["There is a column named \"c\".".to_owned()],
            ..Snippet::default()
        };
        assert_eq!(
            render(&snippet, Colors::Plain),
            "error[42703]: column \"b\" does not exist
 --> migrations/a.up.sql:7:3
  |
7 |   UPDATE a SET b = 1
  |   ^^^^^^^^^^^^^^^^^^
  |
  = note: There is a column named \"c\"."
        );
        snippet.column = Some(16);
        snippet.title = None;
        assert_eq!(
            render(&snippet, Colors::Plain),
            " --> migrations/a.up.sql:7:16
  |
7 |   UPDATE a SET b = 1
  |                ^
  |
  = note: There is a column named \"c\"."
        );
        assert!(render(&snippet, Colors::Ansi).contains("\u{1b}["));
    }

    #[test]
    fn places_outside_of_the_line_do_no_harm() {
        for (column, width) in [(0, 0), (1, 99), (4, 1), (99, 99), (u32::MAX, u32::MAX)] {
            for text in ["", "a", "é", "a\u{0}b"] {
                let snippet = Snippet {
                    file: "a",
                    line: Some(1),
                    column: Some(column),
                    width,
                    source_line: Some(text),
                    ..Snippet::default()
                };
                assert!(render(&snippet, Colors::Plain).starts_with(" --> a:1:"));
                render(&Snippet { column: None, ..snippet }, Colors::Plain);
            }
        }
    }

    #[track_caller]
    fn check(sql: &str, expected: &str) {
        let file = |name: &str, sql: &str| SourceFile {
            name: format!("20240320000000_a.{name}.sql"),
            path: name.into(),
            bytes: sql.as_bytes().to_owned(),
        };
        let files = vec![file("up", sql), file("down", "SELECT 1")];
        let problems = resolve(files, "migrations").unwrap_err();
        assert_eq!(render_problem(&problems[0], Colors::Plain), expected);
    }
}
