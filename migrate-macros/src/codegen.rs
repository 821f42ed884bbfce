//! Tokens: a set, or the errors in its place.
//!
//! The shapes here were chosen by what they cost the compiler; `benches/expansion.sh` measures it.

use std::path::{Path, PathBuf};

use migrate_core::{Mode, SourceDirectives, SourceScript, SourceSet, Statement, StatementKind};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::args::Args;
use crate::build_script::Watch;
use crate::lint::Linted;
use crate::revision::Revision;

/// What is embedded.
pub(crate) struct Embedded {
    /// What stands before the names of files in messages.
    pub(crate) name: String,
    /// Where the folder lies.
    pub(crate) source: String,
    /// Who tells cargo of changed scripts.
    pub(crate) watch: Watch,
    /// What the build is to warn of.
    pub(crate) warning: Option<String>,
    /// What the sources were at.
    pub(crate) revision: Revision,
    /// What the lint says.
    pub(crate) linted: Linted,
    /// The migrations.
    pub(crate) set: SourceSet,
}

/// An empty set and one error for each message, all at one place.
pub(crate) fn failure(runtime: &TokenStream, span: Span, messages: &[String]) -> TokenStream {
    quote_spanned!(span=> {
        #(::core::compile_error!(#messages);)*
        #runtime::__private::EMPTY
    })
}

/// The expression that is the set.
pub(crate) fn set(args: &Args, embedded: &Embedded) -> TokenStream {
    let private = {
        let runtime = &args.runtime;
        quote!(#runtime::__private)
    };
    let span = args.path.span();
    let warning = embedded.warning.as_deref().map(|it| warning(span, NOT_WATCHED, it));
    let found = findings(span, &embedded.linted);
    let mut tables = Tables::new(embedded.watch);
    for migration in &embedded.set.migrations {
        tables.numbers.push(migration.version.get());
        let name = &migration.name;
        tables.texts.push(quote!(#name));
        tables.script(&migration.up);
        tables.script(&migration.down);
    }
    let migrations = tables.migrations(&private, embedded.set.migrations.len());
    let (name, source) = (&embedded.name, &embedded.source);
    let tracked = tracked(&embedded.revision, embedded.linted.options_file.as_deref());
    let analysis = option(embedded.linted.analysis.as_deref());
    let revision = option(embedded.revision.text.as_deref());
    quote!({
        #warning
        #found
        #migrations
        #tracked
        #private::MigrationSet::new(&MIGRATIONS)
            .with_folder(#name)
            .with_revision(#revision)
            .with_analysis(#analysis)
            .with_source(if ::core::cfg!(debug_assertions) {
                ::core::option::Option::Some(#source)
            } else {
                ::core::option::Option::None
            })
    })
}

/// What has the compiler tell cargo of that with which the revision and the options change. Nothing of it
/// gets into the program.
fn tracked(revision: &Revision, options_file: Option<&Path>) -> TokenStream {
    let files = revision.tracked.iter().map(PathBuf::as_path).chain(options_file);
    let files: Vec<&str> = files.filter_map(Path::to_str).collect();
    let count = files.len();
    quote!(
        const _: ::core::option::Option<&str> = ::core::option_env!("MIGRATION_REVISION");
        const _: [&[u8]; #count] = [#(::core::include_bytes!(#files)),*];
    )
}

/// The constant whose use is the warning.
const NOT_WATCHED: &str = "FOLDER_IS_NOT_WATCHED";

/// A warning on stable Rust: the use of something deprecated.
fn warning(span: Span, name: &str, note: &str) -> TokenStream {
    let name = Ident::new(name, span);
    quote_spanned!(span=>
        const _: () = {
            #[deprecated(note = #note)]
            const #name: () = ();
            #name
        };
    )
}

/// What the lint found, each as a warning of its own, and what keeps a release from being built.
fn findings(span: Span, linted: &Linted) -> TokenStream {
    let warnings = linted.warnings.iter().map(|(rule, message)| {
        let name = rule.replace('-', "_").to_uppercase();
        warning(span, &name, message)
    });
    let errors = linted.release_errors.iter();
    quote_spanned!(span=>
        #(#warnings)*
        #(#[cfg(not(debug_assertions))] ::core::compile_error!(#errors);)*
    )
}

/// The arrays of literals that `migrate_runtime::__private` makes the set of.
struct Tables {
    watch: Watch,
    numbers: Vec<u64>,
    texts: Vec<TokenStream>,
    checksums: Vec<u8>,
    /// The first are none, which costs nothing.
    directives: Vec<SourceDirectives>,
    kinds: Vec<StatementKind>,
    /// Those of scripts with one statement, with two, three and four, and of all others.
    statements: [Vec<u128>; 5],
    /// Scripts whose text is not what their file holds, byte for byte.
    edited: Vec<String>,
}

impl Tables {
    fn new(watch: Watch) -> Tables {
        Tables {
            watch,
            numbers: Vec::new(),
            texts: Vec::new(),
            checksums: Vec::new(),
            directives: vec![SourceDirectives::default()],
            kinds: Vec::new(),
            statements: Default::default(),
            edited: Vec::new(),
        }
    }

    fn script(&mut self, script: &SourceScript) {
        let directives = index_of(&mut self.directives, &script.directives);
        let standalone = u64::from(script.mode == Mode::Standalone);
        let count = script.statements.len();
        self.numbers.push(count as u64 | directives << 32 | standalone << 63);
        self.text(script);
        self.checksums.extend(script.checksum.bytes());
        for statement in &script.statements {
            let number = self.statement(statement);
            self.statements[count.min(5) - 1].push(number);
        }
    }

    /// Where the build script has the folder watched, a literal is enough, and costs less than an
    /// include. Elsewhere the compiler has to tell cargo of every file, which it does of those that it
    /// includes; where it would include a byte order mark or other line ends, the right text stands
    /// beside an include that nobody uses.
    fn text(&mut self, script: &SourceScript) {
        let (sql, path) = (&script.sql, script.path.to_string_lossy());
        if self.watch == Watch::Watched {
            self.texts.push(quote!(#sql));
        } else if script.verbatim {
            self.texts.push(quote!(::core::include_str!(#path)));
        } else {
            self.texts.push(quote!(#sql));
            self.edited.push(path.into_owned());
        }
    }

    fn statement(&mut self, statement: &Statement) -> u128 {
        let kind = index_of(&mut self.kinds, &statement.kind);
        let Statement { range, line, .. } = *statement;
        u128::from(range.start)
            | u128::from(range.end) << 32
            | u128::from(line) << 64
            | u128::from(kind) << 96
            | u128::from(statement.manner.number()) << 120
    }

    /// The constant that is `MIGRATIONS`, and what it needs.
    fn migrations(&self, private: &TokenStream, count: usize) -> TokenStream {
        let (texts, edited, edited_count) = (&self.texts, &self.edited, self.edited.len());
        let numbers = self.numbers.iter().map(|it| Literal::u64_unsuffixed(*it));
        let checksums = Literal::byte_string(&self.checksums);
        let directives = self.directives.iter().map(|it| directives_of(private, it));
        let directives_count = self.directives.len();
        let kinds = self.kinds.iter().map(|it| Ident::new(&format!("{it:?}"), Span::call_site()));
        let statements = self.statements.iter().flatten().map(|it| Literal::u128_unsuffixed(*it));
        let statement_count: usize = self.statements.iter().map(Vec::len).sum();
        let shares = self.statements[..4].iter().map(Vec::len);
        quote!(
            const _: [&str; #edited_count] = [#(::core::include_str!(#edited)),*];
            static STATEMENTS: [#private::Statement; #statement_count] = #private::statements(
                &[#(#private::StatementKind::#kinds),*],
                &[#(#statements),*],
            );
            static DIRECTIVES: [#private::Directives; #directives_count] = [#(#directives),*];
            static MIGRATIONS: [#private::Migration; #count] =
                #private::migrations(&#private::Literals {
                    numbers: &[#(#numbers),*],
                    texts: &[#(#texts),*],
                    checksums: #checksums,
                    directives: &DIRECTIVES,
                    shares: [#(#shares),*],
                    statements: &STATEMENTS,
                });
        )
    }
}

/// The index of an element, which is added where it is new.
fn index_of<T: Clone + PartialEq>(known: &mut Vec<T>, wanted: &T) -> u64 {
    let index = known.iter().position(|it| it == wanted).unwrap_or_else(|| {
        known.push(wanted.clone());
        known.len() - 1
    });
    index as u64
}

fn directives_of(private: &TokenStream, directives: &SourceDirectives) -> TokenStream {
    let lock_timeout = option(directives.lock_timeout_ms);
    let statement_timeout = option(directives.statement_timeout_ms);
    let no_parse = option(directives.no_parse.as_deref());
    let irreversible = option(directives.irreversible.as_deref());
    let rules = directives.allow.iter().map(|it| &it.rule);
    let reasons = directives.allow.iter().map(|it| &it.reason);
    quote!(#private::Directives::embedded(
        #lock_timeout,
        #statement_timeout,
        #no_parse,
        #irreversible,
        &[#(#private::Allow::new(#rules, #reasons)),*],
    ))
}

fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    value.map_or_else(
        || quote!(::core::option::Option::None),
        |value| quote!(::core::option::Option::Some(#value)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_denied_in_releases_alone_is_an_error_of_theirs() {
        let linted = Linted {
            warnings: vec![("drop-table", "what is found".to_owned())],
            release_errors: vec!["what is found".to_owned()],
            ..Linted::default()
        };
        let tokens = findings(Span::call_site(), &linted).to_string();
        let error =
            "# [cfg (not (debug_assertions))] :: core :: compile_error ! (\"what is found\")";
        assert!(tokens.contains(error) && tokens.contains("const DROP_TABLE"), "{tokens}");
    }
}
