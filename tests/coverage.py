#!/usr/bin/env python3
"""Measures which lines of formats/src and verifier/src the tests run, and fails below a share of them.

  coverage.py [--least PERCENT] [--lines]

The unit tests of both crates and the suites below are built with counters in our own crates (`-C instrument-coverage`; what others wrote
is taken from the ordinary build) and run. Printed is, file by file, how many lines have code and how many of them were run at least once
in one build or another; with --lines also which were not.

What is a test's does not count, as covered or as anything: every item under `#[cfg(test)]` or `#[cfg(all(test, ...))]`, and the whole file if the item is a module in a
file of its own. A file with functions that no build has is a failure. It needs `rustup component add llvm-tools`.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "coverage"
SOURCES = [ROOT / "formats" / "src", ROOT / "verifier" / "src"]
# Percent of the lines. Raised when the tests reach more, never lowered without a reason that somebody wrote down.
LEAST = 97.0
# `cargo test` with each of these.
SUITES = [
    ["-p", "twinseal-formats", "--all-features", "--lib"],
    # Without the long comparison with another implementation: it reaches no line that the other tests do not.
    ["-p", "twinseal-verifier", "--all-features", "--lib", "--", "--skip", "differential"],
    ["-p", "twinseal-tests", "--test", "hostile", "--test", "round_trip", "--test", "vectors", "--test", "expanded_anchors"],
]


def tool(name):
    """A program of the compiler's own LLVM: another one may not read what this one writes."""
    target = subprocess.run(["rustc", "--print", "target-libdir"], check=True, capture_output=True, text=True).stdout.strip()
    path = Path(target).parent / "bin" / name
    if not path.exists():
        sys.exit(f"{name} is not there: rustup component add llvm-tools")
    return path


def run_suites():
    """Builds and runs the suites; the programs that were run."""
    environment = os.environ | {
        # Asked for every crate of the workspace and for no other, so that the rest is not built again.
        "RUSTC_WORKSPACE_WRAPPER": str(ROOT / "tests" / "with-counters.sh"),
        "LLVM_PROFILE_FILE": str(WORK / "%p-%m.profraw"),
    }
    programs = []
    for suite in SUITES:
        command = ["cargo", "test", "--locked", "--quiet"]
        build = [*command, "--no-run", "--message-format=json", *suite]
        built = subprocess.run(build, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        messages = [json.loads(line) for line in built.stdout.splitlines()]
        programs += [message["executable"] for message in messages if message.get("executable")]
        subprocess.run([*command, *suite], cwd=ROOT, env=environment, check=True)
    return programs


def test_lines(source):
    """Numbers of the lines under `#[cfg(test)]`, and the names of test modules in files of their own. Reads what rustfmt writes."""
    lines = source.read_text().splitlines()
    numbers, modules = set(), []
    index = 0
    while index < len(lines):
        attribute = re.match(r"( *)#\[cfg\((test\)|all\(test,)", lines[index])
        if not attribute:
            index += 1
            continue
        start = index
        # The item ends at the first line of its own depth that closes it; an attribute of many lines closes with `)]`.
        while not re.fullmatch(attribute.group(1) + r"(\}|[^\s#].*(;|\{\}))", lines[index]):
            index += 1
        module = re.fullmatch(r"mod (\w+);", lines[index].strip())
        if module:
            modules.append(module.group(1))
        numbers |= set(range(start + 1, index + 2))
        index += 1
    return numbers, modules


def tests_of(sources):
    """Per source file the lines that are a test's; all of them where the file is a test's."""
    found = {}
    whole = set()
    for source in sources:
        found[source], modules = test_lines(source)
        home = source.parent if source.stem == "lib" else source.with_suffix("")
        for module in modules:
            assert (home / f"{module}.rs").exists(), f"{source}: where is its test module {module}?"
            whole.add(home / f"{module}.rs")
    return found, whole


def counts(programs, profile):
    """Per file how often each line with code was run, all builds together."""
    objects = [argument for program in programs[1:] for argument in ("-object", program)]
    exported = subprocess.run(
        [tool("llvm-cov"), "export", "-format=lcov", f"-instr-profile={profile}", programs[0], *objects],
        check=True, stdout=subprocess.PIPE, text=True,
    )
    found, lines = {}, None
    for line in exported.stdout.splitlines():
        if line.startswith("SF:"):
            lines = found.setdefault(Path(line[3:]), {})
        elif line.startswith("DA:"):
            number, count = line[3:].split(",")[:2]
            lines[int(number)] = max(lines.get(int(number), 0), int(count))
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--least", type=float, default=LEAST)
    parser.add_argument("--lines", action="store_true")
    options = parser.parse_args()

    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    programs = run_suites()
    raw = sorted(WORK.glob("*.profraw"))
    assert len(programs) == 6 and len(raw) >= 6, f"six programs, each with its counts: {programs}, {raw}"
    profile = WORK / "all.profdata"
    subprocess.run([tool("llvm-profdata"), "merge", "-sparse", *raw, "-o", profile], check=True)

    sources = sorted(source for directory in SOURCES for source in directory.rglob("*.rs"))
    tests, whole = tests_of(sources)
    found = counts(programs, profile)
    all_run = all_lines = files = 0
    for source in sources:
        if source in whole:
            continue
        name = source.relative_to(ROOT)
        lines = {number: count for number, count in found.get(source, {}).items() if number not in tests[source]}
        if not lines:
            outside = [text for number, text in enumerate(source.read_text().splitlines(), 1) if number not in tests[source]]
            assert not any(re.match(r"\s*(pub.* )?(const )?fn ", text) for text in outside), f"{name}: no build has its functions"
            continue
        missed = sorted(number for number, count in lines.items() if count == 0)
        files, all_lines, all_run = files + 1, all_lines + len(lines), all_run + len(lines) - len(missed)
        print(f"{name}: {len(lines) - len(missed)} of {len(lines)} lines")
        if options.lines and missed:
            print(f"  not run: {', '.join(map(str, missed))}")
    assert files >= 30 and all_lines >= 1500, f"only {files} files and {all_lines} lines were measured"
    percent = 100 * all_run / all_lines
    print(f"{all_run} of {all_lines} lines in {files} files: {percent:.2f} %, at least {options.least:.2f} %")
    if percent < options.least:
        sys.exit(f"below {options.least:.2f} %: --lines names those that are not run")


if __name__ == "__main__":
    main()
