//! What is in an archive and in a database, as `pg_restore` lists it. Pure.

/// The sorts of things that every version of `pg_dump` has listed in the same way.
const LASTING: [&str; 9] = [
    "CONSTRAINT ",
    "FK CONSTRAINT ",
    "FUNCTION ",
    "INDEX ",
    "SEQUENCE ",
    "TABLE ",
    "TRIGGER ",
    "TYPE ",
    "VIEW ",
];

/// Data, and what is about it alone: a list of a schema has some of it, depending on where it is from.
const DATA: [&str; 6] = [
    "TABLE DATA ",
    "MATERIALIZED VIEW DATA ",
    "SEQUENCE SET ",
    "STATISTICS DATA ",
    "BLOB",
    "LARGE OBJECT",
];

/// The entries of a list, without their numbers: sort, schema, name, owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents(Vec<String>);

impl Contents {
    pub(super) fn parse(list: &str) -> Contents {
        let entry = |line: &str| {
            let (number, rest) = line.split_once("; ")?;
            number.parse::<u32>().ok()?;
            // The numbers of its catalog and of itself.
            rest.splitn(3, ' ').nth(2).map(str::to_owned)
        };
        let is_data = |it: &String| {
            let about = it.split_once(" - ").map(|(_, rest)| rest);
            let is_of =
                |kind: &str| it.starts_with(kind) || about.is_some_and(|it| it.starts_with(kind));
            DATA.iter().any(|kind| is_of(kind))
        };
        let entries = list.lines().filter_map(entry).filter(|it| !is_data(it));
        let mut entries: Vec<String> = entries.collect();
        entries.sort();
        Contents(entries)
    }

    /// The lines of a list that are about the database itself, as they are.
    pub(super) fn of_database(list: &str) -> String {
        let is_about = |line: &&str| {
            let Some((_, rest)) = line.split_once("; ") else { return false };
            let entry = rest.splitn(3, ' ').nth(2).unwrap_or_default();
            let kinds = ["ACL - DATABASE ", "COMMENT - DATABASE ", "SECURITY LABEL - DATABASE "];
            entry.starts_with("DATABASE ") || kinds.iter().any(|it| entry.starts_with(it))
        };
        list.lines().filter(is_about).fold(String::new(), |text, line| text + line + "\n")
    }

    /// What is here and not there.
    pub(super) fn without(&self, other: &Contents) -> Vec<String> {
        let mut others = other.0.iter().peekable();
        let mut left = Vec::new();
        for entry in &self.0 {
            while others.next_if(|it| *it < entry).is_some() {}
            if others.next_if(|it| *it == entry).is_none() {
                left.push(entry.clone());
            }
        }
        left
    }

    /// Only what every version lists in the same way.
    pub(super) fn lasting(self) -> Contents {
        let is_lasting = |it: &String| LASTING.iter().any(|kind| it.starts_with(kind));
        Contents(self.0.into_iter().filter(is_lasting).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = ";\n; Archive created at 2026-11-25 22:07:55 UTC\n;     TOC Entries: 7\n;\n\
        215; 1259 16386 TABLE public users o\n216; 1259 16390 INDEX public users_key o\n\
        3100; 1262 16384 DATABASE - app o\n3105; 0 0 DATABASE PROPERTIES - app o\n\
        3101; 0 0 COMMENT - DATABASE app o\n3102; 0 0 ACL - DATABASE app o\n\
        7; 2615 2200 SCHEMA - DATABASE o\n";

    #[test]
    fn numbers_and_order_make_no_difference() {
        let other = "9; 1259 1 INDEX public users_key o\n8; 1259 2 TABLE public users o\n";
        let (one, other) = (Contents::parse(LIST), Contents::parse(other));
        assert!(other.without(&one).is_empty());
        assert_eq!(one.clone().lasting(), other);
        let twice = Contents::parse("1; 1 1 TABLE a b o\n2; 1 2 TABLE a b o\n");
        assert_eq!(twice.without(&Contents::parse("1; 1 1 TABLE a b o\n")), ["TABLE a b o"]);
    }

    #[test]
    fn data_is_no_part_of_a_schema() {
        let data = "1; 0 0 TABLE DATA public t o\n2; 0 0 MATERIALIZED VIEW DATA public v o\n\
            3; 0 0 SEQUENCE SET public s o\n4; 2613 1 BLOB - 1 o\n5; 0 0 BLOBS - BLOBS\n\
            6; 0 0 ACL - LARGE OBJECT 1 o\n7; 2613 1 BLOB METADATA - 1..2 o\n8; 0 0 STATISTICS DATA public t o\n";
        assert_eq!(Contents::parse(data), Contents::default());
    }

    #[test]
    fn what_is_about_the_database_itself_is_found() {
        let found = Contents::of_database(LIST);
        let numbers: Vec<_> = found.lines().filter_map(|it| it.split(';').next()).collect();
        assert_eq!(numbers, ["3100", "3105", "3101", "3102"]);
    }
}
