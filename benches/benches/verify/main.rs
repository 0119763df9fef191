//! Verification on the host, against peers in the same run: from raw key bytes and raw signature bytes to a verdict.
//!
//! ```sh
//! cargo bench -p twinseal-benches --bench verify
//! cargo bench -p twinseal-benches --bench verify --features c-peers   # also the peers that need a C compiler
//! cargo bench -p twinseal-benches --bench verify --features c-peers -- --rounds   # in turns, for docs/performance.md
//! ```
//!
//! With `--rounds` every function of a group has a turn in each round: what disturbs the machine disturbs all of them, and ratios are taken
//! within rounds. It takes some three minutes, writes target/host-figures.json, and `twinseal-device report` makes a page of that.
//!
//! Before anything is timed, each peer must accept the good signature and refuse one with a flipped bit.

#![expect(clippy::expect_used, reason = "a bench whose samples can not be made has nothing to time")]

use criterion::Criterion;
use twinseal_formats::SealAlgorithm;

mod hybrid;
mod peers;
mod road;
mod rounds;
mod signing;

use peers::{Peer, Sample};
use rounds::{Group, Timing};

fn ml_dsa(timing: &mut Timing) {
    for set in [SealAlgorithm::MlDsa44, SealAlgorithm::MlDsa65, SealAlgorithm::MlDsa87] {
        compare(timing, set.name(), &Sample::new(set), &peers::ml_dsa(set));
    }
}

fn ed25519(timing: &mut Timing) {
    compare(timing, "ed25519", &Sample::new(SealAlgorithm::Ed25519), &peers::ed25519());
}

/// Times every peer over one message, after holding each to the right verdicts.
fn compare(timing: &mut Timing, group: &str, sample: &Sample, peers: &[Peer]) {
    let mut group = Group::new(group);
    for peer in peers {
        let sample = (peer.own_sample)().unwrap_or_else(|| sample.clone());
        assert!(
            (peer.verify)(&sample.key, &sample.message, &sample.signature),
            "{} refuses a good signature",
            peer.name
        );
        let flipped = sample.flipped();
        assert!(!(peer.verify)(&sample.key, &sample.message, &flipped), "{} accepts a flipped bit", peer.name);
        let verify = peer.verify;
        group.add(peer.name, move || verify(&sample.key, &sample.message, &sample.signature));
    }
    timing.run(group);
}

fn main() {
    let rounds = std::env::args().any(|argument| argument == "--rounds");
    let mut timing = if rounds {
        Timing::Rounds(Vec::new())
    } else {
        Timing::Criterion(Box::new(Criterion::default().configure_from_args()))
    };
    for group in [ml_dsa, ed25519, hybrid::hybrid, signing::signing, road::whole_road] {
        group(&mut timing);
    }
    timing.finish();
}
