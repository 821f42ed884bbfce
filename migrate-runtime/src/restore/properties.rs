//! What a database has outside of its dump: owner, locale, tablespace, limit, rights, settings, comment,
//! labels. Read from the server, made again on another database, compared. Decides and sends nothing.

use std::collections::BTreeSet;

use crate::quote::{fill, ident, literal, setting_value};

/// The properties of one database, each a kind, a key where there are several of it, and a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Properties(BTreeSet<Property>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Property {
    kind: String,
    key: String,
    value: String,
}

/// What stands between the parts of a key.
const BETWEEN: char = '\x1f';

/// What the two databases do not need to share until the one has the other's name.
const LAST: [&str; 3] = ["comment", "connections", "template"];

/// One statement: reads the properties of the database called `name`; no row where there is none.
pub(super) fn query(name: &str) -> String {
    fill(include_str!("properties.sql"), &[("name", &literal(name))])
}

impl Properties {
    /// Reads the answer to [`query`].
    pub(super) fn parse<'r>(rows: impl Iterator<Item = &'r [Option<String>]>) -> Properties {
        let cell = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten();
        let property = |row: &[Option<String>]| {
            let value = cell(row, 2)?;
            Some(Property { kind: cell(row, 0)?, key: cell(row, 1).unwrap_or_default(), value })
        };
        Properties(rows.filter_map(property).collect())
    }

    fn get(&self, kind: &'static str) -> Option<&str> {
        self.of(kind).next().map(|it| it.value.as_str())
    }

    fn of(&self, kind: &'static str) -> impl Iterator<Item = &Property> {
        self.0.iter().filter(move |it| it.kind == kind)
    }

    pub(super) fn owner(&self) -> &str {
        self.get("owner").unwrap_or_default()
    }

    pub(super) fn comment(&self) -> Option<&str> {
        self.get("comment")
    }

    pub(super) fn is_template(&self) -> bool {
        self.get("template") == Some("true")
    }

    /// The statement that makes an empty database with what can only be chosen then.
    pub(super) fn create(&self, name: &str) -> String {
        let mut words = vec![
            format!("CREATE DATABASE {} TEMPLATE template0", ident(name)),
            format!("OWNER {}", ident(self.owner())),
        ];
        let mut texts =
            vec![("ENCODING", "encoding"), ("LC_COLLATE", "collate"), ("LC_CTYPE", "ctype")];
        // The template may have another one than the database.
        match self.get("provider") {
            Some("i") => {
                texts.extend([("ICU_LOCALE", "locale"), ("ICU_RULES", "rules")]);
                words.push("LOCALE_PROVIDER icu".to_owned());
            }
            Some("b") => {
                texts.push(("BUILTIN_LOCALE", "locale"));
                words.push("LOCALE_PROVIDER builtin".to_owned());
            }
            Some("c") => words.push("LOCALE_PROVIDER libc".to_owned()),
            _ => {}
        }
        let word = |(word, kind)| self.get(kind).map(|it| format!("{word} {}", literal(it)));
        words.extend(texts.into_iter().filter_map(word));
        // Who names the one that it would get anyway needs a right on it.
        let space = self.get("tablespace").filter(|it| *it != "pg_default");
        words.extend(space.map(|it| format!("TABLESPACE {}", ident(it))));
        words.join(" ")
    }

    /// The statements that give the database `name`, which is as `CREATE DATABASE` makes it, the other
    /// properties, except for its rights and for those that come last.
    pub(super) fn carry_over(&self, name: &str) -> Vec<String> {
        let quoted = ident(name);
        let mut statements = Vec::new();
        if let Some(limit) = self.get("limit").filter(|it| *it != "-1") {
            statements.push(format!("ALTER DATABASE {quoted} CONNECTION LIMIT {limit}"));
        }
        for label in self.of("label") {
            let (provider, label) = (ident(&label.key), literal(&label.value));
            statements
                .push(format!("SECURITY LABEL FOR {provider} ON DATABASE {quoted} IS {label}"));
        }
        for setting in self.of("setting") {
            let Some((role, parameter)) = setting.key.split_once(BETWEEN) else { continue };
            let what = match role {
                "" => format!("ALTER DATABASE {quoted}"),
                role => format!("ALTER ROLE {} IN DATABASE {quoted}", ident(role)),
            };
            let value = setting_value(parameter, &setting.value);
            statements.push(format!("{what} SET {} TO {value}", ident(parameter)));
        }
        statements
    }

    /// The statements that give the database `name`, which is new, the rights; those that nobody has chosen
    /// are those of a new database.
    pub(super) fn rights(&self, name: &str) -> Vec<String> {
        if self.get("rights") != Some("chosen") {
            return Vec::new();
        }
        let quoted = &ident(name);
        let owner = ident(self.owner());
        let mut statements = vec![format!("REVOKE ALL ON DATABASE {quoted} FROM PUBLIC, {owner}")];
        let mut left: Vec<Right> = self.of("right").filter_map(Right::of).collect();
        let mut may_grant = vec![(self.owner(), None)];
        // Whoever passes a right on must have got it first.
        loop {
            let may = |it: &Right| {
                may_grant.iter().any(|(role, right)| {
                    *role == it.grantor && right.is_none_or(|right| right == it.what)
                })
            };
            let (now, later): (Vec<_>, Vec<_>) = left.into_iter().partition(may);
            for it in &now {
                statements.push(it.grant(quoted, self.owner()));
                may_grant.extend(it.may_pass_on.then_some((it.grantee, Some(it.what))));
            }
            left = later;
            if now.is_empty() || left.is_empty() {
                return statements;
            }
        }
    }

    /// The statements that end the difference, for the database that has its name by then.
    pub(super) fn complete(&self, name: &str) -> Vec<String> {
        let quoted = ident(name);
        let comment = self.comment().map_or_else(|| "NULL".to_owned(), literal);
        let mut statements = vec![format!("COMMENT ON DATABASE {quoted} IS {comment}")];
        if self.is_template() {
            statements.push(format!("ALTER DATABASE {quoted} IS_TEMPLATE true"));
        }
        statements
    }

    /// What is not the same, apart from what comes last: a line each.
    pub(super) fn differences(&self, other: &Properties) -> Vec<String> {
        let compared = |it: &&Property| !LAST.contains(&it.kind.as_str());
        let missing = self.0.difference(&other.0).filter(compared);
        let added = other.0.difference(&self.0).filter(compared);
        let missing = missing.map(|it| format!("not carried over: {}", it.told()));
        missing.chain(added.map(|it| format!("only in the new one: {}", it.told()))).collect()
    }
}

impl Property {
    fn told(&self) -> String {
        let key = self.key.replace(BETWEEN, " ");
        let words = [self.kind.as_str(), key.trim(), self.value.as_str()];
        words.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// A right that somebody gave.
struct Right<'p> {
    grantor: &'p str,
    /// Nothing for everybody.
    grantee: &'p str,
    what: &'p str,
    may_pass_on: bool,
}

impl Right<'_> {
    fn of(property: &Property) -> Option<Right<'_>> {
        let mut parts = property.key.split(BETWEEN);
        let mut part = || parts.next();
        let (grantor, grantee, what) = (part()?, part()?, part()?);
        Some(Right { grantor, grantee, what, may_pass_on: property.value == "true" })
    }

    /// What a superuser or a member grants is granted by the owner, unless they take another role.
    fn grant(&self, quoted: &str, owner: &str) -> String {
        let to = if self.grantee.is_empty() { "PUBLIC".to_owned() } else { ident(self.grantee) };
        let option = if self.may_pass_on { " WITH GRANT OPTION" } else { "" };
        let grant = format!("GRANT {} ON DATABASE {quoted} TO {to}{option}", self.what);
        if self.grantor == owner {
            return grant;
        }
        format!("SET LOCAL ROLE {}; {grant}; RESET ROLE", ident(self.grantor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(rows: &[(&str, &str, &str)]) -> Properties {
        let row = |it: &(&str, &str, &str)| Property {
            kind: it.0.to_owned(),
            key: it.1.replace('/', "\x1f"),
            value: it.2.to_owned(),
        };
        Properties(rows.iter().map(row).collect())
    }

    #[track_caller]
    fn check(rows: &[(&str, &str, &str)], expected: &[&str]) {
        assert_eq!(properties(rows).carry_over("new"), expected);
    }

    #[test]
    fn the_new_database_is_made_with_what_can_only_be_chosen_then() {
        let rows = [
            ("owner", "", "an owner"),
            ("encoding", "", "UTF8"),
            ("provider", "", "i"),
            ("collate", "", "C"),
            ("ctype", "", "C"),
            ("locale", "", "de-u-co-phonebk"),
            ("tablespace", "", "fast"),
        ];
        let expected = "CREATE DATABASE \"new\" TEMPLATE template0 OWNER \"an owner\" LOCALE_PROVIDER icu ENCODING 'UTF8' \
                        LC_COLLATE 'C' LC_CTYPE 'C' ICU_LOCALE 'de-u-co-phonebk' TABLESPACE \"fast\"";
        assert_eq!(properties(&rows).create("new"), expected);
    }

    #[test]
    fn settings_come_back_as_they_are_stored() {
        check(
            &[
                ("limit", "", "-1"),
                ("setting", "/search_path", "a, \"B b\", \"c,\"\"d\""),
                ("setting", "/temp_tablespaces", ""),
                ("setting", "/my.text", "it's, \"q\""),
                ("setting", "reader/work_mem", "7MB"),
            ],
            &[
                "ALTER DATABASE \"new\" SET \"my.text\" TO 'it''s, \"q\"'",
                "ALTER DATABASE \"new\" SET \"search_path\" TO 'a', 'B b', 'c,\"d'",
                "ALTER DATABASE \"new\" SET \"temp_tablespaces\" TO ''",
                "ALTER ROLE \"reader\" IN DATABASE \"new\" SET \"work_mem\" TO '7MB'",
            ],
        );
    }

    #[test]
    fn rights_are_given_in_an_order_in_which_they_can_be() {
        let rights = properties(&[
            ("owner", "", "o"),
            ("rights", "", "chosen"),
            ("right", "a/b/CONNECT", "true"),
            ("right", "b/c/CONNECT", "false"),
            ("right", "o//TEMPORARY", "false"),
            ("right", "o/a/CONNECT", "true"),
        ])
        .rights("new");
        let expected = [
            "REVOKE ALL ON DATABASE \"new\" FROM PUBLIC, \"o\"",
            "GRANT TEMPORARY ON DATABASE \"new\" TO PUBLIC",
            "GRANT CONNECT ON DATABASE \"new\" TO \"a\" WITH GRANT OPTION",
            "SET LOCAL ROLE \"a\"; GRANT CONNECT ON DATABASE \"new\" TO \"b\" WITH GRANT OPTION; RESET ROLE",
            "SET LOCAL ROLE \"b\"; GRANT CONNECT ON DATABASE \"new\" TO \"c\"; RESET ROLE",
        ];
        assert_eq!(rights, expected);
        let default = properties(&[("owner", "", "o"), ("rights", "", "default")]);
        assert!(default.rights("new").is_empty());
    }

    #[test]
    fn every_difference_is_told_but_those_that_come_last() {
        let one = properties(&[("owner", "", "a"), ("comment", "", "x"), ("limit", "", "7")]);
        let other =
            properties(&[("owner", "", "a"), ("limit", "", "-1"), ("template", "", "true")]);
        let expected = ["not carried over: limit 7", "only in the new one: limit -1"];
        assert_eq!(one.differences(&other), expected);
    }
}
