//! Manifests (F-10 to F-19).

use twinseal_formats::Manifest;

use super::cbor::{
    ascii, below, byte_string, digest, digest_size, holds, list, map, name, numbers, sized, uint, whole, with_optional,
};

/// What a manifest says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ManifestSays {
    sequence_number: u64,
    vendor: Vec<u8>,
    class: Vec<u8>,
    algorithm: i64,
    /// Ids, sizes, digests.
    components: Vec<(Vec<u8>, u64, Vec<u8>)>,
    version: String,
    security_version: u64,
    minimum_trust_epoch: u64,
    evidence: Option<(u64, Vec<u8>)>,
}

/// A manifest (F-10 to F-19).
pub(crate) fn manifest(bytes: &[u8]) -> Option<ManifestSays> {
    holds(bytes.len() <= 8192)?;
    let manifest = whole(bytes)?;
    let [version, sequence_number, common, validate, install, extensions] = map(&manifest, [1, 2, 3, 7, 20, -257])?;
    holds(uint(version)? == 1)?;
    let common = whole(byte_string(common)?)?;
    let [ids, shared] = map(&common, [2, 4])?;

    let ids = list(ids, 1..=16)?.iter().map(|id| match list(id, 1..=1)? {
        [id] => name(byte_string(id)?),
        _ => None,
    });
    let ids: Vec<Vec<u8>> = ids.collect::<Option<_>>()?;
    holds(ids.windows(2).all(|pair| pair[0] < pair[1]))?;
    let count = ids.len();

    let shared = whole(byte_string(shared)?)?;
    let shared = list(&shared, 8 * count..=8 * count)?;
    let (mut components, mut first) = (Vec::new(), None);
    for (index, (id, commands)) in ids.into_iter().zip(shared.chunks(8)).enumerate() {
        let [set, at, directive, parameters, vendor_condition, vendor_policy, class_condition, class_policy] = commands
        else {
            return None;
        };
        numbers(&[set, at, directive], &[12, index as u64, 20])?;
        numbers(&[vendor_condition, vendor_policy, class_condition, class_policy], &[1, 15, 2, 15])?;
        let [vendor, class, digest, size] = map(parameters, [1, 2, 3, 14])?;
        let (vendor, class) = (sized(vendor, 16)?, sized(class, 16)?);
        let (algorithm, digest) = self::digest(byte_string(digest)?)?;
        let of_all = (vendor, class, algorithm);
        holds(*first.get_or_insert_with(|| of_all.clone()) == of_all)?;
        let size = uint(size)?;
        holds(size > 0)?;
        components.push((id, size, digest));
    }
    let (vendor, class, algorithm) = first?;
    let total: u128 = components.iter().map(|component| u128::from(component.1)).sum();
    holds(total < 1 << 63)?;

    let expected: Vec<u8> = (0..count).flat_map(|index| [12, index as u8, 3, 15]).collect();
    holds(byte_string(validate)? == [array_head(4 * count), expected].concat())?;
    let expected: Vec<u8> = (0..count)
        .flat_map(|index| {
            [&[12, index as u8, 20, 0xa1, 21, 0x67][..], format!("c{index:02}.bin").as_bytes(), &[21, 2, 3, 15]]
                .concat()
        })
        .collect();
    holds(byte_string(install)? == [array_head(8 * count), expected].concat())?;

    let (extensions, evidence) = with_optional(extensions, [1, 2, 3, 4], 5)?;
    let [profile, version, security_version, minimum_trust_epoch] = extensions;
    holds(uint(profile)? == 1)?;
    let version = ascii(version)?;
    holds(is_semver(&version))?;
    let evidence = match evidence {
        None => None,
        Some(evidence) => match list(evidence, 2..=2)? {
            [count, digest] => {
                let count = uint(count)?;
                holds(count <= 32)?;
                Some((count, sized(digest, digest_size(algorithm)?)?))
            }
            _ => return None,
        },
    };
    Some(ManifestSays {
        sequence_number: uint(sequence_number)?,
        vendor,
        class,
        algorithm,
        components,
        version,
        security_version: below(security_version, 1 << 32)?,
        minimum_trust_epoch: below(minimum_trust_epoch, 1 << 32)?,
        evidence,
    })
}

impl From<&Manifest<'_>> for ManifestSays {
    fn from(manifest: &Manifest<'_>) -> Self {
        let component = |one: twinseal_formats::Component<'_>| {
            (one.id().as_bytes().to_vec(), one.size(), one.digest().as_bytes().to_vec())
        };
        Self {
            sequence_number: manifest.sequence_number().0,
            vendor: manifest.vendor().0.to_vec(),
            class: manifest.class().0.to_vec(),
            algorithm: manifest.digest_algorithm().cose(),
            components: manifest.components().map(component).collect(),
            version: manifest.release_version().to_owned(),
            security_version: manifest.security_version().0.into(),
            minimum_trust_epoch: manifest.minimum_trust_epoch().0.into(),
            evidence: manifest.evidence().map(|one| (one.count.into(), one.digest.as_bytes().to_vec())),
        }
    }
}

fn is_semver(text: &str) -> bool {
    let letters = |one: &str| !one.is_empty() && one.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let digits = |one: &str| !one.is_empty() && one.bytes().all(|byte| byte.is_ascii_digit());
    let number = |one: &str| digits(one) && (one == "0" || !one.starts_with('0'));
    let (rest, build) = text.split_once('+').map_or((text, None), |(rest, build)| (rest, Some(build)));
    let (core, pre) = rest.split_once('-').map_or((rest, None), |(core, pre)| (core, Some(pre)));
    text.len() <= 64
        && core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.is_none_or(|pre| pre.split('.').all(|one| letters(one) && (!digits(one) || number(one))))
        && build.is_none_or(|build| build.split('.').all(letters))
}

/// The head of an array of few items.
fn array_head(items: usize) -> Vec<u8> {
    if items < 24 { vec![0x80 | items as u8] } else { vec![0x98, items as u8] }
}
