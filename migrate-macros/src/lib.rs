//! `embed_migrations!`: checks a migrations folder while the program is built and bakes it in. And
//! `#[migration_test]`, for tests of what is baked in.
//!
//! What is read, checked and meant is decided in `migrate-core`, which the command line uses too. This
//! crate finds the folder, turns problems into compile errors and the set into tokens. Users reach
//! the macros as `migrate_runtime::embed_migrations!` and `migrate_runtime::testing::migration_test`.

mod args;
mod build_script;
mod codegen;
mod embed;
mod lint;
mod revision;
mod test_attr;

use proc_macro::TokenStream;

/// Embeds a folder of migrations as a `MigrationSet`.
///
/// ```ignore
/// use migrate_runtime::{MigrationSet, embed_migrations};
///
/// static MIGRATIONS: MigrationSet = embed_migrations!("migrations");
/// ```
///
/// The folder is read, checked, parsed and hashed while the program is built; what is left for run
/// time is a `static`. The expression is constant. Every problem of every script is a compile error
/// that names file, line and column; a folder that exists and holds no migration yet is an empty set.
///
/// The path is relative to the folder of the crate's `Cargo.toml`, or absolute. Arguments that may
/// follow it:
///
/// - `relative_to = file`: the path is relative to the file that calls the macro.
/// - `crate = ::path::to::migrate_runtime`: where the crate `migrate_runtime` is found, for those who
///   renamed it or reach it through another crate.
///
/// # Rebuilding
///
/// A changed, deleted or renamed script is noticed by the next build as it is. An added one is noticed
/// when a build script watches the folder; where none does, the macro warns. This is all it takes:
///
/// ```ignore
/// // build.rs
/// fn main() {
///     println!("cargo::rerun-if-changed=migrations");
/// }
/// ```
///
/// Cargo watches a folder as a whole: when another file in it is written, `schema.rs` for one, the crate
/// is compiled once more than needed.
///
/// # Revision
///
/// The set knows the commit that the repository of the folder was at when the program was built
/// (`MigrationSet::revision`), and the log in the database keeps it. What was not committed is not seen. After
/// a commit, cargo compiles the crate that embeds the folder again, and nothing else; a build that shall not,
/// or one outside of the repository (an image, an archive), sets `MIGRATION_REVISION`: to the revision, or to
/// `none`. A crate that cargo packaged knows the commit that it was packaged from.
///
/// # Lint
///
/// What is valid SQL and would still hurt a database in use, or lose what nobody brings back, is a warning of
/// the build: an index that is built while nobody can write, a column that has a table written anew. A script
/// accepts what is found in it with `-- migrate:allow RULE because REASON`. `[lint]` in the nearest
/// `migration.toml`, from beside the folder upwards, makes warnings errors (`deny = ["warnings"]`, or the names
/// of rules), leaves out what is older than a `baseline`, and `postgres_version` names the oldest server. Cargo
/// watches the file once it has been read: after making it, build something that changed, or touch the source that
/// embeds the folder.
///
/// # Build times
///
/// Macros are built without optimisation unless told otherwise, and this one parses SQL. With many
/// migrations, say so in the `Cargo.toml` of the workspace:
///
/// ```toml
/// [profile.dev.build-override]
/// opt-level = 2
/// ```
///
/// The feature `parser`, on by default, is what parses SQL. Without it a mistake in a statement shows
/// when the statement runs; everything else is checked all the same.
#[proc_macro]
pub fn embed_migrations(input: TokenStream) -> TokenStream {
    embed::expand(input.into()).into()
}

/// Makes a function a test that has a migrated database of its own.
///
/// ```ignore
/// use migrate_runtime::testing::{TestConnection, migration_test};
///
/// #[migration_test]
/// fn roles_have_unique_names(db: &mut TestConnection) {
///     db.execute("INSERT INTO roles (name) VALUES ('clerk')", &[]).unwrap();
///     db.execute("INSERT INTO roles (name) VALUES ('clerk')", &[]).unwrap_err();
/// }
/// ```
///
/// The migrations run for the first test that needs them; every other one is given a copy of what they have
/// made, which is gone with the test, also when it panics. Where the copies are, and what is kept, is told in
/// `migrate_runtime::testing`.
///
/// The function takes a `&mut TestConnection`, or a `TestConnection`, and returns what the functions of
/// `#[test]` return. Attributes such as `#[ignore]` and `#[should_panic(expected = "…")]` mean what they mean
/// there; a `#[should_panic]` that takes every panic is refused, since without a database it would pass. Async
/// functions are refused, since the client blocks: what is async runs in a runtime that the test makes.
///
/// Arguments:
///
/// - `migrations = path::to::MIGRATIONS`: the `static` or `const` that is the set; `crate::MIGRATIONS` unless told.
/// - `at = "20240320000000"`: the last migration that runs, which the set must have: that is checked while the
///   test is compiled. To test what a later one does to data that an earlier one allowed, put in the data and
///   run `db.migrator(&MIGRATIONS).up()`.
/// - `crate = ::path::to::migrate_runtime`: where the crate `migrate_runtime` is found, for those who renamed it
///   or reach it through another crate.
#[proc_macro_attribute]
pub fn migration_test(args: TokenStream, item: TokenStream) -> TokenStream {
    test_attr::expand(args.into(), item.into()).into()
}
