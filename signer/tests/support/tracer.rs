//! A run whose system calls are counted one by one, and that is struck at one of them: killed before it is made, or told that it failed.
//!
//! All threads and children are traced, and calls are counted in the order in which they are made, whoever makes them.

#![allow(
    clippy::as_conversions,
    reason = "nix has signals, events and errors as enumerations of integers, and no other way to these"
)]

use std::collections::HashMap;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Output, Stdio};

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::tool::{Place, TOOL};

/// Where a run is struck.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Strike {
    /// Killed before its n-th call, counted from 1.
    Kill(usize),
    /// The n-th call of that number is not made, and gives this error.
    Fail(i64, usize, Errno),
}

/// What became of a run.
#[derive(Debug)]
pub(crate) struct Traced {
    pub(crate) output: Output,
    /// The calls that it made, by their numbers.
    pub(crate) calls: Vec<i64>,
    /// Whether it came to where it was to be struck.
    pub(crate) struck: bool,
}

/// Runs the tool in a place.
#[allow(clippy::zombie_processes, reason = "the tracer waits for it")]
pub(crate) fn run(place: &Place, arguments: &[&str], strike: Strike) -> Traced {
    let mut command = Command::new("sh");
    command.args(["-c", "kill -STOP $$; exec \"$@\"", "sh", TOOL]).args(arguments).current_dir(place.path());
    // The test runner's, in which every library would be looked for in vain.
    command.env_remove("LD_LIBRARY_PATH");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a shell");
    let main = Pid::from_raw(child.id().try_into().expect("a process"));
    waitpid(main, Some(WaitPidFlag::WUNTRACED)).expect("it stops");
    let options = [
        Options::PTRACE_O_EXITKILL,
        Options::PTRACE_O_TRACESYSGOOD,
        Options::PTRACE_O_TRACEEXEC,
        Options::PTRACE_O_TRACECLONE,
        Options::PTRACE_O_TRACEFORK,
        Options::PTRACE_O_TRACEVFORK,
    ];
    ptrace::seize(main, options.into_iter().collect()).expect("it can be traced");
    kill(main, Signal::SIGCONT).expect("it is there");
    let mut tracer = Tracer { main, strike, begun: false, struck: false, inside: HashMap::new(), calls: Vec::new() };
    let status = tracer.follow();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    child.stdout.take().expect("a pipe").read_to_end(&mut stdout).expect("it is read");
    child.stderr.take().expect("a pipe").read_to_end(&mut stderr).expect("it is read");
    Traced { output: Output { status, stdout, stderr }, calls: tracer.calls, struck: tracer.struck }
}

struct Tracer {
    main: Pid,
    strike: Strike,
    /// The shell has become the tool.
    begun: bool,
    struck: bool,
    /// Threads within a call; with whether it has to fail.
    inside: HashMap<Pid, bool>,
    calls: Vec<i64>,
}

impl Tracer {
    /// Follows the run to its end.
    fn follow(&mut self) -> ExitStatus {
        loop {
            // Only what this thread has started: other tests have children of their own.
            let status = waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD)).expect("a child");
            let (thread, signal) = match status {
                WaitStatus::Exited(thread, code) if thread == self.main => return ExitStatus::from_raw(code << 8),
                WaitStatus::Signaled(thread, signal, _) if thread == self.main => {
                    return ExitStatus::from_raw(signal as i32);
                }
                WaitStatus::PtraceSyscall(thread) => {
                    self.stopped(thread);
                    (thread, None)
                }
                WaitStatus::PtraceEvent(thread, _, event) => {
                    if event == Event::PTRACE_EVENT_EXEC as i32 {
                        self.begun = true;
                        // The next stop is the end of that call.
                        self.inside.insert(thread, false);
                    }
                    (thread, None)
                }
                WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
                _ => continue,
            };
            // A thread that was killed meanwhile is none to go on with.
            let _ = if self.begun { ptrace::syscall(thread, signal) } else { ptrace::cont(thread, signal) };
        }
    }

    /// A thread is about to make a call, or has made one.
    fn stopped(&mut self, thread: Pid) {
        let Ok(mut registers) = ptrace::getregs(thread) else { return };
        if let Some(fails) = self.inside.remove(&thread) {
            if let (true, Strike::Fail(_, _, error)) = (fails, self.strike) {
                registers.rax = (-i64::from(error as i32)).cast_unsigned();
                ptrace::setregs(thread, registers).expect("its registers");
            }
            return;
        }
        let number = registers.orig_rax.cast_signed();
        self.calls.push(number);
        let fails = match self.strike {
            Strike::Kill(at) => {
                if self.calls.len() == at {
                    self.struck = true;
                    let _ = kill(self.main, Signal::SIGKILL);
                }
                false
            }
            Strike::Fail(call, occurrence, _) => {
                number == call && !self.struck && self.calls.iter().filter(|made| **made == call).count() == occurrence
            }
        };
        if fails {
            self.struck = true;
            // No call has this number: nothing is done.
            registers.orig_rax = u64::MAX;
            ptrace::setregs(thread, registers).expect("its registers");
        }
        self.inside.insert(thread, fails);
    }
}

/// The name of a call, if it is one of those that are made to fail.
pub(crate) const CALLS: [(&str, i64, &[Errno]); 21] = [
    ("openat", libc::SYS_openat, &[Errno::EIO, Errno::ENOSPC, Errno::EROFS, Errno::EMFILE]),
    ("read", libc::SYS_read, &[Errno::EIO]),
    ("pread64", libc::SYS_pread64, &[Errno::EIO]),
    ("write", libc::SYS_write, &[Errno::EIO, Errno::ENOSPC, Errno::EPIPE]),
    ("pwrite64", libc::SYS_pwrite64, &[Errno::EIO, Errno::ENOSPC]),
    ("ftruncate", libc::SYS_ftruncate, &[Errno::EIO, Errno::ENOSPC]),
    ("fsync", libc::SYS_fsync, &[Errno::EIO, Errno::ENOSPC]),
    ("fdatasync", libc::SYS_fdatasync, &[Errno::EIO, Errno::ENOSPC]),
    ("renameat2", libc::SYS_renameat2, &[Errno::EIO, Errno::ENOSPC, Errno::EROFS]),
    ("rename", libc::SYS_rename, &[Errno::EIO, Errno::ENOSPC, Errno::EROFS]),
    ("unlink", libc::SYS_unlink, &[Errno::EIO, Errno::EROFS]),
    ("unlinkat", libc::SYS_unlinkat, &[Errno::EIO, Errno::EROFS]),
    ("rmdir", libc::SYS_rmdir, &[Errno::EIO, Errno::EROFS]),
    ("mkdir", libc::SYS_mkdir, &[Errno::EIO, Errno::ENOSPC, Errno::EROFS]),
    ("statx", libc::SYS_statx, &[Errno::EIO]),
    ("lseek", libc::SYS_lseek, &[Errno::EIO]),
    ("getdents64", libc::SYS_getdents64, &[Errno::EIO]),
    ("flock", libc::SYS_flock, &[Errno::ENOLCK]),
    ("getrandom", libc::SYS_getrandom, &[Errno::EIO]),
    ("close", libc::SYS_close, &[Errno::EIO]),
    ("clone3", libc::SYS_clone3, &[Errno::EAGAIN]),
];
