//! One migration through all rules.

use super::context::Found;
use super::{
    ActionContext, Check, LintFinding, LintOptions, MigrationContext, RULES, Rule, ScriptContext,
    Severity, Sink, rules,
};
use crate::analysis::known::Known;
use crate::analysis::{Examined, Fresh};
use crate::place::Lines;
use crate::problem::{Finding, ProblemKind};
use crate::resolve::display;
use crate::{Direction, SourceMigration, SourceScript};

/// Collects what the rules find in a migration.
pub(crate) struct Pass<'a> {
    migration: &'a SourceMigration,
    folder: &'a str,
    options: &'a LintOptions,
    is_linted: bool,
    found: Vec<(&'static Rule, Found)>,
    up: Vec<Examined>,
    down: Vec<Examined>,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(
        migration: &'a SourceMigration,
        folder: &'a str,
        options: &'a LintOptions,
    ) -> Pass<'a> {
        let is_linted = options.baseline.is_none_or(|it| migration.version > it);
        let (found, up, down) = (Vec::new(), Vec::new(), Vec::new());
        Pass { migration, folder, options, is_linted, found, up, down }
    }

    /// Looks at an action before it is done.
    pub(crate) fn action(
        &mut self,
        direction: Direction,
        examined: &Examined,
        before: &[Examined],
        known: &Known,
        fresh: &Fresh,
    ) {
        if !self.is_linted {
            return;
        }
        let context = ActionContext {
            options: self.options,
            script: script(self.migration, direction),
            direction,
            statement: examined.statement,
            action: &examined.action,
            claims: &examined.claims,
            was_there: examined.was_there,
            before,
            known,
            fresh,
        };
        self.run(direction, |check, sink| {
            if let Check::Action(check) = check {
                check(&context, sink);
            }
        });
    }

    /// Looks at a script when it has run.
    pub(crate) fn script(
        &mut self,
        direction: Direction,
        actions: Vec<Examined>,
        known: &Known,
        fresh: &Fresh,
    ) {
        if self.is_linted {
            let context = ScriptContext {
                script: script(self.migration, direction),
                direction,
                actions: &actions,
                known,
                fresh,
            };
            self.run(direction, |check, sink| {
                if let Check::Script(check) = check {
                    check(&context, sink);
                }
            });
        }
        match direction {
            Direction::Up => self.up = actions,
            Direction::Down => self.down = actions,
        }
    }

    /// Looks at the migration as a whole; gives what was found and is not accepted.
    pub(crate) fn finish(mut self) -> Vec<LintFinding> {
        if !self.is_linted {
            return Vec::new();
        }
        let (up, down) = (std::mem::take(&mut self.up), std::mem::take(&mut self.down));
        let context = MigrationContext { migration: self.migration, up: &up, down: &down };
        self.run(Direction::Up, |check, sink| {
            if let Check::Migration(check) = check {
                check(&context, sink);
            }
        });
        self.unknown_rules();
        self.unused_allows();
        let found = std::mem::take(&mut self.found);
        let up = Shown::of(&self.migration.up, Direction::Up, &found);
        let down = Shown::of(&self.migration.down, Direction::Down, &found);
        let finding = |(rule, found): (&'static Rule, Found)| {
            let shown = if found.direction == Direction::Up { &up } else { &down };
            self.finding(rule, found, shown)
        };
        let mut findings: Vec<LintFinding> = found.into_iter().filter_map(finding).collect();
        findings.sort_by_key(|it| (it.direction == Direction::Down, it.problem.place));
        findings
    }

    fn run(&mut self, direction: Direction, check: impl Fn(&Check, &mut Sink<'_>)) {
        for rule in RULES {
            // What holds a secret is not shown by other rules either.
            if self.options.level(rule).is_none() && rule.id != rules::PASSWORD_LITERAL.id {
                continue;
            }
            let mut found = Vec::new();
            check(&rule.check, &mut Sink { direction, found: &mut found });
            self.found.extend(found.into_iter().map(|it| (*rule, it)));
        }
    }

    /// What is accepted of rules that do not exist.
    fn unknown_rules(&mut self) {
        for direction in [Direction::Up, Direction::Down] {
            let script = script(self.migration, direction);
            let unknown =
                script.directives.allow.iter().filter(|it| super::rule(&it.rule).is_none());
            let found = unknown.map(|it| rules::unknown_rule(direction, &script.sql, it));
            self.found.extend(found.map(|it| (&rules::UNKNOWN_RULE, it)));
        }
    }

    /// What is accepted and was looked for, and not found.
    fn unused_allows(&mut self) {
        for direction in [Direction::Up, Direction::Down] {
            for allow in &script(self.migration, direction).directives.allow {
                let uses = |(rule, it): &(&Rule, Found)| {
                    it.direction == direction && rule.id == allow.rule
                };
                let is_looked_for =
                    super::rule(&allow.rule).is_some_and(|it| self.options.level(it).is_some());
                if is_looked_for && !self.found.iter().any(uses) {
                    let found = rules::unused_allow(direction, allow);
                    self.found.push((&rules::UNUSED_ALLOW, found));
                }
            }
        }
    }

    fn finding(&self, rule: &'static Rule, found: Found, shown: &Shown<'_>) -> Option<LintFinding> {
        let script = script(self.migration, found.direction);
        if script.directives.allow.iter().any(|it| it.rule == rule.id) {
            return None;
        }
        let (mut severity, mut is_denied) = self.options.level(rule)?;
        if found.is_unsure {
            (severity, is_denied) = (Severity::Info, false);
        }
        let file = display(self.folder, &script.file_name);
        let finding = Finding::new(ProblemKind::Lint, found.range, found.message, found.help);
        let mut problem = finding.in_file(&file, &shown.lines);
        let is_secret = problem.place.is_some_and(|it| shown.is_secret(it.line));
        problem.source_line = problem.source_line.filter(|_| !is_secret);
        let version = self.migration.version;
        Some(LintFinding {
            rule,
            severity,
            is_denied,
            version,
            direction: found.direction,
            problem,
            wants_index: found.wants_index,
        })
    }
}

/// The lines of a script, and those that must not be shown.
struct Shown<'a> {
    lines: Lines<'a>,
    /// First and last line of each.
    secrets: Vec<(u32, u32)>,
}

impl<'a> Shown<'a> {
    fn of(
        script: &'a SourceScript,
        direction: Direction,
        found: &[(&'static Rule, Found)],
    ) -> Shown<'a> {
        let lines = Lines::of(&script.sql);
        let line = |byte: u32| lines.place_of(byte as usize).line;
        let secrets = found.iter().filter(|(_, it)| it.is_secret && it.direction == direction);
        let secrets = secrets.map(|(_, it)| (line(it.range.start), line(it.range.end))).collect();
        Shown { lines, secrets }
    }

    fn is_secret(&self, line: u32) -> bool {
        self.secrets.iter().any(|(first, last)| (*first..=*last).contains(&line))
    }
}

fn script(migration: &SourceMigration, direction: Direction) -> &SourceScript {
    match direction {
        Direction::Up => &migration.up,
        Direction::Down => &migration.down,
    }
}
