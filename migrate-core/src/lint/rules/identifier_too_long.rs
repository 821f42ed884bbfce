//! Names that the server cuts.

use crate::analysis::known::names::{LONGEST, cut};
use crate::lint::made::names;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::ObjectName;

pub(super) static RULE: Rule = Rule {
    id: "identifier-too-long",
    severity: Severity::Warning,
    title: "a name is longer than PostgreSQL keeps",
    harm: "Names are cut after 63 bytes, with no more than a notice. Two long names that begin alike become one, and \
           the second CREATE fails, or IF NOT EXISTS takes the first for the second. Programs that look the name up \
           in the catalogs do not find it.",
    way_out: "-- migrate:no-transaction\n-- say what it is for, not what it is made of:\nCREATE INDEX CONCURRENTLY contracts_parties_idx ON contracts (seller_id, buyer_id);",
    examples: &[
        Example::found(
            "",
            "CREATE INDEX a_name_of_more_than_sixty_three_bytes_that_the_server_would_cut_ ON t (a)",
        ),
        Example::found(
            "",
            "CREATE TABLE t (a int CONSTRAINT a_name_of_more_than_sixty_three_bytes_that_the_server_would_cut_ CHECK (a > 0))",
        ),
        Example::found(
            "",
            "ALTER TABLE t RENAME TO a_name_of_more_than_sixty_three_bytes_that_the_server_would_cut_",
        ),
        Example::found(
            "",
            "ALTER TABLE t ADD COLUMN \"Ein Name aus Umlauten: ääääääääääääääääääääääääääääää\" int",
        ),
        Example::fine(
            "",
            "CREATE TABLE a_name_of_exactly_sixty_three_bytes_which_the_server_would_keep (a int)",
        ),
        // It was cut when it was made, and is cut the same here.
        Example::fine(
            "",
            "DROP INDEX a_name_of_more_than_sixty_three_bytes_that_the_server_would_cut_",
        ),
        Example::fine("", "SELECT 1").with_down("CREATE INDEX a_name_of_more_than_sixty_three_bytes_that_the_server_would_cut_ ON t (a)"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    for name in names(&context.action.what) {
        if !context.is_up() || name.len() <= LONGEST {
            continue;
        }
        sink.report(
            context.place_of(name),
            format!("a name of {} bytes becomes {}", name.len(), ObjectName::plain(cut(name))),
            format!("at most {LONGEST} bytes"),
        );
    }
}
