//! Any bytes on the push road, in any chunks: the verdict of the pull road, to the error number.

use twinseal_tests::device::MemorySlot;
use twinseal_tests::roads::{self, Chunks, code};

use crate::fixture::{VERIFIER, WORLD, assert_ours};
use crate::note::{note, note_verdict};
use crate::recipe::Recipe;

pub fn run(data: &[u8]) {
    let mut recipe = Recipe::new(data);
    let chunks = match recipe.byte() {
        0 => Chunks::Whole,
        size @ 1..=127 => Chunks::Of(size.into()),
        seed => Chunks::Seeded(u64::from(seed) << 8 | u64::from(recipe.byte())),
    };
    let bundle = recipe.rest();
    let mut slot = MemorySlot::inactive(WORLD.facts.components.len());
    let pushed = roads::push(bundle, chunks, &VERIFIER, &WORLD.facts, &mut slot);
    let pulled = roads::pull(bundle, &VERIFIER, &WORLD.facts);
    assert_eq!(code(&pushed), code(&pulled), "{chunks:?}: push says {pushed:?}, pull says {pulled:?}");
    if let Ok(release_id) = &pushed {
        assert_ours(release_id, bundle);
        assert!(!slot.bootable, "only an installer makes a slot bootable");
        note(variant_of(chunks));
    }
    note_verdict(&pushed);
}

fn variant_of(chunks: Chunks) -> &'static str {
    match chunks {
        Chunks::Whole => "accepted in one piece",
        Chunks::Of(_) => "accepted in equal pieces",
        Chunks::Seeded(_) => "accepted in irregular pieces",
    }
}
