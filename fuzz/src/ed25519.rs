//! Ed25519: tables of every size say what dalek's `verify_strict` says, and are made for exactly the keys that an anchor may have.

use ed25519_dalek::Signer as _;
use twinseal_verifier::{BaseComb, CombSize, Ed25519, ExpandedEd25519, SealVerifier as _};

use crate::note::note;
use crate::recipe::Recipe;

pub fn run(data: &[u8]) {
    let mut recipe = Recipe::new(data);
    let size = CombSize::from_teeth(4 + recipe.byte() % 3).expect("4 to 6 teeth");
    let signing = ed25519_dalek::SigningKey::from_bytes(&[1 + recipe.byte() % 4; 32]);
    let mut key = signing.verifying_key().to_bytes();
    if recipe.byte() == 1 {
        overwrite(&mut key, recipe.bytes(32));
    }
    let message = recipe.string();
    let mut signature = signing.sign(message).to_bytes();
    for _ in 0..recipe.below(4) {
        let at = recipe.below(64);
        signature[at] ^= recipe.byte();
    }
    if recipe.byte() == 1 {
        overwrite(&mut signature, recipe.bytes(64));
    }

    let mut table = Vec::new();
    let expanded = ExpandedEd25519::expand(&key, size, |piece| table.extend_from_slice(piece));
    assert_eq!(expanded.is_ok(), Ed25519.examine_key(&key).is_ok(), "a table for exactly the good keys");
    if expanded.is_err() {
        return note("weak key");
    }
    let comb = ExpandedEd25519::from_write_protected(&table, &key, BaseComb::of_size(size)).expect("its table");
    let ours = comb.verify(&key, message, &signature).is_ok();
    assert_eq!(ours, Ed25519.verify(&key, message, &signature).is_ok(), "the comb, and verify_strict");
    note(format!("{} teeth {}", size.teeth(), if ours { "accepted" } else { "refused" }));
}

fn overwrite(to: &mut [u8], from: &[u8]) {
    to[..from.len()].copy_from_slice(from);
}
