//! Ends a throw-away server with the process that made it, however that ends.
//!
//! A shell waits for the end of a pipe that the process holds open, kills the server and removes its folder.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Ends a server with this process, or when it is dropped.
#[derive(Debug)]
pub struct Supervisor {
    /// Its standard input is the pipe that the end of this process closes.
    _shell: Child,
}

/// Watches over a server in `folder` with its socket in another one. Started before the server, so that no
/// moment is unguarded.
pub(crate) fn supervise(folder: &Path, socket: &Path) -> io::Result<Supervisor> {
    const SCRIPT: &str = r#"
        read -r never
        process=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$process"
        for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
            kill -0 "$process" 2>/dev/null || break
            sleep 0.1
        done
        rm -rf "$1" "$2"
    "#;
    let mut command = system_command("/bin/sh");
    command.args(["-c", SCRIPT, "sh"]).arg(folder).arg(socket).current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own: Ctrl-C ends the process, and then it is this shell's turn.
    Ok(Supervisor { _shell: command.process_group(0).spawn()? })
}

/// A program of the system, which finds the others whatever `PATH` there is.
pub(crate) fn system_command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command
}
