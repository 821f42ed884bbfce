//! Findings of scripts in the formats of other programs: annotations of GitHub, SARIF, `JUnit`.
//!
//! What is written knows nothing of who found it: rules, problems and cases are neutral.

mod github;
mod junit;
mod sarif;

pub(crate) use github::github;
pub(crate) use junit::junit;
pub(crate) use sarif::sarif;

use migrate_runtime::Severity;

use crate::secret::redact;

/// Everything that was found, and what it was looked for by.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Every rule that there is, whether it found something or not.
    pub(crate) rules: Vec<Rule>,
    pub(crate) problems: Vec<Problem>,
    /// What was looked at, one by one: the test cases of `JUnit`.
    pub(crate) cases: Vec<Case>,
}

/// What finds problems of one sort.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: &'static str,
    /// One sentence.
    pub(crate) summary: &'static str,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Problem {
    /// The id of the rule.
    pub(crate) rule: &'static str,
    pub(crate) severity: Severity,
    /// The script, from the root of the repository.
    pub(crate) file: Option<String>,
    /// Counted from 1.
    pub(crate) line: u32,
    /// In characters, counted from 1.
    pub(crate) column: Option<u32>,
    /// One sentence, without its full stop.
    pub(crate) message: String,
    /// Lines that say more.
    pub(crate) details: Vec<String>,
    /// What to do about it.
    pub(crate) help: Vec<String>,
    /// The name of the case that it belongs to.
    pub(crate) case: Option<String>,
}

/// One thing that was looked at.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) milliseconds: Option<u128>,
    /// Why it was not looked at.
    pub(crate) skipped: Option<String>,
}

impl Problem {
    /// All that there is to say, a line each, without passwords.
    fn text(&self) -> String {
        let help = self.help.iter().map(|it| format!("Hint: {it}"));
        let lines = [self.message.clone()].into_iter().chain(self.details.iter().cloned());
        redact(&lines.chain(help).collect::<Vec<_>>().join("\n"))
    }
}

#[cfg(test)]
pub(super) fn example() -> Findings {
    let problem = Problem {
        rule: "down_differs",
        severity: Severity::Error,
        file: Some("db/my migrations/20260101000001_one.down.sql".to_owned()),
        line: 3,
        column: Some(7),
        message: "its down script does not restore 100 % of <it>, \"really\"".to_owned(),
        details: vec!["table one: is new".to_owned(), "    + CREATE TABLE one (a, b)".to_owned()],
        help: vec!["DROP TABLE one;".to_owned()],
        case: Some("20260101000001_one".to_owned()),
    };
    let note = Problem {
        rule: "slight",
        severity: Severity::Info,
        file: None,
        line: 1,
        column: None,
        message: "the order & so on \u{1b}[31m".to_owned(),
        details: Vec::new(),
        help: Vec::new(),
        case: None,
    };
    let case = |name: &str, milliseconds, skipped: Option<&str>| Case {
        name: name.to_owned(),
        milliseconds,
        skipped: skipped.map(str::to_owned),
    };
    Findings {
        rules: vec![
            Rule { id: "down_differs", summary: "A down script restores what was there." },
            Rule { id: "slight", summary: "What is as good as equal." },
        ],
        problems: vec![problem, note],
        cases: vec![
            case("20260101000001_one", Some(1234), None),
            case("20260101000002_two", None, Some("there is no way back")),
            case("20260101000003_three", Some(5), None),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_leaves_in_any_format() {
        let mut problems = example();
        let problem = &mut problems.problems[0];
        "postgres://app:canary@db/app".clone_into(&mut problem.message);
        problem.details = vec!["- OPTIONS password=canary".to_owned()];
        problem.help = vec!["psql 'host=db password=canary'".to_owned()];
        for text in [github(&problems), sarif(&problems), junit(&problems)] {
            assert!(text.contains("***") && !text.contains("canary"), "{text}");
        }
    }
}
