//! Columns of type `char(n)`.

use crate::lint::columns::new_types;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};

pub(super) static RULE: Rule = Rule {
    id: "char-type",
    severity: Severity::Info,
    title: "a text is filled up with blanks",
    harm: "`char(n)` fills every value up to n characters with blanks, which are stored, and which most functions \
           then ignore: `length` does not count them, `=` does not see them, `LIKE` does. It is neither smaller nor \
           faster than `text`. To change its length later writes all rows anew.",
    way_out: "ALTER TABLE contracts ADD COLUMN country text;\nALTER TABLE contracts ADD CONSTRAINT contracts_country_check\n    CHECK (length(country) = 2) NOT VALID;\n-- in the next migration, which locks out nobody:\nALTER TABLE contracts VALIDATE CONSTRAINT contracts_country_check;",
    examples: &[
        Example::found("", "CREATE TABLE t (a char(2))"),
        Example::found("", "ALTER TABLE t ADD COLUMN a character(10)"),
        Example::found("", "ALTER TABLE t ALTER COLUMN a TYPE bpchar(3)"),
        Example::fine("", "CREATE TABLE t (a varchar(2), b text, c \"char\", d character varying)"),
        Example::fine("", "SELECT 1").with_down("ALTER TABLE t ADD COLUMN a char(2)"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    for new in new_types(context) {
        if new.ty.name == "character" {
            sink.report(
                new.range,
                format!("{} is filled up with blanks", new.name()),
                "text, with a CHECK where the length matters",
            );
        }
    }
}
