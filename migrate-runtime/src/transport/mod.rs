//! Messages to the server and their answers, with the number of the statement that failed.
//!
//! One message is one round trip. It speaks through `tokio_postgres` on a runtime of its own, because
//! the synchronous client throws away the completions that come before an error: they tell which
//! statement it was.

mod answer;

#[cfg(feature = "backup")]
use std::pin::pin;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_postgres::{AsyncMessage, Client};

use crate::connect::{Cause, ConnectError, Way};
use crate::interrupt::Interrupt;
use crate::tls::Connector;
use crate::watch::{Pace, Sight, Watch};

use answer::receive;
pub(crate) use answer::{Answer, Failure, FailureCause, Keep, Reply};

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

    /// Hands a message over, to be sent behind those whose answers are still to come.
    pub(crate) fn post(&mut self, message: &str) -> Result<Answer, Failure> {
        if self.abandoned {
            return Err(Failure::abandoned());
        }
        match self.runtime.block_on(self.client.simple_query_raw(message)) {
            Ok(stream) => Ok(Answer::to(stream)),
            Err(error) => {
                let error = FailureCause::Postgres(error);
                Err(Failure { error, completed: Some(0), reply: Reply::default() })
            }
        }
    }

    /// Reads the answers to what is on its way, to the end, and forgets them.
    pub(crate) fn drain(&mut self, answers: impl Iterator<Item = Answer>) {
        for answer in answers {
            let patience = async { tokio::time::sleep(CANCEL_GRACE).await };
            let _ = self.receive(answer, Keep::Only(&[]), patience, None);
        }
    }

    /// Reads an answer as [`send`](Link::send) does, and looks meanwhile what the session with this `pid`
    /// waits for.
    pub(crate) fn read_watched(
        &mut self,
        answer: Answer,
        keep: Keep<'_>,
        (pid, pace): (i32, Pace),
        tell: &mut dyn FnMut(Sight),
    ) -> Result<Reply, Failure> {
        let interrupt = self.interrupt.clone();
        let look = Look { pid, pace, tell };
        let stop = async move { interrupt.asked().await };
        let answer = self.receive(answer, keep, stop, Some(look));
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
        let answer = self.post(message)?;
        self.receive(answer, keep, stop, look)
    }

    fn receive(
        &mut self,
        answer: Answer,
        keep: Keep<'_>,
        stop: impl Future<Output = ()>,
        look: Option<Look<'_>>,
    ) -> Result<Reply, Failure> {
        if self.abandoned {
            return Err(Failure::abandoned());
        }
        let Link { client, runtime, watch, tls, .. } = self;
        let beside = async {
            match look {
                Some(Look { pid, pace, tell }) => watch.look(pid, pace, tell).await,
                None => std::future::pending().await,
            }
        };
        let answer = runtime.block_on(receive((client, tls), answer, keep, stop, beside));
        let is_abandoned = |it: &Failure| matches!(it.error, FailureCause::Abandoned);
        self.abandoned = answer.as_ref().err().is_some_and(is_abandoned);
        answer
    }

    /// What the server said on its own since the last call.
    pub(crate) fn notices(&self) -> impl Iterator<Item = Notice> {
        self.notices.try_iter()
    }
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
