//! Build provenance: an in-toto statement (v1) with SLSA's predicate (v1) in a DSSE envelope.

use alloc::collections::BTreeMap;

use base64ct::{Base64, Base64Url, Encoding as _};
use serde::Deserialize;

use super::builder_key::BuilderKey;
use super::date::Moment;
use super::digests::Digests;
use super::error::Fault;
use super::json::{self, Wrong, filled};

/// Provenance as it was read. Its signatures are only compared when [`signed_by`](Self::signed_by) is asked.
#[derive(Clone, Debug)]
pub struct Provenance {
    /// What was built.
    pub subjects: Vec<Resource>,
    /// Who built it: a URI.
    pub builder: String,
    /// How: a URI that says what the parameters mean.
    pub build_type: String,
    /// What it was built from.
    pub materials: Vec<Resource>,
    /// Which run it was.
    pub invocation: Option<String>,
    /// When the build began.
    pub started: Option<Moment>,
    /// When it ended.
    pub finished: Option<Moment>,
    /// The hints which keys signed, as the envelope has them.
    pub key_ids: Vec<Option<String>>,
    signatures: Vec<Vec<u8>>,
    signed: Vec<u8>,
}

/// Something by its digests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// Its name.
    pub name: Option<String>,
    /// Where it is.
    pub uri: Option<String>,
    /// Its digests.
    pub digests: Digests,
}

impl Provenance {
    /// Whether one of the envelope's signatures is that key's, over the payload and its type (DSSE's PAE).
    #[must_use]
    pub fn signed_by(&self, key: &BuilderKey) -> bool {
        self.signatures.iter().any(|signature| key.verify(&self.signed, signature))
    }

    /// How many signatures the envelope has.
    #[must_use]
    pub const fn signature_count(&self) -> usize {
        self.signatures.len()
    }
}

/// Reads the envelope and the statement in it; and, of the statement, what [`json::strict`] gives.
pub(super) fn read(bytes: &[u8], values: &mut usize) -> Result<(Provenance, Option<String>), Wrong> {
    let envelope: RawEnvelope = json::typed(bytes)?;
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(Wrong::version("payloadType", format!("is {:?}, not {PAYLOAD_TYPE:?}", envelope.payload_type)));
    }
    let base64 = |text: &str, place: String| decode(text).ok_or(Wrong { fault: Fault::Base64, place });
    let payload = base64(&envelope.payload, "payload".into())?;
    if envelope.signatures.is_empty() {
        return Err(Wrong::rule("signatures", "there is none"));
    }
    if envelope.signatures.len() > MAX_SIGNATURES {
        return Err(Wrong::rule("signatures", format!("more than {MAX_SIGNATURES}")));
    }
    let (mut key_ids, mut signatures) = (Vec::new(), Vec::new());
    for (number, signature) in envelope.signatures.into_iter().enumerate() {
        signatures.push(base64(&signature.sig, format!("signatures[{number}].sig"))?);
        key_ids.push(signature.keyid);
    }
    let inside = |wrong: Wrong| Wrong { place: format!("payload: {}", wrong.place), ..wrong };
    let deceptive = json::strict(&payload, values).map_err(|fault| inside(Wrong { fault, place: String::new() }))?;
    let statement = statement(&payload).map_err(inside)?;
    let definition = statement.predicate.build_definition;
    let run = statement.predicate.run_details;
    let metadata = run.metadata.unwrap_or_default();
    let provenance = Provenance {
        subjects: statement.subject.into_iter().map(Resource::from).collect(),
        builder: run.builder.id,
        build_type: definition.build_type,
        materials: definition.resolved_dependencies.into_iter().map(Resource::from).collect(),
        invocation: metadata.invocation_id,
        started: metadata.started_on,
        finished: metadata.finished_on,
        key_ids,
        signatures,
        signed: pae(&envelope.payload_type, &payload),
    };
    Ok((provenance, deceptive))
}

fn statement(payload: &[u8]) -> Result<RawStatement, Wrong> {
    let head: Head = json::typed(payload)?;
    if head.kind != STATEMENT {
        return Err(Wrong::version("_type", format!("is {:?}, not {STATEMENT:?}", head.kind)));
    }
    if head.predicate_type != PREDICATE {
        return Err(Wrong::version("predicateType", format!("is {:?}, not {PREDICATE:?}", head.predicate_type)));
    }
    let statement: RawStatement = json::typed(payload)?;
    if statement.subject.is_empty() {
        return Err(Wrong::rule("subject", "there is none: provenance of what?"));
    }
    if let Some(number) = statement.subject.iter().position(|subject| subject.digest.count == 0) {
        return Err(Wrong::rule(format!("subject[{number}].digest"), "has no digest"));
    }
    Ok(statement)
}

/// The bytes that are signed: DSSE's pre-authentication encoding, version 1.
fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// DSSE allows both alphabets.
fn decode(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text).or_else(|_| Base64Url::decode_vec(text)).ok()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEnvelope {
    payload_type: String,
    payload: String,
    signatures: Vec<RawSignature>,
}

#[derive(Deserialize)]
struct RawSignature {
    keyid: Option<String>,
    sig: String,
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(rename = "predicateType")]
    predicate_type: String,
}

#[derive(Deserialize)]
struct RawStatement {
    subject: Vec<RawResource>,
    predicate: RawPredicate,
}

#[derive(Deserialize)]
struct RawResource {
    name: Option<String>,
    uri: Option<String>,
    #[serde(default)]
    digest: RawDigests,
}

#[derive(Default)]
struct RawDigests {
    digests: Digests,
    count: usize,
}

impl<'de> Deserialize<'de> for RawDigests {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut digests = Digests::default();
        let all = BTreeMap::<String, String>::deserialize(deserializer)?;
        for (algorithm, value) in &all {
            digests.add(algorithm, value)?;
        }
        Ok(Self { digests, count: all.len() })
    }
}

impl From<RawResource> for Resource {
    fn from(raw: RawResource) -> Self {
        Self { name: raw.name, uri: raw.uri, digests: raw.digest.digests }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPredicate {
    build_definition: RawDefinition,
    run_details: RawRun,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDefinition {
    #[serde(deserialize_with = "filled")]
    build_type: String,
    #[expect(dead_code, reason = "SLSA requires it; what is in it only its build type knows")]
    external_parameters: serde::de::IgnoredAny,
    #[serde(default)]
    resolved_dependencies: Vec<RawResource>,
}

#[derive(Deserialize)]
struct RawRun {
    builder: RawBuilder,
    metadata: Option<RawMetadata>,
}

#[derive(Deserialize)]
struct RawBuilder {
    #[serde(deserialize_with = "filled")]
    id: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMetadata {
    invocation_id: Option<String>,
    started_on: Option<Moment>,
    finished_on: Option<Moment>,
}

const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "https://slsa.dev/provenance/v1";

/// Each one costs a verification.
const MAX_SIGNATURES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_bytes_are_those_of_the_protocol() {
        // The example of the DSSE protocol's section on test vectors.
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }
}
