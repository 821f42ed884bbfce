//! What partitions and children have of their parents, and so need not be told.

use std::collections::HashMap;

use super::super::{Object, ObjectKind, ObjectName, Schema};
use crate::quote::listed;

/// How a table comes to its parents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// It has none.
    Alone,
    /// It is made with them, and has their columns first.
    Child,
    /// It is made as a partition, with the very same columns.
    Partition,
    /// It is made with all of its own and joins them then: its columns are in another order, or are not the same.
    Joins,
}

/// The tables of a schema with their parents and children.
pub(super) struct Families<'s> {
    schema: &'s Schema,
    /// Tables and indexes, by their names as SQL writes them.
    by_text: HashMap<String, &'s ObjectName>,
    /// The sequences of identities, by their columns as SQL writes them.
    identities: HashMap<&'s str, (&'s ObjectName, &'s Object)>,
    children: HashMap<&'s ObjectName, Vec<&'s ObjectName>>,
}

/// What the columns of a partition may have that its parent's do not, and the other way round.
const OF_ITS_OWN: [&str; 6] =
    ["comment", "grants", "statistics target", "options", "inheritance", "identity"];

impl<'s> Families<'s> {
    pub(super) fn new(schema: &'s Schema) -> Families<'s> {
        use ObjectKind as K;
        let mut families = Families {
            schema,
            by_text: HashMap::new(),
            identities: HashMap::new(),
            children: HashMap::new(),
        };
        for (name, object) in &schema.objects {
            match name.kind {
                K::Table | K::ForeignTable | K::Index => {
                    families.by_text.insert(name.qualified(), name);
                }
                K::Sequence if object.get("identity").is_some() => {
                    let column = object.get("column");
                    families.identities.extend(column.map(|it| (it, (name, object))));
                }
                _ => {}
            }
        }
        let tables =
            schema.objects.keys().filter(|it| matches!(it.kind, K::Table | K::ForeignTable));
        for table in tables {
            for parent in families.parents(table) {
                families.children.entry(parent).or_default().push(table);
            }
        }
        families
    }

    /// The table or index of a name as SQL writes it.
    pub(super) fn named(&self, text: &str) -> Option<&'s ObjectName> {
        self.by_text.get(text).copied()
    }

    pub(super) fn parents(&self, table: &ObjectName) -> Vec<&'s ObjectName> {
        let Some(object) = self.schema.objects.get(table) else { return Vec::new() };
        let texts = ["parent", "parents"].into_iter().filter_map(|it| object.get(it));
        texts.flat_map(|it| listed(it, ',')).filter_map(|it| self.named(it)).collect()
    }

    pub(super) fn children(&self, table: &ObjectName) -> &[&'s ObjectName] {
        self.children.get(table).map_or(&[], Vec::as_slice)
    }

    /// The sequence of a column that is an identity of its own.
    pub(super) fn identity(&self, column: &ObjectName) -> Option<(&'s ObjectName, &'s Object)> {
        self.identities.get(column.qualified().as_str()).copied()
    }

    pub(super) fn columns(&self, table: &ObjectName) -> Vec<(&'s ObjectName, &'s Object)> {
        self.schema.columns(table.schema.as_deref().unwrap_or_default(), &table.name)
    }

    pub(super) fn form(&self, table: &ObjectName, object: &Object) -> Form {
        let parents = self.parents(table);
        let columns = self.columns(table);
        if parents.is_empty() {
            Form::Alone
        } else if object.get("parent").is_some() {
            let is_same = table.kind == ObjectKind::Table && self.is_copy(&columns, parents[0]);
            if is_same { Form::Partition } else { Form::Joins }
        } else if self.comes_naturally(&columns, &parents) {
            Form::Child
        } else {
            Form::Joins
        }
    }

    /// Whether the columns of a partition are those that it gets.
    fn is_copy(&self, columns: &[(&ObjectName, &Object)], parent: &ObjectName) -> bool {
        let parents = self.columns(parent);
        let is_same = |own: &(&ObjectName, &Object), of_parent: &(&ObjectName, &Object)| {
            own.0.name == of_parent.0.name
                && own.1.without(&OF_ITS_OWN) == of_parent.1.without(&OF_ITS_OWN)
                && self.identity(own.0).is_none()
        };
        columns.len() == parents.len() && columns.iter().zip(&parents).all(|it| is_same(it.0, it.1))
    }

    /// Whether the columns of a child are in the order that they get, and what they inherit is what they have.
    fn comes_naturally(&self, columns: &[(&ObjectName, &Object)], parents: &[&ObjectName]) -> bool {
        let mut inherited: Vec<&str> = Vec::new();
        for parent in parents {
            for (name, _) in self.columns(parent) {
                if !inherited.contains(&name.name.as_str()) {
                    inherited.push(&name.name);
                }
            }
        }
        let count = inherited.len();
        let is_own = |it: &(&ObjectName, &Object)| it.1.get("inheritance").is_none();
        columns.len() >= count
            && columns[..count].iter().zip(&inherited).all(|it| it.0.0.name == *it.1)
            && columns[count..].iter().all(is_own)
            && columns[..count].iter().all(|it| self.is_stored_alike(it, parents))
    }

    fn is_stored_alike(&self, column: &(&ObjectName, &Object), parents: &[&ObjectName]) -> bool {
        let mut of_parents = parents.iter().filter_map(|it| self.inherited(&column.0.name, it));
        of_parents.all(|it| {
            let alike = ["storage", "compression", "generated", "identity"];
            alike.iter().all(|attribute| it.get(attribute) == column.1.get(attribute))
        })
    }

    /// What a parent says about a column.
    pub(super) fn inherited(&self, column: &str, parent: &ObjectName) -> Option<&'s Object> {
        let name = ObjectName {
            kind: ObjectKind::Column,
            schema: parent.schema.clone(),
            table: Some(parent.name.clone()),
            name: column.to_owned(),
        };
        self.schema.objects.get(&name)
    }
}
