//! Runs a program of PostgreSQL to its end: with the connection of the caller, and with what it says kept.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::passfile;
use super::programs::{Found, command};
use crate::connect_options::ConnectOptions;
use crate::deadline::Deadline;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;

/// A program and what it gets.
pub(crate) struct Run<'a> {
    pub(crate) program: &'a Found,
    pub(crate) args: Vec<OsString>,
    /// Where it connects to, and to which database there if to another one.
    pub(crate) connect: Option<(&'a ConnectOptions, Option<&'a str>)>,
    /// What stays locked until it has ended, even if we have not lived that long.
    pub(crate) hold: Option<&'a File>,
}

/// How a program ended that did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It could not be started, or not be waited for.
    NotStarted(std::io::Error),
    /// It failed; this is why, in its own words.
    Failed { why: String },
    /// Somebody interrupted us.
    Interrupted,
    /// Before it could start, something else failed.
    Other(Error),
}

/// How often it is looked whether the program has ended.
const PAUSE: Duration = Duration::from_millis(10);
/// How many of these pauses go by before the caller is told that it still runs.
const TICK: u32 = 20;
/// How long a program may take to end in good order: it cancels its statement on the server.
const GRACE: Duration = Duration::from_secs(10);
/// How many lines are kept of what it says.
const KEPT: usize = 30;

/// Runs it; `tick` is called a few times a second.
pub(crate) fn run(it: Run<'_>, interrupt: &Interrupt, tick: &mut dyn FnMut()) -> Result<(), Ended> {
    let mut command = command(&it.program.path);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    // A signal from the terminal is for us, who then end it in good order.
    command.process_group(0);
    if let Some((options, database)) = it.connect {
        let password = options.password().map_err(Ended::Other)?;
        passfile::attach(&mut command, password.as_deref()).map_err(Ended::NotStarted)?;
        command.arg("--no-password").arg(format!("--dbname={}", conninfo(options, database)));
    }
    if let Some(hold) = it.hold {
        // It writes into a file of its own, and nothing to its standard output.
        command.stdout(hold.try_clone().map_err(Ended::NotStarted)?);
    }
    let mut child = command.args(it.args).spawn().map_err(Ended::NotStarted)?;
    // The command has the password's file still.
    drop(command);
    let said = Arc::new(Mutex::new(Said::default()));
    let reader = child.stderr.take().map(|stderr| {
        let said = Arc::clone(&said);
        std::thread::spawn(move || read(stderr, &said))
    });
    let status = wait(&mut child, interrupt, tick);
    if let Some(reader) = reader {
        // It reads to the end of what the program said.
        let _ = reader.join();
    }
    let status = status?;
    if status.success() {
        return Ok(());
    }
    let said = std::mem::take(&mut *said.lock().unwrap_or_else(PoisonError::into_inner));
    Err(Ended::Failed { why: said.why(status) })
}

fn wait(
    child: &mut Child,
    interrupt: &Interrupt,
    tick: &mut dyn FnMut(),
) -> Result<ExitStatus, Ended> {
    let mut pauses = 0;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) => {}
            Err(error) => {
                end(child);
                return Err(Ended::NotStarted(error));
            }
        }
        if interrupt.sleep(PAUSE).is_err() {
            end(child);
            return Err(Ended::Interrupted);
        }
        pauses += 1;
        if pauses % TICK == 0 {
            tick();
        }
    }
}

/// Ends it as a person would, who is asked for patience, and then for good.
fn end(child: &mut Child) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _ = kill_process(pid, Signal::TERM);
    }
    let deadline = Deadline::after(GRACE);
    while !deadline.is_over() {
        match child.try_wait() {
            Ok(None) => std::thread::sleep(PAUSE),
            Ok(Some(_)) | Err(_) => return,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// What a program wrote: its last lines, and from its first complaint on all of them, as far as there is
/// room.
#[derive(Debug, Default)]
struct Said {
    lines: Vec<String>,
    complains: bool,
}

fn read(stderr: impl Read, said: &Mutex<Said>) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    while stderr.read_until(b'\n', &mut line).is_ok_and(|it| it > 0) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        said.lock().unwrap_or_else(PoisonError::into_inner).add(text);
        line.clear();
    }
}

impl Said {
    fn add(&mut self, line: String) {
        let starts = [": error: ", ": fatal: ", "terminated by user"];
        if !self.complains && starts.iter().any(|it| line.contains(it)) {
            self.complains = true;
            self.lines.clear();
        }
        if self.lines.len() >= KEPT {
            if self.complains {
                return;
            }
            self.lines.remove(0);
        }
        self.lines.push(line);
    }

    /// `pg_dump: error: connection … failed` without what every line begins with. Where it was killed, it
    /// has not complained.
    fn why(self, status: ExitStatus) -> String {
        let plain = |line: String| {
            let rest = ["error: ", "fatal: ", "detail: ", "hint: "].iter().find_map(|word| {
                let (program, rest) = line.split_once(&format!(": {word}"))?;
                let is_name = program.starts_with("pg_") && !program.contains(' ');
                is_name.then(|| match *word {
                    "error: " | "fatal: " => rest.to_owned(),
                    word => format!("{word}{rest}"),
                })
            });
            rest.unwrap_or(line)
        };
        let mut lines = self.lines.into_iter().filter(|it| !it.trim().is_empty());
        if self.complains {
            return lines.map(plain).collect::<Vec<_>>().join("\n");
        }
        match lines.next_back() {
            Some(last) => format!("{status}; it last said: {last}"),
            None => status.to_string(),
        }
    }
}

/// Everything but the password, as the library of PostgreSQL reads it.
fn conninfo(options: &ConnectOptions, database: Option<&str>) -> String {
    let mut words = options.keywords();
    if let Some(database) = database {
        words.retain(|it| it.0 != "dbname");
        words.push(("dbname", database.to_owned()));
    }
    let word = |(name, value): &(&str, String)| format!("{name}={}", quoted(value));
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

impl Ended {
    /// As an error of ours: `what` failed.
    pub(crate) fn into_error(self, program: &Found, what: &str) -> Error {
        let name = program.path.display();
        match self {
            Ended::NotStarted(error) => {
                Error::new(ErrorKind::Io, format!("{name} cannot be run")).with_source(error)
            }
            Ended::Interrupted => Interrupt::error(),
            Ended::Other(error) => error,
            Ended::Failed { why } => {
                let lacks = why.contains("permission denied for");
                let kind = if lacks { ErrorKind::Privilege } else { ErrorKind::Program };
                Error::new(kind, what).with_source(std::io::Error::other(why))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_as_the_library_reads_them() {
        let mut config = postgres::Config::new();
        config.host("db").port(5433).user("o'brien").password("canary").dbname(r"a b\c=d");
        let options = ConnectOptions::from(config);
        let expected = r"host='db' port='5433' user='o\'brien' dbname='a b\\c=d'";
        let rest = "sslmode='prefer' keepalives='1' keepalives_idle='30' keepalives_interval='10' keepalives_count='3' tcp_user_timeout='60000'";
        assert_eq!(conninfo(&options, None), format!("{expected} {rest}"));
        let expected = format!(r"host='db' port='5433' user='o\'brien' {rest} dbname=''");
        assert_eq!(conninfo(&options, Some("")), expected);
    }

    #[test]
    fn a_complaint_is_kept_from_its_beginning() {
        let mut said = Said::default();
        for number in 0..100 {
            said.add(format!("pg_dump: reading {number}"));
        }
        said.add("pg_dump: error: query failed: ERROR:  permission denied for table secret".into());
        said.add("pg_dump: detail: Query was: LOCK TABLE".into());
        let expected = "query failed: ERROR:  permission denied for table secret\ndetail: Query was: LOCK TABLE";
        assert_eq!(said.why(ExitStatus::default()), expected);
    }

    #[test]
    fn a_program_that_only_talks_does_not_fill_the_memory() {
        let mut said = Said::default();
        (0..1000).for_each(|number| said.add(format!("line {number}")));
        assert_eq!(said.lines.len(), KEPT);
        let expected = "exit status: 0; it last said: line 999";
        assert_eq!(said.why(ExitStatus::default()), expected);
    }
}
