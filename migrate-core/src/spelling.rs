//! Finds the word that was meant.

/// The candidate nearest to a word, if it is near: one slip for each four letters, at least one.
/// Case does not count.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().chars().collect();
    let measured = candidates.into_iter().map(|it| (distance(&word, &it.to_lowercase()), it));
    let (distance, candidate) = measured.min_by_key(|(distance, _)| *distance)?;
    (distance <= (candidate.len() / 4).max(1)).then_some(candidate)
}

/// How many slips lie between two words: a letter more, less, another, or two swapped.
fn distance(from: &[char], to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for line in 1..=from.len() {
        let mut row = vec![line];
        for column in 1..=to.len() {
            let same = from[line - 1] == to[column - 1];
            let replaced = above[column - 1] + usize::from(!same);
            let mut least = replaced.min(above[column] + 1).min(row[column - 1] + 1);
            let swapped = line > 1
                && column > 1
                && from[line - 1] == to[column - 2]
                && from[line - 2] == to[column - 1];
            if swapped {
                least = least.min(before[column - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_pen_are_found() {
        check("FORM", Some("from"));
        check("tabel", Some("table"));
        check("tabl", Some("table"));
        check("no-transacton", Some("no-transaction"));
        check("notransaction", Some("no-transaction"));
    }

    #[test]
    fn other_words_are_left_alone() {
        check("", None);
        check("users", None);
        check("transaction-less", None);
        check("größe", None);
    }

    #[test]
    fn swapped_letters_are_one_slip() {
        let distance = |from: &str, to| distance(&from.chars().collect::<Vec<_>>(), to);
        assert_eq!(distance("form", "from"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[track_caller]
    fn check(word: &str, expected: Option<&str>) {
        let candidates = ["from", "table", "where", "no-transaction"];
        assert_eq!(nearest(word, candidates), expected, "{word}");
    }
}
