//! Looks on from a second connection while a statement is on its way: who it waits for, and how far the
//! building of an index has come.
//!
//! The second connection holds no lock and no snapshot for longer than a question, so that nothing waits
//! for it, and it is opened only when something takes long. Whatever is wrong with it, the run goes on.

use std::convert::Infallible;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

use crate::connect::{BESIDE, Way, open_beside, reason};
use crate::progress::Blocker;
use crate::quote::fill;

/// The second connection.
pub(crate) struct Watch {
    way: Way,
    state: State,
    /// Why the last try failed, until somebody looks.
    trouble: Option<String>,
    was_told: bool,
}

/// When to look, and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) first: Duration,
    pub(crate) pause: Duration,
}

/// Where nothing was in the way so far: what does not run that long is not worth a second connection.
pub(crate) const CALM: Pace = Pace { first: Duration::from_secs(1), pause: Duration::from_secs(1) };

/// What there is to see.
#[derive(Debug)]
pub(crate) enum Sight {
    /// Who is in the way, and how far an index is.
    Seen { blockers: Vec<Blocker>, build: Option<Build> },
    /// Nothing, and why.
    Blind(String),
}

/// How far the building of an index has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Build {
    pub(crate) phase: String,
    pub(crate) done: u64,
    pub(crate) total: u64,
}

enum State {
    Closed,
    Opening(JoinHandle<Result<Client, String>>),
    Open(Client),
}

impl Watch {
    /// For a connection that was opened in this way.
    pub(crate) fn new(way: Way) -> Watch {
        Watch { way, state: State::Closed, trouble: None, was_told: false }
    }

    /// Opens the second connection, and then waits until it is dropped; so does the opening, which the next
    /// look goes on with.
    pub(crate) async fn prepare(&mut self) -> Infallible {
        self.trouble = self.client().await.err();
        std::future::pending().await
    }

    /// Looks until it is dropped. After a failure it looks no more at this statement; why, is told once.
    pub(crate) async fn look(
        &mut self,
        pid: i32,
        pace: Pace,
        tell: &mut dyn FnMut(Sight),
    ) -> Infallible {
        let values =
            [("pid", pid.to_string()), ("statement", include_str!("statement.sql").into())];
        let values = values.each_ref().map(|(name, value): &(_, String)| (*name, value.as_str()));
        let question = fill(include_str!("watch.sql"), &values);
        tokio::time::sleep(pace.first).await;
        loop {
            if self.trouble.is_none() {
                match self.ask(&question).await {
                    Ok(sight) => tell(sight),
                    Err(reason) => self.trouble = Some(reason),
                }
            }
            if let Some(reason) = self.trouble.take() {
                self.state = State::Closed;
                if !std::mem::replace(&mut self.was_told, true) {
                    tell(Sight::Blind(reason));
                }
                return std::future::pending().await;
            }
            tokio::time::sleep(pace.pause).await;
        }
    }

    /// Closes the second connection; the next look opens it again.
    pub(crate) fn close(&mut self) {
        if let State::Opening(opening) = std::mem::replace(&mut self.state, State::Closed) {
            opening.abort();
        }
    }

    /// Whoever stops waiting for it leaves the opening as it is.
    async fn client(&mut self) -> Result<&Client, String> {
        if !matches!(&self.state, State::Open(client) if !client.is_closed()) {
            if !matches!(self.state, State::Opening(_)) {
                self.state = State::Opening(tokio::spawn(open_beside(self.way.clone())));
            }
            if let State::Opening(opening) = &mut self.state {
                let opened = opening.await.map_err(|it| it.to_string());
                self.state = State::Closed;
                self.state = State::Open(opened??);
            }
        }
        match &self.state {
            State::Open(client) => Ok(client),
            _ => Err("there is no second connection".to_owned()),
        }
    }

    /// The session of the server that answers.
    pub(crate) async fn pid(&mut self) -> Result<i32, String> {
        let answer = self.exchange("SELECT pg_catalog.pg_backend_pid()").await?;
        let pid = answer.iter().find_map(|it| match it {
            SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
            _ => None,
        });
        pid.ok_or_else(|| "the server's answer makes no sense".to_owned())
    }

    async fn exchange(&mut self, question: &str) -> Result<Vec<SimpleQueryMessage>, String> {
        let client = self.client().await?;
        // Through a pooler that has no session to spare, no answer comes.
        let answer = tokio::time::timeout(BESIDE, client.simple_query(question)).await;
        let answer = answer.map_err(|_| format!("no answer within {} s", BESIDE.as_secs()))?;
        answer.map_err(|it| reason(&it))
    }

    async fn ask(&mut self, question: &str) -> Result<Sight, String> {
        let answer = self.exchange(question).await?;
        let (mut blockers, mut build, mut statement) = (Vec::new(), None, 0);
        for message in &answer {
            match message {
                SimpleQueryMessage::CommandComplete(_) => statement += 1,
                SimpleQueryMessage::Row(row) if statement == 0 => blockers.push(blocker(row)),
                SimpleQueryMessage::Row(row) => build = Some(building(row)),
                _ => {}
            }
        }
        Ok(Sight::Seen { blockers, build })
    }
}

fn blocker(row: &SimpleQueryRow) -> Blocker {
    let text = |at: usize| row.get(at).map(str::to_owned);
    let seconds = |at: usize| row.get(at)?.parse().ok().map(Duration::from_secs);
    Blocker {
        pid: row.get(0).and_then(|it| it.parse().ok()).filter(|it| *it != 0),
        application: text(1),
        role: text(2),
        state: text(3),
        transaction_age: seconds(4),
        statement: text(5),
        waits: row.get(6) == Some("t"),
        yields_after: row.get(7).and_then(|it| it.parse().ok()).map(Duration::from_millis),
    }
}

fn building(row: &SimpleQueryRow) -> Build {
    let number = |at: usize| row.get(at).and_then(|it| it.parse().ok()).unwrap_or(0);
    Build { phase: row.get(0).unwrap_or_default().to_owned(), done: number(1), total: number(2) }
}
