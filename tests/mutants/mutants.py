#!/usr/bin/env python3
"""Mutation tests: the changes that cargo-mutants would make to the reader and the verifier, and whether a test notices each.

  mutants.py                       all of `formats`, and of `verifier` all but the two engines
  mutants.py FILE ...              of these files, or below these folders
  mutants.py --shard K/N FILE ...  runs every N-th of them, from the K-th on (counted from 0); they are all built

cargo-mutants says which changes there are; tests/together.py builds them at once. What can not be built beside the others is built by
itself; what does not compile then is counted as such.

A mutant is caught if a test fails, panics or does not end. One that no test catches must be explained in explained.toml. An explanation of
one that is caught, or not there any more, is a failure too.
"""

import hashlib
import json
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from together import CRATES, ROOT, Change, Together, copy_of_the_tree, errors_of, locked, run, test_binary  # noqa: E402

USUAL = ["formats/src", "verifier/src"]
ENGINES = ["verifier/src/mldsa", "verifier/src/ed25519_comb"]
PACKAGES = {"formats": "twinseal-formats", "verifier": "twinseal-verifier"}

BINARIES = {
    "formats": ["-p", "twinseal-formats", "--all-features", "--lib"],
    "verifier": ["-p", "twinseal-verifier", "--all-features", "--lib"],
    "without": ["-p", "twinseal-verifier", "--features", "sha256", "--test", "without_sha512"],
    **{name: ["-p", "twinseal-tests", "--test", name] for name in ("hostile", "round_trip", "expanded_anchors", "ml_dsa_engine", "vectors")},
}
# What runs, in this order: the cheapest first, and only what survived one comes before the next. Binary and arguments.
ACCEPTED = ["a_release_is", "a_store_without_root", "detached_payloads", "the_root_may", "every_fault_of_trust", "every_fault_of_the_ev"]
BYTES = ["every_fault_of_the_m", "every_fault_of_the_c", "every_fault_of_a_seals_shape", "every_release_for", "every_fault_of_images"]
ELSEWHERE = ["--skip", "devices::", "--skip", "document::", "--skip", "attacks::"]
REST = ["nearly", "what_is", "every_", "accepted::", "rollback::", "image::", "intake::", "configuration::", "trust_updates::", "tables::"]
CHECKS = [
    ("formats", []),
    ("hostile", ACCEPTED),
    ("hostile", BYTES),
    ("verifier", ["second_look"]),
    ("hostile", [*REST, *ELSEWHERE]),
    ("expanded_anchors", []),
    ("round_trip", []),
    ("without", []),
]
CHECKS_OF_ENGINES = {
    "verifier/src/mldsa": [
        ("hostile", ACCEPTED),
        ("verifier", ["mldsa"]),
        ("vectors", ["ml_dsa"]),
        ("expanded_anchors", []),
        ("ml_dsa_engine", []),
    ],
    "verifier/src/ed25519_comb": [
        ("expanded_anchors", []),
        ("vectors", ["ed25519"]),
        ("verifier", ["ed25519_comb"]),
    ],
}


def mutants(wanted, unwanted):
    listed = subprocess.run(
        ["cargo", "mutants", "--list", "--json", *(word for package in PACKAGES.values() for word in ("-p", package))],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout
    found = [mutant for mutant in json.loads(listed) if not mutant["file"].endswith("/tests.rs") and "replace cases -> usize" not in mutant["name"]]
    texts = {file: (ROOT / file).read_text() for file in {mutant["file"] for mutant in found}}
    for number, mutant in enumerate(found, 1):
        text, span = texts[mutant["file"]], mutant["span"]
        edit = (offset(text, span["start"]), offset(text, span["end"]), with_std(mutant))
        mutant["change"] = Change(number, mutant["file"], [edit])
        line = text.split("\n")[span["start"]["line"] - 1].strip()
        mutant["key"] = (mutant["file"], mutant["name"].split(": ", 1)[1], line)
    chosen = [
        mutant
        for mutant in found
        if any(mutant["file"].startswith(part) for part in wanted) and not any(mutant["file"].startswith(part) for part in unwanted)
    ]
    return {mutant["change"].number: mutant for mutant in chosen}


def explains(one, mutant):
    """Whether an explanation is one of this mutant; one without a line is for the whole function."""
    file, name, line = mutant["key"]
    return (one["file"], one["mutant"], one.get("line", line)) == (file, name, line)


def with_std(mutant):
    """The crates have no vectors and no boxes; in the tests' build they can be had."""
    replacement, std = mutant["replacement"], CRATES[mutant["file"].split("/")[0]] + "::std"
    if "&mut" not in mutant["name"]:
        # Where a type is to be found out, it is one without `mut`.
        replacement = re.sub(r"\b(Vec|Box)::leak\(", r"&*\1::leak(", replacement)
    for name, place in [("Vec::", "vec::Vec::"), ("vec![", "vec!["), ("Box::", "boxed::Box::"), ("String::", "string::String::")]:
        replacement = re.sub(rf"(?<![\w:]){re.escape(name)}", f"{std}::{place}", replacement)
    return replacement


def offset(text, place):
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: place["line"] - 1]) + place["column"] - 1


def judge(found, checks, number, times):
    for check, usual in zip(checks, times):
        code, _ = run(found[check[0]], check[1], number, 20 + 10 * usual)
        if code != 0:
            return "caught" if code is not None else "without an end"
    return "not caught"


def binaries(tree, checks):
    found = {name: test_binary(tree, BINARIES[name]) for name in {name for name, _ in checks}}
    return found if all(found.values()) else None


def green(found, check):
    """Sees that a check is green without any mutant, and how long it takes. What was seen of the same binary is not looked at again."""
    name, words = check
    binary = Path(found[name][0])
    seen = binary.with_suffix(f".green-{hashlib.sha256(repr((words, binary.stat().st_mtime_ns)).encode()).hexdigest()[:16]}")
    if not seen.exists():
        start = time.monotonic()
        code, output = run(found[name], words)
        assert code == 0, f"{name} {words} is green without any mutant: {output}"
        seen.write_text(str(time.monotonic() - start))
    seconds = float(seen.read_text())
    print(f"  {' '.join([name, *words])}: green without any mutant ({seconds:.1f} s)", flush=True)
    return seconds


def main():
    arguments, (shard, shards) = sys.argv[1:], (0, 1)
    if arguments[:1] == ["--shard"]:
        shard, shards = map(int, arguments[1].split("/"))
        arguments = arguments[2:]
    chosen = mutants(arguments or USUAL, [] if arguments else ENGINES)
    assert chosen, "no mutants"
    with open(HERE / "explained.toml", "rb") as file:
        explanations = tomllib.load(file)["mutant"]
    engines = [engine for engine in ENGINES if all(mutant["file"].startswith(engine) for mutant in chosen.values())]
    checks = CHECKS_OF_ENGINES[engines[0]] if engines else CHECKS

    lock, start = locked("tree"), time.monotonic()
    changes = Together("tree", [mutant["change"] for mutant in chosen.values()])
    changes.build(["twinseal-formats", "twinseal-verifier", "twinseal-installer", "twinseal-tests"])
    found = binaries(changes.tree, checks)
    assert found, "the tests compile"
    built = len(chosen)
    ordered = sorted(chosen, key=lambda number: chosen[number]["file"].startswith("formats"))
    chosen = {number: chosen[number] for number in ordered[shard::shards]}
    print(f"{built} mutants, {len(changes.within)} of them in one build ({time.monotonic() - start:.0f} s)", flush=True)
    times = [green(found, check) for check in checks]

    verdicts = {}

    def note(number, verdict):
        verdicts[number] = verdict
        mutant = chosen[number]
        if verdict == "not caught":
            why = next((one["why"] for one in explanations if explains(one, mutant)), None)
            print(f"{mutant['name']}: {f'explained: {why}' if why else 'NOT CAUGHT'}", flush=True)

    for change in [change for change in changes.refused if change.number in chosen]:
        note(change.number, "do not compile")
    # The decision first.
    within = [number for number in changes.within if number in chosen]
    for number in sorted(within, key=lambda number: chosen[number]["file"].startswith("formats")):
        note(number, judge(found, checks, number, times))
    # By themselves, in a tree without the others.
    tree = copy_of_the_tree("tree-alone")
    for change in [change for change in changes.alone if change.number in chosen]:
        honest = (ROOT / change.file).read_text()
        (tree / change.file).write_text(change.applied(honest))
        errors = errors_of(tree, PACKAGES[change.file.split("/")[0]])
        found = None if errors else binaries(tree, checks)
        note(change.number, judge(found, checks, 0, times) if found else "do not compile")
        (tree / change.file).write_text(honest)
    lock.close()

    left = [mutant for number, mutant in chosen.items() if verdicts[number] == "not caught"]
    unexplained = [mutant for mutant in left if not any(explains(one, mutant) for one in explanations)]
    faults = [f"not explained: {' | '.join(mutant['key'])}" for mutant in unexplained]
    if shards == 1:
        files = {mutant["file"] for mutant in chosen.values()}
        needless = [one for one in explanations if one["file"] in files and not any(explains(one, mutant) for mutant in left)]
        faults += [f"explained, but caught or not there: {one}" for one in needless]
    each = {verdict: list(verdicts.values()).count(verdict) for verdict in sorted(set(verdicts.values()))}
    print(f"{len(chosen)} mutants: {', '.join(f'{count} {verdict}' for verdict, count in each.items())}, of which {len(left) - len(unexplained)} are explained")
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
