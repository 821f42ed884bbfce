//! One call of the front door: reads, plans, and runs what was planned under the lock.

use migrate_core::{Direction, MigrationSet};

use crate::audit::Audit;
use crate::config::{Down, Settings, Up};
use crate::connection::Connection;
use crate::error::Error;
use crate::extras::stored_scripts;
use crate::history::{History, Server, Store};
use crate::interrupt::Interrupt;
use crate::plan::{Plan, Refusal, plan_down, plan_up, wanted_scripts};
use crate::progress::Event;
use crate::run::Run;
use crate::safeguard::{Safeguard, with_way_back};
use crate::transport::Reply;

/// What one call needs besides the connection.
pub(crate) struct Call<'a> {
    pub(crate) set: MigrationSet,
    pub(crate) settings: &'a Settings,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) token: String,
    pub(crate) command: &'static str,
    pub(crate) agreed: Option<&'a Plan>,
    pub(crate) safeguard: Option<&'a dyn Safeguard>,
}

/// What is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Request<'a> {
    Up(&'a Up),
    Down(&'a Down),
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        set: &MigrationSet,
        settings: &'a Settings,
        interrupt: &'a Interrupt,
        command: &'static str,
    ) -> Call<'a> {
        let token = uuid::Uuid::new_v4().to_string();
        Call { set: *set, settings, interrupt, token, command, agreed: None, safeguard: None }
    }

    pub(crate) fn parts(&self) -> (Store, Audit) {
        let store = Store::new(&self.settings.schema);
        let mut identity = self.settings.identity.clone();
        identity.revision = identity.revision.or_else(|| self.set.revision().map(str::to_owned));
        let audit = Audit::new(&store.schema, &self.token, self.command, identity);
        (store, audit)
    }

    pub(crate) fn read(&self, connection: &mut Connection<'_>) -> Result<(Server, History), Error> {
        self.read_with(connection, None).map(|(server, history, _)| (server, history))
    }

    /// As [`read`](Call::read), and more in the same message; see [`Connection::read_with`].
    pub(crate) fn read_with(
        &self,
        connection: &mut Connection<'_>,
        more: Option<&str>,
    ) -> Result<(Server, History, Option<Reply>), Error> {
        let (server, history, reply) = connection.read_with(more)?;
        let (database, token) = (server.database.clone(), self.token.clone());
        log::debug!("run {token} on database {database}");
        connection.tell(Event::Connected { database, token });
        Ok((server, history, reply))
    }

    pub(crate) fn run(
        &self,
        mut connection: Connection<'_>,
        request: Request<'_>,
    ) -> Result<Run, Error> {
        let (server, history) = self.read(&mut connection)?;
        let planned = match self.plan(&mut connection, &server, &history, request) {
            Err(error) => return Err(connection.end(error)),
            // Whoever began it may be at it still: the lock tells.
            Ok(Err(refusal)) if refusal.is_about_unfinished() => None,
            Ok(planned) => Some(planned.map_err(|it| connection.end(it))?),
        };
        let database = server.database.clone();
        let (done, backup) = if planned.as_ref().is_some_and(|it| it.steps.is_empty()) {
            (Vec::new(), None)
        } else {
            server.refuse_standby()?;
            if let Some(safeguard) = self.safeguard {
                safeguard.prepare(&mut connection).map_err(|it| connection.end(it))?;
            }
            let locked = connection.lock(&server)?;
            let done = self.run_locked(locked, planned.as_ref(), request);
            let done = done.map_err(|it| with_way_back(it, self.safeguard))?;
            (done, self.safeguard.and_then(Safeguard::taken))
        };
        let direction = match request {
            Request::Up(_) => Direction::Up,
            Request::Down(_) => Direction::Down,
        };
        let protected = self.settings.protected || server.protected;
        Ok(Run { token: self.token.clone(), direction, database, done, backup, protected })
    }

    pub(crate) fn plan(
        &self,
        connection: &mut Connection<'_>,
        server: &Server,
        history: &History,
        request: Request<'_>,
    ) -> Result<Result<Plan, Refusal>, Error> {
        Ok(match request {
            Request::Up(up) => plan_up(&self.set, history, up),
            Request::Down(down) => {
                let versions = wanted_scripts(history, down);
                let stored = stored_scripts(connection, server, versions.as_deref())?;
                plan_down(&self.set, history, &stored, down)
            }
        })
    }
}
