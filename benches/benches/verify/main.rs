//! Verification on the host, against peers in the same run: from raw key bytes and raw signature bytes to a verdict.
//!
//! ```sh
//! cargo bench -p twinseal-benches --bench verify
//! cargo bench -p twinseal-benches --bench verify --features c-peers   # also the peers that need a C compiler
//! ```
//!
//! Before anything is timed, each peer must accept the good signature and refuse one with a flipped bit.

#![expect(clippy::expect_used, reason = "a bench whose samples can not be made has nothing to time")]

use criterion::{Criterion, criterion_group, criterion_main};
use twinseal_formats::SealAlgorithm;

mod hybrid;
mod peers;
mod road;

use peers::{Peer, Sample};

fn ml_dsa(c: &mut Criterion) {
    for set in [SealAlgorithm::MlDsa44, SealAlgorithm::MlDsa65, SealAlgorithm::MlDsa87] {
        compare(c, set.name(), &Sample::new(set), &peers::ml_dsa(set));
    }
}

fn ed25519(c: &mut Criterion) {
    compare(c, "ed25519", &Sample::new(SealAlgorithm::Ed25519), &peers::ed25519());
}

/// Times every peer over one message, after holding each to the right verdicts.
fn compare(c: &mut Criterion, group: &str, sample: &Sample, peers: &[Peer]) {
    let mut group = c.benchmark_group(group);
    for peer in peers {
        let sample = (peer.own_sample)().unwrap_or_else(|| sample.clone());
        assert!(
            (peer.verify)(&sample.key, &sample.message, &sample.signature),
            "{} refuses a good signature",
            peer.name
        );
        let flipped = sample.flipped();
        assert!(!(peer.verify)(&sample.key, &sample.message, &flipped), "{} accepts a flipped bit", peer.name);
        group.bench_function(peer.name, |b| b.iter(|| (peer.verify)(&sample.key, &sample.message, &sample.signature)));
    }
    group.finish();
}

criterion_group!(benches, ml_dsa, ed25519, hybrid::hybrid, road::whole_road);
criterion_main!(benches);
