//! What scripts make and drop by name: what is left of it when the one has run after the other.

mod deeds;
mod thing;

use crate::SourceScript;
use crate::analysis::Examined;
use crate::sql::action::ObjectName;

pub(super) use deeds::deeds;
pub(super) use thing::{Kind, Thing, same_name};

/// Something that an action does to things with names.
pub(super) enum Deed {
    Make(Thing),
    Drop(Thing),
    /// A thing, and the name that it gets.
    Rename(Thing, ObjectName),
    /// A partition, and the table that it goes with, or no longer does.
    Partition(ObjectName, Option<ObjectName>),
    /// An index goes with another thing from now on, and is none of its own.
    Absorb(ObjectName),
    /// A constraint, an index or a sequence of this table, whose name the server chooses.
    MakeUnnamed(Kind, ObjectName),
    /// A table that is gone with the session.
    MakeTemporary(ObjectName),
}

/// What is there and was not, and what was there and is not.
#[derive(Clone, Default)]
pub(super) struct Ledger {
    pub(super) made: Vec<Thing>,
    pub(super) dropped: Vec<Thing>,
    /// Whether the way back has begun.
    is_back: bool,
    /// What the way back drops that the way there did not make: what was there before, or was replaced.
    away: Vec<Thing>,
    temporary: Vec<ObjectName>,
    /// Whether sequences may go with the tables that they belong to.
    owns_sequences: bool,
    /// Whether names without a schema may be in any.
    has_path: bool,
}

impl Ledger {
    /// What a script has done when it has run.
    pub(super) fn of(actions: &[Examined], script: &SourceScript) -> Ledger {
        let words = script.sql.to_ascii_lowercase();
        let owns_sequences = words.contains("owned by");
        let has_path = words.contains("search_path");
        let mut ledger = Ledger { owns_sequences, has_path, ..Ledger::default() };
        actions.iter().flat_map(|it| deeds(it, script)).for_each(|it| ledger.take(it));
        ledger
    }

    /// What is left of it when the script that takes it back has run.
    pub(super) fn back(mut self, actions: &[Examined], script: &SourceScript) -> Ledger {
        self.is_back = true;
        actions.iter().flat_map(|it| deeds(it, script)).for_each(|it| self.take(it));
        self
    }

    fn take(&mut self, deed: Deed) {
        match deed {
            Deed::Make(thing) => self.make(thing),
            Deed::Drop(thing) => self.drop(thing),
            Deed::Rename(thing, to) => self.rename(&thing, &to),
            Deed::Partition(table, parent) => {
                let of = |it: &&mut Thing| it.kind == Kind::Table && same_name(&it.name, &table);
                self.made.iter_mut().filter(of).for_each(|it| it.of.clone_from(&parent));
            }
            Deed::Absorb(index) => {
                self.made.retain(|it| it.kind != Kind::Index || !same_name(&it.name, &index));
            }
            Deed::MakeUnnamed(kind, table) if self.is_back => self.dropped.retain(|it| {
                // Of an index that is dropped, the table is not known.
                it.kind != kind || it.of.as_ref().is_some_and(|it| !same_name(it, &table))
            }),
            Deed::MakeUnnamed(..) => {}
            Deed::MakeTemporary(table) => self.temporary.push(table),
        }
    }

    fn make(&mut self, thing: Thing) {
        if thing.kind == Kind::Table && self.is_back {
            // It comes with its parts.
            self.dropped.retain(|it| !it.is_part_of(&thing.name));
        }
        let is_known = self.made.iter().any(|it| it.is(&thing));
        if !self.replaces(&thing) && !self.is_back && !is_known {
            self.made.push(thing);
        }
    }

    /// Whether it comes in the place of something of the same name that was dropped.
    fn replaces(&mut self, thing: &Thing) -> bool {
        for gone in [&mut self.dropped, &mut self.away] {
            if let Some(place) = gone.iter().position(|it| it.is(thing)) {
                gone.remove(place);
                return true;
            }
        }
        false
    }

    fn drop(&mut self, thing: Thing) {
        let place = self.made.iter().position(|it| it.is(&thing));
        if let Some(place) = place {
            self.made.remove(place);
        }
        self.drop_parts(&thing);
        let is_own = thing.of.as_ref().is_some_and(|of| self.made.iter().any(|it| it.is_table(of)));
        if place.is_some() || is_own || self.temporary.contains(&thing.name) {
            return;
        }
        if self.is_back {
            // Its parts cannot come back any more.
            self.dropped.retain(|it| thing.kind != Kind::Table || !it.is_part_of(&thing.name));
            self.away.push(thing);
        } else if !self.dropped.iter().any(|it| it.is(&thing)) {
            self.dropped.push(thing);
        }
    }

    /// What goes with a thing.
    fn drop_parts(&mut self, thing: &Thing) {
        match thing.kind {
            Kind::Table | Kind::View | Kind::Sequence | Kind::Type => {
                let part = |it: &Thing| it.is_part_of(&thing.name);
                // Partitions have parts of their own.
                let partitions: Vec<Thing> = self
                    .made
                    .iter()
                    .filter(|it| it.kind == Kind::Table && part(it) && !it.is(thing))
                    .cloned()
                    .collect();
                self.made.retain(|it| !part(it));
                for partition in &partitions {
                    self.drop_parts(partition);
                }
            }
            Kind::Column => {
                let (of, column) = (thing.of.clone().unwrap_or_default(), &thing.name.name);
                self.made.retain(|it| !(it.is_part_of(&of) && it.hangs_on(column)));
            }
            Kind::Schema => {
                let (schema, has_path) = (&thing.name.name, self.has_path);
                self.made.retain(|it| !it.is_in(schema, has_path));
            }
            _ => {}
        }
        if self.owns_sequences && matches!(thing.kind, Kind::Table | Kind::Column) {
            self.made.retain(|it| it.kind != Kind::Sequence);
        }
    }

    fn rename(&mut self, thing: &Thing, to: &ObjectName) {
        let renamed = Thing { name: to.clone(), ..thing.clone() };
        let own = self.made.iter().position(|it| it.is(thing));
        let replaces = self.replaces(&renamed);
        match own {
            Some(own) if replaces => _ = self.made.remove(own),
            Some(own) => self.made[own].name = to.clone(),
            None if self.is_back => self.away.push(thing.clone()),
            None => {
                self.dropped.push(thing.clone());
                if !replaces {
                    self.made.push(renamed);
                }
            }
        }
        let things = self.made.iter_mut().chain(&mut self.dropped).chain(&mut self.away);
        for it in things {
            it.follow(thing, to);
        }
    }
}

#[cfg(test)]
mod tests;
