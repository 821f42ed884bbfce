//! Whether the text of a script validates a constraint. Pure.

use std::iter::Peekable;
use std::str::Chars;

/// Whether it does so with the constraint of this name, of what `owner` names: `TABLE public.one`, as SQL has it.
pub(super) fn validates(script: &str, owner: &str, constraint: &str) -> bool {
    let (wanted, names) = (words(owner), words(constraint));
    let Some(name) = names.first() else { return false };
    let words = words(script);
    let mut of: &[Word] = &[];
    for (at, word) in words.iter().enumerate() {
        let after = &words[at + 1..];
        if word.is("table") || word.is("domain") {
            of = after;
        }
        let is_it = word.is("validate") && after.first().is_some_and(|it| it.is("constraint"));
        if is_it && after.get(1).is_some_and(|it| it.text == name.text) && is_of(of, &wanted) {
            return true;
        }
    }
    false
}

/// Whether what comes after `TABLE` is the same; its schema may be left to the path.
fn is_of(after: &[Word], wanted: &[Word]) -> bool {
    let is_word = |it: &Word| ["if", "exists", "only", "table", "domain"].iter().any(|w| it.is(w));
    let name = |words: &[Word]| {
        let mut words = words.iter().skip_while(|it| is_word(it));
        let mut name = vec![words.next().map(|it| it.text.clone()).unwrap_or_default()];
        while words.next().is_some_and(|it| it.is(".")) {
            name.extend(words.next().map(|it| it.text.clone()));
        }
        name
    };
    let (one, other) = (name(after), name(wanted));
    one.iter().rev().zip(other.iter().rev()).all(|(one, other)| one == other)
}

struct Word {
    /// Without its quotes, or in lower case.
    text: String,
    is_quoted: bool,
}

impl Word {
    fn is(&self, word: &str) -> bool {
        !self.is_quoted && self.text == word
    }
}

/// Names, words and points, also those inside of texts: what is executed may be one.
fn words(sql: &str) -> Vec<Word> {
    let (mut words, mut rest) = (Vec::new(), sql.chars().peekable());
    while let Some(next) = rest.next() {
        match next {
            '-' if rest.peek() == Some(&'-') => while rest.next().is_some_and(|it| it != '\n') {},
            '/' if rest.peek() == Some(&'*') => pass_comment(&mut rest),
            '"' => words.push(Word { text: quoted(&mut rest), is_quoted: true }),
            '.' => words.push(Word { text: ".".to_owned(), is_quoted: false }),
            _ if is_of_name(next) => {
                let mut text = next.to_lowercase().to_string();
                while let Some(more) = rest.next_if(|it| is_of_name(*it)) {
                    text.extend(more.to_lowercase());
                }
                words.push(Word { text, is_quoted: false });
            }
            _ => {}
        }
    }
    words
}

fn is_of_name(it: char) -> bool {
    it.is_alphanumeric() || it == '_' || it == '$'
}

fn quoted(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(next) = rest.next() {
        if next == '"' && rest.next_if_eq(&'"').is_none() {
            break;
        }
        text.push(next);
    }
    text
}

fn pass_comment(rest: &mut Peekable<Chars<'_>>) {
    let mut last = ' ';
    // Its own asterisk does not end it.
    rest.next();
    for next in rest {
        if last == '*' && next == '/' {
            break;
        }
        last = next;
    }
}

#[cfg(test)]
mod tests {
    use super::validates;

    #[test]
    fn a_constraint_is_known_by_its_whole_name_and_its_table() {
        #[track_caller]
        fn check(script: &str, expected: bool) {
            assert_eq!(validates(script, "TABLE public.one", "a"), expected, "{script}");
        }

        check("ALTER TABLE one VALIDATE CONSTRAINT a", true);
        check("alter table if exists only Public.One\n  validate -- now\n constraint A;", true);
        check(
            "ALTER TABLE \"one\" ADD b int, VALIDATE CONSTRAINT b, VALIDATE CONSTRAINT \"a\"",
            true,
        );
        check("DO $$ BEGIN EXECUTE 'ALTER TABLE one VALIDATE CONSTRAINT a'; END $$", true);
        check("ALTER TABLE one VALIDATE CONSTRAINT ab", false);
        check("ALTER TABLE one VALIDATE CONSTRAINT \"A\"", false);
        check("ALTER TABLE one VALIDATE CONSTRAINT b; ALTER TABLE a ADD c int", false);
        check("ALTER TABLE two VALIDATE CONSTRAINT a", false);
        check("ALTER TABLE other.one VALIDATE CONSTRAINT a", false);
        check("ALTER DOMAIN two VALIDATE CONSTRAINT a; ALTER TABLE one ADD c int", false);
        check("/* ALTER TABLE one */ -- VALIDATE CONSTRAINT a\nSELECT 1", false);
    }

    #[test]
    fn names_are_compared_without_their_quotes() {
        let script = "ALTER DOMAIN s.\"My \"\"D\" VALIDATE CONSTRAINT \"It's\"";
        assert!(validates(script, "DOMAIN s.\"My \"\"D\"", "\"It's\""));
        assert!(!validates(script, "DOMAIN s.\"My D\"", "\"It's\""));
        assert!(validates("ALTER TABLE t VALIDATE CONSTRAINT c", "TABLE public.t", "c"));
    }
}
