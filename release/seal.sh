#!/bin/sh
# Seals what release/build.sh made, with the twinseal that was built, and decides about it as a device would.
#
#   sh release/seal.sh OUT IDENTITY TRUST
#
# IDENTITY is the directory of the signing identity that releases are sealed with, TRUST the trust store that was given to those who
# verify. Writes OUT/twinseal-VERSION.twinseal; exit code 0 only if it is accepted, by other implementations of the algorithms too.
set -eu

[ $# -eq 3 ] || { echo "usage: sh release/seal.sh OUT IDENTITY TRUST" >&2; exit 2; }
identity=$(cd "$2" && pwd -P)
trust=$(cd "$(dirname "$3")" && pwd -P)/$(basename "$3")
cd "$1"
sha256sum --check --quiet SHA256SUMS
program=$(ls twinseal-*-linux-musl)
version=${program#twinseal-}
bundle=twinseal-${version%-x86_64-*}.twinseal

"./$program" sign --release release.toml --identity "$identity" --trust "$trust" --out "$bundle"
"./$program" verify "$bundle" --trust "$trust" --device device.toml --independent
"./$program" inspect "$bundle" --trust "$trust"
# What is sealed is the program that did it.
"./$program" extract "$bundle" --trust "$trust" --out extracted
cmp "$program" extracted/components/twinseal
