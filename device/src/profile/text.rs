//! Profiles as Markdown: all of one for the terminal, what matters of each for docs/performance.md.

use std::fmt::Write as _;

use super::{Held, Profile, Profiles, Share};
use crate::failure::Result;
use crate::parts::Part;

/// All of them.
pub(super) fn all(profiles: &Profiles) -> Result<String> {
    let mut text = String::new();
    writeln!(text, "{}; {}", profiles.compiler, profiles.emulator)?;
    for profile in &profiles.rows {
        writeln!(text, "\n## {}\n\n{}\n", profile.row, sums(profile))?;
        writeln!(text, "| part | instructions | % |\n|---|---:|---:|")?;
        for (part, instructions) in profile.parts() {
            writeln!(text, "| {} | {instructions} | {} |", part.name(), Percent(instructions, profile.seen()))?;
        }
        functions(&mut text, profile, 2)?;
        deepest(&mut text, profile)?;
    }
    Ok(text)
}

/// "Where it goes": parts of all rows in one table, and of each row the functions that take most and the deepest chain.
pub(crate) fn page(profiles: &Profiles) -> Result<String> {
    let mut text = format!("\n## Where it goes\n\n{NOTE}\n\n| row: instructions |");
    Part::ALL.iter().try_for_each(|part| write!(text, " {} |", part.name()))?;
    writeln!(text, "\n|---|{}", "---:|".repeat(Part::ALL.len()))?;
    for profile in &profiles.rows {
        let parts = profile.parts();
        write!(text, "| {} |", profile.row)?;
        Part::ALL.iter().try_for_each(|part| write!(text, " {} |", parts.get(part).copied().unwrap_or(0)))?;
        writeln!(text)?;
    }
    for profile in &profiles.rows {
        writeln!(text, "\n**{}**: {}", profile.row, sums(profile))?;
        functions(&mut text, profile, 30)?;
        deepest(&mut text, profile)?;
    }
    Ok(text)
}

/// Two ways to count each.
fn sums(profile: &Profile) -> String {
    let Profile { instructions, stack, .. } = profile;
    format!(
        "{} instructions were seen one by one, and the image counted {instructions}; the stack was seen {} B deep, and {stack} B of it lost \
         their paint.",
        profile.seen(),
        profile.depth()
    )
}

/// The functions that take at least so many thousandths of the whole, and the sum of the others.
fn functions(text: &mut String, profile: &Profile, least: u64) -> Result<()> {
    writeln!(text, "\n| function | part | calls | instructions | % |\n|---|---|---:|---:|---:|")?;
    let seen = profile.seen();
    let (mut others, mut rest) = (0_usize, 0_u64);
    for Share { function, part, calls, instructions } in &profile.functions {
        if instructions.saturating_mul(1000) >= seen.saturating_mul(least) {
            let percent = Percent(*instructions, seen);
            writeln!(text, "| `{}` | {} | {calls} | {instructions} | {percent} |", short(function), part.name())?;
        } else {
            others = others.saturating_add(1);
            rest = rest.saturating_add(*instructions);
        }
    }
    writeln!(text, "| {others} others | | | {rest} | {} |", Percent(rest, seen))?;
    Ok(())
}

fn deepest(text: &mut String, profile: &Profile) -> Result<()> {
    writeln!(text, "\n| the deepest chain of calls | part | stack B |\n|---|---|---:|")?;
    for Held { function, part, bytes } in &profile.deepest {
        writeln!(text, "| `{}` | {} | {bytes} |", short(function), part.name())?;
    }
    Ok(())
}

/// A name without the modules in front of types and functions: `<twinseal_verifier::a::B as core::ops::C>::d` is `<B as C>::d`. The last
/// module stays in front of a function that has no type.
fn short(name: &str) -> String {
    let mut text = String::new();
    let mut word = String::new();
    let mut path: Vec<String> = Vec::new();
    let mut characters = name.chars().peekable();
    let flush = |text: &mut String, path: &mut Vec<String>, word: &mut String| {
        path.push(core::mem::take(word));
        let is_type = |piece: &String| piece.starts_with(|first: char| first.is_uppercase());
        let from = path.iter().position(is_type).unwrap_or_else(|| path.len().saturating_sub(2));
        text.push_str(&path.get(from..).unwrap_or_default().join("::"));
        path.clear();
    };
    while let Some(character) = characters.next() {
        if character == ':' && characters.peek() == Some(&':') {
            characters.next();
            path.push(core::mem::take(&mut word));
        } else if character.is_alphanumeric() || character == '_' {
            word.push(character);
        } else {
            flush(&mut text, &mut path, &mut word);
            text.push(character);
        }
    }
    flush(&mut text, &mut path, &mut word);
    text
}

/// A share of a whole.
struct Percent(u64, u64);

impl core::fmt::Display for Percent {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let tenths = self.0.saturating_mul(1000).checked_div(self.1).unwrap_or(0);
        write!(f, "{}.{}", tenths / 10, tenths % 10)
    }
}

const NOTE: &str = "\
`profile --update`: each instruction of the row's image as QEMU executes it, from the road's first to its last, by the function that it lies in; what the compiler put \
into another function counts for that one. Functions without those that they call, and only those that take 3 % or more. The chain is who had not returned when the \
stack pointer was lowest, with the bytes that each held then. `profile` prints all of them, and of every row on a Cortex-M.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_modules_and_nothing_else() {
        for (name, shortened) in [
            ("memcmp", "memcmp"),
            ("twinseal_verifier::mldsa::keccak::permute", "keccak::permute"),
            ("twinseal_verifier::authenticate::Verifier::verify_seal", "Verifier::verify_seal"),
            (
                "<twinseal_verifier::mldsa::ntt::Looped as twinseal_verifier::mldsa::ntt::Transform>::forward",
                "<Looped as Transform>::forward",
            ),
            ("<&curve25519_dalek::field::Element as core::ops::arith::Mul>::mul", "<&Element as Mul>::mul"),
        ] {
            assert_eq!(short(name), shortened);
        }
    }

    #[test]
    fn what_is_left_out_of_the_table_is_in_its_last_row() {
        let share = |function: &str, instructions| Share {
            function: function.into(),
            part: Part::Decision,
            calls: 1,
            instructions,
        };
        let functions = vec![share("a::b", 970), share("a::c", 29), share("a::d", 1)];
        let profile =
            Profile { row: "m4 nothing".into(), instructions: 1000, stack: 8, functions, deepest: Vec::new() };
        let mut text = String::new();
        super::functions(&mut text, &profile, 30).unwrap();
        let rows: Vec<_> = text.lines().skip(3).collect();
        assert_eq!(rows, ["| `a::b` | decision | 1 | 970 | 97.0 |", "| 2 others | | | 30 | 3.0 |"]);
    }
}
