//! `docs/output.schema.json`, and whether what is printed is what it says.
//!
//! Every object that a test reads goes through here, so that a field which is not documented, or not
//! as documented, fails the test that met it. This is the part of JSON Schema that the file uses: a
//! library for all of it brings forty crates for URLs and their characters. A word that is not known
//! here is a panic.

use std::sync::LazyLock;

use migrate_runtime::check::CheckFindingKind;
use migrate_runtime::{CheckKind, ErrorKind, FindingKind};
use regex_lite::Regex;
use serde_json::Value;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../docs/output.schema.json")).unwrap()
});

/// Panics unless the object is what the schema says, and has no field that the schema does not name.
#[track_caller]
pub(crate) fn assert_documented(object: &Value) {
    if let Err(problem) = check(object, &SCHEMA, "$") {
        panic!("docs/output.schema.json: {problem}\n{object:#}");
    }
}

fn check(value: &Value, schema: &Value, path: &str) -> Result<(), String> {
    for (word, rule) in schema.as_object().unwrap() {
        let holds = match word.as_str() {
            "$schema" | "$defs" | "title" | "description" | "format" | "additionalProperties" => {
                true
            }
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                check(value, SCHEMA.pointer(pointer).unwrap(), path)?;
                true
            }
            "type" => types(rule).any(|it| is_a(value, it)),
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_i64().is_none_or(|it| it >= rule.as_i64().unwrap()),
            "pattern" => {
                let pattern = Regex::new(rule.as_str().unwrap()).unwrap();
                value.as_str().is_none_or(|it| pattern.is_match(it))
            }
            "oneOf" => one_of(value, rule, path)?,
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(item, rule, &format!("{path}[{index}]"))?;
                }
                true
            }
            "required" => names(rule).all(|it| value.get(it).is_some()),
            "properties" => {
                for (name, field) in value.as_object().into_iter().flatten() {
                    let rule = rule.get(name).ok_or(format!("{path}.{name} is not described"))?;
                    check(field, rule, &format!("{path}.{name}"))?;
                }
                true
            }
            _ => panic!("{word} is not a word that this test knows"),
        };
        if !holds {
            return Err(format!("{path} breaks {word}: {rule}"));
        }
    }
    Ok(())
}

fn one_of(value: &Value, choices: &Value, path: &str) -> Result<bool, String> {
    let results: Vec<_> =
        choices.as_array().unwrap().iter().map(|it| check(value, it, path)).collect();
    match results.iter().filter(|it| it.is_ok()).count() {
        1 => Ok(true),
        0 => Err(results.into_iter().filter_map(Result::err).collect::<Vec<_>>().join("; ")),
        _ => Ok(false),
    }
}

fn types(rule: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match rule {
        Value::String(one) => Box::new(std::iter::once(one.as_str())),
        many => Box::new(names(many)),
    }
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().unwrap().iter().map(|it| it.as_str().unwrap())
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("{kind} is not a type that this test knows"),
    }
}

#[test]
fn what_is_not_as_documented_is_noticed() {
    #[track_caller]
    fn check_field(field: &str, value: Value, expected: Option<&str>) {
        let mut object = serde_json::json!({
            "command": "up", "environment": null, "database": null, "ok": true, "exit_code": 0,
            "error": null, "migrations": [], "summary": null
        });
        object[field] = value;
        assert_eq!(check(&object, &SCHEMA, "$").err().as_deref(), expected);
    }

    check_field("ok", true.into(), None);
    check_field("colour", 1.into(), Some("$.colour is not described"));
    check_field("exit_code", 9.into(), Some("$.exit_code breaks enum: [0,1,2,3,4,5,6,7,8,70,130]"));
    check_field("run", 1.into(), Some("$.run breaks type: \"string\""));
    let migration = serde_json::json!([{ "version": "1" }]);
    let missing = "$.migrations[0] breaks required: \
        [\"version\",\"name\",\"state\",\"applied_at\",\"checksum\",\"execution_time_ms\"]";
    check_field("migrations", migration, Some(missing));
}

#[test]
fn every_kind_of_error_and_every_exit_code_is_listed() {
    let listed = |pointer: &str| SCHEMA.pointer(pointer).unwrap().as_array().unwrap().clone();
    let kinds = ErrorKind::all().map(|(_, word, _)| Value::from(word));
    assert_eq!(listed("/$defs/error/properties/kind/enum"), kinds.collect::<Vec<_>>());
    let codes = listed("/properties/exit_code/enum");
    for (_, word, code) in ErrorKind::all() {
        assert!(codes.contains(&code.into()), "{word}: {code}");
    }
    for kind in FindingKind::ALL {
        let word = Value::from(kind.as_str());
        assert!(listed("/$defs/problem/properties/kind/enum").contains(&word), "{word}");
    }
    for kind in CheckFindingKind::all() {
        let word = Value::from(kind.as_str());
        assert!(listed("/$defs/problem/properties/kind/enum").contains(&word), "{word}");
    }
    let kinds = CheckKind::ALL.iter().map(|it| Value::from(it.as_str()));
    assert_eq!(listed("/$defs/check/properties/kind/enum"), kinds.collect::<Vec<_>>());
}
