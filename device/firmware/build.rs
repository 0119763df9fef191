//! Lays the image out for the board that the target stands for, and embeds what `twinseal-device` made for it to verify.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a build that can not go on stops, and says where")]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// Where a board's memories are, and how large.
struct Memories {
    flash: (u32, u32),
    ram: (u32, u32),
}

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    let target = env::var("TARGET").unwrap();
    let memories = memories(&target);
    println!("cargo::rerun-if-changed=memory.ld");
    let template = fs::read_to_string("memory.ld").unwrap();
    let vectors = if target.starts_with("thumb") { "LONG(__stack_top)" } else { "" };
    let script = template
        .replace("@FLASH@", &format!("ORIGIN = {:#x}, LENGTH = {:#x}", memories.flash.0, memories.flash.1))
        .replace("@RAM@", &format!("ORIGIN = {:#x}, LENGTH = {:#x}", memories.ram.0, memories.ram.1))
        .replace("@VECTORS@", vectors);
    fs::write(out.join("layout.ld"), script).unwrap();
    println!("cargo::rustc-link-arg-bin=twinseal-firmware=-T{}", out.join("layout.ld").display());
    // So that `twinseal-device panics` sees who calls whom; they are no part of what is loaded.
    println!("cargo::rustc-link-arg-bin=twinseal-firmware=--emit-relocs");
    println!("cargo::rerun-if-changed=application.ld");
    println!("cargo::rustc-link-arg-bin=twinseal-application=-Tapplication.ld");

    let feature = |name: &str| env::var_os(format!("CARGO_FEATURE_{name}")).is_some();
    let set = ["44", "65", "87"].into_iter().find(|set| feature(&format!("SET{set}")));
    let teeth = (4..=9).find(|teeth| feature(&format!("TEETH{teeth}")));
    fs::write(out.join("given.rs"), set.map_or_else(String::new, |set| given(set, teeth.unwrap_or(8)))).unwrap();
}

/// The boards of QEMU: the micro:bit (16 KiB of RAM), the MPS2 with one application note for each processor, and `virt`.
fn memories(target: &str) -> Memories {
    match target {
        "thumbv6m-none-eabi" => Memories { flash: (0, 256 << 10), ram: (0x2000_0000, 16 << 10) },
        "thumbv7m-none-eabi" | "thumbv7em-none-eabi" => Memories { flash: (0, 2 << 20), ram: (0x2000_0000, 1 << 20) },
        // The secure aliases: an AN505 starts in the secure state.
        "thumbv8m.main-none-eabi" => Memories { flash: (0x1000_0000, 2 << 20), ram: (0x3800_0000, 1 << 20) },
        "riscv32imc-unknown-none-elf" => Memories { flash: (0x8000_0000, 2 << 20), ram: (0x8020_0000, 1 << 20) },
        other => panic!("no board for {other}"),
    }
}

/// The files as statics in sections of their own: not code, and counted apart.
fn given(set: &str, teeth: u8) -> String {
    println!("cargo::rerun-if-env-changed=TWINSEAL_GIVEN");
    let folder = env::var_os("TWINSEAL_GIVEN").map_or_else(|| PathBuf::from("target/given"), PathBuf::from).join(set);
    let mut text = String::new();
    let mut embed = |name: &str, section: &str, file: String| {
        let path = fs::canonicalize(folder.join(&file)).unwrap_or_else(|_| {
            panic!("{file} is missing in {}: `cargo run -p twinseal-device -- given` makes it", folder.display())
        });
        println!("cargo::rerun-if-changed={}", path.display());
        let size = fs::metadata(&path).unwrap().len();
        writeln!(
            text,
            "#[allow(dead_code, reason = \"each image needs some\")]\n\
             #[unsafe(link_section = \"{section}\")]\n\
             pub(crate) static {name}: Aligned<[u8; {size}]> = Aligned(*include_bytes!({:?}));",
            path
        )
        .unwrap();
    };
    for (name, file) in [
        ("STORE", "store"),
        ("BUNDLE", "bundle"),
        ("TAMPERED", "tampered"),
        ("ML_DSA_KEY", "ml-dsa.key"),
        ("ML_DSA_SEAL", "ml-dsa.seal"),
        ("ED25519_KEY", "ed25519.key"),
        ("ED25519_SEAL", "ed25519.seal"),
        ("ED25519_TAMPERED", "ed25519.tampered"),
        ("ML_DSA_TAMPERED", "ml-dsa.tampered"),
        ("MESSAGE", "message"),
        ("APP", "app.image"),
        ("RADIO", "radio.image"),
    ] {
        embed(name, ".given", file.into());
    }
    embed("ML_DSA_TABLE", ".tables", "ml-dsa.table".into());
    embed("ED25519_TABLE", ".tables", format!("ed25519.table{teeth}"));
    text
}
