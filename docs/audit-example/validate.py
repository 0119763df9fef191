"""Holds the documents of the worked example, and what Twinseal writes, against the schemas and readers of others."""

import base64
import json
import pathlib
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

VERSIONS = {"1.6": SchemaVersion.V1_6, "1.7": SchemaVersion.V1_7}


def cyclonedx(text: str) -> str | None:
    """What is wrong with a bill of materials, by the schema of the version that it claims."""
    version = json.loads(text)["specVersion"]
    error = JsonStrictValidator(VERSIONS[version]).validate_str(text)
    return None if error is None else str(error)[:500]


def provenance(text: str) -> str | None:
    """What is wrong with the statement in an envelope, by in-toto's own reader of statements and definition of SLSA provenance."""
    envelope = json.loads(text)
    try:
        statement = json.loads(base64.b64decode(envelope["payload"]))
        Statement.copy_from_pb(json_format.ParseDict(statement, statement_pb2.Statement())).validate()
        json_format.ParseDict(statement["predicate"], provenance_pb2.Provenance())
    except (ValueError, KeyError, json_format.ParseError) as error:
        return str(error)
    return None


def as_version(text: str, version: str) -> str:
    """The same bill of materials, said to be of another version: what 1.6 allows, 1.7 allows as well."""
    document = json.loads(text)
    document["specVersion"] = version
    document["$schema"] = f"http://cyclonedx.org/schema/bom-{version}.schema.json"
    return json.dumps(document)


def main(out: pathlib.Path) -> int:
    cases, bad = 0, 0

    def case(name: str, wrong: str | None, expected_good: bool = True) -> None:
        nonlocal cases, bad
        cases += 1
        if (wrong is None) != expected_good:
            bad += 1
            print(f"{name}: {wrong or 'is valid, and must not be'}")

    for version in ("1.0.0", "1.0.1"):
        for name in (f"{version}/sbom.cdx.json", f"cbom-{version}.json"):
            text = (out / name).read_text()
            case(name, cyclonedx(text))
            case(f"{name} as 1.7", cyclonedx(as_version(text, "1.7")))
            # Validators that find nothing wrong with anything would show nothing.
            broken = json.loads(text)
            broken["components"][0]["kind"] = broken["components"][0].pop("type")
            case(f"{name}, broken", cyclonedx(json.dumps(broken)), expected_good=False)
        name = f"{version}/provenance.dsse.json"
        envelope = json.loads((out / name).read_text())
        case(name, provenance(json.dumps(envelope)))
        statement = json.loads(base64.b64decode(envelope["payload"]))
        for what, worse in (("without subject", {"subject": []}), ("with another predicate", {"predicate": {"builder": "x"}})):
            envelope["payload"] = base64.b64encode(json.dumps(statement | worse).encode()).decode()
            case(f"{name} {what}", provenance(json.dumps(envelope)), expected_good=False)
    print(f"{cases} documents held against CycloneDX' schemas and in-toto's readers, {bad} not as expected")
    return 1 if bad or cases != 18 else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
