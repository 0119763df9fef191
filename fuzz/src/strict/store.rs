//! Trust stores (F-40 to F-44).

use ciborium::Value;
use twinseal_formats::TrustStore;

use super::cbor::{ascii, below, digest_size, holds, int, list, map, name, sized, uint, whole, with_optional};

/// What a trust store says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StoreSays {
    epoch: u64,
    vendor: Vec<u8>,
    classes: Vec<Vec<u8>>,
    minimum: i64,
    requirements: Vec<(u64, u64)>,
    /// Ids, roles, labels, keys by algorithm.
    anchors: Vec<(Vec<u8>, u64, Vec<u8>, Vec<(i64, Vec<u8>)>)>,
    single_class: bool,
}

/// A trust store (F-40 to F-44).
pub(crate) fn trust_store(bytes: &[u8]) -> Option<StoreSays> {
    holds(bytes.len() <= 65_535)?;
    let store = whole(bytes)?;
    let (entries, single_class) = with_optional(&store, [1, 2, 3, 4, 5, 6, 7], 8)?;
    let [profile, epoch, vendor, classes, minimum, requirements, anchors] = entries;
    holds(uint(profile)? == 1 && single_class.is_none_or(|value| *value == Value::Bool(true)))?;
    let classes: Vec<_> = list(classes, 1..=16)?.iter().map(|class| sized(class, 16)).collect::<Option<_>>()?;
    holds(classes.windows(2).all(|pair| pair[0] < pair[1]))?;
    let minimum = int(minimum)?;
    digest_size(minimum)?;
    let requirement = |one: &Value| match list(one, 2..=2)? {
        [role, threshold] => Some((self::role(role)?, below(threshold, 256)?)),
        _ => None,
    };
    let requirements: Vec<_> = list(requirements, 1..=3)?.iter().map(requirement).collect::<Option<_>>()?;
    holds(requirements.windows(2).all(|pair| pair[0].0 < pair[1].0))?;
    let anchors: Vec<_> = list(anchors, 1..=16)?.iter().map(anchor).collect::<Option<_>>()?;
    holds(anchors.windows(2).all(|pair| pair[0].0 < pair[1].0))?;
    let (epoch, vendor) = (below(epoch, 1 << 32)?, sized(vendor, 16)?);
    Some(StoreSays { epoch, vendor, classes, minimum, requirements, anchors, single_class: single_class.is_some() })
}

fn anchor(value: &Value) -> Option<(Vec<u8>, u64, Vec<u8>, Vec<(i64, Vec<u8>)>)> {
    let [id, role, label, keys] = map(value, [1, 2, 3, 4])?;
    let keys: Vec<_> = list(keys, 1..=2)?.iter().map(key).collect::<Option<_>>()?;
    holds(match keys.as_slice() {
        [_] => true,
        [(classical, _), (post_quantum, _)] => *classical == -19 && *post_quantum != -19,
        _ => false,
    })?;
    Some((sized(id, 32)?, self::role(role)?, name(ascii(label)?.as_bytes())?, keys))
}

fn key(value: &Value) -> Option<(i64, Vec<u8>)> {
    if let Some([kind, algorithm, curve, key]) = map(value, [1, 3, -1, -2]) {
        holds(uint(kind)? == 1 && int(algorithm)? == -19 && uint(curve)? == 6)?;
        return Some((-19, sized(key, 32)?));
    }
    let [kind, algorithm, key] = map(value, [1, 3, -1])?;
    let algorithm = int(algorithm)?;
    let size = match algorithm {
        -48 => 1312,
        -49 => 1952,
        -50 => 2592,
        _ => return None,
    };
    holds(uint(kind)? == 7)?;
    Some((algorithm, sized(key, size)?))
}

impl From<&TrustStore<'_>> for StoreSays {
    fn from(store: &TrustStore<'_>) -> Self {
        let key = |key: twinseal_formats::AnchorKey<'_>| (key.algorithm.cose(), key.bytes.to_vec());
        Self {
            epoch: store.epoch().0.into(),
            vendor: store.vendor().0.to_vec(),
            classes: store.classes().map(|class| class.0.to_vec()).collect(),
            minimum: store.minimum_digest().cose(),
            requirements: store.requirements().map(|one| (one.role.number().into(), one.threshold.into())).collect(),
            anchors: store
                .anchors()
                .map(|one| {
                    let keys = one.keys().map(key).collect();
                    (one.id().0.to_vec(), one.role().number().into(), one.label().as_bytes().to_vec(), keys)
                })
                .collect(),
            single_class: store.is_single_class(),
        }
    }
}

fn role(value: &Value) -> Option<u64> {
    uint(value).filter(|role| (1..=3).contains(role))
}
