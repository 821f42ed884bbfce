//! A pseudo-terminal: the binary believes that somebody sits there, and is answered.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::project::PLANTED;

/// The binary at a terminal; stdout goes elsewhere unless told, as with `> file`.
pub(crate) struct Terminal {
    ours: File,
    child: Child,
    /// Everything that was shown.
    seen: String,
}

impl Terminal {
    /// Starts a command with stdin and stderr at the terminal.
    pub(crate) fn start(command: Command) -> Terminal {
        Terminal::open(command, |_| Stdio::piped())
    }

    /// Starts a command that has stdout at the terminal too.
    pub(crate) fn start_whole(command: Command) -> Terminal {
        Terminal::open(command, |it| it.try_clone().unwrap().into())
    }

    fn open(mut command: Command, stdout: impl FnOnce(&File) -> Stdio) -> Terminal {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let path = std::ffi::OsStr::from_bytes(name.as_bytes());
        let theirs = OpenOptions::new().read(true).write(true).open(path).unwrap();
        command.stdin(theirs.try_clone().unwrap()).stdout(stdout(&theirs)).stderr(theirs);
        let child = command.spawn().unwrap();
        // The command keeps the other end open, and with it the terminal.
        drop(command);
        Terminal { ours: File::from(ours), child, seen: String::new() }
    }

    /// Reads until a text was shown.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        while !self.seen.contains(text) {
            assert!(self.read(), "ended without {text:?}:\n{}", self.seen);
        }
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) {
        writeln!(self.ours, "{line}").unwrap();
    }

    /// What control and C does.
    pub(crate) fn interrupt(&self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::INT).unwrap();
    }

    /// Reads to the end: the exit code, what was shown, and what went to stdout.
    pub(crate) fn end(mut self) -> (i32, String, String) {
        while self.read() {}
        let output = self.child.wait_with_output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let is_shown = self.seen.contains(PLANTED) || stdout.contains(PLANTED);
        assert!(!is_shown, "a password is shown: {}{stdout}", self.seen);
        (output.status.code().unwrap_or(-1), self.seen, stdout)
    }

    /// Whether there was more. After the last process has closed it, a terminal is an error.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        let count = self.ours.read(&mut bytes).unwrap_or(0);
        self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        count > 0
    }
}
