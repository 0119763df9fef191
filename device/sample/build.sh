#!/bin/sh
# Builds the sample firmware and compares it with the committed thermostat.bin.
#
#   sh build.sh            0: the same bytes; 1: other bytes, or no build; 2: other bytes, but by another compiler
#   sh build.sh --update   replaces thermostat.bin and what README.md records about it
set -eu
cd "$(dirname "$0")"

target=thumbv7m-none-eabi
recorded=$(sed -n 's/^| compiler | `\(.*\)` |$/\1/p' README.md)
compiler=$(rustc --version)

if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
    echo "no core library for $target: rustup target add $target" >&2
    exit 1
fi
# Whatever the caller adds to his own builds has no place in these bytes.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS CARGO_TARGET_THUMBV7M_NONE_EABI_RUSTFLAGS
unset CARGO_TARGET_THUMBV7M_NONE_EABI_LINKER RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER
# A directory that stays the same for the compiler wherever this lies: cargo names source files relative to the
# package, so neither the checkout nor the target directory reaches the image.
cargo build --quiet --release --locked --target "$target" --target-dir target
built=target/$target/release/thermostat

size=$(wc -c < "$built" | tr -d ' ')
digest=$(sha256sum "$built" | cut -d ' ' -f 1)
echo "built:    $size bytes, sha256 $digest"
echo "compiler: $compiler"

if [ "${1:-}" = --update ]; then
    cp "$built" thermostat.bin
    chmod 644 thermostat.bin
    sed -e "s/^| compiler | .*/| compiler | \`$compiler\` |/" -e "s/^| size | .*/| size | $size bytes |/" \
        -e "s/^| SHA-256 | .*/| SHA-256 | \`$digest\` |/" README.md > target/README.new
    cp target/README.new README.md
    echo "thermostat.bin and README.md: updated"
elif cmp -s "$built" thermostat.bin; then
    echo "thermostat.bin: the same bytes"
elif [ "$compiler" != "$recorded" ]; then
    echo "thermostat.bin: other bytes. It was built by '$recorded', this is another compiler: that proves nothing." >&2
    echo "Try again with that one, for example RUSTUP_TOOLCHAIN=$(echo "$recorded" | cut -d ' ' -f 2) sh build.sh" >&2
    exit 2
else
    echo "thermostat.bin: OTHER BYTES, by the same compiler: the source has changed, or the image has." >&2
    exit 1
fi
