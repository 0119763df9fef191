#!/bin/sh
# Builds the worked example: two releases of real firmware with their documents, sealed, decided about, compared, audited.
#
#   sh docs/audit-example/build.sh OUT
#
# Needs apt-get and dpkg-deb (the firmware comes out of a Debian package), Python with venv, and cargo. What is made lies in OUT
# and can be made again: keys, packages and tools that are there already are kept.
# 0: all there; 1: something failed; 2: skipped, and what for is said.
# TWINSEAL names the tool, if it is not to be built; TWINSEAL_TOOLS the directory of Python tools (target/audit-example).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { echo "usage: sh docs/audit-example/build.sh OUT" >&2; exit 1; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$here/../.."

skip() { echo "skipped: needs $1"; exit 2; }
say() { echo "== $*"; }

command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null || skip "apt-get and dpkg-deb"
python3 -c 'import ensurepip' 2> /dev/null || skip "Python with venv"

tools=${TWINSEAL_TOOLS:-$PWD/target/audit-example}
say "tools"
[ -x "$tools/bin/python" ] || python3 -m venv "$tools"
"$tools/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
if [ -z "${TWINSEAL:-}" ]; then
    cargo build --locked --release --quiet
    TWINSEAL=$PWD/target/release/twinseal
fi

# package <version> <file>: a certain version of u-boot-qemu. Where the package sources list a newer one only, an older one may
# still lie beside it.
package() {
    [ ! -s "$2" ] || return 0
    listed=$(cd "$out" && apt-get download --print-uris u-boot-qemu 2> /dev/null | cut -d "'" -f 2)
    [ -n "$listed" ] || skip "the Debian package u-boot-qemu (is apt-get update needed?)"
    wanted=u-boot-qemu_$(echo "$1" | sed 's/+/%2b/g')_all.deb
    # apt says that it does not drop root's rights for this directory; that is of no interest unless it fails.
    if ! /usr/lib/apt/apt-helper download-file "$(dirname "$listed")/$wanted" "$2.part" > "$out/log" 2>&1; then
        cat "$out/log" >&2
        skip "u-boot-qemu $1, which the package sources no longer have"
    fi
    mv "$2.part" "$2"
}

# release <version> <version of the package> <date> <serial number of the SBOM>: everything that is sealed, in OUT/<version>.
release() {
    say "$1: firmware and documents"
    at=$out/$1
    mkdir -p "$at/packages/var/lib/dpkg"
    cp "$here/$1/"* "$here/environment.txt" "$at/"
    package "$2" "$out/u-boot-qemu_$1.deb"
    dpkg-deb --fsys-tarfile "$out/u-boot-qemu_$1.deb" | tar -x -O ./usr/lib/u-boot/qemu_arm64/u-boot.bin > "$at/u-boot.bin"
    # What the generator reads is what dpkg knows of installed packages.
    { dpkg-deb --field "$out/u-boot-qemu_$1.deb"; echo "Status: install ok installed"; echo; } > "$at/packages/var/lib/dpkg/status"
    "$tools/bin/debsbom" generate --sbom-type cdx --cdx-schema-version 1.6 --root "$at/packages" --distro-arch arm64 \
        --distro-name "Acme Gateway" --distro-supplier Acme --distro-version "$1" \
        --timestamp "$3" --cdx-serialnumber "$4" --out "$at/sbom" > "$out/log" 2>&1 || { cat "$out/log" >&2; exit 1; }
    "$tools/bin/python" "$here/documents.py" bind "$at/sbom.cdx.json" "environment=$at/environment.txt=1" "u-boot=$at/u-boot.bin=$2"
    "$tools/bin/python" "$here/documents.py" sign "$at/provenance.json" "$out/builder.key.pem" "$at/provenance.dsse.json"
}

# 1 is an answer of `diff`: what changed bears on security.
but_for() {
    expected=$1
    shift
    code=0
    "$@" || code=$?
    [ "$code" -eq "$expected" ] || { echo "build.sh: exit code $code instead of $expected: $*" >&2; exit 1; }
}

say "keys"
[ -s "$out/builder.pem" ] || { rm -f "$out/builder.key.pem"; "$tools/bin/python" "$here/documents.py" key "$out/builder.key.pem" "$out/builder.pem"; }
for identity in release-key root-key; do
    [ -d "$out/$identity" ] || "$TWINSEAL" keygen --set ml-dsa-87 --out "$out/$identity"
done
[ -s "$out/trust.cbor" ] || "$TWINSEAL" trust make --out "$out/trust.cbor" --vendor acme.example --model gateway \
    --release "$out/release-key" --root "$out/root-key"

release 1.0.0 "2023.01+dfsg-2+deb12u2" 2025-10-06T08:30:00Z 6f1c1c4e-6e0f-4a55-9d0c-3a1f0b7f1000
release 1.0.1 "2023.01+dfsg-2+deb12u3" 2026-06-29T08:30:00Z 6f1c1c4e-6e0f-4a55-9d0c-3a1f0b7f1001
(cd "$out" && sha256sum --check --quiet "$here/firmware.sha256")

cp "$here/device.toml" "$out/device.toml"
for version in 1.0.0 1.0.1; do
    say "$version: sign, verify, inspect"
    bundle=$out/gateway-$version.twinseal
    "$TWINSEAL" sign --release "$out/$version/release.toml" --identity "$out/release-key" --trust "$out/trust.cbor" \
        --out "$bundle" --overwrite
    "$TWINSEAL" verify "$bundle" --trust "$out/trust.cbor" --device "$out/device.toml" --independent
    "$TWINSEAL" inspect "$bundle" --trust "$out/trust.cbor" --bytes > "$out/inspect-$version.txt"
    "$TWINSEAL" cbom "$bundle" --out "$out/cbom-$version.json" --overwrite
done

say "diff"
but_for 1 "$TWINSEAL" diff "$out/gateway-1.0.0.twinseal" "$out/gateway-1.0.1.twinseal" --trust "$out/trust.cbor"

say "audit"
audit() {
    version=$1
    shift
    set -- audit "$out/gateway-$version.twinseal" --trust "$out/trust.cbor" --builder-key "$out/builder.pem" \
        --profile cnsa2 --profile eu-hybrid --date 2026-11-26 "$@"
    "$TWINSEAL" "$@" --html "$out/audit-$version.html" --overwrite > "$out/audit-$version.human"
    "$TWINSEAL" "$@" --format json > "$out/audit-$version.json"
    tail -n 8 "$out/audit-$version.human"
}
audit 1.0.0
audit 1.0.1 --previous "$out/gateway-1.0.0.twinseal"
