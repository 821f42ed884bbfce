//! The schema of a database as text, to compare before and after.

use std::process::Command;

use migrate_runtime::testing::search;

/// The schema of the database at `url`, on a server of this library, as `pg_dump` writes it, without our own tables and without what
/// differs between two dumps of the same schema.
#[track_caller]
pub fn schema_dump(url: &str) -> String {
    without_our_own(&dump(url, "--schema-only"))
}

/// Everything in the database at `url`, as `pg_dump` writes it, without what differs between two dumps of the
/// same, and without the rows of our log.
#[track_caller]
pub fn whole_dump(url: &str) -> String {
    let dump = dump(url, "--exclude-table-data=_migrations_log*");
    let is_random = |it: &&str| it.starts_with("\\restrict ") || it.starts_with("\\unrestrict ");
    let lines = dump.lines().filter(|it| !is_random(it));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

#[track_caller]
fn dump(url: &str, what: &str) -> String {
    let program = search().find().unwrap_or_else(|error| panic!("{error}")).program("pg_dump");
    let mut command = Command::new(&program);
    command.args([what, "--dbname", url]);
    let output = command.output().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "pg_dump failed: {message}");
    String::from_utf8(output.stdout).unwrap()
}

/// A dump is a list of entries, each under a comment that names it.
fn without_our_own(dump: &str) -> String {
    let mut kept = String::new();
    let mut ours = false;
    for line in dump.lines() {
        if let Some(entry) = line.strip_prefix("-- Name: ") {
            let name = entry.split(';').next().unwrap_or_default();
            ours = name.split([' ', '(']).any(|word| word.starts_with("_migrations"));
        }
        if !ours && !line.is_empty() && !line.starts_with("--") && !line.starts_with('\\') {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_tables_and_random_lines_are_left_out() {
        let dump = "--\n-- PostgreSQL database dump\n--\n\\restrict x7Hq\n\
            -- Dumped from database version 15.18\nSET lock_timeout = 0;\n\n\
            --\n-- Name: _migrations; Type: TABLE; Schema: public; Owner: -\n--\n\n\
            CREATE TABLE public._migrations (\n    id integer\n);\n\n\
            --\n-- Name: users; Type: TABLE; Schema: public; Owner: -\n--\n\n\
            CREATE TABLE public.users (\n    id integer\n);\n\n\
            --\n-- Name: _migrations _migrations_pkey; Type: CONSTRAINT; Schema: public\n--\n\n\
            ALTER TABLE ONLY public._migrations ADD CONSTRAINT _migrations_pkey PRIMARY KEY (id);\n\n\
            --\n-- Name: _migrations_log_guard(); Type: FUNCTION; Schema: public\n--\n\n\
            CREATE FUNCTION public._migrations_log_guard() RETURNS trigger;\n\n\
            \\unrestrict x7Hq\n";
        let expected = "SET lock_timeout = 0;\nCREATE TABLE public.users (\n    id integer\n);\n";
        assert_eq!(without_our_own(dump), expected);
    }
}
