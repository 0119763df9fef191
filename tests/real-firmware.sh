#!/bin/sh
# Fetches firmware that nobody of this project wrote, for tests that want the real thing: three Debian packages are
# downloaded and taken apart. Nothing is installed, no root is needed, and none of it belongs in this repository.
#
#   sh tests/real-firmware.sh [directory]     (default: target/real-firmware)
#
# Prints file, size and SHA-256 of each. 0: all there; 1: something could not be fetched; 2: there is no apt-get.
# The versions are those of the machine's package sources, so tests must not expect certain bytes.
#
#   micropython.hex            BBC micro:bit, nRF51 (Cortex-M0): Intel HEX with flash at 0 and three words of UICR
#   opensbi-fw_dynamic.bin     OpenSBI for RISC-V 64, flat
#   opensbi-fw_dynamic.elf     the same as ELF
#   u-boot.bin                 U-Boot for QEMU's arm64 board, flat
#   u-boot.elf                 the ELF it is made from: with .bss, and relocations not yet applied
set -eu
cd "$(dirname "$0")/.."
directory=${1:-target/real-firmware}
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)

# fetch <package> [<file in the package> <name here>]...
fetch() {
    package=$1
    shift
    missing=
    for name in "$@"; do
        # The paths in the packages are absolute, the names here are not.
        case $name in /*) ;; *) [ -s "$directory/$name" ] || missing=yes ;; esac
    done
    [ -n "$missing" ] || return 0
    if ! command -v apt-get > /dev/null || ! command -v dpkg-deb > /dev/null; then
        echo "skipped: needs apt-get"
        exit 2
    fi
    work=$directory/.unpack
    rm -rf "$work"
    mkdir "$work"
    # apt says on stderr that it does not drop root's rights for this directory; that is of no interest unless it fails.
    if ! (cd "$work" && apt-get download "$package" > log 2>&1); then
        cat "$work/log" >&2
        echo "real-firmware.sh: no package $package (is apt-get update needed?)" >&2
        exit 1
    fi
    dpkg-deb -x "$work/$package"_*.deb "$work"
    while [ $# -gt 0 ]; do
        # Under a passing name first: an interrupted copy must not look like a complete one.
        cp "$work$1" "$directory/.part"
        mv "$directory/.part" "$directory/$2"
        shift 2
    done
    rm -rf "$work"
}

opensbi=/usr/lib/riscv64-linux-gnu/opensbi/generic
u_boot=/usr/lib/u-boot/qemu_arm64
fetch firmware-microbit-micropython /usr/share/firmware-microbit-micropython/firmware.hex micropython.hex
fetch opensbi $opensbi/fw_dynamic.bin opensbi-fw_dynamic.bin $opensbi/fw_dynamic.elf opensbi-fw_dynamic.elf
fetch u-boot-qemu $u_boot/u-boot.bin u-boot.bin $u_boot/uboot.elf u-boot.elf

cd "$directory"
for name in micropython.hex opensbi-fw_dynamic.bin opensbi-fw_dynamic.elf u-boot.bin u-boot.elf; do
    echo "$name $(wc -c < "$name" | tr -d ' ') $(sha256sum "$name" | cut -d ' ' -f 1)"
done
