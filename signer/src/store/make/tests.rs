use twinseal_formats::{SealAlgorithm, TrustStore};

use super::*;

/// A key that is none in particular. Ed25519: a point of full order for some fills; ML-DSA: any bytes are a key.
fn key(algorithm: SealAlgorithm, fill: u8) -> VerifyingKey {
    if algorithm == SealAlgorithm::Ed25519 {
        let signing = ed25519_dalek::SigningKey::from_bytes(&[fill; 32]);
        return VerifyingKey::from_raw(algorithm, signing.verifying_key().as_bytes()).unwrap();
    }
    VerifyingKey::from_raw(algorithm, &vec![fill; algorithm.key_size()]).unwrap()
}

fn anchor(label: &str, role: Role, keys: Vec<VerifyingKey>) -> LabelledIdentity {
    LabelledIdentity { label: label.to_owned(), role, identity: PublicIdentity::new(keys).unwrap() }
}

fn hybrid(label: &str, role: Role, set: SealAlgorithm, fill: u8) -> LabelledIdentity {
    anchor(label, role, vec![key(SealAlgorithm::Ed25519, fill), key(set, fill)])
}

fn store(anchors: Vec<LabelledIdentity>) -> NewStore {
    NewStore {
        vendor: VendorId([1; 16]),
        classes: vec![ClassId([2; 16])],
        epoch: TrustEpoch(0),
        minimum_digest: None,
        requirements: Vec::new(),
        anchors,
        single_class: false,
    }
}

fn message(store: &NewStore) -> String {
    let failure = store.encode().unwrap_err();
    assert!(failure.advice().is_some(), "{failure}");
    failure.to_string()
}

#[test]
fn each_role_that_has_anchors_demands_one_unless_told_otherwise() {
    let anchors = vec![
        hybrid("a", Role::Release, SealAlgorithm::MlDsa44, 1),
        hybrid("b", Role::Release, SealAlgorithm::MlDsa44, 2),
        hybrid("r", Role::Root, SealAlgorithm::MlDsa87, 3),
    ];
    let mut new = store(anchors);
    let thresholds = |bytes: &[u8]| -> Vec<_> {
        TrustStore::parse(bytes).unwrap().requirements().map(|one| (one.role, one.threshold)).collect()
    };
    assert_eq!(thresholds(&new.encode().unwrap()), [(Role::Root, 1), (Role::Release, 1)]);
    new.requirements = vec![Requirement { role: Role::Release, threshold: 2 }];
    assert_eq!(thresholds(&new.encode().unwrap()), [(Role::Root, 1), (Role::Release, 2)]);
}

#[test]
fn the_minimum_digest_matches_the_strongest_release_key() {
    for (sets, digest) in [
        (vec![SealAlgorithm::MlDsa44], DigestAlgorithm::Sha256),
        (vec![SealAlgorithm::MlDsa44, SealAlgorithm::MlDsa65], DigestAlgorithm::Sha384),
        (vec![SealAlgorithm::MlDsa87, SealAlgorithm::MlDsa44], DigestAlgorithm::Sha512),
    ] {
        let mut anchors = vec![hybrid("root", Role::Root, SealAlgorithm::MlDsa87, 9)];
        for (fill, set) in (1..).zip(sets) {
            anchors.push(hybrid(&format!("release-{fill}"), Role::Release, set, fill));
        }
        let mut new = store(anchors);
        assert_eq!(TrustStore::parse(&new.encode().unwrap()).unwrap().minimum_digest(), digest);
        new.minimum_digest = Some(DigestAlgorithm::Sha256);
        assert_eq!(TrustStore::parse(&new.encode().unwrap()).unwrap().minimum_digest(), DigestAlgorithm::Sha256);
    }
}

#[test]
fn what_is_given_twice_is_named() {
    let set = SealAlgorithm::MlDsa44;
    let a = || hybrid("a", Role::Release, set, 1);
    assert_eq!(message(&store(vec![a(), hybrid("a", Role::Root, set, 2)])), "two anchors have the label `a`");
    let again = hybrid("b", Role::Root, set, 1);
    assert_eq!(message(&store(vec![a(), again])), "`a` and `b` are one and the same signing identity");
    let mut new = store(vec![a()]);
    new.requirements = vec![Requirement { role: Role::Release, threshold: 1 }; 2];
    assert_eq!(message(&new), "there are two requirements for the role release");
    assert_eq!(message(&store(vec![hybrid("A", Role::Release, set, 1)])), "`A`: can not be a label");
}

#[test]
fn the_anchors_that_the_verifier_refuses_are_named() {
    let (ed25519, set) = (SealAlgorithm::Ed25519, SealAlgorithm::MlDsa44);
    let good = hybrid("good", Role::Release, set, 1);

    let one = anchor("one", Role::Release, vec![key(ed25519, 2)]);
    let mut new = store(vec![good.clone(), one]);
    let text = message(&new);
    assert!(text.contains("configuration.single-class-anchor (0x0707)") && text.ends_with("found in `one`"), "{text}");
    new.single_class = true;
    new.encode().unwrap();

    let other = anchor("other", Role::Release, vec![key(ed25519, 1), key(set, 3)]);
    let text = message(&store(vec![good.clone(), other, hybrid("third", Role::Release, set, 4)]));
    assert!(text.contains("configuration.shared-key") && text.ends_with("found in `good`, `other`"), "{text}");

    // The neutral element: any signature with S = 0 and R the same point is valid under it.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let neutral = VerifyingKey::from_raw(ed25519, &neutral).unwrap();
    let weak = anchor("weak", Role::Root, vec![neutral, key(set, 5)]);
    let text = message(&store(vec![good.clone(), weak]));
    assert!(text.contains("configuration.weak-key (0x0709)") && text.ends_with("found in `weak`"), "{text}");

    let zeroed = anchor("zeroed", Role::Root, vec![key(ed25519, 6), key(SealAlgorithm::MlDsa65, 0)]);
    let text = message(&store(vec![good.clone(), zeroed]));
    assert!(text.contains("configuration.weak-key") && text.ends_with("found in `zeroed`"), "{text}");

    let mut new = store(vec![good]);
    new.requirements = vec![Requirement { role: Role::Release, threshold: 2 }];
    let text = message(&new);
    assert!(text.contains("threshold-unreachable") && text.ends_with("there is 1 of the role release"), "{text}");
    new.requirements = vec![Requirement { role: Role::Release, threshold: 0 }];
    assert!(message(&new).contains("configuration.threshold-zero"));
}

#[test]
fn what_the_format_has_no_room_for_is_refused_by_its_rule() {
    let anchors: Vec<_> =
        (0..17).map(|n| hybrid(&format!("a{n}"), Role::Release, SealAlgorithm::MlDsa44, n + 1)).collect();
    assert!(message(&store(anchors.clone())).contains("trust.anchor-count"));
    let mut new = store(anchors[..16].to_vec());
    new.encode().unwrap();
    new.classes = (0..17).map(|n| ClassId([n; 16])).collect();
    assert!(message(&new).contains("trust.class-count"));
    new.classes = vec![ClassId([0; 16]); 2];
    assert!(message(&new).contains("trust.class-order"));
    assert!(message(&store(Vec::new())).contains("trust."));
}
