//! Payloads, images and storage: an authentic and admitted release whose bytes are not what it says, or can not be had.

use twinseal_formats::DigestAlgorithm;
use twinseal_tests::bundle::{Bundle, Form};
use twinseal_tests::device::{MemorySlot, MemorySource, Operation};
use twinseal_tests::release::Release;
use twinseal_tests::roads::{self, Chunks};
use twinseal_tests::trust;
use twinseal_tests::world::World;
use twinseal_verifier::{AdmittedManifest, Boot, Envelope, Error, Extent, Install, Procedure};

use crate::{Case, Input, case};

/// The bundle with its payloads changed and its seals as they were.
fn payloads(world: &World, change: impl Fn(&mut Vec<Vec<u8>>)) -> Input {
    let mut bundle = world.bundle();
    change(&mut bundle.payloads);
    Input::Bundle(bundle.to_bytes(Form::Stripped))
}

/// Admits the release, for what follows then.
pub(crate) fn admitted<P: Procedure, T>(
    world: &World,
    bundle: &Bundle,
    then: impl FnOnce(AdmittedManifest<'_, P>) -> T,
) -> T {
    let (bytes, store) = (bundle.to_bytes(Form::Stripped), world.store.encode());
    let verifier = trust::verifier(&store).expect("a good store");
    let authentic = verifier.authenticate(&Envelope::parse(&bytes).expect("a good frame")).expect("good seals");
    then(world.facts.lend(|device| authentic.admit(device)).expect("for this device"))
}

/// By pull from storage, at installing and at booting: both must say the same.
fn stored(world: &World, change: impl Fn(&mut MemorySlot)) -> Input {
    let bundle = world.bundle();
    let mut storage = MemorySlot::holding(bundle.payloads.clone());
    change(&mut storage);
    let install = admitted::<Install, _>(world, &bundle, |admitted| {
        admitted.verify_images(storage.clone(), &mut [0; 61]).map(|_| ()).map_err(|refused| refused.error())
    });
    let boot = admitted::<Boot, _>(world, &bundle, |admitted| {
        admitted.verify_images(storage, &mut [0; 61]).map(|_| ()).map_err(|refused| refused.error())
    });
    assert_eq!(install, boot, "installing and booting agree on what lies in storage");
    Input::Gone(install)
}

/// By push into a slot; it must not be left bootable once it was touched.
fn received(world: &World, change: impl Fn(&mut MemorySlot)) -> Input {
    let (bytes, store) = (world.bundle().to_bytes(Form::Stripped), world.store.encode());
    let verifier = trust::verifier(&store).expect("a good store");
    let mut slot = MemorySlot::inactive(2);
    change(&mut slot);
    let outcome = roads::push(&bytes, Chunks::Of(7), &verifier, &world.facts, &mut slot);
    assert!(!slot.bootable || slot.images[0] == b"what was there before", "untouched, or invalid");
    Input::Gone(outcome.map(|_| ()))
}

/// By push of a detached release's payloads, one after the other.
fn detached(world: &World, stream: &[u8]) -> Input {
    Input::Gone(admitted::<Install, _>(world, &world.bundle(), |admitted| {
        let mut reception = admitted.receive_detached(MemorySlot::inactive(2)).map_err(|refused| refused.error())?;
        reception.push(stream)?;
        reception.finish(&mut [0; 61]).map(|_| ()).map_err(|refused| refused.error())
    }))
}

/// By pull from a source that fails.
fn flash(world: &World, change: impl Fn(&mut MemorySource<'_>)) -> Input {
    let bundle = world.bundle();
    let bytes = bundle.to_bytes(Form::Stripped);
    let mut source = MemorySource::new(&bytes);
    change(&mut source);
    Input::Gone(admitted::<Install, _>(world, &bundle, |admitted| {
        admitted.verify_enclosed(source, &mut [0; 61]).map(|_| ()).map_err(|refused| refused.error())
    }))
}

fn failing(operation: Operation, nth: usize) -> impl Fn(&mut MemorySlot) {
    move |slot| slot.fault = Some((operation, nth))
}

pub(crate) fn cases() -> Vec<Case> {
    [contents(), forms(), sizes(), faults()].into_iter().flatten().collect()
}

fn contents() -> Vec<Case> {
    let mismatch = "0605 image.digest-mismatch";
    vec![
        case("one bit of the first byte of the first payload", &[85], mismatch, |w| payloads(w, |all| all[0][0] ^= 1)),
        case("one bit of the last byte of the last payload", &[85], mismatch, |w| {
            payloads(w, |all| *all[1].last_mut().expect("not empty") ^= 0x80)
        }),
        case("two blocks of a payload swapped", &[86], mismatch, |w| payloads(w, |all| all[1].swap(0, 9))),
        case("another payload of the same length", &[50], mismatch, |w| payloads(w, |all| all[0].fill(b'x'))),
        case("the new application beside the old radio", &[89], mismatch, |w| {
            let mut old = w.release.clone();
            old.components[1].1 = b"the radio's image, an older matter".to_vec();
            payloads(w, |all| all[1].clone_from(&old.components[1].1))
        }),
        case("the last payload ends one byte early", &[2, 87, 113], "0604 image.truncated", |w| {
            let bytes = w.bundle().to_bytes(Form::Stripped);
            Input::Bundle(bytes[..bytes.len() - 1].to_vec())
        }),
        case("the bundle ends behind the last payload's head", &[2, 113], "0604 image.truncated", |w| {
            let (bytes, payload) = (w.bundle().to_bytes(Form::Stripped), w.bundle().payloads[1].len());
            Input::Bundle(bytes[..bytes.len() - payload].to_vec())
        }),
        case("a payload changed and cut off", &[2, 85], "0604 image.truncated", |w| {
            let mut bytes = w.bundle().to_bytes(Form::Stripped);
            bytes.pop();
            *bytes.last_mut().expect("not empty") ^= 1;
            Input::Bundle(bytes)
        }),
        case("a payload of 2^63-2 bytes, of which there are 23", &[10, 11], "0604 image.truncated", |w| {
            enormous(w, (1 << 63) - 2 - 34)
        }),
        case("a detached payload changed", &[85], mismatch, |w| {
            let mut stream = w.bundle().payloads.concat();
            stream[3] ^= 1;
            detached(w, &stream)
        }),
        case("detached payloads that end early", &[113], "0604 image.truncated", |w| {
            let stream = w.bundle().payloads.concat();
            detached(w, &stream[..stream.len() - 1])
        }),
        case("a byte behind the last detached payload", &[3], "0602 image.size-mismatch", |w| {
            detached(w, &[&w.bundle().payloads.concat()[..], &[0]].concat())
        }),
        case("detached payloads in the other order", &[13], mismatch, |w| {
            let bundle = w.bundle();
            detached(w, &[&bundle.payloads[1][..], &bundle.payloads[0]].concat())
        }),
    ]
}

/// A release whose first image is said to be that large; the slot says it has room.
fn enormous(world: &World, size: u64) -> Input {
    let release = world.release.clone();
    let digest = release.digest(b"whatever");
    let manifest = release.manifest_of(vec![
        twinseal_formats::encode::NewComponent { id: "app", size, digest },
        twinseal_formats::encode::NewComponent { id: "radio", size: 34, digest },
    ]);
    let mut bundle = release.sealed_around(manifest, &[&world.signer]);
    bundle.payloads.clear();
    let mut bytes = bundle.to_bytes_with_entries(Form::Stripped, 4);
    bytes.extend(twinseal_formats::EntryHead::payload(0, size).as_bytes());
    bytes.extend(&release.components[0].1);

    let store = world.store.encode();
    let verifier = trust::verifier(&store).expect("a good store");
    let pulled = roads::pull(&bytes, &verifier, &world.facts);
    let mut slot = MemorySlot::inactive(2);
    slot.extents = vec![Some(Extent::Room(u64::MAX)); 2];
    let pushed = roads::push(&bytes, Chunks::Of(7), &verifier, &world.facts, &mut slot);
    assert_eq!(pulled, pushed);
    assert!(!slot.bootable);
    Input::Gone(pulled.map(|_| ()))
}

fn forms() -> Vec<Case> {
    vec![
        case("a detached bundle where an enclosed one is expected", &[12], "0609 image.not-enclosed", |w| {
            Input::Bundle(w.release.clone().with_evidence().sealed_by(&[&w.signer]).to_bytes(Form::Detached))
        }),
        case("a bare envelope where payloads are expected", &[12], "0609 image.not-enclosed", |w| {
            Input::Bundle(w.bundle().to_bytes(Form::Bare))
        }),
    ]
}

fn sizes() -> Vec<Case> {
    vec![
        case("an image file that is not there", &[89], "0601 image.missing", |w| {
            stored(w, |storage| storage.extents[1] = None)
        }),
        // Every place is looked at before any image is read.
        case("an image file that is not there, behind one that is changed", &[85, 89], "0601 image.missing", |w| {
            stored(w, |storage| {
                storage.images[0][0] ^= 1;
                storage.extents[1] = None;
            })
        }),
        case("a slot without a place for a component", &[92], "0601 image.missing", |w| {
            received(w, |slot| slot.extents[1] = None)
        }),
        case("an image file one byte long", &[87], "0602 image.size-mismatch", |w| {
            stored(w, |storage| storage.extents[0] = Some(Extent::Exactly(24)))
        }),
        case("an image file one byte short", &[87], "0602 image.size-mismatch", |w| {
            stored(w, |storage| storage.extents[0] = Some(Extent::Exactly(22)))
        }),
        case("an empty image file", &[9], "0602 image.size-mismatch", |w| {
            stored(w, |storage| storage.extents[1] = Some(Extent::Exactly(0)))
        }),
        case("an image one byte larger than its slot, at boot", &[92], "0603 image.too-large", |w| {
            stored(w, |storage| storage.extents[0] = Some(Extent::Room(22)))
        }),
        case("an image one byte larger than its slot", &[92], "0603 image.too-large", |w| {
            received(w, |slot| slot.extents[1] = Some(Extent::Room(33)))
        }),
        case("an image of 2^32 bytes and a slot of 2^31", &[10, 92], "0603 image.too-large", |w| {
            let digest = w.release.digest(b"whatever");
            let huge = |id| twinseal_formats::encode::NewComponent { id, size: 1 << 32, digest };
            let manifest = w.release.manifest_of(vec![huge("app"), huge("radio")]);
            let bundle = w.release.sealed_around(manifest, &[&w.signer]);
            let mut slot = MemorySlot::inactive(2);
            slot.extents = vec![Some(Extent::Room(1 << 31)); 2];
            Input::Gone(admitted::<Install, _>(w, &bundle, |admitted| match admitted.receive(slot) {
                Ok(_) => Ok(()),
                Err(refused) => {
                    let error = refused.error();
                    assert!(!refused.into_storage().was_touched(), "the slot is as it was");
                    Err(error)
                }
            }))
        }),
        case("a stored image changed by one bit", &[85, 106], "0605 image.digest-mismatch", |w| {
            stored(w, |storage| storage.images[1][5] ^= 2)
        }),
    ]
}

fn faults() -> Vec<Case> {
    let (read, write) = ("0606 image.read-fault", "0607 image.write-fault");
    vec![
        case("storage that can not tell its extent", &[109], read, |w| stored(w, failing(Operation::Extent(1), 0))),
        case("storage that can not be read", &[109], read, |w| stored(w, failing(Operation::Read(0), 0))),
        case("a slot that can not tell its extent", &[109], read, |w| received(w, failing(Operation::Extent(0), 0))),
        case("a slot that can not be invalidated", &[109], "0608 image.invalidate-fault", |w| {
            received(w, failing(Operation::Invalidate, 0))
        }),
        case("a slot whose first write fails", &[109], write, |w| received(w, failing(Operation::Write(0), 0))),
        case("a slot whose last write fails", &[109], write, |w| received(w, failing(Operation::Write(1), 4))),
        case("a slot that can not be flushed", &[109], write, |w| received(w, failing(Operation::Flush(1), 0))),
        case("a slot that can not tell its extent any more", &[109], read, |w| {
            received(w, failing(Operation::Extent(1), 1))
        }),
        case("a slot that can not be read back", &[109], read, |w| received(w, failing(Operation::Read(1), 0))),
        case("a slot that holds something else than was written", &[106], "0605 image.digest-mismatch", |w| {
            received(w, |slot| slot.lie = Some((1, 33)))
        }),
        case("a flash that can not tell its size", &[109], read, |w| flash(w, |source| source.knows_size = false)),
        case("a flash whose first read fails", &[19, 109], read, |w| flash(w, |source| source.good_reads = 0)),
        case("a flash whose last read fails", &[19, 109], read, |w| flash(w, |source| source.good_reads = 3)),
        case("a flash that shrank after the frame was read", &[107], "0101 frame.truncated", |w| {
            flash(w, |source| source.bytes = &source.bytes[..50])
        }),
        case("no working memory, by pull", &[], "070c configuration.no-scratch", |w| {
            let bundle = w.bundle();
            let storage = MemorySlot::holding(bundle.payloads.clone());
            Input::Gone(admitted::<Boot, _>(w, &bundle, |admitted| {
                admitted.verify_images(storage, &mut []).map(|_| ()).map_err(|refused| refused.error())
            }))
        }),
        case("no working memory, by push", &[], "070c configuration.no-scratch", |w| {
            Input::Gone(admitted::<Install, _>(w, &w.bundle(), |admitted| -> Result<(), Error> {
                let mut reception =
                    admitted.receive_detached(MemorySlot::inactive(2)).map_err(|refused| refused.error())?;
                reception.push(&w.bundle().payloads.concat())?;
                reception.finish(&mut []).map(|_| ()).map_err(|refused| refused.error())
            }))
        }),
    ]
}

/// Mix-and-match on purpose (H89): of the old and the new payloads of two components, only the new with the new is the new release.
#[test]
fn old_and_new_payloads_do_not_mix() {
    let world = World::new(crate::ONE[0]);
    let mut old = Release::sample(DigestAlgorithm::Sha256);
    old.components[0].1 = b"the application, before".to_vec();
    old.components[1].1 = b"the radio's image, before all this".to_vec();
    let (old, new) = (old.payloads(), world.release.payloads());
    let bundle = world.bundle();
    let mut verdicts = Vec::new();
    for (app, radio) in [(&old, &old), (&old, &new), (&new, &old), (&new, &new)] {
        let mix = Bundle { payloads: vec![app[0].clone(), radio[1].clone()], ..bundle.clone() };
        assert_eq!(mix.tail(Form::Stripped).len(), bundle.tail(Form::Stripped).len(), "sizes give nothing away");
        let store = world.store.encode();
        let verifier = trust::verifier(&store).expect("a good store");
        let booted = roads::boot(&bundle.to_bytes(Form::Bare), &mix.payloads, &verifier, &world.facts);
        let judged = world.judge(&mix.to_bytes(Form::Stripped));
        assert_eq!(judged, booted);
        verdicts.push(judged.is_ok());
    }
    assert_eq!(verdicts, [false, false, false, true]);
}
