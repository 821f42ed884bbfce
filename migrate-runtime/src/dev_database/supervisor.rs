//! A server for one purpose, which ends with the process that made it, however that ends.
//!
//! A shell waits for the end of a pipe that the process holds open, kills the server and removes its folder.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::discovery::Binaries;
use super::error::{DevDatabaseError, Failure};
use super::throw_away::ThrowAwayServer;

/// Data that is thrown away is not flushed to disk.
const SETTINGS: [&str; 5] = [
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "jit=off",
    "shared_buffers=32MB",
];

/// Ends a server with this process, or when it is dropped.
#[derive(Debug)]
pub struct Supervisor {
    /// Its standard input is the pipe that the end of this process closes.
    _shell: Child,
}

/// A server in a new folder, whose name begins with what it is for; it has neither data yet, nor is it started.
pub(crate) fn throw_away(
    purpose: &str,
    binaries: Binaries,
) -> Result<(ThrowAwayServer, Supervisor), DevDatabaseError> {
    // Not in `TMPDIR`, which may be a folder that the server's account cannot reach.
    let folder = Path::new("/tmp").join(format!("{purpose}-{}", uuid::Uuid::new_v4()));
    let server = ThrowAwayServer::new(&folder, binaries)?.with_initdb("--no-sync");
    let server = SETTINGS.iter().fold(server, |server, it| server.with_setting(it));
    let supervisor =
        supervise(&folder, server.socket()).map_err(Failure::io("run", Path::new("/bin/sh")))?;
    Ok((server, supervisor))
}

/// Watches over a server in `folder` with its socket in another one. Started before the server, so that no
/// moment is unguarded.
fn supervise(folder: &Path, socket: &Path) -> io::Result<Supervisor> {
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
