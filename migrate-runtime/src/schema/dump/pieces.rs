//! The statements of a schema as pieces, each with what has to come before it.

use std::collections::HashMap;

use super::super::name::spelt;
use super::super::needs::Need;
use super::super::sql::{comment, create, setting};
use super::super::{Object, ObjectKind, ObjectName, Schema};
use super::apart::Apart;
use super::children::Form;
use super::rights::is_public;
use super::tables::{Tables, described_as, is_check};
use super::{constraints, indexes, sequences, steps};

/// Statements that stay together.
pub(super) struct Piece<'s> {
    key: Key<'s>,
    /// What they make, or belong to.
    pub(super) object: &'s ObjectName,
    pub(super) statements: Vec<String>,
    /// The places of the pieces that come before it.
    pub(super) needs: Vec<usize>,
}

/// Where a piece comes as far as its needs let it: what belongs to a table comes after it, and so do its partitions.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'s> {
    rank: u8,
    path: Vec<&'s str>,
    step: Step,
    object: &'s ObjectName,
}

/// The order of the pieces of one table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// What stands in for it.
    Before,
    /// Itself.
    Made,
    /// What makes it whole.
    Joined,
    Constraint,
    Index,
    Attached,
    Identity,
    Trigger,
}

/// The pieces of a schema while they are put together.
pub(super) struct Pieces<'p, 's> {
    pub(super) schema: &'s Schema,
    pub(super) tables: &'p Tables<'s>,
    pub(super) apart: &'p Apart,
    pub(super) all: Vec<Piece<'s>>,
    /// The piece after which others can use an object.
    made: HashMap<&'s ObjectName, usize>,
    /// The piece in which the rest of an object is, where it is made in two steps.
    rest: HashMap<&'s ObjectName, usize>,
    /// The piece that makes the name of a type alone.
    shells: HashMap<&'s ObjectName, usize>,
    /// The pieces after which a table is one of its parent's.
    joined: HashMap<&'s ObjectName, usize>,
    /// What is made with something else.
    within: HashMap<&'s ObjectName, &'s ObjectName>,
    /// Pieces that need an object.
    wanted: Vec<(usize, &'s ObjectName)>,
    /// Pieces that need a table to be one of its parent's.
    wanted_joined: Vec<(usize, &'s ObjectName)>,
}

impl<'p, 's> Pieces<'p, 's> {
    /// All pieces, with the lowest key first.
    pub(super) fn of(
        schema: &'s Schema,
        tables: &'p Tables<'s>,
        apart: &'p Apart,
    ) -> Pieces<'p, 's> {
        let mut pieces = Pieces {
            schema,
            tables,
            apart,
            all: Vec::new(),
            made: HashMap::new(),
            rest: HashMap::new(),
            shells: HashMap::new(),
            joined: HashMap::new(),
            within: HashMap::new(),
            wanted: Vec::new(),
            wanted_joined: Vec::new(),
        };
        for (name, object) in &schema.objects {
            pieces.make(name, object);
        }
        pieces.connect();
        pieces.sort();
        pieces
    }

    fn make(&mut self, name: &'s ObjectName, object: &'s Object) {
        use ObjectKind as K;
        match name.kind {
            K::Schema if is_public(name) => {}
            K::Table | K::ForeignTable => self.table(name, object),
            K::Constraint => constraints::add(self, name, object),
            K::Index => indexes::add(self, name, object),
            K::Sequence => sequences::add(self, name, object),
            K::Extension => {
                let text = extension(name, object, self.schema);
                let piece = self.whole(name, object, text);
                if object.get("comment").is_none() {
                    // It comes with one.
                    self.all[piece].statements.push(comment(name, None, self.schema));
                }
            }
            K::Function | K::Procedure => steps::function(self, name, object),
            K::View | K::MaterializedView => steps::view(self, name, object),
            K::Domain => steps::domain(self, name, object),
            K::Type | K::Range => steps::type_of_its_own(self, name, object),
            K::Composite => {
                let columns = self.tables.families.columns(name);
                let lines: Vec<_> = columns.iter().map(|it| create::column(it.0, it.1)).collect();
                let piece = self.whole(name, object, create::table(name, object, &lines));
                let comments =
                    columns.iter().filter_map(|it| described_as(it.0, it.1, self.schema));
                self.all[piece].statements.extend(comments);
            }
            K::Trigger => self.trigger(name, object),
            K::Column
            | K::Statistics
            | K::Rule
            | K::Policy
            | K::Publication
            | K::EventTrigger
            | K::DefaultPrivileges => {}
            _ => {
                let text = create::main(name, object, self.schema);
                self.whole(name, object, text);
            }
        }
    }

    /// An object that one piece makes, with its comment.
    pub(super) fn whole(&mut self, name: &'s ObjectName, object: &Object, text: String) -> usize {
        let statements = [text].into_iter().chain(described_as(name, object, self.schema));
        let piece = self.add(name, name, Step::Made, statements.collect());
        self.made.insert(name, piece);
        piece
    }

    /// A piece that belongs to `of`.
    pub(super) fn add(
        &mut self,
        object: &'s ObjectName,
        of: &'s ObjectName,
        step: Step,
        statements: Vec<String>,
    ) -> usize {
        let key = Key { rank: rank(of.kind), path: self.path(of), step, object };
        self.all.push(Piece { key, object, statements, needs: Vec::new() });
        self.all.len() - 1
    }

    /// Schema and name, of a partition behind those of its parent.
    fn path(&self, of: &'s ObjectName) -> Vec<&'s str> {
        let own = [of.schema.as_deref().unwrap_or_default(), of.name.as_str()];
        let is_partition = self.schema.objects.get(of).is_some_and(|it| it.get("parent").is_some());
        let parent = self.tables.families.parents(of).first().copied().filter(|_| is_partition);
        let mut path = parent.filter(|it| *it != of).map_or_else(Vec::new, |it| self.path(it));
        path.extend(own);
        path
    }

    /// Notes that a piece needs an object.
    pub(super) fn want(&mut self, piece: usize, object: &'s ObjectName) {
        self.wanted.push((piece, object));
    }

    /// Notes that a piece comes after all that makes the table whole: its partitions.
    pub(super) fn want_partitions(&mut self, piece: usize, table: &'s ObjectName) {
        for child in self.tables.families.children(table) {
            self.wanted_joined.push((piece, child));
        }
    }

    /// Has a piece come after all tables and views, as far as nothing needs it.
    pub(super) fn put_off(&mut self, piece: usize) {
        self.all[piece].key.rank = u8::MAX;
    }

    /// Notes that the piece which makes an object comes after another one.
    pub(super) fn make_after(&mut self, object: &ObjectName, piece: usize) {
        if let Some(made) = self.made.get(object) {
            self.all[*made].needs.push(piece);
        }
    }

    pub(super) fn is_made_by(&mut self, object: &'s ObjectName, piece: usize) {
        self.made.insert(object, piece);
    }

    pub(super) fn is_made_within(&mut self, object: &'s ObjectName, other: &'s ObjectName) {
        self.within.insert(object, other);
    }

    pub(super) fn is_completed_by(&mut self, object: &'s ObjectName, piece: usize) {
        self.rest.insert(object, piece);
    }

    pub(super) fn has_shell(&mut self, object: &'s ObjectName, piece: usize) {
        self.shells.insert(object, piece);
    }

    /// What an object is a part of.
    pub(super) fn whole_of(&self, part: &ObjectName) -> Option<&'s ObjectName> {
        self.schema.whole(part).map(|it| it.0)
    }

    fn table(&mut self, name: &'s ObjectName, object: &'s Object) {
        let statements = self.tables.statements(name, object, self.apart);
        let piece = self.add(name, name, Step::Made, statements);
        self.made.insert(name, piece);
        self.joined.insert(name, piece);
        let parents = self.tables.families.parents(name);
        if self.tables.families.form(name, object) != Form::Joins {
            for parent in &parents {
                self.want(piece, parent);
            }
        }
        let joins = self.tables.joins(name, object);
        if !joins.is_empty() {
            let joined = self.add(name, name, Step::Joined, joins);
            self.joined.insert(name, joined);
            self.want(joined, name);
            for parent in &parents {
                self.want(joined, parent);
            }
            for (constraint, object) in self.tables.constraints(name) {
                if is_check(object) {
                    self.want(joined, constraint);
                }
            }
        }
        let identity = object.get("replica identity").unwrap_or_default();
        let space = name.schema.as_deref().map(spelt).unwrap_or_default();
        let index = identity.strip_prefix("USING INDEX ").map(|it| format!("{space}.{it}"));
        if let Some(index) = index.and_then(|it| self.tables.families.named(&it)) {
            let statements = setting(name, "replica identity", identity).into_iter().collect();
            let identity = self.add(name, name, Step::Identity, statements);
            self.want(identity, index);
        }
        steps::defaults(self, name);
    }

    fn trigger(&mut self, name: &'s ObjectName, object: &'s Object) {
        let Some(whole) = self.whole_of(name) else { return };
        let mut statements = vec![create::main(name, object, self.schema)];
        statements.extend(object.get("state").and_then(|it| setting(name, "state", it)));
        statements.extend(described_as(name, object, self.schema));
        let piece = self.add(name, whole, Step::Trigger, statements);
        self.made.insert(name, piece);
        self.want(piece, whole);
    }

    /// The piece after which an object can be used.
    fn provider(&self, object: &ObjectName) -> Option<usize> {
        if let Some(piece) = self.made.get(object) {
            return Some(*piece);
        }
        let mut within = self.within.get(object)?;
        while let Some(next) = self.within.get(within) {
            within = next;
        }
        self.made.get(within).copied()
    }

    /// The pieces between which a need is: that which has it, and what has to come before that.
    pub(super) fn ends(&self, need: &Need) -> Option<(usize, usize)> {
        use ObjectKind as K;
        let user = match need.object.kind {
            K::Column => match self.made.get(&need.object) {
                Some(piece) => *piece,
                None => self.provider(self.whole_of(&need.object)?)?,
            },
            K::Domain if !matches!(need.needed.kind, K::Function | K::Sequence) => {
                self.provider(&need.object)?
            }
            _ => match self.rest.get(&need.object) {
                Some(piece) => *piece,
                None => self.provider(&need.object)?,
            },
        };
        let is_function = matches!(need.object.kind, K::Function | K::Procedure);
        let needed = match self.shells.get(&need.needed).filter(|_| is_function) {
            Some(piece) => *piece,
            None => self.provider(&need.needed)?,
        };
        (user != needed).then_some((user, needed))
    }

    fn connect(&mut self) {
        let wanted = self.wanted.iter().map(|it| (it.0, self.provider(it.1)));
        let joined = self.wanted_joined.iter().map(|it| (it.0, self.joined.get(it.1).copied()));
        let mut all: Vec<(usize, usize)> =
            wanted.chain(joined).filter_map(|it| Some((it.0, it.1?))).collect();
        for need in &self.schema.needs.0 {
            all.extend(self.ends(need));
            // What stands in for it has its types.
            if need.is_type && self.rest.contains_key(&need.object) {
                all.extend(self.provider(&need.object).zip(self.provider(&need.needed)));
            }
        }
        for (user, needed) in all.into_iter().filter(|it| it.0 != it.1) {
            self.all[user].needs.push(needed);
        }
    }

    fn sort(&mut self) {
        let mut order: Vec<usize> = (0..self.all.len()).collect();
        order.sort_by(|one, other| self.all[*one].key.cmp(&self.all[*other].key));
        let mut places = vec![0; order.len()];
        for (place, piece) in order.iter().enumerate() {
            places[*piece] = place;
        }
        let maps = [&mut self.made, &mut self.rest, &mut self.shells, &mut self.joined];
        maps.into_iter().flat_map(HashMap::values_mut).for_each(|it| *it = places[*it]);
        for piece in &mut self.all {
            piece.needs.iter_mut().for_each(|it| *it = places[*it]);
        }
        self.all.sort_by(|one, other| one.key.cmp(&other.key));
    }
}

/// Which kinds come first as far as they can.
fn rank(kind: ObjectKind) -> u8 {
    use ObjectKind as K;
    match kind {
        K::Schema => 0,
        K::Extension => 1,
        K::Collation => 2,
        K::Enum | K::Composite | K::Domain | K::Range | K::Type => 3,
        K::Sequence => 4,
        K::Function | K::Procedure | K::Aggregate => 5,
        K::Operator => 6,
        K::OperatorFamily => 7,
        K::OperatorClass => 8,
        K::Cast => 9,
        K::TextSearchDictionary => 10,
        K::TextSearchConfiguration => 11,
        K::ForeignDataWrapper => 12,
        K::Server => 13,
        K::Table | K::ForeignTable => 14,
        _ => 15,
    }
}

fn extension(name: &ObjectName, object: &Object, schema: &Schema) -> String {
    let version = object.get("version").unwrap_or_default();
    let space = object.get("schema").unwrap_or_default();
    let is_there =
        schema.objects.keys().any(|it| it.kind == ObjectKind::Schema && it.name == space);
    let space = if is_there || space == "pg_catalog" {
        format!(" SCHEMA {}", spelt(space))
    } else {
        // It makes its own.
        String::new()
    };
    format!(
        "-- It was version {version}.\nCREATE EXTENSION IF NOT EXISTS {}{space}",
        name.qualified()
    )
}
