//! The process that is hit: what it does, where it stops for its parent, and what it says.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use migrate_runtime::fault::{self, Point};
use migrate_runtime::{Event, Migrator};
use migration_tests::child;

use super::arena::{Mode, Scripts, migrations};

/// The point at which a process stops, by name, and at which of its passages: from 1, or never.
type Stop = (String, usize);

static STOP: OnceLock<Stop> = OnceLock::new();
static TOLD: OnceLock<fn(&str)> = OnceLock::new();
/// The points that this process came to.
static PASSED: Mutex<Vec<Point>> = Mutex::new(Vec::new());

/// Runs `up`, and says what happens.
pub(super) fn run(argument: &str) {
    let mut words = argument.splitn(5, ' ');
    let mut word = || words.next().unwrap();
    let (mode, scripts) = (Mode::parse(word()), Scripts::parse(word()));
    stop_at((word().to_owned(), word().parse().unwrap()), |_| {});
    let migrator = Migrator::from_url(&migrations(mode, scripts), word()).unwrap();
    let mut migrator = migrator.on_event(|event| match event {
        Event::Connected { .. } => println!("> connected"),
        Event::Reconnecting { reason } => println!("> reconnecting {reason}"),
        Event::Resumed { what, .. } => println!("> resumed {what}"),
        _ => {}
    });
    match migrator.up() {
        Ok(run) => {
            let done: Vec<_> = run.done.iter().map(|it| it.version.as_str()).collect();
            println!("> done {}", done.join(" "));
        }
        Err(error) => {
            let (kind, code) = (error.kind().as_str(), error.exit_code());
            println!("> failed {kind} {code}: {}", error.state().unwrap_or_default());
            panic!("{error:?}");
        }
    }
    for point in PASSED.lock().unwrap().iter() {
        println!("> passed {point:?}");
    }
}

/// Stops this process at a point, at the passage given, and hands on what its parent tells it there.
pub(super) fn stop_at(stop: Stop, told: fn(&str)) {
    STOP.set(stop).unwrap();
    TOLD.set(told).unwrap();
    fault::install(stop_here);
}

fn stop_here(point: Point) {
    let passed = {
        let mut passed = PASSED.lock().unwrap();
        passed.push(point);
        passed.iter().filter(|it| **it == point).count()
    };
    let (wanted, passage) = STOP.get().unwrap();
    if *passage != passed || *wanted != format!("{point:?}") {
        return;
    }
    println!("> at {point:?} {passed}");
    let mut told = String::new();
    std::io::stdin().read_line(&mut told).unwrap();
    assert!(told.trim() != "panic", "as the parent wants it");
    TOLD.get().unwrap()(told.trim());
}

/// A runner, as its parent sees it.
pub(super) struct Runner {
    process: Child,
    lines: Receiver<String>,
    /// What it said so far.
    said: Vec<String>,
}

/// How a runner ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) said: Vec<String>,
    pub(super) complained: String,
}

impl Runner {
    /// Starts one, as a child that runs the trial called `trial`; it stops at the point, at the passage
    /// given.
    pub(super) fn start(
        trial: &str,
        (mode, scripts): (Mode, Scripts),
        stop: Option<(Point, usize)>,
        url: &str,
    ) -> Runner {
        let (point, passage) =
            stop.map_or(("None".to_owned(), 0), |(point, passage)| (format!("{point:?}"), passage));
        Runner::spawn(trial, &format!("{mode:?} {scripts:?} {point} {passage} {url}"))
    }

    /// Starts one that is told this.
    pub(super) fn spawn(trial: &str, argument: &str) -> Runner {
        let mut command = child::command(trial, argument);
        let mut process = command.stdin(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some(line) = line.strip_prefix("> ") {
                    // Nobody listens once the test has failed.
                    let _ = sender.send(line.to_owned());
                }
            }
        });
        Runner { process, lines, said: Vec::new() }
    }

    /// Waits until it says a line; says whether it did before it ended.
    pub(super) fn says(&mut self, wanted: &str) -> bool {
        while let Some(line) = self.next_line() {
            if line == wanted {
                return true;
            }
        }
        false
    }

    /// The next line, or nothing at its end.
    fn next_line(&mut self) -> Option<String> {
        use std::sync::mpsc::RecvTimeoutError;
        match self.lines.recv_timeout(Duration::from_mins(1)) {
            Ok(line) => {
                self.said.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("silent for a minute after {:?}", self.said),
        }
    }

    /// Lets it go on, or tells it to panic.
    pub(super) fn tell(&mut self, what: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{what}").unwrap();
    }

    /// Kills it, as `kill -9` does.
    pub(super) fn kill(&mut self) {
        self.process.kill().unwrap();
    }

    /// Waits for its end.
    pub(super) fn end(mut self) -> Ended {
        while self.next_line().is_some() {}
        let status = self.process.wait().unwrap();
        let mut complained = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut complained).unwrap();
        Ended { status, said: std::mem::take(&mut self.said), complained }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Ended {
    /// How often it came to a point.
    pub(super) fn passed(&self, point: Point) -> usize {
        let line = format!("passed {point:?}");
        self.said.iter().filter(|it| **it == line).count()
    }

    /// The rest of the first line that begins with a word.
    pub(super) fn line(&self, word: &str) -> Option<&str> {
        self.said.iter().find_map(|it| it.strip_prefix(word)).map(str::trim)
    }
}
