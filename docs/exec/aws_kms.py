#!/usr/bin/env python3
"""Answers the exec protocol (docs/exec-protocol.md) with a key in AWS KMS: aws_kms.py KEY-ID-OR-ALIAS

Needs boto3, and credentials where boto3 looks for them. NOT tested by this project, which has no account: try it with `twinseal key check`, and read it
before you trust it. Keys: KeySpec ECC_NIST_EDWARDS25519, and ML_DSA_44, ML_DSA_65 or ML_DSA_87.
"""

import base64
import json
import sys

import boto3

PROTOCOL = "twinseal.exec/1"


def answer(request, key):
    if request.pop("protocol", None) != PROTOCOL:
        raise ValueError(f"this program speaks {PROTOCOL}")
    kms = boto3.client("kms")
    spki = base64.b64encode(kms.get_public_key(KeyId=key)["PublicKey"]).decode()
    operation = request.pop("operation", None)
    if operation == "verifying-key" and not request:
        return {"verifying-key": spki}
    if operation != "sign" or not set(request) <= {"algorithm", "verifying-key", "message", "mu"}:
        raise ValueError("the request is not understood")
    if request["verifying-key"] != spki:
        raise ValueError("the key here is another than the one asked for")
    ed25519 = request["algorithm"] == "ed25519"
    if "message" in request:
        kind, signed = "RAW", request["message"]
    else:
        kind, signed = "EXTERNAL_MU", request["mu"]
    signature = kms.sign(
        KeyId=key,
        Message=base64.b64decode(signed, validate=True),
        MessageType=kind,
        SigningAlgorithm="ED25519_SHA_512" if ed25519 else "ML_DSA_SHAKE_256",
    )["Signature"]
    return {"signature": base64.b64encode(signature).decode()}


def main():
    try:
        result, code = answer(json.load(sys.stdin), sys.argv[1]), 0
    except Exception as error:  # whatever it is, the caller is to know
        result, code = {"error": f"{type(error).__name__}: {error}"}, 1
    json.dump({"protocol": PROTOCOL, **result}, sys.stdout)
    sys.exit(code)


main()
