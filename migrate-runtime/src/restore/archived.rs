//! The statements of an archive about the database itself, for one of another name. Pure.

use crate::quote::ident;

/// How lines begin that are for psql.
const PSQL: [&str; 4] = ["\\connect ", "\\encoding ", "\\restrict ", "\\unrestrict "];

/// The statements that `pg_restore` writes for the database called `database`, for one called `new`; the
/// first one makes it, on a server of that major version.
pub(super) fn statements(script: &str, (database, new): (&str, &str), server: u32) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let is_for_psql = |line: &&str| PSQL.iter().any(|it| line.starts_with(it));
    let lines = script.lines().filter(|it| !is_for_psql(it));
    let plain = lines.fold(String::new(), |text, line| text + line + "\n");
    let Ok(statements) = migrate_core::split(&plain) else { return found };
    for statement in statements {
        let range = statement.range.start as usize..statement.range.end as usize;
        let Some(text) = plain.get(range) else { continue };
        let text = text.trim().trim_end_matches(';');
        if is_wanted(text) {
            let mut statement = renamed(text, database, new);
            if server < 15 && found.is_empty() {
                // Newer programs say what older servers have no word for.
                statement = statement.replace(" LOCALE_PROVIDER = libc", "");
            }
            found.push(statement);
        }
    }
    found
}

/// Whether a statement is about the comment, which is the mark of what is not restored yet.
pub(super) fn is_comment(statement: &str) -> bool {
    statement.starts_with("COMMENT ON DATABASE ")
}

fn is_wanted(statement: &str) -> bool {
    let words = [
        "CREATE DATABASE ",
        "ALTER DATABASE ",
        "ALTER ROLE ",
        "COMMENT ON DATABASE ",
        "GRANT ",
        "REVOKE ",
        "SECURITY LABEL ",
        "SET SESSION AUTHORIZATION ",
        "RESET SESSION AUTHORIZATION",
    ];
    words.iter().any(|it| statement.starts_with(it))
}

/// The name stands behind the first word DATABASE, in quotes or not.
pub(super) fn renamed(statement: &str, database: &str, new: &str) -> String {
    for name in [ident(database), database.to_owned()] {
        let old = format!(" DATABASE {name}");
        if let Some(at) = statement.find(&old) {
            let rest = &statement[at + old.len()..];
            return format!("{} DATABASE {}{rest}", &statement[..at], ident(new));
        }
    }
    statement.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = r#"
\restrict abc
SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
--
-- Name: We ird; Type: DATABASE; Schema: -; Owner: o
--

CREATE DATABASE "We ird" WITH TEMPLATE = template0 ENCODING = 'UTF8';


ALTER DATABASE "We ird" OWNER TO o;

\unrestrict abc
\encoding SQL_ASCII
\connect -reuse-previous=on "dbname='We ird'"
\restrict abc

COMMENT ON DATABASE "We ird" IS 'it''s; on DATABASE "We ird"
\second line';
ALTER ROLE r IN DATABASE "We ird" SET work_mem TO '7MB';
REVOKE CONNECT,TEMPORARY ON DATABASE "We ird" FROM PUBLIC;
SET SESSION AUTHORIZATION reader;
GRANT CONNECT ON DATABASE "We ird" TO app;
RESET SESSION AUTHORIZATION;
"#;

    #[test]
    fn what_an_archive_says_about_its_database_is_said_about_another() {
        let expected = [
            "CREATE DATABASE \"new\" WITH TEMPLATE = template0 ENCODING = 'UTF8'",
            "ALTER DATABASE \"new\" OWNER TO o",
            "COMMENT ON DATABASE \"new\" IS 'it''s; on DATABASE \"We ird\"\n\\second line'",
            "ALTER ROLE r IN DATABASE \"new\" SET work_mem TO '7MB'",
            "REVOKE CONNECT,TEMPORARY ON DATABASE \"new\" FROM PUBLIC",
            "SET SESSION AUTHORIZATION reader",
            "GRANT CONNECT ON DATABASE \"new\" TO app",
            "RESET SESSION AUTHORIZATION",
        ];
        assert_eq!(statements(SCRIPT, ("We ird", "new"), 15), expected);
        let newer = SCRIPT.replace("= template0", "= template0 LOCALE_PROVIDER = libc");
        assert_eq!(statements(&newer, ("We ird", "new"), 14), expected);
    }
}
