//! What the tests share: a PostgreSQL server for the test process, a database for each test, a
//! proxy that counts and breaks, and sets of migrations written in the test itself.
//!
//! Everything panics instead of returning errors: a test that cannot have what it asks for has
//! failed, and the place where it asked is the place to look at.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::missing_panics_doc, reason = "everything here panics, see above")]

pub mod child;
pub mod chromium;
mod database;
pub mod doubling;
mod dump;
pub mod harness;
pub mod picture;
mod pooler;
pub mod production_data;
pub mod proxy;
mod server;
mod set;
mod wait;

pub use database::{Role, TestDatabase};
pub use dump::{schema_dump, whole_dump};
pub use pooler::{Pooler, has_pooler};
pub use server::{End, Server, server, standby};
pub use set::{analyzed_set, findings, set};
pub use wait::{BLOCKED, wait_until};

#[cfg(test)]
mod tests;
