//! The envelope (F-4 to F-9).

use twinseal_formats::encode;
use twinseal_tests::bundle::{Form, entry, frame};
use twinseal_tests::cbor::{Cbor, replaced};
use twinseal_tests::world::World;

use crate::{Case, Input, case};

/// The stripped bundle, whole.
fn good(world: &World) -> Vec<u8> {
    world.bundle().to_bytes(Form::Stripped)
}

/// Where the frame of the stripped bundle ends.
fn frame_size(world: &World) -> usize {
    let bundle = world.bundle();
    good(world).len() - bundle.tail(Form::Stripped).len()
}

/// The bundle cut behind so many bytes of what the frame is followed by, or in front of its end.
fn cut(world: &World, from_frame_end: isize) -> Input {
    let at = frame_size(world).checked_add_signed(from_frame_end).expect("within the bundle");
    Input::Bundle(good(world)[..at].to_vec())
}

/// The bundle with other bytes in place of its first four: tag and number of entries.
fn beginning(world: &World, bytes: &[u8]) -> Input {
    Input::Bundle([bytes, &good(world)[3..]].concat())
}

/// The bundle around other encodings of its two entries.
fn entries(world: &World, make: impl Fn(Cbor, &[u8], &[u8]) -> Cbor) -> Input {
    let bundle = world.bundle();
    let envelope = make(Cbor::new().tag(107).map(4), &bundle.wrapper(), &bundle.manifest);
    Input::Bundle([envelope.done(), bundle.tail(Form::Stripped)].concat())
}

/// The bundle with another number of entries.
fn counted(world: &World, count: u64) -> Input {
    Input::Bundle(world.bundle().to_bytes_with_entries(Form::Stripped, count))
}

/// The frame, and something else behind it.
fn behind(world: &World, tail: &[u8]) -> Input {
    Input::Bundle([&good(world)[..frame_size(world)], tail].concat())
}

/// The bundle with another head in place of the first payload's.
fn payload_head(world: &World, head: &Cbor) -> Input {
    let bundle = world.bundle();
    let honest = entry(*b"c00.bin", &bundle.payloads[0]);
    let tail = bundle.tail(Form::Stripped);
    let changed = [&head.clone().done(), &bundle.payloads[0][..]].concat();
    behind(world, &replaced(&tail, &honest, &changed))
}

pub(crate) fn cases() -> Vec<Case> {
    [beginnings(), counts(), keys(), lengths(), payloads()].into_iter().flatten().collect()
}

fn beginnings() -> Vec<Case> {
    vec![
        case("nothing at all", &[1], "0101 frame.truncated", |_| Input::Bundle(Vec::new())),
        case("half a tag", &[2], "0101 frame.truncated", |w| Input::Bundle(good(w)[..1].to_vec())),
        case("a tag and nothing else", &[2], "0101 frame.truncated", |w| Input::Bundle(good(w)[..2].to_vec())),
        case("the seals are cut off", &[2], "0101 frame.truncated", |w| Input::Bundle(good(w)[..100].to_vec())),
        case("the manifest lacks its last byte", &[2], "0101 frame.truncated", |w| cut(w, -1)),
        case("a frame and no payload", &[2, 113], "0101 frame.truncated", |w| cut(w, 0)),
        case("the first payload's name is cut off", &[2], "0101 frame.truncated", |w| cut(w, 3)),
        case("the first payload's length is cut off", &[2], "0101 frame.truncated", |w| cut(w, 8)),
        case("a zero byte in front", &[4], "0110 frame.not-an-envelope", |w| beginning(w, &[0, 0xd8, 0x6b, 0xa4])),
        case("an archive in front", &[4], "0110 frame.not-an-envelope", |w| {
            Input::Bundle([b"PK\x03\x04".as_slice(), &good(w)].concat())
        }),
        case("another tag", &[5], "0110 frame.not-an-envelope", |w| beginning(w, &[0xd8, 0x6c, 0xa4])),
        case("the tag's bytes swapped", &[5], "0110 frame.not-an-envelope", |w| beginning(w, &[0x6b, 0xd8, 0xa4])),
        case("the tag in three bytes", &[24], "0110 frame.not-an-envelope", |w| beginning(w, &[0xd9, 0, 0x6b, 0xa4])),
        case("no tag", &[5], "0110 frame.not-an-envelope", |w| beginning(w, &[0xa4])),
        case("the envelope within a byte string", &[16], "0110 frame.not-an-envelope", |w| {
            Input::Bundle(encode::with_head(&good(w)))
        }),
    ]
}

fn counts() -> Vec<Case> {
    vec![
        case("an envelope with no entries", &[15], "0111 frame.entry-count", |w| counted(w, 0)),
        case("an envelope with one entry", &[15], "0111 frame.entry-count", |w| counted(w, 1)),
        case("an envelope with 52 entries", &[15], "0111 frame.entry-count", |w| counted(w, 52)),
        case("an envelope with 65535 entries", &[15], "0111 frame.entry-count", |w| counted(w, 0xffff)),
        case("an envelope with 2^64-1 entries", &[15], "0111 frame.entry-count", |w| counted(w, u64::MAX)),
        case("one entry fewer than payloads", &[15], "011a frame.form", |w| counted(w, 3)),
        case("one entry more than payloads", &[15], "011a frame.form", |w| counted(w, 5)),
        case("as many entries as can be", &[15], "011a frame.form", |w| counted(w, 51)),
        case("the number of entries in two bytes", &[24], "0102 frame.not-shortest", |w| {
            beginning(w, &[0xd8, 0x6b, 0xb8, 4])
        }),
        case("a map of indefinite length", &[24], "0103 frame.not-definite", |w| beginning(w, &[0xd8, 0x6b, 0xbf])),
        case("a reserved initial byte", &[24, 25], "0103 frame.not-definite", |w| beginning(w, &[0xd8, 0x6b, 0xbc])),
        case("an array in place of the map", &[13], "0104 frame.unexpected-type", |w| {
            beginning(w, &[0xd8, 0x6b, 0x84])
        }),
    ]
}

fn keys() -> Vec<Case> {
    vec![
        case("the manifest in front of the seals", &[13, 30], "0106 frame.unexpected-key", |w| {
            entries(w, |map, seals, manifest| map.uint(3).bytes(manifest).uint(2).bytes(seals))
        }),
        case("the seals twice", &[21], "0105 frame.key-order", |w| {
            entries(w, |map, seals, manifest| map.uint(2).bytes(seals).uint(2).bytes(seals).uint(3).bytes(manifest))
        }),
        case("a delegation in front of the seals", &[22, 61], "0106 frame.unexpected-key", |w| {
            entries(w, |map, seals, manifest| map.uint(1).bytes(&[]).uint(2).bytes(seals).uint(3).bytes(manifest))
        }),
        case("a severed member between seals and manifest", &[22, 23], "0106 frame.unexpected-key", |w| {
            entries(w, |map, seals, manifest| map.uint(2).bytes(seals).uint(20).bytes(&[]).uint(3).bytes(manifest))
        }),
        case("the seals' key in two bytes", &[24], "0102 frame.not-shortest", |w| {
            entries(w, |map, seals, manifest| map.raw(&[0x18, 2]).bytes(seals).uint(3).bytes(manifest))
        }),
        case("the seals' key as text", &[22], "0104 frame.unexpected-type", |w| {
            entries(w, |map, seals, manifest| map.text("2").bytes(seals).uint(3).bytes(manifest))
        }),
        case("the seals as a text string", &[29], "0104 frame.unexpected-type", |w| {
            entries(w, |map, seals, manifest| map.uint(2).head(3, 1).raw(seals).uint(3).bytes(manifest))
        }),
        case("the seals as a byte string in pieces", &[24], "0103 frame.not-definite", |w| {
            entries(w, |map, seals, manifest| {
                map.uint(2).raw(&[0x5f]).bytes(seals).raw(&[0xff]).uint(3).bytes(manifest)
            })
        }),
        case("the manifest as a map", &[29], "0104 frame.unexpected-type", |w| {
            entries(w, |map, seals, manifest| map.uint(2).bytes(seals).uint(3).raw(manifest))
        }),
        case("the manifest's length in four bytes", &[24, 31], "0102 frame.not-shortest", |w| {
            entries(w, |map, seals, manifest| map.uint(2).bytes(seals).uint(3).long_head(2, 0x180, 4).raw(manifest))
        }),
    ]
}

fn lengths() -> Vec<Case> {
    /// The bundle with other lengths of seals and manifest in their heads; `None` leaves the honest one.
    fn claimed(world: &World, seals: Option<u64>, manifest: Option<u64>) -> Input {
        entries(world, |map, wrapper, contents| {
            let (honest_seals, honest_manifest) =
                (twinseal_tests::cbor::length(wrapper), twinseal_tests::cbor::length(contents));
            let map = map.uint(2).head(2, seals.unwrap_or(honest_seals)).raw(wrapper);
            map.uint(3).head(2, manifest.unwrap_or(honest_manifest)).raw(contents)
        })
    }
    fn seals_off_by(world: &World, difference: i64) -> Input {
        let honest = twinseal_tests::cbor::length(&world.bundle().wrapper());
        claimed(world, honest.checked_add_signed(difference), None)
    }
    fn manifest_off_by(world: &World, difference: i64) -> Input {
        let honest = twinseal_tests::cbor::length(&world.bundle().manifest);
        claimed(world, None, honest.checked_add_signed(difference))
    }
    /// A frame whose parts are all there, however long.
    fn whole(world: &World, wrapper: &[u8], manifest: &[u8]) -> Input {
        Input::Bundle([frame(4, wrapper, manifest), world.bundle().tail(Form::Stripped)].concat())
    }
    vec![
        case("the seals' length is one too large", &[7], "0107 frame.trailing-bytes", |w| seals_off_by(w, 1)),
        case("the seals' length is one too small", &[7], "0101 frame.truncated", |w| seals_off_by(w, -1)),
        case("the seals' length is zero", &[7], "0101 frame.truncated", |w| claimed(w, Some(0), None)),
        case("the seals' length is 2^32-1", &[7, 8, 11], "0117 frame.seal-length", |w| {
            claimed(w, Some(u64::from(u32::MAX)), None)
        }),
        case("the seals' length is 2^64-1", &[7, 8, 11], "0117 frame.seal-length", |w| {
            claimed(w, Some(u64::MAX), None)
        }),
        case("seals longer than any that could be good, all there", &[7, 17], "0117 frame.seal-length", |w| {
            let seal = twinseal_tests::bundle::sign1(&[0; 40], &vec![0; 200_000]);
            let bundle = w.bundle();
            let wrapper = twinseal_tests::bundle::wrapper(&encode::digest(&bundle.digest), &[seal]);
            whole(w, &wrapper, &bundle.manifest)
        }),
        case("the manifest's length is one too large", &[7, 8], "0403 authenticate.digest-mismatch", |w| {
            manifest_off_by(w, 1)
        }),
        case("the manifest's length is one too small", &[7, 14], "0403 authenticate.digest-mismatch", |w| {
            manifest_off_by(w, -1)
        }),
        case("the manifest's length is zero", &[7], "0119 frame.manifest-length", |w| claimed(w, None, Some(0))),
        case("the manifest's length is 8193", &[7, 8], "0119 frame.manifest-length", |w| claimed(w, None, Some(8193))),
        case("the manifest's length is that of the whole bundle", &[8], "0101 frame.truncated", |w| {
            claimed(w, None, Some(twinseal_tests::cbor::length(&good(w))))
        }),
        case("the manifest's length is 2^32-1", &[8, 11], "0119 frame.manifest-length", |w| {
            claimed(w, None, Some(u64::from(u32::MAX)))
        }),
        case("the manifest's length is 2^63", &[8, 11], "0119 frame.manifest-length", |w| {
            claimed(w, None, Some(1 << 63))
        }),
        case("a manifest of 8193 bytes, all there", &[8], "0119 frame.manifest-length", |w| {
            whole(w, &w.bundle().wrapper(), &[0; 8193])
        }),
        case("a manifest longer than any frame, all there", &[8], "0119 frame.manifest-length", |w| {
            whole(w, &w.bundle().wrapper(), &vec![0; 200_000])
        }),
        case("a manifest of 8192 zero bytes", &[8], "0403 authenticate.digest-mismatch", |w| {
            whole(w, &w.bundle().wrapper(), &[0; 8192])
        }),
    ]
}

fn payloads() -> Vec<Case> {
    vec![
        case("the payloads in the other order", &[12, 13], "011b frame.payload-name", |w| {
            let bundle = w.bundle();
            let [one, other] = [entry(*b"c00.bin", &bundle.payloads[0]), entry(*b"c01.bin", &bundle.payloads[1])];
            behind(w, &[other, one].concat())
        }),
        case("evidence in front of the payloads", &[13], "011b frame.payload-name", |w| {
            behind(w, &[entry(*b"e00.bin", b"index"), w.bundle().tail(Form::Stripped)].concat())
        }),
        case("a byte between manifest and payload", &[12], "011b frame.payload-name", |w| {
            behind(w, &[&[0], &w.bundle().tail(Form::Stripped)[..]].concat())
        }),
        case("the first payload twice", &[21, 90], "011b frame.payload-name", |w| {
            let one = entry(*b"c00.bin", &w.bundle().payloads[0]);
            behind(w, &[one.clone(), one].concat())
        }),
        case("a payload's name in capitals", &[28], "011b frame.payload-name", |w| {
            payload_head(w, &Cbor::new().text("C00.BIN").head(2, 23))
        }),
        case("a payload's name as bytes", &[29], "011b frame.payload-name", |w| {
            payload_head(w, &Cbor::new().bytes(b"c00.bin").head(2, 23))
        }),
        case("a payload under its component's id", &[27], "011b frame.payload-name", |w| {
            payload_head(w, &Cbor::new().text("app").head(2, 23))
        }),
        case("a payload one byte longer than it should be", &[7, 9], "011c frame.payload-size", |w| {
            payload_head(w, &Cbor::new().text("c00.bin").head(2, 24))
        }),
        case("a payload one byte shorter than it should be", &[7, 87], "011c frame.payload-size", |w| {
            payload_head(w, &Cbor::new().text("c00.bin").head(2, 22))
        }),
        case("a payload of no bytes", &[9], "011c frame.payload-size", |w| {
            payload_head(w, &Cbor::new().text("c00.bin").head(2, 0))
        }),
        case("a payload of 2^31 bytes, it says", &[10], "011c frame.payload-size", |w| {
            payload_head(w, &Cbor::new().text("c00.bin").head(2, 1 << 31))
        }),
        case("a payload of 2^64-1 bytes, it says", &[10, 11], "011c frame.payload-size", |w| {
            payload_head(w, &Cbor::new().text("c00.bin").head(2, u64::MAX))
        }),
        case("a payload's length in two bytes", &[24], "011c frame.payload-size", |w| {
            payload_head(w, &Cbor::new().text("c00.bin").long_head(2, 23, 1))
        }),
        case("a payload as text", &[29], "011c frame.payload-size", |w| {
            payload_head(w, &Cbor::new().text("c00.bin").head(3, 23))
        }),
        case("a payload as a byte string in pieces", &[24], "011c frame.payload-size", |w| {
            payload_head(w, &Cbor::new().text("c00.bin").raw(&[0x5f]).head(2, 23))
        }),
        // Two components and two entries of evidence: the number of entries fits both forms, and the first name tells them apart.
        case("a detached bundle with as many entries as an enclosed one", &[12], "011b frame.payload-name", |w| {
            let mut release = w.release.clone().with_evidence();
            release.evidence.truncate(1);
            Input::Bundle(release.sealed_by(&[&w.signer]).to_bytes(Form::Detached))
        }),
    ]
}
