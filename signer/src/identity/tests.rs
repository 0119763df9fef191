use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

fn written() -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("release");
    SigningIdentity::generate(SealAlgorithm::MlDsa44).unwrap().write(&directory).unwrap();
    (parent, directory)
}

fn names(directory: &Path) -> BTreeSet<OsString> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}

fn message(directory: &Path) -> String {
    SigningIdentity::load(directory).unwrap_err().to_string()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn an_identity_of_every_set_survives_the_round_trip() {
    for set in [SealAlgorithm::MlDsa44, SealAlgorithm::MlDsa65, SealAlgorithm::MlDsa87] {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("release");
        let identity = SigningIdentity::generate(set).unwrap();
        identity.write(&directory).unwrap();
        assert_eq!(names(parent.path()), BTreeSet::from(["release".into()]));
        assert_eq!(mode(&directory), 0o700);
        for key in identity.keys() {
            assert_eq!(mode(&directory.join(signing_key_file(key.algorithm()))), 0o600);
        }
        let loaded = SigningIdentity::load(&directory).unwrap();
        assert_eq!(loaded.public().unwrap(), identity.public().unwrap());
        assert_eq!(loaded.keys().map(Signer::algorithm), [SealAlgorithm::Ed25519, set]);
        assert_eq!(PublicIdentity::load(&directory).unwrap(), identity.public().unwrap());
    }
}

#[test]
fn what_exists_is_not_overwritten() {
    let (parent, directory) = written();
    let before = SigningIdentity::load(&directory).unwrap().public().unwrap();
    let identity = SigningIdentity::generate(SealAlgorithm::MlDsa44).unwrap();
    for existing in
        [directory.clone(), parent.path().join("empty"), parent.path().join("file"), parent.path().join("link")]
    {
        match existing.file_name().unwrap().to_str().unwrap() {
            "empty" => fs::create_dir(&existing).unwrap(),
            "file" => fs::write(&existing, b"").unwrap(),
            "link" => symlink("nowhere", &existing).unwrap(),
            _ => {}
        }
        let failure = identity.write(&existing).unwrap_err();
        assert!(failure.to_string().ends_with("already exists"), "{failure}");
    }
    assert_eq!(SigningIdentity::load(&directory).unwrap().public().unwrap(), before);
    assert_eq!(names(parent.path()).len(), 4);
}

#[test]
fn no_parent_leaves_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let identity = SigningIdentity::generate(SealAlgorithm::MlDsa44).unwrap();
    assert!(identity.write(&parent.path().join("a/b")).is_err());
    assert!(identity.write(Path::new("/")).is_err());
    assert!(names(parent.path()).is_empty());
}

#[test]
fn half_an_identity_is_refused() {
    for file in ["ed25519.key.pem", "ed25519.pub.pem", "ml-dsa-44.key.pem", "ml-dsa-44.pub.pem"] {
        let (_parent, directory) = written();
        fs::remove_file(directory.join(file)).unwrap();
        assert!(message(&directory).contains("is no signing identity"), "{file}");
    }
}

#[test]
fn more_than_an_identity_is_refused() {
    let (_parent, directory) = written();
    SigningKey::generate(SealAlgorithm::MlDsa65).unwrap().save(&directory.join("ml-dsa-65.key.pem")).unwrap();
    assert!(message(&directory).contains("keys of ml-dsa-44 and of ml-dsa-65"));

    let (_parent, directory) = written();
    fs::write(directory.join("ed25519.key.pem~"), b"").unwrap();
    assert!(message(&directory).contains("ed25519.key.pem~ does not belong in it"));
}

#[test]
fn a_verifying_key_that_disagrees_is_refused() {
    for file in ["ed25519.pub.pem", "ml-dsa-44.pub.pem"] {
        let (_one, directory) = written();
        let (_two, other) = written();
        fs::copy(other.join(file), directory.join(file)).unwrap();
        assert!(message(&directory).contains("does not belong to the signing key beside it"), "{file}");
    }
}

#[test]
fn a_key_under_the_name_of_another_algorithm_is_refused() {
    let (_parent, directory) = written();
    fs::copy(directory.join("ed25519.key.pem"), directory.join("ml-dsa-44.key.pem")).unwrap();
    assert!(message(&directory).contains("ml-dsa-44.key.pem: holds a key of ed25519"));
    fs::copy(directory.join("ed25519.pub.pem"), directory.join("ml-dsa-44.pub.pem")).unwrap();
    let failure = PublicIdentity::load(&directory).unwrap_err();
    assert!(failure.to_string().contains("holds a key of ed25519"), "{failure}");
}

#[test]
fn files_that_others_can_use_and_links_are_refused() {
    let (parent, directory) = written();
    let key = directory.join("ml-dsa-44.key.pem");
    fs::set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
    assert!(message(&directory).contains("others than its owner"));

    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let elsewhere = parent.path().join("elsewhere");
    fs::rename(&key, &elsewhere).unwrap();
    symlink(&elsewhere, &key).unwrap();
    assert!(message(&directory).contains("symbolic link"));
}

#[test]
fn a_directory_that_others_can_change_is_refused() {
    let (_parent, directory) = written();
    fs::set_permissions(&directory, Permissions::from_mode(0o770)).unwrap();
    assert!(message(&directory).contains("others may exchange the keys"));
    fs::set_permissions(&directory, Permissions::from_mode(0o755)).unwrap();
    SigningIdentity::load(&directory).unwrap();
}

#[test]
fn an_identity_has_one_key_of_each_class() {
    let key = |algorithm| SigningKey::generate(algorithm).unwrap();
    assert!(SigningIdentity::generate(SealAlgorithm::Ed25519).is_err());
    assert!(
        SigningIdentity::new(Box::new(key(SealAlgorithm::MlDsa44)), Box::new(key(SealAlgorithm::MlDsa44))).is_err()
    );
    assert!(
        SigningIdentity::new(Box::new(key(SealAlgorithm::MlDsa44)), Box::new(key(SealAlgorithm::Ed25519))).is_err()
    );
}

#[test]
fn a_public_identity_reads_no_signing_key() {
    let (_parent, directory) = written();
    fs::write(directory.join("ed25519.key.pem"), b"not a key").unwrap();
    fs::set_permissions(directory.join("ml-dsa-44.key.pem"), Permissions::from_mode(0o644)).unwrap();
    assert_eq!(PublicIdentity::load(&directory).unwrap().keys().len(), 2);
}

#[test]
fn a_public_identity_is_one_or_two_keys_of_different_classes() {
    let (parent, directory) = written();
    let read = |file: &str| fs::read_to_string(directory.join(file)).unwrap();
    let (classical, post_quantum) = (read("ed25519.pub.pem"), read("ml-dsa-44.pub.pem"));
    let whole = PublicIdentity::load(&directory).unwrap();
    let from = |content: String| {
        let path = parent.path().join("keys.pem");
        fs::write(&path, content).unwrap();
        PublicIdentity::load(&path)
    };
    assert_eq!(from(format!("{post_quantum}{classical}")).unwrap(), whole);
    assert_eq!(from(classical.clone()).unwrap().keys().len(), 1);
    assert_eq!(from(post_quantum.clone()).unwrap().keys().len(), 1);
    assert!(from(format!("{classical}{classical}")).is_err());
    assert!(from(format!("{classical}{post_quantum}{post_quantum}")).is_err());
    assert!(from(String::new()).is_err());
    assert!(PublicIdentity::load(&parent.path().join("none")).is_err());
    let empty = parent.path().join("empty");
    fs::create_dir(&empty).unwrap();
    assert!(PublicIdentity::load(&empty).unwrap_err().to_string().contains("no verifying key (*.pub.pem) is there"));
}
