//! Grants as SQL: what an object grants that it does not unless told, and what it does not and else would.

use super::super::name::spelt;
use super::super::{ObjectKind, ObjectName};
use crate::quote::listed;

/// The statements for a list of grants: a line each, as the queries write it.
pub(in super::super) fn grants(name: &ObjectName, value: &str, owner: Option<&str>) -> Vec<String> {
    use ObjectKind as K;
    let (before, what, owner) = match name.kind {
        K::DefaultPrivileges => {
            let (what, role) = name.name.split_once(" of ").unwrap_or((&name.name, ""));
            let space = name.schema.as_deref().map_or_else(String::new, in_schema);
            let before = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {role}{space} ");
            (before, what.to_uppercase(), Some(role.to_owned()))
        }
        _ => (String::new(), thing(name), owner.map(spelt)),
    };
    let line = |it: &str| {
        let (privileges, to) = it.split_once(" TO ").unwrap_or((it, "nobody"));
        let (is_no, privileges) = match privileges.strip_prefix("no ") {
            Some(privileges) => (true, privileges),
            None => (false, privileges),
        };
        let privileges = match name.kind {
            K::Column => each_of(privileges, &name.quoted()),
            _ => privileges.to_owned(),
        };
        let (grantee, option) = match to.strip_suffix(OPTION) {
            Some(grantee) => (grantee, OPTION),
            None => (to, ""),
        };
        let grantee = owner.as_deref().filter(|_| grantee == "its owner").unwrap_or(grantee);
        match (is_no, option) {
            (true, "") => format!("{before}REVOKE {privileges} ON {what} FROM {grantee}"),
            (true, _) => {
                format!("{before}REVOKE GRANT OPTION FOR {privileges} ON {what} FROM {grantee}")
            }
            (false, _) => format!("{before}GRANT {privileges} ON {what} TO {grantee}{option}"),
        }
    };
    listed(value, '\n').filter(|it| !it.is_empty()).map(line).collect()
}

fn in_schema(name: &str) -> String {
    format!(" IN SCHEMA {}", spelt(name))
}

/// What stands behind `ON`.
fn thing(name: &ObjectName) -> String {
    use ObjectKind as K;
    match name.kind {
        K::Column => format!("TABLE {}", name.relation()),
        K::View | K::MaterializedView | K::ForeignTable => format!("TABLE {}", name.qualified()),
        K::Server => format!("FOREIGN SERVER {}", name.qualified()),
        K::Aggregate => format!("FUNCTION {}", name.qualified().replace("(*)", "()")),
        it => format!("{} {}", it.sql(), name.qualified()),
    }
}

/// Of whom may pass it on.
const OPTION: &str = " WITH GRANT OPTION";

/// Privileges with a column behind each: `SELECT (c), INSERT (c)`.
fn each_of(privileges: &str, column: &str) -> String {
    let each = privileges.split(", ").map(|it| format!("{it} ({column})"));
    each.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(kind: ObjectKind, table: Option<&str>, name: &str) -> ObjectName {
        let (schema, table) = (Some("public".to_owned()), table.map(str::to_owned));
        ObjectName { kind, schema, table, name: name.to_owned() }
    }

    #[test]
    fn grants_can_be_pasted() {
        let column = name(ObjectKind::Column, Some("t"), "c");
        let granted = |value| grants(&column, value, Some("Me"));
        assert_eq!(
            granted("INSERT, SELECT TO app\nUPDATE TO app WITH GRANT OPTION"),
            [
                "GRANT INSERT (c), SELECT (c) ON TABLE public.t TO app",
                "GRANT UPDATE (c) ON TABLE public.t TO app WITH GRANT OPTION"
            ]
        );
        assert_eq!(
            granted("no SELECT TO its owner\nno INSERT TO app WITH GRANT OPTION"),
            [
                "REVOKE SELECT (c) ON TABLE public.t FROM \"Me\"",
                "REVOKE GRANT OPTION FOR INSERT (c) ON TABLE public.t FROM app"
            ]
        );
    }

    #[test]
    fn roles_may_be_called_anything() {
        let table = name(ObjectKind::Table, None, "t");
        assert_eq!(
            grants(&table, "SELECT TO \"a\nno b TO \"\"c\"\nno INSERT TO its owner", None),
            [
                "GRANT SELECT ON TABLE public.t TO \"a\nno b TO \"\"c\"",
                "REVOKE INSERT ON TABLE public.t FROM its owner"
            ]
        );
    }

    #[test]
    fn default_privileges_can_be_pasted() {
        let tables = name(ObjectKind::DefaultPrivileges, None, "tables of \"Me\"");
        assert_eq!(
            grants(&tables, "SELECT TO app\nno INSERT TO its owner", None),
            [
                "ALTER DEFAULT PRIVILEGES FOR ROLE \"Me\" IN SCHEMA public GRANT SELECT ON TABLES TO app",
                "ALTER DEFAULT PRIVILEGES FOR ROLE \"Me\" IN SCHEMA public REVOKE INSERT ON TABLES FROM \"Me\""
            ]
        );
    }
}
