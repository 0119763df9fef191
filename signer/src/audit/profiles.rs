//! Cryptographic profiles: predicates over the seals that are valid, and the digest that they and the images share.

use serde::Serialize;
use twinseal_formats::{DigestAlgorithm, SealAlgorithm};

use super::seals::{Matrix, is_classical};
use crate::evidence::Day;

/// The profiles by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[non_exhaustive]
pub enum Name {
    /// NSA CNSA 2.0: a valid ML-DSA-87 seal, and SHA-384 or SHA-512
    Cnsa2,
    /// The European agencies: ML-DSA-65 or -87 and a classical half, valid in one identity
    EuHybrid,
    /// A valid seal by an algorithm of FIPS 204
    FipsPqc,
    /// Valid classical seals and no post-quantum one: enough until the end of 2030, and no longer
    ClassicalOnly,
}

impl Name {
    /// Every profile.
    pub const ALL: [Self; 4] = [Self::Cnsa2, Self::EuHybrid, Self::FipsPqc, Self::ClassicalOnly];

    /// As options and reports have it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Cnsa2 => "cnsa2",
            Self::EuHybrid => "eu-hybrid",
            Self::FipsPqc => "fips-pqc",
            Self::ClassicalOnly => "classical-only",
        }
    }

    const fn rule(self) -> &'static str {
        match self {
            Self::Cnsa2 => "a valid ML-DSA-87 seal, and SHA-384 or SHA-512 for manifest and images",
            Self::EuHybrid => "one identity with a valid ML-DSA-65 or ML-DSA-87 seal and a valid classical one",
            Self::FipsPqc => "a valid seal by an algorithm of FIPS 204",
            Self::ClassicalOnly => "valid classical seals, no post-quantum one, and a date before the end of 2030",
        }
    }
}

/// Whether a bundle meets a profile.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Profile {
    /// Its name.
    pub name: &'static str,
    /// What it demands.
    pub rule: &'static str,
    /// Whether the bundle meets it.
    pub met: bool,
    /// Why, or why not.
    pub reason: String,
    /// The last day on which it is met, if it ends.
    pub until: Option<Day>,
    /// Whether it was required.
    pub required: bool,
}

/// Evaluates every profile. Without a matrix nothing is valid.
pub(super) fn evaluate(
    matrix: Option<&Matrix>,
    digest: Option<DigestAlgorithm>,
    date: Day,
    required: &[Name],
) -> Vec<Profile> {
    let identities: Vec<Vec<SealAlgorithm>> = matrix.map(|matrix| matrix.counting().collect()).unwrap_or_default();
    let has = |one: SealAlgorithm| identities.iter().any(|halves| halves.contains(&one));
    let classical = identities.iter().flatten().any(|one| is_classical(*one));
    let post_quantum = identities.iter().flatten().any(|one| !is_classical(*one));
    let strong = digest.is_some_and(|digest| digest > DigestAlgorithm::Sha256);
    let lattice = |one: &SealAlgorithm| matches!(one, SealAlgorithm::MlDsa65 | SealAlgorithm::MlDsa87);
    let hybrid =
        |halves: &Vec<SealAlgorithm>| halves.iter().any(lattice) && halves.iter().any(|one| is_classical(*one));
    let list = valid_list(&identities, digest);
    Name::ALL
        .into_iter()
        .map(|name| {
            let (met, until) = match name {
                Name::Cnsa2 => (has(SealAlgorithm::MlDsa87) && strong, None),
                Name::EuHybrid => (identities.iter().any(hybrid), None),
                Name::FipsPqc => (post_quantum, None),
                Name::ClassicalOnly => {
                    let until = classical_only_until();
                    (classical && !post_quantum && until.is_some_and(|until| date <= until), until)
                }
            };
            Profile {
                name: name.text(),
                rule: name.rule(),
                met,
                reason: list.clone(),
                until: until.filter(|_| classical && !post_quantum),
                required: required.contains(&name),
            }
        })
        .collect()
}

fn valid_list(identities: &[Vec<SealAlgorithm>], digest: Option<DigestAlgorithm>) -> String {
    let Some(digest) = digest.filter(|_| !identities.is_empty()) else {
        return "no identity's seals are all valid".to_owned();
    };
    let identities: Vec<String> =
        (identities.iter()).map(|halves| halves.iter().map(|one| one.name()).collect::<Vec<_>>().join(" + ")).collect();
    format!("valid: {}; digest: {}", identities.join(", and "), digest.name())
}

/// The last day on which classical seals alone are enough: the roadmap of the European Union wants upgrades of firmware to be
/// quantum-safe by then, and CNSA 2.0 only its own algorithms from then on.
pub(super) fn classical_only_until() -> Option<Day> {
    Day::new(2030, 12, 31)
}

#[cfg(test)]
mod tests {
    use super::super::seals::{Half, Sealing};
    use super::*;

    /// Whether an identity counts, and the algorithms of its halves.
    type Halves<'a> = (bool, &'a [SealAlgorithm]);

    fn matrix(identities: &[Halves<'_>]) -> Matrix {
        let halves = |algorithms: &[SealAlgorithm]| {
            let half = |one: &SealAlgorithm| Half {
                algorithm: one.name().to_owned(),
                class: "",
                present: true,
                size: 0,
                device: Some(true),
                independent: Some(true),
                known: Some(*one),
            };
            algorithms.iter().map(half).collect()
        };
        let identity = |(counts, algorithms): &Halves<'_>| Sealing {
            anchor_id: String::new(),
            label: None,
            role: None,
            counts: *counts,
            halves: halves(algorithms),
        };
        Matrix {
            digest_algorithm: "",
            digest_device: true,
            digest_independent: true,
            identities: identities.iter().map(identity).collect(),
            requirements: Vec::new(),
        }
    }

    #[test]
    fn each_profile_is_met_by_exactly_the_sets_it_names() {
        use DigestAlgorithm::{Sha256, Sha384, Sha512};
        use SealAlgorithm::{Ed25519, MlDsa44, MlDsa65, MlDsa87};
        let cases: [(&[Halves<'_>], DigestAlgorithm, [bool; 4]); 11] = [
            (&[(true, &[Ed25519, MlDsa87])], Sha512, [true, true, true, false]),
            (&[(true, &[Ed25519, MlDsa87])], Sha384, [true, true, true, false]),
            (&[(true, &[Ed25519, MlDsa87])], Sha256, [false, true, true, false]),
            (&[(true, &[Ed25519, MlDsa65])], Sha384, [false, true, true, false]),
            (&[(true, &[Ed25519, MlDsa44])], Sha256, [false, false, true, false]),
            (&[(true, &[MlDsa87])], Sha512, [true, false, true, false]),
            (&[(true, &[Ed25519])], Sha512, [false, false, false, true]),
            // Halves of two identities are no hybrid: nothing binds them.
            (&[(true, &[Ed25519]), (true, &[MlDsa65])], Sha512, [false, false, true, false]),
            (&[(true, &[Ed25519]), (false, &[MlDsa87])], Sha512, [false, false, false, true]),
            (&[(false, &[Ed25519, MlDsa87])], Sha512, [false, false, false, false]),
            (&[], Sha512, [false, false, false, false]),
        ];
        let date = Day::new(2026, 11, 26).unwrap();
        for (identities, digest, expected) in cases {
            let met: Vec<bool> =
                evaluate(Some(&matrix(identities)), Some(digest), date, &[]).iter().map(|one| one.met).collect();
            assert_eq!(met, expected, "{identities:?}, {digest:?}");
        }
        assert!(evaluate(None, None, date, &[Name::Cnsa2]).iter().all(|one| !one.met));
    }

    #[test]
    fn classical_only_ends_with_2030() {
        let classical = matrix(&[(true, &[SealAlgorithm::Ed25519])]);
        for (year, month, day, met) in [(2030, 12, 31, true), (2031, 1, 1, false)] {
            let date = Day::new(year, month, day).unwrap();
            let profiles = evaluate(Some(&classical), Some(DigestAlgorithm::Sha512), date, &[]);
            let classical = profiles.iter().find(|one| one.name == "classical-only").unwrap();
            assert_eq!((classical.met, classical.until), (met, Day::new(2030, 12, 31)));
        }
    }
}
