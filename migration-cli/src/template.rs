//! Templates: of new scripts, chosen by the migration's name and filled in with its words; of the files
//! that a new project gets.
//!
//! A script as it comes out of a template does not build before its author has looked at it: either
//! it has no statement, or it has a `<placeholder>` that is no SQL, or its other half is such.

use include_dir::{Dir, include_dir};

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// The text of two new scripts.
pub(crate) struct Rendered {
    pub(crate) up: String,
    pub(crate) down: String,
}

/// What a name says about the migration.
#[derive(Debug, Default, PartialEq, Eq)]
struct Guess<'a> {
    template: &'static str,
    table: &'a str,
    column: &'a str,
}

/// Fills in the template that fits a name.
pub(crate) fn render(name: &str) -> Rendered {
    let guess = guess(name);
    let fill = |half: &str| {
        let file = TEMPLATES.get_file(format!("{}/{half}.sql", guess.template));
        let text = file.and_then(|it| it.contents_utf8()).unwrap_or_default();
        text.replace("{{title}}", &title(name))
            .replace("{{bare_table}}", guess.table)
            .replace("{{table}}", &quote(guess.table))
            .replace("{{column}}", &quote(guess.column))
    };
    Rendered { up: fill("up"), down: fill("down") }
}

/// The text of a file of a new project; nothing for one that only has to be there.
pub(crate) fn project_file(name: &str) -> String {
    let file = TEMPLATES.get_file(format!("project/{name}"));
    file.and_then(|it| it.contents_utf8()).unwrap_or_default().to_owned()
}

fn guess(name: &str) -> Guess<'_> {
    let table = |template, table| Some(Guess { template, table, column: "" });
    let column = |template, (column, table): (_, _)| {
        let guess = Guess { template, table: trim(table), column: trim(column) };
        // `add_email_index_to_users` is not about a column.
        let other = ["index", "constraint", "key", "check", "fk", "trigger", "policy"];
        let about = guess.column.rsplit('_').next().unwrap_or_default();
        let whole = !guess.table.is_empty() && !guess.column.is_empty();
        (whole && !other.contains(&about)).then_some(guess)
    };
    let found = if let Some(rest) = name.strip_prefix("create_") {
        named_table(rest).and_then(|it| table("create_table", it))
    } else if let Some(rest) = name.strip_prefix("add_") {
        rest.rsplit_once("_to_").and_then(|it| column("add_column", it))
    } else if let Some(rest) = name.strip_prefix("drop_").or(name.strip_prefix("remove_")) {
        match rest.rsplit_once("_from_") {
            Some(it) => column("drop_column", it),
            None => named_table(rest).and_then(|it| table("drop_table", it)),
        }
    } else if name.starts_with("backfill_") {
        table("backfill", "")
    } else {
        None
    };
    found.unwrap_or(Guess { template: "plain", ..Guess::default() })
}

/// `users_table`, `table_users`
fn named_table(words: &str) -> Option<&str> {
    let table = words.strip_suffix("_table").or(words.strip_prefix("table_"))?;
    Some(table).filter(|it| !it.is_empty())
}

/// `email_column`, `users_table`
fn trim(word: &str) -> &str {
    word.strip_suffix("_column").or(word.strip_suffix("_table")).unwrap_or(word)
}

/// `Add users`
fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Quotes what PostgreSQL would not take as a name of a table or a column as it stands.
fn quote(word: &str) -> String {
    let digit = word.starts_with(|it: char| it.is_ascii_digit());
    if digit || RESERVED.contains(&word) { format!("\"{word}\"") } else { word.to_owned() }
}

/// The reserved words of PostgreSQL 18: its documentation, appendix C.
const RESERVED: [&str; 100] = [
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
];

#[cfg(test)]
mod tests {
    use migrate_core::{SourceFile, resolve};

    use super::*;

    #[test]
    fn the_name_decides_about_the_template() {
        #[track_caller]
        fn check(name: &str, template: &'static str, table: &str, column: &str) {
            assert_eq!(guess(name), Guess { template, table, column }, "{name}");
        }

        check("create_users_table", "create_table", "users", "");
        check("create_table_users", "create_table", "users", "");
        check("create_iam_tables", "plain", "", "");
        check("add_email_to_users", "add_column", "users", "email");
        check("add_email_column_to_users_table", "add_column", "users", "email");
        check("add_up_to_date_to_users", "add_column", "users", "up_to_date");
        check("add_email_index_to_users", "plain", "", "");
        check("add_users", "plain", "", "");
        check("drop_users_table", "drop_table", "users", "");
        check("drop_email_from_users", "drop_column", "users", "email");
        check("remove_email_from_users", "drop_column", "users", "email");
        check("drop_old_things", "plain", "", "");
        check("backfill_emails", "backfill", "", "");
        check("create_table", "plain", "", "");
        check("a", "plain", "", "");
    }

    #[test]
    fn a_script_that_nobody_looked_at_does_not_build() {
        for name in NAMES {
            let Rendered { up, down } = render(name);
            assert!(!up.contains("{{") && !down.contains("{{"), "{name}");
            assert!(up.lines().chain(down.lines()).all(|it| it.len() <= 110), "{name}");
            assert!(build(name, &up, &down).is_err(), "{name}");
        }
    }

    #[test]
    fn a_template_builds_when_its_placeholders_are_written_out() {
        for name in NAMES {
            let Rendered { up, down } = render(name);
            let write = |text: &str| {
                let text = ["<column>", "<type>", "<table>", "<value>"]
                    .into_iter()
                    .fold(text.replace("<key>", "id"), |text, it| text.replace(it, "text"));
                let has_statement = text.lines().any(|it| !it.is_empty() && !it.starts_with("--"));
                if has_statement { text } else { format!("{text}\nSELECT 1;\n") }
            };
            assert_eq!(build(name, &write(&up), &write(&down)), Ok(()), "{name}");
        }
    }

    const NAMES: [&str; 9] = [
        "anything",
        "create_users_table",
        "create_user_table",
        "drop_users_table",
        "add_email_to_users",
        "add_2fa_to_user",
        "drop_email_from_users",
        "drop_order_from_users",
        "backfill_emails",
    ];

    fn build(name: &str, up: &str, down: &str) -> Result<(), Vec<String>> {
        let file = |half: &str, text: &str| {
            let name = format!("20240320000000_{name}.{half}.sql");
            SourceFile { path: name.clone().into(), name, bytes: text.as_bytes().to_vec() }
        };
        let set = resolve(vec![file("up", up), file("down", down)], "migrations");
        set.map(drop).map_err(|it| it.iter().map(ToString::to_string).collect())
    }
}
