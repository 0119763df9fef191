#!/usr/bin/env python3
"""Answers the exec protocol (docs/exec-protocol.md) with a PKCS#8 file, through pyca/cryptography 50 or later: pyca.py KEY.pem"""

import base64
import json
import sys

from cryptography.hazmat.primitives import serialization

PROTOCOL = "twinseal.exec/1"


def answer(request, path):
    if request.pop("protocol", None) != PROTOCOL:
        raise ValueError(f"this program speaks {PROTOCOL}")
    with open(path, "rb") as file:
        key = serialization.load_pem_private_key(file.read(), None)
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    told = base64.b64encode(spki).decode()
    operation = request.pop("operation", None)
    if operation == "verifying-key" and not request:
        return {"verifying-key": told}
    if operation == "sign" and set(request) <= {"algorithm", "verifying-key", "message", "mu"}:
        if request["verifying-key"] != told:
            raise ValueError("the key here is another than the one asked for")
        if "message" not in request:
            return {"signature": encoded(key.sign_mu(decoded(request["mu"])))}
        return {"signature": encoded(key.sign(decoded(request["message"])))}
    raise ValueError("the request is not understood")


def decoded(text):
    return base64.b64decode(text, validate=True)


def encoded(raw):
    return base64.b64encode(raw).decode()


def main():
    try:
        result, code = answer(json.load(sys.stdin), sys.argv[1]), 0
    except Exception as error:  # whatever it is, the caller is to know
        result, code = {"error": f"{type(error).__name__}: {error}"}, 1
    json.dump({"protocol": PROTOCOL, **result}, sys.stdout)
    sys.exit(code)


main()
