#!/bin/sh
# Everything that docs/performance.md shows of hosts, in rounds (some three minutes once it is built), and the page with its charts. What it shows of devices
# is what stands in device/budgets.toml: `cargo run -p twinseal-device -- budget --update` measures that anew. On a quiet machine, please.
set -eu
cd "$(dirname "$0")/.."
cargo bench --locked -p twinseal-benches --bench verify --features c-peers -- --rounds
cargo run --locked --quiet -p twinseal-device -- report
