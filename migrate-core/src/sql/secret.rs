//! Connection strings that hold a password.

/// Whether a constant is a connection string, a URL or keywords, with a password in it.
pub(crate) fn holds_password(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let of_url = text.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let login = authority.rsplit_once('@').map_or("", |it| it.0);
        login.split_once(':').is_some_and(|(_, password)| !password.is_empty())
    });
    of_url || text.split("password").skip(1).any(|rest| value(rest).is_some())
}

/// What stands behind `=`.
fn value(rest: &str) -> Option<&str> {
    let value = rest.trim_start().strip_prefix('=')?.trim_start();
    Some(value).filter(|it| !it.trim_matches(['\'', '"', ' ']).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_found_in_both_forms() {
        assert!(holds_password("'postgres://app:canary@db/x'"));
        assert!(holds_password("'host=db user=app password = canary'"));
        assert!(!holds_password("'postgres://app@db:5432/x?sslmode=require'"));
        assert!(!holds_password("'host=db user=app passfile=/run/pass'"));
        assert!(!holds_password("'host=db password='"));
        assert!(!holds_password("'the password is wrong'"));
    }
}
