//! The second reader: what docs/format.md says, written down once more and from the document alone. `ciborium` reads the CBOR; that it
//! was deterministic is seen by writing it again.
//!
//! It says yes or no and what was read, not why. It shares no line with `twinseal-formats`, and it may be slow.

use ciborium::Value;
use twinseal_formats::{EvidenceIndex, Manifest, TrustStore};

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

/// What a frame says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FrameSays {
    pub(crate) entries: u64,
    pub(crate) size: usize,
    pub(crate) digest: (i64, Vec<u8>),
    /// Anchor ids, algorithms, signatures.
    pub(crate) seals: Vec<(Vec<u8>, i64, Vec<u8>)>,
    pub(crate) manifest: Vec<u8>,
}

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

/// What an evidence index says: files, then sources.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct IndexSays {
    files: Vec<(Vec<u8>, String, u64, Vec<u8>)>,
    sources: Vec<(u64, Vec<u8>, u64, Vec<u8>)>,
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

/// A bundle's frame (F-1 to F-5, F-20 to F-25); what follows is not looked at.
pub(crate) fn frame(bytes: &[u8]) -> Option<FrameSays> {
    let (entries, rest) = match bytes {
        [0xd8, 0x6b, head @ 0xa2..=0xb7, rest @ ..] => (u64::from(head & 0x1f), rest),
        [0xd8, 0x6b, 0xb8, entries @ 24..=51, rest @ ..] => (u64::from(*entries), rest),
        _ => return None,
    };
    let (seals, manifest, rest) = sealed(rest, "application/vnd.twinseal.release", 8192)?;
    let (digest, seals) = seals;
    Some(FrameSays { entries, size: bytes.len() - rest.len(), digest, seals, manifest })
}

/// A trust update with its body (F-50 to F-52).
pub(crate) fn trust_update(bytes: &[u8]) -> Option<()> {
    let rest = bytes.strip_prefix(&[0xa2])?;
    let (_, _, rest) = sealed(rest, "application/vnd.twinseal.trust-update", usize::MAX)?;
    holds(rest.is_empty())
}

/// The body of a trust update.
pub(crate) fn trust_update_body(bytes: &[u8]) -> Option<StoreSays> {
    let body = whole(bytes)?;
    let [profile, replaces, store] = map(&body, [1, 2, 3])?;
    holds(uint(profile)? == 1)?;
    digest_value(replaces)?;
    trust_store(byte_string(store)?)
}

/// Digest, seals, contents and what follows.
type Sealed<'a> = (((i64, Vec<u8>), Vec<(Vec<u8>, i64, Vec<u8>)>), Vec<u8>, &'a [u8]);

fn sealed<'a>(rest: &'a [u8], object_type: &str, most: usize) -> Option<Sealed<'a>> {
    let rest = rest.strip_prefix(&[2])?;
    let (authentication, rest) = item(rest)?;
    let authentication = byte_string(&authentication)?;
    holds(authentication.len() <= 133_120)?;
    let rest = rest.strip_prefix(&[3])?;
    let (contents, rest) = item(rest)?;
    let contents = byte_string(&contents)?.to_vec();
    holds((1..=most).contains(&contents.len()))?;

    let authentication = whole(authentication)?;
    let [digest, seals @ ..] = list(&authentication, 2..=17)? else { return None };
    let digest = self::digest(byte_string(digest)?)?;
    let seals: Vec<_> = seals.iter().map(|seal| self::seal(byte_string(seal)?, object_type)).collect::<Option<_>>()?;
    let order = |(anchor, algorithm, _): &(Vec<u8>, i64, Vec<u8>)| {
        let mut encoded = Vec::new();
        ciborium::into_writer(algorithm, &mut encoded).expect("a number");
        (anchor.clone(), encoded)
    };
    holds(seals.windows(2).all(|pair| order(&pair[0]) < order(&pair[1])))?;
    Some(((digest, seals), contents, rest))
}

fn seal(bytes: &[u8], object_type: &str) -> Option<(Vec<u8>, i64, Vec<u8>)> {
    let Value::Tag(18, seal) = whole(bytes)? else { return None };
    let [protected, unprotected, payload, signature] = list(&seal, 4..=4)? else { return None };
    holds(*unprotected == Value::Map(Vec::new()) && *payload == Value::Null)?;
    let header = whole(byte_string(protected)?)?;
    let [algorithm, anchor, kind] = map(&header, [1, 4, 16])?;
    holds(ascii(kind)? == object_type)?;
    let signature = byte_string(signature)?;
    holds((1..=8192).contains(&signature.len()))?;
    Some((sized(anchor, 32)?, int(algorithm)?, signature.to_vec()))
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

/// An evidence index with digests of this algorithm (F-30 to F-34).
pub(crate) fn evidence_index(bytes: &[u8], algorithm: i64) -> Option<IndexSays> {
    holds(bytes.len() <= 16_384)?;
    let size = digest_size(algorithm)?;
    let index = whole(bytes)?;
    let [profile, files, sources] = list(&index, 3..=3)? else { return None };
    holds(uint(profile)? == 1)?;
    let file = |one: &Value| match list(one, 4..=4)? {
        [name, media_type, length, digest] => {
            let media_type = ascii(media_type)?;
            holds(is_media_type(&media_type))?;
            Some((self::name(ascii(name)?.as_bytes())?, media_type, uint(length)?, sized(digest, size)?))
        }
        _ => None,
    };
    let source = |one: &Value| match list(one, 4..=4)? {
        [component, format, length, digest] => {
            Some((below(component, 16)?, name(ascii(format)?.as_bytes())?, uint(length)?, sized(digest, size)?))
        }
        _ => None,
    };
    let files: Vec<_> = list(files, 0..=32)?.iter().map(file).collect::<Option<_>>()?;
    let sources: Vec<_> = list(sources, 0..=16)?.iter().map(source).collect::<Option<_>>()?;
    holds(files.windows(2).all(|pair| pair[0].0 < pair[1].0) && sources.windows(2).all(|pair| pair[0].0 < pair[1].0))?;
    holds(!files.is_empty() || !sources.is_empty())?;
    Some(IndexSays { files, sources })
}

impl From<&EvidenceIndex<'_>> for IndexSays {
    fn from(index: &EvidenceIndex<'_>) -> Self {
        let bytes = |text: &str| text.as_bytes().to_vec();
        Self {
            files: index
                .files()
                .map(|one| (bytes(one.name), one.media_type.to_owned(), one.size, one.digest.as_bytes().to_vec()))
                .collect(),
            sources: index
                .sources()
                .map(|one| (one.component.into(), bytes(one.format), one.size, one.digest.as_bytes().to_vec()))
                .collect(),
        }
    }
}

/// One item of deterministic CBOR, but for the order of keys, and what follows.
fn item(bytes: &[u8]) -> Option<(Value, &[u8])> {
    let mut rest = bytes;
    let value: Value = ciborium::from_reader(&mut rest).ok()?;
    let mut again = Vec::new();
    ciborium::into_writer(&value, &mut again).ok()?;
    (bytes.get(..bytes.len() - rest.len()) == Some(&again)).then_some((value, rest))
}

fn whole(bytes: &[u8]) -> Option<Value> {
    item(bytes).and_then(|(value, rest)| rest.is_empty().then_some(value))
}

/// The values of a map with exactly these keys, in this order.
fn map<const N: usize>(value: &Value, keys: [i64; N]) -> Option<[&Value; N]> {
    let entries = value.as_map().filter(|entries| entries.len() == N)?;
    holds(entries.iter().zip(keys).all(|((found, _), key)| int(found) == Some(key)))?;
    let values: Vec<&Value> = entries.iter().map(|(_, value)| value).collect();
    values.try_into().ok()
}

/// The same with one key more, which may be missing, at the end.
fn with_optional<const N: usize>(value: &Value, keys: [i64; N], last: i64) -> Option<([&Value; N], Option<&Value>)> {
    let entries = value.as_map()?;
    let optional = match entries.get(N) {
        None => None,
        Some((found, value)) => {
            holds(int(found) == Some(last) && entries.len() == N + 1)?;
            Some(value)
        }
    };
    holds(entries.len() >= N && entries.iter().zip(keys).all(|((found, _), key)| int(found) == Some(key)))?;
    let values: Vec<&Value> = entries.iter().take(N).map(|(_, value)| value).collect();
    Some((values.try_into().ok()?, optional))
}

fn list(value: &Value, sizes: std::ops::RangeInclusive<usize>) -> Option<&[Value]> {
    value.as_array().filter(|items| sizes.contains(&items.len())).map(Vec::as_slice)
}

fn int(value: &Value) -> Option<i64> {
    value.as_integer()?.try_into().ok()
}

fn uint(value: &Value) -> Option<u64> {
    value.as_integer()?.try_into().ok()
}

fn below(value: &Value, bound: u64) -> Option<u64> {
    uint(value).filter(|number| *number < bound)
}

fn numbers(values: &[&Value], expected: &[u64]) -> Option<()> {
    holds(values.iter().zip(expected).all(|(value, expected)| uint(value) == Some(*expected)))
}

fn byte_string(value: &Value) -> Option<&[u8]> {
    value.as_bytes().map(Vec::as_slice)
}

fn sized(value: &Value, size: usize) -> Option<Vec<u8>> {
    value.as_bytes().filter(|bytes| bytes.len() == size).cloned()
}

fn ascii(value: &Value) -> Option<String> {
    value.as_text().filter(|text| text.is_ascii()).map(str::to_owned)
}

fn digest(bytes: &[u8]) -> Option<(i64, Vec<u8>)> {
    digest_value(&whole(bytes)?)
}

fn digest_value(value: &Value) -> Option<(i64, Vec<u8>)> {
    let [algorithm, digest] = list(value, 2..=2)? else { return None };
    let algorithm = int(algorithm)?;
    Some((algorithm, sized(digest, digest_size(algorithm)?)?))
}

fn digest_size(algorithm: i64) -> Option<usize> {
    match algorithm {
        -16 => Some(32),
        -43 => Some(48),
        -44 => Some(64),
        _ => None,
    }
}

fn role(value: &Value) -> Option<u64> {
    uint(value).filter(|role| (1..=3).contains(role))
}

fn name(bytes: &[u8]) -> Option<Vec<u8>> {
    let letter = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let good = (1..=32).contains(&bytes.len())
        && letter(&bytes[0])
        && bytes.iter().all(|byte| letter(byte) || b"._-".contains(byte));
    good.then(|| bytes.to_vec())
}

fn is_media_type(text: &str) -> bool {
    let letter = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let part = |part: &[u8]| {
        part.first().is_some_and(letter) && part.iter().all(|byte| letter(byte) || b"!#$&-^_.+".contains(byte))
    };
    let parts: Vec<&str> = text.split('/').collect();
    text.len() <= 127 && matches!(parts[..], [kind, subtype] if part(kind.as_bytes()) && part(subtype.as_bytes()))
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

fn holds(condition: bool) -> Option<()> {
    condition.then_some(())
}
