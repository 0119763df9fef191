#!/bin/sh
# Builds the command line of an OpenSSL that knows ML-DSA (3.5 or later), which distributions of before 2025 do not have, and prints
# where it is: what tests take as TWINSEAL_OPENSSL. The source is the one that the software token is built on (crate openssl-src).
# It takes some minutes, so the result stays outside of this tree.
#   sh tests/openssl.sh            # builds it if need be
#   sh tests/openssl.sh --built    # only prints where it is or would be
# Needs a C compiler, make and perl.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/twinseal
version=$(sed -n '/^name = "openssl-src"$/{n;s/^version = "\(.*\)"$/\1/p;}' "$here/kryoptic/Cargo.lock")
tool=$cache/openssl-$version
if [ ! -x "$tool" ] && [ "${1:-}" != --built ]; then
  mkdir -p "$cache"
  metadata=$(cargo metadata --locked --format-version 1 --manifest-path "$here/kryoptic/Cargo.toml")
  source=$(printf '%s' "$metadata" | grep -o '"manifest_path":"[^"]*/openssl-src-[^"]*/Cargo.toml"' | cut -d '"' -f 4)
  source=${source%/Cargo.toml}/openssl
  build=$(mktemp -d "$cache/openssl-build.XXXXXX")
  trap 'rm -rf "$build"' EXIT
  cd "$build"
  # Only what keys and signatures need; the rest would take longer to compile.
  perl "$source/Configure" --openssldir=/nonexistent -O1 no-shared no-module no-dso no-tests no-docs no-legacy no-engine no-quic \
    no-dtls no-sctp no-srp no-cmp no-cms no-ct no-ocsp no-ts no-http no-aria no-bf no-blake2 no-camellia no-cast no-des no-dh no-dsa \
    no-ec2m no-gost no-idea no-md4 no-mdc2 no-rc2 no-rc4 no-rmd160 no-seed no-siphash no-sm2 no-sm3 no-sm4 no-whirlpool no-ml-kem \
    no-slh-dsa no-lms >configure.log 2>&1 || { cat configure.log >&2; exit 1; }
  { make build_generated && make -j "$(nproc)" apps/openssl; } >make.log 2>&1 || { tail -30 make.log >&2; exit 1; }
  cp apps/openssl "$tool.part"
  mv "$tool.part" "$tool"
fi
echo "$tool"
