//! Connection strings: a URL, or keywords. What cannot be read is never repeated, since it may be a password.

use super::keyword::find;

/// A parameter as it was written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) key: String,
    pub(crate) value: String,
    /// What looks like a parameter may be the end of a password that was not encoded or quoted.
    pub(crate) doubtful: bool,
}

/// A connection string that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotValid;

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// Reads a connection string.
pub(crate) fn parse(text: &str) -> Result<Vec<Parameter>, NotValid> {
    match SCHEMES.iter().find_map(|it| text.strip_prefix(it)) {
        Some(rest) => url(rest),
        None => keywords(text),
    }
}

/// `USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?KEY=VALUE&KEY=VALUE`
fn url(text: &str) -> Result<Vec<Parameter>, NotValid> {
    if has_second_at(text) {
        // The first `@` would end the password, and the rest of it be the host.
        return Err(NotValid);
    }
    let mut found = Vec::new();
    let (user, rest) = match text.split_once('@') {
        // As with libpq, behind a `/` it belongs to the database or to the parameters.
        Some((user, _)) if user.contains('/') => (None, text),
        Some((user, rest)) => match user.split_once('?') {
            None => (Some(user), rest),
            // `HOST?KEY=VALUE` with an `@` in the value, or `USER:PASSWORD` with a `?` in the password.
            Some((before, _)) => match before.rsplit_once(':') {
                None => (None, text),
                Some((_, port)) if port.bytes().all(|it| it.is_ascii_digit()) => {
                    return Err(NotValid);
                }
                Some(_) => (Some(user), rest),
            },
        },
        None => (None, text),
    };
    if let Some(user) = user {
        let (user, password) = match user.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (user, None),
        };
        add(&mut found, "user", &decode(user)?);
        add(&mut found, "password", &decode(password.unwrap_or_default())?);
    }
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
    let (hosts, ports) = split_hosts(hosts)?;
    add(&mut found, "host", &hosts);
    add(&mut found, "port", &ports);
    add(&mut found, "dbname", &decode(database)?);
    for pair in query.split('&').filter(|it| !it.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or(NotValid)?;
        let (key, value) = (decode(key)?, decode(value)?);
        let doubtful = query.contains('@');
        // As JDBC says it.
        if (&*key, &*value) == ("ssl", "true") {
            found.push(Parameter { key: "sslmode".into(), value: "require".into(), doubtful });
        } else {
            found.push(Parameter { key, value, doubtful });
        }
    }
    Ok(found)
}

/// A password with one that is not encoded, perhaps. Behind the user's own, parameters may hold no other.
fn has_second_at(url: &str) -> bool {
    let parameters = url.rfind('@').and_then(|at| url[at..].find('?').map(|it| at + it));
    url[..parameters.unwrap_or(url.len())].matches('@').count() > 1
}

fn add(found: &mut Vec<Parameter>, key: &str, value: &str) {
    if !value.chars().all(|it| it == ',') {
        found.push(Parameter { key: key.into(), value: value.into(), doubtful: false });
    }
}

/// `HOST:PORT,HOST:PORT` as two lists of the same length.
fn split_hosts(text: &str) -> Result<(String, String), NotValid> {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for part in text.split(',') {
        let (host, port) = match part.strip_prefix('[') {
            Some(bracketed) => {
                let (host, rest) = bracketed.split_once(']').ok_or(NotValid)?;
                let port = rest.strip_prefix(':').or(rest.is_empty().then_some(""));
                (host, port.ok_or(NotValid)?)
            }
            None => part.split_once(':').unwrap_or((part, "")),
        };
        if !port.bytes().all(|it| it.is_ascii_digit()) {
            return Err(NotValid);
        }
        hosts.push(decode(host)?);
        ports.push(port.to_owned());
    }
    Ok((hosts.join(","), ports.join(",")))
}

fn decode(text: &str) -> Result<String, NotValid> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|it| char::from(it).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return Err(NotValid) };
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| NotValid)?);
    }
    let text = String::from_utf8(bytes).map_err(|_| NotValid)?;
    if text.contains('\0') { Err(NotValid) } else { Ok(text) }
}

/// `KEY=VALUE KEY='VALUE'`: a backslash takes the meaning of the next character away.
fn keywords(text: &str) -> Result<Vec<Parameter>, NotValid> {
    let mut found: Vec<Parameter> = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or(NotValid)?;
        let (key, after) = (key.trim_end(), after.trim_start());
        if key.contains(char::is_whitespace) && find(key).is_none() {
            return Err(NotValid);
        }
        let (value, after) = match after.strip_prefix('\'') {
            Some(quoted) => value_until(quoted, |it| it == '\'').ok_or(NotValid)?,
            None => {
                value_until(after, char::is_whitespace).unwrap_or_else(|| (unescape(after), ""))
            }
        };
        let doubtful = found.iter().any(|it| it.key == "password");
        found.push(Parameter { key: key.to_owned(), value, doubtful });
        rest = after.trim_start();
    }
    Ok(found)
}

/// The value before the letter that ends it, and what follows that; a backslash takes the meaning of the next
/// letter away.
pub(super) fn value_until(text: &str, ends: impl Fn(char) -> bool) -> Option<(String, &str)> {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        if !escaped && ends(letter) {
            return Some((unescape(&text[..at]), &text[at + letter.len_utf8()..]));
        }
        escaped = !escaped && letter == '\\';
    }
    None
}

pub(super) fn unescape(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let next = if letter == '\\' { letters.next() } else { Some(letter) };
        made.extend(next);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = parse(text).unwrap();
        let found: Vec<_> = found.iter().map(|it| (&*it.key, &*it.value)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn urls_are_read_as_libpq_reads_them() {
        check("postgres://", &[]);
        check("postgresql://h", &[("host", "h")]);
        let whole =
            [("user", "u"), ("password", "p:x"), ("host", "h"), ("port", "1"), ("dbname", "d")];
        check("postgres://u:p:x@h:1/d", &whole);
        check("postgres://u@/d", &[("user", "u"), ("dbname", "d")]);
        check("postgres://a:1,b,[::1]:3/", &[("host", "a,b,::1"), ("port", "1,,3")]);
        check("postgres://%2Ftmp/d", &[("host", "/tmp"), ("dbname", "d")]);
        check(
            "postgres:///d?host=/tmp&port=7",
            &[("dbname", "d"), ("host", "/tmp"), ("port", "7")],
        );
        check("postgres://u:%40%3a@h", &[("user", "u"), ("password", "@:"), ("host", "h")]);
        check("postgres://h/d?ssl=true", &[("host", "h"), ("dbname", "d"), ("sslmode", "require")]);
        let at = [("host", "h"), ("dbname", "d"), ("application_name", "a@b")];
        check("postgres://h/d?application_name=a@b", &at);
        let sent = [
            ("host", "db"),
            ("port", "5432"),
            ("dbname", "app"),
            ("user", "u"),
            ("password", "p4ss@word"),
        ];
        check("postgres://db:5432/app?user=u&password=p4ss@word", &sent);
        let socket = [("dbname", "d"), ("host", "/tmp"), ("password", "a:b@canary")];
        check("postgres:///d?host=/tmp&password=a:b@canary", &socket);
        let six = [("host", "::1"), ("dbname", "d"), ("application_name", "a@b")];
        check("postgres://[::1]/d?application_name=a@b", &six);
        check("postgres://h?application_name=a@b", &[("host", "h"), ("application_name", "a@b")]);
        let mark = [("user", "u"), ("password", "p?q=x"), ("host", "h"), ("sslmode", "prefer")];
        check("postgres://u:p?q=x@h?sslmode=prefer", &mark);
    }

    #[test]
    fn keywords_are_read_as_libpq_reads_them() {
        check("", &[]);
        check("host=h  user = u", &[("host", "h"), ("user", "u")]);
        check(r"password='a b\'c' dbname=d", &[("password", "a b'c"), ("dbname", "d")]);
        check(r"password=a\ b\\ user=u", &[("password", r"a b\"), ("user", "u")]);
        check("options='' dbname=d", &[("options", ""), ("dbname", "d")]);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for text in [
            "postgres://u:x@y@h/d",
            "postgres://u:x/y@h/d",
            "postgres://h:5432?password=p@word",
            "postgres://u:%4@h",
            "postgres://u:%zz@h",
            "postgres://u:%00@h",
            "postgres://h:port/d",
            "postgres://[::1/d",
            "postgres://[::1]x/d",
            "postgres://h/d?key",
            "host",
            "password='open",
            "two words=x",
        ] {
            assert_eq!(parse(text), Err(NotValid), "{text}");
        }
    }
}
