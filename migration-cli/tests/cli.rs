//! The binary as people and pipelines meet it: run as a process, against a real server.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "cli/adopting.rs"]
mod adopting;
#[path = "cli/backup.rs"]
mod backup;
#[path = "cli/batches.rs"]
mod batches;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/connection.rs"]
mod connection;
#[path = "cli/consent.rs"]
mod consent;
#[path = "cli/create.rs"]
mod create;
#[path = "cli/deep.rs"]
mod deep;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/documents.rs"]
mod documents;
#[path = "cli/drift.rs"]
mod drift;
#[path = "cli/embedded.rs"]
mod embedded;
#[path = "cli/exit_codes.rs"]
mod exit_codes;
#[path = "cli/force.rs"]
mod force;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/import.rs"]
mod import;
#[path = "cli/json.rs"]
mod json;
#[path = "cli/logs.rs"]
mod logs;
#[path = "cli/neutral.rs"]
mod neutral;
#[path = "cli/output.rs"]
mod output;
#[path = "cli/project.rs"]
mod project;
#[path = "cli/reference.rs"]
mod reference;
#[path = "cli/report.rs"]
mod report;
#[path = "cli/restore.rs"]
mod restore;
#[path = "cli/schema.rs"]
mod schema;
#[path = "cli/schema_file.rs"]
mod schema_file;
#[path = "cli/schema_parts.rs"]
mod schema_parts;
#[path = "cli/schema_refresh.rs"]
mod schema_refresh;
#[path = "cli/secrets.rs"]
mod secrets;
#[path = "cli/terminal.rs"]
mod terminal;
#[path = "cli/transcript.rs"]
mod transcript;
