//! What the migrations made, after a run: what had drifted before it is drift still. Pure.

use super::{Attribute, Object, ObjectName, Schema};

impl Schema {
    /// The schema as the migrations made it: `stored` is what was so before a run, `before` what was there,
    /// `after` what is there now. What the run has changed is as it is now, all else as it was stored, attribute
    /// by attribute. What was missing of a table that the run has dropped is not missed any more.
    pub(crate) fn after_run(stored: &Schema, before: &Schema, after: &Schema) -> Schema {
        let mut made = Schema { read_on: after.read_on, ..Schema::default() };
        let names = stored.objects.keys().chain(after.objects.keys());
        for name in names {
            let [was, before_it, after_it] = [stored, before, after].map(|it| it.objects.get(name));
            let object = match (was, before_it, after_it) {
                (was, None, None) => {
                    was.filter(|_| !has_gone_with_its_whole(name, before, after)).cloned()
                }
                (Some(was), Some(before), Some(after)) => Some(merged(was, before, after)),
                (None, Some(before), Some(after)) if before == after => None,
                (_, _, after) => after.cloned(),
            };
            made.objects.extend(object.map(|it| (name.clone(), it)));
        }
        made
    }
}

/// Whether what an object belonged to was there before, and is not after.
fn has_gone_with_its_whole(name: &ObjectName, before: &Schema, after: &Schema) -> bool {
    let has_gone =
        |it: &ObjectName| before.objects.contains_key(it) && !after.objects.contains_key(it);
    let schema = name.schema.as_deref().map(ObjectName::of_schema);
    schema.is_some_and(|it| has_gone(&it))
        || before.whole(name).is_some_and(|(whole, _)| has_gone(whole))
}

fn merged(was: &Object, before: &Object, after: &Object) -> Object {
    let changed = |attribute: &str| before.get(attribute) != after.get(attribute);
    let mut attributes = Vec::with_capacity(after.attributes.len());
    for it in &after.attributes {
        let value = if changed(it.name) { Some(it.value.as_str()) } else { was.get(it.name) };
        attributes.extend(value.map(|it_is| Attribute { name: it.name, value: it_is.to_owned() }));
    }
    let is_gone = |it: &&Attribute| after.get(it.name).is_none() && !changed(it.name);
    attributes.extend(was.attributes.iter().filter(is_gone).cloned());
    Object { attributes }
}

#[cfg(test)]
mod tests {
    use super::super::ObjectKind;
    use super::*;

    /// Tables, each with attributes: `a owner=b comment=c; d`.
    fn schema(text: &str) -> Schema {
        const NAMES: [&str; 3] = ["owner", "options", "comment"];
        let objects = text.split(';').filter(|it| !it.trim().is_empty()).map(|it| {
            let mut words = it.split_whitespace();
            let name = words.next().unwrap_or_default().to_owned();
            let name = ObjectName { kind: ObjectKind::Table, schema: None, table: None, name };
            let attributes = words.map(|it| {
                let (name, value) = it.split_once('=').unwrap();
                let name = NAMES.into_iter().find(|it| *it == name).unwrap();
                Attribute { name, value: value.to_owned() }
            });
            (name, Object { attributes: attributes.collect() })
        });
        Schema { objects: objects.collect(), ..Schema::default() }
    }

    #[track_caller]
    fn check(stored: &str, before: &str, after: &str, expected: &str) {
        let made = Schema::after_run(&schema(stored), &schema(before), &schema(after));
        assert_eq!(made.fingerprint(), schema(expected).fingerprint(), "{made:?}");
    }

    #[test]
    fn without_drift_it_is_what_is_there() {
        check("", "", "a owner=x", "a owner=x");
        check("a owner=x", "a owner=x", "a owner=y; b", "a owner=y; b");
        check("a owner=x; b", "a owner=x; b", "b", "b");
    }

    #[test]
    fn what_had_drifted_is_drift_still() {
        // Missing, new and changed before the run, which made something else.
        check("a; b", "b", "b; c", "a; b; c");
        check("b", "a; b", "a; b; c", "b; c");
        check("a owner=x", "a owner=y", "a owner=y; c", "a owner=x; c");
        check("a owner=x", "a", "a; c", "a owner=x; c");
        check("a", "a owner=x", "a owner=x; c", "a; c");
    }

    #[test]
    fn what_the_run_changed_is_as_it_is_now() {
        check("a owner=x", "a owner=y", "a owner=z", "a owner=z");
        check("a", "", "a owner=x", "a owner=x");
        check("", "a", "a owner=x", "a owner=x");
        check("a owner=x", "a owner=y", "", "");
        check("a owner=x", "a owner=y", "a", "a");
        check("a owner=x", "a", "a owner=y", "a owner=y");
    }

    #[test]
    fn what_was_missing_of_what_the_run_dropped_is_no_drift() {
        let name = |kind, schema: Option<&str>, table: Option<&str>, name: &str| {
            let own = |it: Option<&str>| it.map(str::to_owned);
            ObjectName { kind, schema: own(schema), table: own(table), name: name.to_owned() }
        };
        let of = |names: &[&ObjectName]| Schema {
            objects: names.iter().map(|it| ((*it).clone(), Object::default())).collect(),
            ..Schema::default()
        };
        let app = name(ObjectKind::Schema, None, None, "app");
        let table = name(ObjectKind::Table, Some("app"), None, "t");
        let index = name(ObjectKind::Index, Some("app"), Some("t"), "i");
        let stored = of(&[&app, &table, &index]);
        let check = |before: &[&ObjectName], after: &[&ObjectName], expected: &[&ObjectName]| {
            assert_eq!(Schema::after_run(&stored, &of(before), &of(after)), of(expected));
        };
        check(&[&app, &table], &[&app], &[&app]);
        check(&[&app], &[], &[]);
        // The run has dropped nothing that it belonged to.
        check(&[&app, &table], &[&app, &table], &[&app, &table, &index]);
        check(&[&app], &[&app], &[&app, &table, &index]);
    }

    #[test]
    fn drift_of_one_attribute_outlives_a_change_of_another() {
        check(
            "a owner=x options=1",
            "a owner=y options=1",
            "a owner=y options=2 comment=c",
            "a owner=x options=2 comment=c",
        );
    }
}
