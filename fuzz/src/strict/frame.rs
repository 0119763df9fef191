//! What is sealed, with its seals: frames of bundles (F-1 to F-5, F-20 to F-25) and trust updates (F-50 to F-52).

use ciborium::Value;

use super::cbor::{ascii, byte_string, digest, digest_value, holds, int, item, list, map, sized, uint, whole};
use super::store::{StoreSays, trust_store};

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
