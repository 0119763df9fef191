//! Trust updates that only the vendor itself could get wrong: the new store is changed, then sealed with the vendor's root keys.

use std::sync::LazyLock;

use twinseal_formats::encode::{self, NewSeal};
use twinseal_formats::{Digest, Role, SealAlgorithm, SealType, TrustEpoch, TrustStore, TrustUpdate};
use twinseal_tests::bundle::{Form, seal_bytes, wrapper};
use twinseal_tests::cbor::Cbor;
use twinseal_tests::identity::Identity;
use twinseal_tests::release::{self, Release};
use twinseal_tests::rotation::Rotation;
use twinseal_verifier::{ConfirmedFrame, Error, TrustState, Verifier};

use crate::note::{note, note_verdict};
use crate::recipe::Recipe;
use crate::sealing::{Sealer, Sealing};

static ROTATION: LazyLock<Rotation> = LazyLock::new(|| Rotation::new(SealAlgorithm::MlDsa44));
static PRESENT: LazyLock<Vec<u8>> = LazyLock::new(|| ROTATION.present.encode());
static REPLACES: LazyLock<Digest> = LazyLock::new(|| ROTATION.replaces());
static REAL: LazyLock<Device> = LazyLock::new(|| Device::new(Sealing::Real));
static STAND_IN: LazyLock<Device> = LazyLock::new(|| Device::new(Sealing::StandIn));
/// Three roots, the one that is to come, and one who seals releases.
static SIGNERS: LazyLock<[Sealer; 5]> = LazyLock::new(|| {
    let [first, second, third] = &ROTATION.roots;
    [first, second, third, &ROTATION.new_root, &ROTATION.signers[0]].map(Sealer::new)
});

/// What a device has whose seals are made so.
struct Device {
    verifier: Verifier<'static>,
    /// Of the release that it confirmed, which must stay authentic under the new store.
    frame: Vec<u8>,
}

impl Device {
    fn new(sealing: Sealing) -> Self {
        let mut bundle = Release::sample(ROTATION.algorithm).sealed_by(&[]);
        let by_one = |one: &Identity| Sealer::new(one).seals(sealing, SealType::Release, &bundle.digest);
        bundle.seals = ROTATION.signers[..2].iter().flat_map(by_one).collect();
        bundle.sort_seals();
        Self { verifier: sealing.verifier(&PRESENT), frame: bundle.to_bytes(Form::Bare) }
    }
}

pub fn run(data: &[u8]) {
    let outcomes: Vec<Result<TrustEpoch, Error>> =
        Sealing::of(data).iter().map(|sealing| outcome(data, *sealing)).collect();
    let code = |outcome: &Result<TrustEpoch, Error>| outcome.as_ref().map(|epoch| *epoch).map_err(Error::code);
    assert!(outcomes.iter().all(|one| code(one) == code(&outcomes[0])), "with stand-ins and real seals: {outcomes:?}");
    note_verdict(&outcomes[0]);
    if outcomes.len() == 2 {
        note("with real seals as well");
    }
}

/// What comes of a recipe whose seals are made so.
fn outcome(data: &[u8], sealing: Sealing) -> Result<TrustEpoch, Error> {
    let mut recipe = Recipe::new(data);
    let mut next = ROTATION.next.clone();
    next.epoch = [2, 1, 3, u32::MAX][recipe.below(4)];
    match recipe.below(10) {
        1 => next.vendor.0[0] ^= 1,
        2 => next.classes[0].0[0] ^= 1,
        3 => next.anchors.retain(|anchor| anchor.role != Role::Root),
        4 => next.anchors.truncate(2),
        5 => next = next.demanding(Role::Root, 3),
        6 => next = next.demanding(Role::Root, 0),
        7 => next = next.demanding(Role::Release, 3),
        8 => next.anchors[0].keys.truncate(1),
        9 => next.anchors.swap_remove(4).label.clear(),
        _ => {}
    }
    if next.anchors.iter().all(|anchor| anchor.role != Role::Root) {
        next.requirements.retain(|(role, _)| *role != Role::Root);
    }
    let mut store = next.encode();
    recipe.splice(&mut store);

    let replaces = if recipe.byte() == 1 { release::digest(ROTATION.algorithm, b"another") } else { *REPLACES };
    let mut body =
        Cbor::new().map(3).uint(1).uint(1).uint(2).raw(&encode::digest(&replaces)).uint(3).bytes(&store).done();
    recipe.splice(&mut body);
    let signers = recipe.byte();
    let mut signers: Vec<&Sealer> = (0..5).filter(|bit| signers >> bit & 1 == 1).map(|bit| &SIGNERS[bit]).collect();
    if signers.is_empty() {
        signers = SIGNERS[..2].iter().collect();
    }
    let update = sealed(&body, &signers, sealing);

    let outcome = judge(&update, if sealing == Sealing::Real { &REAL } else { &STAND_IN }, &mut recipe);
    if let Ok(epoch) = outcome {
        assert_eq!(epoch.0, ROTATION.present.epoch + 1, "an epoch rises by one");
    }
    outcome
}

/// The update around a body that may be anything.
fn sealed(body: &[u8], signers: &[&Sealer], sealing: Sealing) -> Vec<u8> {
    let digest = release::digest(ROTATION.algorithm, &encode::with_head(body));
    let by_one = |one: &&Sealer| one.seals(sealing, SealType::TrustUpdate, &digest);
    let mut seals: Vec<NewSeal> = signers.iter().flat_map(by_one).collect();
    seals.sort_by_key(|seal| (seal.anchor, Cbor::new().int(seal.cose_algorithm).done()));
    let seals: Vec<Vec<u8>> = seals.iter().map(|seal| seal_bytes(seal, SealType::TrustUpdate)).collect();
    let wrapper = wrapper(&encode::digest(&digest), &seals);
    Cbor::new().map(2).uint(2).bytes(&wrapper).uint(3).bytes(body).done()
}

fn judge(update: &[u8], device: &Device, recipe: &mut Recipe<'_>) -> Result<TrustEpoch, Error> {
    let authentic = device.verifier.authenticate_trust_update(&TrustUpdate::parse(update)?)?;
    let state = &ROTATION.state;
    let (release_id, _) = state.confirmed.as_ref().expect("the rotation's device confirmed a release");
    let (mut class, mut release_id) = (state.class, *release_id);
    match recipe.below(6) {
        1 => class.0[0] ^= 1,
        2 => release_id = Digest::new(release_id.algorithm(), &[0; 32]).unwrap_or(release_id),
        _ => {}
    }
    let confirmed = (recipe.byte() != 1).then_some(ConfirmedFrame { release_id, frame: &device.frame });
    let admitted = authentic.admit(&TrustState {
        vendor: state.vendor,
        class,
        confirmed,
        counter: TrustEpoch([1, 0, 2][recipe.below(3)]),
        counter_limit: TrustEpoch([64, 1][recipe.below(2)]),
    })?;
    let mut read_back = admitted.store().as_bytes().to_vec();
    assert!(TrustStore::parse(&read_back).is_ok(), "what is admitted is a store");
    recipe.splice(&mut read_back);
    let whole = read_back == admitted.store().as_bytes();
    let written = admitted.written(&read_back);
    assert_eq!(written.is_ok(), whole, "exactly what was admitted counts as written");
    Ok(written?.epoch())
}
