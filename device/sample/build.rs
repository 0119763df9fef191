//! Tells the linker where things go, and that the result is the flash image itself rather than an ELF file.
//!
//! Not in `.cargo/config.toml`: flags set there vanish without a word when `RUSTFLAGS` is set.

fn main() {
    println!("cargo::rerun-if-changed=memory.ld");
    // Relative: cargo runs the linker in this directory, and nothing of the checkout's path gets near the image.
    println!("cargo::rustc-link-arg-bins=-Tmemory.ld");
    // rust-lld writes the flat image; no objcopy is needed.
    println!("cargo::rustc-link-arg-bins=--oformat=binary");
}
