//! Keeps passwords out of everything that is printed.
//!
//! The first defence is that nothing prints a URL. This is the second: messages that repeat what was
//! typed (a wrong argument, say) go through [`redact`] before they reach a person or a log.

const MASK: &str = "***";

/// What stands for a password where a hint shows the form of a URL.
const EXAMPLE: &str = "PASSWORD";

/// Takes the passwords out of a text: those in URLs, and those of `password=…`.
pub(crate) fn redact(text: &str) -> String {
    redact_keywords(&redact_urls(text))
}

/// `scheme://user:password@host`: what stands between the user and the last `@` of the word goes.
fn redact_urls(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        clean.push_str(before);
        // A password may hold anything, even blanks: then the word has no `@`, but its line has.
        let word = after.find(char::is_whitespace).unwrap_or(after.len());
        let line = after.find('\n').unwrap_or(after.len());
        let end = if after[..word].contains('@') { word } else { line };
        let (word, tail) = after.split_at(end);
        match word.rfind('@') {
            Some(at) => {
                let (user, password) = word[..at].split_once(':').unwrap_or((&word[..at], ""));
                clean.push_str(user);
                if !password.is_empty() {
                    clean.push(':');
                    clean.push_str(if password == EXAMPLE { EXAMPLE } else { MASK });
                }
                clean.push_str(&word[at..]);
            }
            None => clean.push_str(word),
        }
        rest = tail;
    }
    clean.push_str(rest);
    clean
}

/// `password=…`, as in a connection string of keywords or in the query of a URL.
fn redact_keywords(text: &str) -> String {
    const KEY: &str = "password";
    let blanks = |it: &str| it.len() - it.trim_start_matches([' ', '\t']).len();
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.to_ascii_lowercase().find(KEY) {
        let (before, after) = rest.split_at(start + KEY.len());
        clean.push_str(before);
        rest = after;
        let sign = blanks(after);
        if !after[sign..].starts_with('=') {
            continue;
        }
        let value = sign + 1 + blanks(&after[sign + 1..]);
        let end = value + end_of_value(&after[value..]);
        clean.push_str(&after[..value]);
        if end > value {
            clean.push_str(MASK);
        }
        rest = &after[end..];
    }
    clean.push_str(rest);
    clean
}

/// A backslash takes the meaning from what follows it, inside of quotes and outside.
fn end_of_value(value: &str) -> usize {
    let quoted = value.starts_with('\'');
    let mut letters = value.char_indices().skip(usize::from(quoted)).peekable();
    while let Some((at, letter)) = letters.next() {
        let next = letters.peek().map(|it| it.1);
        match letter {
            '\\' => drop(letters.next()),
            '\'' if quoted => return at + 1,
            ' ' | '\n' | '\t' | '&' if !quoted => return at,
            // A quote in the middle belongs to it; one behind which nothing goes on is around the whole.
            '\'' | '"' | '`' if !quoted && next.is_none_or(|it| !it.is_alphanumeric()) => {
                return at;
            }
            _ => {}
        }
    }
    value.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_left() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(redact(text), expected);
        }

        check("postgres://app:canary@db/app", "postgres://app:***@db/app");
        check("'postgres://app:can@ary@db/app'", "'postgres://app:***@db/app'");
        check("x postgres://app:can/a?ry@db y", "x postgres://app:***@db y");
        check("postgres://app:can ary@db/app x", "postgres://app:***@db/app x");
        check("postgres://USER:PASSWORD@HOST/D", "postgres://USER:PASSWORD@HOST/D");
        check("postgres://canary@db", "postgres://canary@db");
        check("postgres://db/app?password=canary&x=1", "postgres://db/app?password=***&x=1");
        check("host=db password=canary user=app", "host=db password=*** user=app");
        check("host=db PASSWORD='can ary' user=app", "host=db PASSWORD=*** user=app");
        check("host=db password = canary user=app", "host=db password = *** user=app");
        check(r"password='a\'canary' user=app", "password=*** user=app");
        check(r"password=a\ canary user=app", "password=*** user=app");
        check(r"password=a\\ user=app", "password=*** user=app");
        check("password=a'canary user=app", "password=*** user=app");
        check("'host=db password=canary'", "'host=db password=***'");
        check("password='canary", "password=***");
        check("the password=", "the password=");
        check("a password is missing", "a password is missing");
        check("a://u:p@h b://u:p@h", "a://u:***@h b://u:***@h");
        check("nothing to hide: migrations/x.sql", "nothing to hide: migrations/x.sql");
    }
}
