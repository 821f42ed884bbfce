//! Which tables are drawn: those that were asked for, and what they are linked with.

use migrate_core::nearest;

use super::super::ignore::fits;
use super::super::relation_label;
use super::Picture;
use super::drawing::{Everything, is_view, name_of};
use crate::error::{Error, ErrorKind};

/// Why a table is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Asked,
    Neighbour,
}

/// What is asked for where nothing is named.
const EVERYTHING: &str = "*";

/// For each relation, whether it is drawn.
pub(super) fn chosen(picture: &Picture, all: &Everything<'_>) -> Result<Vec<Option<Part>>, Error> {
    let is_kind_drawn = |at: usize| picture.views || !is_view(&all.relations[at]);
    let names: Vec<_> = all.relations.iter().map(|it| name_of(it.name)).collect();
    let is_here =
        |at: &usize| picture.schemas.is_empty() || picture.schemas.contains(&names[*at].0);
    let here: Vec<_> = (0..names.len()).filter(is_here).collect();
    let mut parts = vec![None; names.len()];
    let mut ask = |pattern: &str| {
        let is_named = |at: &&usize| {
            let (schema, name) = &names[**at];
            let is_meant = |text: &str| {
                let is_like = pattern.contains('*') && fits(pattern, text);
                is_like && is_kind_drawn(**at) || pattern == text
            };
            is_meant(name)
                || is_meant(&format!("{schema}.{name}"))
                || is_meant(&relation_label(schema, name))
        };
        let found: Vec<_> = here.iter().filter(is_named).collect();
        for at in &found {
            parts[all.roots[**at]] = Some(Part::Asked);
        }
        !found.is_empty()
    };
    if picture.tables.is_empty() {
        ask(EVERYTHING);
    }
    if let Some(pattern) = picture.tables.iter().find(|it| !ask(it)) {
        let label = |at: &usize| relation_label(&names[*at].0, &names[*at].1);
        let labels: Vec<_> = here.iter().map(label).collect();
        return Err(unknown(pattern, &labels));
    }
    for link in &all.links {
        for (one, other) in [(link.from, link.to), (link.to, link.from)] {
            if parts[one] == Some(Part::Asked) && parts[other].is_none() {
                parts[other] = Some(Part::Neighbour);
            }
        }
    }
    Ok(parts)
}

fn unknown(pattern: &str, labels: &[String]) -> Error {
    if pattern.contains('*') {
        let message = format!("no table has a name like `{pattern}`");
        return Error::new(ErrorKind::Usage, message);
    }
    let error = Error::new(ErrorKind::Usage, format!("there is no table `{pattern}`"));
    match nearest(pattern, labels.iter().map(String::as_str)) {
        Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
        None => error,
    }
}
