//! Columns, and the expressions that give them their values.

use squawk_syntax::ast::{self, AstNode, GeneratedAs, GeneratedKind};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::tree::{self, Reader};
use crate::sql::action::{Column, ColumnType, ConstraintKind, Generated, Volatility};

/// Functions that give the same all through one transaction; a name of these is not looked up further.
const STABLE: &[&str] = &[
    "now",
    "transaction_timestamp",
    "statement_timestamp",
    "current_setting",
    "current_database",
    "current_schema",
    "current_user",
    "session_user",
    "txid_current",
    "pg_current_xact_id",
    "lower",
    "upper",
    "md5",
    "abs",
    "round",
    "floor",
    "ceil",
    "length",
    "concat",
    "format",
    "to_char",
    "to_timestamp",
    "to_date",
    "to_number",
    "to_json",
    "to_jsonb",
    "json_build_object",
    "jsonb_build_object",
    "json_build_array",
    "jsonb_build_array",
    "json_object",
    "jsonb_object",
    "make_date",
    "make_interval",
    "make_timestamp",
    "make_timestamptz",
    "date_trunc",
    "date_part",
    "extract",
    "timezone",
    "coalesce",
    "nullif",
    "greatest",
    "least",
    "encode",
    "decode",
    "sha256",
    "to_tsvector",
    "array_fill",
    "string_to_array",
    "regexp_replace",
    "replace",
    "substring",
    "substr",
    "trim",
    "btrim",
    "ltrim",
    "rtrim",
    "lpad",
    "rpad",
    "left",
    "right",
    "int4range",
    "int8range",
    "numrange",
    "tsrange",
    "tstzrange",
    "daterange",
    "point",
    "box",
    "uuid_nil",
    "uuid_ns_dns",
    "uuid_ns_url",
];

/// Functions that give something else for every row.
const VOLATILE: &[&str] = &[
    "clock_timestamp",
    "timeofday",
    "random",
    "random_normal",
    "gen_random_uuid",
    "gen_random_bytes",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
    "nextval",
    "currval",
    "lastval",
    "setval",
];

impl Reader {
    /// A column, of its name, its type and its constraints.
    pub(super) fn column(
        &self,
        node: &SyntaxNode,
        name: Option<&ast::ColumnName>,
        ty: Option<&ast::Type>,
        constraints: impl Iterator<Item = ast::Constraint>,
    ) -> Column {
        let mut column = Column {
            range: self.range(node),
            name: name.map(tree::ident).unwrap_or_default(),
            ty: ty.map(column_type).unwrap_or_default(),
            ..Column::default()
        };
        for constraint in constraints {
            match &constraint {
                ast::Constraint::NotNullConstraint(_) => column.not_null = true,
                ast::Constraint::DefaultConstraint(it) => {
                    column.default =
                        Some(it.expr().as_ref().map_or(Volatility::Stable, volatility));
                }
                ast::Constraint::GeneratedConstraint(it) => {
                    column.generated = it.generated_as().map(|it| generated(&it));
                }
                other => {
                    let of = column.name.clone();
                    column.constraints.extend(self.constraint(other, Some(&of)));
                }
            }
        }
        let is_key = |it: &ConstraintKind| matches!(it, ConstraintKind::PrimaryKey { .. });
        column.not_null |= column.constraints.iter().any(|it| is_key(&it.kind))
            || column.ty.is_serial()
            || column.generated == Some(Generated::Identity);
        column
    }
}

pub(super) fn column_type(ty: &ast::Type) -> ColumnType {
    ColumnType::read(&ty.syntax().text().to_string())
}

fn generated(how: &GeneratedAs) -> Generated {
    match how {
        GeneratedAs::GeneratedIdentity(_) => Generated::Identity,
        GeneratedAs::GeneratedStored(it) => match it.generated_kind() {
            Some(GeneratedKind::Stored(_)) => Generated::Stored,
            // From version 18 on, what says nothing is virtual; before, it is an error.
            _ => Generated::Virtual,
        },
    }
}

/// Whether an expression gives the same in one transaction.
pub(super) fn volatility(expression: &ast::Expr) -> Volatility {
    let calls = expression.syntax().descendants().filter_map(ast::CallExpr::cast);
    let mut found = Volatility::Stable;
    for call in calls {
        // Those with a grammar of their own, such as `substring(x from 1)`, are stable.
        let Some(function) = call.expr() else { continue };
        let text = function.syntax().text().to_string().to_ascii_lowercase();
        let name = text.rsplit('.').next().unwrap_or_default().trim().trim_matches('"').to_owned();
        if VOLATILE.contains(&name.as_str()) {
            return Volatility::Volatile;
        }
        if !STABLE.contains(&name.as_str()) {
            found = Volatility::Unknown;
        }
    }
    if tree::has(expression.syntax(), SyntaxKind::SELECT_KW) { Volatility::Unknown } else { found }
}
