//! Objects without what they would have anyway: the shorter statement makes the same.

use super::super::name::spelt;
use super::super::sql::create::sequence_options;
use super::super::{Object, ObjectName};

/// A function without what functions have unless told.
pub(super) fn function(object: &Object) -> Object {
    let get = |it: &str| object.get(it);
    let is_native = ["c", "internal"].map(Some).contains(&get("language"));
    let usual = [
        ("volatility", "VOLATILE"),
        ("cost", if is_native { "1" } else { "100" }),
        ("rows", "1000"),
    ];
    without(object, &usual)
}

/// A sequence without what sequences of its type have unless told.
pub(super) fn sequence(object: &Object) -> Object {
    let get = |it: &str| object.get(it).unwrap_or_default();
    let (lowest, highest) = match get("type") {
        "smallint" => ("-32768", "32767"),
        "integer" => ("-2147483648", "2147483647"),
        _ => ("-9223372036854775808", "9223372036854775807"),
    };
    let is_down = get("increment").starts_with('-');
    let (minimum, maximum) = if is_down { (lowest, "-1") } else { ("1", highest) };
    let start = get(if is_down { "maximum" } else { "minimum" }).to_owned();
    let usual = [
        ("type", "bigint"),
        ("start", start.as_str()),
        ("increment", "1"),
        ("minimum", minimum),
        ("maximum", maximum),
        ("cache", "1"),
    ];
    without(object, &usual)
}

/// What stands behind `AS IDENTITY`, with a blank before it; nothing where the sequence is as it is unless told.
pub(super) fn identity(column: &ObjectName, sequence: &ObjectName, object: &Object) -> String {
    let table = column.table.as_deref().unwrap_or_default();
    let is_named = sequence.name != format!("{table}_{}_seq", column.name);
    let name =
        if is_named { format!(" SEQUENCE NAME {}", sequence.qualified()) } else { String::new() };
    let options = name + &sequence_options(&self::sequence(object));
    if options.is_empty() { options } else { format!(" ({})", options.trim_start()) }
}

fn without(object: &Object, usual: &[(&'static str, &str)]) -> Object {
    let is_usual = |it: &&(&'static str, &str)| object.get(it.0) == Some(it.1);
    let names: Vec<_> = usual.iter().filter(is_usual).map(|it| it.0).collect();
    object.without(&names)
}

/// What a column tells since version 18.
pub(super) const NOT_NULL_NAME: &str = "name of its not-null constraint";

/// The name that PostgreSQL gives a not-null constraint unless told.
fn not_null_name(column: &ObjectName) -> String {
    format!("{}_{}_not_null", column.table.as_deref().unwrap_or_default(), column.name)
}

/// A column as in `CREATE TABLE`, with the name of its not-null constraint where it has one of its own.
pub(super) fn not_null(name: &ObjectName, object: &Object) -> Object {
    let mut object = object.clone();
    // Of what a parent has as well, it would be the parent's.
    let has_parents = object.get("inheritance").is_some();
    let constraint = object.get(NOT_NULL_NAME).map(str::to_owned);
    let constraint = constraint.filter(|it| has_parents || *it != not_null_name(name));
    for attribute in &mut object.attributes {
        if let Some(constraint) = constraint.as_deref().filter(|_| attribute.name == "not null") {
            attribute.value = format!("CONSTRAINT {} {}", spelt(constraint), attribute.value);
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use super::super::super::Attribute;
    use super::*;

    #[track_caller]
    fn check(attributes: &[(&'static str, &str)], expected: &str) {
        let attribute = |&(name, value): &_| Attribute { name, value: str::to_owned(value) };
        let object = Object { attributes: attributes.iter().map(attribute).collect() };
        assert_eq!(sequence_options(&sequence(&object)), expected);
    }

    #[test]
    fn a_sequence_tells_what_is_unusual() {
        let type_of = ("type", "integer");
        let usual = [("start", "1"), ("increment", "1"), ("minimum", "1"), ("cache", "1")];
        check(&[&usual[..], &[type_of, ("maximum", "2147483647")]].concat(), "");
        check(&[&usual[..], &[type_of, ("maximum", "99")]].concat(), " MAXVALUE 99");
        let down = [("type", "bigint"), ("increment", "-1"), ("maximum", "-1"), ("start", "-1")];
        check(&down, " INCREMENT -1");
        check(&[("start", "5"), ("increment", "1"), ("minimum", "5")], " MINVALUE 5");
    }
}
