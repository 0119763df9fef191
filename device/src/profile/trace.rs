//! What QEMU logs of a run, instruction by instruction (`-singlestep -d exec,cpu,nochain`).

use std::io::BufRead;

use crate::failure::{Failure, Result};

/// An instruction that is about to be executed, and what two registers hold then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) pc: u64,
    /// The stack pointer.
    pub(super) sp: u64,
    /// The link register: where the last call goes back to, with the bit that says Thumb.
    pub(super) lr: u64,
}

/// Gives every executed instruction to `each`, until that says that it has seen enough or the log ends.
///
/// # Errors
/// The log can not be read, or is not of the form that is known.
pub(super) fn read(mut log: impl BufRead, mut each: impl FnMut(Step) -> Result<Enough>) -> Result<()> {
    let mut line = Vec::new();
    let mut at = None;
    let mut last: Option<Step> = None;
    loop {
        line.clear();
        if log.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if let Some(rest) = line.strip_prefix(b"Trace ") {
            if at.is_some() {
                return Err(unknown(&line));
            }
            at = Some(program_counter(rest).ok_or_else(|| unknown(&line))?);
        } else if line.starts_with(b"R12=") {
            // Logged before it is executed: only what comes next says that it was.
            let pc = at.take().ok_or_else(|| unknown(&line))?;
            let (sp, lr) = register(&line, b"R13=").zip(register(&line, b"R14=")).ok_or_else(|| unknown(&line))?;
            if let Some(before) = last.replace(Step { pc, sp, lr })
                && each(before)? == Enough::Yes
            {
                return Ok(());
            }
        } else if line.starts_with(b"Stopped execution") {
            // QEMU was interrupted before the instruction, and will log it again.
            last = None;
        }
    }
    match last {
        Some(step) => each(step).map(|_| ()),
        None => Ok(()),
    }
}

/// Whether a reader goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enough {
    Yes,
    No,
}

/// Out of `0: 0x7f99680008c0 [00800408/0000002c/00000110/ff000201] name`, the second number in brackets.
fn program_counter(line: &[u8]) -> Option<u64> {
    let mut pieces = line.splitn(2, |byte| *byte == b'[').nth(1)?.split(|byte| *byte == b'/');
    hexadecimal(pieces.nth(1)?)
}

/// What stands behind a register's name.
fn register(line: &[u8], name: &[u8]) -> Option<u64> {
    let begin = line.windows(name.len()).position(|window| window == name)?.checked_add(name.len())?;
    hexadecimal(line.get(begin..begin.checked_add(8)?)?)
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    u64::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()
}

fn unknown(line: &[u8]) -> Failure {
    Failure::new(format!("QEMU's log has a line that is not understood: {}", String::from_utf8_lossy(line).trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(log: &str) -> Result<Vec<Step>> {
        let mut steps = Vec::new();
        read(log.as_bytes(), |step| {
            steps.push(step);
            Ok(if step.pc == 0x30 { Enough::Yes } else { Enough::No })
        })?;
        Ok(steps)
    }

    fn logged(pc: u64, sp: u64, lr: u64) -> String {
        format!(
            "Trace 0: 0x7f631de00100 [00800408/{pc:08x}/00000110/ff000201] reset\nR00=00000000 R01=00000001\n\
             R12=00000000 R13={sp:08x} R14={lr:08x} R15={pc:08x}\nXPSR=41000000 -Z-- T priv-thread\n"
        )
    }

    #[test]
    fn what_was_executed_is_seen_once() {
        let log = [
            "some board's warning\n".to_owned(),
            logged(0x1C, 0x2010_0000, 0xFFFF_FFFF),
            logged(0x1E, 0x2010_0000, 0xFFFF_FFFF),
            "Stopped execution of TB chain before 0x7f631de00280 [0000001e] reset\n".to_owned(),
            logged(0x1E, 0x200F_FFF8, 0x0000_0021),
        ];
        let step = |pc, sp, lr| Step { pc, sp, lr };
        assert_eq!(
            steps(&log.concat()).unwrap(),
            [step(0x1C, 0x2010_0000, 0xFFFF_FFFF), step(0x1E, 0x200F_FFF8, 0x21)]
        );
    }

    #[test]
    fn nothing_is_read_behind_what_is_enough() {
        let log = [logged(0x30, 8, 1), logged(0x32, 8, 1), logged(0x34, 8, 1)].concat();
        assert_eq!(steps(&log).unwrap(), [Step { pc: 0x30, sp: 8, lr: 1 }]);
    }

    #[test]
    fn a_log_of_another_form_is_no_count() {
        for log in [
            "Trace 0: 0x7f63 reset\n",
            "Trace 0: 0x7f63 [00800408/0000zz1c/00000110/ff000201] reset\n",
            "R12=00000000 R13=20100000 R14=ffffffff R15=0000001c\n",
            "Trace 0: 0x7f63 [0/1c/0/0] a\nR12=00000000 R13=20100000\n",
            "Trace 0: 0x7f63 [0/1c/0/0] a\nTrace 0: 0x7f63 [0/1e/0/0] a\n",
        ] {
            assert!(steps(log).is_err(), "{log}");
        }
    }
}
