//! A constraint, and the query that finds the rows which break it. Pure.

use crate::quote::unquoted;

/// So many broken rows are counted; whoever has more has to look for himself.
pub(super) const COUNTED: u64 = 1000;

/// So many of them are listed.
pub(super) const LISTED: usize = 10;

/// So much of a value is shown.
const SHOWN: usize = 200;

/// Else the planner takes constraints of children and the bounds of partitions at their word.
const DOUBT: &str = "SET constraint_exclusion = off; SET enable_partition_pruning = off; ";

/// A constraint, as the catalogs have it. All names are in quotes where they need them.
#[derive(Clone, Debug, Default)]
pub(super) struct Constraint {
    oid: String,
    pub(super) sort: Sort,
    pub(super) name: String,
    pub(super) table: Table,
    /// The columns of the primary key.
    key: Vec<String>,
    /// Whether rows of children count as well.
    has_children: bool,
    is_local: bool,
    /// What has to hold, of a check; empty until it was asked for.
    pub(super) expression: String,
    /// Whether policies would hide rows.
    pub(super) is_hidden: bool,
    /// Why it is not looked at, where that is so and nobody can change it.
    pub(super) passed_over: Option<&'static str>,
}

/// A table of a constraint.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) qualified: String,
    pub(super) schema: String,
    kind: String,
    oid: String,
}

/// What sort of constraint it is.
#[derive(Clone, Debug, Default)]
pub(super) enum Sort {
    #[default]
    Check,
    /// Of a domain: the value that it is about, in the type below the domain.
    Domain {
        value: String,
    },
    ForeignKey(Reference),
}

/// What a foreign key refers to.
#[derive(Clone, Debug, Default)]
pub(super) struct Reference {
    pub(super) table: Table,
    /// How its rows are found, with the operators of the key.
    condition: String,
    /// The columns that refer.
    columns: Vec<String>,
    /// A column of the key, which is NULL where there is no such row.
    first: String,
    /// MATCH FULL: a key that is NULL in part is broken too.
    is_full: bool,
}

impl Constraint {
    /// Reads a row of the answer to `constraints.sql`.
    pub(super) fn parse(cells: &[Option<String>]) -> Constraint {
        let text = |at: usize| cells.get(at).cloned().flatten().unwrap_or_default();
        let is = |at: usize| ["t", "true"].contains(&text(at).as_str());
        let list = |at: usize| split(&text(at));
        let table = |at: usize, oid| Table {
            qualified: text(at),
            schema: text(at + 1),
            kind: text(at + 2),
            oid: text(oid),
        };
        let sort = match text(0).as_str() {
            "f" => Sort::ForeignKey(Reference {
                table: table(10, 22),
                condition: text(14),
                columns: list(15),
                first: text(16),
                is_full: text(13) == "f",
            }),
            "d" => Sort::Domain { value: text(9) },
            _ => Sort::Check,
        };
        Constraint {
            oid: text(20),
            sort,
            name: text(1),
            table: table(2, 21),
            has_children: is(5),
            is_local: is(6),
            key: list(7),
            expression: text(8),
            is_hidden: is(19),
            passed_over: if text(18) == "false" {
                Some("it is not enforced, so that nothing is promised")
            } else if is(23) {
                Some("its values are inside of others, as in an array, which are not compared here")
            } else if is(17) {
                Some("it is about periods, which are not compared here")
            } else {
                (text(4) == "f").then_some("the rows of a foreign table are elsewhere")
            },
        }
    }

    /// The question for what has to hold, of a check; the server locks the table for it.
    pub(super) fn expression(&self) -> Option<String> {
        matches!(self.sort, Sort::Check).then(|| {
            format!(
                "SELECT pg_catalog.pg_get_expr(conbin, conrelid) FROM pg_catalog.pg_constraint WHERE oid = {}",
                self.oid
            )
        })
    }

    /// `the foreign key x of table y`
    pub(super) fn title(&self) -> String {
        let (name, table) = (&self.name, &self.table.qualified);
        match &self.sort {
            Sort::Check => format!("the check constraint {name} of table {table}"),
            Sort::Domain { value } => {
                let column = value.rsplit_once("::").map_or(value.as_str(), |it| it.0);
                format!("the check constraint {name} of the domain of {table}.{column}")
            }
            Sort::ForeignKey(_) => format!("the foreign key {name} of table {table}"),
        }
    }

    /// The names of the columns that are told of a row, as the query gives them.
    pub(super) fn columns(&self) -> Vec<String> {
        self.told().iter().map(|it| unquoted(it)).collect()
    }

    /// The columns that tell one row from others, and those that refer.
    fn told(&self) -> Vec<String> {
        let mut told = self.place();
        if let Sort::ForeignKey(reference) = &self.sort {
            let more = reference.columns.iter().filter(|it| !self.key.contains(it));
            told.extend(more.cloned());
        }
        told
    }

    /// The primary key; without one, where the row lies.
    fn place(&self) -> Vec<String> {
        let with_children = !self.only_itself() && self.has_children;
        let mut place = Vec::new();
        // A key of a parent says nothing of its children, unless they are partitions.
        if with_children && (self.key.is_empty() || self.table.kind != "p") {
            place.push("tableoid".to_owned());
        }
        if self.key.is_empty() {
            place.push("ctid".to_owned());
        }
        place.extend(self.key.iter().cloned());
        place
    }

    fn only_itself(&self) -> bool {
        let is_partitioned = self.table.kind == "p";
        match self.sort {
            Sort::ForeignKey(_) => !is_partitioned,
            Sort::Check => self.is_local && !is_partitioned,
            Sort::Domain { .. } => false,
        }
    }

    /// The rows that break it: how many there are among the first, then the columns of [`columns`](Self::columns).
    pub(super) fn query(&self) -> String {
        let told = self.told();
        let source = match self.sort {
            Sort::ForeignKey(_) => "fk.",
            Sort::Check | Sort::Domain { .. } => "",
        };
        let numbered = told.iter().enumerate();
        let inner: Vec<_> = numbered.map(|(at, it)| format!("{source}{it} AS k{at}")).collect();
        let shown: Vec<_> = told.iter().enumerate().map(|(at, it)| shown(at, it)).collect();
        let order: Vec<_> = (0..self.place().len()).map(|it| format!("k{it}")).collect();
        let (inner, shown, order) = (inner.join(", "), shown.join(", "), order.join(", "));
        let broken = self.broken(&inner);
        let limit = COUNTED + 1;
        format!(
            "SELECT pg_catalog.count(*) OVER (), {shown}\nFROM (SELECT {broken} LIMIT {limit}) AS it ORDER BY {order} LIMIT {LISTED}"
        )
    }

    /// A query for all of them, to be pasted.
    pub(super) fn all(&self) -> String {
        let trusting = self.has_children && !matches!(self.sort, Sort::ForeignKey(_));
        let doubt = if trusting { DOUBT } else { "" };
        let query = match self.sort {
            Sort::ForeignKey(_) => format!("SELECT {};", self.broken("fk.*")),
            Sort::Check => format!("SELECT {};", self.broken("*")),
            Sort::Domain { .. } => {
                // One of them may be called `value` too.
                let place = self.place().into_iter().enumerate();
                let place: Vec<_> = place.map(|(at, it)| format!("{it} AS k{at}")).collect();
                format!("SELECT {};", self.broken(&place.join(", ")))
            }
        };
        format!("{doubt}{query}")
    }

    /// What comes behind the SELECT, with these columns.
    fn broken(&self, columns: &str) -> String {
        let table = only(&self.table.qualified, self.only_itself());
        match &self.sort {
            // A check that is NULL holds.
            Sort::Check => format!("{columns} FROM {table} WHERE NOT ({})", self.expression),
            // VALUE, outside of a domain, is a column of that name.
            Sort::Domain { value } => format!(
                "it.* FROM (SELECT {columns}, {value} AS value FROM {table}) AS it WHERE NOT ({})",
                self.expression
            ),
            Sort::ForeignKey(reference) => {
                let Reference { table: other, condition, first, is_full, .. } = reference;
                let other = only(&other.qualified, other.kind != "p");
                let present = reference.columns.iter().map(|it| format!("fk.{it} IS NOT NULL"));
                let present: Vec<_> = present.collect();
                let present = present.join(if *is_full { " OR " } else { " AND " });
                format!(
                    "{columns} FROM {table} AS fk LEFT OUTER JOIN {other} AS pk ON ({condition}) WHERE pk.{first} IS NULL AND ({present})"
                )
            }
        }
    }

    /// Those of the tables that are read.
    pub(super) fn oids(&self) -> String {
        let oids: Vec<_> = self.tables().iter().map(|it| it.oid.as_str()).collect();
        oids.join(", ")
    }

    /// The tables that are read.
    pub(super) fn tables(&self) -> Vec<&Table> {
        match &self.sort {
            Sort::ForeignKey(reference) if reference.table.qualified != self.table.qualified => {
                vec![&self.table, &reference.table]
            }
            _ => vec![&self.table],
        }
    }
}

fn only(table: &str, alone: bool) -> String {
    if alone { format!("ONLY {table}") } else { table.to_owned() }
}

fn shown(at: usize, name: &str) -> String {
    if name == "tableoid" {
        // With its schema, whatever the path is.
        return format!(
            "(pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, k{at}, 0)).identity AS k{at}"
        );
    }
    format!("pg_catalog.left(k{at}::text, {SHOWN})")
}

fn split(text: &str) -> Vec<String> {
    text.split('\x1f').filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
#[path = "constraint_tests.rs"]
mod tests;
