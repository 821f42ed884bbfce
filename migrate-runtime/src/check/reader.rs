//! Reading the schema of the database that a proof is made on, again and again over one connection: the server
//! need not find its catalogs anew each time.

use crate::config::Settings;
use crate::connect::connect;
use crate::connect_options::ConnectOptions;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::migrator::outside_of_async;
use crate::read_schema::read;
use crate::schema::Schema;
use crate::snapshot::unreadable;
use crate::transport::{Keep, Link};

/// Reads one database.
pub(super) struct Reader {
    settings: Settings,
    interrupt: Interrupt,
    /// There from the first time on.
    link: Option<Link>,
}

impl Reader {
    pub(super) fn new(settings: Settings, interrupt: Interrupt) -> Reader {
        Reader { settings, interrupt, link: None }
    }

    /// The database that was read is about to go.
    pub(super) fn close(&mut self) {
        let link = self.link.take();
        outside_of_async(|| drop(link));
    }

    pub(super) fn read(&mut self, options: &ConnectOptions) -> Result<Schema, Error> {
        // A script may end all other sessions; a role may have a limit for those that do nothing.
        let is_used = self.link.is_some();
        match self.attempt(options) {
            Err(error) if is_used && error.kind() == ErrorKind::ConnectionLost => {
                self.close();
                self.attempt(options)
            }
            read => read,
        }
    }

    fn attempt(&mut self, options: &ConnectOptions) -> Result<Schema, Error> {
        let Reader { settings, interrupt, link } = self;
        outside_of_async(|| {
            if link.is_none() {
                let token = uuid::Uuid::new_v4().to_string();
                let who = (token.as_str(), "check");
                *link = Some(connect(options, settings, who, interrupt, &mut |_| {})?);
            }
            let Some(link) = link else { return Ok(Schema::default()) };
            let read = read(&settings.schema, &mut |message| link.send(message, Keep::All));
            read.map_err(|failure| unreadable(failure, interrupt))
        })
    }
}
