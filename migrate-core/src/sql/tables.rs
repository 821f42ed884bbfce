//! The tables that a statement names, as far as its words tell: for people who want to know what a script
//! is about before it runs. What a function, a view or a trigger reaches is not seen.
//!
//! Where the build has looked at a script, what it found says more (`ScriptFacts`). A binary that only runs
//! migrations has no parser, and this is all that it knows of the others: sets that were built without the
//! parser, and down scripts that are read from the history.

use super::target::{Name, Reader};
use super::token::{Token, TokenKind, Tokens};

/// How a statement begins that is about tables; names follow, perhaps several.
const FIRST: [&str; 6] =
    ["alter table", "drop table", "truncate table", "truncate", "lock table", "lock"];

/// How a statement goes on whose table comes after `ON`.
const BEFORE_ON: [&str; 7] = [
    "create index",
    "create unique index",
    "create trigger",
    "create or replace trigger",
    "create constraint trigger",
    "create policy",
    "drop trigger",
];

/// What changes rows, also inside of another statement.
const ROWS: [&str; 4] = ["update", "delete from", "insert into", "merge into"];

/// What names another table, wherever it stands.
const OTHERS: [&str; 3] = ["references", "attach partition", "detach partition"];

/// The tables that a statement names, each once, in their order.
pub fn tables(statement: &str) -> Vec<Name> {
    let tokens: Vec<Token> = Tokens::of(statement).filter(|it| !it.is_comment()).collect();
    let mut found: Vec<Name> = Vec::new();
    let mut add = |name: Option<Name>| {
        if let Some(name) = name.filter(|it| !found.contains(it)) {
            found.push(name);
        }
    };
    let at = |place: usize| Reader::of(statement, &tokens[place..]);
    let mut first = at(0);
    if FIRST.iter().any(|it| first.words(it)) {
        loop {
            first.words("if exists");
            first.words("only");
            add(first.name());
            if !first.symbol(b',') {
                break;
            }
        }
    }
    let awaits_on = BEFORE_ON.iter().any(|it| at(0).words(it));
    // GRANT REFERENCES names a right, not a table.
    let is_grant = at(0).words("grant") || at(0).words("revoke");
    let mut depth = 0_usize;
    let mut has_on = false;
    for (place, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Symbol(b'(') => depth += 1,
            TokenKind::Symbol(b')') => depth = depth.saturating_sub(1),
            TokenKind::Word if !is_grant => {
                let mut reader = at(place);
                // A statement, or a part of WITH: elsewhere these words say when, or how.
                let begins = place == 0
                    || tokens[place - 1].is_symbol(b'(')
                    || tokens[place - 1].is_symbol(b')');
                if (begins && ROWS.iter().any(|it| reader.words(it)))
                    || OTHERS.iter().any(|it| reader.words(it))
                    || (awaits_on && !has_on && depth == 0 && reader.words("on"))
                {
                    has_on |= token.is(statement, "on");
                    reader.words("only");
                    add(reader.name());
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, expected: &[&str]) {
        let found: Vec<String> = tables(sql).into_iter().map(|it| it.text).collect();
        assert_eq!(found, expected, "{sql}");
    }

    #[test]
    fn tables_are_named_where_statements_name_them() {
        check("ALTER TABLE IF EXISTS ONLY s.\"T x\" ADD a int", &["s.\"T x\""]);
        check("DROP TABLE IF EXISTS a, b.c CASCADE", &["a", "b.c"]);
        check("TRUNCATE a, ONLY b", &["a", "b"]);
        check("CREATE UNIQUE INDEX CONCURRENTLY i ON ONLY t (a) WHERE b > (1)", &["t"]);
        check("CREATE INDEX ON t USING gin (a)", &["t"]);
        check("CREATE TRIGGER x AFTER UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f()", &["t"]);
        check("CREATE POLICY p ON t FOR UPDATE USING (a > 1)", &["t"]);
        check("ALTER TABLE p ATTACH PARTITION c FOR VALUES IN (1)", &["p", "c"]);
        check("CREATE TABLE n (a int REFERENCES t ON UPDATE CASCADE, b int)", &["t"]);
        check("ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES a (y)", &["a"]);
        check("WITH x AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM x", &["a", "b"]);
        check("INSERT INTO a VALUES (1) ON CONFLICT DO UPDATE SET b = 2", &["a"]);
        check("UPDATE /* of */ only a SET b = 1", &["a"]);
        check("LOCK TABLE a IN SHARE MODE", &["a"]);
    }

    #[test]
    fn what_names_no_table_has_none() {
        check("CREATE TABLE n (a int)", &[]);
        check("SELECT 1 FROM a FOR UPDATE", &[]);
        check("GRANT REFERENCES ON a TO b", &[]);
        check("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DELETE FROM a $$", &[]);
        check("SELECT 'REFERENCES a'", &[]);
        check("ALTER TABLE U&\"d\\0061t\" ADD a int", &[]);
        check("", &[]);
    }
}
