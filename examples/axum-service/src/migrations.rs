//! The database: what is pending runs before the service listens.

use std::env;
use std::error::Error;
use std::time::Duration;

use migrate_runtime::{Event, MigrationSet, Migrator, Settings, embed_migrations};
use tokio::signal::unix::Signal;

static MIGRATIONS: MigrationSet = embed_migrations!("migrations");

/// Runs what is pending. The migrator opens a connection of its own and closes it again.
///
/// A request to end cancels what runs on the server, which rolls it back: the next start does it again.
pub(crate) async fn run(url: &str, terminate: &mut Signal) -> Result<(), Box<dyn Error>> {
    let wait = env::var("WAIT_FOR_DB").unwrap_or_else(|_| "30".to_owned());
    let wait = wait.parse().map_err(|_| "WAIT_FOR_DB is not a number of seconds")?;

    let mut settings = Settings::default();
    // Compose and Kubernetes start the service and its database at the same time.
    settings.wait_for_db = Duration::from_secs(wait);
    // The log in the database tells by this which version of the service ran a migration.
    settings.identity.application =
        Some(concat!(env!("CARGO_BIN_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned());

    let migrator = Migrator::from_url(&MIGRATIONS, url)?;
    let mut migrator = migrator.with_settings(settings).on_event(tell);
    // Migrating blocks, and what blocks has threads of its own.
    let interrupt = migrator.interrupt();
    let mut running = tokio::task::spawn_blocking(move || migrator.up());
    tokio::select! {
        ended = &mut running => drop(ended??),
        _ = terminate.recv() => {
            interrupt.interrupt();
            running.await??;
            return Err("asked to end while the last migration was committed".into());
        }
    }
    Ok(())
}

/// What an operator wants to see of a start that takes long.
fn tell(event: &Event) {
    match event {
        Event::WaitingForDatabase { reason } => eprintln!("waiting for the database: {reason}"),
        Event::Reconnecting { reason } => eprintln!("reconnecting: {reason}"),
        Event::WaitingForLock { holder } => eprintln!("waiting for another runner: {holder}"),
        Event::Started { version, name, .. } => eprintln!("running {version} {name}"),
        Event::Retrying { version, .. } => eprintln!("{version} waits for a lock on a table"),
        Event::Warning { message } => eprintln!("warning: {message}"),
        _ => {}
    }
}
