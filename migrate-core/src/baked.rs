//! What the build found out about the scripts, as one text in the binary: nothing is worked out at run time,
//! nothing is parsed before somebody asks, and to the compiler it is a single literal.
//!
//! A line a fact, its fields separated by tabs. `=VERSION DIRECTION` begins a script; below it come
//! `e STATEMENT LOCK WHOSE WORK SINCE RELATION` for an effect, `u STATEMENT` for a statement that could not be
//! read, and `f RULE SEVERITY LINE COLUMN MESSAGE HELP` for a finding. Only what this program itself was built
//! with reads it.

use std::cmp::Ordering;

use crate::{Direction, Effect, LockMode, MigrationSet, Severity, Version, Whose, Work};

/// What is known of a script since the build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScriptFacts {
    /// What its statements do to relations that were there before the script, in their order.
    pub effects: Vec<Effect<'static>>,
    /// The statements of which that is not known: code, and what the parser does not take.
    pub unread: Vec<u32>,
    /// What the lint found and nobody accepted.
    pub findings: Vec<ScriptFinding>,
}

/// What the lint found in a script when the program was built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScriptFinding {
    /// The id of the rule.
    pub rule: &'static str,
    /// How serious it is.
    pub severity: Severity,
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1 in characters.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl MigrationSet {
    /// What the build found out about a script; nothing where it did not look, because the set was built
    /// without the parser.
    pub fn facts(&self, version: Version, direction: Direction) -> Option<ScriptFacts> {
        let mut facts = ScriptFacts::default();
        for line in section(self.analysis()?, (version, direction)).lines() {
            facts.read(line);
        }
        Some(facts)
    }
}

impl ScriptFacts {
    /// What the whole script does, one effect for each relation: the strongest lock and the hardest work, each
    /// with the first statement that is about it.
    pub fn strongest(&self) -> Vec<Effect<'static>> {
        let mut found: Vec<Effect<'static>> = Vec::new();
        for it in &self.effects {
            let same =
                |there: &&mut Effect<'_>| (there.relation, there.whose) == (it.relation, it.whose);
            let Some(there) = found.iter_mut().find(same) else {
                found.push(*it);
                continue;
            };
            there.lock = there.lock.max(it.lock);
            there.since = there.since.min(it.since);
            (there.work, there.is_certain) =
                (there.work, there.is_certain).max((it.work, it.is_certain));
        }
        found
    }

    /// Takes a line; one that makes no sense is left out.
    fn read(&mut self, line: &'static str) -> Option<()> {
        let fields: Vec<&'static str> = line.split('\t').collect();
        match fields.as_slice() {
            ["e", statement, lock, whose, work, since, relation] => self.effects.push(Effect {
                statement: statement.parse().ok()?,
                relation,
                whose: Whose::from_word(whose)?,
                lock: LockMode::from_word(lock)?,
                work: Work::from_word(work.trim_end_matches('?'))?,
                is_certain: !work.ends_with('?'),
                since: since.parse().ok()?,
            }),
            ["u", statement] => self.unread.push(statement.parse().ok()?),
            ["f", rule, severity, line, column, message, help] => {
                self.findings.push(ScriptFinding {
                    rule,
                    severity: Severity::from_word(severity)?,
                    line: line.parse().ok()?,
                    column: column.parse().ok()?,
                    message: unescape(message),
                    help: unescape(help),
                });
            }
            _ => {}
        }
        Some(())
    }
}

/// The lines about a script, found by halving: the scripts are in order.
fn section(text: &'static str, wanted: (Version, Direction)) -> &'static str {
    let (mut start, mut end) = (0, text.len());
    while start < end {
        // The head at or after the middle, or else the first one, and what follows it.
        let middle = start.midpoint(end);
        let at = text[..end].get(middle..).and_then(|it| it.find("\n=")).map(|it| middle + it + 1);
        let at = at.unwrap_or(start);
        let body = at + text[at..].find('\n').map_or(text.len() - at, |it| it + 1);
        let next = text[body..end].find("\n=").map_or(end, |it| body + it + 1);
        let next = if text[body..end].starts_with('=') { body } else { next };
        match read_head(&text[at..body]).map(|it| it.cmp(&wanted)) {
            Some(Ordering::Equal) => return &text[body..next],
            Some(Ordering::Less) => start = next,
            _ => end = at,
        }
    }
    ""
}

fn read_head(line: &str) -> Option<(Version, Direction)> {
    let (version, direction) = line.trim_end().strip_prefix('=')?.split_once(' ')?;
    Some((version.parse().ok()?, Direction::from_word(direction)?))
}

#[cfg(feature = "parser")]
fn head(version: Version, direction: Direction) -> String {
    format!("={version} {}", direction.as_str())
}

#[cfg(feature = "parser")]
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n")
}

fn unescape(text: &str) -> String {
    let (mut plain, mut characters) = (String::new(), text.chars());
    while let Some(it) = characters.next() {
        plain.push(match (it == '\\').then(|| characters.next()).flatten() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some(other) => other,
            None => it,
        });
    }
    plain
}

#[cfg(feature = "parser")]
mod write {
    use std::fmt::Write;

    use super::{escape, head};
    use crate::analysis::AnalyzedMigration;
    use crate::{Analysis, Direction, LintFinding};

    impl Analysis {
        /// The text that goes into the binary.
        pub fn to_text(&self) -> String {
            let mut text = String::new();
            let mut findings = self.findings.iter().peekable();
            for migration in &self.migrations {
                let version = migration.version;
                for direction in [Direction::Up, Direction::Down] {
                    let mut lines = String::new();
                    facts(migration, direction, &mut lines);
                    while let Some(it) =
                        findings.next_if(|it| (it.version, it.direction) == (version, direction))
                    {
                        finding(it, &mut lines);
                    }
                    if !lines.is_empty() {
                        // Writing into a text cannot fail.
                        _ = write!(text, "{}\n{lines}", head(version, direction));
                    }
                }
            }
            text
        }
    }

    fn facts(migration: &AnalyzedMigration, direction: Direction, lines: &mut String) {
        for (relation, it) in migration.effects(direction) {
            let doubt = if it.is_certain { "" } else { "?" };
            let (statement, lock, whose) = (it.statement, it.lock.short(), it.whose.as_str());
            let (work, since) = (it.work.as_str(), it.since);
            // A name with a tab in it has no place here.
            let relation = relation.replace(['\t', '\n'], " ");
            _ = writeln!(
                lines,
                "e\t{statement}\t{lock}\t{whose}\t{work}{doubt}\t{since}\t{relation}"
            );
        }
        for statement in migration.unread(direction) {
            _ = writeln!(lines, "u\t{statement}");
        }
    }

    fn finding(it: &LintFinding, lines: &mut String) {
        let (rule, severity, problem) = (it.rule.id, it.severity.as_str(), &it.problem);
        let (line, column) = problem.place.map_or((1, 1), |it| (it.line, it.column));
        let message = escape(&problem.message);
        let help = escape(problem.help.as_deref().unwrap_or_default());
        _ = writeln!(lines, "f\t{rule}\t{severity}\t{line}\t{column}\t{message}\t{help}");
    }
}

#[cfg(all(test, feature = "parser"))]
mod tests {
    use super::*;
    use crate::{LintOptions, SourceFile, analyze, resolve};

    #[test]
    fn what_was_found_out_is_read_back() {
        let file = |name: &str, text: &str| SourceFile {
            name: name.to_owned(),
            path: name.into(),
            bytes: text.as_bytes().to_vec(),
        };
        let up = "DO $$ BEGIN END $$;\nALTER TABLE \"a b\" ALTER x SET NOT NULL;\nCREATE INDEX i ON t (a)";
        let set = resolve(
            vec![
                file("20260101000000_a.up.sql", up),
                file("20260101000000_a.down.sql", "DROP INDEX i"),
                file("20260101000001_b.up.sql", "CREATE TABLE b ()"),
                file("20260101000001_b.down.sql", "DROP TABLE b"),
            ],
            "migrations",
        )
        .unwrap();
        let analysis = analyze(&set, "migrations", &LintOptions::default());
        let text = analysis.to_text();
        let set = set.leak("migrations").with_analysis(Some(text.leak()));
        let version = "20260101000000".parse().unwrap();
        let up = set.facts(version, Direction::Up).unwrap();
        assert_eq!(up.unread, [0]);
        let effects: Vec<_> = up
            .effects
            .iter()
            .map(|it| {
                (it.statement, it.relation, it.whose, it.lock.short(), it.work, it.is_certain)
            })
            .collect();
        assert!(
            effects.contains(&(1, "\"a b\"", Whose::Itself, "AX", Work::Scan, false)),
            "{up:?}"
        );
        assert!(effects.contains(&(2, "t", Whose::Itself, "S", Work::Build, true)), "{up:?}");
        let index = up.findings.iter().find(|it| it.rule == "index-not-concurrent").unwrap();
        assert_eq!((index.line, index.column, index.severity), (3, 1, Severity::Error));
        let down = set.facts(version, Direction::Down).unwrap();
        assert_eq!(down.effects[0].whose, Whose::Itself);
        let many: Vec<String> =
            (0..50).map(|it| format!("=202601010000{it:02} up\nu\t{it}\n")).collect();
        let many = many.concat();
        let many = set.with_analysis(Some(many.leak()));
        for it in 0..50_u32 {
            let version = format!("202601010000{it:02}").parse().unwrap();
            assert_eq!(many.facts(version, Direction::Up).unwrap().unread, [it]);
            assert!(many.facts(version, Direction::Down).unwrap().unread.is_empty());
        }
        let none = set.facts("20260101000001".parse().unwrap(), Direction::Up).unwrap();
        assert_eq!(none, ScriptFacts::default());
        assert_eq!(set.with_analysis(None).facts(version, Direction::Up), None);
    }

    #[test]
    fn messages_stay_on_their_lines_and_come_back_as_they_were() {
        for text in ["a\n\tb", "a\\nb", "\\", "\\\n", "\\\\t", ""] {
            let escaped = escape(text);
            assert!(!escaped.contains(['\n', '\t']), "{escaped:?}");
            assert_eq!(unescape(&escaped), text, "{escaped:?}");
        }
    }

    #[test]
    fn the_strongest_of_a_script_is_told_once_a_relation() {
        let set = MigrationSet::new(&[]).with_analysis(Some(
            "=20260101000000 up\ne\t0\tS\titself\tbuild\t18\tt\ne\t0\tS\tpartitions\tbuild\t15\tt\n\
             e\t1\tAX\titself\tscan?\t15\tt\ne\t1\tSRX\titself\tnone\t15\tr\n\
             e\t2\tAS\titself\tscan\t15\tr\n",
        ));
        let version = "20260101000000".parse().unwrap();
        let strongest = set.facts(version, Direction::Up).unwrap().strongest();
        let told = strongest
            .iter()
            .map(|it| (it.relation, it.whose, it.lock.short(), it.work, it.is_certain, it.since));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                ("t", Whose::Itself, "AX", Work::Build, true, 15),
                ("t", Whose::Partitions, "S", Work::Build, true, 15),
                ("r", Whose::Itself, "SRX", Work::Scan, true, 15),
            ]
        );
    }
}
