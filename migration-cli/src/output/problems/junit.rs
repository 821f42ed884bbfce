//! `JUnit`'s XML, which every build server shows: a test case for each thing that was looked at.

use std::fmt::Write as _;

use migrate_runtime::Severity;

use super::{Case, Findings, Problem};
use crate::secret::redact;

/// What has problems and is no case is a case of its own.
const REST: &str = "all of them";

/// One suite.
pub(crate) fn junit(problems: &Findings) -> String {
    // A test passes or fails: what is not merely noted decides the exit code as well.
    let all = || problems.problems.iter().filter(|it| it.severity > Severity::Info);
    let rest: Vec<_> = all().filter(|it| it.case.is_none()).collect();
    let failures = |case: &Case| -> Vec<&Problem> {
        all().filter(|it| it.case.as_ref() == Some(&case.name)).collect()
    };
    let failing = problems.cases.iter().filter(|it| !failures(it).is_empty()).count();
    let (tests, failed) = match rest.len() {
        0 => (problems.cases.len(), failing),
        _ => (problems.cases.len() + 1, failing + 1),
    };
    let is_skipped = |it: &&Case| it.skipped.is_some() && failures(it).is_empty();
    let skipped = problems.cases.iter().filter(is_skipped).count();
    let total = problems.cases.iter().filter_map(|it| it.milliseconds).sum();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let counts = format!(
        "tests=\"{tests}\" failures=\"{failed}\" errors=\"0\" skipped=\"{skipped}\" time=\"{}\"",
        seconds(total)
    );
    // Writing to a string does not fail.
    let _ = writeln!(text, "<testsuites name=\"migrations\" {counts}>");
    let _ = writeln!(text, "  <testsuite name=\"migrations\" {counts}>");
    for case in &problems.cases {
        element(&mut text, case, &failures(case));
    }
    if !rest.is_empty() {
        let case = Case { name: REST.to_owned(), milliseconds: None, skipped: None };
        element(&mut text, &case, &rest);
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn element(text: &mut String, case: &Case, failures: &[&Problem]) {
    let (name, time) = (escape(&case.name), seconds(case.milliseconds.unwrap_or_default()));
    let _ = write!(text, "    <testcase classname=\"migrations\" name=\"{name}\" time=\"{time}\"");
    if failures.is_empty() && case.skipped.is_none() {
        text.push_str("/>\n");
        return;
    }
    text.push_str(">\n");
    for problem in failures {
        let column = problem.column.map(|it| format!(":{it}")).unwrap_or_default();
        let place = problem.file.as_ref().map(|it| format!("{it}:{}{column}: ", problem.line));
        let whole = format!("{}{}", place.unwrap_or_default(), problem.text());
        let (message, kind) = (escape(&redact(&problem.message)), escape(problem.rule));
        let _ = write!(text, "      <failure message=\"{message}\" type=\"{kind}\">");
        let _ = writeln!(text, "{}</failure>", escape(&whole));
    }
    if let Some(why) = case.skipped.as_ref().filter(|_| failures.is_empty()) {
        let _ = writeln!(text, "      <skipped message=\"{}\"/>", escape(&redact(why)));
    }
    text.push_str("    </testcase>\n");
}

fn seconds(milliseconds: u128) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

/// What XML 1.0 does not allow at all is replaced.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            it if it.is_control() || matches!(it, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            it => escaped.push(it),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::output::problems::example;

    #[test]
    fn a_case_has_its_failures() {
        expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="migrations" tests="3" failures="1" errors="0" skipped="1" time="1.239">
              <testsuite name="migrations" tests="3" failures="1" errors="0" skipped="1" time="1.239">
                <testcase classname="migrations" name="20260101000001_one" time="1.234">
                  <failure message="its down script does not restore 100 % of &lt;it&gt;, &quot;really&quot;" type="down_differs">db/my migrations/20260101000001_one.down.sql:3:7: its down script does not restore 100 % of &lt;it&gt;, &quot;really&quot;
            table one: is new
                + CREATE TABLE one (a, b)
            Hint: DROP TABLE one;</failure>
                </testcase>
                <testcase classname="migrations" name="20260101000002_two" time="0.000">
                  <skipped message="there is no way back"/>
                </testcase>
                <testcase classname="migrations" name="20260101000003_three" time="0.005"/>
              </testsuite>
            </testsuites>
        "#]].assert_eq(&junit(&example()));
    }

    #[test]
    fn a_warning_fails_and_what_fails_is_not_skipped() {
        let mut problems = example();
        problems.problems[0].severity = Severity::Warning;
        problems.problems[0].case = Some("20260101000002_two".to_owned());
        let text = junit(&problems);
        assert!(text.contains("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"0\""), "{text}");
        assert!(text.contains("<failure") && !text.contains("<skipped"), "{text}");
    }

    #[test]
    fn what_is_about_all_of_them_is_a_case_of_its_own() {
        let mut problems = example();
        problems.cases.clear();
        problems.problems[0].case = None;
        let text = junit(&problems);
        assert!(text.contains("tests=\"1\" failures=\"1\""), "{text}");
        assert!(text.contains("name=\"all of them\""), "{text}");
    }
}
