//! The fingerprint of a schema: a hash over every object, made of a hash for each.
//!
//! Every text goes in with its length before it, so that no two objects are written alike. Neither the order
//! in which objects are kept has a part in it, nor that of their attributes.

use std::fmt::Write as _;

use migrate_core::Checksum;

use super::{Object, ObjectName, Schema};

/// What is hashed begins with it.
const WHAT: &str = "schema 1\n";

impl Schema {
    /// A hash over everything that is known of the schema: equal for equal schemas, and another one for each
    /// that is not. The same everywhere, whatever the order in which something was made; but servers of another
    /// major version may write the same in other words.
    pub fn fingerprint(&self) -> Checksum {
        Schema::fingerprint_of(&self.hashes())
    }

    /// A hash for each object, in their order.
    pub(crate) fn hashes(&self) -> Vec<Checksum> {
        self.objects.iter().map(|(name, object)| object.hash(name)).collect()
    }

    /// The fingerprint of objects that have these hashes.
    pub(crate) fn fingerprint_of(hashes: &[Checksum]) -> Checksum {
        let mut hashes: Vec<_> = hashes.iter().collect();
        // As the texts would be sorted.
        hashes.sort_unstable_by_key(|it| it.bytes());
        let hashes: Vec<_> = hashes.into_iter().map(Checksum::to_string).collect();
        Checksum::of(&(WHAT.to_owned() + &hashes.join("\n")))
    }
}

impl Object {
    /// A hash over the object and its name.
    pub fn hash(&self, name: &ObjectName) -> Checksum {
        let mut text = String::new();
        let parts = [
            Some(name.kind.as_str()),
            name.schema.as_deref(),
            name.table.as_deref(),
            Some(name.name.as_str()),
        ];
        for part in parts {
            write(&mut text, part);
        }
        let mut attributes: Vec<_> = self.attributes.iter().collect();
        attributes.sort_unstable_by_key(|it| it.name);
        for it in attributes {
            write(&mut text, Some(it.name));
            write(&mut text, Some(&it.value));
        }
        Checksum::of(&text)
    }
}

/// A text after its length; nothing is told from an empty text.
fn write(text: &mut String, part: Option<&str>) {
    let Some(part) = part else { return text.push('-') };
    // Writing to a string does not fail.
    let _ = write!(text, "{}:{part}", part.len());
}

#[cfg(test)]
mod tests {
    use super::super::{Attribute, ObjectKind};
    use super::*;

    fn name(schema: Option<&str>, table: Option<&str>, name: &str) -> ObjectName {
        let own = |it: Option<&str>| it.map(str::to_owned);
        ObjectName {
            kind: ObjectKind::Index,
            schema: own(schema),
            table: own(table),
            name: name.to_owned(),
        }
    }

    fn object(attributes: &[(&'static str, &str)]) -> Object {
        let attribute =
            |it: &(&'static str, &str)| Attribute { name: it.0, value: it.1.to_owned() };
        Object { attributes: attributes.iter().map(attribute).collect() }
    }

    fn schema(objects: &[(ObjectName, Object)]) -> Schema {
        Schema { objects: objects.iter().cloned().collect(), ..Schema::default() }
    }

    #[test]
    fn what_is_not_equal_has_another_fingerprint() {
        let all = [
            schema(&[]),
            schema(&[(name(None, None, ""), object(&[]))]),
            schema(&[(name(Some(""), None, ""), object(&[]))]),
            schema(&[(name(None, Some(""), ""), object(&[]))]),
            schema(&[(name(Some("ab"), None, "c"), object(&[]))]),
            schema(&[(name(Some("a"), None, "bc"), object(&[]))]),
            schema(&[(name(None, None, "a"), object(&[("owner", "b")]))]),
            schema(&[(name(None, None, "a"), object(&[("owner", "b5:ownerb")]))]),
            schema(&[(name(None, None, "a"), object(&[("owner", "b"), ("comment", "")]))]),
            schema(&[
                (name(None, None, "a"), object(&[("owner", "b")])),
                (name(None, None, "b"), object(&[])),
            ]),
        ];
        let prints: std::collections::HashSet<_> = all.iter().map(Schema::fingerprint).collect();
        assert_eq!(prints.len(), all.len());
    }

    #[test]
    fn neither_the_day_nor_the_order_has_a_part_in_it() {
        let one = object(&[("owner", "b"), ("comment", "c")]);
        let other = object(&[("comment", "c"), ("owner", "b")]);
        let of = |it: Object| schema(&[(name(None, None, "a"), it)]);
        assert_eq!(of(one.clone()).fingerprint(), of(other).fingerprint());
        let later = Schema { read_on: super::super::ReadOn(Some(7)), ..of(one.clone()) };
        assert_eq!(of(one).fingerprint(), later.fingerprint());
    }

    #[test]
    fn the_fingerprint_of_an_object_never_changes() {
        // printf '5:index6:public-1:a5:owner1:b' | sha256sum
        let hash = object(&[("owner", "b")]).hash(&name(Some("public"), None, "a"));
        assert_eq!(
            hash.to_string(),
            "8293a96ba8c4db3208ca7a5c0bec928464bb5187c4bfd2cbf9f8de03a39dca86"
        );
    }

    #[test]
    fn the_fingerprint_of_a_schema_never_changes() {
        // for n in a b c; do printf "5:index6:public-1:${n}5:owner1:b" | sha256sum | cut -c-64; done | sort, behind
        // `schema 1`, without the last end of a line. The hash of `c` comes before that of `b`.
        let object = |it: &str| (name(Some("public"), None, it), object(&[("owner", "b")]));
        let objects = ["a", "b", "c"].map(object).into_iter().collect();
        let schema = Schema { objects, ..Schema::default() };
        assert_eq!(
            schema.fingerprint().to_string(),
            "e1ed6bdec53630657f86ca97a22ffa036ed1c3d69644a63aebb4012b15f64bef"
        );
    }
}
