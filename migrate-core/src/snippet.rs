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
    let help: Vec<String> = problem.help.iter().cloned().collect();
    let snippet = Snippet {
        title: Some(&problem.message),
        file: &problem.file,
        line: problem.place.map(|it| it.line),
        column: problem.place.map(|it| it.column),
        width: problem.width,
        source_line: problem.source_line.as_deref(),
        help: &help,
        ..Snippet::default()
    };
    render(&snippet, colors)
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
