//! Bundles as parts, written without rules: any part can be replaced by any bytes, and sealed again, or not.

use twinseal_formats::encode::{self, NewSeal};
use twinseal_formats::{Digest, DigestAlgorithm, EntryHead, SealType, evidence_name, payload_name};

use crate::cbor::{Cbor, length};
use crate::identity::Identity;
use crate::release::digest;

/// A bundle's parts.
#[derive(Clone, Debug)]
pub struct Bundle {
    pub digest: Digest,
    /// Written in this order, as seals for an object of this type.
    pub seals: Vec<NewSeal>,
    pub seal_type: SealType,
    pub manifest: Vec<u8>,
    pub payloads: Vec<Vec<u8>>,
    /// The index, then the files; empty if the release has no evidence.
    pub evidence: Vec<Vec<u8>>,
}

/// Which entries lie in the envelope (F-8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Payloads and evidence.
    Full,
    /// Payloads, no evidence.
    Stripped,
    /// Evidence, no payloads.
    Detached,
    /// Neither.
    Bare,
}

impl Bundle {
    /// Seals a manifest; there are no payloads yet.
    pub fn sealed(manifest: Vec<u8>, algorithm: DigestAlgorithm, identities: &[&Identity]) -> Self {
        let digest = digest(algorithm, &encode::with_head(&manifest));
        let seals = identities.iter().flat_map(|identity| identity.seals(SealType::Release, &digest)).collect();
        let mut this =
            Self { digest, seals, seal_type: SealType::Release, manifest, payloads: Vec::new(), evidence: Vec::new() };
        this.sort_seals();
        this
    }

    /// Puts the seals into the order of F-25.
    pub fn sort_seals(&mut self) {
        self.seals.sort_by_key(|seal| {
            let algorithm = Cbor::new().int(seal.cose_algorithm).done();
            (seal.anchor, algorithm)
        });
    }

    /// The seal of an identity's half.
    pub fn seal_mut(&mut self, identity: &Identity, algorithm: twinseal_formats::SealAlgorithm) -> &mut NewSeal {
        let anchor = identity.anchor_id();
        let found = self.seals.iter_mut().find(|seal| seal.anchor == anchor && seal.cose_algorithm == algorithm.cose());
        found.expect("the identity sealed this bundle")
    }

    /// Takes a seal out.
    pub fn remove_seal(&mut self, identity: &Identity, algorithm: twinseal_formats::SealAlgorithm) -> NewSeal {
        let seal = self.seal_mut(identity, algorithm).clone();
        self.seals.retain(|other| *other != seal);
        seal
    }

    /// Puts a seal where it belongs.
    pub fn add_seal(&mut self, seal: NewSeal) {
        self.seals.push(seal);
        self.sort_seals();
    }

    /// The contents of the authentication wrapper.
    pub fn wrapper(&self) -> Vec<u8> {
        let seals: Vec<_> = self.seals.iter().map(|seal| seal_bytes(seal, self.seal_type)).collect();
        wrapper(&encode::digest(&self.digest), &seals)
    }

    /// How many entries the envelope has in that form.
    pub fn entries(&self, form: Form) -> u64 {
        let payloads = if matches!(form, Form::Full | Form::Stripped) { self.payloads.len() } else { 0 };
        let evidence = if matches!(form, Form::Full | Form::Detached) { self.evidence.len() } else { 0 };
        u64::try_from(2 + payloads + evidence).expect("few entries")
    }

    /// What follows behind the manifest in that form.
    pub fn tail(&self, form: Form) -> Vec<u8> {
        let mut tail = Vec::new();
        if matches!(form, Form::Full | Form::Stripped) {
            for (index, payload) in (0..).zip(&self.payloads) {
                tail.extend(entry(payload_name(index), payload));
            }
        }
        if matches!(form, Form::Full | Form::Detached) {
            for (number, contents) in (0..).zip(&self.evidence) {
                tail.extend(entry(evidence_name(number), contents));
            }
        }
        tail
    }

    pub fn to_bytes(&self, form: Form) -> Vec<u8> {
        self.to_bytes_with_entries(form, self.entries(form))
    }

    /// The bundle with any number of entries in its head.
    pub fn to_bytes_with_entries(&self, form: Form, entries: u64) -> Vec<u8> {
        [frame(entries, &self.wrapper(), &self.manifest), self.tail(form)].concat()
    }

    /// The stripped bundle around another wrapper.
    pub fn with_wrapper(&self, wrapper: &[u8]) -> Vec<u8> {
        [frame(self.entries(Form::Stripped), wrapper, &self.manifest), self.tail(Form::Stripped)].concat()
    }

    /// The stripped bundle around the same digest and other seals, each as bytes.
    pub fn with_seals(&self, seals: &[Vec<u8>]) -> Vec<u8> {
        self.with_wrapper(&wrapper(&encode::digest(&self.digest), seals))
    }

    /// The seals as bytes.
    pub fn seals_as_bytes(&self) -> Vec<Vec<u8>> {
        self.seals.iter().map(|seal| seal_bytes(seal, self.seal_type)).collect()
    }
}

/// An envelope up to the end of the manifest.
pub fn frame(entries: u64, wrapper: &[u8], manifest: &[u8]) -> Vec<u8> {
    Cbor::new().tag(107).map(entries).uint(2).bytes(wrapper).uint(3).bytes(manifest).done()
}

/// The contents of an authentication wrapper.
pub fn wrapper(digest: &[u8], seals: &[Vec<u8>]) -> Vec<u8> {
    let count = u64::try_from(seals.len() + 1).expect("few seals");
    seals.iter().fold(Cbor::new().array(count).bytes(digest), |wrapper, seal| wrapper.bytes(seal)).done()
}

/// A seal as a COSE_Sign1.
pub fn seal_bytes(seal: &NewSeal, seal_type: SealType) -> Vec<u8> {
    sign1(&encode::protected_header(seal.cose_algorithm, seal.anchor, seal_type), &seal.signature)
}

/// A COSE_Sign1 around any protected header and signature.
pub fn sign1(protected: &[u8], signature: &[u8]) -> Vec<u8> {
    Cbor::new().tag(18).array(4).bytes(protected).map(0).raw(&[0xf6]).bytes(signature).done()
}

/// An entry of the envelope.
pub fn entry(name: [u8; 7], contents: &[u8]) -> Vec<u8> {
    [EntryHead::new(name, length(contents)).as_bytes(), contents].concat()
}
