//! Following a run by its instructions: which function each belongs to, who called whom, and how deep the stack got.

use std::collections::BTreeMap;

use super::trace::{Enough, Step};
use crate::failure::{Failure, Result};
use crate::symbols::{Function, Functions};

/// A call that is followed from its first instruction until it returns.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    functions: &'a Functions,
    /// The call's function.
    entry: &'a Function,
    /// Who is being executed: callers in front.
    frames: Vec<Frame>,
    before: u64,
    counts: BTreeMap<usize, Count>,
    lowest: u64,
    /// The frames when the stack pointer was lowest.
    deepest: Vec<Frame>,
    returned: bool,
}

/// A function that has not returned.
#[derive(Clone, Copy, Debug)]
struct Frame {
    function: usize,
    /// The stack pointer at its first instruction.
    sp: u64,
    back: u64,
}

/// What a function did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) instructions: u64,
    pub(super) calls: u64,
}

/// What came of a walk.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Walked {
    /// By the function's place in the list.
    pub(super) counts: BTreeMap<usize, Count>,
    /// The deepest chain of calls: each function with the bytes of stack that it held then, callers in front.
    pub(super) deepest: Vec<(usize, u64)>,
}

impl<'a> Walk<'a> {
    pub(super) const fn new(functions: &'a Functions, entry: &'a Function) -> Self {
        Self {
            functions,
            entry,
            frames: Vec::new(),
            before: 0,
            counts: BTreeMap::new(),
            lowest: u64::MAX,
            deepest: Vec::new(),
            returned: false,
        }
    }

    /// Takes the next instruction; enough is when the call returned.
    ///
    /// # Errors
    /// The instruction belongs to no function.
    pub(super) fn step(&mut self, step: Step) -> Result<Enough> {
        let Some(top) = self.frames.last_mut() else {
            if step.pc == self.entry.begin {
                self.call(step)?;
                self.note(step)?;
            }
            return Ok(Enough::No);
        };
        let begins = self.functions.at(step.pc).is_some_and(|function| function.begin == step.pc);
        if step.pc == top.back {
            self.frames.pop();
            if self.frames.is_empty() {
                self.returned = true;
                return Ok(Enough::Yes);
            }
        } else if begins && is_behind(step.lr, self.before) {
            self.call(step)?;
        } else {
            // Within the function; or a jump into another one, which will return in its place.
            let function = place(self.functions, step.pc)?;
            if top.function != function {
                top.function = function;
                let count = self.counts.entry(function).or_default();
                count.calls = count.calls.saturating_add(1);
            }
        }
        self.note(step)?;
        Ok(Enough::No)
    }

    fn call(&mut self, step: Step) -> Result<()> {
        let function = place(self.functions, step.pc)?;
        self.frames.push(Frame { function, sp: step.sp, back: step.lr & !1 });
        let count = self.counts.entry(function).or_default();
        count.calls = count.calls.saturating_add(1);
        Ok(())
    }

    fn note(&mut self, step: Step) -> Result<()> {
        let count = self.counts.entry(place(self.functions, step.pc)?).or_default();
        count.instructions = count.instructions.saturating_add(1);
        if step.sp < self.lowest {
            self.lowest = step.sp;
            self.deepest.clone_from(&self.frames);
        }
        self.before = step.pc;
        Ok(())
    }

    /// What came of it.
    ///
    /// # Errors
    /// The call was not seen, or not to its end.
    pub(super) fn finish(self) -> Result<Walked> {
        if !self.returned {
            return Err(Failure::new(format!("{} was not seen to be called and to return", self.entry.name)));
        }
        let ends = self.deepest.iter().skip(1).map(|frame| frame.sp).chain([self.lowest]);
        let deepest = self.deepest.iter().zip(ends).map(|(frame, end)| (frame.function, frame.sp.saturating_sub(end)));
        Ok(Walked { deepest: deepest.collect(), counts: self.counts })
    }
}

/// Whether a link register leads behind the instruction at `before`, which is two or four bytes long: then that was a call.
const fn is_behind(lr: u64, before: u64) -> bool {
    matches!((lr & !1).wrapping_sub(before), 2 | 4)
}

fn place(functions: &Functions, pc: u64) -> Result<usize> {
    functions.index(pc).ok_or_else(|| Failure::new(format!("an instruction at {pc:#x} belongs to no function")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// main at 0x100, outer at 0x200, inner at 0x300, leaf at 0x400.
    fn functions() -> Functions {
        let at = [(0x100, "main"), (0x200, "outer"), (0x300, "inner"), (0x400, "leaf")];
        Functions::from_symbols(at.into_iter().map(|(begin, name)| (begin, 0x80, name.to_owned())).collect())
    }

    fn walk(steps: &[(u64, u64, u64)]) -> Result<Walked> {
        let functions = functions();
        let mut walk = Walk::new(&functions, functions.named("outer").unwrap());
        for (at, &(pc, sp, lr)) in steps.iter().enumerate() {
            if walk.step(Step { pc, sp, lr })? == Enough::Yes {
                assert_eq!(steps.get(at..).map(<[_]>::len), Some(1), "it has enough before the end");
            }
        }
        walk.finish()
    }

    const fn count(instructions: u64, calls: u64) -> Count {
        Count { instructions, calls }
    }

    #[test]
    fn calls_jumps_and_returns_are_told_apart() {
        let walked = walk(&[
            (0x110, 0x1000, 1),     // main, before the call: not counted
            (0x112, 0x1000, 1),     // main: bl outer
            (0x200, 0x1000, 0x117), // outer: push 16
            (0x202, 0x0FF0, 0x117), // outer: bl inner
            (0x300, 0x0FF0, 0x207), // inner: sub sp, 64
            (0x302, 0x0FB0, 0x207), // inner: back to its own first instruction, no call
            (0x300, 0x0FB0, 0x207), // inner
            (0x302, 0x0FB0, 0x207), // inner: add sp, 64
            (0x304, 0x0FF0, 0x207), // inner: b leaf
            (0x400, 0x0FF0, 0x207), // leaf, in the place of inner: push 8
            (0x402, 0x0FE8, 0x207), // leaf: pop pc
            (0x206, 0x0FF0, 0x207), // outer: blx leaf
            (0x400, 0x0FF0, 0x209), // leaf: bx lr
            (0x208, 0x0FF0, 0x209), // outer: pop pc
            (0x116, 0x1000, 0x209), // main
        ]);
        let walked = walked.unwrap();
        assert_eq!(walked.counts, BTreeMap::from([(1, count(4, 1)), (2, count(5, 1)), (3, count(3, 2))]));
        assert_eq!(walked.deepest, [(1, 16), (2, 64)]);
    }

    #[test]
    fn a_jump_at_the_lowest_is_the_one_who_is_named() {
        let walked = walk(&[
            (0x200, 0x1000, 0x117),
            (0x300, 0x1000, 0x117), // a jump, not a call
            (0x302, 0x0F00, 0x117),
            (0x116, 0x1000, 0x117),
        ]);
        assert_eq!(walked.unwrap().deepest, [(2, 0x100)]);
    }

    #[test]
    fn what_does_not_return_is_no_profile() {
        assert!(walk(&[(0x110, 0x1000, 1)]).is_err());
        assert!(walk(&[(0x200, 0x1000, 0x117), (0x202, 0x1000, 0x117)]).is_err());
    }

    #[test]
    fn an_instruction_outside_of_all_functions_is_an_error() {
        assert!(walk(&[(0x200, 0x1000, 0x117), (0x280, 0x1000, 0x117)]).is_err());
    }
}
