#!/bin/sh
# Builds the software token kryoptic (PKCS#11 3.2, with ML-DSA) and prints the path of the module, which is what tests take as
# TWINSEAL_KRYOPTIC. It and the OpenSSL it is built on take some minutes, so the result stays outside of this tree.
#   sh tests/kryoptic.sh            # builds it if need be
#   sh tests/kryoptic.sh --built    # only prints where it is or would be
# Needs a C compiler, perl and libclang (Debian: gcc, perl, libclang-dev).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/twinseal
# One build for each state of the source: another version is another module.
state=$(cat "$here/kryoptic/Cargo.lock" "$here/kryoptic/Cargo.toml" "$here/kryoptic/src/lib.rs" | sha256sum | cut -c 1-16)
module=$cache/kryoptic-$state.so
if [ ! -f "$module" ] && [ "${1:-}" != --built ]; then
  mkdir -p "$cache"
  CARGO_TARGET_DIR=$cache/kryoptic-build cargo build --locked --release --quiet \
    --manifest-path "$here/kryoptic/Cargo.toml" >&2
  cp "$cache/kryoptic-build/release/libkryoptic_pkcs11.so" "$module.part"
  mv "$module.part" "$module"
fi
echo "$module"
