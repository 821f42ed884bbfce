//! A headless Chromium, for pages that are made to be looked at.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Tests that need a Chromium: listed as ignored where the build found none.
#[cfg(has_chromium)]
#[macro_export]
macro_rules! in_chromium {
    ($($test:item)+) => { $(#[test] $test)+ };
}

/// Tests that need a Chromium: listed as ignored where the build found none.
#[cfg(not(has_chromium))]
#[macro_export]
macro_rules! in_chromium {
    ($($test:item)+) => { $(#[test] #[ignore = "there is no chromium on this machine"] $test)+ };
}

/// A page as it is once it is loaded, and its script has run.
#[derive(Debug)]
pub struct Opened {
    /// The elements, as the browser writes them down.
    pub dom: String,
    /// What was said on its console.
    pub console: Vec<String>,
}

/// Opens a page from disk; `hash` is what stands behind its address.
pub fn open(page: &Path, hash: &str) -> Opened {
    open_with(page, hash, &[])
}

/// The same with more flags.
pub fn open_with(page: &Path, hash: &str, flags: &[&str]) -> Opened {
    let output = run(flags, &["--dump-dom"], &format!("file://{}{hash}", page.display()));
    let dom = String::from_utf8(output.stdout).unwrap();
    Opened { dom, console: console(&output.stderr) }
}

/// Prints a page from disk; gives what was said on its console.
pub fn print(page: &Path, file: &Path) -> Vec<String> {
    let output = format!("--print-to-pdf={}", file.display());
    console(
        &run(&["--no-pdf-header-footer"], &[&output], &format!("file://{}", page.display())).stderr,
    )
}

fn console(log: &[u8]) -> Vec<String> {
    let log = String::from_utf8_lossy(log);
    log.lines().filter(|it| it.contains(":CONSOLE")).map(str::to_owned).collect()
}

fn run(flags: &[&str], what: &[&str], address: &str) -> Output {
    const QUIET: [&str; 9] = [
        "--headless",
        // The pages are our own, and the tests may run as root.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--enable-logging=stderr",
    ];
    let profile = tempfile::tempdir().unwrap();
    let Some(program) = option_env!("CHROMIUM") else { panic!("the build found no chromium") };
    let mut command = Command::new(program);
    command.args(QUIET).arg(format!("--user-data-dir={}", profile.path().display()));
    command.args(flags).args(what).arg(address).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}
