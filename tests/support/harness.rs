//! The harness of every `*_migration` target: what the built-in one understands, and `--production-data`.
//!
//! ```ignore
//! fn main() -> ExitCode {
//!     harness::run(tests(), Vec::new())
//! }
//!
//! fn tests() -> Vec<Trial> {
//!     migration_tests::trials![up_runs_what_is_pending, down_reverts_the_newest]
//! }
//! ```
//!
//! These targets have `harness = false`, so `#[test]` would make a function vanish without a word;
//! `tests/tidy.rs` finds it. A test that is in no list is dead code, which the compiler reports.

use std::any::Any;
use std::ffi::OsString;
use std::process::ExitCode;
use std::thread;

use libtest_mimic::{Arguments, Failed};

pub use libtest_mimic::Trial;

/// Runs the trials that need the data in `tests/production-data/` as well.
const FLAG: &str = "--production-data";

/// Declared here alone: the same as the flag, for runners that pass none on, such as nextest. Empty and
/// `0` count as not set.
const VARIABLE: &str = "MIGRATION_PRODUCTION_DATA";

/// Lists test functions of the module in which it stands, as [`Trial`]s called `module::function`.
#[macro_export]
macro_rules! trials {
    ($($test:ident),+ $(,)?) => {
        vec![$($crate::harness::trial(module_path!(), stringify!($test), $test)),+]
    };
}

/// Runs what the command line asks for.
///
/// Without the flag, the trials with production data are ignored and not absent: the closing line
/// then says that there is more than what ran.
pub fn run(trials: Vec<Trial>, with_production_data: Vec<Trial>) -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    let wanted = wants_production_data(&mut arguments, std::env::var_os(VARIABLE));
    let arguments = Arguments::from_iter(arguments);
    let with_data = with_production_data.into_iter().map(|it| it.with_ignored_flag(!wanted));
    libtest_mimic::run(&arguments, trials.into_iter().chain(with_data).collect()).exit_code()
}

/// One test. Called by [`trials!`], and by tests that are rows of a table.
pub fn trial(module: &str, function: &str, test: impl FnOnce() + Send + 'static) -> Trial {
    // The name of the target comes first, and is left out by the built-in harness too.
    let name = match module.split_once("::") {
        Some((_, inside)) => format!("{inside}::{function}"),
        None => function.to_owned(),
    };
    Trial::test(name.clone(), move || in_thread(name, test))
}

/// In a thread of its own, so that a panic names the test, as people are used to.
fn in_thread(name: String, test: impl FnOnce() + Send + 'static) -> Result<(), Failed> {
    let thread = thread::Builder::new().name(name).spawn(test)?;
    thread.join().map_err(|panic| Failed::from(message(&*panic)))
}

fn message(panic: &dyn Any) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("panicked")
}

/// Takes our own flag out of the arguments; what is left is for the parser.
fn wants_production_data(arguments: &mut Vec<OsString>, variable: Option<OsString>) -> bool {
    let before = arguments.len();
    arguments.retain(|it| it != FLAG);
    let set = variable.is_some_and(|it| !it.is_empty() && it != "0");
    arguments.len() < before || set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_is_taken_out_wherever_it_stands() {
        check("binary --exact name", None, (false, "binary --exact name"));
        check("binary --exact --production-data name", None, (true, "binary --exact name"));
        check("binary --production-data", None, (true, "binary"));
    }

    #[test]
    fn the_variable_does_the_same_unless_it_says_no() {
        check("binary", Some("1"), (true, "binary"));
        check("binary", Some(""), (false, "binary"));
        check("binary", Some("0"), (false, "binary"));
        check("binary --production-data", Some("0"), (true, "binary"));
    }

    #[track_caller]
    fn check(arguments: &str, variable: Option<&str>, (wanted, left): (bool, &str)) {
        let mut arguments: Vec<_> = arguments.split(' ').map(OsString::from).collect();
        let variable = variable.map(OsString::from);
        assert_eq!(wants_production_data(&mut arguments, variable), wanted);
        assert_eq!(arguments.join(std::ffi::OsStr::new(" ")), left);
    }

    #[test]
    fn a_trial_is_called_by_its_module_and_its_function() {
        assert_eq!(trial("run_migration::run::order", "up", || {}).name(), "run::order::up");
        assert_eq!(trial("race_migration", "four", || {}).name(), "four");
    }
}
