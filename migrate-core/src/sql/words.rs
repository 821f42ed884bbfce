//! SQL without its blanks and comments: for whether two texts say the same.

use super::token::Tokens;

/// The words of a text and the characters between them, without blanks and comments. Quotes stay around
/// names and constants; operators come in single characters.
pub fn words(sql: &str) -> Vec<&str> {
    Tokens::of(sql).filter(|it| !it.is_comment()).map(|it| it.text(sql)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_comments_go_and_constants_stay_whole() {
        let sql = "SELECT  'a  b'::text -- so\n /* and so */ FROM \"x y\"";
        let expected = ["SELECT", "'a  b'", ":", ":", "text", "FROM", "\"x y\""];
        assert_eq!(words(sql), expected);
    }
}
