//! What is made: `CREATE …`.

use squawk_syntax::ast::{self, AstNode, ColumnClause, Persistence, Stmt, TableArg};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::column::column_type;
use super::rows::sources;
use super::tree::{self, Reader, first, has, idents, lists, text_of};
use crate::sql::action::{NewFunction, NewIndex, NewTable, ObjectName, What};

impl Reader {
    pub(super) fn defines(&self, statement: &Stmt) -> Option<What> {
        Some(match statement {
            Stmt::CreateTable(it) => What::CreateTable(self.create_table(it)?),
            Stmt::CreateForeignTable(it) => What::CreateTable(NewTable {
                table: tree::name(&it.table_name()?)?,
                if_not_exists: it.if_not_exists().is_some(),
                partition_of: it.partition_of().and_then(|it| tree::name(&it)),
                ..self.arguments(it.table_arg_list().as_ref())
            }),
            Stmt::CreateTableAs(it) => What::CreateTableAs {
                table: tree::name(&it.table_name()?)?,
                is_temporary: matches!(it.persistence(), Some(Persistence::Temp(_))),
                if_not_exists: it.if_not_exists().is_some(),
                sources: sources(it.syntax()),
                has_data: !is_without_data(it.syntax()),
            },
            Stmt::SelectInto(it) => {
                let into = it.into_clause()?;
                What::CreateTableAs {
                    table: tree::name(&into.table_name()?)?,
                    is_temporary: matches!(into.persistence(), Some(Persistence::Temp(_))),
                    if_not_exists: false,
                    sources: sources(it.syntax()),
                    has_data: true,
                }
            }
            Stmt::CreateIndex(it) => What::CreateIndex(create_index(it)?),
            Stmt::CreateView(it) => What::CreateView {
                view: tree::name(&it.view()?)?,
                or_replace: it.or_replace().is_some(),
                sources: sources(it.syntax()),
            },
            Stmt::CreateMaterializedView(it) => What::CreateMaterializedView {
                view: tree::name(&it.view()?)?,
                if_not_exists: it.if_not_exists().is_some(),
                sources: sources(it.syntax()),
                has_data: !is_without_data(it.syntax()),
            },
            Stmt::CreateTrigger(it) => What::CreateTrigger {
                trigger: tree::ident(&it.trigger()?),
                table: tree::name(&it.on_relation()?)?,
                or_replace: it.or_replace().is_some(),
                for_each_row: first::<ast::ForEachRow>(it.syntax()).is_some(),
            },
            Stmt::CreateRule(it) => What::CreateRule { table: tree::name(&it.rule_on()?)? },
            Stmt::CreatePolicy(it) => What::CreatePolicy {
                policy: tree::ident(&it.policy()?),
                table: tree::name(&it.on_table()?)?,
            },
            other => return Reader::defines_others(other),
        })
    }

    /// What is made and is no relation, nor belongs to one.
    fn defines_others(statement: &Stmt) -> Option<What> {
        Some(match statement {
            Stmt::CreateType(it) => {
                What::CreateType { name: tree::name(&it.type_name()?)?, labels: labels(it) }
            }
            Stmt::CreateDomain(it) => What::CreateDomain {
                domain: tree::name(&it.domain()?)?,
                ty: it.ty().as_ref().map(column_type).unwrap_or_default(),
                has_constraint: it.domain_qualifiers().any(|it| {
                    has(it.syntax(), SyntaxKind::CHECK_KW) || has(it.syntax(), SyntaxKind::NOT_KW)
                }),
            },
            Stmt::CreateSequence(it) => What::CreateSequence {
                sequence: tree::name(&it.sequence()?)?,
                if_not_exists: it.if_not_exists().is_some(),
            },
            Stmt::CreateExtension(it) => What::CreateExtension {
                extension: tree::ident(&it.extension()?),
                if_not_exists: it.if_not_exists().is_some(),
            },
            Stmt::CreateFunction(it) => What::CreateFunction(NewFunction {
                function: tree::name(&it.name()?)?,
                or_replace: it.or_replace().is_some(),
                has_sql_body: it.body().is_some(),
                ..routine(it.option_list().as_ref())
            }),
            Stmt::CreateProcedure(it) => What::CreateFunction(NewFunction {
                function: tree::name(&it.name()?)?,
                or_replace: it.or_replace().is_some(),
                has_sql_body: it.body().is_some(),
                ..routine(it.option_list().as_ref())
            }),
            Stmt::CreateStatistics(it) => What::CreateStatistics {
                tables: it.from_table().and_then(|it| tree::name(&it)).into_iter().collect(),
            },
            Stmt::CreatePublication(it) => {
                What::Publish { tables: lists::<ast::PublicationObjectTable>(it.syntax()) }
            }
            _ => return None,
        })
    }

    pub(super) fn create_schema(it: &ast::CreateSchema) -> What {
        What::CreateSchema { schema: schema_name(it), if_not_exists: it.if_not_exists().is_some() }
    }

    fn create_table(&self, it: &ast::CreateTable) -> Option<NewTable> {
        let is_default =
            |it: &ast::PartitionType| matches!(it, ast::PartitionType::PartitionDefault(_));
        Some(NewTable {
            table: tree::name(&it.table_name()?)?,
            if_not_exists: it.if_not_exists().is_some(),
            is_temporary: matches!(it.persistence(), Some(Persistence::Temp(_))),
            is_partitioned: it.partition_by().is_some(),
            partition_of: it.partition_of().and_then(|it| tree::name(&it)),
            is_default_partition: it.partition_type().as_ref().is_some_and(is_default),
            inherits: it
                .inherits()
                .map(|it| lists::<ast::TableNameRef>(it.syntax()))
                .unwrap_or_default(),
            ..self.arguments(it.table_arg_list().as_ref())
        })
    }

    /// What stands between the parentheses of `CREATE TABLE`.
    fn arguments(&self, list: Option<&ast::TableArgList>) -> NewTable {
        let mut table = NewTable::default();
        for argument in list.into_iter().flat_map(ast::TableArgList::args) {
            match argument {
                TableArg::Column(it) => {
                    let clauses = it.clauses().filter_map(|it| match it {
                        ColumnClause::ColumnConstraint(it) => {
                            ast::Constraint::cast(it.syntax().clone())
                        }
                        _ => None,
                    });
                    let (name, ty) = (it.name(), it.ty());
                    table.columns.push(self.column(
                        it.syntax(),
                        name.as_ref(),
                        ty.as_ref(),
                        clauses,
                    ));
                }
                TableArg::LikeClause(it) => table.like.extend(tree::name(&it)),
                TableArg::TableConstraint(it) => {
                    let constraint = ast::Constraint::cast(it.syntax().clone());
                    table.constraints.extend(constraint.and_then(|it| self.constraint(&it, None)));
                }
            }
        }
        table
    }
}

/// The name of a schema that is made.
pub(super) fn schema_name(it: &ast::CreateSchema) -> String {
    let name = it.schema_name().and_then(|it| ObjectName::read(&it.text().to_string()));
    name.unwrap_or_default().name
}

fn create_index(it: &ast::CreateIndex) -> Option<NewIndex> {
    let relation = it.table_relation_name()?;
    let items = it.partition_item_list();
    let columns = items.iter().flat_map(ast::PartitionItemList::partition_items).map(|item| {
        match item.expr() {
            Some(ast::Expr::NameRef(column)) => Some(tree::ident(&column)),
            _ => None,
        }
    });
    Some(NewIndex {
        index: it.index().and_then(|it| tree::name(&it)).map(|it| it.name),
        table: tree::name(&relation)?,
        only: relation.only_token().is_some(),
        unique: it.unique_token().is_some(),
        concurrently: it.concurrently_token().is_some(),
        if_not_exists: it.if_not_exists().is_some(),
        columns: columns.collect(),
        is_partial: it.where_clause().is_some(),
    })
}

/// The labels of an enum; nothing for another type.
fn labels(it: &ast::CreateType) -> Option<Vec<String>> {
    let list = first::<ast::EnumType>(it.syntax())?;
    let variants = list.syntax().descendants().filter_map(ast::Variant::cast);
    Some(variants.filter_map(|it| it.literal().map(|it| text_of(it.syntax()))).collect())
}

pub(super) fn routine(options: Option<&ast::FuncOptionList>) -> NewFunction {
    let mut function = NewFunction::default();
    for option in options.into_iter().flat_map(ast::FuncOptionList::options) {
        match option {
            ast::FuncOption::SecurityDefinerFuncOption(_) => function.is_security_definer = true,
            ast::FuncOption::SetFuncOption(it) => {
                let names = idents::<ast::ConfigParameterRef>(it.syntax());
                function.sets_search_path |= names.iter().any(|it| it == "search_path");
            }
            _ => {}
        }
    }
    function
}

/// Whether a query is only to give the columns: `WITH NO DATA`.
fn is_without_data(node: &SyntaxNode) -> bool {
    node.children().any(|it| ast::WithNoData::can_cast(it.kind()))
}
