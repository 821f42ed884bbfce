//! An answer: how it is read, and what of it is kept.

use std::cell::RefCell;
use std::convert::Infallible;
use std::error::Error as _;
use std::pin::{Pin, pin};
use std::time::Duration;

use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow, SimpleQueryStream};

use crate::fault;
use crate::reply_row::ReplyRow;
use crate::sqlstate;
use crate::tls::Connector;

use super::CANCEL_GRACE;

/// A cancel request that comes just between two messages stops neither, and is sent again.
const CANCEL_AGAIN: Duration = Duration::from_millis(500);

/// The rows of an answer, each with the number of its statement in the message, from 0.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) rows: Vec<(usize, ReplyRow)>,
    /// How many rows the statements worked on whose rows are wanted.
    pub(crate) counts: Vec<(usize, u64)>,
}

/// A message that failed, and how far it came.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: FailureCause,
    /// How many statements had completed; unknown where the client hides it.
    pub(crate) completed: Option<usize>,
    /// The rows that came before the error.
    pub(crate) reply: Reply,
}

#[derive(Debug)]
pub(crate) enum FailureCause {
    /// The server or the connection.
    Postgres(postgres::Error),
    /// We cancelled it, and the server did not even answer that.
    Abandoned,
}

/// Which rows of an answer are wanted. A script may select a million.
#[derive(Clone, Copy)]
pub(crate) enum Keep<'a> {
    All,
    /// Those of the statements with these numbers, which ascend.
    Only(&'a [usize]),
    /// None: each is handed over as it comes, with the number of its statement, to what may send nothing meanwhile.
    HandOver(&'a RefCell<dyn FnMut(usize, ReplyRow) + 'a>),
}

/// An answer to come, to a message that was handed to the connection.
pub(crate) struct Answer(Pin<Box<SimpleQueryStream>>);

impl Answer {
    pub(super) fn to(stream: SimpleQueryStream) -> Answer {
        Answer(Box::pin(stream))
    }
}

/// Reads the answer to a message; cancels it on the server when `stop` completes first.
pub(super) async fn receive(
    (client, tls): (&Client, &Connector),
    answer: Answer,
    keep: Keep<'_>,
    stop: impl Future<Output = ()>,
    beside: impl Future<Output = Infallible>,
) -> Result<Reply, Failure> {
    let mut reply = Reply::default();
    let mut completed = 0;
    let result = {
        let mut reading = pin!(read(answer, keep, &mut reply, &mut completed));
        tokio::select! {
            biased;
            result = &mut reading => result.map_err(FailureCause::Postgres),
            never = beside => match never {},
            () = stop => {
                let cancelled = async {
                    loop {
                        // A cancel request that gets lost is noticed by the time limit below.
                        let _ = client.cancel_token().cancel_query(tls.clone()).await;
                        let soon = tokio::time::timeout(CANCEL_AGAIN, &mut reading);
                        if let Ok(result) = soon.await {
                            return result;
                        }
                    }
                };
                match tokio::time::timeout(CANCEL_GRACE, cancelled).await {
                    Ok(result) => result.map_err(FailureCause::Postgres),
                    Err(_) => Err(FailureCause::Abandoned),
                }
            }
        }
    };
    match result {
        Ok(()) => Ok(reply),
        Err(error) => Err(Failure { error, completed: Some(completed), reply }),
    }
}

async fn read(
    Answer(mut stream): Answer,
    keep: Keep<'_>,
    reply: &mut Reply,
    completed: &mut usize,
) -> Result<(), postgres::Error> {
    fault::sent().await;
    let mut failed = None;
    // After an error the server still says that it is ready: read up to there.
    while let Some(item) =
        std::future::poll_fn(|context| futures_core::Stream::poll_next(stream.as_mut(), context))
            .await
    {
        match item {
            Ok(SimpleQueryMessage::CommandComplete(count)) => {
                if keep.wants(*completed) {
                    reply.counts.push((*completed, count));
                }
                *completed += 1;
            }
            Ok(SimpleQueryMessage::Row(row)) => keep.take(*completed, row, reply),
            Ok(_) => {}
            Err(error) if error.is_closed() => return Err(failed.unwrap_or(error)),
            // What `COPY … TO STDOUT` sends is thrown away, as the rows of a SELECT are; the client has
            // no other name for it, and the command completes as every other does.
            Err(error) if error.as_db_error().is_none() && error.source().is_none() => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(()), Err)
}

impl Keep<'_> {
    /// Whether anything of the answer to a statement is wanted.
    pub(crate) fn wants(self, statement: usize) -> bool {
        match self {
            Keep::All | Keep::HandOver(_) => true,
            Keep::Only(wanted) => wanted.binary_search(&statement).is_ok(),
        }
    }

    /// Takes a row of the statement with this number.
    pub(crate) fn take(self, statement: usize, row: SimpleQueryRow, reply: &mut Reply) {
        match self {
            Keep::HandOver(taker) => (taker.borrow_mut())(statement, row.into()),
            _ if self.wants(statement) => reply.rows.push((statement, row.into())),
            _ => {}
        }
    }
}

impl Reply {
    #[cfg(test)]
    pub(crate) fn made(rows: Vec<(usize, Vec<Option<String>>)>) -> Reply {
        let rows = rows.into_iter().map(|(statement, cells)| (statement, cells.into())).collect();
        Reply { rows, ..Reply::default() }
    }

    /// The rows of one statement.
    pub(crate) fn of(&self, statement: usize) -> impl Iterator<Item = &[Option<String>]> {
        self.rows.iter().filter(move |it| it.0 == statement).map(|it| it.1.cells())
    }

    /// The rows of one statement, which are taken out.
    pub(crate) fn take(&mut self, statement: usize) -> impl Iterator<Item = ReplyRow> {
        self.rows.extract_if(.., move |it| it.0 == statement).map(|it| it.1)
    }

    /// The first row of one statement.
    pub(crate) fn first(&self, statement: usize) -> Option<&[Option<String>]> {
        self.of(statement).next()
    }

    /// How many rows a statement worked on.
    pub(crate) fn count(&self, statement: usize) -> u64 {
        self.counts.iter().find(|it| it.0 == statement).map_or(0, |it| it.1)
    }

    /// Whether the only cell of a statement's only row is true.
    pub(crate) fn is_true(&self, statement: usize) -> bool {
        self.first(statement).and_then(|it| it.first()?.as_deref()) == Some("t")
    }
}

impl Failure {
    /// Of a message to a server from which nothing more is expected.
    pub(crate) fn abandoned() -> Failure {
        Failure { error: FailureCause::Abandoned, completed: None, reply: Reply::default() }
    }

    /// The server's code.
    pub(crate) fn sqlstate(&self) -> Option<&str> {
        match &self.error {
            FailureCause::Postgres(error) => {
                let refusal = error.as_db_error().and_then(sqlstate::refusal);
                refusal.map(|it| it.code).or_else(|| Some(error.code()?.code()))
            }
            FailureCause::Abandoned => None,
        }
    }
}
