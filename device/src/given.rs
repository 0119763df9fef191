//! What the images are given: a store, a bundle and a tampered one, keys, seals and tables, made from fixed seeds for each parameter set.

use std::fs;
use std::path::{Path, PathBuf};

use twinseal_formats::{AnchorKey, DigestAlgorithm, ErrorCode, Role, SealAlgorithm};
use twinseal_tests::bundle::Form;
use twinseal_tests::device::Facts;
use twinseal_tests::identity::Identity;
use twinseal_tests::release::Release;
use twinseal_tests::trust::{self, Store, StoredAnchor};
use twinseal_tests::{roads, world};
use twinseal_verifier::{BadTable, CombSize, Error, ExpandedEd25519, Set44, Set65, Set87, expand_ml_dsa};

use crate::failure::{Failure, Result};

/// The number of the error that the tampered bundle is refused with, on the host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given {
    pub(crate) tampered: ErrorCode,
}

/// Writes the files of every set below `folder`.
pub(crate) fn write_all(folder: &Path) -> Result<Vec<(SealAlgorithm, Given)>> {
    world::POST_QUANTUM.into_iter().map(|set| Ok((set, write(&folder.join(folder_of(set)), set)?))).collect()
}

/// The part of a folder's name that stands for a set.
pub(crate) const fn folder_of(set: SealAlgorithm) -> &'static str {
    match set {
        SealAlgorithm::MlDsa44 => "44",
        SealAlgorithm::MlDsa65 => "65",
        _ => "87",
    }
}

/// Where the files are unless told otherwise; the images' build script looks there too.
pub(crate) fn folder() -> PathBuf {
    crate::image::folder().join("target/given")
}

fn write(folder: &Path, set: SealAlgorithm) -> Result<Given> {
    let signer = Identity::hybrid(set, 2);
    // Without root anchors: what the images measure is the release's road.
    let store = Store::of(vec![StoredAnchor::of(&signer, Role::Release, "release")]).encode();
    let release = Release::sample(DigestAlgorithm::matching(set));
    let mut bundle = release.sealed_by(&[&signer]);
    let good = bundle.to_bytes(Form::Stripped);
    if let Some(byte) = bundle.seal_mut(&signer, set).signature.get_mut(100) {
        *byte ^= 1;
    }
    let tampered = bundle.to_bytes(Form::Stripped);

    let judge = |bytes: &[u8]| roads::every_road(bytes, &trust::verifier(&store)?, &Facts::sample());
    judge(&good).map_err(|error| Failure::new(format!("the host refuses the bundle: {error}")))?;
    let refused = judge(&tampered).err().as_ref().map(Error::code);
    let tampered_code = refused.ok_or_else(|| Failure::new("the host accepts the tampered bundle"))?;

    let message = vec![0x5A; MESSAGE];
    let write = |name: &str, bytes: &[u8]| write_if_changed(&folder.join(name), bytes);
    fs::create_dir_all(folder)?;
    write("store", &store)?;
    write("bundle", &good)?;
    write("tampered", &tampered)?;
    write("message", &message)?;
    for (name, (_, payload)) in ["app.image", "radio.image"].into_iter().zip(&release.components) {
        write(name, payload)?;
    }
    for (algorithm, key) in signer.keys() {
        let name = if algorithm == SealAlgorithm::Ed25519 { "ed25519" } else { "ml-dsa" };
        let mut seal = signer.sign(algorithm, &message, &[]);
        write(&format!("{name}.key"), &key)?;
        write(&format!("{name}.seal"), &seal)?;
        if let Some(byte) = seal.get_mut(40) {
            *byte ^= 1;
        }
        write(&format!("{name}.tampered"), &seal)?;
        tables(&AnchorKey { algorithm, bytes: &key }, &write)?;
    }
    Ok(Given { tampered: tampered_code })
}

/// The tables of a key.
fn tables(key: &AnchorKey<'_>, write: &dyn Fn(&str, &[u8]) -> Result<()>) -> Result<()> {
    let bad = |error: BadTable| Failure::new(error.to_string());
    if key.algorithm == SealAlgorithm::Ed25519 {
        for size in CombSize::ALL {
            let mut table = Vec::new();
            ExpandedEd25519::expand(key.bytes, size, |piece| table.extend_from_slice(piece)).map_err(bad)?;
            write(&format!("ed25519.table{}", size.teeth()), &table)?;
        }
        return Ok(());
    }
    let mut table = Vec::new();
    let words = |piece: &[u32]| table.extend(piece.iter().flat_map(|word| word.to_le_bytes()));
    let made = match key.algorithm {
        SealAlgorithm::MlDsa44 => expand_ml_dsa::<Set44>(key.bytes, words),
        SealAlgorithm::MlDsa65 => expand_ml_dsa::<Set65>(key.bytes, words),
        _ => expand_ml_dsa::<Set87>(key.bytes, words),
    };
    made.map_err(bad)?;
    write("ml-dsa.table", &table)
}

/// Leaves a file alone that holds these bytes: cargo looks at its time.
fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    Ok(fs::write(path, bytes)?)
}

/// As long as the to-be-signed bytes of a seal with SHA-384.
const MESSAGE: usize = 160;
