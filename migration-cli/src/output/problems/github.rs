//! Workflow commands: GitHub shows each problem beside the line that it is about.

use std::fmt::Write as _;

use migrate_runtime::Severity;

use super::Findings;

/// A line each.
pub(crate) fn github(problems: &Findings) -> String {
    let mut text = String::new();
    for problem in &problems.problems {
        let command = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            _ => "notice",
        };
        let mut properties = Vec::new();
        if let Some(file) = &problem.file {
            properties.push(format!("file={}", property(file)));
            properties.push(format!("line={}", problem.line));
            properties.extend(problem.column.map(|it| format!("col={it}")));
        }
        properties.push(format!("title={}", property(problem.rule)));
        let (properties, message) = (properties.join(","), data(&problem.text()));
        let _ = writeln!(text, "::{command} {properties}::{message}");
    }
    text
}

/// What stands behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which a comma or a colon would end.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::output::problems::example;

    #[test]
    fn a_problem_is_one_line_whatever_is_in_it() {
        expect![[r#"
            ::error file=db/my migrations/20260101000001_one.down.sql,line=3,col=7,title=down_differs::its down script does not restore 100 %25 of <it>, "really"%0Atable one: is new%0A    + CREATE TABLE one (a, b)%0AHint: DROP TABLE one;
            ::notice title=slight::the order & so on [31m
        "#]]
        .assert_eq(&github(&example()));
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
