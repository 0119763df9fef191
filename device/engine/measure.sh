#!/bin/sh
# Builds and runs the measuring images and prints a table.
#
#   sh measure.sh [set ...]     0: all verdicts right; 1: not; 2: QEMU is missing
set -eu
cd "$(dirname "$0")"
command -v qemu-system-arm > /dev/null || { echo "skipped: needs qemu-system-arm"; exit 2; }
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS

run() { # profile, features
    cargo build --quiet --locked --profile "$1" --features "$2" --target-dir target
    timeout 120 qemu-system-arm -M mps2-an386 -icount shift=0 -display none -monitor none -serial none \
        -semihosting-config enable=on,target=native -kernel "target/thumbv7em-none-eabi/$1/engine-measure" < /dev/null 2>&1 | tr -d '\r'
}
field() { echo "$1" | tr ' ' '\n' | sed -n "s/^$2=//p"; }

status=0
echo "| set | road | opt-level | instructions | stack B | flash B |"
echo "|---|---|---|---|---|---|"
for set in ${*:-44 65 87}; do
    for profile in release release-s; do
        case $profile in release) level=3 ;; *) level=s ;; esac
        empty=$(field "$(run "$profile" "set$set" || true)" code)
        for road in compact fast small; do
            said=$(run "$profile" "set$set,$road" || true)
            # The known loop is 2,000,000 instructions: 50,000 ticks of 40, and a few more for reading the counter.
            known=$(field "$said" known)
            [ "$(field "$said" verdict)" = right ] && [ "$known" -ge 50000 ] && [ "$known" -le 50001 ] || { echo "$said"; status=1; continue; }
            echo "| $set | $road | $level | $(field "$said" instructions) | $(field "$said" stack) | $(($(field "$said" code) - empty)) |"
        done
    done
done
exit $status
