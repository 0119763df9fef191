//! Digests as documents write them: a name of an algorithm and hex.

use serde::Serialize;
use serde::de::Error;
use twinseal_formats::{Digest, DigestAlgorithm};

use crate::hex::unhex;

/// What a document says of the bytes of one thing: digests that can be compared, and the names of those that can not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    known: Vec<Digest>,
    others: Vec<String>,
}

impl Digests {
    /// Adds one. SHA-256, SHA-384 and SHA-512 are kept, whatever the spelling (`SHA-256`, `sha256`, `sha-256`); of others only
    /// the name.
    ///
    /// # Errors
    ///
    /// One of the three whose value has not its length, or is no hex; or that is there already with another value.
    pub fn add<E: Error>(&mut self, algorithm: &str, value: &str) -> Result<(), E> {
        let Some(known) = algorithm_of(algorithm) else {
            self.others.push(algorithm.to_owned());
            return Ok(());
        };
        let digest = unhex(value)
            .and_then(|bytes| Digest::new(known, &bytes))
            .ok_or_else(|| E::custom(format!("no {} digest in hex", known.name())))?;
        if self.known.iter().any(|other| other.algorithm() == known && *other != digest) {
            return Err(E::custom(format!("has two different {} digests", known.name())));
        }
        if !self.known.contains(&digest) {
            self.known.push(digest);
            self.known.sort_unstable();
        }
        Ok(())
    }

    /// Takes digests that are known.
    pub fn of(digests: impl IntoIterator<Item = Digest>) -> Self {
        let mut known: Vec<Digest> = digests.into_iter().collect();
        known.sort_unstable();
        known.dedup();
        Self { known, others: Vec::new() }
    }

    /// The digests that can be compared, one for each algorithm.
    #[must_use]
    pub fn known(&self) -> &[Digest] {
        &self.known
    }

    /// The names of algorithms whose digests are not compared here, as written: too weak, or not used by this project.
    #[must_use]
    pub fn others(&self) -> &[String] {
        &self.others
    }

    /// Whether there is none to compare.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The digest of that algorithm.
    #[must_use]
    pub fn get(&self, algorithm: DigestAlgorithm) -> Option<&Digest> {
        self.known.iter().find(|digest| digest.algorithm() == algorithm)
    }

    /// Compares with what is known of some bytes. Only what both have can be compared, and one difference outweighs all the rest.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Comparison {
        let mut comparison = Comparison::NothingInCommon;
        for digest in &self.known {
            match other.get(digest.algorithm()) {
                Some(same) if same == digest => comparison = Comparison::Same(digest.algorithm()),
                Some(_) => return Comparison::Different,
                None => {}
            }
        }
        comparison
    }
}

impl Serialize for Digests {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.known.iter().map(ToString::to_string))
    }
}

/// What comparing digests found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same bytes, by the strongest digest that both have.
    Same(DigestAlgorithm),
    /// Other bytes.
    Different,
    /// No algorithm is common to both.
    NothingInCommon,
}

fn algorithm_of(name: &str) -> Option<DigestAlgorithm> {
    let plain: String = name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect();
    match plain.as_str() {
        "sha256" => Some(DigestAlgorithm::Sha256),
        "sha384" => Some(DigestAlgorithm::Sha384),
        "sha512" => Some(DigestAlgorithm::Sha512),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Fault = serde::de::value::Error;

    fn digests(of: &[(&str, char, usize)]) -> Digests {
        let mut digests = Digests::default();
        for (name, digit, length) in of {
            digests.add::<Fault>(name, &digit.to_string().repeat(*length)).unwrap();
        }
        digests
    }

    #[test]
    fn one_difference_outweighs_all_that_is_the_same() {
        let both = digests(&[("SHA-256", 'a', 64), ("sha512", 'b', 128)]);
        assert_eq!(both.compare(&both), Comparison::Same(DigestAlgorithm::Sha512));
        assert_eq!(both.compare(&digests(&[("sha256", 'a', 64)])), Comparison::Same(DigestAlgorithm::Sha256));
        assert_eq!(both.compare(&digests(&[("sha256", 'a', 64), ("sha512", 'c', 128)])), Comparison::Different);
        assert_eq!(both.compare(&digests(&[("sha384", 'a', 96)])), Comparison::NothingInCommon);
        assert_eq!(both.compare(&Digests::default()), Comparison::NothingInCommon);
    }

    #[test]
    fn weak_digests_are_named_and_never_compared() {
        let weak = digests(&[("MD5", 'a', 32), ("SHA-1", 'a', 40), ("SHA3-256", 'a', 64), ("SHA-512/256", 'a', 64)]);
        assert!(weak.is_empty());
        assert_eq!(weak.others().len(), 4);
        assert_eq!(weak.compare(&weak), Comparison::NothingInCommon);
    }

    #[test]
    fn a_digest_of_another_length_or_a_second_one_is_refused() {
        for value in ["", "a", &"a".repeat(63), &"a".repeat(66), &"g".repeat(64)] {
            assert!(Digests::default().add::<Fault>("sha-256", value).is_err(), "{value}");
        }
        let mut one = digests(&[("sha256", 'a', 64)]);
        assert!(one.add::<Fault>("SHA-256", &"A".repeat(64)).is_ok());
        assert!(one.add::<Fault>("SHA-256", &"b".repeat(64)).is_err());
    }
}
