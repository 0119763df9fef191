"""Verifies and makes Twinseal bundles by docs/format.md alone: none of Twinseal's code, only cbor2 and cryptography.
  twinseal_check.py verify BUNDLE STORE   exit 0: sealed as the store demands, images match; exit 1: refused, and why
  twinseal_check.py make OUT_DIR SET      makes an identity with ML-DSA-SET (44, 65, 87); writes store.cbor, bundle.suit
Evidence, and what only a device knows (rollback, its components), are not looked at.
"""
import hashlib, sys, uuid
from pathlib import Path
from cbor2 import CBORTag, dumps, loads
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa
HASHES = {-16: hashlib.sha256, -43: hashlib.sha384, -44: hashlib.sha512}  # the stronger, the lower the number
ALGORITHMS = {-19: (ed25519, "Ed25519"), -48: (mldsa, "MLDSA44"), -49: (mldsa, "MLDSA65"), -50: (mldsa, "MLDSA87")}
RELEASE_TYPE = "application/vnd.twinseal.release"  # roles: 1 root, 2 release, 3 assessor

def need(condition, reason):
    if not condition: raise ValueError(reason)
def encode(value): return dumps(value, canonical=True)
def decode(data):  # encoding again shows: all is shortest, definite, in order and unique, with nothing behind it
    need(encode(loads(data)) == data, "not deterministic CBOR")
    return loads(data)
def suit_digest(algorithm, data): return encode([algorithm, HASHES[algorithm](data).digest()])
def crypto(alg, kind): return getattr(ALGORITHMS[alg][0], ALGORITHMS[alg][1] + kind)
def to_be_signed(protected, digest): return encode(["Signature1", protected, b"", digest])
def anchor_id(keys):  # RFC 9679: the required parameters only, and alg is one of them for ML-DSA (kty 7) alone
    required = [{label: key[label] for label in key if label != 3 or key[1] == 7} for key in keys]
    return hashlib.sha256(encode(sorted(hashlib.sha256(encode(key)).digest() for key in required))).digest()
def sequences(components):  # shared, validate, install (F-13, F-14, F-15)
    parts = [([12, i, 20, parameters, 1, 15, 2, 15], [12, i, 3, 15], [12, i, 20, {21: f"c{i:02}.bin"}, 21, 2, 3, 15])
             for i, parameters in enumerate(components)]
    return [encode(sum(sequence, [])) for sequence in zip(*parts)]

def verify(bundle, store):
    envelope, store, sealed_by, roles = decode(Path(bundle).read_bytes()), decode(Path(store).read_bytes()), {}, []
    (digest, *seals), manifest = decode(envelope.value[2]), decode(envelope.value[3])
    need(envelope.tag == 107 and (algorithm := decode(digest)[0]) <= store[5], "no envelope, or too weak a digest")
    need(digest == suit_digest(algorithm, encode(envelope.value[3])), "the digest is not the manifest's")
    for tag, protected, unprotected, payload, signature in ((seal.tag, *seal.value) for seal in map(decode, seals)):
        header = decode(protected)
        need((*header, header[16], tag, unprotected, payload) == (1, 4, 16, RELEASE_TYPE, 18, {}, None), "a seal head")
        sealed_by.setdefault(header[4], []).append((header[1], protected, signature))
    for anchor in store[7]:
        keys = {key[3]: key[-2 if key[1] == 1 else -1] for key in anchor[4]}
        need(anchor[1] == anchor_id(anchor[4]) and (8 in store or len({*keys, -19}) == len(keys) == 2), "anchor")
        if own := sealed_by.get(anchor[1]):
            need([alg for alg, _, _ in own] == list(keys), "not exactly one seal for each key of an anchor")
            for alg, protected, signature in own:  # from here on, InvalidSignature is raised by cryptography
                crypto(alg, "PublicKey").from_public_bytes(keys[alg]).verify(signature, to_be_signed(protected, digest))
            roles.append(anchor[2])
    need(2 in dict(store[6]) and all(roles.count(r) >= n > 0 for r, n in store[6] if r != 1), "requirement not met")
    common = decode(manifest[3])
    components = decode(common[4])[3::8]
    need([common[4], manifest[7], manifest[20]] == sequences(components) and manifest[-257][1] == 1, "not profile 1")
    for i, (component, _) in enumerate(zip(components, common[2], strict=True)):
        need(component[1] == store[3] and component[2] == components[0][2] in store[4], "not for this vendor or class")
        image = envelope.value[f"c{i:02}.bin"]
        need((component[14], component[3]) == (len(image), suit_digest(algorithm, image)), f"image {i} differs")

def make(out, parameter_set):
    pq, algorithm = {"44": (-48, -16), "65": (-49, -43), "87": (-50, -44)}[parameter_set]
    secrets = {alg: crypto(alg, "PrivateKey").generate() for alg in (-19, pq)}
    x, pub = (secret.public_key().public_bytes_raw() for secret in secrets.values())
    keys = [{1: 1, 3: -19, -1: 6, -2: x}, {1: 7, 3: pq, -1: pub}]
    domain, images = uuid.uuid5(uuid.NAMESPACE_DNS, "vendor.example"), [Path(__file__).read_bytes(), b"radio firmware"]
    kid, vendor, model = anchor_id(keys), domain.bytes, uuid.uuid5(domain, "widget").bytes
    parameters = [{1: vendor, 2: model, 3: suit_digest(algorithm, image), 14: len(image)} for image in images]
    shared, validate, install = sequences(parameters)
    common = encode({2: [[b"application"], [b"radio"]], 4: shared})
    manifest = encode({1: 1, 2: 7, 3: common, 7: validate, 20: install, -257: {1: 1, 2: "1.2.3", 3: 1, 4: 0}})
    digest, seals = suit_digest(algorithm, encode(manifest)), []
    for alg, secret in secrets.items():
        protected = encode({1: alg, 4: kid, 16: RELEASE_TYPE})
        seals.append(encode(CBORTag(18, [protected, {}, None, secret.sign(to_be_signed(protected, digest))])))
    entries = {2: encode([digest, *seals]), 3: manifest, "c00.bin": images[0], "c01.bin": images[1]}
    store = {1: 1, 2: 0, 3: vendor, 4: [model], 5: algorithm, 6: [[2, 1]], 7: [{1: kid, 2: 2, 3: "vendor", 4: keys}]}
    Path(out, "bundle.suit").write_bytes(encode(CBORTag(107, entries)))
    Path(out, "store.cbor").write_bytes(encode(store))

try:
    {"verify": verify, "make": make}[sys.argv[1]](*sys.argv[2:])
except Exception as error:  # whatever it was, nothing was accepted
    sys.exit(f"refused: {error!r}")
