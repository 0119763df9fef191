//! Small documents of every kind that are what they claim to be. Tests change one thing in them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use base64ct::{Base64, Encoding as _};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use twinseal_formats::DigestAlgorithm;
use twinseal_verifier::Hasher;

/// A digest in hex.
pub(crate) fn hex(algorithm: DigestAlgorithm, bytes: &[u8]) -> String {
    let digest = Hasher::digest(algorithm, bytes).expect("every algorithm is there");
    digest.to_string().split_once(':').expect("a name before it").1.to_owned()
}

/// SHA-256 in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(DigestAlgorithm::Sha256, bytes)
}

/// CycloneDX 1.6, about an image.
pub(crate) fn cyclonedx(image: &[u8]) -> String {
    format!(
        r#"{{
  "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.6",
  "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", "version": 1,
  "metadata": {{
    "timestamp": "2026-11-20T10:00:00Z", "lifecycles": [{{"phase": "build"}}],
    "tools": {{"components": [{{"type": "application", "name": "bomber", "version": "2.1"}}]}},
    "authors": [{{"name": "Acme build", "email": "build@acme.example"}}],
    "supplier": {{"name": "Acme"}},
    "component": {{"type": "firmware", "bom-ref": "root", "name": "thermostat", "version": "1.4.0", "supplier": {{"name": "Acme"}},
      "hashes": [{{"alg": "SHA-512", "content": "{}"}}]}}
  }},
  "components": [
    {{"type": "library", "bom-ref": "crypto", "group": "acme", "name": "crypto", "version": "3.0.1", "purl": "pkg:generic/acme/crypto@3.0.1",
      "licenses": [{{"license": {{"id": "MIT"}}}}], "components": [{{"type": "library", "bom-ref": "bignum", "name": "bignum", "version": "1"}}]}},
    {{"type": "library", "bom-ref": "net", "name": "net", "version": "7.2", "publisher": "Netters", "licenses": [{{"expression": "MIT OR Apache-2.0"}}]}},
    {{"type": "cryptographic-asset", "bom-ref": "aes", "name": "AES-128-GCM", "cryptoProperties": {{"assetType": "algorithm",
      "algorithmProperties": {{"primitive": "ae", "parameterSetIdentifier": "128"}}, "oid": "2.16.840.1.101.3.4.1.6"}}}}
  ],
  "dependencies": [{{"ref": "root", "dependsOn": ["crypto", "net"]}}, {{"ref": "crypto", "dependsOn": ["bignum"], "provides": ["aes"]}}],
  "vulnerabilities": [{{"id": "CVE-2026-0001", "analysis": {{"state": "not_affected", "justification": "code_not_reachable"}},
    "affects": [{{"ref": "net"}}]}}]
}}"#,
        hex(DigestAlgorithm::Sha512, image)
    )
}

/// SPDX 3.0.1, about an image.
pub(crate) fn spdx(image: &[u8]) -> String {
    format!(
        r#"{{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [
  {{"type": "CreationInfo", "@id": "_:made", "specVersion": "3.0.1", "created": "2026-11-20T10:00:00Z", "createdBy": ["urn:acme"], "createdUsing": ["urn:tool"]}},
  {{"type": "Organization", "spdxId": "urn:acme", "name": "Acme", "creationInfo": "_:made"}},
  {{"type": "Tool", "spdxId": "urn:tool", "name": "bomber", "creationInfo": "_:made"}},
  {{"type": "SpdxDocument", "spdxId": "urn:doc", "creationInfo": "_:made", "rootElement": ["urn:sbom"], "profileConformance": ["core", "software"]}},
  {{"type": "software_Sbom", "spdxId": "urn:sbom", "creationInfo": "_:made", "rootElement": ["urn:fw"], "software_sbomType": ["build"]}},
  {{"type": "software_Package", "spdxId": "urn:fw", "creationInfo": "_:made", "name": "thermostat", "software_packageVersion": "1.4.0",
    "software_primaryPurpose": "firmware", "suppliedBy": "urn:acme",
    "verifiedUsing": [{{"type": "Hash", "algorithm": "sha256", "hashValue": "{}"}}]}},
  {{"type": "software_Package", "spdxId": "urn:lib", "creationInfo": "_:made", "name": "crypto", "software_packageVersion": "3.0.1",
    "software_packageUrl": "pkg:generic/acme/crypto@3.0.1"}},
  {{"type": "simplelicensing_LicenseExpression", "spdxId": "urn:mit", "creationInfo": "_:made", "simplelicensing_licenseExpression": "MIT"}},
  {{"type": "Relationship", "spdxId": "urn:r1", "creationInfo": "_:made", "from": "urn:fw", "to": ["urn:lib"], "relationshipType": "dependsOn"}},
  {{"type": "Relationship", "spdxId": "urn:r2", "creationInfo": "_:made", "from": "urn:lib", "to": ["urn:mit"], "relationshipType": "hasDeclaredLicense"}}
]}}"#,
        sha256(image)
    )
}

/// OpenVEX 0.2.0.
pub(crate) const OPENVEX: &str = r#"{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://acme.example/vex/1", "author": "Acme PSIRT",
  "timestamp": "2026-11-20T10:00:00Z", "version": 2, "statements": [
  {"vulnerability": {"name": "CVE-2026-0001", "aliases": ["GHSA-xxxx"]}, "products": [{"@id": "pkg:generic/acme/thermostat@1.4.0"}],
   "status": "not_affected", "justification": "vulnerable_code_not_present"},
  {"vulnerability": {"name": "CVE-2026-0002"}, "products": [{"@id": "pkg:generic/acme/thermostat@1.4.0"}],
   "status": "affected", "action_statement": "Turn off remote access."}]}"#;

/// CSAF 2.0, a security advisory about version 1.4.0.
pub(crate) const CSAF: &str = r#"{"document": {"category": "csaf_security_advisory", "csaf_version": "2.0", "title": "Overread in the web server",
  "publisher": {"category": "vendor", "name": "Acme PSIRT", "namespace": "https://acme.example", "contact_details": "psirt@acme.example"},
  "tracking": {"id": "ACME-2026-001", "status": "final", "version": "1", "initial_release_date": "2026-11-20T10:00:00Z",
    "current_release_date": "2026-11-20T10:00:00Z", "revision_history": [{"date": "2026-11-20T10:00:00Z", "number": "1", "summary": "First."}]}},
 "product_tree": {"branches": [{"category": "vendor", "name": "Acme", "branches": [{"category": "product_name", "name": "thermostat", "branches": [
   {"category": "product_version", "name": "1.3.0", "product": {"product_id": "P130", "name": "Acme thermostat 1.3.0"}},
   {"category": "product_version", "name": "1.4.0", "product": {"product_id": "P140", "name": "Acme thermostat 1.4.0"}}]}]}]},
 "vulnerabilities": [{"cve": "CVE-2026-0002", "title": "Overread", "cwe": {"id": "CWE-125", "name": "Out-of-bounds Read"},
   "notes": [{"category": "description", "text": "A long header is read past its end."}],
   "scores": [{"products": ["P130"], "cvss_v3": {"version": "3.1", "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", "baseScore": 7.5, "baseSeverity": "HIGH"}}],
   "product_status": {"known_affected": ["P130"], "fixed": ["P140"]},
   "threats": [{"category": "impact", "details": "Memory is read by others."}],
   "remediations": [{"category": "vendor_fix", "details": "Install 1.4.0.", "product_ids": ["P130"]}]}]}"#;

/// A release statement for the release that the tests seal.
pub(crate) const STATEMENT: &str = r#"{"schema": "twinseal.release-statement/1",
  "product": {"vendor": "acme.example", "model": "thermostat", "name": "Acme Thermostat", "hardware-revisions": ["B"], "placed-on-market": "2026-02"},
  "release": {"version": "1.4.0", "issued": "2026-11-21T09:00:00Z", "kind": "security", "changes": ["A length is compared."],
    "changed-components": ["net"], "predecessor": {"version": "1.3.0"}},
  "vulnerabilities-fixed": [{"id": "CVE-2026-0002", "known-since": "2026-11-02"}],
  "support": {"start": "2026-02", "end": "2031-12"},
  "availability": {"until": "2036-12-31", "free-of-charge": true},
  "contacts": {"manufacturer": "Acme, 1 Road, Town", "vulnerability-reports": "psirt@acme.example", "disclosure-policy": "https://acme.example/cvd"},
  "installation": {"automatic": true, "opt-out": "https://acme.example/updates#off", "notifies-users": true}}"#;

/// An in-toto statement with SLSA's predicate.
pub(crate) fn slsa(subject: &str, algorithm: &str, digest: &str) -> String {
    format!(
        r#"{{"_type": "https://in-toto.io/Statement/v1", "subject": [{{"name": "{subject}", "digest": {{"{algorithm}": "{digest}"}}}}],
  "predicateType": "https://slsa.dev/provenance/v1", "predicate": {{
    "buildDefinition": {{"buildType": "https://acme.example/build/v1", "externalParameters": {{"target": "release"}},
      "resolvedDependencies": [{{"uri": "git+https://acme.example/fw@refs/tags/v1.4.0", "digest": {{"gitCommit": "4567cdef"}}}}]}},
    "runDetails": {{"builder": {{"id": "https://acme.example/builders/1"}}, "metadata": {{"invocationId": "run-17",
      "startedOn": "2026-11-20T09:00:00Z", "finishedOn": "2026-11-20T09:10:00Z"}}}}}}}}"#
    )
}

/// A key that signs DSSE envelopes.
pub(crate) enum Builder {
    Ed25519(Ed25519KeyPair),
    EcdsaP256(Box<EcdsaKeyPair>),
}

impl Builder {
    /// A fresh Ed25519 key.
    pub(crate) fn ed25519() -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        Self::Ed25519(Ed25519KeyPair::from_pkcs8(key.as_ref()).expect("a key"))
    }

    /// The Ed25519 key of a seed.
    pub(crate) fn of_seed(seed: &[u8]) -> Self {
        Self::Ed25519(Ed25519KeyPair::from_seed_unchecked(seed).expect("a seed"))
    }

    /// A fresh ECDSA key on P-256.
    pub(crate) fn ecdsa() -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).expect("a key");
        Self::EcdsaP256(Box::new(pair))
    }

    /// The public key, in PEM.
    pub(crate) fn pem(&self) -> String {
        let (prefix, key): (&[u8], &[u8]) = match self {
            Self::Ed25519(pair) => {
                (&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0], pair.public_key().as_ref())
            }
            Self::EcdsaP256(pair) => (
                &[
                    0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce,
                    0x3d, 3, 1, 7, 3, 0x42, 0,
                ],
                pair.public_key().as_ref(),
            ),
        };
        let text = Base64::encode_string(&[prefix, key].concat());
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| core::str::from_utf8(line).expect("ASCII")).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    /// A DSSE envelope around a payload.
    pub(crate) fn envelope(&self, payload: &str) -> String {
        let kind = "application/vnd.in-toto+json";
        let signed = format!("DSSEv1 {} {kind} {} {payload}", kind.len(), payload.len());
        let signature = match self {
            Self::Ed25519(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
            Self::EcdsaP256(pair) => {
                pair.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature").as_ref().to_vec()
            }
        };
        let (payload, signature) = (Base64::encode_string(payload.as_bytes()), Base64::encode_string(&signature));
        format!(
            r#"{{"payloadType": "{kind}", "payload": "{payload}", "signatures": [{{"keyid": "builder-1", "sig": "{signature}"}}]}}"#
        )
    }
}
