//! The object that a statement is about, for those statements whose outcome the catalogs can tell.
//!
//! Only statements that PostgreSQL refuses in a transaction are read: where one was interrupted, nobody
//! but the catalogs knows what came of it.

use super::token::{Token, TokenKind, Tokens};

/// The object that a statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// `CREATE INDEX CONCURRENTLY`; the server chooses a name where there is none.
    CreatedIndex {
        /// The name of the index.
        index: Option<Name>,
        /// The table.
        table: Name,
    },
    /// `DROP INDEX CONCURRENTLY`.
    DroppedIndex(Name),
    /// `REINDEX INDEX CONCURRENTLY`.
    RebuiltIndex(Name),
    /// `REINDEX TABLE CONCURRENTLY`.
    RebuiltTable(Name),
    /// `ALTER TABLE … DETACH PARTITION … CONCURRENTLY`.
    DetachedPartition {
        /// The partitioned table.
        table: Name,
        /// The partition.
        partition: Name,
    },
}

/// A name, as the statement has it: how it is folded, cut and found is the server's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// With its schema and its quotes, ready to be written into SQL.
    pub text: String,
}

/// Reads what one statement is about; nothing where it is another sort of statement, or one of several
/// objects.
pub fn target(statement: &str) -> Option<Target> {
    let tokens: Vec<Token> = Tokens::of(statement).filter(|it| !it.is_comment()).collect();
    let mut reader = Reader::of(statement, &tokens);
    let found = reader.statement()?;
    reader.at_end().then_some(found)
}

/// Reads the words of a statement, one after another.
pub(super) struct Reader<'a> {
    sql: &'a str,
    tokens: &'a [Token],
}

impl<'a> Reader<'a> {
    pub(super) fn of(sql: &'a str, tokens: &'a [Token]) -> Reader<'a> {
        Reader { sql, tokens }
    }

    fn statement(&mut self) -> Option<Target> {
        if self.words("create") {
            self.words("unique");
            return self.words("index concurrently").then(|| self.created())?;
        }
        if self.words("drop index concurrently") {
            self.words("if exists");
            let name = self.name()?;
            self.words("restrict");
            return Some(Target::DroppedIndex(name));
        }
        if self.words("reindex") {
            return self.rebuilt();
        }
        if self.words("alter table") {
            self.words("if exists");
            self.words("only");
            let table = self.name()?;
            let partition = self.words("detach partition").then(|| self.name())??;
            return self
                .words("concurrently")
                .then_some(Target::DetachedPartition { table, partition });
        }
        None
    }

    fn created(&mut self) -> Option<Target> {
        let index = if self.words("on") {
            None
        } else {
            self.words("if not exists");
            let name = self.name()?;
            if !self.words("on") {
                return None;
            }
            Some(name)
        };
        self.words("only");
        let table = self.name()?;
        // Columns, conditions and storage follow, whatever they are.
        self.tokens = &[];
        Some(Target::CreatedIndex { index, table })
    }

    fn rebuilt(&mut self) -> Option<Target> {
        let mut concurrently = false;
        if self.symbol(b'(') {
            let end = self.tokens.iter().position(|it| it.is_symbol(b')'))?;
            let options = &self.tokens[..end];
            concurrently = options.iter().any(|it| it.is(self.sql, "concurrently"))
                && !options.iter().any(|it| it.is(self.sql, "off") || it.is(self.sql, "false"));
            self.tokens = &self.tokens[end + 1..];
        }
        let is_index = self.words("index");
        if !is_index && !self.words("table") {
            return None;
        }
        concurrently |= self.words("concurrently");
        let name = self.name()?;
        let target = if is_index { Target::RebuiltIndex(name) } else { Target::RebuiltTable(name) };
        concurrently.then_some(target)
    }

    /// Passes these key words, all of them or none.
    pub(super) fn words(&mut self, words: &str) -> bool {
        let mut rest = self.tokens;
        for word in words.split(' ') {
            match rest.split_first() {
                Some((token, after)) if token.is(self.sql, word) => rest = after,
                _ => return false,
            }
        }
        self.tokens = rest;
        true
    }

    pub(super) fn symbol(&mut self, symbol: u8) -> bool {
        match self.tokens.split_first() {
            Some((token, after)) if token.is_symbol(symbol) => {
                self.tokens = after;
                true
            }
            _ => false,
        }
    }

    pub(super) fn name(&mut self) -> Option<Name> {
        let mut text = String::new();
        loop {
            let (token, after) = self.tokens.split_first()?;
            let part = token.text(self.sql);
            // `U&"…"` has escapes that only the server reads.
            let is_plain = match token.kind {
                TokenKind::Word => true,
                TokenKind::QuotedName => part.starts_with('"'),
                _ => false,
            };
            if !is_plain {
                return None;
            }
            text.push_str(part);
            self.tokens = after;
            if !self.symbol(b'.') {
                return Some(Name { text });
            }
            text.push('.');
        }
    }

    fn at_end(&self) -> bool {
        self.tokens.iter().all(|it| it.is_symbol(b';'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name { text: text.to_owned() }
    }

    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "what is expected is written where it is used"
    )]
    fn check(sql: &str, expected: Option<Target>) {
        assert_eq!(target(sql), expected, "{sql}");
    }

    #[test]
    fn an_index_that_is_made_has_a_table_and_perhaps_a_name() {
        let made = |index: Option<Name>, table| Some(Target::CreatedIndex { index, table });
        let i = || Some(name("i"));
        let sql = "CREATE INDEX CONCURRENTLY i ON t (a, lower(b)) WHERE c > 1";
        check(sql, made(i(), name("t")));
        let sql =
            "create unique index concurrently if not exists I on only S.\"T \"\" x\" using gin (a)";
        check(sql, made(Some(name("I")), name("S.\"T \"\" x\"")));
        check("CREATE INDEX CONCURRENTLY ON t (a)", made(None, name("t")));
        let sql = "CREATE /* of */ INDEX -- a\n CONCURRENTLY i ON t (a)";
        check(sql, made(i(), name("t")));
        check("CREATE INDEX i ON t (a)", None);
    }

    #[test]
    fn an_index_that_goes_is_one() {
        let gone = |name| Some(Target::DroppedIndex(name));
        check("DROP INDEX CONCURRENTLY i;", gone(name("i")));
        check("drop index concurrently if exists \"S\".I restrict", gone(name("\"S\".I")));
        check("DROP INDEX CONCURRENTLY i, j", None);
        check("DROP INDEX i", None);
    }

    #[test]
    fn what_is_rebuilt_is_an_index_or_a_table() {
        check("REINDEX INDEX CONCURRENTLY i", Some(Target::RebuiltIndex(name("i"))));
        let table = || Some(Target::RebuiltTable(name("s.t")));
        check("REINDEX TABLE CONCURRENTLY s.t", table());
        check("REINDEX (VERBOSE, CONCURRENTLY) TABLE s.t", table());
        check("REINDEX (CONCURRENTLY off) TABLE s.t", None);
        check("REINDEX SCHEMA CONCURRENTLY s", None);
        check("REINDEX TABLE t", None);
    }

    #[test]
    fn a_partition_that_is_detached_has_a_parent() {
        let (table, partition) = (name("s.p"), name("c"));
        let detached = Some(Target::DetachedPartition { table, partition });
        check("ALTER TABLE IF EXISTS ONLY s.p DETACH PARTITION c CONCURRENTLY", detached);
        check("ALTER TABLE p DETACH PARTITION c", None);
        check("ALTER TABLE p DETACH PARTITION c FINALIZE", None);
    }

    #[test]
    fn names_that_only_the_server_reads_are_left_to_it() {
        check("DROP INDEX CONCURRENTLY U&\"d\\0061t\"", None);
        check("VACUUM t", None);
        check("", None);
    }
}
