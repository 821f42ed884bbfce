//! `SECURITY DEFINER` without a `search_path` of its own.

use crate::lint::{Check, Example, Rule, ScriptContext, Severity, Sink};
use crate::sql::action::{ObjectName, What};

pub(super) static RULE: Rule = Rule {
    id: "security-definer-search-path",
    severity: Severity::Warning,
    title: "a function runs with its owner's rights and its caller's search_path",
    harm: "The names in its body are looked up in the `search_path` of whoever calls it. Who may create a table or a \
           function in any schema, `pg_temp` included, puts one of his own before the real one, and the function \
           uses it with the rights of its owner.",
    way_out: "CREATE FUNCTION close_contract(contract bigint) RETURNS void\nLANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp\nAS $$ UPDATE public.contracts SET state = 'closed' WHERE id = contract $$;",
    examples: &[
        Example::found(
            "",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        ),
        Example::found(
            "",
            "CREATE OR REPLACE PROCEDURE p() LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        ),
        Example::found("", "ALTER FUNCTION f() SECURITY DEFINER"),
        Example::fine("", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
        Example::fine(
            "",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT 1'",
        ),
        Example::fine("", "ALTER FUNCTION f() SECURITY DEFINER SET search_path = ''"),
        Example::fine(
            "",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; ALTER FUNCTION f() SET search_path = ''",
        ),
        // The names of such a body were looked up when it was made.
        Example::fine("", "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1"),
        Example::fine("", "SELECT 1").with_down("ALTER FUNCTION f() SECURITY DEFINER"),
        Example::fine("", "ALTER FUNCTION f() SECURITY INVOKER"),
    ],
    check: Check::Script(check),
};

fn check(context: &ScriptContext<'_>, sink: &mut Sink<'_>) {
    if !context.is_up() {
        return;
    }
    for examined in context.actions {
        let function = match &examined.action.what {
            What::CreateFunction(it) if it.is_security_definer && !it.sets_search_path => {
                if it.has_sql_body {
                    continue;
                }
                &it.function
            }
            What::AlterFunction(it) if it.is_security_definer && !it.sets_search_path => {
                &it.function
            }
            _ => continue,
        };
        if !is_set(context, function) {
            sink.report(
                examined.action.range,
                format!("{function} looks its names up in the search_path of whoever calls it"),
                "SET search_path = pg_catalog, pg_temp, and the schema before every name in the body",
            );
        }
    }
}

fn is_set(context: &ScriptContext<'_>, function: &ObjectName) -> bool {
    context.actions.iter().any(|it| {
        matches!(&it.action.what, What::AlterFunction(it) if it.function == *function && it.sets_search_path)
    })
}
