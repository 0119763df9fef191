"""Writes the papers of a release of `twinseal`, for release/build.sh: the same input gives the same bytes.

What is in the program is asked of cargo (`cargo tree` for this target and these features, `cargo metadata` for what the
packages say of themselves) and of Cargo.lock (their digests). Nothing here is guessed; what nobody said is left out.
"""
import argparse, datetime, hashlib, json, os, subprocess, tomllib, uuid
from pathlib import Path

# Who releases it, in the words of the release file. `.invalid` (RFC 2606) is nobody: the maintainers put their domain here
# before they publish anything, and release/publishable.sh refuses until they have.
VENDOR, MODEL = "twinseal.invalid", "twinseal-cli"
# Raised when an older program must no longer be taken for current (docs/threat-model.md).
SECURITY_VERSION = 1


def cargo(root, *arguments):
    command = ["cargo", *arguments, "--locked", "--manifest-path", str(root / "Cargo.toml")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def in_the_program(root, target):
    """(name, version) of each package, with those it depends on, as cargo resolves them for this build."""
    form = ["-p", "twinseal", "--no-default-features", "--target", target, "-e", "normal,build", "--format", "{p}"]
    packages, path = {}, []
    for line in cargo(root, "tree", *form, "--prefix", "depth", "--no-dedupe").splitlines():
        depth = int(line[: len(line) - len(line.lstrip("0123456789"))])
        name, version = line.lstrip("0123456789").split()[:2]
        package = (name, version.removeprefix("v"))
        del path[depth:]
        if path:
            packages[path[-1]].add(package)
        path.append(package)
        packages.setdefault(package, set())
    return packages


def reference(package):
    return "pkg:cargo/{}@{}".format(*package).replace("+", "%2B")


def component(package, described, digests, kind="library"):
    said = described[package]
    entry = {"type": kind, "bom-ref": reference(package), "name": package[0], "version": package[1], "purl": reference(package)}
    if said["license"]:
        # Before SPDX expressions a stroke meant what OR means.
        entry["licenses"] = [{"expression": said["license"].replace("/", " OR ")}]
    if package in digests:
        entry["hashes"] = [{"alg": "SHA-256", "content": digests[package]}]
    if said["repository"]:
        entry["externalReferences"] = [{"type": "vcs", "url": said["repository"]}]
    return entry


def bill_of_materials(arguments, moment, image):
    lock = tomllib.loads((arguments.root / "Cargo.lock").read_text())
    digests = {(p["name"], p["version"]): p["checksum"] for p in lock["package"] if "checksum" in p}
    metadata = json.loads(cargo(arguments.root, "metadata", "--format-version", "1", "--filter-platform", arguments.target))
    described = {(p["name"], p["version"]): p for p in metadata["packages"]}
    packages = in_the_program(arguments.root, arguments.target)
    own = ("twinseal", arguments.version)
    root = component(own, described, digests, "application")
    root["hashes"] = [{"alg": name, "content": hashlib.new(name.replace("-", ""), image).hexdigest()} for name in ("SHA-256", "SHA-384", "SHA-512")]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, hashlib.sha256(image).hexdigest())}", "version": 1,
        "metadata": {"timestamp": moment, "lifecycles": [{"phase": "build"}], "component": root},
        "components": [component(package, described, digests) for package in sorted(packages) if package != own],
        "dependencies": [{"ref": reference(package), "dependsOn": sorted(map(reference, needed))} for package, needed in sorted(packages.items())],
    }


def provenance(arguments, moment, image):
    tool = lambda *command: subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().splitlines()
    lock = hashlib.sha256((arguments.root / "Cargo.lock").read_bytes()).hexdigest()
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": arguments.program.name, "digest": {"sha256": hashlib.sha256(image).hexdigest()}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": f"https://{VENDOR}/release/build.sh",
                "externalParameters": {"target": arguments.target, "package": "twinseal", "features": []},
                "internalParameters": {"rustc": tool("rustc", "--version", "--verbose"), "cc": tool("musl-gcc", "--version")[:1]},
                "resolvedDependencies": [
                    {"name": "source", "digest": {"gitCommit": os.environ["SOURCE_COMMIT"]}},
                    {"name": "Cargo.lock", "digest": {"sha256": lock}},
                ],
            },
            "runDetails": {"builder": {"id": f"https://{VENDOR}/release/build.sh"}, "metadata": {"startedOn": moment}},
        },
    }


def statement(arguments, moment):
    return {
        "schema": "twinseal.release-statement/1",
        "product": {"vendor": VENDOR, "model": MODEL, "name": "Twinseal", "purl": f"pkg:cargo/twinseal@{arguments.version}"},
        "release": {"version": arguments.version, "issued": moment, "kind": "functional", "changes": ["As CHANGELOG.md says."]},
    }


RELEASE = """\
[release]
vendor = "{vendor}"
model = "{model}"
version = "{version}"
# The second in which the source was committed: it rises with every release.
sequence-number = {epoch}
security-version = {security_version}

[[component]]
id = "twinseal"
path = "{program}"
format = "raw"

[[evidence]]
name = "sbom.cdx.json"
path = "sbom.cdx.json"
media-type = "application/vnd.cyclonedx+json"
kind = "sbom"

[[evidence]]
name = "provenance.json"
path = "provenance.json"
media-type = "application/vnd.in-toto+json"

[[evidence]]
name = "statement.json"
path = "statement.json"
media-type = "application/vnd.twinseal.release-statement+json"
kind = "release-statement"
"""

DEVICE = """\
# A host that has an older twinseal, as `twinseal verify` wants it described.
vendor = "{vendor}"
model = "{model}"
components = ["twinseal"]
rollback-counter = {security_version}
"""


def main():
    parser = argparse.ArgumentParser()
    for name in ("root", "program", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in ("target", "version"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    epoch, image = int(os.environ["SOURCE_DATE_EPOCH"]), arguments.program.read_bytes()
    moment = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    papers = {
        "sbom.cdx.json": bill_of_materials(arguments, moment, image),
        "provenance.json": provenance(arguments, moment, image),
        "statement.json": statement(arguments, moment),
    }
    for name, paper in papers.items():
        (arguments.out / name).write_text(json.dumps(paper, indent=1) + "\n")
    words = dict(vendor=VENDOR, model=MODEL, version=arguments.version, epoch=epoch, program=arguments.program.name, security_version=SECURITY_VERSION)
    (arguments.out / "release.toml").write_text(RELEASE.format(**words))
    (arguments.out / "device.toml").write_text(DEVICE.format(**words))


main()
