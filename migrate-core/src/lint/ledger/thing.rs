//! Things with names.

use crate::analysis::known::names::cut;
use crate::sql::action::ObjectName;

/// What sort of thing has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lint) enum Kind {
    Table,
    View,
    Sequence,
    Index,
    Column,
    Constraint,
    Trigger,
    Policy,
    Type,
    Value,
    Function,
    Schema,
    Extension,
}

/// A thing.
#[derive(Clone, Debug)]
pub(in crate::lint) struct Thing {
    pub(in crate::lint) kind: Kind,
    pub(in crate::lint) name: ObjectName,
    /// The table or type that it is a part of, where it is one, and that is known.
    pub(in crate::lint) of: Option<ObjectName>,
    /// The columns that it goes with; nothing where it may be any.
    pub(in crate::lint) columns: Option<Vec<String>>,
    /// Whether it may have been there before.
    pub(in crate::lint) is_doubtful: bool,
}

impl Thing {
    pub(super) fn new(kind: Kind, name: &ObjectName) -> Thing {
        let name = ObjectName { schema: name.schema.clone(), name: cut(&name.name) };
        Thing { kind, name, of: None, columns: None, is_doubtful: false }
    }

    /// A part of a table, or of a type.
    pub(super) fn part(kind: Kind, of: &ObjectName, name: &str) -> Thing {
        Thing { of: Some(of.clone()), ..Thing::new(kind, &ObjectName::plain(name)) }
    }

    /// Whether both are the same thing, as far as names say.
    pub(super) fn is(&self, other: &Thing) -> bool {
        let of = match (&self.of, &other.of) {
            (Some(own), Some(of)) if self.kind.has_owner() => same_name(own, of),
            _ => true,
        };
        of && self.kind.class() == other.kind.class() && same_name(&self.name, &other.name)
    }

    pub(super) fn is_table(&self, name: &ObjectName) -> bool {
        self.kind == Kind::Table && same_name(&self.name, name)
    }

    pub(super) fn is_part_of(&self, whole: &ObjectName) -> bool {
        self.of.as_ref().is_some_and(|it| same_name(it, whole))
    }

    /// Whether it goes when the column of its table goes.
    pub(super) fn hangs_on(&self, column: &str) -> bool {
        matches!(self.kind, Kind::Index | Kind::Constraint)
            && self.columns.as_ref().is_none_or(|it| it.iter().any(|it| it == column))
    }

    pub(super) fn is_in(&self, schema: &str, has_path: bool) -> bool {
        let of = if self.kind.has_owner() { self.of.as_ref() } else { Some(&self.name) };
        let is_in = |it: &ObjectName| match &it.schema {
            Some(it) => it == schema,
            None => has_path,
        };
        !matches!(self.kind, Kind::Schema | Kind::Extension) && of.is_some_and(is_in)
    }

    /// Takes note of another name of the thing that it is a part of, or of a column that it goes with.
    pub(super) fn follow(&mut self, thing: &Thing, to: &ObjectName) {
        match thing.kind {
            Kind::Column => {
                let same = self.of.as_ref().zip(thing.of.as_ref());
                if same.is_some_and(|(own, of)| same_name(own, of)) {
                    let columns = self.columns.iter_mut().flatten();
                    columns
                        .filter(|it| **it == thing.name.name)
                        .for_each(|it| it.clone_from(&to.name));
                }
            }
            Kind::Table | Kind::View | Kind::Type if self.is_part_of(&thing.name) => {
                self.of = Some(to.clone());
            }
            _ => {}
        }
    }

    /// In words, with its name.
    pub(in crate::lint) fn words(&self) -> String {
        let name = &self.name;
        match (self.kind, &self.of) {
            (Kind::Value, Some(of)) => format!("the value '{}' of {of}", name.name),
            (Kind::Column, Some(of)) => format!("the column {of}.{name}"),
            (Kind::Constraint, Some(of)) => format!("the constraint {name} of {of}"),
            (Kind::Trigger, Some(of)) => format!("the trigger {name} on {of}"),
            (Kind::Policy, Some(of)) => format!("the policy {name} on {of}"),
            (kind, _) => format!("the {} {name}", kind.word()),
        }
    }
}

/// Whether two names may be about the same; one without a schema may be in any.
pub(in crate::lint) fn same_name(a: &ObjectName, b: &ObjectName) -> bool {
    a.name == b.name && (a.schema == b.schema || a.schema.is_none() || b.schema.is_none())
}

impl Kind {
    /// Things of one class share their names.
    fn class(self) -> Kind {
        match self {
            Kind::Table | Kind::View | Kind::Sequence => Kind::Table,
            // Some constraints are indexes, and are renamed and made as such.
            Kind::Index | Kind::Constraint => Kind::Index,
            other => other,
        }
    }

    /// Whether the name is one among those of a table or type only.
    fn has_owner(self) -> bool {
        let owned = [Kind::Column, Kind::Constraint, Kind::Trigger, Kind::Policy, Kind::Value];
        owned.contains(&self)
    }

    fn word(self) -> &'static str {
        match self {
            Kind::Table => "table",
            Kind::View => "view",
            Kind::Sequence => "sequence",
            Kind::Index => "index",
            Kind::Column => "column",
            Kind::Constraint => "constraint",
            Kind::Trigger => "trigger",
            Kind::Policy => "policy",
            Kind::Type => "type",
            Kind::Value => "value",
            Kind::Function => "function",
            Kind::Schema => "schema",
            Kind::Extension => "extension",
        }
    }
}
