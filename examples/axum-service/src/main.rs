//! A service that migrates its database before it listens.
//!
//! Replicas may start together: one runs the migrations, the others wait for it and then find nothing to
//! do. Nobody is served by a schema that is not there yet.

mod invoices;
mod migrations;

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_postgres::NoTls;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let url = env::var("DATABASE_URL")
        .map_err(|_| "set DATABASE_URL to postgres://USER:PASSWORD@HOST:PORT/DATABASE")?;
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());

    // Kubernetes, systemd and docker ask with SIGTERM, perhaps while a migration runs.
    let mut terminate = signal(SignalKind::terminate())?;
    migrations::run(&url, &mut terminate).await?;
    // One connection for all requests; a service under load takes a pool.
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;

    let listener = TcpListener::bind(&address).await;
    let listener = listener.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    println!("listening on http://{}", listener.local_addr()?);
    // After the signal, what has begun is answered first.
    let service = axum::serve(listener, invoices::router(Arc::new(client)))
        .with_graceful_shutdown(async move { _ = terminate.recv().await });
    tokio::select! {
        served = service.into_future() => Ok(served?),
        // Whoever restarts this process gives it a new connection, and the wait for the database.
        ended = connection => Err(ended.err().map_or("the connection ended".into(), Into::into)),
    }
}

/// Says to the operator what went wrong. Neither the causes nor the hints hold the password.
pub(crate) fn report(error: &(dyn Error + 'static)) {
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(it) = cause {
        eprintln!("caused by: {it}");
        cause = it.source();
    }
    if let Some(error) = error.downcast_ref::<migrate_runtime::Error>() {
        if let Some(state) = error.state() {
            eprintln!("state: {state}");
        }
        for hint in error.hints() {
            eprintln!("hint: {hint}");
        }
    }
}
