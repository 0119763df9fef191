//! Writes the seeds of every target, each to its directory under `fuzz/seeds`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let written = twinseal_fuzz::seeds::write(&Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds"))?;
    println!("{written} seeds");
    Ok(())
}
