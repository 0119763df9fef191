//! What an audit can say of a provision, and the one rule by which it says it (docs/audit.md).

use serde::Serialize;

/// What a bundle shows for a provision. There is no better word than the first, and none of them says that a law is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "the ladder is closed: docs/audit.md defines each")]
pub enum Verdict {
    /// A computation made in this audit, with keys or digests, shows it.
    Proven,
    /// What was sealed agrees with itself and with the bytes it is about.
    Consistent,
    /// The vendor says so under its seals, and nothing here can be held against it.
    Declared,
    /// The bundle does not say so, or what it says does not hold.
    NotEvidenced,
    /// No bundle of this format can show it.
    OutsideAnyBundle,
    /// It is not asked of this release; the reason says why.
    NotApplicable,
}

impl Verdict {
    /// Every verdict, in the order of the ladder.
    pub const ALL: [Self; 6] = [
        Self::Proven,
        Self::Consistent,
        Self::Declared,
        Self::NotEvidenced,
        Self::OutsideAnyBundle,
        Self::NotApplicable,
    ];

    /// As people read it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Proven => "PROVEN",
            Self::Consistent => "CONSISTENT",
            Self::Declared => "DECLARED",
            Self::NotEvidenced => "NOT EVIDENCED",
            Self::OutsideAnyBundle => "OUTSIDE ANY BUNDLE",
            Self::NotApplicable => "NOT APPLICABLE",
        }
    }

    /// What it means, in one sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Proven => "a computation made in this audit, with keys or digests, shows it",
            Self::Consistent => "what was sealed agrees with itself and with the bytes it is about",
            Self::Declared => "the vendor says so under its seals, and nothing here can be held against it",
            Self::NotEvidenced => "the bundle does not say so, or what it says does not hold",
            Self::OutsideAnyBundle => "no bundle of this format can show it",
            Self::NotApplicable => "it is not asked of this release; the reason says why",
        }
    }
}

/// How one check of a provision came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "as the ladder of verdicts")]
pub enum Outcome {
    /// Shown by a computation with keys or digests.
    Proven,
    /// Agrees with what it was compared with.
    Consistent,
    /// Said, and compared with nothing.
    Declared,
    /// Not said.
    Missing,
    /// Said, and it does not hold.
    Contradicted,
}

impl Outcome {
    /// As people read it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Consistent => "consistent",
            Self::Declared => "declared",
            Self::Missing => "missing",
            Self::Contradicted => "contradicted",
        }
    }
}

/// One thing that was looked at for a provision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// Its stable name within the row: `seals`, `image-digest`.
    pub name: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found, in words. Nothing of a document in it can act on what shows it.
    pub text: String,
}

impl Check {
    /// A check that came out so.
    pub(super) fn new(name: &'static str, outcome: Outcome, text: impl Into<String>) -> Self {
        Self { name, outcome, text: text.into() }
    }
}

/// The verdict of a row: what its weakest check allows. The reason is that check's text.
///
/// What contradicts itself goes before what is missing, so that it is never hidden by it.
pub(super) fn conclude(checks: &[Check]) -> (Verdict, String) {
    let Some(worst) = checks.iter().rev().max_by_key(|check| check.outcome) else {
        return (Verdict::NotEvidenced, "nothing was looked at".to_owned());
    };
    let verdict = match worst.outcome {
        Outcome::Proven => Verdict::Proven,
        Outcome::Consistent => Verdict::Consistent,
        Outcome::Declared => Verdict::Declared,
        Outcome::Missing | Outcome::Contradicted => Verdict::NotEvidenced,
    };
    (verdict, worst.text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(outcomes: &[Outcome]) -> (Verdict, String) {
        let checks: Vec<Check> =
            outcomes.iter().enumerate().map(|(number, one)| Check::new("x", *one, number.to_string())).collect();
        conclude(&checks)
    }

    #[test]
    fn the_weakest_check_decides_and_the_first_of_them_gives_the_reason() {
        use Outcome::{Consistent, Contradicted, Declared, Missing, Proven};
        for (outcomes, verdict, reason) in [
            (vec![Proven, Proven], Verdict::Proven, "0"),
            (vec![Proven, Consistent, Consistent], Verdict::Consistent, "1"),
            (vec![Declared, Consistent, Declared], Verdict::Declared, "0"),
            (vec![Proven, Missing, Declared], Verdict::NotEvidenced, "1"),
            (vec![Missing, Proven, Contradicted], Verdict::NotEvidenced, "2"),
        ] {
            assert_eq!(of(&outcomes), (verdict, reason.to_owned()), "{outcomes:?}");
        }
        assert_eq!(conclude(&[]).0, Verdict::NotEvidenced);
    }
}
