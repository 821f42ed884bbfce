//! Diesel sends what it prints through rustfmt: how that breaks lines (version 1.9, without configuration), and what
//! it cannot read and leaves as it is.

use super::tables::Table;

/// `prefix(`, the items, a comma after each, and `);`.
pub(super) fn call(name: &str, items: &[&str], indent: usize) -> String {
    let line = format!("{name}({},);", items.join(", "));
    if indent + line.len() <= 101 {
        return line;
    }
    // Short items are put in rows.
    let inside = if items.iter().all(|it| it.len() <= 10) {
        rows(items, 99 - indent - 4)
    } else {
        items.iter().map(|it| ["    ", it, ",\n"].concat()).collect()
    };
    format!("{name}(\n{inside});")
}

fn rows(items: &[&str], width: usize) -> String {
    let mut rows: Vec<String> = Vec::new();
    for item in items {
        match rows.last_mut() {
            Some(row) if row.len() + item.len() + 2 <= width => row.extend([" ", item, ","]),
            _ => rows.push(format!("{item},")),
        }
    }
    rows.iter().map(|it| ["    ", it, "\n"].concat()).collect()
}

/// `#[derive(…)]`
pub(super) fn derive(derives: &[&str], indent: usize) -> String {
    let all = derives.join(", ");
    let width = indent + all.chars().count();
    if width + "#[derive()]".len() <= 96 {
        return format!("#[derive({all})]");
    }
    if width + "    ,".len() <= 101 {
        return format!("#[derive(\n    {all},\n)]");
    }
    let lines: String = derives.iter().map(|it| ["    ", it, ",\n"].concat()).collect();
    format!("#[derive(\n{lines})]")
}

/// `#[diesel(postgres_type(…))]`
pub(super) fn postgres_type(parts: &[String], indent: usize) -> String {
    let line = format!("#[diesel(postgres_type({}))]", parts.join(", "));
    if indent + line.chars().count() <= 99 {
        return line;
    }
    format!("#[diesel(postgres_type(\n    {}\n))]", parts.join(",\n    "))
}

/// Whether all of it is Rust, as far as rustfmt looks.
pub(super) fn is_readable(tables: &[Table<'_>], printed: &str) -> bool {
    let columns = || tables.iter().flat_map(|it| &it.columns);
    let literals = tables.iter().map(|it| it.full_name.as_str());
    let literals = literals.chain(columns().map(|it| it.name));
    let custom = || columns().filter(|it| it.is_custom).map(|it| &it.diesel_type);
    let of_types = custom().flat_map(|it| {
        let schema = it.schema.as_deref().unwrap_or_default();
        [it.sql_name.as_str(), schema]
    });
    let mut types = columns().map(|it| it.diesel_type.rust_name.as_str());
    !printed.contains('\r')
        && literals.chain(of_types).all(has_escapes_of_rust)
        && custom().all(|it| is_identifier(&it.rust_name))
        && types.all(|it| it.chars().all(is_part))
}

/// Backslashes are left as they are in a literal, which has quotes of its own where the name has one.
fn has_escapes_of_rust(name: &str) -> bool {
    let mut rest = name;
    while let Some(at) = rest.find('\\').filter(|_| !name.contains('"')) {
        let escape = &rest[at + 1..];
        let length = match escape.as_bytes() {
            [b'n' | b'r' | b't' | b'0' | b'\'' | b'\\' | b'\n', ..] => 1,
            [b'x', b'0'..=b'7', low, ..] if low.is_ascii_hexdigit() => 3,
            _ => return false,
        };
        rest = &escape[length..];
    }
    true
}

/// Whether it names a type; `Self` is the only word of Rust that looks like one.
fn is_identifier(name: &str) -> bool {
    let starts = name.starts_with(|it: char| it.is_alphabetic());
    starts && name != "Self"
}

/// Letters and digits, without what is a number and no digit.
fn is_part(one: char) -> bool {
    let is_number = matches!(one, '²' | '³' | '¹' | '¼'..='¾' | '⁰'..='₉' | '①'..='⒛');
    !is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As rustfmt 1.9.0 does it.
    #[test]
    fn calls_are_broken_where_rustfmt_breaks_them() {
        let name = "diesel::allow_tables_to_appear_in_same_query!";
        let check = |items: &[&str], indent, expected: &str| {
            assert_eq!(call(name, items, indent), format!("{name}{expected}"));
        };
        let (long, longer) = ("a".repeat(49), "a".repeat(50));
        check(&[&long, "b"], 0, &format!("({long}, b,);"));
        check(&[&longer, "b"], 0, &format!("(\n    {longer},\n    b,\n);"));
        check(&[&long, "b"], 4, &format!("(\n    {long},\n    b,\n);"));
        // Rows take items of ten letters, and end before column 100.
        let (short, eleven) = (["abcdefghij"; 9], "abcdefghijk");
        let row = ["abcdefghij,"; 7].join(" ");
        check(&short, 0, &format!("(\n    {row} abcdefghij,\n    abcdefghij,\n);"));
        check(&["abcdefghij"; 8], 8, &format!("(\n    {row}\n    abcdefghij,\n);"));
        let lines = format!("    {eleven},\n").repeat(5);
        check(&[eleven; 5], 0, &format!("(\n{lines});"));
    }

    #[test]
    fn attributes_are_broken_where_rustfmt_breaks_them() {
        let (fits, inside, neither) = ("a".repeat(74), "a".repeat(75), "a".repeat(86));
        assert_eq!(derive(&["Debug", &fits], 4), format!("#[derive(Debug, {fits})]"));
        assert_eq!(derive(&["Debug", &inside], 4), format!("#[derive(\n    Debug, {inside},\n)]"));
        assert_eq!(
            derive(&["Debug", &neither], 4),
            format!("#[derive(\n    Debug,\n    {neither},\n)]")
        );
        let (fits, too_long) = ("a".repeat(69), "a".repeat(70));
        assert_eq!(
            postgres_type(std::slice::from_ref(&fits), 4),
            format!("#[diesel(postgres_type({fits}))]")
        );
        assert_eq!(
            postgres_type(&[too_long.clone(), "b".to_owned()], 4),
            format!("#[diesel(postgres_type(\n    {too_long},\n    b\n))]")
        );
    }

    #[test]
    fn backslashes_are_what_rust_makes_of_them() {
        let check =
            |name: &str, expected| assert_eq!(has_escapes_of_rust(name), expected, "{name}");
        check("plain", true);
        check("a\\n\\x7f\\\\", true);
        check("a\\b", false);
        check("a\\x80", false);
        check("\"a\\b", true);
    }
}
