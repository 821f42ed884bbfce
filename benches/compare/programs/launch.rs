//! Runs a program and tells how that went: `launch OUT PROGRAM ARGUMENT…` writes to OUT the exit status, seconds,
//! CPU seconds of the program and all that it waited for (user, system), and the peak memory of the largest in KiB.
//!
//! It is as small as it can be, for a process begins with the memory of the one that started it, and that counts
//! as its peak. Compiled by rustc alone, for Linux.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

#[repr(C)]
struct Usage {
    user: [i64; 2],
    system: [i64; 2],
    peak: i64,
    others: [i64; 13],
}

unsafe extern "C" {
    fn wait4(pid: i32, status: *mut i32, options: i32, usage: *mut Usage) -> i32;
}

fn main() {
    let mut words = std::env::args_os().skip(1);
    let out = words.next().expect("a file for the figures");
    let program = words.next().expect("a program");
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null());
    let mut usage = Usage { user: [0; 2], system: [0; 2], peak: 0, others: [0; 13] };
    let mut status = 0;
    let began = Instant::now();
    let child = command.spawn().expect("the program starts");
    let pid = i32::try_from(child.id()).expect("a process id");
    // SAFETY: `pid` is a child of this process that nobody else waits for, and both places live long enough.
    let waited = unsafe { wait4(pid, &raw mut status, 0, &raw mut usage) };
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(waited, pid, "waited for the program");
    let status = ExitStatus::from_raw(status);
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    let cpu = |it: [i64; 2]| it[0] as f64 + it[1] as f64 / 1e6;
    let figures = format!("{code} {seconds:.6} {:.6} {:.6} {}\n", cpu(usage.user), cpu(usage.system), usage.peak);
    std::fs::write(out, figures).expect("the figures are written");
}
