#!/bin/sh
# The static build (docs/keys.md): one file that needs nothing, seals and verifies; what it can not do, load a PKCS#11 module, a dynamic
# `twinseal` does for it, with a key in a token. Prints each step; the first that does not go as it must ends the run.
#   sh tests/static.sh
# Needs what `sh tests/kryoptic.sh` needs, and musl-gcc (Debian: musl-tools).
set -eu
repository=$(cd "$(dirname "$0")/.." && pwd)
cd "$repository"
target=x86_64-unknown-linux-musl
fail() { echo "FAILED: $*" >&2; exit 1; }

echo "== built without a module loader, for $target"
CC_x86_64_unknown_linux_musl=musl-gcc cargo build --locked --quiet -p twinseal --no-default-features --target $target
cargo build --locked --quiet -p twinseal
output=$repository/${CARGO_TARGET_DIR:-target}
static=$output/$target/debug/twinseal dynamic=$output/debug/twinseal
readelf -l "$static" | grep -q INTERP && fail "it asks for an interpreter"
readelf -d "$static" | grep -q NEEDED && fail "it needs libraries"
readelf -l "$dynamic" | grep -q INTERP || fail "the check finds nothing: the dynamic build has no interpreter either"
echo "it needs no library and no interpreter"

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cp "$static" "$place/twinseal"
cd "$place"
# Nothing but itself to run with.
alone() { env -i "$place/twinseal" "$@"; }
cp "$repository/device/sample/thermostat.bin" app.bin
printf '[release]\nvendor = "acme.example"\nmodel = "thermostat"\nversion = "1.4.0"\nsequence-number = 42\nsecurity-version = 3\n[[component]]\nid = "app"\npath = "app.bin"\n' >release.toml
printf 'vendor = "acme.example"\nmodel = "thermostat"\ncomponents = ["app"]\nrollback-counter = 3\n' >device.toml

echo "== keys in files"
alone keygen --out files
alone trust make --out files.cbor --vendor acme.example --model thermostat --release files
alone journal new journal
alone sign --release release.toml --identity files --journal journal --trust files.cbor --out files.twinseal
alone verify files.twinseal --trust files.cbor --device device.toml --independent
code=0
sed 's/= 3$/= 4/' device.toml >later.toml
alone verify files.twinseal --trust files.cbor --device later.toml || code=$?
[ $code -eq 1 ] || fail "exit code $code instead of 1"

echo "== keys in a token, which it can not open by itself"
printf '[[slots]]\nslot = 7\ndbtype = "sqlite"\ndbargs = "%s"\n' "$place/token.sql" >token.conf
module=${TWINSEAL_KRYOPTIC:-$(sh "$repository/tests/kryoptic.sh")}
(cd "$repository" && KRYOPTIC_CONF=$place/token.conf MODULE=$module \
  cargo test --locked --quiet -p twinseal --test tokens -- --exact token::make_token --ignored) >make.log 2>&1 || { cat make.log; fail "no token"; }
(umask 077 && echo planted-pin-58142 >pin)
uri() { echo "pkcs11:token=release;object=$1?module-path=$module&pin-source=file:$place/pin"; }
code=0
alone key adopt --key "$(uri ed)" --key "$(uri ml)" --out alone 2>refused || code=$?
cat refused
[ $code -eq 2 ] && [ ! -e alone ] || fail "exit code $code instead of 2, or something was made"

echo "== the same keys, answered for by a dynamic twinseal"
printf '#!/bin/sh\nKRYOPTIC_CONF=%s exec %s key answer "$1"\n' "$place/token.conf" "$dynamic" >answer
chmod 755 answer
exec_uri() { echo "exec:$place/answer?arg=$(uri "$1" | sed 's/%/%25/g; s/&/%26/g')"; }
alone key adopt --key "$(exec_uri ed)" --key "$(exec_uri ml)" --out token
alone key check token
alone trust make --out token.cbor --vendor acme.example --model thermostat --release token
alone sign --release release.toml --identity token --trust token.cbor --out token.twinseal
alone verify token.twinseal --trust token.cbor --device device.toml --independent
rm answer
code=0
alone sign --release release.toml --identity token --out none || code=$?
[ $code -eq 2 ] && [ ! -e none ] || fail "exit code $code instead of 2, or something was written"

echo "a static build: 2 bundles sealed and verified, 3 refusals"
