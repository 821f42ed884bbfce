//! One table of the schema.

use migrate_runtime::schema::{
    Column, ForeignKey, Object, ObjectKind, ObjectName, Relation, Schema, relation_label,
};

use super::super::html::Html;
use super::{Drawn, Referring, anchor, search_words, title};
use crate::text::plural;

pub(super) fn html(
    schema: &Schema,
    relation: &Relation<'_>,
    referring: &Referring<'_>,
    picture: Option<&Drawn>,
) -> Html {
    let mut html = Html::new();
    let own = relation.name.schema.as_deref().unwrap_or_default();
    let id = anchor(own, &relation.name.name);
    let title = title(relation);
    html.open(
        "details",
        &[
            ("class", "table"),
            ("id", &id),
            ("data-find", &search_words(relation)),
            ("data-table", &title),
        ],
    );
    html.open("summary", &[]).name(&title).text(" ");
    html.element("span", &[("class", "faint")], &about(relation)).close("summary");
    if let Some(place) = picture.and_then(|it| it.place(&title)) {
        let place = format!("#{place}");
        html.open("p", &[("class", "to-picture")]);
        html.element("a", &[("href", &place)], "In the picture").close("p");
    }
    if let Some(comment) = relation.object.get("comment") {
        html.element("p", &[("class", "comment")], comment);
    }
    html.add(&columns(relation)).add(&parts(schema, relation, ObjectKind::Constraint));
    html.add(&parts(schema, relation, ObjectKind::Index));
    html.add(&parts(schema, relation, ObjectKind::Trigger));
    html.add(&referred(relation, referring)).close("details");
    html
}

/// `partition of invoices, 12 columns`
fn about(relation: &Relation<'_>) -> String {
    let count = plural(relation.columns.len(), "column");
    let kind = match (relation.object.get("parent"), relation.object.get("partition key")) {
        (Some(parent), _) => {
            format!("partition of {}", parent.strip_prefix("public.").unwrap_or(parent))
        }
        (None, Some(key)) => format!("partitioned by {key}"),
        (None, None) => match relation.name.kind {
            ObjectKind::Table => return count,
            kind => kind.as_str().to_owned(),
        },
    };
    format!("{kind}, {count}")
}

fn columns(relation: &Relation<'_>) -> Html {
    let has =
        |attribute: &str| relation.columns.iter().any(|it| it.object.get(attribute).is_some());
    let has_default = ["default", "generated", "identity"].into_iter().any(has);
    let has_comment = has("comment");
    let mut html = Html::new();
    let label = format!("Columns of {}", title(relation));
    html.open(
        "div",
        &[("class", "wide"), ("tabindex", "0"), ("role", "group"), ("aria-label", &label)],
    );
    html.markup("<table class=\"columns\"><thead><tr><th scope=\"col\">Column</th><th scope=\"col\">Type</th>");
    html.markup("<th scope=\"col\">Key</th>");
    for (title, is_there) in [("Default", has_default), ("Comment", has_comment)] {
        if is_there {
            html.element("th", &[("scope", "col")], title);
        }
    }
    html.markup("</tr></thead><tbody>");
    for it in &relation.columns {
        html.open("tr", &[]).element("th", &[("scope", "row")], it.name);
        html.open("td", &[]).element("code", &[], it.object.get("type").unwrap_or_default());
        if it.is_not_null() {
            html.text(" ").element("span", &[("class", "faint")], "not null");
        }
        html.close("td").open("td", &[]).add(&keys(relation, it)).close("td");
        if has_default {
            html.open("td", &[]);
            if let Some(value) = value(it.object) {
                html.element("code", &[], &value);
            }
            html.close("td");
        }
        if has_comment {
            html.element("td", &[], it.object.get("comment").unwrap_or_default());
        }
        html.close("tr");
    }
    html.markup("</tbody></table></div>");
    html
}

/// What a column has where a row does not say it.
fn value(column: &Object) -> Option<String> {
    let generated = column.get("generated").map(|it| format!("GENERATED {it}"));
    let identity = column.get("identity").map(|it| format!("GENERATED {it} AS IDENTITY"));
    column.get("default").map(str::to_owned).or(generated).or(identity)
}

/// Which keys a column is part of.
fn keys(relation: &Relation<'_>, column: &Column<'_>) -> Html {
    let mut html = Html::new();
    let is_in = |key: &[String]| key.iter().any(|it| it == column.name);
    if is_in(&relation.primary_key) {
        html.element("span", &[("class", "tag")], "primary").text(" ");
    }
    if relation.unique.iter().any(|it| is_in(it)) {
        html.element("span", &[("class", "tag")], "unique").text(" ");
    }
    for key in relation.foreign_keys.iter().filter(|it| is_in(&it.columns)) {
        html.text("→ ").add(&target(key)).text(" ");
    }
    html
}

fn target(key: &ForeignKey<'_>) -> Html {
    link(&key.target.0, &key.target.1)
}

fn link(schema: &str, name: &str) -> Html {
    let mut html = Html::new();
    let href = format!("#{}", anchor(schema, name));
    html.element("a", &[("href", &href)], &relation_label(schema, name));
    html
}

/// What else belongs to the table, as SQL defines it.
fn parts(schema: &Schema, relation: &Relation<'_>, kind: ObjectKind) -> Html {
    let heading = match kind {
        ObjectKind::Constraint => "Constraints",
        ObjectKind::Index => "Indexes",
        _ => "Triggers",
    };
    let own = relation.name;
    let first = ObjectName {
        kind,
        schema: own.schema.clone(),
        table: Some(own.name.clone()),
        name: String::new(),
    };
    let is_part = |it: &(&ObjectName, &Object)| {
        it.0.kind == kind && it.0.schema == first.schema && it.0.table == first.table
    };
    let mut html = Html::new();
    // An index of a constraint is told with it.
    let all = schema.objects.range(&first..).take_while(is_part);
    for (name, object) in all.filter(|it| it.1.get("constraint").is_none()) {
        if html.is_empty() {
            html.element("h3", &[("class", "part")], heading).open("ul", &[("class", "parts")]);
        }
        html.open("li", &[]).element("strong", &[], &name.name).text(" ");
        html.element("code", &[], object.get("definition").unwrap_or_default());
        if object.get("validity").is_some() {
            html.text(" ").element("span", &[("class", "tag bad")], "invalid");
        }
        html.close("li");
    }
    if !html.is_empty() {
        html.close("ul");
    }
    html
}

/// The tables that refer to this one.
fn referred(relation: &Relation<'_>, referring: &Referring<'_>) -> Html {
    let mut html = Html::new();
    let all = referring.to(relation);
    if all.is_empty() {
        return html;
    }
    html.element("h3", &[("class", "part")], "Referred to by").open("p", &[]);
    for (index, it) in all.iter().enumerate() {
        if index > 0 {
            html.text(", ");
        }
        html.add(&link(it.name.schema.as_deref().unwrap_or_default(), &it.name.name));
    }
    html.close("p");
    html
}
