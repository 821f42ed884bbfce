//! The statements that take away what is new, in an order in which they can be pasted.

use std::cmp::Reverse;

use super::query::selects_from;
use super::sql::removal;
use super::{Difference, Object, ObjectKind, ObjectName, Schema};

impl Schema {
    /// The statements that drop what is in this schema and was not, where one is enough: what depends on something
    /// goes before it.
    pub fn ways_back(&self, differences: &[Difference]) -> Vec<String> {
        let is_new = |it: &&Difference| it.attribute.is_none() && it.before.is_empty();
        let mut left: Vec<_> = differences.iter().filter(is_new).map(|it| &it.object).collect();
        left.sort_by_key(|it| Reverse((rank(it.kind), *it)));
        let mut found = Vec::with_capacity(left.len());
        while !left.is_empty() {
            let is_free =
                |it: &&ObjectName| !left.iter().any(|other| other != it && self.names(other, it));
            let next = left.iter().position(is_free).unwrap_or_default();
            found.extend(removal(left.remove(next), self));
        }
        found
    }

    /// Whether an object, or a part of it, names another one.
    fn names(&self, one: &ObjectName, other: &ObjectName) -> bool {
        // Columns and constraints have no name outside of their table.
        if other.table.is_some() {
            return false;
        }
        let other = other.qualified();
        let says = |object: &Object| {
            let mut attributes = object.attributes.iter();
            // What a body names may be missing when it is dropped.
            attributes.any(|it| it.name != "body" && selects_from(&it.value, &other))
        };
        let is_part =
            |it: &ObjectName| it.table.as_ref() == Some(&one.name) && it.schema == one.schema;
        let parts = self.objects.iter().filter(|it| one.kind.has_parts() && is_part(it.0));
        self.objects.get(one).is_some_and(says) || parts.map(|it| it.1).any(says)
    }
}

/// What is dropped later has a lower one.
fn rank(kind: ObjectKind) -> (bool, ObjectKind) {
    let is_on_columns = [ObjectKind::View, ObjectKind::MaterializedView].contains(&kind);
    (is_on_columns || kind > ObjectKind::Index, kind)
}
