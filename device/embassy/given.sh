#!/bin/sh
# Makes what the tests in this folder are given, as a vendor would: an identity whose keys are thrown away, a trust store, and three releases.
# They are committed; made again, they have other keys and the same verdicts. TWINSEAL names the tool.
set -eu
cd "$(dirname "$0")"
twinseal=${TWINSEAL:-../../target/debug/twinseal}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf given
mkdir given

"$twinseal" keygen --out "$work/key"
"$twinseal" trust make --out "$work/store" --vendor acme.example --model thermostat --release "$work/key"
cp "$work/store" given/store.cbor

# name, sequence number, security version, bytes of firmware, and where they begin to count
release() {
  seq "$5" 99999 2>/dev/null | head -c "$4" >"$work/$1.bin"
  cat >"$work/$1.toml" <<END
[release]
vendor = "acme.example"
model = "thermostat"
version = "1.$2.0"
sequence-number = $2
security-version = $3

[[component]]
id = "app"
path = "$1.bin"
format = "raw"
END
  "$twinseal" sign --release "$work/$1.toml" --identity "$work/key" --trust "$work/store" --out "given/$1.twinseal"
}
release next 42 3 9001 1000
release older 40 3 5000 2000
release outdated 43 2 5000 3000
