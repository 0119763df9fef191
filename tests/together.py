"""Many changes of the sources in one build, of which a variable of the environment puts one on.

Building is what takes long. So each change goes into a copy of its function's body, all of them into one copy of the tree, and each test
binary is built once. What does not fit (constants, and functions that constants need) is left for its user to build by itself, in another copy.
"""

import fcntl
import hashlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = (ROOT / "target" / "together").resolve()
VARIABLE = "TWINSEAL_CHANGE"

# The tool takes as long to build as everything else together, and of these tests only the host's entry points need it. They are left out.
LEFT_OUT = [
    ("tests/Cargo.toml", "# What a host decides with.\ntwinseal.workspace = true\n"),
    ("tests/tests/hostile/main.rs", "mod host;\n"),
]

SWITCH = """
/// For changes that need what the crates do without.
#[doc(hidden)]
pub extern crate std;
/// Which change is on; 0 if none is.
#[doc(hidden)]
pub fn change() -> u32 {
    static ON: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *ON.get_or_init(|| std::env::var("%s").ok().and_then(|text| text.parse().ok()).unwrap_or(0))
}
/// One iterator or another.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub enum Either<A, B> {
    /// One.
    One(A),
    /// Another.
    Another(B),
}
impl<A: Iterator, B: Iterator<Item = A::Item>> Iterator for Either<A, B> {
    type Item = A::Item;
    fn next(&mut self) -> Option<A::Item> {
        match self {
            Self::One(one) => one.next(),
            Self::Another(another) => another.next(),
        }
    }
}
""" % VARIABLE

# Where the switch lies, for each crate.
CRATES = {"formats": "crate", "verifier": "twinseal_formats", "installer": "twinseal_verifier::formats", "tests": "twinseal_formats"}


def locked(name):
    """Two runs at a time would change the same tree."""
    WORK.mkdir(parents=True, exist_ok=True)
    file = open(WORK / f"{name}.lock", "w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def copy_of_the_tree(name, leave=()):
    """The tree as it is, with what is not committed, without the tests that need the tool; files in `leave` stay as they are there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    tree, names = WORK / name, set(filter(None, listed.decode().split("\0")))
    for file in names:
        source, place = ROOT / file, tree / file
        if not source.is_file() or (file in leave and place.exists()):
            continue
        contents = source.read_bytes()
        for other, part in LEFT_OUT:
            if file == other:
                assert contents.count(part.encode()) == 1, f"{file} no longer has {part!r}: bring tests/together.py up to date"
                contents = contents.replace(part.encode(), b"")
        # What did not change keeps its time, so that little is built again.
        if not (place.exists() and place.read_bytes() == contents):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(contents)
            shutil.copymode(source, place)
    for place in [place for place in tree.rglob("*") if place.is_file()]:
        if str(place.relative_to(tree)) not in names:
            place.unlink()
    return tree


class Change:
    """A change of one file, known by its number: pieces from `start` to `end` become other text."""

    def __init__(self, number, file, edits):
        self.number, self.file, self.edits = number, file, edits

    def applied(self, text, begin=0, end=None):
        """What lies between `begin` and `end`, changed."""
        new, at = "", begin
        for start, stop, replacement in sorted(self.edits):
            new += text[at:start] + replacement
            at = stop
        return new + text[at:end]


class Function:
    """Where a function is: from `fn` on, and the inside of its body."""

    def __init__(self, start, begin, end, iterator):
        self.start, self.begin, self.end, self.iterator = start, begin, end, iterator


def code(text):
    """The text with spaces for what is in comments, strings and characters."""
    pattern = r"""//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:[^"\\]|\\.)*"|b?'(?:[^'\\\n]|\\.[^'\n]*)'"""
    return re.sub(pattern, lambda found: re.sub(r"[^\n]", " ", found[0]), text, flags=re.DOTALL)


def functions(text):
    text, found = code(text), []
    for name in re.finditer(r"\bfn\s+\w+", text):
        at, depth = name.end(), 0
        while not (depth == 0 and text[at] in "{;"):
            depth += (text[at] in "([") - (text[at] in ")]")
            at += 1
        if text[at] == ";":
            continue
        head, begin, depth = text[name.start() : at], at + 1, 1
        while depth > 0:
            at += 1
            depth += (text[at] == "{") - (text[at] == "}")
        found.append(Function(name.start(), begin, at, "impl " in head.rpartition(" -> ")[2] and " -> " in head))
    return found


class Together:
    """A copy of the tree with changes in it, as many as can be built at once."""

    def __init__(self, name, changes):
        self.honest = {
            path: (ROOT / path).read_text()
            for path in (str(path.relative_to(ROOT)) for crate in CRATES for path in (ROOT / crate / "src").rglob("*.rs"))
        }
        self.tree = copy_of_the_tree(name, leave=self.honest)
        self.functions = {path: functions(text) for path, text in self.honest.items()}
        self.constant = set()
        # What is in the build: number to change and function; what has to be built by itself; what does not compile.
        self.within, self.alone, self.refused = {}, [], []
        for change in changes:
            function = self.around(change)
            if function:
                self.within[change.number] = (change, function)
            else:
                self.alone.append(change)

    def around(self, change):
        """The innermost function that has the whole change in its body."""
        fits = [
            function
            for function in self.functions.get(change.file, [])
            if all(function.begin <= start and end <= function.end for start, end, _ in change.edits)
        ]
        return max(fits, key=lambda function: function.begin, default=None)

    def leave_out(self, number, refused=False):
        (self.refused if refused else self.alone).append(self.within.pop(number)[0])

    def text(self, path):
        text, crate = self.honest[path], CRATES[path.split("/")[0]]
        changed = {}
        for change, function in self.within.values():
            if change.file == path:
                changed.setdefault(function, []).append(change)
        last = len(text)
        for function in sorted(changed, key=lambda function: function.begin, reverse=True):
            if function.end > last:
                # Another function's body lies in this one, and has changes of its own.
                for change in changed[function]:
                    self.leave_out(change.number)
                continue
            last = function.start
            honest = self.honest[path][function.begin : function.end]
            bodies = [(change.number, change.applied(self.honest[path], function.begin, function.end)) for change in changed[function]]
            if function.iterator:
                new = f"\n/*0*/ {{{honest}}}\n"
                for number, body in bodies:
                    new = f"\n/*{number}*/ if {crate}::change() == {number} {{ {crate}::Either::One({{{body}}}) }} else {{ {crate}::Either::Another({{{new}}}) }}\n"
            else:
                arms = "".join(f"\n/*{number}*/ {number} => {{{body}}}" for number, body in bodies)
                new = f"match {crate}::change() {{{arms}\n/*0*/ _ => {{{honest}}}\n}}"
            text = text[: function.begin] + f"{new}\n/*0*/" + text[function.end :]
        text = re.sub(r"\bconst fn (\w+)", lambda found: found[0] if found[1] in self.constant else f"fn {found[1]}", text)
        return text + SWITCH if path == "formats/src/lib.rs" else text

    def blamed(self, error):
        """The number of the change that a compiler's error is about."""
        for span in [span for span in error["spans"] if span["is_primary"]] or error["spans"]:
            text = (self.tree / span["file_name"]).read_text().split("\n")
            for line in reversed(text[: span["line_start"]]):
                found = re.match(r"/\*(\d+)\*/", line)
                if found:
                    return int(found[1])
        return None

    def build(self, packages):
        """Leaves changes out until the packages can be built."""
        first = {change.number for change in self.alone}
        # What was left out the last time, of the same changes of the same sources, need not be tried again.
        crates = {"formats", "verifier", *(change.file.split("/")[0] for change, _ in self.within.values())}
        known = repr([text for path, text in sorted(self.honest.items()) if path.split("/")[0] in crates]) + repr([(change.number, change.file, change.edits) for change, _ in self.within.values()])
        notes = WORK / f"left-out-{hashlib.sha256(known.encode()).hexdigest()[:16]}.json"
        if notes.exists():
            noted = json.loads(notes.read_text())
            self.constant = set(noted["constant"])
            for number in noted["alone"]:
                self.leave_out(number)
            for number in noted["refused"]:
                self.leave_out(number, refused=True)
        while True:
            for path in self.honest:
                text, place = self.text(path), self.tree / path
                if place.read_text() != text:
                    place.write_text(text)
            errors = next(filter(None, (errors_of(self.tree, package) for package in packages)), [])
            if not errors:
                left_out = {
                    "constant": sorted(self.constant),
                    "alone": sorted({change.number for change in self.alone} - first),
                    "refused": sorted(change.number for change in self.refused),
                }
                notes.write_text(json.dumps(left_out))
                return
            before = (len(self.within), len(self.constant))
            for error in errors:
                constant = re.search(r"non-const (?:associated )?(?:function|method) `(?:[^`]*::)?(\w+)[^`]*`", error["message"])
                if constant:
                    self.constant.add(constant[1])
                    for number, (change, function) in list(self.within.items()):
                        if re.match(rf"fn\s+{constant[1]}\b", self.honest[change.file][function.start :]):
                            self.leave_out(number)
                elif self.blamed(error) in self.within:
                    # Which type an iterator has may depend on what it stands beside; else each body is for itself.
                    number = self.blamed(error)
                    self.leave_out(number, refused=not self.within[number][1].iterator)
            if before == (len(self.within), len(self.constant)):
                sys.exit("the changes can not be built together:\n" + "\n".join(error["rendered"] for error in errors))


def cargo(tree, arguments):
    """What cargo says, as messages, and whether all is well."""
    ran = subprocess.run(
        ["cargo", *arguments, "--quiet", "--message-format", "json", "--target-dir", str(WORK / f"{tree.name}-target")],
        cwd=tree, capture_output=True, text=True,
    )
    messages = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    return messages, ran


def errors_of(tree, package):
    """The errors of the compiler in a package's library, and its tests if they lie beside it."""
    arguments = ["-p", package, "--all-features", *(["--tests"] if package != "twinseal-tests" else [])]
    messages, ran = cargo(tree, ["check", *arguments])
    errors = [m["message"] for m in messages if m.get("reason") == "compiler-message" and m["message"]["level"] == "error"]
    errors = [error for error in errors if error["spans"]]
    if ran.returncode != 0 and not errors:
        sys.exit(f"cargo failed:\n{ran.stderr}")
    return errors


def test_binary(tree, arguments):
    """The binary that `cargo test` would run, and where; None if it does not compile."""
    messages, ran = cargo(tree, ["test", "--no-run", *arguments])
    if ran.returncode != 0:
        return None
    made = next(m for m in messages if m.get("executable") and m["profile"]["test"])
    return made["executable"], Path(made["manifest_path"]).parent


def run(binary, arguments, change=0, seconds=3600):
    """Runs a test binary with a change on: its exit code and what it printed; None for the code if it did not end."""
    executable, package = binary
    environment = {**os.environ, VARIABLE: str(change), "CARGO_MANIFEST_DIR": str(package), "RUST_BACKTRACE": "0"}
    environment.pop("RUST_TEST_NOCAPTURE", None)
    try:
        ran = subprocess.run(
            [executable, *arguments], cwd=package, env=environment, timeout=seconds, preexec_fn=limit, capture_output=True
        )
    except subprocess.TimeoutExpired:
        return None, ""
    return ran.returncode, ran.stdout.decode(errors="replace")


def limit():
    # What allocates without an end ends here.
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
