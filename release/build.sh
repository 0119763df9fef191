#!/bin/sh
# Builds what is released of Twinseal: `twinseal` as one static program for x86-64 Linux, and the papers about it.
#
#   sh release/build.sh OUT
#
# The same commit gives the same bytes in whatever directory, by the compiler of release/rust-version: release/reproduce.sh
# builds twice and compares. OUT must not exist. In it, afterwards:
#
#   twinseal-VERSION-TARGET    the program
#   sbom.cdx.json              what is in it (CycloneDX 1.6)
#   provenance.json            what it was built from and how (in-toto, SLSA provenance v1), not signed by itself
#   statement.json             the release statement
#   release.toml, device.toml  for release/seal.sh, which seals all of it with twinseal itself
#   SHA256SUMS
set -eu

target=x86_64-unknown-linux-musl
say() { echo "release/build.sh: $*" >&2; }
fail() { say "$@"; exit 2; }

[ $# -eq 1 ] || fail "usage: sh release/build.sh OUT"
out=$1
[ ! -e "$out" ] || fail "$out is there already; name a directory that is not"
root=$(cd "$(dirname "$0")/.." && pwd -P)
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' "$root/Cargo.toml")

# The commit, and its time as the time of everything that is made. A source archive has neither and is told.
if [ -z "${SOURCE_COMMIT:-}" ] && [ -e "$root/.git" ]; then
  SOURCE_COMMIT=$(git -C "$root" rev-parse HEAD)
  SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
  [ -z "$(git -C "$root" status --porcelain)" ] || say "the tree has changes that are in no commit: do not publish this build"
fi
[ -n "${SOURCE_COMMIT:-}" ] && [ -n "${SOURCE_DATE_EPOCH:-}" ] || fail "no git here: set SOURCE_COMMIT and SOURCE_DATE_EPOCH"
export SOURCE_COMMIT SOURCE_DATE_EPOCH

compiler=$(rustc --version | cut -d' ' -f2)
promised=$(cat "$root/release/rust-version")
[ "$compiler" = "$promised" ] || say "rustc $compiler: releases are built with $promised, and bytes are promised for that alone"
command -v python3 >/dev/null || fail "python3 is needed for the papers"

# No path of this machine gets into the program: neither of the tree nor of the packages' sources.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
cd "$root"
cargo fetch --locked --quiet --target "$target"
unset RUSTFLAGS CARGO_BUILD_RUSTFLAGS CARGO_TARGET_DIR
flags= prefix_maps=
remap() {
  # Its parts are divided by this character: a directory may have blanks in its name.
  flags="$flags${flags:+$(printf '\037')}--remap-path-prefix=$1=$2"
  case $1 in *' '*) ;; *) prefix_maps="$prefix_maps -ffile-prefix-map=$1=$2" ;; esac
}
for sources in "$cargo_home"/registry/src/*; do remap "$sources" /packages; done
remap "$root" /twinseal
# Where the standard library's source is installed, the compiler names that in place of what it was built from.
remap "$(rustc --print sysroot)/lib/rustlib/src/rust" "/rustc/$(rustc -vV | sed -n 's/^commit-hash: //p')"
export CARGO_ENCODED_RUSTFLAGS="$flags"
export CFLAGS_x86_64_unknown_linux_musl="$prefix_maps"
export CARGO_TARGET_DIR="$root/target/release-build" CARGO_INCREMENTAL=0 CARGO_PROFILE_RELEASE_STRIP=symbols
# The static build can not load a module: it is the tool without tokens (docs/keys.md).
cargo build --locked --release --quiet -p twinseal --no-default-features --target "$target"
cd - >/dev/null

if strings -a "$CARGO_TARGET_DIR/$target/release/twinseal" 2>/dev/null | grep -F -e "$root" -e "$cargo_home" -e "$(rustc --print sysroot)" >&2; then
  fail "these paths of this machine are in the program"
fi

mkdir -p "$out"
program=twinseal-$version-$target
cp "$CARGO_TARGET_DIR/$target/release/twinseal" "$out/$program"
python3 "$root/release/papers.py" --root "$root" --target "$target" --version "$version" --program "$out/$program" --out "$out"
(cd "$out" && sha256sum "$program" *.json *.toml >SHA256SUMS)
cat "$out/SHA256SUMS"
