//! Looks at a whole set, oldest migration first: what each statement does to which relation, given what the
//! scripts before it have made, and what the lint finds.

mod claims;
mod cost;
mod fresh;
pub(crate) mod known;
mod locks;

pub(crate) use claims::Claim;
use claims::claims;
pub(crate) use fresh::Fresh;
use known::Known;

use crate::lint::{self, LintFinding, LintOptions};
use crate::sql::action::Action;
use crate::sql::code::{may_be_about_any, may_do_anything};
use crate::{Direction, Effect, SourceScript, SourceSet, Version};

/// What was found out about a set.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Analysis {
    /// For each migration, in order, what its two scripts do.
    pub migrations: Vec<AnalyzedMigration>,
    /// What the lint found, in the order of migrations, up before down, and of places.
    pub findings: Vec<LintFinding>,
}

/// What the scripts of a migration do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AnalyzedMigration {
    /// The version.
    pub version: Version,
    up: Claimed,
    down: Claimed,
}

/// What a script does.
#[derive(Clone, Debug, Default)]
struct Claimed {
    claims: Vec<(u32, Claim)>,
    /// The statements of which that is not known.
    unread: Vec<u32>,
}

impl AnalyzedMigration {
    /// What a script does to relations that were there before it, statement by statement: the name of the
    /// relation, and the rest.
    pub(crate) fn effects(
        &self,
        direction: Direction,
    ) -> impl Iterator<Item = (String, Effect<'static>)> {
        self.of(direction).claims.iter().map(|(statement, it)| {
            let effect = Effect {
                statement: *statement,
                relation: "",
                whose: it.whose,
                lock: it.lock,
                work: it.work,
                is_certain: it.is_certain,
                since: it.since,
            };
            (it.relation.to_string(), effect)
        })
    }

    /// The statements of a script of which it is not known what they do.
    pub(crate) fn unread(&self, direction: Direction) -> &[u32] {
        &self.of(direction).unread
    }

    fn of(&self, direction: Direction) -> &Claimed {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }
}

/// One action of a script, with what it claims and what came before it.
pub(crate) struct Examined {
    /// Which statement of the script it belongs to.
    pub(crate) statement: usize,
    pub(crate) action: Action,
    /// What it does to relations that were there before the script.
    pub(crate) claims: Vec<Claim>,
    /// Whether what it makes, or drops, was there before it, where that is known.
    pub(crate) was_there: Option<bool>,
}

/// Examines a set.
pub fn analyze(set: &SourceSet, folder: &str, options: &LintOptions) -> Analysis {
    let mut known = Known::default();
    let mut analysis = Analysis::default();
    for migration in &set.migrations {
        let mut lint = lint::Pass::new(migration, folder, options);
        let up = script(&migration.up, Direction::Up, &mut known, &mut lint);
        known.mark();
        let down = script(&migration.down, Direction::Down, &mut known, &mut lint);
        known.rewind();
        analysis.findings.extend(lint.finish());
        analysis.migrations.push(AnalyzedMigration { version: migration.version, up, down });
    }
    analysis.findings.retain(|it| !it.is_settled(&known));
    analysis
}

/// Examines a script, and takes note of what it makes.
fn script(
    script: &SourceScript,
    direction: Direction,
    known: &mut Known,
    lint: &mut lint::Pass<'_>,
) -> Claimed {
    let mut fresh = Fresh::default();
    let mut examined = Vec::new();
    let mut claimed = Claimed::default();
    fresh.find_gone(script.actions.iter().flatten());
    for (index, (statement, actions)) in script.statements.iter().zip(&script.actions).enumerate() {
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        if actions.is_empty() {
            known.doubt(statement.range.of(&script.sql));
        }
        let is_unread = |it: &Action| may_be_about_any(&it.what, it.range.of(&script.sql));
        if actions.is_empty() || actions.iter().any(is_unread) {
            claimed.unread.push(number);
        }
        let mut own: Vec<Claim> = Vec::new();
        for action in actions {
            let action = action.clone();
            let mut claims = claims(&action, known);
            claims.retain(|it| !fresh.covers(it, known));
            let was_there = known.has(&action.what);
            let examined_one = Examined { statement: index, action, claims, was_there };
            lint.action(direction, &examined_one, &examined, known, &fresh);
            fresh.learn(&examined_one.action.what, known);
            known.learn(&examined_one.action);
            let sql = examined_one.action.range.of(&script.sql);
            if may_do_anything(&examined_one.action.what, sql) {
                known.doubt(sql);
            }
            examined_one.claims.iter().for_each(|it| it.clone().join(&mut own));
            examined.push(examined_one);
        }
        claimed.claims.extend(own.into_iter().map(|it| (number, it)));
    }
    lint.script(direction, examined, known, &fresh);
    claimed
}

#[cfg(test)]
mod tests;
