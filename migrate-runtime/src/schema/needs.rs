//! What objects need of each other, as the catalogs keep it: what has to be there before something can be made.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Object, ObjectKind, ObjectName};

/// Every need of a schema, each once; of an object for its own parts, and of a part for its whole, there is none. It
/// tells of an order alone, and makes no difference.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs(pub(super) Vec<Need>);

impl PartialEq for Needs {
    fn eq(&self, _: &Needs) -> bool {
        true
    }
}

impl Eq for Needs {}

/// That an object needs another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Need {
    /// What needs it; a column is one where it is its default that does, and its table in every other case.
    pub(super) object: ObjectName,
    /// What is needed; of columns, their table.
    pub(super) needed: ObjectName,
    /// Whether it is the type that is needed; that of a table's rows is its table.
    pub(super) is_type: bool,
}

/// A row of the query in `read/needs.sql`.
pub(super) struct Row {
    pub(super) object: String,
    pub(super) needed: String,
    /// `i` where it comes and goes with what it needs, `a` where it goes with it.
    pub(super) how: String,
    /// Whether it is no object, but a part of one.
    pub(super) is_part: bool,
    pub(super) is_type: bool,
}

/// Objects by the numbers that the catalogs know them by.
pub(super) struct Numbers<'o> {
    pub(super) names: HashMap<String, ObjectName>,
    pub(super) objects: &'o BTreeMap<ObjectName, Object>,
}

impl Numbers<'_> {
    /// Understands the rows.
    pub(super) fn needs(&self, rows: &[Row]) -> Needs {
        let owners = self.owners(rows);
        let mut needs = HashSet::new();
        for row in rows {
            let object = self.object(&row.object, row.is_part, &owners);
            let (Some(object), Some(needed)) = (object, self.named(&row.needed, &owners)) else {
                continue;
            };
            let needed = self.whole(&row.needed, needed, &owners).unwrap_or(needed);
            if !is_same(object, needed) && !is_link(object.kind, needed.kind) {
                let (object, needed) = (object.clone(), needed.clone());
                needs.insert(Need { object, needed, is_type: row.is_type });
            }
        }
        let mut needs: Vec<_> = needs.into_iter().collect();
        needs.sort_unstable();
        Needs(needs)
    }

    /// What belongs to something: the type of a table's rows, that of arrays, what a column has for a default.
    fn owners<'r>(&self, rows: &'r [Row]) -> HashMap<&'r str, &'r str> {
        use ObjectKind as K;
        let is_owner = |it: &Row| match it.how.as_str() {
            "i" => true,
            _ if !it.is_part => false,
            _ => self.names.get(&it.needed).is_some_and(|it| {
                matches!(it.kind, K::Column | K::OperatorClass | K::OperatorFamily)
            }),
        };
        let owned = rows.iter().filter(|it| !self.names.contains_key(&it.object) && is_owner(it));
        owned.map(|it| (it.object.as_str(), it.needed.as_str())).collect()
    }

    fn named<'s>(&'s self, id: &str, owners: &HashMap<&str, &str>) -> Option<&'s ObjectName> {
        let mut id = id;
        // The type of arrays of rows of a table: it is never far.
        for _ in 0..8 {
            if let Some(name) = self.names.get(id) {
                return Some(name);
            }
            id = owners.get(id)?;
        }
        None
    }

    /// What has the need: the column of a default, and else the whole of a column.
    fn object<'s>(
        &'s self,
        id: &str,
        is_part: bool,
        owners: &HashMap<&str, &str>,
    ) -> Option<&'s ObjectName> {
        let name = self.named(id, owners)?;
        let has_default = |it: &ObjectName| self.objects.get(it)?.get("default");
        if is_part && has_default(name).is_some() {
            return Some(name);
        }
        let id = if is_part { owners.get(id).copied().unwrap_or(id) } else { id };
        Some(self.whole(id, name, owners).unwrap_or(name))
    }

    /// What a column is one of.
    fn whole<'s>(
        &'s self,
        id: &str,
        name: &ObjectName,
        owners: &HashMap<&str, &str>,
    ) -> Option<&'s ObjectName> {
        if name.kind != ObjectKind::Column {
            return None;
        }
        let relation = id.rsplit_once(' ')?.0;
        self.named(&format!("{relation} 0"), owners)
    }
}

/// Whether both are parts of one thing, or one is a part of the other.
fn is_same(one: &ObjectName, other: &ObjectName) -> bool {
    fn whole(it: &ObjectName) -> Option<(Option<&str>, &str)> {
        let own = it.kind.has_parts().then_some(it.name.as_str());
        it.table.as_deref().or(own).map(|name| (it.schema.as_deref(), name))
    }
    one == other || whole(one).is_some_and(|it| whole(other) == Some(it))
}

/// What is no need: whose a sequence is, and the index of a constraint.
fn is_link(object: ObjectKind, needed: ObjectKind) -> bool {
    use ObjectKind as K;
    match object {
        K::Sequence => matches!(needed, K::Table | K::ForeignTable),
        K::Index => needed == K::Index,
        _ => false,
    }
}
