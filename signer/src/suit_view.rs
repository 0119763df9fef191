//! A SUIT envelope of any profile, as a CBOR reader that is not ours sees it (`minicbor`).
//!
//! It has two uses. `inspect` says with it what a foreign envelope is; and it is the second opinion on what our own reader read, so
//! nothing here may call `twinseal-formats`. It believes nothing and refuses nothing but what is not CBOR or no envelope: what profile 1
//! allows is not for this reader to say.

use minicbor::Decoder;
use minicbor::data::Type;

/// What an envelope says, as far as any SUIT envelope says it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SuitView<'b> {
    /// Whether it begins with tag 107.
    pub tagged: bool,
    /// How many entries the envelope's map has.
    pub entries: u64,
    /// The encoded digest in the authentication wrapper: what is signed.
    pub digest_bytes: &'b [u8],
    /// The digest's algorithm (COSE) and value.
    pub digest: (i64, &'b [u8]),
    /// The seals in their order.
    pub seals: Vec<SealView<'b>>,
    /// The manifest.
    pub manifest_bytes: &'b [u8],
    /// The manifest with its byte-string head: what the digest is over.
    pub sealed_bytes: &'b [u8],
    /// What the manifest says.
    pub manifest: ManifestView<'b>,
    /// The entries beside seals and manifest: severed members by number, integrated payloads by name.
    pub others: Vec<OtherEntry<'b>>,
}

/// One seal of any kind.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SealView<'b> {
    /// The COSE tag: 18 is `COSE_Sign1`, 17 `COSE_Mac0`.
    pub tag: u64,
    /// The encoded protected header.
    pub protected: &'b [u8],
    /// The algorithm in it.
    pub algorithm: Option<i64>,
    /// The key id in it.
    pub key_id: Option<&'b [u8]>,
    /// The type in it.
    pub object_type: Option<&'b str>,
    /// The signature.
    pub signature: &'b [u8],
}

/// What a manifest says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManifestView<'b> {
    /// Its keys, in their order.
    pub keys: Vec<i64>,
    /// The version of the SUIT manifest format.
    pub version: Option<u64>,
    /// The sequence number.
    pub sequence_number: Option<u64>,
    /// The components' ids, each its byte strings.
    pub component_ids: Vec<Vec<&'b [u8]>>,
    /// What the shared sequence says of the components, in the order of its parameters.
    pub parameters: Vec<Parameters<'b>>,
    /// Digests of severed members, by their key.
    pub severed: Vec<(i64, (i64, &'b [u8]))>,
    /// The encoded extensions under the private key -257.
    pub extensions: Option<&'b [u8]>,
}

/// One override-parameters directive of the shared sequence.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters<'b> {
    /// The component index set before it, if it is one number.
    pub component: Option<u64>,
    /// Vendor id.
    pub vendor: Option<&'b [u8]>,
    /// Class id.
    pub class: Option<&'b [u8]>,
    /// Image digest: algorithm and value.
    pub digest: Option<(i64, &'b [u8])>,
    /// Image size.
    pub size: Option<u64>,
}

/// An entry of the envelope beside seals and manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtherEntry<'b> {
    /// Its key.
    pub key: EntryKey<'b>,
    /// How many bytes of contents it has; `None` if the contents are no byte string.
    pub size: Option<usize>,
    /// The contents with their byte-string head: what a severed member's digest is over.
    pub with_head: &'b [u8],
}

/// The key of such an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryKey<'b> {
    /// A SUIT member.
    Number(i64),
    /// An integrated payload.
    Name(&'b str),
}

/// Why bytes are no envelope, in words.
pub type Found<T> = Result<T, String>;

impl<'b> SuitView<'b> {
    /// Reads a whole envelope.
    ///
    /// # Errors
    ///
    /// What is wrong with it, if it is no SUIT envelope at all.
    pub fn read(bytes: &'b [u8]) -> Found<Self> {
        Self::read_some(bytes, true)
    }

    /// Reads seals and manifest of an envelope whose further entries are not at hand.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_frame(bytes: &'b [u8]) -> Found<Self> {
        Self::read_some(bytes, false)
    }

    fn read_some(bytes: &'b [u8], whole: bool) -> Found<Self> {
        let mut reader = Decoder::new(bytes);
        let mut view = Self::default();
        if reader.datatype().map_err(words)? == Type::Tag {
            let tag = reader.tag().map_err(words)?.as_u64();
            if tag != ENVELOPE_TAG {
                return Err(format!("it begins with tag {tag}, not {ENVELOPE_TAG}"));
            }
            view.tagged = true;
        }
        view.entries = reader.map().map_err(words)?.ok_or("its map is of indefinite length")?;
        let (mut sealed, mut described) = (false, false);
        for _ in 0..view.entries {
            if !whole && sealed && described {
                break;
            }
            let key = read_key(&mut reader)?;
            let start = reader.position();
            match key {
                EntryKey::Number(AUTHENTICATION) if !sealed => {
                    view.read_seals(reader.bytes().map_err(words)?)?;
                    sealed = true;
                }
                EntryKey::Number(MANIFEST) if !described => {
                    view.manifest_bytes = reader.bytes().map_err(words)?;
                    view.sealed_bytes = between(bytes, start, reader.position());
                    view.manifest = ManifestView::read(view.manifest_bytes)?;
                    described = true;
                }
                _ => {
                    let size = if reader.datatype().map_err(words)? == Type::Bytes {
                        Some(reader.bytes().map_err(words)?.len())
                    } else {
                        reader.skip().map_err(words)?;
                        None
                    };
                    let with_head = between(bytes, start, reader.position());
                    view.others.push(OtherEntry { key, size, with_head });
                }
            }
        }
        if !sealed || !described {
            return Err("it has no authentication wrapper and manifest under keys 2 and 3".into());
        }
        Ok(view)
    }

    fn read_seals(&mut self, wrapper: &'b [u8]) -> Found<()> {
        let mut reader = Decoder::new(wrapper);
        let items = reader.array().map_err(words)?.ok_or("its authentication wrapper is of indefinite length")?;
        self.digest_bytes = reader.bytes().map_err(words)?;
        self.digest = read_digest(&mut Decoder::new(self.digest_bytes))?;
        for _ in 1..items {
            self.seals.push(SealView::read(reader.bytes().map_err(words)?)?);
        }
        Ok(())
    }
}

impl<'b> SealView<'b> {
    fn read(bytes: &'b [u8]) -> Found<Self> {
        let mut reader = Decoder::new(bytes);
        let tag = reader.tag().map_err(words)?.as_u64();
        if reader.array().map_err(words)?.is_none_or(|items| items < 4) {
            return Err("a seal is no COSE structure of four parts".into());
        }
        let mut seal = Self { tag, protected: reader.bytes().map_err(words)?, ..Self::default() };
        let mut header = Decoder::new(seal.protected);
        let entries = if seal.protected.is_empty() { 0 } else { header.map().map_err(words)?.unwrap_or(0) };
        for _ in 0..entries {
            let key = read_key(&mut header)?;
            match (key, header.datatype().map_err(words)?) {
                (EntryKey::Number(1), kind) if is_int(kind) => seal.algorithm = Some(read_int(&mut header)?),
                (EntryKey::Number(4), Type::Bytes) => seal.key_id = Some(header.bytes().map_err(words)?),
                (EntryKey::Number(16), Type::String) => seal.object_type = Some(header.str().map_err(words)?),
                _ => header.skip().map_err(words)?,
            }
        }
        reader.skip().map_err(words)?;
        reader.skip().map_err(words)?;
        seal.signature = reader.bytes().map_err(words)?;
        Ok(seal)
    }
}

impl<'b> ManifestView<'b> {
    fn read(bytes: &'b [u8]) -> Found<Self> {
        let mut reader = Decoder::new(bytes);
        let mut view = Self::default();
        let entries = reader.map().map_err(words)?.ok_or("its manifest is of indefinite length")?;
        for _ in 0..entries {
            let EntryKey::Number(key) = read_key(&mut reader)? else {
                reader.skip().map_err(words)?;
                continue;
            };
            view.keys.push(key);
            let start = reader.position();
            match (key, reader.datatype().map_err(words)?) {
                (1, kind) if is_int(kind) => view.version = reader.u64().ok(),
                (2, kind) if is_int(kind) => view.sequence_number = reader.u64().ok(),
                (3, Type::Bytes) => view.read_common(reader.bytes().map_err(words)?)?,
                // A severed member leaves its digest behind, as an array.
                (16..=24, Type::Array) => {
                    let digest = read_digest(&mut reader.clone());
                    reader.skip().map_err(words)?;
                    view.severed.extend(digest.map(|digest| (key, digest)));
                }
                (-257, _) => {
                    reader.skip().map_err(words)?;
                    view.extensions = Some(between(bytes, start, reader.position()));
                }
                _ => reader.skip().map_err(words)?,
            }
        }
        Ok(view)
    }

    fn read_common(&mut self, bytes: &'b [u8]) -> Found<()> {
        let mut reader = Decoder::new(bytes);
        let entries = reader.map().map_err(words)?.unwrap_or(0);
        for _ in 0..entries {
            match (read_key(&mut reader)?, reader.datatype().map_err(words)?) {
                (EntryKey::Number(2), Type::Array) => {
                    for _ in 0..reader.array().map_err(words)?.unwrap_or(0) {
                        let mut id = Vec::new();
                        for _ in 0..reader.array().map_err(words)?.unwrap_or(0) {
                            id.push(reader.bytes().map_err(words)?);
                        }
                        self.component_ids.push(id);
                    }
                }
                (EntryKey::Number(4), Type::Bytes) => self.read_shared(reader.bytes().map_err(words)?)?,
                _ => reader.skip().map_err(words)?,
            }
        }
        Ok(())
    }

    fn read_shared(&mut self, bytes: &'b [u8]) -> Found<()> {
        let mut reader = Decoder::new(bytes);
        let items = reader.array().map_err(words)?.unwrap_or(0);
        let mut component = None;
        // Pairs of a command and its argument.
        let mut left = items;
        while left >= 2 {
            left = left.saturating_sub(2);
            let command = read_int(&mut reader)?;
            match (command, reader.datatype().map_err(words)?) {
                (12, kind) if is_int(kind) => component = reader.u64().ok(),
                (20, Type::Map) => {
                    let parameters = Parameters::read(&mut reader, component)?;
                    self.parameters.push(parameters);
                }
                _ => reader.skip().map_err(words)?,
            }
        }
        Ok(())
    }
}

impl<'b> Parameters<'b> {
    fn read(reader: &mut Decoder<'b>, component: Option<u64>) -> Found<Self> {
        let mut this = Self { component, ..Self::default() };
        for _ in 0..reader.map().map_err(words)?.unwrap_or(0) {
            match (read_key(reader)?, reader.datatype().map_err(words)?) {
                (EntryKey::Number(1), Type::Bytes) => this.vendor = Some(reader.bytes().map_err(words)?),
                (EntryKey::Number(2), Type::Bytes) => this.class = Some(reader.bytes().map_err(words)?),
                (EntryKey::Number(3), Type::Bytes) => {
                    this.digest = read_digest(&mut Decoder::new(reader.bytes().map_err(words)?)).ok();
                }
                (EntryKey::Number(14), kind) if is_int(kind) => this.size = reader.u64().ok(),
                _ => reader.skip().map_err(words)?,
            }
        }
        Ok(this)
    }
}

fn read_digest<'b>(reader: &mut Decoder<'b>) -> Found<(i64, &'b [u8])> {
    if reader.array().map_err(words)? != Some(2) {
        return Err("a digest is no pair of an algorithm and a value".into());
    }
    Ok((read_int(reader)?, reader.bytes().map_err(words)?))
}

fn read_key<'b>(reader: &mut Decoder<'b>) -> Found<EntryKey<'b>> {
    match reader.datatype().map_err(words)? {
        Type::String => Ok(EntryKey::Name(reader.str().map_err(words)?)),
        kind if is_int(kind) => Ok(EntryKey::Number(read_int(reader)?)),
        other => Err(format!("a key is neither a number nor text, but {other}")),
    }
}

fn read_int(reader: &mut Decoder<'_>) -> Found<i64> {
    reader.i64().map_err(words)
}

const fn is_int(kind: Type) -> bool {
    matches!(
        kind,
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int
    )
}

fn between(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    bytes.get(start..end).unwrap_or_default()
}

#[expect(clippy::needless_pass_by_value, reason = "a function for `map_err`")]
fn words(error: minicbor::decode::Error) -> String {
    let place = error.position().map(|position| format!(" at byte {position}")).unwrap_or_default();
    format!("{error}{place}")
}

/// SUIT's envelope tag.
const ENVELOPE_TAG: u64 = 107;
const AUTHENTICATION: i64 = 2;
const MANIFEST: i64 = 3;
