//! Messages to the server and their answers, with the number of the statement that failed.
//!
//! One message is one round trip. It speaks through `tokio_postgres` on a runtime of its own, because
//! the synchronous client throws away the completions that come before an error: they tell which
//! statement it was.

use std::convert::Infallible;
use std::error::Error as _;
use std::pin::pin;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_postgres::{AsyncMessage, Client, SimpleQueryMessage, SimpleQueryRow};

use crate::connect::{Cause, ConnectError, Way};
use crate::fault;
use crate::interrupt::Interrupt;
use crate::tls::Connector;
use crate::watch::{Pace, Sight, Watch};

/// How long a cancelled statement may take to end before the connection is given up.
const CANCEL_GRACE: Duration = Duration::from_secs(10);

/// How long the server may take over a message of ours that waits for nobody.
pub(crate) const ANSWER: Duration = Duration::from_secs(30);

/// A connection of our own. Dropping it closes it, and the server then gives its locks back.
pub(crate) struct Link {
    // Dropped first: the runtime below drives what is left to say.
    client: Client,
    runtime: Runtime,
    tls: Connector,
    /// Its place among the hosts that there are.
    #[cfg(feature = "backup")]
    pub(crate) host: usize,
    interrupt: Interrupt,
    notices: std::sync::mpsc::Receiver<Notice>,
    watch: Watch,
    /// The server did not even answer a cancel request: nothing more is asked of it.
    abandoned: bool,
}

/// Looking on while a message is on its way.
struct Look<'l> {
    pid: i32,
    pace: Pace,
    tell: &'l mut dyn FnMut(Sight),
}

/// Something the server said on its own.
#[derive(Debug)]
pub(crate) struct Notice {
    pub(crate) severity: String,
    pub(crate) message: String,
}

/// The rows of an answer, each with the number of its statement in the message, from 0.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) rows: Vec<(usize, Vec<Option<String>>)>,
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
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keep<'a> {
    All,
    /// Those of the statements with these numbers.
    Only(&'a [usize]),
}

impl Link {
    pub(crate) fn open(
        way: &Way,
        timeout: Duration,
        interrupt: &Interrupt,
    ) -> Result<Link, ConnectError> {
        let builder = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = builder.map_err(Cause::from)?;
        let (client, mut connection) = runtime.block_on(async {
            // The timeout of the configuration covers the TCP connect alone: a peer that accepts
            // and says nothing would hold us for ever.
            tokio::select! {
                connected = tokio::time::timeout(timeout, way.config.connect(way.tls.clone())) => match connected {
                    Ok(connected) => connected.map_err(Cause::from),
                    Err(_) => Err(Cause::TimedOut(timeout)),
                },
                () = interrupt.asked() => Err(Cause::Interrupted),
            }
        })?;
        let (sender, notices) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            while let Some(Ok(message)) =
                std::future::poll_fn(|context| connection.poll_message(context)).await
            {
                if let AsyncMessage::Notice(notice) = message {
                    let severity = notice.severity().to_owned();
                    let message = notice.message().to_owned();
                    // Nobody listens any more while the connection is being closed.
                    let _ = sender.send(Notice { severity, message });
                }
            }
        });
        let (interrupt, watch) = (interrupt.clone(), Watch::new(way.clone()));
        let tls = way.tls.clone();
        Ok(Link {
            client,
            runtime,
            tls,
            #[cfg(feature = "backup")]
            host: way.host,
            interrupt,
            notices,
            watch,
            abandoned: false,
        })
    }

    /// Sends a message and reads the whole answer. An interruption cancels it on the server.
    pub(crate) fn send(&mut self, message: &str, keep: Keep<'_>) -> Result<Reply, Failure> {
        let interrupt = self.interrupt.clone();
        self.exchange(message, keep, async move { interrupt.asked().await }, None)
    }

    /// As [`send`](Link::send), and looks meanwhile what the session with this `pid` waits for.
    pub(crate) fn send_watched(
        &mut self,
        message: &str,
        keep: Keep<'_>,
        (pid, pace): (i32, Pace),
        tell: &mut dyn FnMut(Sight),
    ) -> Result<Reply, Failure> {
        let interrupt = self.interrupt.clone();
        let look = Look { pid, pace, tell };
        let answer =
            self.exchange(message, keep, async move { interrupt.asked().await }, Some(look));
        if answer.is_ok() {
            // Nobody is to find a session of ours that does nothing, `CREATE DATABASE … TEMPLATE` least of all.
            self.watch.close();
        }
        answer
    }

    /// The session of the server that a second connection gets.
    pub(crate) fn pid_beside(&mut self) -> Result<i32, String> {
        let Link { runtime, watch, interrupt, .. } = self;
        runtime.block_on(async {
            tokio::select! {
                pid = watch.pid() => pid,
                () = interrupt.asked() => Err("interrupted".to_owned()),
            }
        })
    }

    /// Waits, unless somebody interrupts, and opens the second connection meanwhile.
    pub(crate) fn pause(&mut self, time: Duration) {
        let Link { runtime, watch, interrupt, .. } = self;
        runtime.block_on(async {
            tokio::select! {
                () = interrupt.asked() => {}
                () = tokio::time::sleep(time) => {}
                never = watch.prepare() => match never {},
            }
        });
    }

    /// As [`send`](Link::send), for a message of ours that is answered soon or never.
    pub(crate) fn ask(&mut self, message: &str) -> Result<Reply, Failure> {
        let interrupt = self.interrupt.clone();
        let stop = async move {
            tokio::select! {
                () = interrupt.asked() => {}
                () = tokio::time::sleep(ANSWER) => {}
            }
        };
        self.exchange(message, Keep::All, stop, None)
    }

    /// As [`ask`](Link::ask), for what has to be said after an interruption too.
    pub(crate) fn send_last(&mut self, message: &str) -> Result<Reply, Failure> {
        self.exchange(message, Keep::All, async { tokio::time::sleep(CANCEL_GRACE).await }, None)
    }

    /// As [`send`](Link::send), and waits for the answer however long it takes, also after an interruption:
    /// nobody could say what became of a COMMIT that was cancelled.
    #[cfg(feature = "backup")]
    pub(crate) fn send_to_its_end(&mut self, message: &str) -> Result<Reply, Failure> {
        self.exchange(message, Keep::All, std::future::pending(), None)
    }

    /// Sends the data of a `COPY … FROM stdin`, piece by piece. An interruption cancels it on the server.
    #[cfg(feature = "backup")]
    pub(crate) fn copy_in(&mut self, statement: &str, data: CopyData<'_>) -> Result<(), CopyError> {
        let Link { client, runtime, interrupt, tls, .. } = self;
        runtime.block_on(async {
            let mut sending = pin!(copy_in(client, statement, data));
            tokio::select! {
                biased;
                sent = &mut sending => sent,
                () = interrupt.asked() => {
                    let _ = client.cancel_token().cancel_query(tls.clone()).await;
                    Err(CopyError::Interrupted)
                }
            }
        })
    }

    fn exchange(
        &mut self,
        message: &str,
        keep: Keep<'_>,
        stop: impl Future<Output = ()>,
        look: Option<Look<'_>>,
    ) -> Result<Reply, Failure> {
        if self.abandoned {
            let reply = Reply::default();
            return Err(Failure { error: FailureCause::Abandoned, completed: None, reply });
        }
        let Link { client, runtime, watch, tls, .. } = self;
        let beside = async {
            match look {
                Some(Look { pid, pace, tell }) => watch.look(pid, pace, tell).await,
                None => std::future::pending().await,
            }
        };
        let answer = runtime.block_on(exchange((client, tls), message, keep, stop, beside));
        let is_abandoned = |it: &Failure| matches!(it.error, FailureCause::Abandoned);
        self.abandoned = answer.as_ref().err().is_some_and(is_abandoned);
        answer
    }

    /// What the server said on its own since the last call.
    pub(crate) fn notices(&self) -> impl Iterator<Item = Notice> {
        self.notices.try_iter()
    }
}

/// Sends a message and reads the answer; cancels it on the server when `stop` completes first.
async fn exchange(
    (client, tls): (&Client, &Connector),
    message: &str,
    keep: Keep<'_>,
    stop: impl Future<Output = ()>,
    beside: impl Future<Output = Infallible>,
) -> Result<Reply, Failure> {
    let mut reply = Reply::default();
    let mut completed = 0;
    let result = {
        let mut reading = pin!(read(client, message, keep, &mut reply, &mut completed));
        tokio::select! {
            biased;
            result = &mut reading => result.map_err(FailureCause::Postgres),
            never = beside => match never {},
            () = stop => {
                let cancelled = async {
                    // A cancel request that gets lost is noticed by the time limit below.
                    let _ = client.cancel_token().cancel_query(tls.clone()).await;
                    reading.await
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
    client: &Client,
    message: &str,
    keep: Keep<'_>,
    reply: &mut Reply,
    completed: &mut usize,
) -> Result<(), postgres::Error> {
    let mut stream = pin!(client.simple_query_raw(message).await?);
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
            Ok(SimpleQueryMessage::Row(row)) if keep.wants(*completed) => {
                reply.rows.push((*completed, cells(&row)));
            }
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

/// Where the data of a `COPY` comes from; nothing at its end.
#[cfg(feature = "backup")]
pub(crate) type CopyData<'d> = &'d mut dyn FnMut() -> std::io::Result<Option<Vec<u8>>>;

/// Why the data of a `COPY` was not taken.
#[cfg(feature = "backup")]
#[derive(Debug)]
pub(crate) enum CopyError {
    Postgres(postgres::Error),
    /// It could not be read.
    Data(std::io::Error),
    Interrupted,
}

#[cfg(feature = "backup")]
async fn copy_in(client: &Client, statement: &str, data: CopyData<'_>) -> Result<(), CopyError> {
    use futures_util::SinkExt as _;

    let sink = client.copy_in(statement).await.map_err(CopyError::Postgres)?;
    let mut sink = pin!(sink);
    while let Some(chunk) = data().map_err(CopyError::Data)? {
        let sent = sink.send(std::io::Cursor::new(chunk)).await;
        sent.map_err(CopyError::Postgres)?;
    }
    sink.finish().await.map(drop).map_err(CopyError::Postgres)
}

impl Keep<'_> {
    pub(crate) fn wants(self, statement: usize) -> bool {
        match self {
            Keep::All => true,
            Keep::Only(wanted) => wanted.contains(&statement),
        }
    }
}

impl Reply {
    /// The rows of one statement.
    pub(crate) fn of(&self, statement: usize) -> impl Iterator<Item = &[Option<String>]> {
        self.rows.iter().filter(move |it| it.0 == statement).map(|it| it.1.as_slice())
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

pub(crate) fn cells(row: &SimpleQueryRow) -> Vec<Option<String>> {
    (0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()
}

impl Failure {
    /// The server's code.
    pub(crate) fn sqlstate(&self) -> Option<&str> {
        match &self.error {
            FailureCause::Postgres(error) => error.code().map(postgres::error::SqlState::code),
            FailureCause::Abandoned => None,
        }
    }
}
