//! Whoever verifies must do something with the answer.
#![deny(unused_must_use)]
use twinseal_verifier::{AdmittedManifest, Install, Refused, Storage};

pub fn misuse<S: Storage>(admitted: AdmittedManifest<'_, Install>, storage: S) -> Result<(), Refused<S>> {
    let update = admitted.verify_images(storage, &mut [0; 16])?;
    core::convert::identity(Ok::<_, Refused<S>>(update))?; // misuse: unused_must_use
    Ok(())
}

fn main() {}
