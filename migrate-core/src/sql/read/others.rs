//! What changes objects that are there, tables excepted, and what sets or maintains something.

use squawk_syntax::ast::{self, AlterDomainAction, AlterIndexAction, AlterTypeAction, AstNode};
use squawk_syntax::ast::{AlterViewAction, Stmt};
use squawk_syntax::{SyntaxElement, SyntaxKind, SyntaxNode};

use super::functions::alters_functions;
use super::roles::gives_password;
use super::tree::{self, Reader, first, lists, text_of};
use crate::LockMode;
use crate::sql::action::{DomainChange, IndexChange, ObjectName, What};
use crate::sql::words;

impl Reader {
    pub(super) fn changes(statement: &Stmt) -> Option<What> {
        Reader::alters(statement)
            .or_else(|| alters_functions(statement))
            .or_else(|| gives_password(statement))
            .or_else(|| Reader::maintains(statement))
    }

    fn alters(statement: &Stmt) -> Option<What> {
        Some(match statement {
            Stmt::AlterIndex(it) => What::AlterIndex {
                index: tree::name(&it.index_ref()?)?,
                change: match it.action()? {
                    AlterIndexAction::IndexRenameTo(it) => {
                        IndexChange::Rename { to: tree::name(&it.index()?)?.name }
                    }
                    AlterIndexAction::AttachIndexPartition(it) => {
                        IndexChange::Attach { partition: tree::name(&it.index_ref()?)? }
                    }
                    AlterIndexAction::SetTablespace(_) => IndexChange::Move,
                    _ => IndexChange::Set,
                },
            },
            Stmt::AlterView(it) => What::AlterView {
                view: tree::name(&it.view_ref()?)?,
                renamed_to: match it.action()? {
                    AlterViewAction::ViewRenameTo(it) => Some(tree::name(&it.view()?)?.name),
                    _ => None,
                },
            },
            Stmt::AlterMaterializedView(it) => What::AlterView {
                view: tree::name(&it.view_ref()?)?,
                renamed_to: first::<ast::ViewRenameTo>(it.syntax())
                    .and_then(|it| Some(tree::name(&it.view()?)?.name)),
            },
            Stmt::AlterTrigger(it) => What::AlterTrigger {
                trigger: tree::ident(&it.trigger_ref()?),
                table: tree::name(&it.on_relation()?)?,
                renamed_to: first::<ast::TriggerRenameTo>(it.syntax())
                    .and_then(|it| Some(tree::ident(&it.trigger()?))),
            },
            Stmt::AlterRule(it) => What::ChangeRule { table: tree::name(&it.on_relation()?)? },
            Stmt::AlterPolicy(it) => What::AlterPolicy {
                policy: tree::ident(&it.policy_ref()?),
                table: tree::name(&it.on_table()?)?,
                renamed_to: first::<ast::PolicyRenameTo>(it.syntax())
                    .and_then(|it| Some(tree::ident(&it.policy()?))),
            },
            Stmt::AlterType(it) => alter_type(it)?,
            Stmt::AlterDomain(it) => What::AlterDomain {
                domain: tree::name(&it.domain_ref()?)?,
                change: match it.action()? {
                    AlterDomainAction::AddConstraint(it) => DomainChange::AddCheck {
                        not_valid: first::<ast::NotValid>(it.syntax()).is_some(),
                    },
                    AlterDomainAction::SetNotNull(_) => DomainChange::SetNotNull,
                    AlterDomainAction::ValidateConstraint(_) => DomainChange::Validate,
                    _ => DomainChange::Other,
                },
            },
            Stmt::AlterSequence(it) => What::AlterSequence {
                sequence: tree::name(&it.sequence_ref()?)?,
                is_about_numbers: it
                    .actions()
                    .all(|it| matches!(it, ast::AlterSequenceAction::SequenceOption(_))),
                renamed_to: first::<ast::SequenceRenameTo>(it.syntax())
                    .and_then(|it| tree::name(&it))
                    .map(|it| it.name),
            },
            Stmt::AlterPublication(it) => {
                What::Publish { tables: lists::<ast::PublicationObjectTable>(it.syntax()) }
            }
            _ => return None,
        })
    }

    fn maintains(statement: &Stmt) -> Option<What> {
        Some(match statement {
            Stmt::Reindex(it) => {
                let concurrently = it.is_concurrently();
                match it.reindex_target()? {
                    ast::ReindexTarget::ReindexTargetIndex(it) => {
                        What::ReindexIndex { index: tree::name(&it.index_ref()?)?, concurrently }
                    }
                    ast::ReindexTarget::ReindexTargetTable(it) => What::ReindexTable {
                        table: tree::name(&it.table_name_ref()?)?,
                        concurrently,
                    },
                    _ => What::ReindexAll { concurrently },
                }
            }
            Stmt::Refresh(it) => What::Refresh {
                view: tree::name(&it.view_ref()?)?,
                concurrently: it.concurrently_token().is_some(),
            },
            Stmt::Truncate(it) => {
                What::Truncate { tables: lists::<ast::TableNameRef>(it.syntax()) }
            }
            Stmt::Lock(it) => What::Lock {
                tables: lists::<ast::RelationName>(it.syntax()),
                only: it
                    .syntax()
                    .descendants()
                    .filter_map(ast::RelationName::cast)
                    .filter(|it| it.only_token().is_some())
                    .filter_map(|it| tree::name(&it))
                    .collect(),
                mode: it
                    .lock_mode_clause()
                    .and_then(|it| it.lock_mode())
                    .and_then(|it| {
                        LockMode::from_word(&words(&it.syntax().text().to_string()).join(" "))
                    })
                    .unwrap_or(LockMode::AccessExclusive),
            },
            Stmt::Analyze(it) => {
                What::Analyze { tables: lists::<ast::TableRelationName>(it.syntax()) }
            }
            Stmt::Vacuum(it) => What::Vacuum {
                tables: lists::<ast::TableRelationName>(it.syntax()),
                full: is_full(it.syntax()),
            },
            Stmt::Cluster(it) => What::Cluster { table: tree::name(it)? },
            Stmt::CommentOn(it) => What::Comment { table: commented(&it.comment_object()?) },
            Stmt::Grant(it) => What::Grant { tables: granted(it.syntax()) },
            Stmt::Revoke(it) => What::Grant { tables: granted(it.syntax()) },
            Stmt::Set(it) => {
                let target = it.set_target()?;
                let parameter = first::<ast::ConfigParameterRef>(target.syntax());
                What::Set {
                    parameter: parameter.map(|it| tree::ident(&it)).unwrap_or_default(),
                    value: first::<ast::ConfigAssignment>(target.syntax())
                        .map(|it| it.syntax().text().to_string())
                        .unwrap_or_default(),
                }
            }
            _ => return None,
        })
    }
}

fn alter_type(it: &ast::AlterType) -> Option<What> {
    let ty = tree::name(&it.type_name_ref()?)?;
    Some(match it.action()? {
        AlterTypeAction::AddValue(it) => What::AddEnumValue {
            ty,
            value: it.literal().map(|it| text_of(it.syntax())).unwrap_or_default(),
            if_not_exists: it.if_not_exists().is_some(),
        },
        AlterTypeAction::TypeRenameTo(it) => {
            What::AlterType { ty, renamed_to: Some(tree::name(&it.type_name()?)?.name) }
        }
        AlterTypeAction::RenameValue(it) => {
            let mut labels = it.syntax().descendants().filter_map(ast::Literal::cast);
            let (from, to) = (labels.next()?, labels.next()?);
            let (from, to) = (text_of(from.syntax()), text_of(to.syntax()));
            What::RenameEnumValue { ty, from, to }
        }
        _ => What::AlterType { ty, renamed_to: None },
    })
}

/// The table that a comment is on, or on a part of.
fn commented(object: &ast::CommentObject) -> Option<ObjectName> {
    match object {
        ast::CommentObject::ObjectTable(it) => tree::name(it),
        ast::CommentObject::ObjectColumn(it) => {
            let column = it.name()?.path_ref()?;
            tree::name(&column.qualifier()?)
        }
        _ => None,
    }
}

fn granted(node: &SyntaxNode) -> Vec<ObjectName> {
    let of_table = first::<ast::PrivilegeTable>(node).map(|it| it.syntax().clone());
    let named = of_table.or_else(|| Some(first::<ast::PrivilegeDefault>(node)?.syntax().clone()));
    named.map(|it| lists::<ast::RelationNameRef>(&it)).unwrap_or_default()
}

/// Whether `VACUUM` has FULL among its options, and not as one that is switched off.
fn is_full(node: &SyntaxNode) -> bool {
    let tokens = node.descendants_with_tokens().filter_map(SyntaxElement::into_token);
    let mut words = tokens.filter(|it| !it.kind().is_trivia());
    let is_there = words.any(|it| it.kind() == SyntaxKind::FULL_KW);
    let value = words.next().map(|it| it.text().to_ascii_lowercase());
    is_there && !matches!(value.as_deref(), Some("false" | "off" | "0" | "'false'" | "'off'"))
}
