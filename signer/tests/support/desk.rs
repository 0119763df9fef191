//! A release with everything that an auditor can ask for, and the release before it: where every test of a row starts.

#![allow(dead_code, reason = "each test file uses a part of it")]

use tempfile::TempDir;
use twinseal::audit::{Audit, Inputs, audit};
use twinseal::evidence::{BuilderKey, Day};
use twinseal::store;
use twinseal_formats::{DigestAlgorithm, Role, SealAlgorithm};

use crate::documents::{Builder, CSAF, hex, slsa};
use crate::sealed::{self, Keys, Made};
use crate::tool::bytes;

pub(crate) const SBOM: usize = 0;
pub(crate) const VEX: usize = 1;
pub(crate) const ADVISORY: usize = 2;
pub(crate) const STATEMENT: usize = 3;
pub(crate) const BUILT: usize = 4;

const NAMES: [(&str, &str); 5] = [
    ("b-sbom.json", "application/vnd.cyclonedx+json"),
    ("c-vex.json", "application/vnd.openvex+json"),
    ("d-csaf.json", "application/csaf+json"),
    ("e-statement.json", "application/vnd.twinseal.release-statement+json"),
    ("a-built.json", "application/vnd.in-toto.provenance+dsse"),
];

/// Everything that goes into an audit.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(crate) made: Made,
    /// The documents by the constants above; absent ones are not carried. The provenance is the statement inside.
    pub(crate) documents: [Option<String>; 5],
    /// Who signs the provenance: a seed.
    pub(crate) builder: u8,
    pub(crate) anchors: Vec<(Role, Keys)>,
    pub(crate) single_class: bool,
    /// The release before, if one is given.
    pub(crate) before: Option<Box<Self>>,
    pub(crate) date: &'static str,
    pub(crate) builder_key: Option<u8>,
    /// A last change to the bytes.
    pub(crate) damage: Option<fn(&mut Vec<u8>)>,
}

pub(crate) const ROOT: u8 = 1;
pub(crate) const RELEASE: u8 = 2;
pub(crate) const BUILDER: u8 = 9;

impl Desk {
    /// A good release after a good release.
    pub(crate) fn good() -> Self {
        let mut this = Self::release("1.4.0", 42);
        let mut before = Self::release("1.3.0", 41);
        before.replace(SBOM, "\"version\": \"7.3\"", "\"version\": \"7.2\"");
        before.documents[ADVISORY] = None;
        before.replace(STATEMENT, ", \"predecessor\": {\"version\": \"1.3.0\"}", "");
        this.before = Some(Box::new(before));
        this
    }

    fn release(version: &str, sequence_number: u64) -> Self {
        let image = bytes(4_000);
        let keys = Keys::hybrid(SealAlgorithm::MlDsa65, RELEASE);
        let built = slsa("app.bin", "sha384", &hex(DigestAlgorithm::Sha384, &image));
        let documents = [
            sbom(&hex(DigestAlgorithm::Sha512, &image)),
            VEX_TEXT.to_owned(),
            CSAF.to_owned(),
            STATEMENT_TEXT.to_owned(),
            built,
        ];
        Self {
            made: Made {
                model: "thermostat".to_owned(),
                version: version.to_owned(),
                sequence_number,
                security_version: 3,
                minimum_trust_epoch: 0,
                digest: DigestAlgorithm::Sha384,
                components: vec![("app".to_owned(), image)],
                evidence: Vec::new(),
                sealed_by: vec![keys.clone()],
            },
            documents: documents.map(|text| Some(text.replace("1.4.0", version))),
            builder: BUILDER,
            anchors: vec![(Role::Root, Keys::hybrid(SealAlgorithm::MlDsa65, ROOT)), (Role::Release, keys)],
            single_class: false,
            before: None,
            date: "2026-11-26",
            builder_key: Some(BUILDER),
            damage: None,
        }
    }

    /// Replaces one thing in one document, which must be there.
    pub(crate) fn replace(&mut self, document: usize, from: &str, to: &str) {
        let text = self.documents[document].as_mut().expect("the document is carried");
        assert!(text.contains(from), "{from} is not in it: {text}");
        *text = text.replacen(from, to, 1);
    }

    /// The trust store.
    pub(crate) fn store(&self) -> Vec<u8> {
        let anchors: Vec<(Role, &Keys)> = self.anchors.iter().map(|(role, keys)| (*role, keys)).collect();
        sealed::store(&anchors, self.single_class)
    }

    /// The bundle.
    pub(crate) fn bundle(&self) -> Vec<u8> {
        let mut made = self.made.clone();
        for (number, (name, media_type)) in NAMES.iter().enumerate() {
            if let Some(text) = &self.documents[number] {
                let bytes = if number == BUILT {
                    Builder::of_seed(&[self.builder; 32]).envelope(text).into_bytes()
                } else {
                    text.clone().into_bytes()
                };
                made.evidence.push(((*name).to_owned(), (*media_type).to_owned(), bytes));
            }
        }
        made.evidence.sort();
        let mut bundle = made.bytes();
        if let Some(damage) = self.damage {
            damage(&mut bundle);
        }
        bundle
    }

    /// Audits it.
    pub(crate) fn audit(&self) -> Audit {
        let place = TempDir::new().expect("a directory");
        let at = |name: &str| place.path().join(name);
        std::fs::write(at("this"), self.bundle()).expect("a file");
        let mut inputs = Inputs {
            date: Day::parse(self.date).expect("a day"),
            previous: Vec::new(),
            builder_keys: Vec::new(),
            profiles: Vec::new(),
            payloads: None,
        };
        if let Some(before) = &self.before {
            std::fs::write(at("before"), before.bundle()).expect("a file");
            inputs.previous.push(at("before"));
        }
        if let Some(seed) = self.builder_key {
            let pem = Builder::of_seed(&[seed; 32]).pem();
            inputs.builder_keys.push(BuilderKey::from_pem(pem.as_bytes()).expect("a key"));
        }
        let store = self.store();
        audit(&at("this"), &store::open(&store).expect("a store"), &inputs).expect("an audit")
    }
}

fn sbom(sha512: &str) -> String {
    format!(
        r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
  "metadata": {{"timestamp": "2026-11-20T10:00:00Z", "lifecycles": [{{"phase": "build"}}],
    "tools": {{"components": [{{"type": "application", "name": "bomber", "version": "2.1"}}]}}, "authors": [{{"name": "Acme build"}}],
    "component": {{"type": "firmware", "bom-ref": "root", "name": "thermostat", "version": "1.4.0", "supplier": {{"name": "Acme"}},
      "purl": "pkg:generic/acme/thermostat@1.4.0", "hashes": [{{"alg": "SHA-512", "content": "{sha512}"}}]}}}},
  "components": [
    {{"type": "library", "bom-ref": "crypto", "name": "crypto", "version": "3.0.1", "supplier": {{"name": "Crypters"}}, "purl": "pkg:generic/crypto@3.0.1"}},
    {{"type": "library", "bom-ref": "net", "name": "net", "version": "7.3", "supplier": {{"name": "Netters"}}, "purl": "pkg:generic/net"}}],
  "dependencies": [{{"ref": "root", "dependsOn": ["crypto", "net"]}}],
  "vulnerabilities": [{{"id": "CVE-2026-0003", "analysis": {{"state": "not_affected", "justification": "code_not_reachable"}}}}]}}"#
    )
}

const VEX_TEXT: &str = r#"{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://acme.example/vex/1", "author": "Acme PSIRT",
  "timestamp": "2026-11-20T10:00:00Z", "version": 2, "statements": [
  {"vulnerability": {"name": "CVE-2026-0001"}, "products": [{"@id": "pkg:generic/acme/thermostat@1.4.0"}],
   "status": "not_affected", "justification": "vulnerable_code_not_present"},
  {"vulnerability": {"name": "CVE-2026-0002"}, "products": [{"@id": "pkg:generic/acme/thermostat@1.4.0"}], "status": "fixed"}]}"#;

const STATEMENT_TEXT: &str = r#"{"schema": "twinseal.release-statement/1",
  "product": {"vendor": "acme.example", "model": "thermostat", "name": "Acme Thermostat", "placed-on-market": "2026-02"},
  "release": {"version": "1.4.0", "issued": "2026-11-21T09:00:00Z", "kind": "security",
    "changed-components": ["net"], "predecessor": {"version": "1.3.0"}},
  "vulnerabilities-fixed": [{"id": "CVE-2026-0002", "known-since": "2026-11-02"}],
  "vulnerabilities-known": ["CVE-2026-0001"],
  "support": {"start": "2026-02", "end": "2031-12"},
  "availability": {"until": "2036-12-31", "free-of-charge": true},
  "contacts": {"manufacturer": "Acme, 1 Road, Town", "vulnerability-reports": "psirt@acme.example", "disclosure-policy": "https://acme.example/cvd"},
  "installation": {"automatic": true, "opt-out": "https://acme.example/updates#off", "notifies-users": true, "postponable-days": 14,
    "disruption": "none", "fallback": "the release before"},
  "documents": {"eu-declaration-of-conformity": "https://acme.example/doc"}}"#;
