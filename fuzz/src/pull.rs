//! Any bytes on the pull road: only what the vendor sealed is taken.

use twinseal_tests::roads;

use crate::fixture::{VERIFIER, WORLD, assert_ours};
use crate::note::note_verdict;

pub fn run(data: &[u8]) {
    let outcome = roads::pull(data, &VERIFIER, &WORLD.facts);
    if let Ok(release_id) = &outcome {
        assert_ours(release_id, data);
    }
    note_verdict(&outcome);
}
