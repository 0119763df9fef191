"""What a build server does to documents before a release is sealed: names the images in the SBOM, signs the provenance."""

import base64
import hashlib
import json
import pathlib
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def bind(sbom: pathlib.Path, *images: str) -> None:
    """Adds each image, given as id=file=version, with its SHA-512: the generator knows packages, not what is sealed."""
    document = json.loads(sbom.read_text())
    root = document["metadata"]["component"]
    root["type"] = "firmware"
    of_root = next(one for one in document["dependencies"] if one["ref"] == root["bom-ref"])
    packages = of_root["dependsOn"]
    of_root["dependsOn"] = []
    for image in images:
        name, file, version = image.split("=")
        document["components"].append(
            {
                "type": "firmware",
                "bom-ref": f"image-{name}",
                "name": name,
                "version": version,
                "supplier": root["supplier"],
                "hashes": [{"alg": "SHA-512", "content": hashlib.sha512(pathlib.Path(file).read_bytes()).hexdigest()}],
            }
        )
        of_root["dependsOn"].append(f"image-{name}")
        # U-Boot is what the packages give; the environment is the vendor's own text.
        document["dependencies"].append({"ref": f"image-{name}", "dependsOn": packages if name == "u-boot" else []})
    sbom.write_text(json.dumps(document, indent=2) + "\n")


def key(secret: pathlib.Path, public: pathlib.Path) -> None:
    """Makes the builder's key, which is not a release key."""
    private = Ed25519PrivateKey.generate()
    secret.touch(mode=0o600)
    secret.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    public.write_bytes(
        private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def sign(statement: pathlib.Path, secret: pathlib.Path, envelope: pathlib.Path) -> None:
    """Puts a statement into a DSSE envelope, signed over its pre-authentication encoding."""
    payload = statement.read_bytes()
    private = serialization.load_pem_private_key(secret.read_bytes(), None)
    signed = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
    document = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"sig": base64.b64encode(private.sign(signed)).decode()}],
    }
    envelope.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "bind":
        bind(pathlib.Path(arguments[0]), *arguments[1:])
    elif command == "key":
        key(*map(pathlib.Path, arguments))
    elif command == "sign":
        sign(*map(pathlib.Path, arguments))
    else:
        sys.exit(f"documents.py: no command {command}")
