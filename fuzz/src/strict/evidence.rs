//! Evidence indexes (F-30 to F-34).

use ciborium::Value;
use twinseal_formats::EvidenceIndex;

use super::cbor::{ascii, below, digest_size, holds, list, name, sized, uint, whole};

/// What an evidence index says: files, then sources.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct IndexSays {
    files: Vec<(Vec<u8>, String, u64, Vec<u8>)>,
    sources: Vec<(u64, Vec<u8>, u64, Vec<u8>)>,
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

fn is_media_type(text: &str) -> bool {
    let letter = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let part = |part: &[u8]| {
        part.first().is_some_and(letter) && part.iter().all(|byte| letter(byte) || b"!#$&-^_.+".contains(byte))
    };
    let parts: Vec<&str> = text.split('/').collect();
    text.len() <= 127 && matches!(parts[..], [kind, subtype] if part(kind.as_bytes()) && part(subtype.as_bytes()))
}
