//! The hybrid pair, as every seal of a release is: both halves over one message, from the keys' bytes and with what was prepared once.

use twinseal_formats::SealAlgorithm;
use twinseal_verifier::{
    BaseComb, CombSize, Ed25519, ExpandedEd25519, ExpandedMlDsa, Fast, MlDsa65, SealVerifier, Set65, expand_ml_dsa,
};

use crate::peers::Sample;
use crate::rounds::{Group, Timing};

/// Two samples, each with a signature beside it, to a verdict.
type Verify<'a> = Box<dyn Fn(&Sample, &[u8], &Sample, &[u8]) -> bool + 'a>;

/// Both halves.
pub(crate) fn hybrid(timing: &mut Timing) {
    let (classical, post_quantum) = (Sample::new(SealAlgorithm::Ed25519), Sample::new(SealAlgorithm::MlDsa65));
    let mut comb = Vec::new();
    ExpandedEd25519::expand(&classical.key, CombSize::Teeth9, |piece| comb.extend_from_slice(piece))
        .expect("a good key");
    let mut table = Vec::new();
    expand_ml_dsa::<Set65>(&post_quantum.key, |piece| table.extend_from_slice(piece)).expect("a good key");
    let ed25519 = ExpandedEd25519::from_write_protected(&comb, &classical.key, BaseComb::TEETH_9).expect("its table");
    let ml_dsa = ExpandedMlDsa::<Set65, Fast>::from_write_protected(&table, &post_quantum.key).expect("its table");

    let both = |one: &dyn SealVerifier, other: &dyn SealVerifier, a: &Sample, s: &[u8], b: &Sample, t: &[u8]| {
        one.verify(&a.key, &a.message, s).is_ok() && other.verify(&b.key, &b.message, t).is_ok()
    };
    let pairs: Vec<(&str, Verify<'_>)> = vec![
        ("twinseal", Box::new(|a, s, b, t| both(&Ed25519, &MlDsa65, a, s, b, t))),
        ("twinseal, provisioned anchor", Box::new(|a, s, b, t| both(&ed25519, &ml_dsa, a, s, b, t))),
        #[cfg(feature = "c-peers")]
        ("aws-lc-rs", Box::new(aws_lc_rs)),
    ];
    let mut group = Group::new("hybrid 65");
    let good = (&classical.signature, &post_quantum.signature);
    for (name, verify) in &pairs {
        assert!(verify(&classical, good.0, &post_quantum, good.1), "{name} refuses good signatures");
        assert!(!verify(&classical, &classical.flipped(), &post_quantum, good.1), "{name} accepts a flipped bit");
        assert!(!verify(&classical, good.0, &post_quantum, &post_quantum.flipped()), "{name} accepts a flipped bit");
        group.add(*name, || verify(&classical, good.0, &post_quantum, good.1));
    }
    timing.run(group);

    let mut group = Group::new("provisioned anchors");
    group.add("ML-DSA-65", || ml_dsa.verify(&post_quantum.key, &post_quantum.message, &post_quantum.signature));
    group.add("Ed25519", || ed25519.verify(&classical.key, &classical.message, &classical.signature));
    timing.run(group);
}

#[cfg(feature = "c-peers")]
fn aws_lc_rs(a: &Sample, s: &[u8], b: &Sample, t: &[u8]) -> bool {
    use aws_lc_rs::signature::{ED25519, ML_DSA_65, UnparsedPublicKey};
    UnparsedPublicKey::new(&ED25519, &a.key).verify(&a.message, s).is_ok()
        && UnparsedPublicKey::new(&ML_DSA_65, &b.key).verify(&b.message, t).is_ok()
}
