//! What the databases beside the restored one are called, and what their comments say: by that alone is
//! known, on any server and in any program, that we made or kept them. Pure.

use crate::quote::ident;

/// The longest name that the server keeps whole, in bytes.
const LONGEST: usize = 63;

/// What the database is called that a run restores into.
pub(super) fn new_one(database: &str, token: &str) -> String {
    beside(database, &format!("_restore_{}", token.get(..8).unwrap_or(token)))
}

/// Whether a database has a name that one gets which a run restores into.
pub(super) fn is_new_one(name: &str, database: &str) -> bool {
    let token = name.strip_prefix(database).and_then(|it| it.strip_prefix("_restore_"));
    token.is_some_and(|it| it.len() == 8 && it.bytes().all(|it| it.is_ascii_hexdigit()))
}

/// What the database is called that was replaced, with a name that nobody has; `time` is of fourteen digits.
pub(super) fn kept(database: &str, time: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let first = beside(database, &format!("_before_restore_{time}"));
    let others = (2..).map(|it: u32| beside(database, &format!("_before_restore_{time}_{it}")));
    let mut names = std::iter::once(first.clone()).chain(others);
    names.find(|it| !is_taken(it)).unwrap_or(first)
}

/// Whether a database has a name that we gave one that was replaced.
pub(super) fn is_kept_name(name: &str, database: &str) -> bool {
    const BEFORE: &str = "_before_restore_";
    let Some((_, time)) = name.rsplit_once(BEFORE) else { return false };
    let (digits, number) = time.split_once('_').unwrap_or((time, "2"));
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    let is_time = digits.len() == 14 && is_number(digits) && is_number(number);
    is_time && name == beside(database, &format!("{BEFORE}{time}"))
}

/// A name for a moment, inside of a transaction.
pub(super) fn passing(database: &str, token: &str) -> String {
    beside(database, &format!("_swap_{}", token.get(..8).unwrap_or(token)))
}

fn beside(database: &str, suffix: &str) -> String {
    let mut end = database.len().min(LONGEST.saturating_sub(suffix.len()));
    while !database.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", &database[..end])
}

/// The comment of a database that is not restored yet.
pub(super) fn unfinished_comment(database: &str, backup: &str) -> String {
    format!("{}of {backup}; nobody needs it unless a restore is running", unfinished(database))
}

/// How every such comment begins.
fn unfinished(database: &str) -> String {
    format!("an unfinished restore into {} ", ident(database))
}

/// Whether a comment says that a restore into `database` began there and did not end.
pub(super) fn is_unfinished(comment: &str, database: &str) -> bool {
    comment.starts_with(&unfinished(database))
}

/// The comment of a database that was replaced; its own comes after ours.
pub(super) fn kept_comment(database: &str, backup: &str, time: &str, own: Option<&str>) -> String {
    let own = own.map(|it| format!("\n{it}")).unwrap_or_default();
    format!("{}{time}; `restore --drop-old {backup}` drops it{own}", before(database, backup))
}

fn before(database: &str, backup: &str) -> String {
    format!("{} before the restore of {backup} at ", ident(database))
}

/// Whether a comment says that this is what a restore of `backup` into `database` has replaced.
pub(super) fn is_kept(comment: &str, database: &str, backup: &str) -> bool {
    comment.starts_with(&before(database, backup))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_lose_their_end_and_not_what_was_added() {
        let free = |_: &str| false;
        let first = kept("dcms", "20261125221530", free);
        assert_eq!(first, "dcms_before_restore_20261125221530");
        let second = kept("dcms", "20261125221530", |it| it == first);
        assert_eq!(second, "dcms_before_restore_20261125221530_2");
        let long = "ä".repeat(31);
        let name = kept(&long, "20261125221530", free);
        assert!(name.len() <= LONGEST, "{name}");
        assert_eq!(name, format!("{}_before_restore_20261125221530", "ä".repeat(16)));
        assert_eq!(new_one("dcms", "0123456789"), "dcms_restore_01234567");
        assert!([&first, &second].into_iter().all(|it| is_kept_name(it, "dcms")));
        assert!(is_kept_name(&name, &long));
        let used = ["dcms", "dcms_before_restore_x", "dcms_before_restore_20261125221530_b"];
        assert!(used.into_iter().all(|it| !is_kept_name(it, "dcms")));
        assert!(!is_kept_name("dcms_before_restore_20261125221530", "dcm"));
        assert!(is_new_one("dcms_restore_01234567", "dcms"));
        for other in
            ["dcms_restore_0123456", "dcms_restore_points", "dcms_restore_0123456x", "dcms"]
        {
            assert!(!is_new_one(other, "dcms"), "{other}");
        }
    }

    #[test]
    fn a_comment_is_of_one_database_and_one_backup() {
        let comment = kept_comment("a \"b\"", "ID-1", "2026", Some("its own"));
        assert!(is_kept(&comment, "a \"b\"", "ID-1"));
        assert!(comment.ends_with("\nits own"));
        assert!(!is_kept(&comment, "a", "ID-1") && !is_kept(&comment, "a \"b\"", "ID"));
        let comment = unfinished_comment("a", "ID-1");
        assert!(is_unfinished(&comment, "a") && !is_unfinished(&comment, "b"));
    }
}
