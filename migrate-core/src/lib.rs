//! The model of a set of migrations, and the one resolver that reads and checks a folder of them.

mod checksum;
mod migration;
mod sql;
mod version;

pub use checksum::{Checksum, ChecksumError};
pub use migration::{
    Allow, ByteRange, Directives, Migration, MigrationSet, Mode, Script, Statement,
};
pub use sql::StatementKind;
pub use version::{Version, VersionError};
