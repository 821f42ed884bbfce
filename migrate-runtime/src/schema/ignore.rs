//! What makes no difference, because somebody said so: objects, grants, comments and partitions by pattern. Pure.

use std::collections::HashSet;

use super::diff::{Difference, ORDER, Weight};
use super::{Attribute, ObjectKind, ObjectName, Schema};
use crate::config::Ignore;

/// The schema that patterns need not name.
const PUBLIC: &str = "public";

impl Schema {
    /// What is not as it was made: what somebody changed in `now` by hand. Of what is as good as equal, only
    /// columns in another order are told, since their data were made anew.
    pub(crate) fn drift(&self, now: &Schema, ignore: &Ignore) -> Vec<Difference> {
        let [made, now] = Schema::ignoring(self, now, ignore);
        let mut found = made.diff(&now);
        found.retain(|it| {
            let tells = it.weight == Weight::Full || it.attribute == Some(ORDER);
            tells && !is_about_data(it)
        });
        found
    }

    /// Two schemas without what makes no difference in either.
    fn ignoring(one: &Schema, other: &Schema, ignore: &Ignore) -> [Schema; 2] {
        let mut pair = [one.clone(), other.clone()];
        if *ignore == Ignore::default() {
            return pair;
        }
        let partitions: HashSet<_> =
            pair.iter().flat_map(|it| it.partitions_of(&ignore.partitions_of)).collect();
        let is_part = |it: &ObjectName| {
            let whole = it.table.as_ref().unwrap_or(&it.name);
            partitions.contains(&(it.schema.clone().unwrap_or_default(), whole.clone()))
        };
        let is_left_out = |it: &ObjectName| is_part(it) || matches(&ignore.objects, it);
        let owned: HashSet<_> = pair.iter().flat_map(|it| it.owned_by(is_left_out)).collect();
        for schema in &mut pair {
            let is_ignored = |name: &ObjectName| {
                let is_granted = name.kind == ObjectKind::DefaultPrivileges;
                is_left_out(name)
                    || owned.contains(name)
                    || is_granted && matches(&ignore.grants, name)
            };
            schema.objects.retain(|name, _| !is_ignored(name));
            for (name, object) in &mut schema.objects {
                let (grants, comments) =
                    (matches(&ignore.grants, name), matches(&ignore.comments, name));
                let is_ignored = |it: &Attribute| {
                    grants && it.name == "grants" || comments && it.name == "comment"
                };
                object.attributes.retain(|it| !is_ignored(it));
            }
        }
        pair
    }

    /// Schema and name of every partition of these tables, and of their partitions.
    fn partitions_of(&self, patterns: &[String]) -> HashSet<(String, String)> {
        let mut found = HashSet::new();
        if patterns.is_empty() {
            return found;
        }
        let tables = [ObjectKind::Table, ObjectKind::ForeignTable];
        let tables = self.objects.iter().filter(|it| tables.contains(&it.0.kind));
        let children: Vec<_> =
            tables.filter_map(|(name, table)| Some((name, table.get("parent")?))).collect();
        let mut parents: HashSet<String> = self
            .objects
            .keys()
            .filter(|it| it.kind == ObjectKind::Table && matches(patterns, it))
            .map(ObjectName::qualified)
            .collect();
        loop {
            let new: Vec<_> = children
                .iter()
                .filter(|(name, parent)| {
                    parents.contains(*parent) && !parents.contains(&name.qualified())
                })
                .collect();
            if new.is_empty() {
                return found;
            }
            for (name, _) in new {
                found.insert((name.schema.clone().unwrap_or_default(), name.name.clone()));
                parents.insert(name.qualified());
            }
        }
    }

    /// The sequences of columns that are left out.
    fn owned_by(&self, is_left_out: impl Fn(&ObjectName) -> bool) -> HashSet<ObjectName> {
        let columns = self.objects.keys().filter(|it| it.kind == ObjectKind::Column);
        let columns = columns.filter(|it| is_left_out(it));
        let columns: HashSet<_> = columns.map(ObjectName::qualified).collect();
        let owned = self.objects.iter().filter(|(name, object)| {
            let column = object.get("column");
            name.kind == ObjectKind::Sequence && column.is_some_and(|it| columns.contains(it))
        });
        owned.map(|it| it.0.clone()).collect()
    }
}

/// A materialized view is filled and emptied by whoever refreshes it.
fn is_about_data(difference: &Difference) -> bool {
    difference.object.kind == ObjectKind::MaterializedView && difference.attribute == Some("data")
}

/// Whether a pattern is about an object, or about what it belongs to.
fn matches(patterns: &[String], name: &ObjectName) -> bool {
    if patterns.is_empty() {
        return false;
    }
    let mut names = vec![name.name.clone()];
    if let Some(schema) = &name.schema {
        let of_table = name.table.as_ref().map(|it| format!("{schema}.{it}"));
        names = match name.kind {
            ObjectKind::Column => {
                vec![format!("{}.{}", of_table.as_deref().unwrap_or(schema), name.name)]
            }
            _ => vec![format!("{schema}.{}", name.name)],
        };
        if let Some(arguments) = name.name.find('(') {
            names.push(format!("{schema}.{}", &name.name[..arguments]));
        }
        names.extend(of_table);
    } else if name.kind == ObjectKind::Schema {
        // As what is in it: `audit.*` is about the schema too, `audit` is a table.
        names = vec![format!("{}.", name.name)];
    }
    let is_about = |pattern: &String| {
        // A name alone is one in `public`, or of what is in no schema: `a*` is not about `audit.log`.
        let is_name = pattern != "*" && !pattern.contains('.');
        names.iter().any(|it| {
            let short = it.strip_prefix(PUBLIC).and_then(|it| it.strip_prefix('.'));
            let short = short.filter(|it| !it.is_empty());
            if is_name {
                let name = short.unwrap_or(it);
                return !name.contains('.') && fits(pattern, name);
            }
            fits(pattern, it) || short.is_some_and(|it| fits(pattern, it))
        })
    };
    patterns.iter().any(is_about)
}

/// Whether a text is as the pattern says, in which `*` stands for anything.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        let fitting = [("a", "a"), ("*", ""), ("*", "a.b"), ("a*", "a"), ("a*c", "abc")];
        let more = [("a*b*c", "a1b2c"), ("*b*", "abc"), ("a.*", "a."), ("**", "a"), ("ab*", "ab")];
        let fitting = fitting.into_iter().chain(more);
        for (pattern, text) in fitting {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("a", "ab"),
            ("a*", "ba"),
            ("ab*b", "ab"),
            ("a*b*c", "acb"),
            ("", "a"),
            ("*a*b*b", "ab"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_is_about_an_object_and_what_belongs_to_it() {
        #[track_caller]
        fn check(pattern: &str, name: (ObjectKind, Option<&str>, Option<&str>, &str), is: bool) {
            let (kind, schema, table, own) = name;
            let owned = |it: Option<&str>| it.map(str::to_owned);
            let (schema, table, own) = (owned(schema), owned(table), own.to_owned());
            let name = ObjectName { kind, schema, table, name: own };
            assert_eq!(matches(&[pattern.to_owned()], &name), is, "{pattern} {name}");
        }
        use ObjectKind::{Column, Function, Index, Publication, Schema, Table, Trigger};
        let (public, audit) = (Some("public"), Some("audit"));

        check("tmp_*", (Table, public, None, "tmp_1"), true);
        check("public.tmp_*", (Table, public, None, "tmp_1"), true);
        check("tmp_*", (Table, audit, None, "tmp_1"), false);
        check("tmp_*", (Column, public, Some("tmp_1"), "id"), true);
        check("tmp_*", (Column, public, Some("users"), "tmp_1"), false);
        check("*_1", (Column, public, Some("users"), "tmp_1"), false);
        check("*", (Column, audit, Some("users"), "tmp_1"), true);
        check("users.tmp_*", (Column, public, Some("users"), "tmp_1"), true);
        check("tmp_*", (Trigger, public, Some("tmp_1"), "checks"), true);
        check("tmp_*", (Index, public, Some("users"), "tmp_1"), true);
        check("users", (Index, public, Some("users"), "by_name"), true);
        check("users", (Table, public, None, "users_old"), false);
        check("audit.*", (Table, audit, None, "log"), true);
        check("audit.*", (Schema, None, None, "audit"), true);
        check("audit", (Table, audit, None, "log"), false);
        check("audit", (Schema, None, None, "audit"), false);
        check("a*", (Table, audit, None, "log"), false);
        check("audit.*", (Schema, None, None, "audit_old"), false);
        check("audit.log", (Column, audit, Some("log"), "at"), true);
        check("f", (Function, public, None, "f(integer)"), true);
        check("f(integer)", (Function, public, None, "f(integer)"), true);
        check("*", (Publication, None, None, "all_of_it"), true);
        check("all_*", (Publication, None, None, "all_of_it"), true);
    }
}
