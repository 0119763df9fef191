//! Payloads around 2^31 and 2^32 bytes, where others broke (RAUC, CVE-2026-34155): made of zeros on the fly, so that nothing of that
//! size exists, and hashed whole, by every road.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test that can not go on must stop, loudly, where it is"
)]

use core::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use twinseal_formats::encode::NewComponent;
use twinseal_formats::{Digest, DigestAlgorithm, EntryHead, SealAlgorithm};
use twinseal_tests::bundle::{Bundle, Form};
use twinseal_tests::cbor::length;
use twinseal_tests::trust;
use twinseal_tests::world::World;
use twinseal_verifier::{
    AdmittedManifest, Boot, Envelope, Error, Extent, Hasher, Install, Procedure, Slot, Source, Storage, StorageFault,
};

const SIZES: [u64; 6] = [(1 << 31) - 1, 1 << 31, (1 << 31) + 1, (1 << 32) - 1, 1 << 32, (1 << 32) + 1];

/// Bytes that are handed over at a time.
const PIECE: usize = 1 << 18;

/// Zeros behind some first bytes; one byte may be another.
#[derive(Clone, Debug)]
struct Zeros {
    first: Vec<u8>,
    size: u64,
    odd: Option<u64>,
    /// What has been written, counted; its contents must be zeros too.
    written: u64,
}

impl Zeros {
    fn fill(&self, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        let end = offset + length(buffer);
        assert!(end <= self.size, "only what is there is asked for");
        buffer.fill(0);
        for (to, from) in buffer.iter_mut().zip(self.first.iter().skip(usize::try_from(offset).unwrap_or(usize::MAX))) {
            *to = *from;
        }
        if let Some(odd) = self.odd.filter(|odd| (offset..end).contains(odd)) {
            buffer[usize::try_from(odd - offset).expect("within the buffer")] = 1;
        }
        Ok(())
    }
}

impl Source for Zeros {
    fn size(&mut self) -> Result<u64, StorageFault> {
        Ok(self.size)
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        self.fill(offset, buffer)
    }
}

impl Storage for Zeros {
    fn extent(&mut self, _: u8) -> Result<Option<Extent>, StorageFault> {
        Ok(Some(Extent::Exactly(self.size)))
    }

    fn read(&mut self, _: u8, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        self.fill(offset, buffer)
    }
}

impl Slot for Zeros {
    fn invalidate(&mut self) -> Result<(), StorageFault> {
        Ok(())
    }

    fn write(&mut self, _: u8, offset: u64, bytes: &[u8]) -> Result<(), StorageFault> {
        assert_eq!(offset, self.written, "bytes come in order, without gaps");
        self.written += length(bytes);
        Ok(())
    }

    fn flush(&mut self, _: u8) -> Result<(), StorageFault> {
        assert_eq!(self.written, self.size, "flushed behind the last byte");
        Ok(())
    }
}

fn zeros(size: u64) -> Zeros {
    Zeros { first: Vec::new(), size, odd: None, written: 0 }
}

/// The digests of so many zeros, each size in one pass over the largest.
fn digests() -> Vec<Digest> {
    let (mut hasher, mut hashed) = (Hasher::new(DigestAlgorithm::Sha256).expect("compiled in"), 0);
    let piece = vec![0; PIECE];
    let digest_of = |size: u64| {
        while hashed < size {
            let take = usize::try_from(size - hashed).unwrap_or(usize::MAX).min(PIECE);
            hasher.update(&piece[..take]);
            hashed += length(&piece[..take]);
        }
        hasher.clone().finish().expect("a digest")
    };
    SIZES.into_iter().map(digest_of).collect()
}

/// A release with one component of that many zeros, and the device it is for.
fn world(size: u64, digest: Digest) -> (World, Bundle) {
    let mut world = World::new(SealAlgorithm::MlDsa44);
    world.facts.components = vec!["app".into()];
    let manifest = world.release.manifest_of(vec![NewComponent { id: "app", size, digest }]);
    let mut bundle = world.release.sealed_around(manifest, &[&world.signer]);
    bundle.payloads.clear();
    (world, bundle)
}

fn admitted<P: Procedure, T>(size: u64, digest: Digest, then: impl FnOnce(&[u8], AdmittedManifest<'_, P>) -> T) -> T {
    let (world, bundle) = world(size, digest);
    let (frame, store) = (bundle.to_bytes_with_entries(Form::Bare, 3), world.store.encode());
    let verifier = trust::verifier(&store).expect("a good store");
    let authentic = verifier.authenticate(&Envelope::parse(&frame).expect("a good frame")).expect("good seals");
    let admitted = world.facts.lend(|device| authentic.admit(device)).expect("for this device");
    then(&frame, admitted)
}

/// By pull out of an envelope that says `claimed` of its payload, and that ends where `change` says.
fn enclosed(size: u64, digest: Digest, claimed: u64, change: impl Fn(&mut Zeros)) -> Result<(), Error> {
    admitted::<Install, _>(size, digest, |frame, admitted| {
        let first = [frame, EntryHead::payload(0, claimed).as_bytes()].concat();
        let mut source = Zeros { size: length(&first) + size, first, odd: None, written: 0 };
        change(&mut source);
        admitted.verify_enclosed(source, &mut vec![0; PIECE]).map(|_| ()).map_err(|refused| refused.error())
    })
}

/// By pull out of storage.
fn stored(size: u64, digest: Digest, storage: Zeros) -> Result<(), Error> {
    admitted::<Boot, _>(size, digest, |_, admitted| {
        admitted.verify_images(storage, &mut vec![0; PIECE]).map(|_| ()).map_err(|refused| refused.error())
    })
}

/// By push, in pieces that do not divide the size.
fn pushed(size: u64, digest: Digest) -> Result<u64, Error> {
    admitted::<Install, _>(size, digest, |_, admitted| {
        let mut reception = admitted.receive(zeros(size)).map_err(|refused| refused.error())?;
        reception.push(EntryHead::payload(0, size).as_bytes())?;
        let piece = vec![0; PIECE - 1];
        while !reception.is_complete() {
            reception.push(&piece)?;
        }
        let verified = reception.finish(&mut vec![0; PIECE]).map_err(|refused| refused.error())?;
        Ok(verified.into_storage().written)
    })
}

fn code(outcome: Result<(), Error>) -> u16 {
    outcome.expect_err("this is not the image").code().number()
}

/// One size, by every road.
fn try_size(size: u64, digest: Digest) {
    assert_eq!(enclosed(size, digest, size, |_| {}), Ok(()), "{size} enclosed");
    assert_eq!(stored(size, digest, zeros(size)), Ok(()), "{size} stored");

    // One byte short and one byte long: by the length alone, before anything is hashed.
    assert_eq!(code(enclosed(size, digest, size, |source| source.size -= 1)), 0x0604, "image.truncated");
    assert_eq!(code(enclosed(size, digest, size - 1, |_| {})), 0x011c, "frame.payload-size");
    assert_eq!(code(enclosed(size, digest, size + 1, |_| {})), 0x011c, "frame.payload-size");
    assert_eq!(code(stored(size, digest, zeros(size - 1))), 0x0602, "image.size-mismatch");
    assert_eq!(code(stored(size, digest, zeros(size + 1))), 0x0602, "image.size-mismatch");
    // As many bytes as are left when a size is cut to 32 bits.
    if size > u64::from(u32::MAX) {
        assert_eq!(code(stored(size, digest, zeros(size & u64::from(u32::MAX)))), 0x0602, "image.size-mismatch");
    }

    // The very last byte is another. One road for each size: they share the code that hashes.
    let changed = if size.is_multiple_of(2) {
        enclosed(size, digest, size, |source| source.odd = Some(source.size - 1))
    } else {
        stored(size, digest, Zeros { odd: Some(size - 1), ..zeros(size) })
    };
    assert_eq!(code(changed), 0x0605, "image.digest-mismatch");
}

#[test]
fn payloads_around_two_and_four_gibibytes() {
    let digests = digests();
    let next = AtomicUsize::new(0);
    // The largest first, so that no core is left with it alone; the push, which hashes twice, before all.
    let work = || {
        loop {
            match next.fetch_add(1, Ordering::Relaxed) {
                0 => assert_eq!(pushed(SIZES[5], digests[5]), Ok(SIZES[5])),
                number => match SIZES.len().checked_sub(number) {
                    Some(index) => try_size(SIZES[index], digests[index]),
                    None => break,
                },
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    assert!(next.into_inner() > SIZES.len(), "every size was tried");
}
