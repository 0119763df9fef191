#!/bin/sh
# Builds the release twice, in two directories, and compares every byte; then seals one of them with an identity made for that.
#
#   sh release/reproduce.sh OUT
#
# OUT must not exist. The commit is what is built; what is not committed is not in it. Two builds from nothing: some minutes.
set -eu

fail() { echo "release/reproduce.sh: $*" >&2; exit 1; }
[ $# -eq 1 ] || fail "usage: sh release/reproduce.sh OUT"
[ ! -e "$1" ] || fail "$1 is there already; name a directory that is not"
root=$(cd "$(dirname "$0")/.." && pwd -P)
mkdir -p "$1"
out=$(cd "$1" && pwd -P)
SOURCE_COMMIT=$(git -C "$root" rev-parse HEAD)
SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct)
export SOURCE_COMMIT SOURCE_DATE_EPOCH

# Not of one length: a path that got into the program would move what stands behind it.
for directory in one another/directory/further-down; do
  mkdir -p "$out/source/$directory"
  git -C "$root" archive "$SOURCE_COMMIT" | tar -x -C "$out/source/$directory"
  sh "$out/source/$directory/release/build.sh" "$out/$(basename "$directory")" >"$out/log"
  rm -r "$out/source/$directory/target"
done
diff -r "$out/one" "$out/further-down" || fail "two builds of one commit differ"
cat "$out/one/SHA256SUMS"
echo "the same in both"

cd "$out/one"
twinseal=./$(ls twinseal-*-linux-musl)
"$twinseal" keygen --out "$out/identity" >/dev/null
vendor=$(sed -n 's/^vendor = "\(.*\)"/\1/p' device.toml)
model=$(sed -n 's/^model = "\(.*\)"/\1/p' device.toml)
"$twinseal" trust make --vendor "$vendor" --model "$model" --release "$out/identity" --out "$out/trust.cbor" >/dev/null
sh "$root/release/seal.sh" "$out/one" "$out/identity" "$out/trust.cbor"
