//! Reading back is the end of receiving.
use twinseal_verifier::{Reception, Slot};

pub fn misuse<S: Slot>(mut reception: Reception<'_, S>) {
    let _ = reception.push(b"the bundle's bytes");
    let _ = reception.finish(&mut [0; 16]);
    let _ = reception.push(b"more bytes"); // misuse: E0382
}

fn main() {}
