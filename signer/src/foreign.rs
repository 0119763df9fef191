//! Envelopes that are not of profile 1: what they are, and whether their digests hold. Nothing here vouches for anything.

use ring::digest;
use serde::Serialize;

use crate::bundle::Bundle;
use crate::error::Result;
use crate::progress::Progress;

use crate::suit_view::{EntryKey, SuitView};
use crate::text::Shown;

/// What a foreign envelope is, as far as any SUIT envelope says it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Foreign {
    /// What it is, in words.
    pub kind: String,
    /// The digest's algorithm and value.
    pub digest: String,
    /// Whether it is that of the manifest; `None` for an algorithm that is not known here.
    pub digest_holds: Option<bool>,
    /// The seals: kind, algorithm, key id.
    pub seals: Vec<String>,
    /// The version of the SUIT manifest format.
    pub manifest_version: Option<u64>,
    /// The sequence number.
    pub sequence_number: Option<u64>,
    /// The manifest's members, by name.
    pub members: Vec<String>,
    /// The components' ids.
    pub components: Vec<String>,
    /// Images by what the shared sequence says of them.
    pub images: Vec<String>,
    /// What lies in the envelope beside seals and manifest.
    pub entries: Vec<String>,
}

impl Foreign {
    /// Opens a file as any SUIT envelope; `None` if it is none.
    ///
    /// # Errors
    ///
    /// It can't be read.
    pub fn open(bundle: &Bundle) -> Result<Option<Self>> {
        let size = usize::try_from(bundle.size()).unwrap_or(usize::MAX).min(LONGEST);
        let mut bytes = vec![0; size];
        bundle.source(Progress::hidden())?.read_at(0, &mut bytes)?;
        Ok(SuitView::read(&bytes).ok().map(|view| Self::of(&view)))
    }

    fn of(view: &SuitView<'_>) -> Self {
        let manifest = &view.manifest;
        let digest = |digest: (i64, &[u8])| format!("{}:{}", digest_name(digest.0), crate::Hex(digest.1));
        Self {
            kind: kind(view),
            digest: digest(view.digest),
            digest_holds: holds(view.digest, view.sealed_bytes),
            seals: view
                .seals
                .iter()
                .map(|seal| {
                    let kind = match seal.tag {
                        18 => "COSE_Sign1".to_owned(),
                        17 => "COSE_Mac0".to_owned(),
                        98 => "COSE_Sign".to_owned(),
                        other => format!("COSE tag {other}"),
                    };
                    let algorithm = seal.algorithm.map_or("no algorithm".to_owned(), algorithm_name);
                    let key = seal.key_id.map_or("no key id".to_owned(), |id| format!("key id {}", shown_bytes(id)));
                    format!("{kind}, {algorithm}, {key}, {} bytes", seal.signature.len())
                })
                .collect(),
            manifest_version: manifest.version,
            sequence_number: manifest.sequence_number,
            members: manifest.keys.iter().map(|key| member_name(*key)).collect(),
            components: manifest
                .component_ids
                .iter()
                .map(|id| id.iter().map(|part| shown_bytes(part)).collect::<Vec<_>>().join(" / "))
                .collect(),
            images: manifest
                .parameters
                .iter()
                .filter(|image| image.digest.is_some() || image.size.is_some())
                .map(|image| {
                    let size = image.size.map_or("of unknown size".to_owned(), |size| format!("{size} bytes"));
                    let digest = image.digest.map_or("no digest".to_owned(), digest);
                    format!("{size}, {digest}")
                })
                .collect(),
            entries: view
                .others
                .iter()
                .map(|entry| {
                    let size = entry.size.map_or("no byte string".to_owned(), |size| format!("{size} bytes"));
                    match entry.key {
                        EntryKey::Name(text) => format!("integrated payload {}, {size}", Shown(text)),
                        EntryKey::Number(key) => {
                            let severed = manifest.severed.iter().find(|(severed, _)| *severed == key);
                            let state = match severed.and_then(|(_, digest)| holds(*digest, entry.with_head)) {
                                Some(true) => "its digest in the manifest holds",
                                Some(false) => "its digest in the manifest DOES NOT HOLD",
                                None => "nothing in the manifest covers it",
                            };
                            format!("member {}, {size}, {state}", member_name(key))
                        }
                    }
                })
                .collect(),
        }
    }
}

fn kind(view: &SuitView<'_>) -> String {
    let tagged = if view.tagged { "" } else { ", without its tag" };
    let ours = view.seals.iter().filter_map(|seal| seal.object_type).find(|text| text.contains("twinseal"));
    match ours {
        Some(text) => format!("an object of Twinseal ({}){tagged}", Shown(text)),
        None => format!("a SUIT envelope of another profile{tagged}"),
    }
}

/// Whether bytes have a digest; `None` if its algorithm is not known here.
fn holds((algorithm, value): (i64, &[u8]), bytes: &[u8]) -> Option<bool> {
    let algorithm = match algorithm {
        -16 => &digest::SHA256,
        -43 => &digest::SHA384,
        -44 => &digest::SHA512,
        _ => return None,
    };
    Some(digest::digest(algorithm, bytes).as_ref() == value)
}

fn digest_name(algorithm: i64) -> String {
    let known = match algorithm {
        -16 => "sha-256",
        -18 => "shake128",
        -43 => "sha-384",
        -44 => "sha-512",
        -45 => "shake256",
        other => return format!("algorithm {other}"),
    };
    known.to_owned()
}

fn algorithm_name(algorithm: i64) -> String {
    let known = match algorithm {
        -7 | -9 => "ES256",
        -35 | -51 => "ES384",
        -36 | -52 => "ES512",
        -8 => "EdDSA",
        -19 => "Ed25519",
        -46 => "HSS-LMS",
        -48 => "ML-DSA-44",
        -49 => "ML-DSA-65",
        -50 => "ML-DSA-87",
        5 => "HMAC 256/256",
        other => return format!("algorithm {other}"),
    };
    known.to_owned()
}

/// The members of a SUIT manifest and envelope (draft-ietf-suit-manifest-37, section 12).
fn member_name(key: i64) -> String {
    let known = match key {
        1 => "manifest-version",
        2 => "manifest-sequence-number",
        3 => "common",
        4 => "reference-uri",
        5 => "manifest-component-id",
        7 => "validate",
        8 => "load",
        9 => "invoke",
        16 => "payload-fetch",
        17 => "payload-installation",
        20 => "install",
        23 => "text",
        24 => "coswid",
        other => return other.to_string(),
    };
    known.to_owned()
}

/// Bytes that are to be text: as they are if they are, else in hexadecimal.
fn shown_bytes(bytes: &[u8]) -> String {
    match core::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && !text.contains(char::is_control) => Shown(text).to_string(),
        _ => format!("h'{}'", crate::Hex(bytes)),
    }
}

/// More of a file is not read to say what it is.
const LONGEST: usize = 16 << 20;
