//! Projects as users have them: outside of the workspace, with the published parts as dependencies, built
//! by cargo and run as programs. Slow to build, so this binary holds all of them.
#![expect(clippy::unwrap_used, reason = "a project that cannot be built is a failed test")]

#[path = "projects/axum_service.rs"]
mod axum_service;
#[path = "projects/contracts_cli.rs"]
mod contracts_cli;
#[path = "projects/dependencies.rs"]
mod dependencies;
#[path = "projects/project.rs"]
mod project;
#[path = "projects/readme.rs"]
mod readme;
#[path = "projects/stale_build.rs"]
mod stale_build;
