//! Getting at the nodes of a tree.

use squawk_syntax::ast::{AstNode, DropBehavior};
use squawk_syntax::{SyntaxElement, SyntaxKind, SyntaxNode};

use crate::ByteRange;
use crate::sql::action::{Action, ObjectName, What};
use crate::sql::byte_range;

/// Knows where the statement stands in its script.
pub(super) struct Reader {
    pub(super) start: u32,
}

impl Reader {
    pub(super) fn action(&self, node: &SyntaxNode, what: What) -> Action {
        let behavior = node.children().find_map(DropBehavior::cast);
        let cascades = matches!(behavior, Some(DropBehavior::Cascade(_)));
        Action { range: self.range(node), what, cascades }
    }

    /// Where a node stands in the script, without the semicolon behind it.
    pub(super) fn range(&self, node: &SyntaxNode) -> ByteRange {
        let range = node.text_range();
        let offset = self.start as usize;
        byte_range(offset + usize::from(range.start()), offset + usize::from(range.end()))
    }
}

/// The first node of a kind below another one.
pub(super) fn first<T: AstNode>(node: &SyntaxNode) -> Option<T> {
    node.descendants().find_map(T::cast)
}

/// The name that a node is, or has.
pub(super) fn name(node: &impl AstNode) -> Option<ObjectName> {
    let is_path = |it: &SyntaxNode| matches!(it.kind(), SyntaxKind::PATH | SyntaxKind::PATH_REF);
    let path = node.syntax().descendants().find(is_path)?;
    ObjectName::read(&path.text().to_string())
}

/// The name that a node is where names have no schema.
pub(super) fn ident(node: &impl AstNode) -> String {
    ObjectName::read(&node.syntax().text().to_string()).unwrap_or_default().name
}

/// The names of all nodes of a kind below another one.
pub(super) fn lists<T: AstNode>(node: &SyntaxNode) -> Vec<ObjectName> {
    node.descendants().filter_map(T::cast).filter_map(|it| name(&it)).collect()
}

/// The same, where names have no schema.
pub(super) fn idents<T: AstNode>(node: &SyntaxNode) -> Vec<String> {
    node.descendants().filter_map(T::cast).map(|it| ident(&it)).collect()
}

/// Whether one of the tokens of a node is this.
pub(super) fn has(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    let mut tokens = node.descendants_with_tokens().filter_map(SyntaxElement::into_token);
    tokens.any(|it| it.kind() == kind)
}

/// A constant in quotes, without them.
pub(super) fn text_of(node: &SyntaxNode) -> String {
    let text = node.text().to_string();
    let text = text.trim();
    match text.strip_prefix('\'').and_then(|it| it.strip_suffix('\'')) {
        Some(inner) => inner.replace("''", "'"),
        None => text.to_owned(),
    }
}
