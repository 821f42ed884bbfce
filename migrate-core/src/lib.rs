//! The model of a set of migrations, and the one resolver that reads and checks a folder of them.
//!
//! The macro, the command line and the runtime share what is here, so they cannot disagree about
//! names, checksums, statements and modes. This crate knows no clock, no environment, no network and
//! no terminal; it touches the file system in [`read_folder`] and [`compare_folder`] alone.

#[cfg(feature = "parser")]
mod analysis;
mod baked;
mod batch;
mod checksum;
mod directive;
mod duration;
mod effect;
mod file_name;
mod folder;
#[cfg(feature = "parser")]
mod lint;
mod migration;
mod pairing;
mod place;
mod problem;
mod resolve;
mod script;
mod severity;
#[cfg(feature = "snippet")]
pub mod snippet;
mod source;
mod spelling;
mod sql;
mod version;

#[cfg(feature = "parser")]
pub use analysis::{Analysis, AnalyzedMigration, analyze};
pub use baked::{ScriptFacts, ScriptFinding};
pub use batch::{Batch, BatchPart};
pub use checksum::{Checksum, ChecksumError};
pub use duration::parse_duration_ms;
pub use effect::{Blocks, Effect, LockMode, Whose, Work};
pub use file_name::{Direction, FileName, FileNameError, is_migration_name};
pub use folder::{Change, Stale, compare_folder, read_folder};
#[cfg(feature = "parser")]
pub use lint::{Example, Level, LintFinding, LintOptions, OptionsError, RULES, Rule, rules_page};
pub use migration::{
    Allow, ByteRange, Directives, Manner, Migration, MigrationSet, Mode, Script, Statement,
};
pub use place::{Place, line_text, place_of};
pub use problem::{Problem, ProblemKind};
pub use resolve::{SourceFile, resolve};
pub use severity::Severity;
pub use source::{SourceAllow, SourceDirectives, SourceMigration, SourceScript, SourceSet};
pub use spelling::nearest;
pub use sql::{
    Name, SplitError, StatementKind, Target, WaitsFor, split, tables, target, words as sql_words,
};
pub use version::{Version, VersionError};
