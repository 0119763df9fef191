#!/bin/sh
# The verifier's own tests and the named bad inputs, over a verifier that is compiled for size (ADR 15): same verdicts out of other code.
# Cargo calls this file too, in place of the compiler, for the crates of this workspace alone; the dependencies need not be built again.
if [ $# -gt 0 ]; then
  exec "$@" --cfg twinseal_for_size
fi
set -eu
cd "$(dirname "$0")/.."
export RUSTC_WORKSPACE_WRAPPER="$PWD/tests/for-size.sh"
cargo test --locked --quiet -p twinseal-verifier --all-features --lib
cargo test --locked --quiet -p twinseal-tests --test hostile
