//! What to do about each error: one sentence to whoever can do something.

use twinseal_formats::Stage;

/// The remedy of an error.
pub(super) fn of(stage: Stage, rule: &str) -> &'static str {
    match stage {
        Stage::Frame => frame(rule),
        Stage::Manifest => manifest(rule),
        Stage::Trust => trust(rule),
        Stage::Authenticate => authenticate(rule),
        Stage::Admit => admit(rule),
        Stage::Image => image(rule),
        Stage::Configuration => configuration(rule),
        Stage::Evidence => evidence(rule),
        Stage::Update => update(rule),
        Stage::Install => install(rule),
        _ => UNKNOWN,
    }
}

/// For an error that is newer than this table; a test shows that there is none.
pub(super) const UNKNOWN: &str =
    "Use the release of Twinseal that the device's verifier is of: this one does not know the error.";

fn frame(rule: &str) -> &'static str {
    match rule {
        "truncated" => {
            "Fetch the bundle again and compare its size with the vendor's; on a device, hand in the whole frame."
        }
        "trailing-bytes" => "Remove what was appended, or fetch the bundle again: a bundle ends with its last entry.",
        "not-an-envelope" => {
            "Make sure that the file is a bundle, and not an image, a trust store or a trust update; else fetch it again."
        }
        "digest-algorithm" => {
            "Fetch the bundle again; if it is the same, seal the release again with SHA-256, SHA-384 or SHA-512."
        }
        "seal-type" => {
            "Present each object for what it is: the seals are those of a trust update or another object, not of a release."
        }
        "seal-count" => "Seal the release with at least one identity, and with no more seals than 16.",
        "manifest-length" => {
            "Fetch the bundle again; if it is the same, seal the release again with fewer components or shorter ids."
        }
        "entry-count" | "form" => {
            "Restore the bundle to a whole form: all payloads or none, and all evidence or none, as the vendor published it."
        }
        "payload-name" | "payload-size" => {
            "Put the payloads that were sealed under their own names, unchanged, or fetch the bundle again."
        }
        _ if is_encoding(rule) || is_seal(rule) => {
            "Fetch the bundle again; if it is the same, whoever wrote it does not follow profile 1 and must write it with Twinseal."
        }
        _ => UNKNOWN,
    }
}

fn manifest(rule: &str) -> &'static str {
    match rule {
        "profile" | "version" => {
            "Update the verifier if it is older than the release's format; else seal the release again as profile 1."
        }
        "name" => {
            "Seal the release again with component ids of 1 to 32 characters of a-z 0-9 . _ -, the first a letter or digit."
        }
        "component-count" => {
            "Seal the release again with 1 to 16 components; split what has more into several classes."
        }
        "vendor-differs" | "class-differs" => {
            "Seal a release of its own for each class: all components of one release have one vendor and class."
        }
        "image-size" => "Seal the release again with images that are not empty.",
        "release-version" => "Seal the release again with a version as in `1.2.3` or `1.2.3-rc.1` (SemVer 2.0.0).",
        "evidence-count" => "Seal the release again with at most 32 evidence files.",
        "digest-algorithm" => {
            "Seal the release again with one of SHA-256, SHA-384 and SHA-512 for manifest and images."
        }
        "name-order" | "shared-sequence" | "validate-sequence" | "install-sequence" => SEALED_OTHERWISE,
        _ if is_encoding(rule) => SEALED_OTHERWISE,
        _ => UNKNOWN,
    }
}

/// The manifest is read only after its seals held, so no damage on the way can be the cause.
const SEALED_OTHERWISE: &str =
    "Ask the vendor: the seals hold, so these bytes were sealed like this, by a tool that does not follow profile 1.";

fn trust(rule: &str) -> &'static str {
    match rule {
        "store-length" => "Name the trust store itself, as `twinseal trust make` wrote it; it has 1 to 65535 bytes.",
        "truncated" => "Copy the trust store or trust update again: its end is missing.",
        "trailing-bytes" => "Remove what follows the trust store or trust update, such as padding to a flash page.",
        "profile" => {
            "Update the tool or verifier if it is older than the trust store; else make the store again as profile 1."
        }
        "name" => "Give each anchor a label of 1 to 32 characters of a-z 0-9 . _ -, the first a letter or digit.",
        "digest-algorithm" => {
            "Name SHA-256, SHA-384 or SHA-512, for the minimum digest and for the digest of a trust update."
        }
        "class-count" => "Make the trust store for 1 to 16 models.",
        "class-order" => {
            "Name each model once, and make the store again with `twinseal trust make`, which puts them in order."
        }
        "requirement-order" => {
            "Give one requirement for each role that has anchors, and make the store again with `twinseal trust make`."
        }
        "role" => "Give each anchor and requirement one of the roles root, release and assessor.",
        "anchor-count" => "Give the trust store 1 to 16 anchors.",
        "anchor-order" => {
            "Name each signing identity once, with one role, and make the store again with `twinseal trust make`."
        }
        "key-count" | "key-classes" => {
            "Make each anchor from one signing identity: one Ed25519 key and one ML-DSA key."
        }
        "key-algorithm" => {
            "Use keys for Ed25519, ML-DSA-44, ML-DSA-65 or ML-DSA-87, or a tool that is as new as the store."
        }
        "anchor-id" | "key-type" | "key-length" => {
            "Make the trust store again from the identities' verifying keys with `twinseal trust make`: this one is damaged or made otherwise."
        }
        "seal-count" => {
            "Seal the trust update with the root identities of the old and the new store, and with no more seals than 16."
        }
        "seal-type" => {
            "Present each object for what it is: the seals are those of a release or another object, not of a trust update."
        }
        _ if is_encoding(rule) || is_seal(rule) => {
            "Make sure that the file is a trust store or trust update, and copy it again; if it is the same, make it again with Twinseal."
        }
        _ => UNKNOWN,
    }
}

fn authenticate(rule: &str) -> &'static str {
    match rule {
        "digest-not-available" => {
            "Compile the digest algorithm into the verifier, or seal the release with one that is compiled in."
        }
        "digest-too-weak" => "Seal the release again with a digest at least as strong as the trust store's minimum.",
        "digest-mismatch" => {
            "Fetch the object again; if it is the same, what was sealed was changed afterwards: keep it and tell the vendor."
        }
        "classical-seal-missing" | "post-quantum-seal-missing" => {
            "Fetch the bundle again, or seal it with the whole identity: half of the seals of an anchor is missing, perhaps stripped."
        }
        "classical-seal-bad" | "post-quantum-seal-bad" => {
            "Fetch the bundle again; if it is the same, a seal was damaged or forged: keep the bundle and tell the vendor."
        }
        "seal-surplus" => {
            "Remove the seal: a known anchor may have exactly one seal for each of its keys, or the trust store is out of date."
        }
        "seal-size" => {
            "Fetch the bundle again; if it is the same, the seal was made by something that does not follow the standard."
        }
        "fault" => {
            "Start the device again and look at what was refused once more; if it happens again, the processor or its power is faulty, or attacked."
        }
        "requirement-not-met" => {
            "Seal with as many identities of that role as the trust store demands, or use the trust store that is meant for this vendor."
        }
        _ => UNKNOWN,
    }
}

fn admit(rule: &str) -> &'static str {
    match rule {
        "vendor-mismatch" => {
            "Send the device the releases of its own vendor; a vendor compares the domain that it gave when it sealed."
        }
        "class-mismatch" => {
            "Send the device the releases of its own model; a vendor compares the model that it gave when it sealed."
        }
        "component-missing" => {
            "Seal a release that names every component of the device, or give what is updated by itself a class of its own."
        }
        "component-unknown" => {
            "Seal a release that names only components of the device, or compare the ids in the device's configuration."
        }
        "sequence-rollback" => "Seal the wanted code again under a higher sequence number: a device never goes back.",
        "sequence-taken" => "Seal the release again under a sequence number of its own: another one has this number.",
        "security-rollback" => {
            "Seal the release again with a security version not below the devices' rollback counters."
        }
        "counter-exhausted" => {
            "Seal the release with a security version that the rollback counter of this hardware can reach."
        }
        "fault" => {
            "Start the device again and look at what was refused once more; if it happens again, the processor or its power is faulty, or attacked."
        }
        "trust-epoch" => "Send the device the trust updates that it lacks, then the release again.",
        _ => UNKNOWN,
    }
}

fn image(rule: &str) -> &'static str {
    match rule {
        "missing" => {
            "Give one image for each component of the release; on a host, `--payloads` says where a detached release's files are."
        }
        "size-mismatch" | "digest-mismatch" => {
            "Fetch the payload of exactly this release again; if it is the same, it was changed or the slot is faulty."
        }
        "too-large" => "Make the image smaller, or the slot larger.",
        "truncated" => "Fetch the payload again and hand all of it in.",
        "read-fault" => {
            "Look for a fault in the storage or its driver, then try again: nothing is known about the image."
        }
        "write-fault" | "invalidate-fault" => {
            "Look for a fault in the flash or its driver, then install again; the running image is untouched."
        }
        "fault" => {
            "Start the device again and look at what was refused once more; if it happens again, the processor or its power is faulty, or attacked."
        }
        "not-enclosed" => {
            "Use a form of the release with its payloads inside, or hand in the payload files beside the envelope."
        }
        _ => UNKNOWN,
    }
}

fn configuration(rule: &str) -> &'static str {
    match rule {
        "confirmed-frame" => {
            "Hand in the stored frame of the release that the device confirmed, unchanged, beside the trust update."
        }
        "no-release-requirement" => {
            "Make the trust store again with at least one release anchor and a requirement for that role."
        }
        "threshold-zero" => "Demand at least one anchor of that role, or leave out the requirement and the anchors.",
        "threshold-unreachable" => "Demand no more anchors than there are of that role, or add anchors.",
        "role-without-requirement" => "Add a requirement for that role, or leave out its anchors.",
        "algorithm-not-available" => {
            "Give the verifier the algorithm that the anchor's key needs, or use an identity of another parameter set."
        }
        "shared-key" => {
            "Make a new signing identity for one of the two anchors: a key that counts twice is no second opinion."
        }
        "single-class-anchor" => {
            "Use an identity with an Ed25519 and an ML-DSA key; only a fleet that still migrates says single-class in its trust store."
        }
        "anchor-id-mismatch" => {
            "Make the trust store again from the identities' verifying keys; this one was damaged or made by another tool."
        }
        "weak-key" => {
            "Do not use this key: make a new signing identity with `twinseal keygen`, and find out where the key came from."
        }
        "device-not-served" => {
            "Give the device the trust store of its own vendor and model, or correct the ids in its configuration."
        }
        "component-list" => {
            "Configure the device with 1 to 16 component ids, each once, in ascending order of their bytes."
        }
        "no-scratch" => "Give the verifier a working memory of at least one byte; 512 or more are sensible.",
        "digest-not-available" => "Compile the trust store's minimum digest, or a stronger one, into the verifier.",
        _ => UNKNOWN,
    }
}

fn evidence(rule: &str) -> &'static str {
    match rule {
        "truncated" => "Fetch the bundle again and compare its size with the vendor's.",
        "trailing-bytes" => "Remove what was appended, or fetch the bundle again.",
        "profile" => {
            "Update the tool if it is older than the release; else the vendor seals the release again as profile 1."
        }
        "name" => {
            "Seal the release again with evidence names of 1 to 32 characters of a-z 0-9 . _ -, the first a letter or digit."
        }
        "evidence-count" => {
            "Seal the release again with at most 32 evidence files, or fetch the evidence that belongs to this release."
        }
        "media-type" => {
            "Seal the release again with media types as in `application/json`: lower case, without parameters."
        }
        "entry-name" => "Put the evidence that was sealed under its own names, or fetch the bundle again.",
        "entry-size" => {
            "Fetch the bundle again; if it is the same, an evidence file was changed after the release was sealed."
        }
        "index-digest" | "file-digest" => {
            "Fetch the bundle again; if it is the same, the evidence was exchanged after the release was sealed: take it from the vendor."
        }
        "name-order" | "source-order" | "digest-length" => EVIDENCE_OTHERWISE,
        _ if is_encoding(rule) => EVIDENCE_OTHERWISE,
        _ => UNKNOWN,
    }
}

const EVIDENCE_OTHERWISE: &str = "Fetch the bundle again; if it is the same, the evidence index was written by a tool that does not follow profile 1.";

/// Of a device's flash and counters.
fn install(rule: &str) -> &'static str {
    match rule {
        "layout" => {
            "Place every area on whole erase units inside the flash, apart from the others, and give each state sector room for a record."
        }
        "state-missing" => "Provision the device; in the field, only if its slots are known to hold what they should.",
        "state-unreadable" => "Start again; if it stays, the flash of the state records is worn out or broken.",
        "state-write-fault" => {
            "Start again and repeat the step; if it stays, a sector of the state records is worn out: the device boots, and is never updated again."
        }
        "state-present" => "Leave the state as it is: a device is provisioned once.",
        "envelope-unreadable" => "Install the release into that slot again.",
        "envelope-too-large" => {
            "Give the envelope a larger area and the step more memory, or seal the release with fewer identities."
        }
        "envelope-not-stored" => "Install the release again; if it stays, the flash of the slot is worn out or broken.",
        "counter-unreadable" => {
            "Start again; if it stays, the counter's hardware is broken, and the device must not guess what it held."
        }
        "counter-write-fault" => "Confirm again; if it stays, the counter's hardware is broken or used up.",
        "nothing-bootable" => {
            "Look at what was refused for each slot, and install a release by the device's recovery road."
        }
        "not-confirmed" => "Confirm the running release first, or let it be reverted.",
        "not-on-trial" => "Confirm only from a release that the boot loader started on trial.",
        "trust-unreadable" => {
            "Start again; if it stays, the trust store's flash is broken, and the device must be provisioned anew."
        }
        "trust-too-large" => "Give the trust stores larger areas and the step more memory, or make a smaller store.",
        "trust-write-fault" => "Apply the trust update again; the store in use stays in use until it is written.",
        "on-trial" => "Wait until the release on trial is confirmed or reverted, then apply the trust update again.",
        "trust-not-kept" => {
            "Give the layout two places for trust stores, or replace the trust store with the firmware."
        }
        "release-differs" => {
            "Nothing that the device did put it there: find out who wrote the flash, and install the release again."
        }
        _ => UNKNOWN,
    }
}

fn update(rule: &str) -> &'static str {
    match rule {
        "no-root-requirement" => {
            "Provision the device anew, if it can be: a store without root anchors was made to stay as it is."
        }
        "replaces-another" => {
            "Apply the chain of trust updates in its order, from the store that the device has; this one starts from another."
        }
        "epoch-step" => {
            "Make the new store with the epoch that follows the replaced store's, and seal the update again."
        }
        "vendor-differs" => "Make the new store for the vendor of the one it replaces, and seal the update again.",
        "no-new-root-requirement" => {
            "Give the new store root anchors and a requirement for them, and seal the update again."
        }
        "new-requirement-not-met" => {
            "Have enough root identities of the new store seal the update too, and add their seals."
        }
        "store-replaced" => "Use the store of the highest epoch that the device holds: this one was replaced before.",
        "counter-exhausted" => "Make no more trust updates for this device: its counter of epochs is used up.",
        "device-not-served" => {
            "Make the new store for the device's class too, or send the update to the devices it is for."
        }
        "confirmed-release-refused" => {
            "Install and confirm a release that the new store accepts, then apply the update; or keep those anchors for now."
        }
        "not-written" => {
            "Write the new store again and read it back; the store in use stays in use until that succeeds."
        }
        _ => UNKNOWN,
    }
}

/// The rules of deterministic CBOR and of single items, which any object can break.
fn is_encoding(rule: &str) -> bool {
    let rules = [
        "truncated",
        "not-shortest",
        "not-definite",
        "unexpected-type",
        "key-order",
        "unexpected-key",
        "trailing-bytes",
        "out-of-range",
        "digest-length",
    ];
    rules.contains(&rule)
}

/// The rules of the shape of seals, in releases and trust updates alike.
fn is_seal(rule: &str) -> bool {
    ["seal-tag", "seal-header", "seal-payload", "seal-length", "seal-order"].contains(&rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_remedy_of_one_sentence() {
        for entry in super::super::all() {
            let remedy = of(entry.stage, entry.rule);
            let name = format!("{}.{}", entry.stage.name(), entry.rule);
            assert_ne!(remedy, UNKNOWN, "{name}");
            assert!(remedy.ends_with('.') && !remedy.contains(". ") || remedy.contains("a-z 0-9 . _ -"), "{name}");
            assert!(remedy.len() <= 140, "{name}: {} characters", remedy.len());
        }
    }

    #[test]
    fn what_is_no_error_has_the_remedy_of_the_unknown() {
        for stage in Stage::ALL {
            assert_eq!(of(stage, "nonsense"), UNKNOWN);
        }
    }
}
