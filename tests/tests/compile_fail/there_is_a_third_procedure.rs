//! Installing and booting are all there is.
use twinseal_verifier::Procedure;

#[derive(Debug)]
pub enum Mine {}

impl Procedure for Mine { const INSTALLS: bool = false; } // misuse: E0277

pub fn use_of<P: Procedure>() -> bool {
    P::INSTALLS
}

fn main() {}
