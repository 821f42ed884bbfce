//! The kinds of objects, with the words of SQL for them.

/// What sort of object it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "PostgreSQL's own words")]
pub enum ObjectKind {
    Schema,
    Extension,
    ForeignDataWrapper,
    Server,
    Collation,
    Enum,
    Domain,
    Range,
    Composite,
    Type,
    Sequence,
    Function,
    Procedure,
    Aggregate,
    Operator,
    OperatorFamily,
    OperatorClass,
    Cast,
    TextSearchDictionary,
    TextSearchConfiguration,
    Table,
    ForeignTable,
    View,
    MaterializedView,
    Column,
    Constraint,
    Index,
    Statistics,
    Trigger,
    Rule,
    Policy,
    Publication,
    EventTrigger,
    DefaultPrivileges,
}

use ObjectKind as K;

/// Each kind with the word that people and the queries use, and that of SQL statements.
const TABLE: [(ObjectKind, &str, &str); 34] = [
    (K::Schema, "schema", "SCHEMA"),
    (K::Extension, "extension", "EXTENSION"),
    (K::ForeignDataWrapper, "foreign data wrapper", "FOREIGN DATA WRAPPER"),
    (K::Server, "server", "SERVER"),
    (K::Collation, "collation", "COLLATION"),
    (K::Enum, "enum", "TYPE"),
    (K::Domain, "domain", "DOMAIN"),
    (K::Range, "range", "TYPE"),
    (K::Composite, "composite", "TYPE"),
    (K::Type, "type", "TYPE"),
    (K::Sequence, "sequence", "SEQUENCE"),
    (K::Function, "function", "FUNCTION"),
    (K::Procedure, "procedure", "PROCEDURE"),
    (K::Aggregate, "aggregate", "AGGREGATE"),
    (K::Operator, "operator", "OPERATOR"),
    (K::OperatorFamily, "operator family", "OPERATOR FAMILY"),
    (K::OperatorClass, "operator class", "OPERATOR CLASS"),
    (K::Cast, "cast", "CAST"),
    (K::TextSearchDictionary, "text search dictionary", "TEXT SEARCH DICTIONARY"),
    (K::TextSearchConfiguration, "text search configuration", "TEXT SEARCH CONFIGURATION"),
    (K::Table, "table", "TABLE"),
    (K::ForeignTable, "foreign table", "FOREIGN TABLE"),
    (K::View, "view", "VIEW"),
    (K::MaterializedView, "materialized view", "MATERIALIZED VIEW"),
    (K::Column, "column", "COLUMN"),
    (K::Constraint, "constraint", "CONSTRAINT"),
    (K::Index, "index", "INDEX"),
    (K::Statistics, "statistics", "STATISTICS"),
    (K::Trigger, "trigger", "TRIGGER"),
    (K::Rule, "rule", "RULE"),
    (K::Policy, "policy", "POLICY"),
    (K::Publication, "publication", "PUBLICATION"),
    (K::EventTrigger, "event trigger", "EVENT TRIGGER"),
    (K::DefaultPrivileges, "default privileges", "DEFAULT PRIVILEGES"),
];

impl ObjectKind {
    /// The word for people and programs, such as `foreign table`.
    pub fn as_str(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// The word of SQL statements.
    pub(super) fn sql(self) -> &'static str {
        TABLE[self as usize].2
    }

    pub(super) fn parse(word: &str) -> Option<ObjectKind> {
        TABLE.iter().find(|it| it.1 == word).map(|it| it.0)
    }

    /// What other objects may be part of.
    pub(super) const WHOLES: [ObjectKind; 6] =
        [K::Table, K::ForeignTable, K::View, K::MaterializedView, K::Composite, K::Domain];

    /// Whether other objects may be part of it.
    pub(super) fn has_parts(self) -> bool {
        Self::WHOLES.contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lists_every_kind_at_its_own_place() {
        for (index, (kind, word, _)) in TABLE.into_iter().enumerate() {
            assert_eq!(kind as usize, index, "{word}");
            assert_eq!(ObjectKind::parse(word), Some(kind));
        }
        assert_eq!(ObjectKind::DefaultPrivileges as usize + 1, TABLE.len());
    }
}
