//! The one place that opens connections.
//!
//! Hosts, TLS and keepalives belong here: everything above asks for a [`Link`] and does not know how it
//! came about.

mod error;
mod ways;

use std::time::Duration;

use tokio_postgres::Client;

use crate::config::Settings;
use crate::connect_options::ConnectOptions;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::fault::{self, Point};
use crate::interrupt::Interrupt;
use crate::progress::Event;
use crate::transport::Link;

#[cfg(feature = "testing")]
pub(crate) use error::server_name;
pub(crate) use error::{Cause, ConnectError, reason};
pub(crate) use ways::Way;
#[cfg(any(feature = "testing", feature = "backup"))]
pub(crate) use ways::translate;

use error::describe;
use ways::Ways;

/// The pause between two attempts to reach a server that does not answer yet.
const PAUSE: Duration = Duration::from_millis(250);

/// Opens a connection, again and again until `wait_for_db` is over.
pub(crate) fn connect(
    options: &ConnectOptions,
    settings: &Settings,
    (token, command): (&str, &str),
    interrupt: &Interrupt,
    tell: &mut dyn FnMut(Event),
) -> Result<Link, Error> {
    let mut ways = Ways::new(options, settings, token)?;
    let deadline = Deadline::after(settings.wait_for_db);
    loop {
        let (error, config) = match ways.open(interrupt)? {
            Ok(link) => {
                fault::at(Point::Connected);
                return Ok(link);
            }
            Err(failed) => failed,
        };
        // The first attempt is always made, and without waiting it is the only one.
        if !error.passes || settings.wait_for_db.is_zero() || deadline.is_over() {
            return Err(describe(error, &config, command));
        }
        tell(Event::WaitingForDatabase { reason: error.to_string() });
        interrupt.sleep(PAUSE)?;
    }
}

/// How long a second connection may take over something: what it is to look at may be gone by then.
pub(crate) const BESIDE: Duration = Duration::from_secs(5);

/// Opens a second connection like the first one, on the same runtime.
pub(crate) async fn open_beside(way: Way) -> Result<Client, String> {
    let opening = async {
        // What asks for a password may take its time.
        let way = tokio::task::spawn_blocking(move || way.renewed()).await;
        let Way { config, tls, .. } = way.map_err(|it| it.to_string())??;
        let open = async {
            let (client, connection) = config.connect(tls).await?;
            // What goes wrong with it, the next message says.
            tokio::spawn(async { drop(connection.await) });
            let limit = format!("SET statement_timeout = '{}s'", BESIDE.as_secs());
            client.batch_execute(&limit).await?;
            Ok(client)
        };
        open.await.map_err(|it: postgres::Error| reason(&it))
    };
    match tokio::time::timeout(BESIDE, opening).await {
        Ok(opened) => opened,
        Err(_) => Err(format!("no connection within {} s", BESIDE.as_secs())),
    }
}
