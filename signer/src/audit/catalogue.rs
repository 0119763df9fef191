//! The rows of every audit: which provisions belong together because one piece of evidence serves them all, and what no evidence in
//! a bundle can show of them.
//!
//! Provisions are named by their ids and told in our own words: standards are not quoted.

use super::report::{Provision, Source};

/// What a row is about, whatever bundle is looked at.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Subject {
    /// Its stable id.
    pub id: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// The European Union's side.
    pub eu: &'static [Provision],
    /// The United States' side.
    pub us: &'static [Provision],
    /// What it does not show.
    pub can_not_show: &'static str,
}

const fn of(source: &'static str, id: &'static str, title: &'static str) -> Provision {
    Provision { source, id, title }
}

/// Every row, in the order of the report.
pub const SUBJECTS: [Subject; 22] = [
    Subject {
        id: "A-01",
        title: "The release is authentic and intact",
        eu: &[
            of("cra", "Annex I Part I (2)(f)", "protect programs and configuration against manipulation"),
            of("en303645", "5.3-9", "the device verifies authenticity and integrity of updates"),
            of("en303645", "5.3-10", "updates over a network are verified through a trust relationship"),
            of("en18031", "SUM-2", "updates are secure: authentic and intact"),
        ],
        us: &[
            of("ir8425", "Software Update 1", "components can receive, verify and apply verified updates"),
            of("ir8259a", "Software Update 2", "an update is verified and authenticated before it is installed"),
            of("sp800193", "4.2.1.1", "updates only through an authenticated mechanism"),
            of("sp800193", "4.3.1", "integrity is verified by an approved signature or digest"),
        ],
        can_not_show: "that the device in the field verifies updates, or that the anchors in it are those of this trust store",
    },
    Subject {
        id: "A-02",
        title: "The seals have a post-quantum half, none can be left out, and the digest is as strong",
        eu: &[
            of("cra", "Annex I Part I (2)(e)", "state of the art mechanisms"),
            of("en303645", "5.3-7", "updates use best practice cryptography"),
            of("en18031", "CRY", "best practice cryptography"),
            of("eupqc", "2030 milestone", "quantum-safe upgrades of software and firmware, hybrid where feasible"),
        ],
        us: &[
            of("cnsa2", "software and firmware signing", "ML-DSA-87 with SHA-384 or SHA-512"),
            of("eo14412", "signatures by 2031-12-31", "post-quantum digital signatures"),
            of("sp800193", "4.2.1.1", "approved signature algorithms"),
        ],
        can_not_show: "that the algorithms stay unbroken while the release is in use, the quality of an implementation, side channels, or a validation under CAVP, CMVP or Common Criteria",
    },
    Subject {
        id: "A-03",
        title: "Trust and algorithms can be changed",
        eu: &[
            of("en303645", "5.5-3", "cryptographic algorithms can be updated"),
            of("eupqc", "upgradeability", "crypto agility"),
        ],
        us: &[
            of("cnsa2", "transition", "algorithms can be exchanged by the dates of the policy"),
            of("sp800193", "4.1.2", "the key store is updated by an authenticated mechanism"),
        ],
        can_not_show: "that devices in the field took, or will take, a trust update; updates of trust are objects of their own",
    },
    Subject {
        id: "A-04",
        title: "The numbers that keep older releases out are sealed, and rise",
        eu: &[
            of("en303645", "5.3-2", "secure installation; the text around it names rollback"),
            of(
                "en304623",
                "rollback protection",
                "boot managers hold against rollback (ids of the draft are not public)",
            ),
        ],
        us: &[
            of("sp800193", "4.2.1.3", "an earlier authentic version with a weakness can be kept out"),
            of("ir8259a", "Software Update 3", "rolling back is for authorised entities"),
        ],
        can_not_show: "the monotonic counter in the device, or that the device refuses what is below it",
    },
    Subject {
        id: "A-05",
        title: "The product is identified",
        eu: &[
            of("cra", "Article 13(15)", "type, batch or serial number, or another element that identifies the product"),
            of("cra", "Annex II (3)", "unique identification of the product"),
            of("en303645", "5.3-16", "the model designation is recognisable"),
        ],
        us: &[
            of("ir8425", "Asset Identification 1", "the product is uniquely identifiable"),
            of("fcc", "8.222(b), name", "registry entry: product and manufacturer name"),
        ],
        can_not_show: "the label on the device",
    },
    Subject {
        id: "A-06",
        title: "Components are listed (SBOM)",
        eu: &[
            of("cra", "Annex I Part II (1)", "an SBOM in a common machine-readable format, at least the top level"),
            of("cra", "Article 13(24)-(25)", "the SBOM for authorities"),
            of("cra", "Annex II (9)", "where users find the SBOM"),
            of("cra", "Annex VII", "the SBOM in the technical documentation"),
            of("tr03183", "part 2", "fields of an SBOM, SHA-512 of each deployable component"),
        ],
        us: &[
            of(
                "eo14028",
                "minimum elements",
                "supplier, name, version, other ids, dependencies, author, time; hash, licence, tool and context by the draft of 2025",
            ),
            of("ir8425", "Documentation 4a", "hardware and software components from all sources"),
            of("ir8425", "Asset Identification 2", "inventory of components"),
            of("ssdf", "PS.3.2", "provenance data of each release, as in an SBOM"),
            of("fcc", "8.222(b), SBOM", "registry entry: whether an SBOM is maintained"),
        ],
        can_not_show: "that the SBOM is complete or true",
    },
    Subject {
        id: "A-07",
        title: "What is known of vulnerabilities is stated",
        eu: &[of("cra", "Annex I Part I (2)(a)", "no known exploitable vulnerabilities when placed on the market")],
        us: &[
            of("ir8425", "Documentation 6a", "no known exploitable vulnerabilities"),
            of("ssdf", "RV.1, PW", "vulnerabilities are identified and confirmed"),
        ],
        can_not_show: "the absence of unknown vulnerabilities, or of those that became known later",
    },
    Subject {
        id: "A-08",
        title: "Security and functionality are kept apart",
        eu: &[of("cra", "Annex I Part II (2)", "security updates separate from functionality updates where feasible")],
        us: &[
            of("ssdf", "RV.2", "vulnerabilities are assessed and remediated"),
            of("ir8425", "Software Update 2", "measures to keep the product up to date"),
        ],
        can_not_show: "that no function is hidden in the change",
    },
    Subject {
        id: "A-09",
        title: "Fixed vulnerabilities are disclosed with an advisory",
        eu: &[
            of(
                "cra",
                "Annex I Part II (4)",
                "disclose what was fixed: description, products, impact, severity, remedy",
            ),
            of("cra", "Annex I Part II (8)", "updates come with advisory messages"),
            of("cra", "Article 14(8)", "inform users, machine-readable where appropriate"),
            of("en303645", "5.3-11", "tell users that an update is needed and what it mitigates"),
        ],
        us: &[
            of("ir8425", "Information Dissemination 1a, 1d", "notice of updates, new vulnerabilities and actions"),
            of("ssdf", "RV.2, RV.3", "remediate, and analyse causes"),
            of("cisacsaf", "advisories", "machine-readable security advisories"),
        ],
        can_not_show: "that the advisory was published, when, and that it reached users",
    },
    Subject {
        id: "A-10",
        title: "Updates are distributed securely",
        eu: &[
            of("cra", "Annex I Part II (7)", "mechanisms that distribute updates securely"),
            of("en18031", "SUM, SCM", "secure update and secure communication mechanisms"),
        ],
        us: &[
            of("ir8259a", "Software Update 1, 4", "remote or local updates, by authorised entities"),
            of("ssdf", "PS.2.1", "acquirers can verify the integrity of releases"),
        ],
        can_not_show: "the security of transports and mirrors, or that the update can be had",
    },
    Subject {
        id: "A-11",
        title: "How long fixed vulnerabilities were known is stated",
        eu: &[
            of("cra", "Annex I Part II (2), (8)", "remedy and disseminate without delay"),
            of("en303645", "5.3-8", "security updates are timely"),
            of("cra", "Article 14(2)(c)", "final report within 14 days after a corrective measure is available"),
        ],
        us: &[of("ir8425", "Documentation 7", "vulnerability management"), of("ssdf", "RV.2", "remediate in time")],
        can_not_show: "when the vendor really knew, or when the update reached devices; days are counted, not judged",
    },
    Subject {
        id: "A-12",
        title: "How updates are installed, and what users can decide, is stated",
        eu: &[
            of("cra", "Annex I Part I (2)(c)", "automatic by default, opt-out, notification, postponing"),
            of("en303645", "5.3-4 to 5.3-6", "automatic updates, their defaults, and control over them"),
            of("en18031", "SUM-3", "automated updates"),
            of("cra", "Annex II (8)(c), (e)", "how updates are installed, how automatic updates are turned off"),
        ],
        us: &[
            of("ir8425", "Software Update 2", "automatic application, or notification of customers"),
            of("ir8259a", "Software Update 5, 6", "enable, disable, configure, notify"),
            of("fcc", "8.222(b), updates", "registry entry: whether updates are automatic"),
        ],
        can_not_show: "how the device behaves",
    },
    Subject {
        id: "A-13",
        title: "Disruption and recovery are announced",
        eu: &[
            of("en303645", "5.3-12", "tell users if an update disrupts basic functions"),
            of("cra", "Annex I Part I (2)(h)", "essential functions are available after an incident"),
        ],
        us: &[of("ir8425", "Information Dissemination 1c", "notice of maintenance")],
        can_not_show: "what is really disrupted, or that recovery works",
    },
    Subject {
        id: "A-14",
        title: "The support period is stated and long enough",
        eu: &[
            of("cra", "Article 13(8)", "a support period of at least five years, or the expected time of use"),
            of("cra", "Article 13(19)", "its end is known at purchase, at least to the month"),
            of("cra", "Annex II (7)", "type of support and end of the support period"),
            of("en303645", "5.3-13", "the defined support period is published"),
        ],
        us: &[
            of("fcc", "8.222(b), support", "registry entry: minimum support period"),
            of("ir8425", "Information Dissemination 1a, 1b", "terms and end of support"),
            of("ir8425", "Product Education and Awareness", "duration and scope of support"),
        ],
        can_not_show: "that buyers were told, or that the promise will be kept",
    },
    Subject {
        id: "A-15",
        title: "The update stays available",
        eu: &[of(
            "cra",
            "Article 13(9)",
            "each security update for ten years, or for the support period if that is longer",
        )],
        us: &[of("ssdf", "PS.3.1", "releases are archived with their supporting data")],
        can_not_show: "that it will be available",
    },
    Subject {
        id: "A-16",
        title: "Vulnerabilities can be reported",
        eu: &[
            of("cra", "Annex I Part II (5), (6)", "a disclosure policy, and an address for reports"),
            of("cra", "Annex II (2)", "single point of contact, and where the policy is"),
            of("en303645", "5.2-1", "a public vulnerability disclosure policy"),
        ],
        us: &[
            of("ir8425", "Information and Query Reception 1", "reports are received"),
            of("ir8425", "Documentation 7", "vulnerability management"),
        ],
        can_not_show: "that anyone answers",
    },
    Subject {
        id: "A-17",
        title: "The origin of the images is documented (provenance)",
        eu: &[
            of("cra", "Article 13(6)", "diligence with third-party components"),
            of("cra", "Annex I Part II (3)", "regular tests and reviews"),
            of("cra", "Annex VII", "production and monitoring in the technical documentation"),
        ],
        us: &[
            of("ssdf", "PS.3.2, PO.3, PW.4", "provenance, toolchains, reused software"),
            of("eo14028", "section 4(e)", "provenance of code and components"),
            of("slsa", "Build L1-L2", "provenance exists, and is signed by the builder"),
        ],
        can_not_show: "that the builder is isolated, or that the listed materials are all and true",
    },
    Subject {
        id: "A-18",
        title: "Signing is logged",
        eu: &[
            of("cra", "Annex I Part I (2)(l)", "relevant internal activity is recorded"),
            of("cra", "Article 14", "what a report of an incident is built on"),
        ],
        us: &[
            of("ir8425", "Cybersecurity State Awareness 1", "state is captured and recorded"),
            of("sp800193", "4.3.1", "events are logged"),
        ],
        can_not_show: "the signing journal, a transparency log, or the logs of devices",
    },
    Subject {
        id: "A-19",
        title: "Documents of conformity are referenced",
        eu: &[
            of("cra", "Article 13(12), 13(20)", "the EU declaration of conformity"),
            of("cra", "Annex V, VI", "its contents, full or simplified"),
        ],
        us: &[of("fcc", "registry, QR code", "the entry of the product in the registry of the label")],
        can_not_show: "conformity itself",
    },
    Subject {
        id: "A-20",
        title: "A compromised key can be shut out",
        eu: &[of("cra", "Article 14(3)", "severe incidents, as the compromise of a signing key")],
        us: &[
            of("sp80057", "part 1", "compromised keys are revoked"),
            of("sp800193", "4.1.2", "the key store is updated by an authenticated mechanism"),
        ],
        can_not_show: "that a compromise was discovered, or that devices took the trust update",
    },
    Subject {
        id: "A-21",
        title: "As many have sealed as the trust store demands",
        eu: &[of("cra", "Annex I Part I (2)(d)", "protection from unauthorised access")],
        us: &[
            of("ir8259a", "Software Update 4", "updating is for authorised entities"),
            of("ir8425", "Interface Access Control", "access is for authorised entities"),
        ],
        can_not_show: "that distinct keys are held by distinct people, or in hardware",
    },
    Subject {
        id: "A-22",
        title: "Signing keys are protected",
        eu: &[
            of("en303645", "5.4-1, 5.4-4", "security parameters are stored and managed securely"),
            of("en18031", "CCK", "confidential cryptographic keys"),
        ],
        us: &[of("cmvp", "FIPS 140-3", "validated modules"), of("ssdf", "PO.5", "secure environments for development")],
        can_not_show: "where keys are kept, and who can use them",
    },
];

const fn source(
    id: &'static str,
    short: &'static str,
    side: &'static str,
    title: &'static str,
    version: &'static str,
) -> Source {
    Source { id, short, side, title, version }
}

/// The instruments, and the versions that the rows were written after.
pub const SOURCES: [Source; 18] = [
    source("cra", "CRA", "eu", "Cyber Resilience Act, Regulation (EU) 2024/2847", "2024-10-23"),
    source("en303645", "EN 303 645", "eu", "ETSI EN 303 645", "V3.1.3 (2024-09)"),
    source("en18031", "EN 18031", "eu", "EN 18031-1, -2, -3", "2024"),
    source("en304623", "EN 304 623", "eu", "ETSI EN 304 623, boot managers", "draft V0.1.3 (2026-06)"),
    source("tr03183", "BSI TR-03183", "eu", "BSI TR-03183-2", "v2.1.0 (2025-08-20)"),
    source("eupqc", "EU PQC roadmap", "eu", "EU coordinated roadmap to post-quantum cryptography", "v1.1 (2025-06-11)"),
    source("ir8425", "IR 8425", "us", "NIST IR 8425, the basis of the US Cyber Trust Mark", "2022-09"),
    source("fcc", "47 CFR 8", "us", "FCC Cyber Trust Mark, 47 CFR part 8 subpart B", "2024-07-30"),
    source("ir8259a", "IR 8259A", "us", "NISTIR 8259A", "2020-05"),
    source("sp800193", "SP 800-193", "us", "NIST SP 800-193", "2018-05"),
    source("sp80057", "SP 800-57", "us", "NIST SP 800-57 part 1", "revision 5"),
    source("ssdf", "SSDF", "us", "NIST SP 800-218 (SSDF)", "v1.1"),
    source("eo14028", "EO 14028", "us", "EO 14028, with NTIA's minimum elements and CISA's draft", "2021, draft 2025"),
    source("eo14412", "EO 14412", "us", "EO 14412", "2026-06-22"),
    source("cnsa2", "CNSA 2.0", "us", "NSA CNSA 2.0", "FAQ v2.1 (2024-12)"),
    source("cisacsaf", "CISA", "us", "CISA, OASIS CSAF", "2.0"),
    source("slsa", "SLSA", "us", "SLSA", "v1.0"),
    source("cmvp", "CMVP", "us", "NIST CMVP", "FIPS 140-3"),
];

/// What no bundle can show: a section of every report, whatever is in the bundle.
pub const CAN_NOT_SHOW: [&str; 14] = [
    "that devices verify what they install, and hold against rollback: this audit ran the code, not the device",
    "that boot is secure, that debug ports are closed, and that the anchors in a device are those of this trust store",
    "that users can opt out, are notified, and can postpone as it was declared",
    "that the update is free of charge, and reached those it is for without delay",
    "that an SBOM is complete, and that what it says of its components is true",
    "that there is no unknown or undisclosed vulnerability",
    "that the vendor tests and reviews regularly, and assessed the risks",
    "that a disclosure policy is lived, and that reports are answered",
    "that authorities and users were told of incidents and exploited vulnerabilities in time",
    "that signing keys are in hardware, and that their holders are different people",
    "that the builder is isolated, and that provenance lists all materials",
    "that the product went through a conformity assessment, or may carry the CE mark or a label",
    "that an implementation was validated under FIPS 140-3 or Common Criteria",
    "that the vendor will support the product, and keep the update available, for as long as it says",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_names_provisions_of_both_sides_and_of_known_sources() {
        let side = |id: &str| SOURCES.iter().find(|source| source.id == id).map(|source| source.side);
        for (number, subject) in (1..).zip(&SUBJECTS) {
            assert_eq!(subject.id, format!("A-{number:02}"));
            assert!(!subject.eu.is_empty() && !subject.us.is_empty(), "{}", subject.id);
            assert!(subject.eu.iter().all(|provision| side(provision.source) == Some("eu")), "{}", subject.id);
            assert!(subject.us.iter().all(|provision| side(provision.source) == Some("us")), "{}", subject.id);
            assert!(!subject.can_not_show.is_empty());
        }
        let all = || SUBJECTS.iter().flat_map(|subject| subject.eu.iter().chain(subject.us));
        assert!(SOURCES.iter().all(|source| all().any(|provision| provision.source == source.id)));
        assert_eq!(
            (SUBJECTS.len(), SUBJECTS.iter().map(|subject| subject.eu.len() + subject.us.len()).sum::<usize>()),
            (22, 107)
        );
    }

    #[test]
    fn nothing_is_called_compliant() {
        let texts = SUBJECTS.iter().flat_map(|subject| {
            let provisions = subject.eu.iter().chain(subject.us).map(|provision| provision.title);
            provisions.chain([subject.title, subject.can_not_show])
        });
        for text in texts.chain(CAN_NOT_SHOW) {
            let text = text.to_lowercase();
            assert!(!text.contains("complian") && !text.contains("mutually recogn"), "{text}");
        }
    }
}
