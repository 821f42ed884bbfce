//! Tests of several processes: the test binary runs one of its own tests in a child. The same under the
//! built-in harness and under ours.
//!
//! ```ignore
//! fn four_at_once() {
//!     if let Some(url) = child::argument() {
//!         return run_migrations(&url);
//!     }
//!     let database = TestDatabase::new();
//!     let children: Vec<_> =
//!         (0..4).map(|_| child::spawn("four_at_once", &database.url())).collect();
//!     for child in children {
//!         child::assert_success(child);
//!     }
//! }
//! ```

use std::fmt::Display;
use std::process::{Child, Command, Output, Stdio};

/// Declared here alone: what the parent wants the child to know.
const ARGUMENT: &str = "MIGRATION_TESTS_CHILD";

/// In a child, what the parent gave it; in a parent, nothing.
pub fn argument() -> Option<String> {
    std::env::var(ARGUMENT).ok()
}

/// Whether this process is a child.
pub fn is_child() -> bool {
    argument().is_some()
}

/// The test called `name` (with its modules) of this binary, in a process of its own.
#[track_caller]
pub fn command(name: &str, argument: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    // In one thread, as on a machine with one core, the name of the test would begin the first line of what it says.
    command.args([name, "--exact", "--nocapture", "--include-ignored", "--test-threads=2"]);
    command.env(ARGUMENT, argument);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts the test called `name` in a child.
#[track_caller]
pub fn spawn(name: &str, argument: &str) -> Child {
    command(name, argument).spawn().unwrap()
}

/// Runs the test called `name` in a child, to its end.
#[track_caller]
pub fn run(name: &str, argument: &str) -> Output {
    spawn(name, argument).wait_with_output().unwrap()
}

/// Sends a signal, such as `TERM`; `0` only looks. Says whether there is such a process.
///
/// The shell has `kill` built in; the program of that name is not on every machine.
pub fn signal(name: &str, process: impl Display) -> bool {
    let kill = format!("kill -s {name} {process}");
    let output = Command::new("/bin/sh").args(["-c", &kill]).output().unwrap();
    output.status.success()
}

/// Waits for a child whose test is to pass; shows what it wrote if it did not.
#[track_caller]
pub fn assert_success(child: Child) {
    assert_passed(&child.wait_with_output().unwrap());
}

/// Shows what a child wrote whose test did not pass.
#[track_caller]
pub fn assert_passed(output: &Output) {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    // A name that no test has is no failure for the test harness.
    let ran = stdout.contains("running 1 test");
    assert!(ran && output.status.success(), "{}\n{stdout}\n{stderr}", output.status);
}
