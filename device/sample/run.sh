#!/bin/sh
# Runs the sample firmware in QEMU and checks what it says.
#
#   sh run.sh [image]      0: as expected; 1: not; 2: QEMU is missing. The image is thermostat.bin unless named.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
image=${1:-$here/thermostat.bin}
name=$(sed -n 's/^name = "\(.*\)"$/\1/p' "$here/Cargo.toml" | head -n 1)
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$here/Cargo.toml" | head -n 1)

if ! command -v qemu-system-arm > /dev/null; then
    echo "skipped: needs qemu-system-arm"
    exit 2
fi

# It takes half a second; the limit is for an image that hangs.
status=0
output=$(timeout 30 qemu-system-arm -M mps2-an385 -display none -monitor none -serial stdio \
    -semihosting-config enable=on,target=native -kernel "$image" < /dev/null | tr -d '\r') || status=$?
echo "$output"

fail() {
    echo "run.sh: $1" >&2
    exit 1
}
[ "$(echo "$output" | head -n 1)" = "$name $version - room controller on Cortex-M3" ] || fail "no banner of $name $version"
[ "$(echo "$output" | grep -c '^minute ')" = 60 ] || fail "not 60 minutes"
# The exit status of QEMU is lost in the pipe; the firmware derives it from what this line says.
[ "$(echo "$output" | tail -n 1)" = "done: target held" ] || fail "the target was not held (status $status)"
echo "run.sh: as expected"
