//! Running a program for a bounded time, with bounded output.

use core::time::Duration;
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

/// What a program said.
pub(super) struct Said {
    pub(super) answer: Vec<u8>,
    pub(super) complaint: String,
    pub(super) success: bool,
    pub(super) ending: String,
}

/// Runs a program with an input. What it has not said in time is lost, and it is killed.
pub(super) fn run(program: &Path, arguments: &[String], input: &[u8], timeout: Duration) -> io::Result<Said> {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let deadline = Instant::now().checked_add(timeout).unwrap_or_else(Instant::now);
    let (answer, complaint) = (drain(child.stdout.take()), drain(child.stderr.take()));
    // Requests are shorter than a pipe is deep, so this does not wait for the program; one that does not listen is no error yet.
    if let Some(mut stdin) = child.stdin.take()
        && let Err(error) = stdin.write_all(input)
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        end(&mut child);
        return Err(error);
    }
    let status = match wait(&mut child, deadline) {
        Ok(Some(status)) => status,
        Ok(None) => {
            end(&mut child);
            return Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {} s", timeout.as_secs())));
        }
        Err(error) => {
            end(&mut child);
            return Err(error);
        }
    };
    // A grandchild may keep the pipes open; it gets no more time than the program had.
    let rest = || deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(200));
    let no_end =
        |_| io::Error::new(io::ErrorKind::TimedOut, "it ended, but something it started holds its output open");
    let answer = answer.recv_timeout(rest()).map_err(no_end)??;
    let complaint = complaint.recv_timeout(rest()).map_err(no_end)?.unwrap_or_default();
    Ok(Said {
        answer,
        complaint: String::from_utf8_lossy(&complaint).into_owned(),
        success: status.success(),
        ending: status.to_string(),
    })
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    let unread = sender.clone();
    let started = thread::Builder::new().spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.map_or(Ok(0), |pipe| pipe.take(LIMIT.saturating_add(1)).read_to_end(&mut bytes));
        let outcome = read.and_then(|_| {
            if u64::try_from(bytes.len()).is_ok_and(|length| length <= LIMIT) {
                Ok(bytes)
            } else {
                Err(io::Error::other(format!("it says more than {LIMIT} bytes")))
            }
        });
        // Nobody may be waiting any more.
        let _ = sender.send(outcome);
    });
    if let Err(error) = started {
        let _ = unread.send(Err(error));
    }
    receiver
}

fn wait(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(pause);
        pause = pause.saturating_mul(2).min(Duration::from_millis(50));
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

/// The most that is read of an answer: far more than the longest signature in Base64.
const LIMIT: u64 = 64 * 1024;
